// Answers drawn at random, whose values FLINT knows: those that are equal must be judged so, and those a little off
// not.
#include <flint/fmpq.h>
#include <flint/fmpz_poly.h>

#include <QTest>
#include <string>
#include <utility>

#include "training/generators/kit.h"
#include "training/verify.h"

using namespace holdfast;
using generators::Dice;
using generators::Int;

namespace {

constexpr int draws = 1500;

class Polynomial {
 public:
  Polynomial() { fmpz_poly_init(value_); }
  Polynomial(const Polynomial& other) : Polynomial() { fmpz_poly_set(value_, other.value_); }
  Polynomial& operator=(const Polynomial&) = delete;
  ~Polynomial() { fmpz_poly_clear(value_); }

  static Polynomial random(Dice& dice, int degree) {
    Polynomial p;
    for (int i = 0; i <= degree; ++i) p.set(i, dice.between(-9, 9));
    if (p.at(degree) == 0) p.set(degree, 1);
    return p;
  }
  Polynomial operator*(const Polynomial& other) const {
    Polynomial product;
    fmpz_poly_mul(product.value_, value_, other.value_);
    return product;
  }
  void set(int i, Int v) { fmpz_poly_set_coeff_si(value_, i, static_cast<slong>(v)); }
  [[nodiscard]] Int at(int i) const { return fmpz_poly_get_coeff_si(value_, i); }
  [[nodiscard]] int degree() const { return static_cast<int>(fmpz_poly_degree(value_)); }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (int i = degree(); i >= 0; --i) {
      if (at(i) == 0) continue;
      const std::string unit = i == 0 ? "" : i == 1 ? "x" : "x^{" + std::to_string(i) + "}";
      out += (out.empty() ? "" : " ") + generators::signed_term(at(i), unit, out.empty());
    }
    return out.empty() ? "0" : out;
  }

 private:
  fmpz_poly_t value_;
};

// A formula of fractions in LaTeX, and its value.
class Fraction {
 public:
  Fraction() { fmpq_init(value_); }
  Fraction(const Fraction& other) : text(other.text) {
    fmpq_init(value_);
    fmpq_set(value_, other.value_);
  }
  Fraction& operator=(const Fraction&) = delete;
  ~Fraction() { fmpq_clear(value_); }

  static Fraction random(Dice& dice, int depth) {
    Fraction f;
    if (depth == 0) {
      const Int n = dice.between(1, 12);
      fmpq_set_si(f.value_, static_cast<slong>(n), 1);
      f.text = std::to_string(n);
      return f;
    }
    const Fraction a = random(dice, depth - 1), b = random(dice, dice.chance(50) ? depth - 1 : 0);
    switch (dice.between(0, 3)) {
      case 0:
        fmpq_add(f.value_, a.value_, b.value_);
        f.text = "(" + a.text + "+" + b.text + ")";
        break;
      case 1:
        fmpq_sub(f.value_, a.value_, b.value_);
        f.text = "\\left(" + a.text + " - " + b.text + "\\right)";
        break;
      case 2:
        fmpq_mul(f.value_, a.value_, b.value_);
        f.text = a.text + " \\cdot " + b.text;
        break;
      default:
        if (fmpq_is_zero(b.value_)) return a;
        fmpq_div(f.value_, a.value_, b.value_);
        f.text = "\\dfrac{" + a.text + "}{" + b.text + "}";
    }
    return f;
  }
  [[nodiscard]] Int top() const { return fmpz_get_si(fmpq_numref(value_)); }
  [[nodiscard]] Int bottom() const { return fmpz_get_si(fmpq_denref(value_)); }
  std::string text;

 private:
  fmpq_t value_;
};

void check(const std::string& a, const std::string& b, bool equal) {
  QVERIFY2(is_right(a, b) == equal, (a + (equal ? " is " : " is not ") + b).c_str());
  QVERIFY2(is_right(b, a) == equal, (b + (equal ? " is " : " is not ") + a).c_str());
}

}  // namespace

class RandomAnswersTest : public QObject {
  Q_OBJECT

 private slots:
  void factored_polynomials_are_their_expansions() {
    Dice dice(1);
    for (int i = 0; i < draws; ++i) {
      Polynomial whole;
      whole.set(0, 1);
      std::string factors;
      for (Int k = dice.between(2, 4); k > 0; --k) {
        const Polynomial factor = Polynomial::random(dice, static_cast<int>(dice.between(1, 2)));
        const Polynomial next = whole * factor;
        for (int c = 0; c <= next.degree(); ++c) whole.set(c, next.at(c));
        factors += "(" + factor.text() + ")";
      }
      check(factors, whole.text(), true);
      const auto off = static_cast<int>(dice.between(0, whole.degree()));
      whole.set(off, whole.at(off) + (dice.chance(50) ? 1 : -1));
      check(factors, whole.text(), false);
      if (QTest::currentTestFailed()) return;
    }
  }

