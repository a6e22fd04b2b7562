// A block has some rows of the weight and a part of its columns: one warp brings both operands through a ring of
// stages, warpgroups multiply 64 rows each. The weight is the left operand, so that 64 rows of x are one product's
// width. Where x comes without its norm, sums of a group of columns are multiplied by 1 / rms of that group, so that
// nothing stands between what makes x and the product.
#include <algorithm>

#include "kernels/cuda/batch_product.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/wgmma.cuh"

namespace holdfast::cuda {
namespace {

constexpr int group_threads = 128;
constexpr int most_groups = 4;
constexpr int most_rows = most_groups * tile_rows;  // which one copy brings
constexpr int most_stages = 16;
constexpr int stage_room = 216 * 1024;
constexpr int most_norms = 8;  // groups of columns that a part touches

struct ProductPlan {
  float* y;
  std::int64_t outputs;
  int rows;        // of x
  int block_rows;  // of the weight
  int steps;       // of 64 columns
  int stages;
  const float* squares;
  int norm_rows;
  int units;        // of a row
  int group_units;  // of a group
  int group_steps;
  int scales_at;  // the step at which the squares are read
  float group_columns;
  float eps;
};

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

// 1 / rms of each row in the groups of the columns from step `first` on, by the threads that multiply.
__device__ __forceinline__ void find_scales(const ProductPlan& p, int first, int count,
                                            float (&scales)[most_norms][most_batch_rows], int threads) {
  constexpr int team = 4;  // lanes that share a row's units
  const int first_group = first / p.group_steps;
  const int pairs = ((first + count - 1) / p.group_steps - first_group + 1) * p.norm_rows;
  const auto lane = static_cast<int>(threadIdx.x) % team;
  for (int begin = 0; begin < pairs; begin += threads / team) {
    const int pair = begin + static_cast<int>(threadIdx.x) / team;
    const int row = pair % p.norm_rows;
    const int group = pair / p.norm_rows;
    float sum = 0.0f;
    if (pair < pairs) {
      const float* from = p.squares + row * p.units + (first_group + group) * p.group_units;
#pragma unroll 4
      for (int u = lane; u < p.group_units; u += team) sum += from[u];
    }
    sum += __shfl_xor_sync(all_lanes, sum, 1);
    sum += __shfl_xor_sync(all_lanes, sum, 2);
    if (lane != 0 || pair >= pairs) continue;
    const float scale = 1.0f / sqrtf(sum / p.group_columns + p.eps);
    for (int r = row; r < p.rows; r += p.norm_rows) scales[group][r] = scale;
  }
  asm volatile("bar.sync 1, %0;" ::"r"(threads) : "memory");
}

// Sums of each row of x, multiplied by its scale and divided by another.
__device__ __forceinline__ void weigh(float (&sums)[8][4], const float* scales, const float* next) {
  hold(sums);
#pragma unroll
  for (int j = 0; j < 8; ++j) {
    const auto row = j * 8 + static_cast<int>(threadIdx.x) % 4 * 2;
    float2 by = *reinterpret_cast<const float2*>(scales + row);
    if (next != nullptr) {
      const float2 to = *reinterpret_cast<const float2*>(next + row);
      by = make_float2(by.x / to.x, by.y / to.y);
    }
    sums[j][0] *= by.x;
    sums[j][1] *= by.y;
    sums[j][2] *= by.x;
    sums[j][3] *= by.y;
  }
}

#endif

// Grid (rows of the weight / block_rows, parts). may_norm: there may be squares. (Where there always are, it is asked
// all the same: with 96 registers in place of 72 it is 1 to 2 % slower.)
template <bool may_norm>
__global__ void __launch_bounds__(most_groups* group_threads + warp_size, 1)
    batch_product_kernel(const __grid_constant__ CUtensorMap w, const __grid_constant__ CUtensorMap x,
                         const __grid_constant__ ProductPlan p) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  extern __shared__ unsigned char ring_room[];
  __shared__ std::uint64_t full[most_stages];
  __shared__ std::uint64_t empty[most_stages];
  __shared__ __align__(8) float scales[most_norms][most_batch_rows];
  const unsigned ring = (shared_address(ring_room) + 1023U) / 1024U * 1024U;
  const int groups = static_cast<int>(blockDim.x) / group_threads;
  const int group = static_cast<int>(threadIdx.x) / group_threads;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const unsigned w_bytes = static_cast<unsigned>(p.block_rows) * tile_columns * 2;
  const unsigned stage_bytes = w_bytes + tile_bytes;
  const auto part = static_cast<int>(blockIdx.y);
  const auto parts = static_cast<int>(gridDim.y);
  const int first = p.steps * part / parts;
  const int count = p.steps * (part + 1) / parts - first;
  const int row = static_cast<int>(blockIdx.x) * p.block_rows;
  if (threadIdx.x == 0) {
    for (int i = 0; i < p.stages; ++i) {
      barrier_init(shared_address(&full[i]), 1);
      barrier_init(shared_address(&empty[i]), static_cast<unsigned>(groups) * 4);
    }
    barrier_init_done();
  }
  __syncthreads();
  if (group == groups) {
    if (lane != 0) return;
    const auto bring_w = [&](int step, int slot) {
      const unsigned barrier = shared_address(&full[slot]);
      barrier_expect(barrier, stage_bytes);
      copy_box(ring + static_cast<unsigned>(slot) * stage_bytes, w, (first + step) * tile_columns, row, barrier);
    };
    const auto bring_x = [&](int step, int slot) {
      copy_box(ring + static_cast<unsigned>(slot) * stage_bytes + w_bytes, x, (first + step) * tile_columns, 0,
               shared_address(&full[slot]));
    };
    const int ahead = min(p.stages, count);
    // So few before x is there: with more under way the last loads and stores of the kernel before take longer than
    // what is gained.
    constexpr int early_stages = 4;
    const int early = min(early_stages, ahead);
    for (int i = 0; i < early; ++i) bring_w(i, i);
    wait_for_previous();
    let_next_start();
    for (int i = 0; i < early; ++i) bring_x(i, i);
    for (int i = early; i < ahead; ++i) bring_w(i, i), bring_x(i, i);
    int slot = 0;
    int round = 0;
    for (int i = ahead; i < count; ++i) {
      barrier_wait_round(empty[slot], round);
      bring_w(i, slot);
      bring_x(i, slot);
      if (++slot == p.stages) slot = 0, ++round;
    }
    return;
  }
  wait_for_previous();
  const bool norms = may_norm && p.squares != nullptr;
  float sums[8][4] = {};
  int slot = 0;
  int round = 0;
  int before = 0;
  int left = may_norm ? p.group_steps - first % p.group_steps : 0;  // steps of this group of columns
  int of = 0;                                                       // which one of this part
  for (int i = 0; i < count; ++i) {
    barrier_wait_round(full[slot], round);
    const unsigned stage = ring + static_cast<unsigned>(slot) * stage_bytes;
    products_begin();
#pragma unroll
    for (int k = 0; k < tile_columns / 16; ++k) {
      product_64(sums, k_along_rows(stage + static_cast<unsigned>(group) * tile_bytes, k),
                 k_along_rows(stage + w_bytes, k), i > 0 || k > 0);
    }
    products_commit();
    if (norms && i == p.scales_at) find_scales(p, first, count, scales, groups * group_threads);
    if (may_norm && --left == 0 && i + 1 < count) {
      // What follows is of another norm: the sums so far are brought to that one.
      products_wait<0>();
      if (norms) weigh(sums, scales[of], scales[of + 1]);
      left = p.group_steps;
      ++of;
    } else {
      products_wait<1>();
    }
    if (i > 0 && lane == 0) barrier_arrive(shared_address(&empty[before]));
    before = slot;
    if (++slot == p.stages) slot = 0, ++round;
  }
  products_wait<0>();
  norms ? weigh(sums, scales[of], nullptr) : hold(sums);
  const int warp = static_cast<int>(threadIdx.x) % group_threads / warp_size;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int of_block = group * tile_rows + warp * 16 + half * 8 + lane / 4;
    const std::int64_t output = row + of_block;
    if (of_block >= p.block_rows || output >= p.outputs) continue;
    float* to = p.y + static_cast<std::int64_t>(part) * p.rows * p.outputs + output;
#pragma unroll
    for (int j = 0; j < 8; ++j) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int of_x = j * 8 + lane % 4 * 2 + i;
        if (of_x < p.rows) to[of_x * p.outputs] = sums[j][half * 2 + i];
      }
    }
  }
