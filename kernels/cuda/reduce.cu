#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/reduce.cuh"

namespace holdfast::cuda {
namespace {

constexpr int partial_lanes = 32;  // threads that share a column, and columns of a block

// A block adds 32 columns: row-thread r takes rows r, r + 32, ...; then the 32 sums are added in order.
__global__ void __launch_bounds__(partial_lanes* partial_lanes)
    add_partial_rows_kernel(float* to, const float* partial, std::int64_t rows, std::int64_t columns,
                            std::int64_t stride, const float* scale) {
  __shared__ float sums[partial_lanes][partial_lanes + 1];
  wait_for_previous();
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * partial_lanes + threadIdx.x;
  float sum = 0.0f;
  if (column < columns) {
#pragma unroll 4
    for (std::int64_t r = threadIdx.y; r < rows; r += partial_lanes) sum += partial[r * stride + column];
  }
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || column >= columns) return;
  float total = 0.0f;
#pragma unroll
  for (int r = 0; r < partial_lanes; ++r) total += sums[r][threadIdx.x];
  to[column] += scale == nullptr ? total : scale[column] * total;
}

}  // namespace

void add_partial_rows(CudaStream& stream, float* to, const float* partial, std::int64_t rows, std::int64_t columns,
                      std::int64_t stride, const float* scale) {
  launch(
      stream, "partial sums",
      {.grid = dim3(blocks_for(columns, partial_lanes)), .block = dim3(partial_lanes, partial_lanes), .overlaps = true},
      add_partial_rows_kernel, to, partial, rows, columns, stride, scale);
}

}  // namespace holdfast::cuda
