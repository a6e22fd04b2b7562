#include "engine/convert_vocabulary.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/byte_reader.h"
#include "engine/json.h"
#include "engine/mapped_file.h"
#include "engine/tokenizer.h"
#include "engine/tokenizer_load.h"
#include "engine/tokenizer_spm_model.h"
#include "kernels/error.h"

namespace holdfast {

namespace {
namespace fs = std::filesystem;

// Token types of GGUF, the same numbers as SentencePiece's.
enum GgufTokenType : std::int32_t { gguf_normal = 1, gguf_control = 3, gguf_user_defined = 4, gguf_unused = 5 };

struct VocabularyTable {
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<std::int32_t> types;

  explicit VocabularyTable(std::int64_t vocab_size) {
    const auto size = static_cast<std::size_t>(vocab_size);
    for (std::size_t i = 0; i < size; ++i) tokens.push_back("[PAD" + std::to_string(i) + "]");
    scores.assign(size, -10000.0f);
    types.assign(size, gguf_unused);
  }
};

std::string file_text(const fs::path& file, std::size_t max_bytes) {
  const auto mapped = MappedFile::open(file);
  const auto bytes = mapped->bytes();
  if (bytes.size() > max_bytes) throw FormatError(file.string() + ": longer than a tokenizer may be");
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The value of a varint field in a protobuf message, or `otherwise`. The message was checked when it was parsed.
std::uint64_t wire_varint(std::string_view message, std::uint64_t field, std::uint64_t otherwise) {
  ByteReader reader(std::as_bytes(std::span(message.data(), message.size())), "protobuf");
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = reader.number<std::uint8_t>("a varint");
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  };
  while (reader.left() > 0) {
    const std::uint64_t tag = varint();
    switch (tag & 7) {
      case 0:
        if (const std::uint64_t value = varint(); tag >> 3 == field) otherwise = value;
        break;
      case 1: (void)reader.take(8, "a field"); break;
      case 2: (void)reader.take(varint(), "a field"); break;
      case 5: (void)reader.take(4, "a field"); break;
      default: throw FormatError("a protobuf field of wire type " + std::to_string(tag & 7));
    }
  }
  return otherwise;
}

void add_ends(GgufWriter& writer, const Tokenizer& tokenizer) {
  if (const auto id = tokenizer.bos()) writer.add("tokenizer.ggml.bos_token_id", static_cast<std::uint32_t>(*id));
  if (const auto id = tokenizer.eos()) writer.add("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(*id));
  writer.add("tokenizer.ggml.add_bos_token", tokenizer.adds_bos());
}

bool add_sentencepiece(GgufWriter& writer, const fs::path& file, const Tokenizer& tokenizer, std::int64_t vocab_size) {
  constexpr std::uint64_t trainer_model_type = 3;
  constexpr std::uint64_t type_unigram = 1;
  constexpr std::uint64_t type_bpe = 2;
  constexpr std::uint64_t normalizer_remove_extra = 4;
  const SpmModel model = SpmModel::parse(file_text(file, max_tokenizer_bytes), file.string());
  // "llama" in GGUF means merging by score; a unigram model would be cut differently.
  if (wire_varint(model.trainer_spec, trainer_model_type, type_unigram) != type_bpe) return false;
  if (model.pieces.size() > static_cast<std::size_t>(vocab_size)) return false;
  VocabularyTable table(vocab_size);
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    table.tokens[i] = model.pieces[i].text;
    table.scores[i] = model.pieces[i].score;
    table.types[i] = static_cast<std::int32_t>(model.pieces[i].type);
    if (model.pieces[i].type == SpmPiece::Type::unknown) {
      writer.add("tokenizer.ggml.unknown_token_id", static_cast<std::uint32_t>(i));
    }
  }
  writer.add_text("tokenizer.ggml.model", "llama");
  writer.add_text("tokenizer.ggml.pre", "default");
  writer.add("tokenizer.ggml.tokens", std::move(table.tokens));
  writer.add("tokenizer.ggml.scores", std::move(table.scores));
  writer.add("tokenizer.ggml.token_type", std::move(table.types));
  writer.add("tokenizer.ggml.add_space_prefix", model.add_dummy_prefix);
  writer.add("tokenizer.ggml.remove_extra_whitespaces",
             wire_varint(model.normalizer_spec, normalizer_remove_extra, 1) != 0);
  add_ends(writer, tokenizer);
  return true;
}

// GGUF does not hold how a text is cut before merging; it has names for the ways that are known.
std::optional<std::string> gguf_pre_name(const JsonObject& file) {
  constexpr std::string_view llama3 =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  constexpr std::string_view qwen2 =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  const auto normalizer = file.object("normalizer");
  const std::string form = normalizer ? normalizer->string("type").value_or("") : "";
  const auto pre = file.object("pre_tokenizer");
  if (!pre || (!form.empty() && form != "NFC")) return std::nullopt;
  std::vector<JsonObject> steps;
  if (pre->string("type") == "Sequence") {
    const Json* list = pre->find("pretokenizers");
    if (list == nullptr || !list->is_array()) return std::nullopt;
    for (const Json& step : *list) steps.emplace_back(step, pre->label());
  } else {
    steps.push_back(*pre);
  }
  if (steps.empty() || steps.back().string("type") != "ByteLevel") return std::nullopt;
  const JsonObject& bytes = steps.back();
  if (bytes.boolean("add_prefix_space").value_or(true)) return std::nullopt;
  const bool gpt2_pattern = bytes.boolean("use_regex").value_or(true);
  if (steps.size() == 1 && gpt2_pattern) return form == "NFC" ? "olmo" : "gpt-2";
  if (steps.size() != 2) return std::nullopt;
  const std::string first = steps[0].string("type").value_or("");
  if (first == "Digits" && gpt2_pattern && form.empty() && steps[0].boolean("individual_digits").value_or(false)) {
    return "smollm";
  }
  const auto pattern = steps[0].object("pattern");
  if (first != "Split" || gpt2_pattern || !pattern || steps[0].string("behavior") != "Isolated") return std::nullopt;
  const std::string regex = pattern->string("Regex").value_or("");
  if (regex == llama3 && form.empty()) return "llama-bpe";
  if (regex == qwen2 && form == "NFC") return "qwen2";
  return std::nullopt;
}

// False when a token lies outside the model's vocabulary.
bool fill_table(VocabularyTable& table, const JsonObject& file, const JsonObject& model) {
  const auto size = static_cast<std::int64_t>(table.tokens.size());
  const auto set = [&](std::string text, const Json* id, std::int32_t type) {
    if (id == nullptr || !id->is_number_integer() || *id < 0 || *id >= size) return false;
    table.tokens[id->get<std::size_t>()] = std::move(text);
    table.types[id->get<std::size_t>()] = type;
    return true;
  };
  const Json* vocabulary = model.find("vocab");
  if (vocabulary == nullptr) return false;
  for (const auto& [text, id] : vocabulary->items()) {
    if (!set(text, &id, gguf_normal)) return false;
  }
  const Json* added = file.find("added_tokens");
  if (added == nullptr) return true;
  for (const Json& entry : *added) {
    const JsonObject token(entry, file.label() + ": added_tokens");
    const bool special = token.boolean("special").value_or(false);
    if (!set(token.string("content").value_or(""), token.find("id"), special ? gguf_control : gguf_user_defined)) {
      return false;
    }
  }
  return true;
}

bool add_byte_bpe(GgufWriter& writer, const fs::path& file, const Tokenizer& tokenizer, std::int64_t vocab_size) {
  const Json json = read_json(file, max_tokenizer_bytes);
  const JsonObject object(json, file.string());
  const auto model = object.object("model");
  const auto pre = gguf_pre_name(object);
  if (!model || !pre || model->boolean("byte_fallback").value_or(false)) return false;
  VocabularyTable table(vocab_size);
  if (!fill_table(table, object, *model)) return false;
  std::vector<std::string> merges;
  for (const Json& merge : *model->find("merges")) {
    merges.push_back(merge.is_string() ? merge.get<std::string>()
                                       : merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  }
  writer.add_text("tokenizer.ggml.model", "gpt2");
  writer.add("tokenizer.ggml.pre", *pre);
  writer.add("tokenizer.ggml.tokens", std::move(table.tokens));
  writer.add("tokenizer.ggml.token_type", std::move(table.types));
  writer.add("tokenizer.ggml.merges", std::move(merges));
  add_ends(writer, tokenizer);
  return true;
}

// The keys of another GGUF, as they are.
bool copy_gguf_vocabulary(GgufWriter& writer, const fs::path& file) {
  const GgufFile source = GgufFile::open(file);
  for (const GgufFile::Value& value : source.values()) {
    if (value.key.starts_with("tokenizer.")) writer.add(value);
  }
  return true;
}

bool add_known_vocabulary(GgufWriter& writer, const Checkpoint& checkpoint) {
  const TokenizerSource source = checkpoint.tokenizer();
  const std::int64_t vocab_size = checkpoint.config().vocab_size;
  if (source.kind == TokenizerSource::Kind::none) return false;
  if (source.kind == TokenizerSource::Kind::gguf) return copy_gguf_vocabulary(writer, source.path);
  // Loading it first refuses damaged files, so that what follows may trust their shape.
  const auto tokenizer = Tokenizer::load(source);
  return source.kind == TokenizerSource::Kind::sentencepiece
             ? add_sentencepiece(writer, source.path, *tokenizer, vocab_size)
             : add_byte_bpe(writer, source.path, *tokenizer, vocab_size);
}

void write_spm_of_gguf(const GgufFile& gguf, const fs::path& folder) {
  if (gguf.string("tokenizer.ggml.model") != "llama") return;
  const auto tokens = gguf.strings("tokenizer.ggml.tokens");
  const auto scores = gguf.floats("tokenizer.ggml.scores");
  const auto types = gguf.integers("tokenizer.ggml.token_type");
  if (!tokens || !scores || !types || scores->size() != tokens->size() || types->size() != tokens->size()) return;
  SpmModel model;
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    if ((*types)[i] < 1 || (*types)[i] > 6) return;
    model.pieces.push_back({std::string((*tokens)[i]), (*scores)[i], static_cast<SpmPiece::Type>((*types)[i])});
  }
  const bool prefix = gguf.boolean("tokenizer.ggml.add_space_prefix").value_or(true);
  model.set_plain_bpe(prefix, gguf.boolean("tokenizer.ggml.remove_extra_whitespaces").value_or(false));
  model.check(gguf.label());
  write_file_atomically(folder / "tokenizer.model", model.serialize({prefix, false}));
}
}  // namespace

std::uint32_t gguf_file_type(ConvertDType dtype) noexcept {
  switch (dtype) {
    case ConvertDType::f32: return 0;
    case ConvertDType::bf16: return 32;
    case ConvertDType::q8: return 7;
    case ConvertDType::q4: return 3;
  }
  return 0;
}

void add_gguf_vocabulary(GgufWriter& writer, const Checkpoint& checkpoint) {
  if (add_known_vocabulary(writer, checkpoint)) return;
  const Mamba2Config& config = checkpoint.config();
  writer.add_text("tokenizer.ggml.model", "no_vocab");
  const auto id = [](std::int32_t token) { return static_cast<std::uint32_t>(token); };
  if (config.bos_token >= 0) writer.add("tokenizer.ggml.bos_token_id", id(config.bos_token));
  if (config.eos_token >= 0) writer.add("tokenizer.ggml.eos_token_id", id(config.eos_token));
}

void add_dummy_vocabulary(GgufWriter& writer, std::int64_t vocab_size) {
  VocabularyTable table(vocab_size);
  for (std::size_t i = 0; i < table.tokens.size(); ++i) table.tokens[i] = "t" + std::to_string(i);
  std::fill(table.types.begin(), table.types.end(), static_cast<std::int32_t>(gguf_normal));
  writer.add_text("tokenizer.ggml.model", "llama");
  writer.add_text("tokenizer.ggml.pre", "default");
  writer.add("tokenizer.ggml.tokens", std::move(table.tokens));
  writer.add("tokenizer.ggml.scores", std::move(table.scores));
  writer.add("tokenizer.ggml.token_type", std::move(table.types));
}

void copy_tokenizer(const Checkpoint& checkpoint, const fs::path& folder) {
  const TokenizerSource source = checkpoint.tokenizer();
  if (source.kind == TokenizerSource::Kind::none) return;
  if (source.kind == TokenizerSource::Kind::gguf) return write_spm_of_gguf(GgufFile::open(source.path), folder);
  const fs::path from = source.path.parent_path();
  for (const char* name : {"tokenizer.model", "tokenizer.model.v3", "tokenizer.json", "tokenizer_config.json",
                           "special_tokens_map.json", "added_tokens.json", "chat_template.jinja"}) {
    if (fs::is_regular_file(from / name)) fs::copy_file(from / name, folder / name);
  }
}

}  // namespace holdfast
