#include "kernels/causal_conv1d.h"

#include <algorithm>
#include <cstdint>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/thread_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/causal_conv1d.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"

#ifndef HOLDFAST_KERNELS_CPU_CAUSAL_CONV1D_ONCE
#define HOLDFAST_KERNELS_CPU_CAUSAL_CONV1D_ONCE
namespace holdfast::cpu {

// One piece of work: tokens [first, last) of `channels` neighbouring channels. Pointers are to the piece's first
// channel; x and y at the sequence's first token.
struct ConvPiece {
  const float* x;
  float* y;
  const float* taps;     // (K, channels)    weights, one row per tap
  const float* bias;     // (channels)
  const float* history;  // (K-1, channels)  the inputs before t = 0, oldest first; read by the first tokens only
  std::int64_t x_stride, y_stride;
  std::int64_t first, last, channels, width;  // width: K
};

// The same with gradients. The rows of `slopes` are scratch; sums of this piece's tokens alone go to d_taps and d_bias.
struct ConvBackwardPiece {
  ConvPiece forward;  // y is not used
  const float* dy;
  float* dx;
  float* slopes;     // (last - first + K-1, channels)  gradients of what goes into SiLU
  float* d_taps;     // (K, channels)
  float* d_bias;     // (channels)
  float* d_history;  // (K-1, channels); null: no token of the piece is that near the begin
  std::int64_t dy_stride, dx_stride;
  std::int64_t end;  // of the sequence
};

}  // namespace holdfast::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {

// The input at token t, or before t = 0 the history.
HWY_INLINE const float* conv_row(const ConvPiece& piece, std::int64_t t) {
  return t >= 0 ? piece.x + t * piece.x_stride : piece.history + (t + piece.width - 1) * piece.channels;
}

// K = 4, the width of every published model: rows and taps have fixed places.
HWY_INLINE void conv_token_of_4(const ConvPiece& piece, std::int64_t t, float* y) {
  const float* HWY_RESTRICT row0 = conv_row(piece, t - 3);
  const float* HWY_RESTRICT row1 = conv_row(piece, t - 2);
  const float* HWY_RESTRICT row2 = conv_row(piece, t - 1);
  const float* HWY_RESTRICT row3 = conv_row(piece, t);
  const float* HWY_RESTRICT taps = piece.taps;
  const std::int64_t channels = piece.channels;
  for_lanes(channels, [&](auto d, std::int64_t c) HWY_ATTR {
    auto sum = hn::MulAdd(hn::LoadU(d, taps + c), hn::LoadU(d, row0 + c), hn::LoadU(d, piece.bias + c));
    sum = hn::MulAdd(hn::LoadU(d, taps + channels + c), hn::LoadU(d, row1 + c), sum);
    sum = hn::MulAdd(hn::LoadU(d, taps + 2 * channels + c), hn::LoadU(d, row2 + c), sum);
    sum = hn::MulAdd(hn::LoadU(d, taps + 3 * channels + c), hn::LoadU(d, row3 + c), sum);
    hn::StoreU(silu(d, sum), d, y + c);
  });
}

HWY_INLINE void conv_token(const ConvPiece& piece, std::int64_t t, float* y) {
  for_lanes(piece.channels, [&](auto d, std::int64_t c) HWY_ATTR {
    auto sum = hn::LoadU(d, piece.bias + c);
    for (std::int64_t k = 0; k < piece.width; ++k) {
      const float* row = conv_row(piece, t - (piece.width - 1) + k);
      sum = hn::MulAdd(hn::LoadU(d, piece.taps + k * piece.channels + c), hn::LoadU(d, row + c), sum);
    }
    hn::StoreU(silu(d, sum), d, y + c);
  });
}

void conv_piece(const ConvPiece& piece) {
  for (std::int64_t t = piece.first; t < piece.last; ++t) {
    float* y = piece.y + t * piece.y_stride;
    if (piece.width == 4) {
      conv_token_of_4(piece, t, y);
    } else {
      conv_token(piece, t, y);
    }
  }
}

