// What a model's memory did over a text: read again from its tokens, so that any session can be inspected afterwards.
//
// Quantities, per layer and head (Mamba-2: H[t] = exp(dt A) H[t-1] + dt x (x) B):
//   retention of token s at t   exp(sum of dt A over s < u <= t): the share of what s wrote that is left; exact
//   half-life                   ln 2 / mean(-dt A), in tokens
//   write, read, skip           dt ||x|| ||B||, ||H C||, ||D x||; means over the tokens since the sample before
//   norm, stable rank           ||H||_F, ||H||_F^2 / ||H||_2^2 at the sample
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/model.h"
#include "engine/token.h"

namespace holdfast {

struct InspectionOptions {
  std::int64_t every = 16;   // tokens from one sample of the states to the next
  bool stable_rank = true;   // costs most of the time
  bool keep_states = false;  // of the last token: (L, H, P, N), for the head's own picture
};

class Inspection {
 public:
  enum class Series { write, read, skip, norm, stable_rank };
  static constexpr int series_count = 5;

  // Reads the tokens from an empty state. progress: tokens read so far. Throws what forward() throws; ArgumentError for
  // no tokens or every < 1. When stopped, what was read so far is what is there (possibly nothing).
  [[nodiscard]] static Inspection of(const Mamba2Model& model, Stream& stream, std::span<const TokenId> tokens,
                                     const InspectionOptions& options = {},
                                     const std::function<void(std::int64_t)>& progress = {}, std::stop_token stop = {});

  [[nodiscard]] std::int64_t tokens() const noexcept { return tokens_; }
  [[nodiscard]] std::int64_t layers() const noexcept { return layers_; }
  [[nodiscard]] std::int64_t heads() const noexcept { return heads_; }
  [[nodiscard]] std::int64_t samples() const noexcept { return std::ssize(sample_ends_); }
  [[nodiscard]] std::int64_t sample_end(std::int64_t sample) const;  // tokens read when it was taken
  [[nodiscard]] std::int64_t every() const noexcept { return every_; }

  // One sample of one series, of all heads: (L, H).
  [[nodiscard]] std::span<const float> values(Series series, std::int64_t sample) const;
  // The running sum of dt A of a head: (tokens + 1), 0 first.
  [[nodiscard]] std::vector<double> decay_sums(std::int64_t layer, std::int64_t head) const;
  // At token `at` (index, >= written) of what token `written` wrote, for all heads: (L, H).
  [[nodiscard]] std::vector<double> retention(std::int64_t written, std::int64_t at) const;
  // Over the tokens [first, last): (L, H), in tokens; infinite for a head that does not decay.
  [[nodiscard]] std::vector<double> half_life(std::int64_t first, std::int64_t last) const;
  [[nodiscard]] std::span<const float> log_decay() const noexcept { return log_decay_; }  // (tokens, L, H)
  [[nodiscard]] std::span<const float> states() const noexcept { return states_; }        // (L, H, P, N) or empty

  // A safetensors file: log_decay (T, L, H), sample_end (S), and (S, L, H) of each series. Throws IoError.
  void save(const std::filesystem::path& file) const;

 private:
  class Collector;
  std::int64_t tokens_ = 0, layers_ = 0, heads_ = 0, every_ = 1;
  std::vector<float> log_decay_;
  std::vector<std::int64_t> sample_ends_;
  std::vector<float> series_[series_count];  // (S, L, H)
  std::vector<float> states_;
};

}  // namespace holdfast
