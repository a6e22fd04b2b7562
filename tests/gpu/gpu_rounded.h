// bf16 numbers on the GPU, and comparisons that allow for the rounding of results to bf16.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/device.h"
#include "kernels/tensor.h"
#include "tests/gpu/cases.h"
#include "tests/oracle/bounded.h"

namespace holdfast::test {

inline constexpr double bf16_rounding = 0x1p-8;  // half a unit in the last of eight places, at most

inline std::uint16_t bf16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}
inline float bf16_value(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

inline void round_all(std::vector<float>& values) {
  for (float& value : values) value = bf16_value(bf16_bits(value));
}

// bf16 numbers on the GPU, NaN until written, with guards.
class GpuRounded {
 public:
  static constexpr std::int64_t guard = 64;
  GpuRounded(Stream& stream, std::int64_t count)
      : GpuRounded(stream, std::vector<float>(static_cast<std::size_t>(count), std::nanf(""))) {}
  GpuRounded(Stream& stream, std::span<const float> values)
      : stream_(&stream), count_(std::ssize(values)), tensor_(stream.device(), DType::bf16, Shape{count_ + 2 * guard}) {
    std::vector<std::uint16_t> all(static_cast<std::size_t>(count_ + 2 * guard), 0x7fc0U);
    for (std::int64_t i = 0; i < count_; ++i) {
      const float value = values[static_cast<std::size_t>(i)];
      all[static_cast<std::size_t>(guard + i)] = std::isnan(value) ? std::uint16_t{0x7fc0U} : bf16_bits(value);
    }
    stream.copy(tensor_.view(), {all.data(), DType::bf16, tensor_.shape(), DeviceKind::cpu});
    stream.synchronize();
  }
  [[nodiscard]] TensorView view(const Shape& shape, std::int64_t offset = 0) {
    return {tensor_.view().as<std::uint16_t>() + guard + offset, DType::bf16, shape, DeviceKind::cuda};
  }
  [[nodiscard]] std::vector<float> values() const {
    std::vector<std::uint16_t> all(static_cast<std::size_t>(count_ + 2 * guard));
    stream_->copy({all.data(), DType::bf16, tensor_.shape(), DeviceKind::cpu}, tensor_.view());
    for (std::int64_t i = 0; i < guard; ++i) {
      if (!std::isnan(bf16_value(all[static_cast<std::size_t>(i)])) ||
          !std::isnan(bf16_value(all[static_cast<std::size_t>(guard + count_ + i)]))) {
        throw Failure("written out of bounds");
      }
    }
    std::vector<float> result;
    for (std::int64_t i = 0; i < count_; ++i) result.push_back(bf16_value(all[static_cast<std::size_t>(guard + i)]));
    return result;
  }

 private:
  Stream* stream_;
  std::int64_t count_;
  Tensor tensor_;
};

// The oracle's bound, the rounding of the result, and `extra` of the size of the terms.
inline Comparison compare_rounded(std::span<const float> got, const oracle::Numbers& want, double extra) {
  std::vector<double> allowed;
  for (const oracle::Bounded& number : want) {
    allowed.push_back(number.bound + bf16_rounding * std::abs(number.value) + extra * number.size + 1e-30);
  }
  return compare(got, oracle::values(want), allowed);
}

}  // namespace holdfast::test
