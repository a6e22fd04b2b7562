// Eight neighbouring columns of a packed weight in registers.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/weight_layout.h"

namespace holdfast::cuda {

struct PackedWeight {
  const std::uint8_t* codes;
  const std::uint8_t* scales;
  const std::uint8_t* supers;
  std::int64_t rows, cols;
  std::int64_t code_row, scale_row, super_row;
};

[[nodiscard]] inline PackedWeight packed_weight(const void* data, WeightFormat format, std::int64_t rows,
                                                std::int64_t cols) {
  const PackedLayout p = packed_layout(format, rows, cols);
  const auto* begin = static_cast<const std::uint8_t*>(data);
  return {begin, begin + p.scales_at, begin + p.supers_at, rows, cols, p.code_row, p.scale_row, p.super_row};
}

// scale and base of the group that column `col` of `row` is in.
struct GroupScale {
  float scale, base;
};
// The same as it lies in memory: of the group, and of 256 columns where there are two levels.
struct RawScale {
  unsigned group, super;
};
// Bytes of the scales of a group, and of 256 columns.
[[nodiscard]] constexpr int group_scale_bytes(WeightFormat format) {
  const BlockTraits t = block_traits(format);
  return t.code_bits == 0 ? 0 : (t.affine ? 2 : 1) * (t.two_level ? 1 : 2);
}
[[nodiscard]] constexpr int super_scale_bytes(WeightFormat format) {
  const BlockTraits t = block_traits(format);
  return !t.two_level ? 0 : t.affine ? 4 : 2;
}
template <int bytes>
__device__ __forceinline__ unsigned load_bytes(const std::uint8_t* at) {
  if constexpr (bytes == 0) return 0;
  if constexpr (bytes == 1) return *at;
  if constexpr (bytes == 2) return *reinterpret_cast<const std::uint16_t*>(at);
  if constexpr (bytes == 4) return *reinterpret_cast<const std::uint32_t*>(at);
}
template <WeightFormat format>
__device__ __forceinline__ GroupScale group_scale(RawScale raw) {
  constexpr BlockTraits t = block_traits(format);
  const auto halves = [](unsigned bits) { return *reinterpret_cast<const __half2*>(&bits); };
  if constexpr (t.code_bits == 0) {
    return {1.0f, 0.0f};
  } else if constexpr (!t.two_level) {
    const __half2 both = halves(raw.group);
    return {__low2float(both), t.affine ? __high2float(both) : 0.0f};
  } else if constexpr (t.affine) {
    const __half2 d = halves(raw.super);
    return {__low2float(d) * static_cast<float>(raw.group & 255U),
            -(__high2float(d) * static_cast<float>(raw.group >> 8 & 255U))};
  } else {
    return {__low2float(halves(raw.super)) * static_cast<float>(static_cast<signed char>(raw.group)), 0.0f};
  }
}
template <WeightFormat format>
__device__ __forceinline__ GroupScale group_scale(const PackedWeight& w, std::int64_t row, std::int64_t col) {
  constexpr BlockTraits t = block_traits(format);
  constexpr int bytes = group_scale_bytes(format);
  constexpr int super_bytes = super_scale_bytes(format);
  RawScale raw{};
  if constexpr (bytes != 0) raw.group = load_bytes<bytes>(w.scales + row * w.scale_row + col / t.group * bytes);
  if constexpr (super_bytes != 0)
    raw.super = load_bytes<super_bytes>(w.supers + row * w.super_row + col / 256 * super_bytes);
  return group_scale<format>(raw);
}

// Eight neighbouring codes as they lie in memory, from a multiple of 8 columns on.
template <WeightFormat format>
struct CodeWords {
  static constexpr int count =
      block_traits(format).code_bits == 0 ? 2 * block_traits(format).bytes : block_traits(format).code_bits / 4;
  unsigned w[count];
};

// Code (less its offset) or value of each.
template <WeightFormat format>
__device__ __forceinline__ void widen_codes(const CodeWords<format>& codes, float (&out)[8]) {
  constexpr BlockTraits t = block_traits(format);
  const auto& words = codes.w;
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    if constexpr (format == WeightFormat::f32) {
      out[i] = __uint_as_float(words[i]);
    } else if constexpr (format == WeightFormat::bf16) {
      out[i] = __uint_as_float(i % 2 == 0 ? words[i / 2] << 16 : words[i / 2] & 0xffff0000u);
    } else if constexpr (format == WeightFormat::f16) {
      const __half2 pair = *reinterpret_cast<const __half2*>(&words[i / 2]);
      out[i] = i % 2 == 0 ? __low2float(pair) : __high2float(pair);
    } else if constexpr (t.code_bits == 8) {
      // A byte in the middle of the mantissa of 2^15 counts in ones.
      const unsigned bits = __byte_perm(words[i / 4], 0x47000000u, 0x7404u | static_cast<unsigned>(i % 4) << 4);
      out[i] = __uint_as_float(bits) - (32768.0f + static_cast<float>(t.offset));
    } else {
      // Four bits at the top of the mantissa of 128 (bits 16 to 19) count in ones.
      const unsigned shifted = i < 4 ? words[0] << (16 - 4 * i) : words[0] >> (4 * i - 16);
      out[i] = __uint_as_float((shifted & 0x000f0000u) | 0x43000000u) - (128.0f + static_cast<float>(t.offset));
    }
  }
}

