// Nothing is sorted: weights w = exp((logit - largest) / temperature) lie in [0, 1], so that the bits of w order them.
// Many blocks go through a row: they sum up parts of it, then make its weights and count them in bins of an eighth of
// an octave. Where a count or a sum over the likeliest tokens passes a limit, one block then finds in those bins, and
// in one of them digit by digit. Sums are integers (w times 2^40), so that the order of additions does not matter and
// the same call gives the same token, always.
#include <algorithm>
#include <climits>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/cuda/launch.cuh"
#include "kernels/error.h"
#include "kernels/sample.h"

namespace holdfast::cuda {
namespace {

constexpr int sample_threads = 1024;
constexpr int sample_warps = sample_threads / warp_size;
using Count = unsigned long long;

struct SampleRow {
  float scale = 0.0f;  // 1 / temperature; 0 = greedy
  std::int32_t top_k = 0;
  float top_p = 1.0f;
  float min_p = 0.0f;
  float penalty = 1.0f;
  float uniform = 0.0f;
  std::int32_t seen_begin = 0, seen_end = 0;  // in the list of all rows
};
// So many rows travel as a kernel argument, more through memory.
constexpr std::size_t sample_given = 32;
struct SampleRows {
  SampleRow rows[sample_given];
};
enum class SampleFault : std::int32_t { none, nan, infinite, nothing };
struct SampleResult {
  std::int32_t token = 0;
  float log_prob = 0.0f;
  SampleFault fault = SampleFault::none;
  std::uint32_t turn = 0;  // which drawing of the stream this is of: written last
};

// Bins of weights: eight for each octave from 2^-40 on, and one of all that is less, which no sum sees.
constexpr int bin_shift = 20;  // bits that a bin leaves open
constexpr unsigned first_bin = (127 - 40) << 3;
constexpr int sample_bins = (127 << 3) - static_cast<int>(first_bin) + 2;
struct SampleBins {
  Count sums[sample_bins];
  unsigned counts[sample_bins];
};

constexpr int sample_listed = 3072;  // tokens that are kept at hand
constexpr int sample_equals = 32;    // of one weight
constexpr int digit_bits = 10;
constexpr int sample_digits = 1 << digit_bits;
static_assert(bin_shift == 2 * digit_bits && sample_digits == sample_threads && sample_bins <= sample_threads);
struct SampleShared {
  SampleBins bins;
  Count sums_before[sample_bins];  // of the bins above
  unsigned counts_before[sample_bins];
  unsigned list_bits[sample_listed];  // of the tokens of the bins from listed_low to listed_high, in no order
  int list_ids[sample_listed];
  int listed, listed_low, listed_high;
  int equal_ids[sample_equals];
  int equals;
  Count sums[sample_digits];
  unsigned counts[sample_digits];
  Count warp_sums[sample_warps];
  unsigned warp_counts[sample_warps];
  Count found_sum;
  unsigned found_count, found_own;
  unsigned digit;
  int bin;
  int id;
};

__device__ __forceinline__ Count fixed(float weight) { return static_cast<Count>(weight * 0x1p40f); }
__device__ __forceinline__ int bin_of(unsigned bits) {
  return max(static_cast<int>(bits >> bin_shift) - static_cast<int>(first_bin) + 1, 0);
}

// Sums over the threads before this one, and over all of them. Ends without a barrier: there must be one before the
// next.
struct Before {
  Count sum, sum_of_all;
  unsigned count;
};
__device__ __forceinline__ Before sums_before(Count sum, unsigned count, SampleShared& s) {
  static_assert(sample_warps == warp_size);
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  Count sum_upto = sum;
  unsigned count_upto = count;
#pragma unroll
  for (int step = 1; step < warp_size; step *= 2) {
    const Count other_sum = __shfl_up_sync(all_lanes, sum_upto, step);
    const unsigned other_count = __shfl_up_sync(all_lanes, count_upto, step);
    if (lane >= step) sum_upto += other_sum, count_upto += other_count;
  }
  if (lane == warp_size - 1) s.warp_sums[warp] = sum_upto, s.warp_counts[warp] = count_upto;
  __syncthreads();
  Count all = s.warp_sums[lane];
  Count sums = lane < warp ? all : 0;
  unsigned counts = lane < warp ? s.warp_counts[lane] : 0;
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) {
    all += __shfl_xor_sync(all_lanes, all, step);
    sums += __shfl_xor_sync(all_lanes, sums, step);
    counts += __shfl_xor_sync(all_lanes, counts, step);
  }
  return {sums + sum_upto - sum, all, counts + count_upto - count};
}

// The bins of a row and what stands above each; the sum of all.
__device__ Count take_bins(const SampleBins& bins, SampleShared& s) {
  const int bin = sample_bins - 1 - static_cast<int>(threadIdx.x);
  const Count sum = bin >= 0 ? bins.sums[bin] : 0;
  const unsigned count = bin >= 0 ? bins.counts[bin] : 0;
  const Before before = sums_before(sum, count, s);
  if (bin >= 0) {
    s.bins.sums[bin] = sum, s.bins.counts[bin] = count;
    s.sums_before[bin] = before.sum, s.counts_before[bin] = before.count;
  }
  if (threadIdx.x == 0) s.listed_low = 1, s.listed_high = 0;
  __syncthreads();
  return before.sum_of_all;
}

// Puts the tokens of a bin at hand, and those of all bins above, as far as they are few enough. Whether those of the
// bin are.
__device__ bool list_bin(const float* weights, int vocab, int bin, SampleShared& s) {
  if (s.listed_low <= bin && bin <= s.listed_high) return true;
  if (s.bins.counts[bin] > sample_listed) return false;
  const int high = s.counts_before[bin] + s.bins.counts[bin] <= sample_listed ? sample_bins - 1 : bin;
  __syncthreads();
  if (threadIdx.x == 0) s.listed = 0, s.listed_low = bin, s.listed_high = high;
  __syncthreads();
#pragma unroll 8
  for (int i = static_cast<int>(threadIdx.x) * 4; i < vocab; i += sample_threads * 4) {
    const uint4 four = *reinterpret_cast<const uint4*>(weights + i);
    const unsigned bits[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int own = bin_of(bits[j]);
      if (i + j >= vocab || own < bin || own > high) continue;
      const int at = atomicAdd(&s.listed, 1);
      s.list_bits[at] = bits[j];
      s.list_ids[at] = i + j;
    }
  }
  __syncthreads();
  return true;
}

// A place in the order of likelihood: `equals` tokens of weight `bits` are at or before it, with all that are likelier.
struct Place {
  unsigned bits = 0;
  Count equals = 0;  // at least 1
  unsigned of = 0;   // so many tokens have that weight
  Count sum = 0;     // of the weights up to and with it
};

// The first place at which the sum (or count) of the likeliest tokens exceeds `limit`, which the total must. Of a place
// among weights that no sum sees, the sum alone is right.
template <bool by_sum>
__device__ Place find_place(const float* weights, int vocab, Count limit, SampleShared& s) {
  const int thread = static_cast<int>(threadIdx.x);
  if (thread < sample_bins) {
    const Count before = by_sum ? s.sums_before[thread] : s.counts_before[thread];
    const Count own = by_sum ? s.bins.sums[thread] : s.bins.counts[thread];
    if (before <= limit && limit < before + own) s.bin = thread;
  }
  __syncthreads();
  const int bin = s.bin;
  __syncthreads();
  Place place;
  place.sum = s.sums_before[bin];
  if (bin == 0) return place;
  const bool at_hand = list_bin(weights, vocab, bin, s);
  const int count = at_hand ? s.listed : vocab;
  unsigned prefix = static_cast<unsigned>(bin) - 1 + first_bin;
  Count sum_before = s.sums_before[bin];
  Count count_before = s.counts_before[bin];
#pragma unroll
  for (int shift = bin_shift - digit_bits; shift >= 0; shift -= digit_bits) {
    s.sums[thread] = 0, s.counts[thread] = 0;
    __syncthreads();
    // Neighbours that are equal go in together: of a flat row all would meet in one place.
    unsigned last = 0;
    Count last_sum = 0;
    unsigned last_count = 0;
    const auto put = [&] {
      if (last_count == 0) return;
      atomicAdd(&s.sums[last], last_sum);
      atomicAdd(&s.counts[last], last_count);
    };
#pragma unroll 4
    for (int i = thread; i < count; i += sample_threads) {
      const unsigned bits = at_hand ? s.list_bits[i] : __float_as_uint(weights[i]);
      if (bits >> (shift + digit_bits) != prefix) continue;
      const unsigned digit = bits >> shift & (sample_digits - 1);
      if (digit != last) put(), last = digit, last_sum = 0, last_count = 0;
      last_sum += fixed(__uint_as_float(bits));
      ++last_count;
    }
    put();
    __syncthreads();
    const int digit = sample_digits - 1 - thread;  // from the likeliest down
    const Count own_sum = s.sums[digit];
    const unsigned own_count = s.counts[digit];
    const Before before = sums_before(own_sum, own_count, s);
    const Count reached = by_sum ? sum_before + before.sum : count_before + before.count;
    if (reached <= limit && limit < reached + (by_sum ? own_sum : own_count)) {
      s.digit = static_cast<unsigned>(digit);
      s.found_sum = before.sum;
      s.found_count = before.count;
      s.found_own = own_count;
    }
    __syncthreads();
    prefix = prefix << digit_bits | s.digit;
    sum_before += s.found_sum;
    count_before += s.found_count;
    place.of = s.found_own;
  }
  place.bits = prefix;
  const Count each = fixed(__uint_as_float(prefix));  // at least 1
  place.equals = (by_sum ? (limit - sum_before) / each : limit - count_before) + 1;
  place.sum = sum_before + place.equals * each;
  return place;
}

// The token that is the `wanted`th, from 1 on, of a row's tokens of one weight: in the order of ids.
__device__ void equal_in_order(const float* weights, int vocab, unsigned bits, Count wanted, SampleShared& s) {
  const int stretch = (vocab + sample_threads - 1) / sample_threads;
  const int begin = min(static_cast<int>(threadIdx.x) * stretch, vocab);
  const int end = min(begin + stretch, vocab);
  unsigned own = 0;
  for (int i = begin; i < end; ++i) own += __float_as_uint(weights[i]) == bits ? 1 : 0;
  Count before = sums_before(0, own, s).count;
  if (before >= wanted || before + own < wanted) return;
  for (int i = begin; i < end; ++i) {
    if (__float_as_uint(weights[i]) == bits && ++before == wanted) s.id = i;
  }
}

// The id of the token at a place of find_place().
__device__ int token_at(const float* weights, int vocab, const Place& place, SampleShared& s) {
  const int bin = bin_of(place.bits);
  __syncthreads();
  if (place.of > sample_equals || bin < s.listed_low || bin > s.listed_high) {
    equal_in_order(weights, vocab, place.bits, place.equals, s);
    __syncthreads();
    return s.id;
  }
  if (threadIdx.x == 0) s.equals = 0;
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < s.listed; i += sample_threads) {
    if (s.list_bits[i] == place.bits) s.equal_ids[atomicAdd(&s.equals, 1)] = s.list_ids[i];
  }
  __syncthreads();
  if (threadIdx.x < place.of) {
    Count upto = 0;
    for (unsigned j = 0; j < place.of; ++j) upto += s.equal_ids[j] <= s.equal_ids[threadIdx.x] ? 1 : 0;
    if (upto == place.equals) s.id = s.equal_ids[threadIdx.x];
  }
  __syncthreads();
  return s.id;
}

