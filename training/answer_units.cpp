#include "training/answer_units.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace holdfast {
namespace {

struct NamedUnit {
  std::string_view names;  // apart by spaces
  AnswerUnit::Dimension dimension;
  int power;
  std::string_view top, bottom = "1";  // the factor
};
constexpr std::array<NamedUnit, 35> named_units{{
    {"mm millimeter millimeters millimetre millimetres", AnswerUnit::length, 1, "1", "1000"},
    {"cm centimeter centimeters centimetre centimetres", AnswerUnit::length, 1, "1", "100"},
    {"dm decimeter decimeters decimetre decimetres", AnswerUnit::length, 1, "1", "10"},
    {"m meter meters metre metres", AnswerUnit::length, 1, "1"},
    {"km kilometer kilometers kilometre kilometres", AnswerUnit::length, 1, "1000"},
    {"in inch inches", AnswerUnit::length, 1, "254", "10000"},
    {"ft foot feet", AnswerUnit::length, 1, "3048", "10000"},
    {"yd yard yards", AnswerUnit::length, 1, "9144", "10000"},
    {"mi mile miles", AnswerUnit::length, 1, "1609344", "1000"},
    {"mg milligram milligrams", AnswerUnit::mass, 1, "1", "1000000"},
    {"g gram grams", AnswerUnit::mass, 1, "1", "1000"},
    {"kg kilogram kilograms", AnswerUnit::mass, 1, "1"},
    {"t ton tons tonne tonnes", AnswerUnit::mass, 1, "1000"},
    {"oz ounce ounces", AnswerUnit::mass, 1, "28349523125", "1000000000000"},
    {"lb lbs pound pounds", AnswerUnit::mass, 1, "45359237", "100000000"},
    {"s sec second seconds", AnswerUnit::time, 1, "1"},
    {"min minute minutes", AnswerUnit::time, 1, "60"},
    {"h hr hrs hour hours", AnswerUnit::time, 1, "3600"},
    {"day days", AnswerUnit::time, 1, "86400"},
    {"week weeks", AnswerUnit::time, 1, "604800"},
    {"ml milliliter milliliters millilitre millilitres", AnswerUnit::length, 3, "1", "1000000"},
    {"cl centiliter centiliters centilitre centilitres", AnswerUnit::length, 3, "1", "100000"},
    {"l liter liters litre litres", AnswerUnit::length, 3, "1", "1000"},
    {"ha hectare hectares", AnswerUnit::length, 2, "10000"},
    {"kmh kph", AnswerUnit::dimensions, 0, "10", "36"},
    {"mph", AnswerUnit::dimensions, 0, "1609344", "3600000"},
    {"dollar dollars usd", AnswerUnit::dollar, 1, "1"},
    {"cent cents", AnswerUnit::dollar, 1, "1", "100"},
    {"euro euros eur", AnswerUnit::euro, 1, "1"},
    {"gbp", AnswerUnit::pound, 1, "1"},
    {"yen jpy", AnswerUnit::yen, 1, "1"},
    {"rupee rupees inr", AnswerUnit::rupee, 1, "1"},
    {"celsius", AnswerUnit::celsius, 1, "1"},
    {"fahrenheit", AnswerUnit::fahrenheit, 1, "1"},
    {"sqcm", AnswerUnit::length, 2, "1", "10000"},
}};

bool is_listed(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    if (names.substr(0, end) == name) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

std::optional<AnswerUnit> base_unit(std::string name) {
  // mL, L and KM are what they look like; M is not a metre.
  if (name.size() > 1 || name == "L") {
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const auto* found = std::find_if(named_units.begin(), named_units.end(),
                                   [&](const NamedUnit& unit) { return is_listed(unit.names, name); });
  if (found == named_units.end()) return std::nullopt;
  AnswerUnit unit;
  unit.factor = mpq_class(mpz_class(std::string(found->top)), mpz_class(std::string(found->bottom)));
  unit.factor.canonicalize();
  if (found->dimension == AnswerUnit::dimensions) {  // a speed
    unit.powers[AnswerUnit::length] = 1;
    unit.powers[AnswerUnit::time] = -1;
  } else {
    unit.powers[found->dimension] = found->power;
  }
  return unit;
}

void multiply(AnswerUnit& unit, const AnswerUnit& by, int power) {
  for (std::size_t i = 0; i < unit.powers.size(); ++i) unit.powers[i] += power * by.powers[i];
  for (int i = 0; i < std::abs(power); ++i) {
    if (power > 0) {
      unit.factor *= by.factor;
    } else {
      unit.factor /= by.factor;
    }
  }
}

class UnitReader {
 public:
  explicit UnitReader(std::span<const AnswerToken> tokens) : tokens_(tokens) {}

  std::optional<AnswerUnit> run() {
    AnswerUnit whole;
    if (fraction(whole) && at_ == tokens_.size()) return whole;
    at_ = 0, whole = {};
    for (bool first = true; at_ < tokens_.size(); first = false) {
      int sign = 1;
      if (!first && (take("/") || take_word("per"))) sign = -1;
      if (!first && sign > 0) (void)(take("*") || take("cdot"));
      if (!term(whole, sign)) return std::nullopt;
    }
    return whole;
  }

 private:
  bool take(std::string_view symbol) {
    if (at_ == tokens_.size() || !tokens_[at_].is(symbol)) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (at_ == tokens_.size() || tokens_[at_].kind != AnswerToken::Kind::word || tokens_[at_].text != word)
      return false;
    ++at_;
    return true;
  }
  bool fraction(AnswerUnit& whole) {
    if (!take("frac")) return false;
    for (const int sign : {1, -1}) {
      if (!take("{")) return false;
      while (!take("}")) {
        if (!term(whole, sign)) return false;
      }
    }
    return true;
  }
  bool term(AnswerUnit& whole, int sign) {
    int power = 1;
    if (take_word("square") || take_word("sq")) power = 2;
    if (take_word("cubic") || take_word("cu")) power = 3;
    if (power > 1) (void)take(".");
    if (at_ == tokens_.size() || tokens_[at_].kind != AnswerToken::Kind::word) return false;
    const auto unit = base_unit(tokens_[at_].text);
    if (!unit) return false;
    ++at_;
    if (take_word("squared")) power = 2;
    if (take_word("cubed")) power = 3;
    if (take("^")) {
      const bool group = take("{");
      const bool minus = take("-");
      if (at_ == tokens_.size() || tokens_[at_].kind != AnswerToken::Kind::number) return false;
      const std::string& digits = tokens_[at_++].text;
      if (digits.size() != 1) return false;
      power = (digits[0] - '0') * (minus ? -1 : 1);
      if (group && !take("}")) return false;
    }
    multiply(whole, *unit, sign * power);
    return true;
  }
  std::span<const AnswerToken> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<AnswerUnit> unit_of(std::span<const AnswerToken> tokens) {
  if (tokens.empty() || tokens.size() > 12) return std::nullopt;
  return UnitReader(tokens).run();
}

}  // namespace holdfast
