// Low-rank adapters (arXiv 2106.09685): W + (alpha / rank) B A beside a frozen W. Files are those of PEFT: a folder
// with adapter_config.json and adapter_model.safetensors.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/config.h"

namespace holdfast {

// Matrices that can have an adapter. With tied embeddings `embedding` and `lm_head` are one matrix with one adapter,
// named embedding: it acts in both places.
struct LoraTargets {
  bool in_proj = true;
  bool out_proj = true;
  bool embedding = false;
  bool lm_head = false;
  bool operator==(const LoraTargets&) const = default;
};

struct LoraConfig {
  std::int64_t rank = 16;
  float alpha = 32.0f;
  LoraTargets targets;
  // Throws ArgumentError naming the field: rank from 1, at most the smaller side of each matrix; alpha finite, not 0;
  // at least one target.
  void validate(const Mamba2Config& config) const;
  [[nodiscard]] float scale() const noexcept { return alpha / static_cast<float>(rank); }
};

// One adapted matrix W (rows, cols).
struct LoraMatrix {
  std::string name;  // canonical: "layers.3.in_proj", "embedding", "lm_head"
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<float> a;  // (rank, cols)
  std::vector<float> b;  // (rows, rank)
};

// The matrices that `config` adapts in a model of this shape, in canonical order and without values.
[[nodiscard]] std::vector<LoraMatrix> lora_matrices(const Mamba2Config& model, const LoraConfig& config);

struct LoraAdapter {
  LoraConfig config;
  std::string base;              // what it was trained on: a folder, a file or a name
  std::string base_fingerprint;  // of its weights (Checkpoint::fingerprint); empty: not known
  std::vector<LoraMatrix> matrices;

  // Written aside, synced, renamed; `folder` must not exist. Throws IoError, ArgumentError.
  void save(const std::filesystem::path& folder) const;
  // Every name, shape and value is checked. Throws IoError; FormatError for what Holdfast cannot apply: other kinds of
  // adapters, biases, modules that a Mamba-2 model has not, a shape that is not this model's.
  [[nodiscard]] static LoraAdapter load(const std::filesystem::path& folder, const Mamba2Config& model);
};

// The base with the adapter added into its matrices, in memory; an adapted matrix is W + scale B A summed in double and
// rounded to f32 once, the rest stays as the base has it. `path`: where the result says that it is. Throws FormatError
// when they do not fit.
[[nodiscard]] std::shared_ptr<const Checkpoint> merge(std::shared_ptr<const Checkpoint> base,
                                                      const LoraAdapter& adapter, std::filesystem::path path = {});

}  // namespace holdfast
