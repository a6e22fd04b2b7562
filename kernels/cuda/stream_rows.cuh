// What the kernels of one row of x times a weight share (stream_rows.cu, stream_tiles.cu): eight warps that consume
// what a ninth fetches, and what becomes of a row's sum.
#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/stream_rows.h"

namespace holdfast::cuda {

inline constexpr int stream_warps = 8;
inline constexpr int stream_threads = (stream_warps + 1) * warp_size;  // the last warp fetches
inline constexpr int stream_widest_conv = 8;

struct StreamWeight {
  const std::uint8_t* codes;
  const std::uint8_t* scales;
  const std::uint8_t* supers;
  std::int64_t code_row, scale_row, super_row;
  int rows, cols;
};

// Of the eight consuming warps alone.
__device__ __forceinline__ void consumers_meet() {
  asm volatile("bar.sync 1, %0;" ::"n"(stream_warps * warp_size) : "memory");
}

// 1 / rms of each of x's groups, from its partial sums; there once the consuming warps have met.
__device__ __forceinline__ void put_group_factors(float* factors, const StreamTask& task, int cols) {
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  for (int g = warp; g < task.groups; g += stream_warps) {
    float squares = 0.0f;
    for (int i = lane; i < task.squares_per_group; i += warp_size) {
      squares += task.squares[g * task.squares_per_group + i];
    }
    squares = warp_sum(squares);
    const float size = static_cast<float>(cols / task.groups);
    if (lane == 0) factors[g] = 1.0f / sqrtf(squares / size + task.eps);
  }
}

// What a row's sum meets at the end, but for what the kernel before may write: fetched early, to shared memory.
struct RowEnd {
  float bias;
  bool convolved;
  float conv_bias;
  float conv_state[stream_widest_conv - 1];
  float conv_weight[stream_widest_conv];
};

__device__ __forceinline__ void fetch_end(RowEnd& end, const StreamTask& task, std::int64_t row) {
  const auto fetch = [](float& to, const float* from) { async_copy<4>(&to, from); };
  end.bias = end.conv_bias = 0.0f;
  if (task.bias != nullptr) fetch(end.bias, task.bias + row);
  const std::int64_t channel = row - task.conv_first;
  end.convolved = channel >= 0 && channel < task.conv_channels;
  if (!end.convolved) return;
  const float* state = *task.conv_state + task.conv_offset + channel * (task.taps - 1);
  if (task.conv_bias != nullptr) fetch(end.conv_bias, task.conv_bias + channel);
  for (int k = 0; k < task.taps; ++k) {
    fetch(end.conv_weight[k], task.conv_weight + channel * task.taps + k);
    if (k + 1 < task.taps) fetch(end.conv_state[k], state + k);
  }
}

// One row's sum to where it belongs; `old` is what y holds.
__device__ __forceinline__ void finish_row(const RowEnd& end, const StreamTask& task, std::int64_t row, float value,
                                           float old) {
  value += end.bias;
  if (end.convolved) {
    const std::int64_t channel = row - task.conv_first;
    float* state = *task.conv_state + task.conv_offset + channel * (task.taps - 1);
    float sum = end.conv_bias;
#pragma unroll
    for (int k = 0; k < stream_widest_conv; ++k) {
      if (k >= task.taps) break;
      const float input = k + 1 < task.taps ? end.conv_state[k < stream_widest_conv - 1 ? k : 0] : value;
      sum += end.conv_weight[k] * input;
      if (k > 0) state[k - 1] = input;
    }
    value = silu(sum);
  }
  task.y[row] = old + value;
}

}  // namespace holdfast::cuda
