// Products of a warpgroup (sm_90a): 64 x n x 16 in bf16 with f32 sums, and copies of tiles by a tensor map.
//
// Tiles in shared memory are rows of 64 bf16 (128 bytes), 64 of them, at addresses that 1024 divides; 16-byte pieces
// change places from row to row as in tile_at<64> (mma.cuh), which is how the copies leave them and the products read
// them. A warp's part of the sums is what mma.cuh calls a fragment: rows g and g + 8 of its 16.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/tensor_map.h"

namespace holdfast::cuda {

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

// ---- where an operand lies

__device__ __forceinline__ std::uint64_t tile_descriptor(unsigned address, unsigned next_columns) {
  constexpr std::uint64_t swizzle_128 = std::uint64_t{1} << 62;
  constexpr std::uint64_t next_rows = 8 * tile_columns * 2;
  return swizzle_128 | (next_rows >> 4) << 32 | std::uint64_t{next_columns >> 4} << 16 | (address & 0x3ffffU) >> 4;
}
// An operand whose k runs along the rows: k is 16 columns of a tile. Step t of a tile: 32 t bytes further.
__device__ __forceinline__ std::uint64_t k_along_rows(unsigned address, int step) {
  return tile_descriptor(address + static_cast<unsigned>(step) * 32U, 16);
}
// An operand whose k runs down the rows: k is 16 rows of a tile, n its columns and those of the tile behind it.
__device__ __forceinline__ std::uint64_t k_down_rows(unsigned address, int step) {
  return tile_descriptor(address + static_cast<unsigned>(step) * 16U * tile_columns * 2U, tile_bytes);
}

// ---- products

// Before the first product, and whenever registers of sums or of A were written since the last.
__device__ __forceinline__ void products_begin() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void products_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
// Until at most `pending` groups are under way. Their sums may be touched afterwards, behind hold().
template <int pending>
__device__ __forceinline__ void products_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}
// Keeps the compiler from moving uses of these registers to before a wait.
template <int n>
__device__ __forceinline__ void hold(float (&d)[n][4]) {
#pragma unroll
  for (int j = 0; j < n; ++j) asm volatile("" : "+f"(d[j][0]), "+f"(d[j][1]), "+f"(d[j][2]), "+f"(d[j][3])::"memory");
}

// Behind a wait, for operands in registers: what is under way still reads them, which the compiler does not know.
template <int n>
__device__ __forceinline__ void keep_until_here(const unsigned (&a)[n][4]) {
#pragma unroll
  for (int k = 0; k < n; ++k) asm volatile("" ::"r"(a[k][0]), "r"(a[k][1]), "r"(a[k][2]), "r"(a[k][3]) : "memory");
}

#define HOLDFAST_SUMS_4(d, j) "+f"(d[j][0]), "+f"(d[j][1]), "+f"(d[j][2]), "+f"(d[j][3])
#define HOLDFAST_SUMS_32(d, j)                                                                            \
  HOLDFAST_SUMS_4(d, j), HOLDFAST_SUMS_4(d, j + 1), HOLDFAST_SUMS_4(d, j + 2), HOLDFAST_SUMS_4(d, j + 3), \
      HOLDFAST_SUMS_4(d, j + 4), HOLDFAST_SUMS_4(d, j + 5), HOLDFAST_SUMS_4(d, j + 6), HOLDFAST_SUMS_4(d, j + 7)
#define HOLDFAST_LIST_32                                                                                               \
  "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30," \
  "%31"
#define HOLDFAST_LIST_64                                                                                              \
  HOLDFAST_LIST_32                                                                                                    \
  ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59," \
  "%60,%61,%62,%63"

