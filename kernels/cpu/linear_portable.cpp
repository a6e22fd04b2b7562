// Tiles of linear() in Highway, compiled for each instruction set and chosen at run time. A panel's 16 outputs are one
// to four vectors. Codes are widened to 16 bits and multiplied in pairs, so records keep 16-bit activations in order.
#include "kernels/cpu/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/linear_portable.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "kernels/cpu/linear_kernels.h"

#undef HOLDFAST_UNROLL
#if defined(__clang__)
#define HOLDFAST_UNROLL _Pragma("unroll")
#else
#define HOLDFAST_UNROLL _Pragma("GCC unroll 16")
#endif

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using LaneTag = hn::CappedTag<float, 16>;  // NOLINT: the vector of sums
using IntTag = hn::RebindToSigned<LaneTag>;
constexpr int lanes = static_cast<int>(hn::MaxLanes(LaneTag()));  // all targets built here have a fixed width
constexpr int vectors = panel_rows / lanes;                       // of a panel
constexpr int float_rows = lanes >= 8 ? 6 : 3;                    // of a tile, so that its sums fit 16 registers
using Floats = hn::Vec<LaneTag>;
using Ints = hn::Vec<IntTag>;

template <int R>
void store_sums(const LinearTile& t, const float* sums) {
  const int valid = std::min(panel_rows, t.outputs);
  for (int r = 0; r < R; ++r) {
    float* y = t.y + r * t.y_stride;
    for (int i = 0; i < valid; ++i) {
      const float value = sums[r * panel_rows + i] + (t.bias == nullptr ? 0.0f : t.bias[i]);
      y[i] = t.add ? value + y[i] : value;
    }
  }
}

// Sixteen weights of one column (f32, f16) or the even and odd ones of two (bf16), as vectors of f32.
enum class Kind { f32, f16, bf16 };

template <Kind kind>
HWY_INLINE Floats weights_of(const std::byte* at, int v, int odd) {
  const LaneTag d;
  if constexpr (kind == Kind::f32) {
    return hn::LoadU(d, reinterpret_cast<const float*>(at) + v * lanes);
  } else if constexpr (kind == Kind::f16) {
    const hn::Rebind<hwy::float16_t, LaneTag> half;
    return hn::PromoteTo(d, hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(at) + v * lanes));
  } else {
    const hn::RebindToUnsigned<LaneTag> u;
    const auto pair = hn::LoadU(u, reinterpret_cast<const std::uint32_t*>(at) + v * lanes);
    return hn::BitCast(d, odd == 0 ? hn::ShiftLeft<16>(pair) : hn::And(pair, hn::Set(u, 0xffff0000U)));
  }
}

template <Kind kind, int R>
void float_tile(const LinearTile& t) {
  const LaneTag d;
  constexpr int columns_per_line = kind == Kind::bf16 ? 2 : 1;
  constexpr std::size_t line = kind == Kind::f16 ? 32 : 64;
  Floats sum[R][vectors];
  HOLDFAST_UNROLL
  for (int r = 0; r < R; ++r) {
    HOLDFAST_UNROLL
    for (int v = 0; v < vectors; ++v) sum[r][v] = hn::Zero(d);
  }
  const std::byte* w = t.w[0];
  const std::byte* x = t.x;
  for (std::int64_t left = t.cols; left > 0; left -= panel_block_columns) {
    const int columns = static_cast<int>(std::min<std::int64_t>(panel_block_columns, left));
    const int lines = (columns + columns_per_line - 1) / columns_per_line;
    for (int i = 0; i < lines * columns_per_line; ++i) {
      const std::byte* at = w + static_cast<std::size_t>(i / columns_per_line) * line;
      HOLDFAST_UNROLL
      for (int v = 0; v < vectors; ++v) {
        const Floats weights = weights_of<kind>(at, v, i % columns_per_line);
        HOLDFAST_UNROLL
        for (int r = 0; r < R; ++r) {
          const auto* row = reinterpret_cast<const float*>(x + static_cast<std::size_t>(r) * f32_record_bytes);
          sum[r][v] = hn::MulAdd(weights, hn::Set(d, row[i]), sum[r][v]);
        }
      }
    }
    w += t.w_block;
    x += t.x_block;
  }
  alignas(64) float sums[R * panel_rows];
  HOLDFAST_UNROLL
  for (int r = 0; r < R; ++r) {
    HOLDFAST_UNROLL
    for (int v = 0; v < vectors; ++v) hn::StoreU(sum[r][v], d, sums + r * panel_rows + v * lanes);
  }
  store_sums<R>(t, sums);
}

