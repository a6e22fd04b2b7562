// Drawing without sorting the vocabulary. Weights w = exp((logit - largest) / temperature) lie in [0, 1]; a histogram
// over the leading bits of w (a float's bits are in the order of its values) finds the bin in which top-k or top-p
// ends, and only the tokens from that bin up are sorted.
#include "kernels/sample.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/error.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/sample.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {

// The largest of count >= 1 values; NaN if one of them is NaN.
float sample_largest(const float* values, std::int64_t count) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto largest = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto nan = hn::Zero(d);  // becomes other than zero in the lanes that see one
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto v = hn::LoadU(d, values + i);
    nan = hn::Or(nan, hn::VecFromMask(d, hn::IsNaN(v)));  // Ne(v, v) would not do: it is false for NaN on x86
    largest = hn::Max(largest, v);
  }
  if (!hn::AllTrue(d, hn::Eq(nan, hn::Zero(d)))) return std::numeric_limits<float>::quiet_NaN();
  float result = hn::GetLane(hn::MaxOfLanes(d, largest));
  for (; i < count; ++i) {
    if (std::isnan(values[i])) return values[i];
    result = std::max(result, values[i]);
  }
  return result;
}

// weights[i] = exp((values[i] - largest) * scale); returns their sum. Blocks keep the sum exact to about 1e-6.
double sample_weights(const float* values, std::int64_t count, float largest, float scale, float* weights) {
  constexpr std::int64_t block = 1024;
  double total = 0.0;
  for (std::int64_t begin = 0; begin < count; begin += block) {
    const Wide d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const std::int64_t end = std::min(count, begin + block);
    auto sum = hn::Zero(d);
    std::int64_t i = begin;
    const auto weight = [&](auto tag, std::int64_t at) HWY_ATTR {
      const auto below = hn::Sub(hn::LoadU(tag, values + at), hn::Set(tag, largest));
      const auto w = hn::Exp(tag, hn::Mul(below, hn::Set(tag, scale)));
      if (weights != nullptr) hn::StoreU(w, tag, weights + at);
      return w;
    };
    for (; i + lanes <= end; i += lanes) sum = hn::Add(sum, weight(d, i));
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
    for (; i < end; ++i) total += static_cast<double>(hn::GetLane(weight(Single(), i)));
  }
  return total;
}

