#include "tests/support/data.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace holdfast::test {
namespace {
constexpr std::uint32_t sentinel_bits = 0x7fc5a5a5u;  // a quiet NaN with a payload that no computation makes
constexpr std::size_t guard_floats = 64;
}  // namespace

double Random::uniform() noexcept { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

double Random::normal() noexcept {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::int64_t Random::below(std::int64_t limit) noexcept {
  return static_cast<std::int64_t>(uniform() * static_cast<double>(limit));
}

std::vector<float> Random::uniforms(std::int64_t count, double low, double high) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(uniform(low, high));
  return values;
}

std::vector<float> Random::normals(std::int64_t count, double deviation) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(deviation * normal());
  return values;
}

GuardedFloats::GuardedFloats(std::int64_t count, std::int64_t misalign)
    : memory_(static_cast<std::size_t>(count + misalign) + 2 * guard_floats + 16, std::bit_cast<float>(sentinel_bits)),
      count_(static_cast<std::size_t>(count)) {
  const auto address = std::bit_cast<std::uintptr_t>(memory_.data() + guard_floats);
  first_ = guard_floats + (64 - address % 64) % 64 / sizeof(float) + static_cast<std::size_t>(misalign);
}

GuardedFloats::GuardedFloats(std::span<const float> values, std::int64_t misalign)
    : GuardedFloats(static_cast<std::int64_t>(values.size()), misalign) {
  std::copy(values.begin(), values.end(), data());
}

Comparison GuardedFloats::intact() const {
  for (std::size_t i = 0; i < memory_.size(); ++i) {
    if (i >= first_ && i < first_ + count_) continue;
    if (std::bit_cast<std::uint32_t>(memory_[i]) == sentinel_bits) continue;
    const auto offset = static_cast<std::int64_t>(i) - static_cast<std::int64_t>(first_);
    return {false,
            "a write out of bounds at element " + std::to_string(offset) + " of a buffer of " + std::to_string(count_)};
  }
  return {true, ""};
}

}  // namespace holdfast::test
