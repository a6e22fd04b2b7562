// Of the recurrence, what its kernels share.
#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/scan_rows.h"

namespace holdfast::cuda {

__device__ __forceinline__ float step_size(float raw, float bias, float low, float high) {
  return fminf(fmaxf(softplus(raw + bias), low), high);
}

__device__ __forceinline__ float raw_step(const ScanRows& s, std::int64_t token, std::int64_t head) {
  const std::int64_t at = token * s.dt_stride + head;
  return s.dt_rounded ? to_float(static_cast<const __nv_bfloat16*>(s.dt_raw)[at])
                      : static_cast<const float*>(s.dt_raw)[at];
}

}  // namespace holdfast::cuda
