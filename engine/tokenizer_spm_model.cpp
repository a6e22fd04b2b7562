#include "engine/tokenizer_spm_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <unordered_set>

#include "engine/tokenizer_load.h"
#include "engine/utf8.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

// Fields of sentencepiece_model.proto.
constexpr std::uint32_t spm_pieces = 1, spm_trainer_spec = 2, spm_normalizer_spec = 3, spm_denormalizer_spec = 5;
constexpr std::uint32_t spm_piece_text = 1, spm_piece_score = 2, spm_piece_type = 3;
constexpr std::uint32_t spm_trainer_model_type = 3, spm_trainer_unk_surface = 44, spm_trainer_byte_fallback = 35;
constexpr std::uint32_t spm_trainer_space_as_suffix = 24;
constexpr std::uint32_t spm_charsmap = 2, spm_add_dummy_prefix = 3, spm_remove_extra_whitespaces = 4;
constexpr std::uint32_t spm_escape_whitespaces = 5;
constexpr std::uint64_t spm_unigram = 1, spm_bpe = 2;

// The library keeps the prefixes that match at one place in arrays of these lengths on the stack, and reads past their
// end when there are more.
constexpr int spm_max_charsmap_prefixes = 32;
constexpr std::size_t spm_max_user_defined_prefixes = 64;
// The longest replacement of one character: bounds how much longer than its text the normalised text can be. Unicode's
// longest, U+FDFA, has 33 bytes.
constexpr std::size_t spm_max_replacement = 256;

[[noreturn]] void spm_fail(const std::string& name, const std::string& what) { throw FormatError(name + ": " + what); }

struct WireField {
  std::uint32_t number = 0;
  std::uint32_t type = 0;   // 0 varint, 1 eight bytes, 2 bytes, 5 four bytes
  std::uint64_t value = 0;  // of types 0, 1 and 5
  std::string_view bytes;   // of type 2
};

class WireReader {
 public:
  WireReader(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  bool next(WireField& field) {
    if (bytes_.empty()) return false;
    const std::uint64_t tag = varint();
    field = {static_cast<std::uint32_t>(tag >> 3), static_cast<std::uint32_t>(tag & 7), 0, {}};
    if (tag > UINT32_MAX || field.number == 0) fail();
    switch (field.type) {
      case 0: field.value = varint(); break;
      case 1: field.value = fixed(8); break;
      case 2: field.bytes = take(varint()); break;
      case 5: field.value = fixed(4); break;
      default: fail();
    }
    return true;
  }

 private:
  [[noreturn]] void fail() const {
    spm_fail(name_, "not a SentencePiece model, " + std::to_string(bytes_.size()) +
                        " bytes before its end a protobuf field breaks the wire format");
  }
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size()) fail();
    const std::string_view taken = bytes_.substr(0, static_cast<std::size_t>(count));
    bytes_.remove_prefix(static_cast<std::size_t>(count));
    return taken;
  }
  std::uint64_t fixed(std::size_t count) {
    const std::string_view taken = take(count);
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(taken[i]);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail();
  }

  std::string_view bytes_;
  const std::string& name_;
};

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(0x80 | (value & 0x7F)));
  out.push_back(static_cast<char>(value));
}
void put_number(std::string& out, std::uint32_t field, std::uint64_t value) {
  put_varint(out, field << 3);
  put_varint(out, value);
}
void put_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  put_varint(out, (field << 3) | 2);
  put_varint(out, bytes.size());
  out += bytes;
}
void put_float(std::string& out, std::uint32_t field, float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, 4);
  put_varint(out, (field << 3) | 5);
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>(bits >> (8 * i)));
}

std::uint64_t spm_number(const WireField& field, const std::string& name) {
  if (field.type != 0) spm_fail(name, "protobuf field " + std::to_string(field.number) + " must be a number");
  return field.value;
}
std::string_view spm_bytes(const WireField& field, const std::string& name) {
  if (field.type != 2) spm_fail(name, "protobuf field " + std::to_string(field.number) + " must be bytes");
  return field.bytes;
}

