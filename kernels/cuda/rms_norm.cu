// One team of threads per row (plain) or per group of a row (gated): a block, or one of its warps where a row is short.
// A thread keeps its values in registers between the sum of squares and the scaled result, so that each row is read
// once and written once; longer rows are read again.
//   plain  reads x (and residual, or what is added), writes y (and residual, or the sum)
//   gated  reads x and z, writes y
#include <algorithm>
#include <type_traits>

#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/mma.cuh"
#include "kernels/rms_norm.h"

namespace holdfast::cuda {
namespace {

constexpr int norm_kept = 8;     // pieces of a row that a thread keeps, at most
constexpr int norm_block = 128;  // threads of a block whose teams are warps
constexpr std::int64_t norm_many_rows = 8192;

// Teams of `threads`: a block, or the warps of one.
template <int threads>
struct NormTeam {
  static constexpr int block = threads == warp_size ? norm_block : threads;
  static constexpr int teams = block / threads;
  int lane, team;
  __device__ __forceinline__ NormTeam()
      : lane(static_cast<int>(threadIdx.x) % threads), team(static_cast<int>(threadIdx.x) / threads) {}
  __device__ __forceinline__ float sum(float value, float* room) const {
    if constexpr (threads == warp_size) return warp_sum(value);
    return block_sum(value, room);
  }
};

// value(i) gives `width` values from column i on; result(i, values, scale) takes them back.
template <int threads, int width, int kept_pieces, class Value, class Result>
__device__ __forceinline__ void norm_row(const NormTeam<threads>& team, std::int64_t columns, float eps, float* room,
                                         Value value, Result result) {
  // Beyond the end the first piece is read again and counts nothing: without branches all loads are on the way at once.
  float kept[kept_pieces][width];
#pragma unroll
  for (int k = 0; k < kept_pieces; ++k) {
    const std::int64_t i = (static_cast<std::int64_t>(k) * threads + team.lane) * width;
    value(i < columns ? i : 0, kept[k]);
  }
  float squares = 0.0f;
#pragma unroll
  for (int k = 0; k < kept_pieces; ++k) {
    const bool inside = (static_cast<std::int64_t>(k) * threads + team.lane) * width < columns;
#pragma unroll
    for (int j = 0; j < width; ++j) squares += inside ? kept[k][j] * kept[k][j] : 0.0f;
  }
  constexpr std::int64_t rest = static_cast<std::int64_t>(kept_pieces) * threads * width;
  for (std::int64_t i = rest + team.lane * width; i < columns; i += threads * width) {
    float again[width];
    value(i, again);
#pragma unroll
    for (int j = 0; j < width; ++j) squares += again[j] * again[j];
  }
  const float scale = 1.0f / sqrtf(team.sum(squares, room) / static_cast<float>(columns) + eps);
#pragma unroll
  for (int k = 0; k < kept_pieces; ++k) {
    const std::int64_t i = (static_cast<std::int64_t>(k) * threads + team.lane) * width;
    if (i >= columns) break;
    result(i, kept[k], scale);
  }
  for (std::int64_t i = rest + team.lane * width; i < columns; i += threads * width) {
    float again[width];
    value(i, again);
    result(i, again, scale);
  }
}

template <int value>
using Int = std::integral_constant<int, value>;

template <class T>
struct NormRows {
  T* y;
  const float* x;
  const float* weight;
  float* residual;  // or null
  const T* added;   // with adds
  float* sum;
  std::int64_t rows, columns;
  float eps;
};

template <class T, int threads, int width, int kept_pieces, bool adds>
__global__ void __launch_bounds__(NormTeam<threads>::block) rms_norm_rows_kernel(NormRows<T> a) {
  __shared__ float room[NormTeam<threads>::block / warp_size];
  wait_for_previous();
  const NormTeam<threads> team;
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * team.teams + team.team;
  if (index >= a.rows) return;
  const std::int64_t row = index * a.columns;
  if (a.residual != nullptr) {
    for (std::int64_t i = team.lane * width; i < a.columns; i += threads * width) {
      float x[width];
      float sum[width];
      load_piece<float, width>(a.x + row + i, x);
      load_piece<float, width>(a.residual + row + i, sum);
#pragma unroll
      for (int j = 0; j < width; ++j) sum[j] += x[j];
      store_piece<float, width>(a.residual + row + i, sum);
    }
  }
  const float* from = (a.residual != nullptr ? a.residual : a.x) + row;
  norm_row<threads, width, kept_pieces>(
      team, a.columns, a.eps, room,
      [&](std::int64_t i, float(&to)[width]) {
        load_piece<float, width>(from + i, to);
        if constexpr (adds) {
          float added[width];
          load_piece<T, width>(a.added + row + i, added);
#pragma unroll
          for (int j = 0; j < width; ++j) to[j] += added[j];
        }
      },
      [&](std::int64_t i, const float(&x)[width], float scale) {
        if constexpr (adds) store_piece<float, width>(a.sum + row + i, x);
        float weight[width];
        float y[width];
        load_piece<float, width>(a.weight + i, weight);
#pragma unroll
        for (int j = 0; j < width; ++j) y[j] = x[j] * scale * weight[j];
        store_piece<T, width>(a.y + row + i, y);
      });
}

template <class T>
struct GatedRows {
  T* y;
  const T* x;
  const T* z;  // or null
  std::int64_t z_stride;
  const float* weight;
  std::int64_t rows;
  std::int64_t columns;  // E
  std::int64_t group;    // E / G
  float eps;
};

// Grid (teams for rows, G).
template <class T, int threads, int width, int kept_pieces>
__global__ void __launch_bounds__(NormTeam<threads>::block) gated_rms_norm_rows_kernel(GatedRows<T> a) {
  __shared__ float room[NormTeam<threads>::block / warp_size];
  wait_for_previous();
  const NormTeam<threads> team;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * team.teams + team.team;
  if (row >= a.rows) return;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * a.group;
  const T* x = a.x + row * a.columns + first;
  T* y = a.y + row * a.columns + first;
  const T* z = a.z == nullptr ? nullptr : a.z + row * a.z_stride + first;
  const auto result = [&](std::int64_t i, const float(&value)[width], float scale) {
    float weight[width];
    float out[width];
    load_piece<float, width>(a.weight + first + i, weight);
#pragma unroll
    for (int j = 0; j < width; ++j) out[j] = value[j] * scale * weight[j];
    store_piece<T, width>(y + i, out);
  };
  const auto plain = [&](std::int64_t i, float(&to)[width]) { load_piece<T, width>(x + i, to); };
  const auto gated = [&](std::int64_t i, float(&to)[width]) {
    float gate[width];
    load_piece<T, width>(x + i, to);
    load_piece<T, width>(z + i, gate);
#pragma unroll
    for (int j = 0; j < width; ++j) to[j] *= silu_for<T>(gate[j]);
  };
  if (z == nullptr) {
    norm_row<threads, width, kept_pieces>(team, a.group, a.eps, room, plain, result);
  } else {
    norm_row<threads, width, kept_pieces>(team, a.group, a.eps, room, gated, result);
  }
}

// The same for many rows in bf16, a warp per row, which has its next rows brought to shared memory while it works one.
// Grid (blocks, G).
template <int pieces>
struct GatedRing {
  static constexpr int warps = 16;
  static constexpr int threads = warps * warp_size;
  static constexpr int columns = pieces * warp_size * 8;
  static constexpr int ahead = 2;
  struct Row {
    __nv_bfloat16 x[columns], z[columns];
  };
  alignas(128) Row rows[warps][ahead];
  float weight[columns];
  std::uint64_t full[warps][ahead];
};

template <int pieces>
__global__ void __launch_bounds__(GatedRing<pieces>::threads, 1)
    gated_rms_norm_ring_kernel(GatedRows<__nv_bfloat16> a) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  using T = __nv_bfloat16;
  using Ring = GatedRing<pieces>;
  extern __shared__ __align__(128) unsigned char gated_room[];
  Ring& ring = *reinterpret_cast<Ring*>(gated_room);
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * a.group;
  if (lane == 0) {
    for (int i = 0; i < Ring::ahead; ++i) barrier_init(shared_address(&ring.full[warp][i]), 1);
    barrier_init_done();
  }
  wait_for_previous();
  for (int i = static_cast<int>(threadIdx.x); i < a.group; i += Ring::threads) ring.weight[i] = a.weight[first + i];
  __syncthreads();
  const auto bytes = static_cast<unsigned>(a.group * sizeof(T));
  const auto fetch = [&](std::int64_t row, int place) {
    if (lane != 0 || row >= a.rows) return;
    const unsigned full = shared_address(&ring.full[warp][place]);
    barrier_expect(full, 2 * bytes);
    bulk_copy(shared_address(ring.rows[warp][place].x), a.x + row * a.columns + first, bytes, full);
    bulk_copy(shared_address(ring.rows[warp][place].z), a.z + row * a.z_stride + first, bytes, full);
  };
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * Ring::warps;
  std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * Ring::warps + warp;
  for (int i = 0; i < Ring::ahead; ++i) fetch(row + i * step, i);
  for (unsigned turn = 0; row < a.rows; row += step, ++turn) {
    const int place = static_cast<int>(turn % Ring::ahead);
    barrier_wait(shared_address(&ring.full[warp][place]), turn / Ring::ahead & 1);
    const typename Ring::Row& here = ring.rows[warp][place];
    norm_row<warp_size, 8, pieces>(
        NormTeam<warp_size>(), a.group, a.eps, nullptr,
        [&](std::int64_t i, float(&to)[8]) {
          float gate[8];
          load_piece<T, 8>(here.x + i, to);
          load_piece<T, 8>(here.z + i, gate);
#pragma unroll
          for (int j = 0; j < 8; ++j) to[j] *= silu_for<T>(gate[j]);
        },
        [&](std::int64_t i, const float(&value)[8], float scale) {
          float out[8];
#pragma unroll
          for (int j = 0; j < 8; ++j) out[j] = value[j] * scale * ring.weight[i + j];
          store_piece<T, 8>(a.y + row * a.columns + first + i, out);
        });
    __syncwarp();
    fetch(row + Ring::ahead * step, place);
  }
#endif
}

// Whether rows can be taken `width` values at a time, which is 16 bytes of the narrower type.
[[nodiscard]] bool in_pieces(int width, std::initializer_list<const void*> pointers,
                             std::initializer_list<std::int64_t> extents) {
  for (const void* pointer : pointers) {
    if (reinterpret_cast<std::uintptr_t>(pointer) % 16 != 0) return false;
  }
  for (const std::int64_t extent : extents) {
    if (extent % width != 0) return false;
  }
  return true;
}

template <class T>
void norm(CudaStream& on, const RmsNormArgs& args) {
  const NormRows<T> a{args.y.as<T>(),
                      args.x.as<float>(),
                      args.weight.as<float>(),
                      args.residual ? args.residual.as<float>() : nullptr,
                      args.added ? args.added.as<T>() : nullptr,
                      args.sum ? args.sum.as<float>() : nullptr,
                      args.y.shape[0],
                      args.y.shape[1],
                      args.eps};
  const auto run = [&](auto threads, auto width, auto kept) {
    using Team = NormTeam<decltype(threads)::value>;
    launch(on, "rms_norm",
           {.grid = dim3(blocks_for(a.rows, Team::teams)), .block = dim3(Team::block), .overlaps = true},
           a.added == nullptr
               ? rms_norm_rows_kernel<T, decltype(threads)::value, decltype(width)::value, decltype(kept)::value, false>
               : rms_norm_rows_kernel<T, decltype(threads)::value, decltype(width)::value, decltype(kept)::value, true>,
           a);
  };
  if (!in_pieces(4, {a.y, a.x, a.weight, a.residual, a.added, a.sum}, {a.columns}))
    return run(Int<256>{}, Int<1>{}, Int<norm_kept>{});
  if (a.columns <= warp_size * 4 * 4) return run(Int<warp_size>{}, Int<4>{}, Int<4>{});
  if (a.columns <= warp_size * 4 * norm_kept) return run(Int<warp_size>{}, Int<4>{}, Int<norm_kept>{});
  run(Int<256>{}, Int<4>{}, Int<norm_kept>{});
}

template <class T>
void gated_norm(CudaStream& on, const GatedRmsNormArgs& args) {
  const std::int64_t columns = args.y.shape[1];
  const GatedRows<T> a{args.y.as<T>(), args.x.as<T>(),          args.z ? args.z.as<T>() : nullptr,
                       args.z_stride,  args.weight.as<float>(), args.y.shape[0],
                       columns,        columns / args.groups,   args.eps};
  constexpr int width = 16 / static_cast<int>(sizeof(T));
  const auto run = [&](auto threads, auto wide, auto kept) {
    using Team = NormTeam<decltype(threads)::value>;
    const dim3 grid(blocks_for(a.rows, Team::teams), static_cast<unsigned>(args.groups));
    launch(on, "gated_rms_norm", {.grid = grid, .block = dim3(Team::block), .overlaps = true},
           gated_rms_norm_rows_kernel<T, decltype(threads)::value, decltype(wide)::value, decltype(kept)::value>, a);
  };
  if (!in_pieces(width, {a.y, a.x, a.z, a.weight}, {a.columns, a.group, a.z == nullptr ? 0 : a.z_stride})) {
    return run(Int<256>{}, Int<1>{}, Int<norm_kept>{});
  }
  if constexpr (sizeof(T) == 2) {
    const auto ring = [&](auto pieces) {
      using Ring = GatedRing<decltype(pieces)::value>;
      auto* kernel = gated_rms_norm_ring_kernel<decltype(pieces)::value>;
      allow_shared(kernel, sizeof(Ring));
      const std::int64_t blocks = std::max<std::int64_t>(on.card().multiprocessors / args.groups, 1);
      launch(on, "gated_rms_norm",
             {.grid = dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(args.groups)),
              .block = dim3(Ring::threads),
              .shared = sizeof(Ring),
              .overlaps = true},
             kernel, a);
    };
    if (a.z != nullptr && on.card().major >= 9 && a.rows >= norm_many_rows) {
      if (a.group <= 512) return ring(Int<2>{});
      if (a.group <= 1024) return ring(Int<4>{});
      if (a.group <= 1536) return ring(Int<6>{});
    }
  }
  if (a.group <= warp_size * width * 4) return run(Int<warp_size>{}, Int<width>{}, Int<4>{});
  if (a.group <= warp_size * width * 6) return run(Int<warp_size>{}, Int<width>{}, Int<6>{});
  if (a.group <= 256 * width) return run(Int<256>{}, Int<width>{}, Int<1>{});
  run(Int<256>{}, Int<width>{}, Int<norm_kept>{});
}

}  // namespace

void rms_norm(Stream& stream, const RmsNormArgs& args) {
  CudaStream& on = backend(stream);
  args.y.dtype == DType::bf16 ? norm<__nv_bfloat16>(on, args) : norm<float>(on, args);
}

void gated_rms_norm(Stream& stream, const GatedRmsNormArgs& args) {
  CudaStream& on = backend(stream);
  args.y.dtype == DType::bf16 ? gated_norm<__nv_bfloat16>(on, args) : gated_norm<float>(on, args);
}

}  // namespace holdfast::cuda
