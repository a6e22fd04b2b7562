// Tiles of linear() for AVX-512: f32 sums, bf16 dot products (AVX512-BF16), byte dot products (AVX512-VNNI).
// A tile keeps its sums in registers: one vector per row and panel (16 outputs), activations broadcast.
#include "kernels/cpu/linear_kernels.h"

#if defined(__x86_64__)
#if !defined(__clang__)  // g++ 12 warns of its own intrinsics (GCC PR 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

// Templates and lambdas take the instruction sets from here; clang has another word for it.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16"))), \
                             apply_to = function)
#define HOLDFAST_UNROLL _Pragma("unroll")
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16")
#define HOLDFAST_UNROLL _Pragma("GCC unroll 16")
#endif

namespace holdfast::cpu {
namespace avx512 {

constexpr std::size_t line = 64;

template <int R, int P>
inline void store_tile(const LinearTile& t, const __m512 (&sum)[R][P]) {
  HOLDFAST_UNROLL
  for (int p = 0; p < P; ++p) {
    const int valid = std::min(16, t.outputs - 16 * p);
    if (valid <= 0) continue;
    const auto mask = static_cast<__mmask16>((1U << valid) - 1U);
    const __m512 bias = t.bias == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask, t.bias + 16 * p);
    HOLDFAST_UNROLL
    for (int r = 0; r < R; ++r) {
      float* y = t.y + r * t.y_stride + 16 * p;
      __m512 value = _mm512_add_ps(sum[r][p], bias);
      if (t.add) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, y));
      _mm512_mask_storeu_ps(y, mask, value);
    }
  }
}

// How a line of weights is multiplied with the activations that belong to it.
struct F32Weights {  // one column per line
  static constexpr int columns = 1;
  static constexpr std::size_t bytes = 64;
  static constexpr std::size_t record = f32_record_bytes;
};
struct F16Weights {
  static constexpr int columns = 1;
  static constexpr std::size_t bytes = 32;
  static constexpr std::size_t record = f32_record_bytes;
};
struct Bf16Weights {  // two columns per line, activations in f32
  static constexpr int columns = 2;
  static constexpr std::size_t bytes = 64;
  static constexpr std::size_t record = f32_record_bytes;
};
struct Bf16Dots {  // two columns per line, activations in bf16
  static constexpr int columns = 2;
  static constexpr std::size_t bytes = 64;
  static constexpr std::size_t record = bf16_record_bytes;
};

inline __m512i broadcast_unit(const std::byte* at) {
  std::int32_t unit = 0;
  std::memcpy(&unit, at, 4);
  return _mm512_set1_epi32(unit);
}
inline __m512 broadcast_float(const std::byte* at) { return _mm512_castsi512_ps(broadcast_unit(at)); }

// sum[r][p] += line `i` of each panel's block times the records of the rows.
template <class Kind, int R, int P>
inline void multiply_line(const std::byte* x, const std::byte* const (&w)[P], int i, __m512 (&sum)[R][P]) {
  const auto at = static_cast<std::size_t>(i) * Kind::bytes;
  if constexpr (std::is_same_v<Kind, Bf16Weights>) {
    __m512 even[P];
    __m512 odd[P];
    HOLDFAST_UNROLL
    for (int p = 0; p < P; ++p) {
      const __m512i pair = _mm512_loadu_si512(w[p] + at);
      even[p] = _mm512_castsi512_ps(_mm512_slli_epi32(pair, 16));
      odd[p] = _mm512_castsi512_ps(_mm512_and_si512(pair, _mm512_set1_epi32(static_cast<int>(0xffff0000U))));
    }
    HOLDFAST_UNROLL
    for (int r = 0; r < R; ++r) {
      const std::byte* row = x + static_cast<std::size_t>(r) * Kind::record + static_cast<std::size_t>(i) * 8;
      const __m512 x_even = broadcast_float(row);
      const __m512 x_odd = broadcast_float(row + 4);
      HOLDFAST_UNROLL
      for (int p = 0; p < P; ++p) {
        sum[r][p] = _mm512_fmadd_ps(even[p], x_even, sum[r][p]);
        sum[r][p] = _mm512_fmadd_ps(odd[p], x_odd, sum[r][p]);
      }
    }
  } else {
    __m512 weights[P];
    HOLDFAST_UNROLL
    for (int p = 0; p < P; ++p) {
      if constexpr (std::is_same_v<Kind, F16Weights>) {
        weights[p] = _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w[p] + at)));
      } else {
        weights[p] = _mm512_castsi512_ps(_mm512_loadu_si512(w[p] + at));
      }
    }
    HOLDFAST_UNROLL
    for (int r = 0; r < R; ++r) {
      const __m512 unit =
          broadcast_float(x + static_cast<std::size_t>(r) * Kind::record + static_cast<std::size_t>(i) * 4);
      HOLDFAST_UNROLL
      for (int p = 0; p < P; ++p) {
        if constexpr (std::is_same_v<Kind, Bf16Dots>) {
          sum[r][p] = _mm512_dpbf16_ps(sum[r][p], (__m512bh)weights[p], (__m512bh)unit);
        } else {
          sum[r][p] = _mm512_fmadd_ps(weights[p], unit, sum[r][p]);
        }
      }
    }
  }
}

