// The recurrence of many sequences: each warp takes every so many-th part of the states, through a ring of its own in
// shared memory that bulk copies fill ahead; what it makes goes from registers to memory. Warps never wait for one
// another.
#include <algorithm>

#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/state_quads.cuh"
#include "kernels/cuda/step_heads.h"

namespace holdfast::cuda {
namespace {

constexpr int part_rows = step_head_rows;  // of a state that a warp works at
constexpr int most_warps = 16;
constexpr int ring_parts = 3;
constexpr std::int64_t ring_bytes = 192 * 1024;  // of all warps
constexpr std::int64_t least_parts = 16;         // for each multiprocessor: below, all of them would wait for the first

struct StreamPlan {
  unsigned parts;  // of all sequences
  unsigned parts_per_sequence, parts_per_head, heads_per_group;
  unsigned head_reciprocal, group_reciprocal;  // 2^32 / parts_per_head and heads_per_group, rounded up
};

// Where a part lies: of which sequence, and which of its parts.
struct Place {
  unsigned sequence, part;
};

// What a part's rows meet. Two lanes share a channel, row lane / 2 of the part: the even one has x, the other the gate.
template <int N>
struct PartInputs {
  static constexpr int row_lanes = N / 4 < warp_size ? N / 4 : warp_size;  // that share a row
  static constexpr int quads = N / 4 / row_lanes;                          // of a row that a lane holds
  float value, dt, decay, skip;
  float4 in[quads], out[quads];

