#include "engine/tokenizer_pipeline.h"

#include <algorithm>
#include <utility>

#include "engine/utf8.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

constexpr std::size_t pipeline_max_content = 1024;  // what one match or one piece can become

std::string pipeline_type(const JsonObject& object) {
  const auto type = object.string("type");
  if (!type) throw FormatError(object.label() + ": has no type");
  return *type;
}

[[noreturn]] void pipeline_unknown(const JsonObject& object, const std::string& type) {
  throw FormatError(object.label() + ": type " + type + " is not supported");
}

// Calls `parse` for each step of a Sequence.
template <class Parse>
void pipeline_sequence(const JsonObject& object, const char* key, const Parse& parse) {
  const Json* list = object.find(key);
  if (list == nullptr || !list->is_array()) throw FormatError(object.label() + ": a Sequence has a list " + key);
  for (std::size_t i = 0; i < list->size(); ++i) {
    parse((*list)[i], object.label() + "." + key + "[" + std::to_string(i) + "]");
  }
}

TokenizerRegex pipeline_regex(std::string_view pattern, TokenizerRegex::Syntax syntax, const std::string& label) {
  try {
    return TokenizerRegex(pattern, syntax);
  } catch (const FormatError& error) {
    throw FormatError(label + ": " + error.what());
  }
}

// {"String": "..."} or {"Regex": "..."}.
TokenizerRegex pipeline_pattern(const JsonObject& object) {
  const auto pattern = object.object("pattern");
  if (pattern) {
    if (const auto text = pattern->string("String")) {
      return pipeline_regex(*text, TokenizerRegex::Syntax::literal, pattern->label());
    }
    if (const auto regex = pattern->string("Regex")) {
      return pipeline_regex(*regex, TokenizerRegex::Syntax::oniguruma, pattern->label());
    }
  }
  throw FormatError(object.label() + ": has no pattern that is a String or a Regex");
}

std::string pipeline_text(const JsonObject& object, const char* key) {
  const auto text = object.string(key);
  if (!text) throw FormatError(object.label() + ": has no " + key);
  if (text->size() > pipeline_max_content) {
    throw FormatError(object.label() + ": " + key + " of " + std::to_string(text->size()) + " bytes, at most " +
                      std::to_string(pipeline_max_content) + " are allowed");
  }
  return *text;
}

std::string pipeline_character(const JsonObject& object, const char* key) {
  std::string text = pipeline_text(object, key);
  if (text.empty() || utf8_step(text).length != text.size()) {
    throw FormatError(object.label() + ": " + key + " \"" + text + "\", want one character");
  }
  return text;
}

std::string pipeline_replace(std::string_view text, const TokenizerRegex& pattern, std::string_view content) {
  std::vector<TextRange> matches;
  pattern.find_all(text, matches);
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  for (const TextRange& match : matches) {
    out += text.substr(at, match.begin - at);
    out += content;
    at = match.end;
  }
  return out += text.substr(at);
}

std::string_view pipeline_strip(std::string_view text, bool left, bool right) {
  while (left && !text.empty()) {
    const Utf8Step step = utf8_step(text);
    if (!is_white_space(step.code_point)) break;
    text.remove_prefix(step.length);
  }
  while (right && !text.empty() && is_white_space(last_character(text))) {
    std::string character;
    append_utf8(character, last_character(text));
    text.remove_suffix(character.size());
  }
  return text;
}

PreTokenizer::Behavior pipeline_behavior(const JsonObject& object, std::optional<std::string> name) {
  using Behavior = PreTokenizer::Behavior;
  constexpr std::pair<std::string_view, Behavior> behaviors[] = {{"Removed", Behavior::removed},
                                                                 {"Isolated", Behavior::isolated},
                                                                 {"MergedWithPrevious", Behavior::merged_with_previous},
                                                                 {"MergedWithNext", Behavior::merged_with_next},
                                                                 {"Contiguous", Behavior::contiguous}};
  for (const auto& [known, behavior] : behaviors) {
    if (name == known) return behavior;
  }
  throw FormatError(object.label() + ": behavior " + name.value_or("null") + " is not supported");
}

struct SplitPart {
  TextRange range;
  bool match = false;
};

