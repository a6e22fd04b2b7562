#include "engine/state_difference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/error.h"

namespace holdfast {
namespace {

double distance_of(double difference, double of) {
  if (of > 0.0) return std::sqrt(difference / of);
  return difference > 0.0 ? std::numeric_limits<double>::infinity() : 0.0;
}

}  // namespace

StateDifference difference(ConstTensorView a, ConstTensorView b) {
  if (!(a.shape == b.shape) || a.shape.rank() != 4) {
    throw ArgumentError("two states of different shapes: they are of different models");
  }
  StateDifference made{
      .layers = a.shape[0], .heads = a.shape[1], .distance = {}, .cosine = {}, .norm_a = {}, .norm_b = {}};
  const std::int64_t size = a.shape[2] * a.shape[3];
  double all_apart = 0.0, all_a = 0.0;
  for (std::int64_t head = 0; head < made.layers * made.heads; ++head) {
    const float* of_a = a.as<float>() + head * size;
    const float* of_b = b.as<float>() + head * size;
    double squares = 0.0, aa = 0.0, bb = 0.0, ab = 0.0;
    for (std::int64_t i = 0; i < size; ++i) {
      const auto x = static_cast<double>(of_a[i]), y = static_cast<double>(of_b[i]);
      squares += (x - y) * (x - y), aa += x * x, bb += y * y, ab += x * y;
    }
    made.distance.push_back(distance_of(squares, aa));
    made.cosine.push_back(aa > 0.0 && bb > 0.0 ? ab / std::sqrt(aa * bb) : 0.0);
    made.norm_a.push_back(std::sqrt(aa));
    made.norm_b.push_back(std::sqrt(bb));
    all_apart += squares, all_a += aa;
  }
  made.whole = distance_of(all_apart, all_a);
  return made;
}

double divergence(std::span<const float> logits_a, std::span<const float> logits_b) {
  if (logits_a.size() != logits_b.size() || logits_a.empty()) {
    throw ArgumentError("logits of " + std::to_string(logits_a.size()) + " and " + std::to_string(logits_b.size()) +
                        " tokens, want as many of both");
  }
  const auto log_sum = [](std::span<const float> logits) {
    const auto most = static_cast<double>(*std::ranges::max_element(logits));
    double sum = 0.0;
    for (const float v : logits) sum += std::exp(static_cast<double>(v) - most);
    return most + std::log(sum);
  };
  const double of_a = log_sum(logits_a), of_b = log_sum(logits_b);
  double sum = 0.0;
  for (std::size_t i = 0; i < logits_a.size(); ++i) {
    const double p = static_cast<double>(logits_a[i]) - of_a, q = static_cast<double>(logits_b[i]) - of_b;
    if (p > -700.0) sum += std::exp(p) * (p - q);
  }
  return std::max(0.0, sum);
}

}  // namespace holdfast
