// Gradients of the chunks with products of warpgroups (sm_90a): what ssd_scan_backward_mma.cu says of them, in a block
// of four warpgroups. ssd_backward.cuh has the formulas.
//
//   inside   S^T = B C^T once and G^T of each head, rows j; from them M, L dt G and v, and so dX and most of the ends
//   to B     dB gains (dt exp(c[Q]-c) X) dH1, and <H0, dH1> is summed
//   to C     dC gains (exp(c) dY) H0, and dY.H0 C is summed
//   feeder   one thread asks for the tiles of a head, some heads ahead
//
// dB and dC of all heads stay in registers, as the sums of their products; L dt G of all heads is added in those of the
// first warpgroup and multiplied once, at the end, by the other two. exp(c[i] - c[j]) is taken in two factors as in
// ssd_scan_wgmma.cu where i and j do not share a block of 16.
#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/ssd_backward.cuh"
#include "kernels/cuda/ssd_scan_segments.cuh"
#include "kernels/cuda/wgmma.cuh"

namespace holdfast::cuda {
namespace {

constexpr int group_threads = 128;
[[maybe_unused]] constexpr int group_warps = group_threads / warp_size;
constexpr int grad_groups = 4;
constexpr int grad_stages = 3;
// Of a thread. All together as many as the launch bounds give: 128 each.
[[maybe_unused]] constexpr int inside_registers = 208;
[[maybe_unused]] constexpr int to_c_registers = 152;
[[maybe_unused]] constexpr int feeder_registers = 24;

struct alignas(1024) Tile {
  __nv_bfloat16 values[tile_rows * tile_columns];
};
template <int N>
struct HeadTiles {
  Tile x, dy;
  Tile before[N / tile_columns];  // H0
  Tile after[N / tile_columns];   // dH1
};
template <int N>
struct WideGradShared {
  Tile b[N / tile_columns];
  Tile c[N / tile_columns];
  HeadTiles<N> tiles[grad_stages];
  Tile pairs;  // at the end the sum of (L dt G)^T
  Tile dx;
  alignas(16) float steps[grad_stages][2 * back_rows];
  float in[2][group_warps][back_rows];  // sums over j of M[i,j], by warps
  float out[2][back_rows];              // sums over i of M[i,j]
};
struct GradBarriers {
  std::uint64_t shared, full[grad_stages], empty[grad_stages];
};

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

enum NamedBarrier { inside_meet = 1, groups_meet = 2 };
__device__ __forceinline__ void meet(NamedBarrier at, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(static_cast<int>(at)), "r"(threads) : "memory");
}

__device__ __forceinline__ float quad_sum(float value) {
  value += __shfl_xor_sync(all_lanes, value, 1);
  return value + __shfl_xor_sync(all_lanes, value, 2);
}

template <int N>
struct GradBlock {
  WideGradShared<N>& shared;
  GradBarriers& barriers;
  const ScanBack& s;
  const GradPlan& plan;
  std::int64_t unit, group, first_head;
  int part, count;  // heads

