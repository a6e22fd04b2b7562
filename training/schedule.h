// The learning rate of each step.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast {

enum class ScheduleKind { constant, cosine, linear };
[[nodiscard]] std::string_view name(ScheduleKind) noexcept;

struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  double peak = 0.0;
  double end_ratio = 0.0;   // of the peak, where cosine and linear arrive at the last step
  std::int64_t warmup = 0;  // steps over which the rate rises in a straight line; step 0 already moves
  std::int64_t steps = 0;   // of the whole, warm-up included; constant does not look at it

  // step: from 0. Past the last step the rate stays where it arrived.
  [[nodiscard]] double rate(std::int64_t step) const noexcept;
};

}  // namespace holdfast
