// Sequences laid end to end on one token axis T, for training: each begins at a multiple of `unit` rows, and the rows
// between the end of one and the begin of the next are padding. Padding stands after its sequence, so nothing that
// counts depends on it; gradients of padding rows are zero because its targets have no loss.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/tensor.h"

namespace holdfast {

struct PackedRows {
  static constexpr std::int64_t unit = 64;
  // (T / unit) i32, on the op's device: the sequence that each stretch of `unit` rows belongs to; 0, ascending, without
  // gaps. T is a multiple of `unit`.
  ConstTensorView sequence_of_unit;
  std::int64_t sequences = 0;
};

// For the checks of the ops: throws ArgumentError where T or sequence_of_unit break the rules above (the values of
// sequence_of_unit are looked at on the CPU alone).
void require_packed(const PackedRows& rows, std::int64_t tokens, DeviceKind where, std::string_view op);

}  // namespace holdfast
