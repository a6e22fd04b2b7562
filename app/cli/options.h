// Options that several commands share, and what they mean to the engine.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/sampler.h"
#include "engine/token.h"
#include "engine/weights.h"
#include "kernels/tensor.h"

namespace holdfast::cli {

struct OutputOptions {
  bool json = false;
  std::string out;
  void add_to(CLI::App& app);
};

struct DeviceOptions {
  int threads = 0;  // 0 = one per core
  std::string device = "cpu";
  std::string dtype = "stored";
  std::string state_dtype = "f32";
  void add_to(CLI::App& app);
  [[nodiscard]] LoadDType load_dtype() const;
  [[nodiscard]] DType state_type() const;  // throws UsageError for bf16 on the CPU
};

struct SamplerOptions {
  SampleParams params{.temperature = 0.8f, .top_p = 0.95f};
  std::optional<std::uint64_t> seed;
  std::int64_t max_tokens = 8192;
  bool greedy = false;
  std::vector<std::string> stop;
  void add_to(CLI::App& app);
  // Checked; a seed is drawn when none was given, so that a result can name the seed that gives it again.
  // What was not given on the command line is as the model's makers advise. Throws UsageError.
  [[nodiscard]] SamplerConfig config(const SamplingAdvice& advice = {}) const;

 private:
  CLI::Option* temperature_ = nullptr;
  CLI::Option* top_p_ = nullptr;
  CLI::Option* repetition_penalty_ = nullptr;
};

struct DialogueOptions {
  std::string template_name;  // empty: the checkpoint's own
  std::string system;
  void add_to(CLI::App& app);
};

// "1,2,3" or numbers apart by spaces, commas or line ends, with or without [ ]. `source` is what messages call the
// text. Throws FormatError for what is no whole number or not below 2^31.
[[nodiscard]] std::vector<TokenId> parse_ids(std::string_view text, std::string_view source);
// Throws FormatError naming the first id outside [0, vocab_size) and its place.
void check_ids(std::span<const TokenId> ids, std::int64_t vocab_size, std::string_view source);
// A list of whole numbers within [least, most], e.g. "512,2048". Throws UsageError.
[[nodiscard]] std::vector<std::int64_t> parse_counts(std::string_view text, std::string_view option, std::int64_t least,
                                                     std::int64_t most);

}  // namespace holdfast::cli
