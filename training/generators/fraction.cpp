// Fractions and decimals.
#include <algorithm>
#include <array>
#include <numeric>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

Ratio proper(Maker& m, Int largest) {
  const Int d = m.between(2, largest);
  Int n = m.between(1, d - 1);
  return Ratio::of(n, d);
}

void simplify(Maker& m) {
  const Ratio r = proper(m, m.level <= 1 ? 9 : 15);
  const Int k = m.between(2, m.level <= 1 ? 9 : 14);
  m.given("n", r.n * k), m.given("d", r.d * k);
  const std::string fraction = text(r.n * k) + "/" + text(r.d * k);
  m.tell_one(
      {"Simplify @.", "Reduce @ to lowest terms.", "Write @ in its simplest form.", "What is @ in lowest terms?"},
      fraction);
  m.step("gcd(@, @) = @", r.n * k, r.d * k, k);
  m.step("@ / @ = @ and @ / @ = @", r.n * k, k, r.n, r.d * k, k, r.d);
  m.rationale("A fraction keeps its value when both numbers are divided by their greatest common divisor, here @.", k);
  m.answer(text(r));
}

// a/b op c/d, with the common denominator written out.
void add_fractions(Maker& m) {
  Ratio a = proper(m, m.level <= 2 ? 8 : 12), b = proper(m, m.level <= 2 ? 8 : 12);
  if (m.level <= 1) {
    const Int d = m.between(3, 12);
    a = {m.between(1, d - 2), d};
    b = {m.between(1, d - 1 - a.n), d};
    if (b.n < 1) b.n = 1;
  }
  const bool minus = m.level >= 2 && m.chance(45);
  if (minus && a.n * b.d < b.n * a.d) std::swap(a, b);
  m.given("an", a.n), m.given("ad", a.d), m.given("bn", b.n), m.given("bd", b.d), m.chose("minus", minus ? 1 : 0);
  const std::string left = text(a.n) + "/" + text(a.d), right = text(b.n) + "/" + text(b.d);
  const std::string_view sign = minus ? "-" : "+";
  if (m.chance(65)) {
    m.tell_one({"What is @ @ @?", "Calculate @ @ @.", "Compute @ @ @. Give the answer in lowest terms.", "Find @ @ @."},
               left, sign, right);
  } else if (minus) {
    m.tell_one({"A tank is @ full. Then @ of the tank is used. What fraction is left?",
                "@ of a cake is there, and @ of the cake is eaten. What fraction of the cake is left?"},
               left, right);
  } else {
    m.tell_one({"@ of a pizza and @ of a pizza are eaten. How much pizza is that in total?",
                "A recipe needs @ cup of milk and @ cup of water. How many cups of liquid is that?",
                "One day @ of a road is built and the next day @ of it. What fraction is built in the two days?"},
               left, right);
  }
  const Int common = std::lcm(a.d, b.d);
  const Int x = a.n * (common / a.d), y = b.n * (common / b.d);
  if (a.d != b.d) {
    m.step("Common denominator of @ and @: @", a.d, b.d, common);
    m.step("@ = @/@ and @ = @/@", left, x, common, right, y, common);
  }
  const Int n = minus ? x - y : x + y;
  m.step("@ @ @ = @, so the result is @/@", x, sign, y, n, n, common);
  const Ratio result = Ratio::of(n, common);
  if (result.d != common || result.n != n) m.step("@/@ = @", n, common, text(result));
  m.rationale("Fractions are @ over a common denominator, here @.", minus ? "subtracted" : "added", common);
  m.answer(text(result));
}

void multiply_fractions(Maker& m) {
  const Ratio a = proper(m, 10), b = proper(m, 10);
  const bool divide = m.chance(40);
  m.given("an", a.n), m.given("ad", a.d), m.given("bn", b.n), m.given("bd", b.d), m.chose("divide", divide ? 1 : 0);
  m.tell_one({"What is @ @ @?", "Calculate @ @ @.", "Compute @ @ @ in lowest terms."}, text(a),
             divide ? m.pick({"/", "divided by"}) : m.pick({"*", "times", "x"}),
             divide ? "(" + text(b) + ")" : text(b));
  Int n = a.n * b.n, d = a.d * b.d;
  if (divide) {
    m.step("Dividing by @ is multiplying by @/@.", text(b), b.d, b.n);
    n = a.n * b.d, d = a.d * b.n;
    m.step("@ * @ = @ and @ * @ = @", a.n, b.d, n, a.d, b.n, d);
  } else {
    m.step("@ * @ = @ and @ * @ = @", a.n, b.n, n, a.d, b.d, d);
  }
  const Ratio result = m.reduce("", n, d);
  m.rationale(
      "Fractions multiply numerator by numerator and denominator by denominator; division turns the second one over.");
  m.answer(text(result));
}

