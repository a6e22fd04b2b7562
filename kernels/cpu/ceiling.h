// What this machine can do at most: rates that benches set their figures against. Measured in the same run as those,
// since the bandwidth and the clock of a shared machine drift.
#pragma once

#include "kernels/cpu/thread_pool.h"

namespace holdfast::cpu {

// With all threads of the pool at once. 0: the processor has no such instruction.
struct Ceiling {
  double f32_flops = 0;   // fused multiply-adds, two operations each, per second
  double bf16_flops = 0;  // bf16 dot products into f32 (AVX512-BF16)
  double int8_ops = 0;    // unsigned by signed byte dot products into int32 (AVX512-VNNI)
  double read_bytes = 0;  // per second, from memory: a buffer of 128 MiB that exists only while this runs
};

// Takes about `seconds`; the best of several tries counts.
[[nodiscard]] Ceiling measure_ceiling(ThreadPool&, double seconds = 0.2);

}  // namespace holdfast::cpu