// Where block b + 1 is, or what comes after the last block.
template <int P>
inline void find_ahead(const LinearTile& t, bool last, const std::byte* const (&w)[P], const std::byte* (&ahead)[P]) {
  HOLDFAST_UNROLL
  for (int p = 0; p < P; ++p) ahead[p] = last ? t.next[static_cast<std::size_t>(p)] : w[p] + t.w_block;
}

// Tiles that float weights are read by: sums over all blocks of t.
template <class Kind, int R, int P>
void float_tile(const LinearTile& t) {
  __m512 sum[R][P];
  HOLDFAST_UNROLL
  for (int r = 0; r < R; ++r) {
    HOLDFAST_UNROLL
    for (int p = 0; p < P; ++p) sum[r][p] = _mm512_setzero_ps();
  }
  const std::byte* w[P];
  HOLDFAST_UNROLL
  for (int p = 0; p < P; ++p) w[p] = t.w[static_cast<std::size_t>(p)];
  const std::byte* x = t.x;
  for (std::int64_t left = t.cols; left > 0; left -= panel_block_columns) {
    const int columns = static_cast<int>(std::min<std::int64_t>(panel_block_columns, left));
    const int lines = (columns + Kind::columns - 1) / Kind::columns;
    const std::byte* ahead[P];
    find_ahead<P>(t, left <= panel_block_columns, w, ahead);
    for (int i = 0; i < lines; ++i) {
      HOLDFAST_UNROLL
      for (int p = 0; p < P; ++p) {
        _mm_prefetch(reinterpret_cast<const char*>(ahead[p] + static_cast<std::size_t>(i) * Kind::bytes), _MM_HINT_T1);
      }
      multiply_line<Kind, R, P>(x, w, i, sum);
    }
    HOLDFAST_UNROLL
    for (int p = 0; p < P; ++p) w[p] += t.w_block;
    x += t.x_block;
  }
  store_tile<R, P>(t, sum);
}

inline __m512 widen_f16(const std::byte* at) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
}
inline __m512 widen_i8(const std::byte* at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
}

// d[group][16] and m[group][16] of one block as floats, so that w = d code + m (affine) or d (code - offset).
inline void expand_scales(const BlockFormat& quant, const std::byte* block, int columns, float* d, float* m) {
  const PanelBlockParts parts = panel_block_parts(quant, columns);
  const int groups = columns / quant.group;
  if (!quant.grouped) {
    for (int g = 0; g < groups; ++g) {
      _mm512_store_ps(d + 16 * g, widen_f16(block + parts.d + 32 * static_cast<std::size_t>(g)));
      if (quant.affine) _mm512_store_ps(m + 16 * g, widen_f16(block + parts.m + 32 * static_cast<std::size_t>(g)));
    }
    return;
  }
  const __m512 block_d = widen_f16(block + parts.d);
  for (int g = 0; g < groups; ++g) {
    _mm512_store_ps(d + 16 * g,
                    _mm512_mul_ps(block_d, widen_i8(block + parts.scales + 16 * static_cast<std::size_t>(g))));
  }
  if (!quant.affine) return;
  const __m512 block_m = _mm512_sub_ps(_mm512_setzero_ps(), widen_f16(block + parts.m));
  for (int g = 0; g < groups; ++g) {
    _mm512_store_ps(m + 16 * g,
                    _mm512_mul_ps(block_m, widen_i8(block + parts.mins + 16 * static_cast<std::size_t>(g))));
  }
}

