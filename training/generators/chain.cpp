// Problems put together from parts: what one step finds, the next needs.
//
// A part takes a value and yields the next one, with its clause of the statement, its steps and its concept. Which
// parts follow one another is drawn, so that a chain of three has thousands of shapes.
#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>
#include <string>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

struct Chain {
  Maker& m;
  Int value = 0;
  char name = 'a';  // what the value is called in the statement

  void coefficient(std::string_view called, Int number) {  // not written when it is 1 or 0
    m.problem.givens.push_back({called, number, number > 1 || number < -1});
  }
  [[nodiscard]] std::string now() const { return std::string(1, name); }
  [[nodiscard]] std::string next() const { return std::string(1, static_cast<char>(name + 1)); }
};

// --- where a chain begins: "Let a be ...". Returns the clause.

struct Start {
  std::string_view concept_name;
  std::string (*make)(Chain&);
};

std::string start_gcd(Chain& c) {
  const Int g = c.m.between(2, 15), p = c.m.between(2, 9);
  Int q = c.m.between(2, 9);
  while (std::gcd(p, q) != 1) q = q % 9 + 1;
  Int a = g * p, b = g * q;
  c.m.given("a", a), c.m.given("b", b);
  const std::string clause = filled("the greatest common divisor of @ and @", a, b);
  if (a < b) std::swap(a, b);
  while (b != 0) {
    c.m.step("@ - @ * @ = @", a, a / b, b, a % b);
    const Int r = a % b;
    a = b, b = r;
  }
  c.value = g;
  return clause;
}
std::string start_remainder(Chain& c) {
  const Int d = c.m.between(5, 30), q = c.m.between(3, 40), r = c.m.between(1, d - 1);
  c.m.given("n", d * q + r), c.m.given("d", d);
  c.m.divide_rest("", d * q + r, d);
  c.value = r;
  return filled("the remainder of @ divided by @", d * q + r, d);
}
std::string start_root(Chain& c) {
  const Int r = c.m.between(1, 12), s = -c.m.between(1, 12);
  const Int b = -(r + s), k = r * s;
  c.coefficient("b", b), c.coefficient("c", k);
  const std::string equation =
      "x^2" + (b == 0 ? std::string() : " " + signed_term(b, "x", false)) + " " + signed_term(k, "", false) + " = 0";
  c.m.step("Two numbers with product @ and sum @: @ and @", k, b, -r, -s);
  c.m.step("So the roots are @ and @.", r, s);
  c.value = r;
  return "the positive solution of " + equation;
}
std::string start_linear(Chain& c) {
  const Int x = c.m.between(2, 20), a = c.m.between(2, 9), b = c.m.between(1, 40);
  c.m.given("a", a), c.m.given("b", b), c.m.given("c", a * x + b);
  c.m.step("@x = @ - @ = @", a, a * x + b, b, a * x);
  c.m.step("x = @ / @ = @", a * x, a, x);
  c.value = x;
  return filled("the solution of @x + @ = @", a, b, a * x + b);
}
std::string start_area(Chain& c) {
  const Int a = c.m.between(2, 12), b = c.m.between(2, 12);
  c.m.given("a", a), c.m.given("b", b);
  c.value = c.m.multiply("Area", a, b);
  return filled("the area of a rectangle with sides @ and @", a, b);
}
std::string start_sum(Chain& c) {
  const Int n = c.m.between(4, 20);
  c.m.given("n", n);
  c.m.multiply("", n, n + 1);
  c.value = c.m.divide("Sum", n * (n + 1), 2);
  return filled("the sum of the integers from 1 to @", n);
}
std::string start_pairs(Chain& c) {
  const Int n = c.m.between(4, 15);
  c.m.given("n", n);
  c.m.multiply("", n, n - 1);
  c.value = c.m.divide("Pairs", n * (n - 1), 2);
  return filled("the number of ways to choose 2 of @ people", n);
}
std::string start_hypotenuse(Chain& c) {
  static constexpr std::array<std::array<Int, 3>, 4> triples{{{3, 4, 5}, {6, 8, 10}, {5, 12, 13}, {8, 15, 17}}};
  const auto& t = triples[static_cast<std::size_t>(c.m.between(0, 3))];
  c.m.given("a", t[0]), c.m.given("b", t[1]);
  c.m.step("@^2 + @^2 = @ + @ = @ = @^2", t[0], t[1], t[0] * t[0], t[1] * t[1], t[2] * t[2], t[2]);
  c.value = t[2];
  return filled("the hypotenuse of a right triangle with legs @ and @", t[0], t[1]);
}
std::string start_mean(Chain& c) {
  const Int mean = c.m.between(5, 40), d = c.m.between(1, 4), e = c.m.between(1, 4);
  const std::array<Int, 3> v{mean - d, mean + d + e, mean - e};
  for (const Int value : v) c.m.given("v", value);
  const Int s = c.m.add("Sum", v);
  c.value = c.m.divide("Mean", s, 3);
  return filled("the mean of @, @ and @", v[0], v[1], v[2]);
}
std::string start_percent(Chain& c) {
  const Int p = 5 * c.m.between(1, 19), w = 20 * c.m.between(1, 15);
  c.m.given("p", p), c.m.given("w", w);
  c.m.step("@ * @ / 100 = @ / 100 = @", w, p, w * p, w * p / 100);
  c.value = w * p / 100;
  return filled("@% of @", p, w);
}
std::string start_term(Chain& c) {
  const Int a = c.m.between(1, 12), d = c.m.between(2, 9), n = c.m.between(5, 15);
  c.m.given("n", n), c.m.given("first", a), c.m.given("second", a + d), c.m.given("third", a + 2 * d);
  c.m.subtract("", n, 1);
  c.m.multiply("", n - 1, d);
  c.value = c.m.add("Term " + text(n), a, (n - 1) * d);
  return filled("term number @ of the arithmetic sequence that begins @, @, @", n, a, a + d, a + 2 * d);
}
std::string start_base(Chain& c) {
  const Int n = c.m.between(5, 60);
  std::string digits;
  for (Int k = n; k > 0; k /= 2) digits.insert(0, text(k % 2));
  c.m.given("digits", std::stoll(digits));
  Int value = 0;
  for (const char d : digits) {
    c.m.step("@ * 2 + @ = @", value, text(Int{d - '0'}), value * 2 + (d - '0'));
    value = value * 2 + (d - '0');
  }
  c.value = n;
  return filled("the number that is written @ in base 2", digits);
}

