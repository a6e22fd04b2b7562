#include "training/answer_value.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace holdfast {
namespace {

using Kind = AnswerExpr::Kind;
using Complex = std::complex<long double>;

constexpr std::size_t value_most_bits = 20000;  // of an exact number's numerator or denominator
constexpr unsigned long value_most_factorial = 1500;
constexpr long double value_rounding = std::numeric_limits<long double>::epsilon();

std::size_t value_bits(const mpz_class& z) { return mpz_sizeinbase(z.get_mpz_t(), 2); }
std::size_t value_bits(const mpq_class& q) { return std::max(value_bits(q.get_num()), value_bits(q.get_den())); }

long double to_long_double(const mpz_class& z) {
  // Two doubles hold what a long double can.
  long exponent = 0;
  const double high = mpz_get_d_2exp(&exponent, z.get_mpz_t());
  if (exponent <= 53) return std::ldexp(static_cast<long double>(high), static_cast<int>(exponent));
  mpz_class rest = z;
  mpz_class head;
  mpz_set_d(head.get_mpz_t(), std::ldexp(high, 53));
  head <<= static_cast<mp_bitcnt_t>(exponent - 53);
  rest -= head;
  long low_exponent = 0;
  const double low = mpz_get_d_2exp(&low_exponent, rest.get_mpz_t());
  const auto part = [](double mantissa, long power) {
    return std::ldexp(static_cast<long double>(mantissa), static_cast<int>(std::min(power, 1L << 20)));
  };
  return part(high, exponent) + part(low, low_exponent);
}

AnswerValue exact_value(mpq_class exact) {
  AnswerValue v;
  v.number = to_long_double(exact.get_num()) / to_long_double(exact.get_den());
  v.size = std::abs(v.number);
  v.error = 2 * value_rounding * v.size;
  v.exact = std::move(exact);
  return v;
}

std::optional<AnswerValue> inexact_value(Complex number, long double error, long double size) {
  const long double magnitude = std::abs(number);
  if (!std::isfinite(magnitude) || !std::isfinite(error)) return std::nullopt;
  return AnswerValue{std::nullopt, number, error + 2 * value_rounding * magnitude, std::max(size, magnitude)};
}

bool is_real(const AnswerValue& v) { return std::abs(v.number.imag()) <= v.error + value_rounding * v.size; }

// The exact square root of a fraction, where there is one.
std::optional<mpq_class> exact_root(const mpq_class& q, unsigned long degree) {
  if (sgn(q) < 0 && degree % 2 == 0) return std::nullopt;
  mpz_class top;
  mpz_class bottom;
  if (mpz_root(top.get_mpz_t(), q.get_num_mpz_t(), degree) == 0) return std::nullopt;
  if (mpz_root(bottom.get_mpz_t(), q.get_den_mpz_t(), degree) == 0) return std::nullopt;
  return mpq_class(top, bottom);
}

std::optional<unsigned long> small_natural(const AnswerValue& v, unsigned long most) {
  if (!v.exact || v.exact->get_den() != 1 || sgn(*v.exact) < 0 || v.exact->get_num() > most) return std::nullopt;
  return v.exact->get_num().get_ui();
}

using ComplexFunction = Complex (*)(const Complex&);
Complex value_cot(const Complex& z) { return 1.0L / std::tan(z); }
Complex value_sec(const Complex& z) { return 1.0L / std::cos(z); }
Complex value_csc(const Complex& z) { return 1.0L / std::sin(z); }
Complex value_log10(const Complex& z) { return std::log(z) / std::log(10.0L); }

const std::map<std::string, ComplexFunction, std::less<>>& value_functions() {
  static const std::map<std::string, ComplexFunction, std::less<>> functions{
      {"sin", [](const Complex& z) { return std::sin(z); }},
      {"cos", [](const Complex& z) { return std::cos(z); }},
      {"tan", [](const Complex& z) { return std::tan(z); }},
      {"cot", value_cot},
      {"sec", value_sec},
      {"csc", value_csc},
      {"arcsin", [](const Complex& z) { return std::asin(z); }},
      {"arccos", [](const Complex& z) { return std::acos(z); }},
      {"arctan", [](const Complex& z) { return std::atan(z); }},
      {"sinh", [](const Complex& z) { return std::sinh(z); }},
      {"cosh", [](const Complex& z) { return std::cosh(z); }},
      {"tanh", [](const Complex& z) { return std::tanh(z); }},
      {"ln", [](const Complex& z) { return std::log(z); }},
      {"log", value_log10},
      {"exp", [](const Complex& z) { return std::exp(z); }},
      {"sqrt", [](const Complex& z) { return std::sqrt(z); }}};
  return functions;
}

// The error of f(v) is seen by moving v by its own.
std::optional<AnswerValue> apply(ComplexFunction f, const AnswerValue& v) {
  const Complex at = f(v.number);
  // An exact number is what it is, also at the end of a range: arcsin 1.
  const bool sure = v.exact && v.exact->get_den() == 1 && abs(v.exact->get_num()) < (1L << 60);
  const long double step = sure ? 0.0L : std::max(v.error, value_rounding * std::abs(v.number));
  const long double moved = std::max({std::abs(f(v.number + step) - at), std::abs(f(v.number - step) - at),
                                      std::abs(f(v.number + Complex(0, step)) - at)});
  return inexact_value(at, moved, std::abs(at));
}

std::optional<AnswerValue> base_value(const AnswerExpr& e) {
  const std::string& digits = e.parts[0].text;
  const auto base = literal_value(e.parts[1].text);
  if (!base || *base < 2 || *base > 36 || base->get_den() != 1 || digits.size() > 500) return std::nullopt;
  mpz_class z;
  if (mpz_set_str(z.get_mpz_t(), digits.c_str(), static_cast<int>(base->get_num().get_si())) != 0) return std::nullopt;
  return exact_value(mpq_class(z));
}

}  // namespace

