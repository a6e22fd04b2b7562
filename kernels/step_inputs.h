// What changes from one step of some sequences to the next, into a GPU's memory: where their states are, and their
// tokens. Recorded work (Stream::repeat) finds them there.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/device.h"
#include "kernels/tensor.h"

namespace holdfast {

struct StepInputsArgs {
  // (4 B)  i64 out: addresses of windows (B), of states (B), of pending tokens (B), then ids and turns, B of i32 each
  TensorView inputs;
  std::span<const std::int64_t> conv;     // B addresses
  std::span<const std::int64_t> state;    // B
  std::span<const std::int64_t> pending;  // B; or empty, as turns are then (SsdStepArgs::pending_turns)
  std::span<const std::int32_t> ids;      // B; or empty: what sample_begin() drew on this stream last, for as many rows
  std::span<const std::int32_t> turns;    // B
};

// Only for streams of a GPU: elsewhere a step sees the sequences themselves.
void step_inputs(Stream&, const StepInputsArgs&);

namespace cuda {
void step_inputs(Stream&, const StepInputsArgs&);
}

}  // namespace holdfast