HWY_INLINE Floats floats_of_f16(const std::byte* at, int v) { return weights_of<Kind::f16>(at, v, 0); }

HWY_INLINE Floats floats_of_i8(const std::byte* at, int v) {
  const LaneTag d;
  const hn::Rebind<std::int8_t, LaneTag> narrow;
  const IntTag wide;
  return hn::ConvertTo(d, hn::PromoteTo(wide, hn::LoadU(narrow, reinterpret_cast<const std::int8_t*>(at) + v * lanes)));
}

void expand_scales(const BlockFormat& quant, const std::byte* block, int columns, float* d, float* m) {
  const LaneTag tag;
  const PanelBlockParts parts = panel_block_parts(quant, columns);
  for (int g = 0; g < columns / quant.group; ++g) {
    const auto at = static_cast<std::size_t>(g * panel_rows);
    for (int v = 0; v < vectors; ++v) {
      const std::size_t f16_at = quant.grouped ? 0 : 2 * at;
      Floats scale = floats_of_f16(block + parts.d + f16_at, v);
      if (quant.grouped) scale = hn::Mul(scale, floats_of_i8(block + parts.scales + at, v));
      hn::StoreU(scale, tag, d + at + static_cast<std::size_t>(v * lanes));
      if (!quant.affine) continue;
      Floats base = floats_of_f16(block + parts.m + f16_at, v);
      if (quant.grouped) base = hn::Neg(hn::Mul(base, floats_of_i8(block + parts.mins + at, v)));
      hn::StoreU(base, tag, m + at + static_cast<std::size_t>(v * lanes));
    }
  }
}

// The dot products of 4 columns, as two sums of pairs per output: lanes (o0: c0 c1), (o0: c2 c3), (o1: c0 c1), ...
using CodeTag = hn::Rebind<std::uint8_t, hn::Repartition<std::int16_t, IntTag>>;
using WideTag = hn::Repartition<std::int16_t, IntTag>;

template <int Bits>
HWY_INLINE hn::Vec<WideTag> codes_of(const std::byte* codes, int thirty_two, int u, int part) {
  const CodeTag narrow;
  const WideTag wide;
  const auto lanes_of_part = hn::Lanes(wide);
  const std::size_t at = static_cast<std::size_t>(part) * lanes_of_part;
  if constexpr (Bits == 8) {
    const std::byte* line = codes + static_cast<std::size_t>(thirty_two * 8 + u) * 64;
    return hn::PromoteTo(wide, hn::LoadU(narrow, reinterpret_cast<const std::uint8_t*>(line) + at));
  } else {
    const std::byte* line = codes + static_cast<std::size_t>(thirty_two * 4 + u % 4) * 64;
    const auto pairs = hn::PromoteTo(wide, hn::LoadU(narrow, reinterpret_cast<const std::uint8_t*>(line) + at));
    return u < 4 ? hn::And(pairs, hn::Set(wide, 15)) : hn::ShiftRight<4>(pairs);
  }
}

// Four 16-bit activations, repeated over the vector.
HWY_INLINE hn::Vec<WideTag> broadcast_four(const std::byte* at) {
  const WideTag wide;
  const hn::Repartition<std::int64_t, WideTag> quad;
  std::int64_t four = 0;
  std::memcpy(&four, at, 8);
  return hn::BitCast(wide, hn::Set(quad, four));
}

