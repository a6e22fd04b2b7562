// Sums of partial results in an order that never changes: kernels leave rows of partial sums, and one kernel adds them.
#pragma once

#include <cstdint>

#include "kernels/cuda/stream.h"

namespace holdfast::cuda {

// to[n] += scale[n] * sum over r of partial[r * stride + n]; scale may be null (1).
void add_partial_rows(CudaStream& stream, float* to, const float* partial, std::int64_t rows, std::int64_t columns,
                      std::int64_t stride, const float* scale = nullptr);

// A block cut from scratch memory, 256-byte aligned relative to its begin.
template <class T>
[[nodiscard]] T* cut_scratch(std::byte*& next, std::int64_t count) {
  auto* begin = reinterpret_cast<T*>(next);
  next += (static_cast<std::size_t>(count) * sizeof(T) + 255) / 256 * 256;
  return begin;
}
[[nodiscard]] constexpr std::size_t scratch_bytes(std::int64_t count, std::size_t each) {
  return (static_cast<std::size_t>(count) * each + 255) / 256 * 256;
}

}  // namespace holdfast::cuda
