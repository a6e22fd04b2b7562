// Products of plain matrices: cuBLASLt where it is there and takes the shape, else tiles in shared memory with f32
// products. And the small gradients of a linear layer.
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/plain_weight.h"
#include "kernels/cuda/products.h"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/weight.h"
#include "kernels/error.h"
#include "kernels/matmul.h"

namespace holdfast::cuda {
namespace {

constexpr int matmul_tile = 64;  // rows and columns of c that a block makes
constexpr int matmul_depth = 16;
constexpr int matmul_threads = 256;
constexpr int bias_threads = 128;
constexpr int bias_rows = 256;  // of dy, that a block adds

// Element (i, l) of a' at a[i * a_row + l * a_col]; (l, j) of b' at b[l * b_row + j * b_col].
template <class In, class Out>
struct TileProduct {
  Out* c;
  const In* a;
  const In* b;
  std::int64_t m, n, k, c_stride, a_row, a_col, b_row, b_col;
  const float* bias;  // or null
  float scale;
  bool accumulate;
};

// Grid (ceil(n / 64), ceil(m / 64)); a thread has 4 x 4 of c, 16 apart.
template <class In, class Out>
__global__ void __launch_bounds__(matmul_threads) matmul_tiles_kernel(TileProduct<In, Out> p) {
  __shared__ float a[matmul_depth][matmul_tile + 1];
  __shared__ float b[matmul_depth][matmul_tile + 1];
  wait_for_previous();
  const std::int64_t first_i = static_cast<std::int64_t>(blockIdx.y) * matmul_tile;
  const std::int64_t first_j = static_cast<std::int64_t>(blockIdx.x) * matmul_tile;
  const int own_i = static_cast<int>(threadIdx.x) / 16;
  const int own_j = static_cast<int>(threadIdx.x) % 16;
  float sum[4][4] = {};
  for (std::int64_t l = 0; l < p.k; l += matmul_depth) {
    for (int at = static_cast<int>(threadIdx.x); at < matmul_depth * matmul_tile; at += matmul_threads) {
      // Neighbouring threads take what is neighbouring in memory.
      const int a_l = p.a_col == 1 ? at % matmul_depth : at / matmul_tile;
      const int a_i = p.a_col == 1 ? at / matmul_depth : at % matmul_tile;
      const int b_l = p.b_row == 1 ? at % matmul_depth : at / matmul_tile;
      const int b_j = p.b_row == 1 ? at / matmul_depth : at % matmul_tile;
      a[a_l][a_i] =
          first_i + a_i < p.m && l + a_l < p.k ? to_float(p.a[(first_i + a_i) * p.a_row + (l + a_l) * p.a_col]) : 0.0f;
      b[b_l][b_j] =
          first_j + b_j < p.n && l + b_l < p.k ? to_float(p.b[(l + b_l) * p.b_row + (first_j + b_j) * p.b_col]) : 0.0f;
    }
    __syncthreads();
#pragma unroll
    for (int d = 0; d < matmul_depth; ++d) {
      float x[4];
      float w[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        x[i] = a[d][own_i + i * 16];
        w[i] = b[d][own_j + i * 16];
      }
#pragma unroll
      for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) sum[i][j] += x[i] * w[j];
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const std::int64_t row = first_i + own_i + i * 16;
      const std::int64_t col = first_j + own_j + j * 16;
      if (row >= p.m || col >= p.n) continue;
      Out* c = p.c + row * p.c_stride + col;
      float value = p.scale * sum[i][j] + (p.bias == nullptr ? 0.0f : p.bias[col]);
      if (p.accumulate) value += to_float(*c);
      store(c, value);
    }
  }
}

template <class T>
__global__ void __launch_bounds__(matmul_threads)
    matmul_bias_kernel(T* c, const float* bias, std::int64_t rows, std::int64_t cols, std::int64_t stride) {
  wait_for_previous();
  const std::int64_t col = static_cast<std::int64_t>(blockIdx.x) * matmul_threads + threadIdx.x;
  if (col >= cols) return;
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    store(c + row * stride + col, to_float(c[row * stride + col]) + bias[col]);
  }
}

