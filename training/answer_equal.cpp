#include "training/answer_equal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "training/answer_value.h"

namespace holdfast {
namespace {

using Kind = AnswerExpr::Kind;

constexpr std::size_t equal_most_parts = 64;  // of a set whose members may stand in any order

void collect_variables(const AnswerExpr& e, std::set<std::string>& names) {
  if (e.kind == Kind::variable) names.insert(e.text);
  for (const AnswerExpr& part : e.parts) collect_variables(part, names);
}

bool contains(const AnswerExpr& e, Kind kind) {
  return e.kind == kind ||
         std::any_of(e.parts.begin(), e.parts.end(), [&](const auto& p) { return contains(p, kind); });
}
bool counts_things(const AnswerExpr& e) {
  return (e.kind == Kind::call && (e.text == "factorial" || e.text == "binomial")) ||
         std::any_of(e.parts.begin(), e.parts.end(), counts_things);
}

// Fractions without pattern, so that different expressions differ there; whole numbers for what is defined there alone.
AnswerPoint point(const std::set<std::string>& names, int number, bool whole) {
  static constexpr std::array<long, 8> tops{7, 13, 29, 5, 17, 31, 3, 23};
  static constexpr std::array<long, 8> bottoms{3, 5, 11, 7, 9, 13, 8, 17};
  AnswerPoint at;
  std::size_t i = static_cast<std::size_t>(number) * 3;
  for (const std::string& name : names) {
    at[name] = mpq_class(tops[i % 8] + static_cast<long>(i), whole ? 1 : bottoms[(i + 2) % 8]);
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

// 30^\circ without its sign, also with a minus before it.
std::optional<AnswerExpr> without_degrees(const AnswerExpr& e) {
  if (e.kind == Kind::call && e.text == "degrees") return e.parts[0];
  if (e.kind != Kind::product || e.parts.size() != 2 || e.parts[0].text != "-1") return std::nullopt;
  auto inside = without_degrees(e.parts[1]);
  if (!inside) return std::nullopt;
  return AnswerExpr{Kind::product, "", {e.parts[0], *std::move(inside)}};
}

bool equal_values_of(const AnswerExpr& a, const AnswerExpr& b) {
  if (is_infinite(a) || is_infinite(b)) return identical(a, b);
  std::set<std::string> names;  // of both: what cancels out may stand on one side alone
  collect_variables(a, names);
  collect_variables(b, names);
  if (names.size() > 8) return false;
  const bool whole = !names.empty() && (counts_things(a) || counts_things(b));
  AnswerEvaluator evaluator;
  const int points = names.empty() ? 1 : 7;  // the last two are negative
  int seen = 0, poles = 0;
  for (int i = 0; i < points; ++i) {
    AnswerPoint at = point(names, i, whole);
    if (i >= 5) {
      if (whole) break;
      for (auto& [name, value] : at) value = -value;
    }
    const auto x = evaluator.value(a, at);
    const auto y = evaluator.value(b, at);
    if (!x && !y && !names.empty() && !evaluator.exhausted()) continue;  // a pole of both
    // A common factor may be zero here on one side alone: once, where points are drawn without pattern.
    if ((!x || !y) && !names.empty() && !evaluator.exhausted() && poles++ == 0) continue;
    if (!x || !y) return false;
    // Where a root or a logarithm leaves the real numbers, there are several conventions.
    const auto real = [](const AnswerValue& v) { return std::abs(v.number.imag()) <= 1e-12L * (1 + v.size); };
    if (i >= 5 && !(real(*x) && real(*y))) continue;
    ++seen;
    if (equal_values(*x, *y)) continue;
    if (!names.empty() || !(rounded_to(a, *x, *y) || rounded_to(b, *y, *x))) return false;
  }
  return seen > (poles > 0 ? 2 : 0);
}

// 1101_2 answers 1101 where the question names the base.
bool same_digits(const AnswerExpr& a, const AnswerExpr& b) {
  return a.kind == Kind::call && a.text == "base" && b.kind == Kind::number && a.parts[0].text == b.text;
}

bool equal_scalars(const AnswerExpr& a, const AnswerExpr& b) {
  if (equal_values_of(a, b) || same_digits(a, b) || same_digits(b, a)) return true;
  // The sign of degrees may be missing on one side.
  const auto x = without_degrees(a), y = without_degrees(b);
  if (x && !y) return equal_values_of(*x, b);
  return y && !x && equal_values_of(a, *y);
}

bool equal_in_any_order(const std::vector<AnswerExpr>& a, const std::vector<AnswerExpr>& b) {
  if (a.size() != b.size() || a.size() > equal_most_parts) return false;
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

// As sets: what stands twice is there once.
bool equal_members(const std::vector<AnswerExpr>& a, const std::vector<AnswerExpr>& b) {
  if (a.size() > equal_most_parts || b.size() > equal_most_parts) return false;
  const auto all_in = [](const std::vector<AnswerExpr>& some, const std::vector<AnswerExpr>& others) {
    return std::all_of(some.begin(), some.end(), [&](const AnswerExpr& x) {
      return std::any_of(others.begin(), others.end(), [&](const AnswerExpr& y) { return equal_formulas(x, y); });
    });
  };
  return all_in(a, b) && all_in(b, a);
}

bool equal_sequences(const AnswerExpr& a, const AnswerExpr& b) {
  const bool loose = a.text.empty() || b.text.empty();
  if (!loose && a.text != b.text) return false;
  const std::string& brackets = a.text.empty() ? b.text : a.text;
  if (a.text == "{}" && b.text == "{}") return equal_members(a.parts, b.parts);
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
    const AnswerPoint at = point(names, i, false);
    const auto p = evaluator.value(x, at);
    const auto q = evaluator.value(y, at);
    if (!p || !q || !p->exact || !q->exact || *q->exact == 0) return false;
    const mpq_class now = *p->exact / *q->exact;
    if (now == 0 || (ratio && *ratio != now)) return false;
    ratio = now;
  }
  return true;
}

bool is_named_value(const AnswerExpr& e) {  // x = 5, (x, y) = (1, 2), x \in [1, 2)
  if (e.kind != Kind::relation || e.parts.size() != 2 || (e.text != "=" && e.text != "in")) return false;
  const AnswerExpr& name = e.parts[0];
  const auto plain = [](const AnswerExpr& part) { return part.kind == Kind::variable; };
  return plain(name) || (name.kind == Kind::sequence && !name.parts.empty() && name.text == "()" &&
                         std::all_of(name.parts.begin(), name.parts.end(), plain));
}

// --- \pm

AnswerExpr with_sign(const AnswerExpr& e, bool upper) {
  if (e.kind == Kind::plus_minus) {
    AnswerExpr inside = with_sign(e.parts[0], upper);
    if ((e.text == "+") == upper) return inside;
    return {Kind::product, "", {AnswerExpr{Kind::number, "-1", {}}, std::move(inside)}};
  }
  AnswerExpr copy{e.kind, e.text, {}};
  for (const AnswerExpr& part : e.parts) copy.parts.push_back(with_sign(part, upper));
  return copy;
}

// \pm 5 is the list 5, -5; inside a list it stands for both.
AnswerExpr with_both_signs(const AnswerExpr& e) {
  AnswerExpr list{Kind::sequence, "", {}};
  if (e.kind == Kind::sequence && (e.text.empty() || e.text == "{}")) {
    list.text = e.text;
    for (const AnswerExpr& part : e.parts) {
      list.parts.push_back(with_sign(part, true));
      if (contains(part, Kind::plus_minus)) list.parts.push_back(with_sign(part, false));
    }
  } else {
    list.parts = {with_sign(e, true), with_sign(e, false)};
  }
  return list;
}

// --- intervals, and inequalities that describe them

struct Interval {
  AnswerExpr low, high;
  bool low_in = false, high_in = false;
};
struct Intervals {
  std::string variable;  // none where only brackets were written
  std::vector<Interval> pieces;
};

AnswerExpr endless(bool up) {
  AnswerExpr infinity{Kind::constant, "infinity", {}};
  if (up) return infinity;
  return {Kind::product, "", {AnswerExpr{Kind::number, "-1", {}}, std::move(infinity)}};
}

// The number where left - right, a line in one variable, is zero; whether it rises there.
struct Crossing {
  AnswerExpr at;
  bool rises = true;
};
std::optional<Crossing> crossing(const AnswerExpr& left, const AnswerExpr& right, const std::string& variable) {
  if (left.kind == Kind::variable && !has_variables(right)) return Crossing{right, true};
  if (right.kind == Kind::variable && !has_variables(left)) return Crossing{left, false};
  AnswerExpr minus{Kind::product, "", {AnswerExpr{Kind::number, "-1", {}}, right}};
  const AnswerExpr line{Kind::sum, "", {left, std::move(minus)}};
  AnswerEvaluator evaluator;
  std::array<mpq_class, 3> y;
  for (std::size_t x = 0; x < 3; ++x) {
    const auto value = evaluator.value(line, {{variable, mpq_class(static_cast<long>(x))}});
    if (!value || !value->exact) return std::nullopt;
    y[x] = *value->exact;
  }
  const mpq_class slope = y[1] - y[0];
  if (slope == 0 || y[2] - y[1] != slope) return std::nullopt;
  const mpq_class zero = -y[0] / slope;
  AnswerExpr bottom{Kind::inverse, "", {AnswerExpr{Kind::number, zero.get_den().get_str(), {}}}};
  AnswerExpr top{Kind::number, mpz_class(abs(zero.get_num())).get_str(), {}};
  const AnswerExpr sign{Kind::number, sgn(zero) < 0 ? "-1" : "1", {}};
  return Crossing{AnswerExpr{Kind::product, "", {sign, std::move(top), std::move(bottom)}}, slope > 0};
}

std::optional<Intervals> interval_of_relation(const AnswerExpr& e) {
  std::set<std::string> names;
  collect_variables(e, names);
  if (names.size() != 1 || e.parts.size() > 3 || !std::all_of(e.parts.begin(), e.parts.end(), is_scalar))
    return std::nullopt;
  Intervals found{*names.begin(), {Interval{endless(false), endless(true)}}};
  Interval& all = found.pieces[0];
  std::string_view signs = e.text;
  bool has_low = false, has_high = false;
  for (std::size_t i = 0; i + 1 < e.parts.size(); ++i) {
    const std::string_view sign = signs.substr(0, signs.find(' '));
    signs.remove_prefix(std::min(sign.size() + 1, signs.size()));
    if (sign[0] != '<' && sign[0] != '>') return std::nullopt;
    auto edge = crossing(e.parts[i], e.parts[i + 1], found.variable);
    if (!edge) return std::nullopt;
    const bool below = (sign[0] == '<') == edge->rises;  // the variable lies below the edge
    if (below ? std::exchange(has_high, true) : std::exchange(has_low, true)) return std::nullopt;
    (below ? all.high : all.low) = std::move(edge->at);
    (below ? all.high_in : all.low_in) = sign.size() == 2;
  }
  return found;
}

std::optional<Intervals> intervals_of(const AnswerExpr& e) {
  if (e.kind == Kind::relation) return interval_of_relation(e);
  if (e.kind == Kind::sequence) {
    if (e.parts.size() == 2 && e.text.size() == 2 && e.text != "{}" && is_scalar(e.parts[0]) && is_scalar(e.parts[1])) {
      return Intervals{"", {Interval{e.parts[0], e.parts[1], e.text[0] == '[', e.text[1] == ']'}}};
    }
    return std::nullopt;
  }
  if (e.kind != Kind::join || e.parts.size() > equal_most_parts) return std::nullopt;
  Intervals all;
  for (const AnswerExpr& part : e.parts) {
    auto some = intervals_of(part);
    if (!some || (!all.variable.empty() && !some->variable.empty() && all.variable != some->variable))
      return std::nullopt;
    if (!some->variable.empty()) all.variable = some->variable;
    all.pieces.insert(all.pieces.end(), some->pieces.begin(), some->pieces.end());
  }
  return all;
}

bool equal_intervals(const Intervals& a, const Intervals& b) {
  if (!a.variable.empty() && !b.variable.empty() && a.variable != b.variable) return false;
  if (a.pieces.size() != b.pieces.size()) return false;
  const auto equal = [](const Interval& x, const Interval& y) {
    return equal_scalars(x.low, y.low) && equal_scalars(x.high, y.high) &&
           (x.low_in == y.low_in || is_infinite(x.low)) && (x.high_in == y.high_in || is_infinite(x.high));
  };
  std::vector<bool> used(b.pieces.size());
  return std::all_of(a.pieces.begin(), a.pieces.end(), [&](const Interval& x) {
    for (std::size_t i = 0; i < b.pieces.size(); ++i) {
      if (!used[i] && equal(x, b.pieces[i])) return used[i] = true, true;
    }
    return false;
  });
}

// A matrix of one column or one row is the tuple of its entries.
std::optional<AnswerExpr> as_tuple(const AnswerExpr& matrix) {
  if (matrix.kind != Kind::matrix) return std::nullopt;
  if (matrix.parts.size() == 1) return matrix.parts[0];
  AnswerExpr tuple{Kind::sequence, "()", {}};
  for (const AnswerExpr& row : matrix.parts) {
    if (row.parts.size() != 1) return std::nullopt;
    tuple.parts.push_back(row.parts[0]);
  }
  return tuple;
}

bool equal_relations(const AnswerExpr& a, const AnswerExpr& b) {
  if (a.text == "=" && b.text == "=" && a.parts.size() == 2 && b.parts.size() == 2) {
    return equal_in_order(a.parts, b.parts) || equal_equations(a, b);
  }
  if (a.text == b.text && equal_in_order(a.parts, b.parts)) return true;
  const auto x = intervals_of(a), y = intervals_of(b);
  return x && y && equal_intervals(*x, *y);
}

bool equal_of_one_kind(const AnswerExpr& a, const AnswerExpr& b) {
  switch (a.kind) {
    case Kind::sequence: return equal_sequences(a, b);
    case Kind::relation: return equal_relations(a, b);
    case Kind::join: {
      if (equal_in_any_order(a.parts, b.parts)) return true;
      const auto x = intervals_of(a), y = intervals_of(b);
      return x && y && equal_intervals(*x, *y);
    }
    case Kind::matrix: return equal_in_order(a.parts, b.parts);
    default: return false;
  }
}

bool equal_of_two_kinds(const AnswerExpr& a, const AnswerExpr& b) {
  if (const auto tuple = as_tuple(a); tuple && b.kind == Kind::sequence) return equal_sequences(*tuple, b);
  if (const auto tuple = as_tuple(b); tuple && a.kind == Kind::sequence) return equal_sequences(a, *tuple);
  // "x < 1 or x > 2" beside the list "x < 1, x > 2".
  const bool lists = (a.kind == Kind::join && b.kind == Kind::sequence && b.text.empty()) ||
                     (b.kind == Kind::join && a.kind == Kind::sequence && a.text.empty());
  if (lists) return equal_in_any_order(a.parts, b.parts);
  const auto x = intervals_of(a), y = intervals_of(b);
  return x && y && equal_intervals(*x, *y);
}

}  // namespace

bool is_scalar(const AnswerExpr& e) {
  return e.kind != Kind::sequence && e.kind != Kind::relation && e.kind != Kind::join && e.kind != Kind::matrix &&
         std::all_of(e.parts.begin(), e.parts.end(), is_scalar);
}

bool has_variables(const AnswerExpr& e) {
  return e.kind == Kind::variable || std::any_of(e.parts.begin(), e.parts.end(), has_variables);
}

bool equal_formulas(const AnswerExpr& a, const AnswerExpr& b) {
  const bool both_a = contains(a, Kind::plus_minus), both_b = contains(b, Kind::plus_minus);
  if (both_a || both_b) {
    return equal_formulas(both_a ? with_both_signs(a) : a, both_b ? with_both_signs(b) : b);
  }
  if (is_named_value(a) && !is_named_value(b) && b.kind != Kind::relation) return equal_formulas(a.parts[1], b);
  if (is_named_value(b) && !is_named_value(a) && a.kind != Kind::relation) return equal_formulas(a, b.parts[1]);
  if (is_scalar(a) && is_scalar(b)) return equal_scalars(a, b);
  return a.kind == b.kind ? equal_of_one_kind(a, b) : equal_of_two_kinds(a, b);
}

}  // namespace holdfast
