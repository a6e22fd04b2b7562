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

// The sums of the lanes of four vectors.
HWY_INLINE hn::Vec<hn::CappedTag<float, 4>> stats_lane_sums(hn::Vec<Wide> s0, hn::Vec<Wide> s1, hn::Vec<Wide> s2,
                                                            hn::Vec<Wide> s3) {
  const Wide d;
  const auto s02 = hn::Add(hn::InterleaveLower(d, s0, s2), hn::InterleaveUpper(d, s0, s2));
  const auto s13 = hn::Add(hn::InterleaveLower(d, s1, s3), hn::InterleaveUpper(d, s1, s3));
  const auto halves = [](const auto& self, auto tag, auto v) HWY_ATTR {
    if constexpr (hn::MaxLanes(tag) <= 4) {
      return v;
    } else {
      const hn::Half<decltype(tag)> half;
      return self(self, half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
    }
  };
  return halves(halves, d, hn::Add(hn::InterleaveLower(d, s02, s13), hn::InterleaveUpper(d, s02, s13)));
}

// u = scale H v - before u; returns the square of its length. Four rows at a time share the loads of v.
double stats_straight(const float* state, std::int64_t rows, std::int64_t cols, const float* v, float scale,
                      float before, float* u) {
  const Wide d;
  const hn::CappedTag<float, 4> four;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto by = hn::Set(four, scale);
  const auto minus = hn::Set(four, -before);
  auto squares = hn::Zero(four);
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
    auto sums = stats_lane_sums(s0, s1, s2, s3);
    for (; n < cols; ++n) {
      const float ends[4] = {row[n], row[cols + n], row[2 * cols + n], row[3 * cols + n]};
      sums = hn::MulAdd(hn::LoadU(four, ends), hn::Set(four, v[n]), sums);
    }
    const auto value = hn::MulAdd(minus, hn::LoadU(four, u + p), hn::Mul(by, sums));
    hn::StoreU(value, four, u + p);
    squares = hn::MulAdd(value, value, squares);
  }
  auto sum = static_cast<double>(hn::GetLane(hn::SumOfLanes(four, squares)));
  for (; p < rows; ++p) {
    u[p] = scale * stats_dot(state + p * cols, v, cols) - before * u[p];
    sum += static_cast<double>(u[p]) * static_cast<double>(u[p]);
  }
  return sum;
}

