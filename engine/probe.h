// What the inspector may see of a pass. Without one, nothing is computed for it.
#pragma once

#include <cstdint>
#include <span>

namespace holdfast {

// What one layer did with some tokens of one sequence. Memory of the CPU, valid during the call.
struct ProbeView {
  int sequence = 0;
  std::int64_t layer = 0;
  std::int64_t tokens = 0;
  // (tokens, H): dt A of every token and head, so that the retention of token s at time t is exp of the sum over
  // s < u <= t.
  std::span<const float> log_decay;
  std::span<const float> trace;  // (tokens, H, 3): write, read and skip strength, see kernels/state_stats.h
  std::span<const float> state;  // (H, P, N) after these tokens
};

class Probe {
 public:
  virtual ~Probe() = default;
  virtual void layer(const ProbeView& view) = 0;
};

}  // namespace holdfast
