#include "kernels/ceiling.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/cpu/ceiling.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/error.h"
#include "kernels/matmul.h"

namespace holdfast {
namespace {

bool in_floats(WeightFormat format) { return format == WeightFormat::f32 || format == WeightFormat::f16; }

// The fastest products there are for weights of this format; plain f32 ones where the processor has no others.
double product_ceiling(const cpu::Ceiling& ceiling, WeightFormat format) {
  if (format == WeightFormat::bf16 && ceiling.bf16_flops > 0.0) return ceiling.bf16_flops;
  if (!in_floats(format) && format != WeightFormat::bf16 && ceiling.int8_ops > 0.0) return ceiling.int8_ops;
  return ceiling.f32_flops;
}

// Runs of `work` per second: the best of a few rounds. 0 where memory is short.
double best_rate(Stream& stream, int runs, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  constexpr int rounds = 5;
  double best = 0.0;
  for (int round = 0; round <= rounds; ++round) {  // the first one is for warming up
    stream.synchronize();
    const auto begin = Clock::now();
    for (int i = 0; i < runs; ++i) work();
    stream.synchronize();
    const double rate = runs / std::chrono::duration<double>(Clock::now() - begin).count();
    if (round > 0) best = std::max(best, rate);
  }
  return best;
}

double copied_bytes(Stream& stream) {
  constexpr std::int64_t bytes = std::int64_t{1} << 30;
  try {
    Tensor from = Tensor::zeros(stream.device(), DType::u8, {bytes});
    Tensor to(stream.device(), DType::u8, {bytes});
    return 2.0 * static_cast<double>(bytes) * best_rate(stream, 3, [&] { stream.copy(to.view(), from.view()); });
  } catch (const DeviceError&) {
    return 0.0;  // no room for it: whoever asks says what it lacks
  }
}

// Numbers of either sign between 0.5 and 1 that no two products share: a card multiplies zeros faster.
template <class Bits>
Tensor scattered(Stream& stream, DType dtype, std::int64_t size, std::uint32_t state) {
  constexpr int fraction = sizeof(Bits) == 2 ? 7 : 23;
  std::vector<Bits> values(static_cast<std::size_t>(size * size));
  for (Bits& value : values) {
    state = state * 1664525u + 1013904223u;
    const std::uint32_t sign = state >> 31;
    value = static_cast<Bits>(sign << (8 + fraction) | 126u << fraction | (state >> 8 & ((1u << fraction) - 1u)));
  }
  Tensor tensor(stream.device(), dtype, {size, size});
  stream.copy(tensor.view(), {values.data(), dtype, {size, size}, DeviceKind::cpu});
  stream.synchronize();
  return tensor;
}
Tensor scattered(Stream& stream, DType dtype, std::int64_t size, std::uint32_t seed) {
  return dtype == DType::f32 ? scattered<std::uint32_t>(stream, dtype, size, seed)
                             : scattered<std::uint16_t>(stream, dtype, size, seed);
}

double multiplied(Stream& stream, DType dtype) {
  constexpr std::int64_t size = 4096;
  try {
    const Tensor a = scattered(stream, dtype, size, 1), b = scattered(stream, dtype, size, 2);
    Tensor c(stream.device(), dtype, {size, size});
    const MatmulArgs product{.c = c.view(), .a = a.view(), .b = b.view(), .transpose_b = true};
    const double operations = 2.0 * static_cast<double>(size * size) * static_cast<double>(size);
    return operations * best_rate(stream, 4, [&] { matmul(stream, product); });
  } catch (const DeviceError&) {
    return 0.0;
  }
}

}  // namespace

Ceiling measure_ceiling(Stream& stream, WeightFormat format, double seconds) {
  if (stream.kind() == DeviceKind::cpu) {
    const cpu::Ceiling ceiling = cpu::measure_ceiling(stream.pool(), seconds);
    return {.bytes_per_second = ceiling.read_bytes, .operations_per_second = product_ceiling(ceiling, format)};
  }
  return {.bytes_per_second = copied_bytes(stream),
          .operations_per_second = multiplied(stream, in_floats(format) ? DType::f32 : DType::bf16)};
}

}  // namespace holdfast
