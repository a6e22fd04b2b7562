// All that the model remembers of one sequence. Its size does not grow with the sequence.
#pragma once

#include <memory>

#include "engine/config.h"
#include "kernels/device.h"
#include "kernels/tensor.h"

namespace holdfast {

class State {
 public:
  State(std::shared_ptr<Device> device, const Mamba2Config& config);  // zero: nothing read yet
  [[nodiscard]] State clone(Stream& stream) const;

  [[nodiscard]] TensorView conv() noexcept { return conv_.view(); }  // (L, C, K-1)  f32, oldest input first
  [[nodiscard]] TensorView ssm() noexcept { return ssm_.view(); }    // (L, H, P, N) f32
  [[nodiscard]] ConstTensorView conv() const noexcept { return conv_.view(); }
  [[nodiscard]] ConstTensorView ssm() const noexcept { return ssm_.view(); }
  [[nodiscard]] TensorView conv(std::int64_t layer);  // (C, K-1)
  [[nodiscard]] TensorView ssm(std::int64_t layer);   // (H, P, N)
  [[nodiscard]] std::size_t bytes() const noexcept { return conv_.bytes() + ssm_.bytes(); }
  void reset(Stream& stream);  // zero again

 private:
  State(Tensor conv, Tensor ssm) : conv_(std::move(conv)), ssm_(std::move(ssm)) {}
  Tensor conv_;
  Tensor ssm_;
};

}  // namespace holdfast
