// Hugging Face's tokenizer.json.
#include <algorithm>

#include "engine/json.h"
#include "engine/tokenizer_bpe.h"
#include "engine/tokenizer_load.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

TokenId json_id(const Json& value, const std::string& label) {
  if (!value.is_number_integer() || value < 0 || value > INT32_MAX) {
    throw FormatError(label + ": id " + value.dump() + ", want a whole number of 0 to 2147483647");
  }
  return value.get<TokenId>();
}

// "a b", or ["a", "b"].
std::pair<std::string, std::string> json_merge(const Json& value, const std::string& label) {
  if (value.is_array() && value.size() == 2 && value[0].is_string() && value[1].is_string()) {
    return {value[0].get<std::string>(), value[1].get<std::string>()};
  }
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const std::size_t space = text.find(' ');
    if (space != std::string::npos && space > 0 && space + 1 < text.size() &&
        text.find(' ', space + 1) == std::string::npos) {
      return {text.substr(0, space), text.substr(space + 1)};
    }
  }
  throw FormatError(label + ": want two pieces");
}

void json_refuse_text(const JsonObject& model, const char* key) {
  const auto text = model.string(key);
  if (text && !text->empty()) throw FormatError(model.label() + ": " + key + " \"" + *text + "\" is not supported");
}

void json_model(const JsonObject& model, BpeDescription& description) {
  const std::string type = model.string("type").value_or(model.has("merges") ? "BPE" : "null");
  if (type != "BPE") throw FormatError(model.label() + ": type " + type + " is not supported, BPE is");
  if (model.number("dropout").value_or(0.0) != 0.0) throw FormatError(model.label() + ": dropout is not supported");
  json_refuse_text(model, "continuing_subword_prefix");
  json_refuse_text(model, "end_of_word_suffix");
  description.unknown = model.string("unk_token");
  description.fuse_unknown = model.boolean("fuse_unk").value_or(false);
  description.byte_fallback = model.boolean("byte_fallback").value_or(false);
  description.ignore_merges = model.boolean("ignore_merges").value_or(false);
  const Json* vocabulary = model.find("vocab");
  const Json* merges = model.find("merges");
  if (vocabulary == nullptr || !vocabulary->is_object()) throw FormatError(model.label() + ": vocab is not an object");
  if (merges == nullptr || !merges->is_array()) throw FormatError(model.label() + ": merges is not a list");
  for (const auto& [piece, id] : vocabulary->items()) {
    description.vocabulary.emplace_back(piece, json_id(id, model.label() + ".vocab." + piece));
  }
  for (std::size_t i = 0; i < merges->size(); ++i) {
    description.merges.push_back(json_merge((*merges)[i], model.label() + ".merges[" + std::to_string(i) + "]"));
  }
}

void json_added_tokens(const JsonObject& file, BpeDescription& description) {
  const Json* list = file.find("added_tokens");
  if (list == nullptr) return;
  if (!list->is_array()) throw FormatError(file.label() + ": added_tokens is not a list");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const JsonObject object((*list)[i], file.label() + ": added_tokens[" + std::to_string(i) + "]");
    const Json* id = object.find("id");
    const auto content = object.string("content");
    if (id == nullptr || !content) throw FormatError(object.label() + ": has no id or no content");
    AddedToken token;
    token.id = json_id(*id, object.label());
    token.content = *content;
    token.special = object.boolean("special").value_or(false);
    token.normalized = object.boolean("normalized").value_or(!token.special);
    token.single_word = object.boolean("single_word").value_or(false);
    token.lstrip = object.boolean("lstrip").value_or(false);
    token.rstrip = object.boolean("rstrip").value_or(false);
    description.added.push_back(std::move(token));
  }
}

// The token that a TemplateProcessing puts before a text, if it puts one.
std::optional<std::string> json_template_start(const Json& value, const std::string& label) {
  if (value.is_null()) return std::nullopt;
  const JsonObject object(value, label);
  const std::string type = object.string("type").value_or("");
  if (type == "Sequence") {
    const Json* processors = object.find("processors");
    if (processors == nullptr || !processors->is_array()) return std::nullopt;
    for (const Json& processor : *processors) {
      if (auto start = json_template_start(processor, label)) return start;
    }
  }
  const Json* single = type == "TemplateProcessing" ? object.find("single") : nullptr;
  if (single == nullptr || !single->is_array() || single->empty() || !single->front().is_object()) return std::nullopt;
  const auto special = JsonObject(single->front(), label + ".single[0]").object("SpecialToken");
  return special ? special->string("id") : std::nullopt;
}

std::optional<TokenId> json_find(const BpeDescription& description, const std::string& piece) {
  for (const AddedToken& token : description.added) {
    if (token.content == piece) return token.id;
  }
  for (const auto& [name, id] : description.vocabulary) {
    if (name == piece) return id;
  }
  return std::nullopt;
}

// tokenizer.json itself names no ends: the files beside it do, else the names that published vocabularies use.
void json_ends(const JsonObject& file, const TokenizerHints& hints, BpeDescription& description) {
  const Json* processor = file.find("post_processor");
  const auto start =
      processor != nullptr ? json_template_start(*processor, file.label() + ": post_processor") : std::nullopt;
  description.adds_bos = hints.add_bos.value_or(start.has_value());
  const auto first_known = [&](std::initializer_list<std::optional<std::string>> names) -> std::optional<TokenId> {
    for (const auto& name : names) {
      if (!name) continue;
      if (const auto id = json_find(description, *name)) return id;
    }
    return std::nullopt;
  };
  description.bos = first_known({hints.bos, start, "<|begin_of_text|>", "<s>", "<bos>", "<|endoftext|>"});
  description.eos = first_known({hints.eos, "<|end_of_text|>", "</s>", "<eos>", "<|endoftext|>"});
}

std::optional<std::string> json_token_name(const JsonObject& config, const char* key) {
  const Json* value = config.find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_object()) return JsonObject(*value, config.label() + ": " + key).string("content");
  return config.string(key);
}

}  // namespace

TokenizerHints parse_tokenizer_config(std::string_view json, const std::string& name) {
  const Json value = parse_json(json, name);
  const JsonObject config(value, name);
  return {json_token_name(config, "bos_token"), json_token_name(config, "eos_token"), config.boolean("add_bos_token")};
}

std::unique_ptr<const Tokenizer> make_tokenizer_json(std::string_view json, const std::string& name,
                                                     const TokenizerHints& hints) {
  if (json.size() > max_tokenizer_bytes) {
    throw FormatError(name + ": " + std::to_string(json.size()) + " bytes, a tokenizer.json has at most " +
                      std::to_string(max_tokenizer_bytes));
  }
  BpeDescription description;
  {
    const Json value = parse_json(json, name);
    const JsonObject file(value, name);
    const auto part = [&](const char* key) { return file.find(key) != nullptr ? *file.find(key) : Json(); };
    const auto model = file.object("model");
    if (!model) throw FormatError(name + ": has no model");
    json_model(*model, description);
    json_added_tokens(file, description);
    description.normalizer.parse(part("normalizer"), name + ": normalizer");
    description.pre_tokenizer.parse(part("pre_tokenizer"), name + ": pre_tokenizer");
    description.decoder.parse(part("decoder"), name + ": decoder");
    json_ends(file, hints, description);
  }
  return make_bpe_tokenizer(std::move(description), name);
}

}  // namespace holdfast
