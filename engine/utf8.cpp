#include "engine/utf8.h"

#include <cstdint>
#include <cstring>

namespace holdfast {
namespace {

constexpr std::string_view utf8_replacement = "\xEF\xBF\xBD";

// The well-formed sequences (Unicode table 3-7): how many bytes follow a lead byte, and the range of the second.
struct Utf8Lead {
  int following = -1;
  unsigned char low = 0x80, high = 0xBF;
};

Utf8Lead utf8_lead(unsigned char byte) noexcept {
  if (byte < 0x80) return {0, 0, 0};
  if (byte < 0xC2) return {};
  if (byte < 0xE0) return {1};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte < 0xF0) return {2};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte < 0xF4) return {3};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {};
}

// Bytes of plain ASCII at the beginning, eight at a time.
std::size_t ascii_prefix(std::string_view text) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

}  // namespace

Utf8Step utf8_step(std::string_view text) noexcept {
  using Kind = Utf8Step::Kind;
  const auto first = static_cast<unsigned char>(text[0]);
  Utf8Lead lead = utf8_lead(first);
  if (lead.following < 0) return {Kind::ill_formed, 1, 0};
  if (lead.following == 0) return {Kind::character, 1, first};
  const auto following = static_cast<std::size_t>(lead.following);
  char32_t code_point = first & (0x3Fu >> following);
  for (std::size_t i = 1; i <= following; ++i) {
    if (i == text.size()) return {Kind::incomplete, i, 0};
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < lead.low || byte > lead.high) return {Kind::ill_formed, i, 0};
    code_point = (code_point << 6) | (byte & 0x3Fu);
    lead.low = 0x80;
    lead.high = 0xBF;
  }
  return {Kind::character, following + 1, code_point};
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto put = [&text](char32_t byte) { text.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

std::size_t valid_utf8_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (true) {
    at += ascii_prefix(text.substr(at));
    if (at == text.size()) return at;
    const Utf8Step step = utf8_step(text.substr(at));
    if (step.kind != Utf8Step::Kind::character) return at;
    at += step.length;
  }
}

bool is_valid_utf8(std::string_view text) noexcept { return valid_utf8_prefix(text) == text.size(); }

std::string repair_utf8(std::string_view text) {
  Utf8Joiner joiner;
  std::string out = joiner.push(text);
  return out += joiner.flush();
}

std::string Utf8Joiner::push(std::string_view bytes) {
  std::string joined;
  if (!pending_.empty()) {
    joined = pending_;
    joined += bytes;
    bytes = joined;
    pending_.clear();
  }
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t good = valid_utf8_prefix(bytes);
    out += bytes.substr(0, good);
    bytes.remove_prefix(good);
    if (bytes.empty()) break;
    const Utf8Step step = utf8_step(bytes);
    if (step.kind == Utf8Step::Kind::incomplete) {
      pending_ = bytes;
      break;
    }
    out += utf8_replacement;
    bytes.remove_prefix(step.length);
  }
  return out;
}

std::string Utf8Joiner::flush() {
  std::string out;
  if (!pending_.empty()) out = utf8_replacement;
  pending_.clear();
  return out;
}

}  // namespace holdfast