// Unit u (4 columns) of the 8 units of 32 columns.
template <int Bits>
inline __m512i load_codes(const std::byte* codes, int thirty_two, int u) {
  if constexpr (Bits == 8) return _mm512_loadu_si512(codes + static_cast<std::size_t>(thirty_two * 8 + u) * line);
  const __m512i pairs = _mm512_loadu_si512(codes + static_cast<std::size_t>(thirty_two * 4 + u % 4) * line);
  return _mm512_and_si512(u < 4 ? pairs : _mm512_srli_epi16(pairs, 4), _mm512_set1_epi8(15));
}

// sum[r][p] += scale * (codes * (256 hi + lo) of one group). One pass over the codes with a sum for each plane while
// registers last; otherwise two passes with one sum, moved up by 8 bits in between.
template <int R, int P, int Bits, int Group, bool Affine>
inline void multiply_group(const std::byte* x, const std::byte* const (&w)[P], const float* const (&d)[P],
                           const float* const (&m)[P], int thirty_two, int half, __m512 (&sum)[R][P]) {
  constexpr int units = Group / 4;
  constexpr bool one_pass = R * P <= 8;
  const auto x_at = static_cast<std::size_t>(thirty_two * 32 + half * 16);
  __m512i high[R][P];
  __m512i low[R][P];
  HOLDFAST_UNROLL
  for (int r = 0; r < R; ++r) {
    HOLDFAST_UNROLL
    for (int p = 0; p < P; ++p) high[r][p] = low[r][p] = _mm512_setzero_si512();
  }
  // Panels outside: a vector of codes is used up before the next is loaded, or g++ loads each several times.
  HOLDFAST_UNROLL
  for (int u = 0; u < units; ++u) {
    HOLDFAST_UNROLL
    for (int p = 0; p < P; ++p) {
      const __m512i codes = load_codes<Bits>(w[p], thirty_two, half * 4 + u);
      HOLDFAST_UNROLL
      for (int r = 0; r < R; ++r) {
        const std::byte* row = x + static_cast<std::size_t>(r) * sizeof(QuantRecord) + x_at + 4 * u;
        high[r][p] = _mm512_dpbusd_epi32(high[r][p], codes, broadcast_unit(row));
        if constexpr (one_pass) low[r][p] = _mm512_dpbusd_epi32(low[r][p], codes, broadcast_unit(row + 256));
      }
    }
  }
  HOLDFAST_UNROLL
  for (int r = 0; r < R; ++r) {
    HOLDFAST_UNROLL
    for (int p = 0; p < P; ++p) high[r][p] = _mm512_slli_epi32(high[r][p], 8);
  }
  if constexpr (!one_pass) {
    HOLDFAST_UNROLL
    for (int u = 0; u < units; ++u) {
      HOLDFAST_UNROLL
      for (int p = 0; p < P; ++p) {
        const __m512i codes = load_codes<Bits>(w[p], thirty_two, half * 4 + u);
        HOLDFAST_UNROLL
        for (int r = 0; r < R; ++r) {
          const std::byte* row = x + static_cast<std::size_t>(r) * sizeof(QuantRecord) + x_at + 4 * u;
          high[r][p] = _mm512_dpbusd_epi32(high[r][p], codes, broadcast_unit(row + 256));
        }
      }
    }
  }
  const int group = Group == 16 ? thirty_two * 2 + half : thirty_two;
  HOLDFAST_UNROLL
  for (int r = 0; r < R; ++r) {
    const auto* record = reinterpret_cast<const QuantRecord*>(x + static_cast<std::size_t>(r) * sizeof(QuantRecord));
    const __m512 scale = _mm512_set1_ps(record->scale[thirty_two]);
    HOLDFAST_UNROLL
    for (int p = 0; p < P; ++p) {
      __m512i dot = one_pass ? _mm512_add_epi32(high[r][p], low[r][p]) : high[r][p];
      if constexpr (!Affine) dot = _mm512_add_epi32(dot, _mm512_set1_epi32(record->correction[group]));
      const __m512 factor = _mm512_mul_ps(_mm512_load_ps(d[p] + 16 * group), scale);
      sum[r][p] = _mm512_fmadd_ps(factor, _mm512_cvtepi32_ps(dot), sum[r][p]);
      if constexpr (Affine) {
        sum[r][p] = _mm512_fmadd_ps(_mm512_load_ps(m[p] + 16 * group), _mm512_set1_ps(record->sum[group]), sum[r][p]);
      }
    }
  }
}

