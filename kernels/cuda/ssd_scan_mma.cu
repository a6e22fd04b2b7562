// The chunked scan (SSD) on tensor cores, bf16 products with f32 sums; the state stays f32 in registers.
//
// A block takes one head over one segment of the sequence, chunk by chunk (Q = 64 tokens). With g the running sum of
// dt A in the chunk, and H the state before it:
//   y = exp(g) (C H^T) + (C B^T o M) X + D X,    M[t, s] = exp(g[t] - g[s]) dt[s] for s <= t, else 0
//   H = exp(g[Q-1]) H + (X o w)^T B,             w[s] = exp(g[Q-1] - g[s]) dt[s]
// Four warps make y, each 16 tokens of it; four make the next state, each 16 rows p of it, and leave a bf16 copy for
// the others. Tokens arrive by asynchronous copies one chunk ahead. x, B, C are read once per head, y is written once.
//
// With few heads a sequence is cut into segments that run side by side. Then a first pass finds what each segment adds
// to the state, from which the second makes the beginning of each. On Hopper the passes are those of ssd_scan_wgmma.cu.
#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/scan_rows.h"
#include "kernels/cuda/ssd_scan_segments.cuh"

namespace holdfast::cuda {
namespace {

constexpr int scan_threads = 256;
constexpr int scan_state_warps = 4;
constexpr int scan_stages = 2;

// One chunk of one head: x (Q, P), B and C (Q, N), rows of 16-byte pieces that are swizzled against bank conflicts.
template <int N>
struct ScanStage {
  alignas(128) __nv_bfloat16 x[chunk_tokens * scan_dim];
  alignas(128) __nv_bfloat16 b[chunk_tokens * N];
  alignas(128) __nv_bfloat16 c[chunk_tokens * N];
};
struct ScanSteps {
  float sum[chunk_tokens];  // g, in base 2
  float dt[chunk_tokens];
};
template <int N>
struct ScanShared {
  ScanStage<N> stage[scan_stages];
  alignas(128) __nv_bfloat16 state[2][scan_dim * N];  // before this chunk, and before the next
  ScanSteps steps[2];
};

template <int N, bool outputs>
__device__ __forceinline__ void fetch_chunk(ScanStage<N>& stage, const ScanRows& s, std::int64_t head,
                                            std::int64_t begin, std::int64_t end) {
  const auto* xbc = static_cast<const __nv_bfloat16*>(s.xbc);
  const std::int64_t group = head / (s.heads / s.groups);
  const std::int64_t b_at = s.inner + group * N;
  const std::int64_t c_at = b_at + s.groups * N;
  constexpr int x_pieces = scan_dim / 8;
  constexpr int n_pieces = N / 8;
  for (int i = static_cast<int>(threadIdx.x); i < chunk_tokens * x_pieces; i += scan_threads) {
    const int row = i / x_pieces;
    const int piece = i % x_pieces;
    const bool valid = begin + row < end;
    const std::int64_t token = valid ? begin + row : begin;
    copy_16_async(shared_address(stage.x) + tile_at<scan_dim>(row, piece),
                  xbc + token * s.channels + head * scan_dim + piece * 8, valid);
  }
  for (int i = static_cast<int>(threadIdx.x); i < chunk_tokens * n_pieces; i += scan_threads) {
    const int row = i / n_pieces;
    const int piece = i % n_pieces;
    const bool valid = begin + row < end;
    const std::int64_t token = valid ? begin + row : begin;
    copy_16_async(shared_address(stage.b) + tile_at<N>(row, piece), xbc + token * s.channels + b_at + piece * 8, valid);
    if constexpr (outputs) {
      copy_16_async(shared_address(stage.c) + tile_at<N>(row, piece), xbc + token * s.channels + c_at + piece * 8,
                    valid);
    }
  }
}

// One warp: dt and the running sum of dt A for a chunk. Tokens beyond the end have dt = 0, so that they change nothing.
__device__ __forceinline__ void make_steps(ScanSteps& steps, const ScanRows& s, std::int64_t head, std::int64_t begin,
                                           std::int64_t end, float bias, float rate, bool log) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  float dt[2];
  float sum[2];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const std::int64_t t = begin + lane * 2 + i;
    dt[i] = 0.0f;
    if (t < end) {
      dt[i] = step_size(raw_step(s, t, head), bias, s.dt_min, s.dt_max);
      if (log) s.log_decay[t * s.heads + head] = dt[i] * rate;
    }
    sum[i] = dt[i] * rate * log2_e;
  }
  sum[1] += sum[0];
  float upto = sum[1];
#pragma unroll
  for (int step = 1; step < warp_size; step *= 2) {
    const float other = __shfl_up_sync(all_lanes, upto, step);
    if (lane >= step) upto += other;
  }
  const float before = upto - sum[1];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    steps.sum[lane * 2 + i] = before + sum[i];
    steps.dt[lane * 2 + i] = dt[i];
  }
}

