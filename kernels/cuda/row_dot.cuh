// One row of a weight in shared memory times x in registers, by the warps that share the row (stream_rows.cu,
// token_stream.cu). x is exact to f32 for 16-bit weights; for others it is integers of 16 bits under a scale per 16 or
// 32 columns, so that the weights' rounding is the only one that shows.
#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/weight_codes.cuh"

namespace holdfast::cuda {

inline constexpr int row_lane_columns = 32;

// Rows that a warp sums at once: the fewer bytes a row has, the more of them must be under way.
[[nodiscard]] constexpr int rows_at_once(WeightFormat format) {
  const int bits = block_traits(format).code_bits;
  return bits == 0 ? 1 : bits == 8 ? 2 : 4;
}
[[nodiscard]] constexpr bool dots_rows(WeightFormat format) {
  return format == WeightFormat::bf16 || format == WeightFormat::q8_0 || format == WeightFormat::q4_0 ||
         format == WeightFormat::q4_1 || format == WeightFormat::q4_k || format == WeightFormat::q6_k;
}
// Columns in 16 bytes of codes.
[[nodiscard, maybe_unused]] constexpr int piece_columns(WeightFormat format) {
  const int bits = block_traits(format).code_bits;
  return bits == 0 ? 8 : 128 / bits;
}

template <WeightFormat format>
struct OwnX {  // 16-bit weights: plain floats
  float x[row_lane_columns];
};
template <WeightFormat format>
requires(is_quantised(format)) struct OwnX<format> {
  static constexpr int pieces = row_lane_columns / piece_columns(format);
  int high[row_lane_columns / 4];  // x = scale (256 high + low), four signed bytes to a word
  int low[row_lane_columns / 4];
  float scale[pieces];
  int sum[pieces];  // of the integers
};

// Column of place j in piece c of this lane.
template <WeightFormat format>
__device__ __forceinline__ int own_column(int piece, int part, int parts) {
  constexpr int columns = piece_columns(format);
  return ((piece * parts + part) * warp_size + static_cast<int>(threadIdx.x) % warp_size) * columns;
}

[[maybe_unused]] __device__ __forceinline__ int pack_bytes(int a, int b, int c, int d) {
  return (a & 255) | (b & 255) << 8 | (c & 255) << 16 | d << 24;
}

// Four unsigned bytes times four signed ones.
[[maybe_unused]] __device__ __forceinline__ int dot_bytes(unsigned codes, int x, int sum) {
  int result;
  asm("dp4a.u32.s32 %0, %1, %2, %3;" : "=r"(result) : "r"(codes), "r"(x), "r"(sum));
  return result;
}

// Where rows lie in a stage of shared memory, and how many warps share one.
struct RowPlaces {
  int code_row, scale_row, super_row;  // bytes
  int rows, cols;
  int parts;
  unsigned scale_at, super_at;
};

// Where this lane's pieces lie in the row of a stage that comes first.
template <WeightFormat format>
struct RowSpots {
  static constexpr int pieces = row_lane_columns / piece_columns(format);
  unsigned codes[pieces], scales[pieces], supers[pieces];

  // Beyond the last column x is 0, and the first column stands in.
  __device__ __forceinline__ RowSpots(const RowPlaces& p, int part) {
    constexpr BlockTraits t = block_traits(format);
#pragma unroll
    for (int piece = 0; piece < pieces; ++piece) {
      const int own = own_column<format>(piece, part, p.parts);
      const int col = own < p.cols ? own : 0;
      codes[piece] = static_cast<unsigned>(t.code_bits == 0 ? col * 2 : col * t.code_bits / 8);
      if constexpr (t.code_bits != 0) {
        scales[piece] = p.scale_at + static_cast<unsigned>(col / t.group * group_scale_bytes(format));
        supers[piece] = p.super_at + static_cast<unsigned>(col / 256 * super_scale_bytes(format));
      }
    }
  }
};

// This lane's part of one row, as it lies in memory.
template <WeightFormat format>
struct RowPieces {
  static constexpr int pieces = row_lane_columns / piece_columns(format);
  uint4 codes[pieces];
  RawScale scales[pieces];

