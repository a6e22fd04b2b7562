// A sequence of the scan in segments that run side by side: what the kernels of a segment share.
#pragma once

#include "kernels/cuda/ssd.cuh"
#include "kernels/packed_rows.h"

namespace holdfast::cuda {

inline constexpr int chunk_tokens = static_cast<int>(PackedRows::unit);
inline constexpr int scan_dim = 64;  // P
inline constexpr float log2_e = 1.4426950408889634f;

// The first pass leaves, for each sequence, the state before it and what each segment but the last adds to it. All of
// it goes to scratch memory, since the second pass writes the state while some of its blocks may not have begun.
struct ScanSegments {
  float* states;               // (sequences, segments, H, P, N)
  float* decays;               // (sequences, segments, H)  sum of dt A over the segment before, in base 2
  const std::int32_t* begins;  // (sequences + 1), in chunks; null: one sequence
  int segments;                // of each sequence
  const float* dt;             // (H, T), zeros behind T up to whole chunks; with warpgroups alone
};
[[nodiscard]] __host__ __device__ inline std::int64_t scan_chunk_count(const ScanRows& s) {
  return (s.tokens + chunk_tokens - 1) / chunk_tokens;
}

// Segments of all sequences are counted through, as blocks along y.
__device__ __forceinline__ bool is_last_segment(const ScanSegments& of, unsigned at) {
  return (at + 1) % static_cast<unsigned>(of.segments) == 0;
}

// Its tokens. The last one has none in the first pass.
struct SegmentRange {
  std::int64_t begin, end;
};
__device__ __forceinline__ SegmentRange segment_range(const ScanRows& s, const ScanSegments& of, unsigned at,
                                                      bool first_pass) {
  const unsigned sequence = at / static_cast<unsigned>(of.segments);
  const unsigned segment = at % static_cast<unsigned>(of.segments);
  const std::int64_t begin = of.begins == nullptr ? 0 : of.begins[sequence];
  const std::int64_t chunks = of.begins == nullptr ? scan_chunk_count(s) : of.begins[sequence + 1] - begin;
  const std::int64_t first = begin + chunks * segment / of.segments;
  const std::int64_t last =
      first_pass && is_last_segment(of, at) ? first : begin + chunks * (segment + 1) / of.segments;
  return {first * chunk_tokens, min(last * chunk_tokens, s.tokens)};
}

// What a segment begins with: `values` pairs of the state, the i-th at place(i) in (P, N).
template <int values, class Place>
__device__ __forceinline__ void begin_state(float2 (&h)[values], const ScanRows& s, const ScanSegments& of, unsigned at,
                                            bool first_pass, std::int64_t head, Place place) {
  const std::int64_t state_size = s.head_dim * s.d_state;
  const unsigned segments = static_cast<unsigned>(of.segments);
  const bool from_scratch = !first_pass && segments > 1;
  const unsigned first = at - at % segments;
  const float* from = from_scratch ? of.states + first * s.heads * state_size : s.initial;
  const bool zeros = from == nullptr || (first_pass && !is_last_segment(of, at));
#pragma unroll
  for (int i = 0; i < values; ++i) {
    h[i] = zeros ? make_float2(0.0f, 0.0f) : *reinterpret_cast<const float2*>(from + head * state_size + place(i));
  }
  if (!from_scratch) return;
  for (unsigned k = first + 1; k <= at; ++k) {
    const float keep = exp2f(of.decays[k * s.heads + head]);
    const float* added = of.states + (k * s.heads + head) * state_size;
#pragma unroll
    for (int i = 0; i < values; ++i) {
      const float2 more = *reinterpret_cast<const float2*>(added + place(i));
      h[i] = make_float2(keep * h[i].x + more.x, keep * h[i].y + more.y);
    }
  }
}

// Where a block leaves its state, or null; total: the sum of its dt A.
__device__ __forceinline__ float* end_of_segment(const ScanRows& s, const ScanSegments& of, unsigned at,
                                                 bool first_pass, std::int64_t head, float total) {
  const std::int64_t state_size = s.head_dim * s.d_state;
  if (!first_pass) return s.state != nullptr && is_last_segment(of, at) ? s.state + head * state_size : nullptr;
  const unsigned to = is_last_segment(of, at) ? at + 1 - static_cast<unsigned>(of.segments) : at + 1;
  if (threadIdx.x == 0) of.decays[to * s.heads + head] = total;
  return of.states + (to * s.heads + head) * state_size;
}

// Only where Card::warpgroups: dt of all tokens, and log_decay; then one pass over all segments. outputs = false is the
// first pass, without y.
void make_scan_dt(CudaStream& on, const ScanRows& s, float* dt);
void scan_by_warpgroups(CudaStream& on, const ScanRows& s, const ScanSegments& segments, bool outputs);

}  // namespace holdfast::cuda
