// Each thread has some states of one row p in registers, eight lanes share a row; each state is read and written once.
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/state_quads.cuh"
#include "kernels/cuda/step_heads.cuh"

namespace holdfast::cuda {
namespace {

constexpr int head_lanes = 8;  // that share a row of the state
constexpr int head_threads = step_head_rows * head_lanes;

// Four neighbouring states of a thread's row, `quads` times: f32, or bf16 in memory, two of four in one access.
template <class State, int quads>
struct HeldStates {
  float4 h[quads];

  // Which four of the row h[q] has.
  [[nodiscard]] static __device__ __forceinline__ int place(int q, int lane) {
    return sizeof(State) == 4 ? q * head_lanes + lane : (q / 2 * head_lanes + lane) * 2 + q % 2;
  }
  __device__ __forceinline__ void take(const State* row, int lane) {
    if constexpr (sizeof(State) == 4) {
#pragma unroll
      for (int q = 0; q < quads; ++q) h[q] = reinterpret_cast<const float4*>(row)[q * head_lanes + lane];
    } else {
#pragma unroll
      for (int q = 0; q < quads; q += 2) {
        const uint4 v = reinterpret_cast<const uint4*>(row)[q / 2 * head_lanes + lane];
        h[q] = widened(v.x, v.y);
        h[q + 1] = widened(v.z, v.w);
      }
    }
  }
  __device__ __forceinline__ void put(State* row, int lane) const {
    if constexpr (sizeof(State) == 4) {
#pragma unroll
      for (int q = 0; q < quads; ++q) reinterpret_cast<float4*>(row)[q * head_lanes + lane] = h[q];
    } else {
#pragma unroll
      for (int q = 0; q < quads; q += 2) {
        const uint2 low = rounded(h[q]);
        const uint2 high = rounded(h[q + 1]);
        reinterpret_cast<uint4*>(row)[q / 2 * head_lanes + lane] = make_uint4(low.x, low.y, high.x, high.y);
      }
    }
  }
};

// Grid (P / step_head_rows, H, B). States are fetched before the kernel that makes x has ended: it does not write them,
// and all kernels before it are complete (stream_rows.cu says why). In bf16 states are widened, and rounded to nearest
// even when they go back; all arithmetic is f32.
template <class State, int quads>
__global__ void __launch_bounds__(head_threads) step_heads_kernel(const __grid_constant__ HeadSteps s) {
  constexpr int N = quads * head_lanes * 4;
  __shared__ float room[head_threads / warp_size];
  const std::int64_t head = blockIdx.y;
  const std::int64_t b = blockIdx.z;
  const int lane = static_cast<int>(threadIdx.x) % head_lanes;
  const std::int64_t inner = s.heads * s.head_dim;
  const std::int64_t channel =
      head * s.head_dim + static_cast<std::int64_t>(blockIdx.x) * step_head_rows + threadIdx.x / head_lanes;
  const float rate = s.a[head];
  const float bias = s.dt_bias[head];
  const float skip = s.d[head];
  State* row = static_cast<State*>(s.state[b]) + s.state_offset + channel * N;
  HeldStates<State, quads> held;
  held.take(row, lane);
  if (s.lets_next_in_first) let_next_start();
  wait_for_previous();
  let_next_start();
  const bool finished = s.decay != nullptr;
  float dt = s.dt[b * s.dt_stride + head];
  if (!finished) dt = step_size(dt, bias, s.dt_min, s.dt_max);
  const float decay = finished ? s.decay[b * s.dt_stride + head] : expf(dt * rate);
  const std::int64_t group = head / (s.heads / s.groups);
  const auto* in = reinterpret_cast<const float4*>(s.bc + b * s.bc_stride + group * N);
  const auto* out = in + s.groups * N / 4;
  const float x = s.x[b * s.x_stride + channel];
  const float z = s.z[b * s.z_stride + channel];
  const float weight = dt * x;
  float sum = 0.0f;
#pragma unroll
  for (int q = 0; q < quads; ++q) {
    const float4 in_n = in[held.place(q, lane)];
    const float4 out_n = out[held.place(q, lane)];
    float4& h = held.h[q];
    h.x = decay * h.x + weight * in_n.x;
    h.y = decay * h.y + weight * in_n.y;
    h.z = decay * h.z + weight * in_n.z;
    h.w = decay * h.w + weight * in_n.w;
    sum += h.x * out_n.x + h.y * out_n.y + h.z * out_n.z + h.w * out_n.w;
  }
  held.put(row, lane);
#pragma unroll
  for (int step = head_lanes / 2; step > 0; step /= 2) sum += __shfl_xor_sync(all_lanes, sum, step);
  const float y = (sum + skip * x) * (finished ? z : silu(z));
  if (lane == 0) {
    const std::int64_t at = b * inner + channel;
    s.gained == nullptr ? void(s.y[at] = y) : leave_gained(s, at, y * s.gain[channel]);
  }
  if (s.log_decay != nullptr && blockIdx.x == 0 && threadIdx.x == 0) s.log_decay[b * s.heads + head] = dt * rate;
  if (s.squares == nullptr) return;
  const float squares = block_sum(lane == 0 ? y * y : 0.0f, room);
  if (threadIdx.x == 0) s.squares[b * (inner / step_head_rows) + channel / step_head_rows] = squares;
}

}  // namespace

bool can_step_heads(const HeadSteps& s) {
  const std::int64_t inner = s.heads * s.head_dim;
  return s.head_dim % step_head_rows == 0 && (s.d_state == 64 || s.d_state == 128 || s.d_state == 256) &&
         reinterpret_cast<std::uintptr_t>(s.bc) % 16 == 0 && s.bc_stride % 4 == 0 && inner % 4 == 0 &&
         s.state_offset % (s.state_rounded ? 8 : 4) == 0 && s.heads <= 65535 && s.sequences <= 65535;
}

std::int64_t square_channels(const CudaStream& on, const HeadSteps& s) {
  return can_stream_heads(on, s) ? 4 * step_head_rows : step_head_rows;
}

void step_heads(CudaStream& on, const HeadSteps& s) {
  if (can_stream_heads(on, s)) return stream_heads(on, s);
  const auto run = [&](auto* kernel) {
    prefer_shared(kernel);
    launch(on, "step heads",
           {.grid = dim3(static_cast<unsigned>(s.head_dim / step_head_rows), static_cast<unsigned>(s.heads),
                         static_cast<unsigned>(s.sequences)),
            .block = dim3(head_threads),
            .overlaps = true},
           kernel, s);
  };
  const auto of_type = [&]<class State>(State) {
    if (s.d_state == 64) return run(step_heads_kernel<State, 2>);
    if (s.d_state == 128) return run(step_heads_kernel<State, 4>);
    run(step_heads_kernel<State, 8>);
  };
  s.state_rounded ? of_type(__nv_bfloat16()) : of_type(0.0f);
}

}  // namespace holdfast::cuda
