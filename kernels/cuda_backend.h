// What Device and Stream need of the CUDA part, without a CUDA header. kernels/cuda/ has it where nvcc was found;
// kernels/cuda_absent.cpp has the same symbols elsewhere and throws DeviceError that says why.
#pragma once

#include <cstddef>
#include <memory>

#include "kernels/tensor.h"

namespace holdfast {
class Device;
}

namespace holdfast::cuda {

class StreamBackend {
 public:
  virtual ~StreamBackend() = default;
  virtual void* native() const noexcept = 0;
  virtual void synchronize() = 0;
  // Ordered with the stream's work; a copy that ends on the CPU is complete when this returns.
  virtual void copy(void* to, const void* from, std::size_t bytes, DeviceKind to_where, DeviceKind from_where) = 0;
  virtual void fill_zero(void* memory, std::size_t bytes) = 0;
};

[[nodiscard]] std::shared_ptr<Device> open_device(int index);
[[nodiscard]] std::unique_ptr<StreamBackend> open_stream(Device& device);

}  // namespace holdfast::cuda
