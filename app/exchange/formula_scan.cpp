#include "app/exchange/formula_scan.h"

#include <algorithm>
#include <array>

namespace holdfast {
namespace {

constexpr std::size_t longest_formula = 4000;

// Marks are made of characters of the private use area: a beginning, digits, an end.
constexpr char16_t mark_begin = 0xE000, mark_end = 0xE001, mark_digit = 0xE010;

// Environments that are formulas without signs around them.
constexpr std::array<std::string_view, 14> formula_environments = {
    "align",    "align*",    "aligned", "alignat", "alignat*", "array",    "cases",
    "equation", "equation*", "gather",  "gather*", "gathered", "multline", "multline*"};

bool is_space_sign(char32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit_sign(char32_t c) { return c >= '0' && c <= '9'; }

std::string mark_sign(char16_t c, char) {
  return {static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3f)),
          static_cast<char>(0x80 | (c & 0x3f))};
}
std::u16string mark_sign(char16_t c, char16_t) { return {c}; }

// The sign of a mark that begins at `at` (0: none), and how long it is.
char16_t mark_sign_at(std::string_view text, std::size_t at, std::size_t* length) {
  *length = 3;
  if (at + 3 > text.size() || text[at] != '\xEE' || text[at + 1] != '\x80') return 0;
  const auto c = static_cast<char16_t>(0xE000 | (static_cast<unsigned char>(text[at + 2]) & 0x3f));
  return c < mark_digit + 10 ? c : char16_t{0};
}
char16_t mark_sign_at(std::u16string_view text, std::size_t at, std::size_t* length) {
  *length = 1;
  if (at >= text.size() || text[at] < mark_begin || text[at] >= mark_digit + 10) return 0;
  return text[at];
}

template <class Char>
std::basic_string_view<Char> trimmed(std::basic_string_view<Char> text) {
  const auto space = [](Char c) { return is_space_sign(static_cast<char32_t>(c)); };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

template <class Char>
struct CodeFence {
  Char sign{};
  std::size_t length = 0;  // 0: no fence
};

template <class Char>
CodeFence<Char> code_fence_of(std::basic_string_view<Char> line) {
  std::size_t at = 0;
  while (at < line.size() && at < 3 && line[at] == ' ') ++at;
  if (at == line.size() || (line[at] != '`' && line[at] != '~')) return {};
  const Char sign = line[at];
  const std::size_t begin = at;
  while (at < line.size() && line[at] == sign) ++at;
  if (at - begin < 3) return {};
  if (sign == '`' && line.substr(at).find(Char{'`'}) != line.npos) return {};
  return {sign, at - begin};
}

template <class Char>
bool closes_fence(const CodeFence<Char>& open, std::basic_string_view<Char> line) {
  const CodeFence<Char> fence = code_fence_of(line);
  return fence.length >= open.length && fence.sign == open.sign && trimmed(line).size() == fence.length;
}

// Reads a text once, from left to right.
template <class Char>
class FormulaScanner {
 public:
  using View = std::basic_string_view<Char>;
  using String = std::basic_string<Char>;
  static constexpr std::size_t npos = View::npos;

  explicit FormulaScanner(View text) : text_(text) {}

  ScannedMarkdown<Char> scan() {
    while (at_ < text_.size()) {
      if (at_line_start() && take_fence()) continue;
      const Char c = text_[at_];
      if (c == '`' && take_code()) continue;
      if (c == '$' && take_dollars()) continue;
      if (c == '\\' && take_backslash()) continue;
      if (c == '*' && is_product()) out_.markdown += '\\';
      take(1);
    }
    return std::move(out_);
  }

 private:
  static String ascii(std::string_view word) { return {word.begin(), word.end()}; }
  [[nodiscard]] bool at_line_start() const { return at_ == 0 || text_[at_ - 1] == '\n'; }
  [[nodiscard]] bool starts(std::string_view word) const { return text_.substr(at_).starts_with(ascii(word)); }
  [[nodiscard]] Char next(std::size_t offset) const {
    return at_ + offset < text_.size() ? text_[at_ + offset] : Char{};
  }
  void take(std::size_t count) {
    const std::size_t end = std::min(at_ + count, text_.size());
    while (at_ < end) {
      std::size_t length = 1;
      if (mark_sign_at(text_, at_, &length) == 0) {
        out_.markdown += text_[at_++];
      } else {
        at_ += length;
      }
    }
  }
  [[nodiscard]] std::size_t line_end(std::size_t from) const {
    const std::size_t end = text_.find(Char{'\n'}, from);
    return end == npos ? text_.size() : end + 1;
  }

  // A fenced block whole; one that has not ended reaches to the end.
  bool take_fence() {
    const auto line = [&](std::size_t from) { return trimmed(text_.substr(from, line_end(from) - from)); };
    const CodeFence<Char> open = code_fence_of(line(at_));
    if (open.length == 0) return false;
    std::size_t end = line_end(at_);
    while (end < text_.size() && !closes_fence(open, line(end))) end = line_end(end);
    take(line_end(std::min(end, text_.size())) - at_);
    return true;
  }

  bool take_code() {
    std::size_t ticks = 1;
    while (next(ticks) == '`') ++ticks;
    const String sign(ticks, Char{'`'});
    for (std::size_t end = text_.find(sign, at_ + ticks); end != npos; end = text_.find(sign, end)) {
      std::size_t length = ticks;
      while (end + length < text_.size() && text_[end + length] == '`') ++length;
      if (length == ticks) {
        take(end + ticks - at_);
        return true;
      }
      end += length;
    }
    take(ticks);
    return true;
  }

  bool formula(std::size_t open, std::size_t end, std::size_t close, bool display) {
    const View tex = text_.substr(at_ + open, end - at_ - open);
    if (trimmed(tex).empty() || tex.size() > longest_formula || tex.find(ascii("\n\n")) != npos) return false;
    out_.markdown += formula_mark<Char>(out_.formulas.size());
    out_.formulas.push_back({String(trimmed(tex)), String(text_.substr(at_, end + close - at_)), display});
    at_ = end + close;
    return true;
  }

  [[nodiscard]] std::size_t find(std::string_view sign, std::size_t from) const {
    if (from > text_.size()) return npos;
    const std::size_t end = text_.substr(from, longest_formula + sign.size()).find(ascii(sign));
    return end == npos ? npos : from + end;
  }

  bool take_dollars() {
    if (next(1) == '$') {
      const std::size_t end = find("$$", at_ + 2);
      if (end != npos && formula(2, end, 2, true)) return true;
      take(2);
      return true;
    }
    // As Pandoc has it: no space inside the signs, no digit behind the second, so that prices stay prices.
    if (next(1) == Char{} || is_space_sign(static_cast<char32_t>(next(1)))) return false;
    for (std::size_t end = at_ + 1; end < std::min(text_.size(), at_ + longest_formula); ++end) {
      if (text_[end] == '\\') {
        ++end;
      } else if (text_[end] == '\n' && end + 1 < text_.size() && text_[end + 1] == '\n') {
        return false;
      } else if (text_[end] == '$') {
        const bool space = is_space_sign(static_cast<char32_t>(text_[end - 1]));
        const bool digit = end + 1 < text_.size() && is_digit_sign(static_cast<char32_t>(text_[end + 1]));
        if (space || digit) return false;
        return formula(1, end, 1, false);
      }
    }
    return false;
  }

  bool take_backslash() {
    if (next(1) == '(' || next(1) == '[') {
      const bool display = next(1) == '[';
      const std::size_t end = find(display ? "\\]" : "\\)", at_ + 2);
      if (end != npos && formula(2, end, 2, display)) return true;
    } else if (starts("\\begin{")) {
      if (take_environment()) return true;
    } else if (starts("\\boxed{")) {
      const std::size_t end = end_of_braces(at_ + 6);
      if (end != npos && formula(0, end, 0, false)) return true;
    }
    take(2);
    return true;
  }

  bool take_environment() {
    const std::size_t name_end = find("}", at_ + 7);
    if (name_end == npos) return false;
    const View name = text_.substr(at_ + 7, name_end - at_ - 7);
    const bool known = std::any_of(formula_environments.begin(), formula_environments.end(),
                                   [&](std::string_view known_name) { return name == View(ascii(known_name)); }) ||
                       name.ends_with(ascii("matrix"));
    if (!known) return false;
    const String close = ascii("\\end{") + String(name) + Char{'}'};
    const std::size_t end = text_.substr(name_end, longest_formula).find(close);
    return end != npos && formula(0, name_end + end + close.size(), 0, true);
  }

  // Behind the brace that closes the one at `open`; npos: none does.
  [[nodiscard]] std::size_t end_of_braces(std::size_t open) const {
    int depth = 0;
    for (std::size_t i = open; i < std::min(text_.size(), open + longest_formula); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '{') {
        ++depth;
      } else if (text_[i] == '}' && --depth == 0) {
        return i + 1;
      }
    }
    return npos;
  }

  // 2*3*4 is no emphasis.
  [[nodiscard]] bool is_product() const {
    const Char before = at_ > 0 ? text_[at_ - 1] : Char{};
    const Char after = next(1);
    return (is_digit_sign(static_cast<char32_t>(before)) || before == ')') &&
           (is_digit_sign(static_cast<char32_t>(after)) || after == '(');
  }

  View text_;
  std::size_t at_ = 0;
  ScannedMarkdown<Char> out_;
};

}  // namespace

