// How a weight matrix lies in GPU memory. Without loss, and so that neighbouring columns are neighbouring bytes:
//   f32, f16, bf16   rows, each padded with zeros to a multiple of 8 columns
//   quantised        three planes, each row-major: codes | scales of groups | scales of 256 columns
//     codes          8 bits each (q8_0, q5_*, q6_k), or 4 bits, columns 2i and 2i+1 in the low and high half of byte i
//     scales         one-level formats: f16 d, or d and m, per 32 columns; two-level formats: an int8 scale, or a
//                    scale and a minimum, per 16 or 32 columns
//     supers         two-level formats: f16 d, or d and m, per 256 columns
// A value is  scale (code - offset) + base.  Codes are unsigned; those of q8_0 are the file's plus 128.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/weight.h"

namespace holdfast::cuda {

struct BlockTraits {
  int columns = 1;  // of a block of the file
  int bytes = 0;    // of that block
  int code_bits = 0;
  int group = 0;  // columns that share a scale
  int offset = 0;
  bool affine = false;     // has minima
  bool two_level = false;  // scales of groups are integers under a scale of 256 columns
};

[[nodiscard]] constexpr BlockTraits block_traits(WeightFormat format) noexcept {
  switch (format) {
    case WeightFormat::f32: return {1, 4};
    case WeightFormat::f16:
    case WeightFormat::bf16: return {1, 2};
    case WeightFormat::q8_0: return {32, 34, 8, 32, 128, false, false};
    case WeightFormat::q4_0: return {32, 18, 4, 32, 8, false, false};
    case WeightFormat::q4_1: return {32, 20, 4, 32, 0, true, false};
    case WeightFormat::q5_0: return {32, 22, 8, 32, 16, false, false};
    case WeightFormat::q5_1: return {32, 24, 8, 32, 0, true, false};
    case WeightFormat::q2_k: return {256, 84, 4, 16, 0, true, true};
    case WeightFormat::q3_k: return {256, 110, 4, 16, 4, false, true};
    case WeightFormat::q4_k: return {256, 144, 4, 32, 0, true, true};
    case WeightFormat::q5_k: return {256, 176, 8, 32, 0, true, true};
    case WeightFormat::q6_k: return {256, 210, 8, 16, 32, false, true};
  }
  return {};
}

[[nodiscard]] constexpr bool is_quantised(WeightFormat format) noexcept { return block_traits(format).code_bits != 0; }

struct PackedLayout {
  std::int64_t rows = 0, cols = 0;
  std::int64_t code_row = 0, scale_row = 0, super_row = 0;  // bytes of a row in each plane
  std::int64_t scales_at = 0, supers_at = 0;                // where the planes begin
  std::int64_t bytes = 0;
};

[[nodiscard]] constexpr PackedLayout packed_layout(WeightFormat format, std::int64_t rows, std::int64_t cols) noexcept {
  const BlockTraits t = block_traits(format);
  const auto aligned = [](std::int64_t bytes) { return (bytes + 255) / 256 * 256; };
  PackedLayout p{rows, cols};
  if (t.code_bits == 0) {
    p.code_row = (cols + 7) / 8 * 8 * t.bytes;
    p.bytes = p.scales_at = p.supers_at = aligned(rows * p.code_row);
    return p;
  }
  const int parts = t.affine ? 2 : 1;
  p.code_row = cols * t.code_bits / 8;
  p.scale_row = cols / t.group * parts * (t.two_level ? 1 : 2);
  p.super_row = t.two_level ? cols / 256 * parts * 2 : 0;
  p.scales_at = aligned(rows * p.code_row);
  p.supers_at = p.scales_at + aligned(rows * p.scale_row);
  p.bytes = p.supers_at + aligned(rows * p.super_row);
  return p;
}

}  // namespace holdfast::cuda
