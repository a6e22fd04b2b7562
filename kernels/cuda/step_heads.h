// The recurrence and the gate of one token of each of B sequences: the part of a step that moves the states.
#pragma once

#include <cuda_bf16.h>

#include <cstdint>

#include "kernels/cuda/stream.h"

namespace holdfast::cuda {

struct HeadSteps {
  float* y = nullptr;        // (B, E); null where `gained` is given
  float* squares = nullptr;  // (B, E / square_channels): sums of y^2 over as many channels each; or null
  // y x gain for a product that norms its sums itself (batch_product.h): (B, E) rounded; where split, (B, E) below:
  // what the rounding left.
  __nv_bfloat16* gained = nullptr;
  bool split = false;
  const float* gain = nullptr;  // (E)
  // The next kernel is let in at once, not when the wait is over: where it touches constants alone before its own wait.
  bool lets_next_in_first = false;
  float* log_decay = nullptr;  // (B, H) or null
  const float* z = nullptr;    // rows of E
  // Of rows that are finished but for z: z_parts x B rows that in_proj left, to be added up, with a bias (E) or null,
  // and silu is still to be made. Only where can_stream_heads.
  bool z_left = false;
  std::int64_t z_parts = 1;
  const float* z_bias = nullptr;
  const float* x = nullptr;   // rows of E, after the convolution
  const float* bc = nullptr;  // rows of B | C, after the convolution
  const float* dt = nullptr;  // rows of H
  // Rows of H, exp(dt A), where z is silu(z) and dt the step size (step_rows.h); null: they are as in_proj has them.
  const float* decay = nullptr;
  std::int64_t z_stride = 0, x_stride = 0, bc_stride = 0, dt_stride = 0;  // dt's is decay's
  // (B) addresses of what waits beside states, or null: then x, B, dt and decay are there (step_rows.h), and x, dt and
  // decay of rows are not read, nor B. Only where can_stream_heads.
  float* const* pending = nullptr;
  const std::int32_t* turns = nullptr;
  std::int64_t pending_offset = 0, pending_apart = 0;  // of tokens
  void* const* state = nullptr;                        // (B) addresses, to which state_offset elements are added
  std::int64_t state_offset = 0;
  bool state_rounded = false;  // states are bf16, else f32
  const float* dt_bias = nullptr;
  const float* a = nullptr;
  const float* d = nullptr;
  std::int64_t sequences = 0, heads = 0, head_dim = 0, d_state = 0, groups = 1;
  float dt_min = 0.0f, dt_max = 0.0f;
};
inline constexpr int step_head_rows = 16;  // rows p of a state that a block moves

// P a multiple of 16, N 64, 128 or 256, rows of B, C and the states on borders of 16 bytes.
[[nodiscard]] bool can_step_heads(const HeadSteps& steps);
// Over how many channels each of `squares` is summed; E / G is a multiple of 64 where `gained` is given.
[[nodiscard]] std::int64_t square_channels(const CudaStream& stream, const HeadSteps& steps);
void step_heads(CudaStream& stream, const HeadSteps& steps);

// The same for many sequences, which step_heads takes where it can (stream_heads.cu): only where decay is given.
[[nodiscard]] bool can_stream_heads(const CudaStream& stream, const HeadSteps& steps);
void stream_heads(CudaStream& stream, const HeadSteps& steps);

}  // namespace holdfast::cuda
