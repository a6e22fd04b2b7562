#include "kernels/cuda/stream.h"

namespace holdfast::cuda {
namespace {

// Shows what the code of every kernel beside it was compiled for: shared memory of its own where there are warpgroups.
__global__ void built_for_kernel() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __shared__ volatile int here;
  here = 1;
#endif
}

}  // namespace

BuiltFor built_for() {
  cudaFuncAttributes attributes{};
  HOLDFAST_CUDA(cudaFuncGetAttributes(&attributes, built_for_kernel));
  // Not binaryVersion: PTX for sm_80 that was translated for a newer card has what __CUDA_ARCH__ 800 left of it.
  return {.capability = attributes.ptxVersion, .warpgroups = attributes.sharedSizeBytes > 0};
}

}  // namespace holdfast::cuda
