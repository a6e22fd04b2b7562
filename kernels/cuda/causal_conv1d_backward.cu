// Gradients of the packed convolution. With p[t] what is convolved and e[t] = dy[t] silu'(p[t]):
//   dx[t] = sum_k weight[k] e[t + (K-1) - k],   d_weight[k] = sum_t e[t] x[t - (K-1) + k],   d_bias = sum_t e[t]
// A thread owns some channels over a stretch of whole units and goes through them row after row: p is made again from a
// window of x, and dx is K-1 rows behind e. What follows a unit in its sequence is worked once more, for e alone. x and
// dy are read once (and K-1 rows of each unit again), dx is written once; a stretch leaves its sums for the weights as
// one row, and the rows are added in order.
#include <cstdlib>

#include "kernels/causal_conv1d.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/error.h"

namespace holdfast::cuda {
namespace {

constexpr int conv_back_threads = 128;
constexpr int conv_back_widest = 8;
constexpr int unit_rows = static_cast<int>(PackedRows::unit);

template <class T>
struct ConvBack {
  T* dx;
  std::int64_t dx_stride;
  const T* dy;
  const T* x;
  std::int64_t x_stride;
  const float* weight;
  const float* bias;     // or null
  const float* initial;  // or null: zeros
  const std::int32_t* sequence_of_unit;
  float* partial;  // (stretches, C * (K + 1)): of the weights, then of the bias; or null
  std::int64_t units, units_of_stretch, channels;
  int taps;
};

template <class T>
__device__ __forceinline__ bool begins_sequence(const T& a, std::int64_t unit) {
  return unit == 0 || a.sequence_of_unit[unit] != a.sequence_of_unit[unit - 1];
}

template <class T>
__device__ __forceinline__ float silu_slope(float x) {
  const float gate = sizeof(T) == 2 ? __fdividef(1.0f, 1.0f + __expf(-x)) : 1.0f / (1.0f + expf(-x));
  return gate * (1.0f + x * (1.0f - gate));
}

// x of the row `back` rows before a unit that may begin a sequence.
template <class T>
__device__ __forceinline__ float input_before(const ConvBack<T>& a, std::int64_t unit, bool first, int back,
                                              std::int64_t channel) {
  if (!first) return to_float(a.x[(unit * unit_rows - back) * a.x_stride + channel]);
  return a.initial == nullptr ? 0.0f : a.initial[channel * (a.taps - 1) + (a.taps - 1) - back];
}

// taps: K, or 0 for any up to conv_back_widest. Arrays over taps are filled up with zeros in front ("late") or behind.
template <class T, int taps, int width>
struct ConvWindow {
  static constexpr int room = taps == 0 ? conv_back_widest : taps;
  float late[width][room];   // weight: late[room - 1] belongs to the newest row
  float early[width][room];  // weight: early[0] belongs to the oldest row
  float bias[width];
  float x[width][room];  // x[room - 1] is the newest
  float e[width][room];  // e[0] is the newest
  float d_weight[width][room];
  float d_bias[width];

