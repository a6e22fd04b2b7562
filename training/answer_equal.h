// Whether two formulas say the same.
#pragma once

#include "training/answer_expr.h"

namespace holdfast {

[[nodiscard]] bool equal_formulas(const AnswerExpr& a, const AnswerExpr& b);

// Neither a list, a set, an interval, a relation nor a matrix.
[[nodiscard]] bool is_scalar(const AnswerExpr& e);

[[nodiscard]] bool has_variables(const AnswerExpr& e);

}  // namespace holdfast