// The parts that a split keeps, after its behaviour.
void pipeline_merge(std::vector<SplitPart>& parts, PreTokenizer::Behavior behavior) {
  using Behavior = PreTokenizer::Behavior;
  if (behavior == Behavior::isolated) return;
  if (behavior == Behavior::removed) {
    std::erase_if(parts, [](const SplitPart& part) { return part.match; });
    return;
  }
  const bool backwards = behavior == Behavior::merged_with_next;
  if (backwards) std::reverse(parts.begin(), parts.end());
  std::vector<SplitPart> merged;
  bool previous = false;
  for (const SplitPart& part : parts) {
    const bool join = behavior == Behavior::contiguous ? part.match == previous : part.match && !previous;
    if (join && !merged.empty()) {
      (backwards ? merged.back().range.begin : merged.back().range.end) = backwards ? part.range.begin : part.range.end;
    } else {
      merged.push_back(part);
    }
    previous = part.match;
  }
  if (backwards) std::reverse(merged.begin(), merged.end());
  parts = std::move(merged);
}

}  // namespace

void TextNormalizer::parse(const Json& value, const std::string& label) {
  if (value.is_null()) return;
  const JsonObject object(value, label);
  const std::string type = pipeline_type(object);
  if (type == "Sequence") {
    pipeline_sequence(object, "normalizers", [this](const Json& v, const std::string& l) { parse(v, l); });
  } else if (type == "NFC") {
    add_form(NormalForm::nfc);
  } else if (type == "NFD") {
    add_form(NormalForm::nfd);
  } else if (type == "NFKC") {
    add_form(NormalForm::nfkc);
  } else if (type == "NFKD") {
    add_form(NormalForm::nfkd);
  } else if (type == "Lowercase") {
    steps_.push_back({Step::Kind::lowercase, {}, {}, {}, false, false});
  } else if (type == "Prepend") {
    steps_.push_back({Step::Kind::prepend, {}, pipeline_text(object, "prepend"), {}, false, false});
  } else if (type == "Replace") {
    steps_.push_back(
        {Step::Kind::replace, {}, pipeline_text(object, "content"), pipeline_pattern(object), false, false});
  } else if (type == "Strip") {
    steps_.push_back({Step::Kind::strip,
                      {},
                      {},
                      {},
                      object.boolean("strip_left").value_or(false),
                      object.boolean("strip_right").value_or(false)});
  } else {
    pipeline_unknown(object, type);
  }
}

std::string TextNormalizer::apply(std::string_view text, TextPosition position) const {
  std::string out(text);
  for (const Step& step : steps_) {
    switch (step.kind) {
      case Step::Kind::form: out = normalize(out, step.form); break;
      case Step::Kind::lowercase: out = lowercase(out); break;
      case Step::Kind::prepend:
        if (!out.empty() && position != TextPosition::middle) out.insert(0, step.content);
        break;
      case Step::Kind::replace: out = pipeline_replace(out, *step.pattern, step.content); break;
      case Step::Kind::strip: out = std::string(pipeline_strip(out, step.left, step.right)); break;
    }
    // Unicode's own forms make a text at most 18 times as long.
    if (out.size() > 64 * text.size() + pipeline_max_content) {
      throw FormatError("the normaliser turns " + std::to_string(text.size()) + " bytes into " +
                        std::to_string(out.size()) + ", at most 64 times as many are allowed");
    }
  }
  return out;
}

void PreTokenizer::add_split(std::string_view pattern, Behavior behavior) {
  Step step;
  step.pattern.emplace(pattern);
  step.behavior = behavior;
  steps_.push_back(std::move(step));
}

void PreTokenizer::add_byte_level(bool add_prefix_space, bool use_regex) {
  if (add_prefix_space) {
    Step prefix;
    prefix.space = " ";
    prefix.prepend = Prepend::always;
    steps_.push_back(std::move(prefix));
  }
  if (use_regex) add_split(gpt2_pattern);
  byte_level_ = true;
}

void PreTokenizer::parse_split(const JsonObject& object) {
  Step step;
  step.pattern = pipeline_pattern(object);
  step.behavior = pipeline_behavior(object, object.string("behavior"));
  step.invert = object.boolean("invert").value_or(false);
  steps_.push_back(std::move(step));
}

