// On how many directions a head's state spreads, and how strongly on each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast {

// The singular values of a (rows, columns) matrix, largest first, min(rows, columns) of them; relative error about
// 1e-12 of the largest. Throws ArgumentError where the sizes do not match or a number is not finite.
[[nodiscard]] std::vector<double> singular_values(std::span<const float> matrix, std::int64_t rows,
                                                  std::int64_t columns);

}  // namespace holdfast
