// The recurrence of many sequences: a warp fetches its rows of a state by one bulk copy, meets what step_rows left for
// them, and writes them back from registers. Blocks are small and many of them are at work on a multiprocessor, in the
// order in which the hardware gives them out, so that memory is touched in order.
#include <algorithm>
#include <type_traits>

#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/state_quads.cuh"
#include "kernels/cuda/step_heads.cuh"

namespace holdfast::cuda {
namespace {

constexpr int part_rows = step_head_rows;  // of a state that a warp works at
constexpr int block_warps = 4;
constexpr std::int64_t least_parts = 16;  // for each multiprocessor: below, all of them would wait for the first

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

// Grid (parts / block_warps). States are fetched before the kernel that makes the rows has ended: it does not write
// them. Two lanes share a channel, row lane / 2 of the part: the even one has x, the other the gate.
template <class State, int N, bool gained>
__global__ void __launch_bounds__(block_warps* warp_size)
    stream_heads_kernel(const __grid_constant__ HeadSteps s, const __grid_constant__ StreamPlan plan) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  constexpr int row_lanes = N / 4 < warp_size ? N / 4 : warp_size;  // that share a row
  constexpr int quads = N / 4 / row_lanes;                          // of a row that a lane holds
  constexpr int passes = part_rows / (warp_size / row_lanes);       // a lane has a piece of so many rows
  constexpr int batch = 8 / quads;                                  // of them in registers at a time
  constexpr unsigned bytes = part_rows * N * sizeof(State);
  extern __shared__ __align__(128) unsigned char room[];  // of each warp its part, then of each its barrier
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const unsigned warp = threadIdx.x / warp_size;
  const unsigned at = blockIdx.x * block_warps + warp;
  if (at >= plan.parts) return;
  const unsigned sequence = at / plan.parts_per_sequence;
  const unsigned part = at % plan.parts_per_sequence;
  State* home =
      static_cast<State*>(s.state[sequence]) + s.state_offset + static_cast<std::int64_t>(part) * part_rows * N;
  const auto room_at = static_cast<unsigned>(__cvta_generic_to_shared(room));
  const unsigned barrier = room_at + block_warps * bytes + warp * 8;
  if (lane == 0) {
    barrier_init(barrier, 1);
    barrier_init_done();
  }
  __syncwarp();
  if (lane == 0) {
    barrier_expect(barrier, bytes);
    bulk_copy(room_at + warp * bytes, home, bytes, barrier);
  }
  __syncwarp();
  const unsigned head = part / plan.parts_per_head;
  const unsigned group = head / plan.heads_per_group;
  const unsigned channel = part * part_rows + static_cast<unsigned>(lane) / 2;
  const float skip = s.d[head];
  [[maybe_unused]] __shared__ float gains[block_warps][part_rows];
  [[maybe_unused]] __shared__ float squares[block_warps];
  if (gained && lane < part_rows) async_copy<4>(&gains[warp][lane], s.gain + part * part_rows + lane);
  wait_for_previous();
  let_next_start();
  float value = (lane % 2 == 0 ? s.x + sequence * s.x_stride : s.z + sequence * s.z_stride)[channel];
  if (s.z_left && lane % 2 != 0) {
    for (std::int64_t part = 1; part < s.z_parts; ++part) {
      value += s.z[(part * s.sequences + sequence) * s.z_stride + channel];
    }
    if (s.z_bias != nullptr) value += s.z_bias[channel];
    value = silu(value);
  }
  const float dt = s.dt[sequence * s.dt_stride + head];
  const float decay = s.decay[sequence * s.dt_stride + head];
  const auto* ins = reinterpret_cast<const float4*>(s.bc + sequence * s.bc_stride + group * N) + lane % row_lanes;
  const auto* outs = ins + s.groups * N / 4;
  float4 in[quads], out[quads];
#pragma unroll
  for (int q = 0; q < quads; ++q) {
    in[q] = ins[q * warp_size];
    out[q] = outs[q * warp_size];
  }
  const float other = __shfl_xor_sync(all_lanes, value, 1);
  const float x = lane % 2 == 0 ? value : other;
  const float weighted = dt * x;
  const int own = lane / row_lanes * passes * N + lane % row_lanes * 4;  // the lane's first number
  const State* from = reinterpret_cast<const State*>(room + warp * bytes) + own;
  State* to = home + own;
  float sums[passes];
  barrier_wait(barrier, 0);
#pragma unroll
  for (int first = 0; first < passes; first += batch) {
    StateQuad<State> held[batch][quads];
#pragma unroll
    for (int r = 0; r < batch; ++r) {
#pragma unroll
      for (int q = 0; q < quads; ++q) {
        held[r][q] = *reinterpret_cast<const StateQuad<State>*>(from + (first + r) * N + q * warp_size * 4);
      }
    }
#pragma unroll
    for (int r = 0; r < batch; ++r) {
      const float weight = __shfl_sync(all_lanes, weighted, 2 * (first + r) + (row_lanes < warp_size ? lane & 16 : 0));
      float sum = 0.0f;
#pragma unroll
      for (int q = 0; q < quads; ++q) {
        float4 v = floats_of<State>(held[r][q]);
        v.x = decay * v.x + weight * in[q].x;
        v.y = decay * v.y + weight * in[q].y;
        v.z = decay * v.z + weight * in[q].z;
        v.w = decay * v.w + weight * in[q].w;
        sum += v.x * out[q].x + v.y * out[q].y + v.z * out[q].z + v.w * out[q].w;
        put_state_quad(to + (first + r) * N + q * warp_size * 4, v);
      }
      sums[first + r] = sum;
    }
  }
  if constexpr (passes == 16) fold<8, 16>(sums, lane);
  fold<4, 8>(sums, lane);
  fold<2, 4>(sums, lane);
  fold<1, 2>(sums, lane);
  const float read = sums[0] + __shfl_xor_sync(all_lanes, sums[0], 1);
  const float y = lane % 2 == 0 ? (read + skip * x) * other : 0.0f;
  const std::int64_t place = static_cast<std::int64_t>(at) * part_rows + lane / 2;
  if constexpr (gained) {
    async_copies_done();
    __syncwarp();
    if (lane % 2 == 0) leave_gained(s, place, y * gains[warp][lane / 2]);
    const float sum = warp_sum(y * y);
    if (lane == 0) squares[warp] = sum;
    __syncthreads();  // all warps have a part: E is a multiple of what a block has
    if (threadIdx.x == 0) s.squares[blockIdx.x] = squares[0] + squares[1] + squares[2] + squares[3];
  } else {
    if (lane % 2 == 0) s.y[place] = y;
  }
#endif
}

}  // namespace

