#include "tests/oracle/linear.h"

#include <algorithm>
#include <cmath>

namespace holdfast::oracle {

LinearResult linear(std::span<const float> x, std::span<const float> w, std::span<const float> bias,
                    std::span<const float> old, std::int64_t rows, std::int64_t outputs, std::int64_t cols) {
  const auto m = static_cast<std::size_t>(rows);
  const auto n = static_cast<std::size_t>(outputs);
  const auto k = static_cast<std::size_t>(cols);
  LinearResult result{std::vector<double>(m * n), std::vector<double>(m * n), std::vector<double>(m * n)};
  for (std::size_t row = 0; row < m; ++row) {
    std::vector<double> largest(k);
    for (std::size_t c = 0; c < k; ++c) {
      double& of_group = largest[c / 32];
      of_group = std::max(of_group, std::abs(static_cast<double>(x[row * k + c])));
    }
    for (std::size_t out = 0; out < n; ++out) {
      const std::size_t at = row * n + out;
      double y = (bias.empty() ? 0.0 : bias[out]) + (old.empty() ? 0.0 : old[at]);
      double terms = (bias.empty() ? 0.0 : std::abs(bias[out])) + (old.empty() ? 0.0 : std::abs(old[at]));
      double grid = 0.0;
      for (std::size_t c = 0; c < k; ++c) {
        const double product = static_cast<double>(x[row * k + c]) * static_cast<double>(w[out * k + c]);
        y += product;
        terms += std::abs(product);
        grid += std::abs(static_cast<double>(w[out * k + c])) * largest[c / 32];
      }
      result.y[at] = y;
      result.terms[at] = terms;
      result.grid[at] = grid;
    }
  }
  return result;
}

}  // namespace holdfast::oracle
