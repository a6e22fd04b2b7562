// Equations, inequalities, polynomials, powers, logarithms, sequences, functions.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

std::string linear(Int a, Int b, std::string_view x = "x") {  // ax + b
  std::string out = signed_term(a, x, true);
  if (b != 0) out += " " + signed_term(b, "", false);
  return out;
}
std::string quadratic(Int a, Int b, Int c) {  // ax^2 + bx + c
  std::string out = signed_term(a, "x^2", true);
  if (b != 0) out += " " + signed_term(b, "x", false);
  if (c != 0) out += " " + signed_term(c, "", false);
  return out;
}
std::string maths(Maker& m, const std::string& formula) { return m.chance(45) ? "$" + formula + "$" : formula; }
Int nonzero(Maker& m, Int low, Int high) {
  Int v = 0;
  while (v == 0) v = m.between(low, high);
  return v;
}
// A coefficient is not written when it is 1, nor a term when it is 0.
void coefficient(Maker& m, std::string_view name, Int value) {
  if (std::abs(value) <= 1) {
    m.chose(name, value);
  } else {
    m.given(name, value);
  }
}
// "- 3" for subtracting 3, "+ 3" for subtracting -3.
std::string moved(Int b) { return b >= 0 ? "- " + text(b) : "+ " + text(-b); }

void solve_linear(Maker& m) {
  const Int x = m.level <= 1 ? m.between(1, 15) : m.between(-12, 20);
  const Int a = m.level <= 1 ? m.between(2, 9) : nonzero(m, -9, 12);
  const Int b = m.level <= 1 ? m.between(1, 30) : nonzero(m, -40, 40);
  coefficient(m, "a", a), m.given("b", b), m.given("c", a * x + b);
  m.tell_one({"Solve for x: @ = @", "Solve @ = @.", "Find x if @ = @.", "If @ = @, what is x?",
              "What value of x satisfies @ = @?"},
             linear(a, b), a * x + b);
  const Int right = a * x + b;
  m.step("@ = @ @ = @", signed_term(a, "x", true), right, moved(b), a * x);
  if (a != 1) m.step("x = @ / @ = @", a * x, a < 0 ? "(" + text(a) + ")" : text(a), x);
  m.step("Check: @ * @ = @, and @ @ = @", a, x < 0 ? "(" + text(x) + ")" : text(x), a * x, a * x,
         signed_term(b, "", false), right);
  m.rationale(
      "A linear equation: the constant is moved, then both sides are divided by @. The solution @ was chosen first.", a,
      x);
  m.answer(x);
}

void solve_both_sides(Maker& m) {
  const Int x = m.between(-10, 15);
  Int a = m.between(2, 12), c = m.between(-6, 11);
  if (a == c) a += 1;
  if (c == 0) c = 1;
  if (a == c) a += 1;
  const Int b = m.between(-30, 30), d = (a - c) * x + b;
  coefficient(m, "a", a), coefficient(m, "b", b), coefficient(m, "c", c), coefficient(m, "d", d);
  m.tell_one({"Solve for x: @ = @", "Solve the equation @ = @.", "Find x such that @ = @."}, linear(a, b),
             linear(c, d));
  m.step("@ @ = @ - @", signed_term(a, "x", true), signed_term(-c, "x", false), d,
         b < 0 ? "(" + text(b) + ")" : text(b));
  m.step("@ = @", signed_term(a - c, "x", true), d - b);
  if (a - c != 1) m.step("x = @ / @ = @", d - b, a - c < 0 ? "(" + text(a - c) + ")" : text(a - c), x);
  const std::string at = x < 0 ? "(" + text(x) + ")" : text(x);
  m.step("Check: @ * @ @ = @ and @ * @ @ = @", a, at, signed_term(b, "", false), a * x + b, c, at,
         signed_term(d, "", false), c * x + d);
  m.rationale("An equation with x on both sides: terms with x are brought to the left, numbers to the right.");
  m.answer(x);
}

