#include "training/answer_reading.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <utility>

#include "training/answer_equal.h"
#include "training/answer_tokens.h"
#include "training/answer_value.h"

namespace holdfast {
namespace {

using Kind = AnswerExpr::Kind;
using TokenKind = AnswerToken::Kind;
using Tokens = std::vector<AnswerToken>;
using TokenSpan = std::span<const AnswerToken>;

// --- the text

std::string with_replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

// \text{5 cm} is 5 cm.
std::string without_text_commands(std::string text) {
  for (const std::string_view command : {std::string_view("\\text{"), std::string_view("\\mathrm{"),
                                         std::string_view("\\textrm{"), std::string_view("\\mbox{")}) {
    for (std::size_t at = text.find(command), count = 0; at != std::string::npos && count < 50;
         at = text.find(command, at), ++count) {
      const std::size_t open = at + command.size();
      std::size_t end = open;
      for (int depth = 1; end < text.size(); ++end) {
        if (text[end] == '\\') {
          ++end;
        } else if (text[end] == '{') {
          ++depth;
        } else if (text[end] == '}' && --depth == 0) {
          break;
        }
      }
      if (end >= text.size()) break;
      text.replace(at, end + 1 - at, " " + text.substr(open, end - open) + " ");
    }
  }
  return text;
}

struct Currency {
  std::array<std::string_view, 3> signs;
  AnswerUnit::Dimension dimension;
};
constexpr std::array<Currency, 5> currencies{{{{"\\$", "USD", "US$"}, AnswerUnit::dollar},
                                              {{"\xE2\x82\xAC", "\\euro", "EUR"}, AnswerUnit::euro},
                                              {{"\xC2\xA3", "\\pounds", "GBP"}, AnswerUnit::pound},
                                              {{"\xC2\xA5", "\\yen", "JPY"}, AnswerUnit::yen},
                                              {{"\xE2\x82\xB9", "INR", "Rs."}, AnswerUnit::rupee}}};

// The text without signs of money, and whose they were.
std::pair<std::string, std::optional<AnswerUnit>> without_currency(std::string text) {
  std::optional<AnswerUnit> unit;
  const auto found = [&](AnswerUnit::Dimension dimension) {
    unit.emplace();
    unit->powers[dimension] = 1;
  };
  for (const Currency& currency : currencies) {
    for (const std::string_view sign : currency.signs) {
      if (text.find(sign) == std::string::npos) continue;
      found(currency.dimension);
      text = with_replaced(std::move(text), sign, "");
    }
  }
  const auto dollars = std::count(text.begin(), text.end(), '$');
  if (!unit && dollars == 1) found(AnswerUnit::dollar);
  std::erase(text, '$');
  return {std::move(text), std::move(unit)};
}

// --- numbers in words

constexpr std::array<std::string_view, 20> small_numbers{
    "zero", "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
    "ten",  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<std::string_view, 8> tens{"twenty", "thirty",  "forty",  "fifty",
                                               "sixty",  "seventy", "eighty", "ninety"};
constexpr std::array<std::pair<std::string_view, int>, 20> fraction_words{
    {{"half", 2},    {"halves", 2},  {"third", 3},  {"thirds", 3}, {"quarter", 4}, {"quarters", 4}, {"fourth", 4},
     {"fourths", 4}, {"fifth", 5},   {"fifths", 5}, {"sixth", 6},  {"sixths", 6},  {"seventh", 7},  {"sevenths", 7},
     {"eighth", 8},  {"eighths", 8}, {"ninth", 9},  {"ninths", 9}, {"tenth", 10},  {"tenths", 10}}};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// "twenty-one" at the beginning becomes 21, "three quarters" 3/4; the word behind may be what is counted, no more.
Tokens with_numbers_of_words(Tokens tokens) {
  if (tokens.empty() || tokens.size() > 6 || tokens[0].kind != TokenKind::word) return tokens;
  const auto index_in = [&](const auto& list, std::size_t at) {
    if (at >= tokens.size() || tokens[at].kind != TokenKind::word) return list.size();
    return static_cast<std::size_t>(std::find(list.begin(), list.end(), lower(tokens[at].text)) - list.begin());
  };
  std::size_t used = 0, value = 0;
  if (const std::size_t ten = index_in(tens, 0); ten < tens.size()) {
    value = 20 + 10 * ten, used = 1;
    const std::size_t next = used < tokens.size() && tokens[used].is("-") ? used + 1 : used;
    const std::size_t one = index_in(small_numbers, next);
    if (one >= 1 && one <= 9) value += one, used = next + 1;
  } else if (const std::size_t small = index_in(small_numbers, 0); small < small_numbers.size()) {
    value = small, used = 1;
  } else if (lower(tokens[0].text) == "half") {
    value = 1;
  } else {
    return tokens;
  }
  if (used < tokens.size() && index_in(small_numbers, used) == 0) return tokens;
  if (tokens.size() > used + 1) return tokens;
  Tokens out{{TokenKind::number, std::to_string(value), false}};
  if (used < tokens.size()) {
    const std::string word = lower(tokens[used].text);
    const auto* part = std::find_if(fraction_words.begin(), fraction_words.end(),
                                    [&](const auto& entry) { return entry.first == word; });
    if (part != fraction_words.end()) {
      out.push_back({TokenKind::command, "/", false});
      out.push_back({TokenKind::number, std::to_string(part->second), false});
      ++used;
    }
  }
  out.insert(out.end(), tokens.begin() + static_cast<std::ptrdiff_t>(used), tokens.end());
  return out;
}

// 7th and 7^{th} are 7.
void drop_ordinal(Tokens& tokens) {
  const auto ordinal = [](const AnswerToken& token) {
    return token.kind == TokenKind::word &&
           (token.text == "th" || token.text == "st" || token.text == "nd" || token.text == "rd");
  };
  const std::size_t size = tokens.size();
  if (size == 2 && tokens[0].kind == TokenKind::number && ordinal(tokens[1]) && !tokens[1].spaced) tokens.resize(1);
  if (size == 5 && tokens[0].kind == TokenKind::number && tokens[1].is("^") && tokens[2].is("{") && ordinal(tokens[3]))
    tokens.resize(1);
}

// --- what stands before "="

// The name of the value, when what is left of "=" only names it: f(x), f^{-1}(x), \angle ABC, or words.
std::string take_name(Tokens& tokens) {
  const auto equals = std::find_if(tokens.begin(), tokens.end(), [](const AnswerToken& t) { return t.is("="); });
  if (equals == tokens.end() || equals == tokens.begin() || equals - tokens.begin() > 10) return {};
  const TokenSpan left(tokens.data(), static_cast<std::size_t>(equals - tokens.begin()));
  std::size_t at = 0;
  const auto word = [&](std::size_t i, bool letter) {
    return i < left.size() && left[i].kind == TokenKind::word && (left[i].text.size() == 1) == letter;
  };
  bool names = false;
  if (word(0, true) && left.size() >= 4) {  // f(x)
    at = 1;
    if (left[at].is("^") && left.size() >= 9 && left[2].is("{") && left[3].is("-") && left[4].text == "1" &&
        left[5].is("}"))
      at = 6;
    names = at + 3 == left.size() && left[at].is("(") && word(at + 1, true) && left[at + 2].is(")");
  }
  const bool marked =
      left[0].is("angle") || left[0].is("triangle") || (word(0, true) && left.size() > 1 && left[1].is("angle"));
  names |= marked && std::all_of(left.begin() + 1, left.end(),
                                 [](const AnswerToken& t) { return t.kind == TokenKind::word || t.is("angle"); });
  names |= std::all_of(left.begin(), left.end(),
                       [](const AnswerToken& t) { return t.kind == TokenKind::word && t.text.size() > 3; });
  if (!names) return {};
  std::string name;
  for (const AnswerToken& token : left) name += token.text;
  tokens.erase(tokens.begin(), equals + 1);
  return name;
}

// --- times of day and ratios

std::optional<int> small_number(std::string_view digits, int most) {
  if (digits.empty() || digits.size() > 2) return std::nullopt;
  int value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value <= most ? std::optional(value) : std::nullopt;
}

// 3:30, 15:30, 3:30 p.m., 3 pm.
std::optional<ClockTime> clock_of(std::string_view cleaned) {
  std::string text;
  for (const char c : cleaned.substr(0, 40)) {
    if (c != ' ' && c != '.' && c != '~') text += c;
  }
  text = lower(std::move(text));
  if (cleaned.size() > 40) return std::nullopt;
  int half = -1;
  if (text.ends_with("am") || text.ends_with("pm")) {
    half = text.ends_with("pm") ? 1 : 0;
    text.resize(text.size() - 2);
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos && half < 0) return std::nullopt;
  const auto hour = small_number(std::string_view(text).substr(0, colon), half < 0 ? 24 : 12);
  std::optional<int> minute = 0;
  if (colon != std::string::npos) {
    const std::string_view digits = std::string_view(text).substr(colon + 1);
    minute = digits.size() == 2 ? small_number(digits, 59) : std::nullopt;
  }
  if (!hour || !minute) return std::nullopt;
  if (half >= 0) return ClockTime{(*hour % 12 + 12 * half) * 60 + *minute, true};
  return ClockTime{*hour % 24 * 60 + *minute, *hour == 0 || *hour > 12};
}

bool equal_times(const ClockTime& a, const ClockTime& b) {
  const int around = a.half_known && b.half_known ? 24 * 60 : 12 * 60;
  return a.minutes % around == b.minutes % around;
}

// The numbers between ":" or "to".
std::vector<mpq_class> ratio_of(TokenSpan tokens) {
  std::vector<mpq_class> ratio;
  AnswerEvaluator evaluator;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= tokens.size(); ++i) {
    const bool cut =
        i == tokens.size() || tokens[i].is(":") || (tokens[i].kind == TokenKind::word && tokens[i].text == "to");
    if (!cut) continue;
    const auto part = parse_answer(tokens.subspan(begin, i - begin));
    const auto value = part && is_scalar(*part) ? evaluator.value(*part) : std::nullopt;
    if (!value || !value->exact || sgn(*value->exact) <= 0) return {};
    ratio.push_back(*value->exact);
    begin = i + 1;
  }
  return ratio.size() >= 2 && ratio.size() <= 8 ? ratio : std::vector<mpq_class>();
}

bool equal_ratios(const std::vector<mpq_class>& a, const std::vector<mpq_class>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 1; i < a.size(); ++i) {
    if (a[i] * b[0] != b[i] * a[0]) return false;
  }
  return true;
}

// --- units

AnswerExpr times_number(AnswerExpr e, const mpq_class& number) {
  if (number == 1) return e;
  AnswerExpr bottom{Kind::inverse, "", {AnswerExpr{Kind::number, number.get_den().get_str(), {}}}};
  return {
      Kind::product, "", {std::move(e), AnswerExpr{Kind::number, number.get_num().get_str(), {}}, std::move(bottom)}};
}

bool is_word(const AnswerToken& token, std::string_view word) {
  return token.kind == TokenKind::word && token.text == word;
}

// -5 degrees Celsius, -5^\circ C: the formula is the number.
bool take_temperature(AnswerReading& reading, TokenSpan tokens) {
  if (tokens.size() < 3 || tokens.back().kind != TokenKind::word) return false;
  const std::string scale = lower(tokens.back().text);
  const bool warm = scale == "c" || scale == "celsius";
  if (!warm && scale != "f" && scale != "fahrenheit") return false;
  TokenSpan rest = tokens.first(tokens.size() - 1);
  if (rest.back().is("}")) rest = rest.first(rest.size() - 1);
  if (!(rest.back().is("circ") || rest.back().is("deg") || is_word(rest.back(), "degrees"))) return false;
  rest = rest.first(rest.size() - 1);
  while (!rest.empty() && (rest.back().is("{") || rest.back().is("^"))) rest = rest.first(rest.size() - 1);
  reading.formula = parse_answer(rest);
  if (!reading.formula) return false;
  reading.unit.emplace();
  reading.unit->powers[warm ? AnswerUnit::celsius : AnswerUnit::fahrenheit] = 1;
  return true;
}

// Takes the words behind a formula: its unit, or what is counted. known: only a unit's, which may look like variables.
bool take_unit(AnswerReading& reading, TokenSpan tokens, bool known) {
  for (std::size_t cut = 1; cut < std::min<std::size_t>(tokens.size(), 13); ++cut) {
    const std::size_t first = tokens.size() - cut;
    const AnswerToken& token = tokens[first];
    if (token.kind != TokenKind::word && !token.is("frac")) continue;
    const TokenSpan name = tokens.subspan(first);
    const bool percent =
        (cut == 1 && is_word(token, "percent")) || (cut == 2 && is_word(token, "per") && is_word(name[1], "cent"));
    const bool degrees = cut == 1 && (is_word(token, "degrees") || is_word(token, "degree"));
    const auto unit = percent || degrees ? std::nullopt : unit_of(name);
    const bool apart = token.spaced || token.text.size() > 1;
    if (known && !(apart && (unit || percent || degrees))) continue;
    if (!known && (token.is("frac") || cut > 6)) continue;
    auto formula = parse_answer(tokens.first(first));
    if (!formula || (known && has_variables(*formula))) continue;
    reading.formula = std::move(formula);
    reading.unit = unit;
    if (degrees) reading.formula = AnswerExpr{Kind::call, "degrees", {*std::move(reading.formula)}};
    if (percent) {
      reading.percent = true;
      reading.formula = times_number(*std::move(reading.formula), mpq_class(1, 100));
    }
    return true;
  }
  return false;
}

// 2 hours and 30 minutes, 5 ft 6 in: a sum, in the unit of the first.
bool take_quantities(AnswerReading& reading, TokenSpan tokens) {
  if (tokens.size() > 16) return false;
  std::vector<AnswerExpr> parts;
  std::optional<AnswerUnit> first, last;
  for (std::size_t begin = 0; begin < tokens.size();) {
    std::size_t end = begin + 1;
    while (end < tokens.size() && tokens[end].kind != TokenKind::number) ++end;
    TokenSpan quantity = tokens.subspan(begin, end - begin);
    if (end < tokens.size() && (is_word(quantity.back(), "and") || quantity.back().is(",")))
      quantity = quantity.first(quantity.size() - 1);
    AnswerReading part;
    if (!take_unit(part, quantity, true) || !part.unit) return false;
    if (first && (!part.unit->same_kind(*first) || part.unit->factor >= last->factor)) return false;
    if (!first) first = part.unit;
    last = part.unit;
    parts.push_back(times_number(*std::move(part.formula), part.unit->factor / first->factor));
    begin = end;
  }
  if (parts.size() < 2) return false;
  reading.formula = AnswerExpr{Kind::sum, "", std::move(parts)};
  reading.unit = first;
  return true;
}

void read_formula(AnswerReading& reading, TokenSpan tokens, const std::optional<AnswerUnit>& currency) {
  if (take_temperature(reading, tokens) || take_quantities(reading, tokens) || take_unit(reading, tokens, true)) return;
  reading.formula = parse_answer(tokens);
  if (!reading.formula && take_unit(reading, tokens, false)) return;
  reading.unit = currency;
  reading.percent = !tokens.empty() && tokens.back().is("%");
}

bool is_no_solution(std::string_view words) {
  return words == "no solution" || words == "no solutions" || words == "no real solution" ||
         words == "no real solutions";
}

}  // namespace

