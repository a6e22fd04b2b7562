// The scan of ssd_scan_mma.cu with products of warpgroups (sm_90a): the same chunks, the same sums, other hands.
//
//   warpgroup 0    the state: H = exp(g[Q-1]) H + (X o w)^T B. H stays in its registers, as the sums of the product; a
//                  bf16 copy of H before each chunk goes to shared memory
//   warpgroups 1.. y of a chunk each, in turn: scores C B^T, then C H^T beside the masking of the scores, then scores X
//   four warps     by turns: copies of a chunk's tiles, and what follows from its dt, which another kernel has made and
//                  turned, so that a chunk's lie together
//
// They meet at barriers in shared memory: `full` and `empty` of each stage of tiles, `made` and `read` of each copy of
// H. So the state of the next chunk is made while y of this one is, and y's parts of two chunks overlap.
//
// Decays between a token t and an earlier s that do not share a block of 16 are taken in two factors, from t to the
// last token r of s's block and from r to s. Both are at most 1, so neither overflows, and what underflows was nothing.
#include "kernels/cuda/ssd_scan_segments.cuh"
#include "kernels/cuda/wgmma.cuh"

namespace holdfast::cuda {
namespace {

constexpr int group_threads = 128;
[[maybe_unused]] constexpr int group_warps = group_threads / warp_size;
constexpr int dt_threads = 256;
constexpr int dt_heads = 32;  // of a block
constexpr int output_groups = 2;
constexpr int feeders = 4;                       // warps
constexpr int stages = 4;                        // chunks whose tiles are here or on the way
constexpr int copies = 2;                        // of the state
[[maybe_unused]] constexpr int scan_block = 16;  // tokens

template <int N>
struct Tiles {
  __nv_bfloat16 x[tile_rows * tile_columns];
  __nv_bfloat16 b[N / tile_columns][tile_rows * tile_columns];
  __nv_bfloat16 c[N / tile_columns][tile_rows * tile_columns];
};
struct Steps {
  float sum[chunk_tokens];  // g, in base 2
  float dt[chunk_tokens];
  float near[chunk_tokens];    // exp(g[r] - g[s]) dt[s], r the last token of s's block
  float weight[chunk_tokens];  // exp(g[Q-1] - g[s]) dt[s]
};
template <int N, int makers>
struct WideShared {
  Tiles<N> tiles[stages];
  __nv_bfloat16 state[copies][N / tile_columns][tile_rows * tile_columns];
  __nv_bfloat16 y[makers > 0 ? makers : 1][tile_rows * tile_columns];
  Steps steps[stages];
};
struct Barriers {
  std::uint64_t full[stages], empty[stages], made[copies], read[copies];
};

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

// One warp: what follows from dt of a chunk, of which lane l has tokens 2 l and 2 l + 1.
__device__ __forceinline__ void make_steps(Steps& steps, float2 dt, float rate) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  float sum[2] = {dt.x * rate, dt.y * rate};
  sum[1] += sum[0];
  float upto = sum[1];
#pragma unroll
  for (int step = 1; step < warp_size; step *= 2) {
    const float other = __shfl_up_sync(all_lanes, upto, step);
    if (lane >= step) upto += other;
  }
  const float before = upto - sum[1];
  const float last = __shfl_sync(all_lanes, upto, warp_size - 1);
  const float block_end = __shfl_sync(all_lanes, upto, lane | (scan_block / 2 - 1));
  sum[0] += before;
  sum[1] = upto;
  const auto pair = [lane](float* to, float low, float high) {
    *reinterpret_cast<float2*>(to + lane * 2) = make_float2(low, high);
  };
  pair(steps.sum, sum[0], sum[1]);
  pair(steps.dt, dt.x, dt.y);
  pair(steps.near, exp2_quick(block_end - sum[0]) * dt.x, exp2_quick(block_end - sum[1]) * dt.y);
  pair(steps.weight, exp2_quick(last - sum[0]) * dt.x, exp2_quick(last - sum[1]) * dt.y);
}

// One warp leaves a barrier its arrival, behind all that its lanes did.
__device__ __forceinline__ void arrive(std::uint64_t& barrier) {
  __syncwarp();
  if (threadIdx.x % warp_size == 0) barrier_arrive(shared_address(&barrier));
}

// Scores of this warp's 16 tokens, times the decays between tokens and dt, as the operand of four products.
__device__ __forceinline__ void mask_scores(unsigned (&a)[chunk_tokens / 16][4],
                                            const float (&scores)[chunk_tokens / 8][4], const Steps& steps, int warp,
                                            float own_low, float own_high) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int g = lane / 4;
  const int q = lane % 4;
#pragma unroll
  for (int j = 0; j < chunk_tokens / 16; ++j) {
    if (j > warp) {  // tokens after ours
#pragma unroll
      for (int i = 0; i < 4; ++i) a[j][i] = 0;
    } else if (j < warp) {
      const float end = steps.sum[j * 16 + 15];
      const float low = exp2_quick(own_low - end);
      const float high = exp2_quick(own_high - end);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const float2 near = *reinterpret_cast<const float2*>(&steps.near[j * 16 + half * 8 + q * 2]);
        const float(&score)[4] = scores[j * 2 + half];
        a[j][half * 2] = pack_bf16(score[0] * (low * near.x), score[1] * (low * near.y));
        a[j][half * 2 + 1] = pack_bf16(score[2] * (high * near.x), score[3] * (high * near.y));
      }
    } else {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int s = half * 8 + q * 2;
        const float2 sum = *reinterpret_cast<const float2*>(&steps.sum[j * 16 + s]);
        const float2 dt = *reinterpret_cast<const float2*>(&steps.dt[j * 16 + s]);
        const float(&score)[4] = scores[j * 2 + half];
        const auto masked = [](float value, int t, float own, int from, float other, float weight) {
          return from <= t ? value * exp2_quick(own - other) * weight : 0.0f;
        };
        a[j][half * 2] =
            pack_bf16(masked(score[0], g, own_low, s, sum.x, dt.x), masked(score[1], g, own_low, s + 1, sum.y, dt.y));
        a[j][half * 2 + 1] = pack_bf16(masked(score[2], g + 8, own_high, s, sum.x, dt.x),
                                       masked(score[3], g + 8, own_high, s + 1, sum.y, dt.y));
      }
    }
  }
}

