// Gradients of the packed convolution. With p[t] what is convolved and e[t] = dy[t] silu'(p[t]):
//   dx[t] = sum_k weight[k] e[t + (K-1) - k],   d_weight[k] = sum_t e[t] x[t - (K-1) + k],   d_bias = sum_t e[t]
// A thread owns some channels over a stretch of whole units and goes through them row after row: p is made again from a
// window of x, and dx is K-1 rows behind e. What follows a unit in its sequence is worked once more, for e alone. x and
// dy are read once (and K-1 rows of each unit again), dx is written once; a stretch leaves its sums for the weights as
// one row, and the rows are added in order.
#include <algorithm>

#include "kernels/causal_conv1d.h"
#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/mma.cuh"
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

// The same for K = 4 in bf16: a warp brings some rows of x and dy at a time to shared memory, ahead of those that are
// worked, and only the end of a sequence or of a stretch is worked twice.
struct ConvBackRing {
  static constexpr int columns = conv_back_threads * 2;
  static constexpr int rows = 16;
  static constexpr int stages = 2;
  alignas(128) __nv_bfloat16 x[stages][rows][columns];
  __nv_bfloat16 dy[stages][rows][columns];
  std::uint64_t full[stages];
  std::uint64_t empty[stages];
};

__global__ void __launch_bounds__(conv_back_threads + warp_size, 4)
    causal_conv1d_backward_ring_kernel(ConvBack<__nv_bfloat16> a) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  using T = __nv_bfloat16;
  constexpr int taps = 4;
  constexpr int behind = taps - 1;
  constexpr int warps = conv_back_threads / warp_size;
  constexpr int rows = ConvBackRing::rows;
  constexpr int stages = ConvBackRing::stages;
  extern __shared__ __align__(128) unsigned char conv_room[];
  auto& ring = *reinterpret_cast<ConvBackRing*>(conv_room);
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % warp_size;
  if (thread == 0) {
    for (int i = 0; i < stages; ++i) {
      barrier_init(shared_address(&ring.full[i]), 1);
      barrier_init(shared_address(&ring.empty[i]), warps);
    }
    barrier_init_done();
  }
  __syncthreads();
  wait_for_previous();
  const std::int64_t left = static_cast<std::int64_t>(blockIdx.y) * ring.columns;
  const std::int64_t first = blockIdx.x * a.units_of_stretch;
  const std::int64_t last = min(first + a.units_of_stretch, a.units);
  if (thread >= conv_back_threads) {
    const auto bytes = static_cast<unsigned>(min(a.channels - left, std::int64_t{ring.columns}) * sizeof(T));
    const T* x = a.x + first * unit_rows * a.x_stride + left;
    const T* dy = a.dy + first * unit_rows * a.channels + left;
    const auto turns = static_cast<unsigned>((last - first) * (unit_rows / rows));
    for (unsigned turn = 0; turn < turns; ++turn, x += rows * a.x_stride, dy += rows * a.channels) {
      const unsigned stage = turn % stages;
      if (turn >= stages) barrier_wait(shared_address(&ring.empty[stage]), (turn / stages + 1) & 1);
      const unsigned full = shared_address(&ring.full[stage]);
      if (lane == 0) barrier_expect(full, 2 * rows * bytes);
      __syncwarp();
      if (lane < rows) {
        bulk_copy(shared_address(ring.x[stage][lane]), x + lane * a.x_stride, bytes, full);
        bulk_copy(shared_address(ring.dy[stage][lane]), dy + lane * a.channels, bytes, full);
      }
    }
    return;
  }
  const bool inside = left + thread * 2 < a.channels;  // else what is worked goes nowhere
  const std::int64_t channel = inside ? left + thread * 2 : 0;
  ConvWindow<T, taps, 2> window;
  window.start(a, channel);
  T* dx = a.dx + (first * unit_rows - behind) * a.dx_stride + channel;
  bool goes_on = false;  // what was worked last is of the same sequence
  unsigned turn = 0;
  for (std::int64_t unit = first; unit < last; ++unit) {
    if (!goes_on) window.enter(a, unit, channel);
    for (int i = 0; i < unit_rows; i += rows, ++turn) {
      const unsigned stage = turn % stages;
      barrier_wait(shared_address(&ring.full[stage]), turn / stages & 1);
#pragma unroll
      for (int j = 0; j < rows; ++j) {
        float x_values[2];
        float dy_values[2];
        load_piece<T, 2>(&ring.x[stage][j][thread * 2], x_values);
        load_piece<T, 2>(&ring.dy[stage][j][thread * 2], dy_values);
        window.row(x_values, dy_values, true);
        if (inside && (j >= behind || i > 0 || goes_on)) window.put(dx + j * a.dx_stride);
      }
      __syncwarp();
      if (lane == 0) barrier_arrive(shared_address(&ring.empty[stage]));
      dx += rows * a.dx_stride;
    }
    const bool same = unit + 1 < a.units && a.sequence_of_unit[unit + 1] == a.sequence_of_unit[unit];
    goes_on = same && unit + 1 < last;
    if (goes_on) continue;
    const std::int64_t t = (unit + 1) * unit_rows;
    for (int i = 0; i < behind; ++i) {
      if (same) {
        float x_values[2];
        float dy_values[2];
        load_piece<T, 2>(a.x + (t + i) * a.x_stride + channel, x_values);
        load_piece<T, 2>(a.dy + (t + i) * a.channels + channel, dy_values);
        window.row(x_values, dy_values, false);
      } else {
        window.nothing();
      }
      if (inside) window.put(dx + i * a.dx_stride);
    }
  }
  if (a.partial == nullptr || !inside) return;
  float* partial = a.partial + blockIdx.x * a.channels * (taps + 1);
