// One thread per number: reads x, writes y.
#include "kernels/cuda/launch.cuh"
#include "kernels/minus_exp.h"

namespace holdfast::cuda {
namespace {

constexpr int minus_exp_threads = 256;

__global__ void __launch_bounds__(minus_exp_threads) minus_exp_kernel(float* y, const float* x, std::int64_t count) {
  wait_for_previous();
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * minus_exp_threads + threadIdx.x;
  if (i < count) y[i] = -expf(x[i]);
}

}  // namespace

void minus_exp(Stream& stream, TensorView y, ConstTensorView x) {
  const std::int64_t count = x.shape.elements();
  launch(backend(stream), "minus_exp",
         {.grid = dim3(blocks_for(count, minus_exp_threads)), .block = dim3(minus_exp_threads), .overlaps = true},
         minus_exp_kernel, y.as<float>(), x.as<float>(), count);
}

}  // namespace holdfast::cuda
