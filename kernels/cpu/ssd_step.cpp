// One token per sequence. A piece of work is some heads of one group of one sequence: their part of the convolution,
// then one pass over their state, then the gate. The group's B and C are convolved by each piece that needs them (it is
// a small part of the work, and cheaper than a barrier), but their window is moved on once, by whichever piece is the
// last to have read it.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/ssd_scan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/ssd_step.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"

#ifndef HOLDFAST_KERNELS_CPU_SSD_STEP_ONCE
#define HOLDFAST_KERNELS_CPU_SSD_STEP_ONCE
namespace holdfast::cpu {

struct StepPiece {
  const SsdStepArgs* args;
  std::int64_t sequence, group, first_head, heads;
  std::int32_t* readers;  // pieces of this sequence and group that have not yet read the window of B and C
  float* x;               // scratch: (heads * P)
  float* b;               // scratch: (N)
  float* c;               // scratch: (N)
  float* dt;              // scratch: (heads)
  float* decay;           // scratch: (heads)
  float* scaled;          // scratch: (P)
};

// The window of K-1 inputs of channels [first, first + count) moves on by `inputs`.
inline void step_move_window(float* window, std::int64_t kept, const float* inputs, std::int64_t first,
                             std::int64_t count) {
  if (kept == 3) {  // spelled out: a loop over two numbers would become a call of memmove for each channel
    for (std::int64_t c = first; c < first + count; ++c) {
      float* of_channel = window + c * 3;
      of_channel[0] = of_channel[1];
      of_channel[1] = of_channel[2];
      of_channel[2] = inputs[c];
    }
    return;
  }
  for (std::int64_t c = first; c < first + count; ++c) {
    float* of_channel = window + c * kept;
    for (std::int64_t k = 0; k + 1 < kept; ++k) of_channel[k] = of_channel[k + 1];
    of_channel[kept - 1] = inputs[c];
  }
}

}  // namespace holdfast::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {

// out[i] = silu(conv) of channel first + i. Sums run as in causal_conv1d: bias first, then the oldest input.
void step_convolve(const SsdStepArgs& args, const float* window, const float* inputs, std::int64_t first,
                   std::int64_t count, float* out) {
  const std::int64_t width = args.conv_weight.shape[1];
  const float* weight = args.conv_weight.as<float>();
  const float* bias = args.conv_bias ? args.conv_bias.as<float>() : nullptr;
  std::int64_t i = 0;
  if (width == 4) {
    const Wide d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    for (; i + lanes <= count; i += lanes) {
      const std::int64_t c = first + i;
      hn::Vec<Wide> s0, s1, s2, w0, w1, w2, w3;
      hn::LoadInterleaved3(d, window + 3 * c, s0, s1, s2);
      hn::LoadInterleaved4(d, weight + 4 * c, w0, w1, w2, w3);
      auto sum = bias == nullptr ? hn::Zero(d) : hn::LoadU(d, bias + c);
      sum = hn::MulAdd(w1, s1, hn::MulAdd(w0, s0, sum));
      sum = hn::MulAdd(w3, hn::LoadU(d, inputs + c), hn::MulAdd(w2, s2, sum));
      hn::StoreU(silu(d, sum), d, out + i);
    }
  }
  const Single d;
  for (; i < count; ++i) {
    const std::int64_t c = first + i;
    auto sum = hn::Set(d, bias == nullptr ? 0.0f : bias[c]);
    for (std::int64_t k = 0; k + 1 < width; ++k) {
      sum = hn::MulAdd(hn::Set(d, weight[c * width + k]), hn::Set(d, window[c * (width - 1) + k]), sum);
    }
    sum = hn::MulAdd(hn::Set(d, weight[c * width + width - 1]), hn::Set(d, inputs[c]), sum);
    hn::StoreU(silu(d, sum), d, out + i);
  }
}

// Rows of one head's state: h = decay h + scaled[p] b,  y[p] = sum_n h c.
template <int Rows>
HWY_INLINE void step_rows(float* state, std::int64_t d_state, float decay, const float* scaled, const float* b,
                          const float* c, float* y) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto decays = hn::Set(d, decay);
  hn::Vec<Wide> sums[Rows];
  hn::Vec<Wide> inputs[Rows];
