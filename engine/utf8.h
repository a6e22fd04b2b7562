// Bytes of tokens to whole characters.
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

// Joins token bytes into whole characters for display. One stream of text, one thread at a time.
class Utf8Joiner {
 public:
  [[nodiscard]] std::string push(std::string_view bytes);  // what is complete so far; ill-formed bytes become U+FFFD
  [[nodiscard]] std::string flush();                       // the rest

 private:
  std::string pending_;
};

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

}  // namespace holdfast