// Grid (ceil(columns / threads), stretches of rows); partial (stretches, columns).
template <class T>
__global__ void __launch_bounds__(bias_threads)
    bias_backward_kernel(float* partial, const T* dy, std::int64_t rows, std::int64_t cols, std::int64_t stride) {
  wait_for_previous();
  const std::int64_t col = static_cast<std::int64_t>(blockIdx.x) * bias_threads + threadIdx.x;
  if (col >= cols) return;
  const std::int64_t begin = static_cast<std::int64_t>(blockIdx.y) * bias_rows;
  const std::int64_t end = min(begin + bias_rows, rows);
  float sum = 0.0f;
#pragma unroll 8
  for (std::int64_t row = begin; row < end; ++row) sum += to_float(dy[row * stride + col]);
  partial[blockIdx.y * cols + col] = sum;
}

template <class In, class Out>
void multiply_tiles(CudaStream& on, const MatmulArgs& args, const Product& p) {
  const TileProduct<In, Out> task{static_cast<Out*>(p.y),
                                  static_cast<const In*>(p.x),
                                  static_cast<const In*>(p.w),
                                  p.m,
                                  p.n,
                                  p.k,
                                  p.y_stride,
                                  args.transpose_a ? 1 : p.x_stride,
                                  args.transpose_a ? p.x_stride : 1,
                                  args.transpose_b ? 1 : p.w_stride,
                                  args.transpose_b ? p.w_stride : 1,
                                  args.bias ? args.bias.as<float>() : nullptr,
                                  args.scale,
                                  args.accumulate};
  launch(on, "matmul",
         {.grid = dim3(blocks_for(p.n, matmul_tile), blocks_for(p.m, matmul_tile)),
          .block = dim3(matmul_threads),
          .overlaps = true},
         matmul_tiles_kernel<In, Out>, task);
}

// What cuBLASLt's fast kernels want: rows of 16-byte multiples.
[[nodiscard]] bool takes_rows(const Product& p) {
  const auto fits = [](const void* at, std::int64_t stride, cudaDataType_t type) {
    const std::int64_t bytes = type == CUDA_R_16BF ? 2 : 4;
    return type == CUDA_R_32F || (reinterpret_cast<std::uintptr_t>(at) % 16 == 0 && stride * bytes % 16 == 0);
  };
  return fits(p.x, p.x_stride, p.type) && fits(p.w, p.w_stride, p.type) && fits(p.y, p.y_stride, p.y_type);
}

template <class T>
void add_matmul_bias(CudaStream& on, const MatmulArgs& args, const Product& p) {
  const dim3 grid(blocks_for(p.n, matmul_threads), static_cast<unsigned>(std::min<std::int64_t>(p.m, 16384)));
  launch(on, "matmul bias", {.grid = grid, .block = dim3(matmul_threads), .overlaps = true}, matmul_bias_kernel<T>,
         static_cast<T*>(p.y), args.bias.as<float>(), p.m, p.n, p.y_stride);
}

}  // namespace

std::size_t plain_weight_bytes(const Weight& weight, DType dtype) {
  const bool stored = weight.format() == (dtype == DType::bf16 ? WeightFormat::bf16 : WeightFormat::f32);
  return stored ? 0 : static_cast<std::size_t>(weight.rows() * plain_weight_stride(weight)) * byte_size(dtype);
}

const void* plain_weight(CudaStream& stream, const Weight& weight, DType dtype, void* room) {
  if (dtype == DType::bf16) {
    if (weight.format() == WeightFormat::bf16) return weight.packed().view().data;
    decode_to_bf16(stream, weight, room, plain_weight_stride(weight));
    return room;
  }
  if (weight.format() == WeightFormat::f32) return weight.packed().view().data;
  decode_to_f32(stream, weight, static_cast<float*>(room), plain_weight_stride(weight));
  return room;
}

