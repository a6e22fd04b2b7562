#include "engine/tokenizer_bpe.h"

#include <algorithm>
#include <array>
#include <deque>
#include <unordered_map>

#include "engine/bpe.h"
#include "engine/tokenizer_load.h"
#include "engine/tokenizer_matcher.h"
#include "engine/unicode.h"
#include "engine/utf8.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr TokenId no_token = -1;
constexpr std::size_t cached_piece_bytes = 64;
constexpr std::size_t cached_pieces = 1 << 16;

class BpeTokenizer final : public Tokenizer {
 public:
  BpeTokenizer(BpeDescription description, const std::string& name);

  std::vector<TokenId> encode(std::string_view text, bool parse_special) const override {
    return encode_at(TextPosition::start, text, parse_special);
  }
  std::vector<TokenId> encode_continuation(std::string_view text, bool parse_special) const override {
    return encode_at(TextPosition::middle, text, parse_special);
  }
  std::string decode(std::span<const TokenId> ids, bool skip_special) const override;
  std::string_view bytes(TokenId id) const override { return shown(id, true) ? entry(id).text : std::string_view(); }
  std::string piece(TokenId id) const override { return has(id) ? entry(id).piece : std::string(); }
  std::optional<TokenId> find(std::string_view piece) const override {
    const auto at = ids_.find(piece);
    return at == ids_.end() ? std::nullopt : std::optional(at->second);
  }
  std::int32_t size() const noexcept override { return static_cast<std::int32_t>(entries_.size()); }
  std::optional<TokenId> bos() const noexcept override { return bos_; }
  std::optional<TokenId> eos() const noexcept override { return eos_; }
  bool adds_bos() const noexcept override { return adds_bos_ && bos_.has_value(); }
  std::string_view kind() const noexcept override { return byte_level_ ? "byte-level bpe" : "bpe"; }

 private:
  struct Entry {
    std::string piece;  // the name in the file
    std::string text;   // what it adds to a text
    bool used = false, special = false;
  };
  // The tokens of one text. Words come again and again: their ids are copied from where they were first put.
  struct Job {
    std::vector<TokenId> ids;
    std::deque<std::string> store;  // texts that the pieces and the cache point into
    std::unordered_map<std::string_view, std::pair<std::size_t, std::size_t>> cache;
    std::vector<TokenId> word;
    bool parse_special = false;
    TextPosition position = TextPosition::start;
  };

  bool has(TokenId id) const noexcept { return id >= 0 && id < size() && entry(id).used; }
  const Entry& entry(TokenId id) const noexcept { return entries_[static_cast<std::size_t>(id)]; }
  bool shown(TokenId id, bool skip_special) const {
    return has(id) && (!skip_special || !entry(id).special || is_thought_marker(entry(id).piece));
  }

  void add_vocabulary(const BpeDescription& description);
  void add_tokens(const BpeDescription& description);
  void add_merges(const BpeDescription& description);
  void find_bytes();
  void name_texts();
  void put(TokenId id, const std::string& piece);
  [[noreturn]] void fail(const std::string& what) const { throw FormatError(name_ + ": " + what); }

  std::vector<TokenId> encode_at(TextPosition position, std::string_view text, bool parse_special) const;
  template <class OnText>
  void split_added(Job& job, const TokenMatcher& matcher, std::string_view text, const OnText& on_text) const;
  void encode_segment(Job& job, std::string_view text) const;
  void encode_run(Job& job, std::string_view text) const;
  void encode_piece(Job& job, std::string_view piece) const;
  void symbols_of_bytes(std::string_view piece, std::vector<TokenId>& symbols) const;
  void symbols_of_characters(std::string_view piece, std::vector<TokenId>& symbols) const;

  std::string name_;
  std::vector<Entry> entries_;
  TokenIds ids_;      // by name
  TokenIds symbols_;  // what the model looks up: names, or bytes when byte-level
  BpeMerges merges_;
  std::vector<AddedToken> added_;
  std::unordered_map<TokenId, std::size_t> added_at_;  // in added_
  TokenMatcher raw_added_, normalized_added_;
  TextNormalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  TokenDecoder decoder_;
  std::array<TokenId, 256> byte_tokens_;  // byte-level, or those of the fallback
  std::optional<TokenId> unknown_, bos_, eos_;
  bool byte_level_ = false, fuse_unknown_ = false, byte_fallback_ = false, ignore_merges_ = false, adds_bos_ = false;
};

