// SiLU and softplus on vectors, and a loop over arrays of any length. Included once per Highway target.
#if defined(HOLDFAST_KERNELS_CPU_ACTIVATION_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef HOLDFAST_KERNELS_CPU_ACTIVATION_INL_H
#undef HOLDFAST_KERNELS_CPU_ACTIVATION_INL_H
#else
#define HOLDFAST_KERNELS_CPU_ACTIVATION_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<float>;     // whole registers
using Single = hn::CappedTag<float, 1>;  // one lane: the ends of arrays run through the same code

// body(tag, index) over [0, count): whole vectors, then lane by lane. Nothing beyond count is touched.
template <class Body>
HWY_INLINE void for_lanes(std::int64_t count, const Body& body) {
  const Wide wide;
  const Single single;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(wide));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) body(wide, i);
  for (; i < count; ++i) body(single, i);
}

// x / (1 + exp(-x)). Beyond -88 the exponential would overflow; what is left there is below 1e-36.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V silu(D d, V x) {
  const V e = hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, 88.0f)));
  return hn::Div(x, hn::Add(hn::Set(d, 1.0f), e));
}

// 1 / (1 + exp(-x)).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V sigmoid(D d, V x) {
  const V e = hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, 88.0f)));
  return hn::Div(hn::Set(d, 1.0f), hn::Add(hn::Set(d, 1.0f), e));
}

// The derivative of silu: s (1 + x (1 - s)) with s = 1 / (1 + exp(-x)), and 1 - s = exp(-x) s without cancellation.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V silu_slope(D d, V x) {
  const V e = hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, 88.0f)));
  const V one = hn::Set(d, 1.0f);
  const V s = hn::Div(one, hn::Add(one, e));
  return hn::Mul(s, hn::MulAdd(x, hn::Mul(e, s), one));
}

// log(1 + exp(x)) without overflow, and NaN for NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V softplus(D d, V x) {
  const V tail = hn::Log1p(d, hn::Exp(d, hn::Neg(hn::Abs(x))));
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Add(x, tail));
}

// exp(x) for x <= 0 (more is taken for 0). Below -64 it is zero: such a term is 1e-28 of its size, far under the
// rounding of the sum it goes into, and its products with small numbers would be subnormal, each of which stops some
// processors for a hundred cycles.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V decay(D d, V x) {
  return hn::IfThenElseZero(hn::Ge(x, hn::Set(d, -64.0f)), hn::Exp(d, hn::Min(x, hn::Zero(d))));
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