void linear_word(Maker& m) {
  const Int x = m.between(2, 40);
  switch (m.between(0, 3)) {
    case 0: {
      const Int k = m.between(2, 9), c = m.between(2, 40);
      m.chose("form", 0), m.given("k", k), m.given("c", c), m.given("result", k * x + c);
      m.tell_one({"@ more than @ times a number is @. Find the number.",
                  "If @ is added to @ times a number, the result is @. What is the number?"},
                 c, k, k * x + c);
      m.step("Let the number be x: @x + @ = @", k, c, k * x + c);
      m.step("@x = @ - @ = @", k, k * x + c, c, k * x);
      m.step("x = @ / @ = @", k * x, k, x);
      break;
    }
    case 1: {
      const Int n = m.pick({3, 5}), sum = n == 3 ? 3 * x + 3 : 5 * x + 10;
      m.chose("form", 1), m.chose("n", n), m.given("sum", sum);
      m.tell_one({"The sum of @ consecutive integers is @. What is the smallest?",
                  "@ consecutive whole numbers add up to @. Find the smallest of them."},
                 n == 3 ? "three" : "five", sum);
      m.problem.statement = capitalised(m.problem.statement);
      m.step(n == 3 ? "x + (x + 1) + (x + 2) = 3x + 3" : "x + (x + 1) + (x + 2) + (x + 3) + (x + 4) = 5x + 10");
      m.step("@x = @ - @ = @", n, sum, n == 3 ? 3 : 10, n * x);
      m.step("x = @ / @ = @", n * x, n, x);
      break;
    }
    case 2: {
      const Int w = x, more = m.between(1, 20), perimeter = 2 * (w + w + more);
      m.chose("form", 2), m.given("more", more), m.given("perimeter", perimeter);
      m.tell_one(
          {"A rectangle is @ cm longer than wide. Its perimeter is @ cm. What is its width in cm?",
           "The length of a rectangle is @ m more than its width, and its perimeter is @ m. Find the width in m."},
          more, perimeter);
      m.step("2 * (x + x + @) = @", more, perimeter);
      m.step("2x + @ = @ / 2 = @", more, perimeter, perimeter / 2);
      m.step("2x = @ - @ = @", perimeter / 2, more, 2 * w);
      m.step("x = @ / 2 = @", 2 * w, w);
      break;
    }
    default: {
      const Int fixed = m.between(5, 60), rate = m.between(2, 25);
      m.chose("form", 3), m.given("fixed", fixed), m.given("rate", rate), m.given("total", fixed + rate * x);
      m.tell_one({"A taxi charges $@ plus $@ per kilometer. A ride costs $@. How many kilometers was it?",
                  "A gym costs $@ to join and $@ a month. After how many months has someone paid $@?"},
                 fixed, rate, fixed + rate * x);
      m.step("@ + @x = @", fixed, rate, fixed + rate * x);
      m.step("@x = @ - @ = @", rate, fixed + rate * x, fixed, rate * x);
      m.step("x = @ / @ = @", rate * x, rate, x);
    }
  }
  m.rationale(
      "The story is put into a linear equation for the unknown x, which is then solved; its value @ was chosen first.",
      x);
  m.answer(x);
}