// Many blocks share a row.
constexpr int sample_parts = 32;
constexpr int part_threads = 256;
static_assert(sample_parts == warp_size);
__device__ __forceinline__ int part_begin(int vocab, unsigned part) {
  return static_cast<int>(static_cast<std::int64_t>(vocab) * part / sample_parts);
}

// The first token, in the order of ids, at which the sum of all weights of at least `least` exceeds uniform of it.
// kept: those sums of the parts.
__device__ int draw_by_id(const float* weights, int vocab, float least, const Count* kept, double uniform,
                          SampleShared& s) {
  Count all = 0;
  for (int p = 0; p < sample_parts; ++p) all += kept[p];
  const Count limit = min(static_cast<Count>(uniform * static_cast<double>(all)), all - 1);
  Count before = 0;
  unsigned part = 0;
  while (before + kept[part] <= limit) before += kept[part++];
  const int first = part_begin(vocab, part);
  const int last = part_begin(vocab, part + 1);
  const int stretch = (last - first + sample_threads - 1) / sample_threads;
  const int begin = min(first + static_cast<int>(threadIdx.x) * stretch, last);
  const int end = min(begin + stretch, last);
  Count own = 0;
  for (int i = begin; i < end; ++i) own += weights[i] >= least ? fixed(weights[i]) : 0;
  before += sums_before(own, 0, s).sum;
  if (before <= limit && before + own > limit) {
    for (int i = begin; i < end; ++i) {
      const Count weight = weights[i] >= least ? fixed(weights[i]) : 0;
      if (before <= limit && before + weight > limit) s.id = i;
      before += weight;
    }
  }
  __syncthreads();
  return s.id;
}

