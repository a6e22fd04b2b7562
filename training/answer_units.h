// Units of answers: what they measure and how large they are, exactly.
#pragma once

#include <gmpxx.h>

#include <array>
#include <optional>
#include <span>

#include "training/answer_tokens.h"

namespace holdfast {

struct AnswerUnit {
  // Powers of length, mass, time, and of what is only equal to itself: the currencies, temperatures.
  enum Dimension { length, mass, time, dollar, euro, pound, yen, rupee, celsius, fahrenheit, dimensions };
  std::array<int, dimensions> powers{};
  mpq_class factor = 1;  // in metres, kilograms, seconds, one of the currency

  [[nodiscard]] bool same_kind(const AnswerUnit& other) const { return powers == other.powers; }
};

// "cm", "square feet", "km/h", "kilometers per hour", "m s^{-1}", "\frac{m}{s}", "cm^{2}"; nothing when a word of it is
// not a unit.
[[nodiscard]] std::optional<AnswerUnit> unit_of(std::span<const AnswerToken> tokens);

}  // namespace holdfast