  __device__ __forceinline__ void start(const ConvBack<T>& a, std::int64_t channel) {
    const int own = taps == 0 ? a.taps : taps;
#pragma unroll
    for (int c = 0; c < width; ++c) {
      bias[c] = a.bias == nullptr ? 0.0f : a.bias[channel + c];
      d_bias[c] = 0.0f;
#pragma unroll
      for (int k = 0; k < room; ++k) {
        const int tap = k - (room - own);
        late[c][k] = tap >= 0 ? a.weight[(channel + c) * own + tap] : 0.0f;
        early[c][k] = k < own ? a.weight[(channel + c) * own + k] : 0.0f;
        d_weight[c][k] = 0.0f;
      }
    }
  }
  __device__ __forceinline__ void enter(const ConvBack<T>& a, std::int64_t unit, std::int64_t channel) {
    const bool first = begins_sequence(a, unit);
    const int own = taps == 0 ? a.taps : taps;
#pragma unroll
    for (int c = 0; c < width; ++c) {
#pragma unroll
      for (int k = 0; k < room; ++k) {
        const int back = room - 1 - k;  // after the first shift, the row `back` before the newest
        e[c][k] = 0.0f;
        x[c][k] = back < own - 1 ? input_before(a, unit, first, back + 1, channel + c) : 0.0f;
      }
    }
  }
  // One more row; counts: it adds to the weights' gradients.
  __device__ __forceinline__ void row(const float (&newest)[width], const float (&dy)[width], bool counts) {
#pragma unroll
    for (int c = 0; c < width; ++c) {
      float p = bias[c];
#pragma unroll
      for (int k = 0; k + 1 < room; ++k) x[c][k] = x[c][k + 1];
      x[c][room - 1] = newest[c];
#pragma unroll
      for (int k = 0; k < room; ++k) p += late[c][k] * x[c][k];
#pragma unroll
      for (int k = room - 1; k > 0; --k) e[c][k] = e[c][k - 1];
      e[c][0] = dy[c] * silu_slope<T>(p);
      if (!counts) continue;
      d_bias[c] += e[c][0];
#pragma unroll
      for (int k = 0; k < room; ++k) d_weight[c][k] += e[c][0] * x[c][k];
    }
  }
  __device__ __forceinline__ void nothing() {
#pragma unroll
    for (int c = 0; c < width; ++c) {
#pragma unroll
      for (int k = room - 1; k > 0; --k) e[c][k] = e[c][k - 1];
      e[c][0] = 0.0f;
    }
  }
  __device__ __forceinline__ void put(T* to) const {
    float sum[width];
#pragma unroll
    for (int c = 0; c < width; ++c) {
      sum[c] = 0.0f;
#pragma unroll
      for (int k = 0; k < room; ++k) sum[c] += early[c][k] * e[c][k];
    }
    store_piece<T, width>(to, sum);
  }
};

// Grid (stretches, ceil(C / (threads * width))).
template <class T, int taps, int width, int rows>
__global__ void __launch_bounds__(conv_back_threads) causal_conv1d_backward_kernel(ConvBack<T> a) {
  wait_for_previous();
  const std::int64_t channel = (static_cast<std::int64_t>(blockIdx.y) * conv_back_threads + threadIdx.x) * width;
  if (channel >= a.channels) return;
  const int behind = (taps == 0 ? a.taps : taps) - 1;
  ConvWindow<T, taps, width> window;
  window.start(a, channel);
  const std::int64_t last = min((static_cast<std::int64_t>(blockIdx.x) + 1) * a.units_of_stretch, a.units);
  for (std::int64_t unit = blockIdx.x * a.units_of_stretch; unit < last; ++unit) {
    window.enter(a, unit, channel);
    const std::int64_t t = unit * unit_rows;
    const T* x = a.x + t * a.x_stride + channel;
    const T* dy = a.dy + t * a.channels + channel;
    T* dx = a.dx + (t - behind) * a.dx_stride + channel;
    for (int i = 0; i < unit_rows; i += rows) {
      Piece<T, width> some_x[rows];
      Piece<T, width> some_dy[rows];
#pragma unroll
      for (int j = 0; j < rows; ++j) {
        some_x[j] = *reinterpret_cast<const Piece<T, width>*>(x + (i + j) * a.x_stride);
        some_dy[j] = *reinterpret_cast<const Piece<T, width>*>(dy + (i + j) * a.channels);
      }
#pragma unroll
      for (int j = 0; j < rows; ++j) {
        float x_values[width];
        float dy_values[width];
#pragma unroll
        for (int c = 0; c < width; ++c) {
          x_values[c] = to_float(some_x[j].values[c]);
          dy_values[c] = to_float(some_dy[j].values[c]);
        }
        window.row(x_values, dy_values, true);
        if (i + j >= behind) window.put(dx + (i + j) * a.dx_stride);
      }
    }
    const bool goes_on = unit + 1 < a.units && a.sequence_of_unit[unit + 1] == a.sequence_of_unit[unit];
    for (int i = unit_rows; i < unit_rows + behind; ++i) {
      if (goes_on) {
        float x_values[width];
        float dy_values[width];
        load_piece<T, width>(x + i * a.x_stride, x_values);
        load_piece<T, width>(dy + i * a.channels, dy_values);
        window.row(x_values, dy_values, false);
      } else {
        window.nothing();
      }
      window.put(dx + i * a.dx_stride);
    }
  }
  if (a.partial == nullptr) return;
  constexpr int room = ConvWindow<T, taps, width>::room;
  const int own = behind + 1;
  float* partial = a.partial + blockIdx.x * a.channels * (own + 1);
#pragma unroll
  for (int c = 0; c < width; ++c) {
#pragma unroll
    for (int k = 0; k < room; ++k) {
      const int tap = k - (room - own);
      if (tap >= 0) partial[(channel + c) * own + tap] = window.d_weight[c][k];
    }
    partial[a.channels * own + channel + c] = window.d_bias[c];
  }
}

// A thread adds one channel's share of every sequence's beginning, in order.
template <class T>
__global__ void __launch_bounds__(conv_back_threads) causal_conv1d_initial_kernel(ConvBack<T> a, float* d_initial) {
  wait_for_previous();
  const std::int64_t channel = static_cast<std::int64_t>(blockIdx.x) * conv_back_threads + threadIdx.x;
  if (channel >= a.channels) return;
  ConvWindow<T, 0, 1> window;
  window.start(a, channel);
  const int behind = a.taps - 1;
  float sum[conv_back_widest - 1] = {};
  for (std::int64_t unit = 0; unit < a.units; ++unit) {
    if (!begins_sequence(a, unit)) continue;
    window.enter(a, unit, channel);
#pragma unroll
    for (int m = 0; m + 1 < conv_back_widest; ++m) {
      if (m >= behind) break;
      const std::int64_t t = unit * unit_rows + m;
      const float x[1] = {to_float(a.x[t * a.x_stride + channel])};
      const float dy[1] = {to_float(a.dy[t * a.channels + channel])};
      window.row(x, dy, false);
#pragma unroll
      for (int k = 0; k < conv_back_widest; ++k) {
        if (k <= m) sum[m] += window.early[0][k] * window.e[0][k];
      }
    }
  }
#pragma unroll
  for (int m = 0; m + 1 < conv_back_widest; ++m) {
    if (m < behind) d_initial[channel * behind + m] += sum[m];
  }
}

template <class T>
void convolve_back(Stream& stream, const CausalConv1dBackwardArgs& args) {
  CudaStream& on = backend(stream);
  constexpr int width = 2;  // more threads with fewer channels hide more of the memory's time
  ConvBack<T> a{args.dx.as<T>(),
                args.dx_stride,
                args.dy.as<T>(),
                args.x.as<T>(),
                args.x_stride,
                args.weight.as<float>(),
                args.bias ? args.bias.as<float>() : nullptr,
                args.initial ? args.initial.as<float>() : nullptr,
                args.rows.sequence_of_unit.as<std::int32_t>(),
                nullptr,
                args.dy.shape[0] / PackedRows::unit,
                1,
                args.dy.shape[1],
                static_cast<int>(args.weight.shape[1])};
  const auto aligned = [](const void* at) { return reinterpret_cast<std::uintptr_t>(at) % (width * sizeof(T)) == 0; };
  const bool wide = a.taps == 4 && a.channels % width == 0 && a.x_stride % width == 0 && a.dx_stride % width == 0 &&
                    aligned(a.x) && aligned(a.dy) && aligned(a.dx);
  const std::int64_t threads_across = a.channels / (wide ? width : 1) + 1;
  const std::int64_t enough = std::int64_t{on.card().multiprocessors} * 1024;
  a.units_of_stretch = std::clamp<std::int64_t>(a.units * threads_across / enough, 1, 16);
  const std::int64_t stretches = (a.units + a.units_of_stretch - 1) / a.units_of_stretch;
  const std::int64_t columns = a.channels * (a.taps + 1);
  if (args.d_weight || args.d_bias) {
    a.partial = static_cast<float*>(stream.scratch(static_cast<std::size_t>(stretches * columns) * sizeof(float)));
  }
  const std::int64_t channels_of_block = conv_back_threads * (wide ? width : 1);
  launch(on, "causal_conv1d_backward",
         {.grid = dim3(static_cast<unsigned>(stretches), blocks_for(a.channels, channels_of_block)),
          .block = dim3(conv_back_threads),
          .overlaps = true},
         wide          ? causal_conv1d_backward_kernel<T, 4, width, 8>
         : a.taps == 4 ? causal_conv1d_backward_kernel<T, 4, 1, 4>
                       : causal_conv1d_backward_kernel<T, 0, 1, 4>,
         a);
  const std::int64_t weights = a.channels * a.taps;
  if (args.d_weight) add_partial_rows(on, args.d_weight.as<float>(), a.partial, stretches, weights, columns);
  if (args.d_bias) add_partial_rows(on, args.d_bias.as<float>(), a.partial + weights, stretches, a.channels, columns);
  if (!args.d_initial) return;
  launch(on, "causal_conv1d_backward initial",
         {.grid = dim3(blocks_for(a.channels, conv_back_threads)), .block = dim3(conv_back_threads), .overlaps = true},
         causal_conv1d_initial_kernel<T>, a, args.d_initial.as<float>());
}

}  // namespace

void causal_conv1d_backward(Stream& stream, const CausalConv1dBackwardArgs& args) {
  if (args.weight.shape[1] > conv_back_widest) {
    throw ArgumentError("causal_conv1d_backward: width " + std::to_string(args.weight.shape[1]) +
                        ", the GPU has kernels up to " + std::to_string(conv_back_widest));
  }
  if (args.dy.shape.elements() == 0) return;
  args.dy.dtype == DType::bf16 ? convolve_back<__nv_bfloat16>(stream, args) : convolve_back<float>(stream, args);
}

}  // namespace holdfast::cuda
