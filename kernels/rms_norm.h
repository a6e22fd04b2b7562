// Root-mean-square norms (arXiv 1910.07467) as Mamba-2 uses them:
//   plain  y = x / sqrt(mean(x^2) + eps) * weight
//   gated  y = norm over each of G groups of E/G channels of (x * silu(z)), * weight      (mamba_ssm, gate first)
#pragma once

#include "kernels/device.h"
#include "kernels/tensor.h"

namespace holdfast {

struct RmsNormArgs {
  TensorView y;              // (M, D)  out; f32, or bf16 on a GPU; may be x
  ConstTensorView x;         // (M, D)  f32
  ConstTensorView weight;    // (D)     f32
  TensorView residual = {};  // (M, D)  f32; may be absent. Present: residual += x first, and the sum is what is normed
  // The same in other places and types: sum = x + added is what is normed. Both or neither, and then no residual.
  ConstTensorView added = {};  // (M, D)  dtype of y
  TensorView sum = {};         // (M, D)  f32, out; may be x
  float eps = 1e-5f;
};
void rms_norm(Stream&, const RmsNormArgs&);

struct GatedRmsNormArgs {
  TensorView y;               // (M, E)  out; f32; may be x
  ConstTensorView x;          // (M, E)  f32
  ConstTensorView z;          // (M, E)  f32; the gate before SiLU, rows z_stride apart; absent: x is gated already
  std::int64_t z_stride = 0;  // in elements, >= E; z is the first E columns of in_proj's output
  ConstTensorView weight;     // (E)     f32
  std::int64_t groups = 1;    // divides E
  float eps = 1e-5f;
};
void gated_rms_norm(Stream&, const GatedRmsNormArgs&);

// Gradients of rms_norm without residual. The scale of each row is computed again from x, and with it what rms_norm
// gave, for whoever did not keep it.
struct RmsNormBackwardArgs {
  TensorView dx;             // (M, D)  f32; out, or with accumulate added to (the residual's gradient)
  TensorView d_weight = {};  // (D)     f32; added to; may be absent
  ConstTensorView dy;        // (M, D)  f32, or bf16 on a GPU
  ConstTensorView x;         // (M, D)  f32
  ConstTensorView weight;    // (D)     f32
  TensorView y = {};         // (M, D)  out; what rms_norm gave, dtype of dy; may be absent, may be dy
  TensorView rounded = {};   // (M, D)  out; dx in bf16, on a GPU; may be absent
  bool accumulate = false;
  float eps = 1e-5f;
};
void rms_norm_backward(Stream&, const RmsNormBackwardArgs&);

// Gradients of gated_rms_norm with z present.
struct GatedRmsNormBackwardArgs {
  TensorView dx;  // (M, E)  out; dtype of dy
  TensorView dz;  // (M, E)  out; dtype of dy; rows dz_stride apart
  std::int64_t dz_stride = 0;
  TensorView d_weight = {};  // (E)     f32; added to; may be absent
  ConstTensorView dy;        // (M, E)  f32, or on a GPU dy, x, z, dx and dz in bf16
  ConstTensorView x;         // (M, E)
  ConstTensorView z;         // (M, E)  rows z_stride apart
  std::int64_t z_stride = 0;
  ConstTensorView weight;  // (E)  f32
  TensorView y = {};       // (M, E)  out; what gated_rms_norm gave, dtype of dy; may be absent, may be dy
  std::int64_t groups = 1;
  float eps = 1e-5f;
};
void gated_rms_norm_backward(Stream&, const GatedRmsNormBackwardArgs&);

namespace cpu {
void rms_norm(Stream&, const RmsNormArgs&);
void gated_rms_norm(Stream&, const GatedRmsNormArgs&);
void rms_norm_backward(Stream&, const RmsNormBackwardArgs&);
void gated_rms_norm_backward(Stream&, const GatedRmsNormBackwardArgs&);
}  // namespace cpu
namespace cuda {
void rms_norm(Stream&, const RmsNormArgs&);
void gated_rms_norm(Stream&, const GatedRmsNormArgs&);
void rms_norm_backward(Stream&, const RmsNormBackwardArgs&);
void gated_rms_norm_backward(Stream&, const GatedRmsNormBackwardArgs&);
}  // namespace cuda

}  // namespace holdfast
