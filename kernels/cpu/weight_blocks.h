// The block formats of GGUF (ggml-quants) taken apart into one plain form, and the 16-bit float formats.
//   one scale:        w = d (code - offset)               or, affine,  w = d code + m
//   scale per group:  w = d scale[g] (code - offset)      or, affine,  w = d scale[g] code - m min[g]
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/weight.h"

namespace holdfast::cpu {

struct BlockFormat {
  int columns = 0;      // of a block
  int bytes = 0;        // of an encoded block
  int packed_bits = 0;  // that a code takes in a packed CPU weight: 4 or 8
  int group = 0;        // columns that share a scale: 16 or 32
  int offset = 0;       // of the code, 0 when affine
  bool affine = false;
  bool grouped = false;  // integer scales per group under d (and integer minima under m)
  int d_at = 0;          // where d stands in an encoded block; m, if any, follows it
};
// columns = 0 for f32, f16 and bf16, which have no blocks.
[[nodiscard]] BlockFormat block_format(WeightFormat) noexcept;

struct QuantBlock {
  std::uint8_t codes[256];  // in column order
  std::int8_t scales[16];   // of each group
  std::uint8_t mins[16];
  std::uint16_t d;  // f16
  std::uint16_t m;  // f16; affine formats only
};
void unpack_block(WeightFormat, const std::byte* encoded, QuantBlock& block) noexcept;
void decode_block(const BlockFormat&, const QuantBlock& block, float* values) noexcept;

[[nodiscard]] inline float f32_of_f16(std::uint16_t half) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t exponent = (half >> 10) & 31U;
  const std::uint32_t mantissa = half & 0x3ffU;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(static_cast<float>(mantissa) * 0x1p-24f) | sign);
  }
  const std::uint32_t wide = exponent == 31 ? 255U : exponent + 112U;
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

// Round to nearest even; beyond 65504 infinity.
[[nodiscard]] inline std::uint16_t f16_of_f32(float value) noexcept {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000U;
  const std::uint32_t size = bits & 0x7fffffffU;
  std::uint32_t half = 0;
  if (size > 0x7f800000U) {
    half = 0x7e00U;
  } else if (size >= 0x477ff000U) {  // 65520, half way from the largest f16 to the next
    half = 0x7c00U;
  } else if (size < 0x38800000U) {  // below 2^-14: adding 1/2 leaves the value as a multiple of 2^-24 in the low bits
    half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(size) + 0.5f) - 0x3f000000U;
  } else {
    half = (size + 0xfffU + ((size >> 13) & 1U) - (112U << 23)) >> 13;
  }
  return static_cast<std::uint16_t>(sign | half);
}

[[nodiscard]] inline float f32_of_bf16(std::uint16_t value) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

[[nodiscard]] inline std::uint16_t bf16_of_f32(float value) noexcept {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>(bits >> 16 | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

}  // namespace holdfast::cpu
