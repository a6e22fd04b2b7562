// Byte pair encoding: merges neighbours, best rank first, until no merge applies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/token.h"

namespace holdfast {

// Immutable once filled; safe to share between threads.
class BpeMerges {
 public:
  // Called in order of rank, best first; of equal pairs the last stands, as the reference has it.
  void add(TokenId left, TokenId right, TokenId merged);
  void reserve(std::size_t merges);
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

  // Merges `symbols` in place. O(n log n) for n symbols.
  void apply(std::vector<TokenId>& symbols) const;

 private:
  struct Rule {
    std::uint64_t pair = empty;
    std::int32_t rank = 0;
    TokenId merged = 0;
  };
  static constexpr std::uint64_t empty = ~std::uint64_t{0};

  [[nodiscard]] const Rule* find(TokenId left, TokenId right) const noexcept;
  [[nodiscard]] Rule& slot(std::uint64_t pair) noexcept;
  void apply_short(std::vector<TokenId>& symbols) const;
  void apply_long(std::vector<TokenId>& symbols) const;

  std::vector<Rule> rules_;  // open addressing, a power of two
  std::size_t count_ = 0;
  std::int32_t next_rank_ = 0;
};

// The alphabet in which byte-level vocabularies are written: each byte is one printable character of U+0021 to U+0143.
[[nodiscard]] char32_t byte_level_character(unsigned char byte) noexcept;
// The bytes that `piece` stands for; false when one of its characters is not of the alphabet.
[[nodiscard]] bool byte_level_bytes(std::string_view piece, std::string& bytes);

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
using TokenIds = std::unordered_map<std::string, TokenId, StringHash, std::equal_to<>>;

}  // namespace holdfast
