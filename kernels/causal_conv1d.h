// Depthwise causal convolution of width K, fused with bias and SiLU:
//   y[t, c] = silu(bias[c] + sum_k weight[c, k] * x[t - (K-1) + k, c]),   x before t = 0 from the state
// One sequence per call; T = 1 is the step of decoding.
#pragma once

#include "kernels/device.h"
#include "kernels/tensor.h"

namespace holdfast {

struct CausalConv1dArgs {
  TensorView y;               // (T, C)    out; f32, or on a GPU y and x in bf16
  TensorView state;           // (C, K-1)  f32; in: the K-1 inputs before t = 0, oldest first; out: the last K-1
  ConstTensorView x;          // (T, C)    f32; rows stand x_stride apart
  std::int64_t x_stride = 0;  // in elements, >= C
  ConstTensorView weight;     // (C, K)    f32
  ConstTensorView bias = {};  // (C)       f32; may be absent
};
void causal_conv1d(Stream&, const CausalConv1dArgs&);

namespace cpu {
void causal_conv1d(Stream&, const CausalConv1dArgs&);
}
namespace cuda {
void causal_conv1d(Stream&, const CausalConv1dArgs&);
}

}  // namespace holdfast
