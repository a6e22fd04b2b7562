// The head and its loss, over blocks of rows whose logits fit scratch memory:
//   logits = x W^T by cuBLASLt, f32;  one block of threads per row: log sum exp, loss, and gradients of the logits;
//   then dx = dlogits W and dW += dlogits^T x. In bf16 the gradients of the logits are rounded once, beside them.
#include "kernels/cross_entropy.h"
#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/plain_weight.h"
#include "kernels/cuda/reduce.cuh"
#include "kernels/matmul.h"

namespace holdfast::cuda {
namespace {

constexpr int entropy_threads = 512;
constexpr int wide_entropy_threads = 1024;  // for rows that are long: few of them at work at a time stay in the cache
constexpr std::int64_t wide_vocabulary = 16384;
constexpr std::size_t entropy_logits_bytes = std::size_t{512} << 20;    // of scratch memory
constexpr std::size_t entropy_gradient_bytes = std::size_t{768} << 20;  // the same for their gradients in bf16

template <class T>
struct EntropyRows {
  float* loss;
  T* gradient;  // (rows, V) of the logits, rows gradient_stride apart; null: the loss alone. f32: the logits' place
  const float* logits;  // (rows, V), rows logits_stride apart
  const std::int32_t* targets;
  const float* weights;
  std::int64_t vocabulary, logits_stride, gradient_stride;
  float scale;
};

template <class T>
__device__ __forceinline__ float exp_for(float x) {
  return sizeof(T) == 2 ? __expf(x) : expf(x);
}

// The largest value and the sum of exp(value - largest), of this pair and another.
template <class T>
__device__ __forceinline__ void join(float& top, float& sum, float other_top, float other_sum) {
  const float both = fmaxf(top, other_top);
  if (both == -INFINITY) return;
  sum = sum * exp_for<T>(top - both) + other_sum * exp_for<T>(other_top - both);
  top = both;
}

template <class T, int width, int threads>
__global__ void __launch_bounds__(threads, threads == wide_entropy_threads ? 1 : 2)
    cross_entropy_rows_kernel(EntropyRows<T> a) {
  __shared__ float tops[threads / warp_size];
  __shared__ float sums[threads / warp_size];
  wait_for_previous();
  const std::int64_t row = blockIdx.x;
  const float* logits = a.logits + row * a.logits_stride;
  T* gradient = a.gradient == nullptr ? nullptr : a.gradient + row * a.gradient_stride;
  const std::int32_t target = a.targets[row];
  const float weight = target < 0 ? 0.0f : a.weights[row];
  if (weight == 0.0f) {
    if (threadIdx.x == 0) a.loss[row] = 0.0f;
    if (gradient == nullptr) return;
    constexpr float zeros[width] = {};
    for (std::int64_t i = threadIdx.x * width; i < a.vocabulary; i += threads * width) {
      store_piece<T, width>(gradient + i, zeros);
    }
    return;
  }
  float top = -INFINITY;
  float sum = 0.0f;
#pragma unroll 4
  for (std::int64_t i = threadIdx.x * width; i < a.vocabulary; i += threads * width) {
    float value[width];
    load_piece<float, width>(logits + i, value);
    float largest = value[0];
#pragma unroll
    for (int j = 1; j < width; ++j) largest = fmaxf(largest, value[j]);
    float part = 0.0f;
#pragma unroll
    for (int j = 0; j < width; ++j) part += exp_for<T>(value[j] - largest);
    join<T>(top, sum, largest, part);
  }
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) {
    const float other_top = __shfl_xor_sync(all_lanes, top, step);
    const float other_sum = __shfl_xor_sync(all_lanes, sum, step);
    // Both lanes of a pair must get the same bits: the lower one's pair comes first.
    if ((threadIdx.x & static_cast<unsigned>(step)) == 0) {
      join<T>(top, sum, other_top, other_sum);
    } else {
      float first_top = other_top;
      float first_sum = other_sum;
      join<T>(first_top, first_sum, top, sum);
      top = first_top;
      sum = first_sum;
    }
  }
  if (threadIdx.x % warp_size == 0) tops[threadIdx.x / warp_size] = top, sums[threadIdx.x / warp_size] = sum;
  __syncthreads();
  top = tops[0], sum = sums[0];
#pragma unroll
  for (int w = 1; w < threads / warp_size; ++w) join<T>(top, sum, tops[w], sums[w]);
  const float log_sum = top + logf(sum);
  if (threadIdx.x == 0) a.loss[row] = weight * (log_sum - logits[target]);
  if (gradient == nullptr) return;
  __syncthreads();  // the target's logit is read before its place is written
  const float factor = weight * a.scale;
#pragma unroll 2
  for (std::int64_t i = threadIdx.x * width; i < a.vocabulary; i += threads * width) {
    float value[width];
    load_piece<float, width>(logits + i, value);
#pragma unroll
    for (int j = 0; j < width; ++j) {
      value[j] = factor * (exp_for<T>(value[j] - log_sum) - (i + j == target ? 1.0f : 0.0f));
    }
    store_piece<T, width>(gradient + i, value);
  }
}

// Pieces whose exponentials share a largest value, and how many times as many a thread keeps in registers.
[[maybe_unused]] constexpr int ring_together = 4;
[[maybe_unused]] constexpr int ring_keeps = 3;

// One block a multiprocessor goes through rows that fit its shared memory, so that each logit is read once. A warp
// brings pieces of the next row into the places that this one has left; a thread has the same four columns of every
// piece, and takes the first pieces into registers at once, so that memory has work while the row's sum is made.
struct EntropyRing {
  static constexpr int readers = 512;
  static constexpr int threads = readers + warp_size;
  static constexpr int piece = readers * 4;  // floats
  static constexpr int pieces = 28;
  alignas(128) float logits[pieces][piece];
  std::uint64_t full[pieces];
  std::uint64_t empty[pieces];
  float tops[2][readers / warp_size];
  float sums[2][readers / warp_size];
};

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
__device__ __forceinline__ void ring_rows_fetch(const EntropyRows<__nv_bfloat16>& a, std::int64_t rows,
                                                EntropyRing& ring) {
  unsigned turn = 0;  // pieces so far
  for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    if (a.targets[row] < 0 || a.weights[row] == 0.0f) continue;
    const float* logits = a.logits + row * a.logits_stride;
    for (std::int64_t at = 0; at < a.vocabulary; at += EntropyRing::piece, ++turn) {
      const unsigned place = turn % EntropyRing::pieces;
      if (turn >= EntropyRing::pieces)
        barrier_wait(shared_address(&ring.empty[place]), (turn / EntropyRing::pieces + 1) & 1);
      const auto bytes =
          static_cast<unsigned>(min(a.vocabulary - at, std::int64_t{EntropyRing::piece}) * sizeof(float));
      const unsigned barrier = shared_address(&ring.full[place]);
      barrier_expect(barrier, bytes);
      bulk_copy(shared_address(ring.logits[place]), logits + at, bytes, barrier);
    }
  }
}
#endif