constexpr std::array<Start, 12> starts{{{"greatest common divisor", start_gcd},
                                        {"division with remainder", start_remainder},
                                        {"quadratic equations", start_root},
                                        {"linear equations", start_linear},
                                        {"area of a rectangle", start_area},
                                        {"arithmetic sequences", start_sum},
                                        {"combinations", start_pairs},
                                        {"pythagorean theorem", start_hypotenuse},
                                        {"arithmetic mean", start_mean},
                                        {"percent", start_percent},
                                        {"arithmetic sequences", start_term},
                                        {"number bases", start_base}}};

// --- how it goes on. Returns the clause in terms of the value's name, or nothing when the value does not suit.

struct Link {
  std::string_view concept_name;
  std::string (*make)(Chain&);
};

constexpr Int chain_most = 3000;  // values stay small enough to reckon with

std::string link_affine(Chain& c) {
  const Int k = c.m.between(2, 6), b = c.m.between(1, 20);
  if (c.value * k + b > chain_most) return {};
  c.m.given("k", k), c.m.given("b", b);
  const std::string clause = filled("@@ + @", k, c.now(), b);
  c.m.multiply("", k, c.value);
  c.value = c.m.add("", k * c.value, b);
  return clause;
}
std::string link_square(Chain& c) {
  if (c.value > 40 || c.value < 2) return {};
  const std::string clause =
      c.m.chance(50) ? filled("the area of a square with side @", c.now()) : filled("@^2", c.now());
  c.value = c.m.multiply("", c.value, c.value);
  return clause;
}
std::string link_mod(Chain& c) {
  const Int d = c.m.between(3, 15);
  if (c.value <= d) return {};
  c.m.given("d", d);
  const std::string clause = filled("the remainder of @ divided by @", c.now(), d);
  c.value = c.m.divide_rest("", c.value, d).second;
  return clause;
}
std::string link_percent(Chain& c) {
  const Int p = c.m.pick({10, 20, 25, 50, 75, 40, 60});
  if (c.value * p % 100 != 0 || c.value < 4) return {};
  c.m.given("p", p);
  const std::string clause = filled("@% of @", p, c.now());
  c.m.step("@ * @ / 100 = @ / 100 = @", c.value, p, c.value * p, c.value * p / 100);
  c.value = c.value * p / 100;
  return clause;
}
std::string link_digits(Chain& c) {
  if (c.value < 12) return {};
  std::vector<Int> digits;
  for (const char d : text(c.value)) digits.push_back(d - '0');
  const std::string clause = filled("the sum of the digits of @", c.now());
  c.value = c.m.add("", digits);
  return clause;
}
std::string link_divisors(Chain& c) {
  if (c.value < 4 || c.value > 60) return {};
  std::string list;
  Int count = 0;
  for (Int d = 1; d <= c.value; ++d) {
    if (c.value % d == 0) list += (list.empty() ? "" : ", ") + text(d), ++count;
  }
  c.m.step("Divisors of @: @. There are @.", c.value, list, count);
  c.value = count;
  return filled("the number of positive divisors of @", c.now());
}
std::string link_gcd(Chain& c) {
  const Int other = c.m.between(6, 60);
  if (c.value < 2 || other == c.value) return {};
  c.m.given("other", other);
  Int a = std::max(c.value, other), b = std::min(c.value, other);
  while (b != 0) {
    c.m.step("@ - @ * @ = @", a, a / b, b, a % b);
    const Int r = a % b;
    a = b, b = r;
  }
  c.value = a;
  return filled("the greatest common divisor of @ and @", c.now(), other);
}
std::string link_perimeter(Chain& c) {
  const Int other = c.m.between(2, 20);
  if (c.value < 1 || c.value > 300) return {};
  c.m.given("other", other);
  c.m.add("", c.value, other);
  const std::string clause = filled("the perimeter of a rectangle with sides @ and @", c.now(), other);
  c.value = c.m.multiply("", 2, c.value + other);
  return clause;
}
std::string link_polynomial(Chain& c) {
  if (c.value > 15 || c.value < 1) return {};
  const Int b = c.m.between(1, 6), k = c.m.between(1, 9);
  c.coefficient("b", b), c.m.given("k", k);
  const std::string clause = filled("f(@) for f(x) = x^2 @ + @", c.now(), signed_term(b, "x", false), k);
  const Int s = c.m.multiply("", c.value, c.value);
  const Int t = c.m.multiply("", b, c.value);
  const std::array<Int, 3> all{s, t, k};
  c.value = c.m.add("", all);
  return clause;
}
std::string link_share(Chain& c) {
  for (const Int d : {Int{2}, Int{3}, Int{4}, Int{5}, Int{6}}) {
    if (c.value % d == 0 && c.value / d > 1 && c.m.chance(60)) {
      c.m.given("d", d);
      const std::string clause = filled("one of @ equal parts of @", d, c.now());
      c.value = c.m.divide("", c.value, d);
      return clause;
    }
  }
  return {};
}
std::string link_pairs(Chain& c) {
  if (c.value < 3 || c.value > 40) return {};
  const std::string clause = filled("the number of handshakes when @ people all greet each other once", c.now());
  c.m.multiply("", c.value, c.value - 1);
  c.value = c.m.divide("", c.value * (c.value - 1), 2);
  return clause;
}
std::string link_last_digit(Chain& c) {
  if (c.value < 2) return {};
  const Int d = c.value % 10, e = c.m.between(2, 4);
  c.m.given("e", e);
  const std::string clause = filled("the last digit of @^@", c.now(), e);
  Int last = d;
  if (c.value >= 10) c.m.step("Only the last digit counts: @", d);
  for (Int i = 1; i < e; ++i) {
    c.m.step("@ * @ = @, last digit @", last, d, last * d, last * d % 10);
    last = last * d % 10;
  }
  c.value = last;
  return clause;
}

