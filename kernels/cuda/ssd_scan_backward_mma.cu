// The packed scan and its gradients on tensor cores (ssd_backward.cuh has the formulas): bf16 products with f32 sums.
//
//   states      forwards along each sequence, the state in f32 registers; before each chunk a bf16 copy goes to memory
//   gradients   backwards likewise: the gradient of the state after each chunk
//   chunks      a block takes one chunk and the heads of a group (or a part of them) one after the other. B, C and
//               S = B C^T stay where they are. Backwards dB, dC and the sum over heads of L dt G are summed in
//               registers, so that the products with B and C are made once for all heads.
//   ends        d(dt A), d dt and what goes to A, D and dt_bias: a warp per chunk and head
//
// Copies of states lie in memory as they lie in shared memory (tile_at), so that they are fetched as they are. x, dy
// and copies are read once per head, y and dx are written once; B, C, dB and dC move once per block.
#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/ssd_backward.cuh"
#include "kernels/cuda/ssd_scan_segments.cuh"

namespace holdfast::cuda {
namespace {

constexpr int back_dim = 64;       // P
constexpr int pass_threads = 128;  // of a block that has half of the columns n
constexpr int flat_pass_threads = 256;
constexpr int out_threads = 256;
constexpr int end_threads = 256;
constexpr int end_heads = 32;  // of a block
constexpr int pass_stages = 3;
constexpr int grad_threads = 512;
constexpr int grad_warps = grad_threads / warp_size;

template <int N>
constexpr int state_pieces = back_dim* N / 8;  // of 16 bytes, of a state's copy

// ---- states along the sequences

// H: columns n of this block, half of N.
template <int H>
struct PassStage {
  alignas(128) __nv_bfloat16 left[back_rows * back_dim];  // x or dy
  alignas(128) __nv_bfloat16 right[back_rows * H];        // B or C
  alignas(128) float steps[2 * back_rows];
};
template <int H>
struct PassShared {
  PassStage<H> stage[pass_stages];
  alignas(128) __nv_bfloat16 copy[2][back_dim * H];
};
template <int H, bool backwards>
__device__ __forceinline__ void fetch_pass(PassStage<H>& stage, const ScanBack& s, std::int64_t unit, std::int64_t head,
                                           int n_first) {
  const std::int64_t group = head / (s.heads / s.groups);
  const auto* xbc = static_cast<const __nv_bfloat16*>(s.xbc) + unit * back_rows * s.channels;
  const auto* left = backwards ? static_cast<const __nv_bfloat16*>(s.dy) + unit * back_rows * s.inner : xbc;
  const std::int64_t left_stride = backwards ? s.inner : s.channels;
  const auto* right = xbc + s.inner + ((backwards ? s.groups : 0) + group) * s.d_state + n_first;
  constexpr int left_pieces = back_dim / 8;
  constexpr int right_pieces = H / 8;
#pragma unroll
  for (int k = 0; k < back_rows * left_pieces / pass_threads; ++k) {
    const int i = k * pass_threads + static_cast<int>(threadIdx.x);
    const int row = i / left_pieces;
    const int piece = i % left_pieces;
    copy_16_async(shared_address(stage.left) + tile_at<back_dim>(row, piece),
                  left + row * left_stride + head * back_dim + piece * 8, true);
  }
#pragma unroll
  for (int k = 0; k < back_rows * right_pieces / pass_threads; ++k) {
    const int i = k * pass_threads + static_cast<int>(threadIdx.x);
    const int row = i / right_pieces;
    const int piece = i % right_pieces;
    copy_16_async(shared_address(stage.right) + tile_at<H>(row, piece), right + row * s.channels + piece * 8, true);
  }
  if (threadIdx.x < back_rows / 2) {
    copy_16_async(shared_address(stage.steps) + threadIdx.x * 16, s.steps_of(unit, head) + threadIdx.x * 4, true);
  }
}

// h of this warp: rows p first .. first+15, all columns of the block.
template <int H, bool backwards>
__device__ __forceinline__ void advance_pass(float (&h)[H / 8][4], const PassStage<H>& stage, int first) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const float last = stage.steps[back_rows - 1];
  const float keep = exp2f(last);
#pragma unroll
  for (int j = 0; j < H / 8; ++j) {
#pragma unroll
    for (int i = 0; i < 4; ++i) h[j][i] *= keep;
  }
  const unsigned left = shared_address(stage.left);
  const unsigned right = shared_address(stage.right);
#pragma unroll
  for (int k = 0; k < back_rows / 16; ++k) {
    unsigned a[4];
    load_matrices_transposed(a, left + tile_at<back_dim>(k * 16 + lane % 8 + lane / 16 * 8, first / 8 + lane / 8 % 2));
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int t = k * 16 + half * 8 + lane % 4 * 2;
      const float2 sum = *reinterpret_cast<const float2*>(&stage.steps[t]);
      const float2 dt = *reinterpret_cast<const float2*>(&stage.steps[back_rows + t]);
      const float low = backwards ? exp2f(sum.x) : exp2f(last - sum.x) * dt.x;
      const float high = backwards ? exp2f(sum.y) : exp2f(last - sum.y) * dt.y;
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        a[half * 2 + i] = pack_bf16(low * low_bf16(a[half * 2 + i]), high * high_bf16(a[half * 2 + i]));
      }
    }
#pragma unroll
    for (int j = 0; j < H / 16; ++j) {
      unsigned b[4];
      load_matrices_transposed(b, right + tile_at<H>(k * 16 + lane % 16, j * 2 + lane / 16));
      mma_bf16(h[j * 2], a, b[0], b[1]);
      mma_bf16(h[j * 2 + 1], a, b[2], b[3]);
    }
  }
}

// Calls what(value, next value, row p, column n of the block) for every pair of this warp's part of the state.
template <int H, class What>
__device__ __forceinline__ void each_pair(float (&h)[H / 8][4], int first, What what) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
#pragma unroll
  for (int j = 0; j < H / 8; ++j) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      what(h[j][half * 2], h[j][half * 2 + 1], first + lane / 4 + half * 8, j * 8 + lane % 4 * 2);
    }
  }
}

