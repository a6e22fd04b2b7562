// Tokenizers from bytes already in memory: what Tokenizer::load calls once it knows the kind. The bytes are hostile
// until checked; `name` is what messages call them. All throw FormatError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tokenizer.h"

namespace holdfast {

// What lies beside the tokenizer's own file: tokenizer_config.json.
struct TokenizerHints {
  std::optional<std::string> bos, eos;
  std::optional<bool> add_bos;
};
[[nodiscard]] TokenizerHints parse_tokenizer_config(std::string_view json, const std::string& name);

// The tokenizer keys of a GGUF, taken out of its metadata.
struct GgufVocabulary {
  std::string model, pre;  // tokenizer.ggml.model, tokenizer.ggml.pre (empty when absent)
  std::vector<std::string> tokens;
  std::vector<float> scores;        // "llama"; or empty
  std::vector<std::int32_t> types;  // 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; or empty
  std::vector<std::string> merges;  // "gpt2"
  std::optional<std::int64_t> bos, eos;
  std::optional<bool> add_bos, add_space_prefix, remove_extra_whitespaces;
};

[[nodiscard]] std::unique_ptr<const Tokenizer> make_sentencepiece(std::string_view bytes, const std::string& name,
                                                                  const TokenizerHints& hints = {});
[[nodiscard]] std::unique_ptr<const Tokenizer> make_sentencepiece(const GgufVocabulary& vocabulary,
                                                                  const std::string& name);
[[nodiscard]] std::unique_ptr<const Tokenizer> make_tokenizer_json(std::string_view json, const std::string& name,
                                                                   const TokenizerHints& hints = {});
[[nodiscard]] std::unique_ptr<const Tokenizer> make_byte_bpe(const GgufVocabulary& vocabulary, const std::string& name);

// Files and texts larger than this are not tokenizers, and not for one call of encode.
inline constexpr std::size_t max_tokenizer_bytes = std::size_t{128} << 20;
inline constexpr std::size_t max_encode_bytes = std::size_t{1} << 30;

// "<|im_end|>", "<think>", "[INST]": not to be read in the text of a message.
[[nodiscard]] bool is_bracketed(std::string_view piece) noexcept;
// <think> and </think>: shown even where the vocabulary calls them special.
[[nodiscard]] bool is_thought_marker(std::string_view piece) noexcept;
void check_encode_size(std::string_view text);  // throws ArgumentError

}  // namespace holdfast
