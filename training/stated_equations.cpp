#include "training/stated_equations.h"

#include <algorithm>
#include <array>
#include <vector>

#include "training/answer_reading.h"
#include "training/answer_tokens.h"
#include "training/answer_value.h"

namespace holdfast {
namespace {

constexpr std::size_t stated_longest = 2000, stated_most_equations = 8;
constexpr std::array<std::string_view, 15> words_before{"solve", "if",   "when",     "where",     "for",
                                                        "and",   "that", "given",    "with",      "find",
                                                        "let",   "then", "equation", "equations", "system"};
constexpr std::array<std::string_view, 14> words_behind{"and",  "for",  "if",  "find", "what", "then",      "where",
                                                        "when", "have", "has", "with", "give", "determine", "solve"};

bool stated_digit(char c) { return c >= '0' && c <= '9'; }
bool stated_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool unknown_letter(char c) { return c >= 'x' && c <= 'z'; }

// A letter that stands for a number: not inside a word.
bool is_unknown(std::string_view text, std::size_t at) {
  if (!unknown_letter(text[at])) return false;
  const bool before = at > 0 && stated_letter(text[at - 1]),
             behind = at + 1 < text.size() && stated_letter(text[at + 1]);
  return !before && !behind;
}

bool in_equation(std::string_view text, std::size_t at) {
  const char c = text[at];
  return stated_digit(c) || std::string_view(" +-*/^().=").find(c) != std::string_view::npos || is_unknown(text, at);
}

std::string_view stated_trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.remove_suffix(1);
  return text;
}

template <std::size_t n>
bool one_of(const std::array<std::string_view, n>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::string_view last_word(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && stated_letter(text[begin - 1])) --begin;
  return text.substr(begin);
}
std::string_view first_word(std::string_view text) {
  return text.substr(0, std::ranges::find_if_not(text, stated_letter) - text.begin());
}

struct Equation {
  std::string text;
  AnswerExpr left, right;
  std::string letters;
};

std::optional<AnswerExpr> formula_of(std::string_view side) {
  const std::string_view text = stated_trimmed(side);
  return text.empty() ? std::nullopt : parse_answer(answer_tokens(clean_answer(text)));
}

bool may_begin(std::string_view before, std::string_view left) {
  if (before.empty()) return true;
  return std::string_view(",:;?!$").find(before.back()) != std::string_view::npos ||
         (left.starts_with(' ') && one_of(words_before, last_word(before)));
}
bool may_end(std::string_view right, std::string_view behind) {
  if (behind.empty()) return true;
  return std::string_view(",;?$").find(behind.front()) != std::string_view::npos ||
         (right.ends_with(' ') && one_of(words_behind, first_word(behind)));
}

std::vector<std::string_view> cut_at_stops(std::string_view run) {
  std::vector<std::string_view> parts;
  for (std::size_t stop; (stop = run.find(". ")) != std::string_view::npos; run.remove_prefix(stop + 1)) {
    parts.push_back(run.substr(0, stop));
  }
  parts.push_back(run);
  return parts;
}

// All equations of the text; nothing where one cannot be told from the words around it.
std::optional<std::vector<Equation>> stated_equations(std::string_view text) {
  std::vector<Equation> all;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!in_equation(text, at)) continue;
    std::size_t end = at;
    while (end < text.size() && in_equation(text, end)) ++end;
    const std::vector<std::string_view> parts = cut_at_stops(text.substr(at, end - at));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::size_t sign = parts[i].find('=');
      if (sign == std::string_view::npos) continue;
      if (parts[i].find('=', sign + 1) != std::string_view::npos || all.size() == stated_most_equations)
        return std::nullopt;
      const std::string_view left = parts[i].substr(0, sign), right = parts[i].substr(sign + 1);
      if (i == 0 && !may_begin(text.substr(0, at), left)) return std::nullopt;
      if (i + 1 == parts.size() && !may_end(right, text.substr(end))) return std::nullopt;
      auto l = formula_of(left), r = formula_of(right);
      if (!l || !r) return std::nullopt;
      Equation one{std::string(stated_trimmed(left)) + " = " + std::string(stated_trimmed(right)),
                   std::move(*l),
                   std::move(*r),
                   {}};
      for (const char letter : {'x', 'y', 'z'}) {
        if (one.text.find(letter) != std::string::npos) one.letters += letter;
      }
      if (!one.letters.empty()) all.push_back(std::move(one));
    }
    at = end;
  }
  return all;
}

