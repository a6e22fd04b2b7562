// The definition of kernels/linear.h in double, scalar, sequential, with what its tolerances are derived from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::oracle {

struct LinearResult {
  std::vector<double> y;      // (M, N)
  std::vector<double> terms;  // (M, N)  the same sum over absolute values, bias and old y included
  // (M, N)  sum over k of |w[n, k]| times the largest |x| of the 32 columns around k: the error of activations that
  // are rounded to a grid which the largest of each 32 sets
  std::vector<double> grid;
};

// x (M, K), w (N, K), bias (N) or empty, old (M, N) or empty: what y is added to.
[[nodiscard]] LinearResult linear(std::span<const float> x, std::span<const float> w, std::span<const float> bias,
                                  std::span<const float> old, std::int64_t rows, std::int64_t outputs,
                                  std::int64_t cols);

}  // namespace holdfast::oracle