BpeTokenizer::BpeTokenizer(BpeDescription description, const std::string& name)
    : name_(name),
      bos_(description.bos),
      eos_(description.eos),
      byte_level_(description.pre_tokenizer.byte_level()),
      fuse_unknown_(description.fuse_unknown),
      byte_fallback_(description.byte_fallback),
      ignore_merges_(description.ignore_merges),
      adds_bos_(description.adds_bos) {
  if (byte_level_ != description.decoder.byte_level()) {
    fail("a ByteLevel pre_tokenizer and a ByteLevel decoder come together, here is one of them");
  }
  byte_tokens_.fill(no_token);
  normalizer_ = std::move(description.normalizer);
  add_vocabulary(description);
  add_merges(description);
  add_tokens(description);
  if (description.unknown) {
    unknown_ = find(*description.unknown);
    if (!unknown_) fail("unk_token " + *description.unknown + " is not in the vocabulary");
  }
  find_bytes();
  pre_tokenizer_ = std::move(description.pre_tokenizer);
  decoder_ = std::move(description.decoder);
  name_texts();
}

// The table of tokens is as long as the largest id: a few ids must not make it large.
void BpeTokenizer::put(TokenId id, const std::string& piece) {
  if (id < 0 || static_cast<std::size_t>(id) >= entries_.size()) {
    fail("token " + piece + " has id " + std::to_string(id) + ", ids of this vocabulary lie below " +
         std::to_string(entries_.size()));
  }
  Entry& at = entries_[static_cast<std::size_t>(id)];
  if (at.used && at.piece != piece) {
    fail("id " + std::to_string(id) + " belongs to token " + at.piece + " and to token " + piece);
  }
  const auto [known, added] = ids_.emplace(piece, id);
  if (!added && known->second != id) {
    fail("token " + piece + " has ids " + std::to_string(known->second) + " and " + std::to_string(id));
  }
  at.piece = piece;
  at.used = true;
}

void BpeTokenizer::add_vocabulary(const BpeDescription& description) {
  const std::size_t count = description.vocabulary.size() + description.added.size();
  if (count == 0) fail("the vocabulary is empty");
  TokenId last = -1;
  for (const auto& [piece, id] : description.vocabulary) last = std::max(last, id);
  for (const AddedToken& token : description.added) last = std::max(last, token.id);
  entries_.resize(std::min(static_cast<std::size_t>(std::max(last, 0)) + 1, 2 * count + 1024));
  for (const auto& [piece, id] : description.vocabulary) {
    put(id, piece);
    std::string bytes;
    if (!byte_level_) {
      symbols_.emplace(piece, id);
    } else if (byte_level_bytes(piece, bytes)) {
      symbols_.emplace(bytes, id);
    }
  }
}

void BpeTokenizer::add_merges(const BpeDescription& description) {
  merges_.reserve(description.merges.size());
  const auto id_of = [this](const std::string& piece, std::size_t rank) {
    const auto id = ids_.find(piece);
    if (id == ids_.end()) fail("merge " + std::to_string(rank) + " uses " + piece + ", which is not in the vocabulary");
    return id->second;
  };
  for (std::size_t rank = 0; rank < description.merges.size(); ++rank) {
    const auto& [left, right] = description.merges[rank];
    const TokenId left_id = id_of(left, rank), right_id = id_of(right, rank);
    merges_.add(left_id, right_id, id_of(left + right, rank));
  }
}

void BpeTokenizer::add_tokens(const BpeDescription& description) {
  for (const AddedToken& token : description.added) {
    if (token.content.empty()) continue;
    put(token.id, token.content);
    Entry& at = entries_[static_cast<std::size_t>(token.id)];
    at.special = at.special || token.special;
    if (!added_at_.emplace(token.id, added_.size()).second) {
      added_[added_at_[token.id]] = token;
    } else {
      added_.push_back(token);
    }
  }
  for (const AddedToken& token : added_) {
    const bool marker = token.special || is_bracketed(token.content);
    const bool normalized = token.normalized && is_valid_utf8(token.content);
    if (normalized) {
      normalized_added_.add(normalizer_.apply(token.content), token.id, marker);
    } else {
      raw_added_.add(token.content, token.id, marker);
    }
  }
}

