// Packing encoded rows into planes, and turning planes into floats. A thread handles one block of a file (packing) or
// eight columns (decoding); packing waits for the bus, not for these kernels.
#include "kernels/cuda/weight.h"
#include "kernels/cuda/weight_codes.cuh"
#include "kernels/error.h"

namespace holdfast::cuda {
namespace {

constexpr int pack_threads = 128;
constexpr std::int64_t pack_stripe_bytes = std::int64_t{32} << 20;

__device__ __forceinline__ std::uint16_t half_bits(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] | at[1] << 8);
}

// Code of column i of an encoded block: the unsigned number that is stored, plus 128 for q8_0.
template <WeightFormat format>
__device__ int block_code(const std::uint8_t* in, int i) {
  const auto nibble_32 = [&](const std::uint8_t* packed) { return i < 16 ? packed[i] & 15 : packed[i - 16] >> 4; };
  const auto fifth_32 = [&](const std::uint8_t* bits) { return (bits[i / 8] >> (i % 8) & 1) << 4; };
  const auto nibble_k = [&](const std::uint8_t* packed) {
    const int byte = packed[i / 64 * 32 + i % 32];
    return i % 64 < 32 ? byte & 15 : byte >> 4;
  };
  const auto pair_k = [&](const std::uint8_t* packed) {
    return packed[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
  };
  if constexpr (format == WeightFormat::q8_0) return in[2 + i] ^ 0x80;
  if constexpr (format == WeightFormat::q4_0) return nibble_32(in + 2);
  if constexpr (format == WeightFormat::q4_1) return nibble_32(in + 4);
  if constexpr (format == WeightFormat::q5_0) return nibble_32(in + 6) | fifth_32(in + 2);
  if constexpr (format == WeightFormat::q5_1) return nibble_32(in + 8) | fifth_32(in + 4);
  if constexpr (format == WeightFormat::q2_k) return pair_k(in + 16);
  if constexpr (format == WeightFormat::q3_k) return pair_k(in + 32) | (in[i % 32] >> (i / 32) & 1) << 2;
  if constexpr (format == WeightFormat::q4_k) return nibble_k(in + 16);
  if constexpr (format == WeightFormat::q5_k) return nibble_k(in + 48) | (in[16 + i % 32] >> (i / 32) & 1) << 4;
  if constexpr (format == WeightFormat::q6_k) {
    const int half = i / 128;
    const int quarter = i % 128 / 32;
    const int byte = in[half * 64 + quarter % 2 * 32 + i % 32];
    return (quarter < 2 ? byte & 15 : byte >> 4) | (in[128 + half * 32 + i % 32] >> (quarter * 2) & 3) << 4;
  }
  return 0;
}

struct IntegerScale {
  int scale, minimum;
};
// Of group g of an encoded block of a two-level format.
template <WeightFormat format>
__device__ IntegerScale block_scale(const std::uint8_t* in, int g) {
  if constexpr (format == WeightFormat::q2_k) return {in[g] & 15, in[g] >> 4};
  if constexpr (format == WeightFormat::q3_k) {
    const std::uint8_t* scales = in + 96;
    const int low = g < 8 ? scales[g] & 15 : scales[g - 8] >> 4;
    return {(low | (scales[8 + g % 4] >> (g / 4 * 2) & 3) << 4) - 32, 0};
  }
  if constexpr (format == WeightFormat::q4_k || format == WeightFormat::q5_k) {
    const std::uint8_t* s = in + 4;
    if (g < 4) return {s[g] & 63, s[g + 4] & 63};
    return {(s[g + 4] & 15) | s[g - 4] >> 6 << 4, s[g + 4] >> 4 | s[g] >> 6 << 4};
  }
  if constexpr (format == WeightFormat::q6_k) return {static_cast<signed char>(in[192 + g]), 0};
  return {0, 0};
}

// Where an encoded block has its f16 scale, and its f16 minimum.
[[nodiscard]] constexpr int scale_at(WeightFormat format) {
  if (format == WeightFormat::q2_k) return 80;
  if (format == WeightFormat::q3_k) return 108;
  if (format == WeightFormat::q6_k) return 208;
  return 0;
}

struct PackTarget {
  std::uint8_t* codes;
  std::uint8_t* scales;
  std::uint8_t* supers;
  std::int64_t code_row, scale_row, super_row;
};

// Block `index` of the stripe; planes are those of the stripe's first row.
template <WeightFormat format>
__global__ void __launch_bounds__(pack_threads)
    pack_blocks_kernel(PackTarget to, const std::uint8_t* encoded, std::int64_t blocks, std::int64_t blocks_per_row) {
  constexpr BlockTraits t = block_traits(format);
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * pack_threads + threadIdx.x;
  if (index >= blocks) return;
  const std::int64_t row = index / blocks_per_row;
  const std::int64_t block = index % blocks_per_row;
  const std::uint8_t* in = encoded + index * t.bytes;
  std::uint8_t* codes = to.codes + row * to.code_row + block * t.columns * t.code_bits / 8;
  for (int i = 0; i < t.columns; i += 8 / t.code_bits) {
    int byte = block_code<format>(in, i);
    if constexpr (t.code_bits == 4) byte |= block_code<format>(in, i + 1) << 4;
    codes[i * t.code_bits / 8] = static_cast<std::uint8_t>(byte);
  }
  constexpr int parts = t.affine ? 2 : 1;
  std::uint8_t* scales = to.scales + row * to.scale_row;
  auto* halves = reinterpret_cast<std::uint16_t*>(t.two_level ? to.supers + row * to.super_row : scales);
  halves[block * parts] = half_bits(in + scale_at(format));
  if constexpr (t.affine) halves[block * parts + 1] = half_bits(in + scale_at(format) + 2);
  if constexpr (t.two_level) {
    constexpr int groups = t.columns / t.group;
    for (int g = 0; g < groups; ++g) {
      const IntegerScale s = block_scale<format>(in, g);
      scales[(block * groups + g) * parts] = static_cast<std::uint8_t>(s.scale);
      if constexpr (t.affine) scales[(block * groups + g) * parts + 1] = static_cast<std::uint8_t>(s.minimum);
    }
  }
}

template <class Target>
__device__ __forceinline__ Target to_target(float value) {
  if constexpr (sizeof(Target) == 4) {
    return value;
  } else {
    return __float2bfloat16_rn(value);
  }
}

// Grid (eights of a row, rows): eight columns of one row per thread.
template <WeightFormat format, class Target>
__global__ void __launch_bounds__(pack_threads) decode_rows_kernel(PackedWeight w, Target* to, std::int64_t stride) {
  wait_for_previous();
  const std::int64_t col = (static_cast<std::int64_t>(blockIdx.x) * pack_threads + threadIdx.x) * 8;
  if (col >= stride) return;
  for (std::int64_t row = blockIdx.y; row < w.rows; row += gridDim.y) {
    alignas(16) Target out[8];
    float values[8] = {};
    if (col < w.cols) load_values<format>(w, row, col, values);
#pragma unroll
    for (int i = 0; i < 8; ++i) out[i] = to_target<Target>(col + i < w.cols ? values[i] : 0.0f);
    auto* at = reinterpret_cast<uint4*>(to + row * stride + col);
#pragma unroll
    for (int i = 0; i < static_cast<int>(sizeof(Target) / 2); ++i) at[i] = reinterpret_cast<const uint4*>(out)[i];
  }
}

template <class Target>
void decode_rows(CudaStream& stream, const Weight& weight, Target* to, std::int64_t stride) {
  if (stride % 8 != 0)
    throw ArgumentError("weight: rows of " + std::to_string(stride) + " values, want a multiple of 8");
  const PackedWeight w = packed_weight(weight.packed().view().data, weight.format(), weight.rows(), weight.cols());
  const dim3 grid(blocks_for(stride / 8, pack_threads), static_cast<unsigned>(std::min<std::int64_t>(w.rows, 16384)));
  with_format(weight.format(), [&](auto format) {
    launch(stream, "decode weight", {.grid = grid, .block = dim3(pack_threads), .overlaps = true},
           decode_rows_kernel<decltype(format)::value, Target>, w, to, stride);
  });
}

void pack_floats(CudaStream& on, TensorView packed, const PackedLayout& p, std::int64_t first, std::int64_t count,
                 std::span<const std::byte> encoded) {
  const auto row_bytes = static_cast<std::int64_t>(encoded.size()) / count;
  auto* to = packed.as<std::uint8_t>() + first * p.code_row;
  if (row_bytes != p.code_row) {
    HOLDFAST_CUDA(cudaMemsetAsync(to, 0, static_cast<std::size_t>(count * p.code_row), on.get()));
  }
  HOLDFAST_CUDA(cudaMemcpy2DAsync(to, static_cast<std::size_t>(p.code_row), encoded.data(),
                                  static_cast<std::size_t>(row_bytes), static_cast<std::size_t>(row_bytes),
                                  static_cast<std::size_t>(count), cudaMemcpyHostToDevice, on.get()));
}

// A stripe goes through scratch, piece by piece.
template <WeightFormat format>
void pack_blocks(Stream& stream, TensorView packed, const PackedLayout& p, std::int64_t first, std::int64_t count,
                 std::span<const std::byte> encoded) {
  CudaStream& on = backend(stream);
  constexpr BlockTraits t = block_traits(format);
  const std::int64_t blocks_per_row = p.cols / t.columns;
  const std::int64_t row_bytes = blocks_per_row * t.bytes;
  const std::int64_t rows_at_once = std::max<std::int64_t>(1, pack_stripe_bytes / row_bytes);
  auto* raw =
      static_cast<std::uint8_t*>(stream.scratch(static_cast<std::size_t>(std::min(rows_at_once, count) * row_bytes)));
  auto* begin = packed.as<std::uint8_t>();
  for (std::int64_t done = 0; done < count; done += rows_at_once) {
    const std::int64_t rows = std::min(rows_at_once, count - done);
    const std::int64_t row = first + done;
    on.upload(raw, encoded.data() + done * row_bytes, static_cast<std::size_t>(rows * row_bytes));
    const PackTarget to{begin + row * p.code_row,
                        begin + p.scales_at + row * p.scale_row,
                        begin + p.supers_at + row * p.super_row,
                        p.code_row,
                        p.scale_row,
                        p.super_row};
    const std::int64_t blocks = rows * blocks_per_row;
    launch(on, "pack weight", {.grid = dim3(blocks_for(blocks, pack_threads)), .block = dim3(pack_threads)},
           pack_blocks_kernel<format>, to, static_cast<const std::uint8_t*>(raw), blocks, blocks_per_row);
  }
}

}  // namespace

std::size_t packed_bytes(WeightFormat format, std::int64_t rows, std::int64_t cols) {
  return static_cast<std::size_t>(packed_layout(format, rows, cols).bytes);
}

void pack_rows(Stream& stream, TensorView packed, WeightFormat format, std::int64_t rows, std::int64_t cols,
               std::int64_t first, std::int64_t count, std::span<const std::byte> encoded) {
  if (count == 0 || cols == 0) return;
  CudaStream& on = backend(stream);
  const PackedLayout p = packed_layout(format, rows, cols);
  with_format(format, [&](auto known) {
    constexpr WeightFormat f = decltype(known)::value;
    if constexpr (is_quantised(f)) {
      pack_blocks<f>(stream, packed, p, first, count, encoded);
    } else {
      pack_floats(on, packed, p, first, count, encoded);
    }
  });
}

void decode_to_bf16(CudaStream& stream, const Weight& weight, void* to, std::int64_t stride) {
  decode_rows(stream, weight, static_cast<__nv_bfloat16*>(to), stride);
}

void decode_to_f32(CudaStream& stream, const Weight& weight, float* to, std::int64_t stride) {
  decode_rows(stream, weight, to, stride);
}

}  // namespace holdfast::cuda
