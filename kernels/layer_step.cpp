#include "kernels/layer_step.h"

#include "kernels/error.h"
#include "kernels/linear.h"
#include "kernels/rms_norm.h"

namespace holdfast {

void layer_step(Stream& stream, const LayerStepArgs& args) {
  if (args.in_proj == nullptr || args.out_proj == nullptr) throw ArgumentError("layer_step: a weight is missing");
  if (stream.kind() == DeviceKind::cuda && cuda::layer_step(stream, args)) return;
  // Scratch here, read-only there.
  const TensorView proj{const_cast<void*>(args.step.proj.data), args.step.proj.dtype, args.step.proj.shape,
                        args.step.proj.where};
  rms_norm(stream, {.y = args.normed, .x = args.residual, .weight = args.norm, .residual = {}, .eps = args.eps});
  linear(stream, {.y = proj, .x = args.normed, .w = args.in_proj, .bias = args.in_proj_bias});
  ssd_step(stream, args.step);
  gated_rms_norm(stream, {.y = args.step.y,
                          .x = args.step.y,
                          .z = {},
                          .z_stride = 0,
                          .weight = args.gate_norm,
                          .groups = args.step.groups,
                          .eps = args.eps});
  linear(stream,
         {.y = args.residual, .x = args.step.y, .w = args.out_proj, .bias = args.out_proj_bias, .accumulate = true});
}

}  // namespace holdfast