AnswerReading read_answer(std::string_view text) {
  AnswerReading reading;
  reading.words = plain_words(clean_answer(text));
  if (text.size() > answer_max_bytes) return reading;
  std::string plain(text);
  for (const std::string_view reals :
       {std::string_view("\\mathbb{R}"), std::string_view("\\mathbb R"), std::string_view("\xE2\x84\x9D")})
    plain = with_replaced(std::move(plain), reals, " (-\\infty,\\infty) ");
  if (reading.words == "all real numbers" || reading.words == "all reals") plain = "(-\\infty,\\infty)";
  if (is_no_solution(reading.words)) plain = "\\emptyset";
  auto [bare, currency] = without_currency(without_text_commands(std::move(plain)));
  const std::string cleaned = clean_answer(bare);
  Tokens tokens = with_numbers_of_words(answer_tokens(cleaned));
  reading.clock = clock_of(cleaned);
  if (reading.clock && cleaned.find(':') == std::string::npos) return reading;  // 3 pm
  reading.ratio = ratio_of(tokens);
  while (!tokens.empty() && (tokens[0].is("=") || tokens[0].is("approx"))) tokens.erase(tokens.begin());
  drop_ordinal(tokens);
  reading.name = take_name(tokens);
  read_formula(reading, tokens, currency);
  return reading;
}

