#include "kernels/adamw.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/thread_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/adamw.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"

#ifndef HOLDFAST_KERNELS_CPU_ADAMW_ONCE
#define HOLDFAST_KERNELS_CPU_ADAMW_ONCE
namespace holdfast::cpu {

// One stretch of the flat range.
struct AdamwPiece {
  float* master;
  const float* gradient;
  float* first;
  float* second;
  std::uint16_t* rounded;  // or null
  std::int64_t count;
  float gradient_scale, beta1, beta2, eps;
  float first_scale, second_scale;  // 1 / (1 - beta^step)
  float rate, decay;
};

}  // namespace holdfast::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {

// f32 to the nearest bf16, ties to even; a NaN stays one.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void store_bf16(D d, V value, std::uint16_t* to) {
  const hn::RebindToUnsigned<D> u;
  const hn::Rebind<std::uint16_t, D> half;
  static_cast<void>(d);  // names the lanes
  const auto bits = hn::BitCast(u, value);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(u, 1));
  const auto nearest = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(u, 0x7fff))));
  const auto quiet = hn::Or(hn::ShiftRight<16>(bits), hn::Set(u, 0x40));
  const auto is_nan = hn::RebindMask(u, hn::IsNaN(value));
  hn::StoreU(hn::TruncateTo(half, hn::IfThenElse(is_nan, quiet, nearest)), half, to);
}

template <class D>
HWY_INLINE hn::Vec<D> load_bf16(D d, const std::uint16_t* from) {
  const hn::RebindToUnsigned<D> u;
  const hn::Rebind<std::uint16_t, D> half;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(u, hn::LoadU(half, from))));
}

void adamw_piece(const AdamwPiece& p) {
  for_lanes(p.count, [&](auto d, std::int64_t i) HWY_ATTR {
    const auto g = hn::Mul(hn::LoadU(d, p.gradient + i), hn::Set(d, p.gradient_scale));
    const auto m = hn::MulAdd(hn::Set(d, p.beta1), hn::LoadU(d, p.first + i), hn::Mul(hn::Set(d, 1.0f - p.beta1), g));
    const auto v =
        hn::MulAdd(hn::Set(d, p.beta2), hn::LoadU(d, p.second + i), hn::Mul(hn::Mul(hn::Set(d, 1.0f - p.beta2), g), g));
    const auto root = hn::Sqrt(hn::Mul(v, hn::Set(d, p.second_scale)));
    const auto step = hn::Div(hn::Mul(m, hn::Set(d, p.first_scale)), hn::Add(root, hn::Set(d, p.eps)));
    const auto old = hn::LoadU(d, p.master + i);
    const auto w = hn::Sub(old, hn::Mul(hn::Set(d, p.rate), hn::MulAdd(hn::Set(d, p.decay), old, step)));
    hn::StoreU(m, d, p.first + i);
    hn::StoreU(v, d, p.second + i);
    hn::StoreU(w, d, p.master + i);
    if (p.rounded != nullptr) store_bf16(d, w, p.rounded + i);
  });
}

// In double; the order of the sum depends on `count` alone (and on the width of registers).
double sum_piece(const float* values, std::int64_t count, bool squares) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> narrow;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  std::int64_t i = 0;
  const auto at = [&](std::int64_t index) HWY_ATTR { return hn::PromoteTo(d, hn::LoadU(narrow, values + index)); };
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    const auto v0 = at(i), v1 = at(i + lanes), v2 = at(i + 2 * lanes), v3 = at(i + 3 * lanes);
    sum0 = hn::Add(sum0, squares ? hn::Mul(v0, v0) : v0);
    sum1 = hn::Add(sum1, squares ? hn::Mul(v1, v1) : v1);
    sum2 = hn::Add(sum2, squares ? hn::Mul(v2, v2) : v2);
    sum3 = hn::Add(sum3, squares ? hn::Mul(v3, v3) : v3);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
  for (; i < count; ++i) {
    const auto value = static_cast<double>(values[i]);
    sum += squares ? value * value : value;
  }
  return sum;
}

void to_bf16_piece(const float* from, std::uint16_t* to, std::int64_t count) {
  for_lanes(count, [&](auto d, std::int64_t i) HWY_ATTR { store_bf16(d, hn::LoadU(d, from + i), to + i); });
}

void to_f32_piece(const std::uint16_t* from, float* to, std::int64_t count) {
  for_lanes(count, [&](auto d, std::int64_t i) HWY_ATTR { hn::StoreU(load_bf16(d, from + i), d, to + i); });
}

