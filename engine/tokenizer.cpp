#include "engine/tokenizer.h"

#include <cstddef>
#include <system_error>

#include "engine/gguf.h"
#include "engine/mapped_file.h"
#include "engine/tokenizer_load.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

std::string_view tokenizer_text(const MappedFile& file) {
  const auto bytes = file.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// BOS, EOS and whether BOS is added stand beside the tokenizer's file, where they stand at all.
TokenizerHints tokenizer_hints(const fs::path& tokenizer_file) {
  const fs::path file = tokenizer_file.parent_path() / "tokenizer_config.json";
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return {};
  return parse_tokenizer_config(tokenizer_text(*MappedFile::open(file)), file.filename().string());
}

template <class To, class From>
std::vector<To> tokenizer_convert(const std::optional<std::vector<From>>& values) {
  if (!values) return {};
  std::vector<To> converted;
  converted.reserve(values->size());
  for (const From& value : *values) converted.push_back(static_cast<To>(value));
  return converted;
}

std::unique_ptr<const Tokenizer> tokenizer_from_gguf(const fs::path& path) {
  const GgufFile file = GgufFile::open(path);
  const auto key = [](const char* name) { return std::string("tokenizer.ggml.") + name; };
  const auto tokens = file.strings(key("tokens"));
  if (!tokens) throw FormatError(file.label() + ": has no tokenizer.ggml.tokens");
  GgufVocabulary vocabulary;
  vocabulary.model = file.string(key("model")).value_or("");
  vocabulary.pre = file.string(key("pre")).value_or("");
  vocabulary.tokens = tokenizer_convert<std::string>(tokens);
  vocabulary.merges = tokenizer_convert<std::string>(file.strings(key("merges")));
  vocabulary.types = tokenizer_convert<std::int32_t>(file.integers(key("token_type")));
  vocabulary.scores = file.floats(key("scores")).value_or(std::vector<float>());
  vocabulary.bos = file.integer(key("bos_token_id"));
  vocabulary.eos = file.integer(key("eos_token_id"));
  vocabulary.add_bos = file.boolean(key("add_bos_token"));
  vocabulary.add_space_prefix = file.boolean(key("add_space_prefix"));
  vocabulary.remove_extra_whitespaces = file.boolean(key("remove_extra_whitespaces"));
  if (vocabulary.model == "gpt2") return make_byte_bpe(vocabulary, file.label());
  if (vocabulary.model == "llama") return make_sentencepiece(vocabulary, file.label());
  throw FormatError(file.label() + ": tokenizer.ggml.model " + vocabulary.model +
                    " is not supported, gpt2 and llama are");
}

}  // namespace

std::unique_ptr<const Tokenizer> Tokenizer::load(const TokenizerSource& source) {
  using Kind = TokenizerSource::Kind;
  const std::string name = source.path.filename().string();
  switch (source.kind) {
    case Kind::sentencepiece: {
      const auto file = MappedFile::open(source.path);
      return make_sentencepiece(tokenizer_text(*file), name, tokenizer_hints(source.path));
    }
    case Kind::tokenizer_json: {
      const auto file = MappedFile::open(source.path);
      return make_tokenizer_json(tokenizer_text(*file), name, tokenizer_hints(source.path));
    }
    case Kind::gguf: return tokenizer_from_gguf(source.path);
    case Kind::none: break;
  }
  throw FormatError("the checkpoint has no tokenizer: no tokenizer.model, tokenizer.json or GGUF vocabulary");
}

bool is_bracketed(std::string_view piece) noexcept {
  if (piece.size() < 3) return false;
  const char first = piece.front(), last = piece.back();
  return (first == '<' && last == '>') || (first == '[' && last == ']');
}

bool is_thought_marker(std::string_view piece) noexcept { return piece == "<think>" || piece == "</think>"; }

void check_encode_size(std::string_view text) {
  if (text.size() < max_encode_bytes) return;
  throw ArgumentError("encode: a text of " + std::to_string(text.size()) + " bytes, want less than " +
                      std::to_string(max_encode_bytes));
}

}  // namespace holdfast