void linear_system(Maker& m) {
  const Int x = m.between(-6, 12), y = m.between(-6, 12);
  const Int a = m.between(1, 5), b = m.between(1, 5);
  Int c = m.between(1, 5), d = -m.between(1, 5);
  coefficient(m, "a", a), coefficient(m, "b", b), coefficient(m, "c", c), coefficient(m, "d", d);
  m.given("e", a * x + b * y), m.given("f", c * x + d * y);
  const Int e = a * x + b * y, f = c * x + d * y;
  const auto lhs = [](Int p, Int q) { return signed_term(p, "x", true) + " " + signed_term(q, "y", false); };
  const bool both = m.chance(40);
  m.chose("both", both ? 1 : 0);
  m.tell_one({"Solve the system @ = @ and @ = @.", "Find x and y with @ = @ and @ = @.", "Given @ = @ and @ = @."},
             lhs(a, b), e, lhs(c, d), f);
  if (both) {
    m.tell("Give the answer as (x, y).");
  } else {
    m.tell_one({"What is x + y?", "Find x + y."});
  }
  // Multiply the first by -d, the second by b, add: y goes.
  const Int p = -d, q = b, ax = a * p + c * q, right = e * p + f * q;
  m.step("@ times the first: @ = @", p, lhs(a * p, b * p), e * p);
  m.step("@ times the second: @ = @", q, lhs(c * q, d * q), f * q);
  m.step("Added: @ = @", signed_term(ax, "x", true), right);
  m.step("x = @ / @ = @", right, ax, x);
  m.step("From the first: @ = @ - @ * @ = @", signed_term(b, "y", true), e, a, x < 0 ? "(" + text(x) + ")" : text(x),
         b * y);
  m.step("y = @ / @ = @", b * y, b, y);
  if (both) {
    m.answer("(" + text(x) + ", " + text(y) + ")");
  } else {
    m.answer(m.add("", x, y));
  }
  m.rationale(
      "Two linear equations in two unknowns: multiples are added so that y cancels. The solution (@, @) was chosen "
      "first.",
      x, y);
}

void system_word(Maker& m) {
  const Int x = m.between(2, 30), y = m.between(2, 30);
  if (m.chance(50)) {
    const Int big = std::max(x, y) + 1, small = std::min(x, y);
    m.chose("form", 0), m.given("sum", big + small), m.given("difference", big - small);
    const bool larger = m.chance(50);
    m.chose("larger", larger ? 1 : 0);
    m.tell_one({"The sum of two numbers is @ and their difference is @.",
                "Two numbers add up to @, and one is @ larger than the other."},
               big + small, big - small);
    m.tell_one({"What is the @ number?", "Find the @ of the two."}, larger ? "larger" : "smaller");
    const Int two = m.add("Twice the larger", big + small, big - small);
    const Int l = m.divide("Larger", two, 2);
    if (larger) {
      m.answer(l);
    } else {
      m.answer(m.subtract("Smaller", big + small, l));
    }
  } else {
    static constexpr std::array<std::array<std::string_view, 3>, 4> pairs{
        {{"chickens", "cows", "legs"},
         {"bicycles", "cars", "wheels"},
         {"ducks", "dogs", "legs"},
         {"stools with 2 legs", "chairs with 4 legs", "legs"}}};
    const auto& [small, large, parts] = pairs[static_cast<std::size_t>(m.between(0, 3))];
    m.chose("form", 1), m.given("heads", x + y), m.given("legs", 2 * x + 4 * y);
    m.tell_one({"There are @ and @, @ in all, with @ @ together.", "Someone counts @ and @: @ of them, and @ @."},
               small, large, x + y, 2 * x + 4 * y, parts);
    m.tell("How many @ are there?", large);
    const Int all_small = m.multiply("If all had 2", x + y, 2);
    const Int extra = m.subtract("Too few", 2 * x + 4 * y, all_small);
    m.answer(m.divide(capitalised(text(large)), extra, 2));
  }
  m.rationale("Two conditions on two unknowns, told as a story.");
}

void inequality(Maker& m) {
  const Int a = m.between(2, 9), x = m.between(1, 25), b = m.between(-20, 30);
  const Int c = a * x + b + m.between(0, a - 1);
  const bool largest = m.chance(50);
  m.given("a", a), coefficient(m, "b", b), m.given("c", c), m.chose("largest", largest ? 1 : 0);
  if (largest) {
    m.tell_one(
        {"What is the largest integer x with @ <= @?", "Find the greatest whole number x such that @ is at most @."},
        linear(a, b), c);
    m.step("@x <= @ @ = @", a, c, moved(b), c - b);
    m.step("@ * @ = @ is at most @, and @ * @ = @ is too large", a, x, a * x, c - b, a, x + 1, a * (x + 1));
    m.answer(x);
  } else {
    m.tell_one(
        {"What is the smallest integer x with @ > @?", "Find the least whole number x such that @ is greater than @."},
        linear(a, b), c);
    m.step("@x > @ @ = @", a, c, moved(b), c - b);
    m.step("@ * @ = @ is not more than @, but @ * @ = @ is", a, x, a * x, c - b, a, x + 1, a * (x + 1));
    m.answer(x + 1);
  }
  m.rationale("A linear inequality is solved like an equation; then the nearest integer on the right side is taken.");
}