// Grid (2 H, sequences * segments): heads, and halves of the columns n. copies = false is the first pass of several
// segments.
template <int N, bool backwards, bool copies>
__global__ void __launch_bounds__(pass_threads, 3) ssd_pass_states_kernel(ScanBack s, StatePass pass) {
  constexpr int H = N / 2;
  extern __shared__ __align__(128) unsigned char pass_memory[];
  auto& shared = *reinterpret_cast<PassShared<H>*>(pass_memory);
  wait_for_previous();
  const std::int64_t head = blockIdx.x / 2;
  const int n_first = static_cast<int>(blockIdx.x % 2) * H;
  const int segment = static_cast<int>(blockIdx.y) % pass.segments;
  const std::int64_t sequence = blockIdx.y / static_cast<unsigned>(pass.segments);
  const std::int64_t base = s.begins[sequence];
  const std::int64_t units = s.begins[sequence + 1] - base;
  const std::int64_t begin = base + units * segment / pass.segments;
  const std::int64_t end = base + units * (segment + 1) / pass.segments;
  const std::int64_t count = end - begin;
  const auto unit_at = [&](std::int64_t i) { return backwards ? end - 1 - i : begin + i; };
  const int first = static_cast<int>(threadIdx.x) / warp_size * 16;
  const std::int64_t size = std::int64_t{back_dim} * N;
  float* own = pass.states + (blockIdx.y * s.heads + head) * size + n_first;
  const float* start = pass.segments > 1                   ? own
                       : backwards || s.initial == nullptr ? nullptr
                                                           : s.initial + head * size + n_first;
  float h[H / 8][4] = {};
  float total = 0.0f;
#pragma unroll
  for (int i = 0; i < pass_stages - 1; ++i) {
    if (i < count) fetch_pass<H, backwards>(shared.stage[i], s, unit_at(i), head, n_first);
    commit_copies();
  }
  const auto leave = [&](__nv_bfloat16* to) {
    auto* bytes = reinterpret_cast<char*>(to);
    each_pair<H>(h, first, [&](float low, float high, int p, int n) {
      *reinterpret_cast<unsigned*>(bytes + tile_at<H>(p, n / 8) + n % 8 * 2) = pack_bf16(low, high);
    });
  };
  if constexpr (copies) {
    if (start != nullptr) {
      each_pair<H>(h, first, [&](float& low, float& high, int p, int n) {
        const float2 pair = *reinterpret_cast<const float2*>(start + p * N + n);
        low = pair.x, high = pair.y;
      });
    }
    leave(shared.copy[0]);
  }
  int slot = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    wait_for_copies<pass_stages - 2>();
    __syncthreads();
    if (i + pass_stages - 1 < count) {
      const int free = slot == 0 ? pass_stages - 1 : slot - 1;
      fetch_pass<H, backwards>(shared.stage[free], s, unit_at(i + pass_stages - 1), head, n_first);
    }
    commit_copies();
    if constexpr (copies) {
      auto* to = reinterpret_cast<char*>(pass.copies + (unit_at(i) * s.heads + head) * size);
      const auto* from = reinterpret_cast<const char*>(shared.copy[i % 2]);
#pragma unroll
      for (int k = 0; k < back_dim * (H / 8) / pass_threads; ++k) {
        const int at = k * pass_threads + static_cast<int>(threadIdx.x);
        const int row = at / (H / 8);
        const int piece = at % (H / 8);
        *reinterpret_cast<uint4*>(to + tile_at<N>(row, n_first / 8 + piece)) =
            *reinterpret_cast<const uint4*>(from + tile_at<H>(row, piece));
      }
    }
    advance_pass<H, backwards>(h, shared.stage[slot], first);
    total += shared.stage[slot].steps[back_rows - 1];
    if constexpr (copies) leave(shared.copy[(i + 1) % 2]);
    slot = slot + 1 == pass_stages ? 0 : slot + 1;
  }
  float* to = own;
  if constexpr (copies) {
    if (pass.last == nullptr || segment != (backwards ? 0 : pass.segments - 1)) return;
    to = pass.last + (sequence * s.heads + head) * size + n_first;
  }
  each_pair<H>(h, first, [&](float low, float high, int p, int n) {
    *reinterpret_cast<float2*>(to + p * N + n) = make_float2(low, high);
  });
  if (!copies && n_first == 0 && threadIdx.x == 0) pass.decays[blockIdx.y * s.heads + head] = total;
}

// Grid (ceil(H P N / threads), sequences): a thread gives every segment its beginning, for one element.
template <bool backwards>
__global__ void __launch_bounds__(flat_pass_threads) ssd_pass_segments_kernel(ScanBack s, StatePass pass) {
  wait_for_previous();
  const std::int64_t size = s.head_dim * s.d_state;
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * flat_pass_threads + threadIdx.x;
  if (i >= s.heads * size) return;
  float h = backwards || s.initial == nullptr ? 0.0f : s.initial[i];
  for (int k = 0; k < pass.segments; ++k) {
    const std::int64_t segment =
        static_cast<std::int64_t>(blockIdx.y) * pass.segments + (backwards ? pass.segments - 1 - k : k);
    float* at = pass.states + segment * s.heads * size + i;
    const float added = *at;
    *at = h;
    h = exp2f(pass.decays[segment * s.heads + i / size]) * h + added;
  }
}

// ---- gradients of the chunks

template <int N>
struct GradStage {
  alignas(128) __nv_bfloat16 x[back_rows * back_dim];
  alignas(128) __nv_bfloat16 dy[back_rows * back_dim];
  alignas(128) __nv_bfloat16 before[back_dim * N];  // H0
  alignas(128) __nv_bfloat16 after[back_dim * N];   // dH1
};
// Parts of the sums of one head, by the warps that have them: four across a row of tiles, or four down a column.
struct GradSums {
  float from_before[4][back_rows];  // exp(c) dY.H0 C
  float r[4][back_rows];
  float direct[4][back_rows];  // X.v
  float out[4][back_rows];     // sum over i of M[i,t]
  float in[4][back_rows];      // sum over j of M[t,j], by rows of tiles
  float kept[grad_warps];      // <H0, dH1>
  float skip[4];               // sum of dY.X, by rows of tiles
};
template <int N>
struct GradShared {
  alignas(128) __nv_bfloat16 b[back_rows * N];
  alignas(128) __nv_bfloat16 c[back_rows * N];
  GradStage<N> stage[2];
  alignas(128) __nv_bfloat16 pairs[back_rows * back_rows];  // (L S)^T of a head; at the end the sum of (L dt G)^T
  alignas(128) float steps[2][2 * back_rows];
  GradSums sums[2];
};
template <int N>
__device__ __forceinline__ void fetch_head(GradShared<N>& shared, const ScanBack& s, const GradPlan& plan,
                                           std::int64_t unit, std::int64_t head, int turn) {
  GradStage<N>& stage = shared.stage[turn];
  constexpr int pieces = back_dim / 8;
  static_assert(back_rows * pieces == grad_threads);
  const int row = static_cast<int>(threadIdx.x) / pieces;
  const int piece = static_cast<int>(threadIdx.x) % pieces;
  const std::int64_t token = unit * back_rows + row;
  const unsigned place = tile_at<back_dim>(row, piece);
  copy_16_async(shared_address(stage.x) + place,
                static_cast<const __nv_bfloat16*>(s.xbc) + token * s.channels + head * back_dim + piece * 8, true);
  copy_16_async(shared_address(stage.dy) + place,
                static_cast<const __nv_bfloat16*>(s.dy) + token * s.inner + head * back_dim + piece * 8, true);
  const std::int64_t at = (unit * s.heads + head) * back_dim * N;
#pragma unroll
  for (int k = 0; k < state_pieces<N> / grad_threads; ++k) {
    const unsigned i = static_cast<unsigned>(k) * grad_threads + threadIdx.x;
    copy_16_async(shared_address(stage.before) + i * 16, plan.before + at + i * 8, true);
    copy_16_async(shared_address(stage.after) + i * 16, plan.after + at + i * 8, true);
  }
  if (threadIdx.x < back_rows / 2) {
    copy_16_async(shared_address(shared.steps[turn]) + threadIdx.x * 16, s.steps_of(unit, head) + threadIdx.x * 4,
                  true);
  }
}