// The first index from `begin` on whose value is above `bar`, else count. Four registers are looked at together: in a
// row of logits few values are.
std::int64_t sample_first_above(const float* values, std::int64_t begin, std::int64_t count, float bar) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto limit = hn::Set(d, bar);
  std::int64_t i = begin;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    const auto a = hn::Max(hn::LoadU(d, values + i), hn::LoadU(d, values + i + lanes));
    const auto b = hn::Max(hn::LoadU(d, values + i + 2 * lanes), hn::LoadU(d, values + i + 3 * lanes));
    if (!hn::AllFalse(d, hn::Gt(hn::Max(a, b), limit))) break;
  }
  while (i < count && !(values[i] > bar)) ++i;
  return i;
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast {
namespace cpu {
namespace {

HWY_EXPORT(sample_largest);
HWY_EXPORT(sample_weights);
HWY_EXPORT(sample_first_above);

float largest_of(std::span<const float> values) {
  return HWY_DYNAMIC_DISPATCH(sample_largest)(values.data(), std::ssize(values));
}

// The largest logit of a row that is fit to be drawn from.
float checked_largest(std::span<const float> logits, const std::string& who) {
  const float largest = largest_of(logits);
  if (std::isfinite(largest)) return largest;
  const char* what = std::isnan(largest) ? "a logit is NaN"
                     : largest > 0.0f    ? "a logit is +infinity"
                                         : "all logits are -infinity";
  throw NumericError(who + ": " + what + ", want finite logits");
}

double log_sum(std::span<const float> logits, float largest) {
  return std::log(HWY_DYNAMIC_DISPATCH(sample_weights)(logits.data(), std::ssize(logits), largest, 1.0f, nullptr));
}

struct Candidate {
  float weight;
  std::int32_t id;
};
bool likelier(const Candidate& a, const Candidate& b) noexcept {
  return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
}

// The n likeliest of a row, likeliest first. A heap whose front is the least likely of them sets the bar for the rest
// of the row; ids rise, so of equals the ones already in stay.
std::vector<Candidate> likeliest(std::span<const float> logits, std::size_t n) {
  std::vector<Candidate> heap;
  heap.reserve(n);
  for (std::size_t i = 0; i < n; ++i) heap.push_back({logits[i], static_cast<std::int32_t>(i)});
  std::make_heap(heap.begin(), heap.end(), likelier);
  for (std::int64_t i = std::ssize(heap); n > 0; ++i) {
    i = HWY_DYNAMIC_DISPATCH(sample_first_above)(logits.data(), i, std::ssize(logits), heap.front().weight);
    if (i == std::ssize(logits)) break;
    std::pop_heap(heap.begin(), heap.end(), likelier);
    heap.back() = {logits[static_cast<std::size_t>(i)], static_cast<std::int32_t>(i)};
    std::push_heap(heap.begin(), heap.end(), likelier);
  }
  std::sort_heap(heap.begin(), heap.end(), likelier);
  return heap;
}

// Bins of equal leading bits: sign, exponent and five bits of the fraction, so a bin spans about 3 %.
constexpr int bin_shift = 18;
constexpr std::size_t bin_count = (std::bit_cast<std::uint32_t>(1.0f) >> bin_shift) + 1;
std::size_t bin_of(float weight) noexcept {
  return std::min<std::size_t>(std::bit_cast<std::uint32_t>(weight) >> bin_shift, bin_count - 1);
}

// The tokens that may survive top-k and top-p: all from the bin in which the first of the two is reached, upward.
std::vector<Candidate> candidates(std::span<const float> weights, double total, const SampleParams& params) {
  std::array<std::int64_t, bin_count> counts{};
  std::array<double, bin_count> sums{};
  for (const float weight : weights) {
    ++counts[bin_of(weight)];
    sums[bin_of(weight)] += static_cast<double>(weight);
  }
  // With top-k its count alone decides, since top-p is then of a sum that is known only when all k are. Otherwise a
  // little more than top_p of the sum, so that the rounding of sums never leaves a survivor out.
  const bool by_count = params.top_k > 0;
  const std::int64_t most = by_count ? params.top_k : std::ssize(weights);
  const double wanted = by_count ? 2.0 * total : total * (static_cast<double>(params.top_p) + 1e-5);
  std::size_t bin = bin_count - 1;
  std::int64_t count = counts[bin];
  double sum = sums[bin];
  while (bin > 0 && count < most && sum < wanted) {
    --bin;
    count += counts[bin];
    sum += sums[bin];
  }
  std::vector<Candidate> found;
  found.reserve(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (bin_of(weights[i]) >= bin) found.push_back({weights[i], static_cast<std::int32_t>(i)});
  }
  return found;
}

// Cuts sorted candidates to what top-k, then top-p, then min-p leave.
void cut(std::vector<Candidate>& sorted, double total, const SampleParams& params) {
  if (params.top_k > 0 && static_cast<std::size_t>(params.top_k) < sorted.size()) {
    sorted.resize(static_cast<std::size_t>(params.top_k));
  }
  if (params.top_p < 1.0f) {
    if (params.top_k > 0) {  // top-p is of what top-k has left
      total = 0.0;
      for (const Candidate& candidate : sorted) total += static_cast<double>(candidate.weight);
    }
    double before = 0.0;
    std::size_t kept = 0;
    while (kept < sorted.size() && before < total * static_cast<double>(params.top_p)) {
      before += static_cast<double>(sorted[kept++].weight);
    }
    sorted.resize(kept);
  }
  const float least = params.min_p * sorted.front().weight;
  while (sorted.back().weight < least) sorted.pop_back();
}

// The first candidate whose share of the running sum passes `uniform`.
std::int32_t draw(std::span<const Candidate> kept, double uniform) {
  double total = 0.0;
  for (const Candidate& candidate : kept) total += static_cast<double>(candidate.weight);
  double left = uniform * total;
  for (const Candidate& candidate : kept) {
    left -= static_cast<double>(candidate.weight);
    if (left < 0.0) return candidate.id;
  }
  return kept.front().id;  // rounding used up the sum: as good as any, and never a token of weight 0
}

// Without filters all tokens are in, and no list of them is made.
std::int32_t draw_any(std::span<const float> weights, double total, double uniform) {
  double left = uniform * total;
  std::int32_t last = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0.0f) continue;
    last = static_cast<std::int32_t>(i);
    left -= static_cast<double>(weights[i]);
    if (left < 0.0) break;
  }
  return last;
}

void penalise(std::span<float> logits, std::span<const std::int32_t> seen, float penalty) {
  for (const std::int32_t id : seen) {
    if (static_cast<std::size_t>(id) >= logits.size()) break;  // padding, and seen is sorted
    float& logit = logits[static_cast<std::size_t>(id)];
    if (!std::isfinite(logit)) continue;  // -infinity: forbidden, and stays so
    constexpr float limit = std::numeric_limits<float>::max();
    logit = std::clamp(logit > 0.0f ? logit / penalty : logit * penalty, -limit, limit);
  }
}

// `scores`: scratch of the row's length.
std::int32_t sample_row(std::span<const float> logits, const SampleParams& params, std::span<const std::int32_t> seen,
                        double uniform, float largest, std::span<float> scores) {
  const bool penalised = params.repetition_penalty != 1.0f && !seen.empty();
  if (penalised) {
    std::copy(logits.begin(), logits.end(), scores.begin());
    penalise(scores, seen, params.repetition_penalty);
    logits = scores;
    largest = largest_of(scores);
  }
  if (params.temperature == 0.0f) {
    return static_cast<std::int32_t>(std::find(logits.begin(), logits.end(), largest) - logits.begin());
  }
  // Exact in double before it is rounded: a tiny temperature must not become infinity times zero.
  const auto scale = static_cast<float>(
      std::min(1.0 / static_cast<double>(params.temperature), double{std::numeric_limits<float>::max()}));
  const double total =
      HWY_DYNAMIC_DISPATCH(sample_weights)(logits.data(), std::ssize(logits), largest, scale, scores.data());
  if (params.top_k == 0 && params.top_p == 1.0f && params.min_p == 0.0f) return draw_any(scores, total, uniform);
  std::vector<Candidate> kept;
  if (params.top_k == 0 && params.top_p == 1.0f) {
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (scores[i] >= params.min_p) kept.push_back({scores[i], static_cast<std::int32_t>(i)});
    }
  } else {
    kept = candidates(scores, total, params);
    std::sort(kept.begin(), kept.end(), likelier);
    cut(kept, total, params);
  }
  return draw(kept, uniform);
}

}  // namespace

