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

  // ssm() throws ArgumentError where tokens are pending.
  [[nodiscard]] TensorView conv() noexcept { return conv_.view(); }  // (L, C, K-1)  f32, oldest input first
  [[nodiscard]] TensorView ssm();                                    // (L, H, P, N) f32 or bf16
  [[nodiscard]] ConstTensorView conv() const noexcept { return conv_.view(); }
  [[nodiscard]] ConstTensorView ssm() const;
  [[nodiscard]] DType ssm_dtype() const noexcept { return ssm_.view().dtype; }
  [[nodiscard]] TensorView conv(std::int64_t layer);  // (C, K-1)
  [[nodiscard]] TensorView ssm(std::int64_t layer);   // (H, P, N)
  [[nodiscard]] std::size_t bytes() const noexcept { return conv_.bytes() + ssm_.bytes(); }
  void reset(Stream& stream);  // zero again

  // Of tokens that several sequences read together on a GPU, the last few may not have moved ssm() yet: what they put
  // into it waits beside it (kernels/ssd_scan.h). Clones take it along; everything else wants a state that is settled.
  [[nodiscard]] int pending() const noexcept { return pending_count_; }
  void settle(Stream& stream);
  // Memory for tokens that wait, the first time: pending_bytes().
  void make_room_for_pending();
  // For the model's next token that may wait, the place-th sequence of its pass: where, how many do so far, and whether
  // all of them move the state now. It is at every pending_tokens-th token, which is another one from place to place,
  // so that each pass has as many as the next.
  struct Turn {
    std::int64_t state = 0, pending = 0;  // addresses
    int count = 0;
    bool moves = false;
  };
  [[nodiscard]] Turn next_turn(std::size_t place);
  [[nodiscard]] static std::size_t pending_bytes(const Mamba2Config& config);
  // Bytes that a token moves on the average: all twice; where tokens may wait, ssm() is written for every
  // pending_tokens-th alone, and what waits is written once and read until then.
  [[nodiscard]] static double bytes_per_token(const Mamba2Config& config, DType ssm, bool may_wait);

 private:
  [[nodiscard]] std::int64_t groups_times_n() const;
  State(Tensor conv, Tensor ssm) : conv_(std::move(conv)), ssm_(std::move(ssm)) {}
  Tensor conv_;
  Tensor ssm_;
  Tensor pending_;  // (L, pending_tokens, pending_floats)  f32; empty until it is wanted
  int pending_count_ = 0;
  std::size_t turns_ = 0;
};

}  // namespace holdfast
