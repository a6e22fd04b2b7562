#include "kernels/cpu/weight_blocks.h"

#include <cstring>

namespace holdfast::cpu {
namespace {

std::uint16_t blocks_f16_at(const std::uint8_t* bytes) noexcept {
  return static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);
}

std::uint8_t blocks_low(std::uint8_t byte) noexcept { return byte & 15U; }
std::uint8_t blocks_high(std::uint8_t byte) noexcept { return static_cast<std::uint8_t>(byte >> 4); }

// 16 bytes: low halves are columns 0..15, high halves 16..31.
void blocks_nibbles_32(const std::uint8_t* packed, std::uint8_t* codes) noexcept {
  for (int i = 0; i < 16; ++i) {
    codes[i] = blocks_low(packed[i]);
    codes[i + 16] = blocks_high(packed[i]);
  }
}

// The fifth bits of 32 columns, one bit each in column order.
void blocks_add_fifth_bits(const std::uint8_t* bits, std::uint8_t* codes) noexcept {
  for (int i = 0; i < 32; ++i) codes[i] = static_cast<std::uint8_t>(codes[i] | ((bits[i / 8] >> (i % 8)) & 1) << 4);
}

void blocks_unpack_q2_k(const std::uint8_t* in, QuantBlock& out) noexcept {
  for (int g = 0; g < 16; ++g) {
    out.scales[g] = static_cast<std::int8_t>(blocks_low(in[g]));
    out.mins[g] = blocks_high(in[g]);
  }
  const std::uint8_t* quarters = in + 16;  // 2 x 32 bytes, each with 4 columns that stand 32 apart
  for (int g = 0; g < 8; ++g) {
    for (int i = 0; i < 32; ++i) out.codes[g * 32 + i] = (quarters[g / 4 * 32 + i] >> (g % 4 * 2)) & 3;
  }
}

void blocks_unpack_q3_k(const std::uint8_t* in, QuantBlock& out) noexcept {
  const std::uint8_t* third_bits = in;
  const std::uint8_t* quarters = in + 32;
  const std::uint8_t* scales = in + 96;  // 6 bits each: 8 bytes of low halves, 4 bytes of upper pairs
  for (int g = 0; g < 8; ++g) {
    for (int i = 0; i < 32; ++i) {
      const int low = (quarters[g / 4 * 32 + i] >> (g % 4 * 2)) & 3;
      const int high = (third_bits[i] >> g) & 1;
      out.codes[g * 32 + i] = static_cast<std::uint8_t>(low | high << 2);
    }
  }
  for (int g = 0; g < 16; ++g) {
    const int low = g < 8 ? blocks_low(scales[g]) : blocks_high(scales[g - 8]);
    const int high = (scales[8 + g % 4] >> (g / 4 * 2)) & 3;
    out.scales[g] = static_cast<std::int8_t>((low | high << 4) - 32);
  }
}

// Eight 6-bit scales and eight 6-bit minima in 12 bytes (q4_k and q5_k).
void blocks_unpack_k_scales(const std::uint8_t* in, QuantBlock& out) noexcept {
  for (int g = 0; g < 4; ++g) {
    out.scales[g] = static_cast<std::int8_t>(in[g] & 63);
    out.mins[g] = in[g + 4] & 63;
    out.scales[g + 4] = static_cast<std::int8_t>(blocks_low(in[g + 8]) | in[g] >> 6 << 4);
    out.mins[g + 4] = static_cast<std::uint8_t>(blocks_high(in[g + 8]) | in[g + 4] >> 6 << 4);
  }
}

// 32 bytes hold two groups of 32 columns: low halves, then high halves.
void blocks_unpack_k_nibbles(const std::uint8_t* packed, QuantBlock& out) noexcept {
  for (int pair = 0; pair < 4; ++pair) {
    for (int i = 0; i < 32; ++i) {
      out.codes[pair * 64 + i] = blocks_low(packed[pair * 32 + i]);
      out.codes[pair * 64 + 32 + i] = blocks_high(packed[pair * 32 + i]);
    }
  }
}

void blocks_unpack_q5_k(const std::uint8_t* in, QuantBlock& out) noexcept {
  blocks_unpack_k_scales(in + 4, out);
  blocks_unpack_k_nibbles(in + 48, out);
  const std::uint8_t* fifth_bits = in + 16;
  for (int g = 0; g < 8; ++g) {
    for (int i = 0; i < 32; ++i) {
      std::uint8_t& code = out.codes[g * 32 + i];
      code = static_cast<std::uint8_t>(code | ((fifth_bits[i] >> g) & 1) << 4);
    }
  }
}

void blocks_unpack_q6_k(const std::uint8_t* in, QuantBlock& out) noexcept {
  for (int g = 0; g < 8; ++g) {
    const int half = g / 4;
    const int quarter = g % 4;  // quarters 0, 1: low halves of 64 bytes; 2, 3: high halves
    for (int i = 0; i < 32; ++i) {
      const int low = (in[half * 64 + quarter % 2 * 32 + i] >> (quarter / 2 * 4)) & 15;
      const int high = (in[128 + half * 32 + i] >> (quarter * 2)) & 3;
      out.codes[g * 32 + i] = static_cast<std::uint8_t>(low | high << 4);
    }
  }
  std::memcpy(out.scales, in + 192, 16);
}

}  // namespace

