// What running a model takes of a device's memory, known before anything is loaded.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/checkpoint.h"
#include "engine/config.h"
#include "engine/weights.h"
#include "kernels/device.h"

namespace holdfast {

struct RunMemory {
  std::size_t weights = 0;
  std::size_t states = 0;       // of all sequences, with tokens that wait beside them; no more with longer texts
  std::size_t activations = 0;  // of the largest block of rows, and the logits
  std::size_t scratch = 0;      // of the products, on a GPU
  [[nodiscard]] std::size_t total() const noexcept { return weights + states + activations + scratch; }
};

// states: f32 or bf16, of what the recurrence keeps. `sequences` at once, prompts of `prompt` tokens (longer ones are
// read in blocks). What a GPU's driver and libraries take for themselves, some 0.5 GiB, is not in it. Throws
// FormatError where the weights cannot be kept as `dtype`.
[[nodiscard]] RunMemory run_memory(DeviceKind where, const Checkpoint& checkpoint, LoadDType dtype,
                                   std::int64_t sequences, std::int64_t prompt, DType states = DType::f32);
[[nodiscard]] RunMemory run_memory(DeviceKind where, const Mamba2Config& config, WeightFormat format,
                                   std::int64_t sequences, std::int64_t prompt, DType states = DType::f32);

// Of the stream's workspace, for a pass over so many tokens of one sequence or one token of each of so many.
[[nodiscard]] std::size_t forward_workspace_bytes(DeviceKind where, const Mamba2Config& config, std::int64_t prompt,
                                                  std::int64_t sequences);

}  // namespace holdfast
