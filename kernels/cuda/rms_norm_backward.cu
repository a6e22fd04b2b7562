// Gradients of the norms. With s = 1 / sqrt(mean(v^2) + eps) of a row's v and g = dy weight:
//   dv = s g - v s^3 mean(g v),   d_weight = sum over rows of dy v s
//   plain  v = x          gated  v = x silu(z), from there to x and z
// A block takes rows in turn and keeps in registers what the weight's gradient gains, so that each row is read once; a
// block leaves one row of sums, and the rows are added in order. Rows that do not divide into pieces take another
// kernel, which reads them twice.
#include <type_traits>

#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/rms_norm.h"

namespace holdfast::cuda {
namespace {

constexpr int norm_back_blocks = 8;  // of a multiprocessor, at most

template <class T>
struct NormBack {
  float* dx;
  const T* dy;
  const float* x;
  const float* weight;
  float* partial;          // (blocks, columns), or null
  T* y;                    // or null; may be dy
  __nv_bfloat16* rounded;  // dx; or null
  std::int64_t rows, columns;
  float eps;
  bool accumulate;
};

template <class T>
struct GatedBack {
  T* dx;
  T* dz;
  std::int64_t dz_stride;
  const T* dy;
  const T* x;
  const T* z;
  std::int64_t z_stride;
  const float* weight;
  float* partial;  // (blocks, E), or null
  T* y;            // or null; may be dy
  std::int64_t rows, columns, group;
  float eps;
};

// Sums of two values over the block, the same for every thread.
template <int threads>
__device__ __forceinline__ float2 block_sums(float one, float two, float2* room) {
  one = warp_sum(one);
  two = warp_sum(two);
  if (threadIdx.x % warp_size == 0) room[threadIdx.x / warp_size] = make_float2(one, two);
  __syncthreads();
  float2 total = make_float2(0.0f, 0.0f);
#pragma unroll
  for (int w = 0; w < threads / warp_size; ++w) total.x += room[w].x, total.y += room[w].y;
  return total;
}

struct NormFactors {
  float scale, back;  // dv = scale g - back v
};
__device__ __forceinline__ NormFactors norm_factors(float2 sums, std::int64_t columns, float eps) {
  const float count = static_cast<float>(columns);
  const float scale = 1.0f / sqrtf(sums.x / count + eps);
  return {scale, scale * scale * scale * sums.y / count};
}

template <class T>
struct Gate {
  float value, slope;  // silu(z) and its derivative
  static __device__ __forceinline__ float sigmoid(float z) {
    return sizeof(T) == 2 ? __fdividef(1.0f, 1.0f + __expf(-z)) : 1.0f / (1.0f + expf(-z));
  }
  __device__ __forceinline__ Gate(float z, float sigmoid_of_z)
      : value(z * sigmoid_of_z), slope(sigmoid_of_z * (1.0f + z * (1.0f - sigmoid_of_z))) {}
  __device__ __forceinline__ explicit Gate(float z) : Gate(z, sigmoid(z)) {}
};

// Rows of up to threads * width * kept columns.
template <class T, int threads, int width, int kept>
__global__ void __launch_bounds__(threads) rms_norm_backward_kernel(NormBack<T> a) {
  __shared__ float2 room[2][threads / warp_size];
  wait_for_previous();
  float weight[kept][width];
  float gained[kept][width] = {};
  const auto column = [&](int k) { return (static_cast<std::int64_t>(k) * threads + threadIdx.x) * width; };
#pragma unroll
  for (int k = 0; k < kept; ++k) {
    if (column(k) < a.columns) load_piece<float, width>(a.weight + column(k), weight[k]);
  }
  // Of the next row, on its way while this one is worked; long rows have no registers for that.
  constexpr bool ahead = kept == 1;
  float next_x[kept][width];
  float next_dx[kept][width] = {};
  Piece<T, width> next_dy[kept];
  const auto fetch = [&](std::int64_t row) {
    if (row >= a.rows) return;
    const std::int64_t at = row * a.columns;
#pragma unroll
    for (int k = 0; k < kept; ++k) {
      if (column(k) >= a.columns) continue;
      load_piece<float, width>(a.x + at + column(k), next_x[k]);
      next_dy[k] = *reinterpret_cast<const Piece<T, width>*>(a.dy + at + column(k));
      if (a.accumulate) load_piece<float, width>(a.dx + at + column(k), next_dx[k]);
    }
  };
  if (ahead) fetch(blockIdx.x);
  int turn = 0;
  for (std::int64_t row = blockIdx.x; row < a.rows; row += gridDim.x, turn ^= 1) {
    if (!ahead) fetch(row);
    const std::int64_t at = row * a.columns;
    float x[kept][width];
    float dx[kept][width];
    float dy[kept][width];
#pragma unroll
    for (int k = 0; k < kept; ++k) {
#pragma unroll
      for (int j = 0; j < width; ++j) {
        x[k][j] = next_x[k][j], dx[k][j] = next_dx[k][j], dy[k][j] = to_float(next_dy[k].values[j]);
      }
    }
    if (ahead) fetch(row + gridDim.x);
    float squares = 0.0f;
    float dot = 0.0f;
#pragma unroll
    for (int k = 0; k < kept; ++k) {
      if (column(k) >= a.columns) continue;
#pragma unroll
      for (int j = 0; j < width; ++j) {
        squares += x[k][j] * x[k][j];
        dot += dy[k][j] * weight[k][j] * x[k][j];
      }
    }
    const NormFactors f = norm_factors(block_sums<threads>(squares, dot, room[turn]), a.columns, a.eps);
#pragma unroll
    for (int k = 0; k < kept; ++k) {
      if (column(k) >= a.columns) continue;
#pragma unroll
      for (int j = 0; j < width; ++j) {
        dx[k][j] += f.scale * dy[k][j] * weight[k][j] - f.back * x[k][j];
        gained[k][j] += dy[k][j] * x[k][j] * f.scale;
      }
      store_piece<float, width>(a.dx + at + column(k), dx[k]);
      if (a.rounded != nullptr) store_piece<__nv_bfloat16, width>(a.rounded + at + column(k), dx[k]);
      if (a.y == nullptr) continue;
      float y[width];
#pragma unroll
      for (int j = 0; j < width; ++j) y[j] = x[k][j] * f.scale * weight[k][j];
      store_piece<T, width>(a.y + at + column(k), y);
    }
  }
  if (a.partial == nullptr) return;
#pragma unroll
  for (int k = 0; k < kept; ++k) {
    if (column(k) < a.columns) store_piece<float, width>(a.partial + blockIdx.x * a.columns + column(k), gained[k]);
  }
}

// Any rows. A thread's columns of `partial` are its own.
template <class T>
__global__ void __launch_bounds__(256) rms_norm_backward_any_kernel(NormBack<T> a) {
  __shared__ float2 room[2][256 / warp_size];
  wait_for_previous();
  int turn = 0;
  for (std::int64_t row = blockIdx.x; row < a.rows; row += gridDim.x, turn ^= 1) {
    const std::int64_t at = row * a.columns;
    float squares = 0.0f;
    float dot = 0.0f;
    for (std::int64_t i = threadIdx.x; i < a.columns; i += 256) {
      squares += a.x[at + i] * a.x[at + i];
      dot += to_float(a.dy[at + i]) * a.weight[i] * a.x[at + i];
    }
    const NormFactors f = norm_factors(block_sums<256>(squares, dot, room[turn]), a.columns, a.eps);
    for (std::int64_t i = threadIdx.x; i < a.columns; i += 256) {
      const float dy = to_float(a.dy[at + i]);
      const float x = a.x[at + i];
      const float dx = (a.accumulate ? a.dx[at + i] : 0.0f) + f.scale * dy * a.weight[i] - f.back * x;
      a.dx[at + i] = dx;
      if (a.rounded != nullptr) store(a.rounded + at + i, dx);
      if (a.y != nullptr) store(a.y + at + i, x * f.scale * a.weight[i]);
      if (a.partial == nullptr) continue;
      float* gained = a.partial + blockIdx.x * a.columns + i;
      *gained = (row == blockIdx.x ? 0.0f : *gained) + dy * x * f.scale;
    }
  }
}

// Grid (blocks, G). Groups of up to threads * width * kept columns.
template <class T, int threads, int width, int kept, int blocks = 1>
__global__ void __launch_bounds__(threads, blocks) gated_rms_norm_backward_kernel(GatedBack<T> a) {
  __shared__ float2 room[2][threads / warp_size];
  wait_for_previous();
  const std::int64_t first = blockIdx.y * a.group;
  float weight[kept][width];
  float gained[kept][width] = {};
  const auto column = [&](int k) { return (static_cast<std::int64_t>(k) * threads + threadIdx.x) * width; };
#pragma unroll
  for (int k = 0; k < kept; ++k) {
    if (column(k) < a.group) load_piece<float, width>(a.weight + first + column(k), weight[k]);
  }
  // Of the next row, on its way while this one is worked.
  constexpr bool ahead = kept == 1 && sizeof(T) == 2;
  Piece<T, width> next_x[kept];
  Piece<T, width> next_z[kept];
  Piece<T, width> next_dy[kept];
  const auto fetch = [&](std::int64_t row) {
    if (row >= a.rows) return;
    const std::int64_t at = row * a.columns + first;
#pragma unroll
    for (int k = 0; k < kept; ++k) {
      if (column(k) >= a.group) continue;
      next_x[k] = *reinterpret_cast<const Piece<T, width>*>(a.x + at + column(k));
      next_z[k] = *reinterpret_cast<const Piece<T, width>*>(a.z + row * a.z_stride + first + column(k));
      next_dy[k] = *reinterpret_cast<const Piece<T, width>*>(a.dy + at + column(k));
    }
  };
  if (ahead) fetch(blockIdx.x);
  int turn = 0;
  for (std::int64_t row = blockIdx.x; row < a.rows; row += gridDim.x, turn ^= 1) {
    if (!ahead) fetch(row);
    const std::int64_t at = row * a.columns + first;
    Piece<T, width> x[kept];
    Piece<T, width> z[kept];
    Piece<T, width> dy[kept];
#pragma unroll
    for (int k = 0; k < kept; ++k) x[k] = next_x[k], z[k] = next_z[k], dy[k] = next_dy[k];
    if (ahead) fetch(row + gridDim.x);
    float squares = 0.0f;
    float dot = 0.0f;
    constexpr bool keeps = kept == 1;  // long rows have no registers for that
    float sigmoid[kept][width];
#pragma unroll
    for (int k = 0; k < kept; ++k) {
      if (column(k) >= a.group) continue;
#pragma unroll
      for (int j = 0; j < width; ++j) {
        const float own_z = to_float(z[k].values[j]);
        sigmoid[k][j] = Gate<T>::sigmoid(own_z);
        const float v = to_float(x[k].values[j]) * (own_z * sigmoid[k][j]);
        squares += v * v;
        dot += to_float(dy[k].values[j]) * weight[k][j] * v;
      }
    }
    const NormFactors f = norm_factors(block_sums<threads>(squares, dot, room[turn]), a.group, a.eps);
#pragma unroll
    for (int k = 0; k < kept; ++k) {
      if (column(k) >= a.group) continue;
      float dx[width];
      float dz[width];
      float y[width];
#pragma unroll
      for (int j = 0; j < width; ++j) {
        const float own = to_float(x[k].values[j]);
        const float upper = to_float(dy[k].values[j]);
        const float own_z = to_float(z[k].values[j]);
        const Gate<T> gate(own_z, keeps ? sigmoid[k][j] : Gate<T>::sigmoid(own_z));
        const float v = own * gate.value;
        const float dv = f.scale * upper * weight[k][j] - f.back * v;
        dx[j] = dv * gate.value;
        dz[j] = dv * own * gate.slope;
        gained[k][j] += upper * v * f.scale;
        y[j] = v * f.scale * weight[k][j];
      }
      if (a.y != nullptr) store_piece<T, width>(a.y + at + column(k), y);
      store_piece<T, width>(a.dx + at + column(k), dx);
      store_piece<T, width>(a.dz + row * a.dz_stride + first + column(k), dz);
    }
  }
  if (a.partial == nullptr) return;
#pragma unroll
  for (int k = 0; k < kept; ++k) {
    if (column(k) >= a.group) continue;
    store_piece<float, width>(a.partial + blockIdx.x * a.columns + first + column(k), gained[k]);
  }
}

// The same in bf16 with a warp per row, which has its next rows brought to shared memory while it works one. Grid
// (blocks, G).
template <int pieces>
struct GatedBackRing {
  static constexpr int warps = 12;
  static constexpr int threads = warps * warp_size;
  static constexpr int columns = pieces * warp_size * 8;
  static constexpr int ahead = 2;
  struct Row {
    __nv_bfloat16 x[columns], z[columns], dy[columns];
  };
  union {
    Row rows[warps][ahead];
    float gained[warps][columns];  // in the end
  };
  float weight[columns];
  std::uint64_t full[warps][ahead];
};

template <int pieces>
__global__ void __launch_bounds__(GatedBackRing<pieces>::threads, 1)
    gated_rms_norm_backward_ring_kernel(GatedBack<__nv_bfloat16> a) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  using T = __nv_bfloat16;
  using Ring = GatedBackRing<pieces>;
  extern __shared__ __align__(128) unsigned char gated_room[];
  Ring& ring = *reinterpret_cast<Ring*>(gated_room);
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const std::int64_t first = blockIdx.y * a.group;
  if (lane == 0) {
    for (int i = 0; i < Ring::ahead; ++i) barrier_init(shared_address(&ring.full[warp][i]), 1);
    barrier_init_done();
  }
  __syncthreads();
  wait_for_previous();
  for (int i = static_cast<int>(threadIdx.x); i < a.group; i += Ring::threads) ring.weight[i] = a.weight[first + i];
  __syncthreads();
  const auto bytes = static_cast<unsigned>(a.group * sizeof(T));
  const auto fetch = [&](std::int64_t row, int place) {
    if (lane != 0 || row >= a.rows) return;
    typename Ring::Row& to = ring.rows[warp][place];
    const unsigned full = shared_address(&ring.full[warp][place]);
    barrier_expect(full, 3 * bytes);
    bulk_copy(shared_address(to.x), a.x + row * a.columns + first, bytes, full);
    bulk_copy(shared_address(to.z), a.z + row * a.z_stride + first, bytes, full);
    bulk_copy(shared_address(to.dy), a.dy + row * a.columns + first, bytes, full);
  };
  const auto column = [&](int k) { return (k * warp_size + lane) * 8; };
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * Ring::warps;
  std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * Ring::warps + warp;
  for (int i = 0; i < Ring::ahead; ++i) fetch(row + i * step, i);
  float gained[pieces][8] = {};
  for (unsigned turn = 0; row < a.rows; row += step, ++turn) {
    const int place = static_cast<int>(turn % Ring::ahead);
    barrier_wait(shared_address(&ring.full[warp][place]), turn / Ring::ahead & 1);
    const typename Ring::Row& here = ring.rows[warp][place];
    // Read twice, since registers are for the sums of a row's columns.
    const auto piece = [&](const T* from, int k) { return *reinterpret_cast<const Piece<T, 8>*>(from + column(k)); };
    float squares = 0.0f;
    float dot = 0.0f;
#pragma unroll
    for (int k = 0; k < pieces; ++k) {
      if (column(k) >= a.group) continue;
      float weight[8];
      load_piece<float, 4>(ring.weight + column(k), reinterpret_cast<float(&)[4]>(weight[0]));
      load_piece<float, 4>(ring.weight + column(k) + 4, reinterpret_cast<float(&)[4]>(weight[4]));
      const Piece<T, 8> x = piece(here.x, k), z = piece(here.z, k), dy = piece(here.dy, k);
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        const float v = to_float(x.values[j]) * Gate<T>(to_float(z.values[j])).value;
        squares += v * v;
        dot += to_float(dy.values[j]) * weight[j] * v;
      }
    }
    const NormFactors f = norm_factors(make_float2(warp_sum(squares), warp_sum(dot)), a.group, a.eps);
    asm volatile("" ::: "memory");
    const std::int64_t at = row * a.columns + first;
#pragma unroll
    for (int k = 0; k < pieces; ++k) {
      if (column(k) >= a.group) continue;
      float weight[8];
      load_piece<float, 4>(ring.weight + column(k), reinterpret_cast<float(&)[4]>(weight[0]));
      load_piece<float, 4>(ring.weight + column(k) + 4, reinterpret_cast<float(&)[4]>(weight[4]));
      const Piece<T, 8> x = piece(here.x, k), z = piece(here.z, k), dy = piece(here.dy, k);
      float dx[8];
      float dz[8];
      float y[8];
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        const float own = to_float(x.values[j]);
        const float upper = to_float(dy.values[j]);
        const Gate<T> gate(to_float(z.values[j]));
        const float v = own * gate.value;
        const float scaled = v * f.scale;
        const float dv = f.scale * upper * weight[j] - f.back * v;
        dx[j] = dv * gate.value;
        dz[j] = dv * own * gate.slope;
        gained[k][j] += upper * scaled;
        y[j] = scaled * weight[j];
      }
      if (a.y != nullptr) store_piece<T, 8>(a.y + at + column(k), y);
      store_piece<T, 8>(a.dx + at + column(k), dx);
      store_piece<T, 8>(a.dz + row * a.dz_stride + first + column(k), dz);
    }
    __syncwarp();
    fetch(row + Ring::ahead * step, place);
  }
  if (a.partial == nullptr) return;
  __syncthreads();
