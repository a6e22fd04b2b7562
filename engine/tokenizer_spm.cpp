// SentencePiece vocabularies through the sentencepiece library.
#include <sentencepiece_processor.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/tokenizer_load.h"
#include "engine/tokenizer_matcher.h"
#include "engine/tokenizer_spm_model.h"
#include "engine/utf8.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

using Type = SpmPiece::Type;
using Processor = sentencepiece::SentencePieceProcessor;

constexpr std::size_t spm_part_bytes = 2048;
constexpr std::string_view spm_space = "\xE2\x96\x81";  // U+2581 stands for a space

std::string spm_text_of(const SpmPiece& piece, const std::string& unknown_surface) {
  switch (piece.type) {
    case Type::control: return is_thought_marker(piece.text) ? piece.text : std::string();
    case Type::unknown: return unknown_surface;
    case Type::byte: return {static_cast<char>(std::stoi(piece.text.substr(3, 2), nullptr, 16))};
    default: break;
  }
  std::string text;
  for (std::string_view rest = piece.text; !rest.empty();) {
    if (rest.starts_with(spm_space)) {
      text += ' ';
      rest.remove_prefix(spm_space.size());
    } else {
      text += rest[0];
      rest.remove_prefix(1);
    }
  }
  return text;
}

// The library leaves no message of its own for a file it cannot parse, and throws what its trie builder throws.
std::unique_ptr<const Processor> spm_processor(const SpmModel& model, SpmModel::Variant variant,
                                               const std::string& name) {
  auto processor = std::make_unique<Processor>();
  try {
    const auto status = processor->LoadFromSerializedProto(model.serialize(variant));
    if (!status.ok()) throw FormatError(name + ": " + status.message());
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw FormatError(name + ": " + error.what());
  }
  return processor;
}

// Four readings of one vocabulary: at the beginning of a text or in its middle, with the user-defined markers in it or
// not. Readings that do not differ share one processor.
class SentencePieceTokenizer final : public Tokenizer {
 public:
  SentencePieceTokenizer(SpmModel model, const std::string& name);

  std::vector<TokenId> encode(std::string_view text, bool parse_special) const override {
    return encode_at(true, text, parse_special);
  }
  std::vector<TokenId> encode_continuation(std::string_view text, bool parse_special) const override {
    return encode_at(false, text, parse_special);
  }
  std::vector<TokenId> encode_as_reference(std::string_view text) const override {
    std::vector<TokenId> ids;
    check_encode_size(text);
    append(true, true, text, ids);
    return ids;
  }
  std::string decode(std::span<const TokenId> ids, bool skip_special) const override;
  std::string_view bytes(TokenId id) const override { return has(id) ? texts_[index(id)] : std::string_view(); }
  std::string piece(TokenId id) const override { return has(id) ? pieces_[index(id)].text : std::string(); }
  std::optional<TokenId> find(std::string_view piece) const override {
    const auto at = ids_.find(piece);
    return at == ids_.end() ? std::nullopt : std::optional(at->second);
  }
  std::int32_t size() const noexcept override { return static_cast<std::int32_t>(pieces_.size()); }
  std::optional<TokenId> bos() const noexcept override { return bos_; }
  std::optional<TokenId> eos() const noexcept override { return eos_; }
  bool adds_bos() const noexcept override { return adds_bos_ && bos_.has_value(); }
  std::string_view kind() const noexcept override { return "sentencepiece"; }

  // BOS and EOS where the vocabulary's own are not those the model uses.
  void set_ends(std::optional<TokenId> bos, std::optional<TokenId> eos, std::optional<bool> adds_bos) {
    if (bos) bos_ = bos;
    if (eos) eos_ = eos;
    if (adds_bos) adds_bos_ = *adds_bos;
  }

 private:
  static std::size_t index(TokenId id) noexcept { return static_cast<std::size_t>(id); }
  bool has(TokenId id) const noexcept { return id >= 0 && index(id) < pieces_.size(); }
  const Processor& reading(bool at_start, bool markers) const { return *readings_[at_start ? 1 : 0][markers ? 1 : 0]; }
  void append(bool at_start, bool markers, std::string_view text, std::vector<TokenId>& ids) const;
  std::vector<TokenId> encode_at(bool at_start, std::string_view text, bool parse_special) const;

  std::vector<SpmPiece> pieces_;
  std::vector<std::string> texts_;  // what each piece adds to a text
  std::unordered_map<std::string_view, TokenId> ids_;
  std::shared_ptr<const Processor> readings_[2][2];
  bool splits_at_spaces_ = false;
  TokenMatcher controls_;
  std::optional<TokenId> bos_, eos_;
  bool adds_bos_ = true;
};