constexpr std::array<Link, 12> links{{{"evaluating expressions", link_affine},
                                      {"area of a square", link_square},
                                      {"division with remainder", link_mod},
                                      {"percent", link_percent},
                                      {"digit sums", link_digits},
                                      {"divisors", link_divisors},
                                      {"greatest common divisor", link_gcd},
                                      {"perimeter", link_perimeter},
                                      {"functions", link_polynomial},
                                      {"division", link_share},
                                      {"combinations", link_pairs},
                                      {"last digits", link_last_digit}}};

void compose(Maker& m) {
  Chain chain{m};
  const int length = m.level <= 3 ? 1 : m.level == 4 ? 2 : 3;
  const Int beginning = m.between(0, std::ssize(starts) - 1);
  const Start& start = starts[static_cast<std::size_t>(beginning)];
  m.chose("start", beginning);
  m.step("a:");
  m.problem.solution.clear();
  const std::string first = start.make(chain);
  m.step("a = @", chain.value);
  m.tell_one({"Let a be @.", "Let a denote @.", "Call a @."}, first);
  m.problem.concepts.push_back(start.concept_name);
  std::size_t last = links.size();
  for (int i = 0; i < length; ++i) {
    std::string clause;
    std::size_t index = last;
    for (int tries = 0; tries < 90 && clause.empty(); ++tries) {
      // A remainder of 0 goes on by the first link alone, which sixty draws may miss.
      index = tries < 60 ? static_cast<std::size_t>(m.between(0, std::ssize(links) - 1)) : 0;
      if (index == last) continue;
      const std::size_t known = m.problem.givens.size();
      m.chose("link", static_cast<Int>(index));
      clause = links[index].make(chain);
      if (clause.empty()) m.problem.givens.resize(known);
    }
    if (clause.empty()) throw std::logic_error("a chain that cannot go on: " + m.problem.statement);
    last = index;
    chain.name = static_cast<char>(chain.name + 1);
    m.step("@ = @", chain.now(), chain.value);
    m.problem.concepts.push_back(links[index].concept_name);
    if (i + 1 < length) {
      m.tell_one({"Let @ be @.", "Then let @ be @."}, chain.now(), clause);
    } else {
      m.tell_one({"What is @?", "Find @.", "Determine @."}, clause);
    }
  }
  m.answer(chain.value);
  std::string named;
  for (const auto name : m.problem.concepts) named += (named.empty() ? "" : ", then ") + std::string(name);
  m.rationale(
      "A chain of ideas, each needing the value before: @. The numbers were drawn so that every value stays whole and "
      "small.",
      named);
}

