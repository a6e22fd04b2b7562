// Figures of a state in double, by their definitions.
#pragma once

#include <cstdint>
#include <span>

namespace holdfast::oracle {

[[nodiscard]] double frobenius_norm(std::span<const float> matrix);
// The largest singular value, by one-sided Jacobi rotations of the rows until none is left to turn.
[[nodiscard]] double spectral_norm(std::span<const float> matrix, std::int64_t rows, std::int64_t cols);

}  // namespace holdfast::oracle
