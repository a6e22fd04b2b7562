// What the kernels of the scan are told. xbc and y are f32 or bf16, as their kernels say.
#pragma once

#include <cstdint>

#include "kernels/device.h"
#include "kernels/ssd_scan.h"

namespace holdfast::cuda {

class CudaStream;

struct ScanRows {
  void* y;
  float* state;                          // out; null for packed sequences
  const float* initial;                  // state before the first token; null: zeros
  const std::int32_t* sequence_of_unit;  // packed sequences; null: one sequence
  std::int64_t sequences;
  const void* xbc;
  const void* dt_raw;
  bool dt_rounded;  // dt_raw is bf16
  std::int64_t dt_stride;
  const float* dt_bias;
  const float* a;
  const float* d;
  float* log_decay;  // or null
  std::int64_t tokens, heads, head_dim, d_state, groups, inner, channels;
  float dt_min, dt_max;
};

// begins (sequences + 1): the unit that each sequence begins with, and the number of units.
void find_begins(CudaStream& stream, std::int32_t* begins, const std::int32_t* sequence_of_unit, std::int64_t units,
                 std::int64_t sequences);

// On tensor cores: P = 64, N = 64 or 128, xbc and y bf16 with rows of 16-byte multiples; packed sequences where the card
// has products of warpgroups. Others: false, nothing done.
[[nodiscard]] bool scan_on_tensor_cores(Stream& stream, const ScanRows& rows);

// The packed scan by chunks, on tensor cores, where that serves the shape. Others: false, nothing done.
[[nodiscard]] bool scan_packed_by_chunks(Stream& stream, const SsdScanPackedArgs& args);

}  // namespace holdfast::cuda
