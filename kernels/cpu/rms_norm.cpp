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
  const float* added;  // or null: x + added is normed, and left in sum
  float* sum;
  const float* z;  // or null: x * silu(z) is normed
  std::int64_t count;
  float eps;
};

// The same with gradients. With u = x, or x * silu(z):
//   du = scale (weight dy - u scale^2 mean(weight dy u)),   d_weight += dy u scale
struct NormBackwardRun {
  const float* x;
  const float* z;  // or null
  const float* weight;
  const float* dy;
  float* dx;
  float* dz;        // with z
  float* y;         // or null: what the norm gave. May be dy
  float* d_weight;  // added to
  float* gated;     // (count)  scratch, with z
  std::int64_t count;
  bool accumulate;  // dx += ; without z
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
  if (run.added != nullptr) {
    for_lanes(run.count, [&](auto d, std::int64_t i) HWY_ATTR {
      hn::StoreU(hn::Add(hn::LoadU(d, run.added + i), hn::LoadU(d, run.x + i)), d, run.sum + i);
    });
    values = run.sum;
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

// Sum of weight * dy * u.
HWY_INLINE float norm_weighted_sum(const NormBackwardRun& run, const float* u) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  const auto term = [&](std::int64_t i)
                        HWY_ATTR { return hn::Mul(hn::LoadU(d, run.weight + i), hn::LoadU(d, run.dy + i)); };
  std::int64_t i = 0;
  for (; i + 2 * lanes <= run.count; i += 2 * lanes) {
    sum0 = hn::MulAdd(term(i), hn::LoadU(d, u + i), sum0);
    sum1 = hn::MulAdd(term(i + lanes), hn::LoadU(d, u + i + lanes), sum1);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (; i < run.count; ++i) sum += run.weight[i] * run.dy[i] * u[i];
  return sum;
}

void norm_backward_run(const NormBackwardRun& run) {
  const float* u = run.x;
  if (run.z != nullptr) {
    for_lanes(run.count, [&](auto d, std::int64_t i) HWY_ATTR {
      hn::StoreU(hn::Mul(hn::LoadU(d, run.x + i), silu(d, hn::LoadU(d, run.z + i))), d, run.gated + i);
    });
    u = run.gated;
  }
  const auto count = static_cast<float>(run.count);
  const float scale = 1.0f / std::sqrt(norm_square_sum(u, run.count) / count + run.eps);
  const float back = norm_weighted_sum(run, u) / count * scale * scale;
  for_lanes(run.count, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto dy = hn::LoadU(d, run.dy + i);
    const auto value = hn::LoadU(d, u + i);
    const auto s = hn::Set(d, scale);
    const auto weight = hn::LoadU(d, run.weight + i);
    const auto du = hn::Mul(s, hn::NegMulAdd(value, hn::Set(d, back), hn::Mul(weight, dy)));
    hn::StoreU(hn::MulAdd(hn::Mul(dy, value), s, hn::LoadU(d, run.d_weight + i)), d, run.d_weight + i);
    if (run.z != nullptr) {
      const auto z = hn::LoadU(d, run.z + i);
      const auto x = hn::LoadU(d, run.x + i);
      hn::StoreU(hn::Mul(du, silu(d, z)), d, run.dx + i);
      hn::StoreU(hn::Mul(hn::Mul(du, x), silu_slope(d, z)), d, run.dz + i);
    } else {
      hn::StoreU(run.accumulate ? hn::Add(hn::LoadU(d, run.dx + i), du) : du, d, run.dx + i);
    }
    if (run.y != nullptr) hn::StoreU(hn::Mul(hn::Mul(value, s), weight), d, run.y + i);
  });
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(norm_run);
HWY_EXPORT(norm_backward_run);

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
    const ConstTensorView added = args.residual ? ConstTensorView(args.residual) : args.added;
    const TensorView sum = args.residual ? args.residual : args.sum;
    return NormRun{args.x.as<float>() + at,
                   args.weight.as<float>(),
                   args.y.as<float>() + at,
                   added ? added.as<float>() + at : nullptr,
                   sum ? sum.as<float>() + at : nullptr,
                   nullptr,
                   width,
                   args.eps};
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
                   nullptr,
                   z,
                   width,
                   args.eps};
  });
}

