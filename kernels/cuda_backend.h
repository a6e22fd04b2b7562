// What Device, Stream and Weight need of the CUDA part, without a CUDA header. kernels/cuda/ has it where nvcc was
// found; kernels/cuda_absent.cpp has the same symbols elsewhere and throws DeviceError that says why.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "kernels/tensor.h"
#include "kernels/weight.h"

namespace holdfast {
class Collective;
class Device;
class Stream;
}  // namespace holdfast

namespace holdfast::cuda {

class StreamBackend {
 public:
  virtual ~StreamBackend() = default;
  virtual void* native() const noexcept = 0;
  virtual void synchronize() = 0;
  // Ordered with the stream's work; a copy that ends on the CPU is complete when this returns.
  virtual void copy(void* to, const void* from, std::size_t bytes, DeviceKind to_where, DeviceKind from_where) = 0;
  virtual void fill_zero(void* memory, std::size_t bytes) = 0;
  // See Stream::landing and Stream::fetch.
  virtual void* landing(std::size_t bytes) = 0;
  virtual void fetch(void* to, const void* from, std::size_t bytes) = 0;
  // See Stream::repeat.
  virtual void repeat(std::uint64_t key, const std::function<void()>& work) = 0;
  // The stream's blocks of scratch memory moved: what was recorded points to the old ones.
  virtual void forget_repeats() = 0;
};

[[nodiscard]] std::shared_ptr<Device> open_device(int index);
[[nodiscard]] std::unique_ptr<StreamBackend> open_stream(Device& device);

// Weight on a GPU: the size of its packed form, and rows [first, first + count) of it from encoded rows on the CPU.
[[nodiscard]] std::size_t packed_bytes(WeightFormat format, std::int64_t rows, std::int64_t cols);
void pack_rows(Stream& stream, TensorView packed, WeightFormat format, std::int64_t rows, std::int64_t cols,
               std::int64_t first, std::int64_t count, std::span<const std::byte> encoded);

// See kernels/collective.h.
[[nodiscard]] std::array<std::byte, 128> draw_collective_id();
[[nodiscard]] std::unique_ptr<Collective> open_collective(Stream& stream, const std::array<std::byte, 128>& id,
                                                          int rank, int ranks);

}  // namespace holdfast::cuda