std::optional<mpq_class> literal_value(const std::string& literal) {
  const std::size_t e = literal.find('e');
  std::string digits = literal.substr(0, e);
  long exponent = 0;
  if (e != std::string::npos) {
    const std::string power = literal.substr(e + 1);
    if (power.empty() || power.size() > 5) return std::nullopt;
    exponent = std::stol(power);
    if (std::labs(exponent) > 3000) return std::nullopt;
  }
  std::string period;
  if (const std::size_t open = digits.find('('); open != std::string::npos) {
    period = digits.substr(open + 1, digits.size() - open - 2);
    digits.resize(open);
  }
  const std::size_t point = digits.find('.');
  const std::size_t places = point == std::string::npos ? 0 : digits.size() - point - 1;
  if (point != std::string::npos) digits.erase(point, 1);
  if (digits.empty()) digits.assign(1, '0');
  if (digits.size() + period.size() > 4000) return std::nullopt;
  const auto ten_to = [](unsigned long power) {
    mpz_class z;
    mpz_ui_pow_ui(z.get_mpz_t(), 10, power);
    return z;
  };
  mpq_class value(mpz_class(digits, 10), ten_to(places));
  if (!period.empty()) value += mpq_class(mpz_class(period, 10), (ten_to(period.size()) - 1) * ten_to(places));
  value.canonicalize();
  const mpq_class scale(ten_to(static_cast<unsigned long>(std::labs(exponent))));
  if (exponent >= 0) return mpq_class(value * scale);
  return mpq_class(value / scale);
}

bool equal_values(const AnswerValue& a, const AnswerValue& b) {
  if (a.exact && b.exact) return *a.exact == *b.exact;
  const long double error = a.error + b.error;
  const long double size = std::max(a.size, b.size);
  if (error > 1e-12L * size) return false;
  return std::abs(a.number - b.number) <= 4 * error;
}

// Exact results pay for their length.
AnswerEvaluator::Result AnswerEvaluator::charged(mpq_class exact) {
  const std::size_t bits = value_bits(exact);
  work_ -= static_cast<std::int64_t>(bits / 256);
  if (bits > value_most_bits) return std::nullopt;
  return exact_value(std::move(exact));
}