  [[nodiscard]] __device__ __forceinline__ float* ends(int k) const {
    return plan.ends + (unit * s.heads + first_head + k) * end_floats;
  }
};

template <int N>
__device__ __forceinline__ void feed_heads(const GradBlock<N>& block, const CUtensorMap& xbc, const CUtensorMap& dy) {
  const ScanBack& s = block.s;
  GradBarriers& barriers = block.barriers;
  WideGradShared<N>& shared = block.shared;
  constexpr int halves = N / tile_columns;
  const int row = static_cast<int>(block.unit) * back_rows;
  const int b_at = static_cast<int>(s.inner + block.group * N);
  const unsigned both = shared_address(&barriers.shared);
  barrier_expect(both, 2 * halves * tile_bytes);
  for (int half = 0; half < halves; ++half) {
    const int column = b_at + half * tile_columns;
    copy_box(shared_address(&shared.b[half]), xbc, column, row, both);
    copy_box(shared_address(&shared.c[half]), xbc, column + static_cast<int>(s.groups * N), row, both);
  }
  for (int k = 0; k < block.count; ++k) {
    const int stage = k % grad_stages;
    const std::int64_t head = block.first_head + k;
    if (k >= grad_stages) barrier_wait_round(barriers.empty[stage], k / grad_stages - 1);
    HeadTiles<N>& tiles = shared.tiles[stage];
    const unsigned full = shared_address(&barriers.full[stage]);
    constexpr unsigned copy_bytes = halves * tile_bytes;
    barrier_expect(full, 2 * tile_bytes + 2 * copy_bytes + sizeof shared.steps[0]);
    copy_box(shared_address(&tiles.x), xbc, static_cast<int>(head) * tile_columns, row, full);
    copy_box(shared_address(&tiles.dy), dy, static_cast<int>(head) * tile_columns, row, full);
    const std::int64_t at = (block.unit * s.heads + head) * tile_columns * N;
    bulk_copy(shared_address(tiles.before), block.plan.before + at, copy_bytes, full);
    bulk_copy(shared_address(tiles.after), block.plan.after + at, copy_bytes, full);
    bulk_copy(shared_address(shared.steps[stage]), s.steps_of(block.unit, head), sizeof shared.steps[0], full);
  }
}

// Sums over the rows g of a warp's 16 x 64 values, of which each thread has added its two rows: lane (g, q) is left
// with columns 8 g + 2 q and the next.
template <int size>
__device__ __forceinline__ void halve_columns(float (&value)[16]) {
  const bool upper = (threadIdx.x & static_cast<unsigned>(size * 2)) != 0;
#pragma unroll
  for (int i = 0; i < size; ++i) {
    const float given = upper ? value[i] : value[i + size];
    const float kept = upper ? value[i + size] : value[i];
    value[i] = kept + __shfl_xor_sync(all_lanes, given, size * 2);
  }
}
__device__ __forceinline__ float2 columns_sum(float (&value)[16]) {
  halve_columns<8>(value);
  halve_columns<4>(value);
  halve_columns<2>(value);
  return make_float2(value[0], value[1]);
}

// From G^T and S^T, rows j: (L S)^T as an operand, L dt G to the sum over heads, and sums of M.
struct InsideSums {
  float out[2];  // of rows g, g + 8
  float in[16];  // of the thread's columns
  float skip;
};
__device__ __forceinline__ void weigh_pairs(unsigned (&a)[back_rows / 16][4], float (&weighted)[back_rows / 8][4],
                                            InsideSums& sums, const float (&pull)[back_rows / 8][4],
                                            const float (&scores)[back_rows / 8][4], const float* steps, int warp) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int g = lane / 4;
  const int q = lane % 4;
  const float end = steps[warp * 16 + 15];
  float c[2];
  float dt[2];
  float near[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int j = warp * 16 + g + half * 8;
    c[half] = steps[j];
    dt[half] = steps[back_rows + j];
    near[half] = exp2_quick(end - c[half]);
  }
  sums = {};
  // One pair (i, j): exp(c[i] - c[j]) in; (L S)[i,j] out.
  const auto weigh = [&](int tile, int half, int e, float fade, bool same) {
    const float product = pull[tile][half * 2 + e];
    const float score = scores[tile][half * 2 + e];
    const float gain = fade * dt[half] * product;
    weighted[tile][half * 2 + e] += gain;
    const float moved = same ? 0.0f : gain * score;  // M[t,t] is added and taken away
    sums.out[half] += moved;
    sums.in[tile * 2 + e] += moved;
    if (same) sums.skip += product;
    return fade * score;
  };
#pragma unroll
  for (int m = 0; m < back_rows / 16; ++m) {
    if (m < warp) {  // tokens before ours
#pragma unroll
      for (int i = 0; i < 4; ++i) a[m][i] = 0;
    } else if (m == warp) {
#pragma unroll
      for (int n = 0; n < 2; ++n) {
        const int i = n * 8 + q * 2;
        const float2 c_i = *reinterpret_cast<const float2*>(&steps[m * 16 + i]);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int j = g + half * 8;
          const float low = i >= j ? exp2_quick(c_i.x - c[half]) : 0.0f;
          const float high = i + 1 >= j ? exp2_quick(c_i.y - c[half]) : 0.0f;
          const float first = weigh(m * 2 + n, half, 0, low, i == j);
          const float second = weigh(m * 2 + n, half, 1, high, i + 1 == j);
          a[m][n * 2 + half] = pack_bf16(first, second);
        }
      }
    } else {
#pragma unroll
      for (int n = 0; n < 2; ++n) {
        const float2 c_i = *reinterpret_cast<const float2*>(&steps[m * 16 + n * 8 + q * 2]);
        const float far[2] = {exp2_quick(c_i.x - end), exp2_quick(c_i.y - end)};
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const float first = weigh(m * 2 + n, half, 0, far[0] * near[half], false);
          const float second = weigh(m * 2 + n, half, 1, far[1] * near[half], false);
          a[m][n * 2 + half] = pack_bf16(first, second);
        }
      }
    }
  }
}

