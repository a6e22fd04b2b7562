// A thread owns one channel over a stretch of tokens and keeps the last K-1 inputs in registers, so that x is read once
// (plus K-1 tokens at the start of each stretch) and y written once. Neighbouring threads are neighbouring channels.
// The state is replaced by a second kernel, since blocks of the first one still read the old one; the kernel of 16-byte
// pieces does without.
#include "kernels/causal_conv1d.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/error.h"

namespace holdfast::cuda {
namespace {

constexpr int conv_threads = 128;
constexpr int wide_conv_threads = 256;  // at most
constexpr int wide_batch = 4;           // divides conv_stretch
constexpr int conv_stretch = 32;        // tokens of a block
constexpr int conv_widest = 8;

template <class T>
struct ConvRows {
  T* y;
  const float* state;  // inputs before a sequence; null: zeros
  const T* x;
  std::int64_t x_stride;
  const float* weight;
  const float* bias;  // or null
  std::int64_t tokens, channels;
  int taps;
  const std::int32_t* sequence_of_unit = nullptr;  // packed sequences; null: one sequence
};

// Where the sequence begins, as far as a stretch that begins at `begin` looks back.
template <class T>
__device__ __forceinline__ std::int64_t conv_origin(const ConvRows<T>& a, std::int64_t begin) {
  if (a.sequence_of_unit == nullptr || begin == 0 || begin % PackedRows::unit != 0) return 0;
  const std::int64_t unit = begin / PackedRows::unit;
  return a.sequence_of_unit[unit] != a.sequence_of_unit[unit - 1] ? begin : 0;
}

// Input of token t, which may lie before the sequence.
template <class T>
__device__ __forceinline__ float conv_input(const ConvRows<T>& a, std::int64_t channel, std::int64_t t,
                                            std::int64_t origin) {
  if (t >= origin) return to_float(a.x[t * a.x_stride + channel]);
  return a.state == nullptr ? 0.0f : a.state[channel * (a.taps - 1) + (a.taps - 1) + t - origin];
}

// taps: K at compile time, or 0 for any K up to conv_widest.
template <class T, int taps>
__global__ void __launch_bounds__(conv_threads) causal_conv1d_stretch_kernel(ConvRows<T> a) {
  wait_for_previous();
  const std::int64_t channel = static_cast<std::int64_t>(blockIdx.y) * conv_threads + threadIdx.x;
  if (channel >= a.channels) return;
  constexpr int room = taps == 0 ? conv_widest : taps;
  const int width = taps == 0 ? a.taps : taps;
  const std::int64_t begin = static_cast<std::int64_t>(blockIdx.x) * conv_stretch;
  const std::int64_t end = min(begin + conv_stretch, a.tokens);
  const std::int64_t origin = conv_origin(a, begin);
  float weight[room];
  float window[room];  // window[room - 1] is the newest; unused places in front stay zero, with zero weights
#pragma unroll
  for (int k = 0; k < room; ++k) {
    const int tap = k - (room - width);
    weight[k] = tap >= 0 ? a.weight[channel * width + tap] : 0.0f;
    window[k] = tap >= 1 ? conv_input(a, channel, begin - width + tap, origin) : 0.0f;
  }
  const float bias = a.bias == nullptr ? 0.0f : a.bias[channel];
#pragma unroll 4
  for (std::int64_t t = begin; t < end; ++t) {
#pragma unroll
    for (int k = 0; k + 1 < room; ++k) window[k] = window[k + 1];
    window[room - 1] = to_float(a.x[t * a.x_stride + channel]);
    float sum = bias;
#pragma unroll
    for (int k = 0; k < room; ++k) sum += weight[k] * window[k];
    store(a.y + t * a.channels + channel, silu(sum));
  }
}

// The same for K = 4 with 16 bytes of neighbouring channels per thread, and `wide_batch` tokens on the way at a time.
// The first block along a sequence alone reads the state, so that it can leave the next one.
template <class T>
__global__ void __launch_bounds__(wide_conv_threads) causal_conv1d_wide_kernel(ConvRows<T> a, float* next) {
  wait_for_previous();
  constexpr int width = 16 / static_cast<int>(sizeof(T));
  constexpr int taps = 4;
  const std::int64_t channel = (static_cast<std::int64_t>(blockIdx.y) * blockDim.x + threadIdx.x) * width;
  if (channel >= a.channels) return;
  const std::int64_t begin = static_cast<std::int64_t>(blockIdx.x) * conv_stretch;
  const std::int64_t end = min(begin + conv_stretch, a.tokens);
  const std::int64_t origin = conv_origin(a, begin);
  const T* x = a.x + begin * a.x_stride + channel;
  T* y = a.y + begin * a.channels + channel;
  uint4 coming[wide_batch];
  const auto fetch = [&](int first) {
#pragma unroll
    for (int i = 0; i < wide_batch; ++i) {
      if (begin + first + i < end) coming[i] = __ldg(reinterpret_cast<const uint4*>(x + (first + i) * a.x_stride));
    }
  };
  fetch(0);
  float weight[width][taps];
  float bias[width];
  float window[taps - 1][width];  // oldest first
#pragma unroll
  for (int c = 0; c < width; ++c) {
    load_piece<float, taps>(a.weight + (channel + c) * taps, weight[c]);
    bias[c] = a.bias == nullptr ? 0.0f : a.bias[channel + c];
#pragma unroll
    for (int k = 0; k + 1 < taps; ++k) window[k][c] = conv_input(a, channel + c, begin - (taps - 1) + k, origin);
  }
  if (next != nullptr && begin == 0) {
#pragma unroll
    for (int c = 0; c < width; ++c) {
      float last[taps - 1];
#pragma unroll
      for (int k = 0; k + 1 < taps; ++k) last[k] = conv_input(a, channel + c, a.tokens - (taps - 1) + k, 0);
#pragma unroll
      for (int k = 0; k + 1 < taps; ++k) next[(channel + c) * (taps - 1) + k] = last[k];
    }
  }
  for (int first = 0; first < conv_stretch; first += wide_batch) {
    Piece<T, width> here[wide_batch];
#pragma unroll
    for (int i = 0; i < wide_batch; ++i) here[i] = *reinterpret_cast<const Piece<T, width>*>(&coming[i]);
    fetch(first + wide_batch);
#pragma unroll
    for (int i = 0; i < wide_batch; ++i) {
      float result[width];
#pragma unroll
      for (int c = 0; c < width; ++c) {
        const float newest = to_float(here[i].values[c]);
        float sum = bias[c] + weight[c][taps - 1] * newest;
#pragma unroll
        for (int k = 0; k + 1 < taps; ++k) sum += weight[c][k] * window[k][c];
#pragma unroll
        for (int k = 0; k + 2 < taps; ++k) window[k][c] = window[k + 1][c];
        window[taps - 2][c] = newest;
        result[c] = silu_for<T>(sum);
      }
      if (begin + first + i < end) store_piece<T, width>(y + (first + i) * a.channels, result);
    }
  }
}

template <class T>
__global__ void __launch_bounds__(conv_threads) causal_conv1d_state_kernel(ConvRows<T> a, float* state) {
  wait_for_previous();
  const std::int64_t channel = static_cast<std::int64_t>(blockIdx.x) * conv_threads + threadIdx.x;
  if (channel >= a.channels) return;
  float last[conv_widest];
#pragma unroll
  for (int k = 0; k + 1 < conv_widest; ++k) {
    if (k + 1 < a.taps) last[k] = conv_input(a, channel, a.tokens - (a.taps - 1) + k, 0);
  }
#pragma unroll
  for (int k = 0; k + 1 < conv_widest; ++k) {
    if (k + 1 < a.taps) state[channel * (a.taps - 1) + k] = last[k];
  }
}

// state: where the next one goes, or null.
template <class T>
void convolve_rows(CudaStream& on, const ConvRows<T>& a, float* state) {
  constexpr std::int64_t width = 16 / sizeof(T);
  const auto aligned = [](const void* at) { return reinterpret_cast<std::uintptr_t>(at) % 16 == 0; };
  const unsigned along = blocks_for(a.tokens, conv_stretch);
  if (a.taps == 4 && a.channels % width == 0 && a.x_stride % width == 0 && aligned(a.x) && aligned(a.y) &&
      aligned(a.weight)) {
    const unsigned across = blocks_for(a.channels / width, wide_conv_threads);
    const unsigned threads = blocks_for(blocks_for(a.channels / width, across), warp_size) * warp_size;
    return launch(on, "causal_conv1d", {.grid = dim3(along, across), .block = dim3(threads), .overlaps = true},
                  causal_conv1d_wide_kernel<T>, a, state);
  }
  launch(on, "causal_conv1d",
         {.grid = dim3(along, blocks_for(a.channels, conv_threads)), .block = dim3(conv_threads), .overlaps = true},
         a.taps == 4 ? causal_conv1d_stretch_kernel<T, 4> : causal_conv1d_stretch_kernel<T, 0>, a);
  if (state == nullptr) return;
  launch(on, "causal_conv1d state",
         {.grid = dim3(blocks_for(a.channels, conv_threads)), .block = dim3(conv_threads), .overlaps = true},
         causal_conv1d_state_kernel<T>, a, state);
}

template <class T>
void convolve(CudaStream& on, const CausalConv1dArgs& args) {
  const ConvRows<T> a{args.y.as<T>(),  args.state.as<float>(),  args.x.as<T>(),
                      args.x_stride,   args.weight.as<float>(), args.bias ? args.bias.as<float>() : nullptr,
                      args.y.shape[0], args.y.shape[1],         static_cast<int>(args.weight.shape[1])};
  convolve_rows(on, a, args.state.as<float>());
}

template <class T>
void convolve_packed(CudaStream& on, const CausalConv1dPackedArgs& args) {
  convolve_rows(on,
                ConvRows<T>{args.y.as<T>(), args.initial ? args.initial.as<float>() : nullptr, args.x.as<T>(),
                            args.x_stride, args.weight.as<float>(), args.bias ? args.bias.as<float>() : nullptr,
                            args.y.shape[0], args.y.shape[1], static_cast<int>(args.weight.shape[1]),
                            args.rows.sequence_of_unit.as<std::int32_t>()},
                nullptr);
}

void require_conv_width(std::int64_t taps) {
  if (taps > conv_widest) {
    throw ArgumentError("causal_conv1d: width " + std::to_string(taps) + ", the GPU has kernels up to " +
                        std::to_string(conv_widest));
  }
}

}  // namespace

void causal_conv1d(Stream& stream, const CausalConv1dArgs& args) {
  CudaStream& on = backend(stream);
  require_conv_width(args.weight.shape[1]);
  args.y.dtype == DType::bf16 ? convolve<__nv_bfloat16>(on, args) : convolve<float>(on, args);
}

void causal_conv1d_packed(Stream& stream, const CausalConv1dPackedArgs& args) {
  CudaStream& on = backend(stream);
  require_conv_width(args.weight.shape[1]);
  if (args.y.shape.elements() == 0) return;
  args.y.dtype == DType::bf16 ? convolve_packed<__nv_bfloat16>(on, args) : convolve_packed<float>(on, args);
}

}  // namespace holdfast::cuda
