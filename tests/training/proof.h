// How a problem's answer is proved: by the numbers that its statement gives, and by another way than the generator's
// (enumeration, simulation, substitution into the statement's own formula, FLINT).
#pragma once

#include <QTest>
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "training/answer_expr.h"
#include "training/answer_tokens.h"
#include "training/answer_value.h"
#include "training/generators/catalogue.h"
#include "training/verify.h"

namespace holdfast::proofs {

using generators::Family;
using generators::Int;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t proof_seeds = 40;
#else
inline constexpr std::uint64_t proof_seeds = 1000;
#endif

struct Fraction {
  Int n = 0, d = 1;
};

class Case {
 public:
  explicit Case(const Problem& problem) : p(problem) {}
  const Problem& p;

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] Int at(std::string_view name) const {
    const Given* given = find(name);
    if (given == nullptr) throw std::out_of_range("nothing given is called " + std::string(name));
    return given->value;
  }
  [[nodiscard]] Int at_or(std::string_view name, Int otherwise) const { return has(name) ? at(name) : otherwise; }
  [[nodiscard]] std::vector<Int> all(std::string_view name) const {
    std::vector<Int> values;
    for (const Given& g : p.givens) {
      if (g.name == name) values.push_back(g.value);
    }
    return values;
  }
  [[nodiscard]] bool says(std::string_view text) const { return p.statement.find(text) != std::string::npos; }
  [[nodiscard]] bool says_one(std::initializer_list<std::string_view> texts) const {
    return std::ranges::any_of(texts, [this](std::string_view t) { return says(t); });
  }

  // The answer: a whole number, written as one; a fraction in lowest terms; a decimal times 10^places; 16\%.
  [[nodiscard]] Int number() const { return whole(p.answer); }
  [[nodiscard]] Fraction fraction() const {
    const std::size_t bar = p.answer.find('/');
    if (bar == std::string::npos) return {number(), 1};
    const Fraction f{whole(p.answer.substr(0, bar)), whole(p.answer.substr(bar + 1))};
    for (Int k = 2; k <= f.d; ++k) {
      if (f.n % k == 0 && f.d % k == 0) throw std::runtime_error("not in lowest terms");
    }
    if (f.d < 2) throw std::runtime_error("a fraction over one");
    return f;
  }
  [[nodiscard]] Int scaled(int places) const {
    std::string digits = p.answer;
    const std::size_t point = digits.find('.');
    int have = 0;
    if (point != std::string::npos) {
      have = static_cast<int>(digits.size() - point - 1);
      digits.erase(point, 1);
    }
    if (have > places) throw std::runtime_error("more places than it can have");
    digits.append(static_cast<std::size_t>(places - have), '0');
    return std::stoll(digits);
  }
  [[nodiscard]] Int percent() const {
    if (!p.answer.ends_with("\\%")) throw std::runtime_error("not in per cent");
    return whole(p.answer.substr(0, p.answer.size() - 2));
  }
  [[nodiscard]] std::pair<Int, Int> point() const {
    const std::size_t comma = p.answer.find(", ");
    if (p.answer.front() != '(' || p.answer.back() != ')' || comma == std::string::npos)
      throw std::runtime_error("not a pair");
    return {whole(p.answer.substr(1, comma - 1)), whole(p.answer.substr(comma + 2, p.answer.size() - comma - 3))};
  }

  // The formulas of the statement: words made of signs, digits and unknowns, as long as they stand side by side.
  [[nodiscard]] std::vector<std::string> formulas() const {
    std::vector<std::string> found;
    std::string run;
    const auto end_run = [&] {
      while (!run.empty() && (run.back() == '.' || run.back() == ' ')) run.pop_back();
      if (!run.empty()) found.push_back(run);
      run.clear();
    };
    for (std::size_t at = 0; at < p.statement.size();) {
      const std::size_t end = std::min(p.statement.find(' ', at), p.statement.size());
      std::string word = p.statement.substr(at, end - at);
      at = end + 1;
      std::erase(word, '$');
      const bool ends = !word.empty() && (word.back() == ',' || word.back() == '?' || word.back() == ':');
      if (ends) word.pop_back();
      if (word.starts_with("f(x)") || word.starts_with("g(x)")) word = "?";
      if (word.find_first_not_of("0123456789xy+-*/^()=<>|.") != std::string::npos) {
        end_run();
        continue;
      }
      run += (run.empty() ? "" : " ") + word;
      if (ends) end_run();
    }
    end_run();
    return found;
  }
  [[nodiscard]] std::vector<std::string> formulas_with(std::string_view sign) const {
    std::vector<std::string> found = formulas();
    std::erase_if(found, [&](const std::string& f) { return f.find(sign) == std::string::npos; });
    return found;
  }

 private:
  static Int whole(const std::string& text) {
    std::size_t used = 0;
    const Int value = std::stoll(text, &used);
    if (used != text.size() || std::to_string(value) != text) throw std::runtime_error(text + " is not a whole number");
    return value;
  }
  [[nodiscard]] const Given* find(std::string_view name) const {
    const auto found = std::ranges::find(p.givens, name, &Given::name);
    return found == p.givens.end() ? nullptr : &*found;
  }
};