__device__ int draw_by_rank(const float* weights, int vocab, const SampleBins& bins, const Count* kept,
                            const SampleRow& row, SampleShared& s) {
  Count total = take_bins(bins, s);
  if (row.top_k > 0 && row.top_k < vocab) {
    total = find_place<false>(weights, vocab, static_cast<Count>(row.top_k) - 1, s).sum;
  }
  if (row.top_p < 1.0f) {
    const auto wanted = static_cast<Count>(ceil(static_cast<double>(total) * static_cast<double>(row.top_p)));
    total = find_place<true>(weights, vocab, min(max(wanted, Count{1}), total) - 1, s).sum;
  }
  if (row.min_p > 0.0f) {  // the likeliest weight is 1; those at or above min_p are a beginning of the order too
    Count all = 0;
    for (int p = 0; p < sample_parts; ++p) all += kept[p];
    total = min(total, all);
  }
  const auto limit = min(static_cast<Count>(static_cast<double>(row.uniform) * static_cast<double>(total)), total - 1);
  return token_at(weights, vocab, find_place<true>(weights, vocab, limit, s), s);
}

__device__ SampleFault judge(float largest, bool bad) {
  if (bad) return SampleFault::nan;
  if (largest == INFINITY) return SampleFault::infinite;
  return largest == -INFINITY ? SampleFault::nothing : SampleFault::none;
}

