// Gradients of the packed scan (ssd_backward.cuh has the formulas), and what the scan itself shares with them.
//   ssd_scan_backward_mma.cu   bf16, on tensor cores
//   here                       f32 products and sums, any shape: states before each chunk and gradients after it by one
//                              thread per element, then a block per chunk and group
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/scan_rows.h"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/ssd_backward.cuh"
#include "kernels/error.h"
#include "kernels/ssd_scan.h"

namespace holdfast::cuda {
namespace {

constexpr int back_threads = 256;
constexpr int back_warps = back_threads / warp_size;
constexpr int steps_threads = 128;
constexpr int steps_heads = 32;
constexpr int matrix_row = back_rows + 1;  // floats of a row in shared memory

// Grid (units, ceil(H / 32)): dt of each token, and the running sum of dt A times `factor`: in double, so that the
// difference of two sums is as good as a sum of what lies between them.
__global__ void __launch_bounds__(steps_threads) ssd_back_steps_kernel(ScanBack s, bool dt_rounded, float factor) {
  __shared__ float dt[steps_heads][matrix_row];
  wait_for_previous();
  const std::int64_t unit = blockIdx.x;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * steps_heads;
  for (int i = static_cast<int>(threadIdx.x); i < back_rows * steps_heads; i += steps_threads) {
    const int row = i / steps_heads;
    const std::int64_t head = first + i % steps_heads;
    if (head >= s.heads) continue;
    const std::int64_t at = (unit * back_rows + row) * s.dt_stride + head;
    const float raw = dt_rounded ? to_float(static_cast<const __nv_bfloat16*>(s.dt_raw)[at])
                                 : static_cast<const float*>(s.dt_raw)[at];
    dt[i % steps_heads][row] = step_size(raw, s.dt_bias[head], s.dt_min, s.dt_max);
  }
  __syncthreads();
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  for (int h = static_cast<int>(threadIdx.x) / warp_size; h < steps_heads; h += steps_threads / warp_size) {
    const std::int64_t head = first + h;
    if (head >= s.heads) break;
    const double rate = static_cast<double>(s.a[head]) * factor;
    const float2 size = make_float2(dt[h][lane * 2], dt[h][lane * 2 + 1]);
    const double first_part = rate * size.x;
    double upto = first_part + rate * size.y;
#pragma unroll
    for (int step = 1; step < warp_size; step *= 2) {
      const double other = __shfl_up_sync(all_lanes, upto, step);
      if (lane >= step) upto += other;
    }
    double before = __shfl_up_sync(all_lanes, upto, 1);
    if (lane == 0) before = 0.0;
    before += first_part;
    const float2 sums = make_float2(static_cast<float>(before), static_cast<float>(upto));
    auto* to = reinterpret_cast<float2*>(s.steps + (unit * s.heads + head) * 3 * back_rows);
    to[lane] = sums;
    to[back_rows / 2 + lane] = size;
    to[back_rows + lane] = make_float2(static_cast<float>(before - sums.x), static_cast<float>(upto - sums.y));
  }
}

// exp(c[i] - c[j]).
__device__ __forceinline__ float fade_between(const float* c, int i, int j) {
  return expf((c[i] - c[j]) + (c[2 * back_rows + i] - c[2 * back_rows + j]));
}

// Grid (ceil(P N / threads), H, sequences): a thread takes one element of the state through its sequence.
//   forwards   states[unit] = the state before it;    backwards   states[unit] = the gradient of the state after it
template <class T, bool backwards>
__global__ void __launch_bounds__(back_threads) ssd_back_states_kernel(ScanBack s, float* states, float* d_initial) {
  __shared__ float weights[back_rows];
  wait_for_previous();
  const std::int64_t size = s.head_dim * s.d_state;
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * back_threads + threadIdx.x;
  const std::int64_t head = blockIdx.y;
  const std::int64_t group = head / (s.heads / s.groups);
  const std::int64_t element = min(at, size - 1);
  const std::int64_t p = element / s.d_state;
  const std::int64_t n = element % s.d_state;
  const std::int64_t begin = s.begins[blockIdx.z];
  const std::int64_t count = s.begins[blockIdx.z + 1] - begin;
  const std::int64_t n_at = s.inner + (backwards ? s.groups * s.d_state : 0) + group * s.d_state + n;
  const auto* xbc = static_cast<const T*>(s.xbc);
  const T* left = (backwards ? static_cast<const T*>(s.dy) : xbc) + head * s.head_dim + p;
  const std::int64_t left_stride = backwards ? s.inner : s.channels;
  float h = backwards || s.initial == nullptr ? 0.0f : s.initial[head * size + element];
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t unit = begin + (backwards ? count - 1 - i : i);
    const float* c = s.steps_of(unit, head);
    const float last = c[back_rows - 1];
    __syncthreads();
    if (threadIdx.x < back_rows) {
      weights[threadIdx.x] =
          backwards ? expf(c[threadIdx.x])
                    : fade_between(c, back_rows - 1, static_cast<int>(threadIdx.x)) * c[back_rows + threadIdx.x];
    }
    __syncthreads();
    if (at < size) states[(unit * s.heads + head) * size + element] = h;
    h *= expf(last);
#pragma unroll 4
    for (int t = 0; t < back_rows; ++t) {
      const std::int64_t row = unit * back_rows + t;
      h += weights[t] * to_float(left[row * left_stride]) * to_float(xbc[row * s.channels + n_at]);
    }
  }
  if (backwards && d_initial != nullptr && at < size) d_initial[(blockIdx.z * s.heads + head) * size + element] = h;
}

// What a block of the next kernel has in shared memory, as offsets in floats.
struct BackRoom {
  int x, dy, b, c, decayed, weighted, moved, sums, total;
  int p_row, n_row;
};
__host__ __device__ inline BackRoom back_room(std::int64_t head_dim, std::int64_t d_state) {
  BackRoom r{};
  r.p_row = static_cast<int>(head_dim) + 1;
  r.n_row = static_cast<int>(d_state) + 1;
  int at = 0;
  const auto take = [&](int& place, int count) { place = at, at += count; };
  take(r.x, back_rows * r.p_row);
  take(r.dy, back_rows * r.p_row);
  take(r.b, back_rows * r.n_row);
  take(r.c, back_rows * r.n_row);
  take(r.decayed, back_rows * matrix_row);   // L S
  take(r.weighted, back_rows * matrix_row);  // L dt G
  take(r.moved, back_rows * matrix_row);     // M
  take(r.sums, 5 * back_rows + 64);          // of rows: exp(c) dY.H0 C, r, X.v, dY.X; exp(c[Q]-c); room for block_sum
  r.total = at;
  return r;
}

// Grid (units, G): the heads of a group one after the other; gains (units, G, 2, 64, N) keeps dB and dC meanwhile.
template <class T>
__global__ void __launch_bounds__(back_threads)
    ssd_back_chunk_kernel(ScanBack s, const float* before, const float* after, float* gains) {
  extern __shared__ float back_memory[];
  wait_for_previous();
  const BackRoom room = back_room(s.head_dim, s.d_state);
  float* x = back_memory + room.x;
  float* dy = back_memory + room.dy;
  float* b = back_memory + room.b;
  float* c = back_memory + room.c;
  float* decayed = back_memory + room.decayed;
  float* weighted = back_memory + room.weighted;
  float* moved = back_memory + room.moved;
  float* from_before = back_memory + room.sums;
  float* r_sums = from_before + back_rows;
  float* direct = r_sums + back_rows;
  float* skips = direct + back_rows;
  float* fades = skips + back_rows;
  float* sum_room = fades + back_rows;
  const std::int64_t unit = blockIdx.x;
  const std::int64_t group = blockIdx.y;
  const std::int64_t heads = s.heads / s.groups;
  const std::int64_t row0 = unit * back_rows;
  const int P = static_cast<int>(s.head_dim);
  const int N = static_cast<int>(s.d_state);
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const auto* xbc = static_cast<const T*>(s.xbc);
  auto* d_xbc = static_cast<T*>(s.d_xbc);
  const std::int64_t b_at = s.inner + group * N;
  const std::int64_t c_at = b_at + s.groups * N;
  float* d_b = gains + (unit * s.groups + group) * 2 * back_rows * N;
  float* d_c = d_b + back_rows * N;
  for (int i = static_cast<int>(threadIdx.x); i < back_rows * N; i += back_threads) {
    const T* row = xbc + (row0 + i / N) * s.channels;
    b[i / N * room.n_row + i % N] = to_float(row[b_at + i % N]);
    c[i / N * room.n_row + i % N] = to_float(row[c_at + i % N]);
  }
  for (std::int64_t k = 0; k < heads; ++k) {
    const std::int64_t head = group * heads + k;
    const float* sums = s.steps_of(unit, head);
    const float* dt = sums + back_rows;
    const float last = sums[back_rows - 1];
    const float skip = s.d[head];
    const float* h0 = before + (unit * s.heads + head) * P * N;
    const float* dh1 = after + (unit * s.heads + head) * P * N;
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < back_rows * P; i += back_threads) {
      x[i / P * room.p_row + i % P] = to_float(xbc[(row0 + i / P) * s.channels + head * P + i % P]);
      dy[i / P * room.p_row + i % P] =
          to_float(static_cast<const T*>(s.dy)[(row0 + i / P) * s.inner + head * P + i % P]);
    }
    if (threadIdx.x < back_rows) {
      fades[threadIdx.x] = fade_between(sums, back_rows - 1, static_cast<int>(threadIdx.x));
    }
    __syncthreads();
    for (int e = static_cast<int>(threadIdx.x); e < back_rows * back_rows; e += back_threads) {
      const int i = e / back_rows;
      const int j = e % back_rows;
      float score = 0.0f;
      float pull = 0.0f;
      float fade = 0.0f;
      if (j <= i) {
        for (int n = 0; n < N; ++n) score += c[i * room.n_row + n] * b[j * room.n_row + n];
        for (int p = 0; p < P; ++p) pull += dy[i * room.p_row + p] * x[j * room.p_row + p];
        fade = fade_between(sums, i, j);
      }
      decayed[i * matrix_row + j] = fade * score;
      weighted[i * matrix_row + j] = fade * dt[j] * pull;
      moved[i * matrix_row + j] = fade * score * dt[j] * pull;
    }
    __syncthreads();
    float kept = 0.0f;
    for (int e = static_cast<int>(threadIdx.x); e < P * N; e += back_threads) kept += h0[e] * dh1[e];
    kept = block_sum(kept, sum_room) * expf(last);
    for (int t = warp; t < back_rows; t += back_warps) {
      const float grown = expf(sums[t]);
      const float fade = fades[t];
      float before_dot = 0.0f;
      for (int n = lane; n < N; n += warp_size) {
        float z = 0.0f;
        float w = 0.0f;
        for (int p = 0; p < P; ++p) {
          z += dy[t * room.p_row + p] * h0[p * N + n];
          w += x[t * room.p_row + p] * dh1[p * N + n];
        }
        z *= grown;
        w *= dt[t] * fade;
        before_dot += z * c[t * room.n_row + n];
        for (int j = 0; j <= t; ++j) z += weighted[t * matrix_row + j] * b[j * room.n_row + n];
        for (int i = t; i < back_rows; ++i) w += weighted[i * matrix_row + t] * c[i * room.n_row + n];
        d_b[t * N + n] = (k == 0 ? 0.0f : d_b[t * N + n]) + w;
        d_c[t * N + n] = (k == 0 ? 0.0f : d_c[t * N + n]) + z;
      }
      float r = 0.0f;
      float all = 0.0f;
      float skipped = 0.0f;
      for (int p = lane; p < P; p += warp_size) {
        const float own = x[t * room.p_row + p];
        const float upper = dy[t * room.p_row + p];
        float v = 0.0f;
        for (int n = 0; n < N; ++n) v += dh1[p * N + n] * b[t * room.n_row + n];
        v *= fade;
        r += own * v;
        for (int i = t; i < back_rows; ++i) v += decayed[i * matrix_row + t] * dy[i * room.p_row + p];
        all += own * v;
        skipped += own * upper;
        store(d_xbc + (row0 + t) * s.channels + head * P + p, dt[t] * v + skip * upper);
      }
      before_dot = warp_sum(before_dot);
      r = warp_sum(r);
      all = warp_sum(all);
      skipped = warp_sum(skipped);
      if (lane == 0) from_before[t] = before_dot, r_sums[t] = r, direct[t] = all, skips[t] = skipped;
    }
    __syncthreads();
    if (warp == 0) {
      const int t = lane * 2;
      const auto across = [&](int row) {
        float sum = 0.0f;
        for (int i = row; i < back_rows; ++i) {
          float in_row = 0.0f;
          for (int j = 0; j < row; ++j) in_row += moved[i * matrix_row + j];
          sum += in_row;
        }
        return sum;
      };
      const float2 rows = finish_chunk(s, unit, head, make_float2(from_before[t], from_before[t + 1]),
                                       make_float2(dt[t] * r_sums[t], dt[t + 1] * r_sums[t + 1]),
                                       make_float2(across(t), across(t + 1)), make_float2(direct[t], direct[t + 1]),
                                       make_float2(dt[t], dt[t + 1]), kept, warp_sum(skips[t] + skips[t + 1]));
      T* to = static_cast<T*>(s.d_dt) + (unit * back_rows + t) * s.d_dt_stride + head;
      store(to, rows.x);
      store(to + s.d_dt_stride, rows.y);
    }
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < back_rows * N; i += back_threads) {
    T* row = d_xbc + (row0 + i / N) * s.channels;
    store(row + b_at + i % N, d_b[i]);
    store(row + c_at + i % N, d_c[i]);
  }
}

