// The number type of the oracle: a value in double, and beside it what tolerances are derived from.
//
//   value  the mathematical result, in double
//   size   the same computation run on absolute values: how large the terms are whose sum the value is. Where terms
//          cancel, this and not the value says how large a rounding error is fair
//   bound  first-order bound on the error of a float32 computation of the value, the order of its sums left open
//
// An oracle is written once, as the plain formula on these numbers, and gives the result and its tolerance together.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "tests/support/compare.h"

namespace holdfast::oracle {

inline constexpr double roundoff = 0x1p-24;  // of one float32 operation, relative
inline constexpr double smallest = std::numeric_limits<float>::min();

struct Bounded {
  double value = 0.0;
  double size = 0.0;
  double bound = 0.0;

  Bounded() = default;
  Bounded(double exact) : value(exact), size(std::abs(exact)) {}  // NOLINT: a number without error
  Bounded(double v, double s, double b) : value(v), size(s), bound(b) {}
};

inline Bounded operator+(const Bounded& a, const Bounded& b) {
  const double size = a.size + b.size;
  return {a.value + b.value, size, a.bound + b.bound + roundoff * size};
}
inline Bounded operator-(const Bounded& a) { return {-a.value, a.size, a.bound}; }
inline Bounded operator-(const Bounded& a, const Bounded& b) { return a + -b; }
inline Bounded operator*(const Bounded& a, const Bounded& b) {
  const double size = a.size * b.size;
  return {a.value * b.value, size,
          a.size * b.bound + b.size * a.bound + a.bound * b.bound + roundoff * size + smallest};
}

// By a number that is positive, its error included.
inline Bounded operator/(const Bounded& a, const Bounded& b) {
  const double least = b.value - b.bound;
  return {a.value / b.value, a.size / b.value,
          (a.bound + a.size * b.bound / b.value) / least + 2.0 * roundoff * a.size / least + smallest};
}

// Elementary functions of a float library: a few units in the last place, and results below the smallest normal
// number may be flushed to zero.
inline constexpr double function_error = 4.0 * roundoff;

inline Bounded exp(const Bounded& a) {
  const double value = std::exp(a.value);
  return {value, value, value * (std::expm1(a.bound) + function_error) + smallest};
}
inline Bounded softplus(const Bounded& a) {
  const double value = a.value > 0.0 ? a.value + std::log1p(std::exp(-a.value)) : std::log1p(std::exp(a.value));
  const double slope = 1.0 / (1.0 + std::exp(-a.value - a.bound));  // the largest near by: softplus is convex
  return {value, value, slope * a.bound + function_error * value + smallest};
}
inline Bounded silu(const Bounded& a) {
  const double gate = 1.0 / (1.0 + std::exp(-a.value));
  const double value = a.value * gate;
  const double slope = std::abs(gate * (1.0 + a.value * (1.0 - gate))) + a.bound;  // |silu''| <= 1
  return {value, std::abs(value),
          slope * a.bound + 2.0 * function_error * std::abs(value) + 64.0 * smallest * (1.0 + std::abs(a.value))};
}
inline Bounded sigmoid(const Bounded& a) {
  const double value = 1.0 / (1.0 + std::exp(-a.value));
  return {value, value, value * (std::expm1(a.bound) + 2.0 * function_error) + smallest};
}
// The derivative of silu. |silu''| <= 1; its two terms have different signs below 0.
inline Bounded silu_slope(const Bounded& a) {
  const double gate = 1.0 / (1.0 + std::exp(-a.value));
  const double rest = a.value / (1.0 + std::exp(a.value));
  const double size = gate * (1.0 + std::abs(rest));
  return {gate * (1.0 + rest), size,
          a.bound + 4.0 * function_error * size + 64.0 * smallest * (1.0 + std::abs(a.value))};
}
inline Bounded sqrt(const Bounded& a) {
  const double value = std::sqrt(a.value);
  const double spread = std::sqrt(a.value + a.bound) - std::sqrt(std::fmax(a.value - a.bound, 0.0));
  return {value, value, spread + function_error * value};
}
inline Bounded reciprocal_sqrt(const Bounded& a) {
  const double value = 1.0 / std::sqrt(a.value);
  return {value, value, value * (0.5 * a.bound / a.value + function_error)};
}
inline Bounded clamp(const Bounded& a, double low, double high) {
  const double value = std::fmin(std::fmax(a.value, low), high);
  return {value, std::abs(value), a.bound};
}

using Numbers = std::vector<Bounded>;

[[nodiscard]] inline Numbers exact(std::span<const float> values) { return {values.begin(), values.end()}; }
[[nodiscard]] inline std::vector<double> values(const Numbers& numbers) {
  std::vector<double> out;
  out.reserve(numbers.size());
  for (const Bounded& number : numbers) out.push_back(number.value);
  return out;
}
[[nodiscard]] inline std::vector<double> bounds(const Numbers& numbers) {
  std::vector<double> out;
  out.reserve(numbers.size());
  for (const Bounded& number : numbers) out.push_back(number.bound);
  return out;
}
// got against the oracle, each element within its own derived tolerance.
[[nodiscard]] inline test::Comparison compare(std::span<const float> got, const Numbers& want) {
  return test::compare(got, values(want), bounds(want));
}

}  // namespace holdfast::oracle
