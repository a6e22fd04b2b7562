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

  // SentencePiece model (tokenizer.model, tokenizer.model.v3), Hugging Face tokenizer.json (BPE: byte-level, or in the
  // manner of SentencePiece), or the tokenizer inside a GGUF. A tokenizer_config.json beside the file may name BOS and
  // EOS. Throws IoError; FormatError for a damaged file and, by name, for every part that is not implemented.
  [[nodiscard]] static std::unique_ptr<const Tokenizer> load(const TokenizerSource& source);

  // Total: every byte string encodes. No BOS or EOS is added. Markers that stand in the text become their single token
  // only with parse_special. Markers are control tokens, and added or user-defined tokens that are special or in
  // brackets: <|im_end|>, <think>, [INST]; other added tokens (runs of spaces, say) are ordinary vocabulary. The
  // exceptions: ArgumentError for a text of 1 GiB or more, FormatError where a pattern of the file does not end.
  [[nodiscard]] virtual std::vector<TokenId> encode(std::string_view text, bool parse_special = false) const = 0;
  // As encode, for text in the middle of a sequence: without the space that SentencePiece puts before a text.
  [[nodiscard]] virtual std::vector<TokenId> encode_continuation(std::string_view text,
                                                                 bool parse_special = false) const {
    return encode(text, parse_special);
  }
  // The ids that the reference implementation gives for this text: Hugging Face reads all markers, SentencePiece reads
  // user-defined pieces but never control pieces.
  [[nodiscard]] virtual std::vector<TokenId> encode_as_reference(std::string_view text) const {
    return encode(text, true);
  }
  // Text of a sequence as its reference implementation decodes it; special tokens included or left out. Ill-formed
  // bytes of a byte-level vocabulary stay as they are, so decode(encode(s)) == s where no normaliser is at work. Ids
  // that the vocabulary does not have are left out.
  [[nodiscard]] virtual std::string decode(std::span<const TokenId> ids, bool skip_special = true) const = 0;
  // The bytes that this token adds in the middle of a text (for streaming); may end inside a character; empty for
  // special tokens, except <think> and </think>, which a reader needs. Joined over a sequence they are decode(ids), up
  // to the leading space of SentencePiece and to U+FFFD for ill-formed bytes.
  [[nodiscard]] virtual std::string_view bytes(TokenId id) const = 0;
  // The token's own name, markers included: what the inspector shows.
  [[nodiscard]] virtual std::string piece(TokenId id) const = 0;
  [[nodiscard]] virtual std::optional<TokenId> find(std::string_view piece) const = 0;
  [[nodiscard]] virtual std::int32_t size() const noexcept = 0;
  [[nodiscard]] virtual std::optional<TokenId> bos() const noexcept = 0;
  [[nodiscard]] virtual std::optional<TokenId> eos() const noexcept = 0;
  // A sequence begins with BOS, as the model was trained (tokenizer_config.json, post_processor, GGUF's add_bos_token;
  // a SentencePiece vocabulary with BOS unless told otherwise).
  [[nodiscard]] virtual bool adds_bos() const noexcept { return false; }
  [[nodiscard]] virtual std::string_view kind() const noexcept = 0;  // "sentencepiece", "byte-level bpe", ...
};

}  // namespace holdfast