void PreTokenizer::parse_metaspace(const JsonObject& object) {
  Step step;
  step.space = pipeline_character(object, "replacement");
  const std::string scheme = object.string("prepend_scheme").value_or("always");
  const bool prefix = object.boolean("add_prefix_space").value_or(true);
  if (scheme != "always" && scheme != "first" && scheme != "never") {
    throw FormatError(object.label() + ": prepend_scheme " + scheme + " is not supported");
  }
  step.prepend = scheme == "never" || !prefix ? Prepend::never : scheme == "first" ? Prepend::first : Prepend::always;
  if (object.boolean("split").value_or(true)) {
    step.pattern = TokenizerRegex(step.space, TokenizerRegex::Syntax::literal);
    step.behavior = Behavior::merged_with_next;
  }
  steps_.push_back(std::move(step));
}

void PreTokenizer::parse(const Json& value, const std::string& label) {
  if (value.is_null()) return;
  const JsonObject object(value, label);
  const std::string type = pipeline_type(object);
  // What follows would have to see the text in the alphabet of bytes.
  if (byte_level_) throw FormatError(label + ": " + type + " after ByteLevel is not supported");
  if (type == "Sequence") {
    pipeline_sequence(object, "pretokenizers", [this](const Json& v, const std::string& l) { parse(v, l); });
  } else if (type == "ByteLevel") {
    add_byte_level(object.boolean("add_prefix_space").value_or(true), object.boolean("use_regex").value_or(true));
  } else if (type == "Split") {
    parse_split(object);
  } else if (type == "Metaspace") {
    parse_metaspace(object);
  } else if (type == "Digits") {
    add_split(R"(\p{N})",
              object.boolean("individual_digits").value_or(false) ? Behavior::isolated : Behavior::contiguous);
  } else if (type == "Punctuation") {
    add_split(R"([!-/:-@\[-`{-~\p{P}])", pipeline_behavior(object, object.string("behavior").value_or("Isolated")));
  } else {
    pipeline_unknown(object, type);
  }
}

void PreTokenizer::apply(std::vector<std::string_view>& pieces, std::deque<std::string>& store,
                         TextPosition position) const {
  std::vector<std::string_view> next;
  std::vector<TextRange> matches;
  std::vector<SplitPart> parts;
  for (const Step& step : steps_) {
    next.clear();
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      std::string_view piece = pieces[i];
      if (!step.space.empty()) {
        std::string text;
        for (const char c : piece) {
          if (c == ' ') {
            text += step.space;
          } else {
            text += c;
          }
        }
        const bool head = i == 0;
        const bool wanted = step.prepend == Prepend::always
                                ? !(head && position == TextPosition::middle)
                                : step.prepend == Prepend::first && head && position == TextPosition::start;
        if (wanted && !text.starts_with(step.space)) text.insert(0, step.space);
        piece = store.emplace_back(std::move(text));
      }
      if (!step.pattern) {
        next.push_back(piece);
        continue;
      }
      step.pattern->find_all(piece, matches);
      parts.clear();
      std::size_t at = 0;
      for (const TextRange& match : matches) {
        if (match.begin > at) parts.push_back({{at, match.begin}, step.invert});
        parts.push_back({match, !step.invert});
        at = match.end;
      }
      if (at < piece.size()) parts.push_back({{at, piece.size()}, step.invert});
      pipeline_merge(parts, step.behavior);
      for (const SplitPart& part : parts) {
        if (part.range.end > part.range.begin) {
          next.push_back(piece.substr(part.range.begin, part.range.end - part.range.begin));
        }
      }
    }
    pieces.swap(next);
  }
}

