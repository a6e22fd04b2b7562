// The text of an answer, LaTeX or plain, cut into tokens.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

// What is longer than this is compared as text alone.
inline constexpr std::size_t answer_max_bytes = 2000;

struct AnswerToken {
  enum class Kind {
    number,  // digits with at most one point, no separators; an exponent as in 1e3; a period in brackets: 0.(3)
    word,    // letters, as they stand
    command  // a LaTeX command without its backslash, or a symbol that is none of the others: "sqrt", "+", "<=", "set("
  };
  Kind kind = Kind::command;
  std::string text;
  bool spaced = false;  // white space stands before it

  [[nodiscard]] bool is(std::string_view symbol) const noexcept { return kind == Kind::command && text == symbol; }
};

// Unicode signs become their ASCII or LaTeX words, decorations (\left, \displaystyle, \text{}, dollar signs around
// mathematics) go, a full stop at the end goes. Linear in the text.
[[nodiscard]] std::string clean_answer(std::string_view text);

[[nodiscard]] std::vector<AnswerToken> answer_tokens(std::string_view cleaned);

// Lower case, words and numbers apart by one space, no punctuation but inside numbers.
[[nodiscard]] std::string plain_words(std::string_view cleaned);

}  // namespace holdfast