// What the block found about a head's rows to memory: parts summed, a value per thread.
__device__ __forceinline__ void leave_ends(const GradSums& sums, float* to) {
  const int t = static_cast<int>(threadIdx.x) % back_rows;
  const int which = static_cast<int>(threadIdx.x) / back_rows;
  if (which == 4) {
    float value = 0.0f;
    if (t < 4) {
      for (int w = t; w < grad_warps; w += 4) value += sums.kept[w];
    } else if (t < 8) {
      value = sums.skip[t - 4];
    }
    if (t < 8) to[4 * back_rows + t] = value;
  }
  if (which >= 4) return;
  float value = 0.0f;
  if (which == 3) {  // M[t,j] less M[i,t]
    const int tile = t / 16;
#pragma unroll
    for (int w = 0; w < 4; ++w) {
      if (w <= tile) value += sums.in[w][t];
      if (w >= tile) value -= sums.out[w][t];
    }
  } else {
    const float(&parts)[4][back_rows] = which == 0 ? sums.from_before : which == 1 ? sums.r : sums.direct;
    value = parts[0][t] + parts[1][t] + parts[2][t] + parts[3][t];
  }
  to[which * back_rows + t] = value;
}

// Grid (units, ceil(H / end_heads)). A warp takes a head; d_dt goes to memory row by row.
__global__ void __launch_bounds__(end_threads) ssd_back_ends_kernel(ScanBack s, const float* ends) {
  __shared__ float d_dt[end_heads][back_rows + 1];
  wait_for_previous();
  const std::int64_t unit = blockIdx.x;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * end_heads;
  const int heads = static_cast<int>(min(s.heads - first, std::int64_t{end_heads}));
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  for (int h = static_cast<int>(threadIdx.x) / warp_size; h < heads; h += end_threads / warp_size) {
    const std::int64_t head = first + h;
    const auto* own = reinterpret_cast<const float2*>(ends + (unit * s.heads + head) * end_floats);
    const float* steps = s.steps_of(unit, head);
    const float2 dt = reinterpret_cast<const float2*>(steps + back_rows)[lane];
    const float2 from_before = own[lane];
    const float2 r = own[back_rows / 2 + lane];
    const float2 direct = own[back_rows + lane];
    const float2 moved = own[back_rows / 2 * 3 + lane];  // added from the end they give what crosses t
    const auto* rest = reinterpret_cast<const float4*>(own + back_rows * 2);
    const auto whole = [](float4 parts) { return parts.x + parts.y + parts.z + parts.w; };
    float later = moved.x + moved.y;
#pragma unroll
    for (int step = 1; step < warp_size; step *= 2) {
      const float down = __shfl_down_sync(all_lanes, later, step);
      if (lane + step < warp_size) later += down;
    }
    later = __shfl_down_sync(all_lanes, later, 1);
    if (lane == warp_size - 1) later = 0.0f;
    const float2 rows = finish_chunk(s, unit, head, from_before, make_float2(dt.x * r.x, dt.y * r.y),
                                     make_float2(later + moved.y + moved.x, later + moved.y), direct, dt,
                                     whole(rest[0]) * exp2f(steps[back_rows - 1]), whole(rest[1]));
    d_dt[h][lane * 2] = rows.x, d_dt[h][lane * 2 + 1] = rows.y;
  }
  __syncthreads();
  auto* to = static_cast<__nv_bfloat16*>(s.d_dt) + unit * back_rows * s.d_dt_stride + first;
  for (int i = static_cast<int>(threadIdx.x); i < back_rows * heads; i += end_threads) {
    store(to + i / heads * s.d_dt_stride + i % heads, d_dt[i % heads][i / heads]);
  }
}

__device__ __forceinline__ float quad_sum(float value) {
  value += __shfl_xor_sync(all_lanes, value, 1);
  return value + __shfl_xor_sync(all_lanes, value, 2);
}

// The pair of neighbours at columns column, column + 1 (even) of a row of a tile.
template <int columns>
__device__ __forceinline__ unsigned* tile_pair(__nv_bfloat16* tile, int row, int column) {
  return reinterpret_cast<unsigned*>(reinterpret_cast<char*>(tile) + tile_at<columns>(row, column / 8) +
                                     column % 8 * 2);
}
template <int columns>
__device__ __forceinline__ unsigned tile_pair(const __nv_bfloat16* tile, int row, int column) {
  return *reinterpret_cast<const unsigned*>(reinterpret_cast<const char*>(tile) + tile_at<columns>(row, column / 8) +
                                            column % 8 * 2);
}

// Warps that share rows of tiles meet here.
__device__ __forceinline__ void rows_meet(int rows, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(rows + 1), "r"(threads) : "memory");
}

// Where a warp of sixteen stands: four rows of tiles of 16, four columns of tiles. Warps w, w + 4, ... share a
// scheduler: the ten tiles where i can follow j are spread over the schedulers evenly.
struct GradPlace {
  int lane, g, q, rows, column;  // rows: index of the row of tiles; column: of the column of tiles
  int first;                     // row of its tiles
  int pair_row, pair_piece;      // for operands whose k runs along the row
  __device__ __forceinline__ GradPlace() {
    const int warp = static_cast<int>(threadIdx.x) / warp_size;
    lane = static_cast<int>(threadIdx.x) % warp_size;
    g = lane / 4, q = lane % 4;
    rows = warp / 4;
    constexpr unsigned columns[2] = {0x03213210, 0x21302103};
    column = static_cast<int>(columns[rows / 2] >> (rows % 2 * 16 + warp % 4 * 4)) & 3;
    first = rows * 16;
    pair_row = lane % 8 + lane / 16 * 8;
    pair_piece = lane / 8 % 2;
  }
};

// S^T, rows j, columns i.
template <int N>
__device__ __forceinline__ void make_scores(float (&scores)[2][4], const GradShared<N>& shared, const GradPlace& at) {
  const unsigned b_tile = shared_address(shared.b);
  const unsigned c_tile = shared_address(shared.c);
#pragma unroll
  for (int k = 0; k < N / 16; ++k) {
    unsigned a[4];
    unsigned b[4];
    load_matrices(a, b_tile + tile_at<N>(at.first + at.lane % 16, k * 2 + at.lane / 16));
    load_matrices(b, c_tile + tile_at<N>(at.column * 16 + at.pair_row, k * 2 + at.pair_piece));
    mma_bf16(scores[0], a, b[0], b[1]);
    mma_bf16(scores[1], a, b[2], b[3]);
  }
}

