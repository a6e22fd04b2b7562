// Classes and forms of characters, where the tokenizers' references need them. Tables of utf8proc (Unicode 15 or
// newer).
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

enum class NormalForm { nfc, nfd, nfkc, nfkd };
// `text` must be UTF-8.
[[nodiscard]] std::string normalize(std::string_view text, NormalForm form);
[[nodiscard]] std::string lowercase(std::string_view text);  // each character by itself

[[nodiscard]] bool is_white_space(char32_t c) noexcept;     // Unicode's White_Space
[[nodiscard]] bool is_word_character(char32_t c) noexcept;  // letters, marks, digits, connectors, joiners
// The last and the first character of a UTF-8 text; U+FFFD for ill-formed bytes; 0 when it is empty.
[[nodiscard]] char32_t last_character(std::string_view text) noexcept;
[[nodiscard]] char32_t first_character(std::string_view text) noexcept;

}  // namespace holdfast
