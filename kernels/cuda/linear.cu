// Products with a weight, three ways:
//   one row of x     stream_rows.cu, where card, format and shape allow it
//   few rows of x    a warp takes output rows and streams each weight once; x (at most four rows) stays in L1
//   5 to 32 rows     bf16 weights: cuBLASLt over twice the rows, x in two bf16 parts
//   many rows        cuBLASLt: bf16 with f32 sums (quantised weights are decoded to bf16 first), f32 without tf32
//   no cuBLASLt      tiles in shared memory, f32
#include "kernels/cuda/products.h"
#include "kernels/cuda/stream_rows.h"
#include "kernels/cuda/weight.h"
#include "kernels/cuda/weight_codes.cuh"
#include "kernels/error.h"
#include "kernels/linear.h"

namespace holdfast::cuda {
namespace {

constexpr int few_threads = 256;
constexpr int few_rows = 4;  // of x, for the streaming kernel
constexpr int most_split_rows = 32;
constexpr int tile = 64;  // of the f32 tiles, in rows of x and rows of w
constexpr int tile_depth = 16;
constexpr int tile_threads = 256;

struct LinearRows {
  float* y;
  const float* x;
  const float* bias;  // or null
  std::int64_t rows;  // of x
  std::int64_t y_stride;
  bool accumulate;
  bool quads;  // rows of x can be read four values at a time
};

__device__ __forceinline__ void load_x(const float* x, std::int64_t col, std::int64_t cols, bool quads,
                                       float (&out)[8]) {
  if (quads && col + 8 <= cols) {
    const float4 a = __ldg(reinterpret_cast<const float4*>(x + col));
    const float4 b = __ldg(reinterpret_cast<const float4*>(x + col + 4));
    out[0] = a.x, out[1] = a.y, out[2] = a.z, out[3] = a.w, out[4] = b.x, out[5] = b.y, out[6] = b.z, out[7] = b.w;
  } else {
#pragma unroll
    for (int i = 0; i < 8; ++i) out[i] = col + i < cols ? __ldg(x + col + i) : 0.0f;
  }
}

// y[m, row] for up to M rows of x: a warp per output row.
template <WeightFormat format, int M>
__global__ void __launch_bounds__(few_threads) linear_few_rows_kernel(PackedWeight w, LinearRows a) {
  wait_for_previous();
  constexpr BlockTraits t = block_traits(format);
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const std::int64_t warps = static_cast<std::int64_t>(gridDim.x) * (few_threads / warp_size);
  for (std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * (few_threads / warp_size) + threadIdx.x / warp_size;
       row < w.rows; row += warps) {
    const std::uint8_t* codes = w.codes + row * w.code_row;
    float sums[M] = {};
#pragma unroll(M == 1 ? 4 : 1)
    for (std::int64_t col = lane * 8; col < w.cols; col += warp_size * 8) {
      float values[8];
      load_codes<format>(codes, col, values);
      const GroupScale group = group_scale<format>(w, row, col);
#pragma unroll
      for (int m = 0; m < M; ++m) {
        float x[8];
        load_x(a.x + (m < a.rows ? m : 0) * w.cols, col, w.cols, a.quads, x);
        if constexpr (t.code_bits == 0) {
#pragma unroll
          for (int i = 0; i < 8; ++i) sums[m] += values[i] * x[i];
        } else {
          float dot = 0.0f;
          float total = 0.0f;
#pragma unroll
          for (int i = 0; i < 8; ++i) {
            dot += values[i] * x[i];
            if constexpr (t.affine) total += x[i];
          }
          sums[m] += group.scale * dot;
          if constexpr (t.affine) sums[m] += group.base * total;
        }
      }
    }
#pragma unroll
    for (int m = 0; m < M; ++m) {
      const float sum = warp_sum(sums[m]);
      if (lane != 0 || m >= a.rows) continue;
      float* y = a.y + m * a.y_stride + row;
      const float bias = a.bias == nullptr ? 0.0f : a.bias[row];
      *y = (a.accumulate ? *y : 0.0f) + (sum + bias);
    }
  }
}

template <WeightFormat format>
void few_rows_of(CudaStream& on, const PackedWeight& w, const LinearRows& a) {
  constexpr std::int64_t per_block = few_threads / warp_size;
  const auto most = static_cast<unsigned>(on.card().multiprocessors * 8);
  const Launch shape{
      .grid = dim3(std::min(blocks_for(w.rows, per_block), most)), .block = dim3(few_threads), .overlaps = true};
  if (a.rows == 1) return launch(on, "linear", shape, linear_few_rows_kernel<format, 1>, w, a);
  launch(on, "linear", shape, linear_few_rows_kernel<format, few_rows>, w, a);
}

// One tile of y (64 x 64): each thread has 4 x 4 of it. Grid: tiles of w's rows, tiles of x's rows.
template <WeightFormat format>
__global__ void __launch_bounds__(tile_threads) linear_tiles_kernel(PackedWeight w, LinearRows a) {
  wait_for_previous();
  __shared__ float xs[tile_depth][tile + 4];
  __shared__ float ws[tile_depth][tile + 4];
  const std::int64_t first_w = static_cast<std::int64_t>(blockIdx.x) * tile;
  const std::int64_t first_x = static_cast<std::int64_t>(blockIdx.y) * tile;
  const int part = static_cast<int>(threadIdx.x) / (tile * tile_depth / 8);  // half the threads load x, half w
  const int line = static_cast<int>(threadIdx.x) % (tile * tile_depth / 8) / (tile_depth / 8);
  const int eighth = static_cast<int>(threadIdx.x) % (tile_depth / 8) * 8;
  const int own_w = static_cast<int>(threadIdx.x) % 16 * 4;
  const int own_x = static_cast<int>(threadIdx.x) / 16 * 4;
  float sums[4][4] = {};
  for (std::int64_t k = 0; k < w.cols; k += tile_depth) {
    float values[8] = {};
    const std::int64_t col = k + eighth;
    if (part == 0) {
      if (first_x + line < a.rows && col < w.cols)
        load_x(a.x + (first_x + line) * w.cols, col, w.cols, a.quads, values);
    } else if (first_w + line < w.rows && col < w.cols) {
      load_values<format>(w, first_w + line, col, values);
    }
    auto& to = part == 0 ? xs : ws;
#pragma unroll
    for (int i = 0; i < 8; ++i) to[eighth + i][line] = values[i];
    __syncthreads();
#pragma unroll
    for (int d = 0; d < tile_depth; ++d) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) sums[i][j] += xs[d][own_x + i] * ws[d][own_w + j];
      }
    }
    __syncthreads();
  }
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) {
      const std::int64_t m = first_x + own_x + i;
      const std::int64_t n = first_w + own_w + j;
      if (m >= a.rows || n >= w.rows) continue;
      float* y = a.y + m * a.y_stride + n;
      *y = (a.accumulate ? *y : 0.0f) + (sums[i][j] + (a.bias == nullptr ? 0.0f : a.bias[n]));
    }
  }
}

