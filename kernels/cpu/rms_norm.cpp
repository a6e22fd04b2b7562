#include "kernels/rms_norm.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/thread_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/rms_norm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"

#ifndef HOLDFAST_KERNELS_CPU_RMS_NORM_ONCE
#define HOLDFAST_KERNELS_CPU_RMS_NORM_ONCE
namespace holdfast::cpu {

// One run of values with a norm of its own: a row, or a group's part of a row.
struct NormRun {
  const float* x;
  const float* weight;
  float* y;
  float* residual;  // or null: residual += x, and the sum is normed
  const float* z;   // or null: x * silu(z) is normed
  std::int64_t count;
  float eps;
};

}  // namespace holdfast::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {

// Sum of squares of `count` values; four sums in turn, since one would wait for the last addition each time.
HWY_INLINE float norm_square_sum(const float* values, std::int64_t count) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sum0 = hn::Zero(d), sum1 = hn::Zero(d), sum2 = hn::Zero(d), sum3 = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    const auto v0 = hn::LoadU(d, values + i);
    const auto v1 = hn::LoadU(d, values + i + lanes);
    const auto v2 = hn::LoadU(d, values + i + 2 * lanes);
    const auto v3 = hn::LoadU(d, values + i + 3 * lanes);
    sum0 = hn::MulAdd(v0, v0, sum0);
    sum1 = hn::MulAdd(v1, v1, sum1);
    sum2 = hn::MulAdd(v2, v2, sum2);
    sum3 = hn::MulAdd(v3, v3, sum3);
  }
  for (; i + lanes <= count; i += lanes) {
    const auto v = hn::LoadU(d, values + i);
    sum0 = hn::MulAdd(v, v, sum0);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
  for (; i < count; ++i) sum += values[i] * values[i];
  return sum;
}

void norm_run(const NormRun& run) {
  const float* values = run.x;
  if (run.residual != nullptr) {
    for_lanes(run.count, [&](auto d, std::int64_t i) HWY_ATTR {
      hn::StoreU(hn::Add(hn::LoadU(d, run.residual + i), hn::LoadU(d, run.x + i)), d, run.residual + i);
    });
    values = run.residual;
  } else if (run.z != nullptr) {
    for_lanes(run.count, [&](auto d, std::int64_t i) HWY_ATTR {
      hn::StoreU(hn::Mul(hn::LoadU(d, run.x + i), silu(d, hn::LoadU(d, run.z + i))), d, run.y + i);
    });
    values = run.y;
  }
  const float mean = norm_square_sum(values, run.count) / static_cast<float>(run.count);
  const float scale = 1.0f / std::sqrt(mean + run.eps);
  for_lanes(run.count, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto scaled = hn::Mul(hn::LoadU(d, values + i), hn::Set(d, scale));
    hn::StoreU(hn::Mul(scaled, hn::LoadU(d, run.weight + i)), d, run.y + i);
  });
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(norm_run);

// Calls run_at(i) for each run; short ones share a piece of work, since handing one out costs about a microsecond.
template <class RunAt>
void norm_all(Stream& stream, std::int64_t runs, std::int64_t count, const RunAt& run_at) {
  const std::int64_t per_piece = std::max<std::int64_t>(1, 8192 / count);
  const auto piece = [&](std::int64_t index, int) {
    const std::int64_t end = std::min(runs, (index + 1) * per_piece);
    for (std::int64_t i = index * per_piece; i < end; ++i) HWY_DYNAMIC_DISPATCH(norm_run)(run_at(i));
  };
  const std::int64_t pieces = (runs + per_piece - 1) / per_piece;
  if (pieces == 1) return piece(0, 0);
  stream.pool().run(pieces, piece);
}

}  // namespace

void rms_norm(Stream& stream, const RmsNormArgs& args) {
  const std::int64_t width = args.y.shape[1];
  norm_all(stream, args.y.shape[0], width, [&](std::int64_t i) {
    const std::int64_t at = i * width;
    float* residual = args.residual ? args.residual.as<float>() + at : nullptr;
    return NormRun{
        args.x.as<float>() + at, args.weight.as<float>(), args.y.as<float>() + at, residual, nullptr, width, args.eps};
  });
}

void gated_rms_norm(Stream& stream, const GatedRmsNormArgs& args) {
  const std::int64_t width = args.y.shape[1] / args.groups;
  norm_all(stream, args.y.shape[0] * args.groups, width, [&](std::int64_t i) {
    const std::int64_t channel = i % args.groups * width;
    const float* z = args.z ? args.z.as<float>() + i / args.groups * args.z_stride + channel : nullptr;
    return NormRun{args.x.as<float>() + i * width,
                   args.weight.as<float>() + channel,
                   args.y.as<float>() + i * width,
                   nullptr,
                   z,
                   width,
                   args.eps};
  });
}

}  // namespace holdfast::cpu
#endif  // HWY_ONCE