#pragma unroll
  for (int c = 0; c < 2; ++c) {
#pragma unroll
    for (int k = 0; k < taps; ++k) partial[(channel + c) * taps + k] = window.d_weight[c][k];
    partial[a.channels * taps + channel + c] = window.d_bias[c];
  }
#endif
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
  const std::int64_t columns = a.channels * (a.taps + 1);
  const std::int64_t channels_of_block = conv_back_threads * (wide ? width : 1);
  const std::int64_t across = blocks_for(a.channels, channels_of_block);
  std::int64_t stretches = 0;
  // All blocks are at work at once: a second round of a few would take as long as the first.
  const auto run = [&](auto* kernel, int threads, std::size_t shared) {
    allow_shared(kernel, shared);
    int each = 0;
    HOLDFAST_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, kernel, threads, shared));
    const std::int64_t most = std::max<std::int64_t>(std::int64_t{on.card().multiprocessors} * each / across, 1);
    a.units_of_stretch = (a.units + most - 1) / most;
    stretches = (a.units + a.units_of_stretch - 1) / a.units_of_stretch;
    if (args.d_weight || args.d_bias) {
      a.partial = static_cast<float*>(stream.scratch(static_cast<std::size_t>(stretches * columns) * sizeof(float)));
    }
    launch(on, "causal_conv1d_backward",
           {.grid = dim3(static_cast<unsigned>(stretches), static_cast<unsigned>(across)),
            .block = dim3(static_cast<unsigned>(threads)),
            .shared = shared,
            .overlaps = true},
           kernel, a);
  };
  if constexpr (sizeof(T) == 2) {
    const auto in_sixteens = [](const void* at) { return reinterpret_cast<std::uintptr_t>(at) % 16 == 0; };
    if (on.card().major >= 9 && wide && a.channels % 8 == 0 && a.x_stride % 8 == 0 && in_sixteens(a.x) &&
        in_sixteens(a.dy)) {
      run(causal_conv1d_backward_ring_kernel, conv_back_threads + warp_size, sizeof(ConvBackRing));
    }
  }
  if (stretches == 0) {
    run(wide          ? causal_conv1d_backward_kernel<T, 4, width, 8>
        : a.taps == 4 ? causal_conv1d_backward_kernel<T, 4, 1, 4>
                      : causal_conv1d_backward_kernel<T, 0, 1, 4>,
        conv_back_threads, 0);
  }
  const std::int64_t weights = a.channels * a.taps;
  add_partial_rows(on, stretches,
                   {{args.d_weight ? args.d_weight.as<float>() : nullptr, a.partial, weights, columns},
                    {args.d_bias ? args.d_bias.as<float>() : nullptr, a.partial + weights, a.channels, columns}});
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