template <int N>
__device__ __forceinline__ void inside_chunk(const GradBlock<N>& block, int warp) {
  const ScanBack& s = block.s;
  WideGradShared<N>& shared = block.shared;
  GradBarriers& barriers = block.barriers;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int first = warp * 16;
  const int row = first + lane / 4;
  float weighted[back_rows / 8][4] = {};
  float scores[back_rows / 8][4];
  barrier_wait_round(barriers.shared, 0);
  products_begin();
#pragma unroll
  for (int k = 0; k < N / 16; ++k) {
    product_64(scores, k_along_rows(shared_address(&shared.b[k / 4]), k % 4),
               k_along_rows(shared_address(&shared.c[k / 4]), k % 4), k > 0);
  }
  products_commit();
  products_wait<0>();
  hold(scores);
  auto* to = static_cast<__nv_bfloat16*>(s.d_xbc) + block.unit * back_rows * s.channels +
             block.first_head * tile_columns + lane % 8 * 8;
  for (int k = 0; k < block.count; ++k, to += tile_columns) {
    const int stage = k % grad_stages;
    const HeadTiles<N>& tiles = shared.tiles[stage];
    const float* steps = shared.steps[stage];
    const float skip = s.d[block.first_head + k];
    float* ends = block.ends(k);
    const unsigned x_tile = shared_address(&tiles.x);
    const unsigned dy_tile = shared_address(&tiles.dy);
    barrier_wait_round(barriers.full[stage], k / grad_stages);
    float pull[back_rows / 8][4];
    float v[tile_columns / 8][4];
    products_begin();
#pragma unroll
    for (int i = 0; i < tile_columns / 16; ++i) {
      product_64(pull, k_along_rows(x_tile, i), k_along_rows(dy_tile, i), i > 0);
    }
    products_commit();
#pragma unroll
    for (int i = 0; i < N / 16; ++i) {
      product_64(v, k_along_rows(shared_address(&shared.b[i / 4]), i % 4),
                 k_along_rows(shared_address(&tiles.after[i / 4]), i % 4), i > 0);
    }
    products_commit();
    products_wait<1>();
    hold(pull);
    unsigned a[back_rows / 16][4];
    InsideSums sums;
    weigh_pairs(a, weighted, sums, pull, scores, steps, warp);
    const float2 in = columns_sum(sums.in);
    *reinterpret_cast<float2*>(&shared.in[k % 2][warp][lane / 4 * 8 + lane % 4 * 2]) = in;
    const float skipped = warp_sum(sums.skip);
    if (lane == 0) ends[4 * back_rows + group_warps + warp] = skipped;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float out = quad_sum(sums.out[half]);
      if (lane % 4 == 0) shared.out[k % 2][row + half * 8] = out;
    }
    unsigned x[tile_columns / 16][4];
    unsigned dy[tile_columns / 16][4];
#pragma unroll
    for (int i = 0; i < tile_columns / 16; ++i) {
      load_matrices(x[i], x_tile + tile_at<tile_columns>(first + lane % 16, i * 2 + lane / 16));
      load_matrices(dy[i], dy_tile + tile_at<tile_columns>(first + lane % 16, i * 2 + lane / 16));
    }
    const auto dot = [&](int half) {
      float sum = 0.0f;
#pragma unroll
      for (int i = 0; i < tile_columns / 8; ++i) {
        const unsigned pair = x[i / 2][i % 2 * 2 + half];
        sum += v[i][half * 2] * low_bf16(pair) + v[i][half * 2 + 1] * high_bf16(pair);
      }
      return quad_sum(sum);
    };
    const float dt[2] = {steps[back_rows + row], steps[back_rows + row + 8]};
    const float last = steps[back_rows - 1];
    const float fade[2] = {exp2_quick(last - steps[row]), exp2_quick(last - steps[row + 8])};
    products_wait<0>();
    hold(v);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
#pragma unroll
      for (int i = 0; i < tile_columns / 8; ++i) {
        v[i][half * 2] *= fade[half];
        v[i][half * 2 + 1] *= fade[half];
      }
      const float r = dot(half);
      if (lane % 4 == 0) ends[back_rows + row + half * 8] = r;
    }
    hold(v);
    products_begin();
