// From floats to the block formats that Holdfast writes: q8_0, q4_0, q4_1, q4_k.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/weight.h"

namespace holdfast::cpu {

// values: block_columns(format) finite floats. Throws NumericError when they are beyond the format's range.
void encode_block(WeightFormat format, std::span<const float> values, std::byte* encoded);

}  // namespace holdfast::cpu
