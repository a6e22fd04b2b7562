#include "training/generators/kit.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace holdfast::generators {
namespace {

constexpr std::array<Person, 64> persons{{
    {"Anna", "she", "her", "her"},    {"Ben", "he", "his", "him"},     {"Carla", "she", "her", "her"},
    {"David", "he", "his", "him"},    {"Emma", "she", "her", "her"},   {"Frank", "he", "his", "him"},
    {"Grace", "she", "her", "her"},   {"Henry", "he", "his", "him"},   {"Irene", "she", "her", "her"},
    {"Jack", "he", "his", "him"},     {"Karen", "she", "her", "her"},  {"Leo", "he", "his", "him"},
    {"Maria", "she", "her", "her"},   {"Noah", "he", "his", "him"},    {"Olivia", "she", "her", "her"},
    {"Paul", "he", "his", "him"},     {"Quinn", "she", "her", "her"},  {"Ravi", "he", "his", "him"},
    {"Sara", "she", "her", "her"},    {"Tom", "he", "his", "him"},     {"Uma", "she", "her", "her"},
    {"Victor", "he", "his", "him"},   {"Wendy", "she", "her", "her"},  {"Xavier", "he", "his", "him"},
    {"Yara", "she", "her", "her"},    {"Zoe", "she", "her", "her"},    {"Ali", "he", "his", "him"},
    {"Beth", "she", "her", "her"},    {"Carlos", "he", "his", "him"},  {"Diana", "she", "her", "her"},
    {"Eric", "he", "his", "him"},     {"Fatima", "she", "her", "her"}, {"George", "he", "his", "him"},
    {"Hannah", "she", "her", "her"},  {"Ivan", "he", "his", "him"},    {"Julia", "she", "her", "her"},
    {"Kevin", "he", "his", "him"},    {"Lena", "she", "her", "her"},   {"Mark", "he", "his", "him"},
    {"Nina", "she", "her", "her"},    {"Oscar", "he", "his", "him"},   {"Priya", "she", "her", "her"},
    {"Robert", "he", "his", "him"},   {"Sofia", "she", "her", "her"},  {"Tim", "he", "his", "him"},
    {"Vera", "she", "her", "her"},    {"William", "he", "his", "him"}, {"Amy", "she", "her", "her"},
    {"James", "he", "his", "him"},    {"Lisa", "she", "her", "her"},   {"John", "he", "his", "him"},
    {"Mary", "she", "her", "her"},    {"Peter", "he", "his", "him"},   {"Linda", "she", "her", "her"},
    {"Sam", "he", "his", "him"},      {"Kate", "she", "her", "her"},   {"Daniel", "he", "his", "him"},
    {"Natalia", "she", "her", "her"}, {"Mike", "he", "his", "him"},    {"Rachel", "she", "her", "her"},
    {"Alex", "he", "his", "him"},     {"Susan", "she", "her", "her"},  {"Omar", "he", "his", "him"},
    {"Mei", "she", "her", "her"},
}};

constexpr std::array<Thing, 64> things{{
    {"apple", "apples", 1, 3},       {"orange", "oranges", 1, 4},
    {"banana", "bananas", 1, 3},     {"pear", "pears", 1, 4},
    {"egg", "eggs", 1, 2},           {"cookie", "cookies", 1, 4},
    {"cupcake", "cupcakes", 2, 6},   {"muffin", "muffins", 2, 5},
    {"pizza", "pizzas", 8, 20},      {"sandwich", "sandwiches", 4, 12},
    {"ticket", "tickets", 5, 60},    {"book", "books", 6, 40},
    {"notebook", "notebooks", 2, 9}, {"pencil", "pencils", 1, 3},
    {"pen", "pens", 1, 6},           {"marker", "markers", 1, 5},
    {"ruler", "rulers", 1, 4},       {"eraser", "erasers", 1, 3},
    {"marble", "marbles", 1, 2},     {"sticker", "stickers", 1, 2},
    {"stamp", "stamps", 1, 3},       {"card", "cards", 1, 5},
    {"toy", "toys", 4, 25},          {"doll", "dolls", 8, 35},
    {"ball", "balls", 3, 25},        {"balloon", "balloons", 1, 3},
    {"shirt", "shirts", 10, 60},     {"hat", "hats", 8, 35},
    {"scarf", "scarves", 8, 40},     {"jacket", "jackets", 30, 150},
    {"sock", "socks", 2, 8},         {"plate", "plates", 3, 15},
    {"cup", "cups", 2, 12},          {"chair", "chairs", 20, 120},
    {"table", "tables", 60, 300},    {"lamp", "lamps", 15, 80},
    {"flower", "flowers", 1, 6},     {"rose", "roses", 2, 6},
    {"tulip", "tulips", 1, 4},       {"tree", "trees", 15, 90},
    {"plant", "plants", 4, 30},      {"brick", "bricks", 1, 3},
    {"tile", "tiles", 2, 9},         {"box", "boxes", 2, 12},
    {"bottle", "bottles", 1, 8},     {"bag", "bags", 3, 40},
    {"coin", "coins", 1, 5},         {"seed", "seeds", 1, 2},
    {"fish", "fish", 2, 15},         {"shell", "shells", 1, 3},
    {"bead", "beads", 1, 2},         {"button", "buttons", 1, 2},
    {"candle", "candles", 2, 12},    {"photo", "photos", 1, 5},
    {"poster", "posters", 4, 18},    {"game", "games", 15, 60},
    {"puzzle", "puzzles", 6, 30},    {"lemon", "lemons", 1, 3},
    {"mango", "mangoes", 1, 4},      {"bracelet", "bracelets", 5, 30},
    {"battery", "batteries", 1, 5},  {"magazine", "magazines", 3, 10},
    {"comic", "comics", 3, 12},      {"backpack", "backpacks", 20, 80},
}};

// What people save for, or see in a sale: for every price up to 2000 there are some.
constexpr std::array<Thing, 30> goods{{
    {"pen", "pens", 1, 8},
    {"notebook", "notebooks", 2, 9},
    {"mug", "mugs", 4, 20},
    {"cake", "cakes", 8, 40},
    {"book", "books", 6, 45},
    {"puzzle", "puzzles", 6, 35},
    {"hat", "hats", 8, 50},
    {"shirt", "shirts", 10, 70},
    {"game", "games", 15, 80},
    {"umbrella", "umbrellas", 10, 50},
    {"plate", "plates", 3, 20},
    {"backpack", "backpacks", 20, 110},
    {"lamp", "lamps", 15, 180},
    {"chair", "chairs", 20, 250},
    {"jacket", "jackets", 30, 280},
    {"skateboard", "skateboards", 30, 180},
    {"watch", "watches", 30, 600},
    {"tent", "tents", 50, 500},
    {"armchair", "armchairs", 100, 700},
    {"table", "tables", 60, 600},
    {"guitar", "guitars", 80, 900},
    {"bike", "bikes", 80, 1500},
    {"phone", "phones", 100, 1200},
    {"camera", "cameras", 90, 1500},
    {"oven", "ovens", 200, 1500},
    {"sofa", "sofas", 200, 2000},
    {"laptop", "laptops", 250, 2000},
    {"piano", "pianos", 500, 2500},
    {"sticker", "stickers", 1, 4},
    {"apple", "apples", 1, 3},
}};

constexpr std::array<std::string_view, 24> scene_names{
    "the shop",    "the market",  "the store",    "the school",  "the library", "the bakery",  "the farm",   "the park",
    "the museum",  "the factory", "the garden",   "the office",  "the station", "the stadium", "the cinema", "the camp",
    "the village", "the harbour", "the workshop", "the kitchen", "the hotel",   "the club",    "the town",   "the zoo"};

// Draws from a list of 64 without drawing twice (until all are gone).
template <class T>
const T& fresh(Dice& dice, const std::array<T, 64>& list, std::uint64_t& used) {
  if (used == ~std::uint64_t{0}) used = 0;
  auto index = static_cast<std::uint64_t>(dice.between(0, 63));
  while ((used >> index & 1U) != 0) index = (index + 1) % 64;
  used |= std::uint64_t{1} << index;
  return list[index];
}

Int power_of_ten(int digits) {
  Int value = 1;
  for (int i = 0; i < digits; ++i) value *= 10;
  return value;
}

int digits_of(Int value) { return static_cast<int>(std::to_string(std::abs(value)).size()); }

// 340 -> {300, 40}: the parts of a number by digit, zeros left out.
std::vector<Int> digit_parts(Int value) {
  std::vector<Int> parts;
  for (Int ten = power_of_ten(digits_of(value) - 1); ten > 0; ten /= 10) {
    const Int part = value / ten % 10 * ten;
    if (part != 0) parts.push_back(part);
  }
  return parts;
}

bool is_round(Int value) { return digit_parts(value).size() <= 1; }  // one digit and zeros

std::string bracketed(Int value) { return value < 0 ? "(" + text(value) + ")" : text(value); }

}  // namespace

