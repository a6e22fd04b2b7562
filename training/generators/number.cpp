// Divisors, primes, remainders, digits, number bases.
#include <algorithm>
#include <array>
#include <numeric>

#include "training/generators/catalogue.h"

namespace holdfast::generators {
namespace {

std::vector<std::pair<Int, Int>> factor(Int n) {
  std::vector<std::pair<Int, Int>> out;
  for (Int p = 2; p * p <= n; ++p) {
    Int e = 0;
    while (n % p == 0) n /= p, ++e;
    if (e > 0) out.emplace_back(p, e);
  }
  if (n > 1) out.emplace_back(n, 1);
  return out;
}

std::string factored(const std::vector<std::pair<Int, Int>>& f) {
  std::string out;
  for (const auto& [p, e] : f) out += (out.empty() ? "" : " * ") + text(p) + (e > 1 ? "^" + text(e) : "");
  return out.empty() ? "1" : out;
}

// Writes the divisions by primes, returns the factors.
std::vector<std::pair<Int, Int>> factor_steps(Maker& m, Int n) {
  const auto f = factor(n);
  Int rest = n;
  for (const auto& [p, e] : f) {
    for (Int i = 0; i < e && rest != p; ++i) {
      m.step("@ / @ = @", rest, p, rest / p);
      rest /= p;
    }
    if (rest == p) break;
  }
  m.step("@ = @", n, factored(f));
  return f;
}

Int smooth(Maker& m, Int most) {
  static constexpr std::array<Int, 6> primes{2, 2, 3, 3, 5, 7};
  most = m.between(most / 4, most);
  Int n = 1;
  while (true) {
    const Int p = primes[static_cast<std::size_t>(m.between(0, 5))];
    if (n * p > most) return std::max<Int>(n, 4);
    n *= p;
  }
}

Int euclid(Maker& m, Int a, Int b) {
  while (b != 0) {
    m.step("@ - @ * @ = @", a, a / b, b, a % b);
    const Int r = a % b;
    a = b, b = r;
  }
  return a;
}

void gcd(Maker& m) {
  const Int g = m.between(2, 24);
  Int p = m.between(2, m.level <= 2 ? 9 : 16), q = m.between(2, m.level <= 2 ? 9 : 16);
  while (std::gcd(p, q) != 1 || p == q) q = q % 17 + 2;
  const Int a = g * std::max(p, q), b = g * std::min(p, q);
  m.given("a", a), m.given("b", b);
  switch (m.between(0, 2)) {
    case 0:
      m.tell_one({"What is the greatest common divisor of @ and @?", "Find gcd(@, @).",
                  "What is the greatest common factor of @ and @?", "Compute the GCD of @ and @."},
                 a, b);
      break;
    case 1: {
      const Thing& s = m.thing();
      const Thing& t = m.thing();
      m.tell_one({"@ @ and @ @ are packed into equal bags, nothing left over.",
                  "@ @ and @ @ are shared so that every bag holds the same of each, with none left."},
                 a, s.many, b, t.many);
      m.tell_one({"What is the largest possible number of bags?", "How many bags can be made at most?"});
      break;
    }
    default:
      m.tell_one({"A floor of @ cm by @ cm is covered with equal square tiles, without cutting.",
                  "A rectangle measures @ cm by @ cm and is cut into equal squares."},
                 a, b);
      m.tell_one({"What is the largest side of a tile in cm?", "How long can the side of a square be at most, in cm?"});
  }
  const Int found = euclid(m, a, b);
  m.step("The last divisor is @, so gcd(@, @) = @.", found, a, b, found);
  m.rationale("Both numbers are multiples of @, whose other factors share nothing; Euclid's divisions find it.", g);
  m.answer(found);
}

void lcm(Maker& m) {
  const Int a = m.between(3, m.level <= 2 ? 15 : 36);
  Int b = m.between(3, m.level <= 2 ? 15 : 36);
  if (a == b) b += 1;
  const Int g = std::gcd(a, b);
  m.given("a", a), m.given("b", b);
  switch (m.between(0, 2)) {
    case 0:
      m.tell_one({"What is the least common multiple of @ and @?", "Find lcm(@, @).",
                  "What is the smallest number that is a multiple of both @ and @?"},
                 a, b);
      break;
    case 1:
      m.tell_one(
          {"One bell rings every @ minutes, another every @ minutes. They ring together now.",
           "A red light flashes every @ seconds and a green one every @ seconds. Both flash at the same moment."},
          a, b);
      m.tell_one({"After how long do they do so again? Give the number.",
                  "After what time does that happen next? Give the number."});
      break;
    default:
      m.tell("Buns come in packs of @ and sausages in packs of @.", a, b);
      m.tell("What is the smallest number of buns to buy so that there are as many sausages?");
  }
  euclid(m, std::max(a, b), std::min(a, b));
  m.step("gcd(@, @) = @", a, b, g);
  const Int part = m.divide("", a, g);
  m.answer(m.multiply("", part, b));
  m.rationale("The least common multiple is the product over the greatest common divisor @.", g);
}

void factorisation(Maker& m) {
  const Int n = smooth(m, m.level <= 2 ? 400 : 1500) * (m.chance(25) ? m.pick({1, 11, 13}) : 1);
  m.given("n", n);
  m.tell_one({"Write @ as a product of primes.", "What is the prime factorization of @?", "Factor @ into primes.",
              "Find the prime factorization of @.", "Write @ as a product of prime numbers."},
             n);
  m.answer(factored(factor_steps(m, n)));
  m.rationale("Primes are divided out one after the other, the smallest first.");
}

void count_divisors(Maker& m) {
  const Int n = smooth(m, m.level <= 3 ? 700 : 3000);
  const bool sum = m.level >= 4 && m.chance(40);
  m.given("n", n), m.chose("sum", sum ? 1 : 0);
  if (sum) {
    m.tell_one(
        {"What is the sum of all positive divisors of @?", "Find the sum of the divisors of @, itself included."}, n);
  } else {
    m.tell_one({"How many positive divisors has @?", "Find the number of divisors of @.",
                "By how many positive integers is @ divisible?", "Find the number of positive divisors of @.",
                "How many divisors has @?"},
               n);
  }
  const auto f = factor_steps(m, n);
  Int total = 1;
  std::string product;
  for (const auto& [p, e] : f) {
    Int s = 0, power = 1;
    std::string terms;
    for (Int i = 0; i <= e; ++i) s += power, terms += (terms.empty() ? "" : " + ") + text(power), power *= p;
    const Int value = sum ? s : e + 1;
    if (sum) m.step("@ = @", terms, s);
    product += (product.empty() ? "" : " * ") + text(value);
    total *= value;
  }
  if (!sum) m.step("One more than each exponent: @", product);
  if (f.size() > 1) m.step("@ = @", product, total);
  m.rationale("A divisor takes each prime of @ with an exponent from 0 up to its own.", n);
  m.answer(total);
}

void is_prime(Maker& m) {
  static constexpr std::array<Int, 14> primes{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43};
  const Int n = m.between(20, m.level <= 2 ? 400 : 900) | 1;
  m.given("n", n);
  m.tell_one({"Is @ a prime number? Answer yes or no.", "Is @ prime? Answer yes or no.",
              "Is the number @ prime? Answer yes or no."},
             n);
  for (const Int p : primes) {
    if (p == 2) continue;
    if (p * p > n) {
      m.step("@ * @ = @ is larger than @, so no other divisor is possible: it is prime.", p, p, p * p, n);
      m.answer("yes");
      break;
    }
    if (n % p == 0) {
      m.step("@ = @ * @, so it is not prime.", n, p, n / p);
      m.answer("no");
      break;
    }
    m.step("@ - @ * @ = @, so @ does not divide it.", n, n / p, p, n % p, p);
  }
  m.rationale("A number is prime when no prime up to its square root divides it.");
}

void last_digit(Maker& m) {
  const Int base = m.between(2, 99), e = m.between(5, 200);
  m.given("base", base), m.given("e", e);
  m.tell_one({"What is the last digit of @^@?", "Find the units digit of @^@.", "What is the ones digit of $@^{@}$?"},
             base, e);
  const Int d = base % 10;
  if (base >= 10) m.step("Only the last digit of @ counts: @.", base, d);
  std::vector<Int> cycle{d};
  while (true) {
    const Int next = cycle.back() * d % 10;
    if (next == d) break;
    cycle.push_back(next);
  }
  std::string shown;
  for (const Int c : cycle) shown += (shown.empty() ? "" : ", ") + text(c);
  const auto length = static_cast<Int>(cycle.size());
  m.step("Last digits of the powers: @, then again from the start: a cycle of @.", shown, length);
  if (length == 1) {
    m.answer(d);
  } else {
    const auto [q, r] = m.divide_rest("", e, length);
    (void)q;
    const Int at = r == 0 ? length : r;
    m.step("So it is number @ in the cycle: @", at, cycle[static_cast<std::size_t>(at - 1)]);
    m.answer(cycle[static_cast<std::size_t>(at - 1)]);
  }
  m.rationale("Last digits of powers repeat; the remainder of the exponent by the length of the cycle decides.");
}

void power_mod(Maker& m) {
  const Int mod = m.between(3, 19), base = m.between(2, 30), e = m.between(4, m.level <= 4 ? 20 : 60);
  m.given("mod", mod), m.given("base", base), m.given("e", e);
  m.tell_one({"What is the remainder when @^@ is divided by @?", "Find @^@ mod @.",
              "Compute the remainder of $@^{@}$ divided by @."},
             base, e, mod);
  Int square = base % mod;
  m.step("@ mod @ = @", base, mod, square);
  Int result = 1, left = e, at = 1;
  bool begun = false;
  std::string used;
  while (left > 0) {
    if (left % 2 == 1) {
      if (begun) {
        m.step("Take power @: @ * @ = @, mod @: @", at, result, square, result * square, mod, result * square % mod);
      } else {
        m.step("Take power @: @", at, square);
      }
      result = result * square % mod;
      begun = true;
    }
    left /= 2;
    if (left > 0) {
      m.step("Power @: @ * @ = @, mod @: @", 2 * at, square, square, square * square, mod, square * square % mod);
      square = square * square % mod;
      at *= 2;
    }
  }
  m.rationale("Repeated squaring: @ is a sum of powers of two, and remainders may be taken at every step.", e);
  m.answer(result);
}

void congruence(Maker& m) {
  const Int p = m.pick({3, 4, 5, 7}), q = p == 3   ? m.pick({5, 7, 8})
                                          : p == 4 ? m.pick({5, 7, 9})
                                          : p == 5 ? m.pick({6, 7, 9})
                                                   : m.pick({8, 9, 10});
  const Int n = m.between(1, p * q - 1), r = n % p, s = n % q;
  m.given("p", p), m.given("q", q), m.given("r", r), m.given("s", s);
  const Thing& t = m.thing();
  m.tell_one({"What is the smallest positive integer that leaves remainder @ when divided by @ and remainder @ when "
              "divided by @?",
              "Find the least positive number with remainder @ on division by @ and remainder @ on division by @."},
             r, p, s, q);
  (void)t;
  std::string tried;
  Int found = 0;
  for (Int k = s == 0 ? q : s; found == 0; k += q) {
    tried += (tried.empty() ? "" : ", ") + text(k);
    if (k % p == r) found = k;
  }
  m.step("Remainder @ by @: @", s, q, tried);
  m.step("@ - @ * @ = @, so @ has remainder @ by @", found, found / p, p, r, found, r, p);
  m.rationale("Two remainders by numbers without common factor fix one number below their product.");
  m.answer(found);
}

void to_base(Maker& m) {
  const Int base = m.level <= 2 ? 2 : m.pick({2, 3, 4, 5, 6, 7, 8, 9}), n = m.between(5, m.level <= 2 ? 63 : 500);
  m.given("base", base);
  std::string digits;
  for (Int k = n; k > 0; k /= base) digits.insert(0, text(k % base));
  if (m.chance(50)) {
    m.chose("form", 0), m.given("n", n);
    m.tell_one({"Write @ in base @.", "Convert @ to base @.", "What is @ in base @?"}, n, base);
    for (Int k = n; k > 0; k /= base) m.step("@ - @ * @ = @", k, k / base, base, k % base);
    m.step("The remainders from last to first: @", digits);
    m.answer(digits);
  } else {
    m.chose("form", 1), m.given("digits", std::stoll(digits));
    m.tell_one({"What is the base @ number @ in base 10?", "Convert @... "}, base, digits);
    m.problem.statement = filled(
        m.pick({"The number @ is written in base @. What is it in base 10?", "Convert @ from base @ to decimal."}),
        digits, base);
    Int value = 0;
    for (const char c : digits) {
      m.step("@ * @ + @ = @", value, base, text(Int{c - '0'}), value * base + (c - '0'));
      value = value * base + (c - '0');
    }
    m.answer(value);
  }
  m.rationale("In base @ each place is worth @ times the one to its right.", base, base);
}

void digit_sum(Maker& m) {
  const Int n = m.between(100, 99999);
  m.given("n", n);
  std::vector<Int> digits;
  for (const char c : text(n)) digits.push_back(c - '0');
  if (m.chance(50)) {
    m.chose("form", 0);
    m.tell_one({"What is the sum of the digits of @?", "Find the digit sum of @."}, n);
    m.answer(m.add("", digits));
  } else {
    const Int by = m.pick({3, 9});
    m.chose("form", 1), m.given("by", by);
    m.tell_one({"Is @ divisible by @? Answer yes or no.", "Does @... "}, n, by);
    m.problem.statement = filled("Is @ divisible by @? Answer yes or no.", n, by);
    const Int s = m.add("Digit sum", digits);
    m.step("@ - @ * @ = @", s, s / by, by, s % by);
    m.step(s % by == 0 ? "@ divides the digit sum, so it divides the number."
                       : "@ does not divide the digit sum, so it does not divide the number.",
           by);
    m.answer(s % by == 0 ? "yes" : "no");
  }
  m.rationale("The digit sum, and what it tells of divisibility by 3 and 9.");
}

void digits_puzzle(Maker& m) {
  const Int tens = m.between(1, 9), ones = m.between(0, 9);
  const Int sum = tens + ones, n = 10 * tens + ones, turned = 10 * ones + tens;
  const Int difference = n - turned;
  m.given("sum", sum);
  if (difference != 0) {
    m.given("difference", difference);
  } else {
    m.chose("difference", 0);
  }
  m.tell_one({"The digits of a two-digit number add up to @.", "The sum of the digits of a two-digit number is @."},
             sum);
  if (difference == 0) {
    m.tell("Its two digits are equal.");
  } else {
    m.tell(difference > 0 ? "When they are swapped, the number becomes @ smaller."
                          : "When they are swapped, the number becomes @ larger.",
           std::abs(difference));
  }
  m.tell_one({"What is the number?", "Find the number.", "Which number is it?"});
  if (difference == 0) {
    m.step("@ / 2 = @", sum, tens);
  } else {
    m.step("Swapping changes the number by 9 times the difference of the digits: @ / 9 = @", std::abs(difference),
           std::abs(difference) / 9);
    const Int big = std::max(tens, ones), small = std::min(tens, ones);
    m.step("Larger digit: (@ + @) / 2 = @ / 2 = @", sum, big - small, 2 * big, big);
    m.step("Smaller digit: @ - @ = @", sum, big, small);
  }
  m.step("10 * @ + @ = @", tens, ones, n);
  m.rationale("A two-digit number is ten times its first digit plus the second: two conditions on two digits.");
  m.answer(n);
}

const std::array families{
    Family{"greatest common divisor", 2, 3, {"greatest common divisor"}, gcd},
    Family{"least common multiple", 2, 3, {"least common multiple"}, lcm},
    Family{"prime factorization", 2, 3, {"prime factorization"}, factorisation},
    Family{"divisors", 3, 4, {"divisors", "prime factorization"}, count_divisors},
    Family{"prime or not", 2, 3, {"prime numbers"}, is_prime},
    Family{"last digit of a power", 3, 4, {"last digits", "modular arithmetic", "exponents"}, last_digit},
    Family{"power modulo", 4, 5, {"modular exponentiation", "modular arithmetic"}, power_mod},
    Family{"two remainders", 4, 5, {"congruences", "modular arithmetic"}, congruence},
    Family{"number bases", 2, 4, {"number bases"}, to_base},
    Family{"digit sum", 1, 2, {"digit sums", "divisibility rules"}, digit_sum},
    Family{"two-digit puzzle", 4, 4, {"digits", "systems of linear equations"}, digits_puzzle},
};

}  // namespace

std::span<const Family> number_families() { return families; }

}  // namespace holdfast::generators
