// Few sequences travel as a kernel argument: a copy from the CPU would cost each token the wait for another engine.
#include <algorithm>
#include <string>

#include "kernels/cuda/launch.cuh"
#include "kernels/error.h"
#include "kernels/step_inputs.h"

namespace holdfast::cuda {
namespace {

constexpr std::size_t step_given = 64;
struct StepGiven {
  std::int64_t conv[step_given];
  std::int64_t state[step_given];
  std::int64_t pending[step_given];
  std::int32_t ids[step_given];
  std::int32_t turns[step_given];
};

// One block. drawn: ids that are here already; or null.
__global__ void __launch_bounds__(step_given)
    step_inputs_kernel(const __grid_constant__ StepGiven given, const std::int32_t* drawn, std::int64_t* inputs,
                       int count) {
  wait_for_previous();
  const int i = static_cast<int>(threadIdx.x);
  if (i >= count) return;
  inputs[i] = given.conv[i];
  inputs[count + i] = given.state[i];
  inputs[2 * count + i] = given.pending[i];
  auto* const small = reinterpret_cast<std::int32_t*>(inputs + 3 * count);
  small[i] = drawn == nullptr ? given.ids[i] : drawn[i];
  small[count + i] = given.turns[i];
}

}  // namespace

void step_inputs(Stream& stream, const StepInputsArgs& args) {
  CudaStream& on = backend(stream);
  const std::size_t count = args.conv.size();
  const bool drawn = args.ids.empty();
  if (drawn && on.drawn_rows() != count) {
    throw ArgumentError("step_inputs: " + std::to_string(on.drawn_rows()) + " tokens drawn on this stream, want " +
                        std::to_string(count));
  }
  auto* inputs = args.inputs.as<std::int64_t>();
  if (count <= step_given) {
    StepGiven given{};
    std::copy(args.conv.begin(), args.conv.end(), given.conv);
    std::copy(args.state.begin(), args.state.end(), given.state);
    std::copy(args.pending.begin(), args.pending.end(), given.pending);
    std::copy(args.ids.begin(), args.ids.end(), given.ids);
    std::copy(args.turns.begin(), args.turns.end(), given.turns);
    launch(on, "step inputs", {.grid = dim3(1), .block = dim3(step_given), .overlaps = true}, step_inputs_kernel, given,
           drawn ? on.drawn() : nullptr, inputs, static_cast<int>(count));
    return;
  }
  on.upload(inputs, args.conv.data(), args.conv.size_bytes());
  on.upload(inputs + count, args.state.data(), args.state.size_bytes());
  on.upload(inputs + 2 * count, args.pending.data(), args.pending.size_bytes());
  auto* const small = reinterpret_cast<std::int32_t*>(inputs + 3 * count);
  on.upload(small + count, args.turns.data(), args.turns.size_bytes());
  if (drawn) {
    on.copy(small, on.drawn(), count * sizeof(std::int32_t), DeviceKind::cuda, DeviceKind::cuda);
  } else {
    on.upload(small, args.ids.data(), args.ids.size_bytes());
  }
}

}  // namespace holdfast::cuda
