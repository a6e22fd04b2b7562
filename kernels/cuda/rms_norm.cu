// One block per row (plain) or per group of a row (gated). A thread keeps its values in registers between the sum of
// squares and the scaled result, so that each row is read once and written once; longer rows are read again.
//   plain  reads x (and residual), writes y (and residual)
//   gated  reads x and z, writes y
#include "kernels/cuda/launch.cuh"
#include "kernels/rms_norm.h"

namespace holdfast::cuda {
namespace {

constexpr int norm_kept = 8;  // pieces of a row that a thread keeps, at most

// value(i) gives `width` values from column i on; result(i, values, scale) takes them back.
template <int threads, int width, int kept_pieces, class Value, class Result>
__device__ __forceinline__ void norm_row(std::int64_t columns, float eps, float* room, Value value, Result result) {
  float kept[kept_pieces][width];
  float squares = 0.0f;
#pragma unroll
  for (int k = 0; k < kept_pieces; ++k) {
    const std::int64_t i = (static_cast<std::int64_t>(k) * threads + threadIdx.x) * width;
    if (i >= columns) break;
    value(i, kept[k]);
#pragma unroll
    for (int j = 0; j < width; ++j) squares += kept[k][j] * kept[k][j];
  }
  constexpr std::int64_t rest = static_cast<std::int64_t>(kept_pieces) * threads * width;
  for (std::int64_t i = rest + threadIdx.x * width; i < columns; i += threads * width) {
    float again[width];
    value(i, again);
#pragma unroll
    for (int j = 0; j < width; ++j) squares += again[j] * again[j];
  }
  const float scale = 1.0f / sqrtf(block_sum(squares, room) / static_cast<float>(columns) + eps);
#pragma unroll
  for (int k = 0; k < kept_pieces; ++k) {
    const std::int64_t i = (static_cast<std::int64_t>(k) * threads + threadIdx.x) * width;
    if (i >= columns) break;
    result(i, kept[k], scale);
  }
  for (std::int64_t i = rest + threadIdx.x * width; i < columns; i += threads * width) {
    float again[width];
    value(i, again);
    result(i, again, scale);
  }
}

template <class T>
struct NormRows {
  T* y;
  const float* x;
  const float* weight;
  float* residual;  // or null
  std::int64_t columns;
  float eps;
};

template <class T, int threads, int width, int kept_pieces>
__global__ void __launch_bounds__(threads) rms_norm_rows_kernel(NormRows<T> a) {
  __shared__ float room[threads / warp_size];
  wait_for_previous();
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * a.columns;
  if (a.residual != nullptr) {
    for (std::int64_t i = threadIdx.x * width; i < a.columns; i += threads * width) {
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
      a.columns, a.eps, room, [&](std::int64_t i, float(&to)[width]) { load_piece<float, width>(from + i, to); },
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
  std::int64_t columns;  // E
  std::int64_t group;    // E / G
  float eps;
};

// Grid (rows, G).
template <class T, int threads, int width, int kept_pieces>
__global__ void __launch_bounds__(threads) gated_rms_norm_rows_kernel(GatedRows<T> a) {
  __shared__ float room[threads / warp_size];
  wait_for_previous();
  const std::int64_t row = blockIdx.x;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * a.group;
  const T* x = a.x + row * a.columns + first;
  T* y = a.y + row * a.columns + first;
  const T* z = a.z == nullptr ? nullptr : a.z + row * a.z_stride + first;
  norm_row<threads, width, kept_pieces>(
      a.group, a.eps, room,
      [&](std::int64_t i, float(&to)[width]) {
        load_piece<T, width>(x + i, to);
        if (z == nullptr) return;
        float gate[width];
        load_piece<T, width>(z + i, gate);
#pragma unroll
        for (int j = 0; j < width; ++j) to[j] *= silu_for<T>(gate[j]);
      },
      [&](std::int64_t i, const float(&value)[width], float scale) {
        float weight[width];
        float out[width];
        load_piece<float, width>(a.weight + first + i, weight);
#pragma unroll
        for (int j = 0; j < width; ++j) out[j] = value[j] * scale * weight[j];
        store_piece<T, width>(y + i, out);
      });
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
  const NormRows<T> a{args.y.as<T>(),          args.x.as<float>(),
                      args.weight.as<float>(), args.residual ? args.residual.as<float>() : nullptr,
                      args.y.shape[1],         args.eps};
  const auto run = [&](auto* kernel, unsigned threads) {
    launch(on, "rms_norm",
           {.grid = dim3(static_cast<unsigned>(args.y.shape[0])), .block = dim3(threads), .overlaps = true}, kernel, a);
  };
  if (!in_pieces(4, {a.y, a.x, a.weight, a.residual}, {a.columns})) {
    return run(rms_norm_rows_kernel<T, 256, 1, norm_kept>, 256);
  }
  if (a.columns <= 128 * 4) return run(rms_norm_rows_kernel<T, 128, 4, 1>, 128);
  if (a.columns <= 192 * 4) return run(rms_norm_rows_kernel<T, 192, 4, 1>, 192);
  if (a.columns <= 256 * 4) return run(rms_norm_rows_kernel<T, 256, 4, 1>, 256);
  run(rms_norm_rows_kernel<T, 256, 4, norm_kept>, 256);
}

template <class T>
void gated_norm(CudaStream& on, const GatedRmsNormArgs& args) {
  const std::int64_t columns = args.y.shape[1];
  const GatedRows<T> a{args.y.as<T>(),
                       args.x.as<T>(),
                       args.z ? args.z.as<T>() : nullptr,
                       args.z_stride,
                       args.weight.as<float>(),
                       columns,
                       columns / args.groups,
                       args.eps};
  constexpr int width = 16 / static_cast<int>(sizeof(T));
  const auto run = [&](auto* kernel, unsigned threads) {
    const dim3 grid(static_cast<unsigned>(args.y.shape[0]), static_cast<unsigned>(args.groups));
    launch(on, "gated_rms_norm", {.grid = grid, .block = dim3(threads), .overlaps = true}, kernel, a);
  };
  if (!in_pieces(width, {a.y, a.x, a.z, a.weight}, {a.columns, a.group, a.z == nullptr ? 0 : a.z_stride})) {
    return run(gated_rms_norm_rows_kernel<T, 256, 1, norm_kept>, 256);
  }
  if (a.group <= 128 * width) return run(gated_rms_norm_rows_kernel<T, 128, width, 1>, 128);
  if (a.group <= 192 * width) return run(gated_rms_norm_rows_kernel<T, 192, width, 1>, 192);
  if (a.group <= 256 * width) return run(gated_rms_norm_rows_kernel<T, 256, width, 1>, 256);
  run(gated_rms_norm_rows_kernel<T, 256, width, norm_kept>, 256);
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
