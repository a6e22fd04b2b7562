// A layer's token of one sequence in three kernels:
//   in_proj with the norm before it and the convolution's step after it     stream_rows.cu
//   the recurrence and the gate                                             step_heads.cu
//   out_proj with the gated norm before it and the residual after it        stream_rows.cu
#include "kernels/cuda/step_heads.h"
#include "kernels/cuda/stream_rows.h"
#include "kernels/cuda/stream_tiles.h"
#include "kernels/error.h"
#include "kernels/layer_step.h"

namespace holdfast::cuda {
namespace {

[[nodiscard]] HeadSteps head_steps(const LayerStepArgs& args) {
  const SsdStepArgs& s = args.step;
  const std::int64_t inner = s.heads * s.head_dim;
  const std::int64_t channels = inner + 2 * s.groups * s.d_state;
  const auto* proj = s.proj.as<float>();
  HeadSteps h;
  h.y = s.y.as<float>();
  h.log_decay = s.log_decay ? s.log_decay.as<float>() : nullptr;
  h.z = proj;
  h.x = proj + inner;
  h.bc = h.x + inner;
  h.dt = proj + inner + channels;
  h.z_stride = h.x_stride = h.bc_stride = h.dt_stride = s.proj.shape[1];
  h.state = static_cast<void* const*>(s.state_table.data);
  h.state_offset = s.state_offset;
  h.state_rounded = s.state_dtype == DType::bf16;
  h.dt_bias = s.dt_bias.as<float>();
  h.a = s.a.as<float>();
  h.d = s.d.as<float>();
  h.sequences = args.residual.shape[0];
  h.heads = s.heads, h.head_dim = s.head_dim, h.d_state = s.d_state, h.groups = s.groups;
  h.dt_min = s.dt_min, h.dt_max = s.dt_max;
  return h;
}

[[nodiscard]] bool fits(const CudaStream& on, const LayerStepArgs& args, const HeadSteps& h) {
  const SsdStepArgs& s = args.step;
  return h.sequences == 1 && !s.trace && s.conv_table && s.state_table && s.groups <= 64 &&
         s.heads * s.head_dim / s.groups % 32 == 0 && s.conv_weight.shape[1] <= 8 &&
         (h.bc_stride % 4 == 0 || h.sequences == 1) && can_stream_rows(on, *args.in_proj) &&
         can_stream_rows(on, *args.out_proj);
}

[[nodiscard]] const float* or_null(ConstTensorView tensor) { return tensor ? tensor.as<float>() : nullptr; }

}  // namespace

bool has_layer_step(Stream& stream) { return backend(stream).card().major >= 9; }

bool layer_step(Stream& stream, const LayerStepArgs& args) {
  CudaStream& on = backend(stream);
  HeadSteps h = head_steps(args);
  if (h.sequences == 1) h.z_stride = h.x_stride = h.bc_stride = h.dt_stride = 0;
  if (!fits(on, args, h) || !can_step_heads(h)) return false;
  const SsdStepArgs& s = args.step;
  const std::int64_t inner = s.heads * s.head_dim;
  // out_proj's weights come while the heads still wait for in_proj; its norm and bias are constants.
  h.lets_next_in_first = can_stream_tiles(on, *args.out_proj);
  h.squares = static_cast<float*>(stream.scratch(static_cast<std::size_t>(inner / step_head_rows) * sizeof(float)));
  const StreamTask in{.x = args.residual.as<float>(),
                      .norm = StreamTask::Norm::plain,
                      .gain = args.norm.as<float>(),
                      .eps = args.eps,
                      .y = static_cast<float*>(const_cast<void*>(s.proj.data)),
                      .bias = or_null(args.in_proj_bias),
                      .conv_first = inner,
                      .conv_channels = inner + 2 * s.groups * s.d_state,
                      .conv_state = static_cast<float* const*>(s.conv_table.data),
                      .conv_offset = s.conv_offset,
                      .conv_weight = s.conv_weight.as<float>(),
                      .conv_bias = or_null(s.conv_bias),
                      .taps = static_cast<std::int32_t>(s.conv_weight.shape[1])};
  const StreamTask out{.x = s.y.as<float>(),
                       .norm = StreamTask::Norm::grouped,
                       .gain = args.gate_norm.as<float>(),
                       .squares = h.squares,
                       .groups = static_cast<std::int32_t>(s.groups),
                       .squares_per_group = static_cast<std::int32_t>(inner / step_head_rows / s.groups),
                       .eps = args.eps,
                       .y = args.residual.as<float>(),
                       .bias = or_null(args.out_proj_bias),
                       .accumulate = true};
  if (!stream_rows(on, *args.in_proj, in)) return false;
  step_heads(on, h);
  if (!stream_rows(on, *args.out_proj, out))
    throw ArgumentError("layer_step: out_proj: it cannot stream as in_proj does");
  return true;
}

}  // namespace holdfast::cuda
