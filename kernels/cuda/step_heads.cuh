// What the kernels of a step's recurrence leave.
#pragma once

#include "kernels/cuda/step_heads.h"

namespace holdfast::cuda {

// A channel of y x gain: `at` counts through (B, E).
__device__ __forceinline__ void leave_gained(const HeadSteps& s, std::int64_t at, float value) {
  const __nv_bfloat16 high = __float2bfloat16_rn(value);
  s.gained[at] = high;
  if (s.split) s.gained[s.sequences * s.heads * s.head_dim + at] = __float2bfloat16_rn(value - __bfloat162float(high));
}

}  // namespace holdfast::cuda
