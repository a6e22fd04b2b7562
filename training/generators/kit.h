// What problem families are written with: dice, words, and a maker that writes statement and solution side by side.
//
// Solutions are written for small readers: one step a line, and arithmetic cut so that each equation can be done in one
// go (24 * 17 = 24 * 10 + 24 * 7 = 240 + 168 = 408). Every equation that is written is true.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "training/problem.h"

namespace holdfast::generators {

using Int = std::int64_t;

// Random numbers, the same on every machine (SplitMix64).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  [[nodiscard]] std::uint64_t bits() noexcept;
  [[nodiscard]] Int between(Int low, Int high) noexcept;  // both included
  [[nodiscard]] bool chance(int percent) noexcept { return between(0, 99) < percent; }
  template <class T>
  [[nodiscard]] const T& pick(std::span<const T> list) noexcept {
    return list[static_cast<std::size_t>(between(0, static_cast<Int>(list.size()) - 1))];
  }
  [[nodiscard]] std::string_view pick(std::initializer_list<std::string_view> list) noexcept {
    return list.begin()[between(0, static_cast<Int>(list.size()) - 1)];
  }
  [[nodiscard]] Int pick(std::initializer_list<Int> list) noexcept {
    return list.begin()[between(0, static_cast<Int>(list.size()) - 1)];
  }

 private:
  std::uint64_t state_;
};

// A fraction in lowest terms with a positive denominator.
struct Ratio {
  Int n = 0, d = 1;
  [[nodiscard]] static Ratio of(Int n, Int d);
  bool operator==(const Ratio&) const = default;
};
[[nodiscard]] std::string text(Ratio value);  // 3/4, or 5
[[nodiscard]] inline std::string text(Int value) { return std::to_string(value); }
[[nodiscard]] inline std::string text(int value) { return std::to_string(value); }
[[nodiscard]] inline std::string text(std::string_view value) { return std::string(value); }
[[nodiscard]] std::string hundredths(Int value);           // 1250 -> 12.50, 1200 -> 12
[[nodiscard]] std::string decimal(Int value, int places);  // 1250, 3 -> 1.25: no zeros at the end
[[nodiscard]] std::string latex(Ratio value);              // \frac{3}{4}
[[nodiscard]] std::string signed_term(Int value, std::string_view unit, bool first);  // "+ 3x", "- x", "3x"
[[nodiscard]] std::string capitalised(std::string text);

// Whether "a" before it is "an": an apple, an 8% tip, an 11th.
[[nodiscard]] bool takes_an(std::string_view value);

// "@" in the pattern takes the arguments in turn; an "a" of the pattern becomes "an" where it has to.
template <class... Parts>
[[nodiscard]] std::string filled(std::string_view pattern, const Parts&... parts) {
  const std::array<std::string, sizeof...(Parts)> values{text(parts)...};
  std::string out;
  out.reserve(pattern.size() + 16 * sizeof...(Parts));
  std::size_t next = 0;
  for (const char c : pattern) {
    if (c == '@' && next < values.size()) {
      const bool article = out.ends_with(" a ") || out == "A " || out == "a " || out.ends_with(". A ");
      if (article && takes_an(values[next])) out.insert(out.size() - 1, 1, 'n');
      out += values[next++];
    } else {
      out += c;
    }
  }
  return out;
}

struct Thing {  // that can be counted and bought
  std::string_view one, many;
  Int cheap = 1, dear = 10;  // a sensible price, in dollars
};
struct Person {
  std::string_view name, he, his, him;
};

[[nodiscard]] std::string count_of(Int n, const Thing& thing);  // "1 apple", "5 apples"
[[nodiscard]] std::string count_of(Int n, std::string_view one, std::string_view many);

// One problem in the making.
class Maker {
 public:
  Maker(int of_level, std::uint64_t seed) : dice(seed), level(of_level) { problem.level = of_level; }

  Dice dice;
  const int level;
  Problem problem;

  [[nodiscard]] Int between(Int low, Int high) noexcept { return dice.between(low, high); }
  [[nodiscard]] bool chance(int percent) noexcept { return dice.chance(percent); }
  [[nodiscard]] std::string_view pick(std::initializer_list<std::string_view> list) noexcept { return dice.pick(list); }
  [[nodiscard]] Int pick(std::initializer_list<Int> list) noexcept { return dice.pick(list); }
  [[nodiscard]] const Person& person();        // another one each time
  [[nodiscard]] const Thing& thing();          // another one each time
  [[nodiscard]] const Thing& good(Int price);  // something that may well cost so much, in dollars
  [[nodiscard]] std::string_view place();
  void given(std::string_view name, Int value) { problem.givens.push_back({name, value, true}); }
  void chose(std::string_view name, Int value) { problem.givens.push_back({name, value, false}); }

  // The statement: sentences with spaces between.
  template <class... Parts>
  void tell(std::string_view pattern, const Parts&... parts) {
    sentence(filled(pattern, parts...));
  }
  // One of several ways to say the same: all take the same parts.
  template <class... Parts>
  void tell_one(std::initializer_list<std::string_view> patterns, const Parts&... parts) {
    sentence(filled(dice.pick(patterns), parts...));
  }

  // The solution: lines.
  template <class... Parts>
  void step(std::string_view pattern, const Parts&... parts) {
    written(filled(pattern, parts...));
  }
  // Lines "what: a + b = c"; without a what, the equation alone. They return the result.
  Int add(std::string_view what, Int a, Int b);
  Int add(std::string_view what, std::span<const Int> values);
  Int subtract(std::string_view what, Int a, Int b);
  Int multiply(std::string_view what, Int a, Int b);
  Int divide(std::string_view what, Int a, Int b);                       // exact
  std::pair<Int, Int> divide_rest(std::string_view what, Int a, Int b);  // quotient and remainder
  Int power(std::string_view what, Int base, Int exponent);
  Ratio reduce(std::string_view what, Int n, Int d);  // writes how it is reduced

  template <class... Parts>
  void rationale(std::string_view pattern, const Parts&... parts) {
    problem.rationale = filled(pattern, parts...);
  }
  // Ends the problem.
  void answer(std::string value) { problem.answer = std::move(value); }
  void answer(Int value) { problem.answer = text(value); }

 private:
  void sentence(std::string_view text);
  void written(std::string_view text);
  void line(std::string_view what, const std::string& equation);
  void multiples(Int a, Int b);
  std::uint64_t persons_used_ = 0, things_used_ = 0;
};

// The product, written in parts where it is too large for one go: "24 * 10 + 24 * 7 = 240 + 168 = 408" behind "24 * 17
// = ". Nothing but the number where it is small.
[[nodiscard]] std::string product_text(Int a, Int b);

struct Family {
  std::string_view name;
  int least_level, most_level;
  std::vector<std::string_view> concepts;
  void (*make)(Maker&);
};

}  // namespace holdfast::generators
