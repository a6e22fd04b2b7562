// All that the model remembers of one sequence. Its size does not grow with the sequence.
#pragma once

#include <memory>

#include "engine/config.h"
#include "kernels/device.h"
#include "kernels/tensor.h"

namespace holdfast {

class State {
 public:
  // Zero: nothing read yet. ssm: f32, or bf16 in half the memory on a GPU; ArgumentError for others, or bf16 on the
  // CPU.
  State(std::shared_ptr<Device> device, const Mamba2Config& config, DType ssm = DType::f32);
  // The type itself where such states can be there; throws as the constructor does.
  [[nodiscard]] static DType checked_dtype(const Device& device, DType ssm);
  [[nodiscard]] State clone(Stream& stream) const;
  // What another state of the same model remembers, on whatever device and in whatever type: widened exactly, or
  // rounded to nearest even. The stream is of this state's device or of the other's; waits for it.
  void take(Stream& stream, const State& other);

  [[nodiscard]] TensorView conv() noexcept { return conv_.view(); }  // (L, C, K-1)  f32, oldest input first
  [[nodiscard]] TensorView ssm() noexcept { return ssm_.view(); }    // (L, H, P, N) f32 or bf16
  [[nodiscard]] ConstTensorView conv() const noexcept { return conv_.view(); }
  [[nodiscard]] ConstTensorView ssm() const noexcept { return ssm_.view(); }
  [[nodiscard]] DType ssm_dtype() const noexcept { return ssm_.view().dtype; }
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
