#include "training/verify.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "engine/chat_template.h"
#include "training/answer_equal.h"
#include "training/answer_reading.h"

namespace holdfast {
namespace {

constexpr std::size_t verify_longest_text = std::size_t{1} << 22;  // of a completion: only its end is looked at

// --- what a completion answers

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// What stands in the braces that open at `open`; nothing when they do not close.
std::optional<std::string_view> in_braces(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return text.substr(open + 1, i - open - 1);
    }
  }
  return std::nullopt;
}

std::optional<std::string> boxed(std::string_view text) {
  constexpr std::array<std::string_view, 2> boxes{"\\boxed{", "\\fbox{"};
  // From the last one on; a few that do not close are passed over, not all of a text made of them.
  std::size_t end = text.size();
  for (int tries = 0; tries < 20; ++tries) {
    std::size_t best = std::string_view::npos;
    std::size_t open = 0;
    for (const std::string_view box : boxes) {
      const std::size_t at = text.substr(0, end).rfind(box);
      if (at != std::string_view::npos && (best == std::string_view::npos || at > best))
        best = at, open = at + box.size() - 1;
    }
    if (best == std::string_view::npos) return std::nullopt;
    if (const auto inside = in_braces(text, open)) return std::string(trimmed(*inside));
    end = best;
  }
  return std::nullopt;
}

std::optional<std::string> stated(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::size_t best = std::string::npos;
  for (const std::string_view sign :
       {std::string_view("answer is"), std::string_view("answer:"), std::string_view("####")}) {
    const std::size_t at = lower.rfind(sign);
    if (at != std::string::npos && (best == std::string::npos || at + sign.size() > best)) best = at + sign.size();
  }
  if (best == std::string::npos) return std::nullopt;
  std::string_view rest = text.substr(best);
  rest = trimmed(rest.substr(0, rest.find('\n')));
  while (!rest.empty() && (rest.front() == ':' || rest.front() == '*' || rest.front() == ' ')) rest.remove_prefix(1);
  while (!rest.empty() && (rest.back() == '.' || rest.back() == '*')) rest.remove_suffix(1);
  if (rest.empty()) return std::nullopt;
  return std::string(trimmed(rest));
}

std::optional<std::string> last_number(std::string_view text) {
  const auto digit = [&](std::size_t i) {
    return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
  };
  std::size_t end = text.size();
  while (end > 0 && !digit(end - 1)) --end;
  if (end == 0) return std::nullopt;
  std::size_t begin = end;
  while (begin > 0 &&
         (digit(begin - 1) || ((text[begin - 1] == '.' || text[begin - 1] == ',' || text[begin - 1] == '/') &&
                               begin > 1 && digit(begin - 2)))) {
    --begin;
  }
  if (begin > 0 && text[begin - 1] == '-' && (begin == 1 || !digit(begin - 2))) --begin;
  return std::string(text.substr(begin, end - begin));
}

}  // namespace

std::string_view name(AnswerSource source) noexcept {
  return source == AnswerSource::boxed ? "boxed" : source == AnswerSource::stated ? "stated" : "last_number";
}

std::optional<ExtractedAnswer> extract_answer(std::string_view completion, bool thought_opened) {
  if (completion.size() > verify_longest_text) return std::nullopt;
  std::string_view text = completion;
  const bool begins = trimmed(text).starts_with("<think>");
  if (thought_opened || begins) {
    const SplitText split = split_thought(text, thought_opened);
    if (!split.closed) return std::nullopt;
    text = split.answer;
  }
  if (auto answer = boxed(text)) return ExtractedAnswer{*std::move(answer), AnswerSource::boxed};
  if (auto answer = stated(text)) return ExtractedAnswer{*std::move(answer), AnswerSource::stated};
  if (auto answer = last_number(text)) return ExtractedAnswer{*std::move(answer), AnswerSource::last_number};
  return std::nullopt;
}

bool is_right(std::string_view given, std::string_view expected) {
  const AnswerReading a = read_answer(given);
  const AnswerReading b = read_answer(expected);
  if (equal_readings(a, b)) return true;
  // The question asked for per cent: the bare number will do.
  if (b.percent && !a.percent && a.formula && b.formula && is_scalar(*a.formula) && is_scalar(*b.formula)) {
    AnswerExpr hundredfold{AnswerExpr::Kind::product, "", {*b.formula, {AnswerExpr::Kind::number, "100", {}}}};
    return equal_formulas(*a.formula, hundredfold);
  }
  return false;
}

bool same_answer(std::string_view a, std::string_view b) { return is_right(a, b) && is_right(b, a); }

}  // namespace holdfast