template <int N, int makers>
struct ScanBlock {
  WideShared<N, makers>& shared;
  Barriers& barriers;
  const ScanRows& s;
  std::int64_t head;
  SegmentRange range;
  int count;  // chunks
};

template <int N, int makers>
__device__ __forceinline__ void feed(const ScanBlock<N, makers>& block, const CUtensorMap& xbc, const float* dt,
                                     int feeder) {
  constexpr bool outputs = makers > 0;
  const ScanRows& s = block.s;
  const std::int64_t group = block.head / (s.heads / s.groups);
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const float rate = s.a[block.head] * log2_e;
  const auto begin_of = [&](int i) { return block.range.begin + static_cast<std::int64_t>(i) * chunk_tokens; };
  dt += block.head * scan_chunk_count(s) * chunk_tokens + lane * 2;
  const auto dt_of = [&](int i) {
    return i < block.count ? *reinterpret_cast<const float2*>(dt + begin_of(i)) : make_float2(0.0f, 0.0f);
  };
  float2 coming = dt_of(feeder);
  for (int i = feeder; i < block.count; i += feeders) {
    const int stage = i % stages;
    if (i >= stages) barrier_wait_round(block.barriers.empty[stage], i / stages - 1);
    Tiles<N>& tiles = block.shared.tiles[stage];
    const unsigned full_at = shared_address(&block.barriers.full[stage]);
    if (lane == 0) {
      constexpr unsigned halves = N / tile_columns;
      barrier_expect(full_at, (1 + (outputs ? 2 : 1) * halves) * tile_bytes);
      const int row = static_cast<int>(begin_of(i));
      const int b_at = static_cast<int>(s.inner + group * N);
      const int c_at = b_at + static_cast<int>(s.groups * N);
      copy_box(shared_address(tiles.x), xbc, static_cast<int>(block.head) * scan_dim, row, full_at);
      for (int half = 0; half < static_cast<int>(halves); ++half) {
        copy_box(shared_address(tiles.b[half]), xbc, b_at + half * tile_columns, row, full_at);
        if constexpr (outputs) copy_box(shared_address(tiles.c[half]), xbc, c_at + half * tile_columns, row, full_at);
      }
    }
    const float2 now = coming;
    coming = dt_of(i + feeders);
    make_steps(block.shared.steps[stage], now, rate);
    barrier_arrive(full_at);  // each lane: racecheck does not follow what one leaves for others behind __syncwarp
  }
}