void evaluate(Maker& m) {
  const Int x = m.level <= 2 ? m.between(1, 9) : m.between(-6, 9), a = nonzero(m, -5, 6), b = m.between(-9, 12),
            c = m.between(-20, 20);
  m.given("x", x), coefficient(m, "c", c);
  const std::string at = x < 0 ? "(" + text(x) + ")" : text(x);
  const auto wrapped = [](Int v) { return v < 0 ? "(" + text(v) + ")" : text(v); };
  if (m.level <= 1) {
    m.chose("form", 0), m.given("a", std::abs(a) + 1);
    m.tell_one({"If x = @, what is @?", "Find the value for x = @: @"}, x, linear(std::abs(a) + 1, c));
    const Int k = std::abs(a) + 1;
    const Int p = m.multiply("", k, x);
    m.answer(c >= 0 ? m.add("", p, c) : m.subtract("", p, -c));
  } else {
    m.chose("form", 1), coefficient(m, "a", a), coefficient(m, "b", b);
    m.tell_one({"Let f(x) = @. What is f(@)?", "If f(x) = @, find f(@).", "Evaluate @ at x = @."},
               maths(m, quadratic(a, b, c)), x);
    m.step("@^2 = @", at, x * x);
    const Int p = a * x * x, q = b * x;
    m.step("@ * @ = @", a, x * x, p);
    if (b != 0) m.step("@ * @ = @", b, at, q);
    m.step("@ + @ = @", p, wrapped(q), p + q);
    m.step("@ + @ = @", p + q, wrapped(c), p + q + c);
    m.answer(p + q + c);
  }
  m.rationale("A formula is evaluated by putting the number in place of x: powers, then products, then sums.");
}

void quadratic_roots(Maker& m) {
  Int r = m.between(-9, 9), s = m.between(-9, 9);
  const int kind = static_cast<int>(m.between(0, 3));
  if (r == s && kind < 3) s = r + 1;  // the larger of two, the sum of two
  if (r > s) std::swap(r, s);
  const Int b = -(r + s), c = r * s;
  coefficient(m, "b", b), coefficient(m, "c", c);
  const std::string equation = quadratic(1, b, c) + " = 0";
  const auto factor = [](Int root) {
    return root == 0 ? std::string("x") : root > 0 ? "(x - " + text(root) + ")" : "(x + " + text(-root) + ")";
  };
  m.chose("kind", kind);
  switch (kind) {
    case 0: m.tell_one({"What is the larger solution of @?", "Find the greater root of @."}, maths(m, equation)); break;
    case 1: m.tell_one({"What is the smaller solution of @?", "Find the lesser root of @."}, maths(m, equation)); break;
    case 2:
      m.tell_one({"What is the sum of the solutions of @?", "Find the sum of the roots of @."},
                 maths(m, quadratic(1, b, c) + " = 0"));
      break;
    default:
      m.tell_one({"Solve @. Give all solutions, separated by commas.", "Find all solutions of @, separated by commas."},
                 maths(m, equation));
  }
  const auto wrapped = [](Int v) { return v < 0 ? "(" + text(v) + ")" : text(v); };
  m.step("Two numbers with product @ and sum @: @ and @", c, b, -r, -s);
  m.step("@ * @ = @ and @ + @ = @", -r, wrapped(-s), c, -r, wrapped(-s), b);
  m.step("@ = @@", quadratic(1, b, c), factor(r), factor(s));
  m.step("So x = @ or x = @", r, s);
  if (kind == 0) m.answer(s);
  if (kind == 1) m.answer(r);
  if (kind == 2) m.answer(m.add("Sum", r, s));
  if (kind == 3) m.answer(r == s ? text(r) : text(r) + ", " + text(s));
  m.rationale("A quadratic with the roots @ and @ was multiplied out; factoring finds them again.", r, s);
}

