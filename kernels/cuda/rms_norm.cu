// One block per row (plain) or per group of a row (gated). Two passes: the sum of squares, then the scaled values; the
// row is in L1 or L2 by then.
//   plain  reads x (and residual), writes y (and residual)
//   gated  reads x and z, writes y twice
#include "kernels/cuda/launch.cuh"
#include "kernels/rms_norm.h"

namespace holdfast::cuda {
namespace {

constexpr int norm_threads = 256;

struct NormRows {
  float* y;
  const float* x;
  const float* weight;
  float* residual;  // or null
  std::int64_t columns;
  float eps;
};

__global__ void __launch_bounds__(norm_threads) rms_norm_rows_kernel(NormRows a) {
  __shared__ float room[norm_threads / warp_size];
  wait_for_previous();
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * a.columns;
  const float* x = a.x + row;
  float squares = 0.0f;
  for (std::int64_t i = threadIdx.x; i < a.columns; i += norm_threads) {
    float value = x[i];
    if (a.residual != nullptr) {
      value += a.residual[row + i];
      a.residual[row + i] = value;
    }
    squares += value * value;
  }
  squares = block_sum(squares, room);
  const float scale = 1.0f / sqrtf(squares / static_cast<float>(a.columns) + a.eps);
  const float* from = a.residual != nullptr ? a.residual + row : x;
  for (std::int64_t i = threadIdx.x; i < a.columns; i += norm_threads) a.y[row + i] = from[i] * scale * a.weight[i];
}

struct GatedRows {
  float* y;
  const float* x;
  const float* z;  // or null
  std::int64_t z_stride;
  const float* weight;
  std::int64_t columns;  // E
  std::int64_t group;    // E / G
  float eps;
};

// Grid (G, rows in x of the grid's y and z). Each thread meets its own elements again in the second pass.
__global__ void __launch_bounds__(norm_threads) gated_rms_norm_rows_kernel(GatedRows a, std::int64_t rows) {
  __shared__ float room[norm_threads / warp_size];
  wait_for_previous();
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * a.group;
  for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const float* x = a.x + row * a.columns + first;
    float* y = a.y + row * a.columns + first;
    const float* z = a.z == nullptr ? nullptr : a.z + row * a.z_stride + first;
    float squares = 0.0f;
    for (std::int64_t i = threadIdx.x; i < a.group; i += norm_threads) {
      const float value = z == nullptr ? x[i] : x[i] * silu(z[i]);
      y[i] = value;
      squares += value * value;
    }
    squares = block_sum(squares, room);
    const float scale = 1.0f / sqrtf(squares / static_cast<float>(a.group) + a.eps);
    for (std::int64_t i = threadIdx.x; i < a.group; i += norm_threads) y[i] = y[i] * scale * a.weight[first + i];
  }
}

}  // namespace

void rms_norm(Stream& stream, const RmsNormArgs& args) {
  CudaStream& on = backend(stream);
  const std::int64_t rows = args.y.shape[0];
  const NormRows a{args.y.as<float>(),      args.x.as<float>(),
                   args.weight.as<float>(), args.residual ? args.residual.as<float>() : nullptr,
                   args.y.shape[1],         args.eps};
  launch(on, "rms_norm", {.grid = dim3(static_cast<unsigned>(rows)), .block = dim3(norm_threads), .overlaps = true},
         rms_norm_rows_kernel, a);
}

void gated_rms_norm(Stream& stream, const GatedRmsNormArgs& args) {
  CudaStream& on = backend(stream);
  const std::int64_t rows = args.y.shape[0];
  const std::int64_t columns = args.y.shape[1];
  const GatedRows a{args.y.as<float>(),
                    args.x.as<float>(),
                    args.z ? args.z.as<float>() : nullptr,
                    args.z_stride,
                    args.weight.as<float>(),
                    columns,
                    columns / args.groups,
                    args.eps};
  const dim3 grid(static_cast<unsigned>(rows), static_cast<unsigned>(args.groups));
  launch(on, "gated_rms_norm", {.grid = grid, .block = dim3(norm_threads), .overlaps = true},
         gated_rms_norm_rows_kernel, a, rows);
}

}  // namespace holdfast::cuda
