#include "engine/run_memory.h"

#include <algorithm>

#include "engine/state.h"

namespace holdfast {
namespace {

constexpr std::size_t product_library_bytes = std::size_t{64} << 20;  // kernels/cuda/products.cpp
constexpr std::int64_t most_split_rows = 32;                          // kernels/cuda/linear.cu

// kernels/cuda/stream_heads.cu on a card of 132 multiprocessors: with fewer channels no token waits beside a state.
constexpr std::int64_t least_waiting_channels = std::int64_t{132} * 4 * 16;

std::size_t bytes_of(std::int64_t count) { return static_cast<std::size_t>(count); }

// Of the format of most of the weights: the rest are small.
std::size_t product_scratch(const Mamba2Config& c, WeightFormat format, std::int64_t sequences, std::int64_t prompt) {
  const std::int64_t widest = std::max(c.in_proj_rows() * c.d_model, c.d_model * c.d_inner());
  const bool stored = format == WeightFormat::bf16 || format == WeightFormat::f32;
  std::size_t bytes = 0;
  if (prompt > 1 && !stored) bytes = bytes_of(widest * (format == WeightFormat::f16 ? 4 : 2));
  if (sequences > 1 && format == WeightFormat::bf16) {
    const std::int64_t rows = 2 * std::min(sequences, most_split_rows);
    bytes = std::max(bytes, bytes_of(rows * (2 * c.d_model + 4 * c.vocab_size)));
  }
  return bytes + (prompt > 1 || sequences > 1 ? product_library_bytes : 0);
}

RunMemory run_memory_of(DeviceKind where, const Mamba2Config& config, std::size_t weights, WeightFormat format,
                        std::int64_t sequences, std::int64_t prompt, DType states) {
  const std::int64_t recurrent = config.n_layer * config.d_inner() * config.d_state;
  const std::size_t state =
      bytes_of(recurrent) * byte_size(states) + bytes_of(config.state_floats() - recurrent) * sizeof(float);
  const bool wait = where == DeviceKind::cuda && sequences > 1 && format == WeightFormat::bf16 &&
                    config.head_dim % 64 == 0 && sequences * config.d_inner() >= least_waiting_channels;
  return {.weights = weights,
          .states = (state + (wait ? State::pending_bytes(config) : 0)) * static_cast<std::size_t>(sequences),
          .activations = forward_workspace_bytes(where, config, prompt, sequences),
          .scratch = where == DeviceKind::cuda ? product_scratch(config, format, sequences, prompt) : 0};
}

}  // namespace

RunMemory run_memory(DeviceKind where, const Checkpoint& checkpoint, LoadDType dtype, std::int64_t sequences,
                     std::int64_t prompt, DType states) {
  const Mamba2Config& config = checkpoint.config();
  const StoredTensor& matrix = checkpoint.get("layers.0.in_proj");
  const WeightFormat format = memory_format(dtype, matrix.format, matrix.shape[0], matrix.shape[1]);
  return run_memory_of(where, config, weight_bytes(where, checkpoint, dtype), format, sequences, prompt, states);
}

RunMemory run_memory(DeviceKind where, const Mamba2Config& config, WeightFormat format, std::int64_t sequences,
                     std::int64_t prompt, DType states) {
  return run_memory_of(where, config, weight_bytes(where, config, format), format, sequences, prompt, states);
}

}  // namespace holdfast
