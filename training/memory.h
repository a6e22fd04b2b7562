// Memory that training will take, part by part, before anything is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/config.h"
#include "kernels/tensor.h"

namespace holdfast {

struct TrainerConfig;

struct MemoryPart {
  std::string name;  // "frozen weights", "weights", "gradients", "optimiser", "activations", "scratch"
  std::size_t bytes = 0;
  std::string reason;  // "129 million numbers, f32 and bf16"
};

struct MemoryEstimate {
  std::vector<MemoryPart> parts;
  std::int64_t kept_layers = 0;        // whose activations are kept; the others' are computed again
  std::int64_t kept_convolutions = 0;  // of these, whose convolution's output is kept as well
  [[nodiscard]] std::size_t bytes() const noexcept;
};

// Of one rank. tokens, sequences: of the largest micro-batch. frozen_bytes: what the frozen matrices of a LoRA or state
// run take (weight_bytes of engine/weights.h), 0 for full training. budget: what the activations may fill up to when
// the choice of recomputation is automatic; 0 = no limit, everything is kept.
[[nodiscard]] MemoryEstimate estimate_memory(const Mamba2Config& model, const TrainerConfig& config,
                                             std::int64_t tokens, std::int64_t sequences, DeviceKind where,
                                             std::size_t frozen_bytes = 0, std::size_t budget = 0, int ranks = 1);

}  // namespace holdfast