template <class Char>
ScannedMarkdown<Char> scan_formulas(std::basic_string_view<Char> text) {
  return FormulaScanner<Char>(text).scan();
}

template <class Char>
std::basic_string<Char> formula_mark(std::size_t index) {
  std::basic_string<Char> mark = mark_sign(mark_begin, Char{});
  for (const char digit : std::to_string(index)) {
    mark += mark_sign(static_cast<char16_t>(mark_digit + (digit - '0')), Char{});
  }
  return mark + mark_sign(mark_end, Char{});
}

template <class Char>
std::optional<MarkAt> mark_at(std::basic_string_view<Char> markdown, std::size_t at) {
  std::size_t length = 0;
  if (mark_sign_at(markdown, at, &length) != mark_begin) return std::nullopt;
  std::size_t end = at + length;
  std::size_t index = 0;
  int digits = 0;
  for (; digits < 10; ++digits, end += length) {
    const char16_t sign = mark_sign_at(markdown, end, &length);
    if (sign < mark_digit) break;
    index = 10 * index + static_cast<std::size_t>(sign - mark_digit);
  }
  if (digits == 0 || mark_sign_at(markdown, end, &length) != mark_end) return std::nullopt;
  return MarkAt{index, end + length - at};
}

template <class Char>
std::size_t finished_length(std::basic_string_view<Char> text) {
  using View = std::basic_string_view<Char>;
  std::size_t finished = 0;
  CodeFence<Char> open;
  bool in_display = false;
  bool empty_before = false;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t line_end = text.find(Char{'\n'}, begin);
    const bool spaced = is_space_sign(static_cast<char32_t>(text[begin]));
    if (line_end == View::npos) {
      // A paragraph has begun, whatever becomes of it.
      if (empty_before && open.length == 0 && !in_display && !spaced) finished = begin;
      break;
    }
    const View line = text.substr(begin, line_end - begin);
    if (open.length > 0) {
      if (closes_fence(open, line)) open = {};
      empty_before = false;
    } else {
      if (empty_before && !in_display && !line.empty() && !spaced) finished = begin;
      open = code_fence_of(line);
      for (std::size_t i = 0; i + 1 < line.size(); ++i) {
        if (line[i] == '$' && line[i + 1] == '$') in_display = !in_display, ++i;
        if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '[') in_display = true;
        if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == ']') in_display = false;
      }
      empty_before = trimmed(line).empty();
      if (empty_before) in_display = false;  // no formula goes over an empty line
    }
    begin = line_end + 1;
  }
  return finished;
}

std::string open_fence(std::string_view text) {
  CodeFence<char> open;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (open.length == 0) {
      open = code_fence_of(line);
    } else if (closes_fence(open, line)) {
      open = {};
    }
    begin = end + 1;
  }
  return std::string(open.length, open.sign);
}

template ScannedMarkdown<char> scan_formulas(std::string_view);
template ScannedMarkdown<char16_t> scan_formulas(std::u16string_view);
template std::string formula_mark<char>(std::size_t);
template std::u16string formula_mark<char16_t>(std::size_t);
template std::optional<MarkAt> mark_at(std::string_view, std::size_t);
template std::optional<MarkAt> mark_at(std::u16string_view, std::size_t);
template std::size_t finished_length(std::string_view);
template std::size_t finished_length(std::u16string_view);

}  // namespace holdfast
