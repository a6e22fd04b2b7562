#include "engine/inspection.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <string>
#include <utility>

#include "engine/safetensors.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr const char* series_names[Inspection::series_count] = {"write", "read", "skip", "norm", "stable_rank"};
constexpr const char* kept_version = "1";

std::size_t index_of(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

std::string checksum_of(std::span<const SafetensorsTensor> tensors) {
  std::uint64_t hash = 0;
  std::vector<const SafetensorsTensor*> by_name;
  for (const SafetensorsTensor& tensor : tensors) by_name.push_back(&tensor);
  std::ranges::sort(by_name, {}, &SafetensorsTensor::name);
  for (const SafetensorsTensor* tensor : by_name) {
    hash = XXH3_64bits_withSeed(tensor->bytes.data(), tensor->bytes.size(), hash);
  }
  return std::to_string(hash);
}

template <class T>
std::vector<T> values_of(const SafetensorsFile& file, const char* tensor_name, SafetensorsDType dtype,
                         const Shape& shape) {
  const SafetensorsTensor& tensor = file.get(tensor_name);
  if (tensor.dtype != dtype || !(tensor.shape == shape)) {
    throw FormatError(file.label() + ": " + tensor_name + " is of another shape or type than its decays say");
  }
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

}  // namespace

const char* Inspection::name(Series series) noexcept { return series_names[static_cast<int>(series)]; }

InspectionRecorder::InspectionRecorder(const Mamba2Config& config, const InspectionOptions& options)
    : options_(options), traces_(index_of(3 * config.n_layer * config.n_heads)) {
  if (options.every < 1) {
    throw ArgumentError("inspection: every: " + std::to_string(options.every) + ", want at least 1");
  }
  seen_.layers_ = config.n_layer;
  seen_.heads_ = config.n_heads;
  seen_.decays_ = DecaySums(width());
}

InspectionRecorder::InspectionRecorder(Inspection begun, const Mamba2Config& config, const InspectionOptions& options)
    : InspectionRecorder(config, options) {
  if (begun.layers_ != seen_.layers_ || begun.heads_ != seen_.heads_) {
    throw ArgumentError("inspection: " + std::to_string(begun.layers_) + " layers of " + std::to_string(begun.heads_) +
                        " heads were seen, the model has " + std::to_string(seen_.layers_) + " of " +
                        std::to_string(seen_.heads_));
  }
  seen_ = std::move(begun);
  seen_.states_.clear();
}

std::int64_t InspectionRecorder::since_sample() const {
  return seen_.tokens() - (seen_.sample_ends_.empty() ? 0 : seen_.sample_ends_.back());
}

ProbeWish InspectionRecorder::wish(int sequence, std::int64_t tokens) {
  if (sequence != 0) return {};
  const bool end = seen_.tokens() + tokens == end_;
  const bool sample = end || since_sample() + tokens >= options_.every;
  return {.trace = tokens > 1 || options_.trace_steps,
          .norm = sample,
          .stable_rank = sample && options_.stable_rank,
          .states = end && options_.keep_states};
}

void InspectionRecorder::layer(const ProbeView& view) {
  if (view.sequence != 0) return;
  const std::int64_t heads = seen_.heads_;
  const std::int64_t first = view.layer * heads;
  decays_.resize(index_of(view.tokens * width()));
  for (std::int64_t t = 0; t < view.tokens; ++t) {
    std::copy_n(view.log_decay.begin() + t * heads, heads, decays_.begin() + t * width() + first);
  }
  if (!view.trace.empty()) {
    const float* trace = view.trace.data();
    for (std::int64_t t = 0; t < view.tokens; ++t) {
      for (std::int64_t h = 0; h < heads; ++h) {
        for (std::int64_t kind = 0; kind < 3; ++kind) {
          traces_[index_of(kind * width() + first + h)] += static_cast<double>(*trace++);
        }
      }
    }
  }
  if (view.layer + 1 < seen_.layers_) return;
  if (!view.trace.empty()) traced_ += view.tokens;
  for (std::int64_t t = 0; t < view.tokens; ++t) {
    seen_.decays_.append(std::span(decays_).subspan(index_of(t * width()), index_of(width())));
  }
}

void InspectionRecorder::states(const ProbeStates& shown) {
  if (shown.sequence != 0 || shown.norm.empty()) return;
  seen_.sample_ends_.push_back(seen_.tokens());
  const auto add = [&](Inspection::Series series, std::span<const float> values) {
    auto& to = seen_.series_[static_cast<int>(series)];
    to.insert(to.end(), values.begin(), values.end());
    to.resize(index_of(seen_.samples() * width()));
  };
  std::vector<float> means(index_of(width()));
  for (int kind = 0; kind < 3; ++kind) {
    for (std::size_t i = 0; i < means.size(); ++i) {
      const double sum = traces_[static_cast<std::size_t>(kind) * means.size() + i];
      means[i] = static_cast<float>(sum / static_cast<double>(traced_));  // 0 / 0: none was traced
    }
    add(static_cast<Inspection::Series>(kind), means);
  }
  add(Inspection::Series::norm, shown.norm);
  add(Inspection::Series::stable_rank, shown.stable_rank);
  std::ranges::fill(traces_, 0.0);
  traced_ = 0;
  seen_.states_.assign(shown.states.begin(), shown.states.end());
}

Inspection Inspection::of(const Mamba2Model& model, Stream& stream, std::span<const TokenId> tokens,
                          const InspectionOptions& options, const std::function<void(std::int64_t)>& progress,
                          std::stop_token stop) {
  if (tokens.empty()) throw ArgumentError("inspection: no tokens, want at least one");
  InspectionRecorder recorder(model.config(), options);
  State state(model.device(), model.config());
  recorder.sample_at(std::ssize(tokens));
  std::int64_t read = 0;
  while (read < std::ssize(tokens) && !stop.stop_requested()) {
    const std::int64_t count = std::min(options.every, std::ssize(tokens) - read);
    const SequenceInput input{tokens.subspan(index_of(read), index_of(count)), &state, {}};
    model.forward(stream, {&input, 1}, LogitRows::none, &recorder);
    read += count;
    if (progress) progress(read);
  }
  return std::move(recorder).take();
}

std::int64_t Inspection::sample_end(std::int64_t sample) const { return sample_ends_.at(index_of(sample)); }

std::int64_t Inspection::sample_of(std::int64_t token) const {
  const auto place = std::ranges::upper_bound(sample_ends_, token);
  return std::min<std::int64_t>(place - sample_ends_.begin(), samples() - 1);
}

std::span<const float> Inspection::values(Series series, std::int64_t sample) const {
  if (sample < 0 || sample >= samples()) {
    throw ArgumentError("inspection: sample " + std::to_string(sample) + ", want 0 to " +
                        std::to_string(samples() - 1));
  }
  const std::size_t width = index_of(layers_ * heads_);
  return std::span(series_[static_cast<int>(series)]).subspan(index_of(sample) * width, width);
}

std::vector<double> Inspection::decay_sums(std::int64_t layer, std::int64_t head) const {
  return decays_.of_head(layer * heads_ + head);
}

std::vector<double> Inspection::retention(std::int64_t written, std::int64_t at) const {
  if (written < 0 || at < written || at >= tokens()) {
    throw ArgumentError("inspection: retention of token " + std::to_string(written) + " at " + std::to_string(at) +
                        ", want 0 <= written <= at < " + std::to_string(tokens()));
  }
  std::vector<double> sums = decays_.after(at + 1);
  const std::vector<double> before = decays_.after(written + 1);
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = std::exp(sums[i] - before[i]);
  return sums;
}

std::vector<double> Inspection::half_life(std::int64_t first, std::int64_t last) const {
  if (first < 0 || first >= last || last > tokens()) {
    throw ArgumentError("inspection: half-life over tokens " + std::to_string(first) + " to " + std::to_string(last) +
                        ", want 0 <= first < last <= " + std::to_string(tokens()));
  }
  std::vector<double> sums = decays_.after(last);
  const std::vector<double> before = decays_.after(first);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double sum = before[i] - sums[i];
    sums[i] = sum > 0.0 ? std::numbers::ln2 * static_cast<double>(last - first) / sum
                        : std::numeric_limits<double>::infinity();
  }
  return sums;
}

