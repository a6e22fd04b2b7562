// One row of x times a quantised weight on tensor cores (sm_90). Products are exact: m16n8k32 in integers, sixteen rows
// of the weight as A, x as B in two planes of signed bytes, x = scale (256 high + low) with a scale per group, so that
// the weights' rounding is the only one that shows.
//
// The sum over k may go in any order, so that operands need no shuffles: lane (g, t) = (lane / 4, lane % 4) takes 32
// neighbouring bytes of codes of rows g and g + 8, which are one or two groups of its own. Of B's eight columns 2t
// belongs to the high plane of those groups and 2t + 1 to the low one: lane (n, t) of B holds bytes of x where t = n /
// 2 and zeros elsewhere. Then C's fragment gives lane (g, t) both planes of its own groups for its own rows, and it
// applies their scales alone. The other way round (x as A) a product would take half as many codes.
//
// A step is 128 bytes of a row. A warp has one step of each slice of up to eight; where rows are shorter, other warps
// have another sixteen rows. One thread fetches: slices of a tile's rows into a ring of stages, by a tensor map whose
// swizzle puts eight rows in different banks; scales of whole rows into slots, with a tile's first slice, by a map
// whose box is wider than the rows for the same end. Copies row by row are several times slower: their addresses pass
// one by one through registers that a warp shares. What is waited for, and when, is as in stream_rows.cu.
#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/stream_rows.cuh"
#include "kernels/cuda/stream_tiles.h"
#include "kernels/cuda/tensor_map.h"
#include "kernels/cuda/weight_codes.cuh"