// G^T of this warp's tile, and from it (L S)^T to shared memory, L dt G to the sum over heads, and the sums of M.
template <int N>
__device__ __forceinline__ void inside_chunk(GradShared<N>& shared, const GradStage<N>& stage, const float* steps,
                                             GradSums& sums, const float (&scores)[2][4], float (&weighted)[2][4],
                                             const GradPlace& at) {
  float pull[2][4] = {};
  const unsigned x_tile = shared_address(stage.x);
  const unsigned dy_tile = shared_address(stage.dy);
#pragma unroll
  for (int k = 0; k < back_dim / 16; ++k) {
    unsigned a[4];
    unsigned b[4];
    load_matrices(a, x_tile + tile_at<back_dim>(at.first + at.lane % 16, k * 2 + at.lane / 16));
    load_matrices(b, dy_tile + tile_at<back_dim>(at.column * 16 + at.pair_row, k * 2 + at.pair_piece));
    mma_bf16(pull[0], a, b[0], b[1]);
    mma_bf16(pull[1], a, b[2], b[3]);
  }
  float out[2] = {};
  float skip = 0.0f;
#pragma unroll
  for (int n = 0; n < 2; ++n) {
    const int i = at.column * 16 + n * 8 + at.q * 2;
    float in[2] = {};
    const float2 c_i = *reinterpret_cast<const float2*>(&steps[i]);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int j = at.first + at.g + half * 8;
      const float c_j = steps[j];
      const float dt_j = steps[back_rows + j];
      float decayed[2];
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        const bool counts = i + e >= j;
        const float fade = counts ? exp2f((e == 0 ? c_i.x : c_i.y) - c_j) : 0.0f;
        const float product = pull[n][half * 2 + e];
        const float score = scores[n][half * 2 + e];
        const float gain = fade * dt_j * product;
        decayed[e] = fade * score;
        weighted[n][half * 2 + e] += gain;
        if (i + e == j) {
          skip += product;
        } else {  // M[t,t] is added and taken away
          out[half] += gain * score;
          in[e] += gain * score;
        }
      }
      *tile_pair<back_rows>(shared.pairs, j, i) = pack_bf16(decayed[0], decayed[1]);
    }
#pragma unroll
    for (int e = 0; e < 2; ++e) {
#pragma unroll
      for (int step = 4; step < warp_size; step *= 2) in[e] += __shfl_xor_sync(all_lanes, in[e], step);
    }
    if (at.g == 0) {
      *reinterpret_cast<float2*>(&sums.in[at.rows][i]) = make_float2(in[0], in[1]);
    }
  }
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    out[half] = quad_sum(out[half]);
    if (at.q == 0) sums.out[at.column][at.first + at.g + half * 8] = out[half];
  }
  if (at.rows == at.column) {
    skip = warp_sum(skip);
    if (at.lane == 0) sums.skip[at.rows] = skip;
  }
}

// exp(c[Q] - c[j]) dH1 B[j], rows j, columns p; and r.
template <int N>
__device__ __forceinline__ void from_after(float (&v)[2][4], const GradShared<N>& shared, const GradStage<N>& stage,
                                           const float* steps, GradSums& sums, const GradPlace& at) {
  const unsigned b_tile = shared_address(shared.b);
  const unsigned after_tile = shared_address(stage.after);
#pragma unroll
  for (int k = 0; k < N / 16; ++k) {
    unsigned a[4];
    unsigned b[4];
    load_matrices(a, b_tile + tile_at<N>(at.first + at.lane % 16, k * 2 + at.lane / 16));
    load_matrices(b, after_tile + tile_at<N>(at.column * 16 + at.pair_row, k * 2 + at.pair_piece));
    mma_bf16(v[0], a, b[0], b[1]);
    mma_bf16(v[1], a, b[2], b[3]);
  }
  const float last = steps[back_rows - 1];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int j = at.first + at.g + half * 8;
    const float fade = exp2f(last - steps[j]);
    float r = 0.0f;
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      const unsigned x = tile_pair<back_dim>(stage.x, j, at.column * 16 + n * 8 + at.q * 2);
      v[n][half * 2] *= fade;
      v[n][half * 2 + 1] *= fade;
      r += v[n][half * 2] * low_bf16(x) + v[n][half * 2 + 1] * high_bf16(x);
    }
    r = quad_sum(r);
    if (at.q == 0) sums.r[at.column][j] = r;
  }
}

// dC gains exp(c[i]) H0^T dY[i], dB gains dt[j] exp(c[Q]-c[j]) dH1^T X[j]: this warp's 16 rows, N / 4 columns.
template <int N>
__device__ __forceinline__ void from_states(float (&d_b)[N / 32][4], float (&d_c)[N / 32][4],
                                            const GradShared<N>& shared, const GradStage<N>& stage, const float* steps,
                                            GradSums& sums, const GradPlace& at) {
  const unsigned x_tile = shared_address(stage.x);
  const unsigned dy_tile = shared_address(stage.dy);
  const unsigned before_tile = shared_address(stage.before);
  const unsigned after_tile = shared_address(stage.after);
  const int n_first = at.column * (N / 4);
  const float last = steps[back_rows - 1];
  float z[N / 32][4] = {};
  float fade[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int j = at.first + at.g + half * 8;
    fade[half] = exp2f(last - steps[j]) * steps[back_rows + j];
  }
#pragma unroll
  for (int k = 0; k < back_dim / 16; ++k) {
    unsigned upper[4];
    unsigned own[4];
    load_matrices(upper, dy_tile + tile_at<back_dim>(at.first + at.lane % 16, k * 2 + at.lane / 16));
    load_matrices(own, x_tile + tile_at<back_dim>(at.first + at.lane % 16, k * 2 + at.lane / 16));
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      own[i] = pack_bf16(fade[i % 2] * low_bf16(own[i]), fade[i % 2] * high_bf16(own[i]));
    }
#pragma unroll
    for (int j = 0; j < N / 64; ++j) {
      unsigned b[4];
      const unsigned place = tile_at<N>(k * 16 + at.lane % 16, n_first / 8 + j * 2 + at.lane / 16);
      load_matrices_transposed(b, before_tile + place);
      mma_bf16(z[j * 2], upper, b[0], b[1]);
      mma_bf16(z[j * 2 + 1], upper, b[2], b[3]);
      load_matrices_transposed(b, after_tile + place);
      mma_bf16(d_b[j * 2], own, b[0], b[1]);
      mma_bf16(d_b[j * 2 + 1], own, b[2], b[3]);
    }
  }
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int i = at.first + at.g + half * 8;
    const float grown = exp2f(steps[i]);
    float dot = 0.0f;