SentencePieceTokenizer::SentencePieceTokenizer(SpmModel model, const std::string& name) {
  const bool has_markers = std::any_of(model.pieces.begin(), model.pieces.end(), [](const SpmPiece& piece) {
    return piece.type == Type::user_defined && is_bracketed(piece.text);
  });
  for (const bool at_start : {true, false}) {
    for (const bool markers : {true, false}) {
      auto& reading = readings_[at_start][markers];
      if (!markers && !has_markers) {
        reading = readings_[at_start][1];
      } else if (!at_start && !model.add_dummy_prefix) {
        reading = readings_[1][markers];
      } else {
        reading = spm_processor(model, {.dummy_prefix = at_start, .markers_as_text = !markers}, name);
      }
    }
  }
  const Processor& processor = reading(true, true);
  if (processor.bos_id() >= 0) bos_ = processor.bos_id();
  if (processor.eos_id() >= 0) eos_ = processor.eos_id();
  splits_at_spaces_ = model.splits_at_spaces;
  pieces_ = std::move(model.pieces);
  for (const SpmPiece& piece : pieces_) {
    const auto id = static_cast<TokenId>(texts_.size());
    texts_.push_back(spm_text_of(piece, model.unknown_surface));
    ids_.emplace(piece.text, id);
    if (piece.type == Type::control) controls_.add(piece.text, id);
  }
}

// Encodes in parts where that gives the same ids.
void SentencePieceTokenizer::append(bool at_start, bool markers, std::string_view text,
                                    std::vector<TokenId>& ids) const {
  std::vector<int> part;
  do {
    std::size_t end = splits_at_spaces_ ? std::min(text.size(), spm_part_bytes) : text.size();
    while (end < text.size() &&
           !(text[end] == ' ' && text[end - 1] != ' ' && !text.substr(0, end).ends_with(spm_space))) {
      ++end;
    }
    const auto status = reading(at_start, markers).Encode(text.substr(0, end), &part);
    if (!status.ok()) throw FormatError(std::string("sentencepiece: ") + status.message());
    ids.insert(ids.end(), part.begin(), part.end());
    text.remove_prefix(end);
    at_start = false;
  } while (!text.empty());
}

std::vector<TokenId> SentencePieceTokenizer::encode_at(bool at_start, std::string_view text, bool parse_special) const {
  check_encode_size(text);
  std::vector<TokenId> ids;
  std::size_t begin = 0;
  const auto flush = [&](std::size_t end) {
    if (end > begin) append(at_start && begin == 0, parse_special, text.substr(begin, end - begin), ids);
  };
  for (std::size_t at = 0; parse_special && at < text.size();) {
    const auto match = controls_.longest(text, at);
    if (match.length == 0) {
      ++at;
      continue;
    }
    flush(at);
    ids.push_back(match.id);
    at = begin = at + match.length;
  }
  flush(text.size());
  return ids;
}

std::string SentencePieceTokenizer::decode(std::span<const TokenId> ids, bool skip_special) const {
  std::string text;
  std::vector<int> run;
  bool first = true;
  // The library drops control pieces; the text after one that is shown is text in the middle.
  const auto flush = [&] {
    if (run.empty()) return;
    std::string part;
    if (first) {
      const auto status = reading(true, true).Decode(run, &part);
      if (!status.ok()) throw FormatError(std::string("sentencepiece: ") + status.message());
    } else {
      for (const int id : run) part += bytes(id);
      part = repair_utf8(part);
    }
    text += part;
    run.clear();
  };
  for (const TokenId id : ids) {
    if (!has(id)) continue;
    const SpmPiece& piece = pieces_[index(id)];
    if (piece.type == Type::control && (!skip_special || is_thought_marker(piece.text))) {
      flush();
      text += piece.text;
      first = false;
    } else {
      run.push_back(id);
    }
  }
  flush();
  return text;
}

}  // namespace

std::unique_ptr<const Tokenizer> make_sentencepiece(std::string_view bytes, const std::string& name,
                                                    const TokenizerHints& hints) {
  auto tokenizer = std::make_unique<SentencePieceTokenizer>(SpmModel::parse(bytes, name), name);
  const auto id_of = [&](const std::optional<std::string>& piece) {
    return piece ? tokenizer->find(*piece) : std::nullopt;
  };
  tokenizer->set_ends(id_of(hints.bos), id_of(hints.eos), hints.add_bos);
  return tokenizer;
}

std::unique_ptr<const Tokenizer> make_sentencepiece(const GgufVocabulary& vocabulary, const std::string& name) {
  const std::size_t count = vocabulary.tokens.size();
  if (vocabulary.scores.size() != count || vocabulary.types.size() != count) {
    throw FormatError(name + ": " + std::to_string(count) + " tokens, " + std::to_string(vocabulary.scores.size()) +
                      " scores and " + std::to_string(vocabulary.types.size()) +
                      " token types, a \"llama\" vocabulary has as many of each");
  }
  SpmModel model;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t type = vocabulary.types[i];
    if (type < 1 || type > 6) {
      throw FormatError(name + ": tokenizer.ggml.token_type " + std::to_string(type) + ", known are 1 to 6");
    }
    model.pieces.push_back({vocabulary.tokens[i], vocabulary.scores[i], static_cast<Type>(type)});
  }
  model.set_plain_bpe(vocabulary.add_space_prefix.value_or(true), vocabulary.remove_extra_whitespaces.value_or(false));
  model.check(name);
  model.find_splits();
  auto tokenizer = std::make_unique<SentencePieceTokenizer>(std::move(model), name);
  const auto id_of = [&](std::optional<std::int64_t> id) {
    return id && *id >= 0 && *id < static_cast<std::int64_t>(count) ? std::optional(static_cast<TokenId>(*id))
                                                                    : std::nullopt;
  };
  tokenizer->set_ends(id_of(vocabulary.bos), id_of(vocabulary.eos), vocabulary.add_bos);
  return tokenizer;
}

}  // namespace holdfast
