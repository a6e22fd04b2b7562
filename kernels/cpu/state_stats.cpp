// Norms and ranks of states; a piece of work is one head, or one token.
#include "kernels/state_stats.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/thread_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/state_stats.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {

HWY_INLINE float stats_dot(const float* a, const float* b, std::int64_t count) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto first = hn::Zero(d);
  auto second = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    first = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), first);
    second = hn::MulAdd(hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes), second);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(first, second)));
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

// Sum of squares; rows keep float sums short.
double stats_squares(const float* rows, std::int64_t count, std::int64_t width) {
  double sum = 0.0;
  for (std::int64_t r = 0; r < count; ++r)
    sum += static_cast<double>(stats_dot(rows + r * width, rows + r * width, width));
  return sum;
}

// The larger side's products with the smaller: gram (small, small) = H H^T or H^T H.
void stats_gram(const float* state, std::int64_t rows, std::int64_t cols, float* gram, float* turned) {
  const float* side = state;
  std::int64_t small = rows;
  std::int64_t large = cols;
  if (cols < rows) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < cols; ++c) turned[c * rows + r] = state[r * cols + c];
    }
    side = turned;
    small = cols;
    large = rows;
  }
  for (std::int64_t i = 0; i < small; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      gram[i * small + j] = gram[j * small + i] = stats_dot(side + i * large, side + j * large, large);
    }
  }
}

// out = in in, for a symmetric matrix.
void stats_square(const float* in, std::int64_t n, float* out) {
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) out[i * n + j] = out[j * n + i] = stats_dot(in + i * n, in + j * n, n);
  }
}

float stats_vector_dot(const float* a, const float* b, std::int64_t count) { return stats_dot(a, b, count); }

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(stats_squares);
HWY_EXPORT(stats_gram);
HWY_EXPORT(stats_square);
HWY_EXPORT(stats_vector_dot);

constexpr int stats_squarings = 7;  // the largest eigenvalue's lead to its 128th power

// The largest eigenvalue of a symmetric matrix without negative ones: its powers by squaring turn every column towards
// the eigenvector, and the quotient of that direction errs by the square of what is left.
double stats_largest(const float* gram, std::int64_t n, float* power, float* next) {
  double trace = 0.0;
  for (std::int64_t i = 0; i < n; ++i) trace += static_cast<double>(gram[i * n + i]);
  if (!(trace > 0.0)) return 0.0;
  const auto scale = static_cast<float>(1.0 / trace);
  for (std::int64_t i = 0; i < n * n; ++i) power[i] = gram[i] * scale;
  for (int k = 0; k < stats_squarings; ++k) {
    HWY_DYNAMIC_DISPATCH(stats_square)(power, n, next);
    float sum = 0.0f;
    for (std::int64_t i = 0; i < n; ++i) sum += next[i * n + i];
    for (std::int64_t i = 0; i < n * n; ++i) power[i] = next[i] / sum;  // a trace of 1: nothing overflows
  }
  std::int64_t best = 0;
  for (std::int64_t i = 1; i < n; ++i) {
    if (power[i * n + i] > power[best * n + best]) best = i;
  }
  const float* v = power + best * n;
  double above = 0.0;
  for (std::int64_t i = 0; i < n; ++i) {
    above +=
        static_cast<double>(v[i]) * static_cast<double>(HWY_DYNAMIC_DISPATCH(stats_vector_dot)(gram + i * n, v, n));
  }
  return above / static_cast<double>(HWY_DYNAMIC_DISPATCH(stats_vector_dot)(v, v, n));
}

}  // namespace

void state_stats(Stream& stream, const StateStatsArgs& args) {
  const std::int64_t heads = args.state.shape[0];
  const std::int64_t rows = args.state.shape[1];
  const std::int64_t cols = args.state.shape[2];
  const std::int64_t small = std::min(rows, cols);
  const std::int64_t of_thread = 3 * small * small + (cols < rows ? rows * cols : 0);
  auto* memory = static_cast<float*>(
      stream.scratch(static_cast<std::size_t>(of_thread * stream.pool().threads()) * sizeof(float)));
  stream.pool().run(heads, [&](std::int64_t head, int thread) {
    const float* state = args.state.as<float>() + head * rows * cols;
    const double squares = HWY_DYNAMIC_DISPATCH(stats_squares)(state, rows, cols);
    args.norm.as<float>()[head] = static_cast<float>(std::sqrt(squares));
    if (!args.stable_rank) return;
    float* gram = memory + thread * of_thread;
    HWY_DYNAMIC_DISPATCH(stats_gram)(state, rows, cols, gram, gram + 3 * small * small);
    const double largest = stats_largest(gram, small, gram + small * small, gram + 2 * small * small);
    args.stable_rank.as<float>()[head] = largest > 0.0 ? static_cast<float>(squares / largest) : 0.0f;
  });
}

void ssd_trace(Stream& stream, const SsdTraceArgs& args) {
  const std::int64_t heads = args.y.shape[1];
  const std::int64_t width = args.y.shape[2];
  const std::int64_t inner = heads * width;
  const std::int64_t channels = args.xbc.shape[1];
  const auto length = [](const float* v, std::int64_t count) {
    return std::sqrt(HWY_DYNAMIC_DISPATCH(stats_vector_dot)(v, v, count));
  };
  stream.pool().run(args.y.shape[0], [&](std::int64_t t, int) {
    const float* xbc = args.xbc.as<float>() + t * channels;
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t group = h / (heads / args.groups);
      const float* x = xbc + h * width;
      const float* y = args.y.as<float>() + t * inner + h * width;
      const float skip = args.d.as<float>()[h];
      const float dt = args.log_decay.as<float>()[t * heads + h] / args.a.as<float>()[h];
      float read = 0.0f;
      for (std::int64_t p = 0; p < width; ++p) {
        const float memory = y[p] - skip * x[p];
        read += memory * memory;
      }
      const float x_length = length(x, width);
      float* to = args.trace.as<float>() + (t * heads + h) * 3;
      to[0] = dt * x_length * length(xbc + inner + group * args.d_state, args.d_state);
      to[1] = std::sqrt(read);
      to[2] = std::abs(skip) * x_length;
    }
  });
}

}  // namespace holdfast::cpu
#endif  // HWY_ONCE
