// One block per row. Nothing is sorted: weights w = exp((logit - largest) / temperature) lie in [0, 1], so that the
// bits of w order them, and where a count or a sum over the likeliest tokens passes a limit is found digit by digit,
// from histograms of eight bits. Sums are integers (w times 2^40), so that the order of additions does not matter and
// the same call gives the same token, always.
#include <climits>
#include <cmath>
#include <cstring>
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

struct SampleShared {
  Count sums[256];
  Count counts[256];
  Count warp_sums[sample_warps];
  float warp_floats[sample_warps];
  Count found_sum;
  Count found_count;
  unsigned digit;
  int id;
  int bad;
};

__device__ __forceinline__ Count fixed(float weight) { return static_cast<Count>(weight * 0x1p40f); }

__device__ float sample_max(float value, SampleShared& s) {
  value = warp_max(value);
  if (threadIdx.x % warp_size == 0) s.warp_floats[threadIdx.x / warp_size] = value;
  __syncthreads();
  float all = s.warp_floats[0];
  for (int w = 1; w < sample_warps; ++w) all = fmaxf(all, s.warp_floats[w]);
  __syncthreads();
  return all;
}

// Sum over the threads before this one, and over all of them.
__device__ Count sample_sum_before(Count value, SampleShared& s, Count& all) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  Count upto = value;
#pragma unroll
  for (int step = 1; step < warp_size; step *= 2) {
    const Count other = __shfl_up_sync(all_lanes, upto, step);
    if (lane >= step) upto += other;
  }
  if (lane == warp_size - 1) s.warp_sums[threadIdx.x / warp_size] = upto;
  __syncthreads();
  Count before = 0;
  all = 0;
  for (int w = 0; w < sample_warps; ++w) {
    if (w < static_cast<int>(threadIdx.x) / warp_size) before += s.warp_sums[w];
    all += s.warp_sums[w];
  }
  __syncthreads();
  return before + upto - value;
}

// A place in the order of likelihood: `equals` tokens of weight `bits` are at or before it, with all that are likelier.
struct Place {
  unsigned bits = 0;
  Count equals = 0;  // at least 1
  Count sum = 0;     // of the weights up to and with it
};

// The first place at which the sum (or count) of the likeliest tokens exceeds `limit`, which the total must.
template <bool by_sum>
__device__ Place find_place(const float* weights, int vocab, Count limit, SampleShared& s) {
  unsigned prefix = 0;
  Count sum_before = 0;
  Count count_before = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    for (int i = static_cast<int>(threadIdx.x); i < 256; i += sample_threads) s.sums[i] = s.counts[i] = 0;
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < vocab; i += sample_threads) {
      const unsigned bits = __float_as_uint(weights[i]);
      if (shift < 24 && bits >> (shift + 8) != prefix) continue;
      const unsigned digit = bits >> shift & 255u;
      atomicAdd(&s.sums[digit], fixed(weights[i]));
      atomicAdd(&s.counts[digit], Count{1});
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      int digit = 255;
      for (; digit > 0; --digit) {
        const Count reached = by_sum ? sum_before + s.sums[digit] : count_before + s.counts[digit];
        if (reached > limit) break;
        sum_before += s.sums[digit];
        count_before += s.counts[digit];
      }
      s.digit = static_cast<unsigned>(digit);
      s.found_sum = sum_before;
      s.found_count = count_before;
    }
    __syncthreads();
    prefix = prefix << 8 | s.digit;
    sum_before = s.found_sum;
    count_before = s.found_count;
    __syncthreads();
  }
  Place place;
  place.bits = prefix;
  const Count each = fixed(__uint_as_float(prefix));
  const Count into = limit - (by_sum ? sum_before : count_before);
  place.equals = (by_sum ? (each == 0 ? 0 : into / each) : into) + 1;
  place.sum = sum_before + place.equals * each;
  return place;
}

// The id of the token at a place.
__device__ int token_at(const float* weights, int vocab, const Place& place, SampleShared& s) {
  const int stretch = (vocab + sample_threads - 1) / sample_threads;
  const int begin = min(static_cast<int>(threadIdx.x) * stretch, vocab);
  const int end = min(begin + stretch, vocab);
  Count own = 0;
  for (int i = begin; i < end; ++i) own += __float_as_uint(weights[i]) == place.bits ? 1 : 0;
  Count all = 0;
  Count before = sample_sum_before(own, s, all);
  if (before < place.equals && before + own >= place.equals) {
    for (int i = begin; i < end; ++i) {
      if (__float_as_uint(weights[i]) == place.bits && ++before == place.equals) s.id = i;
    }
  }
  __syncthreads();
  return s.id;
}