__global__ void __launch_bounds__(EntropyRing::threads, 1)
    cross_entropy_ring_kernel(EntropyRows<__nv_bfloat16> a, std::int64_t rows) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  extern __shared__ __align__(128) unsigned char entropy_room[];
  EntropyRing& ring = *reinterpret_cast<EntropyRing*>(entropy_room);
  constexpr int warps = EntropyRing::readers / warp_size;
  constexpr int together = ring_together;
  constexpr int keeps = ring_keeps;
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % warp_size;
  const int warp = thread / warp_size;
  if (thread == 0) {
    for (int i = 0; i < EntropyRing::pieces; ++i) {
      barrier_init(shared_address(&ring.full[i]), 1);
      barrier_init(shared_address(&ring.empty[i]), warps);
    }
    barrier_init_done();
  }
  __syncthreads();
  wait_for_previous();
  if (warp == warps) {
    if (lane == 0) ring_rows_fetch(a, rows, ring);
    return;
  }
  const auto count = static_cast<unsigned>((a.vocabulary + EntropyRing::piece - 1) / EntropyRing::piece);
  const auto left = [&](unsigned place) {  // the warp has taken what it wants from there
    __syncwarp();
    if (lane == 0) barrier_arrive(shared_address(&ring.empty[place]));
  };
  unsigned turn = 0;
  int side = 0;
  std::int32_t next_target = blockIdx.x < rows ? a.targets[blockIdx.x] : -1;
  float next_weight = blockIdx.x < rows ? a.weights[blockIdx.x] : 0.0f;
  for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const std::int32_t target = next_target;
    const float weight = target < 0 ? 0.0f : next_weight;
    if (row + gridDim.x < rows) next_target = a.targets[row + gridDim.x], next_weight = a.weights[row + gridDim.x];
    __nv_bfloat16* gradient = a.gradient == nullptr ? nullptr : a.gradient + row * a.gradient_stride;
    if (weight == 0.0f) {
      if (thread == 0) a.loss[row] = 0.0f;
      if (gradient == nullptr) continue;
      constexpr float zeros[4] = {};
      for (std::int64_t i = thread * 4; i < a.vocabulary; i += EntropyRing::piece) {
        store_piece<__nv_bfloat16, 4>(gradient + i, zeros);
      }
      continue;
    }
    const float wanted = thread == 0 ? a.logits[row * a.logits_stride + target] : 0.0f;
    float top = -INFINITY;
    float sum = 0.0f;
    // Four pieces from p on; `leaves`: their places are free for the next row.
    const auto take = [&](unsigned p, float(&value)[together][4], bool leaves) {
      float largest = -INFINITY;
#pragma unroll
      for (int k = 0; k < together; ++k) {
#pragma unroll
        for (int j = 0; j < 4; ++j) value[k][j] = -INFINITY;
        if (p + k >= count) continue;
        const unsigned place = (turn + p + k) % EntropyRing::pieces;
        barrier_wait(shared_address(&ring.full[place]), (turn + p + k) / EntropyRing::pieces & 1);
        if ((p + k) * EntropyRing::piece + thread * 4 < a.vocabulary) {
          load_piece<float, 4>(ring.logits[place] + thread * 4, value[k]);
        }
        if (leaves) left(place);
#pragma unroll
        for (int j = 0; j < 4; ++j) largest = fmaxf(largest, value[k][j]);
      }
      const float base = largest == -INFINITY ? 0.0f : largest;
      float part = 0.0f;
#pragma unroll
      for (int k = 0; k < together; ++k) {
#pragma unroll
        for (int j = 0; j < 4; ++j) part += __expf(value[k][j] - base);
      }
      // Of nothing, or of what is not a number: that must not be lost.
      largest == -INFINITY ? void(sum += part) : join<__nv_bfloat16>(top, sum, largest, part);
    };
    float kept[keeps][together][4];