// Bits 4 or 8: packed blocks, scales expanded here. Bits 0: 8-bit codes and expanded scales of a single block.
template <int R, int P, int Bits, int Group, bool Affine>
void quant_tile(const LinearTile& t) {
  constexpr int code_bits = Bits == 0 ? 8 : Bits;
  // 32 columns take as many lines as a code has bits, and less than one for their scales. Into L2: the blocks of four
  // panels, this one and the next, are more than L1 holds.
  constexpr int lines_ahead = code_bits + 1;
  alignas(64) float d_here[P][Bits == 0 ? 16 : 256];
  alignas(64) float m_here[P][Bits == 0 || !Affine ? 16 : 256];
  const float* d[P];
  const float* m[P];
  const std::byte* w[P];
  __m512 sum[R][P];
  HOLDFAST_UNROLL
  for (int p = 0; p < P; ++p) {
    w[p] = t.w[static_cast<std::size_t>(p)];
    d[p] = Bits == 0 ? t.d[static_cast<std::size_t>(p)] : d_here[p];
    m[p] = Bits == 0 ? t.m[static_cast<std::size_t>(p)] : m_here[p];
    HOLDFAST_UNROLL
    for (int r = 0; r < R; ++r) sum[r][p] = _mm512_setzero_ps();
  }
  const std::byte* x = t.x;
  for (std::int64_t left = t.cols; left > 0; left -= panel_block_columns) {
    const int columns = static_cast<int>(std::min<std::int64_t>(panel_block_columns, left));
    const std::byte* ahead[P];
    find_ahead<P>(t, left <= panel_block_columns, w, ahead);
    if constexpr (Bits != 0) {
      for (int p = 0; p < P; ++p) expand_scales(*t.quant, w[p], columns, d_here[p], m_here[p]);
    }
    for (int i = 0; i < columns / 32; ++i) {
      HOLDFAST_UNROLL
      for (int p = 0; p < P; ++p) {
        HOLDFAST_UNROLL
        for (int l = 0; l < lines_ahead; ++l) {
          _mm_prefetch(reinterpret_cast<const char*>(ahead[p] + static_cast<std::size_t>(i * lines_ahead + l) * line),
                       _MM_HINT_T1);
        }
      }
      multiply_group<R, P, code_bits, Group, Affine>(x, w, d, m, i, 0, sum);
      if constexpr (Group == 16) multiply_group<R, P, code_bits, Group, Affine>(x, w, d, m, i, 1, sum);
    }
    HOLDFAST_UNROLL
    for (int p = 0; p < P; ++p) w[p] += t.w_block;
    x += t.x_block;
  }
  store_tile<R, P>(t, sum);
}

void record_bf16(const float* x, int columns, std::byte* record) {
  for (int c = 0; c < columns; c += 16) {
    const auto mask = static_cast<__mmask16>((1U << std::min(16, columns - c)) - 1U);
    const auto rounded = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, x + c));
    std::memcpy(record + 2 * c, &rounded, 32);
  }
}

