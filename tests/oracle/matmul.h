// The definition of kernels/matmul.h in double, scalar, sequential.
#pragma once

#include "tests/oracle/bounded.h"

namespace holdfast::oracle {

struct MatmulShape {
  std::int64_t m = 0, n = 0, k = 0;
  bool transpose_a = false, transpose_b = false;
};
// a' b' (M, N), with a' (M, K) = a or its transpose, b' (K, N) = b or its transpose.
[[nodiscard]] Numbers matmul(const Numbers& a, const Numbers& b, const MatmulShape& shape);

}  // namespace holdfast::oracle