void Inspection::save(const std::filesystem::path& file) const {
  const std::vector<float> log_decay = decays_.differences(0, tokens());
  std::vector<SafetensorsTensor> tensors;
  tensors.push_back({"log_decay", SafetensorsDType::f32, Shape{tokens(), layers_, heads_}, bytes_of(log_decay)});
  tensors.push_back({"sample_end", SafetensorsDType::i64, Shape{samples()}, bytes_of(sample_ends_)});
  for (int i = 0; i < series_count; ++i) {
    tensors.push_back(
        {series_names[i], SafetensorsDType::f32, Shape{samples(), layers_, heads_}, bytes_of(series_[i])});
  }
  write_safetensors(file, tensors, {{"log_decay_step", "2^-18"}});
}

Inspection Inspection::first(std::int64_t tokens) const {
  Inspection made;
  made.layers_ = layers_, made.heads_ = heads_;
  made.decays_ = decays_.first(tokens);
  const auto samples = std::ranges::upper_bound(sample_ends_, tokens) - sample_ends_.begin();
  made.sample_ends_.assign(sample_ends_.begin(), sample_ends_.begin() + samples);
  for (int i = 0; i < series_count; ++i) {
    made.series_[i].assign(series_[i].begin(), series_[i].begin() + samples * layers_ * heads_);
  }
  return made;
}

