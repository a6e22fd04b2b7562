// Sums of partial results in an order that never changes: kernels leave rows of partial sums, and one kernel adds them.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "kernels/cuda/stream.h"

namespace holdfast::cuda {

// to[n] += scale[n] * sum over r of partial[r * stride + n]
struct PartialRows {
  float* to = nullptr;  // null: this one is left out
  const float* partial = nullptr;
  std::int64_t columns = 0, stride = 0;
  const float* scale = nullptr;  // null: 1
};
// Up to four of as many rows, in one kernel.
void add_partial_rows(CudaStream& stream, std::int64_t rows, std::initializer_list<PartialRows> sums);

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