// The same in a story about money: each sentence changes what is there.
void money_chain(Maker& m) {
  const Person& p = m.person();
  const int length = m.level <= 3 ? 2 : m.level == 4 ? 3 : 4;
  Int value = 0;
  if (m.chance(50)) {
    const Int rate = 2 * m.between(4, 20), hours = 5 * m.between(2, 8);
    m.tell_one({"@ works @ hours at $@ an hour.", "@ works @ hours for $@ an hour."}, p.name, hours, rate);
    m.given("hours", hours), m.given("rate", rate);
    value = m.multiply("Earned", hours, rate);
  } else {
    value = 60 * m.between(2, 20);
    m.tell_one({"@ has $@.", "@ starts with $@.", "@ receives $@ as a gift."}, p.name, value);
    m.given("start", value);
  }
  int last = -1;
  for (int i = 0; i < length; ++i) {
    int kind = static_cast<int>(m.between(0, 4));
    if (kind == last) kind = (kind + 1) % 5;
    last = kind;
    switch (kind) {
      case 0: {
        const Int percent = m.pick({10, 20, 25, 50, 30, 40});
        if (value * percent % 100 != 0) {
          --i;
          last = -1;
          if (value % 2 == 0 && m.chance(50)) continue;
        }
        if (value * percent % 100 != 0) {
          const Int gift = m.between(5, 40);
          m.tell("A friend gives @ $@.", p.him, gift);
          m.given("more", gift);
          value = m.add("", value, gift);
          ++i;
          break;
        }
        m.tell_one({"@ spends @% of it on @.", "@ pays @% of that for @."}, capitalised(text(p.he)), percent,
                   m.pick({"food", "rent", "books", "a trip", "clothes"}));
        m.given("percent", percent);
        m.step("@ * @ / 100 = @ / 100 = @", value, percent, value * percent, value * percent / 100);
        value = m.subtract("Left", value, value * percent / 100);
        break;
      }
      case 1: {
        Int d = m.pick({2, 3, 4, 5});
        while (value % d != 0) d = d == 2 ? 1 : d - 1;
        if (d < 2) {
          const Int more = m.between(3, 30);
          m.tell("@ finds $@ more.", capitalised(text(p.he)), more);
          m.given("more", more);
          value = m.add("", value, more);
          break;
        }
        const std::string_view part = d == 2 ? "half" : d == 3 ? "a third" : d == 4 ? "a quarter" : "a fifth";
        m.tell_one({"@ gives @ of it to a friend.", "@ puts @ of it into the bank."}, capitalised(text(p.he)), part);
        m.chose("part", d);
        m.divide("", value, d);
        value = m.subtract("Left", value, value / d);
        break;
      }
      case 2: {
        const Int more = m.between(5, 90);
        m.tell_one({"Then @ earns $@ more.", "After that @ gets $@ from an aunt."}, p.he, more);
        m.given("more", more);
        value = m.add("", value, more);
        break;
      }
      case 3: {
        const Thing& t = m.thing();
        const Int n = m.between(2, 5), price = m.between(t.cheap, t.dear);
        if (2 * n * price >= value) {
          const Int more = m.between(10, 60);
          m.tell("@ earns $@ more.", capitalised(text(p.he)), more);
          m.given("more", more);
          value = m.add("", value, more);
          break;
        }
        m.tell("@ buys @ @ at $@ each.", capitalised(text(p.he)), n, t.many, price);
        m.given("count", n), m.given("price", price);
        m.multiply("", n, price);
        value = m.subtract("Left", value, n * price);
        break;
      }
      default:
        if (value > 2000) {
          m.tell("@ gives away $100.", capitalised(text(p.he)));
          m.given("gone", 100);
          value = m.subtract("", value, 100);
          break;
        }
        m.chose("doubled", 2);
        m.tell("Then @ doubles what is left.", m.pick({"a lucky bet", "a bonus", "a prize"}));
        value = m.multiply("", 2, value);
    }
  }
  m.tell_one(
      {"How much money does @ have now?", "How many dollars does @ have at the end?", "How much is left in the end?"},
      p.name);
  m.answer(value);
  m.rationale(
      "A story of money in @ changes: earning adds, spending takes away, percentages and fractions are of what is "
      "there at that moment.",
      length);
}