struct ExactRoom {
  std::int64_t state, gains;
};
ExactRoom exact_room(const ScanBack& s) {
  return {s.units * s.heads * s.head_dim * s.d_state, s.units * s.groups * 2 * back_rows * s.d_state};
}

template <class T>
void back_exact(CudaStream& on, const ScanBack& s, std::byte* scratch, float* d_initial) {
  const ExactRoom sizes = exact_room(s);
  auto* before = cut_scratch<float>(scratch, sizes.state);
  auto* after = cut_scratch<float>(scratch, sizes.state);
  auto* gains = cut_scratch<float>(scratch, sizes.gains);
  const dim3 grid(blocks_for(s.head_dim * s.d_state, back_threads), static_cast<unsigned>(s.heads),
                  static_cast<unsigned>(s.sequences));
  const Launch states{.grid = grid, .block = dim3(back_threads), .overlaps = true};
  launch(on, "ssd_scan_backward states", states, ssd_back_states_kernel<T, false>, s, before, nullptr);
  launch(on, "ssd_scan_backward gradients of states", states, ssd_back_states_kernel<T, true>, s, after, d_initial);
  const std::size_t shared = static_cast<std::size_t>(back_room(s.head_dim, s.d_state).total) * sizeof(float);
  if (shared > static_cast<std::size_t>(on.card().shared_bytes)) {
    throw ArgumentError("ssd_scan_backward: heads of " + std::to_string(s.head_dim) + " x " +
                        std::to_string(s.d_state) + " do not fit the shared memory of this GPU");
  }
  allow_shared(ssd_back_chunk_kernel<T>, shared);
  launch(on, "ssd_scan_backward",
         {.grid = dim3(static_cast<unsigned>(s.units), static_cast<unsigned>(s.groups)),
          .block = dim3(back_threads),
          .shared = shared,
          .overlaps = true},
         ssd_back_chunk_kernel<T>, s, static_cast<const float*>(before), static_cast<const float*>(after), gains);
}

