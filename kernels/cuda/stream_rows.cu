// A block takes a stretch of the weight's rows. One thread fetches them, a few rows at a time, into a ring of stages in
// shared memory; eight warps consume them. A warp owns 1 / W of the columns and keeps its part of x in registers, 32
// columns per lane, for the whole kernel; 8 / W warps take different rows. Partial sums of a row meet in shared memory
// at the end, where bias, residual or the convolution's step follow.
//
// What is there before x is, gains of a norm and what a row meets at its end, comes by asynchronous copies to shared
// memory: registers are left for the blocks of the kernels before and after, and x is one round of loads.
//
// x stays exact to f32 for 16-bit weights. For 8-bit and 4-bit weights it is rounded to 16 bits with a scale per 16 or
// 32 columns, and products and sums are integers (dp4a), so that the weights' rounding is the only one that shows.
//
// Fetching does not wait for the kernel before (weights never change), everything else does. The next kernel is let in
// when this one's wait is over, so that whatever starts early finds all but its direct predecessor complete. Two such
// kernels fit a multiprocessor: the next one's ring is full when its turn comes.
#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/row_dot.cuh"
#include "kernels/cuda/stream_rows.cuh"
#include "kernels/cuda/stream_tiles.h"

namespace holdfast::cuda {
namespace {

constexpr int stream_most_stages = 8;
constexpr unsigned stream_memory_bytes = 110 * 1024;  // of a block: two fit a multiprocessor, three never do

struct StreamPlan {
  int warps_per_row = 1;  // W
  int stage_rows = 1;
  int stages = 1;
  int unit = 1;                                          // rows of a block are a multiple of it
  int blocks = 1;                                        // of the grid
  unsigned scale_at = 0, super_at = 0, stage_bytes = 0;  // in a stage
  unsigned partial_at = 0, ends_at = 0, gain_at = 0;     // in shared memory
};

// x of one piece, 16 or 32 columns, as 16-bit integers in two byte planes in the order of the codes.
template <WeightFormat format>
__device__ __forceinline__ void round_piece(OwnX<format>& own, int piece, const float* x) {
  constexpr int columns = piece_columns(format);
  constexpr int bits = block_traits(format).code_bits;
  float largest = 0.0f;
#pragma unroll
  for (int i = 0; i < columns; ++i) largest = fmaxf(largest, fabsf(x[i]));
  const float inverse = largest > 0.0f ? 32512.0f / largest : 0.0f;
  own.scale[piece] = largest / 32512.0f;
  int high[columns];
  int low[columns];
  int sum = 0;
#pragma unroll
  for (int i = 0; i < columns; ++i) {
    const int value = __float2int_rn(x[i] * inverse);
    low[i] = value << 24 >> 24;
    high[i] = (value - low[i]) >> 8;
    sum += value;
  }
  own.sum[piece] = sum;
#pragma unroll
  for (int word = 0; word < columns / 4; ++word) {
    // 8 bits: word w has columns 4w .. 4w+3. 4 bits: low halves of word w are columns 8w + 0, 2, 4, 6, high halves the
    // odd ones; plane words 2w and 2w + 1.
    const int first = bits == 8 ? word * 4 : word / 2 * 8 + word % 2;
    constexpr int step = bits == 8 ? 1 : 2;
    own.high[piece * columns / 4 + word] =
        pack_bytes(high[first], high[first + step], high[first + 2 * step], high[first + 3 * step]);
    own.low[piece * columns / 4 + word] =
        pack_bytes(low[first], low[first + step], low[first + 2 * step], low[first + 3 * step]);
  }
}

// x of this lane, normed but for the factor that is returned: 1, or 1 / rms(x).
template <WeightFormat format>
__device__ __forceinline__ float take_x(OwnX<format>& own, const float* gain, const StreamTask& task, int cols,
                                        int part, int parts, int team, float* room) {
  constexpr int columns = piece_columns(format);
  constexpr int pieces = row_lane_columns / columns;
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  float x[row_lane_columns];
#pragma unroll
  for (int i = 0; i < row_lane_columns; i += 4) {
    const int col = own_column<format>(i / columns, part, parts) + i % columns;
    const float4 v = col < cols ? *reinterpret_cast<const float4*>(task.x + col) : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    x[i] = v.x, x[i + 1] = v.y, x[i + 2] = v.z, x[i + 3] = v.w;
  }
  async_copies_done();
  if (task.norm == StreamTask::Norm::plain) consumers_meet();
  if (task.norm == StreamTask::Norm::grouped) {
    put_group_factors(room, task, cols);
    consumers_meet();
  }
  float squares = 0.0f;
  if (task.norm == StreamTask::Norm::plain) {
#pragma unroll
    for (int i = 0; i < row_lane_columns; ++i) squares += x[i] * x[i];
  }
#pragma unroll
  for (int piece = 0; piece < pieces; ++piece) {
    const int col = own_column<format>(piece, part, parts);
    if (task.norm != StreamTask::Norm::none && col < cols) {
      const float scale = task.norm == StreamTask::Norm::grouped ? room[col / (cols / task.groups)] : 1.0f;
#pragma unroll
      for (int i = 0; i < columns; i += 4) {
        const float4 v = *reinterpret_cast<const float4*>(gain + col + i);
        float* const to = x + piece * columns + i;
        to[0] *= scale * v.x, to[1] *= scale * v.y, to[2] *= scale * v.z, to[3] *= scale * v.w;
      }
    }
    if constexpr (is_quantised(format)) {
      round_piece<format>(own, piece, x + piece * columns);
    } else {
#pragma unroll
      for (int i = 0; i < columns; ++i) own.x[piece * columns + i] = x[piece * columns + i];
    }
  }
  if (task.norm != StreamTask::Norm::plain) return 1.0f;
  squares = warp_sum(squares);
  if (lane == 0) room[warp] = squares;
  consumers_meet();
  float total = 0.0f;
  for (int p = 0; p < parts; ++p) total += room[team * parts + p];
  return 1.0f / sqrtf(total / static_cast<float>(cols) + task.eps);
}

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900

__device__ __forceinline__ int first_row(int block, int blocks, int rows, int unit) {
  return static_cast<int>(static_cast<std::int64_t>(rows / unit) * block / blocks) * unit;
}

#endif

// Grid: blocks that share the rows evenly.
template <WeightFormat format>
__global__ void __launch_bounds__(stream_threads, 2)
    stream_rows_kernel(const __grid_constant__ StreamWeight w, const __grid_constant__ StreamTask task,
                       const __grid_constant__ StreamPlan plan) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  extern __shared__ __align__(128) unsigned char stream_memory[];
  __shared__ alignas(8) unsigned long long filled[stream_most_stages];
  __shared__ alignas(8) unsigned long long emptied[stream_most_stages];
  __shared__ float room[64];
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int begin = first_row(static_cast<int>(blockIdx.x), static_cast<int>(gridDim.x), w.rows, plan.unit);
  const int end = first_row(static_cast<int>(blockIdx.x) + 1, static_cast<int>(gridDim.x), w.rows, plan.unit);
  const auto address = [](const void* at) { return static_cast<unsigned>(__cvta_generic_to_shared(at)); };
  if (threadIdx.x == 0) {
    for (int s = 0; s < plan.stages; ++s) {
      barrier_init(address(&filled[s]), 1);
      barrier_init(address(&emptied[s]), stream_warps);
    }
    barrier_init_done();
  }
  __syncthreads();
  if (warp == stream_warps) {
    if (lane != 0) return;
    int stage = 0;
    unsigned parity = 1;  // a fresh barrier counts as emptied once
    for (int row = begin; row < end; row += plan.stage_rows) {
      const auto count = static_cast<unsigned>(min(plan.stage_rows, end - row));
      barrier_wait(address(&emptied[stage]), parity);
      const unsigned to = address(stream_memory) + static_cast<unsigned>(stage) * plan.stage_bytes;
      const unsigned full = address(&filled[stage]);
      const unsigned code_bytes = count * static_cast<unsigned>(w.code_row);
      const unsigned scale_bytes = count * static_cast<unsigned>(w.scale_row);
      const unsigned super_bytes = count * static_cast<unsigned>(w.super_row);
      barrier_expect(full, code_bytes + scale_bytes + super_bytes);
      bulk_copy(to, w.codes + row * w.code_row, code_bytes, full);
      if (scale_bytes != 0) bulk_copy(to + plan.scale_at, w.scales + row * w.scale_row, scale_bytes, full);
      if (super_bytes != 0) bulk_copy(to + plan.super_at, w.supers + row * w.super_row, super_bytes, full);
      if (++stage == plan.stages) stage = 0, parity ^= 1;
    }
    return;
  }
  const int parts = plan.warps_per_row;
  const int part = warp % parts;
  const int team = warp / parts;
  const int teams = stream_warps / parts;
  auto* partial = reinterpret_cast<float*>(stream_memory + plan.partial_at);
  const int own_row = begin + static_cast<int>(threadIdx.x);
  auto* ends = reinterpret_cast<RowEnd*>(stream_memory + plan.ends_at);
  auto* gain = reinterpret_cast<float*>(stream_memory + plan.gain_at);
  if (task.norm != StreamTask::Norm::none) {
    for (int i = static_cast<int>(threadIdx.x) * 4; i < w.cols; i += stream_warps * warp_size * 4) {
      async_copy<16>(gain + i, task.gain + i);
    }
  }
  if (own_row < end) fetch_end(ends[threadIdx.x], task, own_row);
  wait_for_previous();
  let_next_start();
  const float old = task.accumulate && own_row < end ? task.y[own_row] : 0.0f;
  OwnX<format> own;
  const float factor = take_x<format>(own, gain, task, w.cols, part, parts, team, room);
  const RowPlaces places{.code_row = static_cast<int>(w.code_row),
                         .scale_row = static_cast<int>(w.scale_row),
                         .super_row = static_cast<int>(w.super_row),
                         .rows = w.rows,
                         .cols = w.cols,
                         .parts = parts,
                         .scale_at = plan.scale_at,
                         .super_at = plan.super_at};
  const RowSpots<format> spots(places, part);
  constexpr int at_once = rows_at_once(format);
  int stage = 0;
  unsigned parity = 0;
  for (int row = begin; row < end; row += plan.stage_rows) {
    const int count = min(plan.stage_rows, end - row);
    barrier_wait(address(&filled[stage]), parity);
    const unsigned char* memory = stream_memory + static_cast<unsigned>(stage) * plan.stage_bytes;
    for (int r = team; r < count; r += teams * at_once) {
      RowPieces<format> pieces[at_once];
#pragma unroll
      for (int i = 0; i < at_once; ++i) pieces[i].load(memory, places, spots, min(r + i * teams, count - 1));
      float sums[at_once];
#pragma unroll
      for (int i = 0; i < at_once; ++i) sums[i] = pieces[i].dot(own);
      const float sum = warp_sums<at_once>(sums);
      const int which = r + lane / (warp_size / at_once) * teams;
      if (lane % (warp_size / at_once) == 0 && which < count) partial[(row - begin + which) * parts + part] = sum;
    }
    __syncwarp();
    if (lane == 0) barrier_arrive(address(&emptied[stage]));
    if (++stage == plan.stages) stage = 0, parity ^= 1;
  }
  consumers_meet();
  const auto total = [&](int row) {
    float sum = 0.0f;
    for (int p = 0; p < parts; ++p) sum += partial[(row - begin) * parts + p];
    return sum * factor;
  };
  if (own_row < end) finish_row(ends[threadIdx.x], task, own_row, total(own_row), old);
  for (int row = own_row + stream_warps * warp_size; row < end; row += stream_warps * warp_size) {
    fetch_end(ends[threadIdx.x], task, row);
    async_copies_done();
    finish_row(ends[threadIdx.x], task, row, total(row), task.accumulate ? task.y[row] : 0.0f);
  }
#endif
}

// Blocks of a multiprocessor. On an H200 two gain 6 to 15 % with large weights of 16 and 8 bits and lose with others.
// Never three: those of the next kernel would start beside two, and land unevenly.
[[nodiscard]] int blocks_at_once(WeightFormat format, const PackedLayout& p) {
  constexpr std::int64_t large = std::int64_t{16} << 20;
  const int bits = block_traits(format).code_bits;
  return (bits == 0 || bits == 8) && p.rows * p.code_row >= large ? 2 : 1;
}

// Shared memory of one block, or 0 where the shape does not fit.
unsigned make_plan(const CudaStream& on, WeightFormat format, const PackedLayout& p, bool norm, StreamPlan& plan) {
  if (on.card().major < 9 || !dots_rows(format) || p.rows == 0 || p.rows > INT32_MAX || p.cols % 32 != 0) return 0;
  const auto unit_of = [](std::int64_t bytes) { return bytes % 16 == 0 ? 1 : 4; };
  plan.unit = std::max({unit_of(p.code_row), unit_of(p.scale_row), unit_of(p.super_row)});
  for (const std::int64_t bytes : {p.code_row, p.scale_row, p.super_row}) {
    if (bytes * plan.unit % 16 != 0) return 0;
  }
  if (p.rows % plan.unit != 0) return 0;
  while (plan.warps_per_row * warp_size * row_lane_columns < p.cols) plan.warps_per_row *= 2;
  if (plan.warps_per_row > stream_warps) return 0;
  plan.stage_rows = std::max(stream_warps / plan.warps_per_row * rows_at_once(format), plan.unit);
  plan.scale_at = rounded_up(plan.stage_rows * p.code_row);
  plan.super_at = plan.scale_at + rounded_up(plan.stage_rows * p.scale_row);
  plan.stage_bytes = plan.super_at + rounded_up(plan.stage_rows * p.super_row);
  const std::int64_t most = std::int64_t{blocks_at_once(format, p)} * on.card().multiprocessors;
  plan.blocks = static_cast<int>(std::min(p.rows / plan.unit, most));
  const std::int64_t rows_of_block = (p.rows / plan.unit / plan.blocks + 1) * plan.unit;
  const std::int64_t ends =
      std::min<std::int64_t>(rows_of_block, stream_warps * warp_size) * std::int64_t{sizeof(RowEnd)};
  const unsigned rest =
      rounded_up(rows_of_block * plan.warps_per_row * 4) + rounded_up(ends) + (norm ? rounded_up(p.cols * 4) : 0);
  const std::int64_t ring = std::int64_t{stream_memory_bytes} - rest;
  plan.stages = std::min(stream_most_stages, static_cast<int>(ring / plan.stage_bytes));
  if (plan.stages < 2) return 0;
  plan.partial_at = static_cast<unsigned>(plan.stages) * plan.stage_bytes;
  plan.ends_at = plan.partial_at + rounded_up(rows_of_block * plan.warps_per_row * 4);
  plan.gain_at = plan.ends_at + rounded_up(ends);
  const std::int64_t bytes = std::int64_t{plan.partial_at} + rest;
  return bytes <= on.card().shared_bytes - 1024 ? static_cast<unsigned>(bytes) : 0;
}

}  // namespace

