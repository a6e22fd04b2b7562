// What is known of a checkpoint without loading it: its files are opened and checked, no weight is read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/catalogue/catalogue.h"
#include "engine/checkpoint.h"
#include "engine/config.h"
#include "engine/tokenizer.h"
#include "engine/weights.h"

namespace holdfast {

inline constexpr std::array<LoadDType, 5> all_load_dtypes = {LoadDType::stored, LoadDType::f32, LoadDType::bf16,
                                                             LoadDType::q8, LoadDType::q4};

// A number format the model may be kept in.
struct FormatFacts {
  LoadDType dtype = LoadDType::stored;
  std::optional<std::size_t> weight_bytes;  // in memory, on the CPU; absent: a width its blocks cannot hold
  // Read and written for a token of one sequence: every weight that is multiplied once, the state twice. What the
  // memory's bandwidth divided by this gives is the most tokens per second there can be.
  double bytes_per_token = 0.0;
};

struct ModelFacts {
  std::string layout;
  Mamba2Config config;
  std::int64_t parameters = 0;  // elements of the stored tensors; a tied head counts once
  std::string number_formats;   // as stored: "bf16, f32"
  std::size_t stored_bytes = 0;
  std::array<FormatFacts, all_load_dtypes.size()> formats;
  std::size_t state_bytes = 0;  // of one sequence
  std::string tokenizer_kind;   // empty: there is none, so it cannot read or write text
  std::int64_t tokens = 0;
  std::string tokenizer_fault;  // why the tokenizer cannot be used
  std::string chat_format;      // empty without a tokenizer
  SamplingAdvice sampling;
};

[[nodiscard]] ModelFacts model_facts(const Checkpoint& checkpoint);

// The tokenizer of a checkpoint. Throws FormatError when it has none, or one with more tokens than the model knows.
[[nodiscard]] std::shared_ptr<const Tokenizer> checkpoint_tokenizer(const Checkpoint& checkpoint);

// What lies beside the weights, as far as it is there.
struct ModelCard {
  std::string text;          // README.md without its head of YAML, at most 256 KiB
  std::string licence;       // named in that head: "apache-2.0"
  std::string licence_text;  // of a file LICENSE or LICENCE, at most 64 KiB
  std::string source;        // where a download came from: "huggingface.co/OWNER/NAME@main"
};
[[nodiscard]] ModelCard model_card(const std::filesystem::path& model);

// What was made for a model and is kept beside it.
struct ModelExtra {
  enum class Kind { adapter, state } kind = Kind::adapter;
  std::filesystem::path path;
};
// Adapters (PEFT folders) and state files in a model's folder, one level deep, and adapters in DATA/runs that name this
// model as their base.
[[nodiscard]] std::vector<ModelExtra> model_extras(const CatalogueEntry& model, const std::filesystem::path& data);

// Bytes of a file, or of all files in a folder; links are counted as what they point to.
[[nodiscard]] std::uintmax_t bytes_on_disk(const std::filesystem::path& path);

}  // namespace holdfast
