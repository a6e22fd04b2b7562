// One token of each of B sequences through one layer of Mamba-2:
//   residual += out_proj(gated_norm(ssd_step(in_proj(rms_norm(residual)))))
// By itself it is the five ops one after the other. A GPU does it in three kernels where it can (one sequence, weights
// of 16, 8 or 4 bits), so that decoding runs at the speed of its memory.
#pragma once

#include "kernels/device.h"
#include "kernels/ssd_scan.h"
#include "kernels/tensor.h"
#include "kernels/weight.h"

namespace holdfast {

struct LayerStepArgs {
  TensorView residual;                // (B, D)  f32; in and out
  TensorView normed;                  // (B, D)  f32; scratch
  ConstTensorView norm;               // (D)     f32
  const Weight* in_proj = nullptr;    // (2*H*P + 2*G*N + H, D)
  ConstTensorView in_proj_bias = {};  // may be absent
  SsdStepArgs step;                   // step.proj is scratch here: in_proj's output; step.y is scratch too
  ConstTensorView gate_norm;          // (H*P)   f32
  const Weight* out_proj = nullptr;   // (D, H*P)
  ConstTensorView out_proj_bias = {};
  float eps = 1e-5f;
};
void layer_step(Stream&, const LayerStepArgs&);

namespace cuda {
// Does it in fewer kernels, or nothing: false.
[[nodiscard]] bool layer_step(Stream&, const LayerStepArgs&);
// Whether there are such kernels for this card: from Hopper on, where the code was built for that.
[[nodiscard]] bool has_layer_step(Stream&);
}  // namespace cuda

}  // namespace holdfast
