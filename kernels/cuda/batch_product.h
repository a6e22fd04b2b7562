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
  // Where x was not normed yet: each of `groups` stretches of its columns is multiplied by 1 / rms. Row r has the norm
  // of row r % norm_rows, whose squares are summed over `units` stretches, units / groups for each group.
  const float* squares = nullptr;  // (norm_rows, units) or null
  std::int64_t norm_rows = 0, units = 0, groups = 1;
  float eps = 0.0f;
};
inline constexpr std::int64_t most_batch_rows = 64;
inline constexpr std::int64_t most_batch_parts = 8;

// In how many parts of its columns a product of this shape should be taken so that every multiprocessor has work; 0:
// not here at all. Columns are a multiple of 8.
[[nodiscard]] std::int64_t batch_product_parts(const CudaStream& stream, std::int64_t rows, std::int64_t outputs,
                                               std::int64_t columns);
// Whether a product in so many parts can norm so many groups.
[[nodiscard]] bool batch_product_norms(std::int64_t columns, std::int64_t parts, std::int64_t groups);
// x and squares are read after the kernel before has ended, the weight at once.
void batch_product(CudaStream& stream, const BatchProduct& product);

}  // namespace holdfast::cuda