#pragma unroll
    for (int j = 0; j < N / 32; ++j) {
      const unsigned c = tile_pair<N>(shared.c, i, n_first + j * 8 + at.q * 2);
      const float low = z[j][half * 2] * grown;
      const float high = z[j][half * 2 + 1] * grown;
      dot += low * low_bf16(c) + high * high_bf16(c);
      d_c[j][half * 2] += low;
      d_c[j][half * 2 + 1] += high;
    }
    dot = quad_sum(dot);
    if (at.q == 0) sums.from_before[at.column][i] = dot;
  }
}

// This warp's part of <H0, dH1>: the diagonal of a tile of H0 dH1^T, over a quarter of the columns n.
template <int N>
__device__ __forceinline__ float part_of_kept(const GradStage<N>& stage, const GradPlace& at) {
  const unsigned before = shared_address(stage.before);
  const unsigned after = shared_address(stage.after);
  float tile[2][4] = {};
#pragma unroll
  for (int i = 0; i < N / 64; ++i) {
    const int k = at.column * (N / 64) + i;
    unsigned a[4];
    unsigned b[4];
    load_matrices(a, before + tile_at<N>(at.first + at.lane % 16, k * 2 + at.lane / 16));
    load_matrices(b, after + tile_at<N>(at.first + at.pair_row, k * 2 + at.pair_piece));
    mma_bf16(tile[0], a, b[0], b[1]);
    mma_bf16(tile[1], a, b[2], b[3]);
  }
  // Rows g and columns 2q, 2q + 1 of the first half, rows g + 8 of the second.
  float sum = 0.0f;
  if (at.g == at.q * 2) sum = tile[0][0] + tile[1][2];
  if (at.g == at.q * 2 + 1) sum = tile[0][1] + tile[1][3];
  return warp_sum(sum);
}

// v gains (L S)^T dY; then dX of this warp's tile goes to memory.
template <int N>
__device__ __forceinline__ void finish_inputs(float (&v)[2][4], const GradShared<N>& shared, const GradStage<N>& stage,
                                              const float* steps, GradSums& sums, const ScanBack& s, std::int64_t unit,
                                              std::int64_t head, float skip, const GradPlace& at) {
  const unsigned pairs = shared_address(shared.pairs);
  const unsigned dy_tile = shared_address(stage.dy);
#pragma unroll
  for (int k = 0; k < back_rows / 16; ++k) {
    if (k < at.rows) continue;  // i before j
    unsigned a[4];
    unsigned b[4];
    load_matrices(a, pairs + tile_at<back_rows>(at.first + at.lane % 16, k * 2 + at.lane / 16));
    load_matrices_transposed(b, dy_tile + tile_at<back_dim>(k * 16 + at.lane % 16, at.column * 2 + at.lane / 16));
    mma_bf16(v[0], a, b[0], b[1]);
    mma_bf16(v[1], a, b[2], b[3]);
  }
  auto* d_xbc = static_cast<__nv_bfloat16*>(s.d_xbc) + unit * back_rows * s.channels + head * back_dim;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int j = at.first + at.g + half * 8;
    const float dt = steps[back_rows + j];
    float direct = 0.0f;
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      const int p = at.column * 16 + n * 8 + at.q * 2;
      const unsigned x = tile_pair<back_dim>(stage.x, j, p);
      const unsigned dy = tile_pair<back_dim>(stage.dy, j, p);
      direct += v[n][half * 2] * low_bf16(x) + v[n][half * 2 + 1] * high_bf16(x);
      *reinterpret_cast<unsigned*>(d_xbc + j * s.channels + p) =
          pack_bf16(dt * v[n][half * 2] + skip * low_bf16(dy), dt * v[n][half * 2 + 1] + skip * high_bf16(dy));
    }
    direct = quad_sum(direct);
    if (at.q == 0) sums.direct[at.column][j] = direct;
  }
}

// dB and dC gain the products inside the chunk, for all heads at once, and go to memory.
template <int N>
__device__ __forceinline__ void finish_group(float (&d_b)[N / 32][4], float (&d_c)[N / 32][4],
                                             const float (&weighted)[2][4], GradShared<N>& shared, const ScanBack& s,
                                             const GradPlan& plan, std::int64_t unit, std::int64_t group, int part,
                                             const GradPlace& at) {
  if (at.column >= at.rows) {
#pragma unroll
    for (int n = 0; n < 2; ++n) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        *tile_pair<back_rows>(shared.pairs, at.first + at.g + half * 8, at.column * 16 + n * 8 + at.q * 2) =
            pack_bf16(weighted[n][half * 2], weighted[n][half * 2 + 1]);
      }
    }
  }
  __syncthreads();
  const unsigned pairs = shared_address(shared.pairs);
  const int n_first = at.column * (N / 4);
#pragma unroll
  for (int k = 0; k < back_rows / 16; ++k) {
    if (k >= at.rows) {  // dB[j] from C[i]
      unsigned a[4];
      load_matrices(a, pairs + tile_at<back_rows>(at.first + at.lane % 16, k * 2 + at.lane / 16));
#pragma unroll
      for (int j = 0; j < N / 64; ++j) {
        unsigned b[4];
        load_matrices_transposed(
            b, shared_address(shared.c) + tile_at<N>(k * 16 + at.lane % 16, n_first / 8 + j * 2 + at.lane / 16));
        mma_bf16(d_b[j * 2], a, b[0], b[1]);
        mma_bf16(d_b[j * 2 + 1], a, b[2], b[3]);
      }
    }
    if (k <= at.rows) {  // dC[i] from B[j]
      unsigned a[4];
      load_matrices_transposed(
          a, pairs + tile_at<back_rows>(k * 16 + at.lane % 8 + at.lane / 16 * 8, at.first / 8 + at.lane / 8 % 2));
#pragma unroll
      for (int j = 0; j < N / 64; ++j) {
        unsigned b[4];
        load_matrices_transposed(
            b, shared_address(shared.b) + tile_at<N>(k * 16 + at.lane % 16, n_first / 8 + j * 2 + at.lane / 16));
        mma_bf16(d_c[j * 2], a, b[0], b[1]);
        mma_bf16(d_c[j * 2 + 1], a, b[2], b[3]);
      }
    }
  }
  const std::int64_t b_at = group * N;
  const std::int64_t c_at = (s.groups + group) * N;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const std::int64_t token = unit * back_rows + at.first + at.g + half * 8;
#pragma unroll
    for (int j = 0; j < N / 32; ++j) {
      const int n = n_first + j * 8 + at.q * 2;
      if (plan.partial == nullptr) {
        auto* row = static_cast<__nv_bfloat16*>(s.d_xbc) + token * s.channels + s.inner + n;
        *reinterpret_cast<unsigned*>(row + b_at) = pack_bf16(d_b[j][half * 2], d_b[j][half * 2 + 1]);
        *reinterpret_cast<unsigned*>(row + c_at) = pack_bf16(d_c[j][half * 2], d_c[j][half * 2 + 1]);
      } else {
        float* row = plan.partial + (part * s.tokens + token) * 2 * s.groups * N + n;
        *reinterpret_cast<float2*>(row + b_at) = make_float2(d_b[j][half * 2], d_b[j][half * 2 + 1]);
        *reinterpret_cast<float2*>(row + c_at) = make_float2(d_c[j][half * 2], d_c[j][half * 2 + 1]);
      }
    }
  }
}