void discriminant(Maker& m) {
  const Int a = nonzero(m, 1, 5), b = m.between(-9, 9), c = m.between(-9, 9);
  coefficient(m, "a", a), coefficient(m, "b", b), coefficient(m, "c", c);
  const bool count = m.chance(50);
  m.chose("count", count ? 1 : 0);
  m.tell_one(
      count ? std::initializer_list<std::string_view>{"How many real solutions has @ = 0?",
                                                      "Find the number of real roots of @ = 0."}
            : std::initializer_list<std::string_view>{"What is the discriminant of @?", "Find the discriminant of @."},
      maths(m, quadratic(a, b, c)));
  m.step("b^2 - 4ac with a = @, b = @, c = @", a, b, c);
  m.step("b^2 = @", b * b);
  m.step("4 * @ = @, and @ * @ = @", a, 4 * a, 4 * a, c < 0 ? "(" + text(c) + ")" : text(c), 4 * a * c);
  const Int d = m.subtract("", b * b, 4 * a * c);
  if (count) {
    m.step(d > 0    ? "It is positive, so there are two."
           : d == 0 ? "It is zero, so there is one."
                    : "It is negative, so there is none.");
    m.answer(d > 0 ? 2 : d == 0 ? 1 : 0);
  } else {
    m.answer(d);
  }
  m.rationale("The discriminant b^2 - 4ac tells how many real roots a quadratic has.");
}

void expand(Maker& m) {
  const Int a = m.between(1, 4), b = nonzero(m, -9, 9), c = m.between(1, 4), d = nonzero(m, -9, 9);
  coefficient(m, "a", a), coefficient(m, "b", b), coefficient(m, "c", c), coefficient(m, "d", d);
  const std::string product = "(" + linear(a, b) + ")(" + linear(c, d) + ")";
  m.tell_one({"Expand @.", "Multiply out @.", "Write @ without brackets."}, maths(m, product));
  m.step("x^2: @ * @ = @", a, c, a * c);
  m.step("x: @ * @ + @ * @ = @ + @ = @", a, d < 0 ? "(" + text(d) + ")" : text(d),
         b < 0 ? "(" + text(b) + ")" : text(b), c, a * d, b * c < 0 ? "(" + text(b * c) + ")" : text(b * c),
         a * d + b * c);
  m.step("constant: @ * @ = @", b < 0 ? "(" + text(b) + ")" : text(b), d < 0 ? "(" + text(d) + ")" : text(d), b * d);
  m.rationale("Every term of the first bracket times every term of the second.");
  m.answer(quadratic(a * c, a * d + b * c, b * d));
}