// sums[r][16] += scale * (codes * q of one group). Pair sums stay in two vectors per row for each half of a vector of
// outputs, in the order that Highway's multiply-add leaves them, and are put in order once per group.
template <int R, int Bits, int Group, bool Affine>
HWY_INLINE void multiply_group(const std::byte* x, const std::byte* w, const float* d, const float* m, int thirty_two,
                               int half, float* sums) {
  const LaneTag tag;
  const IntTag ints;
  const int group = Group == 16 ? thirty_two * 2 + half : thirty_two;
  for (int v = 0; v < vectors; ++v) {
    Ints first[R][2];
    Ints second[R][2];
    HOLDFAST_UNROLL
    for (int r = 0; r < R; ++r) {
      first[r][0] = first[r][1] = second[r][0] = second[r][1] = hn::Zero(ints);
    }
    for (int u = 0; u < Group / 4; ++u) {
      const int unit = half * 4 + u;
      const auto low = codes_of<Bits>(w, thirty_two, unit, 2 * v);
      const auto high = codes_of<Bits>(w, thirty_two, unit, 2 * v + 1);
      const auto at = 2 * static_cast<std::size_t>(thirty_two * 32 + unit * 4);
      HOLDFAST_UNROLL
      for (int r = 0; r < R; ++r) {
        const auto four = broadcast_four(x + static_cast<std::size_t>(r) * sizeof(QuantRecord) + at);
        first[r][0] = hn::ReorderWidenMulAccumulate(ints, low, four, first[r][0], first[r][1]);
        second[r][0] = hn::ReorderWidenMulAccumulate(ints, high, four, second[r][0], second[r][1]);
      }
    }
    const auto at = static_cast<std::size_t>(group * panel_rows + v * lanes);
    HOLDFAST_UNROLL
    for (int r = 0; r < R; ++r) {
      const auto* record = reinterpret_cast<const QuantRecord*>(x + static_cast<std::size_t>(r) * sizeof(QuantRecord));
      const Ints low = hn::RearrangeToOddPlusEven(first[r][0], first[r][1]);
      const Ints high = hn::RearrangeToOddPlusEven(second[r][0], second[r][1]);
      Ints dot = hn::Add(hn::ConcatEven(ints, high, low), hn::ConcatOdd(ints, high, low));
      if constexpr (!Affine) dot = hn::Add(dot, hn::Set(ints, record->correction[group]));
      const Floats factor = hn::Mul(hn::LoadU(tag, d + at), hn::Set(tag, record->scale[thirty_two]));
      float* sum = sums + r * panel_rows + v * lanes;
      Floats total = hn::MulAdd(factor, hn::ConvertTo(tag, dot), hn::LoadU(tag, sum));
      if constexpr (Affine) total = hn::MulAdd(hn::LoadU(tag, m + at), hn::Set(tag, record->sum[group]), total);
      hn::StoreU(total, tag, sum);
    }
  }
}

// Bits 4 or 8: packed blocks, scales expanded here. Bits 0: 8-bit codes and expanded scales of a single block.
template <int R, int Bits, int Group, bool Affine>
void quant_tile(const LinearTile& t) {
  constexpr int code_bits = Bits == 0 ? 8 : Bits;
  alignas(64) float d_here[Bits == 0 ? 16 : 256];
  alignas(64) float m_here[Bits == 0 || !Affine ? 16 : 256];
  alignas(64) float sums[R * panel_rows] = {};
  const float* d = Bits == 0 ? t.d[0] : d_here;
  const float* m = Bits == 0 ? t.m[0] : m_here;
  const std::byte* w = t.w[0];
  const std::byte* x = t.x;
  for (std::int64_t left = t.cols; left > 0; left -= panel_block_columns) {
    const int columns = static_cast<int>(std::min<std::int64_t>(panel_block_columns, left));
    if constexpr (Bits != 0) expand_scales(*t.quant, w, columns, d_here, m_here);
    for (int i = 0; i < columns / 32; ++i) {
      multiply_group<R, code_bits, Group, Affine>(x, w, d, m, i, 0, sums);
      if constexpr (Group == 16) multiply_group<R, code_bits, Group, Affine>(x, w, d, m, i, 1, sums);
    }
    w += t.w_block;
    x += t.x_block;
  }
  store_sums<R>(t, sums);
}

void record_quant(const float* x, int columns, const BlockFormat& quant, std::byte* bytes) {
  auto* record = reinterpret_cast<QuantRecord*>(bytes);
  auto* q = reinterpret_cast<std::int16_t*>(record->q);
  for (int i = 0; i < columns / 32; ++i) {
    std::uint32_t largest_bits = 0;  // compared as integers, so that a NaN is the largest
    for (int c = 0; c < 32; ++c) {
      largest_bits = std::max(largest_bits, std::bit_cast<std::uint32_t>(x[32 * i + c]) & 0x7fffffffU);
    }
    const float largest = std::bit_cast<float>(largest_bits);
    const bool finite = largest_bits < 0x7f800000U;
    const bool zero = !finite || largest < 0x1p-100f;
    const float inverse = zero ? 0.0f : quant_record_limit / largest;
    record->scale[i] = !finite ? std::bit_cast<float>(0x7fc00000U) : zero ? 0.0f : largest / quant_record_limit;
    std::int32_t sums[2] = {};
    for (int c = 0; c < 32; ++c) {
      const int value = zero ? 0 : static_cast<int>(std::lrint(x[32 * i + c] * inverse));
      q[32 * i + c] = static_cast<std::int16_t>(value);
      sums[quant.group == 16 ? c / 16 : 0] += value;
    }
    for (int half = 0; half < 32 / quant.group; ++half) {
      const int group = quant.group == 16 ? 2 * i + half : i;
      if (quant.affine) {
        record->sum[group] = record->scale[i] * static_cast<float>(sums[half]);
      } else {
        record->correction[group] = -quant.offset * sums[half];
      }
    }
  }
}

