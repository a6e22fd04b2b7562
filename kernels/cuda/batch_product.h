// The product of a bf16 weight with up to 64 rows of x, at the speed at which the weight can be read. (sm_90)
#pragma once

#include <cuda_bf16.h>

#include <cstdint>

#include "kernels/cuda/stream.h"

namespace holdfast::cuda {

struct BatchProduct {
  const __nv_bfloat16* x = nullptr;  // (rows, columns)
  const __nv_bfloat16* w = nullptr;  // (outputs, columns)
  float* y = nullptr;                // (parts, rows, outputs): the sum over the parts is x w^T
  std::int64_t rows = 0, outputs = 0, columns = 0;
  std::int64_t parts = 1;
};
inline constexpr std::int64_t most_batch_rows = 64;
inline constexpr std::int64_t most_batch_parts = 8;

// In how many parts of its columns a product of this shape should be taken so that every multiprocessor has work; 0:
// not here at all. Columns are a multiple of 8.
[[nodiscard]] std::int64_t batch_product_parts(const CudaStream& stream, std::int64_t rows, std::int64_t outputs,
                                               std::int64_t columns);
// x is read after the kernel before has ended, the weight at once.
void batch_product(CudaStream& stream, const BatchProduct& product);

}  // namespace holdfast::cuda
