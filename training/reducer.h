// What joins the ranks of one run: each rank has its own share of a batch, and a whole model.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/device.h"
#include "kernels/tensor.h"

namespace holdfast {

// The trainer calls these in the same order with the same ranges on every rank. Sums must be the same bits on every
// rank, and the same bits when the run is repeated with as many ranks. Errors: DeviceError or IoError; a step that
// throws has changed nothing.
class Reducer {
 public:
  virtual ~Reducer() = default;
  [[nodiscard]] virtual int rank() const noexcept = 0;
  [[nodiscard]] virtual int ranks() const noexcept = 0;

  // gradients: (count) f32 on the trainer's device, complete once the work given to `stream` so far is done, and not
  // touched by the trainer again before wait(). They are to become the sum over all ranks, beside whatever else the
  // stream is given meanwhile. Ranges of one step do not overlap.
  virtual void begin_sum(Stream& stream, TensorView gradients) = 0;
  // What the stream is given from here on sees the sums of all begin_sum so far.
  virtual void wait(Stream& stream) = 0;
  // On the CPU, at once: each value becomes the sum over all ranks.
  virtual void sum(std::span<double> values) = 0;
  // flat: (ranks() * share) f32; rank r has brought [r * share, (r + 1) * share) up to date. Afterwards all have all.
  virtual void gather(Stream& stream, TensorView flat) = 0;
};

}  // namespace holdfast