namespace holdfast::cuda {
namespace {

constexpr int mma_rows = 16;
constexpr int tile_least_rows = 11;  // for each multiprocessor: fewer are left to stream_rows.cu
constexpr int step_bytes = 128;      // of a row's codes
constexpr int lane_bytes = 32;
constexpr int tile_most_stages = 8;
constexpr int tile_most_columns = 8192;
constexpr int x_columns = 8;  // that a thread rounds at once
[[maybe_unused]] constexpr int x_pieces = tile_most_columns / (stream_warps * warp_size * x_columns);
constexpr unsigned tile_memory_align = 1024;        // of what is swizzled
constexpr unsigned tile_shared_bytes = 112 * 1024;  // two kernels on a multiprocessor

// What a format makes of a lane's 32 bytes.
template <WeightFormat format>
struct LaneCodes {
  static constexpr BlockTraits t = block_traits(format);
  static constexpr int columns = lane_bytes * 8 / t.code_bits;
  static constexpr int groups = columns / t.group;        // 1 or 2
  static constexpr int quads = t.code_bits == 8 ? 2 : 4;  // 16 bytes of a plane of x
  static constexpr int step_columns = columns * 4;
  static constexpr int x_bytes = step_columns * 2;  // of both planes of a step
};

// The next kernel is let in when this one's wait is over, or, where its fetching would delay x more than it gains, once
// x is here. By measurement.
template <WeightFormat format>
inline constexpr bool tile_lets_late = block_traits(format).code_bits == 4;

struct TilePlan {
  int teams = 1;        // of warps, each with sixteen rows of a tile
  int steps = 1;        // of a row
  int slice_steps = 1;  // at most
  int stages = 2;
  int slots = 2;  // for scales
  int tiles = 1;
  int scale_stride = 0;
  int ends_stride = 0;
  unsigned stage_bytes = 0, slot_bytes = 0, super_at = 0;  // super_at: in a slot
  unsigned slots_at = 0, planes_at = 0, groups_at = 0, partial_at = 0, ends_at = 0;
};

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900

__device__ __forceinline__ void mma_codes(int (&c)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0,
                                          unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
               : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}
// 16 bytes where `wanted`; else nothing changes.
__device__ __forceinline__ void load_where(uint4& to, unsigned address, bool wanted) {
  asm volatile(
      "{\n"
      ".reg .pred p;\n"
      "setp.ne.s32 p, %5, 0;\n"
      "@p ld.shared.v4.u32 {%0,%1,%2,%3}, [%4];\n"
      "}"
      : "+r"(to.x), "+r"(to.y), "+r"(to.z), "+r"(to.w)
      : "r"(address), "r"(static_cast<int>(wanted))
      : "memory");
}
// Scales of a lane's groups in one row, as they lie in memory.
template <WeightFormat format>
struct RawScales {
  uint2 scales = {};
  unsigned super = 0;
};
template <WeightFormat format>
__device__ __forceinline__ RawScales<format> load_scales(const unsigned char* scales, const unsigned char* supers,
                                                         int step, int t) {
  constexpr BlockTraits traits = block_traits(format);
  using Lane = LaneCodes<format>;
  RawScales<format> raw;
  const int group = (step * 4 + t) * Lane::groups;
  if constexpr (format == WeightFormat::q8_0 || format == WeightFormat::q6_k) {
    raw.scales.x = *reinterpret_cast<const unsigned short*>(scales + group * (format == WeightFormat::q8_0 ? 2 : 1));
  } else if constexpr (format == WeightFormat::q4_1) {
    raw.scales = *reinterpret_cast<const uint2*>(scales + group * 4);
  } else {
    raw.scales.x = *reinterpret_cast<const unsigned*>(scales + group * 2);
  }
  if constexpr (traits.two_level) {
    const int block = step * Lane::step_columns / 256;
    if constexpr (traits.affine) raw.super = *reinterpret_cast<const unsigned*>(supers + block * 4);
    if constexpr (!traits.affine) raw.super = *reinterpret_cast<const unsigned short*>(supers + block * 2);
  }
  return raw;
}

__device__ __forceinline__ float2 two_halves(unsigned bits) {
  return __half22float2(*reinterpret_cast<const __half2*>(&bits));
}

template <WeightFormat format>
__device__ __forceinline__ GroupScale lane_scale(const RawScales<format>& raw, int group) {
  if constexpr (format == WeightFormat::q8_0) {
    return {two_halves(raw.scales.x).x, 0.0f};
  } else if constexpr (format == WeightFormat::q4_0) {
    const float2 both = two_halves(raw.scales.x);
    return {group == 0 ? both.x : both.y, 0.0f};
  } else if constexpr (format == WeightFormat::q4_1) {
    const float2 both = two_halves(group == 0 ? raw.scales.x : raw.scales.y);
    return {both.x, both.y};
  } else if constexpr (format == WeightFormat::q4_k) {
    const float2 d = two_halves(raw.super);
    const unsigned both = raw.scales.x >> (16 * group);
    return {d.x * static_cast<float>(both & 255u), -(d.y * static_cast<float>(both >> 8 & 255u))};
  } else {
    static_assert(format == WeightFormat::q6_k);
    const auto scale = static_cast<signed char>(raw.scales.x >> (8 * group) & 255u);
    return {two_halves(raw.super).x * static_cast<float>(scale), 0.0f};
  }
}

// Eight columns of x as 16-bit integers in two planes, in the order of the codes; and for their group its scale, with
// the sum of x for what a code does not scale: as a float, x's scale included, or in integers, times the codes' offset.
template <WeightFormat format>
__device__ __forceinline__ void round_columns(const float (&x)[x_columns], int col, bool inside, unsigned char* planes,
                                              float2* groups) {
  using Lane = LaneCodes<format>;
  constexpr int sharers = Lane::t.group / x_columns;  // lanes of a group
  float largest = 0.0f;
#pragma unroll
  for (int i = 0; i < x_columns; ++i) largest = fmaxf(largest, fabsf(x[i]));
#pragma unroll
  for (int step = sharers / 2; step > 0; step /= 2) {
    largest = fmaxf(largest, __shfl_xor_sync(all_lanes, largest, step));
  }
  largest = fmaxf(largest, 1e-30f);
  const float inverse = __fdividef(32512.0f, largest);
  unsigned value[x_columns];  // its lowest 16 bits are the integer: what is added puts ones at the end of the mantissa
  unsigned upper[x_columns];  // its second byte is the high plane's: the low plane's byte is signed
#pragma unroll
  for (int i = 0; i < x_columns; ++i) {
    value[i] = __float_as_uint(fmaf(x[i], inverse, 12582912.0f));
    upper[i] = value[i] + 128;
  }
  const auto bytes_of = [](const unsigned(&v)[x_columns], int byte, int a, int b, int c, int d) {
    const unsigned pick = static_cast<unsigned>(byte) | static_cast<unsigned>(byte + 4) << 4;
    return __byte_perm(__byte_perm(v[a], v[b], pick), __byte_perm(v[c], v[d], pick), 0x5410);
  };
  // 4 bits: a word of codes has the even columns of eight in its low halves and the odd ones in its high halves.
  constexpr bool whole = Lane::t.code_bits == 8;
  constexpr int a = 1 + !whole;
  constexpr int second = whole ? 4 : 1;
  const unsigned high[2] = {bytes_of(upper, 1, 0, a, 2 * a, 3 * a),
                            bytes_of(upper, 1, second, second + a, second + 2 * a, second + 3 * a)};
  const unsigned low[2] = {bytes_of(value, 0, 0, a, 2 * a, 3 * a),
                           bytes_of(value, 0, second, second + a, second + 2 * a, second + 3 * a)};
  constexpr int ones = 0x01010101;
  int sum = __dp4a(static_cast<int>(high[0]), ones, __dp4a(static_cast<int>(high[1]), ones, 0)) * 256 +
            __dp4a(static_cast<int>(low[0]), ones, __dp4a(static_cast<int>(low[1]), ones, 0));
#pragma unroll
  for (int step = sharers / 2; step > 0; step /= 2) sum += __shfl_xor_sync(all_lanes, sum, step);
  const int step = col / Lane::step_columns;
  const int t = col % Lane::step_columns / Lane::columns;
  const int place = col % Lane::columns / x_columns;  // 8 bytes of a lane's part of a plane
  // Sixteen bytes of all eight columns of B lie together.
  unsigned char* to = planes + step * Lane::x_bytes + place / 2 * 128 + t * 32 + place % 2 * 8;
  if (!inside) return;  // all lanes of a warp alike
  *reinterpret_cast<uint2*>(to) = make_uint2(high[0], high[1]);
  *reinterpret_cast<uint2*>(to + 16) = make_uint2(low[0], low[1]);
  if (col % Lane::t.group == 0) {
    const float scale = largest * (1.0f / 32512.0f);
    groups[col / Lane::t.group] =
        make_float2(scale, Lane::t.affine ? scale * static_cast<float>(sum) : __int_as_float(sum * Lane::t.offset));
  }
}

// Waits for the kernel before, and brings x, normed but for 1 / rms(x) of a plain norm, to shared memory. `pieces` of
// eight columns for each thread; the consumers meet in it. room: 1 / rms of each group, or each warp's sum of squares.
template <WeightFormat format, int pieces>
__device__ __forceinline__ void take_x(const StreamTask& task, int cols, unsigned char* planes, float2* groups,
                                       float* room) {
  constexpr int group_columns = LaneCodes<format>::t.group;
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const auto column = [](int piece) {
    return (piece * stream_warps * warp_size + static_cast<int>(threadIdx.x)) * x_columns;
  };
  const auto load = [](float(&to)[x_columns], const float* from) {
    const float4 a = reinterpret_cast<const float4*>(from)[0];
    const float4 b = reinterpret_cast<const float4*>(from)[1];
    to[0] = a.x, to[1] = a.y, to[2] = a.z, to[3] = a.w, to[4] = b.x, to[5] = b.y, to[6] = b.z, to[7] = b.w;
  };
  float gain[pieces][x_columns];
  float x[pieces][x_columns];
#pragma unroll
  for (int p = 0; p < pieces; ++p) {
#pragma unroll
    for (int i = 0; i < x_columns; ++i) gain[p][i] = 1.0f, x[p][i] = 0.0f;
    if (task.norm != StreamTask::Norm::none && column(p) < cols) load(gain[p], task.gain + column(p));
  }
  wait_for_previous();
  if constexpr (!tile_lets_late<format>) let_next_start();
#pragma unroll
  for (int p = 0; p < pieces; ++p) {
    if (column(p) < cols) load(x[p], task.x + column(p));
  }
  if (task.norm == StreamTask::Norm::grouped) put_group_factors(room, task, cols);
  float squares = 0.0f;
#pragma unroll
  for (int p = 0; p < pieces; ++p) {
#pragma unroll
    for (int i = 0; i < x_columns; ++i) {
      squares += x[p][i] * x[p][i];
      x[p][i] *= gain[p][i];
    }
    round_columns<format>(x[p], column(p), column(p) < cols, planes, groups);
  }
  if (task.norm == StreamTask::Norm::plain) {
    squares = warp_sum(squares);
    if (lane == 0) room[warp] = squares;
  }
  consumers_meet();
  if (task.norm != StreamTask::Norm::grouped) return;
  const int wide = cols / task.groups / group_columns;
  for (int i = static_cast<int>(threadIdx.x); i < cols / group_columns; i += stream_warps * warp_size) {
    const float factor = room[i / wide];
    groups[i].x *= factor;
    if (LaneCodes<format>::t.affine) groups[i].y *= factor;
  }
  consumers_meet();
}

// The part of rows g and g + 8 that a lane has in its 32 bytes of each, times x.
template <WeightFormat format>
__device__ __forceinline__ void dot_step(float (&sums)[2], const uint4 (&codes)[2][2],
                                         const RawScales<format> (&raw)[2], const uint4 (&x)[LaneCodes<format>::quads],
                                         const float2* groups) {
  using Lane = LaneCodes<format>;
  int c[2][4] = {};  // of each half of the bytes
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const unsigned upper[4] = {codes[0][half].x, codes[0][half].y, codes[0][half].z, codes[0][half].w};
    const unsigned lower[4] = {codes[1][half].x, codes[1][half].y, codes[1][half].z, codes[1][half].w};
    if constexpr (Lane::t.code_bits == 8) {
      const uint4& b = x[half];
      mma_codes(c[half], upper[0], lower[0], upper[1], lower[1], b.x, b.y);
      mma_codes(c[half], upper[2], lower[2], upper[3], lower[3], b.z, b.w);
    } else {
      constexpr unsigned low = 0x0f0f0f0fu;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const uint4& b = x[half * 2 + i / 2];
        mma_codes(c[half], upper[i] & low, lower[i] & low, upper[i] >> 4 & low, lower[i] >> 4 & low,
                  i % 2 == 0 ? b.x : b.z, i % 2 == 0 ? b.y : b.w);
      }
    }
  }
  if constexpr (Lane::groups == 1) {
#pragma unroll
    for (int i = 0; i < 4; ++i) c[0][i] += c[1][i];
  }
#pragma unroll
  for (int group = 0; group < Lane::groups; ++group) {
    const float2 of_x = groups[group];
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const int dot = c[group][2 * r] * 256 + c[group][2 * r + 1];
      const GroupScale scale = lane_scale<format>(raw[r], group);
      if constexpr (Lane::t.affine) {
        sums[r] += of_x.x * scale.scale * static_cast<float>(dot);
        sums[r] += scale.base * of_x.y;
      } else {
        sums[r] += of_x.x * scale.scale * static_cast<float>(dot - __float_as_int(of_x.y));
      }
    }
  }
}