void record_quant(const float* x, int columns, const BlockFormat& quant, std::byte* bytes) {
  auto* record = reinterpret_cast<QuantRecord*>(bytes);
  const __m512i no_sign = _mm512_set1_epi32(0x7fffffff);
  for (int i = 0; i < columns / 32; ++i) {
    const __m512 value[2] = {_mm512_loadu_ps(x + 32 * i), _mm512_loadu_ps(x + 32 * i + 16)};
    // As integers, so that a NaN is the largest.
    const __m512i size[2] = {_mm512_and_si512(_mm512_castps_si512(value[0]), no_sign),
                             _mm512_and_si512(_mm512_castps_si512(value[1]), no_sign)};
    const int largest_bits = _mm512_reduce_max_epi32(_mm512_max_epi32(size[0], size[1]));
    const float largest = std::bit_cast<float>(largest_bits);
    const bool finite = largest_bits < 0x7f800000;
    const bool zero = !finite || largest < 0x1p-100f;
    const float inverse = zero ? 0.0f : quant_record_limit / largest;
    const float scale = zero ? 0.0f : largest / quant_record_limit;
    record->scale[i] = finite ? scale : std::bit_cast<float>(0x7fc00000U);
    std::int32_t sums[2];
    for (int half = 0; half < 2; ++half) {
      const __m512i q =
          zero ? _mm512_setzero_si512() : _mm512_cvtps_epi32(_mm512_mul_ps(value[half], _mm512_set1_ps(inverse)));
      const __m512i high = _mm512_srai_epi32(_mm512_add_epi32(q, _mm512_set1_epi32(128)), 8);
      const __m128i high_bytes = _mm512_cvtepi32_epi8(high);
      const __m128i low_bytes = _mm512_cvtepi32_epi8(q);
      std::memcpy(record->q + 32 * i + 16 * half, &high_bytes, 16);
      std::memcpy(record->q + 256 + 32 * i + 16 * half, &low_bytes, 16);
      sums[half] = _mm512_reduce_add_epi32(q);
    }
    const bool halves = quant.group == 16;
    if (!halves) sums[0] += sums[1];
    for (int half = 0; half <= (halves ? 1 : 0); ++half) {
      const int group = halves ? 2 * i + half : i;
      if (quant.affine) {
        record->sum[group] = record->scale[i] * static_cast<float>(sums[half]);
      } else {
        record->correction[group] = -quant.offset * sums[half];
      }
    }
  }
}

void expand_f16(const std::byte* block, int columns, float* out) {
  for (int c = 0; c < columns; ++c) _mm512_store_ps(out + 16 * c, widen_f16(block + 32 * static_cast<std::size_t>(c)));
}

void expand_bf16(const std::byte* block, int columns, float* out) {
  for (int c = 0; c < columns; c += 2) {
    const __m512i pair = _mm512_loadu_si512(block + 32 * static_cast<std::size_t>(c));
    _mm512_store_si512(out + 16 * c, _mm512_slli_epi32(pair, 16));
    _mm512_store_si512(out + 16 * c + 16, _mm512_and_si512(pair, _mm512_set1_epi32(static_cast<int>(0xffff0000U))));
  }
}

void expand_codes(const std::byte* block, int columns, std::byte* out) {
  for (int i = 0; i < columns / 32; ++i) {
    HOLDFAST_UNROLL
    for (int u = 0; u < 8; ++u) {
      _mm512_store_si512(out + static_cast<std::size_t>(i * 8 + u) * line, load_codes<4>(block, i, u));
    }
  }
}

void expand_scales_of_block(const BlockFormat& quant, const std::byte* block, int columns, float* d, float* m) {
  expand_scales(quant, block, columns, d, m);
}

// A tile kernel for each number of rows; Choose<rows> says which kernel and how many panels.
template <template <int> class Choose, int... Less>
TileSet tiles(std::integer_sequence<int, Less...>) {
  TileSet set;
  set.rows = static_cast<int>(sizeof...(Less));
  ((set.kernel[Less] = Choose<Less + 1>::kernel, set.panels[Less] = Choose<Less + 1>::panels), ...);
  return set;
}