namespace {

constexpr std::int64_t norm_block_rows = 32;  // whose weight gradients are summed together, whatever the threads

// run_at(row, thread, sums) does one row and adds its weight gradients to `sums` (width); then d_weight += all of them,
// block after block. scratch: floats that each thread needs beside.
template <class RowAt>
void norm_backward_all(Stream& stream, std::int64_t rows, std::int64_t width, TensorView d_weight,
                       std::int64_t thread_floats, const RowAt& row_at) {
  const std::int64_t blocks = (rows + norm_block_rows - 1) / norm_block_rows;
  const std::int64_t threads = stream.pool().threads();
  auto* sums = static_cast<float*>(
      stream.scratch(static_cast<std::size_t>(blocks * width + threads * thread_floats) * sizeof(float)));
  float* of_threads = sums + blocks * width;
  stream.pool().run(blocks, [&](std::int64_t block, int thread) {
    float* block_sums = sums + block * width;
    std::fill_n(block_sums, width, 0.0f);
    const std::int64_t end = std::min(rows, (block + 1) * norm_block_rows);
    for (std::int64_t row = block * norm_block_rows; row < end; ++row) {
      row_at(row, of_threads + thread * thread_floats, block_sums);
    }
  });
  if (!d_weight) return;
  constexpr std::int64_t columns_of_piece = 64;
  stream.pool().run((width + columns_of_piece - 1) / columns_of_piece, [&](std::int64_t piece, int) {
    const std::int64_t end = std::min(width, (piece + 1) * columns_of_piece);
    for (std::int64_t i = piece * columns_of_piece; i < end; ++i) {
      double sum = 0.0;
      for (std::int64_t block = 0; block < blocks; ++block) sum += static_cast<double>(sums[block * width + i]);
      d_weight.as<float>()[i] += static_cast<float>(sum);
    }
  });
}

}  // namespace

void rms_norm_backward(Stream& stream, const RmsNormBackwardArgs& args) {
  const std::int64_t width = args.x.shape[1];
  norm_backward_all(stream, args.x.shape[0], width, args.d_weight, 0, [&](std::int64_t row, float*, float* sums) {
    HWY_DYNAMIC_DISPATCH(norm_backward_run)
    ({.x = args.x.as<float>() + row * width,
      .z = nullptr,
      .weight = args.weight.as<float>(),
      .dy = args.dy.as<float>() + row * width,
      .dx = args.dx.as<float>() + row * width,
      .dz = nullptr,
      .y = args.y ? args.y.as<float>() + row * width : nullptr,
      .d_weight = sums,
      .gated = nullptr,
      .count = width,
      .accumulate = args.accumulate,
      .eps = args.eps});
  });
}

void gated_rms_norm_backward(Stream& stream, const GatedRmsNormBackwardArgs& args) {
  const std::int64_t width = args.dy.shape[1];
  const std::int64_t run_width = width / args.groups;
  const auto row_at = [&](std::int64_t row, float* gated, float* sums) {
    for (std::int64_t channel = 0; channel < width; channel += run_width) {
      HWY_DYNAMIC_DISPATCH(norm_backward_run)
      ({.x = args.x.as<float>() + row * width + channel,
        .z = args.z.as<float>() + row * args.z_stride + channel,
        .weight = args.weight.as<float>() + channel,
        .dy = args.dy.as<float>() + row * width + channel,
        .dx = args.dx.as<float>() + row * width + channel,
        .dz = args.dz.as<float>() + row * args.dz_stride + channel,
        .y = args.y ? args.y.as<float>() + row * width + channel : nullptr,
        .d_weight = sums + channel,
        .gated = gated,
        .count = run_width,
        .accumulate = false,
        .eps = args.eps});
    }
  };
  norm_backward_all(stream, args.dy.shape[0], width, args.d_weight, run_width, row_at);
}

}  // namespace holdfast::cpu
#endif  // HWY_ONCE