// Gradients of what goes into SiLU, of the piece's tokens and the K-1 that follow: these read its inputs as well.
HWY_INLINE void conv_slopes(const ConvBackwardPiece& piece) {
  const ConvPiece& forward = piece.forward;
  const std::int64_t channels = forward.channels;
  for (std::int64_t t = forward.first; t < forward.last + forward.width - 1; ++t) {
    float* slope = piece.slopes + (t - forward.first) * channels;
    if (t >= piece.end) {
      std::fill(slope, slope + channels, 0.0f);
      continue;
    }
    const float* dy = piece.dy + t * piece.dy_stride;
    for_lanes(channels, [&](auto d, std::int64_t c) HWY_ATTR {
      auto sum = hn::LoadU(d, forward.bias + c);
      for (std::int64_t k = 0; k < forward.width; ++k) {
        const float* row = conv_row(forward, t - (forward.width - 1) + k);
        sum = hn::MulAdd(hn::LoadU(d, forward.taps + k * channels + c), hn::LoadU(d, row + c), sum);
      }
      hn::StoreU(hn::Mul(hn::LoadU(d, dy + c), silu_slope(d, sum)), d, slope + c);
    });
  }
}

void conv_backward_piece(const ConvBackwardPiece& piece) {
  const ConvPiece& forward = piece.forward;
  const std::int64_t channels = forward.channels;
  const std::int64_t tokens = forward.last - forward.first;
  conv_slopes(piece);
  for (std::int64_t t = 0; t < tokens; ++t) {
    float* dx = piece.dx + (forward.first + t) * piece.dx_stride;
    for_lanes(channels, [&](auto d, std::int64_t c) HWY_ATTR {
      auto sum = hn::Zero(d);
      for (std::int64_t k = 0; k < forward.width; ++k) {
        const float* slope = piece.slopes + (t + forward.width - 1 - k) * channels;
        sum = hn::MulAdd(hn::LoadU(d, forward.taps + k * channels + c), hn::LoadU(d, slope + c), sum);
      }
      hn::StoreU(sum, d, dx + c);
    });
  }
  for_lanes(channels, [&](auto d, std::int64_t c) HWY_ATTR {
    auto bias = hn::Zero(d);
    for (std::int64_t t = 0; t < tokens; ++t) bias = hn::Add(bias, hn::LoadU(d, piece.slopes + t * channels + c));
    hn::StoreU(bias, d, piece.d_bias + c);
    for (std::int64_t k = 0; k < forward.width; ++k) {
      auto sum = hn::Zero(d);
      for (std::int64_t t = 0; t < tokens; ++t) {
        const float* row = conv_row(forward, forward.first + t - (forward.width - 1) + k);
        sum = hn::MulAdd(hn::LoadU(d, piece.slopes + t * channels + c), hn::LoadU(d, row + c), sum);
      }
      hn::StoreU(sum, d, piece.d_taps + k * channels + c);
    }
    // Input j before the begin is tap k of token j - k.
    for (std::int64_t j = 0; piece.d_history != nullptr && j < forward.width - 1; ++j) {
      auto sum = hn::Zero(d);
      for (std::int64_t k = 0; k <= j; ++k) {
        sum = hn::MulAdd(hn::LoadU(d, forward.taps + k * channels + c),
                         hn::LoadU(d, piece.slopes + (j - k) * channels + c), sum);
      }
      hn::StoreU(sum, d, piece.d_history + j * channels + c);
    }
  });
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(conv_piece);
HWY_EXPORT(conv_backward_piece);

constexpr std::int64_t conv_block_channels = 128;
constexpr std::int64_t conv_block_tokens = 64;

// Weights, bias and history of one block of channels, turned so that channels are contiguous.
struct ConvBlock {
  float* taps;     // (K, channels)
  float* bias;     // (channels)
  float* history;  // (K-1, channels)

  static std::int64_t floats(std::int64_t width) noexcept { return 2 * width * conv_block_channels; }
  ConvBlock(float* memory, std::int64_t width)
      : taps(memory), bias(taps + width * conv_block_channels), history(bias + conv_block_channels) {}

  void load_weights(ConstTensorView weight, ConstTensorView given_bias, std::int64_t channel,
                    std::int64_t count) const {
    const std::int64_t width = weight.shape[1];
    const float* from = weight.as<float>() + channel * width;
    for (std::int64_t c = 0; c < count; ++c) {
      for (std::int64_t k = 0; k < width; ++k) taps[k * count + c] = from[c * width + k];
      bias[c] = given_bias ? given_bias.as<float>()[channel + c] : 0.0f;
    }
  }
  // state (C, K-1); absent: zeros.
  void load_history(ConstTensorView state, std::int64_t width, std::int64_t channel, std::int64_t count) const {
    const std::int64_t kept = width - 1;
    if (!state) {
      std::fill_n(history, kept * count, 0.0f);
      return;
    }
    const float* from = state.as<float>() + channel * kept;
    for (std::int64_t c = 0; c < count; ++c) {
      for (std::int64_t k = 0; k < kept; ++k) history[k * count + c] = from[c * kept + k];
    }
  }
  // The last K-1 inputs of history and x together.
  void store_state(const CausalConv1dArgs& args, std::int64_t channel, std::int64_t count) const {
    const std::int64_t kept = args.state.shape[1];
    const std::int64_t tokens = args.y.shape[0];
    float* state = args.state.as<float>() + channel * kept;
    for (std::int64_t k = 0; k < kept; ++k) {
      const std::int64_t from = tokens - kept + k;
      const float* row =
          from >= 0 ? args.x.as<float>() + from * args.x_stride + channel : history + (from + kept) * count;
      for (std::int64_t c = 0; c < count; ++c) state[c * kept + k] = row[c];
    }
  }
};

}  // namespace

