// Gradients of the packed scan: what its kernels are told, and what they share. A chunk is a unit of 64 rows, c the
// running sum of dt A in a chunk, H0 the state before it, H1 after it. For one head:
//   L[i,j] = exp(c[i] - c[j]) for j <= i,   S[i,j] = C[i].B[j],   G[i,j] = dY[i].X[j],   M = L S dt[j] G
//   v[j]  = exp(c[Q]-c[j]) dH1 B[j] + sum_i L[i,j] S[i,j] dY[i],   dX[j] = dt[j] v[j] + D dY[j]
//   dC[i] = exp(c[i]) H0^T dY[i] + sum_j L[i,j] dt[j] G[i,j] B[j]
//   dB[j] = dt[j] exp(c[Q]-c[j]) dH1^T X[j] + sum_i L[i,j] dt[j] G[i,j] C[i]
//   dc[t] = sum_j M[t,j] - sum_k M[k,t] + exp(c[t]) dY[t].H0 C[t] - dt[t] r[t],   r[t] = exp(c[Q]-c[t]) X[t].dH1 B[t]
//   dc[Q] += exp(c[Q]) <H0, dH1> + sum_t dt[t] r[t],   d(dt A)[t] = sum over i >= t of dc[i]
//   d dt[t] = X[t].v[t] + A d(dt A)[t],   dH0 = exp(c[Q]) dH1 + sum_i exp(c[i]) dY[i] (x) C[i]
#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/packed_rows.h"

namespace holdfast::cuda {

inline constexpr int back_rows = static_cast<int>(PackedRows::unit);  // Q

struct ScanBack {
  void* y;  // forwards alone
  const void* xbc;
  const void* dy;
  const void* dt_raw;
  std::int64_t dt_stride;
  void* d_xbc;
  void* d_dt;
  std::int64_t d_dt_stride;
  const float* dt_bias;
  const float* a;
  const float* d;
  const float* initial;        // or null: zeros
  const std::int32_t* begins;  // (sequences + 1), in units
  float* steps;                // (units, H, 3, 64): c, then dt, then what rounding c to f32 left
  float* partial;              // (3, units, H): of A, D, dt_bias
  std::int64_t tokens, units, sequences, heads, head_dim, d_state, groups, inner, channels;
  float dt_min, dt_max;

  [[nodiscard]] __host__ __device__ const float* steps_of(std::int64_t unit, std::int64_t head) const {
    return steps + (unit * heads + head) * 3 * back_rows;
  }
};

// The end of one chunk of one head, by one warp; lane l has rows 2l and 2l + 1 of
//   from_before  exp(c) dY.H0 C            weighted_r  dt r
//   across       sum over i >= t > j of M  direct      X.v
// kept = exp(c[Q]) <H0, dH1>. The formulas' d(dt A)[t] is kept + sum of from_before from t on + sum of weighted_r
// before t + across: terms that cancel in sums of dc are left out. Gives the gradients of dt_raw of the lane's rows.
__device__ __forceinline__ float2 finish_chunk(const ScanBack& s, std::int64_t unit, std::int64_t head,
                                               float2 from_before, float2 weighted_r, float2 across, float2 direct,
                                               float2 dt, float kept, float d_skip) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  float later = from_before.x + from_before.y;
  float earlier = weighted_r.x + weighted_r.y;
#pragma unroll
  for (int step = 1; step < warp_size; step *= 2) {
    const float down = __shfl_down_sync(all_lanes, later, step);
    const float up = __shfl_up_sync(all_lanes, earlier, step);
    if (lane + step < warp_size) later += down;
    if (lane >= step) earlier += up;
  }
  later = __shfl_down_sync(all_lanes, later, 1);
  earlier = __shfl_up_sync(all_lanes, earlier, 1);
  if (lane == warp_size - 1) later = 0.0f;
  if (lane == 0) earlier = 0.0f;
  const float2 rest = make_float2(kept + (later + from_before.y + from_before.x) + earlier + across.x,
                                  kept + (later + from_before.y) + (earlier + weighted_r.x) + across.y);
  const float rate = s.a[head];
  // softplus' = 1 - exp(-softplus); where dt was clamped nothing comes through.
  const auto raw = [&](float gradient, float size) {
    return size > s.dt_min && size < s.dt_max ? gradient * -expm1f(-size) : 0.0f;
  };
  const float2 d_raw = make_float2(raw(direct.x + rate * rest.x, dt.x), raw(direct.y + rate * rest.y, dt.y));
  const float d_rate = warp_sum(dt.x * rest.x + dt.y * rest.y);
  const float d_bias = warp_sum(d_raw.x + d_raw.y);
  if (lane != 0) return d_raw;
  s.partial[unit * s.heads + head] = d_rate;
  s.partial[(s.units + unit) * s.heads + head] = d_skip;
  s.partial[(2 * s.units + unit) * s.heads + head] = d_bias;
  return d_raw;
}

// Per unit and head, of the rows of a chunk: from_before, r, direct, and sums over j of M[t,j] less those over i of
// M[i,t]; then <H0, dH1> and the sum of dY.X, in up to four parts each.
inline constexpr int end_floats = 4 * back_rows + 8;

// States along the sequences. Copies lie in memory as they lie in shared memory: in tiles of 64 columns for warpgroups,
// in rows otherwise.
struct StatePass {
  __nv_bfloat16* copies;  // (units, H, P N)
  float* states;          // (sequences, segments, H, P, N)  first pass: what a segment adds; second: its beginning
  float* decays;          // (sequences, segments, H)  base 2
  float* last;            // (sequences, H, P, N): what comes out at the end; or null
  int segments;
  bool tiles;
};
// Where Card::warpgroups. copies = false is the first pass of several segments.
void pass_states_by_warpgroups(CudaStream& on, const ScanBack& s, const StatePass& pass, bool backwards, bool copies);

struct GradPlan {
  const __nv_bfloat16* before;  // (units, H, P N)
  const __nv_bfloat16* after;   // the gradients of the states after each chunk
  float* partial;               // (parts, T, 2 G N) of dB | dC; null with one part, which writes to d_xbc
  float* ends;                  // (units, H, end_floats)
  int parts;                    // blocks that share a group's heads
};
void back_chunks_by_warpgroups(CudaStream& on, const ScanBack& s, const GradPlan& plan);  // where Card::warpgroups

// Tensor cores: bf16, P = 64, N = 64 or 128, rows of 16-byte multiples.
[[nodiscard]] bool chunks_on_tensor_cores(const ScanBack& s);
// The scan itself: scratch memory it needs beyond steps, and y.
[[nodiscard]] std::size_t outputs_on_tensor_cores_bytes(const CudaStream& on, const ScanBack& s);
void run_outputs_on_tensor_cores(CudaStream& on, const ScanBack& s, std::byte* scratch);
// Its gradients: scratch memory they need beyond steps and partial.
[[nodiscard]] std::size_t back_on_tensor_cores_bytes(const CudaStream& on, const ScanBack& s);
// d_initial: (sequences, H, P, N) out, or null.
void run_back_on_tensor_cores(CudaStream& on, const ScanBack& s, std::byte* scratch, float* d_initial);

}  // namespace holdfast::cuda
