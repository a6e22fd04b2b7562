#include "training/verify.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <utility>
#include <vector>

#include "engine/chat_template.h"
#include "training/answer_expr.h"
#include "training/answer_tokens.h"
#include "training/answer_value.h"

namespace holdfast {
namespace {

using Kind = AnswerExpr::Kind;

constexpr std::size_t verify_longest_text = std::size_t{1} << 22;  // of a completion: only its end is looked at
constexpr std::size_t verify_most_parts = 64;                      // of a set whose members may stand in any order

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

// --- units

struct Unit {
  std::string_view kind;
  long double factor;
};

std::optional<Unit> unit_named(const std::string& name) {
  struct Entry {
    std::string_view names;  // apart by spaces
    Unit unit;
  };
  static constexpr std::array<Entry, 32> units{{
      {"mm millimeter millimeters millimetre millimetres", {"length", 0.001L}},
      {"cm centimeter centimeters centimetre centimetres", {"length", 0.01L}},
      {"m meter meters metre metres", {"length", 1.0L}},
      {"km kilometer kilometers kilometre kilometres", {"length", 1000.0L}},
      {"in inch inches", {"length", 0.0254L}},
      {"ft foot feet", {"length", 0.3048L}},
      {"yd yard yards", {"length", 0.9144L}},
      {"mi mile miles", {"length", 1609.344L}},
      {"mg milligram milligrams", {"mass", 1e-6L}},
      {"g gram grams", {"mass", 0.001L}},
      {"kg kilogram kilograms", {"mass", 1.0L}},
      {"t ton tons tonne tonnes", {"mass", 1000.0L}},
      {"oz ounce ounces", {"mass", 0.028349523125L}},
      {"lb lbs pound pounds", {"mass", 0.45359237L}},
      {"s sec second seconds", {"time", 1.0L}},
      {"min minute minutes", {"time", 60.0L}},
      {"h hr hour hours", {"time", 3600.0L}},
      {"day days", {"time", 86400.0L}},
      {"week weeks", {"time", 604800.0L}},
      {"ml milliliter milliliters", {"volume", 0.001L}},
      {"l liter liters litre litres", {"volume", 1.0L}},
      {"cm^2 sqcm", {"area", 1e-4L}},
      {"m^2 sqm", {"area", 1.0L}},
      {"km^2", {"area", 1e6L}},
      {"cm^3", {"volume", 0.001L}},
      {"m^3", {"volume", 1000.0L}},
      {"km/h kmh kph", {"speed", 1.0L}},
      {"m/s", {"speed", 3.6L}},
      {"mph", {"speed", 1.609344L}},
      {"dollar dollars usd", {"money", 1.0L}},
      {"cent cents", {"money", 0.01L}},
      {"degree degrees", {"angle", 1.0L}},
  }};
  for (const Entry& entry : units) {
    std::string_view names = entry.names;
    while (!names.empty()) {
      const std::size_t end = std::min(names.find(' '), names.size());
      if (names.substr(0, end) == name) return entry.unit;
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  }
  return std::nullopt;
}

// --- an answer as it is read: a formula with a unit, or words

struct Reading {
  std::optional<AnswerExpr> formula;
  std::optional<Unit> unit;
  bool percent = false;
  std::string words;  // the whole, to be compared where there is no formula
};

std::string without_currency(std::string text) {
  for (const std::string_view sign :
       {std::string_view("\\$"), std::string_view("$"), std::string_view("\xE2\x82\xAC"), std::string_view("USD")}) {
    for (std::size_t at = text.find(sign); at != std::string::npos; at = text.find(sign, at))
      text.erase(at, sign.size());
  }
  return text;
}

// \text{5 cm} is 5 cm.
std::string without_text_commands(std::string text) {
  for (const std::string_view command : {std::string_view("\\text{"), std::string_view("\\mathrm{"),
                                         std::string_view("\\textrm{"), std::string_view("\\mbox{")}) {
    for (std::size_t at = text.find(command), count = 0; at != std::string::npos && count < 50;
         at = text.find(command, at), ++count) {
      const auto inside = in_braces(text, at + command.size() - 1);
      if (!inside) break;
      const std::string plain = " " + std::string(*inside) + " ";
      text.replace(at, command.size() + inside->size() + 1, plain);
    }
  }
  return text;
}

bool has_variables(const AnswerExpr& e) {
  return e.kind == Kind::variable || std::any_of(e.parts.begin(), e.parts.end(), has_variables);
}

std::string unit_text(std::span<const AnswerToken> tokens) {
  std::string unit;
  for (const AnswerToken& token : tokens) unit += token.text;
  for (const std::string_view square : {std::string_view("square"), std::string_view("sq")}) {
    if (unit.starts_with(square) && unit.size() > square.size()) return unit.substr(square.size()) + "^2";
  }
  return unit.starts_with("cubic") ? unit.substr(5) + "^3" : unit;
}

// Takes the words behind a formula: its unit, or what is counted. known: only a unit's, which may look like variables.
bool take_unit(Reading& reading, std::span<const AnswerToken> tokens, bool known) {
  for (std::size_t cut = 1; cut < std::min<std::size_t>(tokens.size(), 7); ++cut) {
    const std::size_t first = tokens.size() - cut;
    const AnswerToken& token = tokens[first];
    if (token.kind != AnswerToken::Kind::word) continue;
    const std::string unit = unit_text(tokens.subspan(first));
    if (known && !(token.spaced && (unit_named(unit) || unit == "percent"))) continue;
    auto formula = parse_answer(tokens.first(first));
    if (!formula || (known && has_variables(*formula))) continue;
    reading.formula = std::move(formula);
    reading.unit = unit_named(unit);
    if (unit == "percent") {
      reading.percent = true;
      AnswerExpr hundredth{Kind::inverse, "", {AnswerExpr{Kind::number, "100", {}}}};
      reading.formula = AnswerExpr{Kind::product, "", {*std::move(reading.formula), std::move(hundredth)}};
    }
    return true;
  }
  return false;
}

Reading read_answer(std::string_view text) {
  Reading reading;
  reading.words = plain_words(clean_answer(text));
  if (text.size() > answer_max_bytes) return reading;
  const std::string plain = without_text_commands(std::string(text));
  const std::vector<AnswerToken> tokens = answer_tokens(clean_answer(without_currency(plain)));
  if (take_unit(reading, tokens, true)) return reading;
  reading.formula = parse_answer(tokens);
  if (!reading.formula && take_unit(reading, tokens, false)) return reading;
  if (plain.find("\\$") != std::string::npos) reading.unit = Unit{"money", 1.0L};
  reading.percent = !tokens.empty() && tokens.back().is("%");
  return reading;
}

// --- equality

void collect_variables(const AnswerExpr& e, std::set<std::string>& names) {
  if (e.kind == Kind::variable) names.insert(e.text);
  for (const AnswerExpr& part : e.parts) collect_variables(part, names);
}

bool is_scalar(const AnswerExpr& e) {
  return e.kind != Kind::sequence && e.kind != Kind::relation && e.kind != Kind::join && e.kind != Kind::matrix &&
         std::all_of(e.parts.begin(), e.parts.end(), is_scalar);
}

// Fractions without pattern, so that different expressions differ there.
AnswerPoint point(const std::set<std::string>& names, int number) {
  static constexpr std::array<long, 8> tops{7, 13, 29, 5, 17, 31, 3, 23};
  static constexpr std::array<long, 8> bottoms{3, 5, 11, 7, 9, 13, 8, 17};
  AnswerPoint at;
  std::size_t i = static_cast<std::size_t>(number) * 3;
  for (const std::string& name : names) {
    at[name] = mpq_class(tops[i % 8] + static_cast<long>(i), bottoms[(i + 2) % 8]);
    at[name].canonicalize();
    ++i;
  }
  return at;
}

// A decimal written out: its places behind the point and its significant digits.
struct Decimal {
  int places = 0;
  int digits = 0;
};
std::optional<Decimal> decimal_of(const AnswerExpr& e) {
  if (e.kind == Kind::product && e.parts.size() == 2 && e.parts[0].kind == Kind::number && e.parts[0].text == "-1") {
    return decimal_of(e.parts[1]);
  }
  if (e.kind != Kind::number) return std::nullopt;
  const std::size_t at = e.text.find('.');
  if (at == std::string::npos || e.text.find_first_of("e(") != std::string::npos) return std::nullopt;
  Decimal decimal;
  decimal.places = static_cast<int>(e.text.size() - at - 1);
  bool begun = false;
  for (const char c : e.text) {
    begun |= c >= '1' && c <= '9';
    decimal.digits += begun && c != '.' ? 1 : 0;
  }
  return decimal;
}

// A decimal of at least four digits that is the other value rounded.
bool rounded_to(const AnswerExpr& e, const AnswerValue& written, const AnswerValue& other) {
  const auto decimal = decimal_of(e);
  if (!decimal || decimal->digits < 4 || decimal->places > 15) return false;
  if (other.exact) {  // what ends is to be written to its end
    mpz_class rest = other.exact->get_den();
    for (const unsigned long p : {2UL, 5UL}) {
      while (mpz_divisible_ui_p(rest.get_mpz_t(), p) != 0) rest /= p;
    }
    if (rest == 1) return false;
  }
  long double half = 0.5L;
  for (int i = 0; i < decimal->places; ++i) half /= 10.0L;
  return std::abs(written.number - other.number) <= half * 1.000001L;
}

bool identical(const AnswerExpr& a, const AnswerExpr& b) {
  return a.kind == b.kind && a.text == b.text &&
         std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(), identical);
}
bool is_infinite(const AnswerExpr& e) {
  return (e.kind == Kind::constant && e.text == "infinity") || std::any_of(e.parts.begin(), e.parts.end(), is_infinite);
}

bool equal_scalars(const AnswerExpr& a, const AnswerExpr& b, long double scale_a, long double scale_b) {
  std::set<std::string> names_a, names_b;
  collect_variables(a, names_a);
  collect_variables(b, names_b);
  if (names_a != names_b || names_a.size() > 8) return false;
  if (is_infinite(a)) return identical(a, b);
  AnswerEvaluator evaluator;
  const int points = names_a.empty() ? 1 : 7;  // the last two are negative
  int seen = 0;
  for (int i = 0; i < points; ++i) {
    AnswerPoint at = point(names_a, i);
    if (i >= 5) {
      for (auto& [name, value] : at) value = -value;
    }
    const auto x = evaluator.value(a, at);
    const auto y = evaluator.value(b, at);
    if (!x && !y && !names_a.empty() && !evaluator.exhausted()) continue;  // a pole of both
    if (!x || !y) return false;
    // Where a root or a logarithm leaves the real numbers, there are several conventions.
    const auto real = [](const AnswerValue& v) { return std::abs(v.number.imag()) <= 1e-12L * (1 + v.size); };
    if (i >= 5 && !(real(*x) && real(*y))) continue;
    ++seen;
    if (scale_a != scale_b) {
      const std::complex<long double> p = x->number * scale_a, q = y->number * scale_b;
      if (std::abs(p - q) > 1e-9L * std::max(std::abs(p), std::abs(q))) return false;
      continue;
    }
    if (equal_values(*x, *y)) continue;
    if (!names_a.empty() || !(rounded_to(a, *x, *y) || rounded_to(b, *y, *x))) return false;
  }
  return seen > 0;
}

bool equal_formulas(const AnswerExpr& a, const AnswerExpr& b);

bool equal_in_any_order(const std::vector<AnswerExpr>& a, const std::vector<AnswerExpr>& b) {
  if (a.size() != b.size() || a.size() > verify_most_parts) return false;
  std::vector<bool> used(b.size());
  return std::all_of(a.begin(), a.end(), [&](const AnswerExpr& x) {
    for (std::size_t i = 0; i < b.size(); ++i) {
      if (!used[i] && equal_formulas(x, b[i])) return used[i] = true, true;
    }
    return false;
  });
}

bool equal_in_order(const std::vector<AnswerExpr>& a, const std::vector<AnswerExpr>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), equal_formulas);
}

