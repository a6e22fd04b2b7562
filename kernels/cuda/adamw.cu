// The optimiser's step and sums over flat ranges: one pass over memory, four values at a time where ranges allow it.
// Sums are taken in double, in two stages of fixed order.
#include <cmath>

#include "kernels/adamw.h"
#include "kernels/cuda/launch.cuh"

namespace holdfast::cuda {
namespace {

constexpr int flat_threads = 256;
constexpr int flat_blocks_each = 16;  // of a multiprocessor, at most
constexpr int sum_blocks = 1024;

[[nodiscard]] unsigned flat_blocks(const CudaStream& on, std::int64_t items) {
  return static_cast<unsigned>(std::clamp<std::int64_t>((items + flat_threads - 1) / flat_threads, 1,
                                                        std::int64_t{on.card().multiprocessors} * flat_blocks_each));
}

// Whether all of these can be taken `width` at a time from their begin on.
[[nodiscard]] bool on_borders(std::initializer_list<const void*> pointers) {
  for (const void* pointer : pointers) {
    if (reinterpret_cast<std::uintptr_t>(pointer) % 16 != 0) return false;
  }
  return true;
}

struct AdamwRange {
  float* master;
  const float* gradient;
  float* first;
  float* second;
  __nv_bfloat16* rounded;  // or null
  std::int64_t count;
  float rate, beta1, beta2, eps, decay, gradient_scale;
  float first_scale, second_scale;  // 1 / (1 - beta^step)
};

template <int width>
__device__ __forceinline__ void adamw_piece(const AdamwRange& a, std::int64_t i) {
  float w[width], g[width], m[width], v[width];
  load_piece<float, width>(a.master + i, w);
  load_piece<float, width>(a.gradient + i, g);
  load_piece<float, width>(a.first + i, m);
  load_piece<float, width>(a.second + i, v);
#pragma unroll
  for (int j = 0; j < width; ++j) {
    const float gradient = g[j] * a.gradient_scale;
    m[j] = a.beta1 * m[j] + (1.0f - a.beta1) * gradient;
    v[j] = a.beta2 * v[j] + (1.0f - a.beta2) * gradient * gradient;
    const float step = m[j] * a.first_scale / (sqrtf(v[j] * a.second_scale) + a.eps) + a.decay * w[j];
    w[j] -= a.rate * step;
  }
  store_piece<float, width>(a.master + i, w);
  store_piece<float, width>(a.first + i, m);
  store_piece<float, width>(a.second + i, v);
  if (a.rounded != nullptr) store_piece<__nv_bfloat16, width>(a.rounded + i, w);
}

template <int width>
__global__ void __launch_bounds__(flat_threads) adamw_kernel(AdamwRange a) {
  wait_for_previous();
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * flat_threads;
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * flat_threads + threadIdx.x;
  const std::int64_t pieces = a.count / width;
  for (std::int64_t i = thread; i < pieces; i += step) adamw_piece<width>(a, i * width);
  if (width > 1 && thread < a.count - pieces * width) adamw_piece<1>(a, pieces * width + thread);
}

__device__ __forceinline__ double warp_sum_double(double value) {
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) value += __shfl_xor_sync(all_lanes, value, step);
  return value;
}

__device__ __forceinline__ double block_sum_double(double value, double* room) {
  value = warp_sum_double(value);
  if (threadIdx.x % warp_size == 0) room[threadIdx.x / warp_size] = value;
  __syncthreads();
  double total = 0.0;
  for (unsigned w = 0; w < blockDim.x / warp_size; ++w) total += room[w];
  __syncthreads();
  return total;
}

template <bool squares>
__global__ void __launch_bounds__(flat_threads)
    sum_parts_kernel(double* parts, const float* values, std::int64_t count) {
  __shared__ double room[flat_threads / warp_size];
  wait_for_previous();
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * flat_threads;
  double sum = 0.0;
#pragma unroll 8
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * flat_threads + threadIdx.x; i < count; i += step) {
    const double value = values[i];
    sum += squares ? value * value : value;
  }
  sum = block_sum_double(sum, room);
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

__global__ void __launch_bounds__(flat_threads) sum_of_parts_kernel(double* to, const double* parts, int count) {
  __shared__ double room[flat_threads / warp_size];
  wait_for_previous();
  double sum = 0.0;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += flat_threads) sum += parts[i];
  sum = block_sum_double(sum, room);
  if (threadIdx.x == 0) *to = sum;
}

