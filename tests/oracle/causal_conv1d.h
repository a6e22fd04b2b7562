// The definition of kernels/causal_conv1d.h in double, scalar, sequential.
#pragma once

#include "tests/oracle/bounded.h"

namespace holdfast::oracle {

struct CausalConv1dResult {
  Numbers y;      // (T, C)
  Numbers state;  // (C, K-1)
};
// x (T, C), weight (C, K), bias (C) or empty, state (C, K-1), oldest input first.
[[nodiscard]] CausalConv1dResult causal_conv1d(const Numbers& x, const Numbers& weight, const Numbers& bias,
                                               const Numbers& state, std::int64_t channels);

struct CausalConv1dGradients {
  Numbers x;       // (T, C)
  Numbers weight;  // (C, K)
  Numbers bias;    // (C)
  Numbers state;   // (C, K-1)  of the state before the first token
};
// Of sum(dy y), with the inputs as above.
[[nodiscard]] CausalConv1dGradients causal_conv1d_backward(const Numbers& x, const Numbers& weight, const Numbers& bias,
                                                           const Numbers& state, const Numbers& dy,
                                                           std::int64_t channels);

}  // namespace holdfast::oracle