ScanBack describe(const SsdPackedInputs& in) {
  ScanBack s{};
  s.xbc = in.xbc.data, s.dt_raw = in.dt_raw.data, s.dt_stride = in.dt_stride;
  s.dt_bias = in.dt_bias.as<float>(), s.a = in.a.as<float>(), s.d = in.d.as<float>();
  s.initial = in.initial ? in.initial.as<float>() : nullptr;
  s.tokens = in.xbc.shape[0], s.units = s.tokens / back_rows, s.sequences = in.rows.sequences;
  s.heads = in.heads, s.head_dim = in.head_dim, s.d_state = in.d_state, s.groups = in.groups;
  s.inner = s.heads * s.head_dim, s.channels = s.inner + 2 * s.groups * s.d_state;
  s.dt_min = in.dt_min, s.dt_max = in.dt_max;
  return s;
}

// Where steps and begins need room.
std::size_t steps_bytes(const ScanBack& s) {
  return scratch_bytes(s.units * s.heads * 3 * back_rows, 4) + scratch_bytes(s.sequences + 1, 4);
}

void make_steps(CudaStream& on, ScanBack& s, const SsdPackedInputs& in, bool tensor_cores, std::byte*& next) {
  s.steps = cut_scratch<float>(next, s.units * s.heads * 3 * back_rows);
  auto* begins = cut_scratch<std::int32_t>(next, s.sequences + 1);
  find_begins(on, begins, in.rows.sequence_of_unit.as<std::int32_t>(), s.units, s.sequences);
  s.begins = begins;
  constexpr float log2_e = 1.4426950408889634f;
  launch(on, "steps of the scan",
         {.grid = dim3(static_cast<unsigned>(s.units), blocks_for(s.heads, steps_heads)),
          .block = dim3(steps_threads),
          .overlaps = true},
         ssd_back_steps_kernel, s, in.dt_raw.dtype == DType::bf16, tensor_cores ? log2_e : 1.0f);
}

}  // namespace