  [[nodiscard]] static __device__ __forceinline__ unsigned divided(unsigned n, unsigned by, unsigned reciprocal) {
    return by == 1 ? n : __umulhi(n, reciprocal);
  }
  __device__ __forceinline__ void take(const HeadSteps& s, const StreamPlan& plan, const Place& at, int lane) {
    const unsigned head = divided(at.part, plan.parts_per_head, plan.head_reciprocal);
    const unsigned group = divided(head, plan.heads_per_group, plan.group_reciprocal);
    const unsigned channel = at.part * part_rows + static_cast<unsigned>(lane) / 2;
    value = (lane % 2 == 0 ? s.x + at.sequence * s.x_stride : s.z + at.sequence * s.z_stride)[channel];
    dt = s.dt[at.sequence * s.dt_stride + head];
    decay = s.decay[at.sequence * s.dt_stride + head];
    skip = s.d[head];
    const auto* ins = reinterpret_cast<const float4*>(s.bc + at.sequence * s.bc_stride + group * N) + lane % row_lanes;
    const auto* outs = ins + s.groups * N / 4;
#pragma unroll
    for (int q = 0; q < quads; ++q) {
      in[q] = ins[q * warp_size];
      out[q] = outs[q * warp_size];
    }
  }
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

template <class State>
__device__ __forceinline__ float4 state_quad(const State* at) {
  if constexpr (sizeof(State) == 4) {
    return *reinterpret_cast<const float4*>(at);
  } else {
    const uint2 v = *reinterpret_cast<const uint2*>(at);
    return widened(v.x, v.y);
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

// Grid (multiprocessors). The first parts are fetched before the kernel that makes the rows has ended: it does not
// write states.
template <class State, int N>
__global__ void __launch_bounds__(most_warps* warp_size, 1)
    stream_heads_kernel(const __grid_constant__ HeadSteps s, const __grid_constant__ StreamPlan plan) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  extern __shared__ __align__(128) unsigned char shared[];
  constexpr int quads = PartInputs<N>::quads;
  constexpr int row_lanes = PartInputs<N>::row_lanes;
  constexpr int passes = part_rows / (warp_size / row_lanes);  // a lane has a piece of so many rows
  constexpr int batch = 8 / quads;                             // of them in registers at a time
  constexpr unsigned bytes = part_rows * N * sizeof(State);
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const unsigned warps = blockDim.x / warp_size;
  const unsigned warp = threadIdx.x / warp_size;
  unsigned char* ring = shared + warp * (ring_parts * bytes);
  const auto ring_at = static_cast<unsigned>(__cvta_generic_to_shared(ring));
  const unsigned barriers =
      static_cast<unsigned>(__cvta_generic_to_shared(shared)) + warps * (ring_parts * bytes) + warp * (ring_parts * 8);
  const unsigned all_warps = gridDim.x * warps;
  const unsigned me = blockIdx.x * warps + warp;
  const unsigned count = me < plan.parts ? (plan.parts - me + all_warps - 1) / all_warps : 0;
  if (count == 0) return;
  const Place step{all_warps / plan.parts_per_sequence, all_warps % plan.parts_per_sequence};
  const auto move_on = [&](Place& at) {
    at.sequence += step.sequence;
    at.part += step.part;
    if (at.part >= plan.parts_per_sequence) {
      at.part -= plan.parts_per_sequence;
      ++at.sequence;
    }
  };
  const auto states_at = [&](const Place& at) {
    return static_cast<State*>(s.state[at.sequence]) + s.state_offset +
           static_cast<std::int64_t>(at.part) * part_rows * N;
  };
  Place now{me / plan.parts_per_sequence, me % plan.parts_per_sequence};
  Place next = now;     // whose inputs are fetched
  Place fetched = now;  // whose states are, by lane 0
  const State* from = states_at(fetched);
  unsigned left = count;
  const auto fetch = [&](unsigned slot) {
    barrier_expect(barriers + slot * 8, bytes);
    bulk_copy(ring_at + slot * bytes, from, bytes, barriers + slot * 8);
    --left;
    move_on(fetched);
    if (left > 0) from = states_at(fetched);  // there by the time that it is used
  };
  if (lane == 0) {
    for (unsigned i = 0; i < ring_parts; ++i) barrier_init(barriers + i * 8, 1);
    barrier_init_done();
    for (unsigned i = 0; i < ring_parts && left > 0; ++i) fetch(i);
  }
  __syncwarp();
  wait_for_previous();
  let_next_start();
  const int own = lane / row_lanes * passes * N + lane % row_lanes * 4;  // of a part: the lane's first number
  PartInputs<N> ahead;
  ahead.take(s, plan, next, lane);
  unsigned slot = 0;
  unsigned parity = 0;
  for (unsigned i = 0; i < count; ++i) {
    const State* part = reinterpret_cast<const State*>(ring + slot * bytes) + own;
    State* home = states_at(now) + own;
    const PartInputs<N> in = ahead;
    move_on(next);
    if (i + 1 < count) ahead.take(s, plan, next, lane);
    const float other = __shfl_xor_sync(all_lanes, in.value, 1);
    const float x = lane % 2 == 0 ? in.value : other;
    const float weighted = in.dt * x;
    barrier_wait(barriers + slot * 8, parity);
    float sums[passes];
#pragma unroll
    for (int first = 0; first < passes; first += batch) {
      float4 h[batch][quads];
#pragma unroll
      for (int r = 0; r < batch; ++r) {
#pragma unroll
        for (int q = 0; q < quads; ++q) h[r][q] = state_quad(part + (first + r) * N + q * warp_size * 4);
      }
#pragma unroll
      for (int r = 0; r < batch; ++r) {
        const float weight =
            __shfl_sync(all_lanes, weighted, 2 * (first + r) + (row_lanes < warp_size ? lane & 16 : 0));
        float sum = 0.0f;
#pragma unroll
        for (int q = 0; q < quads; ++q) {
          float4& v = h[r][q];
          v.x = in.decay * v.x + weight * in.in[q].x;
          v.y = in.decay * v.y + weight * in.in[q].y;
          v.z = in.decay * v.z + weight * in.in[q].z;
          v.w = in.decay * v.w + weight * in.in[q].w;
          sum += v.x * in.out[q].x + v.y * in.out[q].y + v.z * in.out[q].z + v.w * in.out[q].w;
        }
        sums[first + r] = sum;
      }
#pragma unroll
      for (int r = 0; r < batch; ++r) {
#pragma unroll
        for (int q = 0; q < quads; ++q) put_state_quad(home + (first + r) * N + q * warp_size * 4, h[r][q]);
      }
    }
    __syncwarp();
    if (lane == 0 && left > 0) fetch(slot);
    if constexpr (passes == 16) fold<8, 16>(sums, lane);
    fold<4, 8>(sums, lane);
    fold<2, 4>(sums, lane);
    fold<1, 2>(sums, lane);
    const float read = sums[0] + __shfl_xor_sync(all_lanes, sums[0], 1);
    if (lane % 2 == 0) {
      s.y[now.sequence * s.heads * s.head_dim + now.part * part_rows + static_cast<unsigned>(lane) / 2] =
          (read + in.skip * x) * other;
    }
    now = next;
    if (++slot == ring_parts) {
      slot = 0;
      parity ^= 1;
    }
  }
#endif
}

[[nodiscard]] std::int64_t part_bytes(const HeadSteps& s) { return part_rows * s.d_state * (s.state_rounded ? 2 : 4); }

}  // namespace

bool can_stream_heads(const CudaStream& on, const HeadSteps& s) {
  const std::int64_t parts = s.sequences * s.heads * s.head_dim / part_rows;
  const std::int64_t divided_by = std::max(s.head_dim / part_rows, s.heads / s.groups);
  return on.card().major >= 9 && s.decay != nullptr && s.log_decay == nullptr && s.squares == nullptr &&
         can_step_heads(s) && parts >= least_parts * on.card().multiprocessors && parts < (1 << 24) &&
         s.heads * s.head_dim / part_rows * divided_by < (std::int64_t{1} << 32) &&  // so far `divided` is exact
         on.card().shared_bytes >= ring_bytes + 1024;
}

void stream_heads(CudaStream& on, const HeadSteps& s) {
  StreamPlan plan{};
  plan.parts_per_head = static_cast<unsigned>(s.head_dim / part_rows);
  plan.parts_per_sequence = static_cast<unsigned>(s.heads) * plan.parts_per_head;
  plan.heads_per_group = static_cast<unsigned>(s.heads / s.groups);
  plan.parts = static_cast<unsigned>(s.sequences) * plan.parts_per_sequence;
  const auto reciprocal = [](unsigned of) { return static_cast<unsigned>(((std::uint64_t{1} << 32) + of - 1) / of); };
  plan.head_reciprocal = reciprocal(plan.parts_per_head);
  plan.group_reciprocal = reciprocal(plan.heads_per_group);
  const std::int64_t warps = std::min<std::int64_t>(ring_bytes / (ring_parts * part_bytes(s)), most_warps);
  const auto run = [&](auto* kernel) {
    const auto shared = static_cast<std::size_t>(warps * ring_parts * (part_bytes(s) + 8));
    allow_shared(kernel, shared);
    prefer_shared(kernel);
    launch(on, "stream heads",
           {.grid = dim3(static_cast<unsigned>(on.card().multiprocessors)),
            .block = dim3(static_cast<unsigned>(warps * warp_size)),
            .shared = shared,
            .overlaps = true},
           kernel, s, plan);
  };
  const auto of_type = [&]<class State>(State) {
    if (s.d_state == 64) return run(stream_heads_kernel<State, 64>);
    if (s.d_state == 128) return run(stream_heads_kernel<State, 128>);
    run(stream_heads_kernel<State, 256>);
  };
  s.state_rounded ? of_type(__nv_bfloat16()) : of_type(0.0f);
}

}  // namespace holdfast::cuda