#pragma unroll
    for (int i = 0; i < back_rows / 16; ++i) add_product(v, a[i], k_down_rows(dy_tile, i));
    products_commit();
    meet(inside_meet, group_threads);  // all warps' parts of `in` are there
    if (threadIdx.x % group_threads < back_rows) {
      const int t = static_cast<int>(threadIdx.x) % group_threads;
      const float(&parts)[group_warps][back_rows] = shared.in[k % 2];
      ends[3 * back_rows + t] = parts[0][t] + parts[1][t] + parts[2][t] + parts[3][t] - shared.out[k % 2][t];
    }
    products_wait<0>();
    hold(v);
    keep_until_here(a);
    __syncwarp();
    if (lane == 0) barrier_arrive(shared_address(&barriers.empty[stage]));
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float direct = dot(half);
      if (lane % 4 == 0) ends[2 * back_rows + row + half * 8] = direct;
    }
    const unsigned dx_tile = shared_address(&shared.dx);
#pragma unroll
    for (int i = 0; i < tile_columns / 16; ++i) {
      unsigned out[4];
#pragma unroll
      for (int m = 0; m < 4; ++m) {
        const float(&value)[4] = v[i * 2 + m / 2];
        const int half = m % 2;
        out[m] = pack_bf16(dt[half] * value[half * 2] + skip * low_bf16(dy[i][m]),
                           dt[half] * value[half * 2 + 1] + skip * high_bf16(dy[i][m]));
      }
      store_matrices(dx_tile + tile_at<tile_columns>(first + lane % 16, i * 2 + lane / 16), out[0], out[1], out[2],
                     out[3]);
    }
    __syncwarp();
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int token = first + i * 4 + lane / 8;
      const auto* from = reinterpret_cast<const char*>(&shared.dx) + tile_at<tile_columns>(token, lane % 8);
      *reinterpret_cast<uint4*>(to + token * s.channels) = *reinterpret_cast<const uint4*>(from);
    }
    __syncwarp();
  }
#pragma unroll
  for (int i = 0; i < back_rows / 16; ++i) {
    store_matrices(shared_address(&shared.pairs) + tile_at<tile_columns>(first + lane % 16, i * 2 + lane / 16),
                   pack_bf16(weighted[i * 2][0], weighted[i * 2][1]), pack_bf16(weighted[i * 2][2], weighted[i * 2][3]),
                   pack_bf16(weighted[i * 2 + 1][0], weighted[i * 2 + 1][1]),
                   pack_bf16(weighted[i * 2 + 1][2], weighted[i * 2 + 1][3]));
  }
  meet(groups_meet, 3 * group_threads);
}

