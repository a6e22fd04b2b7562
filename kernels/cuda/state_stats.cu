// Figures of states and of tokens, so that nothing larger need leave the device.
//   stats   a block per head: its sum of squares; then the largest singular value of H by Golub and Kahan's
//           bidiagonalisation (SIAM J. Numer. Anal. 2, 1965) without reorthogonalisation: two products with H a step,
//           which stays in the caches; the largest eigenvalue of the small tridiagonal matrix that grows this way is
//           found by 32 lanes that each count signs at a place of their own
//   trace   a warp per token and head: three sums of squares
#include "kernels/cuda/launch.cuh"
#include "kernels/state_stats.h"

namespace holdfast::cuda {
namespace {

constexpr int stats_threads = 256;
constexpr int stats_warps = stats_threads / warp_size;
constexpr int stats_steps = 32;      // at most; states, which lean towards few directions, need six to nine
constexpr int stats_looks = 3;       // steps between two looks at the eigenvalue
constexpr float stats_ends = 1e-6f;  // the eigenvalue grew by less, or no direction is left

// Numbers that favour no direction a state could have, the same in every run.
__device__ __forceinline__ float stats_start(std::int64_t i) {
  auto bits = static_cast<unsigned>(i) * 2654435761u + 974711u;
  bits = (bits ^ bits >> 15) * 2246822519u;
  bits = (bits ^ bits >> 13) * 3266489917u;
  const float size = 0.5f + static_cast<float>(bits >> 9 & 0xffffu) * 0x1p-17f;
  return (bits & 1u) != 0u ? size : -size;
}

// Whether x lies above all eigenvalues of the tridiagonal matrix of `count` diagonal numbers.
__device__ __forceinline__ bool above_all(const float* diagonal, const float* squares, int count, float x) {
  float pivot = 1.0f;
  for (int i = 0; i < count; ++i) {
    pivot = diagonal[i] - x - (i == 0 ? 0.0f : squares[i - 1] / pivot);
    if (pivot > 0.0f) return false;
    pivot = fminf(pivot, -1e-30f);
  }
  return true;
}

// By one warp; the largest eigenvalue is at least `low` and at most 1.
__device__ __forceinline__ float largest_eigenvalue(const float* diagonal, const float* squares, int count, float low) {
  float high = 1.0f + 1e-5f;
  const auto lane = static_cast<float>(threadIdx.x % warp_size);
#pragma unroll 1
  for (int round = 0; round < 6; ++round) {
    const float width = (high - low) / 33.0f;
    const unsigned above = __ballot_sync(all_lanes, above_all(diagonal, squares, count, low + (lane + 1.0f) * width));
    const int first = above == 0u ? warp_size : __ffs(static_cast<int>(above)) - 1;
    low += static_cast<float>(first) * width;
    high = low + width;
  }
  return low;
}

struct Stats {
  float* norm;
  float* rank;  // or null
  const float* state;
  std::int64_t rows, cols;  // P, N
};

// Grid (heads). Shared memory: u (P), v (N), partial sums (stats_threads), diagonal and squares of its neighbours.
__global__ void __launch_bounds__(stats_threads) state_stats_kernel(Stats s) {
  extern __shared__ float memory[];
  __shared__ float room[stats_warps];
  __shared__ float shared_largest;
  wait_for_previous();
  const std::int64_t head = blockIdx.x;
  const int thread = static_cast<int>(threadIdx.x);
  const float* state = s.state + head * s.rows * s.cols;
  float squares = 0.0f;
  for (std::int64_t i = thread; i < s.rows * s.cols; i += stats_threads) squares += state[i] * state[i];
  squares = block_sum(squares, room);
  const float norm = sqrtf(squares);
  if (thread == 0) s.norm[head] = norm;
  if (s.rank == nullptr) return;
  if (!(norm > 0.0f)) {
    if (thread == 0) s.rank[head] = 0.0f;
    return;
  }
  float* u = memory;
  float* v = u + s.rows;
  float* partial = v + s.cols;
  float* diagonal = partial + stats_threads;  // of T = B^T B, B having alpha on its diagonal and beta beside it
  float* beside = diagonal + stats_steps;
  const float scale = 1.0f / norm;
  const auto cols = static_cast<int>(s.cols);
  const bool narrow = cols < stats_threads;
  const int groups = narrow ? stats_threads / cols : 1;
  const int group = narrow ? thread / cols : 0;

  // v = H^T u scale - before v, and its length.
  const auto turned = [&](float before) {
    if (narrow) {
      const int n = thread % cols;
      float sum = 0.0f;
      if (group < groups) {
        for (std::int64_t p = group; p < s.rows; p += groups) sum += state[p * s.cols + n] * u[p];
      }
      partial[thread] = sum;
      __syncthreads();
      if (thread < cols) {
        float all = 0.0f;
        for (int g = 0; g < groups; ++g) all += partial[g * cols + thread];
        v[thread] = all * scale - before * v[thread];
      }
    } else {
      for (std::int64_t n = thread; n < s.cols; n += stats_threads) {
        float sum = 0.0f;
        for (std::int64_t p = 0; p < s.rows; ++p) sum += state[p * s.cols + n] * u[p];
        v[n] = sum * scale - before * v[n];
      }
    }
    __syncthreads();
    float length = 0.0f;
    for (std::int64_t n = thread; n < s.cols; n += stats_threads) length += v[n] * v[n];
    return sqrtf(block_sum(length, room));
  };
  // u = H v scale - before u, and its length.
  const auto straight = [&](float before) {
    for (std::int64_t p = thread / warp_size; p < s.rows; p += stats_warps) {
      float sum = 0.0f;
      for (std::int64_t n = thread % warp_size; n < s.cols; n += warp_size) sum += state[p * s.cols + n] * v[n];
      sum = warp_sum(sum);
      if (thread % warp_size == 0) u[p] = sum * scale - before * u[p];
    }
    __syncthreads();
    float length = 0.0f;
    for (std::int64_t p = thread; p < s.rows; p += stats_threads) length += u[p] * u[p];
    return sqrtf(block_sum(length, room));
  };
  const auto divide = [&](float* vector, std::int64_t count, float length) {
    const float by = 1.0f / length;
    for (std::int64_t i = thread; i < count; i += stats_threads) vector[i] *= by;
    __syncthreads();
  };

  for (std::int64_t p = thread; p < s.rows; p += stats_threads) u[p] = stats_start(p);
  for (std::int64_t n = thread; n < s.cols; n += stats_threads) v[n] = 0.0f;
  __syncthreads();
  float beta = turned(0.0f);
  float largest = 0.0f;
  float off = 0.0f;  // beta of the step before, 0 at first
  for (int k = 0; k < stats_steps && beta > stats_ends; ++k) {
    divide(v, s.cols, beta);
    const float alpha = straight(off);
    const bool last = !(alpha > stats_ends) || k + 1 == stats_steps;
    if (alpha > stats_ends) divide(u, s.rows, alpha);
    if (thread == 0) diagonal[k] = alpha * alpha + off * off;
    beta = last ? 0.0f : turned(alpha);
    if (thread == 0) beside[k] = alpha * alpha * beta * beta;
    const bool ends = !(beta > stats_ends);
    if (ends || k % stats_looks == stats_looks - 1) {
      __syncthreads();
      if (thread < warp_size) {
        const float before = largest;
        float now = before;
        if (before == 0.0f || !above_all(diagonal, beside, k + 1, before * (1.0f + stats_ends))) {
          now = largest_eigenvalue(diagonal, beside, k + 1, before);
        }
        if (thread == 0) shared_largest = now;
      }
      __syncthreads();
      const float before = largest;
      largest = shared_largest;
      __syncthreads();
      if (largest <= before * (1.0f + stats_ends)) break;
    }
    off = beta;
  }
  if (thread == 0) s.rank[head] = largest > 0.0f ? 1.0f / largest : 0.0f;
}

template <class T>
struct Trace {
  float* trace;
  const T* y;
  const T* xbc;
  const float* log_decay;
  const float* a;
  const float* d;
  std::int64_t tokens, heads, head_dim, d_state, groups, channels;
};

// Grid: blocks of stats_warps pairs of token and head.
template <class T>
__global__ void __launch_bounds__(stats_threads) ssd_trace_kernel(Trace<T> s) {
  wait_for_previous();
  const std::int64_t pair = static_cast<std::int64_t>(blockIdx.x) * stats_warps + threadIdx.x / warp_size;
  if (pair >= s.tokens * s.heads) return;
  const std::int64_t t = pair / s.heads;
  const std::int64_t head = pair % s.heads;
  const auto lane = static_cast<std::int64_t>(threadIdx.x % warp_size);
  const std::int64_t inner = s.heads * s.head_dim;
  const T* x = s.xbc + t * s.channels + head * s.head_dim;
  const T* y = s.y + t * inner + head * s.head_dim;
  const T* in = s.xbc + t * s.channels + inner + head / (s.heads / s.groups) * s.d_state;
  const float skip = s.d[head];
  float x_squares = 0.0f;
  float read = 0.0f;
  for (std::int64_t p = lane; p < s.head_dim; p += warp_size) {
    const float input = to_float(x[p]);
    const float memory = to_float(y[p]) - skip * input;
    x_squares += input * input;
    read += memory * memory;
  }
  float in_squares = 0.0f;
  for (std::int64_t n = lane; n < s.d_state; n += warp_size) {
    const float input = to_float(in[n]);
    in_squares += input * input;
  }
  const float x_length = sqrtf(warp_sum(x_squares));
  read = sqrtf(warp_sum(read));
  in_squares = warp_sum(in_squares);
  if (lane != 0) return;
  float* to = s.trace + pair * 3;
  to[0] = s.log_decay[pair] / s.a[head] * x_length * sqrtf(in_squares);
  to[1] = read;
  to[2] = fabsf(skip) * x_length;
}

template <class T>
void trace_rows(CudaStream& on, const SsdTraceArgs& args) {
  Trace<T> s{};
  s.tokens = args.y.shape[0], s.heads = args.y.shape[1], s.head_dim = args.y.shape[2];
  s.d_state = args.d_state, s.groups = args.groups, s.channels = args.xbc.shape[1];
  s.trace = args.trace.as<float>();
  s.y = args.y.as<T>(), s.xbc = args.xbc.as<T>();
  s.log_decay = args.log_decay.as<float>(), s.a = args.a.as<float>(), s.d = args.d.as<float>();
  launch(on, "ssd_trace",
         {.grid = dim3(blocks_for(s.tokens * s.heads, stats_warps)), .block = dim3(stats_threads), .overlaps = true},
         ssd_trace_kernel<T>, s);
}

}  // namespace

void state_stats(Stream& stream, const StateStatsArgs& args) {
  CudaStream& on = backend(stream);
  Stats s{};
  s.norm = args.norm.as<float>();
  s.rank = args.stable_rank ? args.stable_rank.as<float>() : nullptr;
  s.state = args.state.as<float>();
  s.rows = args.state.shape[1], s.cols = args.state.shape[2];
  const auto shared = static_cast<std::size_t>(s.rows + s.cols + stats_threads + 2 * stats_steps) * sizeof(float);
  allow_shared(state_stats_kernel, shared);
  launch(on, "state_stats",
         {.grid = dim3(static_cast<unsigned>(args.state.shape[0])),
          .block = dim3(stats_threads),
          .shared = shared,
          .overlaps = true},
         state_stats_kernel, s);
}

void ssd_trace(Stream& stream, const SsdTraceArgs& args) {
  CudaStream& on = backend(stream);
  args.y.dtype == DType::bf16 ? trace_rows<__nv_bfloat16>(on, args) : trace_rows<float>(on, args);
}

}  // namespace holdfast::cuda