// An average with a condition, or geometry that leads to an equation.
void geometry_equation(Maker& m) {
  const Int w = m.between(2, 15), k = m.between(2, 5);
  switch (m.between(0, 2)) {
    case 0: {
      m.chose("form", 0), m.given("k", k), m.given("perimeter", 2 * (k + 1) * w);
      m.tell("A rectangle is @ times as long as wide. Its perimeter is @ cm.", k, 2 * (k + 1) * w);
      m.tell_one({"What is its area in square cm?", "Find its area."});
      m.step("Let the width be x: 2 * (x + @x) = @x", k, 2 * (k + 1));
      const Int x = m.divide("x", 2 * (k + 1) * w, 2 * (k + 1));
      const Int l = m.multiply("Length", k, x);
      m.answer(m.multiply("Area", l, x));
      break;
    }
    case 1: {
      const Int more = m.between(1, 9);
      m.chose("form", 1), m.given("more", more), m.given("area", w * (w + more));
      m.tell("A rectangle is @ m longer than wide, and its area is @ square m.", more, w * (w + more));
      m.tell_one({"What is its perimeter in m?", "How long is a fence around it, in m?"});
      m.step("x * (x + @) = @", more, w * (w + more));
      m.step("@ * @ = @, so x = @", w, w + more, w * (w + more), w);
      m.add("", w, w + more);
      m.answer(m.multiply("Perimeter", 2, 2 * w + more));
      break;
    }
    default: {
      const Int a = m.between(10, 40), d = m.between(5, 30);
      const Int third = 180 - 2 * a - d;
      m.chose("form", 2), m.given("d", d), m.given("third", third);
      m.problem.concepts = {"linear equations", "angles"};
      m.tell("One angle of a triangle is @ degrees. Of the other two, one is @ degrees larger than the other.", third,
             d);
      m.tell("How large is the smaller of these two, in degrees?");
      m.subtract("", 180, third);
      m.subtract("", 2 * a + d, d);
      m.answer(m.divide("", 2 * a, 2));
    }
  }
  m.rationale("A figure gives an equation; its solution gives what is asked.");
}

void mean_condition(Maker& m) {
  const Int n = m.between(3, 6), mean = m.between(60, 85), target = mean + m.between(1, 4);
  const Int need = target * (n + 1) - mean * n;
  m.given("n", n), m.given("mean", mean), m.given("target", target);
  const Person& p = m.person();
  m.tell("After @ tests @ has an average of @ points.", n, p.name, mean);
  m.tell_one({"How many points must the next test bring for an average of @?",
              "What score is needed on the next one to raise the average to @?"},
             target);
  m.multiply("Points so far", n, mean);
  m.add("", n, 1);
  m.multiply("Points needed", n + 1, target);
  m.answer(m.subtract("", (n + 1) * target, n * mean));
  m.step("Check: @ + @ = @ = @ * @", n * mean, need, (n + 1) * target, n + 1, target);
  m.rationale("An average times the number of tests is a sum: the missing score is the difference of two sums.");
}

const std::array families{
    Family{"chain of ideas", 3, 5, {}, compose},
    Family{"money in steps", 3, 5, {"percent", "fraction of a quantity", "money"}, money_chain},
    Family{"figure and equation", 4, 5, {"linear equations", "area of a rectangle", "perimeter"}, geometry_equation},
    Family{"raise the average", 3, 4, {"arithmetic mean", "linear equations"}, mean_condition},
};

}  // namespace

std::span<const Family> chain_families() { return families; }

}  // namespace holdfast::generators