bool equal_readings(const AnswerReading& a, const AnswerReading& b) {
  if (a.clock && b.clock) return equal_times(*a.clock, *b.clock);
  if (!a.ratio.empty() && !b.ratio.empty()) return equal_ratios(a.ratio, b.ratio);
  for (const auto& [x, y] : {std::pair(&a, &b), std::pair(&b, &a)}) {  // 2:3 and 2/3
    if (x->ratio.size() != 2 || x->clock || !y->formula || y->unit || !is_scalar(*y->formula)) continue;
    AnswerEvaluator evaluator;
    const auto value = evaluator.value(*y->formula);
    return value && value->exact && *value->exact == x->ratio[0] / x->ratio[1];
  }
  if (!a.formula && !b.formula) return !a.words.empty() && a.words == b.words;
  if (!a.formula || !b.formula) return false;
  if (!a.name.empty() && !b.name.empty() && a.name != b.name) return false;
  if (a.unit && b.unit) {
    if (!a.unit->same_kind(*b.unit)) return false;
    const mpq_class ratio = a.unit->factor / b.unit->factor;
    if (ratio != 1) {
      // Each as it is written, so that a decimal is seen as one that may be rounded.
      return is_scalar(*a.formula) && is_scalar(*b.formula) &&
             (equal_formulas(*a.formula, times_number(*b.formula, 1 / ratio)) ||
              equal_formulas(times_number(*a.formula, ratio), *b.formula));
    }
  }
  return equal_formulas(*a.formula, *b.formula);
}

}  // namespace holdfast
