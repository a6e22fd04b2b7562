// An answer as it is read: a formula with a unit, a time of day, a ratio, or words.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "training/answer_expr.h"
#include "training/answer_units.h"

namespace holdfast {

struct ClockTime {
  int minutes = 0;          // since midnight, of the first half of the day where the half is not known
  bool half_known = false;  // a.m. or p.m., or on a clock of 24 hours
};

struct AnswerReading {
  std::optional<AnswerExpr> formula;
  std::optional<AnswerUnit> unit;
  std::optional<ClockTime> clock;
  std::vector<mpq_class> ratio;  // 2:3; also of what may be a time
  bool percent = false;
  std::string name;   // f in f(x) = 2x + 1, the words before "=" in "Area = 5": the formula is what follows
  std::string words;  // the whole, to be compared where there is no formula
};

[[nodiscard]] AnswerReading read_answer(std::string_view text);

[[nodiscard]] bool equal_readings(const AnswerReading& a, const AnswerReading& b);

}  // namespace holdfast