// The state through all chunks; returns the sum of log decays. What the next chunk adds is made ready beside the
// product.
template <int N, int makers>
__device__ __forceinline__ float keep_state(float (&h)[N / 8][4], const ScanBlock<N, makers>& block, int first) {
  constexpr bool outputs = makers > 0;
  Barriers& barriers = block.barriers;
  unsigned added[chunk_tokens / 16][4];
  float last = 0.0f;
  const auto prepare = [&](int i, unsigned(&to)[chunk_tokens / 16][4]) {
    if (i >= block.count) return;
    const int stage = i % stages;
    barrier_wait_round(barriers.full[stage], i / stages);
    const Steps& steps = block.shared.steps[stage];
    turned_operand(to, block.shared.tiles[stage].x, first,
                   [&](int t) { return *reinterpret_cast<const float2*>(&steps.weight[t]); });
    last = steps.sum[chunk_tokens - 1];
  };
  prepare(0, added);
  float total = 0.0f;
  for (int i = 0; i < block.count; ++i) {
    if constexpr (outputs) {  // before chunk i
      const int copy = i % copies;
      if (i >= copies) barrier_wait_round(barriers.read[copy], i / copies - 1);
      leave_sums<N>(h, block.shared.state[copy], first);
      show_to_products();
      arrive(barriers.made[copy]);
    }
    const int stage = i % stages;
    const float keep = exp2_quick(last);
    total += last;
#pragma unroll
    for (int j = 0; j < N / 8; ++j) {
#pragma unroll
      for (int k = 0; k < 4; ++k) h[j][k] *= keep;
    }
    hold(h);
    products_begin();
    const unsigned b_tile = shared_address(block.shared.tiles[stage].b[0]);
#pragma unroll
    for (int k = 0; k < chunk_tokens / 16; ++k) add_product(h, added[k], k_down_rows(b_tile, k));
    products_commit();
    unsigned next[chunk_tokens / 16][4];
    prepare(i + 1, next);
    products_wait<0>();
    hold(h);
    keep_until_here(added);
    arrive(barriers.empty[stage]);
#pragma unroll
    for (int k = 0; k < chunk_tokens / 16; ++k) {
#pragma unroll
      for (int j = 0; j < 4; ++j) added[k][j] = next[k][j];
    }
  }
  return total;
}