// What a formula is worth at x and y.
inline mpq_class worth(const std::string& formula, Int x = 0, Int y = 0) {
  static std::map<std::string, std::optional<AnswerExpr>> known;  // a formula is tried with many numbers
  if (known.size() > 100) known.clear();
  auto [place, fresh] = known.try_emplace(formula);
  if (fresh) place->second = parse_answer(answer_tokens(clean_answer(formula)));
  const std::optional<AnswerExpr>& expr = place->second;
  AnswerEvaluator evaluator;
  const auto value =
      expr ? evaluator.value(*expr, {{"x", mpq_class(static_cast<long>(x))}, {"y", mpq_class(static_cast<long>(y))}})
           : std::nullopt;
  if (!value || !value->exact) throw std::runtime_error("no value: " + formula);
  return *value->exact;
}
inline bool holds(const std::string& equation, Int x, Int y = 0) {
  const std::size_t equals = equation.find('=');
  return worth(equation.substr(0, equals), x, y) == worth(equation.substr(equals + 1), x, y);
}
// The one number between `low` and `high` for which the condition holds.
inline Int only(Int low, Int high, const std::function<bool(Int)>& condition) {
  std::optional<Int> found;
  for (Int x = low; x <= high; ++x) {
    if (!condition(x)) continue;
    if (found) throw std::runtime_error("two solutions: " + std::to_string(*found) + ", " + std::to_string(x));
    found = x;
  }
  if (!found) throw std::runtime_error("no solution");
  return *found;
}
inline Int added_up(Int value, Int times) {
  Int sum = 0;
  for (Int i = 0; i < times; ++i) sum += value;
  return sum;
}

using Check = bool (*)(const Case&);
using Checks = std::map<std::string_view, Check>;

// A number stands in the text: as digits that are no part of a longer number, or as a word.
inline bool shows(const std::string& text, Int value) {
  const std::string digits = std::to_string(std::abs(value));
  const auto digit = [&](std::size_t i) {
    return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
  };
  for (std::size_t at = text.find(digits); at != std::string::npos; at = text.find(digits, at + 1)) {
    const std::size_t end = at + digits.size();
    const bool begins = at == 0 || (!digit(at - 1) && !(text[at - 1] == '.' && at > 1 && digit(at - 2)));
    if (begins && !digit(end) && !(end < text.size() && text[end] == '.' && digit(end + 1))) return true;
  }
  static constexpr std::array<std::string_view, 13> words{"",      "",      "two",  "three", "four",   "five",  "six",
                                                          "seven", "eight", "nine", "ten",   "eleven", "twelve"};
  if (value < 2 || value > 12) return false;
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower.find(words[static_cast<std::size_t>(value)]) != std::string::npos;
}

inline std::string told(const Problem& p) {
  std::string text = std::string(p.family) + ", level " + std::to_string(p.level) + ": " + p.statement + "\n" +
                     p.solution + "\n-> " + p.answer + "\n";
  for (const Given& g : p.givens) text += " " + std::string(g.name) + "=" + std::to_string(g.value);
  return text;
}

// Another answer, near the right one.
inline std::string spoiled(std::string answer) {
  if (answer == "yes" || answer == "no") return answer == "yes" ? "no" : "yes";
  std::size_t end = answer.size();
  while (end > 0 && std::isdigit(static_cast<unsigned char>(answer[end - 1])) == 0) --end;
  if (end == 0) return answer + "x";
  std::size_t begin = end;
  while (begin > 0 && std::isdigit(static_cast<unsigned char>(answer[begin - 1])) != 0) --begin;
  std::string digits = std::to_string(std::stoll(answer.substr(begin, end - begin)) + 1);
  if (digits.size() < end - begin) digits.insert(0, end - begin - digits.size(), '0');
  return answer.replace(begin, end - begin, digits);
}

inline bool accepts(Check check, const Problem& p, std::string* trouble = nullptr) {
  try {
    return check(Case(p));
  } catch (const std::exception& e) {
    if (trouble != nullptr) *trouble = e.what();
    return false;
  }
}

inline void prove(const Family& family, Check check, bool chosen) {
  for (int level = family.least_level; level <= family.most_level; ++level) {
    std::uint64_t trivial = 0;
    for (std::uint64_t seed = 0; seed < proof_seeds; ++seed) {
      const Problem p = generators::make_problem(family, level, seed);
      for (const Given& g : p.givens) {
        if (g.shown)
          QVERIFY2(shows(p.statement, g.value),
                   ("not in the statement: " + std::string(g.name) + "\n" + told(p)).c_str());
      }
      const auto boxed = extract_answer(solved_text(p), true);
      QVERIFY2(boxed && boxed->source == AnswerSource::boxed && boxed->text == p.answer, told(p).c_str());
      if (p.statement.find(" " + p.answer) != std::string::npos) ++trivial;
      std::string trouble;
      const bool right = accepts(check, p, &trouble);
      QVERIFY2(right, (trouble + "\n" + told(p)).c_str());
      if (seed >= 50) continue;
      Problem wrong = p;  // a check that takes any answer is none
      wrong.answer = spoiled(p.answer);
      QVERIFY2(!accepts(check, wrong), ("taken: " + wrong.answer + "\n" + told(p)).c_str());
    }
    // The answer may stand in a statement by chance, or because it is to be chosen from what stands there.
    QVERIFY2(chosen || trivial * 10 < proof_seeds * 5,
             (std::string(family.name) + ": the statement often holds its answer, " + std::to_string(trivial)).c_str());
  }
}

// The rows of a test: the families of some areas.
inline void add_rows(std::initializer_list<std::span<const Family>> areas) {
  QTest::addColumn<QString>("name");
  for (const auto area : areas) {
    for (const Family& family : area)
      QTest::newRow(std::string(family.name).c_str()) << QString::fromStdString(std::string(family.name));
  }
}
inline void prove_row(const QString& name, const Checks& checks, const std::set<std::string_view>& chosen = {}) {
  const std::string plain = name.toStdString();
  const auto check = checks.find(plain);
  QVERIFY2(check != checks.end(), "the family has no check");
  prove(generators::family(plain), check->second, chosen.contains(plain));
}

}  // namespace holdfast::proofs
