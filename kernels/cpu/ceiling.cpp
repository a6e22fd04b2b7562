#include "kernels/cpu/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/ceiling.cpp"
#include "kernels/cpu/ceiling.h"

#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "kernels/device.h"
#include "kernels/tensor.h"

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Eight independent sums hide the latency of a multiply-add; they begin with different values, or a compiler would
// make one of them. Returns the operations done.
double ceiling_multiply_add(std::int64_t rounds, float* sink) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, 0.5f);
  auto s0 = hn::Set(d, 0.0f), s1 = hn::Set(d, 1.0f), s2 = hn::Set(d, 2.0f), s3 = hn::Set(d, 3.0f);
  auto s4 = hn::Set(d, 4.0f), s5 = hn::Set(d, 5.0f), s6 = hn::Set(d, 6.0f), s7 = hn::Set(d, 7.0f);
  for (std::int64_t i = 0; i < rounds; ++i) {
    s0 = hn::MulAdd(s0, factor, factor);
    s1 = hn::MulAdd(s1, factor, factor);
    s2 = hn::MulAdd(s2, factor, factor);
    s3 = hn::MulAdd(s3, factor, factor);
    s4 = hn::MulAdd(s4, factor, factor);
    s5 = hn::MulAdd(s5, factor, factor);
    s6 = hn::MulAdd(s6, factor, factor);
    s7 = hn::MulAdd(s7, factor, factor);
  }
  const auto sum = hn::Add(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)), hn::Add(hn::Add(s4, s5), hn::Add(s6, s7)));
  *sink = hn::GetLane(hn::SumOfLanes(d, sum));
  return 16.0 * static_cast<double>(rounds) * static_cast<double>(hn::Lanes(d));
}