bool scan_packed_by_chunks(Stream& stream, const SsdScanPackedArgs& args) {
  ScanBack s = describe(args.in);
  s.y = args.y.data;
  s.dy = args.y.data;
  s.d_xbc = args.y.data;
  if (args.y.dtype != DType::bf16 || !chunks_on_tensor_cores(s)) return false;
  CudaStream& on = backend(stream);
  auto* next = static_cast<std::byte*>(stream.scratch(steps_bytes(s) + outputs_on_tensor_cores_bytes(on, s)));
  make_steps(on, s, args.in, true, next);
  run_outputs_on_tensor_cores(on, s, next);
  return true;
}

void ssd_scan_backward(Stream& stream, const SsdScanBackwardArgs& args) {
  CudaStream& on = backend(stream);
  ScanBack s = describe(args.in);
  s.dy = args.dy.data, s.d_xbc = args.d_xbc.data, s.d_dt = args.d_dt_raw.data, s.d_dt_stride = args.d_dt_stride;
  if (s.tokens == 0) return;
  const bool rounded = args.d_xbc.dtype == DType::bf16;
  const bool tensor_cores = rounded && chunks_on_tensor_cores(s);
  const std::int64_t state_size = s.heads * s.head_dim * s.d_state;
  const ExactRoom exact = exact_room(s);
  const std::size_t own = tensor_cores ? back_on_tensor_cores_bytes(on, s)
                                       : 2 * scratch_bytes(exact.state, 4) + scratch_bytes(exact.gains, 4);
  const std::int64_t starts = args.d_initial ? s.sequences * state_size : 0;
  auto* next = static_cast<std::byte*>(
      stream.scratch(steps_bytes(s) + scratch_bytes(3 * s.units * s.heads, 4) + scratch_bytes(starts, 4) + own));
  make_steps(on, s, args.in, tensor_cores, next);
  s.partial = cut_scratch<float>(next, 3 * s.units * s.heads);
  float* d_initial = args.d_initial ? cut_scratch<float>(next, starts) : nullptr;
  if (tensor_cores) {
    run_back_on_tensor_cores(on, s, next, d_initial);
  } else if (rounded) {
    back_exact<__nv_bfloat16>(on, s, next, d_initial);
  } else {
    back_exact<float>(on, s, next, d_initial);
  }
  const std::int64_t count = s.units * s.heads;
  const auto to = [](const TensorView& view) { return view ? view.as<float>() : nullptr; };
  add_partial_rows(on, s.units,
                   {{to(args.d_a_log), s.partial, s.heads, s.heads, s.a},
                    {to(args.d_d), s.partial + count, s.heads, s.heads},
                    {to(args.d_dt_bias), s.partial + 2 * count, s.heads, s.heads}});
  add_partial_rows(on, s.sequences, {{to(args.d_initial), d_initial, state_size, state_size}});
}

}  // namespace holdfast::cuda
