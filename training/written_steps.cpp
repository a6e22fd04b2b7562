#include "training/written_steps.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "training/answer_reading.h"
#include "training/answer_tokens.h"
#include "training/answer_value.h"

namespace holdfast {
namespace {

constexpr std::size_t longest_side = 200, longest_line = 10000, longest_text = std::size_t{1} << 20;
constexpr int most_equations = 4000;

bool step_digit(char c) { return c >= '0' && c <= '9'; }
bool step_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool step_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view step_trimmed(std::string_view text) {
  while (!text.empty() && step_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && step_blank(text.back())) text.remove_suffix(1);
  return text;
}

void step_replace(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// \frac{3}{4} becomes ((3)/(4)), as long as nothing in it has braces of its own.
void plain_fractions(std::string& text) {
  constexpr std::string_view command = "\\frac{";
  for (std::size_t at = text.find(command); at != std::string::npos; at = text.find(command, at + 1)) {
    const std::size_t above = at + command.size();
    const std::size_t middle = text.find_first_of("{}", above);
    if (middle == std::string::npos || text.compare(middle, 2, "}{") != 0) continue;
    const std::size_t below = middle + 2;
    const std::size_t end = text.find_first_of("{}", below);
    if (end == std::string::npos || text[end] != '}') continue;
    text = text.substr(0, at) + "((" + text.substr(above, middle - above) + ")/(" + text.substr(below, end - below) +
           "))" + text.substr(end + 1);
  }
}

std::string plain_line(std::string_view line) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> signs{{{"\\times", "*"},
                                                                                 {"\\cdot", "*"},
                                                                                 {"\\div", "/"},
                                                                                 {"\\left", ""},
                                                                                 {"\\right", ""},
                                                                                 {"\\dfrac", "\\frac"},
                                                                                 {"\\tfrac", "\\frac"},
                                                                                 {"\\(", "$"},
                                                                                 {"\\)", "$"},
                                                                                 {"&=", "="},
                                                                                 {"\xC3\x97", "*"},
                                                                                 {"\xC3\xB7", "/"},
                                                                                 {"\xC2\xB7", "*"},
                                                                                 {"\xE2\x88\x92", "-"}}};
  std::string plain(line);
  for (const auto& [from, to] : signs) step_replace(plain, from, to);
  plain_fractions(plain);
  return plain;
}

// What an equation of numbers is made of; a comma only inside a number.
bool belongs(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (step_digit(c) || step_blank(c)) return true;
  if (c == ',') return at > 0 && at + 1 < text.size() && step_digit(text[at - 1]) && step_digit(text[at + 1]);
  return std::string_view("+-*/^().").find(c) != std::string_view::npos;
}

bool all_belongs(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!belongs(text, at)) return false;
  }
  return true;
}

// The numbers at the end of what stands left of "=", where nothing before them can belong to them.
std::string_view numbers_before(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && belongs(text, begin - 1)) --begin;
  std::string_view numbers = text.substr(begin);
  std::string_view before = step_trimmed(text.substr(0, begin));
  const bool apart = !numbers.empty() && step_blank(numbers.front());
  if (numbers.starts_with(". ")) return step_trimmed(numbers.substr(1));  // behind a sentence that has ended
  if (!before.empty()) {
    const char last = before.back();
    bool ends = last == '$' || ((last == ':' || last == ',' || last == ';') && apart);
    for (const std::string_view word : {"and", "so", "then"}) {
      if (!apart || !before.ends_with(word)) continue;
      ends = ends || before.size() == word.size() || !step_letter(before[before.size() - word.size() - 1]);
    }
    if (!ends) return {};
  }
  numbers = step_trimmed(numbers);
  // "2. 3 + 4": a number in a list.
  const std::size_t digits = std::min(numbers.find_first_not_of("0123456789"), numbers.size());
  if (before.empty() && digits > 0 && digits + 1 < numbers.size() &&
      (numbers[digits] == '.' || numbers[digits] == ')') && step_blank(numbers[digits + 1])) {
    numbers = step_trimmed(numbers.substr(digits + 1));
  }
  return numbers;
}

