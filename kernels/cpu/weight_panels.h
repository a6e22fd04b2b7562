// How the CPU keeps a weight matrix: panels of 16 outputs, so that the lanes of a vector are outputs, an activation is
// broadcast to them, and no product needs a horizontal sum. Rows are padded to 16 with zeros. A panel is one stretch of
// memory, read front to back: its columns come in blocks of 256 (the last may be shorter), and within a block
//   f32, f16   [column][16]
//   bf16       [column / 2][16][2]     an odd last column is paired with a zero
//   8-bit      [column / 4][16][4]     codes (unsigned), 4 columns at a time for the byte dot product
//   4-bit      [32 columns][4][16][4]  the same order; low halves are the first 16 columns of 32, high halves the last
// and after the codes of a block its scales:
//   one scale per 32 columns    f16 d[32 columns][16], affine also f16 m[32 columns][16]
//   integer scales per group    f16 d[16], affine also f16 m[16]; i8 scale[group][16], affine also u8 min[group][16]
// Blocks are padded to 64 bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/cpu/thread_pool.h"
#include "kernels/cpu/weight_blocks.h"
#include "kernels/weight.h"

namespace holdfast::cpu {

inline constexpr int panel_rows = 16;
inline constexpr int panel_block_columns = 256;

struct PanelLayout {
  WeightFormat format = WeightFormat::f32;
  BlockFormat quant;  // quant.columns = 0: a float format
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t panels = 0;
  std::int64_t blocks = 0;      // of a panel
  std::size_t block_bytes = 0;  // of a block of 256 columns
  std::size_t panel_bytes = 0;

  [[nodiscard]] int columns_of(std::int64_t block) const noexcept {
    return static_cast<int>(std::min<std::int64_t>(panel_block_columns, cols - block * panel_block_columns));
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return panel_bytes * static_cast<std::size_t>(panels); }
};
[[nodiscard]] PanelLayout panel_layout(WeightFormat, std::int64_t rows, std::int64_t cols);

// Where the parts of a quantised block of `columns` columns stand, in bytes from its begin.
struct PanelBlockParts {
  std::size_t d = 0;
  std::size_t m = 0;
  std::size_t scales = 0;
  std::size_t mins = 0;
  std::size_t end = 0;
};
[[nodiscard]] inline PanelBlockParts panel_block_parts(const BlockFormat& quant, int columns) noexcept {
  PanelBlockParts parts;
  const auto sixteen = static_cast<std::size_t>(panel_rows);
  const std::size_t d_count = sixteen * (quant.grouped ? 1 : static_cast<std::size_t>(columns / 32));
  const std::size_t scale_count = quant.grouped ? sixteen * static_cast<std::size_t>(columns / quant.group) : 0;
  parts.d = sixteen * static_cast<std::size_t>(columns * quant.packed_bits / 8);
  parts.m = parts.d + 2 * d_count;
  parts.scales = parts.m + (quant.affine ? 2 * d_count : 0);
  parts.mins = parts.scales + scale_count;
  parts.end = parts.mins + (quant.affine ? scale_count : 0);
  return parts;
}

// Packs rows [first, first + count); first is a multiple of 16, and so is count unless these are the last rows. Throws
// FormatError naming a value that is not finite.
void pack_panels(ThreadPool&, std::string_view name, const PanelLayout&, std::int64_t first, std::int64_t count,
                 std::span<const std::byte> encoded, std::byte* packed);
// Throws FormatError "head.weight[12, 7]: nan, weights must be finite".
void require_finite_row(std::string_view name, WeightFormat, std::int64_t row, std::span<const std::byte> encoded,
                        std::int64_t cols);
// One row of the packed matrix to float.
void unpack_panel_row(const PanelLayout&, const std::byte* packed, std::int64_t row, std::span<float> out);

}  // namespace holdfast::cpu