void sample(Stream& stream, const SampleArgs& args) {
  const std::int64_t stride = args.logits.shape[1];
  const std::int64_t vocab = args.vocab_size == 0 ? stride : args.vocab_size;
  const auto threads = static_cast<std::int64_t>(stream.pool().threads());
  auto* memory = static_cast<float*>(stream.scratch(static_cast<std::size_t>(threads * vocab) * sizeof(float)));
  stream.pool().run(args.logits.shape[0], [&](std::int64_t row, int thread) {
    const auto at = static_cast<std::size_t>(row);
    const std::span logits(args.logits.as<float>() + row * stride, static_cast<std::size_t>(vocab));
    const float largest = checked_largest(logits, "sample: row " + std::to_string(row));
    const auto seen = args.seen.empty() ? std::span<const std::int32_t>() : args.seen[at];
    const std::span scores(memory + thread * vocab, static_cast<std::size_t>(vocab));
    const std::int32_t token =
        sample_row(logits, args.params[at], seen, static_cast<double>(args.uniform[at]), largest, scores);
    args.tokens[at] = token;
    const double below = static_cast<double>(logits[static_cast<std::size_t>(token)]) - static_cast<double>(largest);
    args.log_probs[at] = static_cast<float>(below - log_sum(logits, largest));
  });
}

}  // namespace cpu

std::vector<TokenProbability> top_tokens(std::span<const float> logits, int n,
                                         const std::optional<TokenProbability>& drawn) {
  if (n < 0 || logits.empty()) {
    throw ArgumentError("top_tokens: " + std::to_string(n) + " of " + std::to_string(logits.size()) +
                        " tokens, want at least 0 of at least 1");
  }
  if (drawn && (drawn->token < 0 || static_cast<std::size_t>(drawn->token) >= logits.size())) {
    throw ArgumentError("top_tokens: token " + std::to_string(drawn->token) + " was drawn, want one below " +
                        std::to_string(logits.size()));
  }
  double known_logit = 0.0;
  double known_log_prob = 0.0;
  if (drawn) {
    known_logit = static_cast<double>(logits[static_cast<std::size_t>(drawn->token)]);
    known_log_prob = static_cast<double>(drawn->log_prob);
  } else {
    const float largest = cpu::checked_largest(logits, "top_tokens");
    known_logit = static_cast<double>(largest);
    known_log_prob = -cpu::log_sum(logits, largest);
  }
  std::vector<TokenProbability> top;
  for (const cpu::Candidate& one : cpu::likeliest(logits, std::min(logits.size(), static_cast<std::size_t>(n)))) {
    top.push_back({one.id, static_cast<float>(static_cast<double>(one.weight) - known_logit + known_log_prob)});
  }
  return top;
}

}  // namespace holdfast
#endif  // HWY_ONCE
