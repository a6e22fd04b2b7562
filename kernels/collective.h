// Sums and exchanges between the GPUs of one run, one process each, by NCCL, which is looked for when it is needed.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "kernels/device.h"
#include "kernels/tensor.h"

namespace holdfast {

// All processes call the same functions in the same order with the same shapes. The result is the same bits on every
// rank, and the same bits when it is repeated with as many ranks on the same machines. Throws DeviceError.
class Collective {
 public:
  using Id = std::array<std::byte, 128>;
  // Drawn by one process and given to the others. Throws DeviceError when there is no NCCL, saying where it was sought.
  [[nodiscard]] static Id draw_id();
  // Waits until all ranks have come. Works on a stream of its own, beside `stream`.
  [[nodiscard]] static std::unique_ptr<Collective> open(Stream& stream, const Id& id, int rank, int ranks);
  virtual ~Collective() = default;

  // values: (count) f32 on the GPU, become the sum over all ranks once what `stream` was given so far is done.
  virtual void begin_sum(Stream& stream, TensorView values) = 0;
  // What `stream` is given from here on sees the sums.
  virtual void wait(Stream& stream) = 0;
  // flat: (ranks * share) f32; rank r brings [r * share, (r + 1) * share). Ordered with the stream's work.
  virtual void gather(Stream& stream, TensorView flat) = 0;
};

}  // namespace holdfast