void fraction_of(Maker& m) {
  const Ratio r = proper(m, m.level <= 1 ? 6 : 12);
  const Int whole = r.d * m.between(2, m.level <= 1 ? 12 : 60);
  m.given("n", r.n), m.given("d", r.d), m.given("whole", whole);
  const Thing& t = m.thing();
  const bool rest = m.level >= 2 && m.chance(40);
  m.chose("rest", rest ? 1 : 0);
  const Int part = whole / r.d * r.n;
  switch (rest ? m.between(1, 2) : m.between(0, 2)) {
    case 0: m.tell_one({"What is @ of @?", "Find @ of @.", "Calculate @ of @."}, text(r), whole); break;
    case 1:
      m.tell("@ has @ @. @ of them are @.", m.person().name, whole, t.many, text(r),
             m.pick({"red", "new", "small", "blue", "old"}));
      m.tell(rest ? "How many @ are not?" : "How many @ is that?", t.many);
      break;
    default:
      m.tell("There are @ students in a school. @ of them @.", whole, text(r),
             m.pick({"play football", "sing in the choir", "learn French", "have a pet"}));
      m.tell(rest ? "How many do not?" : "How many students is that?");
  }
  const Int one = m.divide("One part", whole, r.d);
  const Int found = r.n == 1 ? one : m.multiply("", one, r.n);
  m.answer(rest ? m.subtract("The rest", whole, part) : found);
  m.rationale("@ of @: the whole is cut into @ parts, of which @ are taken.", text(r), whole, r.d, r.n);
}

void whole_from_fraction(Maker& m) {
  const Ratio r = proper(m, 9);
  const Int unit = m.between(2, 40);
  const Int part = unit * r.n, whole = unit * r.d;
  m.given("n", r.n), m.given("d", r.d), m.given("part", part);
  const Thing& t = m.thing();
  m.tell_one({"@ of a number is @. What is the number?", "If @ of a number is @, find the number.",
              "@ of the pages of a book are @ pages. How many pages has the book?",
              "@ of a class are @ students. How many students are in the class?"},
             text(r), part);
  (void)t;
  const Int one = r.n == 1 ? part : m.divide("One part", part, r.n);
  m.answer(m.multiply("The whole", one, r.d));
  m.step("Check: @ / @ * @ = @ * @ = @", whole, r.d, r.n, unit, r.n, part);
  m.rationale("From a part to the whole: @ parts are @, so one is @, and @ of them are the whole.", r.n, part, unit,
              r.d);
}

void mixed_number(Maker& m) {
  const Int d = m.between(2, 12), whole = m.between(1, 12);
  const Int n = m.between(1, d - 1);
  const bool to_improper = m.chance(50);
  m.chose("to_improper", to_improper ? 1 : 0), m.given("d", d);
  if (to_improper) {
    m.given("whole", whole), m.given("n", n);
    m.tell_one({"Write @ @/@ as an improper fraction.", "Convert the mixed number @ @/@ to a fraction."}, whole, n, d);
    m.step("@ * @ + @ = @ + @ = @", whole, d, n, whole * d, n, whole * d + n);
    const Ratio r = m.reduce("", whole * d + n, d);
    m.answer(text(r));
  } else {
    const Int top = whole * d + n;
    m.given("n", top);
    m.tell_one({"Write @/@ as a mixed number.", "Convert @/@ to a mixed number."}, top, d);
    m.step("@ * @ = @, and @ - @ = @", whole, d, whole * d, top, whole * d, n);
    const Ratio rest = Ratio::of(n, d);
    if (rest.d != d) m.step("@/@ = @", n, d, text(rest));
    m.answer(text(whole) + " " + text(rest));
  }
  m.rationale("A mixed number is a whole number and a proper fraction: @ wholes are @ parts of size 1/@.", whole,
              whole * d, d);
}

void compare_fractions(Maker& m) {
  Ratio a = proper(m, 12), b = proper(m, 12);
  while (a == b) b = proper(m, 12);
  m.given("an", a.n), m.given("ad", a.d), m.given("bn", b.n), m.given("bd", b.d);
  const bool larger = m.chance(70);
  m.chose("larger", larger ? 1 : 0);
  m.tell_one({"Which is @: @ or @?", "Which fraction is @, @ or @?"}, larger ? "larger" : "smaller", text(a), text(b));
  m.step("Compare @ * @ = @ with @ * @ = @", a.n, b.d, a.n * b.d, b.n, a.d, b.n * a.d);
  const bool a_larger = a.n * b.d > b.n * a.d;
  m.step("@ @ @, so @ is @ than @", a.n * b.d, a_larger ? ">" : "<", b.n * a.d, text(a),
         a_larger ? "larger" : "smaller", text(b));
  m.rationale("Two fractions are compared over the product of their denominators: cross products decide.");
  m.answer(text(a_larger == larger ? a : b));
}