bool can_stream_heads(const CudaStream& on, const HeadSteps& s) {
  const std::int64_t parts = s.sequences * s.heads * s.head_dim / part_rows;
  return on.card().major >= 9 && s.decay != nullptr && s.log_decay == nullptr &&
         (s.squares == nullptr || s.gained != nullptr) && can_step_heads(s) &&
         parts >= least_parts * on.card().multiprocessors && parts < (std::int64_t{1} << 31);
}

void stream_heads(CudaStream& on, const HeadSteps& s) {
  StreamPlan plan{};
  plan.parts_per_head = static_cast<unsigned>(s.head_dim / part_rows);
  plan.parts_per_sequence = static_cast<unsigned>(s.heads) * plan.parts_per_head;
  plan.heads_per_group = static_cast<unsigned>(s.heads / s.groups);
  plan.parts = static_cast<unsigned>(s.sequences) * plan.parts_per_sequence;
  const auto shared = static_cast<std::size_t>(block_warps * (part_rows * s.d_state * (s.state_rounded ? 2 : 4) + 8));
  const auto run = [&](auto* kernel) {
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
    if (s.d_state == 64) return run(stream_heads_kernel<State, 64, gained>);
    if (s.d_state == 128) return run(stream_heads_kernel<State, 128, gained>);
    run(stream_heads_kernel<State, 256, gained>);
  };
  const auto of_type = [&]<class State>(State state) {
    s.gained == nullptr ? of_result(state, std::false_type()) : of_result(state, std::true_type());
  };
  s.state_rounded ? of_type(__nv_bfloat16()) : of_type(0.0f);
}

}  // namespace holdfast::cuda
