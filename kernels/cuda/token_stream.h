// One token of one sequence through all layers of a large stack in one kernel.
#pragma once

#include "kernels/stack_step.h"

namespace holdfast::cuda {

// Does what stack_step does, or nothing: false.
[[nodiscard]] bool token_stream(Stream& stream, const StackStepArgs& args);

}  // namespace holdfast::cuda