// dB (rows j) or dC (rows i) of all heads. to_b: which of them.
template <int N, bool to_b>
__device__ __forceinline__ void gather_heads(const GradBlock<N>& block, int warp) {
  const ScanBack& s = block.s;
  WideGradShared<N>& shared = block.shared;
  GradBarriers& barriers = block.barriers;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int first = warp * 16;
  const int row = first + lane / 4;
  float gain[N / 8][4] = {};
  barrier_wait_round(barriers.shared, 0);
  for (int k = 0; k < block.count; ++k) {
    const int stage = k % grad_stages;
    const HeadTiles<N>& tiles = shared.tiles[stage];
    const float* steps = shared.steps[stage];
    float* ends = block.ends(k);
    barrier_wait_round(barriers.full[stage], k / grad_stages);
    const float last = steps[back_rows - 1];
    float scale[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float c = steps[row + half * 8];
      scale[half] = to_b ? exp2_quick(last - c) * steps[back_rows + row + half * 8] : exp2_quick(c);
    }
    const unsigned from = shared_address(to_b ? &tiles.x : &tiles.dy);
    unsigned own[tile_columns / 16][4];
    if constexpr (to_b) {
#pragma unroll
      for (int i = 0; i < tile_columns / 16; ++i) {
        load_matrices(own[i], from + tile_at<tile_columns>(first + lane % 16, i * 2 + lane / 16));
      }
    } else {
      float seen[tile_columns / 8][4];  // C H0^T, rows i
      products_begin();
#pragma unroll
      for (int i = 0; i < N / 16; ++i) {
        product_64(seen, k_along_rows(shared_address(&shared.c[i / 4]), i % 4),
                   k_along_rows(shared_address(&tiles.before[i / 4]), i % 4), i > 0);
      }
      products_commit();
#pragma unroll
      for (int i = 0; i < tile_columns / 16; ++i) {
        load_matrices(own[i], from + tile_at<tile_columns>(first + lane % 16, i * 2 + lane / 16));
      }
      products_wait<0>();
      hold(seen);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float dot = 0.0f;
#pragma unroll
        for (int i = 0; i < tile_columns / 8; ++i) {
          const unsigned pair = own[i / 2][i % 2 * 2 + half];
          dot += seen[i][half * 2] * low_bf16(pair) + seen[i][half * 2 + 1] * high_bf16(pair);
        }
        dot = quad_sum(dot);
        if (lane % 4 == 0) ends[row + half * 8] = scale[half] * dot;
      }
    }
#pragma unroll
    for (int i = 0; i < tile_columns / 16; ++i) {
#pragma unroll
      for (int m = 0; m < 4; ++m) {
        own[i][m] = pack_bf16(scale[m % 2] * low_bf16(own[i][m]), scale[m % 2] * high_bf16(own[i][m]));
      }
    }
    hold(gain);
    products_begin();
#pragma unroll
    for (int i = 0; i < tile_columns / 16; ++i) {
      add_product(gain, own[i], k_down_rows(shared_address(to_b ? tiles.after : tiles.before), i));
    }
    products_commit();
    if constexpr (to_b) {
      const auto* before = reinterpret_cast<const uint4*>(tiles.before);
      const auto* after = reinterpret_cast<const uint4*>(tiles.after);
      float kept = 0.0f;
#pragma unroll 2
      for (int i = static_cast<int>(threadIdx.x) % group_threads; i < tile_columns * N / 8; i += group_threads) {
        const uint4 h = before[i];
        const uint4 d = after[i];
        const auto add = [&](unsigned one, unsigned other) {
          kept += low_bf16(one) * low_bf16(other) + high_bf16(one) * high_bf16(other);
        };
        add(h.x, d.x), add(h.y, d.y), add(h.z, d.z), add(h.w, d.w);
      }
      kept = warp_sum(kept);
      if (lane == 0) ends[4 * back_rows + warp] = kept;
    }
    products_wait<0>();
    hold(gain);
    keep_until_here(own);
    __syncwarp();
    if (lane == 0) barrier_arrive(shared_address(&barriers.empty[stage]));
  }
  meet(groups_meet, 3 * group_threads);
  const unsigned pairs = shared_address(&shared.pairs);
  unsigned a[back_rows / 16][4];
#pragma unroll
  for (int i = 0; i < back_rows / 16; ++i) {
    if constexpr (to_b) {
      load_matrices(a[i], pairs + tile_at<tile_columns>(first + lane % 16, i * 2 + lane / 16));
    } else {
      load_matrices_transposed(
          a[i], pairs + tile_at<tile_columns>(i * 16 + lane % 8 + lane / 16 * 8, first / 8 + lane / 8 % 2));
    }
  }
  hold(gain);
  products_begin();