#pragma unroll
  for (int k = 0; k < pieces; ++k) {
#pragma unroll
    for (int j = 0; j < 8; ++j) ring.gained[warp][column(k) + j] = gained[k][j];
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < a.group; i += Ring::threads) {
    float sum = 0.0f;
#pragma unroll
    for (int w = 0; w < Ring::warps; ++w) sum += ring.gained[w][i];
    a.partial[blockIdx.x * a.columns + first + i] = sum;
  }
#endif
}

template <class T>
__global__ void __launch_bounds__(256) gated_rms_norm_backward_any_kernel(GatedBack<T> a) {
  __shared__ float2 room[2][256 / warp_size];
  wait_for_previous();
  const std::int64_t first = blockIdx.y * a.group;
  int turn = 0;
  for (std::int64_t row = blockIdx.x; row < a.rows; row += gridDim.x, turn ^= 1) {
    const T* x = a.x + row * a.columns + first;
    const T* z = a.z + row * a.z_stride + first;
    const T* dy = a.dy + row * a.columns + first;
    float squares = 0.0f;
    float dot = 0.0f;
    for (std::int64_t i = threadIdx.x; i < a.group; i += 256) {
      const float v = to_float(x[i]) * Gate<T>(to_float(z[i])).value;
      squares += v * v;
      dot += to_float(dy[i]) * a.weight[first + i] * v;
    }
    const NormFactors f = norm_factors(block_sums<256>(squares, dot, room[turn]), a.group, a.eps);
    for (std::int64_t i = threadIdx.x; i < a.group; i += 256) {
      const Gate<T> gate(to_float(z[i]));
      const float own = to_float(x[i]);
      const float upper = to_float(dy[i]);
      const float v = own * gate.value;
      const float dv = f.scale * upper * a.weight[first + i] - f.back * v;
      store(a.dx + row * a.columns + first + i, dv * gate.value);
      store(a.dz + row * a.dz_stride + first + i, dv * own * gate.slope);
      if (a.y != nullptr) store(a.y + row * a.columns + first + i, v * f.scale * a.weight[first + i]);
      if (a.partial == nullptr) continue;
      float* gained = a.partial + blockIdx.x * a.columns + first + i;
      *gained = (row == blockIdx.x ? 0.0f : *gained) + upper * v * f.scale;
    }
  }
}

