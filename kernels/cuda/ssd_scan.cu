// The recurrence over a sequence.
//
//   ssd_scan_mma.cu          bf16 x, B, C and y: by chunks, on tensor cores
//   ssd_scan_exact_kernel    f32 sums and products, token after token. A block has some rows p of one head's state in
//   registers for the
//                            whole sequence: eight lanes share a row. Tokens come through shared memory, a few at a
//                            time.
#include "kernels/cuda/scan_rows.h"
#include "kernels/cuda/ssd.cuh"
#include "kernels/error.h"
#include "kernels/ssd_scan.h"

namespace holdfast::cuda {
namespace {

constexpr int exact_threads = 128;
constexpr int exact_lanes = 8;                           // that share a row of the state
constexpr int exact_rows = exact_threads / exact_lanes;  // p of a block
constexpr int exact_tokens = 16;                         // in shared memory at a time

// Grid (H, ceil(P / exact_rows), sequences). quads: groups of 32 states that a row is padded to.
template <class T, int quads>
__global__ void __launch_bounds__(exact_threads) ssd_scan_exact_kernel(ScanRows s, const std::int32_t* begins) {
  const auto* xbc = static_cast<const T*>(s.xbc);
  auto* y = static_cast<T*>(s.y);
  constexpr int padded = quads * exact_lanes * 4;
  __shared__ alignas(16) float in[exact_tokens][padded];
  __shared__ alignas(16) float out[exact_tokens][padded];
  __shared__ float x[exact_tokens][exact_rows];
  __shared__ float dt[exact_tokens];
  __shared__ float decay[exact_tokens];
  wait_for_previous();
  const std::int64_t head = blockIdx.x;
  const std::int64_t first_p = static_cast<std::int64_t>(blockIdx.y) * exact_rows;
  const int lane = static_cast<int>(threadIdx.x) % exact_lanes;
  const int row = static_cast<int>(threadIdx.x) / exact_lanes;
  const std::int64_t p = first_p + row;
  const std::int64_t group = head / (s.heads / s.groups);
  const std::int64_t in_at = s.inner + group * s.d_state;
  const std::int64_t out_at = in_at + s.groups * s.d_state;
  const float skip = s.d[head];
  const float rate = s.a[head];
  const std::int64_t first = begins == nullptr ? 0 : begins[blockIdx.z] * PackedRows::unit;
  const std::int64_t last = begins == nullptr ? s.tokens : begins[blockIdx.z + 1] * PackedRows::unit;
  const std::int64_t state_at = (head * s.head_dim + p) * s.d_state;
  float h[quads][4];
#pragma unroll
  for (int q = 0; q < quads; ++q) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const std::int64_t n = (q * exact_lanes + lane) * 4 + i;
      h[q][i] = s.initial != nullptr && p < s.head_dim && n < s.d_state ? s.initial[state_at + n] : 0.0f;
    }
  }
  for (std::int64_t begin = first; begin < last; begin += exact_tokens) {
    const int count = static_cast<int>(min(static_cast<std::int64_t>(exact_tokens), last - begin));
    for (int i = static_cast<int>(threadIdx.x); i < count * padded; i += exact_threads) {
      const int t = i / padded;
      const int n = i % padded;
      const T* token = xbc + (begin + t) * s.channels;
      in[t][n] = n < s.d_state ? to_float(token[in_at + n]) : 0.0f;
      out[t][n] = n < s.d_state ? to_float(token[out_at + n]) : 0.0f;
    }
    for (int i = static_cast<int>(threadIdx.x); i < count * exact_rows; i += exact_threads) {
      const std::int64_t channel = first_p + i % exact_rows;
      x[i / exact_rows][i % exact_rows] =
          channel < s.head_dim ? to_float(xbc[(begin + i / exact_rows) * s.channels + head * s.head_dim + channel])
                               : 0.0f;
    }
    if (threadIdx.x < static_cast<unsigned>(count)) {
      const std::int64_t t = begin + threadIdx.x;
      const float size = step_size(raw_step(s, t, head), s.dt_bias[head], s.dt_min, s.dt_max);
      dt[threadIdx.x] = size;
      decay[threadIdx.x] = expf(size * rate);
      if (s.log_decay != nullptr && blockIdx.y == 0) s.log_decay[t * s.heads + head] = size * rate;
    }
    __syncthreads();
    for (int t = 0; t < count; ++t) {
      const float value = x[t][row];
      const float weight = dt[t] * value;
      const float keep = decay[t];
      float sum = 0.0f;
#pragma unroll
      for (int q = 0; q < quads; ++q) {
        const float4 b = *reinterpret_cast<const float4*>(&in[t][(q * exact_lanes + lane) * 4]);
        const float4 c = *reinterpret_cast<const float4*>(&out[t][(q * exact_lanes + lane) * 4]);
        h[q][0] = keep * h[q][0] + weight * b.x;
        h[q][1] = keep * h[q][1] + weight * b.y;
        h[q][2] = keep * h[q][2] + weight * b.z;
        h[q][3] = keep * h[q][3] + weight * b.w;
        sum += h[q][0] * c.x + h[q][1] * c.y + h[q][2] * c.z + h[q][3] * c.w;
      }
#pragma unroll
      for (int step = exact_lanes / 2; step > 0; step /= 2) sum += __shfl_xor_sync(all_lanes, sum, step);
      if (lane == 0 && p < s.head_dim) store(y + (begin + t) * s.inner + head * s.head_dim + p, sum + skip * value);
    }
    __syncthreads();
  }
  if (p >= s.head_dim || s.state == nullptr) return;
#pragma unroll
  for (int q = 0; q < quads; ++q) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const std::int64_t n = (q * exact_lanes + lane) * 4 + i;
      if (n < s.d_state) s.state[state_at + n] = h[q][i];
    }
  }
}