// y of the 16 tokens that belong to this warp, into the place of its own rows of C.
template <int N>
__device__ __forceinline__ void make_outputs(ScanStage<N>& stage, const __nv_bfloat16* state, const ScanSteps& steps,
                                             int warp, float skip) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int g = lane / 4;
  const int q = lane % 4;
  const int first = warp * 16;
  const unsigned c_tile = shared_address(stage.c);
  const unsigned b_tile = shared_address(stage.b);
  const unsigned x_tile = shared_address(stage.x);
  const unsigned h_tile = shared_address(state);
  const int pair_row = lane % 8 + lane / 16 * 8;  // of a pair of 8-row tiles whose k runs along the row
  const int pair_piece = lane / 8 % 2;
  float y[scan_dim / 8][4] = {};
  float scores[chunk_tokens / 8][4] = {};
#pragma unroll
  for (int k = 0; k < N / 16; ++k) {
    unsigned a[4];
    load_matrices(a, c_tile + tile_at<N>(first + lane % 16, k * 2 + lane / 16));
#pragma unroll
    for (int j = 0; j < scan_dim / 16; ++j) {
      unsigned b[4];
      load_matrices(b, h_tile + tile_at<N>(j * 16 + pair_row, k * 2 + pair_piece));
      mma_bf16(y[j * 2], a, b[0], b[1]);
      mma_bf16(y[j * 2 + 1], a, b[2], b[3]);
    }
#pragma unroll
    for (int j = 0; j < chunk_tokens / 16; ++j) {
      if (j > warp) break;  // tokens after ours
      unsigned b[4];
      load_matrices(b, b_tile + tile_at<N>(j * 16 + pair_row, k * 2 + pair_piece));
      mma_bf16(scores[j * 2], a, b[0], b[1]);
      mma_bf16(scores[j * 2 + 1], a, b[2], b[3]);
    }
  }
  const float own_low = steps.sum[first + g];
  const float own_high = steps.sum[first + g + 8];
  const float scale_low = exp2f(own_low);
  const float scale_high = exp2f(own_high);
#pragma unroll
  for (int j = 0; j < scan_dim / 8; ++j) {
    y[j][0] *= scale_low, y[j][1] *= scale_low;
    y[j][2] *= scale_high, y[j][3] *= scale_high;
  }
#pragma unroll
  for (int j = 0; j < chunk_tokens / 16; ++j) {
    if (j > warp) break;
    unsigned a[4];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int s = j * 16 + half * 8 + q * 2;
      const float2 sum = *reinterpret_cast<const float2*>(&steps.sum[s]);
      const float2 dt = *reinterpret_cast<const float2*>(&steps.dt[s]);
      const float(&score)[4] = scores[j * 2 + half];
      const auto masked = [&](float value, int t, float own, int from, float other, float weight) {
        return from <= t ? value * exp2f(own - other) * weight : 0.0f;
      };
      a[half * 2] = pack_bf16(masked(score[0], first + g, own_low, s, sum.x, dt.x),
                              masked(score[1], first + g, own_low, s + 1, sum.y, dt.y));
      a[half * 2 + 1] = pack_bf16(masked(score[2], first + g + 8, own_high, s, sum.x, dt.x),
                                  masked(score[3], first + g + 8, own_high, s + 1, sum.y, dt.y));
    }
#pragma unroll
    for (int n = 0; n < scan_dim / 16; ++n) {
      unsigned b[4];
      load_matrices_transposed(b, x_tile + tile_at<scan_dim>(j * 16 + lane % 16, n * 2 + lane / 16));
      mma_bf16(y[n * 2], a, b[0], b[1]);
      mma_bf16(y[n * 2 + 1], a, b[2], b[3]);
    }
  }
  // D x, and y to shared memory: all lanes are done with these rows of C.
  __syncwarp();
#pragma unroll
  for (int j = 0; j < scan_dim / 8; ++j) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = first + g + half * 8;
      const auto* x =
          reinterpret_cast<const unsigned*>(reinterpret_cast<const char*>(stage.x) + tile_at<scan_dim>(row, j)) + q;
      const unsigned pair = pack_bf16(y[j][half * 2] + skip * low_bf16(*x), y[j][half * 2 + 1] + skip * high_bf16(*x));
      *(reinterpret_cast<unsigned*>(reinterpret_cast<char*>(stage.c) + tile_at<N>(row, j)) + q) = pair;
    }
  }
  __syncwarp();
}

