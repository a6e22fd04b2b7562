#include "tests/oracle/cross_entropy.h"

#include <algorithm>
#include <cmath>

namespace holdfast::oracle {
namespace {

// log sum exp of a row. A float computation takes the largest off first, so that each term has the rounding of that
// difference beside its own.
Bounded log_sum_exp(const Numbers& logits, double largest) {
  double sum = 0.0, error = 0.0;
  for (const Bounded& logit : logits) {
    const double term = std::exp(logit.value - largest);
    sum += term;
    error += term * (logit.bound + roundoff * std::abs(logit.value - largest) + 2.0 * function_error);
  }
  const double value = largest + std::log(sum);
  const double terms = static_cast<double>(logits.size());
  return {value, std::abs(value), error / sum + roundoff * (terms + 2.0 * std::abs(value) + std::abs(largest))};
}

// softmax - 1 at the target: the gradients of the loss of one row.
Numbers loss_gradients(const Numbers& logits, const Bounded& log_sum, double largest, std::size_t target) {
  Numbers result(logits.size());
  for (std::size_t v = 0; v < logits.size(); ++v) {
    const double p = std::exp(logits[v].value - log_sum.value);
    const double moved =
        logits[v].bound + log_sum.bound + roundoff * (std::abs(logits[v].value - largest) + std::abs(log_sum.value));
    const double bound = p * (std::expm1(moved) + 2.0 * function_error) + smallest;
    const double value = v == target ? std::expm1(logits[v].value - log_sum.value) : p;
    result[v] = {value, std::abs(value), bound + 2.0 * roundoff * std::abs(value)};
  }
  return result;
}

}  // namespace

CrossEntropyResult cross_entropy(const Numbers& x, const Numbers& head, std::span<const std::int32_t> targets,
                                 std::span<const float> weights, double scale) {
  const std::size_t tokens = targets.size();
  const std::size_t width = x.size() / tokens;
  const std::size_t vocabulary = head.size() / width;
  CrossEntropyResult result{Numbers(tokens), Numbers(x.size()), Numbers(head.size())};
  for (std::size_t t = 0; t < tokens; ++t) {
    if (targets[t] < 0) continue;
    const auto target = static_cast<std::size_t>(targets[t]);
    Numbers logits(vocabulary);
    double largest = -INFINITY;
    for (std::size_t v = 0; v < vocabulary; ++v) {
      for (std::size_t i = 0; i < width; ++i) logits[v] = logits[v] + x[t * width + i] * head[v * width + i];
      largest = std::max(largest, logits[v].value);
    }
    const Bounded log_sum = log_sum_exp(logits, largest);
    result.loss[t] = weights[t] * (log_sum - logits[target]);
    const Numbers gradients = loss_gradients(logits, log_sum, largest, target);
    for (std::size_t v = 0; v < vocabulary; ++v) {
      const Bounded gradient = scale * Bounded(weights[t]) * gradients[v];
      for (std::size_t i = 0; i < width; ++i) {
        result.x[t * width + i] = result.x[t * width + i] + gradient * head[v * width + i];
        result.head[v * width + i] = result.head[v * width + i] + gradient * x[t * width + i];
      }
    }
  }
  return result;
}

}  // namespace holdfast::oracle
