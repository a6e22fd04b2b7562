// Floats on the GPU between two guards of NaN; fresh values are NaN too. What is never written, and what is read or
// written out of bounds, then fails a comparison.
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "kernels/device.h"
#include "kernels/tensor.h"
#include "tests/support/compare.h"

namespace holdfast::test {

class GpuFloats {
 public:
  static constexpr std::int64_t guard = 64;

  // misalign: elements by which the first value stands off a 256-byte border.
  GpuFloats(Stream& stream, std::int64_t count, std::int64_t misalign = 0)
      : GpuFloats(stream, std::vector<float>(static_cast<std::size_t>(count), std::nanf("")), misalign) {}
  GpuFloats(Stream& stream, std::span<const float> values, std::int64_t misalign = 0)
      : stream_(&stream), first_(guard + misalign), count_(std::ssize(values)) {
    const Shape shape{first_ + count_ + guard};
    std::vector<float> all(static_cast<std::size_t>(shape[0]), std::nanf(""));
    std::copy(values.begin(), values.end(), all.begin() + first_);
    tensor_ = Tensor(stream.device(), DType::f32, shape);
    stream.copy(tensor_.view(), view_of(std::span<const float>(all), shape));
    stream.synchronize();
  }

  [[nodiscard]] float* data() { return tensor_.view().as<float>() + first_; }
  [[nodiscard]] TensorView view(const Shape& shape) { return {data(), DType::f32, shape, DeviceKind::cuda}; }
  [[nodiscard]] std::vector<float> values() const {
    const std::vector<float> all = everything();
    return {all.begin() + first_, all.begin() + first_ + count_};
  }
  [[nodiscard]] Comparison intact() const {
    const std::vector<float> all = everything();
    for (std::int64_t i = 0; i < std::ssize(all); ++i) {
      const bool inside = i >= first_ && i < first_ + count_;
      if (!inside && !std::isnan(all[static_cast<std::size_t>(i)])) {
        return {false, "written out of bounds, at " + std::to_string(i - first_) + " of " + std::to_string(count_)};
      }
    }
    return {true, ""};
  }

 private:
  [[nodiscard]] std::vector<float> everything() const {
    std::vector<float> all(static_cast<std::size_t>(tensor_.shape()[0]));
    stream_->copy(view_of(std::span<float>(all), tensor_.shape()), tensor_.view());
    return all;
  }
  Stream* stream_;
  std::int64_t first_;
  std::int64_t count_;
  Tensor tensor_;
};

}  // namespace holdfast::test