#endif

// Grid: blocks that share the rows evenly.
template <WeightFormat format>
__global__ void __launch_bounds__(stream_threads, 2)
    stream_tiles_kernel(const __grid_constant__ StreamWeight w, const __grid_constant__ StreamTask task,
                        const __grid_constant__ TilePlan plan, const __grid_constant__ CUtensorMap code_map,
                        const __grid_constant__ CUtensorMap scale_map) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  using Lane = LaneCodes<format>;
  extern __shared__ unsigned char tile_memory_raw[];
  __shared__ alignas(8) unsigned long long filled[tile_most_stages];
  __shared__ alignas(8) unsigned long long emptied[tile_most_stages];
  __shared__ float room[64];
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int at_once = plan.teams * mma_rows;
  const auto first_tile = [&](int block) {
    return static_cast<int>(static_cast<std::int64_t>(plan.tiles) * block / static_cast<int>(gridDim.x));
  };
  const int begin = first_tile(static_cast<int>(blockIdx.x)) * at_once;
  const int end = min(first_tile(static_cast<int>(blockIdx.x) + 1) * at_once, w.rows);
  const auto address = [](const void* at) { return static_cast<unsigned>(__cvta_generic_to_shared(at)); };
  unsigned char* tile_memory =
      tile_memory_raw + (tile_memory_align - address(tile_memory_raw) % tile_memory_align) % tile_memory_align;
  if (threadIdx.x == 0) {
    for (int s = 0; s < plan.stages; ++s) {
      barrier_init(address(&filled[s]), 1);
      barrier_init(address(&emptied[s]), stream_warps);
    }
    barrier_init_done();
  }
  __syncthreads();
  if (warp == stream_warps) {
    if (lane != 0) return;
    int stage = 0;
    int slot = 0;
    unsigned parity = 1;  // a fresh barrier counts as emptied once
    for (int row = begin; row < end; row += at_once) {
      const int count = min(at_once, end - row);
      for (int step = 0; step < plan.steps; step += plan.slice_steps) {
        barrier_wait(address(&emptied[stage]), parity);
        const unsigned full = address(&filled[stage]);
        const auto bytes_above =
            Lane::t.two_level ? (static_cast<unsigned>(count) * static_cast<unsigned>(w.super_row) + 15u) / 16u * 16u
                              : 0u;
        unsigned expected = static_cast<unsigned>(at_once * plan.slice_steps * step_bytes);
        if (step == 0) expected += static_cast<unsigned>(at_once * plan.scale_stride) + bytes_above;
        barrier_expect(full, expected);
        copy_box(address(tile_memory) + static_cast<unsigned>(stage) * plan.stage_bytes, code_map, 0, row, step, full);
        if (step == 0) {
          const unsigned to = address(tile_memory) + plan.slots_at + static_cast<unsigned>(slot) * plan.slot_bytes;
          copy_box(to, scale_map, 0, row, full);
          // The plane is padded to 256 bytes.
          if (Lane::t.two_level) bulk_copy(to + plan.super_at, w.supers + row * w.super_row, bytes_above, full);
          if (++slot == plan.slots) slot = 0;
        }
        if (++stage == plan.stages) stage = 0, parity ^= 1;
      }
    }
    return;
  }
  const int team = warp / plan.slice_steps;
  const int part = warp % plan.slice_steps;
  const int g = lane / 4;
  const int t = lane % 4;
  auto* partial = reinterpret_cast<float*>(tile_memory + plan.partial_at);
  unsigned char* planes = tile_memory + plan.planes_at;
  auto* groups = reinterpret_cast<float2*>(tile_memory + plan.groups_at);
  const int own_row = begin + static_cast<int>(threadIdx.x);
  float* ends = reinterpret_cast<float*>(tile_memory + plan.ends_at);
  // What rows meet at their ends: number k of all rows, then number k + 1.
  for (int row = own_row; row < end; row += stream_warps * warp_size) {
    const auto fetch = [&](int number, const float* from) {
      float* to = ends + number * plan.ends_stride + (row - begin);
      if (from == nullptr) *to = 0.0f;
      if (from != nullptr) async_copy<4>(to, from);
    };
    fetch(0, task.bias == nullptr ? nullptr : task.bias + row);
    const std::int64_t channel = row - task.conv_first;
    if (channel < 0 || channel >= task.conv_channels) continue;
    fetch(1, task.conv_bias == nullptr ? nullptr : task.conv_bias + channel);
    const float* state = *task.conv_state + task.conv_offset + channel * (task.taps - 1);
    for (int k = 0; k < task.taps; ++k) {
      fetch(2 + k, task.conv_weight + channel * task.taps + k);
      if (k + 1 < task.taps) fetch(2 + task.taps + k, state + k);
    }
  }
  const auto take = [&](auto pieces) { take_x<format, decltype(pieces)::value>(task, w.cols, planes, groups, room); };
  constexpr int piece = stream_warps * warp_size * x_columns;
  if (w.cols <= piece) {
    take(std::integral_constant<int, 1>{});
  } else if (w.cols <= 2 * piece) {
    take(std::integral_constant<int, 2>{});
  } else {
    take(std::integral_constant<int, x_pieces>{});
  }
  if constexpr (tile_lets_late<format>) let_next_start();
  float old = task.accumulate && own_row < end ? task.y[own_row] : 0.0f;
  const bool has_x = t == g / 2;
  uint4 x[Lane::quads] = {};  // of B: stays zero where a lane has none
  int stage = 0;
  int slot = 0;
  unsigned parity = 0;
  for (int row = begin; row < end; row += at_once) {
    float sums[2] = {0.0f, 0.0f};
    const unsigned char* scales = tile_memory + plan.slots_at + static_cast<unsigned>(slot) * plan.slot_bytes;
    const unsigned char* supers = scales + plan.super_at;
    const int first = team * mma_rows + g;  // of this lane's two rows in the tile
    for (int at = 0; at < plan.steps; at += plan.slice_steps) {
      const int step = at + part;
      const bool working = team < plan.teams && step < plan.steps;
      barrier_wait(address(&filled[stage]), parity);
      if (working) {
        uint4 codes[2][2];
        RawScales<format> raw[2];
        // Copied so that a row's pieces of 16 bytes change places with the row's number.
        const unsigned char* from =
            tile_memory + static_cast<unsigned>(stage) * plan.stage_bytes + (part * at_once + first) * step_bytes;
#pragma unroll
        for (int r = 0; r < 2; ++r) {
          const int which = first + 8 * r;
          codes[r][0] = *reinterpret_cast<const uint4*>(from + 8 * r * step_bytes + ((2 * t ^ g) << 4));
          codes[r][1] = *reinterpret_cast<const uint4*>(from + 8 * r * step_bytes + ((2 * t + 1 ^ g) << 4));
          raw[r] = load_scales<format>(scales + which * plan.scale_stride,
                                       supers + which * static_cast<int>(w.super_row), step, t);
        }
#pragma unroll
        for (int i = 0; i < Lane::quads; ++i) {
          load_where(x[i], address(planes) + static_cast<unsigned>(step * Lane::x_bytes + i * 128 + g * 16), has_x);
        }
        dot_step<format>(sums, codes, raw, x, groups + (step * 4 + t) * Lane::groups);
        asm volatile("" : "+f"(sums[0]), "+f"(sums[1])::"memory");
      }
      // Only now that all was multiplied: a copy may overtake loads whose results nobody has wanted yet.
      __syncwarp();
      if (lane == 0) barrier_arrive(address(&emptied[stage]));
      if (++stage == plan.stages) stage = 0, parity ^= 1;
    }
    if (++slot == plan.slots) slot = 0;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      sums[r] += __shfl_xor_sync(all_lanes, sums[r], 1);
      sums[r] += __shfl_xor_sync(all_lanes, sums[r], 2);
      const int which = row - begin + first + 8 * r;
      if (t == 0 && team < plan.teams && begin + which < end) partial[which * plan.slice_steps + part] = sums[r];
    }
  }
  consumers_meet();
  float factor = 1.0f;
  if (task.norm == StreamTask::Norm::plain) {
    float squares = 0.0f;
    for (int i = 0; i < stream_warps; ++i) squares += room[i];
    factor = 1.0f / sqrtf(squares / static_cast<float>(w.cols) + task.eps);
  }
  const auto total = [&](int row) {
    float sum = 0.0f;
    for (int p = 0; p < plan.slice_steps; ++p) sum += partial[(row - begin) * plan.slice_steps + p];
    return sum * factor;
  };
  async_copies_done();
  for (int row = own_row; row < end; row += stream_warps * warp_size) {
    const auto number = [&](int k) { return ends[k * plan.ends_stride + (row - begin)]; };
    RowEnd row_end;
    row_end.bias = number(0);
    const std::int64_t channel = row - task.conv_first;
    row_end.convolved = channel >= 0 && channel < task.conv_channels;
    if (row_end.convolved) {
      row_end.conv_bias = number(1);
#pragma unroll
      for (int k = 0; k < stream_widest_conv; ++k) {
        if (k < task.taps) row_end.conv_weight[k] = number(2 + k);
        if (k + 1 < task.taps) row_end.conv_state[k] = number(2 + task.taps + k);
      }
    }
    if (row != own_row && task.accumulate) old = task.y[row];
    finish_row(row_end, task, row, total(row), old);
  }