// d (64, 64) = or += a (64, 16) b (64, 16)^T, both from shared memory with k along the rows.
__device__ __forceinline__ void product_64(float (&d)[8][4], std::uint64_t a, std::uint64_t b, bool add) {
  asm volatile(
      "{\n"
      ".reg .pred add;\n"
      "setp.ne.b32 add, %34, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" HOLDFAST_LIST_32
      "}, %32, %33, add, 1, 1, 0, 0;\n"
      "}"
      : HOLDFAST_SUMS_32(d, 0)
      : "l"(a), "l"(b), "r"(static_cast<int>(add)));
}
// d (64, 64) += a (64, 16) b (16, 64): a from registers, k down the rows of b.
__device__ __forceinline__ void add_product(float (&d)[8][4], const unsigned (&a)[4], std::uint64_t b) {
  asm volatile(
      "{\n.reg .pred add;\nsetp.ne.b32 add, 1, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" HOLDFAST_LIST_32
      "}, {%32,%33,%34,%35}, %36, add, 1, 1, 1;\n}"
      : HOLDFAST_SUMS_32(d, 0)
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}
// The same with b (16, 128), in two tiles.
__device__ __forceinline__ void add_product(float (&d)[16][4], const unsigned (&a)[4], std::uint64_t b) {
  asm volatile(
      "{\n.reg .pred add;\nsetp.ne.b32 add, 1, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" HOLDFAST_LIST_64
      "}, {%64,%65,%66,%67}, %68, add, 1, 1, 1;\n}"
      : HOLDFAST_SUMS_32(d, 0), HOLDFAST_SUMS_32(d, 8)
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

#undef HOLDFAST_SUMS_4
#undef HOLDFAST_SUMS_32
#undef HOLDFAST_LIST_32
#undef HOLDFAST_LIST_64

// 2^x; results that are not normal are zero.
__device__ __forceinline__ float exp2_quick(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// ---- tiles

// A barrier that is used again and again: until it was passed `round` times before this.
__device__ __forceinline__ void barrier_wait_round(std::uint64_t& barrier, int round) {
  barrier_wait(static_cast<unsigned>(__cvta_generic_to_shared(&barrier)), static_cast<unsigned>(round) & 1U);
}

// What this thread wrote to shared memory may be read by products and copies of others, behind the next barrier.
__device__ __forceinline__ void show_to_products() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// Four 8 x 8 matrices of 16 bits; lane l gives the address of row l % 8 of matrix l / 8.
__device__ __forceinline__ void store_matrices(unsigned address, unsigned a, unsigned b, unsigned c, unsigned d) {
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1,%2,%3,%4};" ::"r"(address), "r"(a), "r"(b), "r"(c),
               "r"(d)
               : "memory");
}

// Sums of a warpgroup (64, N) as bf16 to N / 64 tiles; `first`: the warp's rows begin there.
template <int N>
__device__ __forceinline__ void leave_sums(const float (&d)[N / 8][4], const void* tiles, int first) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int row = first + lane % 8 + lane / 8 % 2 * 8;
#pragma unroll
  for (int j = 0; j < N / 8; j += 2) {
    const unsigned at = shared_address(tiles) + static_cast<unsigned>(j / 8) * tile_bytes +
                        tile_at<tile_columns>(row, j % 8 + lane / 16);
    store_matrices(at, pack_bf16(d[j][0], d[j][1]), pack_bf16(d[j][2], d[j][3]), pack_bf16(d[j + 1][0], d[j + 1][1]),
                   pack_bf16(d[j + 1][2], d[j + 1][3]));
  }
}

// A tile turned and its rows weighted, as the operand of four products: row m of the operand is column m of the tile, k
// its row. weight(t): of rows t and t + 1.
template <class Weight>
__device__ __forceinline__ void turned_operand(unsigned (&a)[tile_rows / 16][4], const void* tile, int first,
                                               Weight weight) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
  for (int k = 0; k < tile_rows / 16; ++k) {
    load_matrices_transposed(a[k], shared_address(tile) + tile_at<tile_columns>(k * 16 + lane % 8 + lane / 16 * 8,
                                                                                first / 8 + lane / 8 % 2));
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float2 w = weight(k * 16 + half * 8 + lane % 4 * 2);
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        a[k][half * 2 + i] = pack_bf16(w.x * low_bf16(a[k][half * 2 + i]), w.y * high_bf16(a[k][half * 2 + i]));
      }
    }
  }
}

#endif

}  // namespace holdfast::cuda