// Grid (units, G * parts).
template <int N>
__global__ void __launch_bounds__(grad_threads, 1) ssd_back_chunks_kernel(ScanBack s, GradPlan plan) {
  extern __shared__ __align__(128) unsigned char grad_memory[];
  auto& shared = *reinterpret_cast<GradShared<N>*>(grad_memory);
  wait_for_previous();
  const std::int64_t unit = blockIdx.x;
  const std::int64_t group = blockIdx.y / static_cast<unsigned>(plan.parts);
  const int part = static_cast<int>(blockIdx.y) % plan.parts;
  const int count = static_cast<int>(s.heads / s.groups) / plan.parts;
  const std::int64_t first_head = group * (s.heads / s.groups) + part * count;
  const GradPlace at;
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const auto* rows = static_cast<const __nv_bfloat16*>(s.xbc) + unit * back_rows * s.channels + s.inner + group * N;
  for (int i = static_cast<int>(threadIdx.x); i < back_rows * (N / 8); i += grad_threads) {
    const int row = i / (N / 8);
    const int piece = i % (N / 8);
    const unsigned place = tile_at<N>(row, piece);
    copy_16_async(shared_address(shared.b) + place, rows + row * s.channels + piece * 8, true);
    copy_16_async(shared_address(shared.c) + place, rows + row * s.channels + s.groups * N + piece * 8, true);
  }
  commit_copies();
  fetch_head<N>(shared, s, plan, unit, first_head, 0);
  commit_copies();
  wait_for_copies<1>();
  __syncthreads();
  float scores[2][4] = {};
  float weighted[2][4] = {};
  float d_b[N / 32][4] = {};
  float d_c[N / 32][4] = {};
  if (at.column >= at.rows) make_scores<N>(scores, shared, at);
  float* ends = plan.ends + (unit * s.heads + first_head) * end_floats;
  for (int k = 0; k < count; ++k, ends += end_floats) {
    const int turn = k % 2;
    const float skip = s.d[first_head + k];
    wait_for_copies<0>();
    __syncthreads();
    if (k + 1 < count) fetch_head<N>(shared, s, plan, unit, first_head + k + 1, turn ^ 1);
    commit_copies();
    if (k > 0) leave_ends(shared.sums[turn ^ 1], ends - end_floats);
    const GradStage<N>& stage = shared.stage[turn];
    const float* steps = shared.steps[turn];
    GradSums& sums = shared.sums[turn];
    if (at.column >= at.rows) inside_chunk<N>(shared, stage, steps, sums, scores, weighted, at);
    float v[2][4] = {};
    from_after<N>(v, shared, stage, steps, sums, at);
    from_states<N>(d_b, d_c, shared, stage, steps, sums, at);
    const float kept = part_of_kept<N>(stage, at);
    if (at.lane == 0) sums.kept[warp] = kept;
    rows_meet(at.rows, grad_threads / 4);
    finish_inputs<N>(v, shared, stage, steps, sums, s, unit, first_head + k, skip, at);
  }
  __syncthreads();
  leave_ends(shared.sums[(count - 1) % 2], ends - end_floats);
  finish_group<N>(d_b, d_c, weighted, shared, s, plan, unit, group, part, at);
}

// ---- outputs of the chunks

template <int N>
struct OutStage {
  alignas(128) __nv_bfloat16 x[back_rows * back_dim];
  alignas(128) __nv_bfloat16 before[back_dim * N];  // H0
  alignas(128) float steps[2 * back_rows];
};
template <int N>
struct OutShared {
  alignas(128) __nv_bfloat16 b[back_rows * N];
  alignas(128) __nv_bfloat16 c[back_rows * N];
  OutStage<N> stage[2];
  alignas(128) __nv_bfloat16 pairs[back_rows * back_rows];  // L S dt, rows i
};

template <int N>
__device__ __forceinline__ void fetch_out(OutStage<N>& stage, const ScanBack& s, const __nv_bfloat16* before,
                                          std::int64_t unit, std::int64_t head) {
  constexpr int pieces = back_dim / 8;
#pragma unroll
  for (int k = 0; k < back_rows * pieces / out_threads; ++k) {
    const int i = k * out_threads + static_cast<int>(threadIdx.x);
    const int row = i / pieces;
    const int piece = i % pieces;
    copy_16_async(
        shared_address(stage.x) + tile_at<back_dim>(row, piece),
        static_cast<const __nv_bfloat16*>(s.xbc) + (unit * back_rows + row) * s.channels + head * back_dim + piece * 8,
        true);
  }
  const std::int64_t at = (unit * s.heads + head) * back_dim * N;
#pragma unroll
  for (int k = 0; k < state_pieces<N> / out_threads; ++k) {
    const unsigned i = static_cast<unsigned>(k) * out_threads + threadIdx.x;
    copy_16_async(shared_address(stage.before) + i * 16, before + at + i * 8, true);
  }
  if (threadIdx.x < back_rows / 2) {
    copy_16_async(shared_address(stage.steps) + threadIdx.x * 16, s.steps_of(unit, head) + threadIdx.x * 4, true);
  }
}

