// The answers of the families of algebra and of number theory, proved from what their statements give: solutions are
// put into the statement's own formula, remainders and divisors are counted, polynomials are FLINT's.
//
// Every check also has to refuse an answer near the right one.
#include <flint/fmpz.h>
#include <flint/fmpz_poly.h>
#include <flint/ulong_extras.h>

#include <cmath>

#include "proof.h"

using namespace holdfast;
using namespace holdfast::proofs;

namespace {

// The longest formula of the statement with the sign in it.
std::string formula(const Case& c, std::string_view sign) {
  const auto found = c.formulas_with(sign);
  if (found.empty()) throw std::runtime_error("no formula with " + std::string(sign));
  return *std::ranges::max_element(found, {}, &std::string::size);
}

bool linear_equation(const Case& c) {
  const std::string equation = formula(c, "=");
  // The difference of two lines is a line: with one zero and no other beside it, it has no other at all.
  return equation.find('^') == std::string::npos && holds(equation, c.number()) && !holds(equation, c.number() + 1);
}
bool linear_word(const Case& c) {
  return c.number() == only(0, 1000, [&](Int x) {
           switch (c.at("form")) {
             case 0: return added_up(c.at("k"), x) + c.at("c") == c.at("result");
             case 1: {
               Int sum = 0;
               for (Int i = 0; i < c.at("n"); ++i) sum += x + i;
               return c.says_one({"three", "Three"}) == (c.at("n") == 3) && sum == c.at("sum");
             }
             case 2: return x + (x + c.at("more")) + x + (x + c.at("more")) == c.at("perimeter");
             default: return c.at("fixed") + added_up(c.at("rate"), x) == c.at("total");
           }
         });
}
bool linear_system(const Case& c) {
  const auto equations = c.formulas_with("=");
  if (equations.size() != 2) return false;
  std::optional<std::pair<Int, Int>> found;
  // Whatever x is, the first equation leaves one y at most: it is a line that rises or falls.
  for (Int x = -6; x <= 12; ++x) {
    for (Int y = -6; y <= 12; ++y) {
      if (!holds(equations[0], x, y) || !holds(equations[1], x, y)) continue;
      if (found) return false;
      found = {x, y};
    }
  }
  if (!found) return false;
  return c.says("x + y?") || c.says("Find x + y.") ? c.number() == found->first + found->second : c.point() == *found;
}
bool two_unknowns(const Case& c) {
  if (c.at("form") == 0) {
    for (Int small = 0; small < c.at("sum"); ++small) {
      const Int large = c.at("sum") - small;
      if (large - small == c.at("difference"))
        return c.number() == (c.says_one({"the larger number", "the larger of"}) ? large : small);
    }
    return false;
  }
  return c.number() == only(0, c.at("heads"), [&](Int large) {
           return added_up(4, large) + added_up(2, c.at("heads") - large) == c.at("legs");
         });
}
bool inequality(const Case& c) {
  std::string left = formula(c, "x");
  left = left.substr(0, left.find_first_of("<>"));
  const bool largest = c.says_one({"largest", "greatest"});
  const auto fits = [&](Int x) { return largest ? worth(left, x) <= c.at("c") : worth(left, x) > c.at("c"); };
  return c.says_one({"<=", "at most"}) == largest && fits(c.number()) && !fits(c.number() + (largest ? 1 : -1));
}
bool evaluate(const Case& c) {
  const auto found = c.formulas_with("x");
  for (const std::string& f : found) {
    std::string plain = f.starts_with("= ") ? f.substr(2) : f;
    if (plain.find('=') == std::string::npos && plain != "x") return worth(plain, c.at("x")) == c.number();
  }
  return false;
}
bool quadratic_roots(const Case& c) {
  const std::string equation = formula(c, "=");
  std::vector<Int> roots;
  for (Int x = -20; x <= 20; ++x) {  // its numbers are too small for more
    if (holds(equation, x)) roots.push_back(x);
  }
  if (roots.empty()) return false;
  if (c.says_one({"larger", "greater"})) return roots.size() == 2 && c.number() == roots.back();
  if (c.says_one({"smaller", "lesser"})) return roots.size() == 2 && c.number() == roots.front();
  if (c.says("sum")) return roots.size() == 2 && c.number() == roots[0] + roots[1];
  std::string list;
  for (const Int r : roots) list += (list.empty() ? "" : ", ") + std::to_string(r);
  return c.says("ll solutions") && c.p.answer == list;
}
bool discriminant(const Case& c) {
  std::string text = formula(c, "x^2");
  text = text.substr(0, text.find('='));
  fmpz_poly_t p, slope, common;
  fmpz_poly_init(p), fmpz_poly_init(slope), fmpz_poly_init(common);
  fmpz_poly_set_coeff_si(p, 2, static_cast<slong>(c.at("a")));
  fmpz_poly_set_coeff_si(p, 1, static_cast<slong>(c.at("b")));
  fmpz_poly_set_coeff_si(p, 0, static_cast<slong>(c.at("c")));
  bool same = true;
  for (Int x = -2; x <= 2; ++x)
    same &= worth(text, x) == mpq_class(static_cast<long>(c.at("a") * x * x + c.at("b") * x + c.at("c")));
  Int found = 0;
  if (c.says_one({"How many", "number of"})) {
    fmpz_poly_derivative(slope, p);
    fmpz_poly_gcd(common, p, slope);
    fmpz_poly_div(p, p, common);  // each root once
    found = fmpz_poly_num_real_roots(p);
  } else {
    fmpz_t d;
    fmpz_init(d);
    fmpz_poly_discriminant(d, p);
    found = fmpz_get_si(d);
    fmpz_clear(d);
  }
  fmpz_poly_clear(p), fmpz_poly_clear(slope), fmpz_poly_clear(common);
  return same && found == c.number();
}
bool expand(const Case& c) {
  const std::string product = formula(c, ")(");
  if (c.p.answer.find('(') != std::string::npos) return false;
  for (Int x = -3; x <= 3; ++x) {
    if (worth(product, x) != worth(c.p.answer, x)) return false;
  }
  return true;
}
bool powers(const Case& c) {
  const auto power = [](Int base, Int e) {
    fmpz_t z;
    fmpz_init(z);
    fmpz_set_si(z, static_cast<slong>(base));
    fmpz_pow_ui(z, z, static_cast<ulong>(e));
    char* digits = fmpz_get_str(nullptr, 10, z);
    const std::string text(digits);
    std::free(digits);
    fmpz_clear(z);
    return mpz_class(text);
  };
  switch (c.at("form")) {
    case 0:
      return c.says_one({std::to_string(c.at("base")) + "^" + std::to_string(c.at("e")),
                         std::to_string(c.at("base")) + " to the power of " + std::to_string(c.at("e"))}) &&
             power(c.at("base"), c.at("e")) == mpz_class(c.p.answer);
    case 1: {
      const Int base = c.at("base");
      return mpz_class(power(base, c.at("p")) * power(base, c.at("q"))) == power(base, c.number());
    }
    case 2: return power(c.at("base"), c.at("p")) == mpz_class(power(c.at("base"), c.at("q")) * mpz_class(c.p.answer));
    default: return c.number() > 0 && added_up(c.number(), c.number()) == c.at("square");
  }
}
bool logarithm(const Case& c) {
  Int value = c.at("value"), times = 0;
  while (value > 1 && value % c.at("base") == 0) value /= c.at("base"), ++times;
  return value == 1 && times == c.number();
}
bool arithmetic_sequence(const Case& c) {
  const Int step = c.at("second") - c.at("first");
  if (c.at("third") - c.at("second") != step) return false;
  Int term = c.at("first"), sum = term;
  for (Int i = 1; i < c.at("n"); ++i) term += step, sum += term;
  return c.number() == (c.says("sum") ? sum : term);
}
bool geometric_sequence(const Case& c) {
  static constexpr std::array<std::string_view, 4> words{"doubles", "triples", "grows fourfold", "grows fivefold"};
  const bool cells = c.at("form") == 1;
  if (cells && !c.says(words[static_cast<std::size_t>(c.at("r") - 2)])) return false;
  Int now = c.at("a");
  for (Int i = cells ? 0 : 1; i < (cells ? c.at("hours") : c.at("n")); ++i) now = added_up(now, c.at("r"));
  return now == c.number();
}
// All rules that the five numbers follow must go on in the same way.
bool next_in_the_pattern(const Case& c) {
  const std::vector<Int> s = c.all("s");
  std::set<Int> next;
  const auto follows = [&](auto rule) {
    for (std::size_t i = 2; i < s.size(); ++i) {
      if (rule(i) != s[i]) return false;
    }
    return true;
  };
  const auto at = [&](std::size_t i) { return s[i]; };
  const auto even = [&](std::size_t i) { return 2 * at(i - 1) - at(i - 2); };
  if (follows(even)) next.insert(even(5));
  const auto both = [&](std::size_t i) { return at(i - 1) + at(i - 2); };
  if (follows(both)) next.insert(both(5));
  const Int bend = s[2] - 2 * s[1] + s[0];
  const auto curve = [&](std::size_t i) { return 2 * at(i - 1) - at(i - 2) + bend; };
  if (follows(curve)) next.insert(curve(5));
  const auto ratio = [&](std::size_t i) { return s[0] == 0 ? 0 : at(i - 1) * s[1] / s[0]; };
  if (s[0] != 0 && s[1] % s[0] == 0 && follows(ratio)) next.insert(ratio(5));
  return next.size() == 1 && *next.begin() == c.number();
}
bool functions(const Case& c) {
  std::vector<std::string> right;
  for (std::string f : c.formulas_with("x")) {
    if (f.starts_with("= ")) right.push_back(f.substr(2));
  }
  if (c.at("form") == 0) {
    const Int inner = worth(right.at(1), c.at("x")).get_num().get_si();
    return c.says("f(g(" + std::to_string(c.at("x")) + "))") && worth(right.at(0), inner) == c.number();
  }
  return worth(right.at(0), c.number()) == c.at("y");
}
bool absolute_value(const Case& c) {
  const std::string equation = formula(c, "|");
  std::vector<Int> found;
  for (Int x = -60; x <= 60; ++x) {
    if (holds(equation, x)) found.push_back(x);
  }
  return found.size() == 2 && c.number() == (c.says("sum") ? found[0] + found[1] : found[1]);
}

bool gcd(const Case& c) {
  Int best = 1;
  for (Int d = 1; d <= c.at("b"); ++d) {
    if (c.at("a") % d == 0 && c.at("b") % d == 0) best = d;
  }
  return best == c.number();
}
bool lcm(const Case& c) {
  Int both = c.at("a");
  while (both % c.at("b") != 0) both += c.at("a");
  return both == c.number();
}
bool prime_factorization(const Case& c) {
  Int product = 1, last = 1;
  for (std::size_t at = 0; at < c.p.answer.size();) {
    const std::size_t end = std::min(c.p.answer.find(" * ", at), c.p.answer.size());
    const std::string part = c.p.answer.substr(at, end - at);
    const Int prime = std::stoll(part);
    const std::size_t hat = part.find('^');
    if (prime <= last || n_is_prime(static_cast<ulong>(prime)) == 0) return false;
    last = prime;
    for (Int i = hat == std::string::npos ? 1 : std::stoll(part.substr(hat + 1)); i > 0; --i) product *= prime;
    at = end + 3;
  }
  return product == c.at("n");
}
bool divisors(const Case& c) {
  Int count = 0, sum = 0;
  for (Int d = 1; d <= c.at("n"); ++d) {
    if (c.at("n") % d == 0) ++count, sum += d;
  }
  return c.number() == (c.says("sum of") ? sum : count);
}
bool prime_or_not(const Case& c) {
  return c.p.answer == (n_is_prime(static_cast<ulong>(c.at("n"))) != 0 ? "yes" : "no");
}
Int power_modulo(Int base, Int e, Int mod) {
  Int value = 1 % mod;
  for (Int i = 0; i < e; ++i) value = value * base % mod;
  return value;
}
bool last_digit(const Case& c) { return c.number() == power_modulo(c.at("base"), c.at("e"), 10); }
bool power_mod(const Case& c) { return c.number() == power_modulo(c.at("base"), c.at("e"), c.at("mod")); }
bool two_remainders(const Case& c) {
  Int n = 1;
  while (n % c.at("p") != c.at("r") || n % c.at("q") != c.at("s")) ++n;
  return n == c.number();
}
bool number_bases(const Case& c) {
  const int base = static_cast<int>(c.at("base"));
  const bool back = c.at("form") == 1;
  std::size_t used = 0;
  const std::string digits = back ? std::to_string(c.at("digits")) : c.p.answer;
  const Int value = std::stoll(digits, &used, base);
  return used == digits.size() && value == (back ? c.number() : c.at("n"));
}
bool digit_sum(const Case& c) {
  if (c.at("form") == 1) return c.p.answer == (c.at("n") % c.at("by") == 0 ? "yes" : "no");
  Int sum = 0;
  for (Int n = c.at("n"); n > 0; n /= 10) sum += n % 10;
  return sum == c.number();
}
bool two_digits(const Case& c) {
  return c.number() == only(10, 99, [&](Int n) {
           const Int turned = n % 10 * 10 + n / 10, change = n - turned;
           if (n / 10 + n % 10 != c.at("sum")) return false;
           if (c.says("digits are equal")) return change == 0;
           return (c.says("smaller") ? change : -change) == std::abs(c.at("difference"));
         });
}

const Checks checks{
    {"linear equation", linear_equation},
    {"x on both sides", linear_equation},
    {"linear word problem", linear_word},
    {"linear system", linear_system},
    {"two unknowns in words", two_unknowns},
    {"linear inequality", inequality},
    {"evaluate a formula", evaluate},
    {"quadratic roots", quadratic_roots},
    {"discriminant", discriminant},
    {"expand brackets", expand},
    {"powers and roots", powers},
    {"logarithms", logarithm},
    {"arithmetic sequence", arithmetic_sequence},
    {"geometric sequence", geometric_sequence},
    {"next in the pattern", next_in_the_pattern},
    {"compose and invert functions", functions},
    {"absolute value", absolute_value},
    {"greatest common divisor", gcd},
    {"least common multiple", lcm},
    {"prime factorization", prime_factorization},
    {"divisors", divisors},
    {"prime or not", prime_or_not},
    {"last digit of a power", last_digit},
    {"power modulo", power_mod},
    {"two remainders", two_remainders},
    {"number bases", number_bases},
    {"digit sum", digit_sum},
    {"two-digit puzzle", two_digits},
};

}  // namespace

class ProofsAlgebraTest : public QObject {
  Q_OBJECT

 private slots:
  void every_answer_follows_from_its_statement_data() {
    add_rows({generators::algebra_families(), generators::number_families()});
  }
  void every_answer_follows_from_its_statement() {
    QFETCH(QString, name);
    prove_row(name, checks, {"prime or not", "digit sum", "discriminant"});
  }
};

QTEST_GUILESS_MAIN(ProofsAlgebraTest)
#include "proofs_algebra_test.moc"