// The numbers at the beginning of what stands right of the last "=", where nothing behind them can belong to them.
std::string_view numbers_behind(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && belongs(text, end)) ++end;
  const std::string_view behind = text.substr(end);
  std::string_view numbers = step_trimmed(text.substr(0, end));
  const bool ended = numbers.ends_with('.');
  while (numbers.ends_with('.')) numbers.remove_suffix(1);
  if (!behind.empty() && !ended) {
    const char next = behind.front();
    if (next != ',' && next != ';' && next != '$') return {};
    if (next == '$' && behind.size() > 1 && behind[1] == '?') return {};
  }
  // ". 5": what follows is another sentence.
  if (const std::size_t stop = numbers.find(". "); stop != std::string_view::npos) numbers = numbers.substr(0, stop);
  return step_trimmed(numbers);
}

struct StepSide {
  std::string_view text;
  std::optional<mpq_class> value;
  mpq_class last = 0;  // of a decimal number, what one in its last digit is worth
};

StepSide step_side(std::string_view text) {
  StepSide side{text, std::nullopt, 0};
  if (text.empty() || text.size() > longest_side || !std::ranges::any_of(text, step_digit)) return side;
  if (!all_belongs(text)) return side;
  for (std::size_t i = 0; i < text.size(); ++i) {
    // 6/2(1 + 2) is read in two ways.
    if (text[i] == '(' && i > 0 && (step_digit(text[i - 1]) || text[i - 1] == ')')) return side;
  }
  const auto formula = parse_answer(answer_tokens(clean_answer(text)));
  if (!formula) return side;
  const auto value = AnswerEvaluator().value(*formula);
  if (value) side.value = value->exact;
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos && text.find_first_not_of("-0123456789.,") == std::string_view::npos) {
    side.last = 1;
    for (std::size_t i = point + 1; i < text.size(); ++i) side.last /= 10;
  }
  return side;
}

// Equal, or a decimal number that the other is when rounded or cut.
bool stands_for(const StepSide& number, const StepSide& other) {
  const mpq_class apart = *other.value - *number.value;
  const bool cut = sgn(*other.value) >= 0 ? apart >= 0 && apart < number.last : apart <= 0 && apart > -number.last;
  return apart == 0 || 2 * abs(apart) <= number.last || cut;
}

// What stands between the signs "=" of a line that say that two sides are equal.
std::vector<std::string_view> around_equal_signs(std::string_view line) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t at = line.find('='); at != std::string_view::npos; at = line.find('=', at + 1)) {
    const char before = at > 0 ? line[at - 1] : ' ', behind = at + 1 < line.size() ? line[at + 1] : ' ';
    if (std::string_view("=!<>:~").find(before) != std::string_view::npos || behind == '=' || behind == '>') return {};
    parts.push_back(line.substr(begin, at - begin));
    begin = at + 1;
  }
  parts.push_back(line.substr(begin));
  return parts;
}

}  // namespace

std::optional<std::string> find_false_step(std::string_view text) {
  text = text.substr(0, longest_text);
  int left = most_equations;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line = end <= longest_line ? plain_line(text.substr(0, end)) : "";
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::vector<std::string_view> between = around_equal_signs(line);
    for (std::size_t i = 0; i + 1 < between.size(); ++i) {
      if (--left < 0) return std::nullopt;
      // In the middle of a chain all of it is the side; else two equations may share what stands between their signs.
      const auto side = [](std::string_view part, bool inside, auto numbers) {
        const bool whole = inside && all_belongs(part);
        return step_side(whole ? step_trimmed(part) : numbers(part));
      };
      const StepSide a = side(between[i], i > 0, numbers_before);
      const StepSide b = side(between[i + 1], i + 2 < between.size(), numbers_behind);
      if (a.value && b.value && !stands_for(a, b) && !stands_for(b, a)) {
        return std::string(a.text) + " = " + std::string(b.text);
      }
    }
  }
  return std::nullopt;
}

}  // namespace holdfast