void powers(Maker& m) {
  switch (m.level <= 1 ? 0 : m.between(0, 3)) {
    case 0: {
      const Int e = m.chance(60) ? 2 : m.between(3, 5);
      const Int most = e == 2 ? 60 : e == 3 ? 12 : 5;
      const Int base = m.between(2, most);
      m.chose("form", 0), m.given("base", base), m.given("e", e);
      m.tell_one({"What is @^@?", "Calculate @^@.", "Find the value of $@^@$.", "How much is @^@?", "Evaluate @^@.",
                  "Work out @^@.", "Compute @^@.", "What does @^@ equal?"},
                 base, e);
      Int value = base;
      for (Int i = 2; i <= e; ++i) value = m.multiply(text(base) + "^" + text(i), value, base);
      m.answer(value);
      break;
    }
    case 1: {
      const Int base = m.between(2, 12), p = m.between(2, 9), q = m.between(2, 9);
      m.chose("form", 1), m.given("base", base), m.given("p", p), m.given("q", q);
      m.tell_one({"@^@ * @^@ = @^n. What is n?", "Find n with @^@ * @^@ = @^n."}, base, p, base, q, base);
      m.answer(m.add("Exponents add", p, q));
      break;
    }
    case 2: {
      const Int base = m.between(2, 9), q = m.between(2, 6), p = q + m.between(1, 3);
      m.chose("form", 2), m.given("base", base), m.given("p", p), m.given("q", q);
      m.tell_one({"Simplify @^@ / @^@ and give the value.", "What is @^@ divided by @^@?"}, base, p, base, q);
      m.subtract("Exponents subtract", p, q);
      m.answer(m.power("", base, p - q));
      break;
    }
    default: {
      const Int n = m.between(2, 25);
      m.chose("form", 3), m.given("square", n * n);
      m.tell_one({"What is the square root of @?", "Find $\\sqrt{@}$.", "sqrt(@) = ?"}, n * n);
      m.step("@ * @ = @", n, n, product_text(n, n));
      m.answer(n);
    }
  }
  m.rationale("Powers are repeated products; exponents add when powers of one base are multiplied.");
}

void logarithm(Maker& m) {
  const Int base = m.pick({2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10});
  const Int e = m.between(2, base == 2 ? 10 : base <= 5 || base == 10 ? 5 : 3);
  Int value = 1;
  for (Int i = 0; i < e; ++i) value *= base;
  m.given("base", base), m.given("value", value);
  switch (m.between(0, 2)) {
    case 0:
      m.tell_one({"What is the logarithm of @ to base @?", "Find the logarithm of @ to base @."}, value, base);
      break;
    case 1:
      m.tell_one({"Find $\\log_{@} @$.", "What is $\\log_{@} @$?", "Calculate $\\log_{@} @$."}, base, value);
      break;
    default:
      m.tell_one({"Solve @^x = @.", "For which x is @^x = @?", "Find x with @^x = @.", "What is x if @^x = @?",
                  "Solve for x: @^x = @"},
                 base, value);
  }
  m.power("", base, e);
  m.step("So the exponent is @.", e);
  m.rationale("A logarithm is the exponent to which the base @ must be raised to give @.", base, value);
  m.answer(e);
}

void arithmetic_sequence(Maker& m) {
  const Int a = m.between(-10, 30), d = nonzero(m, -6, 12), n = m.between(5, m.level <= 2 ? 15 : 40);
  m.given("first", a), m.given("second", a + d), m.given("third", a + 2 * d), m.given("n", n);
  const bool sum = m.level >= 3 && m.chance(50);
  m.chose("sum", sum ? 1 : 0);
  m.tell_one({"A sequence begins @, @, @, @, ...", "Consider the arithmetic sequence @, @, @, @, ..."}, a, a + d,
             a + 2 * d, a + 3 * d);
  m.tell(sum ? m.pick({"What is the sum of its first @ terms?", "Find the sum of the first @ terms."})
             : m.pick({"What is term number @?", "What is its @th term?", "Find the @th term."}),
         n);
  if (!sum) {  // 11th, 12th, 13th are fine; 21st, 22nd, 23rd are not
    for (const auto& [from, to] : {std::pair{"1th", "1st"}, {"2th", "2nd"}, {"3th", "3rd"}}) {
      const std::size_t at = m.problem.statement.rfind(from);
      if (at != std::string::npos && n / 10 != 1) m.problem.statement.replace(at, 3, to);
    }
  }
  m.subtract("Difference", a + d, a);
  const Int k = m.subtract("", n, 1);
  const Int steps = m.multiply("", k, d);
  const Int last = m.add("Term " + text(n), a, steps);
  if (sum) {
    const Int ends = m.add("First and last", a, last);
    const Int twice = m.multiply("", n, ends);
    m.answer(m.divide("Sum", twice, 2));
  } else {
    m.answer(last);
  }
  m.rationale("An arithmetic sequence grows by @ each time; term n is @ + (n - 1) * @.", d, a, d);
}

