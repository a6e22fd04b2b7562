// One row of x times a weight, y = W x, at the speed of memory (sm_90): the weight streams through shared memory by
// bulk copies, which start before the kernel that makes x has ended.
#pragma once

#include <cstdint>

#include "kernels/cuda/stream.h"
#include "kernels/weight.h"

namespace holdfast::cuda {

struct StreamTask {
  const float* x = nullptr;  // (cols)
  // What x goes through first. none: as it is. plain: x / rms(x) * gain. grouped: x / rms of its group * gain, where
  // `squares` has, for each group, `squares_per_group` partial sums of x^2.
  enum class Norm : std::int32_t { none, plain, grouped } norm = Norm::none;
  const float* gain = nullptr;  // (cols)
  const float* squares = nullptr;
  std::int32_t groups = 1;
  std::int32_t squares_per_group = 0;
  float eps = 0.0f;

  float* y = nullptr;           // (rows)
  const float* bias = nullptr;  // (rows) or null
  bool accumulate = false;      // y +=
  // Rows conv_first .. conv_first + conv_channels - 1 go through one step of the causal convolution and SiLU.
  std::int64_t conv_first = 0;
  std::int64_t conv_channels = 0;
  float* const* conv_state = nullptr;  // address of one address
  std::int64_t conv_offset = 0;        // elements to add to it
  const float* conv_weight = nullptr;
  const float* conv_bias = nullptr;  // or null
  std::int32_t taps = 0;
};

// False, and nothing done, where the card, the format or the shape does not allow it.
[[nodiscard]] bool stream_rows(CudaStream& stream, const Weight& weight, const StreamTask& task);
[[nodiscard]] bool can_stream_rows(const CudaStream& stream, const Weight& weight);

}  // namespace holdfast::cuda
