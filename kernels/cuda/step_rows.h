// What a step's recurrence takes, from what in_proj leaves: rows of one token of each of several sequences.
#pragma once

#include <cstdint>

#include "kernels/cuda/stream.h"

namespace holdfast::cuda {

// Columns of a row: z | x | B | C | dt, as in_proj has them, and behind them, where they are finished, the decays.
// Finished: z is silu(z), x, B and C are convolved, dt is the step size, decay is exp(dt A). Else x, B and C alone are
// done, and columns from z and dt are left as they are.
struct StepRows {
  float* rows = nullptr;        // (B, stride)  out
  std::int64_t stride = 0;      // at least `columns`, and H more where finished
  const float* sums = nullptr;  // (parts, B, columns): their sum is what in_proj gives
  std::int64_t parts = 1, columns = 0;
  const float* bias = nullptr;     // (columns) or null
  float* const* window = nullptr;  // (B) addresses of (C, K-1), to which window_offset elements are added; moved on
  std::int64_t window_offset = 0;
  const float* conv_weight = nullptr;  // (C, K)
  const float* conv_bias = nullptr;    // (C) or null
  int taps = 0;
  std::int64_t sequences = 0, inner = 0, channels = 0, heads = 0;
  bool finished = false;
  bool leaves_z = false;  // where finished: not the columns of z
  // Where finished, (B) addresses of what waits beside states, or null (SsdStepArgs): x, B, step sizes and decays go
  // there, to the token that comes next, in place of rows.
  float* const* pending = nullptr;
  const std::int32_t* turns = nullptr;
  std::int64_t pending_offset = 0, pending_apart = 0;  // of tokens
  std::int64_t pending_channels = 0;                   // of x and B
  const float* dt_bias = nullptr;                      // these only where finished
  const float* a = nullptr;
  float dt_min = 0.0f, dt_max = 0.0f;
  float* log_decay = nullptr;  // (B, H) or null
};
inline constexpr int widest_step_conv = 8;  // K at most

// Where `early`, windows are fetched, and the next kernel may start, before the kernel before has ended: that one must
// write no window, and nothing that the next one touches before it waits.
void step_rows(CudaStream& stream, const StepRows& rows, bool early);

}  // namespace holdfast::cuda
