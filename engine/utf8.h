// Bytes of tokens to whole characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast {

// What stands at the beginning of a text. A maximal subpart (Unicode 3.9, U+FFFD substitution) is the longest
// ill-formed prefix that could still have become a character, at least one byte.
struct Utf8Step {
  enum class Kind { character, ill_formed, incomplete } kind = Kind::incomplete;
  std::size_t length = 0;   // bytes of the character or of the maximal subpart; all that is left when incomplete
  char32_t code_point = 0;  // of a character
};
// `text` must not be empty. incomplete: the text ends inside what may still become a character.
[[nodiscard]] Utf8Step utf8_step(std::string_view text) noexcept;

void append_utf8(std::string& text, char32_t code_point);

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;
// Bytes of the longest well-formed beginning.
[[nodiscard]] std::size_t valid_utf8_prefix(std::string_view text) noexcept;
// Each maximal ill-formed subpart becomes one U+FFFD.
[[nodiscard]] std::string repair_utf8(std::string_view text);

// Joins token bytes into whole characters for display. One stream of text, one thread at a time. Law: however the bytes
// are cut, the pushed pieces and the flush together are repair_utf8 of all bytes.
class Utf8Joiner {
 public:
  [[nodiscard]] std::string push(std::string_view bytes);  // what is complete so far; ill-formed bytes become U+FFFD
  [[nodiscard]] std::string flush();                       // the rest: one U+FFFD if a character was begun

 private:
  std::string pending_;  // the beginning of a character, at most three bytes
};

}  // namespace holdfast
