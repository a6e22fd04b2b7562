// Times each operation of a model's layers by itself, at its real shapes and over its real weights.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model.h"
#include "kernels/device.h"

namespace holdfast::cli {

struct OpTime {
  std::string op;  // "in_proj"; "layer" is a whole layer's token
  bool prefill = false;
  std::int64_t rows = 0;    // tokens of the pass, or sequences of the step
  double seconds = 0.0;     // of one layer, or of the head: the median, all layers after each other
  double operations = 0.0;  // the least it must do: products as two operations, the scan as its recurrence
  double bytes = 0.0;       // the least it must move: each tensor once
};

// A pass over `rows` tokens of one sequence, longer ones as blocks of at most 16 384.
[[nodiscard]] std::vector<OpTime> time_pass_ops(const Mamba2Model& model, Stream& stream, std::int64_t rows);
// A token of each of `rows` sequences. On a GPU the layers are recorded once and replayed, as decoding does.
[[nodiscard]] std::vector<OpTime> time_step_ops(const Mamba2Model& model, Stream& stream, std::int64_t rows);

}  // namespace holdfast::cli