// Every byte must have a token, or the text would lose it. Bytes that UTF-8 never uses may be missing.
void BpeTokenizer::find_bytes() {
  for (unsigned value = 0; value < 256; ++value) {
    const auto byte = static_cast<unsigned char>(value);
    constexpr const char* digits = "0123456789ABCDEF";
    const std::string text = byte_level_ ? std::string(1, static_cast<char>(byte))
                                         : std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">";
    const auto token = symbols_.find(text);
    if (token != symbols_.end()) byte_tokens_[byte] = token->second;
    const bool never_used = byte == 0xC0 || byte == 0xC1 || byte >= 0xF5;
    if (byte_tokens_[byte] == no_token && (byte_level_ ? !never_used && !unknown_ : byte_fallback_)) {
      fail("the vocabulary has no token for the byte " + std::string(text.size() == 1 ? std::to_string(value) : text));
    }
  }
  if (!byte_level_ && !byte_fallback_ && !unknown_) {
    fail("neither unk_token nor byte_fallback says what becomes of characters outside the vocabulary");
  }
}

void BpeTokenizer::name_texts() {
  for (Entry& at : entries_) {
    if (!at.used) continue;
    if (byte_level_) {
      if (!byte_level_bytes(at.piece, at.text)) at.text = at.piece;
    } else {
      at.text = decoder_.middle(at.piece);
    }
  }
  // Added tokens were looked for in the normalised text: there they stand as the normaliser leaves them.
  for (const AddedToken& token : added_) {
    if (!byte_level_ || !token.normalized || !is_valid_utf8(token.content)) continue;
    std::string& text = entries_[static_cast<std::size_t>(token.id)].text;
    const std::string normalized = normalizer_.apply(token.content);
    if (!byte_level_bytes(normalized, text)) text = normalized;
  }
}

std::vector<TokenId> BpeTokenizer::encode_at(TextPosition position, std::string_view text, bool parse_special) const {
  check_encode_size(text);
  Job job;
  job.parse_special = parse_special;
  job.position = position;
  split_added(job, raw_added_, text, [&](std::string_view part) { encode_segment(job, part); });
  return std::move(job.ids);
}

// Puts the ids of the added tokens that stand in `text`, and hands what lies between them to on_text, in order.
template <class OnText>
void BpeTokenizer::split_added(Job& job, const TokenMatcher& matcher, std::string_view text,
                               const OnText& on_text) const {
  const auto hand_over = [&](std::size_t begin, std::size_t end) {
    if (end <= begin) return;
    on_text(text.substr(begin, end - begin));
    job.position = TextPosition::after_token;
  };
  std::size_t done = 0, at = 0;
  while (!matcher.empty() && at < text.size()) {
    const TokenMatcher::Match match = matcher.longest(text, at, job.parse_special);
    if (match.length == 0) {
      ++at;
      continue;
    }
    const AddedToken& token = added_[added_at_.at(match.id)];
    std::size_t begin = at, end = at + match.length;
    at = end;
    if (token.single_word && ((begin > 0 && is_word_character(last_character(text.substr(0, begin)))) ||
                              (end < text.size() && is_word_character(first_character(text.substr(end)))))) {
      continue;
    }
    while (token.lstrip && begin > done) {
      const char32_t c = last_character(text.substr(done, begin - done));
      if (!is_white_space(c)) break;
      std::string character;
      append_utf8(character, c);
      begin -= character.size();
    }
    while (token.rstrip && end < text.size()) {
      const Utf8Step step = utf8_step(text.substr(end));
      if (step.kind != Utf8Step::Kind::character || !is_white_space(step.code_point)) break;
      end += step.length;
    }
    hand_over(done, begin);
    job.ids.push_back(match.id);
    job.position = TextPosition::after_token;
    done = at = end;
  }
  hand_over(done, text.size());
}