#pragma GCC unroll 4
  for (int r = 0; r < Rows; ++r) {
    sums[r] = hn::Zero(d);
    inputs[r] = hn::Set(d, scaled[r]);
  }
  std::int64_t n = 0;
  for (; n + lanes <= d_state; n += lanes) {
    const auto b_n = hn::LoadU(d, b + n);
    const auto c_n = hn::LoadU(d, c + n);
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r) {
      float* at = state + r * d_state + n;
      const auto h = hn::MulAdd(inputs[r], b_n, hn::Mul(decays, hn::LoadU(d, at)));
      hn::StoreU(h, d, at);
      sums[r] = hn::MulAdd(h, c_n, sums[r]);
    }
  }
  for (int r = 0; r < Rows; ++r) {
    float sum = hn::GetLane(hn::SumOfLanes(d, sums[r]));
    for (std::int64_t tail = n; tail < d_state; ++tail) {
      float& h = state[r * d_state + tail];
      h = decay * h + scaled[r] * b[tail];
      sum += h * c[tail];
    }
    y[r] = sum;
  }
}

HWY_INLINE float step_squares(const float* values, std::int64_t count) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sums = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto v = hn::LoadU(d, values + i);
    sums = hn::MulAdd(v, v, sums);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; i < count; ++i) sum += values[i] * values[i];
  return sum;
}

// y is H C still: D x and the gate come later.
HWY_INLINE void step_trace(const StepPiece& piece, std::int64_t index, const float* x, const float* y, float skip) {
  const SsdStepArgs& args = *piece.args;
  float* to = args.trace.as<float>() + (piece.sequence * args.heads + piece.first_head + index) * 3;
  const float x_length = std::sqrt(step_squares(x, args.head_dim));
  to[0] = piece.dt[index] * x_length * std::sqrt(step_squares(piece.b, args.d_state));
  to[1] = std::sqrt(step_squares(y, args.head_dim));
  to[2] = std::abs(skip) * x_length;
}

HWY_INLINE void step_head(const StepPiece& piece, std::int64_t index) {
  const SsdStepArgs& args = *piece.args;
  const std::int64_t head = piece.first_head + index;
  const std::int64_t at = head * args.head_dim;
  const float* x = piece.x + index * args.head_dim;
  const float* z = args.proj.as<float>() + piece.sequence * args.proj.shape[1] + at;
  float* y = args.y.as<float>() + piece.sequence * args.y.shape[1] + at;
  float* state = args.state[static_cast<std::size_t>(piece.sequence)] + at * args.d_state;
  const float decay = piece.decay[index];
  for_lanes(args.head_dim, [&](auto d, std::int64_t p) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::Set(d, piece.dt[index]), hn::LoadU(d, x + p)), d, piece.scaled + p);
  });
  std::int64_t p = 0;
  for (; p + 4 <= args.head_dim; p += 4) {
    step_rows<4>(state + p * args.d_state, args.d_state, decay, piece.scaled + p, piece.b, piece.c, y + p);
  }
  for (; p < args.head_dim; ++p) {
    step_rows<1>(state + p * args.d_state, args.d_state, decay, piece.scaled + p, piece.b, piece.c, y + p);
  }
  const float skip = args.d.as<float>()[head];
  if (args.trace) step_trace(piece, index, x, y, skip);
  for_lanes(args.head_dim, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto sum = hn::MulAdd(hn::Set(d, skip), hn::LoadU(d, x + i), hn::LoadU(d, y + i));
    hn::StoreU(hn::Mul(sum, silu(d, hn::LoadU(d, z + i))), d, y + i);
  });
}

HWY_INLINE void step_decays(const StepPiece& piece, const float* raw) {
  const SsdStepArgs& args = *piece.args;
  float* log_decay =
      args.log_decay ? args.log_decay.as<float>() + piece.sequence * args.heads + piece.first_head : nullptr;
  for_lanes(piece.heads, [&](auto d, std::int64_t h) HWY_ATTR {
    const std::int64_t head = piece.first_head + h;
    const auto biased = hn::Add(hn::LoadU(d, raw + head), hn::LoadU(d, args.dt_bias.as<float>() + head));
    const auto dt = hn::Min(hn::Max(softplus(d, biased), hn::Set(d, args.dt_min)), hn::Set(d, args.dt_max));
    const auto log = hn::Mul(dt, hn::LoadU(d, args.a.as<float>() + head));
    hn::StoreU(dt, d, piece.dt + h);
    hn::StoreU(hn::Exp(d, log), d, piece.decay + h);
    if (log_decay != nullptr) hn::StoreU(log, d, log_decay + h);
  });
}