[[nodiscard]] bool divide_by(std::int64_t width, std::initializer_list<const void*> pointers,
                             std::initializer_list<std::int64_t> extents) {
  for (const void* pointer : pointers) {
    if (reinterpret_cast<std::uintptr_t>(pointer) % 16 != 0) return false;
  }
  for (const std::int64_t extent : extents) {
    if (extent % width != 0) return false;
  }
  return true;
}

// As many as are at work at a time: one more round of a few blocks would take as long as all before.
template <class Kernel>
[[nodiscard]] std::int64_t norm_blocks(const CudaStream& on, Kernel* kernel, int threads, std::int64_t rows,
                                       std::int64_t groups, std::size_t shared = 0) {
  int each = 0;
  HOLDFAST_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, kernel, threads, shared));
  const std::int64_t most = std::int64_t{on.card().multiprocessors} * std::clamp(each, 1, norm_back_blocks) / groups;
  return std::clamp<std::int64_t>(most, 1, rows);
}

template <class T>
void norm_backward(Stream& stream, const RmsNormBackwardArgs& args) {
  CudaStream& on = backend(stream);
  NormBack<T> a{args.dx.as<float>(),
                args.dy.as<T>(),
                args.x.as<float>(),
                args.weight.as<float>(),
                nullptr,
                args.y ? args.y.as<T>() : nullptr,
                args.rounded ? args.rounded.as<__nv_bfloat16>() : nullptr,
                args.x.shape[0],
                args.x.shape[1],
                args.eps,
                args.accumulate};
  std::int64_t blocks = 0;
  const auto run = [&](auto* kernel, unsigned threads) {
    blocks = norm_blocks(on, kernel, static_cast<int>(threads), a.rows, 1);
    if (args.d_weight) {
      a.partial = static_cast<float*>(stream.scratch(static_cast<std::size_t>(blocks * a.columns) * sizeof(float)));
    }
    launch(on, "rms_norm_backward",
           {.grid = dim3(static_cast<unsigned>(blocks)), .block = dim3(threads), .overlaps = true}, kernel, a);
  };
  if (a.columns > 8192 || !divide_by(4, {a.dx, a.dy, a.x, a.weight, a.y, a.rounded}, {a.columns})) {
    run(rms_norm_backward_any_kernel<T>, 256);
  } else if (a.columns <= 512) {
    run(rms_norm_backward_kernel<T, 128, 4, 1>, 128);
  } else if (a.columns <= 768) {
    run(rms_norm_backward_kernel<T, 192, 4, 1>, 192);
  } else if (a.columns <= 1024) {
    run(rms_norm_backward_kernel<T, 256, 4, 1>, 256);
  } else if (a.columns <= 4096) {
    run(rms_norm_backward_kernel<T, 256, 4, 4>, 256);
  } else {
    run(rms_norm_backward_kernel<T, 256, 4, 8>, 256);
  }
  if (args.d_weight) add_partial_rows(on, blocks, {{args.d_weight.as<float>(), a.partial, a.columns, a.columns}});
}

