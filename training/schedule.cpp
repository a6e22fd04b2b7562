#include "training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace holdfast {

std::string_view name(ScheduleKind kind) noexcept {
  switch (kind) {
    case ScheduleKind::constant: return "constant";
    case ScheduleKind::cosine: return "cosine";
    case ScheduleKind::linear: return "linear";
  }
  return "?";
}

double Schedule::rate(std::int64_t step) const noexcept {
  if (step < warmup) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup);
  if (kind == ScheduleKind::constant) return peak;
  const double length = static_cast<double>(std::max<std::int64_t>(steps - warmup - 1, 1));
  const double done = std::min(1.0, static_cast<double>(step - warmup) / length);
  const double left = kind == ScheduleKind::linear ? 1.0 - done : 0.5 * (1.0 + std::cos(std::numbers::pi * done));
  return peak * (end_ratio + (1.0 - end_ratio) * left);
}

}  // namespace holdfast
