// The answers of the families on whole numbers, fractions and per cent, proved from what their statements give.
// Each check has to refuse a wrong answer near the right one, too.
#include <flint/fmpq.h>

#include <cmath>
#include <cstdio>

#include "proof.h"

using namespace holdfast;
using namespace holdfast::proofs;

namespace {

// The fraction that FLINT finds for a + b, a - b, a * b or a / b.
Fraction reckoned(Fraction a, char sign, Fraction b) {
  fmpq_t x, y;
  fmpq_init(x), fmpq_init(y);
  fmpq_set_si(x, static_cast<slong>(a.n), static_cast<ulong>(a.d));
  fmpq_set_si(y, static_cast<slong>(b.n), static_cast<ulong>(b.d));
  if (sign == '+') fmpq_add(x, x, y);
  if (sign == '-') fmpq_sub(x, x, y);
  if (sign == '*') fmpq_mul(x, x, y);
  if (sign == '/') fmpq_div(x, x, y);
  const Fraction found{fmpz_get_si(fmpq_numref(x)), fmpz_get_si(fmpq_denref(x))};
  fmpq_clear(x), fmpq_clear(y);
  return found;
}
bool same(Fraction a, Fraction b) { return a.n == b.n && a.d == b.d; }

// 1250 hundredths as people write it: 12.5.
std::string plain_decimal(Int value, Int unit) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6f", static_cast<double>(value) / static_cast<double>(unit));
  std::string out(text);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

// The arithmetic in the statement, with LaTeX or letters for its signs.
std::string expression(const Case& c) {
  std::string text = c.p.statement;
  const std::size_t begin = text.find_first_of("(-0123456789"), end = text.find_last_of(")0123456789");
  text = text.substr(begin, end + 1 - begin);
  for (std::size_t at; (at = text.find(" x ")) != std::string::npos;) text.replace(at, 3, " * ");
  return text;
}

struct Packing {
  Int full = 0, left = 0;
};
Packing packed(Int things, Int each) {
  Packing p{0, things};
  while (p.left >= each) p.left -= each, ++p.full;
  return p;
}

bool addition(const Case& c) { return c.number() - c.at("b") == c.at("a"); }
bool subtraction(const Case& c) { return c.number() + c.at("b") == c.at("a"); }
bool multiplication(const Case& c) { return c.number() == added_up(c.at("a"), c.at("b")); }
bool division(const Case& c) {
  const Packing p = packed(c.at("a"), c.at("b"));
  return p.left == 0 && c.number() == p.full;
}
bool remainder(const Case& c) {
  const Packing p = packed(c.at("a"), c.at("b"));
  switch (c.at("kind")) {
    case 0: return c.says("remainder") && c.number() == p.left;
    case 1: return c.says_one({"left over", "do not fill"}) && c.number() == p.left;
    case 2: return c.says_one({"needed for all", "holds them all"}) && c.number() == p.full + (p.left > 0 ? 1 : 0);
    default: return c.says("whole pieces") && c.number() == p.full;
  }
}
bool order_of_operations(const Case& c) { return worth(expression(c)) == c.number(); }
bool signed_numbers(const Case& c) {
  if (c.at("form") != 3) return worth(expression(c)) == c.number();
  Int degrees = c.at("a");
  for (Int i = 0; i < c.at("b"); ++i) ++degrees;
  return c.says_one({"rises by", "goes up by"}) && c.says(std::to_string(c.at("a")) + " degrees") &&
         degrees == c.number();
}
bool times_as_many(const Case& c) {
  const Int other = added_up(c.at("a"), c.at("k"));
  if (c.at("k") == 2 && !c.says("2 times") && !c.says("twice")) return false;
  const bool both = c.says_one({"together", "in all"});
  return both == (c.at("form") == 1) && c.number() == (both ? c.at("a") : 0) + other;
}
bool changes(const Case& c) {
  Int now = c.at("start");
  for (const Given& g : c.p.givens) {
    if (g.name == "up") now += g.value;
    if (g.name == "down") now -= g.value;
    if (now < 0) return false;
  }
  return now == c.number();
}
bool rounding(const Case& c) {
  const Int unit = c.at("unit"), off = c.number() - c.at("a");
  const std::string_view name = unit == 10 ? "nearest ten" : unit == 100 ? "nearest hundred" : "nearest thousand";
  return c.says(name) && !c.says("nearest tent") && c.number() % unit == 0 &&
         (2 * std::abs(off) < unit || 2 * off == unit);
}
bool missing_number(const Case& c) {
  const Int x = c.number();
  switch (c.at("form")) {
    case 0: return c.at("a") + x == c.at("sum");
    case 1: return x - c.at("a") == c.at("b");
    case 2: return added_up(x, c.at("k")) == c.at("product");
    default: return packed(x, c.at("k")).left == 0 && packed(x, c.at("k")).full == c.at("q");
  }
}
bool think_of_a_number(const Case& c) {
  const bool plus = c.says("adds ");
  return c.number() == only(-2000, 2000, [&](Int x) {
           return (plus ? c.at("k") * x + c.at("c") : c.at("k") * x - c.at("c")) == c.at("result");
         });
}

bool simplify(const Case& c) { return same(c.fraction(), reckoned({c.at("n"), 1}, '/', {c.at("d"), 1})); }
bool add_fractions(const Case& c) {
  const bool minus = c.at("minus") == 1;
  if (minus != c.says_one({" - ", "used", "is eaten"})) return false;
  return same(c.fraction(), reckoned({c.at("an"), c.at("ad")}, minus ? '-' : '+', {c.at("bn"), c.at("bd")}));
}
bool multiply_fractions(const Case& c) {
  const Fraction a{c.at("an"), c.at("ad")}, b{c.at("bn"), c.at("bd")};
  return same(a, reckoned(c.fraction(), c.at("divide") == 1 ? '*' : '/', b));  // undone
}
bool fraction_of(const Case& c) {
  Int in = 0, out = 0;
  for (Int i = 0; i < c.at("whole"); ++i) ++(i % c.at("d") < c.at("n") ? in : out);
  const bool rest = c.says(" not?");
  return rest == (c.at("rest") == 1) && c.number() == (rest ? out : in);
}
bool whole_from_fraction(const Case& c) {
  return c.number() ==
         only(1, 2000, [&](Int x) { return x % c.at("d") == 0 && x / c.at("d") * c.at("n") == c.at("part"); });
}
bool mixed_number(const Case& c) {
  if (c.at("to_improper") == 1) {
    return same(c.fraction(), reckoned({c.at("whole"), 1}, '+', {c.at("n"), c.at("d")}));
  }
  const std::size_t gap = c.p.answer.find(' '), bar = c.p.answer.find('/');
  const Int whole = std::stoll(c.p.answer.substr(0, gap)), n = std::stoll(c.p.answer.substr(gap + 1, bar - gap - 1)),
            d = std::stoll(c.p.answer.substr(bar + 1));
  return n < d && n > 0 && same(reckoned({whole, 1}, '+', {n, d}), reckoned({c.at("n"), 1}, '/', {c.at("d"), 1})) &&
         same({n, d}, reckoned({n, 1}, '/', {d, 1}));
}
bool compare_fractions(const Case& c) {
  const double a = static_cast<double>(c.at("an")) / static_cast<double>(c.at("ad"));
  const double b = static_cast<double>(c.at("bn")) / static_cast<double>(c.at("bd"));
  const Fraction f = c.fraction();
  const double x = static_cast<double>(f.n) / static_cast<double>(f.d);
  return std::abs(a - b) > 1e-9 && std::abs(x - (c.says("larger") ? std::max(a, b) : std::min(a, b))) < 1e-12;
}
bool decimals(const Case& c) {
  const Int unit = c.at("places") == 1 ? 10 : 100, a = c.at("a"), b = c.at("b"), kind = c.at("kind");
  const Int x = c.scaled(static_cast<int>(c.at("places")));
  if (!c.says(plain_decimal(a, unit)) || !c.says(kind == 2 ? std::to_string(b) : plain_decimal(b, unit))) return false;
  return kind == 0 ? x - a == b : kind == 1 ? c.says_one({" - ", "Subtract"}) && x + b == a : x == added_up(a, b);
}
bool decimal_to_fraction(const Case& c) {
  if (c.at("form") == 1) {
    return c.says(c.at("d") == 1 ? std::to_string(c.at("n"))
                                 : std::to_string(c.at("n")) + "/" + std::to_string(c.at("d"))) &&
           c.scaled(6) * c.at("d") == c.at("n") * 1000000;
  }
  const Fraction f = c.fraction();
  return c.says(plain_decimal(c.at("a"), c.at("unit"))) && f.n * c.at("unit") == c.at("a") * f.d;
}

bool percent_part(const Case& c) { return c.scaled(2) == c.at("percent") * c.at("whole"); }
bool what_percent(const Case& c) { return c.percent() * c.at("whole") == c.at("part") * 100; }
bool discount(const Case& c) {
  const bool saved = c.says_one({"saved", "you save", "By how many dollars"});
  return saved == (c.at("saved") == 1) &&
         c.scaled(2) == c.at("price") * (saved ? c.at("percent") : 100 - c.at("percent"));
}
bool increase(const Case& c) {
  const bool up = c.says_one({"rises", "increases", "grows", "goes up"});
  return up == (c.at("up") == 1) &&
         c.number() * 100 == c.at("before") * (up ? 100 + c.at("percent") : 100 - c.at("percent"));
}
bool percent_change(const Case& c) {
  const bool up = c.says_one({"increase", "rise"});
  const Int before = c.at("before"), after = c.at("after"), p = c.percent();
  return up == (after > before) && p > 0 && before * (up ? 100 + p : 100 - p) == after * 100;
}
bool tax_or_tip(const Case& c) { return c.scaled(2) == c.at("bill") * (100 + c.at("percent")); }
bool discount_then_tax(const Case& c) {
  return c.scaled(4) == c.at("price") * (100 - c.at("off")) * (100 + c.at("tax"));
}
bool reverse_percent(const Case& c) {
  const bool down = c.says_one({"discount", "% off"});
  return down == (c.at("down") == 1) &&
         c.number() == only(1, 2000, [&](Int x) {
           return x * (down ? 100 - c.at("percent") : 100 + c.at("percent")) == c.at("after") * 100;
         });
}
bool successive_changes(const Case& c) { return c.scaled(4) == c.at("base") * (100 + c.at("p")) * (100 + c.at("q")); }
bool simple_interest(const Case& c) {
  const bool total = c.says("total");
  Int hundredths = total ? c.at("principal") * 100 : 0;
  for (Int year = 0; year < c.at("years"); ++year) hundredths += c.at("principal") * c.at("rate");
  return total == (c.at("total") == 1) && c.number() * 100 == hundredths;
}

const Checks checks{
    {"addition", addition},
    {"subtraction", subtraction},
    {"multiplication", multiplication},
    {"division", division},
    {"division with remainder", remainder},
    {"order of operations", order_of_operations},
    {"signed numbers", signed_numbers},
    {"times as many", times_as_many},
    {"changes in a row", changes},
    {"rounding", rounding},
    {"missing number", missing_number},
    {"think of a number", think_of_a_number},
    {"simplify a fraction", simplify},
    {"add and subtract fractions", add_fractions},
    {"multiply and divide fractions", multiply_fractions},
    {"fraction of an amount", fraction_of},
    {"whole from a fraction", whole_from_fraction},
    {"mixed numbers", mixed_number},
    {"compare fractions", compare_fractions},
    {"decimals", decimals},
    {"decimals and fractions", decimal_to_fraction},
    {"percent of a number", percent_part},
    {"what percent", what_percent},
    {"discount", discount},
    {"percent increase and decrease", increase},
    {"percent change", percent_change},
    {"tax and tip", tax_or_tip},
    {"discount then tax", discount_then_tax},
    {"reverse percent", reverse_percent},
    {"successive changes", successive_changes},
    {"simple interest", simple_interest},
};

}  // namespace

class ProofsNumbersTest : public QObject {
  Q_OBJECT

 private slots:
  void every_answer_follows_from_its_statement_data() {
    add_rows({generators::arithmetic_families(), generators::fraction_families(), generators::percent_families()});
  }
  void every_answer_follows_from_its_statement() {
    QFETCH(QString, name);
    prove_row(name, checks, {"compare fractions"});
  }
};

QTEST_GUILESS_MAIN(ProofsNumbersTest)
#include "proofs_numbers_test.moc"
