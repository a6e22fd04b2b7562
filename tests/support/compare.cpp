#include "tests/support/compare.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace holdfast::test {
namespace {

std::string compare_number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

Comparison compare_sizes(std::size_t got, std::size_t want) {
  if (got != want) return {false, "got " + std::to_string(got) + " values, want " + std::to_string(want)};
  if (want == 0) return {false, "nothing to compare"};
  return {true, ""};
}

// How far over its allowance an element is; 0 is within. A value that is not finite is infinitely far.
double excess(double got, double want, double allowed) {
  if (!std::isfinite(got) || !std::isfinite(want) || !std::isfinite(allowed) || allowed < 0.0) return INFINITY;
  const double error = std::abs(got - want);
  return error <= allowed ? 0.0 : error / std::max(allowed, 1e-300);
}

}  // namespace

Comparison compare(std::span<const float> got, std::span<const double> want, std::span<const double> tolerance) {
  if (const Comparison sizes = compare_sizes(got.size(), want.size()); !sizes) return sizes;
  if (tolerance.size() != 1 && tolerance.size() != want.size()) {
    return {false, "got " + std::to_string(tolerance.size()) + " tolerances, want 1 or " + std::to_string(want.size())};
  }
  std::size_t wrong = 0;
  std::size_t worst = 0;
  double worst_excess = 0.0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double over = excess(got[i], want[i], tolerance[tolerance.size() == 1 ? 0 : i]);
    if (over == 0.0) continue;
    ++wrong;
    if (over > worst_excess) {
      worst_excess = over;
      worst = i;
    }
  }
  if (wrong == 0) return {true, ""};
  return {false, std::to_string(wrong) + " of " + std::to_string(want.size()) + " wrong, worst at " +
                     std::to_string(worst) + ": got " + compare_number(static_cast<double>(got[worst])) + ", want " +
                     compare_number(want[worst]) + ", allowed " +
                     compare_number(tolerance[tolerance.size() == 1 ? 0 : worst])};
}

Comparison compare_relative(std::span<const float> got, std::span<const double> want, double relative) {
  double largest = 0.0;
  for (const double value : want) largest = std::max(largest, std::abs(value));
  const double tolerance = relative * largest;
  return compare(got, want, {&tolerance, 1});
}

Comparison compare_relative(std::span<const float> got, std::span<const float> want, double relative) {
  return compare_relative(got, std::vector<double>(want.begin(), want.end()), relative);
}

Comparison compare_bitwise(std::span<const float> got, std::span<const float> want) {
  if (const Comparison sizes = compare_sizes(got.size(), want.size()); !sizes) return sizes;
  std::size_t wrong = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const bool same = std::bit_cast<std::uint32_t>(got[i]) == std::bit_cast<std::uint32_t>(want[i]);
    if (same && std::isfinite(want[i])) continue;
    if (wrong++ == 0) first = i;
  }
  if (wrong == 0) return {true, ""};
  return {false, std::to_string(wrong) + " of " + std::to_string(want.size()) + " differ, the first at " +
                     std::to_string(first) + ": got " + compare_number(static_cast<double>(got[first])) + ", want " +
                     compare_number(static_cast<double>(want[first])) + " with the same bits"};
}

}  // namespace holdfast::test
