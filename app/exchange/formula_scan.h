// Which parts of a Markdown text are formulas, for texts in UTF-8 (char) and UTF-16 (char16_t): the same rules for the
// window and for what is exported. Linear in the text, but for formulas that never end, which are looked for over a few
// thousand characters.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

template <class Char>
struct ScannedFormula {
  std::basic_string<Char> tex;     // without the signs around it
  std::basic_string<Char> source;  // with them, as it stood
  bool display = false;
};

template <class Char>
struct ScannedMarkdown {
  // The text with each formula replaced by formula_mark(index). Characters of the text that could be taken for a part
  // of such a mark are left out.
  std::basic_string<Char> markdown;
  std::vector<ScannedFormula<Char>> formulas;
};

// $...$, \(...\), $$...$$, \[...\], \begin{...}...\end{...} and a bare \boxed{...}; nothing inside code. Amounts of
// money ("$5 and $10") are no formulas. A formula that has not ended yet is left as text.
template <class Char>
[[nodiscard]] ScannedMarkdown<Char> scan_formulas(std::basic_string_view<Char> text);

template <class Char>
[[nodiscard]] std::basic_string<Char> formula_mark(std::size_t index);

struct MarkAt {
  std::size_t index = 0;
  std::size_t length = 0;  // of the mark
};
// The mark that begins at `at`, if one does.
template <class Char>
[[nodiscard]] std::optional<MarkAt> mark_at(std::basic_string_view<Char> markdown, std::size_t at);

// How many characters from the start are finished: whatever comes later cannot change how they look. It ends behind an
// empty line outside code and formulas, before a line that begins a paragraph of its own.
template <class Char>
[[nodiscard]] std::size_t finished_length(std::basic_string_view<Char> text);

// The line that closes a block of code which the text leaves open; empty: it leaves none.
[[nodiscard]] std::string open_fence(std::string_view text);

}  // namespace holdfast