struct Largest {
  float value = -INFINITY;
  std::int32_t id = INT_MAX;  // the lowest of equals
  __device__ __forceinline__ void see(float other, std::int32_t other_id) {
    if (other > value || (other == value && other_id < id)) value = other, id = other_id;
  }
  __device__ __forceinline__ void see_warp() {
#pragma unroll
    for (int step = warp_size / 2; step > 0; step /= 2) {
      const float other = __shfl_xor_sync(all_lanes, value, step);
      see(other, __shfl_xor_sync(all_lanes, id, step));
    }
  }
};

// Of a part of a row: what the whole is put together from.
struct SamplePart {
  Largest plain;
  Largest penalised;  // the same without a penalty
  double total;       // of exp(logit - largest)
  std::int32_t bad;   // a NaN was seen
};

// Of the whole row; called by whole warps, the same for every thread.
struct SampleWhole {
  Largest plain, penalised;
  SampleFault fault;
};
__device__ SampleWhole whole_of(const SamplePart& own) {
  SampleWhole whole{own.plain, own.penalised, SampleFault::none};
  whole.plain.see_warp();
  whole.penalised.see_warp();
  whole.fault = judge(whole.plain.value, __any_sync(all_lanes, own.bad) != 0);
  return whole;
}

struct SampleTask {
  const float* logits;
  std::int64_t stride;
  int vocab;
  const SampleRow* rows;  // null: they are given
  const std::int32_t* seen;
  SamplePart* parts;  // (B, sample_parts)
  Count* kept;        // (B, sample_parts)  sums of the weights that min-p keeps
  SampleBins* bins;   // (B)
  float* scores;      // (B, scores_stride)  penalised logits, then weights
  std::int64_t scores_stride;
};
[[maybe_unused]] __device__ __forceinline__ bool is_penalised(const SampleRow& row) {
  return row.penalty != 1.0f && row.seen_begin < row.seen_end;
}
[[maybe_unused]] __device__ __forceinline__ bool is_ranked(const SampleRow& row) {
  return row.scale != 0.0f && (row.top_k != 0 || row.top_p != 1.0f);
}

