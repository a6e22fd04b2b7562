// What the inspector may see of a pass. Without one, nothing is computed for it.
#pragma once

#include <cstdint>
#include <span>

namespace holdfast {

class Probe {
 public:
  virtual ~Probe() = default;
  // After layer `layer` read `tokens` tokens of sequence `sequence`: log_decay is (tokens, H), dt A of every token and
  // head, so that the retention of token s at time t is exp of the sum over s < u <= t. state is (H, P, N) after them.
  // Memory of the CPU, valid during the call.
  virtual void layer(int sequence, std::int64_t layer, std::int64_t tokens, std::span<const float> log_decay,
                     std::span<const float> state) = 0;
};

}  // namespace holdfast