AnswerEvaluator::Result AnswerEvaluator::value(const AnswerExpr& e, const AnswerPoint& at) {
  if (--work_ <= 0) return std::nullopt;
  switch (e.kind) {
    case Kind::number: {
      auto literal = literal_value(e.text);
      return literal ? charged(std::move(*literal)) : std::nullopt;
    }
    case Kind::variable: {
      const auto found = at.find(e.text);
      return found == at.end() ? Result() : exact_value(found->second);
    }
    case Kind::constant:
      if (e.text == "pi") return inexact_value(std::numbers::pi_v<long double>, 0, 0);
      if (e.text == "e") return inexact_value(std::numbers::e_v<long double>, 0, 0);
      if (e.text == "i") return AnswerValue{std::nullopt, Complex(0, 1), 0, 1};
      return std::nullopt;
    case Kind::sum: return sum(e, at);
    case Kind::product: return product(e, at);
    case Kind::inverse: {
      const Result v = value(e.parts[0], at);
      if (!v) return std::nullopt;
      if (v->exact) return sgn(*v->exact) == 0 ? Result() : charged(mpq_class(1 / *v->exact));
      const long double magnitude = std::abs(v->number);
      if (magnitude <= 4 * v->error) return std::nullopt;
      return inexact_value(1.0L / v->number, v->error / (magnitude * (magnitude - v->error)), 1 / magnitude);
    }
    case Kind::power: {
      const Result base = value(e.parts[0], at);
      const Result exponent = base ? value(e.parts[1], at) : Result();
      return exponent ? power(*base, *exponent) : Result();
    }
    case Kind::call: return call(e, at);
    default: return std::nullopt;
  }
}

AnswerEvaluator::Result AnswerEvaluator::sum(const AnswerExpr& e, const AnswerPoint& at) {
  Result total = exact_value(0);
  for (const AnswerExpr& part : e.parts) {
    const Result v = value(part, at);
    if (!v) return std::nullopt;
    if (total->exact && v->exact) {
      total = charged(mpq_class(*total->exact + *v->exact));
    } else {
      total = inexact_value(total->number + v->number, total->error + v->error, std::max(total->size, v->size));
    }
    if (!total) return std::nullopt;
  }
  return total;
}

AnswerEvaluator::Result AnswerEvaluator::product(const AnswerExpr& e, const AnswerPoint& at) {
  Result total = exact_value(1);
  for (const AnswerExpr& part : e.parts) {
    const Result v = value(part, at);
    if (!v) return std::nullopt;
    const bool zero = (v->exact && sgn(*v->exact) == 0) || (total->exact && sgn(*total->exact) == 0);
    if (zero) {
      total = exact_value(0);
    } else if (total->exact && v->exact) {
      total = charged(mpq_class(*total->exact * *v->exact));
    } else {
      const long double error =
          total->error * std::abs(v->number) + v->error * std::abs(total->number) + total->error * v->error;
      total = inexact_value(total->number * v->number, error, total->size * v->size);
    }
    if (!total) return std::nullopt;
  }
  return total;
}

AnswerEvaluator::Result AnswerEvaluator::power(const AnswerValue& base, const AnswerValue& exponent) {
  if (base.exact && exponent.exact) {
    const mpq_class& b = *base.exact;
    const mpq_class& x = *exponent.exact;
    if (sgn(b) == 0) return sgn(x) > 0 ? exact_value(0) : sgn(x) == 0 ? exact_value(1) : Result();
    if (x.get_num() < -10000 || x.get_num() > 10000 || x.get_den() > 64) {
      if (b == 1) return exact_value(1);
      if (x.get_den() == 1 && (b == -1)) return exact_value(mpz_odd_p(x.get_num_mpz_t()) != 0 ? -1 : 1);
    } else {
      const unsigned long times = mpz_class(abs(x.get_num())).get_ui();
      const auto root = exact_root(b, x.get_den().get_ui());
      if (root && value_bits(*root) * times <= value_most_bits) {
        mpz_class top;
        mpz_class bottom;
        mpz_pow_ui(top.get_mpz_t(), root->get_num_mpz_t(), times);
        mpz_pow_ui(bottom.get_mpz_t(), root->get_den_mpz_t(), times);
        mpq_class raised = sgn(x) > 0 ? mpq_class(top, bottom) : mpq_class(bottom, top);
        raised.canonicalize();
        return charged(std::move(raised));
      }
      // An odd root of a negative number is the real one: (-2)^{1/3}.
      if (sgn(b) < 0 && mpz_odd_p(x.get_den_mpz_t()) != 0 && x.get_den() != 1) {
        Result positive = power(exact_value(-b), exponent);
        const bool odd = mpz_odd_p(x.get_num_mpz_t()) != 0;
        if (positive && odd) positive->number = -positive->number;
        return positive;
      }
    }
  }
  if (std::abs(base.number) <= 4 * base.error) return std::nullopt;
  if (exponent.exact && exponent.exact->get_den() == 1 && abs(exponent.exact->get_num()) <= 1000) {
    const long times = exponent.exact->get_num().get_si();  // without a logarithm, which is cut along the negative axis
    Complex raised = 1.0L;
    for (long i = 0; i < std::labs(times); ++i) raised *= base.number;
    if (times < 0) raised = 1.0L / raised;
    const long double relative = base.error / std::abs(base.number) + 2 * value_rounding;
    const long double error = static_cast<long double>(2 * std::labs(times)) * relative * std::abs(raised);
    return inexact_value(raised, error, std::abs(raised));
  }
  const Result logarithm = apply([](const Complex& z) { return std::log(z); }, base);
  if (!logarithm) return std::nullopt;
  const Complex product = logarithm->number * exponent.number;
  const long double error = logarithm->error * std::abs(exponent.number) +
                            exponent.error * std::abs(logarithm->number) + value_rounding * std::abs(product);
  const Complex raised = std::exp(product);
  return inexact_value(raised, 2 * error * std::abs(raised), std::abs(raised));
}