// Work is split into blocks of channels times blocks of tokens. Only the blocks of the first tokens read the state
// (the others reach back into x), so these alone renew it, after they have read it.
void causal_conv1d(Stream& stream, const CausalConv1dArgs& args) {
  const std::int64_t tokens = args.y.shape[0];
  const std::int64_t channels = args.y.shape[1];
  const std::int64_t width = args.weight.shape[1];
  const std::int64_t block_tokens = std::max(conv_block_tokens, width - 1);
  const std::int64_t channel_blocks = (channels + conv_block_channels - 1) / conv_block_channels;
  const std::int64_t token_blocks = (tokens + block_tokens - 1) / block_tokens;
  const auto threads = static_cast<std::int64_t>(stream.pool().threads());
  auto* memory =
      static_cast<float*>(stream.scratch(static_cast<std::size_t>(threads * ConvBlock::floats(width)) * sizeof(float)));

  const auto work = [&](std::int64_t index, int thread) {
    const std::int64_t channel = index % channel_blocks * conv_block_channels;
    const std::int64_t first = index / channel_blocks * block_tokens;
    const std::int64_t count = std::min(conv_block_channels, channels - channel);
    const ConvBlock block(memory + thread * ConvBlock::floats(width), width);
    block.load_weights(args.weight, args.bias, channel, count);
    if (first == 0) block.load_history(args.state, width, channel, count);
    HWY_DYNAMIC_DISPATCH(conv_piece)
    ({.x = args.x.as<float>() + channel,
      .y = args.y.as<float>() + channel,
      .taps = block.taps,
      .bias = block.bias,
      .history = block.history,
      .x_stride = args.x_stride,
      .y_stride = channels,
      .first = first,
      .last = std::min(tokens, first + block_tokens),
      .channels = count,
      .width = width});
    if (first == 0) block.store_state(args, channel, count);
  };
  stream.pool().run(channel_blocks * token_blocks, work);
}