SpmPiece parse_piece(std::string_view bytes, const std::string& name) {
  SpmPiece piece;
  WireReader reader(bytes, name);
  for (WireField field; reader.next(field);) {
    if (field.number == spm_piece_text) piece.text = spm_bytes(field, name);
    if (field.number == spm_piece_score) {
      if (field.type != 5) spm_fail(name, "the score of a piece must be a 32-bit float");
      const auto bits = static_cast<std::uint32_t>(field.value);
      std::memcpy(&piece.score, &bits, 4);
    }
    if (field.number == spm_piece_type) {
      const std::uint64_t type = spm_number(field, name);
      if (type < 1 || type > 6) spm_fail(name, "piece type " + std::to_string(type) + ", known are 1 to 6");
      piece.type = static_cast<SpmPiece::Type>(type);
    }
  }
  return piece;
}

// The double array of a character map: 32-bit units as the library's trie has them.
class CharsMap {
 public:
  CharsMap(std::string_view blob, const std::string& name) : name_(name) {
    std::uint32_t trie_bytes = 0;
    if (blob.size() > 4) std::memcpy(&trie_bytes, blob.data(), 4);
    if (blob.size() <= 4 || trie_bytes >= blob.size() - 4 || trie_bytes == 0 || trie_bytes % 4 != 0) {
      spm_fail(name, "precompiled_charsmap of " + std::to_string(blob.size()) + " bytes with a trie of " +
                         std::to_string(trie_bytes) + " bytes: the trie and its strings must fit");
    }
    units_.resize(trie_bytes / 4);
    std::memcpy(units_.data(), blob.data() + 4, trie_bytes);
    strings_ = blob.substr(4 + trie_bytes);
  }

  void check() {
    for (std::size_t i = 0; i < units_.size(); ++i) {
      if ((units_[i] >> 31) == 0) check_unit(i);
    }
    prefixes_.assign(units_.size(), unknown);
    longest_chain();
  }

 private:
  static constexpr std::int8_t unknown = -1, under_way = -2;

  static std::size_t offset(std::uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }
  static bool has_leaf(std::uint32_t unit) { return ((unit >> 8) & 1) != 0; }
  // Where the children of a unit lie: child c at base ^ c, the leaf at base ^ 0.
  std::size_t base(std::size_t unit) const { return unit ^ offset(units_[unit]); }

  void check_unit(std::size_t i) const {
    const std::size_t at = base(i);
    if ((at | 0xFF) >= units_.size()) {
      spm_fail(name_, "precompiled_charsmap: unit " + std::to_string(i) + " points to " + std::to_string(at) + " of " +
                          std::to_string(units_.size()));
    }
    if (!has_leaf(units_[i])) return;
    const std::size_t value = units_[at] & 0x7FFFFFFFu;
    if (value >= strings_.size()) {
      spm_fail(name_, "precompiled_charsmap: a replacement at " + std::to_string(value) + " of " +
                          std::to_string(strings_.size()) + " bytes");
    }
    const std::string_view text = strings_.substr(value, spm_max_replacement + 1);
    if (text.size() > spm_max_replacement && text.find('\0') == std::string_view::npos) {
      spm_fail(name_,
               "precompiled_charsmap: a replacement of more than " + std::to_string(spm_max_replacement) + " bytes");
    }
  }

  // Walks the trie (a graph without cycles: equal tails are shared) for the longest chain of keys each a prefix of the
  // next.
  void longest_chain() {
    struct Visit {
      std::size_t unit;
      int next_label;
    };
    std::vector<Visit> stack{{0, 0}};
    prefixes_[0] = under_way;
    std::vector<int> below(units_.size(), 0);
    while (!stack.empty()) {
      Visit& visit = stack.back();
      const std::size_t unit = visit.unit, at = base(unit);
      std::size_t child = 0;
      while (visit.next_label < 256) {
        const auto label = static_cast<std::uint32_t>(visit.next_label);
        child = at ^ label;
        const bool edge = (units_[child] & 0x800000FFu) == label;
        if (edge && prefixes_[child] == under_way) spm_fail(name_, "precompiled_charsmap: its trie has a cycle");
        if (edge && prefixes_[child] == unknown) break;
        if (edge) below[unit] = std::max<int>(below[unit], prefixes_[child]);
        ++visit.next_label;
      }
      if (visit.next_label < 256) {
        prefixes_[child] = under_way;
        stack.push_back({child, 0});
        continue;
      }
      const int chain = below[unit] + (has_leaf(units_[unit]) ? 1 : 0);
      if (chain > spm_max_charsmap_prefixes) {
        spm_fail(name_, "precompiled_charsmap: more than " + std::to_string(spm_max_charsmap_prefixes) +
                            " rules are prefixes of one another");
      }
      prefixes_[unit] = static_cast<std::int8_t>(chain);
      stack.pop_back();
    }
  }

