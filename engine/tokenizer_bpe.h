// A tokenizer around byte pair encoding, as tokenizer.json and GGUF's "gpt2" describe it: added tokens, normaliser,
// pre-tokenizer, merges, decoder.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/tokenizer.h"
#include "engine/tokenizer_pipeline.h"

namespace holdfast {

struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool special = false;                 // left out by decode
  bool normalized = false;              // looked for in the normalised text
  bool single_word = false;             // not where a word goes on
  bool lstrip = false, rstrip = false;  // takes the white space beside it
};

struct BpeDescription {
  std::vector<std::pair<std::string, TokenId>> vocabulary;
  std::vector<std::pair<std::string, std::string>> merges;  // best first
  std::vector<AddedToken> added;
  TextNormalizer normalizer;
  PreTokenizer pre_tokenizer;
  TokenDecoder decoder;
  std::optional<std::string> unknown;
  bool fuse_unknown = false, byte_fallback = false, ignore_merges = false;
  std::optional<TokenId> bos, eos;
  bool adds_bos = false;
};

// Throws FormatError, its message beginning with `name`.
[[nodiscard]] std::unique_ptr<const Tokenizer> make_bpe_tokenizer(BpeDescription description, const std::string& name);

}  // namespace holdfast
