#include "engine/inspection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <utility>

#include "engine/safetensors.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr const char* series_names[Inspection::series_count] = {"write", "read", "skip", "norm", "stable_rank"};

std::size_t index_of(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace

// Takes what each layer shows; a sample ends with the forward pass that reads its tokens.
class Inspection::Collector final : public Probe {
 public:
  Collector(Inspection& to, const Mamba2Config& config, const InspectionOptions& options)
      : to_(to), options_(options), seen_(index_of(config.n_layer)) {}

  ProbeWish wish(int /* sequence */, std::int64_t tokens) override {
    const bool sample = seen_.front() + tokens == to_.sample_ends_.back();
    return {.trace = true,
            .norm = sample,
            .stable_rank = sample && options_.stable_rank,
            .states = sample && options_.keep_states};
  }

  void layer(const ProbeView& view) override {
    const std::int64_t width = to_.layers_ * to_.heads_;
    std::int64_t& seen = seen_[index_of(view.layer)];
    for (std::int64_t t = 0; t < view.tokens; ++t) {
      const auto from = view.log_decay.begin() + t * to_.heads_;
      std::copy_n(from, to_.heads_, to_.log_decay_.begin() + (seen + t) * width + view.layer * to_.heads_);
    }
    seen += view.tokens;
    const std::int64_t sample = to_.samples() - 1;
    const std::int64_t first = sample * width + view.layer * to_.heads_;
    // Means over the sample's tokens, which may come in several blocks.
    const auto share = 1.0f / static_cast<float>(to_.sample_ends_.back() - sample_begin());
    for (std::int64_t t = 0; t < view.tokens; ++t) {
      for (std::int64_t h = 0; h < to_.heads_; ++h) {
        for (std::int64_t kind = 0; kind < 3; ++kind) {
          to_.series_[kind][index_of(first + h)] += share * view.trace[index_of((t * to_.heads_ + h) * 3 + kind)];
        }
      }
    }
  }

  void states(const ProbeStates& shown) override {
    const std::int64_t first = (to_.samples() - 1) * to_.layers_ * to_.heads_;
    std::ranges::copy(shown.norm, to_.series_[static_cast<int>(Series::norm)].begin() + first);
    std::ranges::copy(shown.stable_rank, to_.series_[static_cast<int>(Series::stable_rank)].begin() + first);
    if (!shown.states.empty()) to_.states_.assign(shown.states.begin(), shown.states.end());
  }

 private:
  [[nodiscard]] std::int64_t sample_begin() const {
    return to_.samples() > 1 ? to_.sample_ends_[index_of(to_.samples() - 2)] : 0;
  }

  Inspection& to_;
  const InspectionOptions& options_;
  std::vector<std::int64_t> seen_;  // tokens of each layer
};

Inspection Inspection::of(const Mamba2Model& model, Stream& stream, std::span<const TokenId> tokens,
                          const InspectionOptions& options, const std::function<void(std::int64_t)>& progress,
                          std::stop_token stop) {
  if (tokens.empty()) throw ArgumentError("inspection: no tokens, want at least one");
  if (options.every < 1) {
    throw ArgumentError("inspection: every: " + std::to_string(options.every) + ", want at least 1");
  }
  Inspection made;
  made.layers_ = model.config().n_layer;
  made.heads_ = model.config().n_heads;
  made.every_ = options.every;
  const std::size_t width = index_of(made.layers_ * made.heads_);
  State state(model.device(), model.config());
  Collector collector(made, model.config(), options);
  while (made.tokens_ < std::ssize(tokens) && !stop.stop_requested()) {
    const std::int64_t count = std::min(options.every, std::ssize(tokens) - made.tokens_);
    made.sample_ends_.push_back(made.tokens_ + count);
    made.log_decay_.resize(index_of(made.tokens_ + count) * width);
    for (auto& series : made.series_) series.resize(index_of(made.samples()) * width);
    const SequenceInput input{tokens.subspan(index_of(made.tokens_), index_of(count)), &state, {}};
    model.forward(stream, {&input, 1}, LogitRows::none, &collector);
    made.tokens_ += count;
    if (progress) progress(made.tokens_);
  }
  return made;
}

std::int64_t Inspection::sample_end(std::int64_t sample) const { return sample_ends_.at(index_of(sample)); }

std::span<const float> Inspection::values(Series series, std::int64_t sample) const {
  if (sample < 0 || sample >= samples()) {
    throw ArgumentError("inspection: sample " + std::to_string(sample) + ", want 0 to " +
                        std::to_string(samples() - 1));
  }
  const std::size_t width = index_of(layers_ * heads_);
  return std::span(series_[static_cast<int>(series)]).subspan(index_of(sample) * width, width);
}

std::vector<double> Inspection::decay_sums(std::int64_t layer, std::int64_t head) const {
  std::vector<double> sums{0.0};
  sums.reserve(index_of(tokens_ + 1));
  const std::int64_t width = layers_ * heads_;
  for (std::int64_t t = 0; t < tokens_; ++t) {
    sums.push_back(sums.back() + static_cast<double>(log_decay_[index_of(t * width + layer * heads_ + head)]));
  }
  return sums;
}

std::vector<double> Inspection::retention(std::int64_t written, std::int64_t at) const {
  if (written < 0 || at < written || at >= tokens_) {
    throw ArgumentError("inspection: retention of token " + std::to_string(written) + " at " + std::to_string(at) +
                        ", want 0 <= written <= at < " + std::to_string(tokens_));
  }
  std::vector<double> sums(index_of(layers_ * heads_));
  for (std::int64_t t = written + 1; t <= at; ++t) {
    const float* row = log_decay_.data() + t * layers_ * heads_;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(row[i]);
  }
  for (double& sum : sums) sum = std::exp(sum);
  return sums;
}

std::vector<double> Inspection::half_life(std::int64_t first, std::int64_t last) const {
  if (first < 0 || first >= last || last > tokens_) {
    throw ArgumentError("inspection: half-life over tokens " + std::to_string(first) + " to " + std::to_string(last) +
                        ", want 0 <= first < last <= " + std::to_string(tokens_));
  }
  std::vector<double> sums(index_of(layers_ * heads_));
  for (std::int64_t t = first; t < last; ++t) {
    const float* row = log_decay_.data() + t * layers_ * heads_;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] -= static_cast<double>(row[i]);
  }
  for (double& sum : sums) {
    sum = sum > 0.0 ? std::numbers::ln2 * static_cast<double>(last - first) / sum
                    : std::numeric_limits<double>::infinity();
  }
  return sums;
}

void Inspection::save(const std::filesystem::path& file) const {
  const auto bytes = [](const auto& values) { return std::as_bytes(std::span(values)); };
  std::vector<SafetensorsTensor> tensors;
  tensors.push_back({"log_decay", SafetensorsDType::f32, Shape{tokens_, layers_, heads_}, bytes(log_decay_)});
  tensors.push_back({"sample_end", SafetensorsDType::i64, Shape{samples()}, bytes(sample_ends_)});
  for (int i = 0; i < series_count; ++i) {
    tensors.push_back({series_names[i], SafetensorsDType::f32, Shape{samples(), layers_, heads_}, bytes(series_[i])});
  }
  write_safetensors(file, tensors, {{"every", std::to_string(every_)}});
}

}  // namespace holdfast
