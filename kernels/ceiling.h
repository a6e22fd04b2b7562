// What a stream's device can do at most, measured now: rates that figures of the same run are set against, since clocks
// and bandwidth of shared machines drift.
#pragma once

#include "kernels/device.h"
#include "kernels/weight.h"

namespace holdfast {

struct Ceiling {
  double bytes_per_second = 0.0;  // CPU: read from memory; GPU: read and written by a copy within its memory
  double operations_per_second =
      0.0;  // products in the weights' number format, a multiply-add counting two; 0: unknown
};

// CPU: all threads of the stream's pool, for about `seconds`; the fastest dot products the processor has for the
// format. GPU: a copy of 1 GiB, and products of square matrices (f32 for f32 and f16 weights, else bf16), the best of a
// few; some tenths of a second and up to 2 GiB of its memory. Without room for that a rate is 0.
[[nodiscard]] Ceiling measure_ceiling(Stream& stream, WeightFormat format, double seconds = 0.2);

}  // namespace holdfast
