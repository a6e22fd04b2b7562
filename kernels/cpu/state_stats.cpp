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

// u = scale H v - before u; returns the length of u. Four rows at a time share the loads of v.
double stats_straight(const float* state, std::int64_t rows, std::int64_t cols, const float* v, float scale,
                      float before, float* u) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  double squares = 0.0;
  const auto take = [&](std::int64_t p, float sum) {
    u[p] = scale * sum - before * u[p];
    squares += static_cast<double>(u[p]) * static_cast<double>(u[p]);
  };
  std::int64_t p = 0;
  for (; p + 4 <= rows; p += 4) {
    const float* row = state + p * cols;
    auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
    std::int64_t n = 0;
    for (; n + lanes <= cols; n += lanes) {
      const auto x = hn::LoadU(d, v + n);
      s0 = hn::MulAdd(hn::LoadU(d, row + n), x, s0);
      s1 = hn::MulAdd(hn::LoadU(d, row + cols + n), x, s1);
      s2 = hn::MulAdd(hn::LoadU(d, row + 2 * cols + n), x, s2);
      s3 = hn::MulAdd(hn::LoadU(d, row + 3 * cols + n), x, s3);
    }
    float sums[4] = {hn::GetLane(hn::SumOfLanes(d, s0)), hn::GetLane(hn::SumOfLanes(d, s1)),
                     hn::GetLane(hn::SumOfLanes(d, s2)), hn::GetLane(hn::SumOfLanes(d, s3))};
    for (; n < cols; ++n) {
      for (std::int64_t r = 0; r < 4; ++r) sums[r] += row[r * cols + n] * v[n];
    }
    for (std::int64_t r = 0; r < 4; ++r) take(p + r, sums[r]);
  }
  for (; p < rows; ++p) take(p, stats_dot(state + p * cols, v, cols));
  return std::sqrt(squares);
}

// v = scale H^T u - before v; returns the length of v. Sums of four vectors of columns stay in registers.
double stats_turned(const float* state, std::int64_t rows, std::int64_t cols, const float* u, float scale, float before,
                    float* v) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto by = hn::Set(d, scale);
  const auto minus = hn::Set(d, -before);
  auto squares = hn::Zero(d);
  const auto take = [&](std::int64_t n, auto sum) HWY_ATTR {
    const auto value = hn::MulAdd(minus, hn::LoadU(d, v + n), hn::Mul(by, sum));
    hn::StoreU(value, d, v + n);
    squares = hn::MulAdd(value, value, squares);
  };
  std::int64_t n = 0;
  for (; n + 4 * lanes <= cols; n += 4 * lanes) {
    auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
    const float* at = state + n;
    for (std::int64_t p = 0; p < rows; ++p, at += cols) {
      const auto x = hn::Set(d, u[p]);
      s0 = hn::MulAdd(hn::LoadU(d, at), x, s0);
      s1 = hn::MulAdd(hn::LoadU(d, at + lanes), x, s1);
      s2 = hn::MulAdd(hn::LoadU(d, at + 2 * lanes), x, s2);
      s3 = hn::MulAdd(hn::LoadU(d, at + 3 * lanes), x, s3);
    }
    take(n, s0), take(n + lanes, s1), take(n + 2 * lanes, s2), take(n + 3 * lanes, s3);
  }
  for (; n + lanes <= cols; n += lanes) {
    auto sum = hn::Zero(d);
    for (std::int64_t p = 0; p < rows; ++p) sum = hn::MulAdd(hn::LoadU(d, state + p * cols + n), hn::Set(d, u[p]), sum);
    take(n, sum);
  }
  auto rest = static_cast<double>(hn::GetLane(hn::SumOfLanes(d, squares)));
  for (; n < cols; ++n) {
    float sum = 0.0f;
    for (std::int64_t p = 0; p < rows; ++p) sum += state[p * cols + n] * u[p];
    v[n] = scale * sum - before * v[n];
    rest += static_cast<double>(v[n]) * static_cast<double>(v[n]);
  }
  return std::sqrt(rest);
}

float stats_vector_dot(const float* a, const float* b, std::int64_t count) { return stats_dot(a, b, count); }

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(stats_squares);
HWY_EXPORT(stats_straight);
HWY_EXPORT(stats_turned);
HWY_EXPORT(stats_vector_dot);

constexpr int stats_steps = 32;     // at most; states, which lean towards few directions, need six to nine
constexpr int stats_looks = 3;      // steps between two looks at the eigenvalue
constexpr double stats_end = 1e-6;  // the eigenvalue grew by less, or no direction is left

