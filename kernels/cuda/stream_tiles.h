// stream_rows on tensor cores, for quantised weights with rows enough for every multiprocessor (sm_90).
#pragma once

#include "kernels/cuda/stream_rows.h"

namespace holdfast::cuda {

// As stream_rows; x and gain at addresses that are multiples of 16 bytes, norms and taps within what stream_rows takes.
[[nodiscard]] bool stream_tiles(CudaStream& stream, const Weight& weight, const StreamTask& task);
[[nodiscard]] bool can_stream_tiles(const CudaStream& stream, const Weight& weight);

}  // namespace holdfast::cuda
