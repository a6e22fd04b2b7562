// What a model's memory did over a text: watched while the text is read or written, or read again from its tokens, so
// that any session can be inspected afterwards. An inspection may be one of a stretch of a text, watched from behind
// tokens that it has not seen; inspections of stretches that follow each other are joined by append().
//
// Quantities, per layer and head (Mamba-2: H[t] = exp(dt A) H[t-1] + dt x (x) B):
//   retention of token s at t   exp(sum of dt A over s < u <= t): the share of what s wrote that is left; exact
//   half-life                   ln 2 / mean(-dt A), in tokens
//   write, read, skip           dt ||x|| ||B||, ||H C||, ||D x||; means over the traced tokens since the sample before,
//                               NaN where none was
//   norm, stable rank           ||H||_F, ||H||_F^2 / ||H||_2^2 at the sample
//   read while held             sum over later samples of (tokens * read) * (what is left of the write) / norm: how
//                               much was read while it was held, by its part of all that was held. Which part of H a
//                               read takes hangs on C and B of every token, which are not recorded: a read is taken to
//                               meet all that H holds alike.
//                               It ranks what a head can have used, and proves no use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/decay_sums.h"
#include "engine/model.h"
#include "engine/token.h"

namespace holdfast {

struct InspectionOptions {
  std::int64_t every = 16;   // tokens from one sample of the states to the next
  bool stable_rank = true;   // costs most of the time
  bool keep_states = false;  // of the last token: (L, H, P, N), for the head's own picture
  bool trace_steps = true;   // write, read and skip of single tokens too; a GPU takes a slower way with them
};

// Which tokens of a text an inspection is of.
struct SeenStretch {
  std::int64_t from = 0;    // tokens before it
  std::uint64_t after = 0;  // their prefix_hash
  std::vector<TokenId> tokens;
};

class Inspection {
 public:
  enum class Series { write, read, skip, norm, stable_rank };
  static constexpr int series_count = 5;
  [[nodiscard]] static const char* name(Series series) noexcept;

  // Reads the tokens from an empty state. progress: tokens read so far. Throws what forward() throws; ArgumentError for
  // no tokens or every < 1. When stopped, what was read so far is what is there (possibly nothing).
  [[nodiscard]] static Inspection of(const Mamba2Model& model, Stream& stream, std::span<const TokenId> tokens,
                                     const InspectionOptions& options = {},
                                     const std::function<void(std::int64_t)>& progress = {}, std::stop_token stop = {});
  // The same of tokens that follow `from` others, which are what `state` has read. It reads these too.
  [[nodiscard]] static Inspection behind(State& state, std::int64_t from, const Mamba2Model& model, Stream& stream,
                                         std::span<const TokenId> tokens, const InspectionOptions& options = {},
                                         const std::function<void(std::int64_t)>& progress = {},
                                         std::stop_token stop = {});

  [[nodiscard]] std::int64_t tokens() const noexcept { return decays_.tokens(); }
  [[nodiscard]] std::int64_t layers() const noexcept { return layers_; }
  [[nodiscard]] std::int64_t heads() const noexcept { return heads_; }
  [[nodiscard]] std::int64_t samples() const noexcept { return std::ssize(sample_ends_); }
  [[nodiscard]] std::int64_t sample_end(std::int64_t sample) const;  // tokens read when it was taken; ascending
  [[nodiscard]] std::int64_t sample_of(std::int64_t token) const;    // the first that has seen it, or the last of all

  // One sample of one series, of all heads: (L, H).
  [[nodiscard]] std::span<const float> values(Series series, std::int64_t sample) const;
  [[nodiscard]] const DecaySums& decays() const noexcept { return decays_; }  // of L * H heads
  // The running sum of dt A of a head: (tokens + 1), 0 first.
  [[nodiscard]] std::vector<double> decay_sums(std::int64_t layer, std::int64_t head) const;
  // At token `at` (index, >= written) of what token `written` wrote, for all heads: (L, H).
  [[nodiscard]] std::vector<double> retention(std::int64_t written, std::int64_t at) const;
  // Over the tokens [first, last): (L, H), in tokens; infinite for a head that does not decay.
  [[nodiscard]] std::vector<double> half_life(std::int64_t first, std::int64_t last) const;
  // Read while held, of what a token in the middle of each sample wrote: (S), in the unit of the read strength. NaN
  // where no write was traced; of later samples, those in which no read was traced count nothing.
  [[nodiscard]] std::vector<double> read_while_held(std::int64_t layer, std::int64_t head) const;
  [[nodiscard]] std::span<const float> states() const noexcept { return states_; }  // (L, H, P, N) or empty

  // For other programs, a safetensors file: log_decay (T, L, H), sample_end (S), and (S, L, H) of each series. Throws
  // IoError.
  void save(const std::filesystem::path& file) const;
  // As if only the first `tokens` had been seen; without states.
  [[nodiscard]] Inspection first(std::int64_t tokens) const;
  // What was seen of the tokens that follow these, with its states. ArgumentError for another shape of model.
  void append(const Inspection& later);
  // For load(): small, without states. `model` names the weights; `seen`: the tokens that were seen.
  void keep(const std::filesystem::path& file, const std::string& model, const SeenStretch& seen) const;
  // Throws IoError; FormatError for a file that is damaged, of another shape of model, or of other weights. Files of
  // version 1, which are all of beginnings of texts, are read as well.
  [[nodiscard]] static Inspection load(const std::filesystem::path& file, const std::string& model,
                                       const Mamba2Config& config);
  // Of which tokens a kept inspection is. Throws IoError, FormatError.
  [[nodiscard]] static SeenStretch stretch_of(const std::filesystem::path& file);

 private:
  friend class InspectionRecorder;
  Inspection(std::int64_t layers, std::int64_t heads);
  DecaySums decays_;
  std::int64_t layers_ = 0, heads_ = 0;
  std::vector<std::int64_t> sample_ends_;
  std::vector<std::int64_t> sample_traced_;  // tokens in the means of each sample
  std::vector<float> series_[series_count];  // (S, L, H)
  std::vector<float> states_;
  std::vector<double> open_traces_;  // (3, L, H) sums since the last sample
  std::int64_t open_traced_ = 0;     // tokens in them
};

// Watches the passes of one sequence, the first of each pass, from its first token on or from behind `from` others.
class InspectionRecorder final : public Probe {
 public:
  InspectionRecorder(const Mamba2Config& config, const InspectionOptions& options, std::int64_t from = 0);

  // The part of a pass that reaches so many tokens behind `from` ends with a sample, however few there are since the
  // last, and with the states when they are to be kept.
  void sample_at(std::int64_t tokens) noexcept { end_ = tokens; }
  [[nodiscard]] const Inspection& seen() const noexcept { return seen_; }
  [[nodiscard]] Inspection take() && { return std::move(seen_); }

  [[nodiscard]] ProbeWish wish(int sequence, std::int64_t tokens) override;
  void layer(const ProbeView& view) override;
  void states(const ProbeStates& shown) override;

 private:
  [[nodiscard]] std::int64_t width() const noexcept { return seen_.layers_ * seen_.heads_; }
  [[nodiscard]] std::int64_t since_sample() const;

  Inspection seen_;
  InspectionOptions options_;
  std::int64_t due_ = 0;  // unseen tokens that count towards the first sample: many short stretches are sampled too
  std::int64_t end_ = 0;
  std::vector<float> decays_;  // (tokens of the part, L, H)
};

}  // namespace holdfast