void decimals(Maker& m) {
  const int places = m.level <= 1 ? 1 : 2;
  const Int unit = places == 1 ? 10 : 100;
  const Int a = m.between(unit / 2, 60 * unit), b = m.between(unit / 2, 40 * unit);
  const int kind = static_cast<int>(m.between(0, m.level <= 1 ? 1 : 2));
  const Int x = std::max(a, b), y = std::min(a, b);
  if (kind == 0) {
    m.chose("a", a), m.chose("b", b), m.chose("places", places), m.chose("kind", 0);
    m.tell_one({"What is @ + @?", "Add @ and @.", "Calculate @ + @."}, decimal(a, places), decimal(b, places));
    m.step("@ + @ = @", decimal(a, places), decimal(b, places), decimal(a + b, places));
    m.answer(decimal(a + b, places));
  } else if (kind == 1) {
    m.chose("a", x), m.chose("b", y), m.chose("places", places), m.chose("kind", 1);
    m.tell_one({"What is @ - @?", "Calculate @ - @.", "Subtract the second from the first: @ and @."},
               decimal(x, places), decimal(y, places));
    m.step("@ - @ = @", decimal(x, places), decimal(y, places), decimal(x - y, places));
    m.answer(decimal(x - y, places));
  } else {
    const Int k = m.between(2, 12), c = m.between(11, 99);
    m.chose("a", c), m.chose("b", k), m.chose("places", 1), m.chose("kind", 2);
    m.tell_one({"What is @ * @?", "Calculate @ times @.", "Multiply @ by @."}, decimal(c, 1), k);
    m.step("Without the point: @ * @ = @", c, k, product_text(c, k));
    m.step("One place behind the point: @", decimal(c * k, 1));
    m.answer(decimal(c * k, 1));
  }
  m.rationale("Decimals are reckoned like whole numbers, place under place; the point keeps its position.");
}

void decimal_to_fraction(Maker& m) {
  const int places = static_cast<int>(m.chance(15) ? 1 : 2);
  const Int unit = places == 1 ? 10 : 100;
  const Int a = m.between(1, places == 2 && m.chance(40) ? 3 * unit : unit - 1);
  m.chose("a", a), m.chose("unit", unit);
  if (m.chance(60)) {
    m.chose("form", 0);
    m.tell_one({"Write @ as a fraction in lowest terms.", "What fraction is @?", "Convert @ to a fraction.",
                "Turn @ into a fraction.", "Express @ as a fraction in lowest terms.", "Which fraction equals @?"},
               decimal(a, places));
    m.step("@ = @/@", decimal(a, places), a, unit);
    m.answer(text(m.reduce("", a, unit)));
  } else {
    m.chose("form", 1);
    const Ratio r = Ratio::of(a, unit);
    m.given("n", r.n), m.chose("d", r.d);
    m.tell_one({"Write @ as a decimal.", "What is @ as a decimal number?", "Convert @ to a decimal.",
                "Express @ as a decimal number."},
               text(r));
    m.step("@ = @/@ = @", text(r), a, unit, decimal(a, places));
    m.answer(decimal(a, places));
  }
  m.rationale("A decimal with @ place@ is a number of parts of @.", places, places == 1 ? "" : "s", unit);
}

const std::array families{
    Family{"simplify a fraction", 1, 2, {"equivalent fractions", "greatest common divisor"}, simplify},
    Family{"add and subtract fractions", 1, 3, {"adding fractions"}, add_fractions},
    Family{"multiply and divide fractions", 2, 3, {"multiplying fractions"}, multiply_fractions},
    Family{"fraction of an amount", 1, 3, {"fraction of a quantity"}, fraction_of},
    Family{"whole from a fraction", 2, 3, {"fraction of a quantity", "inverse operations"}, whole_from_fraction},
    Family{"mixed numbers", 1, 2, {"mixed numbers"}, mixed_number},
    Family{"compare fractions", 1, 2, {"comparing fractions"}, compare_fractions},
    Family{"decimals", 1, 2, {"decimals"}, decimals},
    Family{"decimals and fractions", 1, 2, {"decimals", "equivalent fractions"}, decimal_to_fraction},
};

}  // namespace

std::span<const Family> fraction_families() { return families; }

}  // namespace holdfast::generators
