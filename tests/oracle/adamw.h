// The definition of kernels/adamw.h in double.
#pragma once

#include "tests/oracle/bounded.h"

namespace holdfast::oracle {

struct AdamwOptions {
  double learning_rate = 0.0, beta1 = 0.9, beta2 = 0.95, eps = 1e-8, decay = 0.0, gradient_scale = 1.0;
  std::int64_t step = 1;
};
struct AdamwNumbers {
  Numbers master, first, second;
};
// All of the same length.
[[nodiscard]] AdamwNumbers adamw(const AdamwNumbers& before, const Numbers& gradient, const AdamwOptions& options);

}  // namespace holdfast::oracle