void Inspection::keep(const std::filesystem::path& file, const std::string& model,
                      std::span<const TokenId> text) const {
  if (std::ssize(text) != tokens()) {
    throw ArgumentError("inspection: a text of " + std::to_string(text.size()) + " tokens, want the " +
                        std::to_string(tokens()) + " that were seen");
  }
  const std::vector<std::byte> codes = decays_.packed();
  std::vector<SafetensorsTensor> tensors;
  tensors.push_back({"text", SafetensorsDType::i32, Shape{std::ssize(text)}, std::as_bytes(text)});
  tensors.push_back({"decays", SafetensorsDType::u8, Shape{std::ssize(codes)}, codes});
  tensors.push_back({"sample_end", SafetensorsDType::i64, Shape{samples()}, bytes_of(sample_ends_)});
  for (int i = 0; i < series_count; ++i) {
    tensors.push_back(
        {series_names[i], SafetensorsDType::f32, Shape{samples(), layers_, heads_}, bytes_of(series_[i])});
  }
  write_safetensors(file, tensors,
                    {{"inspection", kept_version}, {"model", model}, {"checksum", checksum_of(tensors)}});
}

std::vector<TokenId> Inspection::text_of(const std::filesystem::path& file) {
  const SafetensorsFile from = SafetensorsFile::open(file);
  return values_of<TokenId>(from, "text", SafetensorsDType::i32, Shape{from.get("text").shape.elements()});
}

Inspection Inspection::load(const std::filesystem::path& file, const std::string& model, const Mamba2Config& config) {
  const SafetensorsFile from = SafetensorsFile::open(file);
  const auto word = [&](const char* what) -> const std::string& {
    const auto found = from.metadata().find(what);
    if (found == from.metadata().end()) {
      throw FormatError(from.label() + ": no metadata \"" + what + "\", is this a kept inspection?");
    }
    return found->second;
  };
  if (word("inspection") != kept_version) {
    throw FormatError(from.label() + ": an inspection of format " + word("inspection") + ", want " + kept_version);
  }
  if (word("model") != model) throw FormatError(from.label() + ": an inspection of a model of other weights");
  if (word("checksum") != checksum_of(from.tensors())) {
    throw FormatError(from.label() + ": damaged, its checksum does not fit");
  }
  const std::int64_t count = from.get("text").shape.elements();
  Inspection made;
  made.layers_ = config.n_layer;
  made.heads_ = config.n_heads;
  made.decays_ = DecaySums::unpack(from.get("decays").bytes, made.layers_ * made.heads_, count, from.label());
  const std::int64_t samples = from.get("sample_end").shape.elements();
  made.sample_ends_ = values_of<std::int64_t>(from, "sample_end", SafetensorsDType::i64, Shape{samples});
  std::int64_t before = 0;
  for (const std::int64_t end : made.sample_ends_) {
    if (end <= before || end > count) {
      throw FormatError(from.label() + ": a sample after " + std::to_string(end) + " tokens, want more than " +
                        std::to_string(before) + " and at most " + std::to_string(count));
    }
    before = end;
  }
  for (int i = 0; i < series_count; ++i) {
    made.series_[i] =
        values_of<float>(from, series_names[i], SafetensorsDType::f32, Shape{samples, made.layers_, made.heads_});
  }
  return made;
}

}  // namespace holdfast
