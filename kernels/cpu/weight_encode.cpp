#include "kernels/cpu/weight_encode.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "kernels/cpu/weight_blocks.h"
#include "kernels/error.h"

namespace holdfast::cpu {
namespace {

// Stores an f16 and gives back the value that was stored, so that codes are rounded against it.
float encode_put_f16(WeightFormat format, float value, std::byte* at) {
  const std::uint16_t half = f16_of_f32(value);
  const float stored = f32_of_f16(half);
  if (!std::isfinite(stored)) {
    throw NumericError("a block with a scale of " + std::to_string(value) + ": " + std::string(name(format)) +
                       " holds scales up to 65504");
  }
  std::memcpy(at, &half, 2);
  return stored;
}

int encode_code(float value, float scale, int low, int high) {
  if (scale == 0.0f) return std::clamp(0, low, high);
  const float code = std::nearbyint(value / scale);
  return static_cast<int>(std::clamp(code, static_cast<float>(low), static_cast<float>(high)));
}

void encode_put_byte(std::byte* at, int value) { *at = static_cast<std::byte>(value); }

float encode_largest(std::span<const float> values) {
  float largest = 0.0f;
  for (const float value : values) {
    if (std::abs(value) > std::abs(largest)) largest = value;
  }
  return largest;
}

void encode_q8_0(std::span<const float> values, std::byte* out) {
  const float d = encode_put_f16(WeightFormat::q8_0, std::abs(encode_largest(values)) / 127.0f, out);
  for (std::size_t i = 0; i < 32; ++i) encode_put_byte(out + 2 + i, encode_code(values[i], d, -127, 127));
}

// The largest value becomes code 0 (-8), the one end of the range that is 8 away from zero.
void encode_q4_0(std::span<const float> values, std::byte* out) {
  const float d = encode_put_f16(WeightFormat::q4_0, encode_largest(values) / -8.0f, out);
  for (std::size_t i = 0; i < 16; ++i) {
    const int low = encode_code(values[i], d, -8, 7) + 8;
    const int high = encode_code(values[i + 16], d, -8, 7) + 8;
    encode_put_byte(out + 2 + i, low | high << 4);
  }
}

void encode_q4_1(std::span<const float> values, std::byte* out) {
  const auto [low_end, high_end] = std::minmax_element(values.begin(), values.end());
  const float m = encode_put_f16(WeightFormat::q4_1, *low_end, out + 2);
  const float d = encode_put_f16(WeightFormat::q4_1, (*high_end - m) / 15.0f, out);
  for (std::size_t i = 0; i < 16; ++i) {
    const int low = encode_code(values[i] - m, d, 0, 15);
    const int high = encode_code(values[i + 16] - m, d, 0, 15);
    encode_put_byte(out + 4 + i, low | high << 4);
  }
}

// Six bits for each group's scale and minimum, in the order of q4_k and q5_k.
void encode_k_scales(const int* scales, const int* mins, std::byte* out) {
  for (int g = 0; g < 4; ++g) {
    encode_put_byte(out + g, scales[g] | scales[g + 4] >> 4 << 6);
    encode_put_byte(out + g + 4, mins[g] | mins[g + 4] >> 4 << 6);
    encode_put_byte(out + g + 8, (scales[g + 4] & 15) | (mins[g + 4] & 15) << 4);
  }
}

void encode_q4_k(std::span<const float> values, std::byte* out) {
  float wanted_scale[8];
  float wanted_min[8];  // as it is subtracted: never negative
  for (std::size_t g = 0; g < 8; ++g) {
    const auto group = values.subspan(g * 32, 32);
    const auto [low, high] = std::minmax_element(group.begin(), group.end());
    wanted_min[g] = std::max(0.0f, -*low);
    wanted_scale[g] = (std::max(0.0f, *high) + wanted_min[g]) / 15.0f;
  }
  const float d = encode_put_f16(WeightFormat::q4_k, *std::max_element(wanted_scale, wanted_scale + 8) / 63.0f, out);
  const float m = encode_put_f16(WeightFormat::q4_k, *std::max_element(wanted_min, wanted_min + 8) / 63.0f, out + 2);
  int scales[8];
  int mins[8];
  for (std::size_t g = 0; g < 8; ++g) {
    scales[g] = encode_code(wanted_scale[g], d, 0, 63);
    mins[g] = encode_code(wanted_min[g], m, 0, 63);
  }
  encode_k_scales(scales, mins, out + 4);
  for (std::size_t i = 0; i < 128; ++i) {
    const std::size_t column = i / 32 * 64 + i % 32;
    const auto code = [&](std::size_t at) {
      const std::size_t g = at / 32;
      return encode_code(values[at] + m * static_cast<float>(mins[g]), d * static_cast<float>(scales[g]), 0, 15);
    };
    encode_put_byte(out + 16 + i, code(column) | code(column + 32) << 4);
  }
}

}  // namespace

void encode_block(WeightFormat format, std::span<const float> values, std::byte* encoded) {
  switch (format) {
    case WeightFormat::q8_0: return encode_q8_0(values, encoded);
    case WeightFormat::q4_0: return encode_q4_0(values, encoded);
    case WeightFormat::q4_1: return encode_q4_1(values, encoded);
    case WeightFormat::q4_k: return encode_q4_k(values, encoded);
    default: throw ArgumentError(std::string(name(format)) + " is read, but not written");
  }
}

}  // namespace holdfast::cpu
