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

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(conv_piece);

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

  void load_weights(const CausalConv1dArgs& args, std::int64_t channel, std::int64_t count) const {
    const std::int64_t width = args.weight.shape[1];
    const float* weight = args.weight.as<float>() + channel * width;
    for (std::int64_t c = 0; c < count; ++c) {
      for (std::int64_t k = 0; k < width; ++k) taps[k * count + c] = weight[c * width + k];
      bias[c] = args.bias ? args.bias.as<float>()[channel + c] : 0.0f;
    }
  }
  void load_history(const CausalConv1dArgs& args, std::int64_t channel, std::int64_t count) const {
    const std::int64_t kept = args.state.shape[1];
    const float* state = args.state.as<float>() + channel * kept;
    for (std::int64_t c = 0; c < count; ++c) {
      for (std::int64_t k = 0; k < kept; ++k) history[k * count + c] = state[c * kept + k];
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
    block.load_weights(args, channel, count);
    if (first == 0) block.load_history(args, channel, count);
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

}  // namespace holdfast::cpu
#endif  // HWY_ONCE