BlockFormat block_format(WeightFormat format) noexcept {
  //            columns, bytes, packed bits, group, offset, affine, grouped, d at
  switch (format) {
    case WeightFormat::f32:
    case WeightFormat::f16:
    case WeightFormat::bf16: return {};
    case WeightFormat::q8_0: return {32, 34, 8, 32, 128, false, false, 0};
    case WeightFormat::q4_0: return {32, 18, 4, 32, 8, false, false, 0};
    case WeightFormat::q4_1: return {32, 20, 4, 32, 0, true, false, 0};
    case WeightFormat::q5_0: return {32, 22, 8, 32, 16, false, false, 0};
    case WeightFormat::q5_1: return {32, 24, 8, 32, 0, true, false, 0};
    case WeightFormat::q2_k: return {256, 84, 4, 16, 0, true, true, 80};
    case WeightFormat::q3_k: return {256, 110, 4, 16, 4, false, true, 108};
    case WeightFormat::q4_k: return {256, 144, 4, 32, 0, true, true, 0};
    case WeightFormat::q5_k: return {256, 176, 8, 32, 0, true, true, 0};
    case WeightFormat::q6_k: return {256, 210, 8, 16, 32, false, true, 208};
  }
  return {};
}

void unpack_block(WeightFormat format, const std::byte* encoded, QuantBlock& out) noexcept {
  const auto* in = reinterpret_cast<const std::uint8_t*>(encoded);
  const BlockFormat shape = block_format(format);
  out.d = blocks_f16_at(in + shape.d_at);
  out.m = shape.affine ? blocks_f16_at(in + shape.d_at + 2) : std::uint16_t{0};
  switch (format) {
    case WeightFormat::f32:
    case WeightFormat::f16:
    case WeightFormat::bf16: break;
    case WeightFormat::q8_0:
      for (int i = 0; i < 32; ++i) out.codes[i] = in[2 + i] ^ 0x80U;
      break;
    case WeightFormat::q4_0: blocks_nibbles_32(in + 2, out.codes); break;
    case WeightFormat::q4_1: blocks_nibbles_32(in + 4, out.codes); break;
    case WeightFormat::q5_0:
      blocks_nibbles_32(in + 6, out.codes);
      blocks_add_fifth_bits(in + 2, out.codes);
      break;
    case WeightFormat::q5_1:
      blocks_nibbles_32(in + 8, out.codes);
      blocks_add_fifth_bits(in + 4, out.codes);
      break;
    case WeightFormat::q2_k: blocks_unpack_q2_k(in, out); break;
    case WeightFormat::q3_k: blocks_unpack_q3_k(in, out); break;
    case WeightFormat::q4_k:
      blocks_unpack_k_scales(in + 4, out);
      blocks_unpack_k_nibbles(in + 16, out);
      break;
    case WeightFormat::q5_k: blocks_unpack_q5_k(in, out); break;
    case WeightFormat::q6_k: blocks_unpack_q6_k(in, out); break;
  }
}

// Products of an f16, a scale of at most 8 bits and a code of at most 6 are exact in f32; an affine sum rounds once.
void decode_block(const BlockFormat& format, const QuantBlock& block, float* values) noexcept {
  const float d = f32_of_f16(block.d);
  const float m = f32_of_f16(block.m);
  for (int i = 0; i < format.columns; ++i) {
    const int group = i / format.group;
    const float scale = format.grouped ? d * static_cast<float>(block.scales[group]) : d;
    const float base = format.grouped ? -(m * static_cast<float>(block.mins[group])) : m;
    const float product = scale * static_cast<float>(block.codes[i] - format.offset);
    values[i] = format.affine ? product + base : product;
  }
}

}  // namespace holdfast::cpu
