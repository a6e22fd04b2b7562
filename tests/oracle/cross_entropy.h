// The definition of kernels/cross_entropy.h in double, scalar, sequential.
#pragma once

#include <cstdint>
#include <span>

#include "tests/oracle/bounded.h"

namespace holdfast::oracle {

struct CrossEntropyResult {
  Numbers loss;  // (T)
  Numbers x;     // (T, D)  gradients of scale * sum of loss
  Numbers head;  // (V, D)
};
// x (T, D), head (V, D), targets (T) in [0, V) or -1, weights (T).
[[nodiscard]] CrossEntropyResult cross_entropy(const Numbers& x, const Numbers& head,
                                               std::span<const std::int32_t> targets, std::span<const float> weights,
                                               double scale);

}  // namespace holdfast::oracle