void geometric_sequence(Maker& m) {
  const Int a = m.between(2, 20), r = m.between(2, 4), n = m.between(4, 7);
  m.given("a", a);
  if (m.chance(50)) {
    m.chose("form", 0), m.given("r", r), m.given("n", n);
    m.tell("A sequence begins @, @, @, ... Each term is @ times the one before.", a, a * r, a * r * r, r);
    m.tell("What is term number @?", n);
  } else {
    m.chose("form", 1), m.chose("r", r), m.given("hours", n - 1);
    const std::string_view factor = r == 2 ? "doubles" : r == 3 ? "triples" : "grows fourfold";
    m.tell_one({"A colony of @ cells @ every hour. How many cells are there after @ hours?",
                "A colony of @ cells @ every hour. How many cells are there @ hours later?"},
               a, factor, n - 1);
  }
  Int value = a;
  for (Int i = 2; i <= n; ++i) value = m.multiply("Term " + text(i), value, r);
  m.answer(value);
  m.rationale("A geometric sequence: each term is @ times the last, starting from @.", r, a);
}

void next_term(Maker& m) {
  std::vector<Int> s;
  const int kind = static_cast<int>(m.between(0, 4));
  const Int a = m.between(1, 20), d = m.between(2, 12);
  std::string why;
  switch (kind) {
    case 0:
      for (Int i = 0; i < 6; ++i) s.push_back(a + d * i);
      break;
    case 1:
      for (Int i = 0; i < 6; ++i) s.push_back(200 + a - d * i);
      break;
    case 2:
      s = {a};
      for (Int i = 1; i < 6; ++i) s.push_back(s.back() * 2);
      break;
    case 3:
      s = {a};
      for (Int i = 1; i < 6; ++i) s.push_back(s.back() + d + i);
      break;
    default:
      s = {a, d};
      for (Int i = 2; i < 6; ++i) s.push_back(s[static_cast<std::size_t>(i - 1)] + s[static_cast<std::size_t>(i - 2)]);
  }
  for (int i = 0; i < 5; ++i) m.given("s", s[static_cast<std::size_t>(i)]);
  m.chose("kind", kind);
  m.tell_one({"What comes next: @, @, @, @, @, ...?", "Find the next number: @, @, @, @, @, ...",
              "Continue the pattern: @, @, @, @, @, ..."},
             s[0], s[1], s[2], s[3], s[4]);
  if (kind == 4) {
    m.step("Each number is the sum of the two before: @ + @ = @, @ + @ = @", s[1], s[2], s[3], s[2], s[3], s[4]);
    m.answer(m.add("", s[3], s[4]));
  } else if (kind == 2) {
    m.step("Each number is twice the one before: @ * 2 = @, @ * 2 = @", s[2], s[3], s[3], s[4]);
    m.answer(m.multiply("", s[4], 2));
  } else {
    m.step("Differences: @ - @ = @, @ - @ = @, @ - @ = @", s[2], s[1], s[2] - s[1], s[3], s[2], s[3] - s[2], s[4], s[3],
           s[4] - s[3]);
    const Int step = kind == 3 ? s[4] - s[3] + 1 : s[4] - s[3];
    if (kind == 3) m.step("They grow by 1, so the next is @.", step);
    m.answer(step >= 0 ? m.add("", s[4], step) : m.subtract("", s[4], -step));
  }
  m.rationale("A pattern is found by comparing neighbours: differences, factors, or sums of the two before.");
}