// bytes: a multiple of 1024.
std::uint64_t ceiling_read(const std::byte* memory, std::size_t bytes) {
  const hn::ScalableTag<std::uint64_t> d;
  const std::size_t step = hn::Lanes(d);
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  const auto* words = reinterpret_cast<const std::uint64_t*>(memory);
  for (std::size_t i = 0; i + 4 * step <= bytes / 8; i += 4 * step) {
    s0 = hn::Xor(s0, hn::Load(d, words + i));
    s1 = hn::Xor(s1, hn::Load(d, words + i + step));
    s2 = hn::Xor(s2, hn::Load(d, words + i + 2 * step));
    s3 = hn::Xor(s3, hn::Load(d, words + i + 3 * step));
  }
  return hn::GetLane(hn::Xor(hn::Xor(s0, s1), hn::Xor(s2, s3)));
}

}  // namespace HWY_NAMESPACE
}  // namespace holdfast::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace holdfast::cpu {
namespace {

using CeilingLoop = double (*)(std::int64_t rounds, float* sink);
using CeilingClock = std::chrono::steady_clock;

HWY_EXPORT(ceiling_multiply_add);
HWY_EXPORT(ceiling_read);

double ceiling_f32(std::int64_t rounds, float* sink) {
  return HWY_DYNAMIC_DISPATCH(ceiling_multiply_add)(rounds, sink);
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bf16"))) double ceiling_bf16(std::int64_t rounds, float* sink) {
  const auto factor = (__m512bh)_mm512_set1_epi32(0x3e803e80);  // pairs of 0.25
  __m512 s0 = _mm512_set1_ps(0), s1 = _mm512_set1_ps(1), s2 = _mm512_set1_ps(2), s3 = _mm512_set1_ps(3);
  __m512 s4 = _mm512_set1_ps(4), s5 = _mm512_set1_ps(5), s6 = _mm512_set1_ps(6), s7 = _mm512_set1_ps(7);
  for (std::int64_t i = 0; i < rounds; ++i) {
    s0 = _mm512_dpbf16_ps(s0, factor, factor);
    s1 = _mm512_dpbf16_ps(s1, factor, factor);
    s2 = _mm512_dpbf16_ps(s2, factor, factor);
    s3 = _mm512_dpbf16_ps(s3, factor, factor);
    s4 = _mm512_dpbf16_ps(s4, factor, factor);
    s5 = _mm512_dpbf16_ps(s5, factor, factor);
    s6 = _mm512_dpbf16_ps(s6, factor, factor);
    s7 = _mm512_dpbf16_ps(s7, factor, factor);
  }
  const __m512 sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
  *sink = sum[0];
  return 8.0 * 64.0 * static_cast<double>(rounds);  // 16 lanes, 2 products and 2 sums each
}

__attribute__((target("avx512f,avx512vnni"))) double ceiling_int8(std::int64_t rounds, float* sink) {
  const __m512i factor = _mm512_set1_epi32(0x01010101);
  __m512i s0 = _mm512_set1_epi32(0), s1 = _mm512_set1_epi32(1), s2 = _mm512_set1_epi32(2), s3 = _mm512_set1_epi32(3);
  __m512i s4 = _mm512_set1_epi32(4), s5 = _mm512_set1_epi32(5), s6 = _mm512_set1_epi32(6), s7 = _mm512_set1_epi32(7);
  for (std::int64_t i = 0; i < rounds; ++i) {
    s0 = _mm512_dpbusd_epi32(s0, factor, factor);
    s1 = _mm512_dpbusd_epi32(s1, factor, factor);
    s2 = _mm512_dpbusd_epi32(s2, factor, factor);
    s3 = _mm512_dpbusd_epi32(s3, factor, factor);
    s4 = _mm512_dpbusd_epi32(s4, factor, factor);
    s5 = _mm512_dpbusd_epi32(s5, factor, factor);
    s6 = _mm512_dpbusd_epi32(s6, factor, factor);
    s7 = _mm512_dpbusd_epi32(s7, factor, factor);
  }
  const __m512i sum = s0 ^ s1 ^ s2 ^ s3 ^ s4 ^ s5 ^ s6 ^ s7;
  *sink = static_cast<float>(sum[0]);
  return 8.0 * 128.0 * static_cast<double>(rounds);
}
#endif

// Operations per second of a loop that all threads run at once, the best try within `seconds`.
double ceiling_rate(ThreadPool& pool, CeilingLoop loop, double seconds) {
  constexpr std::int64_t rounds = 100000;  // about a quarter of a millisecond
  const std::int64_t pieces = 4 * pool.threads();
  double best = 0;
  const auto begin = CeilingClock::now();
  do {
    const auto start = CeilingClock::now();
    pool.run(pieces, [&](std::int64_t, int) {
      float value = 0;
      loop(rounds, &value);
      volatile float used = value;
      (void)used;
    });
    const std::chrono::duration<double> took = CeilingClock::now() - start;
    float value = 0;
    best = std::max(best, static_cast<double>(pieces) * loop(1, &value) * static_cast<double>(rounds) / took.count());
  } while (std::chrono::duration<double>(CeilingClock::now() - begin).count() < seconds);
  return best;
}

double ceiling_bandwidth(ThreadPool& pool, double seconds) {
  constexpr std::int64_t piece_bytes = std::int64_t{1} << 20;
  constexpr std::int64_t pieces = 128;
  Tensor memory(Device::cpu(), DType::u8, Shape{pieces * piece_bytes});  // in huge pages, as weights are
  const auto each = [&](auto use) {
    pool.run(pieces, [&](std::int64_t piece, int) { use(memory.view().as<std::byte>() + piece * piece_bytes); });
  };
  each([](std::byte* at) { std::fill_n(at, piece_bytes, std::byte{1}); });  // real pages, not the shared zero page
  double best = 0;
  const auto begin = CeilingClock::now();
  do {
    const auto start = CeilingClock::now();
    each([](const std::byte* at) {
      volatile std::uint64_t used = HWY_DYNAMIC_DISPATCH(ceiling_read)(at, static_cast<std::size_t>(piece_bytes));
      (void)used;
    });
    const std::chrono::duration<double> took = CeilingClock::now() - start;
    best = std::max(best, static_cast<double>(pieces * piece_bytes) / took.count());
  } while (std::chrono::duration<double>(CeilingClock::now() - begin).count() < seconds);
  return best;
}

}  // namespace

Ceiling measure_ceiling(ThreadPool& pool, double seconds) {
  Ceiling ceiling;
  ceiling.f32_flops = ceiling_rate(pool, ceiling_f32, seconds / 4);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16")) ceiling.bf16_flops = ceiling_rate(pool, ceiling_bf16, seconds / 4);
  if (__builtin_cpu_supports("avx512vnni")) ceiling.int8_ops = ceiling_rate(pool, ceiling_int8, seconds / 4);
#endif
  ceiling.read_bytes = ceiling_bandwidth(pool, seconds / 4);
  return ceiling;
}

}  // namespace holdfast::cpu
#endif
