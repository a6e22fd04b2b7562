// Tensors: contiguous, row-major memory on one device. Views point, a Tensor owns.
// Dimension letters of the whole project are listed in kernels/README.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace holdfast {

class Device;
class Stream;

enum class DeviceKind : std::uint8_t { cpu, cuda };

enum class DType : std::uint8_t { f32, f16, bf16, i32, i64, u8 };
[[nodiscard]] std::size_t byte_size(DType) noexcept;
[[nodiscard]] std::string_view name(DType) noexcept;

// Up to five dimensions; rank 0 is a scalar with one element. Negative extents are refused, and so are shapes whose
// element count does not fit 63 bits (ArgumentError).
class Shape {
 public:
  static constexpr int max_rank = 5;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents);
  explicit Shape(std::span<const std::int64_t> extents);

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] std::int64_t operator[](int i) const;  // negative i counts from the last dimension
  [[nodiscard]] std::int64_t elements() const noexcept;
  [[nodiscard]] std::string to_string() const;  // "(48, 64)"
  bool operator==(const Shape&) const = default;

 private:
  std::array<std::int64_t, max_rank> extents_{};
  int rank_ = 0;
};

struct ConstTensorView {
  const void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;
  DeviceKind where = DeviceKind::cpu;

  [[nodiscard]] explicit operator bool() const noexcept { return data != nullptr; }
  [[nodiscard]] std::size_t bytes() const noexcept;
  template <class T>
  [[nodiscard]] const T* as() const noexcept {
    return static_cast<const T*>(data);
  }
};

struct TensorView {
  void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;
  DeviceKind where = DeviceKind::cpu;

  [[nodiscard]] explicit operator bool() const noexcept { return data != nullptr; }
  [[nodiscard]] std::size_t bytes() const noexcept;
  template <class T>
  [[nodiscard]] T* as() const noexcept {
    return static_cast<T*>(data);
  }
  operator ConstTensorView() const noexcept { return {data, dtype, shape, where}; }  // NOLINT: a view of less right
};

// Views over memory of the caller, on the CPU.
[[nodiscard]] TensorView view_of(std::span<float> values, const Shape& shape);
[[nodiscard]] ConstTensorView view_of(std::span<const float> values, const Shape& shape);

class Tensor {
 public:
  Tensor() = default;                                                // empty: owns nothing
  Tensor(std::shared_ptr<Device> device, DType dtype, Shape shape);  // uninitialised memory; throws DeviceError
  ~Tensor();
  Tensor(Tensor&&) noexcept;
  Tensor& operator=(Tensor&&) noexcept;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  [[nodiscard]] static Tensor zeros(std::shared_ptr<Device> device, DType dtype, Shape shape);
  [[nodiscard]] Tensor clone(Stream& stream) const;  // the only deep copy, so its cost shows at the call

  [[nodiscard]] TensorView view() noexcept { return {data_, dtype_, shape_, where_}; }
  [[nodiscard]] ConstTensorView view() const noexcept { return {data_, dtype_, shape_, where_}; }
  [[nodiscard]] const Shape& shape() const noexcept { return shape_; }
  [[nodiscard]] DType dtype() const noexcept { return dtype_; }
  [[nodiscard]] std::size_t bytes() const noexcept;
  [[nodiscard]] const std::shared_ptr<Device>& device() const noexcept { return device_; }
  [[nodiscard]] explicit operator bool() const noexcept { return data_ != nullptr; }

 private:
  std::shared_ptr<Device> device_;
  void* data_ = nullptr;
  DType dtype_ = DType::f32;
  DeviceKind where_ = DeviceKind::cpu;
  Shape shape_;
};

// For the shape checks of the ops: throws ArgumentError "ssd_scan: y: shape (2, 3), want (2, 4)" (or the same for
// the dtype, the device, or a view without memory).
void require(ConstTensorView tensor, const Shape& want, DType dtype, DeviceKind where, std::string_view what);

// What an op takes and leaves activations in: f32, or on a GPU bf16 as well, for long passes. Throws ArgumentError.
[[nodiscard]] DType activation_dtype(ConstTensorView tensor, DeviceKind where, std::string_view what);

}  // namespace holdfast