bool equal_sequences(const AnswerExpr& a, const AnswerExpr& b) {
  const bool loose = a.text.empty() || b.text.empty();
  if (!loose && a.text != b.text) return false;
  const std::string& brackets = a.text.empty() ? b.text : a.text;
  if (brackets.empty() || brackets == "{}") return equal_in_any_order(a.parts, b.parts);
  return equal_in_order(a.parts, b.parts);
}

// left - right of an equation.
AnswerExpr difference(const AnswerExpr& relation) {
  AnswerExpr minus{Kind::product, "", {AnswerExpr{Kind::number, "-1", {}}, relation.parts[1]}};
  return {Kind::sum, "", {relation.parts[0], std::move(minus)}};
}

// One equation is the other times a number.
bool equal_equations(const AnswerExpr& a, const AnswerExpr& b) {
  if (!is_scalar(a.parts[0]) || !is_scalar(a.parts[1]) || !is_scalar(b.parts[0]) || !is_scalar(b.parts[1]))
    return false;
  const AnswerExpr x = difference(a), y = difference(b);
  std::set<std::string> names, names_y;
  collect_variables(x, names);
  collect_variables(y, names_y);
  if (names != names_y || names.empty()) return false;
  AnswerEvaluator evaluator;
  std::optional<mpq_class> ratio;
  for (int i = 0; i < 5; ++i) {
    const AnswerPoint at = point(names, i);
    const auto p = evaluator.value(x, at);
    const auto q = evaluator.value(y, at);
    if (!p || !q || !p->exact || !q->exact || *q->exact == 0) return false;
    const mpq_class now = *p->exact / *q->exact;
    if (now == 0 || (ratio && *ratio != now)) return false;
    ratio = now;
  }
  return true;
}

