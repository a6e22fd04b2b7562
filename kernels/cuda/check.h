// Every call of the CUDA runtime and every launch is checked: HOLDFAST_CUDA(cudaMemcpyAsync(...)) throws DeviceError.
#pragma once

#include <cuda_runtime.h>

namespace holdfast::cuda {

[[noreturn]] void fail(cudaError_t error, const char* call, const char* file, int line);

}  // namespace holdfast::cuda

#define HOLDFAST_CUDA(call)                                                    \
  do {                                                                         \
    const cudaError_t holdfast_cuda_error_ = (call);                           \
    if (holdfast_cuda_error_ != cudaSuccess) {                                 \
      ::holdfast::cuda::fail(holdfast_cuda_error_, #call, __FILE__, __LINE__); \
    }                                                                          \
  } while (false)