template <class Kind>
struct FewFloat {
  template <int R>
  struct Choose {
    static constexpr int panels = R <= 4 ? 4 : 2;
    static constexpr TileKernel kernel = float_tile<Kind, R, panels>;
  };
};
template <class Kind>
struct ManyFloat {
  template <int R>
  struct Choose {
    static constexpr int panels = 2;
    static constexpr TileKernel kernel = float_tile<Kind, R, panels>;
  };
};
template <int Bits, int Group, bool Affine>
struct FewQuant {
  template <int R>
  struct Choose {
    static constexpr int panels = R <= 2 ? 4 : R <= 4 ? 2 : 1;
    static constexpr TileKernel kernel = quant_tile<R, panels, Bits, Group, Affine>;
  };
};
template <int Group, bool Affine>
struct ManyQuant {
  template <int R>
  struct Choose {
    static constexpr int panels = 2;
    static constexpr TileKernel kernel = quant_tile<R, panels, 0, Group, Affine>;
  };
};

using One_to_6 = std::make_integer_sequence<int, 6>;
using One_to_8 = std::make_integer_sequence<int, few_rows>;
using One_to_12 = std::make_integer_sequence<int, 12>;

template <int Bits, int Group>
void add_few_quant(LinearKernels& kernels) {
  auto& sets = kernels.few_quant[Bits == 8][Group == 32];
  sets[0] = tiles<FewQuant<Bits, Group, false>::template Choose>(One_to_8{});
  sets[1] = tiles<FewQuant<Bits, Group, true>::template Choose>(One_to_8{});
}

void add_quant(LinearKernels& kernels) {
  add_few_quant<4, 16>(kernels);
  add_few_quant<4, 32>(kernels);
  add_few_quant<8, 16>(kernels);
  add_few_quant<8, 32>(kernels);
  kernels.many_quant[0][0] = tiles<ManyQuant<16, false>::template Choose>(One_to_6{});
  kernels.many_quant[0][1] = tiles<ManyQuant<16, true>::template Choose>(One_to_6{});
  kernels.many_quant[1][0] = tiles<ManyQuant<32, false>::template Choose>(One_to_6{});
  kernels.many_quant[1][1] = tiles<ManyQuant<32, true>::template Choose>(One_to_6{});
  kernels.record_quant = record_quant;
  kernels.expand_codes = expand_codes;
  kernels.expand_scales = expand_scales_of_block;
}

void add_floats(LinearKernels& kernels) {
  kernels.few_f32 = tiles<FewFloat<F32Weights>::template Choose>(One_to_8{});
  kernels.few_f16 = tiles<FewFloat<F16Weights>::template Choose>(One_to_8{});
  kernels.few_bf16 = tiles<FewFloat<Bf16Weights>::template Choose>(One_to_8{});
  kernels.many_f32 = tiles<ManyFloat<F32Weights>::template Choose>(One_to_12{});
  kernels.expand_f16 = expand_f16;
  kernels.expand_bf16 = expand_bf16;
}

}  // namespace avx512
}  // namespace holdfast::cpu

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#undef HOLDFAST_UNROLL

namespace holdfast::cpu {

bool bf16_dots_are_faster() { return __builtin_cpu_supports("avx512bf16") && !__builtin_cpu_is("intel"); }

void add_avx512_linear_kernels(LinearKernels& kernels, bool bf16_dots) {
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq")) {
    return;
  }
  avx512::add_floats(kernels);
  kernels.name = "AVX-512";
  if (__builtin_cpu_supports("avx512vnni")) {
    avx512::add_quant(kernels);
    kernels.name = "AVX-512 VNNI";
  }
  if (bf16_dots && __builtin_cpu_supports("avx512bf16")) {
    kernels.record_bf16 = avx512::record_bf16;
    kernels.many_bf16 = avx512::tiles<avx512::ManyFloat<avx512::Bf16Dots>::template Choose>(avx512::One_to_12{});
    kernels.name = "AVX-512 VNNI BF16";
  }
}

}  // namespace holdfast::cpu

#else

namespace holdfast::cpu {
bool bf16_dots_are_faster() { return false; }
void add_avx512_linear_kernels(LinearKernels&, bool) {}
}  // namespace holdfast::cpu

#endif
