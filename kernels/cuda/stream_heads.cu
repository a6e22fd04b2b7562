// The recurrence of many sequences: a warp fetches its rows of a state by one bulk copy, meets what step_rows left for
// them, and writes them back from registers, each time or, where tokens may wait beside states, every so often. Blocks
// are small and many of them are at work on a multiprocessor, in the order in which the hardware gives them out, so
// that memory is touched in order.
#include <algorithm>
#include <type_traits>

#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/state_quads.cuh"
#include "kernels/cuda/step_heads.cuh"
#include "kernels/ssd_scan.h"

namespace holdfast::cuda {
namespace {

constexpr int part_rows = step_head_rows;  // of a state that a warp works at
constexpr int block_warps = 4;
// For each multiprocessor: below, all of them would wait for the first; with tokens that wait it is worth it sooner.
constexpr std::int64_t least_parts = 16;
constexpr std::int64_t least_pending_parts = 4;

struct StreamPlan {
  unsigned parts;  // of all sequences
  unsigned parts_per_sequence, parts_per_head, heads_per_group;
};

// Half of the sums stay with the lanes where `bit` is clear, half with the others.
template <int half, int bit, int count>
__device__ __forceinline__ void fold(float (&sums)[count], int lane) {
  const bool upper = (lane & bit) != 0;
#pragma unroll
  for (int i = 0; i < half; ++i) {
    const float sent = upper ? sums[i] : sums[i + half];
    sums[i] = (upper ? sums[i + half] : sums[i]) + __shfl_xor_sync(all_lanes, sent, bit);
  }
}

// Four states as they are in memory.
template <class State>
using StateQuad = std::conditional_t<sizeof(State) == 4, float4, uint2>;
template <class State>
__device__ __forceinline__ float4 floats_of(const StateQuad<State>& h) {
  if constexpr (sizeof(State) == 4) {
    return h;
  } else {
    return widened(h.x, h.y);
  }
}
template <class State>
__device__ __forceinline__ void put_state_quad(State* at, const float4& h) {
  if constexpr (sizeof(State) == 4) {
    *reinterpret_cast<float4*>(at) = h;
  } else {
    *reinterpret_cast<uint2*>(at) = rounded(h);
  }
}

// How the lanes of a warp share a part of a state with N columns: 32 lanes, or two halves of them, have a row at a
// time.
template <int N>
struct Lanes {
  static constexpr int row_lanes = N / 4 < warp_size ? N / 4 : warp_size;
  static constexpr int quads = N / 4 / row_lanes;                     // of a row that a lane holds
  static constexpr int passes = part_rows / (warp_size / row_lanes);  // a lane has a piece of so many rows
  static constexpr int batch = 8 / quads;                             // of them in registers at a time
};

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900

__device__ __forceinline__ float dot(const float4& a, const float4& b) {
  return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

// A warp's part of a state. It is fetched at once, before the kernel that makes the rows has ended: that one does not
// write it. Two lanes share a channel, row lane / 2 of the part.
template <class State, int N>
struct HeldPart {
  static constexpr unsigned bytes = part_rows * N * sizeof(State);
  int lane, warp;
  unsigned at, sequence, part, head, group, channel;
  const State* from;  // the lane's first number, fetched
  State* to;          // at home
  unsigned barrier;

  // room: of each warp its part, then of each its barrier.
  __device__ __forceinline__ HeldPart(const HeadSteps& s, const StreamPlan& plan, unsigned char* room) {
    using L = Lanes<N>;
    lane = static_cast<int>(threadIdx.x) % warp_size;
    warp = static_cast<int>(threadIdx.x) / warp_size;
    at = blockIdx.x * block_warps + static_cast<unsigned>(warp);
    sequence = at / plan.parts_per_sequence;
    part = at % plan.parts_per_sequence;
    head = part / plan.parts_per_head;
    group = head / plan.heads_per_group;
    channel = part * part_rows + static_cast<unsigned>(lane) / 2;
    const auto room_at = static_cast<unsigned>(__cvta_generic_to_shared(room));
    barrier = room_at + block_warps * bytes + static_cast<unsigned>(warp) * 8;
    const int own = lane / L::row_lanes * L::passes * N + lane % L::row_lanes * 4;
    from = reinterpret_cast<const State*>(room + static_cast<unsigned>(warp) * bytes) + own;
    if (at >= plan.parts) return;
    State* const home =
        static_cast<State*>(s.state[sequence]) + s.state_offset + static_cast<std::int64_t>(part) * part_rows * N;
    to = home + own;
    if (lane == 0) {
      barrier_init(barrier, 1);
      barrier_init_done();
    }
    __syncwarp();
    if (lane == 0) {
      barrier_expect(barrier, bytes);
      bulk_copy(room_at + static_cast<unsigned>(warp) * bytes, home, bytes, barrier);
    }
    __syncwarp();
  }

  // Rows from `first` on.
  template <int count>
  __device__ __forceinline__ void take(StateQuad<State> (&held)[count][Lanes<N>::quads], int first) const {
#pragma unroll
    for (int r = 0; r < count; ++r) {
#pragma unroll
      for (int q = 0; q < Lanes<N>::quads; ++q) {
        held[r][q] = *reinterpret_cast<const StateQuad<State>*>(from + (first + r) * N + q * warp_size * 4);
      }
    }
  }
  __device__ __forceinline__ void put(int row, int q, const float4& v) const {
    put_state_quad(to + row * N + q * warp_size * 4, v);
  }

  // The lane's columns of B or C, from the row of a group.
  __device__ __forceinline__ float4 columns(const float* row, int q) const {
    return (reinterpret_cast<const float4*>(row) + lane % Lanes<N>::row_lanes)[q * warp_size];
  }
  [[nodiscard]] __device__ __forceinline__ const float* out_row(const HeadSteps& s) const {
    return s.bc + sequence * s.bc_stride + (s.groups + group) * N;
  }

  // The gate of the lane's channel.
  [[nodiscard]] __device__ __forceinline__ float gate(const HeadSteps& s) const {
    float z = s.z[sequence * s.z_stride + channel];
    if (!s.z_left) return z;
    for (std::int64_t p = 1; p < s.z_parts; ++p) z += s.z[(p * s.sequences + sequence) * s.z_stride + channel];
    if (s.z_bias != nullptr) z += s.z_bias[channel];
    return silu(z);
  }

  // The lanes' sums over rows, added up: the lane's channel.
  [[nodiscard]] __device__ __forceinline__ float sum_of_channel(float (&sums)[Lanes<N>::passes]) const {
    if constexpr (Lanes<N>::passes == 16) fold<8, 16>(sums, lane);
    fold<4, 8>(sums, lane);
    fold<2, 4>(sums, lane);
    fold<1, 2>(sums, lane);
    return sums[0] + __shfl_xor_sync(all_lanes, sums[0], 1);
  }
};

// What a block leaves of y, by all its warps where it is `gained`: E is then a multiple of what a block has.
template <bool gained>
struct Leaving {
  float gains[block_warps][part_rows];
  float squares[block_warps];

  template <class Part>
  __device__ __forceinline__ void begin(const HeadSteps& s, const Part& p) {
    if (gained && p.lane < part_rows) async_copy<4>(&gains[p.warp][p.lane], s.gain + p.part * part_rows + p.lane);
  }
  // y of the lane's channel.
  template <class Part>
  __device__ __forceinline__ void end(const HeadSteps& s, const Part& p, float y) {
    const std::int64_t place = static_cast<std::int64_t>(p.at) * part_rows + p.lane / 2;
    if constexpr (gained) {
      async_copies_done();
      __syncwarp();
      if (p.lane % 2 == 0) leave_gained(s, place, y * gains[p.warp][p.lane / 2]);
      const float sum = warp_sum(p.lane % 2 == 0 ? y * y : 0.0f);
      if (p.lane == 0) squares[p.warp] = sum;
      __syncthreads();
      if (threadIdx.x == 0) s.squares[blockIdx.x] = squares[0] + squares[1] + squares[2] + squares[3];
    } else {
      if (p.lane % 2 == 0) s.y[place] = y;
    }
  }
};

#endif

// Grid (parts / block_warps).
template <class State, int N, bool gained>
__global__ void __launch_bounds__(block_warps* warp_size)
    stream_heads_kernel(const __grid_constant__ HeadSteps s, const __grid_constant__ StreamPlan plan) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  using L = Lanes<N>;
  extern __shared__ __align__(128) unsigned char room[];
  __shared__ Leaving<gained> leaving;
  const HeldPart<State, N> p(s, plan, room);
  if (p.at >= plan.parts) return;
  const float skip = s.d[p.head];
  leaving.begin(s, p);
  wait_for_previous();
  let_next_start();
  const float x = s.x[p.sequence * s.x_stride + p.channel];
  const float gate = p.gate(s);
  const float weighted = s.dt[p.sequence * s.dt_stride + p.head] * x;
  const float decay = s.decay[p.sequence * s.dt_stride + p.head];
  const float* const out_row = p.out_row(s);
  float4 in[L::quads], out[L::quads];
#pragma unroll
  for (int q = 0; q < L::quads; ++q) {
    in[q] = p.columns(out_row - s.groups * N, q);
    out[q] = p.columns(out_row, q);
  }
  float sums[L::passes];
  barrier_wait(p.barrier, 0);
#pragma unroll
  for (int first = 0; first < L::passes; first += L::batch) {
    StateQuad<State> held[L::batch][L::quads];
    p.take(held, first);
#pragma unroll
    for (int r = 0; r < L::batch; ++r) {
      const float weight = __shfl_sync(all_lanes, weighted, 2 * (p.lane / L::row_lanes * L::passes + first + r));
      float sum = 0.0f;
#pragma unroll
      for (int q = 0; q < L::quads; ++q) {
        float4 v = floats_of<State>(held[r][q]);
        v.x = decay * v.x + weight * in[q].x;
        v.y = decay * v.y + weight * in[q].y;
        v.z = decay * v.z + weight * in[q].z;
        v.w = decay * v.w + weight * in[q].w;
        sum += dot(v, out[q]);
        p.put(first + r, q, v);
      }
      sums[first + r] = sum;
    }
  }
  leaving.end(s, p, (p.sum_of_channel(sums) + skip * x) * gate);
#endif
}

// The same of states beside which tokens wait (HeadSteps::pending); a block has 64 channels of one head. What the
// tokens before this one left is fetched with the states. With D the product of all decays, w_i the step size of token
// i times the decays behind it, and h as it is in memory:
//   y = D (C h) + sum_i w_i (C B_i) x_i,   or, where h moves,   h = D h + sum_i w_i x_i B_i,  y = C h
template <class State, int N, bool gained>
__global__ void __launch_bounds__(block_warps* warp_size)
    pending_heads_kernel(const __grid_constant__ HeadSteps s, const __grid_constant__ StreamPlan plan) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  using L = Lanes<N>;
  constexpr int few = L::batch / 2;  // rows in registers where states move
  extern __shared__ __align__(128) unsigned char room[];
  __shared__ __align__(16) float ins[pending_tokens][N];  // B of each token
  __shared__ Leaving<gained> leaving;
  const HeldPart<State, N> p(s, plan, room);
  const int lane = p.lane;
  const std::int32_t turn = s.turns[p.sequence];
  const int kept = turn < 0 ? ~turn : turn;  // and this one is the next
  const std::int64_t inner = s.heads * s.head_dim;
  const float* const tokens = s.pending[p.sequence] + s.pending_offset;
  const auto bring_ins = [&](int first, int end) {  // by the whole block
    for (int i = first * (N / 4) + static_cast<int>(threadIdx.x); i < end * (N / 4); i += block_warps * warp_size) {
      const float* const token = tokens + i / (N / 4) * s.pending_apart;
      async_copy<16>(&ins[0][0] + i * 4, token + inner + p.group * N + i % (N / 4) * 4);
    }
  };
  float x[pending_tokens] = {};  // of the lane's channel, of each token
  float dt = 0.0f;               // of token `lane`
  float decay = 1.0f;
  const auto take_pace = [&] {
    const float* const at = tokens + lane * s.pending_apart + inner + s.groups * N + p.head;
    dt = at[0];
    decay = at[s.heads];
  };
  leaving.begin(s, p);
  bring_ins(0, kept);
#pragma unroll
  for (int i = 0; i < pending_tokens; ++i) {
    if (i < kept) x[i] = tokens[i * s.pending_apart + p.channel];
  }
  if (lane < kept) take_pace();
  const float skip = s.d[p.head];
  wait_for_previous();
  let_next_start();
  bring_ins(kept, kept + 1);
  const float x_now = tokens[kept * s.pending_apart + p.channel];
#pragma unroll
  for (int i = 0; i < pending_tokens; ++i) {
    if (i == kept) x[i] = x_now;
  }
  if (lane == kept) take_pace();
  const float gate = p.gate(s);
  float4 out[L::quads];
#pragma unroll
  for (int q = 0; q < L::quads; ++q) out[q] = p.columns(p.out_row(s), q);
  float behind = decay;  // the product of decays from token `lane` on
#pragma unroll
  for (int step = 1; step < pending_tokens; step *= 2) {
    const float more = __shfl_down_sync(all_lanes, behind, step);
    if (lane + step < pending_tokens) behind *= more;
  }
  const float next = __shfl_down_sync(all_lanes, behind, 1);
  const float weight = dt * (lane + 1 < pending_tokens ? next : 1.0f);
  const float all_decays = __shfl_sync(all_lanes, behind, 0);
  async_copies_done();
  __syncthreads();
  float sums[L::passes];
  float waiting = 0.0f;  // what the lane's channel reads of tokens that wait
  if (turn >= 0) {
    static_assert(pending_tokens == 8);
    float met[pending_tokens] = {};  // C B_i, in the end of one token for four lanes each
#pragma unroll
    for (int i = 0; i < pending_tokens; ++i) {
      if (i > kept || lane >= L::row_lanes) continue;
#pragma unroll
      for (int q = 0; q < L::quads; ++q) met[i] += dot(out[q], p.columns(ins[i], q));
    }
    fold<4, 16>(met, lane);
    fold<2, 8>(met, lane);
    fold<1, 4>(met, lane);
    float all = met[0] + __shfl_xor_sync(all_lanes, met[0], 2);
    all += __shfl_xor_sync(all_lanes, all, 1);
    const float factor = weight * __shfl_sync(all_lanes, all, (lane & 7) * 4);
#pragma unroll
    for (int i = 0; i < pending_tokens; ++i) waiting += __shfl_sync(all_lanes, factor, i) * x[i];
    barrier_wait(p.barrier, 0);
#pragma unroll
    for (int first = 0; first < L::passes; first += L::batch) {
      StateQuad<State> held[L::batch][L::quads];
      p.take(held, first);
#pragma unroll
      for (int r = 0; r < L::batch; ++r) {
        float sum = 0.0f;
#pragma unroll
        for (int q = 0; q < L::quads; ++q) sum += dot(floats_of<State>(held[r][q]), out[q]);
        sums[first + r] = all_decays * sum;
      }
    }
  } else {
    float weighted[pending_tokens];
#pragma unroll
    for (int i = 0; i < pending_tokens; ++i) weighted[i] = __shfl_sync(all_lanes, weight, i) * x[i];
    barrier_wait(p.barrier, 0);
#pragma unroll
    for (int first = 0; first < L::passes; first += few) {
      StateQuad<State> held[few][L::quads];
      p.take(held, first);
      float4 v[few][L::quads];
#pragma unroll
      for (int r = 0; r < few; ++r) {
#pragma unroll
        for (int q = 0; q < L::quads; ++q) {
          const float4 h = floats_of<State>(held[r][q]);
          v[r][q] = make_float4(all_decays * h.x, all_decays * h.y, all_decays * h.z, all_decays * h.w);
        }
      }
#pragma unroll
      for (int i = 0; i < pending_tokens; ++i) {
        if (i > kept) break;
        float4 in[L::quads];
#pragma unroll
        for (int q = 0; q < L::quads; ++q) in[q] = p.columns(ins[i], q);
#pragma unroll
        for (int r = 0; r < few; ++r) {
          const float by = __shfl_sync(all_lanes, weighted[i], 2 * (lane / L::row_lanes * L::passes + first + r));
#pragma unroll
          for (int q = 0; q < L::quads; ++q) {
            v[r][q].x += by * in[q].x;
            v[r][q].y += by * in[q].y;
            v[r][q].z += by * in[q].z;
            v[r][q].w += by * in[q].w;
          }
        }
      }
#pragma unroll
      for (int r = 0; r < few; ++r) {
        float sum = 0.0f;
#pragma unroll
        for (int q = 0; q < L::quads; ++q) {
          sum += dot(v[r][q], out[q]);
          p.put(first + r, q, v[r][q]);
        }
        sums[first + r] = sum;
      }
    }
  }
  leaving.end(s, p, (p.sum_of_channel(sums) + waiting + skip * x_now) * gate);
#endif
}

}  // namespace