// x (rows, cols) to 2 * rows of bf16: each rounded, and, `rows` below, what the rounding left; together 16 bits of x.
__global__ void __launch_bounds__(few_threads) split_rows_kernel(__nv_bfloat16* to, std::int64_t stride, const float* x,
                                                                 std::int64_t rows, std::int64_t cols, bool quads) {
  wait_for_previous();
  const std::int64_t col = (static_cast<std::int64_t>(blockIdx.x) * few_threads + threadIdx.x) * 8;
  if (col >= stride) return;
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    float values[8];
    load_x(x + row * cols, col, cols, quads, values);
    alignas(16) __nv_bfloat16 high[8];
    alignas(16) __nv_bfloat16 low[8];
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      high[i] = __float2bfloat16_rn(values[i]);
      low[i] = __float2bfloat16_rn(values[i] - __bfloat162float(high[i]));
    }
    *reinterpret_cast<uint4*>(to + row * stride + col) = *reinterpret_cast<const uint4*>(high);
    *reinterpret_cast<uint4*>(to + (rows + row) * stride + col) = *reinterpret_cast<const uint4*>(low);
  }
}

// y = sums[row] + sums[rows + row] (+ bias) (+ y).
__global__ void __launch_bounds__(few_threads) join_rows_kernel(float* y, const float* sums, const float* bias,
                                                                std::int64_t rows, std::int64_t cols, bool accumulate) {
  wait_for_previous();
  const std::int64_t col = static_cast<std::int64_t>(blockIdx.x) * few_threads + threadIdx.x;
  if (col >= cols) return;
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    const std::int64_t at = row * cols + col;
    const float sum = sums[at] + sums[rows * cols + at] + (bias == nullptr ? 0.0f : bias[col]);
    y[at] = (accumulate ? y[at] : 0.0f) + sum;
  }
}

