// What a formula is worth: exactly where it is rational, else a complex number with a bound on its error.
#pragma once

#include <gmpxx.h>

#include <complex>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "training/answer_expr.h"

namespace holdfast {

struct AnswerValue {
  std::optional<mpq_class> exact;
  std::complex<long double> number;  // also set when exact is
  long double error = 0.0L;          // how far the truth may be from `number`
  long double size = 0.0L;           // the largest term it was made of: what `error` is judged by
};

// Equal as far as can be told: exact values exactly, others within their errors. Nothing is equal to a value whose error
// is not small beside its terms.
[[nodiscard]] bool equal_values(const AnswerValue& a, const AnswerValue& b);

using AnswerPoint = std::map<std::string, mpq_class>;  // the values of variables

// Work and the size of numbers are bounded: what would cost more has no value.
class AnswerEvaluator {
 public:
  // Nothing for what has no finite value (1/0, a set, an unknown function), or when the work is used up.
  [[nodiscard]] std::optional<AnswerValue> value(const AnswerExpr& e, const AnswerPoint& at = {});
  [[nodiscard]] bool exhausted() const noexcept { return work_ <= 0; }

 private:
  using Result = std::optional<AnswerValue>;
  Result sum(const AnswerExpr& e, const AnswerPoint& at);
  Result product(const AnswerExpr& e, const AnswerPoint& at);
  Result power(const AnswerValue& base, const AnswerValue& exponent);
  Result call(const AnswerExpr& e, const AnswerPoint& at);
  Result charged(mpq_class exact);

  std::int64_t work_ = 60000;
};

// The literal of a number token (see AnswerToken); nothing when it is too large to be written out.
[[nodiscard]] std::optional<mpq_class> literal_value(const std::string& literal);

}  // namespace holdfast
