// Text to tokens and back: the one place. Immutable, safe to share between threads.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/token.h"

namespace holdfast {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // SentencePiece model (tokenizer.model, tokenizer.model.v3), Hugging Face tokenizer.json (byte-level BPE; or
  // SentencePiece-style BPE and Unigram), or the tokenizer inside a GGUF. Throws IoError, FormatError.
  [[nodiscard]] static std::unique_ptr<const Tokenizer> load(const TokenizerSource& source);

  // Total: every byte string encodes. No BOS or EOS is added. Markers (control or added tokens such as <|im_end|>) that
  // stand in the text become their single token only with parse_special.
  [[nodiscard]] virtual std::vector<TokenId> encode(std::string_view text, bool parse_special = false) const = 0;
  // Text of a sequence as its reference implementation decodes it; special tokens included or left out.
  [[nodiscard]] virtual std::string decode(std::span<const TokenId> ids, bool skip_special = true) const = 0;
  // The bytes that this token adds in the middle of a text (for streaming); may end inside a character; empty for
  // control tokens.
  [[nodiscard]] virtual std::string_view bytes(TokenId id) const = 0;
  // The token's own name, markers included: what the inspector shows.
  [[nodiscard]] virtual std::string piece(TokenId id) const = 0;
  [[nodiscard]] virtual std::optional<TokenId> find(std::string_view piece) const = 0;
  [[nodiscard]] virtual std::int32_t size() const noexcept = 0;
  [[nodiscard]] virtual std::optional<TokenId> bos() const noexcept = 0;
  [[nodiscard]] virtual std::optional<TokenId> eos() const noexcept = 0;
  [[nodiscard]] virtual std::string_view kind() const noexcept = 0;  // "sentencepiece", "byte-level bpe", ...
};

}  // namespace holdfast
