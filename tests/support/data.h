// What kernel tests are fed with: random numbers that are the same on every machine, and buffers that see writes
// beyond their ends.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "kernels/tensor.h"
#include "tests/support/compare.h"

namespace holdfast::test {

// A fixed seed gives the same numbers with every standard library (std distributions do not promise that).
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  [[nodiscard]] double uniform() noexcept;  // [0, 1)
  [[nodiscard]] double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }
  [[nodiscard]] double normal() noexcept;
  [[nodiscard]] std::int64_t below(std::int64_t limit) noexcept;  // [0, limit)

  [[nodiscard]] std::vector<float> uniforms(std::int64_t count, double low, double high);
  [[nodiscard]] std::vector<float> normals(std::int64_t count, double deviation = 1.0);

 private:
  std::mt19937_64 engine_;
};

// Floats between two guards of sentinels. Fresh values and guards are NaN, so that a value never written, or a read
// out of bounds that reaches a result, fails the comparator as well.
class GuardedFloats {
 public:
  // misalign: elements by which the first value stands off a 64-byte border.
  explicit GuardedFloats(std::int64_t count, std::int64_t misalign = 0);
  explicit GuardedFloats(std::span<const float> values, std::int64_t misalign = 0);

  [[nodiscard]] std::span<float> values() noexcept { return {memory_.data() + first_, count_}; }
  [[nodiscard]] std::span<const float> values() const noexcept { return {memory_.data() + first_, count_}; }
  [[nodiscard]] float* data() noexcept { return memory_.data() + first_; }
  [[nodiscard]] TensorView view(const Shape& shape) { return view_of(values(), shape); }
  // Not ok when a sentinel was overwritten; the report says which.
  [[nodiscard]] Comparison intact() const;

 private:
  std::vector<float> memory_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace holdfast::test