// Grid (sample_parts, B).
__global__ void __launch_bounds__(part_threads)
    sample_parts_kernel(const __grid_constant__ SampleTask task, const __grid_constant__ SampleRows given) {
  constexpr int warps = part_threads / warp_size;
  __shared__ Largest largest_room[warps];
  __shared__ double total_room[warps];
  wait_for_previous();
  const SampleRow row = task.rows == nullptr ? given.rows[blockIdx.y] : task.rows[blockIdx.y];
  const float* logits = task.logits + blockIdx.y * task.stride;
  const int thread = static_cast<int>(threadIdx.x);
  const int warp = thread / warp_size;
  const int lane = thread % warp_size;
  const int begin = part_begin(task.vocab, blockIdx.x);
  const int end = part_begin(task.vocab, blockIdx.x + 1);
  if (is_ranked(row)) {
    auto* words = reinterpret_cast<unsigned*>(task.bins + blockIdx.y);
    constexpr int words_of_bins = sizeof(SampleBins) / sizeof(unsigned);
    for (int i = static_cast<int>(blockIdx.x) * part_threads + thread; i < words_of_bins;
         i += sample_parts * part_threads) {
      words[i] = 0;
    }
  }
  const auto largest_of_block = [&](Largest largest) {
    largest.see_warp();
    if (lane == 0) largest_room[warp] = largest;
    __syncthreads();
    for (int w = 0; w < warps; ++w) largest.see(largest_room[w].value, largest_room[w].id);
    __syncthreads();
    return largest;
  };
  Largest plain;
  int bad = 0;
  for (int i = begin + thread; i < end; i += part_threads) {
    const float logit = logits[i];
    bad |= isnan(logit) ? 1 : 0;
    plain.see(logit, i);
  }
  bad = __syncthreads_or(bad);
  plain = largest_of_block(plain);
  double total = 0.0;
  for (int i = begin + thread; i < end; i += part_threads) {
    total += static_cast<double>(plain.value == -INFINITY ? 0.0f : expf(logits[i] - plain.value));
  }
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) total += __shfl_xor_sync(all_lanes, total, step);
  if (lane == 0) total_room[warp] = total;
  Largest penalised = plain;
  if (is_penalised(row)) {
    float* scores = task.scores + blockIdx.y * task.scores_stride;
    for (int i = begin + thread; i < end; i += part_threads) scores[i] = logits[i];
    __syncthreads();
    for (int i = row.seen_begin + thread; i < row.seen_end; i += part_threads) {
      const std::int32_t id = task.seen[i];
      if (id < begin || id >= end || isinf(scores[id])) continue;  // forbidden, and stays so
      const float scaled = scores[id] > 0.0f ? scores[id] / row.penalty : scores[id] * row.penalty;
      scores[id] = fminf(fmaxf(scaled, -3.402823466e38f), 3.402823466e38f);
    }
    __syncthreads();
    penalised = {};
    for (int i = begin + thread; i < end; i += part_threads) penalised.see(scores[i], i);
    penalised = largest_of_block(penalised);
  }
  __syncthreads();
  if (thread != 0) return;
  for (int w = 1; w < warps; ++w) total += total_room[w];
  task.parts[blockIdx.y * sample_parts + blockIdx.x] = {plain, penalised, total, bad};
}

// Weights of the rows that are drawn. Grid (sample_parts, B).
__global__ void __launch_bounds__(part_threads)
    sample_weights_kernel(const __grid_constant__ SampleTask task, const __grid_constant__ SampleRows given) {
  __shared__ SampleBins bins;
  __shared__ Count room[part_threads / warp_size];
  wait_for_previous();
  const SampleRow row = task.rows == nullptr ? given.rows[blockIdx.y] : task.rows[blockIdx.y];
  if (row.scale == 0.0f) return;
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % warp_size;
  const SampleWhole whole = whole_of(task.parts[blockIdx.y * sample_parts + lane]);
  if (whole.fault != SampleFault::none) return;
  const bool ranked = is_ranked(row);
  if (ranked) {
    for (int i = thread; i < sample_bins; i += part_threads) bins.sums[i] = 0, bins.counts[i] = 0;
    __syncthreads();
  }
  float* weights = task.scores + blockIdx.y * task.scores_stride;
  const float* logits = is_penalised(row) ? weights : task.logits + blockIdx.y * task.stride;
  const int end = part_begin(task.vocab, blockIdx.x + 1);
  Count own = 0;
  for (int i = part_begin(task.vocab, blockIdx.x) + thread; i < end; i += part_threads) {
    const float weight = expf((logits[i] - whole.penalised.value) * row.scale);
    weights[i] = weight;
    const Count sum = fixed(weight);
    if (weight >= row.min_p) own += sum;
    if (!ranked) continue;
    const int bin = bin_of(__float_as_uint(weight));
    atomicAdd(&bins.counts[bin], 1u);
    if (sum != 0) atomicAdd(&bins.sums[bin], sum);
  }
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) own += __shfl_xor_sync(all_lanes, own, step);
  if (lane == 0) room[thread / warp_size] = own;
  __syncthreads();
  if (thread == 0) {
    for (int w = 1; w < part_threads / warp_size; ++w) own += room[w];
    task.kept[blockIdx.y * sample_parts + blockIdx.x] = own;
  }
  if (!ranked) return;
  SampleBins& all = task.bins[blockIdx.y];
  for (int i = thread; i < sample_bins; i += part_threads) {
    if (bins.counts[i] == 0) continue;
    atomicAdd(&all.counts[i], bins.counts[i]);
    atomicAdd(&all.sums[i], bins.sums[i]);
  }
}