void add_f32_piece(const float* from, float* to, std::int64_t count) {
  for_lanes(count, [&](auto d, std::int64_t i)
                       HWY_ATTR { hn::StoreU(hn::Add(hn::LoadU(d, to + i), hn::LoadU(d, from + i)), d, to + i); });
}

void add_bf16_piece(const std::uint16_t* from, float* to, std::int64_t count) {
  for_lanes(count, [&](auto d, std::int64_t i)
                       HWY_ATTR { hn::StoreU(hn::Add(hn::LoadU(d, to + i), load_bf16(d, from + i)), d, to + i); });
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(adamw_piece);
HWY_EXPORT(sum_piece);
HWY_EXPORT(to_bf16_piece);
HWY_EXPORT(to_f32_piece);
HWY_EXPORT(add_f32_piece);
HWY_EXPORT(add_bf16_piece);

// Elements of a piece of work: fixed, so that sums do not depend on the number of threads.
constexpr std::int64_t flat_piece = 1 << 15;

// use(first, count, piece) over [0, total).
template <class Use>
void for_flat_pieces(Stream& stream, std::int64_t total, const Use& use) {
  const std::int64_t pieces = (total + flat_piece - 1) / flat_piece;
  const auto run = [&](std::int64_t piece, int) {
    use(piece * flat_piece, std::min(flat_piece, total - piece * flat_piece), piece);
  };
  if (pieces == 1) return run(0, 0);
  stream.pool().run(pieces, run);
}

double sum_flat(Stream& stream, ConstTensorView values, bool squares) {
  const std::int64_t total = values.shape[0];
  const std::int64_t pieces = (total + flat_piece - 1) / flat_piece;
  auto* sums = static_cast<double*>(stream.scratch(static_cast<std::size_t>(pieces) * sizeof(double)));
  for_flat_pieces(stream, total, [&](std::int64_t first, std::int64_t count, std::int64_t piece) {
    sums[piece] = HWY_DYNAMIC_DISPATCH(sum_piece)(values.as<float>() + first, count, squares);
  });
  for (std::int64_t apart = 1; apart < pieces; apart *= 2) {
    for (std::int64_t i = 0; i + apart < pieces; i += 2 * apart) sums[i] += sums[i + apart];
  }
  return sums[0];
}

}  // namespace

void adamw(Stream& stream, const AdamwArgs& args) {
  const auto steps = static_cast<double>(args.step);
  const auto corrected = [&](float beta) { return static_cast<float>(1.0 / (1.0 - std::pow(double{beta}, steps))); };
  const float first_scale = corrected(args.beta1);
  const float second_scale = corrected(args.beta2);
  for_flat_pieces(stream, args.master.shape[0], [&](std::int64_t first, std::int64_t count, std::int64_t) {
    HWY_DYNAMIC_DISPATCH(adamw_piece)
    ({.master = args.master.as<float>() + first,
      .gradient = args.gradient.as<float>() + first,
      .first = args.first.as<float>() + first,
      .second = args.second.as<float>() + first,
      .rounded = args.rounded ? args.rounded.as<std::uint16_t>() + first : nullptr,
      .count = count,
      .gradient_scale = args.gradient_scale,
      .beta1 = args.beta1,
      .beta2 = args.beta2,
      .eps = args.eps,
      .first_scale = first_scale,
      .second_scale = second_scale,
      .rate = args.learning_rate,
      .decay = args.decay});
  });
}

double sum_of_squares(Stream& stream, ConstTensorView values) { return sum_flat(stream, values, true); }

double sum(Stream& stream, ConstTensorView values) { return sum_flat(stream, values, false); }

void convert(Stream& stream, TensorView to, ConstTensorView from) {
  for_flat_pieces(stream, from.shape.elements(), [&](std::int64_t first, std::int64_t count, std::int64_t) {
    if (from.dtype == DType::f32) {
      HWY_DYNAMIC_DISPATCH(to_bf16_piece)(from.as<float>() + first, to.as<std::uint16_t>() + first, count);
    } else {
      HWY_DYNAMIC_DISPATCH(to_f32_piece)(from.as<std::uint16_t>() + first, to.as<float>() + first, count);
    }
  });
}

void add(Stream& stream, TensorView to, ConstTensorView from) {
  for_flat_pieces(stream, from.shape.elements(), [&](std::int64_t first, std::int64_t count, std::int64_t) {
    if (from.dtype == DType::f32) {
      HWY_DYNAMIC_DISPATCH(add_f32_piece)(from.as<float>() + first, to.as<float>() + first, count);
    } else {
      HWY_DYNAMIC_DISPATCH(add_bf16_piece)(from.as<std::uint16_t>() + first, to.as<float>() + first, count);
    }
  });
}

}  // namespace holdfast::cpu
#endif  // HWY_ONCE
