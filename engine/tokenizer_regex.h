// Patterns of tokenizer.json. They are written for Oniguruma (Ruby syntax); PCRE2 runs them, after a translation that
// keeps their meaning and refuses by name what it could not keep.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

struct TextRange {
  std::size_t begin = 0, end = 0;
};

// The pattern in PCRE2's words. Throws FormatError.
[[nodiscard]] std::string translate_pattern(std::string_view oniguruma);

// Immutable; safe to share between threads.
class TokenizerRegex {
 public:
  enum class Syntax { oniguruma, literal };
  explicit TokenizerRegex(std::string_view pattern, Syntax syntax = Syntax::oniguruma);  // throws FormatError
  ~TokenizerRegex();
  TokenizerRegex(TokenizerRegex&&) noexcept;
  TokenizerRegex& operator=(TokenizerRegex&&) noexcept;

  // All matches from left to right, none overlapping another. `text` must be UTF-8. Throws FormatError when a match
  // takes more steps than any sensible pattern needs.
  void find_all(std::string_view text, std::vector<TextRange>& matches) const;

 private:
  struct Code;
  std::unique_ptr<const Code> code_;
  std::string pattern_;
};

}  // namespace holdfast