  void common_factors_may_be_divided_out() {
    Dice dice(2);
    for (int i = 0; i < draws; ++i) {
      Polynomial top = Polynomial::random(dice, 1);
      const Polynomial bottom = Polynomial::random(dice, 1), common = Polynomial::random(dice, 1);
      const std::string long_form = "\\frac{" + (top * common).text() + "}{" + (bottom * common).text() + "}";
      check(long_form, "\\frac{" + top.text() + "}{" + bottom.text() + "}", true);
      top.set(0, top.at(0) + 1);
      check(long_form, "(" + top.text() + ")/(" + bottom.text() + ")", false);
      if (QTest::currentTestFailed()) return;
    }
  }

  void nested_fractions_have_the_value_that_flint_finds() {
    Dice dice(3);
    for (int i = 0; i < draws; ++i) {
      const Fraction f = Fraction::random(dice, static_cast<int>(dice.between(1, 4)));
      const Int n = f.top(), d = f.bottom();
      if (std::abs(n) > 1000000000 || d > 1000000000) continue;
      check(f.text, std::to_string(n) + "/" + std::to_string(d), true);
      check(f.text,
            (n < 0 ? "-" : "") + std::string("\\frac{") + std::to_string(std::abs(n)) + "}{" + std::to_string(d) + "}",
            true);
      if (n > d && d > 1)
        check(f.text, std::to_string(n / d) + " " + std::to_string(n % d) + "/" + std::to_string(d), true);
      check(f.text, std::to_string(n + 1) + "/" + std::to_string(d), false);
      if (n != 0) check(f.text, std::to_string(-n) + "/" + std::to_string(d), false);
      if (std::abs(n) != d && n > 0) check(f.text, std::to_string(d) + "/" + std::to_string(n), false);
      if (QTest::currentTestFailed()) return;
    }
  }

  void nested_roots_are_sums_of_roots() {
    Dice dice(4);
    for (int i = 0; i < draws; ++i) {
      const Int a = dice.between(1, 20), b = dice.between(1, 9);
      const Int d = dice.pick({Int{2}, Int{3}, Int{5}, Int{6}, Int{7}, Int{10}, Int{11}});
      const std::string nested = "\\sqrt{" + std::to_string(a * a + b * b * d) + "+" + std::to_string(2 * a * b) +
                                 "\\sqrt{" + std::to_string(d) + "}}";
      const auto plain = [&](Int x, Int y) { return std::to_string(x) + "+\\sqrt{" + std::to_string(y * y * d) + "}"; };
      check(nested, plain(a, b), true);
      check(nested, plain(a + 1, b), false);
      check(nested, plain(b, a), a == b);
      if (QTest::currentTestFailed()) return;
    }
  }

  void inequalities_are_the_intervals_where_they_hold() {
    Dice dice(5);
    for (int i = 0; i < draws; ++i) {
      const Int a = dice.between(1, 9) * (dice.chance(50) ? 1 : -1), b = dice.between(-20, 20),
                c = dice.between(-20, 20);
      const bool less = dice.chance(50), closed = dice.chance(50);
      const std::string sign = less ? (closed ? "\\le" : "<") : (closed ? "\\ge" : ">");
      const std::string told = generators::signed_term(a, "x", true) + " " + generators::signed_term(b, "", false) +
                               " " + sign + " " + std::to_string(c);
      const std::string edge = "\\frac{" + std::to_string(c - b) + "}{" + std::to_string(a) + "}";
      // Tried with a number beyond all edges: does the inequality hold there?
      const Int far = a * 1000 + b;
      const bool upward = less ? far < c : far > c;
      const std::string up = (closed ? "[" : "(") + edge + ", \\infty)",
                        down = "(-\\infty, " + edge + (closed ? "]" : ")");
      check(told, upward ? up : down, true);
      check(told, upward ? down : up, false);
      check(told, upward ? (closed ? "(" : "[") + edge + ", \\infty)" : "(-\\infty, " + edge + (closed ? ")" : "]"),
            false);
      if (QTest::currentTestFailed()) return;
    }
  }

  void rounded_decimals_need_four_digits() {
    Dice dice(6);
    for (int i = 0; i < draws; ++i) {
      const Int d = dice.pick({Int{3}, Int{7}, Int{9}, Int{11}, Int{13}, Int{17}, Int{19}}), n = dice.between(1, d - 1);
      const std::string fraction = std::to_string(n) + "/" + std::to_string(d);
      const Int six = (n * 1000000 * 2 + d) / (2 * d), two = (n * 100 * 2 + d) / (2 * d);
      if (six < 1000 || two < 1) continue;
      check("0." + std::to_string(1000001 + six).substr(1), fraction, false);
      const std::string digits = std::to_string(1000000 + six).substr(1);
      check("0." + digits, fraction, true);
      check("0." + std::to_string(100 + two).substr(1), fraction, false);
      if (QTest::currentTestFailed()) return;
    }
  }
};

QTEST_GUILESS_MAIN(RandomAnswersTest)
#include "random_answers_test.moc"
