#include "app/widgets/heatmap_levels.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace holdfast {
namespace {

constexpr std::uint16_t no_share = 65535;
constexpr float share_steps = 65534.0f;

std::uint16_t packed_share(float value) {
  if (std::isnan(value)) return no_share;
  return static_cast<std::uint16_t>(std::lround(std::clamp(value, 0.0f, 1.0f) * share_steps));
}

// Columns of all that bin `c` of this width stands for.
std::uint32_t covered(int columns, int c, std::uint32_t width) {
  return std::min(width, static_cast<std::uint32_t>(columns) - static_cast<std::uint32_t>(c) * width);
}

}  // namespace

HeatmapLevels::HeatmapLevels(int rows, int columns, std::span<const float> values) : rows_(rows) {
  if (rows <= 0 || columns <= 0) return;
  Level first{.columns = columns, .mean = {}, .least = {}, .most = {}};
  first.mean.reserve(values.size());
  for (const float value : values) first.mean.push_back(packed_share(value));
  levels_.push_back(std::move(first));
  for (std::uint32_t width = 1; levels_.back().columns > 1; width *= 2) {
    const Level& fine = levels_.back();
    const auto& least = fine.least.empty() ? fine.mean : fine.least;
    const auto& most = fine.most.empty() ? fine.mean : fine.most;
    Level next{.columns = (fine.columns + 1) / 2, .mean = {}, .least = {}, .most = {}};
    const auto size = static_cast<std::size_t>(rows) * static_cast<std::size_t>(next.columns);
    next.mean.reserve(size), next.least.reserve(size), next.most.reserve(size);
    for (int row = 0; row < rows; ++row) {
      const auto begin = static_cast<std::size_t>(row) * static_cast<std::size_t>(fine.columns);
      for (int c = 0; c < fine.columns; c += 2) {
        const std::size_t a = begin + static_cast<std::size_t>(c);
        const bool pair = c + 1 < fine.columns && fine.mean[a + 1] != no_share;
        if (!pair || fine.mean[a] == no_share) {  // one of them has a number, or none
          const std::size_t one = pair ? a + 1 : a;
          next.mean.push_back(fine.mean[one]), next.least.push_back(least[one]), next.most.push_back(most[one]);
          continue;
        }
        const std::uint32_t second = covered(columns, c + 1, width);  // the last one may cover less
        next.mean.push_back(static_cast<std::uint16_t>(
            (std::uint64_t{fine.mean[a]} * width + std::uint64_t{fine.mean[a + 1]} * second + (width + second) / 2) /
            (width + second)));
        next.least.push_back(std::min(least[a], least[a + 1]));
        next.most.push_back(std::max(most[a], most[a + 1]));
      }
    }
    levels_.push_back(std::move(next));
  }
}

float HeatmapLevels::over(int row, double first, double last, Kind kind) const {
  if (levels_.empty() || !(last > first)) return std::numeric_limits<float>::quiet_NaN();
  // The coarsest level of which at least four bins fit: what is rounded outwards is less than half.
  std::size_t level = 0;
  std::uint32_t width = 1;
  while (level + 1 < levels_.size() && width * 2.0 * 4.0 <= last - first) ++level, width *= 2;
  const Level& at = levels_[level];
  const auto& numbers = kind == Kind::mean || at.least.empty() ? at.mean : kind == Kind::least ? at.least : at.most;
  const int begin = std::clamp(static_cast<int>(first / width), 0, at.columns - 1);
  const int end = std::clamp(static_cast<int>(std::ceil(last / width)), begin + 1, at.columns);
  const auto row_begin = static_cast<std::size_t>(row) * static_cast<std::size_t>(at.columns);
  std::uint64_t sum = 0, seen = 0;
  std::uint16_t least = no_share, most = 0;
  for (int c = begin; c < end; ++c) {
    const std::uint16_t value = numbers[row_begin + static_cast<std::size_t>(c)];
    if (value == no_share) continue;
    const std::uint32_t count = covered(levels_.front().columns, c, width);
    sum += std::uint64_t{value} * count, seen += count;
    least = std::min(least, value), most = std::max(most, value);
  }
  if (seen == 0) return std::numeric_limits<float>::quiet_NaN();
  if (kind == Kind::least) return static_cast<float>(least) / share_steps;
  if (kind == Kind::most) return static_cast<float>(most) / share_steps;
  return static_cast<float>(sum) / static_cast<float>(seen) / share_steps;
}

std::size_t HeatmapLevels::bytes() const {
  std::size_t count = 0;
  for (const Level& level : levels_) count += level.mean.size() + level.least.size() + level.most.size();
  return count * sizeof(std::uint16_t);
}

}  // namespace holdfast