#pragma unroll
    for (int g = 0; g < keeps; ++g) take(g * together, kept[g], true);
    for (unsigned p = keeps * together; p < count; p += together) {
      float value[together][4];
      take(p, value, gradient == nullptr);
    }
    const float of_warp = warp_max(top);
    sum = warp_sum(of_warp == -INFINITY ? sum : sum * __expf(top - of_warp));
    if (lane == 0) ring.tops[side][warp] = of_warp, ring.sums[side][warp] = sum;
    asm volatile("bar.sync 1, %0;" ::"n"(EntropyRing::readers) : "memory");
    // Every warp does this alone.
    top = lane < warps ? ring.tops[side][lane] : -INFINITY;
    sum = lane < warps ? ring.sums[side][lane] : 0.0f;
    const float of_row = warp_max(top);
    const float log_sum = of_row + logf(warp_sum(top == -INFINITY ? sum : sum * __expf(top - of_row)));
    side ^= 1;
    if (thread == 0) a.loss[row] = weight * (log_sum - wanted);
    if (gradient != nullptr) {
      const float factor = weight * a.scale;
      const auto give = [&](unsigned p, const float(&logit)[4]) {
        const unsigned i = p * EntropyRing::piece + static_cast<unsigned>(thread) * 4;
        if (i >= a.vocabulary) return;
        float value[4];
#pragma unroll
        for (unsigned j = 0; j < 4; ++j) {
          value[j] = factor * (__expf(logit[j] - log_sum) - (i + j == static_cast<unsigned>(target) ? 1.0f : 0.0f));
        }
        store_piece<__nv_bfloat16, 4>(gradient + i, value);
      };
#pragma unroll
      for (int g = 0; g < keeps; ++g) {
#pragma unroll
        for (int k = 0; k < together; ++k) give(g * together + k, kept[g][k]);
      }
#pragma unroll 4
      for (unsigned p = keeps * together; p < count; ++p) {
        const unsigned place = (turn + p) % EntropyRing::pieces;
        float value[4];
        load_piece<float, 4>(ring.logits[place] + thread * 4, value);
        left(place);
        give(p, value);
      }
    }
    turn += count;
  }
#endif
}