// v = scale H^T u - before v; returns the square of its length. Sums of four vectors of columns stay in registers.
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
  for (; n + 8 * lanes <= cols; n += 8 * lanes) {
    auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    const float* at = state + n;
    for (std::int64_t p = 0; p < rows; ++p, at += cols) {
      const auto x = hn::Set(d, u[p]);
      s0 = hn::MulAdd(hn::LoadU(d, at), x, s0);
      s1 = hn::MulAdd(hn::LoadU(d, at + lanes), x, s1);
      s2 = hn::MulAdd(hn::LoadU(d, at + 2 * lanes), x, s2);
      s3 = hn::MulAdd(hn::LoadU(d, at + 3 * lanes), x, s3);
      s4 = hn::MulAdd(hn::LoadU(d, at + 4 * lanes), x, s4);
      s5 = hn::MulAdd(hn::LoadU(d, at + 5 * lanes), x, s5);
      s6 = hn::MulAdd(hn::LoadU(d, at + 6 * lanes), x, s6);
      s7 = hn::MulAdd(hn::LoadU(d, at + 7 * lanes), x, s7);
    }
    take(n, s0), take(n + lanes, s1), take(n + 2 * lanes, s2), take(n + 3 * lanes, s3);
    take(n + 4 * lanes, s4), take(n + 5 * lanes, s5), take(n + 6 * lanes, s6), take(n + 7 * lanes, s7);
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
  return rest;
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

constexpr int stats_steps = 32;          // at most; states, which lean towards few directions, need three or four
constexpr int stats_turns = 40;          // at most, towards an eigenvalue; four are usual
constexpr double stats_end = 1e-6;       // shorter, and no direction is left
constexpr double stats_residual = 1e-5;  // relative to the eigenvalue, which is then within its square of the true one

// The tridiagonal matrix T = B^T B that bidiagonalisation builds up.
struct StatsTridiagonal {
  double diagonal[stats_steps];
  double beside[stats_steps];  // squares of what stands beside it; the last one leads out of T
  int count = 0;

  struct Largest {
    double value;
    double residual;  // square of the length of H^T H q - value q, with q the vector that T has found
  };
  // Of the eigenvalues, which are below 1. Laguerre's method comes from above all of them and does not pass the first.
  // The pivots of T - x have the characteristic polynomial p as their product: sums over them give p'/p and its
  // derivative, and the slope of the last one is -1 over the square of the eigenvector's last element. Farther from the
  // eigenvalue that slope is less, and the residual seems larger than it is.
  [[nodiscard]] Largest largest() const {
    double x = 1.0 + 1e-5;
    double last_slope = -1.0;
    for (int turn = 0; turn < stats_turns; ++turn) {
      double inverse = 1.0, first = 0.0, second = 0.0;  // of a pivot and its derivatives
      double slope = 0.0, curve = 0.0;                  // p'/p, -(p'/p)'
      for (int i = 0; i < count; ++i) {
        const double by = i == 0 ? 0.0 : beside[i - 1] * inverse;
        const double pivot = std::min(diagonal[i] - x - by, -1e-200);
        second = by * inverse * (second - 2.0 * first * first * inverse);
        first = by * inverse * first - 1.0;
        inverse = 1.0 / pivot;
        slope += first * inverse;
        curve += first * inverse * first * inverse - second * inverse;
      }
      last_slope = first;
      const double n = count;
      const double down = n / (slope + std::sqrt(std::max(0.0, (n - 1.0) * (n * curve - slope * slope))));
      x -= down;
      if (!(down > 1e-12 * x)) break;
    }
    return {x, beside[count - 1] / -last_slope};
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
// step. Without reorthogonalisation: that repeats eigenvalues, and does not move the largest. The vectors keep the
// lengths they come with, which the next products divide by.
double stats_largest(const float* state, std::int64_t rows, std::int64_t cols, double norm, const float* start,
                     float* u, float* v) {
  const double scale = 1.0 / norm;
  std::copy_n(start, rows, u);
  std::fill_n(v, cols, 0.0f);
  const auto straight = [&](double by, double before) {
    return std::sqrt(HWY_DYNAMIC_DISPATCH(stats_straight)(state, rows, cols, v, static_cast<float>(by),
                                                          static_cast<float>(before), u));
  };
  const auto turned = [&](double by, double before) {
    return std::sqrt(HWY_DYNAMIC_DISPATCH(stats_turned)(state, rows, cols, u, static_cast<float>(by),
                                                        static_cast<float>(before), v));
  };
  StatsTridiagonal t;
  double alpha = 1.0;                // length of u
  double beta = turned(scale, 0.0);  // length of v
  double off = 0.0;                  // beta of the step before
  double largest = 0.0;
  while (t.count < stats_steps && beta > stats_end) {
    alpha = straight(scale / beta, off / alpha);
    t.diagonal[t.count] = alpha * alpha + off * off;
    off = alpha > stats_end ? turned(scale / alpha, alpha / beta) : 0.0;
    beta = off;
    t.beside[t.count++] = alpha * alpha * beta * beta;
    const StatsTridiagonal::Largest found = t.largest();
    largest = found.value;
    if (found.residual <= std::pow(stats_residual * largest, 2.0)) break;
  }
  return largest;
}

}  // namespace

void state_stats(Stream& stream, const StateStatsArgs& args) {
  const std::int64_t heads = args.state.shape[0];
  const std::int64_t rows = args.state.shape[1];
  const std::int64_t cols = args.state.shape[2];
  const auto padded = [](std::int64_t floats) { return (floats + 15) / 16 * 16; };
  const std::int64_t of_thread = padded(rows) + padded(cols);
  auto* start = static_cast<float*>(
      stream.scratch(static_cast<std::size_t>(padded(rows) + of_thread * stream.pool().threads()) * sizeof(float)));
  float* memory = start + padded(rows);
  for (std::int64_t p = 0; p < rows; ++p) start[p] = stats_start(p);
  stream.pool().run(heads, [&](std::int64_t head, int thread) {
    const float* state = args.state.as<float>() + head * rows * cols;
    const double norm = std::sqrt(HWY_DYNAMIC_DISPATCH(stats_squares)(state, rows, cols));
    args.norm.as<float>()[head] = static_cast<float>(norm);
    if (!args.stable_rank) return;
    float* u = memory + thread * of_thread;
    const double largest = norm > 0.0 ? stats_largest(state, rows, cols, norm, start, u, u + padded(rows)) : 0.0;
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