namespace {

// The sequence that a unit of packed rows belongs to: tokens [begin, end).
struct ConvSequence {
  std::int64_t index, begin, end;
};

ConvSequence conv_sequence_of(const PackedRows& rows, std::int64_t unit) {
  const auto* sequence = rows.sequence_of_unit.as<std::int32_t>();
  const std::int64_t units = rows.sequence_of_unit.shape[0];
  std::int64_t begin = unit;
  while (begin > 0 && sequence[begin - 1] == sequence[unit]) --begin;
  std::int64_t end = unit + 1;
  while (end < units && sequence[end] == sequence[unit]) ++end;
  return {sequence[unit], begin * PackedRows::unit, end * PackedRows::unit};
}

// A unit of rows times a block of channels, as a piece whose tokens count from its sequence's begin.
ConvPiece conv_packed_piece(const ConvBlock& block, const ConvSequence& sequence, std::int64_t unit, const float* x,
                            std::int64_t x_stride, std::int64_t count, std::int64_t width) {
  const std::int64_t first = unit * PackedRows::unit - sequence.begin;
  return {.x = x + sequence.begin * x_stride,
          .y = nullptr,
          .taps = block.taps,
          .bias = block.bias,
          .history = block.history,
          .x_stride = x_stride,
          .y_stride = 0,
          .first = first,
          .last = first + PackedRows::unit,
          .channels = count,
          .width = width};
}

}  // namespace

void causal_conv1d_packed(Stream& stream, const CausalConv1dPackedArgs& args) {
  const std::int64_t channels = args.y.shape[1];
  const std::int64_t width = args.weight.shape[1];
  const std::int64_t channel_blocks = (channels + conv_block_channels - 1) / conv_block_channels;
  const auto threads = static_cast<std::int64_t>(stream.pool().threads());
  auto* memory =
      static_cast<float*>(stream.scratch(static_cast<std::size_t>(threads * ConvBlock::floats(width)) * sizeof(float)));
  stream.pool().run(channel_blocks * args.rows.sequence_of_unit.shape[0], [&](std::int64_t index, int thread) {
    const std::int64_t channel = index % channel_blocks * conv_block_channels;
    const std::int64_t count = std::min(conv_block_channels, channels - channel);
    const ConvSequence sequence = conv_sequence_of(args.rows, index / channel_blocks);
    const ConvBlock block(memory + thread * ConvBlock::floats(width), width);
    block.load_weights(args.weight, args.bias, channel, count);
    block.load_history(args.initial, width, channel, count);
    ConvPiece piece = conv_packed_piece(block, sequence, index / channel_blocks, args.x.as<float>() + channel,
                                        args.x_stride, count, width);
    piece.y = args.y.as<float>() + sequence.begin * channels + channel;
    piece.y_stride = channels;
    HWY_DYNAMIC_DISPATCH(conv_piece)(piece);
  });
}

namespace {

// Sums of each unit, and of each sequence, in scratch memory: added up in order afterwards, so that no result depends
// on the number of threads.
struct ConvSums {
  std::int64_t channels, width, units, sequences;
  float* of_units;      // (units, K + 1, C)  taps, then bias
  float* of_sequences;  // (sequences, K-1, C)

  [[nodiscard]] float* unit_row(std::int64_t unit, std::int64_t row) const {
    return of_units + (unit * (width + 1) + row) * channels;
  }
  [[nodiscard]] float* sequence_row(std::int64_t sequence, std::int64_t row) const {
    return of_sequences + (sequence * (width - 1) + row) * channels;
  }
  // Channels [first, last).
  void add_up(const CausalConv1dBackwardArgs& args, std::int64_t first, std::int64_t last) const {
    for (std::int64_t c = first; c < last; ++c) {
      for (std::int64_t row = 0; row <= width; ++row) {
        const TensorView& into = row < width ? args.d_weight : args.d_bias;
        if (!into) continue;
        double sum = 0.0;
        for (std::int64_t unit = 0; unit < units; ++unit) sum += static_cast<double>(unit_row(unit, row)[c]);
        into.as<float>()[row < width ? c * width + row : c] += static_cast<float>(sum);
      }
      for (std::int64_t j = 0; args.d_initial && j < width - 1; ++j) {
        double sum = 0.0;
        for (std::int64_t i = 0; i < sequences; ++i) sum += static_cast<double>(sequence_row(i, j)[c]);
        args.d_initial.as<float>()[c * (width - 1) + j] += static_cast<float>(sum);
      }
    }
  }
};

// One thread's place for a piece of work.
struct ConvBackwardMemory {
  ConvBlock block;
  float* slopes;  // (unit + K-1, channels)
  float* sums;    // (2 K, channels)      taps, bias, history: rows of this piece's channels side by side

