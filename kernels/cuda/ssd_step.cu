// One token of each of B sequences.
//   rows   step_rows.cu: the convolution's step, and what the recurrence takes
//   step   step_heads.cu for the shapes of published models. Others: a block per head and sequence: each thread holds
//   four neighbouring states of a row at a time, reads and
//          writes them once; eight lanes share a row's sum over n
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/step_heads.h"
#include "kernels/cuda/step_rows.h"
#include "kernels/error.h"
#include "kernels/ssd_scan.h"

namespace holdfast::cuda {
namespace {

constexpr int step_threads = 256;
constexpr int step_lanes = 8;  // that share a row of the state

struct StepShape {
  void* const* state;  // (B) addresses in device memory; f32 or bf16
  std::int64_t state_offset;
  float* y;
  const float* proj;
  const float* xbc;  // rows of x | B | C, after the convolution
  std::int64_t xbc_stride;
  const float* dt_bias;
  const float* a;
  const float* d;
  float* log_decay;  // or null
  float* trace;      // (B, H, 3) or null
  std::int64_t heads, head_dim, d_state, groups, inner, channels, width;
  bool quads;  // rows of B, C and the states can be read four values at a time
  float dt_min, dt_max;
};

// Grid (H, B).
template <class State>
__global__ void __launch_bounds__(step_threads) ssd_step_heads_kernel(StepShape s) {
  wait_for_previous();
  const std::int64_t head = blockIdx.x;
  const std::int64_t b = blockIdx.y;
  const int lane = static_cast<int>(threadIdx.x) % step_lanes;
  const float* proj = s.proj + b * s.width;
  const float* xbc = s.xbc + b * s.xbc_stride;
  const std::int64_t group = head / (s.heads / s.groups);
  const float* in = xbc + s.inner + group * s.d_state;
  const float* out = in + s.groups * s.d_state;
  const float dt = step_size(proj[s.inner + s.channels + head], s.dt_bias[head], s.dt_min, s.dt_max);
  const float log_decay = dt * s.a[head];
  const float decay = expf(log_decay);
  if (threadIdx.x == 0 && s.log_decay != nullptr) s.log_decay[b * s.heads + head] = log_decay;
  State* state = static_cast<State*>(s.state[b]) + s.state_offset + head * s.head_dim * s.d_state;
  float read = 0.0f;  // sums of squares, for the trace: of H C and of x
  float x_squares = 0.0f;
  for (std::int64_t p = threadIdx.x / step_lanes; p < s.head_dim; p += step_threads / step_lanes) {
    const std::int64_t channel = head * s.head_dim + p;
    const float x = xbc[channel];
    const float weight = dt * x;
    State* row = state + p * s.d_state;
    float sum = 0.0f;
    if (s.quads) {
#pragma unroll 4
      for (std::int64_t n = lane * 4; n < s.d_state; n += step_lanes * 4) {
        float h[4];
        load_piece<State, 4>(row + n, h);
        const float4 bn = *reinterpret_cast<const float4*>(in + n);
        const float4 cn = *reinterpret_cast<const float4*>(out + n);
        h[0] = decay * h[0] + weight * bn.x;
        h[1] = decay * h[1] + weight * bn.y;
        h[2] = decay * h[2] + weight * bn.z;
        h[3] = decay * h[3] + weight * bn.w;
        store_piece<State, 4>(row + n, h);
        sum += h[0] * cn.x + h[1] * cn.y + h[2] * cn.z + h[3] * cn.w;
      }
    } else {
      for (std::int64_t n = lane; n < s.d_state; n += step_lanes) {
        const float h = decay * to_float(row[n]) + weight * in[n];
        store(row + n, h);
        sum += h * out[n];
      }
    }
    const unsigned mates = 0xffu << (threadIdx.x % warp_size / step_lanes * step_lanes);
#pragma unroll
    for (int step = step_lanes / 2; step > 0; step /= 2) sum += __shfl_xor_sync(mates, sum, step);
    if (lane == 0) {
      s.y[b * s.inner + channel] = (sum + s.d[head] * x) * silu(proj[channel]);
      read += sum * sum;
      x_squares += x * x;
    }
  }
  if (s.trace == nullptr) return;
  __shared__ float room[step_threads / warp_size];
  float in_squares = 0.0f;
  for (std::int64_t n = threadIdx.x; n < s.d_state; n += step_threads) in_squares += in[n] * in[n];
  read = sqrtf(block_sum(read, room));
  const float x_length = sqrtf(block_sum(x_squares, room));
  in_squares = block_sum(in_squares, room);
  if (threadIdx.x != 0) return;
  float* to = s.trace + (b * s.heads + head) * 3;
  to[0] = dt * x_length * sqrtf(in_squares);
  to[1] = read;
  to[2] = fabsf(s.d[head]) * x_length;
}

}  // namespace

void ssd_step(Stream& stream, const SsdStepArgs& args) {
  CudaStream& on = backend(stream);
  const std::int64_t sequences = args.y.shape[0];
  StepShape s{};
  s.heads = args.heads, s.head_dim = args.head_dim, s.d_state = args.d_state, s.groups = args.groups;
  s.inner = s.heads * s.head_dim;
  s.channels = s.inner + 2 * s.groups * s.d_state;
  s.width = s.inner + s.channels + s.heads;
  StepRows r;
  r.sequences = sequences, r.inner = s.inner, r.channels = s.channels, r.heads = s.heads, r.columns = s.width;
  r.stride = (s.width + s.heads + 3) / 4 * 4;
  r.taps = static_cast<int>(args.conv_weight.shape[1]);
  if (r.taps > widest_step_conv) {
    throw ArgumentError("ssd_step: conv_weight: width " + std::to_string(r.taps) + ", the GPU has kernels up to " +
                        std::to_string(widest_step_conv));
  }
  r.conv_weight = args.conv_weight.as<float>();
  r.conv_bias = args.conv_bias ? args.conv_bias.as<float>() : nullptr;
  s.dt_bias = args.dt_bias.as<float>(), s.a = args.a.as<float>(), s.d = args.d.as<float>();
  s.dt_min = args.dt_min, s.dt_max = args.dt_max;
  s.y = args.y.as<float>();
  s.proj = args.proj.as<float>();
  s.log_decay = args.log_decay ? args.log_decay.as<float>() : nullptr;
  s.trace = args.trace ? args.trace.as<float>() : nullptr;
  s.quads = s.d_state % 4 == 0 && s.inner % 4 == 0 && args.state_offset % 4 == 0;
  const auto count = static_cast<std::size_t>(sequences);
  const std::size_t row_bytes = (count * static_cast<std::size_t>(r.stride) * sizeof(float) + 255) / 256 * 256;
  auto* memory = static_cast<std::byte*>(stream.scratch(row_bytes + 2 * count * sizeof(float*)));
  r.rows = reinterpret_cast<float*>(memory);
  s.xbc = r.rows + s.inner, s.xbc_stride = r.stride;
  if (args.conv_table) {
    r.window = static_cast<float* const*>(args.conv_table.data);
    s.state = static_cast<void* const*>(args.state_table.data);
    r.window_offset = args.conv_offset, s.state_offset = args.state_offset;
  } else {
    std::byte* tables = memory + row_bytes;
    on.upload(tables, args.conv.data(), count * sizeof(float*));
    on.upload(tables + count * sizeof(float*), args.state.data(), count * sizeof(float*));
    r.window = reinterpret_cast<float* const*>(tables);
    s.state = reinterpret_cast<void* const*>(tables + count * sizeof(float*));
    for (float* state : args.state) s.quads = s.quads && reinterpret_cast<std::uintptr_t>(state) % 16 == 0;
  }
  r.sums = s.proj;
  r.dt_bias = s.dt_bias, r.a = s.a, r.dt_min = s.dt_min, r.dt_max = s.dt_max, r.log_decay = s.log_decay;
  HeadSteps h;
  h.y = s.y;
  h.z = r.rows, h.x = s.xbc, h.bc = h.x + s.inner, h.dt = h.x + s.channels, h.decay = h.dt + s.heads;
  h.z_stride = h.x_stride = h.bc_stride = h.dt_stride = r.stride;
  h.state = s.state, h.state_offset = s.state_offset;
  h.state_rounded = args.state_dtype == DType::bf16;
  h.dt_bias = s.dt_bias, h.a = s.a, h.d = s.d;
  h.sequences = sequences;
  h.heads = s.heads, h.head_dim = s.head_dim, h.d_state = s.d_state, h.groups = s.groups;
  h.dt_min = s.dt_min, h.dt_max = s.dt_max;
  // The kernel for large heads takes no trace.
  r.finished = s.quads && s.trace == nullptr && can_step_heads(h);
  step_rows(on, r, false);
  if (r.finished) return step_heads(on, h);
  const auto rows = static_cast<unsigned>(sequences);
  launch(on, "ssd_step",
         {.grid = dim3(static_cast<unsigned>(s.heads), rows), .block = dim3(step_threads), .overlaps = true},
         h.state_rounded ? ssd_step_heads_kernel<__nv_bfloat16> : ssd_step_heads_kernel<float>, s);
}

}  // namespace holdfast::cuda