// Grid (units, G * parts). A warp has 16 rows i and half of the columns: 32 of j, then 32 of p.
template <int N>
__global__ void __launch_bounds__(out_threads, 2)
    ssd_out_chunks_kernel(ScanBack s, const __nv_bfloat16* before, int parts) {
  extern __shared__ __align__(128) unsigned char out_memory[];
  auto& shared = *reinterpret_cast<OutShared<N>*>(out_memory);
  wait_for_previous();
  const std::int64_t unit = blockIdx.x;
  const std::int64_t group = blockIdx.y / static_cast<unsigned>(parts);
  const int count = static_cast<int>(s.heads / s.groups) / parts;
  const std::int64_t first_head =
      group * (s.heads / s.groups) + static_cast<std::int64_t>(blockIdx.y % static_cast<unsigned>(parts)) * count;
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int g = lane / 4;
  const int q = lane % 4;
  const int tile =
      warp < 4 ? warp / 2 : 5 - warp / 2;  // warps w and w + 4 share a scheduler: long rows with short ones
  const int first = tile * 16;
  const int columns = (warp + tile / 2 * (3 - tile)) % 2 * 32;
  const int pair_row = lane % 8 + lane / 16 * 8;
  const int pair_piece = lane / 8 % 2;
  const auto* rows = static_cast<const __nv_bfloat16*>(s.xbc) + unit * back_rows * s.channels + s.inner + group * N;
  for (int i = static_cast<int>(threadIdx.x); i < back_rows * (N / 8); i += out_threads) {
    const unsigned place = tile_at<N>(i / (N / 8), i % (N / 8));
    const auto* from = rows + i / (N / 8) * s.channels + i % (N / 8) * 8;
    copy_16_async(shared_address(shared.b) + place, from, true);
    copy_16_async(shared_address(shared.c) + place, from + s.groups * N, true);
  }
  commit_copies();
  fetch_out<N>(shared.stage[0], s, before, unit, first_head);
  commit_copies();
  wait_for_copies<1>();
  __syncthreads();
  const unsigned c_tile = shared_address(shared.c);
  const unsigned b_tile = shared_address(shared.b);
  const unsigned pairs = shared_address(shared.pairs);
  float scores[4][4] = {};
  if (columns <= first) {
#pragma unroll
    for (int k = 0; k < N / 16; ++k) {
      unsigned a[4];
      load_matrices(a, c_tile + tile_at<N>(first + lane % 16, k * 2 + lane / 16));
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        unsigned b[4];
        load_matrices(b, b_tile + tile_at<N>(columns + j * 16 + pair_row, k * 2 + pair_piece));
        mma_bf16(scores[j * 2], a, b[0], b[1]);
        mma_bf16(scores[j * 2 + 1], a, b[2], b[3]);
      }
    }
  }
  auto* y_rows = static_cast<__nv_bfloat16*>(s.y) + (unit * back_rows + first + g) * s.inner + columns + q * 2;
  for (int k = 0; k < count; ++k) {
    const int turn = k % 2;
    const std::int64_t head = first_head + k;
    const float skip = s.d[head];
    wait_for_copies<0>();
    __syncthreads();
    if (k + 1 < count) fetch_out<N>(shared.stage[turn ^ 1], s, before, unit, head + 1);
    commit_copies();
    const OutStage<N>& stage = shared.stage[turn];
    const float own[2] = {stage.steps[first + g], stage.steps[first + g + 8]};
    if (columns <= first) {
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int from = columns + j * 8 + q * 2;
        if (columns + j * 8 >= first + 16) continue;
        const float2 sum = *reinterpret_cast<const float2*>(&stage.steps[from]);
        const float2 dt = *reinterpret_cast<const float2*>(&stage.steps[back_rows + from]);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int i = first + g + half * 8;
          const float low = from <= i ? scores[j][half * 2] * exp2f(own[half] - sum.x) * dt.x : 0.0f;
          const float high = from + 1 <= i ? scores[j][half * 2 + 1] * exp2f(own[half] - sum.y) * dt.y : 0.0f;
          *tile_pair<back_rows>(shared.pairs, i, from) = pack_bf16(low, high);
        }
      }
    }
    float y[4][4] = {};
    const unsigned h_tile = shared_address(stage.before);
#pragma unroll
    for (int n = 0; n < N / 16; ++n) {
      unsigned a[4];
      load_matrices(a, c_tile + tile_at<N>(first + lane % 16, n * 2 + lane / 16));
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        unsigned b[4];
        load_matrices(b, h_tile + tile_at<N>(columns + j * 16 + pair_row, n * 2 + pair_piece));
        mma_bf16(y[j * 2], a, b[0], b[1]);
        mma_bf16(y[j * 2 + 1], a, b[2], b[3]);
      }
    }
    const float grown[2] = {exp2f(own[0]), exp2f(own[1])};
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      y[j][0] *= grown[0], y[j][1] *= grown[0];
      y[j][2] *= grown[1], y[j][3] *= grown[1];
    }
    rows_meet(tile, 2 * warp_size);
    const unsigned x_tile = shared_address(stage.x);
#pragma unroll
    for (int n = 0; n < back_rows / 16; ++n) {
      if (n > tile) continue;
      unsigned a[4];
      load_matrices(a, pairs + tile_at<back_rows>(first + lane % 16, n * 2 + lane / 16));
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        unsigned b[4];
        load_matrices_transposed(b, x_tile + tile_at<back_dim>(n * 16 + lane % 16, columns / 8 + j * 2 + lane / 16));
        mma_bf16(y[j * 2], a, b[0], b[1]);
        mma_bf16(y[j * 2 + 1], a, b[2], b[3]);
      }
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) {
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const unsigned x = tile_pair<back_dim>(stage.x, first + g + half * 8, columns + j * 8 + q * 2);
        *reinterpret_cast<unsigned*>(y_rows + half * 8 * s.inner + head * back_dim + j * 8) =
            pack_bf16(y[j][half * 2] + skip * low_bf16(x), y[j][half * 2 + 1] + skip * high_bf16(x));
      }
    }
  }
}

// Parts of dB | dC to where they belong. Grid-stride over pairs of columns.
__global__ void __launch_bounds__(flat_pass_threads) ssd_back_join_kernel(ScanBack s, const float* partial, int parts) {
  wait_for_previous();
  const std::int64_t columns = 2 * s.groups * s.d_state;
  const std::int64_t pairs = s.tokens * columns / 2;
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * flat_pass_threads + threadIdx.x;
  if (i >= pairs) return;
  float2 sum = make_float2(0.0f, 0.0f);
  for (int part = 0; part < parts; ++part) {
    const float2 more = *reinterpret_cast<const float2*>(partial + (part * pairs + i) * 2);
    sum.x += more.x, sum.y += more.y;
  }
  auto* to = static_cast<__nv_bfloat16*>(s.d_xbc) + i * 2 / columns * s.channels + s.inner + i * 2 % columns;
  *reinterpret_cast<unsigned*>(to) = pack_bf16(sum.x, sum.y);
}

// Few blocks with many heads each save work; too few, or a last round that fills few multiprocessors, waste it.
int chunk_parts(const CudaStream& on, const ScanBack& s, int blocks_at_once) {
  const std::int64_t heads = s.heads / s.groups;
  const std::int64_t cards = std::int64_t{on.card().multiprocessors} * blocks_at_once;
  int best = 1;
  double least = 0.0;
  for (std::int64_t parts = 1; parts <= heads; ++parts) {
    if (heads % parts != 0) continue;
    const std::int64_t rounds = (s.units * s.groups * parts + cards - 1) / cards;
    const double own = static_cast<double>(heads / parts) + (parts == 1 ? 1.5 : 2.0);  // in heads, B and C among it
    const double cost = static_cast<double>(rounds) * own;
    if (parts == 1 || cost < least) least = cost, best = static_cast<int>(parts);
  }
  return best;
}

int pass_segments(const CudaStream& on, const ScanBack& s) {
  const std::int64_t wanted = on.card().multiprocessors / (s.heads * s.sequences);
  return static_cast<int>(std::clamp<std::int64_t>(std::min(wanted, s.units / s.sequences / 8), 1, 64));
}

