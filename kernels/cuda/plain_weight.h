// A weight of any format as a plain row-major matrix, for products where it is not the right-hand side alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/stream.h"
#include "kernels/weight.h"

namespace holdfast::cuda {

// Distance of its rows in elements.
[[nodiscard]] inline std::int64_t plain_weight_stride(const Weight& weight) { return (weight.cols() + 7) / 8 * 8; }
// Memory that plain_weight needs; 0 where the weight lies plainly already.
[[nodiscard]] std::size_t plain_weight_bytes(const Weight& weight, DType dtype);
// (rows, cols) in f32 or bf16, in `room` or in the weight itself. In bf16 a weight of f32 or f16 is rounded.
[[nodiscard]] const void* plain_weight(CudaStream& stream, const Weight& weight, DType dtype, void* room);

}  // namespace holdfast::cuda