template <class T>
void gated_norm_backward(Stream& stream, const GatedRmsNormBackwardArgs& args) {
  CudaStream& on = backend(stream);
  GatedBack<T> a{args.dx.as<T>(),
                 args.dz.as<T>(),
                 args.dz_stride,
                 args.dy.as<T>(),
                 args.x.as<T>(),
                 args.z.as<T>(),
                 args.z_stride,
                 args.weight.as<float>(),
                 nullptr,
                 args.y ? args.y.as<T>() : nullptr,
                 args.x.shape[0],
                 args.x.shape[1],
                 args.x.shape[1] / args.groups,
                 args.eps};
  std::int64_t blocks = 0;
  constexpr int width = 16 / static_cast<int>(sizeof(T));
  const auto run = [&](auto* kernel, unsigned threads, std::size_t shared = 0) {
    allow_shared(kernel, shared);
    blocks = norm_blocks(on, kernel, static_cast<int>(threads), a.rows, args.groups, shared);
    if (args.d_weight) {
      a.partial = static_cast<float*>(stream.scratch(static_cast<std::size_t>(blocks * a.columns) * sizeof(float)));
    }
    const dim3 grid(static_cast<unsigned>(blocks), static_cast<unsigned>(args.groups));
    launch(on, "gated_rms_norm_backward", {.grid = grid, .block = dim3(threads), .shared = shared, .overlaps = true},
           kernel, a);
  };
  if constexpr (sizeof(T) == 2) {
    const bool sixteens =
        divide_by(width, {a.dx, a.dz, a.dy, a.x, a.z, a.y}, {a.columns, a.group, a.z_stride, a.dz_stride});
    const auto ring = [&](auto pieces) {
      using Ring = GatedBackRing<decltype(pieces)::value>;
      run(gated_rms_norm_backward_ring_kernel<decltype(pieces)::value>, Ring::threads, sizeof(Ring));
    };
    if (sixteens && on.card().major >= 9 && a.group <= 1536) {
      if (a.group <= 512) {
        ring(std::integral_constant<int, 2>{});
      } else if (a.group <= 1024) {
        ring(std::integral_constant<int, 4>{});
      } else {
        ring(std::integral_constant<int, 6>{});
      }
      if (args.d_weight) add_partial_rows(on, blocks, {{args.d_weight.as<float>(), a.partial, a.columns, a.columns}});
      return;
    }
  }
  if (a.group > 256 * width * 4 ||
      !divide_by(width, {a.dx, a.dz, a.dy, a.x, a.z, a.weight, a.y}, {a.columns, a.group, a.z_stride, a.dz_stride})) {
    run(gated_rms_norm_backward_any_kernel<T>, 256);
  } else if (a.group <= 128 * width) {
    run(gated_rms_norm_backward_kernel<T, 128, width, 1, 6>, 128);
  } else if (a.group <= 192 * width) {
    run(gated_rms_norm_backward_kernel<T, 192, width, 1, 4>, 192);
  } else if (a.group <= 256 * width) {
    run(gated_rms_norm_backward_kernel<T, 256, width, 1, 3>, 256);
  } else {
    run(gated_rms_norm_backward_kernel<T, 256, width, 4>, 256);
  }
  if (args.d_weight) add_partial_rows(on, blocks, {{args.d_weight.as<float>(), a.partial, a.columns, a.columns}});
}

}  // namespace

void rms_norm_backward(Stream& stream, const RmsNormBackwardArgs& args) {
  if (args.x.shape.elements() == 0) return;
  args.dy.dtype == DType::bf16 ? norm_backward<__nv_bfloat16>(stream, args) : norm_backward<float>(stream, args);
}

void gated_rms_norm_backward(Stream& stream, const GatedRmsNormBackwardArgs& args) {
  if (args.x.shape.elements() == 0) return;
  args.dy.dtype == DType::bf16 ? gated_norm_backward<__nv_bfloat16>(stream, args)
                               : gated_norm_backward<float>(stream, args);
}

}  // namespace holdfast::cuda