  const std::string& name_;
  std::vector<std::uint32_t> units_;
  std::string_view strings_;
  std::vector<std::int8_t> prefixes_;
};

void check_trainer_spec(SpmModel& model, const std::string& name) {
  std::uint64_t type = spm_unigram;
  WireReader reader(model.trainer_spec, name);
  for (WireField field; reader.next(field);) {
    if (field.number == spm_trainer_model_type) type = spm_number(field, name);
    if (field.number == spm_trainer_unk_surface) {
      const std::string_view surface = spm_bytes(field, name);
      model.unknown_surface = surface.substr(0, surface.find('\0'));
    }
  }
  if (model.unknown_surface.size() > spm_max_replacement) {
    spm_fail(name, "unk_surface of " + std::to_string(model.unknown_surface.size()) + " bytes, at most " +
                       std::to_string(spm_max_replacement) + " are allowed");
  }
  if (type != spm_unigram && type != spm_bpe) {
    spm_fail(name, "SentencePiece model type " + std::to_string(type) + ", supported are unigram (1) and BPE (2)");
  }
}

void check_normalizer_spec(SpmModel& model, const std::string& name) {
  std::string_view charsmap;
  WireReader reader(model.normalizer_spec, name);
  for (WireField field; reader.next(field);) {
    if (field.number == spm_charsmap) charsmap = spm_bytes(field, name);
    if (field.number == spm_add_dummy_prefix) model.add_dummy_prefix = spm_number(field, name) != 0;
  }
  if (!charsmap.empty()) CharsMap(charsmap, name).check();
}

// A space, or U+2581 for one, after a character that is neither.
bool has_inner_space(std::string_view text) {
  bool after_other = false;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const bool space = step.code_point == ' ' || step.code_point == 0x2581;
    if (space && after_other) return true;
    after_other = !space;
    text.remove_prefix(step.length);
  }
  return false;
}

void check_user_defined_nesting(std::vector<std::string_view> texts, const std::string& name) {
  std::sort(texts.begin(), texts.end());
  std::vector<std::string_view> open;  // each a prefix of the next
  for (const std::string_view text : texts) {
    while (!open.empty() && !text.starts_with(open.back())) open.pop_back();
    open.push_back(text);
    if (open.size() > spm_max_user_defined_prefixes) {
      spm_fail(name, "more than " + std::to_string(spm_max_user_defined_prefixes) +
                         " user-defined pieces are prefixes of one another");
    }
  }
}

}  // namespace

SpmModel SpmModel::parse(std::string_view bytes, const std::string& name) {
  if (bytes.size() > max_tokenizer_bytes) {
    spm_fail(name, std::to_string(bytes.size()) + " bytes, a SentencePiece model has at most " +
                       std::to_string(max_tokenizer_bytes));
  }
  SpmModel model;
  WireReader reader(bytes, name);
  for (WireField field; reader.next(field);) {
    switch (field.number) {
      case spm_pieces: model.pieces.push_back(parse_piece(spm_bytes(field, name), name)); break;
      // A message that comes in parts is the parts one after the other.
      case spm_trainer_spec: model.trainer_spec += spm_bytes(field, name); break;
      case spm_normalizer_spec: model.normalizer_spec += spm_bytes(field, name); break;
      case spm_denormalizer_spec: {
        WireReader rules(spm_bytes(field, name), name);
        for (WireField rule; rules.next(rule);) {
          if (rule.number == spm_charsmap && !spm_bytes(rule, name).empty()) {
            spm_fail(name, "denormalizer_spec with rules is not supported");
          }
        }
        break;
      }
      default: break;
    }
  }
  check_trainer_spec(model, name);
  check_normalizer_spec(model, name);
  model.check(name);
  model.find_splits();
  return model;
}

