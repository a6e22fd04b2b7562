// Maps by which tiles are copied to shared memory (wgmma.cuh): 64 rows of 64 bf16, swizzled.
#pragma once

#include <cuda.h>

#include <cstdint>
#include <vector>

namespace holdfast::cuda {

inline constexpr int tile_rows = 64;
inline constexpr int tile_columns = 64;
inline constexpr unsigned tile_bytes = tile_rows * tile_columns * 2;

// The map of a row-major matrix of bf16 for copy_box, which brings box_rows rows (a multiple of 8, up to 256) at a
// time. base and row_bytes are multiples of 16; throws DeviceError. `in_pairs`: where each tile and its right neighbour
// follow one another, memory is read once for both.
[[nodiscard]] CUtensorMap map_tiles(const void* base, std::int64_t columns, std::int64_t rows, std::int64_t row_bytes,
                                    int box_rows = tile_rows, bool in_pairs = false);

// Any map. sizes and box in elements of `type`, innermost first; strides in bytes, of all dimensions but the innermost.
struct MapShape {
  CUtensorMapDataType type;
  std::vector<cuuint64_t> sizes, strides;
  std::vector<cuuint32_t> box;
  CUtensorMapSwizzle swizzle = CU_TENSOR_MAP_SWIZZLE_NONE;
  CUtensorMapL2promotion promotion = CU_TENSOR_MAP_L2_PROMOTION_L2_128B;  // what the second-level cache reads at a time
};
[[nodiscard]] CUtensorMap make_map(const void* base, const MapShape& shape);

}  // namespace holdfast::cuda