// The tridiagonal matrix T = B^T B that bidiagonalisation builds up.
struct StatsTridiagonal {
  double diagonal[stats_steps];
  double beside[stats_steps];  // squares of what stands beside it
  int count = 0;

  [[nodiscard]] bool is_above_all(double x) const {  // of its eigenvalues
    double pivot = 1.0;
    for (int i = 0; i < count; ++i) {
      pivot = diagonal[i] - x - (i == 0 ? 0.0 : beside[i - 1] / pivot);
      if (pivot > 0.0) return false;
      pivot = std::min(pivot, -1e-200);
    }
    return true;
  }
  [[nodiscard]] double largest(double low) const {  // of its eigenvalues, which are below 1
    double high = 1.0 + 1e-5;
    while (high - low > 1e-8 * high) {
      const double middle = 0.5 * (low + high);
      (is_above_all(middle) ? high : low) = middle;
    }
    return 0.5 * (low + high);
  }
};

// Numbers that favour no direction a state could have, the same in every run.
float stats_start(std::int64_t i) {
  auto bits = static_cast<std::uint32_t>(i) * 2654435761u + 974711u;
  bits = (bits ^ bits >> 15) * 2246822519u;
  bits = (bits ^ bits >> 13) * 3266489917u;
  const float size = 0.5f + static_cast<float>(bits >> 9 & 0xffffu) * 0x1p-17f;
  return (bits & 1u) != 0u ? size : -size;
}

// ||H||_2^2 / ||H||_F^2 by Golub and Kahan's bidiagonalisation (SIAM J. Numer. Anal. 2, 1965): two products with H a
// step. Without reorthogonalisation: that repeats eigenvalues, and does not move the largest.
double stats_largest(const float* state, std::int64_t rows, std::int64_t cols, double norm, float* u, float* v) {
  const auto scale = static_cast<float>(1.0 / norm);
  for (std::int64_t p = 0; p < rows; ++p) u[p] = stats_start(p);
  std::fill(v, v + cols, 0.0f);
  const auto divide = [](float* vector, std::int64_t count, double length) {
    const auto by = static_cast<float>(1.0 / length);
    for (std::int64_t i = 0; i < count; ++i) vector[i] *= by;
  };
  StatsTridiagonal t;
  double largest = 0.0;
  double beta = HWY_DYNAMIC_DISPATCH(stats_turned)(state, rows, cols, u, scale, 0.0f, v);
  double off = 0.0;  // beta of the step before
  while (t.count < stats_steps && beta > stats_end) {
    divide(v, cols, beta);
    const double alpha = HWY_DYNAMIC_DISPATCH(stats_straight)(state, rows, cols, v, scale, static_cast<float>(off), u);
    const bool last = !(alpha > stats_end) || t.count + 1 == stats_steps;
    t.diagonal[t.count] = alpha * alpha + off * off;
    beta = 0.0;
    if (!last) {
      divide(u, rows, alpha);
      beta = HWY_DYNAMIC_DISPATCH(stats_turned)(state, rows, cols, u, scale, static_cast<float>(alpha), v);
    }
    t.beside[t.count++] = alpha * alpha * beta * beta;
    off = beta;
    if (beta > stats_end && t.count % stats_looks != 0) continue;
    if (largest > 0.0 && t.is_above_all(largest * (1.0 + stats_end))) break;
    largest = t.largest(largest);
  }
  return largest;
}

}  // namespace

void state_stats(Stream& stream, const StateStatsArgs& args) {
  const std::int64_t heads = args.state.shape[0];
  const std::int64_t rows = args.state.shape[1];
  const std::int64_t cols = args.state.shape[2];
  const std::int64_t of_thread = (rows + cols + 15) / 16 * 16;
  auto* memory = static_cast<float*>(
      stream.scratch(static_cast<std::size_t>(of_thread * stream.pool().threads()) * sizeof(float)));
  stream.pool().run(heads, [&](std::int64_t head, int thread) {
    const float* state = args.state.as<float>() + head * rows * cols;
    const double norm = std::sqrt(HWY_DYNAMIC_DISPATCH(stats_squares)(state, rows, cols));
    args.norm.as<float>()[head] = static_cast<float>(norm);
    if (!args.stable_rank) return;
    float* u = memory + thread * of_thread;
    const double largest = norm > 0.0 ? stats_largest(state, rows, cols, norm, u, u + rows) : 0.0;
    args.stable_rank.as<float>()[head] = largest > 0.0 ? static_cast<float>(1.0 / largest) : 0.0f;
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
