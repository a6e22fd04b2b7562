// Finds the tokens that are read as a whole wherever they stand in a text. Built once, then shared between threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/token.h"

namespace holdfast {

class TokenMatcher {
 public:
  // `marker`: found only when markers are asked for. The last of equal texts wins; an empty text is ignored.
  void add(std::string_view text, TokenId id, bool marker = true);

  struct Match {
    TokenId id = -1;
    std::size_t length = 0;  // 0: none
  };
  // The longest token that begins at text[at].
  [[nodiscard]] Match longest(std::string_view text, std::size_t at, bool markers = true) const;
  [[nodiscard]] bool empty() const noexcept { return ends_.empty(); }

 private:
  struct End {
    TokenId id = -1;
    bool marker = true;
  };
  // A trie: (node, byte) to the next node, and which nodes are ends.
  std::unordered_map<std::uint64_t, std::uint32_t> edges_;
  std::unordered_map<std::uint32_t, End> ends_;
  std::array<bool, 256> begins_{};
  std::uint32_t nodes_ = 1;
};

}  // namespace holdfast