// Grid (B).
__global__ void __launch_bounds__(sample_threads)
    sample_rows_kernel(const __grid_constant__ SampleTask task, const __grid_constant__ SampleRows given,
                       volatile SampleResult* results, std::int32_t* drawn, std::uint32_t turn) {
  __shared__ SampleShared s;
  wait_for_previous();
  const SampleRow row = task.rows == nullptr ? given.rows[blockIdx.x] : task.rows[blockIdx.x];
  const SamplePart part = task.parts[blockIdx.x * sample_parts + threadIdx.x % warp_size];
  const SampleWhole whole = whole_of(part);
  int token = 0;
  if (whole.fault == SampleFault::none) {
    const float* weights = task.scores + blockIdx.x * task.scores_stride;
    const Count* kept = task.kept + blockIdx.x * sample_parts;
    token = row.scale == 0.0f ? whole.penalised.id
            : is_ranked(row)  ? draw_by_rank(weights, task.vocab, task.bins[blockIdx.x], kept, row, s)
                              : draw_by_id(weights, task.vocab, row.min_p, kept, static_cast<double>(row.uniform), s);
  }
  if (threadIdx.x >= warp_size) return;
  const auto largest = static_cast<double>(whole.plain.value);
  double total = part.total * exp(static_cast<double>(part.plain.value) - largest);
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) total += __shfl_xor_sync(all_lanes, total, step);
  if (threadIdx.x != 0) return;
  const bool good = whole.fault == SampleFault::none;
  const double below = good ? static_cast<double>(task.logits[blockIdx.x * task.stride + token]) - largest : 0.0;
  drawn[blockIdx.x] = token;
  volatile SampleResult& to = results[blockIdx.x];
  to.token = token;
  to.log_prob = good ? static_cast<float>(below - log(total)) : 0.0f;
  to.fault = whole.fault;
  __threadfence_system();
  to.turn = turn;
}

std::vector<SampleRow> sample_rows(const SampleArgs& args, std::vector<std::int32_t>& seen) {
  std::vector<SampleRow> rows;
  for (std::size_t i = 0; i < args.params.size(); ++i) {
    const SampleParams& p = args.params[i];
    SampleRow row{.top_k = p.top_k, .top_p = p.top_p, .min_p = p.min_p, .penalty = p.repetition_penalty};
    if (p.temperature > 0.0f) {
      row.scale = static_cast<float>(
          std::min(1.0 / static_cast<double>(p.temperature), double{std::numeric_limits<float>::max()}));
      row.uniform = args.uniform[i];
    }
    row.seen_begin = static_cast<std::int32_t>(seen.size());
    if (!args.seen.empty() && p.repetition_penalty != 1.0f) {
      seen.insert(seen.end(), args.seen[i].begin(), args.seen[i].end());
    }
    row.seen_end = static_cast<std::int32_t>(seen.size());
    rows.push_back(row);
  }
  return rows;
}

// Places in scratch memory, one behind the other.
struct Cutter {
  std::size_t end = 0;
  std::size_t operator()(std::size_t bytes) {
    const std::size_t begin = end;
    end += (bytes + 255) / 256 * 256;
    return begin;
  }
};

void raise(SampleFault fault, std::size_t row) {
  if (fault == SampleFault::none) return;
  const char* what = fault == SampleFault::nan        ? "a logit is NaN"
                     : fault == SampleFault::infinite ? "a logit is +infinity"
                                                      : "all logits are -infinity";
  throw NumericError("sample: row " + std::to_string(row) + ": " + what + ", want finite logits");
}

}  // namespace