// The first token, in the order of ids, at which the sum of all weights of at least `least` exceeds uniform of it.
__device__ int draw_by_id(const float* weights, int vocab, float least, double uniform, SampleShared& s) {
  const int stretch = (vocab + sample_threads - 1) / sample_threads;
  const int begin = min(static_cast<int>(threadIdx.x) * stretch, vocab);
  const int end = min(begin + stretch, vocab);
  Count own = 0;
  for (int i = begin; i < end; ++i) own += weights[i] >= least ? fixed(weights[i]) : 0;
  Count all = 0;
  Count before = sample_sum_before(own, s, all);
  const Count limit = min(static_cast<Count>(uniform * static_cast<double>(all)), all - 1);
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

__device__ int draw_by_rank(const float* weights, int vocab, Count total, const SampleRow& row, SampleShared& s) {
  if (row.top_k > 0 && row.top_k < vocab) {
    total = find_place<false>(weights, vocab, static_cast<Count>(row.top_k) - 1, s).sum;
  }
  if (row.top_p < 1.0f) {
    const auto wanted = static_cast<Count>(ceil(static_cast<double>(total) * static_cast<double>(row.top_p)));
    total = find_place<true>(weights, vocab, min(max(wanted, Count{1}), total) - 1, s).sum;
  }
  if (row.min_p > 0.0f) {  // the likeliest weight is 1; those at or above min_p are a beginning of the order too
    Count own = 0;
    for (int i = static_cast<int>(threadIdx.x); i < vocab; i += sample_threads) {
      own += weights[i] >= row.min_p ? fixed(weights[i]) : 0;
    }
    Count all = 0;
    (void)sample_sum_before(own, s, all);
    total = min(total, all);
  }
  const auto limit = min(static_cast<Count>(static_cast<double>(row.uniform) * static_cast<double>(total)), total - 1);
  return token_at(weights, vocab, find_place<true>(weights, vocab, limit, s), s);
}

// Lowest id of the largest score.
__device__ int first_of(const float* scores, int vocab, float largest, SampleShared& s) {
  if (threadIdx.x == 0) s.id = vocab;
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < vocab; i += sample_threads) {
    if (scores[i] == largest) {
      atomicMin(&s.id, i);
      break;
    }
  }
  __syncthreads();
  return s.id;
}

__device__ SampleFault judge(float largest, int bad) {
  if (bad != 0) return SampleFault::nan;
  if (largest == INFINITY) return SampleFault::infinite;
  return largest == -INFINITY ? SampleFault::nothing : SampleFault::none;
}

// Of a part of a row: what the whole is put together from.
struct SamplePart {
  float largest;
  std::int32_t first;  // id of the largest
  double total;        // of exp(logit - largest)
  std::int32_t bad;    // a NaN was seen
};
constexpr int sample_parts = 32;
constexpr int part_threads = 256;

// Grid (sample_parts, B).
__global__ void __launch_bounds__(part_threads)
    sample_parts_kernel(const float* logits, std::int64_t stride, int vocab, SamplePart* parts) {
  __shared__ float largest_room[part_threads / warp_size];
  __shared__ int first_room[part_threads / warp_size];
  __shared__ double total_room[part_threads / warp_size];
  wait_for_previous();
  logits += blockIdx.y * stride;
  const int begin = static_cast<int>(static_cast<std::int64_t>(vocab) * blockIdx.x / sample_parts);
  const int end = static_cast<int>(static_cast<std::int64_t>(vocab) * (blockIdx.x + 1) / sample_parts);
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  float largest = -INFINITY;
  int first = INT_MAX;
  int bad = 0;
  for (int i = begin + static_cast<int>(threadIdx.x); i < end; i += part_threads) {
    const float logit = logits[i];
    bad |= isnan(logit) ? 1 : 0;
    if (logit > largest || first == INT_MAX) largest = logit, first = i;
  }
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) {
    const float other = __shfl_xor_sync(all_lanes, largest, step);
    const int id = __shfl_xor_sync(all_lanes, first, step);
    if (other > largest || (other == largest && id < first)) largest = other, first = id;
  }
  if (lane == 0) largest_room[warp] = largest, first_room[warp] = first;
  bad = __syncthreads_or(bad);
  largest = largest_room[0];
  first = first_room[0];
  for (int w = 1; w < part_threads / warp_size; ++w) {
    if (largest_room[w] > largest || (largest_room[w] == largest && first_room[w] < first)) {
      largest = largest_room[w], first = first_room[w];
    }
  }
  double total = 0.0;
  for (int i = begin + static_cast<int>(threadIdx.x); i < end; i += part_threads) {
    total += static_cast<double>(largest == -INFINITY ? 0.0f : expf(logits[i] - largest));
  }
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) total += __shfl_xor_sync(all_lanes, total, step);
  if (lane == 0) total_room[warp] = total;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int w = 1; w < part_threads / warp_size; ++w) total += total_room[w];
  parts[blockIdx.y * sample_parts + blockIdx.x] = {largest, first, total, bad};
}

