// Numbers on the GPU in either of the two types of activations, and one comparison for both.
#pragma once

#include <optional>
#include <vector>

#include "tests/gpu/gpu_floats.h"
#include "tests/gpu/gpu_rounded.h"

namespace holdfast::test {

class GpuValues {
 public:
  GpuValues(Stream& stream, std::span<const float> values, bool rounded, std::int64_t misalign = 0) {
    if (rounded) {
      rounded_.emplace(stream, values);
    } else {
      floats_.emplace(stream, values, misalign);
    }
  }
  GpuValues(Stream& stream, std::int64_t count, bool rounded, std::int64_t misalign = 0)
      : GpuValues(stream, std::vector<float>(static_cast<std::size_t>(count), std::nanf("")), rounded, misalign) {}

  // Elements from `offset` on.
  [[nodiscard]] TensorView view(const Shape& shape, std::int64_t offset = 0) {
    if (rounded_) return rounded_->view(shape, offset);
    TensorView all = floats_->view(shape);
    all.data = all.as<float>() + offset;
    return all;
  }
  // What was written; throws Failure if it was out of bounds.
  [[nodiscard]] std::vector<float> values() const {
    if (rounded_) return rounded_->values();
    verify(floats_->intact(), "guards");
    return floats_->values();
  }

 private:
  std::optional<GpuFloats> floats_;
  std::optional<GpuRounded> rounded_;
};

// i32 on the GPU.
class GpuIds {
 public:
  GpuIds(Stream& stream, std::span<const std::int32_t> ids)
      : tensor_(stream.device(), DType::i32, Shape{std::ssize(ids)}) {
    stream.copy(tensor_.view(), {ids.data(), DType::i32, tensor_.shape(), DeviceKind::cpu});
    stream.synchronize();
  }
  [[nodiscard]] ConstTensorView view() const { return tensor_.view(); }

 private:
  Tensor tensor_;
};

// f32 results within `sums` times the oracle's bound; bf16 ones with their own rounding on top; both with `extra` of
// the size of the terms, for what is rounded on the way.
inline void verify_values(std::span<const float> got, const oracle::Numbers& want, bool rounded_result, double extra,
                          const std::string& where) {
  std::vector<double> allowed;
  for (const oracle::Bounded& number : want) {
    allowed.push_back(2.0 * number.bound + (rounded_result ? bf16_rounding * std::abs(number.value) : 0.0) +
                      extra * number.size + 1e-30);
  }
  verify(compare(got, oracle::values(want), allowed), where);
}

}  // namespace holdfast::test
