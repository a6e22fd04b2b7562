// The byte-level vocabulary inside a GGUF ("gpt2"). The file has tokens and merges; how a text is cut before merging it
// only names, and the normaliser it leaves out: both are the named vocabulary's own tokenizer.json.
#include <algorithm>

#include "engine/tokenizer_bpe.h"
#include "engine/tokenizer_load.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::string_view gguf_llama3_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view gguf_qwen2_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

bool gguf_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void gguf_pre_tokenizer(std::string_view pre, BpeDescription& description, const std::string& name) {
  PreTokenizer& steps = description.pre_tokenizer;
  if (gguf_one_of(pre, {"gpt-neox", "mpt", "olmo"})) {  // the GPT-NeoX-20B vocabulary and its kin
    description.normalizer.add_form(NormalForm::nfc);
    steps.add_byte_level(false, true);
  } else if (gguf_one_of(pre, {"gpt-2", "phi-2"})) {
    steps.add_byte_level(false, true);
  } else if (gguf_one_of(pre, {"llama-bpe", "llama3", "llama-v3"})) {
    description.ignore_merges = true;
    steps.add_split(gguf_llama3_pattern);
    steps.add_byte_level(false, false);
  } else if (pre == "qwen2") {
    description.normalizer.add_form(NormalForm::nfc);
    steps.add_split(gguf_qwen2_pattern);
    steps.add_byte_level(false, false);
  } else if (gguf_one_of(pre, {"starcoder", "refact", "smollm", "codeshell"})) {
    steps.add_split(R"(\p{N})");
    steps.add_byte_level(false, true);
  } else if (gguf_one_of(pre, {"", "default"})) {
    steps.add_split(R"([\p{P}\$\+<=>\^~\|]+)");
    steps.add_split(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))");
    steps.add_split(R"(\p{N}+)");
    steps.add_split(R"([0-9][0-9][0-9])");
    steps.add_byte_level(false, false);
  } else {
    throw FormatError(name + ": tokenizer.ggml.pre " + std::string(pre) + " is not supported");
  }
  description.decoder.add_byte_level();
}

}  // namespace

std::unique_ptr<const Tokenizer> make_byte_bpe(const GgufVocabulary& vocabulary, const std::string& name) {
  const std::size_t count = vocabulary.tokens.size();
  if (!vocabulary.types.empty() && vocabulary.types.size() != count) {
    throw FormatError(name + ": " + std::to_string(count) + " tokens and " + std::to_string(vocabulary.types.size()) +
                      " token types, want as many of each");
  }
  BpeDescription description;
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<TokenId>(i);
    const std::string& token = vocabulary.tokens[i];
    const std::int32_t type = vocabulary.types.empty() ? 1 : vocabulary.types[i];
    if (type < 1 || type > 6) {
      throw FormatError(name + ": tokenizer.ggml.token_type " + std::to_string(type) + ", known are 1 to 6");
    }
    if (type == 3 || type == 4) {
      description.added.push_back({id, token, type == 3, false, false, false, false});
    } else if (type != 5) {
      description.vocabulary.emplace_back(token, id);
    }
  }
  for (std::size_t i = 0; i < vocabulary.merges.size(); ++i) {
    const std::string& merge = vocabulary.merges[i];
    // The first space may be a piece's own only at its very beginning.
    const std::size_t space = merge.find(' ', 1);
    if (space == std::string::npos || space + 1 == merge.size()) {
      throw FormatError(name + ": tokenizer.ggml.merges[" + std::to_string(i) + "]: \"" + merge +
                        "\", want two pieces");
    }
    description.merges.emplace_back(merge.substr(0, space), merge.substr(space + 1));
  }
  gguf_pre_tokenizer(vocabulary.pre, description, name);
  const auto id_of = [&](std::optional<std::int64_t> id) {
    return id && *id >= 0 && *id < static_cast<std::int64_t>(count) ? std::optional(static_cast<TokenId>(*id))
                                                                    : std::nullopt;
  };
  description.bos = id_of(vocabulary.bos);
  description.eos = id_of(vocabulary.eos);
  description.adds_bos = vocabulary.add_bos.value_or(false);
  return make_bpe_tokenizer(std::move(description), name);
}

}  // namespace holdfast