#endif
}

[[nodiscard]] constexpr bool tiles(WeightFormat format) {
  return format == WeightFormat::q8_0 || format == WeightFormat::q4_0 || format == WeightFormat::q4_1 ||
         format == WeightFormat::q4_k || format == WeightFormat::q6_k;
}

// Shared memory of one block, or 0 where the shape does not fit.
unsigned make_plan(const CudaStream& on, WeightFormat format, const PackedLayout& p, int end_numbers, TilePlan& plan) {
  if (on.card().major < 9 || !tiles(format) || p.rows > INT32_MAX / 2 || p.cols % 256 != 0 ||
      p.cols > tile_most_columns) {
    return 0;
  }
  if (p.rows < on.card().multiprocessors * tile_least_rows) return 0;
  // 8 bits: shorter rows gain less than a block more in stream_rows.cu.
  if (block_traits(format).code_bits == 8 && p.cols < 4096) return 0;
  plan.steps = static_cast<int>(p.code_row / step_bytes);
  const int slices = (plan.steps + stream_warps - 1) / stream_warps;
  plan.slice_steps = (plan.steps + slices - 1) / slices;
  if (plan.slice_steps < 3) return 0;
  plan.teams = stream_warps / plan.slice_steps;  // 1 or 2
  const int rows = plan.teams * mma_rows;
  plan.tiles = static_cast<int>((p.rows + rows - 1) / rows);
  plan.scale_stride = static_cast<int>(p.scale_row) + (p.scale_row / 16 % 2 == 0 ? 16 : 0);
  plan.stage_bytes = static_cast<unsigned>(plan.slice_steps * rows * step_bytes);
  plan.super_at = rounded_up(rows * plan.scale_stride);
  plan.slot_bytes = plan.super_at + rounded_up(rows * p.super_row);
  const int blocks = on.card().multiprocessors;
  const std::int64_t rows_of_block = (plan.tiles / blocks + 1) * rows;
  const unsigned planes = rounded_up(p.cols * 2);
  const unsigned groups = rounded_up(p.cols / block_traits(format).group * 8);
  const unsigned partial = rounded_up(rows_of_block * plan.slice_steps * 4);
  for (plan.stages = tile_most_stages; plan.stages >= 2; --plan.stages) {
    // A slot's next tile is fetched once the ring has come round to behind the last slice of the one before.
    plan.slots = (plan.stages - 1 + slices - 1) / slices + 1;
    plan.slots_at = static_cast<unsigned>(plan.stages) * plan.stage_bytes;
    plan.planes_at = plan.slots_at + static_cast<unsigned>(plan.slots) * plan.slot_bytes;
    plan.groups_at = plan.planes_at + planes;
    plan.partial_at = plan.groups_at + groups;
    plan.ends_at = plan.partial_at + partial;
    plan.ends_stride = static_cast<int>(rows_of_block);
    const unsigned bytes = plan.ends_at + rounded_up(rows_of_block * end_numbers * 4) + tile_memory_align;
    if (bytes <= tile_shared_bytes) return bytes;
  }
  return 0;
}

}  // namespace