// Logits may be on the CPU as well: they are brought here then.
void sample_begin(Stream& stream, const SampleArgs& args) {
  CudaStream& on = backend(stream);
  const auto count = static_cast<std::size_t>(args.logits.shape[0]);
  const std::int64_t stride = args.logits.shape[1];
  const auto vocab = static_cast<std::size_t>(args.vocab_size == 0 ? stride : args.vocab_size);
  if (count > CudaStream::most_drawn) {
    throw ArgumentError("sample: " + std::to_string(count) + " rows, want at most " +
                        std::to_string(CudaStream::most_drawn));
  }
  std::vector<std::int32_t> seen;
  const std::vector<SampleRow> rows = sample_rows(args, seen);
  const bool here = args.logits.where == DeviceKind::cuda;
  Cutter cut;
  const std::size_t parts_at = cut(count * sample_parts * sizeof(SamplePart));
  const std::size_t kept_at = cut(count * sample_parts * sizeof(Count));
  const std::size_t bins_at = cut(count * sizeof(SampleBins));
  const std::size_t rows_at = cut(count * sizeof(SampleRow));
  const std::size_t seen_at = cut(seen.size() * sizeof(std::int32_t));
  const std::size_t scores_stride = (vocab + 3) / 4 * 4;
  const std::size_t scores_at = cut(count * scores_stride * sizeof(float));
  const std::size_t logits_at = cut(here ? 0 : args.logits.bytes());
  auto* memory = static_cast<std::byte*>(stream.scratch(cut.end));
  SampleRows given{};
  const bool few = count <= sample_given;
  if (few) {
    std::copy(rows.begin(), rows.end(), given.rows);
  } else {
    on.upload(memory + rows_at, rows.data(), rows.size() * sizeof(SampleRow));
  }
  if (!seen.empty()) on.upload(memory + seen_at, seen.data(), seen.size() * sizeof(std::int32_t));
  const float* logits = args.logits.as<float>();
  if (!here) {
    on.upload(memory + logits_at, logits, args.logits.bytes());
    logits = reinterpret_cast<float*>(memory + logits_at);
  }
  const SampleTask task{.logits = logits,
                        .stride = stride,
                        .vocab = static_cast<int>(vocab),
                        .rows = few ? nullptr : reinterpret_cast<const SampleRow*>(memory + rows_at),
                        .seen = reinterpret_cast<const std::int32_t*>(memory + seen_at),
                        .parts = reinterpret_cast<SamplePart*>(memory + parts_at),
                        .kept = reinterpret_cast<Count*>(memory + kept_at),
                        .bins = reinterpret_cast<SampleBins*>(memory + bins_at),
                        .scores = reinterpret_cast<float*>(memory + scores_at),
                        .scores_stride = static_cast<std::int64_t>(scores_stride)};
  const auto batch = static_cast<unsigned>(count);
  const std::uint32_t turn = on.begin_drawing(count);
  const Launch shared{.grid = dim3(sample_parts, batch), .block = dim3(part_threads), .overlaps = true};
  launch(on, "sample parts", shared, sample_parts_kernel, task, given);
  if (std::ranges::any_of(rows, [](const SampleRow& row) { return row.scale != 0.0f; })) {
    launch(on, "sample weights", shared, sample_weights_kernel, task, given);
  }
  launch(on, "sample", {.grid = dim3(batch), .block = dim3(sample_threads), .overlaps = true}, sample_rows_kernel, task,
         given, static_cast<SampleResult*>(on.answer()), on.drawn(), turn);
}

void sample_end(Stream& stream, std::span<std::int32_t> tokens, std::span<float> log_probs, bool patient) {
  static_assert(CudaStream::most_drawn * sizeof(SampleResult) <= CudaStream::answer_bytes);
  CudaStream& on = backend(stream);
  if (tokens.size() != on.drawn_rows() || log_probs.size() != tokens.size()) {
    throw ArgumentError("sample_end: room for " + std::to_string(tokens.size()) + " tokens and " +
                        std::to_string(log_probs.size()) + " log probabilities, want " +
                        std::to_string(on.drawn_rows()) + ", one per row that was begun");
  }
  const auto* results = static_cast<const volatile SampleResult*>(on.answer());
  std::size_t bad = tokens.size();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    on.wait_until(patient, [&] { return results[i].turn == on.drawing(); });
    tokens[i] = results[i].token;
    log_probs[i] = results[i].log_prob;
    if (results[i].fault != SampleFault::none) bad = std::min(bad, i);
  }
  if (!patient) on.settle();
  if (bad < tokens.size()) raise(results[bad].fault, bad);
}

}  // namespace holdfast::cuda
