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

struct RmsNormGradients {
  Numbers x;       // (M, E)
  Numbers z;       // (M, E), empty without one
  Numbers weight;  // (E)
};
// Of sum(dy y). z (M, E), or empty: the plain norm.
[[nodiscard]] RmsNormGradients rms_norm_backward(const Numbers& x, const Numbers& z, const Numbers& weight,
                                                 const Numbers& dy, std::int64_t groups, double eps);

}  // namespace holdfast::oracle