// Whether a row is worth a whole multiprocessor, and fits.
template <class T>
[[nodiscard]] bool ring_takes(const CudaStream& on, const EntropyRows<T>& a) {
  return sizeof(T) == 2 && on.card().major >= 9 && on.card().shared_bytes >= static_cast<int>(sizeof(EntropyRing)) &&
         a.vocabulary >= wide_vocabulary && a.vocabulary <= EntropyRing::pieces * EntropyRing::piece &&
         a.vocabulary % 4 == 0 && a.logits_stride % 4 == 0 && a.gradient_stride % 4 == 0;
}

template <class T>
void entropy_rows(CudaStream& on, std::int64_t rows, const EntropyRows<T>& a) {
  if constexpr (sizeof(T) == 2) {
    if (ring_takes(on, a)) {
      allow_shared(cross_entropy_ring_kernel, sizeof(EntropyRing));
      const auto blocks = static_cast<unsigned>(std::min<std::int64_t>(rows, on.card().multiprocessors));
      return launch(
          on, "cross_entropy",
          {.grid = dim3(blocks), .block = dim3(EntropyRing::threads), .shared = sizeof(EntropyRing), .overlaps = true},
          cross_entropy_ring_kernel, a, rows);
    }
  }
  const bool fours = a.vocabulary % 4 == 0 && a.logits_stride % 4 == 0 && a.gradient_stride % 4 == 0;
  const auto run = [&](auto* kernel, unsigned threads) {
    launch(on, "cross_entropy", {.grid = dim3(static_cast<unsigned>(rows)), .block = dim3(threads), .overlaps = true},
           kernel, a);
  };
  if (!fours) return run(cross_entropy_rows_kernel<T, 1, entropy_threads>, entropy_threads);
  if (a.vocabulary < wide_vocabulary) return run(cross_entropy_rows_kernel<T, 4, entropy_threads>, entropy_threads);
  run(cross_entropy_rows_kernel<T, 4, wide_entropy_threads>, wide_entropy_threads);
}