// y of every so-manieth chunk, from `maker` on.
template <int N, int makers>
__device__ __forceinline__ void make_outputs(const ScanBlock<N, makers>& block, int maker, int warp) {
  const ScanRows& s = block.s;
  Barriers& barriers = block.barriers;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int first = warp * 16;
  const float skip = s.d[block.head];
  const unsigned y_tile = shared_address(block.shared.y[maker]);
  auto* to = static_cast<__nv_bfloat16*>(s.y) + block.head * scan_dim + lane % 8 * 8;
  for (int i = maker; i < block.count; i += makers) {
    const int stage = i % stages;
    const int copy = i % copies;
    const Tiles<N>& tiles = block.shared.tiles[stage];
    const Steps& steps = block.shared.steps[stage];
    barrier_wait_round(barriers.full[stage], i / stages);
    float scores[chunk_tokens / 8][4];
    float y[scan_dim / 8][4];
    products_begin();
#pragma unroll
    for (int k = 0; k < N / 16; ++k) {
      product_64(scores, k_along_rows(shared_address(tiles.c[k / 4]), k % 4),
                 k_along_rows(shared_address(tiles.b[k / 4]), k % 4), k > 0);
    }
    products_commit();
    barrier_wait_round(barriers.made[copy], i / copies);
    products_begin();
#pragma unroll
    for (int k = 0; k < N / 16; ++k) {
      product_64(y, k_along_rows(shared_address(tiles.c[k / 4]), k % 4),
                 k_along_rows(shared_address(block.shared.state[copy][k / 4]), k % 4), k > 0);
    }
    products_commit();
    const float own_low = steps.sum[first + lane / 4];
    const float own_high = steps.sum[first + lane / 4 + 8];
    products_wait<1>();
    hold(scores);
    unsigned a[chunk_tokens / 16][4];
    mask_scores(a, scores, steps, warp, own_low, own_high);
    const float scale_low = exp2_quick(own_low);
    const float scale_high = exp2_quick(own_high);
    products_wait<0>();
    hold(y);
    arrive(barriers.read[copy]);
#pragma unroll
    for (int j = 0; j < scan_dim / 8; ++j) {
      y[j][0] *= scale_low, y[j][1] *= scale_low;
      y[j][2] *= scale_high, y[j][3] *= scale_high;
    }
    hold(y);
    products_begin();
    const unsigned x_tile = shared_address(tiles.x);
#pragma unroll
    for (int k = 0; k < chunk_tokens / 16; ++k) add_product(y, a[k], k_down_rows(x_tile, k));
    products_commit();
    unsigned x[scan_dim / 16][4];
#pragma unroll
    for (int j = 0; j < scan_dim / 16; ++j) {
      load_matrices(x[j], x_tile + tile_at<tile_columns>(first + lane % 16, j * 2 + lane / 16));
    }
    products_wait<0>();
    hold(y);
    keep_until_here(a);
    arrive(barriers.empty[stage]);
#pragma unroll
    for (int j = 0; j < scan_dim / 16; ++j) {
      unsigned out[4];
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        const float(&sums)[4] = y[j * 2 + k / 2];
        out[k] = pack_bf16(sums[k % 2 * 2] + skip * low_bf16(x[j][k]), sums[k % 2 * 2 + 1] + skip * high_bf16(x[j][k]));
      }
      store_matrices(y_tile + tile_at<tile_columns>(first + lane % 16, j * 2 + lane / 16), out[0], out[1], out[2],
                     out[3]);
    }
    __syncwarp();
    const std::int64_t begin = block.range.begin + static_cast<std::int64_t>(i) * chunk_tokens;
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const int row = first + k * 4 + lane / 8;
      if (begin + row >= block.range.end) continue;
      const auto* from = reinterpret_cast<const char*>(block.shared.y[maker]) + tile_at<tile_columns>(row, lane % 8);
      *reinterpret_cast<uint4*>(to + (begin + row) * s.inner) = *reinterpret_cast<const uint4*>(from);
    }
    __syncwarp();
  }
}

#endif

constexpr int wide_threads(int makers) { return (1 + makers) * group_threads + feeders * warp_size; }

// Grid (H, sequences * segments). makers: warpgroups that make y; 0 in the first pass, whose states begin at zero.
template <int N, int makers>
__global__ void __launch_bounds__(wide_threads(makers), 1)
    ssd_scan_warpgroups_kernel(const __grid_constant__ CUtensorMap xbc, ScanRows s, ScanSegments segments) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  constexpr bool outputs = makers > 0;
  __shared__ Barriers barriers;
  extern __shared__ unsigned char wide_memory[];
  auto& shared =
      *reinterpret_cast<WideShared<N, makers>*>((reinterpret_cast<std::uintptr_t>(wide_memory) + 1023) / 1024 * 1024);
  const int warp = __shfl_sync(all_lanes, static_cast<int>(threadIdx.x) / warp_size, 0);  // the same for all lanes
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  if (threadIdx.x == 0) {
    for (int i = 0; i < stages; ++i) {
      barrier_init(shared_address(&barriers.full[i]), 1 + warp_size);
      barrier_init(shared_address(&barriers.empty[i]), outputs ? 2 * group_warps : group_warps);
    }
    for (int i = 0; i < copies; ++i) {
      barrier_init(shared_address(&barriers.made[i]), group_warps);
      barrier_init(shared_address(&barriers.read[i]), group_warps);
    }
    barrier_init_done();
  }
  __syncthreads();
  wait_for_previous();
  const SegmentRange range = segment_range(s, segments, blockIdx.y, !outputs);
  const ScanBlock<N, makers> block{
      shared,     barriers, s,
      blockIdx.x, range,    static_cast<int>((range.end - range.begin + chunk_tokens - 1) / chunk_tokens)};
  if (warp >= (1 + makers) * group_warps) {
    feed(block, xbc, segments.dt, warp - (1 + makers) * group_warps);
  } else if (warp >= group_warps) {
    if constexpr (outputs) make_outputs(block, warp / group_warps - 1, warp % group_warps);
  } else {
    const int first = warp * 16;
    const auto place = [&](int i) { return (first + lane / 4 + i % 2 * 8) * N + i / 2 * 8 + lane % 4 * 2; };
    float2 pairs[N / 4];
    begin_state(pairs, s, segments, blockIdx.y, !outputs, block.head, place);
    float h[N / 8][4];
#pragma unroll
    for (int i = 0; i < N / 4; ++i) h[i / 2][i % 2 * 2] = pairs[i].x, h[i / 2][i % 2 * 2 + 1] = pairs[i].y;
    const float total = keep_state(h, block, first);
    float* to = end_of_segment(s, segments, blockIdx.y, !outputs, block.head, total);
    if (to == nullptr) return;
#pragma unroll
    for (int i = 0; i < N / 4; ++i) {
      *reinterpret_cast<float2*>(to + place(i)) = make_float2(h[i / 2][i % 2 * 2], h[i / 2][i % 2 * 2 + 1]);
    }
  }