  static std::int64_t floats(std::int64_t width) noexcept {
    return ConvBlock::floats(width) + (PackedRows::unit + 3 * width) * conv_block_channels;
  }
  ConvBackwardMemory(float* memory, std::int64_t width)
      : block(memory, width),
        slopes(memory + ConvBlock::floats(width)),
        sums(slopes + (PackedRows::unit + width) * conv_block_channels) {}
};

void conv_backward_unit(const CausalConv1dBackwardArgs& args, const ConvSums& sums, const ConvBackwardMemory& memory,
                        std::int64_t unit, std::int64_t channel) {
  const std::int64_t width = sums.width;
  const std::int64_t count = std::min(conv_block_channels, sums.channels - channel);
  const ConvSequence sequence = conv_sequence_of(args.rows, unit);
  memory.block.load_weights(args.weight, args.bias, channel, count);
  memory.block.load_history(args.initial, width, channel, count);
  const bool first_of_sequence = sequence.begin == unit * PackedRows::unit;
  float* history = memory.sums + (width + 1) * count;
  HWY_DYNAMIC_DISPATCH(conv_backward_piece)
  ({.forward =
        conv_packed_piece(memory.block, sequence, unit, args.x.as<float>() + channel, args.x_stride, count, width),
    .dy = args.dy.as<float>() + sequence.begin * sums.channels + channel,
    .dx = args.dx.as<float>() + sequence.begin * args.dx_stride + channel,
    .slopes = memory.slopes,
    .d_taps = memory.sums,
    .d_bias = memory.sums + width * count,
    .d_history = first_of_sequence ? history : nullptr,
    .dy_stride = sums.channels,
    .dx_stride = args.dx_stride,
    .end = sequence.end - sequence.begin});
  for (std::int64_t row = 0; row <= width; ++row) {
    std::copy_n(memory.sums + row * count, count, sums.unit_row(unit, row) + channel);
  }
  for (std::int64_t row = 0; first_of_sequence && row < width - 1; ++row) {
    std::copy_n(history + row * count, count, sums.sequence_row(sequence.index, row) + channel);
  }
}

}  // namespace

void causal_conv1d_backward(Stream& stream, const CausalConv1dBackwardArgs& args) {
  const std::int64_t channels = args.dy.shape[1];
  const std::int64_t width = args.weight.shape[1];
  const std::int64_t units = args.rows.sequence_of_unit.shape[0];
  const std::int64_t channel_blocks = (channels + conv_block_channels - 1) / conv_block_channels;
  const auto threads = static_cast<std::int64_t>(stream.pool().threads());
  const std::int64_t of_threads = threads * ConvBackwardMemory::floats(width);
  const std::int64_t of_units = units * (width + 1) * channels;
  const std::int64_t of_sequences = args.rows.sequences * (width - 1) * channels;
  auto* memory = static_cast<float*>(
      stream.scratch(static_cast<std::size_t>(of_threads + of_units + of_sequences) * sizeof(float)));
  const ConvSums sums{channels, width, units, args.rows.sequences, memory + of_threads, memory + of_threads + of_units};
  stream.pool().run(channel_blocks * units, [&](std::int64_t index, int thread) {
    const ConvBackwardMemory place(memory + thread * ConvBackwardMemory::floats(width), width);
    conv_backward_unit(args, sums, place, index / channel_blocks, index % channel_blocks * conv_block_channels);
  });
  stream.pool().run(channel_blocks, [&](std::int64_t index, int) {
    const std::int64_t first = index * conv_block_channels;
    sums.add_up(args, first, std::min(channels, first + conv_block_channels));
  });
}

}  // namespace holdfast::cpu
#endif  // HWY_ONCE