void TokenDecoder::parse(const Json& value, const std::string& label) {
  if (value.is_null()) throw FormatError(label + ": null is not supported");
  const JsonObject object(value, label);
  const std::string type = pipeline_type(object);
  if (type == "Sequence") {
    pipeline_sequence(object, "decoders", [this](const Json& v, const std::string& l) { parse(v, l); });
  } else if (type == "ByteLevel") {
    byte_level_ = true;
  } else if (type == "Metaspace") {
    const bool prefix = object.string("prepend_scheme").value_or("always") != "never" &&
                        object.boolean("add_prefix_space").value_or(true);
    const std::string meta = pipeline_character(object, "replacement");
    steps_.push_back(
        {Step::Kind::metaspace, meta, TokenizerRegex(meta, TokenizerRegex::Syntax::literal), 0, 0, prefix});
  } else if (type == "ByteFallback") {
    steps_.push_back({Step::Kind::byte_fallback, {}, {}, 0, 0, false});
  } else if (type == "Fuse") {
    steps_.push_back({Step::Kind::fuse, {}, {}, 0, 0, false});
  } else if (type == "Strip") {
    steps_.push_back({Step::Kind::strip,
                      pipeline_character(object, "content"),
                      {},
                      object.integer("start").value_or(0),
                      object.integer("stop").value_or(0),
                      false});
  } else if (type == "Replace") {
    steps_.push_back({Step::Kind::replace, pipeline_text(object, "content"), pipeline_pattern(object), 0, 0, false});
  } else {
    pipeline_unknown(object, type);
  }
  if (byte_level_ &&
      std::any_of(steps_.begin(), steps_.end(), [](const Step& step) { return step.kind != Step::Kind::fuse; })) {
    throw FormatError(label + ": ByteLevel together with other decoders is not supported");
  }
}

std::optional<unsigned char> byte_fallback_value(std::string_view token) noexcept {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  const int high = digit(token[3]), low = digit(token[4]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<unsigned char>(high * 16 + low);
}

namespace {

// Runs of byte tokens become their text when they are UTF-8, else one U+FFFD for each.
std::vector<std::string> pipeline_join_bytes(std::vector<std::string> tokens) {
  std::vector<std::string> out;
  std::string run;
  const auto flush = [&] {
    if (run.empty()) return;
    if (is_valid_utf8(run)) {
      out.push_back(run);
    } else {
      for (std::size_t i = 0; i < run.size(); ++i) out.push_back("\xEF\xBF\xBD");
    }
    run.clear();
  };
  for (std::string& token : tokens) {
    if (const auto byte = byte_fallback_value(token)) {
      run.push_back(static_cast<char>(*byte));
    } else {
      flush();
      out.push_back(std::move(token));
    }
  }
  flush();
  return out;
}

void pipeline_strip_token(std::string& token, std::string_view content, std::int64_t start, std::int64_t stop) {
  for (; start > 0 && token.starts_with(content); --start) token.erase(0, content.size());
  for (; stop > 0 && token.ends_with(content); --stop) token.resize(token.size() - content.size());
}

}  // namespace

void TokenDecoder::run(const Step& step, std::vector<std::string>& tokens, bool in_middle) const {
  switch (step.kind) {
    case Step::Kind::metaspace:
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        const bool drop = i == 0 && step.drop_first && !in_middle;
        tokens[i] = pipeline_replace(tokens[i], *step.pattern, drop ? "" : " ");
      }
      break;
    case Step::Kind::byte_fallback:
      if (!in_middle) {
        tokens = pipeline_join_bytes(std::move(tokens));
      } else if (const auto byte = byte_fallback_value(tokens[0])) {
        tokens[0] = std::string(1, static_cast<char>(*byte));
      }
      break;
    case Step::Kind::fuse:
      for (std::size_t i = 1; i < tokens.size(); ++i) tokens[0] += tokens[i];
      tokens.resize(std::min<std::size_t>(1, tokens.size()));
      break;
    case Step::Kind::strip:
      for (std::string& token : tokens) pipeline_strip_token(token, step.content, step.start, step.stop);
      break;
    case Step::Kind::replace:
      for (std::string& token : tokens) token = pipeline_replace(token, *step.pattern, step.content);
      break;
  }
}

std::string TokenDecoder::text(std::vector<std::string> tokens) const {
  for (const Step& step : steps_) run(step, tokens, false);
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

std::string TokenDecoder::middle(std::string token) const {
  std::vector<std::string> tokens{std::move(token)};
  for (const Step& step : steps_) {
    // What comes after Fuse sees the text as a whole: its ends are not here.
    if (step.kind == Step::Kind::fuse) break;
    if (!is_valid_utf8(tokens[0])) break;
    run(step, tokens, true);
  }
  return tokens[0];
}

}  // namespace holdfast
