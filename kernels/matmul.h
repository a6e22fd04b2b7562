// Matrix products of plain row-major matrices, for training, where both sides change at every step:
//   c = a' b' (+ c)     with a' = a or its transpose, b' = b or its transpose
// The three products of a linear layer y = x W^T:   y: {x, W, transpose_b}   dx: {dy, W}   dW: {dy, x, transpose_a}
//
// CPU: f32 alone. GPU: a and b both f32 (f32 products without tf32) with c f32, or both bf16 (f32 sums) with c bf16 or
// f32. The same call gives the same bits.
#pragma once

#include "kernels/device.h"
#include "kernels/tensor.h"
#include "kernels/weight.h"

namespace holdfast {

struct MatmulArgs {
  TensorView c;       // (M, N)  out
  ConstTensorView a;  // (M, K), or (K, M) with transpose_a
  ConstTensorView b;  // (K, N), or (N, K) with transpose_b
  bool transpose_a = false;
  bool transpose_b = false;
  bool accumulate = false;    // c += ; into bf16 product and sum are rounded
  float scale = 1.0f;         // of the product
  ConstTensorView bias = {};  // (N)  f32, added to each row; may be absent
  // Distance of rows in elements; 0 = the matrix's own columns.
  std::int64_t c_stride = 0, a_stride = 0, b_stride = 0;
};
void matmul(Stream&, const MatmulArgs&);

// bias_gradient[n] += sum over rows of dy[m, n]
struct BiasBackwardArgs {
  TensorView d_bias;   // (N)     f32; added to
  ConstTensorView dy;  // (M, N)  f32 or bf16 (GPU)
  std::int64_t dy_stride = 0;
};
void bias_backward(Stream&, const BiasBackwardArgs&);

// y = x W^T (+ bias) (+ y) with a frozen weight of any format (LoRA, initial states). On the CPU as linear() does it.
// On a GPU dtypes are those of matmul: x decides between f32 products and bf16, to which W is then rounded.
struct FrozenLinearArgs {
  TensorView y;       // (M, rows of w)
  ConstTensorView x;  // (M, cols of w)
  const Weight* w = nullptr;
  ConstTensorView bias = {};  // (rows of w)  f32; may be absent
  bool accumulate = false;    // into f32
};
void frozen_linear(Stream&, const FrozenLinearArgs&);

// dx = dy W (+ dx) through a frozen weight, likewise.
struct LinearInputBackwardArgs {
  TensorView dx;       // (M, cols of w)
  ConstTensorView dy;  // (M, rows of w)
  const Weight* w = nullptr;
  bool accumulate = false;  // f32 alone
};
void linear_input_backward(Stream&, const LinearInputBackwardArgs&);

namespace cpu {
void matmul(Stream&, const MatmulArgs&);
void bias_backward(Stream&, const BiasBackwardArgs&);
void linear_input_backward(Stream&, const LinearInputBackwardArgs&);
}  // namespace cpu
namespace cuda {
void matmul(Stream&, const MatmulArgs&);
void bias_backward(Stream&, const BiasBackwardArgs&);
void frozen_linear(Stream&, const FrozenLinearArgs&);
void linear_input_backward(Stream&, const LinearInputBackwardArgs&);
}  // namespace cuda

}  // namespace holdfast
