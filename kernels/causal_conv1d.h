// Depthwise causal convolution of width K, fused with bias and SiLU:
//   y[t, c] = silu(bias[c] + sum_k weight[c, k] * x[t - (K-1) + k, c]),   x before t = 0 from the state
// One sequence per call; T = 1 is the step of decoding.
#pragma once

#include "kernels/device.h"
#include "kernels/packed_rows.h"
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

// The same over packed sequences, all of which begin with one state; no state comes out.
struct CausalConv1dPackedArgs {
  TensorView y;                  // (T, C)    out; f32, or on a GPU y and x in bf16
  ConstTensorView x;             // (T, C)    rows stand x_stride apart
  std::int64_t x_stride = 0;     // in elements, >= C
  ConstTensorView weight;        // (C, K)    f32
  ConstTensorView bias = {};     // (C)       f32; may be absent
  ConstTensorView initial = {};  // (C, K-1)  f32; absent: zeros
  PackedRows rows;
};
void causal_conv1d_packed(Stream&, const CausalConv1dPackedArgs&);

// Gradients of causal_conv1d_packed. What is convolved is computed again from x.
struct CausalConv1dBackwardArgs {
  TensorView dx;  // (T, C)    out, dtype of dy; rows stand dx_stride apart
  std::int64_t dx_stride = 0;
  TensorView d_weight = {};   // (C, K)    f32; added to; may be absent
  TensorView d_bias = {};     // (C)       f32; added to; may be absent
  TensorView d_initial = {};  // (C, K-1)  f32; added to, summed over sequences; may be absent
  ConstTensorView dy;         // (T, C)    f32, or on a GPU dy, x and dx in bf16
  ConstTensorView x;
  std::int64_t x_stride = 0;
  ConstTensorView weight;
  ConstTensorView bias = {};
  ConstTensorView initial = {};
  PackedRows rows;
};
void causal_conv1d_backward(Stream&, const CausalConv1dBackwardArgs&);

namespace cpu {
void causal_conv1d(Stream&, const CausalConv1dArgs&);
void causal_conv1d_packed(Stream&, const CausalConv1dPackedArgs&);
void causal_conv1d_backward(Stream&, const CausalConv1dBackwardArgs&);
}  // namespace cpu
namespace cuda {
void causal_conv1d(Stream&, const CausalConv1dArgs&);
void causal_conv1d_packed(Stream&, const CausalConv1dPackedArgs&);
void causal_conv1d_backward(Stream&, const CausalConv1dBackwardArgs&);
}  // namespace cuda

}  // namespace holdfast
