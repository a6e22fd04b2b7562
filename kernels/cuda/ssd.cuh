// Of the recurrence, what its kernels share.
#pragma once

#include "kernels/cuda/launch.cuh"

namespace holdfast::cuda {

__device__ __forceinline__ float step_size(float raw, float bias, float low, float high) {
  return fminf(fmaxf(softplus(raw + bias), low), high);
}

}  // namespace holdfast::cuda
