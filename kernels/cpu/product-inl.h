// The micro-kernel of f32 products whose right-hand matrix has its columns contiguous: left-hand numbers are broadcast,
// so no sum runs across lanes. Included once per Highway target.
#if defined(HOLDFAST_KERNELS_CPU_PRODUCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef HOLDFAST_KERNELS_CPU_PRODUCT_INL_H
#undef HOLDFAST_KERNELS_CPU_PRODUCT_INL_H
#else
#define HOLDFAST_KERNELS_CPU_PRODUCT_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "kernels/cpu/activation-inl.h"

#ifndef HOLDFAST_KERNELS_CPU_PRODUCT_ONCE
#define HOLDFAST_KERNELS_CPU_PRODUCT_ONCE
namespace holdfast::cpu {

constexpr std::int64_t product_padding = 16;   // floats of the widest register
constexpr std::int64_t product_tile_rows = 6;  // of multiply_tile

[[nodiscard]] constexpr std::int64_t product_padded(std::int64_t count) noexcept {
  return (count + product_padding - 1) / product_padding * product_padding;
}

}  // namespace holdfast::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {

// Whether 24 vectors of sums fit the registers, beside what is multiplied; 12 fit everywhere.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr bool product_has_32_registers = true;
#else
constexpr bool product_has_32_registers = false;
#endif

// How the left-hand matrix lies: (r, k) at a[r * a_row + k], or turned at a[k * a_row + r].
enum class Left { rows, turned };

// sum_k a(r, k) b[k, :]; rows of b stand b_row apart.
struct Product {
  const float* a;
  std::int64_t a_row;
  const float* b;
  std::int64_t b_row;
  std::int64_t count;
};

template <Left left_lies, int Rows, int Vectors>
HWY_INLINE void multiply_add(const Product& product, std::int64_t column, hn::Vec<Wide> (&sums)[Rows][Vectors]) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const float* HWY_RESTRICT a = product.a;
  const float* HWY_RESTRICT b = product.b + column;
  for (std::int64_t k = 0; k < product.count; ++k) {
    hn::Vec<Wide> right[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) right[v] = hn::LoadU(d, b + v * lanes);
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r) {
      const auto left = hn::Set(d, left_lies == Left::rows ? a[r * product.a_row + k] : a[r]);
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) sums[r][v] = hn::MulAdd(left, right[v], sums[r][v]);
    }
    if (left_lies == Left::turned) a += product.a_row;
    b += product.b_row;
  }
}

constexpr int product_tile_vectors = product_has_32_registers ? 4 : 2;

// out = (start * start_scale + first) * scale[r] + second, over up to product_tile_rows rows and `columns` columns (a
// multiple of product_padding). The left-hand matrices of both products lie alike.
struct ProductTile {
  const float* start;  // or null: from zero; rows as those of out
  float start_scale;
  Product first;
  const float* scale;  // or null: nothing after `first`
  Product second;
  float* out;
  std::int64_t out_row;
  std::int64_t columns;
};

template <Left left_lies, int Rows, int Vectors>
HWY_NOINLINE void multiply_tile_part(const ProductTile& tile, std::int64_t column) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  hn::Vec<Wide> sums[Rows][Vectors];
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
      sums[r][v] = tile.start == nullptr ? hn::Zero(d)
                                         : hn::Mul(hn::LoadU(d, tile.start + r * tile.out_row + column + v * lanes),
                                                   hn::Set(d, tile.start_scale));
    }
  }
  multiply_add<left_lies>(tile.first, column, sums);
  if (tile.scale != nullptr) {
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r) {
      const auto scale = hn::Set(d, tile.scale[r]);
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) sums[r][v] = hn::Mul(sums[r][v], scale);
    }
    multiply_add<left_lies>(tile.second, column, sums);
  }
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
      hn::StoreU(sums[r][v], d, tile.out + r * tile.out_row + column + v * lanes);
    }
  }
}

template <Left left_lies, int Rows>
HWY_INLINE void multiply_tile_columns(const ProductTile& tile) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(Wide()));
  std::int64_t column = 0;
  for (; column + product_tile_vectors * lanes <= tile.columns; column += product_tile_vectors * lanes) {
    multiply_tile_part<left_lies, Rows, product_tile_vectors>(tile, column);
  }
  for (; column + 2 * lanes <= tile.columns; column += 2 * lanes) multiply_tile_part<left_lies, Rows, 2>(tile, column);
  for (; column < tile.columns; column += lanes) multiply_tile_part<left_lies, Rows, 1>(tile, column);
}

template <Left left_lies>
HWY_INLINE void multiply_tile(const ProductTile& tile, std::int64_t rows) {
  switch (rows) {
    case 6: return multiply_tile_columns<left_lies, 6>(tile);
    case 5: return multiply_tile_columns<left_lies, 5>(tile);
    case 4: return multiply_tile_columns<left_lies, 4>(tile);
    case 3: return multiply_tile_columns<left_lies, 3>(tile);
    case 2: return multiply_tile_columns<left_lies, 2>(tile);
    default: return multiply_tile_columns<left_lies, 1>(tile);
  }
}

// to[j, i] = from[i, j] for i < rows, j < columns, four by four in registers.
HWY_INLINE void turn(const float* from, std::int64_t from_row, std::int64_t rows, std::int64_t columns, float* to,
                     std::int64_t to_row) {
  const hn::Full128<float> d;
  const std::int64_t whole_rows = rows / 4 * 4;
  const std::int64_t whole_columns = columns / 4 * 4;
  for (std::int64_t j = 0; j < whole_columns; j += 4) {
    for (std::int64_t i = 0; i < whole_rows; i += 4) {
      const float* at = from + i * from_row + j;
      const auto r0 = hn::LoadU(d, at);
      const auto r1 = hn::LoadU(d, at + from_row);
      const auto r2 = hn::LoadU(d, at + 2 * from_row);
      const auto r3 = hn::LoadU(d, at + 3 * from_row);
      const auto low02 = hn::InterleaveLower(d, r0, r2), high02 = hn::InterleaveUpper(d, r0, r2);
      const auto low13 = hn::InterleaveLower(d, r1, r3), high13 = hn::InterleaveUpper(d, r1, r3);
      float* out = to + j * to_row + i;
      hn::StoreU(hn::InterleaveLower(d, low02, low13), d, out);
      hn::StoreU(hn::InterleaveUpper(d, low02, low13), d, out + to_row);
      hn::StoreU(hn::InterleaveLower(d, high02, high13), d, out + 2 * to_row);
      hn::StoreU(hn::InterleaveUpper(d, high02, high13), d, out + 3 * to_row);
    }
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t begin = i < whole_rows ? whole_columns : 0;
    for (std::int64_t j = begin; j < columns; ++j) to[j * to_row + i] = from[i * from_row + j];
  }
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
