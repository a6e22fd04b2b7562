// The tokens that wait beside a state, put into it (ssd_scan.h): a block for each head of each layer.
#include "kernels/cuda/launch.cuh"
#include "kernels/ssd_scan.h"

namespace holdfast::cuda {
namespace {

constexpr int settle_threads = 256;

struct SettleTask {
  void* state;           // (L, H, P, N)
  const float* pending;  // (L, pending_tokens, apart)
  std::int64_t apart;
  int tokens, heads, head_dim, d_state, groups;
};

// Grid (H, L).
template <class State>
__global__ void __launch_bounds__(settle_threads) ssd_settle_kernel(const __grid_constant__ SettleTask s) {
  const auto head = static_cast<std::int64_t>(blockIdx.x);
  const std::int64_t count = std::int64_t{s.head_dim} * s.d_state;
  const std::int64_t inner = std::int64_t{s.heads} * s.head_dim;
  State* const h = static_cast<State*>(s.state) + (static_cast<std::int64_t>(blockIdx.y) * s.heads + head) * count;
  const float* const tokens = s.pending + static_cast<std::int64_t>(blockIdx.y) * pending_tokens * s.apart;
  const std::int64_t paces = inner + std::int64_t{s.groups} * s.d_state + head;
  float weights[pending_tokens] = {};
  float decay = 1.0f;  // of all tokens behind
#pragma unroll
  for (int i = pending_tokens - 1; i >= 0; --i) {
    if (i >= s.tokens) continue;
    const float* const of = tokens + i * s.apart + paces;
    weights[i] = of[0] * decay;
    decay *= of[s.heads];
  }
  const std::int64_t in_at = inner + head / (s.heads / s.groups) * s.d_state;
  for (std::int64_t at = threadIdx.x; at < count; at += settle_threads) {
    const std::int64_t row = at / s.d_state;
    const std::int64_t n = at % s.d_state;
    float sum = decay * to_float(h[at]);
#pragma unroll
    for (int i = 0; i < pending_tokens; ++i) {
      if (i >= s.tokens) break;
      const float* const of = tokens + i * s.apart;
      sum += weights[i] * of[head * s.head_dim + row] * of[in_at + n];
    }
    store(h + at, sum);
  }
}

}  // namespace

void ssd_settle(Stream& stream, const SsdSettleArgs& args) {
  CudaStream& on = backend(stream);
  const Shape& shape = args.state.shape;
  const SettleTask task{.state = args.state.data,
                        .pending = args.pending.as<float>(),
                        .apart = args.pending.shape[2],
                        .tokens = args.tokens,
                        .heads = static_cast<int>(shape[1]),
                        .head_dim = static_cast<int>(shape[2]),
                        .d_state = static_cast<int>(shape[3]),
                        .groups = static_cast<int>(args.groups)};
  launch(
      on, "ssd_settle",
      {.grid = dim3(static_cast<unsigned>(shape[1]), static_cast<unsigned>(shape[0])), .block = dim3(settle_threads)},
      args.state.dtype == DType::bf16 ? ssd_settle_kernel<__nv_bfloat16> : ssd_settle_kernel<float>, task);
}

}  // namespace holdfast::cuda