bool can_stream_tiles(const CudaStream& stream, const Weight& weight) {
  TilePlan plan;
  return make_plan(stream, weight.format(), packed_layout(weight.format(), weight.rows(), weight.cols()),
                   2 * stream_widest_conv + 1, plan) != 0;
}

bool stream_tiles(CudaStream& stream, const Weight& weight, const StreamTask& task) {
  const PackedLayout p = packed_layout(weight.format(), weight.rows(), weight.cols());
  TilePlan plan;
  const unsigned shared = make_plan(stream, weight.format(), p, task.conv_channels > 0 ? 2 * task.taps + 1 : 1, plan);
  if (shared == 0) return false;
  const auto* begin = weight.packed().view().as<std::uint8_t>();
  const StreamWeight w{begin,       begin + p.scales_at, begin + p.supers_at,      p.code_row,
                       p.scale_row, p.super_row,         static_cast<int>(p.rows), static_cast<int>(p.cols)};
  const Launch shape{.grid = dim3(static_cast<unsigned>(stream.card().multiprocessors)),
                     .block = dim3(stream_threads),
                     .shared = shared,
                     .overlaps = true};
  const int rows = plan.teams * mma_rows;
  const auto size = [](std::int64_t value) { return static_cast<cuuint64_t>(value); };
  const auto span = [](int value) { return static_cast<cuuint32_t>(value); };
  // Steps of a slice one after another, each sixteen or more rows of 128 bytes.
  const CUtensorMap code_map = make_map(w.codes, {.type = CU_TENSOR_MAP_DATA_TYPE_UINT32,
                                                  .sizes = {step_bytes / 4, size(p.rows), size(plan.steps)},
                                                  .strides = {size(p.code_row), step_bytes},
                                                  .box = {step_bytes / 4, span(rows), span(plan.slice_steps)},
                                                  .swizzle = CU_TENSOR_MAP_SWIZZLE_128B});
  // Whole rows, with room behind each so that eight of them lie in different banks.
  const CUtensorMap scale_map = make_map(w.scales, {.type = CU_TENSOR_MAP_DATA_TYPE_UINT64,
                                                    .sizes = {size(p.scale_row / 8), size(p.rows)},
                                                    .strides = {size(p.scale_row)},
                                                    .box = {span(plan.scale_stride / 8), span(rows)}});
  with_format(weight.format(), [&](auto format) {
    if constexpr (tiles(decltype(format)::value)) {
      allow_shared(stream_tiles_kernel<decltype(format)::value>, shared);
      prefer_shared(stream_tiles_kernel<decltype(format)::value>);
      launch(stream, "stream tiles", shape, stream_tiles_kernel<decltype(format)::value>, w, task, plan, code_map,
             scale_map);
    }
  });
  return true;
}

}  // namespace holdfast::cuda
