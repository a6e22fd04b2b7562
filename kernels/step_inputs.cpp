#include "kernels/step_inputs.h"

#include <string>

#include "kernels/error.h"

namespace holdfast {

void step_inputs(Stream& stream, const StepInputsArgs& args) {
  if (stream.kind() == DeviceKind::cpu) throw ArgumentError("step_inputs: a stream of the CPU, want one of a GPU");
  const std::size_t count = args.conv.size();
  require(args.inputs, Shape{static_cast<std::int64_t>(4 * count)}, DType::i64, DeviceKind::cuda,
          "step_inputs: inputs");
  if (args.pending.size() != args.turns.size() || (!args.pending.empty() && args.pending.size() != count)) {
    throw ArgumentError("step_inputs: " + std::to_string(args.pending.size()) + " places of pending tokens, " +
                        std::to_string(args.turns.size()) + " turns, want " + std::to_string(count) +
                        " of each or none");
  }
  if (args.state.size() != count || (!args.ids.empty() && args.ids.size() != count)) {
    throw ArgumentError("step_inputs: " + std::to_string(count) + " windows, " + std::to_string(args.state.size()) +
                        " states, " + std::to_string(args.ids.size()) + " tokens, want as many of each");
  }
  if (count > 0) cuda::step_inputs(stream, args);
}

}  // namespace holdfast