void SpmModel::set_plain_bpe(bool dummy_prefix, bool remove_extra_whitespaces) {
  const bool bytes = std::any_of(pieces.begin(), pieces.end(),
                                 [](const SpmPiece& piece) { return piece.type == SpmPiece::Type::byte; });
  put_number(trainer_spec, spm_trainer_model_type, spm_bpe);
  put_number(trainer_spec, spm_trainer_byte_fallback, bytes ? 1 : 0);
  put_number(normalizer_spec, spm_add_dummy_prefix, dummy_prefix ? 1 : 0);
  put_number(normalizer_spec, spm_remove_extra_whitespaces, remove_extra_whitespaces ? 1 : 0);
  add_dummy_prefix = dummy_prefix;
}

void SpmModel::check(const std::string& name) const {
  using Type = SpmPiece::Type;
  if (pieces.empty()) spm_fail(name, "not a SentencePiece model, it has no pieces");
  std::vector<std::string_view> user_defined;
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const SpmPiece& piece = pieces[i];
    const auto fail = [&](const char* rule) { spm_fail(name, "piece " + std::to_string(i) + " " + rule); };
    if (piece.text.empty()) fail("is empty");
    if (!is_valid_utf8(piece.text)) fail("is not UTF-8");
    if (piece.text.find('\0') != std::string::npos) fail("has a zero byte");
    if (!std::isfinite(piece.score)) fail("has a score that is not finite");
    if (!seen.insert(piece.text).second) fail("stands in the vocabulary twice");
    // A one-character control piece would be met as a symbol of ordinary text.
    if (piece.type == Type::control && utf8_step(piece.text).length == piece.text.size()) {
      fail("is a control piece of a single character");
    }
    if (piece.type == Type::user_defined) user_defined.push_back(piece.text);
  }
  check_user_defined_nesting(std::move(user_defined), name);
}

void SpmModel::find_splits() {
  splits_at_spaces = false;
  const std::string none;
  WireReader trainer(trainer_spec, none), normalizer(normalizer_spec, none);
  bool bpe = false, plain = true, removes = true;
  for (WireField field; trainer.next(field);) {
    if (field.number == spm_trainer_model_type) bpe = field.value == spm_bpe;
    if (field.number == spm_trainer_space_as_suffix) plain = plain && field.value == 0;
  }
  for (WireField field; normalizer.next(field);) {
    if (field.number == spm_charsmap) plain = plain && field.bytes.empty();
    if (field.number == spm_escape_whitespaces) plain = plain && field.value != 0;
    if (field.number == spm_remove_extra_whitespaces) removes = field.value != 0;
  }
  if (!bpe || !plain || removes) return;
  bool has_space = false;
  for (const SpmPiece& piece : pieces) {
    if (piece.type == SpmPiece::Type::normal && piece.text == "\xE2\x96\x81") has_space = true;
    if (piece.type != SpmPiece::Type::control && has_inner_space(piece.text)) return;
  }
  splits_at_spaces = has_space;
}

std::string SpmModel::serialize(Variant variant) const {
  std::string out, buffer;
  for (const SpmPiece& piece : pieces) {
    SpmPiece::Type type = piece.type;
    if (variant.markers_as_text && type == SpmPiece::Type::user_defined && is_bracketed(piece.text)) {
      type = SpmPiece::Type::control;
    }
    buffer.clear();
    put_bytes(buffer, spm_piece_text, piece.text);
    put_float(buffer, spm_piece_score, piece.score);
    put_number(buffer, spm_piece_type, static_cast<std::uint64_t>(type));
    put_bytes(out, spm_pieces, buffer);
  }
  put_bytes(out, spm_trainer_spec, trainer_spec);
  buffer = normalizer_spec;
  if (!variant.dummy_prefix) put_number(buffer, spm_add_dummy_prefix, 0);
  put_bytes(out, spm_normalizer_spec, buffer);
  return out;
}

}  // namespace holdfast