struct GradRoom {
  std::int64_t copies, states, decays, partial, ends;
};
GradRoom grad_room(const CudaStream& on, const ScanBack& s) {
  const int segments = pass_segments(on, s);
  const int parts = chunk_parts(on, s, 1);
  const std::int64_t runs = segments > 1 ? s.sequences * segments * s.heads : 0;
  return {s.units * s.heads * s.head_dim * s.d_state, runs * s.head_dim * s.d_state, runs,
          parts > 1 ? parts * s.tokens * 2 * s.groups * s.d_state : 0, s.units * s.heads * end_floats};
}

template <int N, bool backwards>
void pass_states(CudaStream& on, const ScanBack& s, const StatePass& pass) {
  const auto sequences = static_cast<unsigned>(s.sequences);
  const Launch shape{.grid = dim3(static_cast<unsigned>(2 * s.heads), sequences * static_cast<unsigned>(pass.segments)),
                     .block = dim3(pass_threads),
                     .shared = sizeof(PassShared<N / 2>),
                     .overlaps = true};
  if (pass.segments > 1) {
    allow_shared(ssd_pass_states_kernel<N, backwards, false>, shape.shared);
    if (pass.tiles) {
      pass_states_by_warpgroups(on, s, pass, backwards, false);
    } else {
      launch(on, "ssd_scan_backward segments", shape, ssd_pass_states_kernel<N, backwards, false>, s, pass);
    }
    launch(on, "ssd_scan_backward beginnings",
           {.grid = dim3(blocks_for(s.heads * back_dim * N, flat_pass_threads), sequences),
            .block = dim3(flat_pass_threads),
            .overlaps = true},
           ssd_pass_segments_kernel<backwards>, s, pass);
  }
  if (pass.tiles) return pass_states_by_warpgroups(on, s, pass, backwards, true);
  allow_shared(ssd_pass_states_kernel<N, backwards, true>, shape.shared);
  launch(on, "ssd_scan_backward states", shape, ssd_pass_states_kernel<N, backwards, true>, s, pass);
}

template <int N>
void back_chunks(CudaStream& on, const ScanBack& s, std::byte* scratch, float* d_initial) {
  const GradRoom sizes = grad_room(on, s);
  auto* before = cut_scratch<__nv_bfloat16>(scratch, sizes.copies);
  auto* after = cut_scratch<__nv_bfloat16>(scratch, sizes.copies);
  StatePass pass{before,
                 cut_scratch<float>(scratch, sizes.states),
                 cut_scratch<float>(scratch, sizes.decays),
                 nullptr,
                 pass_segments(on, s),
                 on.card().warpgroups};
  pass_states<N, false>(on, s, pass);
  pass.copies = after;
  pass.last = d_initial;
  pass_states<N, true>(on, s, pass);
  const GradPlan plan{before, after, sizes.partial > 0 ? cut_scratch<float>(scratch, sizes.partial) : nullptr,
                      cut_scratch<float>(scratch, sizes.ends), chunk_parts(on, s, 1)};
  if (pass.tiles) {
    back_chunks_by_warpgroups(on, s, plan);
  } else {
    const std::size_t shared = sizeof(GradShared<N>);
    allow_shared(ssd_back_chunks_kernel<N>, shared);
    launch(on, "ssd_scan_backward",
           {.grid = dim3(static_cast<unsigned>(s.units), static_cast<unsigned>(s.groups * plan.parts)),
            .block = dim3(grad_threads),
            .shared = shared,
            .overlaps = true},
           ssd_back_chunks_kernel<N>, s, plan);
  }
  launch(on, "ssd_scan_backward ends",
         {.grid = dim3(static_cast<unsigned>(s.units), blocks_for(s.heads, end_heads)),
          .block = dim3(end_threads),
          .overlaps = true},
         ssd_back_ends_kernel, s, static_cast<const float*>(plan.ends));
  if (plan.partial == nullptr) return;
  launch(on, "ssd_scan_backward parts",
         {.grid = dim3(blocks_for(s.tokens * s.groups * N, flat_pass_threads)),
          .block = dim3(flat_pass_threads),
          .overlaps = true},
         ssd_back_join_kernel, s, static_cast<const float*>(plan.partial), plan.parts);
}

template <int N>
void out_chunks(CudaStream& on, const ScanBack& s, std::byte* scratch) {
  const GradRoom sizes = grad_room(on, s);
  auto* before = cut_scratch<__nv_bfloat16>(scratch, sizes.copies);
  const StatePass pass{before,
                       cut_scratch<float>(scratch, sizes.states),
                       cut_scratch<float>(scratch, sizes.decays),
                       nullptr,
                       pass_segments(on, s),
                       false};
  pass_states<N, false>(on, s, pass);
  const int parts = chunk_parts(on, s, 2);
  const std::size_t shared = sizeof(OutShared<N>);
  allow_shared(ssd_out_chunks_kernel<N>, shared);
  launch(on, "ssd_scan_packed",
         {.grid = dim3(static_cast<unsigned>(s.units), static_cast<unsigned>(s.groups * parts)),
          .block = dim3(out_threads),
          .shared = shared,
          .overlaps = true},
         ssd_out_chunks_kernel<N>, s, static_cast<const __nv_bfloat16*>(before), parts);
}

}  // namespace

bool chunks_on_tensor_cores(const ScanBack& s) {
  const auto aligned = [](const void* at) { return reinterpret_cast<std::uintptr_t>(at) % 16 == 0; };
  return s.head_dim == back_dim && (s.d_state == 64 || s.d_state == 128) && aligned(s.xbc) && aligned(s.dy) &&
         aligned(s.d_xbc) && aligned(s.initial) && s.channels % 8 == 0;
}

std::size_t outputs_on_tensor_cores_bytes(const CudaStream& on, const ScanBack& s) {
  const GradRoom sizes = grad_room(on, s);
  return scratch_bytes(sizes.copies, 2) + scratch_bytes(sizes.states, 4) + scratch_bytes(sizes.decays, 4);
}

void run_outputs_on_tensor_cores(CudaStream& on, const ScanBack& s, std::byte* scratch) {
  s.d_state == 128 ? out_chunks<128>(on, s, scratch) : out_chunks<64>(on, s, scratch);
}

std::size_t back_on_tensor_cores_bytes(const CudaStream& on, const ScanBack& s) {
  const GradRoom sizes = grad_room(on, s);
  return 2 * scratch_bytes(sizes.copies, 2) + scratch_bytes(sizes.states, 4) + scratch_bytes(sizes.decays, 4) +
         scratch_bytes(sizes.partial, 4) + scratch_bytes(sizes.ends, 4);
}

void run_back_on_tensor_cores(CudaStream& on, const ScanBack& s, std::byte* scratch, float* d_initial) {
  s.d_state == 128 ? back_chunks<128>(on, s, scratch, d_initial) : back_chunks<64>(on, s, scratch, d_initial);
}

}  // namespace holdfast::cuda
