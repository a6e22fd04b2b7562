#include "engine/config.h"

#include <cmath>
#include <string>

#include "kernels/error.h"

namespace holdfast {

namespace {
// Generous beside any published model, and small enough that no product of fields leaves 63 bits.
constexpr std::int64_t max_d_model = std::int64_t{1} << 18;
constexpr std::int64_t max_layers = std::int64_t{1} << 12;
constexpr std::int64_t max_vocab = std::int64_t{1} << 24;
constexpr std::int64_t max_heads = std::int64_t{1} << 16;
constexpr std::int64_t max_head_dim = std::int64_t{1} << 12;
constexpr std::int64_t max_state = std::int64_t{1} << 12;
constexpr std::int64_t max_d_inner = std::int64_t{1} << 20;
constexpr std::int64_t max_conv_width = 16;

void check_range(const char* field, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return;
  throw FormatError(std::string(field) + ": " + std::to_string(value) + ", want " + std::to_string(least) + " to " +
                    std::to_string(most));
}
}  // namespace

void Mamba2Config::validate() const {
  check_range("d_model", d_model, 1, max_d_model);
  check_range("n_layer", n_layer, 1, max_layers);
  check_range("vocab_size", vocab_size, 1, max_vocab);
  check_range("vocab_used", vocab_used, 0, vocab_size);
  check_range("n_heads", n_heads, 1, max_heads);
  check_range("head_dim", head_dim, 1, max_head_dim);
  check_range("n_heads x head_dim", d_inner(), 1, max_d_inner);
  check_range("d_state", d_state, 1, max_state);
  check_range("n_groups", n_groups, 1, n_heads);
  if (n_heads % n_groups != 0) {
    throw FormatError("n_heads: " + std::to_string(n_heads) + ", want a multiple of n_groups " +
                      std::to_string(n_groups));
  }
  check_range("d_conv", d_conv, 2, max_conv_width);
  if (!(norm_eps > 0.0f) || !(norm_eps < 1.0f)) {
    throw FormatError("norm_eps: " + std::to_string(norm_eps) + ", want more than 0 and less than 1");
  }
  if (!(dt_min >= 0.0f) || !(dt_max > dt_min) || std::isinf(dt_min)) {
    throw FormatError("time_step_limit: " + std::to_string(dt_min) + " to " + std::to_string(dt_max) +
                      ", want 0 <= least < most");
  }
  check_range("bos_token", bos_token, -1, vocab_size - 1);
  check_range("eos_token", eos_token, -1, vocab_size - 1);
}

}  // namespace holdfast