bool is_named_value(const AnswerExpr& e) {  // x = 5
  return e.kind == Kind::relation && e.text == "=" && e.parts.size() == 2 && e.parts[0].kind == Kind::variable;
}

bool equal_formulas(const AnswerExpr& a, const AnswerExpr& b) {
  if (is_named_value(a) && !is_named_value(b) && b.kind != Kind::relation) return equal_formulas(a.parts[1], b);
  if (is_named_value(b) && !is_named_value(a) && a.kind != Kind::relation) return equal_formulas(a, b.parts[1]);
  if (is_scalar(a) && is_scalar(b)) return equal_scalars(a, b, 1.0L, 1.0L);
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::sequence: return equal_sequences(a, b);
    case Kind::relation:
      if (a.text == "=" && b.text == "=" && a.parts.size() == 2 && b.parts.size() == 2) {
        return equal_in_order(a.parts, b.parts) || equal_equations(a, b);
      }
      return a.text == b.text && equal_in_order(a.parts, b.parts);
    case Kind::join: return equal_in_any_order(a.parts, b.parts);
    case Kind::matrix: return equal_in_order(a.parts, b.parts);
    default: return false;
  }
}

bool equal_readings(const Reading& a, const Reading& b) {
  if (!a.formula || !b.formula) return !a.words.empty() && a.words == b.words;
  if (a.unit && b.unit) {
    if (a.unit->kind != b.unit->kind) return false;
    if (a.unit->factor != b.unit->factor) {
      return is_scalar(*a.formula) && is_scalar(*b.formula) &&
             equal_scalars(*a.formula, *b.formula, a.unit->factor, b.unit->factor);
    }
  }
  return equal_formulas(*a.formula, *b.formula);
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
  const Reading a = read_answer(given);
  const Reading b = read_answer(expected);
  if (equal_readings(a, b)) return true;
  // The question asked for per cent: the bare number will do.
  if (b.percent && !a.percent && a.formula && b.formula && is_scalar(*a.formula) && is_scalar(*b.formula)) {
    return equal_scalars(*a.formula, *b.formula, 1.0L, 100.0L);
  }
  return false;
}

bool same_answer(std::string_view a, std::string_view b) { return is_right(a, b) && is_right(b, a); }

}  // namespace holdfast