void matmul(Stream& stream, const MatmulArgs& args) {
  CudaStream& on = backend(stream);
  const bool rounded = args.a.dtype == DType::bf16;
  const bool rounded_c = args.c.dtype == DType::bf16;
  if (rounded_c && !rounded) throw ArgumentError("matmul: c: bf16 from f32 products, want f32");
  const Product p{.m = args.c.shape[0],
                  .n = args.c.shape[1],
                  .k = args.a.shape[args.transpose_a ? 0 : 1],
                  .x = args.a.data,
                  .x_stride = args.a_stride != 0 ? args.a_stride : args.a.shape[1],
                  .w = args.b.data,
                  .w_stride = args.b_stride != 0 ? args.b_stride : args.b.shape[1],
                  .type = rounded ? CUDA_R_16BF : CUDA_R_32F,
                  .y = args.c.data,
                  .y_stride = args.c_stride != 0 ? args.c_stride : args.c.shape[1],
                  .y_type = rounded_c ? CUDA_R_16BF : CUDA_R_32F,
                  .accumulate = args.accumulate,
                  .x_columns = args.transpose_a,
                  .w_columns = !args.transpose_b,
                  .scale = args.scale};
  if (p.m == 0 || p.n == 0) return;
  if (p.k == 0 || !on.products().available() || !takes_rows(p)) {
    if (rounded_c) return multiply_tiles<__nv_bfloat16, __nv_bfloat16>(on, args, p);
    if (rounded) return multiply_tiles<__nv_bfloat16, float>(on, args, p);
    return multiply_tiles<float, float>(on, args, p);
  }
  on.products().run(on, p);
  if (!args.bias) return;
  rounded_c ? add_matmul_bias<__nv_bfloat16>(on, args, p) : add_matmul_bias<float>(on, args, p);
}

void bias_backward(Stream& stream, const BiasBackwardArgs& args) {
  CudaStream& on = backend(stream);
  const std::int64_t rows = args.dy.shape[0];
  const std::int64_t cols = args.dy.shape[1];
  if (rows == 0 || cols == 0) return;
  const std::int64_t stride = args.dy_stride != 0 ? args.dy_stride : cols;
  const std::int64_t stretches = (rows + bias_rows - 1) / bias_rows;
  auto* partial = static_cast<float*>(stream.scratch(static_cast<std::size_t>(stretches * cols) * sizeof(float)));
  const Launch shape{.grid = dim3(blocks_for(cols, bias_threads), static_cast<unsigned>(stretches)),
                     .block = dim3(bias_threads),
                     .overlaps = true};
  if (args.dy.dtype == DType::bf16) {
    launch(on, "bias_backward", shape, bias_backward_kernel<__nv_bfloat16>, partial, args.dy.as<__nv_bfloat16>(), rows,
           cols, stride);
  } else {
    launch(on, "bias_backward", shape, bias_backward_kernel<float>, partial, args.dy.as<float>(), rows, cols, stride);
  }
  add_partial_rows(on, stretches, {{args.d_bias.as<float>(), partial, cols, cols}});
}

void frozen_linear(Stream& stream, const FrozenLinearArgs& args) {
  CudaStream& on = backend(stream);
  const Weight& weight = *args.w;
  const DType dtype = args.x.dtype;
  void* room = stream.scratch(plain_weight_bytes(weight, dtype) + 16);
  cuda::matmul(stream, MatmulArgs{.c = args.y,
                                  .a = args.x,
                                  .b = {plain_weight(on, weight, dtype, room), dtype,
                                        Shape{weight.rows(), weight.cols()}, DeviceKind::cuda},
                                  .transpose_b = true,
                                  .accumulate = args.accumulate,
                                  .bias = args.bias,
                                  .b_stride = plain_weight_stride(weight)});
}

void linear_input_backward(Stream& stream, const LinearInputBackwardArgs& args) {
  CudaStream& on = backend(stream);
  const Weight& weight = *args.w;
  const DType dtype = args.dy.dtype;
  void* room = stream.scratch(plain_weight_bytes(weight, dtype) + 16);
  const std::int64_t stride = plain_weight_stride(weight);
  cuda::matmul(stream, MatmulArgs{.c = args.dx,
                                  .a = args.dy,
                                  .b = {plain_weight(on, weight, dtype, room), dtype,
                                        Shape{weight.rows(), weight.cols()}, DeviceKind::cuda},
                                  .accumulate = args.accumulate,
                                  .b_stride = stride});
}

}  // namespace holdfast::cuda