#endif
}

// Rows of the weight that each block has, where there are so many parts.
[[nodiscard]] std::int64_t rows_of_block(const CudaStream& on, std::int64_t outputs, std::int64_t parts) {
  const std::int64_t blocks = std::max<std::int64_t>(on.card().multiprocessors / parts, 1);
  return ((outputs + blocks - 1) / blocks + 7) / 8 * 8;
}

}  // namespace

std::int64_t batch_product_parts(const CudaStream& on, std::int64_t rows, std::int64_t outputs, std::int64_t columns) {
  if (!on.card().warpgroups || rows > most_batch_rows || columns % 8 != 0) return 0;
  // Every block reads all of x in its part of the columns: so many parts that the weight's rows are twice x's, while
  // each part has columns enough to fill the ring.
  for (std::int64_t parts = 1; parts <= most_batch_parts; parts *= 2) {
    const std::int64_t block_rows = rows_of_block(on, outputs, parts);
    if (block_rows > most_rows) break;
    const bool last =
        parts == most_batch_parts || columns < 512 * parts || rows_of_block(on, outputs, 2 * parts) > most_rows;
    if (block_rows >= 2 * most_batch_rows || last) return parts;
  }
  return 0;
}

bool batch_product_norms(std::int64_t columns, std::int64_t parts, std::int64_t groups) {
  if (groups == 1) return true;
  const std::int64_t steps = (columns + tile_columns - 1) / tile_columns;
  const std::int64_t most_touched = (steps / parts + 1) * groups / steps + 2;
  return columns % (groups * tile_columns) == 0 && most_touched <= most_norms;
}