template <int N>
__device__ __forceinline__ void store_outputs(const ScanStage<N>& stage, const ScanRows& s, std::int64_t head,
                                              std::int64_t begin, std::int64_t end, int warp) {
  auto* y = static_cast<__nv_bfloat16*>(s.y);
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int row = warp * 16 + i * 4 + lane / 8;
    const int piece = lane % 8;
    if (begin + row >= end) continue;
    const auto value = *reinterpret_cast<const uint4*>(reinterpret_cast<const char*>(stage.c) + tile_at<N>(row, piece));
    *reinterpret_cast<uint4*>(y + (begin + row) * s.inner + head * scan_dim + piece * 8) = value;
  }
}

// Rows first .. first+15 of the state after a chunk.
template <int N>
__device__ __forceinline__ void advance_state(float (&h)[N / 8][4], const ScanStage<N>& stage, const ScanSteps& steps,
                                              int first) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int q = lane % 4;
  const float last = steps.sum[chunk_tokens - 1];
  const float keep = exp2f(last);
#pragma unroll
  for (int j = 0; j < N / 8; ++j) {
#pragma unroll
    for (int i = 0; i < 4; ++i) h[j][i] *= keep;
  }
  const unsigned x_tile = shared_address(stage.x);
  const unsigned b_tile = shared_address(stage.b);
#pragma unroll
  for (int k = 0; k < chunk_tokens / 16; ++k) {
    unsigned a[4];
    load_matrices_transposed(a,
                             x_tile + tile_at<scan_dim>(k * 16 + lane % 8 + lane / 16 * 8, first / 8 + lane / 8 % 2));
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int t = k * 16 + half * 8 + q * 2;
      const float2 sum = *reinterpret_cast<const float2*>(&steps.sum[t]);
      const float2 dt = *reinterpret_cast<const float2*>(&steps.dt[t]);
      const float low = exp2f(last - sum.x) * dt.x;
      const float high = exp2f(last - sum.y) * dt.y;
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        a[half * 2 + i] = pack_bf16(low * low_bf16(a[half * 2 + i]), high * high_bf16(a[half * 2 + i]));
      }
    }
#pragma unroll
    for (int j = 0; j < N / 16; ++j) {
      unsigned b[4];
      load_matrices_transposed(b, b_tile + tile_at<N>(k * 16 + lane % 16, j * 2 + lane / 16));
      mma_bf16(h[j * 2], a, b[0], b[1]);
      mma_bf16(h[j * 2 + 1], a, b[2], b[3]);
    }
  }
}

template <int N>
__device__ __forceinline__ void leave_state(const float (&h)[N / 8][4], __nv_bfloat16* to, int first) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  auto* bytes = reinterpret_cast<char*>(to);
#pragma unroll
  for (int j = 0; j < N / 8; ++j) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = first + lane / 4 + half * 8;
      *(reinterpret_cast<unsigned*>(bytes + tile_at<N>(row, j)) + lane % 4) =
          pack_bf16(h[j][half * 2], h[j][half * 2 + 1]);
    }
  }
}

// Grid (H, segments). outputs = false is the first pass: no y, states begin at zero.
template <int N, bool outputs>
__global__ void __launch_bounds__(scan_threads, 1) ssd_scan_chunks_kernel(ScanRows s, ScanSegments segments) {
  extern __shared__ __align__(128) unsigned char scan_memory[];
  auto& shared = *reinterpret_cast<ScanShared<N>*>(scan_memory);
  wait_for_previous();
  const std::int64_t head = blockIdx.x;
  const SegmentRange range = segment_range(s, segments, blockIdx.y, !outputs);
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const bool keeps_state = warp < scan_state_warps;
  const int first = warp % scan_state_warps * 16;  // rows p of the state, or tokens of y
  const float bias = s.dt_bias[head];
  const float rate = s.a[head];
  const float skip = s.d[head];
  const bool log = outputs && s.log_decay != nullptr;
  float h[N / 8][4];
  float total = 0.0f;
  fetch_chunk<N, outputs>(shared.stage[0], s, head, range.begin, range.end);
  commit_copies();
  const auto place = [&](int i) { return (first + lane / 4 + i % 2 * 8) * N + i / 2 * 8 + lane % 4 * 2; };
  if (keeps_state) {
    float2 pairs[N / 4];
    begin_state(pairs, s, segments, blockIdx.y, !outputs, head, place);
#pragma unroll
    for (int i = 0; i < N / 4; ++i) h[i / 2][i % 2 * 2] = pairs[i].x, h[i / 2][i % 2 * 2 + 1] = pairs[i].y;
    if constexpr (outputs) leave_state<N>(h, shared.state[0], first);
    if (warp == 0) make_steps(shared.steps[0], s, head, range.begin, range.end, bias, rate, log);
  }
  int turn = 0;
  for (std::int64_t begin = range.begin; begin < range.end; begin += chunk_tokens, turn ^= 1) {
    wait_for_copies<0>();
    __syncthreads();
    ScanStage<N>& stage = shared.stage[turn];
    const ScanSteps& steps = shared.steps[turn];
    const std::int64_t next = begin + chunk_tokens;
    if (next < range.end) fetch_chunk<N, outputs>(shared.stage[turn ^ 1], s, head, next, range.end);
    commit_copies();
    if (keeps_state) {
      if (warp == 0 && next < range.end) {
        make_steps(shared.steps[turn ^ 1], s, head, next, range.end, bias, rate, log);
      }
      advance_state<N>(h, stage, steps, first);
      total += steps.sum[chunk_tokens - 1];
      if constexpr (outputs) leave_state<N>(h, shared.state[turn ^ 1], first);
    } else if constexpr (outputs) {
      make_outputs<N>(stage, shared.state[turn], steps, warp - scan_state_warps, skip);
      store_outputs<N>(stage, s, head, begin, range.end, warp - scan_state_warps);
    }
  }
  if (!keeps_state) return;
  float* to = end_of_segment(s, segments, blockIdx.y, !outputs, head, total);
  if (to == nullptr) return;
#pragma unroll
  for (int i = 0; i < N / 4; ++i) {
    *reinterpret_cast<float2*>(to + place(i)) = make_float2(h[i / 2][i % 2 * 2], h[i / 2][i % 2 * 2 + 1]);
  }
}