// x (rows, cols) to bf16 rows of `stride`, padded with zeros. Grid: eights of a row, rows.
__global__ void __launch_bounds__(few_threads) round_rows_kernel(__nv_bfloat16* to, std::int64_t stride, const float* x,
                                                                 std::int64_t rows, std::int64_t cols, bool quads) {
  wait_for_previous();
  const std::int64_t col = (static_cast<std::int64_t>(blockIdx.x) * few_threads + threadIdx.x) * 8;
  if (col >= stride) return;
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    float values[8];
    load_x(x + row * cols, col, cols, quads, values);
    alignas(16) __nv_bfloat16 out[8];
#pragma unroll
    for (int i = 0; i < 8; ++i) out[i] = __float2bfloat16_rn(values[i]);
    *reinterpret_cast<uint4*>(to + row * stride + col) = *reinterpret_cast<const uint4*>(out);
  }
}

template <class To, class From>
__global__ void __launch_bounds__(few_threads) convert_kernel(To* to, const From* from, std::int64_t count) {
  wait_for_previous();
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * few_threads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * few_threads + threadIdx.x; i < count; i += step) {
    store(to + i, to_float(from[i]));
  }
}

template <class T>
__global__ void __launch_bounds__(few_threads)
    add_bias_kernel(T* y, const float* bias, std::int64_t rows, std::int64_t cols) {
  wait_for_previous();
  const std::int64_t col = static_cast<std::int64_t>(blockIdx.x) * few_threads + threadIdx.x;
  if (col >= cols) return;
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y)
    store(y + row * cols + col, to_float(y[row * cols + col]) + bias[col]);
}

[[nodiscard]] unsigned grid_rows(std::int64_t rows) {
  return static_cast<unsigned>(std::min<std::int64_t>(rows, 16384));
}

// Formats whose values bf16 holds, or that carry no more than a rounded value anyway; f16 and f32 go the exact way.
[[nodiscard]] bool rounds_to_bf16(WeightFormat format) {
  return format != WeightFormat::f32 && format != WeightFormat::f16;
}

// A block cut from scratch memory.
template <class T>
T* cut(std::byte*& next, std::int64_t count) {
  auto* begin = reinterpret_cast<T*>(next);
  next += (static_cast<std::size_t>(count) * sizeof(T) + 255) / 256 * 256;
  return begin;
}

template <class T>
void add_bias(CudaStream& on, T* y, const float* bias, std::int64_t rows, std::int64_t cols) {
  const dim3 grid(blocks_for(cols, few_threads), grid_rows(rows));
  launch(on, "bias", {.grid = grid, .block = dim3(few_threads), .overlaps = true}, add_bias_kernel<T>, y, bias, rows,
         cols);
}

// bf16 x and weight, f32 sums; x and y in either type.
void many_rows_bf16(Stream& stream, const LinearArgs& args, Product product) {
  CudaStream& on = backend(stream);
  const Weight& weight = *args.w;
  const std::int64_t rows = args.x.shape[0];
  const std::int64_t stride = (weight.cols() + 7) / 8 * 8;
  const bool stored = weight.format() == WeightFormat::bf16;
  const bool rounded = args.x.dtype == DType::bf16 && stride == weight.cols();
  auto* next = static_cast<std::byte*>(stream.scratch(
      static_cast<std::size_t>(((rounded ? 0 : rows) + (stored ? 0 : weight.rows())) * stride * 2 + 512)));
  product.x = args.x.data;
  if (!rounded) {
    if (args.x.dtype == DType::bf16) {
      throw ArgumentError("linear: x: bf16 rows of " + std::to_string(weight.cols()) +
                          " columns, want a multiple of 8");
    }
    auto* x = cut<__nv_bfloat16>(next, rows * stride);
    const dim3 grid(blocks_for(stride / 8, few_threads), grid_rows(rows));
    launch(on, "round rows", {.grid = grid, .block = dim3(few_threads), .overlaps = true}, round_rows_kernel, x, stride,
           args.x.as<float>(), rows, weight.cols(), quads(args.x.data, weight.cols()));
    product.x = x;
  }
  product.w = weight.packed().view().data;
  if (!stored) {
    auto* decoded = cut<__nv_bfloat16>(next, weight.rows() * stride);
    decode_to_bf16(on, weight, decoded, stride);
    product.w = decoded;
  }
  product.k = stride;
  product.x_stride = product.w_stride = stride;
  product.type = CUDA_R_16BF;
  on.products().run(on, product);
}