// scores: (B, V) scratch. Grid (B).
__global__ void __launch_bounds__(sample_threads)
    sample_rows_kernel(const float* logits, std::int64_t stride, int vocab, const SampleRow* rows,
                       const __grid_constant__ SampleRows given, const std::int32_t* seen, const SamplePart* parts,
                       float* scores, volatile SampleResult* results, std::int32_t* drawn, std::uint32_t turn) {
  __shared__ SampleShared s;
  const auto answer = [&](int token, float log_prob, SampleFault fault) {
    if (threadIdx.x != 0) return;
    drawn[blockIdx.x] = token;
    volatile SampleResult& to = results[blockIdx.x];
    to.token = token;
    to.log_prob = log_prob;
    to.fault = fault;
    __threadfence_system();
    to.turn = turn;
  };
  wait_for_previous();
  const SampleRow row = rows == nullptr ? given.rows[blockIdx.x] : rows[blockIdx.x];
  logits += blockIdx.x * stride;
  scores += static_cast<std::int64_t>(blockIdx.x) * vocab;
  parts += blockIdx.x * sample_parts;
  float largest = -INFINITY;
  int first = 0;
  int bad = 0;
  for (int p = 0; p < sample_parts; ++p) {
    bad |= parts[p].bad;
    if (parts[p].largest > largest) largest = parts[p].largest, first = parts[p].first;
  }
  const SampleFault fault = judge(largest, bad);
  if (fault != SampleFault::none) {
    return answer(0, 0.0f, fault);
  }
  double plain_total = 0.0;
  for (int p = 0; p < sample_parts; ++p) {
    plain_total += parts[p].total * exp(static_cast<double>(parts[p].largest) - static_cast<double>(largest));
  }
  const bool penalised = row.penalty != 1.0f && row.seen_begin < row.seen_end;
  if (row.scale == 0.0f && !penalised) {
    return answer(first, static_cast<float>(-log(plain_total)), SampleFault::none);
  }
  if (threadIdx.x == 0) s.id = 0;
  for (int i = static_cast<int>(threadIdx.x); i < vocab; i += sample_threads) scores[i] = logits[i];
  __syncthreads();
  float top = largest;
  if (penalised) {
    for (int i = row.seen_begin + static_cast<int>(threadIdx.x); i < row.seen_end; i += sample_threads) {
      if (seen[i] >= vocab) continue;
      const float logit = scores[seen[i]];
      if (isinf(logit)) continue;  // forbidden, and stays so
      const float scaled = logit > 0.0f ? logit / row.penalty : logit * row.penalty;
      scores[seen[i]] = fminf(fmaxf(scaled, -3.402823466e38f), 3.402823466e38f);
    }
    __syncthreads();
    top = -INFINITY;
    for (int i = static_cast<int>(threadIdx.x); i < vocab; i += sample_threads) top = fmaxf(top, scores[i]);
    top = sample_max(top, s);
  }
  int token = 0;
  if (row.scale == 0.0f) {
    token = first_of(scores, vocab, top, s);
  } else {
    Count total = 0;
    Count part = 0;
    for (int i = static_cast<int>(threadIdx.x); i < vocab; i += sample_threads) {
      scores[i] = expf((scores[i] - top) * row.scale);
      part += fixed(scores[i]);
    }
    (void)sample_sum_before(part, s, total);
    token = row.top_k == 0 && row.top_p == 1.0f
                ? draw_by_id(scores, vocab, row.min_p, static_cast<double>(row.uniform), s)
                : draw_by_rank(scores, vocab, total, row, s);
  }
  const double below = static_cast<double>(logits[token]) - static_cast<double>(largest);
  answer(token, static_cast<float>(below - log(plain_total)), SampleFault::none);
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
  const std::size_t rows_at = cut(count * sizeof(SampleRow));
  const std::size_t seen_at = cut(seen.size() * sizeof(std::int32_t));
  const std::size_t scores_at = cut(count * vocab * sizeof(float));
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
  auto* parts = reinterpret_cast<SamplePart*>(memory + parts_at);
  const auto batch = static_cast<unsigned>(count);
  const std::uint32_t turn = on.begin_drawing(count);
  launch(on, "sample parts", {.grid = dim3(sample_parts, batch), .block = dim3(part_threads), .overlaps = true},
         sample_parts_kernel, logits, stride, static_cast<int>(vocab), parts);
  launch(on, "sample", {.grid = dim3(batch), .block = dim3(sample_threads), .overlaps = true}, sample_rows_kernel,
         logits, stride, static_cast<int>(vocab), few ? nullptr : reinterpret_cast<const SampleRow*>(memory + rows_at),
         given, reinterpret_cast<const std::int32_t*>(memory + seen_at), parts,
         reinterpret_cast<float*>(memory + scores_at), static_cast<SampleResult*>(on.answer()), on.drawn(), turn);
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