// As many segments as give every multiprocessor a block, but none shorter than eight chunks.
int scan_segments(const CudaStream& on, const ScanRows& s) {
  const std::int64_t chunks = scan_chunk_count(s) / s.sequences;
  const std::int64_t wanted = on.card().multiprocessors / (s.heads * s.sequences);
  return static_cast<int>(std::clamp<std::int64_t>(std::min(wanted, chunks / 8), 1, 64));
}

template <int N, bool outputs>
void scan_pass(CudaStream& on, const ScanRows& s, const ScanSegments& segments) {
  if (on.card().warpgroups) return scan_by_warpgroups(on, s, segments, outputs);
  allow_shared(ssd_scan_chunks_kernel<N, outputs>, sizeof(ScanShared<N>));
  launch(on, outputs ? "ssd_scan" : "ssd_scan segments",
         {.grid = dim3(static_cast<unsigned>(s.heads), static_cast<unsigned>(segments.segments)),
          .block = dim3(scan_threads),
          .shared = sizeof(ScanShared<N>),
          .overlaps = true},
         ssd_scan_chunks_kernel<N, outputs>, s, segments);
}

template <int N>
void scan_chunks(Stream& stream, const ScanRows& s) {
  CudaStream& on = backend(stream);
  const bool warpgroups = on.card().warpgroups;
  const int segments = scan_segments(on, s);
  const std::int64_t state_size = scan_dim * N;
  const std::int64_t count = segments > 1 ? s.sequences * segments * s.heads : 0;
  const std::int64_t steps = warpgroups ? s.heads * scan_chunk_count(s) * chunk_tokens : 0;
  auto* next = static_cast<std::byte*>(stream.scratch(scratch_bytes(count * state_size, 4) + scratch_bytes(count, 4) +
                                                      scratch_bytes(s.sequences + 1, 4) + scratch_bytes(steps, 4)));
  ScanSegments plan{cut_scratch<float>(next, count * state_size), cut_scratch<float>(next, count), nullptr, segments,
                    nullptr};
  if (s.sequence_of_unit != nullptr) {
    auto* begins = cut_scratch<std::int32_t>(next, s.sequences + 1);
    find_begins(on, begins, s.sequence_of_unit, s.tokens / chunk_tokens, s.sequences);
    plan.begins = begins;
  }
  if (warpgroups) {
    auto* dt = cut_scratch<float>(next, steps);
    make_scan_dt(on, s, dt);
    plan.dt = dt;
  }
  if (segments > 1) scan_pass<N, false>(on, s, plan);
  scan_pass<N, true>(on, s, plan);
}

}  // namespace

bool scan_on_tensor_cores(Stream& stream, const ScanRows& s) {
  const auto aligned = [](const void* at, std::uintptr_t bytes) {
    return reinterpret_cast<std::uintptr_t>(at) % bytes == 0;
  };
  if (s.head_dim != scan_dim || !aligned(s.xbc, 16) || !aligned(s.y, 16) || !aligned(s.state, 8) ||
      !aligned(s.initial, 8)) {
    return false;
  }
  if (s.sequence_of_unit != nullptr && !backend(stream).card().warpgroups) return false;
  if (s.d_state == 128) {
    scan_chunks<128>(stream, s);
  } else if (s.d_state == 64) {
    scan_chunks<64>(stream, s);
  } else {
    return false;
  }
  return true;
}

}  // namespace holdfast::cuda
