#include "tests/oracle/matmul.h"

namespace holdfast::oracle {

Numbers matmul(const Numbers& a, const Numbers& b, const MatmulShape& s) {
  Numbers c(static_cast<std::size_t>(s.m * s.n));
  for (std::int64_t i = 0; i < s.m; ++i) {
    for (std::int64_t j = 0; j < s.n; ++j) {
      Bounded sum;
      for (std::int64_t l = 0; l < s.k; ++l) {
        const std::int64_t of_a = s.transpose_a ? l * s.m + i : i * s.k + l;
        const std::int64_t of_b = s.transpose_b ? j * s.k + l : l * s.n + j;
        sum = sum + a[static_cast<std::size_t>(of_a)] * b[static_cast<std::size_t>(of_b)];
      }
      c[static_cast<std::size_t>(i * s.n + j)] = sum;
    }
  }
  return c;
}

}  // namespace holdfast::oracle
