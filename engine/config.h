// Shape and constants of a Mamba-2 language model (arXiv 2405.21060), whatever file they came from.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace holdfast {

struct Mamba2Config {
  std::int64_t d_model = 0;     // D
  std::int64_t n_layer = 0;     // L
  std::int64_t vocab_size = 0;  // V: rows of the embedding, padding included
  std::int64_t vocab_used = 0;  // ids below this are real tokens; 0 = all
  std::int64_t n_heads = 0;     // H
  std::int64_t head_dim = 64;   // P
  std::int64_t d_state = 128;   // N
  std::int64_t n_groups = 1;    // G
  std::int64_t d_conv = 4;      // K
  float norm_eps = 1e-5f;
  float dt_min = 0.0f;  // time_step_limit
  float dt_max = std::numeric_limits<float>::infinity();
  bool tied_embeddings = false;
  bool linear_bias = false;  // in_proj and out_proj
  bool conv_bias = true;
  std::int32_t bos_token = -1;  // -1 = none named
  std::int32_t eos_token = -1;

  [[nodiscard]] std::int64_t d_inner() const noexcept { return n_heads * head_dim; }                     // E
  [[nodiscard]] std::int64_t conv_dim() const noexcept { return d_inner() + 2 * n_groups * d_state; }    // C
  [[nodiscard]] std::int64_t in_proj_rows() const noexcept { return d_inner() + conv_dim() + n_heads; }  // z|x|B|C|dt
  [[nodiscard]] std::int64_t state_floats() const noexcept {  // of one sequence: ssm and conv
    return n_layer * (n_heads * head_dim * d_state + conv_dim() * (d_conv - 1));
  }
  // Throws FormatError naming the field, its value and the rule it breaks. Bounds every field, so that no later
  // product of them overflows.
  void validate() const;
  bool operator==(const Mamba2Config&) const = default;
};

}  // namespace holdfast