void functions(Maker& m) {
  const Int a = nonzero(m, -4, 6), b = m.between(-9, 9), c = nonzero(m, -4, 5), d = m.between(-9, 9),
            x = m.between(-4, 8);
  const auto wrapped = [](Int v) { return v < 0 ? "(" + text(v) + ")" : text(v); };
  if (m.chance(60)) {
    m.chose("form", 0), m.given("x", x), coefficient(m, "a", a), coefficient(m, "b", b), coefficient(m, "c", c),
        coefficient(m, "d", d);
    m.tell_one({"Let f(x) = @ and g(x) = @. What is f(g(@))?", "If f(x) = @ and g(x) = @, find f(g(@))."}, linear(a, b),
               linear(c, d), x);
    const Int inner = c * x + d;
    m.step("g(@) = @ * @ @ = @", x, c, wrapped(x), signed_term(d, "", false), inner);
    m.step("f(@) = @ * @ @ = @", inner, a, wrapped(inner), signed_term(b, "", false), a * inner + b);
    m.answer(a * inner + b);
    m.rationale("Composition: the inner function first, its value goes into the outer one.");
  } else {
    const Int y = a * x + b;
    m.chose("form", 1), coefficient(m, "a", a), coefficient(m, "b", b), m.given("y", y);
    m.tell_one({"Let f(x) = @. For which x is f(x) = @?", "If f(x) = @, what is the inverse image of @?",
                "f(x) = @. Find x with f(x) = @."},
               linear(a, b), y);
    m.step("@ = @ @ = @", signed_term(a, "x", true), y, moved(b), y - b);
    if (a != 1) m.step("x = @ / @ = @", y - b, wrapped(a), x);
    m.answer(x);
    m.rationale("The inverse of a linear function: the constant is taken away, then divided by the slope.");
  }
}

void absolute_value(Maker& m) {
  const Int c = m.between(-9, 9), r = m.between(1, 15);
  coefficient(m, "c", c), m.given("r", r);
  const std::string inside = c == 0 ? "x" : c > 0 ? "x - " + text(c) : "x + " + text(-c);
  const bool sum = m.chance(40);
  m.chose("sum", sum ? 1 : 0);
  m.tell_one(sum ? std::initializer_list<std::string_view>{"What is the sum of the solutions of |@| = @?",
                                                           "Find the sum of all x with |@| = @."}
                 : std::initializer_list<std::string_view>{"What is the larger solution of |@| = @?",
                                                           "Find the greatest x with |@| = @."},
             inside, r);
  m.step("@ = @ or @ = -@", inside, r, inside, r);
  m.step("x = @ + @ = @ or x = @ - @ = @", c, r, c + r, c, r, c - r);
  m.answer(sum ? m.add("Sum", c + r, c - r) : c + r);
  m.rationale("An absolute value is a distance: the solutions lie @ on both sides of @.", r, c);
}

const std::array families{
    Family{"linear equation", 1, 3, {"linear equations"}, solve_linear},
    Family{"x on both sides", 2, 3, {"linear equations"}, solve_both_sides},
    Family{"linear word problem", 2, 4, {"linear equations", "word problems"}, linear_word},
    Family{"linear system", 3, 4, {"systems of linear equations"}, linear_system},
    Family{"two unknowns in words", 2, 4, {"systems of linear equations", "word problems"}, system_word},
    Family{"linear inequality", 2, 3, {"linear inequalities"}, inequality},
    Family{"evaluate a formula", 1, 3, {"evaluating expressions", "functions"}, evaluate},
    Family{"quadratic roots", 3, 4, {"quadratic equations", "factoring"}, quadratic_roots},
    Family{"discriminant", 3, 4, {"discriminant"}, discriminant},
    Family{"expand brackets", 2, 3, {"polynomial multiplication"}, expand},
    Family{"powers and roots", 1, 3, {"exponents", "square roots"}, powers},
    Family{"logarithms", 3, 3, {"logarithms"}, logarithm},
    Family{"arithmetic sequence", 2, 3, {"arithmetic sequences"}, arithmetic_sequence},
    Family{"geometric sequence", 2, 3, {"geometric sequences"}, geometric_sequence},
    Family{"next in the pattern", 1, 2, {"number patterns"}, next_term},
    Family{"compose and invert functions", 3, 4, {"function composition", "inverse functions"}, functions},
    Family{"absolute value", 3, 3, {"absolute value"}, absolute_value},
};

}  // namespace

std::span<const Family> algebra_families() { return families; }

}  // namespace holdfast::generators
