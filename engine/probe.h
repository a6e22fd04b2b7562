// What the inspector may see of a pass. Without a probe nothing is computed for it, and with one only what it wishes
// for; figures are made where the states are, so that nothing larger is copied from a GPU.
#pragma once

#include <cstdint>
#include <span>

namespace holdfast {

// Besides the decays of every token, which are always there.
struct ProbeWish {
  bool trace = false;        // of every token of the pass
  bool norm = false;         // of every head's state after the pass
  bool stable_rank = false;  // the same; needs the norm
  bool states = false;       // the states themselves
};

// What one layer did with some tokens of one sequence. Memory of the CPU, valid during the call.
struct ProbeView {
  int sequence = 0;
  std::int64_t layer = 0;
  std::int64_t tokens = 0;
  // (tokens, H): dt A of every token and head, so that the retention of token s at time t is exp of the sum over
  // s < u <= t.
  std::span<const float> log_decay;
  std::span<const float> trace;  // (tokens, H, 3): write, read and skip strength, see kernels/state_stats.h; or empty
};

// A sequence's states after those tokens; empty is what was not wished for. Memory of the CPU, valid during the call.
struct ProbeStates {
  int sequence = 0;
  std::span<const float> norm, stable_rank;  // (L, H)
  std::span<const float> states;             // (L, H, P, N)
};

class Probe {
 public:
  virtual ~Probe() = default;
  // Before each part of a pass: a long input is read in several.
  [[nodiscard]] virtual ProbeWish wish(int sequence, std::int64_t tokens) = 0;
  virtual void layer(const ProbeView& view) = 0;           // of each layer, in order
  virtual void states(const ProbeStates& /* states */) {}  // after the last layer, when any figure was wished for
};

}  // namespace holdfast