// Up to split_rows rows of f32 x and a bf16 weight: the weight's bytes set the time, so that twice the rows cost
// nothing and x keeps 16 bits.
void split_rows(Stream& stream, const LinearArgs& args) {
  CudaStream& on = backend(stream);
  const Weight& weight = *args.w;
  const std::int64_t rows = args.x.shape[0];
  const std::int64_t stride = (weight.cols() + 7) / 8 * 8;
  auto* next = static_cast<std::byte*>(
      stream.scratch(static_cast<std::size_t>(2 * rows * (stride * 2 + weight.rows() * 4) + 512)));
  auto* x = cut<__nv_bfloat16>(next, 2 * rows * stride);
  auto* sums = cut<float>(next, 2 * rows * weight.rows());
  launch(on, "split rows",
         {.grid = dim3(blocks_for(stride / 8, few_threads), grid_rows(rows)),
          .block = dim3(few_threads),
          .overlaps = true},
         split_rows_kernel, x, stride, args.x.as<float>(), rows, weight.cols(), quads(args.x.data, weight.cols()));
  on.products().run(on, {.m = 2 * rows,
                         .n = weight.rows(),
                         .k = stride,
                         .x = x,
                         .x_stride = stride,
                         .w = weight.packed().view().data,
                         .w_stride = stride,
                         .type = CUDA_R_16BF,
                         .y = sums,
                         .y_stride = weight.rows()});
  launch(on, "join rows",
         {.grid = dim3(blocks_for(weight.rows(), few_threads), grid_rows(rows)),
          .block = dim3(few_threads),
          .overlaps = true},
         join_rows_kernel, args.y.as<float>(), sums, args.bias ? args.bias.as<float>() : nullptr, rows, weight.rows(),
         args.accumulate);
}

void many_rows_f32(Stream& stream, const LinearArgs& args, Product product) {
  CudaStream& on = backend(stream);
  const Weight& weight = *args.w;
  const std::int64_t stride = (weight.cols() + 7) / 8 * 8;
  product.w = weight.packed().view().data;
  if (weight.format() != WeightFormat::f32) {
    auto* decoded =
        static_cast<float*>(stream.scratch(static_cast<std::size_t>(weight.rows() * stride) * sizeof(float)));
    decode_to_f32(on, weight, decoded, stride);
    product.w = decoded;
  }
  product.k = weight.cols();
  product.x = args.x.data;
  product.x_stride = weight.cols();
  product.w_stride = stride;
  product.type = CUDA_R_32F;
  on.products().run(on, product);
}

void many_rows(Stream& stream, const LinearArgs& args) {
  CudaStream& on = backend(stream);
  const std::int64_t outputs = args.w->rows();
  const bool y_rounded = args.y.dtype == DType::bf16;
  const Product product{.m = args.x.shape[0],
                        .n = outputs,
                        .y = args.y.data,
                        .y_stride = outputs,
                        .y_type = y_rounded ? CUDA_R_16BF : CUDA_R_32F,
                        .accumulate = args.accumulate};
  if (rounds_to_bf16(args.w->format())) {
    many_rows_bf16(stream, args, product);
  } else {
    many_rows_f32(stream, args, product);
  }
  if (!args.bias) return;
  const auto* bias = args.bias.as<float>();
  if (y_rounded) {
    add_bias(on, args.y.as<__nv_bfloat16>(), bias, product.m, outputs);
  } else {
    add_bias(on, args.y.as<float>(), bias, product.m, outputs);
  }
}

