// Gradients by finite differences, to check an oracle's backward pass by its own forward pass.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/oracle/bounded.h"

namespace holdfast::oracle {

// Holds `gradients` to the differences of loss(), which reads `inputs`. The stencil of five points at steps of 1e-3
// is wrong by 1e-12 of the fifth derivative and by 1e-13 of the loss, in double: 1e-7 of the largest gradient is
// above both and below any fault.
template <class Loss>
[[nodiscard]] test::Comparison compare_with_differences(Numbers& inputs, const Numbers& gradients, const Loss& loss) {
  if (inputs.size() != gradients.size() || inputs.empty()) return {false, "nothing to compare, or another length"};
  double largest = 0.0;
  for (const Bounded& gradient : gradients) largest = std::max(largest, std::abs(gradient.value));
  if (!(largest > 0.0)) return {false, "all gradients are zero"};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const double value = inputs[i].value;
    const auto at = [&](double steps) {
      inputs[i] = Bounded(value + steps * 1e-3);
      return loss();
    };
    const double slope = (8.0 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / 12e-3;
    inputs[i] = Bounded(value);
    if (!(std::abs(slope - gradients[i].value) <= 1e-7 * largest)) {
      return {false, "element " + std::to_string(i) + ": gradient " + std::to_string(gradients[i].value) +
                         ", differences say " + std::to_string(slope)};
    }
  }
  return {true, ""};
}

// sum(weights * numbers): the loss whose gradient on `numbers` is `weights`.
[[nodiscard]] inline double weighted_sum(const Numbers& weights, const Numbers& numbers) {
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i].value * numbers[i].value;
  return sum;
}

}  // namespace holdfast::oracle
