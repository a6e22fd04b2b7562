#include "kernels/stack_step.h"

#include "kernels/error.h"
#include "kernels/linear.h"
#include "kernels/rms_norm.h"

namespace holdfast {

void stack_step(Stream& stream, const StackStepArgs& args) {
  if (args.embedding == nullptr || args.head == nullptr) throw ArgumentError("stack_step: a weight is missing");
  if (args.layers.empty()) throw ArgumentError("stack_step: no layers, want at least one");
  if (stream.kind() == DeviceKind::cuda && cuda::stack_step(stream, args)) return;
  if (args.layers[0].step.pending_table) throw ArgumentError("stack_step: tokens beside states, want whole states");
  const TensorView residual = args.layers[0].residual;
  embedding(stream, {.y = residual, .ids = args.ids, .table = args.embedding});
  for (const LayerStepArgs& layer : args.layers) layer_step(stream, layer);
  if (!args.logits) return;
  rms_norm(stream, {.y = args.head_normed, .x = residual, .weight = args.norm, .residual = {}, .eps = args.eps});
  linear(stream, {.y = args.logits, .x = args.head_normed, .w = args.head, .bias = {}});
}

bool keeps_pending(Stream& stream, const StackStepArgs& args) {
  return stream.kind() == DeviceKind::cuda && cuda::keeps_pending(stream, args);
}

}  // namespace holdfast