// f32 x and y, without cuBLASLt and without scratch memory.
void own_products(CudaStream& on, const LinearArgs& args, std::int64_t few) {
  const Weight& weight = *args.w;
  const PackedWeight w = packed_weight(weight.packed().view().data, weight.format(), weight.rows(), weight.cols());
  LinearRows a{args.y.as<float>(),
               args.x.as<float>(),
               args.bias ? args.bias.as<float>() : nullptr,
               args.x.shape[0],
               weight.rows(),
               args.accumulate,
               quads(args.x.data, weight.cols())};
  if (a.rows > few) {
    const dim3 grid(blocks_for(w.rows, tile), blocks_for(a.rows, tile));
    return with_format(weight.format(), [&](auto format) {
      launch(on, "linear tiles", {.grid = grid, .block = dim3(tile_threads), .overlaps = true},
             linear_tiles_kernel<decltype(format)::value>, w, a);
    });
  }
  if (a.rows == 1 && stream_rows(on, weight, {.x = a.x, .y = a.y, .bias = a.bias, .accumulate = a.accumulate})) {
    return;
  }
  for (std::int64_t first = 0; first < args.x.shape[0]; first += few_rows) {
    a.rows = std::min<std::int64_t>(few_rows, args.x.shape[0] - first);
    a.x = args.x.as<float>() + first * weight.cols();
    a.y = args.y.as<float>() + first * weight.rows();
    with_format(weight.format(), [&](auto format) { few_rows_of<decltype(format)::value>(on, w, a); });
  }
}

template <class To, class From>
void convert(CudaStream& on, To* to, const From* from, std::int64_t count) {
  const auto most = static_cast<unsigned>(on.card().multiprocessors * 8);
  launch(on, "convert",
         {.grid = dim3(std::min(blocks_for(count, few_threads), most)), .block = dim3(few_threads), .overlaps = true},
         convert_kernel<To, From>, to, from, count);
}

// The same for bf16 x or y, which pass through f32 copies.
void own_products_widened(Stream& stream, LinearArgs args, std::int64_t few) {
  CudaStream& on = backend(stream);
  const std::int64_t x_count = args.x.shape.elements();
  const std::int64_t y_count = args.y.shape.elements();
  const TensorView y = args.y;
  auto* next = static_cast<std::byte*>(stream.scratch(static_cast<std::size_t>(x_count + y_count) * 4 + 512));
  if (args.x.dtype == DType::bf16) {
    auto* x = cut<float>(next, x_count);
    convert(on, x, args.x.as<__nv_bfloat16>(), x_count);
    args.x = {x, DType::f32, args.x.shape, DeviceKind::cuda};
  }
  if (y.dtype == DType::bf16) args.y = {cut<float>(next, y_count), DType::f32, y.shape, DeviceKind::cuda};
  own_products(on, args, few);
  if (y.dtype == DType::bf16) convert(on, y.as<__nv_bfloat16>(), args.y.as<float>(), y_count);
}

}  // namespace

void linear(Stream& stream, const LinearArgs& args) {
  CudaStream& on = backend(stream);
  const bool rounded = args.x.dtype == DType::bf16 || args.y.dtype == DType::bf16;
  if (args.accumulate && args.y.dtype == DType::bf16) throw ArgumentError("linear: y: bf16, sums are kept in f32");
  // Reading a quantised weight a few times costs less than decoding it to bf16 for a product.
  const std::int64_t few = is_quantised(args.w->format()) ? 4 * few_rows : 2 * few_rows;
  const std::int64_t rows = args.x.shape[0];
  if (rows > few_rows && rows <= most_split_rows && !rounded && args.w->format() == WeightFormat::bf16 &&
      on.products().available()) {
    return split_rows(stream, args);
  }
  if (rows > few && on.products().available()) {
    if (rounded && !rounds_to_bf16(args.w->format()))
      throw ArgumentError("linear: bf16 rows with an f32 or f16 weight");
    return many_rows(stream, args);
  }
  return rounded ? own_products_widened(stream, args, few) : own_products(on, args, few);
}

}  // namespace holdfast::cuda
