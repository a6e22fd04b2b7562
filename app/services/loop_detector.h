// Notices a text that has begun to repeat itself. No Qt.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/token.h"

namespace holdfast {

class LoopDetector {
 public:
  // How many tokens at the end of the text are one piece, repeated: at least 64 tokens, and at least four times.
  // Nothing while there are none. The search costs a few thousand comparisons every 16 tokens.
  [[nodiscard]] std::optional<std::size_t> push(TokenId token);

 private:
  [[nodiscard]] std::size_t repeated(std::size_t period) const;

  std::vector<TokenId> tokens_;
};

}  // namespace holdfast
