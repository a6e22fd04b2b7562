#include "kernels/tensor.h"

#include <limits>
#include <utility>

#include "kernels/device.h"
#include "kernels/error.h"

namespace holdfast {

std::size_t byte_size(DType dtype) noexcept {
  switch (dtype) {
    case DType::f32:
    case DType::i32: return 4;
    case DType::f16:
    case DType::bf16: return 2;
    case DType::i64: return 8;
    case DType::u8: return 1;
  }
  return 0;
}

std::string_view name(DType dtype) noexcept {
  switch (dtype) {
    case DType::f32: return "f32";
    case DType::f16: return "f16";
    case DType::bf16: return "bf16";
    case DType::i32: return "i32";
    case DType::i64: return "i64";
    case DType::u8: return "u8";
  }
  return "?";
}

Shape::Shape(std::initializer_list<std::int64_t> extents)
    : Shape(std::span<const std::int64_t>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const std::int64_t> extents) {
  if (extents.size() > static_cast<std::size_t>(max_rank)) {
    throw ArgumentError("shape of rank " + std::to_string(extents.size()) + ", at most 5 are supported");
  }
  std::int64_t count = 1;
  for (const std::int64_t extent : extents) {
    if (extent < 0) throw ArgumentError("shape with extent " + std::to_string(extent) + ", want 0 or more");
    if (extent != 0 && count > std::numeric_limits<std::int64_t>::max() / 8 / extent) {
      throw ArgumentError("shape with more elements than 63 bits can address");
    }
    count *= extent;
    extents_[static_cast<std::size_t>(rank_++)] = extent;
  }
}

std::int64_t Shape::operator[](int i) const {
  const int at = i < 0 ? rank_ + i : i;
  if (at < 0 || at >= rank_) throw ArgumentError("dimension " + std::to_string(i) + " of shape " + to_string());
  return extents_[static_cast<std::size_t>(at)];
}

std::int64_t Shape::elements() const noexcept {
  std::int64_t count = 1;
  for (int i = 0; i < rank_; ++i) count *= extents_[static_cast<std::size_t>(i)];
  return count;
}

std::string Shape::to_string() const {
  std::string text = "(";
  for (int i = 0; i < rank_; ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(extents_[static_cast<std::size_t>(i)]);
  }
  return text + ")";
}

namespace {
std::size_t bytes_of(DType dtype, const Shape& shape) noexcept {
  return byte_size(dtype) * static_cast<std::size_t>(shape.elements());
}
}  // namespace

std::size_t ConstTensorView::bytes() const noexcept { return bytes_of(dtype, shape); }
std::size_t TensorView::bytes() const noexcept { return bytes_of(dtype, shape); }
std::size_t Tensor::bytes() const noexcept { return data_ == nullptr ? 0 : bytes_of(dtype_, shape_); }

TensorView view_of(std::span<float> values, const Shape& shape) {
  if (shape.elements() != static_cast<std::int64_t>(values.size())) {
    throw ArgumentError("view of " + std::to_string(values.size()) + " values as " + shape.to_string());
  }
  return {values.data(), DType::f32, shape, DeviceKind::cpu};
}

ConstTensorView view_of(std::span<const float> values, const Shape& shape) {
  if (shape.elements() != static_cast<std::int64_t>(values.size())) {
    throw ArgumentError("view of " + std::to_string(values.size()) + " values as " + shape.to_string());
  }
  return {values.data(), DType::f32, shape, DeviceKind::cpu};
}

Tensor::Tensor(std::shared_ptr<Device> device, DType dtype, Shape shape)
    : device_(std::move(device)), dtype_(dtype), where_(device_->kind()), shape_(shape) {
  data_ = device_->allocate(bytes_of(dtype_, shape_));
}

Tensor::~Tensor() {
  if (data_ != nullptr) device_->release(data_, bytes_of(dtype_, shape_));
}

Tensor::Tensor(Tensor&& other) noexcept
    : device_(std::move(other.device_)),
      data_(std::exchange(other.data_, nullptr)),
      dtype_(other.dtype_),
      where_(other.where_),
      shape_(std::exchange(other.shape_, Shape{})) {}

Tensor& Tensor::operator=(Tensor&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(data_, other.data_);
  std::swap(dtype_, other.dtype_);
  std::swap(where_, other.where_);
  std::swap(shape_, other.shape_);
  return *this;
}

Tensor Tensor::zeros(std::shared_ptr<Device> device, DType dtype, Shape shape) {
  Tensor tensor(device, dtype, shape);
  Stream stream(std::move(device), 1);
  stream.fill_zero(tensor.view());
  stream.synchronize();
  return tensor;
}

Tensor Tensor::clone(Stream& stream) const {
  Tensor copy(device_, dtype_, shape_);
  stream.copy(copy.view(), view());
  return copy;
}

void require(ConstTensorView tensor, const Shape& want, DType dtype, DeviceKind where, std::string_view what) {
  const auto fail = [&](const std::string& rule) { throw ArgumentError(std::string(what) + ": " + rule); };
  if (tensor.shape != want) fail("shape " + tensor.shape.to_string() + ", want " + want.to_string());
  if (tensor.dtype != dtype) fail(std::string(name(tensor.dtype)) + ", want " + std::string(name(dtype)));
  if (tensor.where != where) fail(where == DeviceKind::cpu ? "on the GPU, want the CPU" : "on the CPU, want the GPU");
  if (tensor.data == nullptr && want.elements() != 0) fail("no memory");
}

DType activation_dtype(ConstTensorView tensor, DeviceKind where, std::string_view what) {
  if (tensor.dtype == DType::f32 || (tensor.dtype == DType::bf16 && where == DeviceKind::cuda)) return tensor.dtype;
  throw ArgumentError(std::string(what) + ": " + std::string(name(tensor.dtype)) +
                      (where == DeviceKind::cuda ? ", want f32 or bf16" : ", want f32"));
}

}  // namespace holdfast