// Of columns col .. col+7 of a row in device memory; col is a multiple of 8.
template <WeightFormat format>
__device__ __forceinline__ void load_codes(const std::uint8_t* row_codes, std::int64_t col, float (&out)[8]) {
  CodeWords<format> codes;
  constexpr int count = CodeWords<format>::count;
  const std::uint8_t* at = row_codes + col * count / 2;
  if constexpr (count == 1) {
    codes.w[0] = __ldg(reinterpret_cast<const unsigned*>(at));
  } else if constexpr (count == 2) {
    const uint2 v = __ldg(reinterpret_cast<const uint2*>(at));
    codes.w[0] = v.x, codes.w[1] = v.y;
  } else {
#pragma unroll
    for (int i = 0; i < count; i += 4) {
      const uint4 v = __ldg(reinterpret_cast<const uint4*>(at) + i / 4);
      codes.w[i] = v.x, codes.w[i + 1] = v.y, codes.w[i + 2] = v.z, codes.w[i + 3] = v.w;
    }
  }
  widen_codes<format>(codes, out);
}

// Values of columns col .. col+7.
template <WeightFormat format>
__device__ __forceinline__ void load_values(const PackedWeight& w, std::int64_t row, std::int64_t col,
                                            float (&out)[8]) {
  constexpr BlockTraits t = block_traits(format);
  load_codes<format>(w.codes + row * w.code_row, col, out);
  if constexpr (t.code_bits != 0) {
    const GroupScale group = group_scale<format>(w, row, col);
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      // Rounded twice, as the definition of the affine formats does.
      const float product = group.scale * out[i];
      out[i] = t.affine ? __fadd_rn(product, group.base) : product;
    }
  }
}

// Calls visit(std::integral_constant<WeightFormat, ...>) for the run-time format.
template <class Visit>
void with_format(WeightFormat format, Visit visit) {
  switch (format) {
#define HOLDFAST_FORMAT(name) \
  case WeightFormat::name: return visit(std::integral_constant<WeightFormat, WeightFormat::name>{});
    HOLDFAST_FORMAT(f32)
    HOLDFAST_FORMAT(f16)
    HOLDFAST_FORMAT(bf16)
    HOLDFAST_FORMAT(q8_0)
    HOLDFAST_FORMAT(q4_0)
    HOLDFAST_FORMAT(q4_1)
    HOLDFAST_FORMAT(q5_0)
    HOLDFAST_FORMAT(q5_1)
    HOLDFAST_FORMAT(q2_k)
    HOLDFAST_FORMAT(q3_k)
    HOLDFAST_FORMAT(q4_k)
    HOLDFAST_FORMAT(q5_k)
    HOLDFAST_FORMAT(q6_k)
#undef HOLDFAST_FORMAT
  }
}

}  // namespace holdfast::cuda
