// A thread per column, for one sequence or two.
#include <type_traits>

#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/step_rows.h"

namespace holdfast::cuda {
namespace {

constexpr int row_threads = 256;

// Grid (columns, B / each): all columns where they are finished (but z's, where it is left), else those of x, B and C.
// `most_taps` at most.
template <int most_taps, int each, bool early>
__global__ void __launch_bounds__(row_threads) step_rows_kernel(const __grid_constant__ StepRows s) {
  const std::int64_t b = static_cast<std::int64_t>(blockIdx.y) * each;
  const std::int64_t first = s.finished && !s.leaves_z ? 0 : s.inner;
  const std::int64_t end = s.finished ? s.columns : s.inner + s.channels;
  const std::int64_t col = first + static_cast<std::int64_t>(blockIdx.x) * row_threads + threadIdx.x;
  const std::int64_t channel = col - s.inner;
  const bool convolved = channel >= 0 && channel < s.channels;
  const std::int64_t head = channel - s.channels;
  const bool paced = head >= 0 && head < s.heads;
  const int count = static_cast<int>(min(static_cast<std::int64_t>(each), s.sequences - b));
  float kept[each][most_taps - 1];
  float weight[most_taps];
  float* window[each];
  float conv_bias = 0.0f;
  float dt_bias = 0.0f;
  float rate = 0.0f;
  const auto take_windows = [&] {
#pragma unroll
    for (int e = 0; e < each; ++e) {
#pragma unroll
      for (int k = 0; k + 1 < most_taps; ++k) {
        if (e < count && k + 1 < s.taps) kept[e][k] = window[e][k];
      }
    }
  };
  if (convolved) {
#pragma unroll
    for (int e = 0; e < each; ++e) {
      if (e < count) window[e] = s.window[b + e] + s.window_offset + channel * (s.taps - 1);
    }
    conv_bias = s.conv_bias == nullptr ? 0.0f : s.conv_bias[channel];
#pragma unroll
    for (int k = 0; k < most_taps; ++k) {
      if (k < s.taps) weight[k] = s.conv_weight[channel * s.taps + k];
    }
    if constexpr (early) take_windows();
  } else if (paced) {
    dt_bias = s.dt_bias[head];
    rate = s.a[head];
  }
  if constexpr (early) let_next_start();
  wait_for_previous();
  if constexpr (!early) let_next_start();
  if (col >= end) return;
  if (!early && convolved) take_windows();
  float values[each];
#pragma unroll
  for (int e = 0; e < each; ++e) values[e] = e < count ? s.sums[(b + e) * s.columns + col] : 0.0f;
  for (std::int64_t part = 1; part < s.parts; ++part) {
#pragma unroll
    for (int e = 0; e < each; ++e) {
      if (e < count) values[e] += s.sums[(part * s.sequences + b + e) * s.columns + col];
    }
  }
  const float bias = s.bias == nullptr ? 0.0f : s.bias[col];
#pragma unroll
  for (int e = 0; e < each; ++e) {
    if (e >= count) break;
    const float value = values[e] + bias;
    float* to = s.rows + (b + e) * s.stride + col;
    if (s.pending != nullptr && (paced || (convolved && channel < s.pending_channels))) {
      const std::int32_t turn = s.turns[b + e];
      to = s.pending[b + e] + s.pending_offset + (turn < 0 ? ~turn : turn) * s.pending_apart +
           (paced ? s.pending_channels + head : channel);
    }
    if (convolved) {
      float sum = conv_bias;
#pragma unroll
      for (int k = 0; k < most_taps; ++k) {
        if (k >= s.taps) break;
        const float input = k + 1 < s.taps ? kept[e][k < most_taps - 1 ? k : 0] : value;
        sum += weight[k] * input;
        if (k > 0) window[e][k - 1] = input;
      }
      *to = silu(sum);
    } else if (paced) {
      const float dt = step_size(value, dt_bias, s.dt_min, s.dt_max);
      const float log_decay = dt * rate;
      *to = dt;
      to[s.heads] = expf(log_decay);
      if (s.log_decay != nullptr) s.log_decay[(b + e) * s.heads + head] = log_decay;
    } else {
      *to = silu(value);
    }
  }
}

}  // namespace

void step_rows(CudaStream& on, const StepRows& s, bool early) {
  const unsigned across = blocks_for(s.finished ? s.columns - (s.leaves_z ? s.inner : 0) : s.channels, row_threads);
  const auto run = [&](auto* kernel, std::int64_t each) {
    prefer_shared(kernel);
    launch(on, "step rows",
           {.grid = dim3(across, blocks_for(s.sequences, each)), .block = dim3(row_threads), .overlaps = true}, kernel,
           s);
  };
  const auto of_time = [&]<bool at_once>(std::bool_constant<at_once>) {
    if (s.taps > 4) return run(step_rows_kernel<widest_step_conv, 1, at_once>, 1);
    // Two where there are more blocks than run at a time all the same.
    if (across * s.sequences <= std::int64_t{8} * on.card().multiprocessors) {
      return run(step_rows_kernel<4, 1, at_once>, 1);
    }
    run(step_rows_kernel<4, 2, at_once>, 2);
  };
  early ? of_time(std::true_type()) : of_time(std::false_type());
}

}  // namespace holdfast::cuda