bool can_stream_heads(const CudaStream& on, const HeadSteps& s) {
  const std::int64_t parts = s.sequences * s.heads * s.head_dim / part_rows;
  return on.card().major >= 9 && s.decay != nullptr && s.log_decay == nullptr &&
         (s.squares == nullptr || s.gained != nullptr) && can_step_heads(s) &&
         (s.pending == nullptr || s.head_dim % (block_warps * part_rows) == 0) &&
         parts >= (s.pending == nullptr ? least_parts : least_pending_parts) * on.card().multiprocessors &&
         parts < (std::int64_t{1} << 31);
}

void stream_heads(CudaStream& on, const HeadSteps& s) {
  StreamPlan plan{};
  plan.parts_per_head = static_cast<unsigned>(s.head_dim / part_rows);
  plan.parts_per_sequence = static_cast<unsigned>(s.heads) * plan.parts_per_head;
  plan.heads_per_group = static_cast<unsigned>(s.heads / s.groups);
  plan.parts = static_cast<unsigned>(s.sequences) * plan.parts_per_sequence;
  const auto shared = static_cast<std::size_t>(block_warps * (part_rows * s.d_state * (s.state_rounded ? 2 : 4) + 8));
  const auto run = [&](auto* kernel, auto* pending) {
    if (s.pending != nullptr) kernel = pending;
    allow_shared(kernel, shared);
    prefer_shared(kernel);
    launch(on, "stream heads",
           {.grid = dim3(blocks_for(plan.parts, block_warps)),
            .block = dim3(block_warps * warp_size),
            .shared = shared,
            .overlaps = true},
           kernel, s, plan);
  };
  const auto of_result = [&]<class State, bool gained>(State, std::bool_constant<gained>) {
    if (s.d_state == 64) return run(stream_heads_kernel<State, 64, gained>, pending_heads_kernel<State, 64, gained>);
    if (s.d_state == 128) return run(stream_heads_kernel<State, 128, gained>, pending_heads_kernel<State, 128, gained>);
    run(stream_heads_kernel<State, 256, gained>, pending_heads_kernel<State, 256, gained>);
  };
  const auto of_type = [&]<class State>(State state) {
    s.gained == nullptr ? of_result(state, std::false_type()) : of_result(state, std::true_type());
  };
  s.state_rounded ? of_type(__nv_bfloat16()) : of_type(0.0f);
}

}  // namespace holdfast::cuda