#pragma unroll
  for (int i = 0; i < back_rows / 16; ++i) {
    add_product(gain, a[i], k_down_rows(shared_address(to_b ? shared.c : shared.b), i));
  }
  products_commit();
  products_wait<0>();
  hold(gain);
  keep_until_here(a);
  const std::int64_t at = (to_b ? block.group : s.groups + block.group) * N + lane % 4 * 2;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const std::int64_t token = block.unit * back_rows + row + half * 8;
    if (block.plan.partial == nullptr) {
      auto* to = static_cast<__nv_bfloat16*>(s.d_xbc) + token * s.channels + s.inner + at;
#pragma unroll
      for (int j = 0; j < N / 8; ++j) {
        *reinterpret_cast<unsigned*>(to + j * 8) = pack_bf16(gain[j][half * 2], gain[j][half * 2 + 1]);
      }
    } else {
      float* to = block.plan.partial + (block.part * s.tokens + token) * 2 * s.groups * N + at;
#pragma unroll
      for (int j = 0; j < N / 8; ++j) {
        *reinterpret_cast<float2*>(to + j * 8) = make_float2(gain[j][half * 2], gain[j][half * 2 + 1]);
      }
    }
  }
}

template <int registers>
__device__ __forceinline__ void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(registers));
}
template <int registers>
__device__ __forceinline__ void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(registers));
}

#endif

// Grid (units, G * parts).
template <int N>
__global__ void __launch_bounds__(grad_groups* group_threads, 1)
    ssd_back_warpgroups_kernel(const __grid_constant__ CUtensorMap xbc, const __grid_constant__ CUtensorMap dy,
                               ScanBack s, GradPlan plan) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __shared__ GradBarriers barriers;
  extern __shared__ unsigned char wide_grad_memory[];
  auto& shared =
      *reinterpret_cast<WideGradShared<N>*>((reinterpret_cast<std::uintptr_t>(wide_grad_memory) + 1023) / 1024 * 1024);
  const int warp = __shfl_sync(all_lanes, static_cast<int>(threadIdx.x) / warp_size, 0);
  if (threadIdx.x == 0) {
    barrier_init(shared_address(&barriers.shared), 1);
    for (int i = 0; i < grad_stages; ++i) {
      barrier_init(shared_address(&barriers.full[i]), 1);
      barrier_init(shared_address(&barriers.empty[i]), 3 * group_warps);
    }
    barrier_init_done();
  }
  __syncthreads();
  wait_for_previous();
  const int count = static_cast<int>(s.heads / s.groups) / plan.parts;
  const std::int64_t group = blockIdx.y / static_cast<unsigned>(plan.parts);
  const int part = static_cast<int>(blockIdx.y) % plan.parts;
  const GradBlock<N> block{shared, barriers, s, plan, blockIdx.x, group, group * (s.heads / s.groups) + part * count,
                           part,   count};
  const int own = warp % group_warps;
  if (warp >= 3 * group_warps) {
    give_registers<feeder_registers>();
    if (threadIdx.x == 3 * group_threads) feed_heads(block, xbc, dy);
  } else if (warp >= 2 * group_warps) {
    take_registers<to_c_registers>();
    gather_heads<N, false>(block, own);
  } else if (warp >= group_warps) {
    gather_heads<N, true>(block, own);
  } else {
    take_registers<inside_registers>();
    inside_chunk(block, own);
  }
#endif
}

template <int N>
void launch_grad(CudaStream& on, const ScanBack& s, const GradPlan& plan) {
  const CUtensorMap xbc = map_tiles(s.xbc, s.channels, s.tokens, s.channels * 2);
  const CUtensorMap dy = map_tiles(s.dy, s.inner, s.tokens, s.inner * 2);
  const std::size_t shared = sizeof(WideGradShared<N>) + 1024;
  allow_shared(ssd_back_warpgroups_kernel<N>, shared);
  launch(on, "ssd_scan_backward",
         {.grid = dim3(static_cast<unsigned>(s.units), static_cast<unsigned>(s.groups * plan.parts)),
          .block = dim3(grad_groups * group_threads),
          .shared = shared,
          .overlaps = true},
         ssd_back_warpgroups_kernel<N>, xbc, dy, s, plan);
}

}  // namespace

void back_chunks_by_warpgroups(CudaStream& on, const ScanBack& s, const GradPlan& plan) {
  s.d_state == 128 ? launch_grad<128>(on, s, plan) : launch_grad<64>(on, s, plan);
}

}  // namespace holdfast::cuda