AnswerEvaluator::Result AnswerEvaluator::call(const AnswerExpr& e, const AnswerPoint& at) {
  if (e.text == "base") return base_value(e);
  const Result v = value(e.parts[0], at);
  if (!v) return std::nullopt;
  if (e.text == "root" || e.text == "binomial") {
    const Result second = value(e.parts[1], at);
    if (!second) return std::nullopt;
    if (e.text == "root") {
      const auto degree = small_natural(*second, 64);
      return degree && *degree > 0 ? power(*v, exact_value(mpq_class(1, *degree))) : Result();
    }
    const auto n = small_natural(*v, 4000);
    const auto k = small_natural(*second, 4000);
    if (!n || !k) return std::nullopt;
    mpz_class z;
    mpz_bin_uiui(z.get_mpz_t(), *n, *k);
    return charged(mpq_class(z));
  }
  if (e.text == "factorial") {
    const auto n = small_natural(*v, value_most_factorial);
    if (!n) return std::nullopt;
    mpz_class z;
    mpz_fac_ui(z.get_mpz_t(), *n);
    return charged(mpq_class(z));
  }
  if (e.text == "degrees") {
    if (v->exact && *v->exact == 0) return exact_value(0);
    const long double part = std::numbers::pi_v<long double> / 180.0L;
    return inexact_value(v->number * part, v->error * part, v->size * part);
  }
  if (e.text == "abs") {
    if (v->exact) return exact_value(abs(*v->exact));
    return inexact_value(std::abs(v->number), v->error, v->size);
  }
  if (e.text == "floor" || e.text == "ceil") {
    const bool down = e.text == "floor";
    if (v->exact) {
      mpz_class z;
      (down ? mpz_fdiv_q : mpz_cdiv_q)(z.get_mpz_t(), v->exact->get_num_mpz_t(), v->exact->get_den_mpz_t());
      return exact_value(mpq_class(z));
    }
    const long double real = v->number.real();
    const bool sure =
        is_real(*v) && std::abs(real) < 1e15L && std::floor(real - v->error) == std::floor(real + v->error);
    if (!sure) return std::nullopt;
    return exact_value(mpq_class(static_cast<double>(down ? std::floor(real) : std::ceil(real))));
  }
  if (e.text == "sqrt" || e.text == "cbrt")
    return power(*v, exact_value(e.text == "sqrt" ? mpq_class(1, 2) : mpq_class(1, 3)));
  if (e.text == "log" && e.parts.size() == 2) {
    const Result base = value(e.parts[1], at);
    if (!base) return std::nullopt;
    const ComplexFunction ln = [](const Complex& z) { return std::log(z); };
    const Result top = apply(ln, *v);
    const Result bottom = apply(ln, *base);
    if (!top || !bottom || std::abs(bottom->number) <= 1e-15L) return std::nullopt;
    const Complex ratio = top->number / bottom->number;
    const long double error = (top->error + bottom->error * std::abs(ratio)) / std::abs(bottom->number);
    return inexact_value(ratio, error, std::abs(ratio));
  }
  if (e.parts.size() != 1) return std::nullopt;
  const auto function = value_functions().find(e.text);
  return function == value_functions().end() ? Result() : apply(function->second, *v);
}

}  // namespace holdfast