template <bool squares>
double total(Stream& stream, ConstTensorView values) {
  CudaStream& on = backend(stream);
  const std::int64_t count = values.shape.elements();
  if (count == 0) return 0.0;
  const int blocks = static_cast<int>(std::clamp<std::int64_t>((count + 4095) / 4096, 1, sum_blocks));
  auto* parts = static_cast<double*>(stream.scratch(sum_blocks * sizeof(double)));
  auto* answer = static_cast<double*>(on.answer());
  launch(on, "sum", {.grid = dim3(static_cast<unsigned>(blocks)), .block = dim3(flat_threads), .overlaps = true},
         sum_parts_kernel<squares>, parts, values.as<float>(), count);
  launch(on, "sum of parts", {.grid = dim3(1), .block = dim3(flat_threads), .overlaps = true}, sum_of_parts_kernel,
         answer, static_cast<const double*>(parts), blocks);
  on.synchronize();
  return *static_cast<const volatile double*>(answer);
}

// to = from, or to += from.
template <class To, class From, int width, bool adds>
__global__ void __launch_bounds__(flat_threads) flat_kernel(To* to, const From* from, std::int64_t count) {
  wait_for_previous();
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * flat_threads;
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * flat_threads + threadIdx.x;
  const std::int64_t pieces = count / width;
#pragma unroll 2
  for (std::int64_t i = thread; i < pieces; i += step) {
    float value[width];
    load_piece<From, width>(from + i * width, value);
    if constexpr (adds) {
      float old[width];
      load_piece<To, width>(to + i * width, old);
#pragma unroll
      for (int j = 0; j < width; ++j) value[j] += old[j];
    }
    store_piece<To, width>(to + i * width, value);
  }
  if (thread < count - pieces * width) {
    const std::int64_t i = pieces * width + thread;
    store(to + i, to_float(from[i]) + (adds ? to_float(to[i]) : 0.0f));
  }
}

template <class To, class From, bool adds>
void flat(CudaStream& on, TensorView to, ConstTensorView from) {
  const std::int64_t count = to.shape.elements();
  if (count == 0) return;
  const bool wide = on_borders({to.data, from.data});
  launch(on, adds ? "add" : "convert",
         {.grid = dim3(flat_blocks(on, wide ? count / 4 + 1 : count)), .block = dim3(flat_threads), .overlaps = true},
         wide ? flat_kernel<To, From, 4, adds> : flat_kernel<To, From, 1, adds>, to.as<To>(), from.as<From>(), count);
}

}  // namespace

void adamw(Stream& stream, const AdamwArgs& args) {
  CudaStream& on = backend(stream);
  const auto steps = static_cast<double>(args.step);
  const AdamwRange a{args.master.as<float>(),
                     args.gradient.as<float>(),
                     args.first.as<float>(),
                     args.second.as<float>(),
                     args.rounded ? args.rounded.as<__nv_bfloat16>() : nullptr,
                     args.master.shape.elements(),
                     args.learning_rate,
                     args.beta1,
                     args.beta2,
                     args.eps,
                     args.decay,
                     args.gradient_scale,
                     static_cast<float>(1.0 / (1.0 - std::pow(static_cast<double>(args.beta1), steps))),
                     static_cast<float>(1.0 / (1.0 - std::pow(static_cast<double>(args.beta2), steps)))};
  if (a.count == 0) return;
  const bool wide = on_borders({a.master, a.gradient, a.first, a.second, a.rounded});
  launch(
      on, "adamw",
      {.grid = dim3(flat_blocks(on, wide ? a.count / 4 + 1 : a.count)), .block = dim3(flat_threads), .overlaps = true},
      wide ? adamw_kernel<4> : adamw_kernel<1>, a);
}

double sum_of_squares(Stream& stream, ConstTensorView values) { return total<true>(stream, values); }
double sum(Stream& stream, ConstTensorView values) { return total<false>(stream, values); }

void convert(Stream& stream, TensorView to, ConstTensorView from) {
  CudaStream& on = backend(stream);
  if (to.dtype == DType::bf16) return flat<__nv_bfloat16, float, false>(on, to, from);
  flat<float, __nv_bfloat16, false>(on, to, from);
}

void add(Stream& stream, TensorView to, ConstTensorView from) {
  CudaStream& on = backend(stream);
  if (from.dtype == DType::bf16) return flat<float, __nv_bfloat16, true>(on, to, from);
  flat<float, float, true>(on, to, from);
}

}  // namespace holdfast::cuda