  __device__ __forceinline__ void load(const unsigned char* stage, const RowPlaces& p, const RowSpots<format>& spots,
                                       int row) {
#pragma unroll
    for (int piece = 0; piece < pieces; ++piece) {
      codes[piece] = *reinterpret_cast<const uint4*>(stage + row * p.code_row + spots.codes[piece]);
      if constexpr (is_quantised(format)) {
        scales[piece].group = load_bytes<group_scale_bytes(format)>(stage + row * p.scale_row + spots.scales[piece]);
        scales[piece].super = load_bytes<super_scale_bytes(format)>(stage + row * p.super_row + spots.supers[piece]);
      }
    }
  }

  // Times x.
  [[nodiscard]] __device__ __forceinline__ float dot(const OwnX<format>& own) const {
    constexpr BlockTraits t = block_traits(format);
    float sum = 0.0f;
#pragma unroll
    for (int piece = 0; piece < pieces; ++piece) {
      const unsigned words[4] = {codes[piece].x, codes[piece].y, codes[piece].z, codes[piece].w};
      if constexpr (t.code_bits == 0) {
        float other = 0.0f;  // does not wait for the first sum
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          sum += __uint_as_float(words[i] << 16) * own.x[piece * 8 + 2 * i];
          other += __uint_as_float(words[i] & 0xffff0000u) * own.x[piece * 8 + 2 * i + 1];
        }
        sum += other;
      } else {
        int high = 0;
        int low = 0;
        int high_of_odd = 0;  // times 16
        int low_of_odd = 0;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          if constexpr (t.code_bits == 8) {
            // q8_0's codes are the file's plus 128: take that off again; the others are below 64.
            const int code = static_cast<int>(format == WeightFormat::q8_0 ? words[i] ^ 0x80808080u : words[i]);
            high = __dp4a(code, own.high[piece * 4 + i], high);
            low = __dp4a(code, own.low[piece * 4 + i], low);
          } else {
            const unsigned even = words[i] & 0x0f0f0f0fu;
            const unsigned odd = words[i] & 0xf0f0f0f0u;  // not shifted: that is done once, with the sums
            high = dot_bytes(even, own.high[i * 2], high);
            low = dot_bytes(even, own.low[i * 2], low);
            high_of_odd = dot_bytes(odd, own.high[i * 2 + 1], high_of_odd);
            low_of_odd = dot_bytes(odd, own.low[i * 2 + 1], low_of_odd);
          }
        }
        constexpr int offset = format == WeightFormat::q8_0 ? 0 : t.offset;
        int dot = high * 256 + low - offset * own.sum[piece];
        if constexpr (t.code_bits == 4) dot += high_of_odd * 16 + (low_of_odd >> 4);
        const GroupScale group = group_scale<format>(scales[piece]);
        float value = group.scale * static_cast<float>(dot);
        if constexpr (t.affine) value += group.base * static_cast<float>(own.sum[piece]);
        sum += own.scale[piece] * value;
      }
    }
    return sum;
  }
};

// Sums over a warp of `count` values at once; the sum of value i ends in lane i * 32 / count.
template <int count>
__device__ __forceinline__ float warp_sums(const float (&values)[count]) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  float v = 0.0f;
  int step = 16;
  if constexpr (count == 1) {
    v = values[0];
  } else if constexpr (count == 2) {
    const bool upper = (lane & 16) != 0;
    v = (upper ? values[1] : values[0]) + __shfl_xor_sync(all_lanes, upper ? values[0] : values[1], 16);
    step = 8;
  } else {
    const bool upper = (lane & 16) != 0;
    const float a = (upper ? values[2] : values[0]) + __shfl_xor_sync(all_lanes, upper ? values[0] : values[2], 16);
    const float b = (upper ? values[3] : values[1]) + __shfl_xor_sync(all_lanes, upper ? values[1] : values[3], 16);
    const bool second = (lane & 8) != 0;
    v = (second ? b : a) + __shfl_xor_sync(all_lanes, second ? a : b, 8);
    step = 4;
  }
  for (; step > 0; step /= 2) v += __shfl_xor_sync(all_lanes, v, step);
  return v;
}

}  // namespace holdfast::cuda
