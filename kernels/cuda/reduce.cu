#include <algorithm>

#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/reduce.cuh"

namespace holdfast::cuda {
namespace {

constexpr int partial_lanes = 32;  // threads that share a column, and columns of a block

struct PartialSums {
  PartialRows of[4];
};

// Grid (columns / 32, sums). A block adds 32 columns: row-thread r takes rows r, r + 32, ...; then the 32 sums are
// added in order.
__global__ void __launch_bounds__(partial_lanes* partial_lanes)
    add_partial_rows_kernel(PartialSums all, std::int64_t rows) {
  __shared__ float sums[partial_lanes][partial_lanes + 1];
  wait_for_previous();
  const PartialRows a = all.of[blockIdx.y];
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * partial_lanes + threadIdx.x;
  float sum = 0.0f;
  if (column < a.columns) {
#pragma unroll 8
    for (std::int64_t r = threadIdx.y; r < rows; r += partial_lanes) sum += a.partial[r * a.stride + column];
  }
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || column >= a.columns) return;
  float total = 0.0f;
#pragma unroll
  for (int r = 0; r < partial_lanes; ++r) total += sums[r][threadIdx.x];
  a.to[column] += a.scale == nullptr ? total : a.scale[column] * total;
}

}  // namespace

void add_partial_rows(CudaStream& stream, std::int64_t rows, std::initializer_list<PartialRows> sums) {
  PartialSums all{};
  unsigned count = 0;
  std::int64_t columns = 0;
  for (const PartialRows& one : sums) {
    if (one.to == nullptr) continue;
    all.of[count++] = one;
    columns = std::max(columns, one.columns);
  }
  if (count == 0) return;
  launch(stream, "partial sums",
         {.grid = dim3(blocks_for(columns, partial_lanes), count),
          .block = dim3(partial_lanes, partial_lanes),
          .overlaps = true},
         add_partial_rows_kernel, all, rows);
}

}  // namespace holdfast::cuda
