// A Mamba-2 language model: tokens and a state in, logits and the state after them out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "engine/checkpoint.h"
#include "engine/config.h"
#include "engine/probe.h"
#include "engine/state.h"
#include "engine/token.h"
#include "engine/weights.h"
#include "kernels/device.h"

namespace holdfast {

enum class LogitRows { none, last, all };

// One sequence's part of a forward pass.
struct SequenceInput {
  std::span<const TokenId> tokens;  // at least one; each in [0, V)
  State* state = nullptr;           // in: after what was read before; out: after these tokens
  std::span<float> logits;          // out, on the CPU: V floats (last), tokens x V (all) or nothing (none)
};

// Immutable after load; share freely between threads, each with its own Stream and State.
class Mamba2Model {
 public:
  [[nodiscard]] static std::shared_ptr<const Mamba2Model> load(Stream& stream,
                                                               std::shared_ptr<const Checkpoint> checkpoint,
                                                               LoadDType dtype = LoadDType::stored,
                                                               const std::function<void(double)>& progress = {},
                                                               DType state_dtype = DType::f32);
  [[nodiscard]] static std::shared_ptr<const Mamba2Model> random(Stream& stream, const Mamba2Config& config,
                                                                 WeightFormat format, std::uint64_t seed,
                                                                 DType state_dtype = DType::f32);

  [[nodiscard]] const Mamba2Config& config() const noexcept { return config_; }
  [[nodiscard]] const Weights& weights() const noexcept { return weights_; }
  [[nodiscard]] const std::shared_ptr<Device>& device() const noexcept { return device_; }
  // Names these very weights in this number format; snapshots carry it.
  // Computed when first asked for, from the checkpoint's bytes.
  [[nodiscard]] const std::string& fingerprint() const;
  [[nodiscard]] LoadDType dtype() const noexcept { return dtype_; }
  [[nodiscard]] DType state_dtype() const noexcept { return state_dtype_; }

  // A state in which nothing was read, as this model keeps it: on its device, in its type of states.
  [[nodiscard]] State new_state() const { return State(device_, config_, state_dtype_); }

  // Reads tokens (one or many) of one or many sequences. Law: forward(a + b) = forward(a); forward(b), up to rounding.
  // Sequences do not influence each other. Long inputs are read in blocks, so that scratch memory stays bounded.
  // Throws ArgumentError for an id outside the vocabulary, before any state has changed.
  void forward(Stream& stream, std::span<const SequenceInput> sequences, LogitRows rows, Probe* probe = nullptr) const;
  void forward(Stream& stream, std::span<const TokenId> tokens, State& state, std::span<float> logits,
               Probe* probe = nullptr) const;  // one sequence; logits of the last token, or empty
  // The same for sequences of one token each, or for one sequence; the last logits stay where the model is, for
  // sample(): (sequences, V) f32, valid until the stream's next forward. SequenceInput::logits is not used. States of
  // several sequences may be left with tokens pending (State::settle).
  [[nodiscard]] ConstTensorView forward_on_device(Stream& stream, std::span<const SequenceInput> sequences) const;
  // The same on a GPU for one token of each sequence, the ones that sample_begin() drew last on this stream, whose
  // values need not be known here yet.
  [[nodiscard]] ConstTensorView forward_drawn(Stream& stream, std::span<State* const> states) const;

 private:
  Mamba2Model();
  std::uint64_t serial_;  // of all models of this process: what recorded work is found by
  std::shared_ptr<Device> device_;
  Mamba2Config config_;
  Weights weights_;
  std::shared_ptr<const Checkpoint> checkpoint_;  // null for random weights
  mutable std::once_flag fingerprint_once_;
  mutable std::string fingerprint_;
  LoadDType dtype_ = LoadDType::stored;
  DType state_dtype_ = DType::f32;
};

}  // namespace holdfast