void batch_product(CudaStream& on, const BatchProduct& p) {
  ProductPlan plan{};
  plan.y = p.y;
  plan.outputs = p.outputs;
  plan.rows = static_cast<int>(p.rows);
  plan.block_rows = static_cast<int>(rows_of_block(on, p.outputs, p.parts));
  plan.steps = static_cast<int>((p.columns + tile_columns - 1) / tile_columns);
  plan.squares = p.squares;
  plan.norm_rows = static_cast<int>(p.norm_rows);
  plan.units = static_cast<int>(p.units);
  plan.group_units = static_cast<int>(p.units / p.groups);
  plan.group_steps = p.groups == 1 ? plan.steps : plan.steps / static_cast<int>(p.groups);
  plan.group_columns = static_cast<float>(p.columns / p.groups);
  plan.eps = p.eps;
  const std::size_t stage_bytes = static_cast<std::size_t>(plan.block_rows) * tile_columns * 2 + tile_bytes;
  plan.stages = std::min(most_stages, static_cast<int>(stage_room / stage_bytes));
  // Behind the first stages, so that memory is at work meanwhile, and before the first group of any part has ended.
  const int part_steps = plan.steps / static_cast<int>(p.parts);
  const bool whole = part_steps * static_cast<int>(p.parts) == plan.steps && part_steps % plan.group_steps == 0;
  plan.scales_at = p.groups > 1 && !whole ? 0 : std::min({plan.stages, plan.group_steps - 1, part_steps - 1});
  const int groups = (plan.block_rows + tile_rows - 1) / tile_rows;
  const CUtensorMap w = map_tiles(p.w, p.columns, p.outputs, p.columns * 2, plan.block_rows, true);
  const CUtensorMap x = map_tiles(p.x, p.columns, p.rows, p.columns * 2);
  // What follows the last row of a stage is read with it, and its products are left aside.
  const std::size_t shared = static_cast<std::size_t>(plan.stages) * stage_bytes + 1024;
  auto* const kernel = p.squares == nullptr ? batch_product_kernel<false> : batch_product_kernel<true>;
  allow_shared(kernel, shared);
  prefer_shared(kernel);
  launch(on, "batch product",
         {.grid = dim3(blocks_for(p.outputs, plan.block_rows), static_cast<unsigned>(p.parts)),
          .block = dim3(static_cast<unsigned>(groups * group_threads + warp_size)),
          .shared = shared,
          .overlaps = true},
         kernel, w, x, plan);
}

}  // namespace holdfast::cuda