bool can_stream_rows(const CudaStream& stream, const Weight& weight) {
  if (can_stream_tiles(stream, weight)) return true;
  StreamPlan plan;
  return make_plan(stream, weight.format(), packed_layout(weight.format(), weight.rows(), weight.cols()), true, plan) !=
         0;
}

bool stream_rows(CudaStream& stream, const Weight& weight, const StreamTask& task) {
  const PackedLayout p = packed_layout(weight.format(), weight.rows(), weight.cols());
  const auto aligned = [](const void* at) { return reinterpret_cast<std::uintptr_t>(at) % 16 == 0; };
  if (!aligned(task.x) || !aligned(task.gain) || task.groups > 64 || task.taps > stream_widest_conv) return false;
  if (task.norm == StreamTask::Norm::grouped && (p.cols % task.groups != 0 || p.cols / task.groups % 32 != 0)) {
    return false;
  }
  if (stream_tiles(stream, weight, task)) return true;
  StreamPlan plan;
  const unsigned shared = make_plan(stream, weight.format(), p, task.norm != StreamTask::Norm::none, plan);
  if (shared == 0) return false;
  const auto* begin = weight.packed().view().as<std::uint8_t>();
  const StreamWeight w{begin,       begin + p.scales_at, begin + p.supers_at,      p.code_row,
                       p.scale_row, p.super_row,         static_cast<int>(p.rows), static_cast<int>(p.cols)};
  const Launch shape{.grid = dim3(static_cast<unsigned>(plan.blocks)),
                     .block = dim3(stream_threads),
                     .shared = shared,
                     .overlaps = true};
  with_format(weight.format(), [&](auto format) {
    if constexpr (dots_rows(decltype(format)::value)) {
      allow_shared(stream_rows_kernel<decltype(format)::value>, shared);
      prefer_shared(stream_rows_kernel<decltype(format)::value>);
      launch(stream, "stream rows", shape, stream_rows_kernel<decltype(format)::value>, w, task, plan);
    }
  });
  return true;
}

}  // namespace holdfast::cuda
