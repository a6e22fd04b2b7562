// One team of threads per row (plain) or per group of a row (gated): a block, or one of its warps where a row is short.
// A thread keeps its values in registers between the sum of squares and the scaled result, so that each row is read
// once and written once; longer rows are read again.
//   plain  reads x (and residual), writes y (and residual)
//   gated  reads x and z, writes y
#include <type_traits>

#include "kernels/cuda/launch.cuh"
#include "kernels/rms_norm.h"

namespace holdfast::cuda {
namespace {

constexpr int norm_kept = 8;     // pieces of a row that a thread keeps, at most
constexpr int norm_block = 128;  // threads of a block whose teams are warps

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
  std::int64_t rows, columns;
  float eps;
};

template <class T, int threads, int width, int kept_pieces>
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
      team, a.columns, a.eps, room, [&](std::int64_t i, float(&to)[width]) { load_piece<float, width>(from + i, to); },
      [&](std::int64_t i, const float(&x)[width], float scale) {
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
                      args.y.shape[0],
                      args.y.shape[1],
                      args.eps};
  const auto run = [&](auto threads, auto width, auto kept) {
    using Team = NormTeam<decltype(threads)::value>;
    launch(on, "rms_norm",
           {.grid = dim3(blocks_for(a.rows, Team::teams)), .block = dim3(Team::block), .overlaps = true},
           rms_norm_rows_kernel<T, decltype(threads)::value, decltype(width)::value, decltype(kept)::value>, a);
  };
  if (!in_pieces(4, {a.y, a.x, a.weight, a.residual}, {a.columns})) return run(Int<256>{}, Int<1>{}, Int<norm_kept>{});
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