void step_piece(const StepPiece& piece) {
  const SsdStepArgs& args = *piece.args;
  const std::int64_t inner = args.heads * args.head_dim;
  const std::int64_t kept = args.conv_weight.shape[1] - 1;
  const float* inputs = args.proj.as<float>() + piece.sequence * args.proj.shape[1] + inner;  // x | B | C | dt
  float* window = args.conv[static_cast<std::size_t>(piece.sequence)];
  const std::int64_t x_first = piece.first_head * args.head_dim;
  const std::int64_t b_first = inner + piece.group * args.d_state;
  const std::int64_t c_first = b_first + args.groups * args.d_state;
  step_convolve(args, window, inputs, b_first, args.d_state, piece.b);
  step_convolve(args, window, inputs, c_first, args.d_state, piece.c);
  if (std::atomic_ref(*piece.readers).fetch_sub(1, std::memory_order_acq_rel) == 1) {
    step_move_window(window, kept, inputs, b_first, args.d_state);
    step_move_window(window, kept, inputs, c_first, args.d_state);
  }
  step_convolve(args, window, inputs, x_first, piece.heads * args.head_dim, piece.x);
  step_move_window(window, kept, inputs, x_first, piece.heads * args.head_dim);
  step_decays(piece, inputs + inner + 2 * args.groups * args.d_state);
  for (std::int64_t h = 0; h < piece.heads; ++h) step_head(piece, h);
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(step_piece);

std::int64_t step_padded(std::int64_t floats) noexcept { return (floats + 15) / 16 * 16; }

}  // namespace

void ssd_step(Stream& stream, const SsdStepArgs& args) {
  const std::int64_t batch = args.y.shape[0];
  const auto threads = static_cast<std::int64_t>(stream.pool().threads());
  // Two pieces per thread, so that one that comes late finds work left; a piece stays within a group.
  const std::int64_t group_heads = args.heads / args.groups;
  const std::int64_t wanted = threads == 1 ? 1 : (2 * threads + batch * args.groups - 1) / (batch * args.groups);
  const std::int64_t block = (group_heads + std::min(wanted, group_heads) - 1) / std::min(wanted, group_heads);
  const std::int64_t blocks = (group_heads + block - 1) / block;

  const std::int64_t x_floats = step_padded(block * args.head_dim);
  const std::int64_t n_floats = step_padded(args.d_state);
  const std::int64_t h_floats = step_padded(block);
  const std::int64_t of_thread = x_floats + 2 * n_floats + 2 * h_floats + step_padded(args.head_dim);
  const std::int64_t total = threads * of_thread + batch * args.groups;
  auto* memory = static_cast<float*>(stream.scratch(static_cast<std::size_t>(total) * sizeof(float)));
  auto* readers = reinterpret_cast<std::int32_t*>(memory + threads * of_thread);
  std::fill(readers, readers + batch * args.groups, static_cast<std::int32_t>(blocks));

  stream.pool().run(batch * args.groups * blocks, [&](std::int64_t index, int thread) {
    const std::int64_t unit = index / blocks;  // sequence and group
    const std::int64_t first = index % blocks * block;
    float* at = memory + thread * of_thread;
    StepPiece piece{};
    piece.args = &args;
    piece.sequence = unit / args.groups;
    piece.group = unit % args.groups;
    piece.first_head = piece.group * group_heads + first;
    piece.heads = std::min(block, group_heads - first);
    piece.readers = readers + unit;
    piece.x = at;
    piece.b = piece.x + x_floats;
    piece.c = piece.b + n_floats;
    piece.dt = piece.c + n_floats;
    piece.decay = piece.dt + h_floats;
    piece.scaled = piece.decay + h_floats;
    HWY_DYNAMIC_DISPATCH(step_piece)(piece);
  });
}

}  // namespace holdfast::cpu
#endif  // HWY_ONCE
