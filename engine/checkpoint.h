// A checkpoint on disk, whichever layout it is published in, seen as one list of tensors under one set of names.
//
// * Hugging Face: a folder with config.json (model_type mamba2; a bare Infinity is allowed, `architectures` may be
//   missing) and model.safetensors, or its shards with an index. The same as pytorch_model.bin.
// * mamba_ssm: a folder with config.json (ssm_cfg.layer "Mamba2") and pytorch_model.bin, or model.safetensors.
// * Mistral: a folder with params.json and consolidated.safetensors.
// * GGUF: one file, version 2 or 3, general.architecture "mamba2".
//
// Canonical names: embedding, norm_f, lm_head (absent when tied) and, for each layer i, layers.i.{norm, in_proj,
// in_proj_bias, conv_weight, conv_bias, dt_bias, A_log or A, D, gate_norm, out_proj, out_proj_bias}.
// Canonical shapes: matrices (rows, cols); conv_weight (C, K); vectors (n). Files are memory-mapped and hostile until
// checked: opening verifies every name, shape, size and offset; values are verified when they are packed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config.h"
#include "kernels/tensor.h"
#include "kernels/weight.h"

namespace holdfast {

enum class CheckpointLayout { hugging_face, mamba_ssm, mistral, gguf };
[[nodiscard]] std::string_view name(CheckpointLayout) noexcept;

struct StoredTensor {
  std::string name;         // canonical
  std::string stored_name;  // as the file has it: what messages say
  WeightFormat format = WeightFormat::f32;
  Shape shape;                       // canonical
  std::span<const std::byte> bytes;  // encoded rows; valid while the checkpoint lives
};

// Where the tokenizer of a checkpoint is: a file of its own, or inside the GGUF.
struct TokenizerSource {
  enum class Kind { none, sentencepiece, tokenizer_json, gguf } kind = Kind::none;
  std::filesystem::path path;
};

// How the makers of a model want it sampled (generation_config.json); what they do not say is empty.
struct SamplingAdvice {
  std::optional<float> temperature;         // 0 to 10; 0 where do_sample is false
  std::optional<float> top_p;               // (0, 1]
  std::optional<float> repetition_penalty;  // (0, 10]
};

class Checkpoint {
 public:
  // `path`: a folder, or a file in it, or a GGUF. Throws IoError (not there, not readable) or FormatError (Mamba-1,
  // hybrid and attention models, missing or wrong tensors, truncated files).
  [[nodiscard]] static std::unique_ptr<const Checkpoint> open(const std::filesystem::path& path);
  virtual ~Checkpoint() = default;

  [[nodiscard]] virtual CheckpointLayout layout() const noexcept = 0;
  [[nodiscard]] virtual const Mamba2Config& config() const noexcept = 0;
  [[nodiscard]] virtual std::span<const StoredTensor> tensors() const noexcept = 0;  // complete and checked
  [[nodiscard]] virtual const std::filesystem::path& path() const noexcept = 0;
  [[nodiscard]] virtual TokenizerSource tokenizer() const = 0;
  // The checkpoint's own chat template (Jinja text), if it ships one: only looked at to choose ours by name.
  [[nodiscard]] virtual std::optional<std::string> chat_template_text() const = 0;
  [[nodiscard]] virtual SamplingAdvice sampling() const { return {}; }
  // The mapped pages of these bytes (part of a tensor's) are not needed again soon.
  virtual void release_pages(std::span<const std::byte> bytes) const noexcept = 0;

  [[nodiscard]] const StoredTensor* find(std::string_view canonical_name) const noexcept;
  [[nodiscard]] const StoredTensor& get(std::string_view canonical_name) const;  // throws FormatError
  [[nodiscard]] std::size_t stored_bytes() const noexcept;
  // 32 hexadecimal digits: XXH3-128 over the constants that no shape shows (groups, epsilon, limits of dt) and the
  // canonical names, formats, shapes and bytes. The layout does not count. Reads everything once;
  // `progress` hears how far it is (0 to 1), and ends it by throwing.
  [[nodiscard]] std::string fingerprint(const std::function<void(double)>& progress = {}) const;
};

}  // namespace holdfast
