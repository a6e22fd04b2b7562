// What every kernel file needs: how a kernel meets the one before it, and sums over warps and blocks in a fixed order.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "kernels/cuda/stream.h"

namespace holdfast::cuda {

inline constexpr unsigned all_lanes = 0xffffffffu;
inline constexpr int warp_size = 32;

// A kernel that overlaps the end of the one before it (Launch::overlaps) must call this before it reads or writes
// anything that other kernels write. Harmless otherwise.
__device__ __forceinline__ void wait_for_previous() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// The next kernel may start now, as far as blocks have room.
__device__ __forceinline__ void let_next_start() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;");
#endif
}

__device__ __forceinline__ float warp_sum(float value) {
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) value += __shfl_xor_sync(all_lanes, value, step);
  return value;
}

__device__ __forceinline__ float warp_max(float value) {
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) value = fmaxf(value, __shfl_xor_sync(all_lanes, value, step));
  return value;
}

// Sum over the block, the same for every thread. The block is whole warps; `room` holds one float per warp.
__device__ __forceinline__ float block_sum(float value, float* room) {
  value = warp_sum(value);
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  if (threadIdx.x % warp_size == 0) room[warp] = value;
  __syncthreads();
  float total = 0.0f;
  for (unsigned w = 0; w < blockDim.x / warp_size; ++w) total += room[w];
  __syncthreads();
  return total;
}

__device__ __forceinline__ float silu(float x) { return x / (1.0f + expf(-x)); }
// For results that bf16 rounds anyway: about 2^-21.
__device__ __forceinline__ float silu_quick(float x) { return __fdividef(x, 1.0f + __expf(-x)); }

__device__ __forceinline__ float softplus(float x) { return fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x))); }

// Activations are f32 or bf16 in memory, f32 in registers.
__device__ __forceinline__ float to_float(float value) { return value; }
__device__ __forceinline__ float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }
__device__ __forceinline__ void store(float* to, float value) { *to = value; }
__device__ __forceinline__ void store(__nv_bfloat16* to, float value) { *to = __float2bfloat16_rn(value); }

template <class T>
__device__ __forceinline__ float silu_for(float x) {
  return sizeof(T) == 2 ? silu_quick(x) : silu(x);
}

// `width` neighbouring values in one access.
template <class T, int width>
struct alignas(sizeof(T) * width) Piece {
  T values[width];
};
template <class T, int width>
__device__ __forceinline__ void load_piece(const T* from, float (&to)[width]) {
  const auto piece = *reinterpret_cast<const Piece<T, width>*>(from);
#pragma unroll
  for (int i = 0; i < width; ++i) to[i] = to_float(piece.values[i]);
}
template <class T, int width>
__device__ __forceinline__ void store_piece(T* to, const float (&from)[width]) {
  Piece<T, width> piece;
#pragma unroll
  for (int i = 0; i < width; ++i) store(&piece.values[i], from[i]);
  *reinterpret_cast<Piece<T, width>*>(to) = piece;
}

// `bytes`, 4 or 16, to shared memory, without waiting.
template <int bytes>
__device__ __forceinline__ void async_copy(void* to, const void* from) {
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(to));
  if constexpr (bytes == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(at), "l"(from) : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(at), "l"(from), "n"(bytes) : "memory");
  }
}
__device__ __forceinline__ void async_copies_done() { asm volatile("cp.async.wait_all;" ::: "memory"); }

// Where the next place in shared memory may begin behind so many bytes.
[[nodiscard]] constexpr unsigned rounded_up(std::int64_t bytes) {
  return static_cast<unsigned>((bytes + 127) / 128 * 128);
}

// Whether rows of f32 can be read four values at a time.
[[nodiscard]] inline bool quads(const void* data, std::int64_t columns) {
  return columns % 4 == 0 && reinterpret_cast<std::uintptr_t>(data) % 16 == 0;
}

}  // namespace holdfast::cuda