template <Kind kind>
void expand_floats(const std::byte* block, int columns, float* out) {
  const LaneTag d;
  constexpr int columns_per_line = kind == Kind::bf16 ? 2 : 1;
  constexpr std::size_t line = kind == Kind::f16 ? 32 : 64;
  const int whole = (columns + columns_per_line - 1) / columns_per_line * columns_per_line;
  for (int i = 0; i < whole; ++i) {
    const std::byte* at = block + static_cast<std::size_t>(i / columns_per_line) * line;
    for (int v = 0; v < vectors; ++v) {
      hn::StoreU(weights_of<kind>(at, v, i % columns_per_line), d, out + i * panel_rows + v * lanes);
    }
  }
}

void expand_codes(const std::byte* block, int columns, std::byte* out) {
  for (int i = 0; i < columns / 32; ++i) {
    for (int b = 0; b < 256; ++b) {
      const std::byte pair = block[i * 256 + b];
      out[i * 512 + b] = pair & std::byte{15};
      out[i * 512 + 256 + b] = pair >> 4;
    }
  }
}

template <template <int> class Choose, int... Less>
TileSet tiles(std::integer_sequence<int, Less...>) {
  TileSet set;
  set.rows = static_cast<int>(sizeof...(Less));
  ((set.kernel[Less] = Choose<Less + 1>::kernel, set.panels[Less] = 1), ...);
  return set;
}

template <Kind kind>
struct Float {
  template <int R>
  struct Choose {
    static constexpr TileKernel kernel = float_tile<kind, R>;
  };
};
template <int Bits, int Group, bool Affine>
struct Quant {
  template <int R>
  struct Choose {
    static constexpr TileKernel kernel = quant_tile<R, Bits, Group, Affine>;
  };
};

template <int Group, bool Affine>
void add_quant(LinearKernels& kernels) {
  using Rows = std::make_integer_sequence<int, 6>;
  kernels.few_quant[0][Group == 32][Affine] = tiles<Quant<4, Group, Affine>::template Choose>(Rows{});
  kernels.few_quant[1][Group == 32][Affine] = tiles<Quant<8, Group, Affine>::template Choose>(Rows{});
  kernels.many_quant[Group == 32][Affine] = tiles<Quant<0, Group, Affine>::template Choose>(Rows{});
}

LinearKernels make_kernels() {
  using Rows = std::make_integer_sequence<int, float_rows>;
  LinearKernels kernels;
  kernels.name = hwy::TargetName(HWY_TARGET);
  kernels.record_quant = record_quant;
  kernels.few_f32 = tiles<Float<Kind::f32>::Choose>(Rows{});
  kernels.few_f16 = tiles<Float<Kind::f16>::Choose>(Rows{});
  kernels.few_bf16 = tiles<Float<Kind::bf16>::Choose>(Rows{});
  kernels.many_f32 = kernels.few_f32;
  add_quant<16, false>(kernels);
  add_quant<16, true>(kernels);
  add_quant<32, false>(kernels);
  add_quant<32, true>(kernels);
  kernels.expand_f16 = expand_floats<Kind::f16>;
  kernels.expand_bf16 = expand_floats<Kind::bf16>;
  kernels.expand_codes = expand_codes;
  kernels.expand_scales = expand_scales;
  return kernels;
}

}  // namespace HWY_NAMESPACE
}  // namespace holdfast::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {

HWY_EXPORT(make_kernels);

LinearKernels portable_linear_kernels() { return HWY_DYNAMIC_DISPATCH(make_kernels)(); }

}  // namespace holdfast::cpu
#endif