__global__ void __launch_bounds__(exact_threads)
    find_begins_kernel(std::int32_t* begins, const std::int32_t* sequence_of_unit, std::int64_t units,
                       std::int64_t sequences) {
  wait_for_previous();
  const std::int64_t unit = static_cast<std::int64_t>(blockIdx.x) * exact_threads + threadIdx.x;
  if (unit == 0) begins[sequences] = static_cast<std::int32_t>(units);
  if (unit >= units) return;
  const std::int32_t sequence = sequence_of_unit[unit];
  if (unit == 0 || sequence_of_unit[unit - 1] != sequence) begins[sequence] = static_cast<std::int32_t>(unit);
}

template <class T>
void scan_exact(Stream& stream, const ScanRows& s) {
  CudaStream& on = backend(stream);
  std::int32_t* begins = nullptr;
  if (s.sequence_of_unit != nullptr) {
    begins = static_cast<std::int32_t*>(stream.scratch(static_cast<std::size_t>(s.sequences + 1) * 4));
    find_begins(on, begins, s.sequence_of_unit, s.tokens / PackedRows::unit, s.sequences);
  }
  const Launch shape{.grid = dim3(static_cast<unsigned>(s.heads), blocks_for(s.head_dim, exact_rows),
                                  static_cast<unsigned>(s.sequences)),
                     .block = dim3(exact_threads),
                     .overlaps = true};
  if (s.d_state <= 64) return launch(on, "ssd_scan", shape, ssd_scan_exact_kernel<T, 2>, s, begins);
  if (s.d_state <= 128) return launch(on, "ssd_scan", shape, ssd_scan_exact_kernel<T, 4>, s, begins);
  if (s.d_state <= 256) return launch(on, "ssd_scan", shape, ssd_scan_exact_kernel<T, 8>, s, begins);
  throw ArgumentError("ssd_scan: d_state " + std::to_string(s.d_state) + ", the GPU has kernels up to 256");
}

}  // namespace

void find_begins(CudaStream& stream, std::int32_t* begins, const std::int32_t* sequence_of_unit, std::int64_t units,
                 std::int64_t sequences) {
  launch(stream, "begins of sequences",
         {.grid = dim3(blocks_for(units, exact_threads)), .block = dim3(exact_threads), .overlaps = true},
         find_begins_kernel, begins, sequence_of_unit, units, sequences);
}

void ssd_scan(Stream& stream, const SsdScanArgs& args) {
  ScanRows s{};
  s.sequences = 1;
  s.tokens = args.y.shape[0], s.heads = args.y.shape[1], s.head_dim = args.y.shape[2];
  s.d_state = args.state.shape[2];
  s.groups = args.groups;
  s.inner = s.heads * s.head_dim;
  s.channels = s.inner + 2 * s.groups * s.d_state;
  s.y = args.y.data;
  s.state = args.state.as<float>();
  s.initial = s.state;
  s.xbc = args.xbc.data;
  s.dt_raw = args.dt_raw.data;
  s.dt_rounded = args.dt_raw.dtype == DType::bf16;
  s.dt_stride = args.dt_stride;
  s.dt_bias = args.dt_bias.as<float>(), s.a = args.a.as<float>(), s.d = args.d.as<float>();
  s.dt_min = args.dt_min, s.dt_max = args.dt_max;
  s.log_decay = args.log_decay ? args.log_decay.as<float>() : nullptr;
  if (args.y.dtype == DType::f32) return scan_exact<float>(stream, s);
  if (!scan_on_tensor_cores(stream, s)) scan_exact<__nv_bfloat16>(stream, s);
}

void ssd_scan_packed(Stream& stream, const SsdScanPackedArgs& args) {
  const SsdPackedInputs& in = args.in;
  if (in.xbc.shape[0] == 0) return;
  ScanRows s{};
  s.tokens = in.xbc.shape[0], s.heads = in.heads, s.head_dim = in.head_dim, s.d_state = in.d_state;
  s.groups = in.groups;
  s.inner = s.heads * s.head_dim;
  s.channels = s.inner + 2 * s.groups * s.d_state;
  s.y = args.y.data;
  s.initial = in.initial ? in.initial.as<float>() : nullptr;
  s.sequence_of_unit = in.rows.sequence_of_unit.as<std::int32_t>();
  s.sequences = in.rows.sequences;
  s.xbc = in.xbc.data;
  s.dt_raw = in.dt_raw.data;
  s.dt_rounded = in.dt_raw.dtype == DType::bf16;
  s.dt_stride = in.dt_stride;
  s.dt_bias = in.dt_bias.as<float>(), s.a = in.a.as<float>(), s.d = in.d.as<float>();
  s.dt_min = in.dt_min, s.dt_max = in.dt_max;
  if (args.y.dtype == DType::f32) return scan_exact<float>(stream, s);
  if (!scan_on_tensor_cores(stream, s) && !scan_packed_by_chunks(stream, args)) scan_exact<__nv_bfloat16>(stream, s);
}

}  // namespace holdfast::cuda
