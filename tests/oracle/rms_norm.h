// The definition of kernels/rms_norm.h in double, scalar, sequential.
#pragma once

#include "tests/oracle/bounded.h"

namespace holdfast::oracle {

struct RmsNormResult {
  Numbers y;         // (M, D)
  Numbers residual;  // (M, D), empty without one
};
// x (M, D), weight (D), residual (M, D) or empty.
[[nodiscard]] RmsNormResult rms_norm(const Numbers& x, const Numbers& weight, const Numbers& residual, double eps);

// x (M, E), z (M, E) or empty, weight (E).
[[nodiscard]] Numbers gated_rms_norm(const Numbers& x, const Numbers& z, const Numbers& weight, std::int64_t groups,
                                     double eps);

}  // namespace holdfast::oracle