template <class T>
void entropy(Stream& stream, const CrossEntropyArgs& args) {
  CudaStream& on = backend(stream);
  constexpr bool rounded = sizeof(T) == 2;
  constexpr DType dtype = rounded ? DType::bf16 : DType::f32;
  const std::int64_t tokens = args.x.shape[0];
  const std::int64_t width = args.x.shape[1];
  const std::int64_t vocabulary = args.head ? args.head.shape[0] : args.frozen->rows();
  const std::int64_t stride = (vocabulary + 7) / 8 * 8;
  const bool gradients = static_cast<bool>(args.dx) || static_cast<bool>(args.d_head);
  // Rows whose gradients of logits are kept, and rows whose logits are.
  const auto fitting = [&](std::size_t bytes, std::size_t each) {
    const auto count = static_cast<std::int64_t>(bytes / (static_cast<std::size_t>(stride) * each));
    return std::min(tokens, std::max<std::int64_t>(count / 128 * 128, 128));
  };
  const std::int64_t few = fitting(entropy_logits_bytes, sizeof(float));
  const std::int64_t rows = rounded ? std::max(fitting(entropy_gradient_bytes, sizeof(T)) / few * few, few) : few;
  const std::size_t head_bytes = args.head ? 0 : plain_weight_bytes(*args.frozen, dtype);
  const LowRankHead& part = args.low_rank;
  const std::int64_t rank = part.a ? part.a.shape[0] : 0;
  const std::int64_t rank_stride = (rank + 7) / 8 * 8;
  const std::size_t inner_bytes = scratch_bytes(rows * rank_stride, sizeof(T));
  auto* next = static_cast<std::byte*>(stream.scratch(
      scratch_bytes(few * stride, 4) + (rounded && gradients ? scratch_bytes(rows * stride, sizeof(T)) : 0) +
      2 * inner_bytes + head_bytes));
  auto* logits = cut_scratch<float>(next, few * stride);
  T* gradient = nullptr;
  if constexpr (rounded) {
    if (gradients) gradient = cut_scratch<T>(next, rows * stride);
  } else {
    if (gradients) gradient = logits;
  }
  T* inner = cut_scratch<T>(next, rows * rank_stride);    // x A^T
  T* d_inner = cut_scratch<T>(next, rows * rank_stride);  // s dlogits B
  ConstTensorView head = args.head;
  std::int64_t head_stride = width;
  if (!head) {
    head = {plain_weight(on, *args.frozen, dtype, next), dtype, Shape{vocabulary, width}, DeviceKind::cuda};
    head_stride = plain_weight_stride(*args.frozen);
  }
  for (std::int64_t first = 0; first < tokens; first += rows) {
    const std::int64_t count = std::min(rows, tokens - first);
    const ConstTensorView x{args.x.as<T>() + first * width, dtype, Shape{count, width}, DeviceKind::cuda};
    if (part.a) {
      cuda::matmul(stream, MatmulArgs{.c = {inner, dtype, Shape{count, rank}, DeviceKind::cuda},
                                      .a = x,
                                      .b = part.a,
                                      .transpose_b = true,
                                      .c_stride = rank_stride});
    }
    for (std::int64_t at = 0; at < count; at += few) {
      const std::int64_t own = std::min(few, count - at);
      const std::int64_t row = first + at;
      cuda::matmul(stream, MatmulArgs{.c = {logits, DType::f32, Shape{own, vocabulary}, DeviceKind::cuda},
                                      .a = {args.x.as<T>() + row * width, dtype, Shape{own, width}, DeviceKind::cuda},
                                      .b = head,
                                      .transpose_b = true,
                                      .c_stride = stride,
                                      .b_stride = head_stride});
      if (part.a) {
        cuda::matmul(stream, MatmulArgs{.c = {logits, DType::f32, Shape{own, vocabulary}, DeviceKind::cuda},
                                        .a = {inner + at * rank_stride, dtype, Shape{own, rank}, DeviceKind::cuda},
                                        .b = part.b,
                                        .transpose_b = true,
                                        .accumulate = true,
                                        .scale = part.scale,
                                        .c_stride = stride,
                                        .a_stride = rank_stride});
      }
      entropy_rows<T>(on, own,
                      {args.loss.as<float>() + row, gradient == nullptr ? nullptr : gradient + at * stride, logits,
                       args.targets.as<std::int32_t>() + row, args.weights.as<float>() + row, vocabulary, stride,
                       stride, args.scale});
    }
    const ConstTensorView d_logits{gradient, dtype, Shape{count, vocabulary}, DeviceKind::cuda};
    // x is read for the last time before dx, which may be in its place, is written.
    if (args.d_head) {
      cuda::matmul(
          stream,
          MatmulArgs{
              .c = args.d_head, .a = d_logits, .b = x, .transpose_a = true, .accumulate = true, .a_stride = stride});
    }
    if (!args.dx) continue;
    const TensorView dx{args.dx.as<T>() + first * width, dtype, Shape{count, width}, DeviceKind::cuda};
    const TensorView d_inner_view{d_inner, dtype, Shape{count, rank}, DeviceKind::cuda};
    if (part.a) {
      cuda::matmul(stream, MatmulArgs{.c = d_inner_view,
                                      .a = d_logits,
                                      .b = part.b,
                                      .scale = part.scale,
                                      .c_stride = rank_stride,
                                      .a_stride = stride});
    }
    if (part.d_a) {
      cuda::matmul(stream, MatmulArgs{.c = part.d_b,
                                      .a = d_logits,
                                      .b = {inner, dtype, Shape{count, rank}, DeviceKind::cuda},
                                      .transpose_a = true,
                                      .accumulate = true,
                                      .scale = part.scale,
                                      .a_stride = stride,
                                      .b_stride = rank_stride});
      cuda::matmul(stream, MatmulArgs{.c = part.d_a,
                                      .a = d_inner_view,
                                      .b = x,
                                      .transpose_a = true,
                                      .accumulate = true,
                                      .a_stride = rank_stride});
    }
    cuda::matmul(stream, MatmulArgs{.c = dx, .a = d_logits, .b = head, .a_stride = stride, .b_stride = head_stride});
    if (part.a) {
      cuda::matmul(stream,
                   MatmulArgs{.c = dx, .a = d_inner_view, .b = part.a, .accumulate = true, .a_stride = rank_stride});
    }
  }
}

}  // namespace

void cross_entropy(Stream& stream, const CrossEntropyArgs& args) {
  if (args.x.shape[0] == 0) return;
  args.x.dtype == DType::bf16 ? entropy<__nv_bfloat16>(stream, args) : entropy<float>(stream, args);
}

}  // namespace holdfast::cuda
