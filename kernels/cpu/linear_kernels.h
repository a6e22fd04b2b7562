// The inner loops of linear() on the CPU, as one table of function pointers: portable ones (Highway, chosen by
// instruction set at run time), with those of linear_avx512.cpp in their place where the processor has them.
//
// Activations are first copied into records of one row and 256 columns, in the form that the weights are multiplied
// with; rows of a record array are a fixed number of bytes apart that is no power of two, so that a tile's rows do not
// fall into one cache set. Records are [block][row].
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernels/cpu/weight_panels.h"
#include "kernels/linear.h"

namespace holdfast::cpu {

// f32: 256 floats. bf16: 256 values, a missing odd column is zero.
inline constexpr std::size_t f32_record_bytes = 1024 + 64;
inline constexpr std::size_t bf16_record_bytes = 512 + 64;
// Quantised: x = scale[column / 32] * q, |q| <= 32639, NaN in the scale when a value of the 32 is not finite.
// q is 16-bit in column order, or split as q = 256 hi + lo into a plane of hi bytes and a plane of lo bytes.
// extra[g], for each group of 16 or 32 columns that shares a weight scale: affine weights: scale * (sum of q), float;
// others: -offset * (sum of q), 32-bit integer, which turns unsigned codes back into signed ones.
struct QuantRecord {
  std::byte q[512];
  float scale[8];
  union {
    float sum[16];
    std::int32_t correction[16];
  };
  std::byte apart[32];
};
static_assert(sizeof(QuantRecord) == 640);
inline constexpr float quant_record_limit = 32639.0f;  // 256 * 127 + 127

// One tile: rows of x times `panels` panels, over `cols` columns that begin at a block.
struct LinearTile {
  const std::byte* x = nullptr;  // record of the first row, first block
  std::size_t x_block = 0;       // bytes to the same row's record of the next block
  std::int64_t cols = 0;
  std::array<const std::byte*, 4> w{};     // first block of each panel; those beyond the last panel repeat it
  std::array<const std::byte*, 4> next{};  // what the caller will want after this tile, fetched ahead; may be null
  std::size_t w_block = 0;                 // bytes to the next block
  const BlockFormat* quant = nullptr;      // tiles that read packed scales
  std::array<const float*, 4> d{};         // tiles of expanded weights: [group][16] of one block
  std::array<const float*, 4> m{};         // affine
  float* y = nullptr;
  std::int64_t y_stride = 0;
  int outputs = 0;              // that exist, of 16 * panels
  const float* bias = nullptr;  // of the first output; may be null
  bool add = false;             // y += instead of y =
};

using TileKernel = void (*)(const LinearTile&);
inline constexpr int max_tile_rows = 12;

struct TileSet {
  int rows = 0;  // largest tile; 0: there are none
  std::array<TileKernel, max_tile_rows> kernel{};
  std::array<int, max_tile_rows> panels{};  // of the kernel for 1 + i rows
};

struct LinearKernels {
  std::string_view name;
  // Records of one row's block. `columns` <= 256; after an odd last column of bf16 comes a zero.
  void (*record_bf16)(const float* x, int columns, std::byte* record) = nullptr;
  void (*record_quant)(const float* x, int columns, const BlockFormat& quant, std::byte* record) = nullptr;
  // Up to few_rows rows, straight from the packed weights, which are then read once.
  TileSet few_f32, few_f16, few_bf16;
  TileSet few_quant[2][2][2];  // [8-bit codes][group of 32][affine]
  // More rows. f16 weights, and bf16 where there are no bf16 products, are widened block by block into f32.
  TileSet many_f32;
  TileSet many_bf16;         // bf16 records; may be empty
  TileSet many_quant[2][2];  // [group of 32][affine]; 8-bit codes, scales as f32
  // One block of a panel made ready for the many-row tiles.
  void (*expand_f16)(const std::byte* block, int columns, float* out) = nullptr;   // [column][16]
  void (*expand_bf16)(const std::byte* block, int columns, float* out) = nullptr;  // [column][16], columns made even
  void (*expand_codes)(const std::byte* block, int columns, std::byte* out) = nullptr;  // 4-bit to 8-bit
  void (*expand_scales)(const BlockFormat&, const std::byte* block, int columns, float* d, float* m) = nullptr;
};

inline constexpr int few_rows = 8;

[[nodiscard]] LinearKernels portable_linear_kernels();  // for the best target that Highway finds here
// Puts in what this processor can run; bf16 dot products of many rows only where they are wanted.
void add_avx512_linear_kernels(LinearKernels&, bool bf16_dots);
// AMD's processors multiply bf16 twice as fast as f32. Intel's take longer for a dot product of bf16 than for the two
// products of f32 that say the same (seen on one Xeon with AMX), so bf16 weights are widened there.
[[nodiscard]] bool bf16_dots_are_faster();
[[nodiscard]] const LinearKernels& best_linear_kernels();

// linear() with a given table; shapes are checked already.
void linear_with(const LinearKernels&, Stream&, const LinearArgs&);

}  // namespace holdfast::cpu