std::uint64_t Dice::bits() noexcept {
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

Int Dice::between(Int low, Int high) noexcept {
  return low + static_cast<Int>(bits() % static_cast<std::uint64_t>(high - low + 1));
}

Ratio Ratio::of(Int n, Int d) {
  const Int common = std::gcd(n, d);
  if (common != 0) n /= common, d /= common;
  return d < 0 ? Ratio{-n, -d} : Ratio{n, d};
}

std::string text(Ratio value) { return value.d == 1 ? text(value.n) : text(value.n) + "/" + text(value.d); }

std::string latex(Ratio value) {
  if (value.d == 1) return text(value.n);
  return std::string(value.n < 0 ? "-" : "") + "\\frac{" + text(std::abs(value.n)) + "}{" + text(value.d) + "}";
}

std::string decimal(Int value, int places) {
  const Int unit = power_of_ten(places);
  std::string digits = text(std::abs(value) % unit);
  digits.insert(0, static_cast<std::size_t>(places) - digits.size(), '0');
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  return (value < 0 ? "-" : "") + text(std::abs(value) / unit) + (digits.empty() ? "" : "." + digits);
}

std::string hundredths(Int value) {
  std::string plain = decimal(value, 2);
  const std::size_t point = plain.find('.');
  if (point != std::string::npos && plain.size() - point == 2) plain += '0';
  return plain;
}

std::string signed_term(Int value, std::string_view unit, bool first) {
  std::string sign = value < 0 ? (first ? "-" : "- ") : (first ? "" : "+ ");
  const Int size = std::abs(value);
  if (size == 1 && !unit.empty()) return sign + std::string(unit);
  return sign + text(size) + std::string(unit);
}

std::string capitalised(std::string value) {
  if (!value.empty() && value[0] >= 'a' && value[0] <= 'z') value[0] = static_cast<char>(value[0] - 'a' + 'A');
  return value;
}

std::string count_of(Int n, std::string_view one, std::string_view many) {
  return text(n) + " " + std::string(n == 1 ? one : many);
}
std::string count_of(Int n, const Thing& thing) { return count_of(n, thing.one, thing.many); }

bool takes_an(std::string_view value) {
  if (value.empty()) return false;
  if (value.starts_with("8") || value == "11" || value == "18") return true;
  const std::string_view vowels = "aeiouAEIOU";
  const bool consonant = value.starts_with("uni") || value.starts_with("use") || value.starts_with("one");
  return value.size() > 1 && vowels.find(value[0]) != std::string_view::npos && !consonant;
}

const Thing& Maker::good(Int price) {
  std::vector<const Thing*> fitting;
  for (const Thing& thing : goods) {
    if (thing.cheap <= price && price <= thing.dear) fitting.push_back(&thing);
  }
  return fitting.empty() ? goods[27] : *fitting[static_cast<std::size_t>(between(0, std::ssize(fitting) - 1))];
}

const Person& Maker::person() { return fresh(dice, persons, persons_used_); }
const Thing& Maker::thing() { return fresh(dice, things, things_used_); }
std::string_view Maker::place() { return dice.pick(std::span<const std::string_view>(scene_names)); }

void Maker::sentence(std::string_view told) {
  if (!problem.statement.empty()) problem.statement += ' ';
  problem.statement += told;
}

void Maker::written(std::string_view done) {
  if (!problem.solution.empty()) problem.solution += '\n';
  problem.solution += done;
}

void Maker::line(std::string_view what, const std::string& equation) {
  written(what.empty() ? equation : std::string(what) + ": " + equation);
}

Int Maker::add(std::string_view what, Int a, Int b) {
  line(what, text(a) + " + " + bracketed(b) + " = " + text(a + b));
  return a + b;
}

Int Maker::add(std::string_view what, std::span<const Int> values) {
  std::string all;
  Int sum = 0;
  for (const Int v : values) {
    all += (all.empty() ? text(v) : " + " + bracketed(v));
    sum += v;
  }
  if (values.size() > 2) {  // one sum after the other
    Int running = values[0];
    std::string rest;
    for (std::size_t i = 1; i + 1 < values.size(); ++i) {
      running += values[i];
      rest = text(running);
      for (std::size_t k = i + 1; k < values.size(); ++k) rest += " + " + bracketed(values[k]);
      all += " = " + rest;
    }
  }
  line(what, all + " = " + text(sum));
  return sum;
}

Int Maker::subtract(std::string_view what, Int a, Int b) {
  line(what, text(a) + " - " + bracketed(b) + " = " + text(a - b));
  return a - b;
}

std::string product_text(Int a, Int b) {
  const Int product = a * b;
  const Int x = std::abs(a);
  const Int y = std::abs(b);
  if (x == 1 || y == 1) return text(product);
  if (a < 0 || b < 0 || is_round(x) || is_round(y)) {
    // 300 * 27 is 3 * 27 with zeros; 3 * 27 is small enough unless the other has three digits.
    const Int other = is_round(x) ? y : x;
    if (a < 0 || b < 0 || digits_of(other) <= 2 || other % 100 == 0) return text(product);
  }
  const Int whole = digits_of(x) >= digits_of(y) ? x : y;  // stays in one piece
  Int cut = whole == x ? y : x;
  Int kept = whole;
  if (is_round(cut)) std::swap(cut, kept);  // 7 * 248 = 7 * 200 + 7 * 40 + 7 * 8
  std::string factors;
  std::string parts;
  for (const Int part : digit_parts(cut)) {
    factors += (factors.empty() ? "" : " + ") + text(kept) + " * " + text(part);
    parts += (parts.empty() ? "" : " + ") + text(kept * part);
  }
  return factors + " = " + parts + " = " + text(product);
}

Int Maker::multiply(std::string_view what, Int a, Int b) {
  line(what, text(a) + " * " + bracketed(b) + " = " + product_text(a, b));
  return a * b;
}

// A divisor beyond the tables: its multiples are added up first, so that no digit of the quotient has to be guessed.
void Maker::multiples(Int a, Int b) {
  if (a <= 0 || b <= 12 || is_round(b)) return;
  std::string list;
  for (Int i = 1; i <= 9; ++i) list += (i == 1 ? "" : ", ") + text(i * b);
  step("Multiples of @: @", b, list);
}

Int Maker::divide(std::string_view what, Int a, Int b) {
  const Int q = a / b;
  if (q > 1) multiples(a, b);
  std::string equation = text(a) + " / " + bracketed(b) + " = ";
  const Int size = std::abs(q);
  const bool small = b == 1 || is_round(size) || (size < 100 && (std::abs(b) <= 12 || is_round(std::abs(b))));
  if (!small && a > 0 && b > 0) {
    std::string shares, parts;
    // 1736 / 7 = 1400 / 7 + 280 / 7 + 56 / 7 = 200 + 40 + 8
    for (const Int part : digit_parts(q)) {
      shares += (shares.empty() ? "" : " + ") + text(part * b) + " / " + text(b);
      parts += (parts.empty() ? "" : " + ") + text(part);
    }
    equation += shares + " = " + parts + " = ";
  }
  line(what, equation + text(q));
  return q;
}

// Digit by digit, each found between two multiples, until what is left is less than the divisor.
std::pair<Int, Int> Maker::divide_rest(std::string_view what, Int a, Int b) {
  const Int q = a / b;
  multiples(a, b);
  std::vector<Int> parts = digit_parts(q);
  if (parts.empty()) parts.push_back(0);
  std::string told = what.empty() ? "" : std::string(what) + ": ";
  std::string sum;
  Int left = a;
  for (const Int part : parts) {
    const Int ten = part == 0 ? 1 : power_of_ten(digits_of(part) - 1);
    const Int taken = part * b;
    told += text(left) + " is from " + text(taken) + " to below " + text(taken + ten * b) + ": " + text(part) + " * " +
            text(b) + " = " + text(taken) + ", and " + text(left) + " - " + text(taken) + " = " + text(left - taken);
    left -= taken;
    told += left < b ? ", less than " + text(b) : "; ";
    sum += (sum.empty() ? "" : " + ") + text(part);
  }
  if (parts.size() > 1) told += ", and " + sum + " = " + text(q);
  written(told + ", so " + text(a) + " / " + text(b) + " is " + text(q) + " with remainder " + text(left));
  return {q, left};
}

Int Maker::power(std::string_view what, Int base, Int exponent) {
  Int value = 1;
  std::string chain;
  for (Int i = 0; i < exponent; ++i) {
    chain += (i == 0 ? "" : " * ") + bracketed(base);
    value *= base;
  }
  line(what, bracketed(base) + "^" + text(exponent) + (exponent > 1 ? " = " + chain : "") + " = " + text(value));
  return value;
}

Ratio Maker::reduce(std::string_view what, Int n, Int d) {
  const Ratio lowest = Ratio::of(n, d);
  const Int common = std::gcd(n, d);
  const std::string fraction = text(n) + "/" + text(d);
  if (common == 1) {
    line(what, fraction + " is in lowest terms");
  } else {
    line(what, fraction + " = " + text(lowest) + ", divided by " + text(common));
  }
  return lowest;
}

}  // namespace holdfast::generators
