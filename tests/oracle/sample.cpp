#include "tests/oracle/sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace holdfast::oracle {

std::vector<double> log_softmax(std::span<const float> logits, std::int32_t vocab_size) {
  const std::vector<double> kept(logits.begin(), logits.begin() + vocab_size);
  const double largest = *std::max_element(kept.begin(), kept.end());
  double sum = 0.0;
  for (const double logit : kept) sum += std::exp(logit - largest);
  std::vector<double> out;
  for (const double logit : kept) out.push_back(logit - largest - std::log(sum));
  return out;
}

std::vector<double> sample_distribution(std::span<const float> logits, const SampleParams& params,
                                        std::span<const std::int32_t> seen, std::int32_t vocab_size) {
  const auto count = static_cast<std::size_t>(vocab_size);
  std::vector<double> scores(logits.begin(), logits.begin() + vocab_size);
  for (const std::int32_t id : seen) {
    double& score = scores[static_cast<std::size_t>(id)];
    const double penalty = static_cast<double>(params.repetition_penalty);
    score = score > 0.0 ? score / penalty : score * penalty;
  }
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::vector<double> probabilities(count, 0.0);
  if (params.temperature == 0.0f) {
    probabilities[order[0]] = 1.0;
    return probabilities;
  }
  const std::size_t kept = params.top_k > 0 ? std::min(count, static_cast<std::size_t>(params.top_k)) : count;
  double sum = 0.0;
  for (std::size_t i = 0; i < kept; ++i) {
    const double exponent = (scores[order[i]] - scores[order[0]]) / static_cast<double>(params.temperature);
    sum += probabilities[order[i]] = std::exp(exponent);
  }
  double before = 0.0;  // probability of all that are likelier
  double left = 0.0;
  for (std::size_t i = 0; i < kept; ++i) {
    double& probability = probabilities[order[i]];
    const double here = probability / sum;
    const bool in_top_p = i == 0 || before < static_cast<double>(params.top_p);
    const bool in_min_p = probability >= static_cast<double>(params.min_p);  // the likeliest has exp(0) = 1
    before += here;
    if (!in_top_p || !in_min_p) probability = 0.0;
    left += probability;
  }
  for (double& probability : probabilities) probability /= left;
  return probabilities;
}

}  // namespace holdfast::oracle