#endif
}

// dt as the feeders want it, and its log decays. Grid (chunks, ceil(H / dt_heads)).
__global__ void __launch_bounds__(dt_threads) ssd_scan_dt_kernel(ScanRows s, float* dt) {
  __shared__ float turned[dt_heads][chunk_tokens + 1];
  wait_for_previous();
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * chunk_tokens;
  const std::int64_t first_head = static_cast<std::int64_t>(blockIdx.y) * dt_heads;
  const int heads = static_cast<int>(min(s.heads - first_head, std::int64_t{dt_heads}));
#pragma unroll
  for (int k = 0; k < chunk_tokens * dt_heads / dt_threads; ++k) {
    const int i = k * dt_threads + static_cast<int>(threadIdx.x);
    const std::int64_t t = first + i / dt_heads;
    const std::int64_t head = first_head + i % dt_heads;
    float value = 0.0f;
    if (t < s.tokens && head < s.heads) {
      value = step_size(raw_step(s, t, head), s.dt_bias[head], s.dt_min, s.dt_max);
      if (s.log_decay != nullptr) s.log_decay[t * s.heads + head] = value * s.a[head];
    }
    turned[i % dt_heads][i / dt_heads] = value;
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < chunk_tokens * heads; i += dt_threads) {
    dt[(first_head + i / chunk_tokens) * gridDim.x * chunk_tokens + first + i % chunk_tokens] =
        turned[i / chunk_tokens][i % chunk_tokens];
  }
}

template <int N, int makers>
void launch_warpgroups(CudaStream& on, const CUtensorMap& map, const ScanRows& s, const ScanSegments& segments) {
  const std::size_t shared = sizeof(WideShared<N, makers>) + 1024;
  allow_shared(ssd_scan_warpgroups_kernel<N, makers>, shared);
  launch(on, makers > 0 ? "ssd_scan" : "ssd_scan segments",
         {.grid = dim3(static_cast<unsigned>(s.heads), static_cast<unsigned>(s.sequences * segments.segments)),
          .block = dim3(wide_threads(makers)),
          .shared = shared,
          .overlaps = true},
         ssd_scan_warpgroups_kernel<N, makers>, map, s, segments);
}

}  // namespace

void make_scan_dt(CudaStream& on, const ScanRows& s, float* dt) {
  launch(on, "ssd_scan dt",
         {.grid = dim3(static_cast<unsigned>(scan_chunk_count(s)), blocks_for(s.heads, dt_heads)),
          .block = dim3(dt_threads),
          .overlaps = true},
         ssd_scan_dt_kernel, s, dt);
}

void scan_by_warpgroups(CudaStream& on, const ScanRows& s, const ScanSegments& segments, bool outputs) {
  const CUtensorMap map = map_tiles(s.xbc, s.channels, s.tokens, s.channels * 2);
  const auto run = [&](auto n) {
    constexpr int N = decltype(n)::value;
    outputs ? launch_warpgroups<N, output_groups>(on, map, s, segments) : launch_warpgroups<N, 0>(on, map, s, segments);
  };
  s.d_state == 128 ? run(std::integral_constant<int, 128>{}) : run(std::integral_constant<int, 64>{});
}

}  // namespace holdfast::cuda