// The letter that is asked for by itself.
std::optional<char> asked_letter(std::string_view text) {
  static constexpr std::array<std::string_view, 10> phrases{
      "find ",      "find the value of ", "what is ",   "what's ",    "value of ",
      "solve for ", "for which ",         "determine ", "calculate ", "give "};
  static constexpr std::array<std::string_view, 7> behind{"if", "when", "given", "where", "from", "with", "does"};
  std::optional<char> asked;
  for (const std::string_view phrase : phrases) {
    for (std::size_t at = text.find(phrase); at != std::string_view::npos; at = text.find(phrase, at + 1)) {
      const std::size_t letter = at + phrase.size();
      if (letter >= text.size() || !is_unknown(text, letter)) continue;
      std::string_view rest = text.substr(letter + 1);
      const bool spaced = rest.starts_with(' ');
      while (rest.starts_with(' ')) rest.remove_prefix(1);
      const bool ends =
          rest.empty() || (!spaced && std::string_view(".?!:").find(rest.front()) != std::string_view::npos);
      if (!ends && !(spaced && one_of(behind, first_word(rest)))) return std::nullopt;
      if (asked && *asked != text[letter]) return std::nullopt;
      asked = text[letter];
    }
  }
  return asked;
}

std::optional<mpq_class> difference(const Equation& equation, const AnswerPoint& at) {
  AnswerEvaluator evaluator;
  const auto left = evaluator.value(equation.left, at), right = evaluator.value(equation.right, at);
  if (!left || !right || !left->exact || !right->exact) return std::nullopt;
  return mpq_class(*left->exact - *right->exact);
}

// Where the other letter makes the equation true; nothing where it is not linear in it.
std::optional<mpq_class> other_from(const Equation& equation, AnswerPoint at, const std::string& other, bool& broken) {
  std::array<mpq_class, 3> d;
  for (int t = 0; t < 3; ++t) {
    at[other] = t;
    const auto value = difference(equation, at);
    if (!value) return std::nullopt;
    d[static_cast<std::size_t>(t)] = *value;
  }
  const mpq_class slope = d[1] - d[0];
  if (d[2] - d[1] != slope) return std::nullopt;
  if (slope == 0) return broken = broken || d[0] != 0, std::nullopt;
  return mpq_class(-d[0] / slope);
}

std::string lowered(std::string_view text) {
  std::string low(text);
  for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return low;
}

}  // namespace

std::optional<std::string> find_broken_equation(std::string_view problem, std::string_view answer) {
  if (problem.size() > stated_longest || problem.find_first_of("<>|_\\%!") != std::string_view::npos)
    return std::nullopt;
  const std::string text = lowered(problem);
  const auto equations = stated_equations(text);
  if (!equations || equations->empty()) return std::nullopt;
  std::string letters;
  for (const Equation& one : *equations) {
    for (const char letter : one.letters) {
      if (letters.find(letter) == std::string::npos) letters += letter;
    }
  }
  auto asked = asked_letter(text);
  const bool asks_more = text.find("what") != std::string::npos || text.find("how") != std::string::npos ||
                         text.find("find") != std::string::npos;
  if (!asked && letters.size() == 1 && text.find("solve") != std::string::npos && !asks_more) asked = letters[0];
  if (!asked || letters.find(*asked) == std::string::npos || letters.size() > 2) return std::nullopt;

  const AnswerReading reading = read_answer(answer);
  if (!reading.formula || reading.percent || reading.unit) return std::nullopt;
  const std::string name(1, *asked);
  const AnswerExpr& formula = *reading.formula;  // "4", or "x = 4"
  const bool named = formula.kind == AnswerExpr::Kind::relation && formula.text == "=" && formula.parts.size() == 2 &&
                     formula.parts[0].text == name;
  const auto value = AnswerEvaluator().value(named ? formula.parts[1] : formula);
  if (!value || !value->exact) return std::nullopt;
  const AnswerPoint at{{name, *value->exact}};
  std::optional<mpq_class> other;
  for (const Equation& one : *equations) {
    bool broken = false;
    if (one.letters == name) {
      const auto d = difference(one, at);
      broken = d && *d != 0;
    } else {
      const char second = one.letters[one.letters.size() == 2 && one.letters[0] == *asked ? 1 : 0];
      const auto here = other_from(one, at, std::string(1, second), broken);
      broken = broken || (here && other && *here != *other);
      if (here) other = here;
    }
    if (broken) return one.text + " with " + name + " = " + value->exact->get_str();
  }
  return std::nullopt;
}

std::optional<std::string> find_negative_count(std::string_view problem, std::string_view answer) {
  if (problem.size() > stated_longest) return std::nullopt;
  const std::string text = lowered(problem);
  for (const std::string_view word : {"degree", "temperature", "below", "average"}) {
    if (text.find(word) != std::string::npos) return std::nullopt;
  }
  const AnswerReading reading = read_answer(answer);
  const auto value = reading.formula ? AnswerEvaluator().value(*reading.formula) : std::nullopt;
  if (!value || !value->exact || *value->exact >= 0) return std::nullopt;
  for (const std::string_view asks : {"how many", "how much change", "how much money"}) {
    if (text.find(std::string(asks) + " ") != std::string::npos)
      return value->exact->get_str() + " is asked for by " + std::string(asks);
  }
  return std::nullopt;
}

}  // namespace holdfast
