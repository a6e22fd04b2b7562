// Weights as 16-bit or 32-bit float matrices, for products of many rows.
#pragma once

#include "kernels/cuda/stream.h"
#include "kernels/weight.h"

namespace holdfast::cuda {

// All rows as bf16 (or f32), `stride` elements apart, in `to`. Columns from cols to stride become zero.
void decode_to_bf16(CudaStream& stream, const Weight& weight, void* to, std::int64_t stride);
void decode_to_f32(CudaStream& stream, const Weight& weight, float* to, std::int64_t stride);

}  // namespace holdfast::cuda
