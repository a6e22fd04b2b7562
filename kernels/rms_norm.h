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

namespace cpu {
void rms_norm(Stream&, const RmsNormArgs&);
void gated_rms_norm(Stream&, const GatedRmsNormArgs&);
}  // namespace cpu
namespace cuda {
void rms_norm(Stream&, const RmsNormArgs&);
void gated_rms_norm(Stream&, const GatedRmsNormArgs&);
}  // namespace cuda

}  // namespace holdfast