// A byte-level vocabulary keeps ill-formed bytes as they are, between the runs of UTF-8.
void BpeTokenizer::encode_segment(Job& job, std::string_view text) const {
  if (!byte_level_) {
    if (is_valid_utf8(text)) return encode_run(job, text);
    return encode_run(job, job.store.emplace_back(repair_utf8(text)));
  }
  while (!text.empty()) {
    const std::size_t good = valid_utf8_prefix(text);
    if (good > 0) encode_run(job, text.substr(0, good));
    text.remove_prefix(good);
    std::size_t bad = 0;
    while (bad < text.size()) {
      const Utf8Step step = utf8_step(text.substr(bad));
      if (step.kind == Utf8Step::Kind::character) break;
      bad += step.length;
    }
    if (bad > 0) encode_piece(job, text.substr(0, bad));
    text.remove_prefix(bad);
    job.position = TextPosition::middle;
  }
}

void BpeTokenizer::encode_run(Job& job, std::string_view text) const {
  if (!normalizer_.empty()) text = job.store.emplace_back(normalizer_.apply(text, job.position));
  split_added(job, normalized_added_, text, [&](std::string_view part) {
    std::vector<std::string_view> pieces{part};
    pre_tokenizer_.apply(pieces, job.store, job.position);
    for (const std::string_view piece : pieces) encode_piece(job, piece);
  });
}

void BpeTokenizer::encode_piece(Job& job, std::string_view piece) const {
  if (ignore_merges_) {
    const auto whole = symbols_.find(piece);
    if (whole != symbols_.end()) {
      job.ids.push_back(whole->second);
      return;
    }
  }
  const bool cached = piece.size() <= cached_piece_bytes;
  if (cached) {
    const auto known = job.cache.find(piece);
    if (known != job.cache.end()) {
      const auto [begin, count] = known->second;
      for (std::size_t i = begin; i < begin + count; ++i) job.ids.push_back(TokenId{job.ids[i]});
      return;
    }
  }
  job.word.clear();
  if (byte_level_) {
    symbols_of_bytes(piece, job.word);
  } else {
    symbols_of_characters(piece, job.word);
  }
  merges_.apply(job.word);
  if (cached && job.cache.size() < cached_pieces) job.cache.emplace(piece, std::pair(job.ids.size(), job.word.size()));
  job.ids.insert(job.ids.end(), job.word.begin(), job.word.end());
}

void BpeTokenizer::symbols_of_bytes(std::string_view piece, std::vector<TokenId>& symbols) const {
  const auto byte_token = [this](char c) { return byte_tokens_[static_cast<unsigned char>(c)]; };
  bool after_unknown = false;
  for (const char c : piece) {
    if (byte_token(c) != no_token) {
      symbols.push_back(byte_token(c));
      after_unknown = false;
    } else if (unknown_) {
      if (!after_unknown || !fuse_unknown_) symbols.push_back(*unknown_);
      after_unknown = true;
    } else {
      for (const char replacement : std::string_view("\xEF\xBF\xBD")) symbols.push_back(byte_token(replacement));
    }
  }
}

void BpeTokenizer::symbols_of_characters(std::string_view piece, std::vector<TokenId>& symbols) const {
  bool after_unknown = false;
  while (!piece.empty()) {
    const std::string_view character = piece.substr(0, utf8_step(piece).length);
    piece.remove_prefix(character.size());
    const auto token = symbols_.find(character);
    if (token != symbols_.end()) {
      symbols.push_back(token->second);
      after_unknown = false;
    } else if (byte_fallback_) {
      for (const char c : character) symbols.push_back(byte_tokens_[static_cast<unsigned char>(c)]);
    } else {
      if (!after_unknown || !fuse_unknown_) symbols.push_back(*unknown_);
      after_unknown = true;
    }
  }
}

std::string BpeTokenizer::decode(std::span<const TokenId> ids, bool skip_special) const {
  std::string text;
  std::vector<std::string> tokens;
  for (const TokenId id : ids) {
    if (!shown(id, skip_special)) continue;
    if (byte_level_) {
      text += entry(id).text;
    } else {
      tokens.push_back(entry(id).piece);
    }
  }
  return byte_level_ ? text : decoder_.text(std::move(tokens));
}

}  // namespace

std::unique_ptr<const Tokenizer> make_bpe_tokenizer(BpeDescription description, const std::string& name) {
  return std::make_unique<BpeTokenizer>(std::move(description), name);
}

}  // namespace holdfast
