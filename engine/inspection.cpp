#include "engine/inspection.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>
#include <string>
#include <utility>

#include "engine/safetensors.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr const char* series_names[Inspection::series_count] = {"write", "read", "skip", "norm", "stable_rank"};
constexpr const char* kept_version = "2";
constexpr const char* earlier_version = "1";  // of beginnings alone, and without what joins stretches exactly

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
  std::ranges::copy(tensor.bytes, std::as_writable_bytes(std::span(values)).begin());
  return values;
}

}  // namespace

const char* Inspection::name(Series series) noexcept { return series_names[static_cast<int>(series)]; }

Inspection::Inspection(std::int64_t layers, std::int64_t heads)
    : decays_(layers * heads), layers_(layers), heads_(heads), open_traces_(index_of(3 * layers * heads)) {}

InspectionRecorder::InspectionRecorder(const Mamba2Config& config, const InspectionOptions& options, std::int64_t from)
    : seen_(config.n_layer, config.n_heads), options_(options) {
  if (options.every < 1) {
    throw ArgumentError("inspection: every: " + std::to_string(options.every) + ", want at least 1");
  }
  due_ = from % options.every;
}

std::int64_t InspectionRecorder::since_sample() const {
  return seen_.tokens() - (seen_.sample_ends_.empty() ? -due_ : seen_.sample_ends_.back());
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
          seen_.open_traces_[index_of(kind * width() + first + h)] += static_cast<double>(*trace++);
        }
      }
    }
  }
  if (view.layer + 1 < seen_.layers_) return;
  if (!view.trace.empty()) seen_.open_traced_ += view.tokens;
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
      const double sum = seen_.open_traces_[static_cast<std::size_t>(kind) * means.size() + i];
      means[i] = static_cast<float>(sum / static_cast<double>(seen_.open_traced_));  // 0 / 0: none was traced
    }
    add(static_cast<Inspection::Series>(kind), means);
  }
  add(Inspection::Series::norm, shown.norm);
  add(Inspection::Series::stable_rank, shown.stable_rank);
  std::ranges::fill(seen_.open_traces_, 0.0);
  seen_.sample_traced_.push_back(std::exchange(seen_.open_traced_, 0));
  seen_.states_.assign(shown.states.begin(), shown.states.end());
}

Inspection Inspection::of(const Mamba2Model& model, Stream& stream, std::span<const TokenId> tokens,
                          const InspectionOptions& options, const std::function<void(std::int64_t)>& progress,
                          std::stop_token stop) {
  State state = model.new_state();
  return behind(state, 0, model, stream, tokens, options, progress, std::move(stop));
}

Inspection Inspection::behind(State& state, std::int64_t from, const Mamba2Model& model, Stream& stream,
                              std::span<const TokenId> tokens, const InspectionOptions& options,
                              const std::function<void(std::int64_t)>& progress, std::stop_token stop) {
  if (tokens.empty()) throw ArgumentError("inspection: no tokens, want at least one");
  InspectionRecorder recorder(model.config(), options, from);
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

// From the last sample backwards: later = sum over j > i of tokens[j] read[j] / norm[j] exp(L[end j] - L[end i]).
std::vector<double> Inspection::read_while_held(std::int64_t layer, std::int64_t head) const {
  const std::vector<double> sums = decay_sums(layer, head);
  const auto at = [&](Series series, std::int64_t sample) {
    return static_cast<double>(values(series, sample)[index_of(layer * heads_ + head)]);
  };
  std::vector<double> made(index_of(samples()));
  double later = 0.0;
  for (std::int64_t i = samples() - 1; i >= 0; --i) {
    const std::int64_t begin = i == 0 ? 0 : sample_end(i - 1), end = sample_end(i);
    const double at_end = sums[index_of(end)];
    made[index_of(i)] = at(Series::write, i) * std::exp(at_end - sums[index_of((begin + end + 1) / 2)]) * later;
    const double read = at(Series::read, i), norm = at(Series::norm, i);
    if (!std::isnan(read) && norm > 0.0) later += static_cast<double>(sample_traced_[index_of(i)]) * read / norm;
    later *= std::exp(at_end - sums[index_of(begin)]);
  }
  return made;
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
  Inspection made(layers_, heads_);
  made.decays_ = decays_.first(tokens);
  const auto samples = std::ranges::upper_bound(sample_ends_, tokens) - sample_ends_.begin();
  made.sample_ends_.assign(sample_ends_.begin(), sample_ends_.begin() + samples);
  made.sample_traced_.assign(sample_traced_.begin(), sample_traced_.begin() + samples);
  for (int i = 0; i < series_count; ++i) {
    made.series_[i].assign(series_[i].begin(), series_[i].begin() + samples * layers_ * heads_);
  }
  if (tokens == this->tokens()) made.open_traces_ = open_traces_, made.open_traced_ = open_traced_;
  return made;
}

void Inspection::append(const Inspection& later) {
  if (later.layers_ != layers_ || later.heads_ != heads_) {
    throw ArgumentError("inspection: of " + std::to_string(later.layers_) + " layers of " +
                        std::to_string(later.heads_) + " heads, behind one of " + std::to_string(layers_) + " of " +
                        std::to_string(heads_));
  }
  if (later.tokens() == 0) return;
  const std::int64_t before = tokens();
  const std::int64_t samples_before = samples();
  decays_.append(later.decays_);
  for (const std::int64_t end : later.sample_ends_) sample_ends_.push_back(before + end);
  sample_traced_.insert(sample_traced_.end(), later.sample_traced_.begin(), later.sample_traced_.end());
  for (int i = 0; i < series_count; ++i) {
    series_[i].insert(series_[i].end(), later.series_[i].begin(), later.series_[i].end());
  }
  states_ = later.states_;
  const std::size_t width = index_of(layers_ * heads_);
  if (later.samples() == 0) {
    for (std::size_t i = 0; i < open_traces_.size(); ++i) open_traces_[i] += later.open_traces_[i];
    open_traced_ += later.open_traced_;
    return;
  }
  // The first sample behind a seam is one of the tokens before it as well.
  std::int64_t& traced = sample_traced_[index_of(samples_before)];
  if (open_traced_ > 0) {
    for (int kind = 0; kind < 3; ++kind) {
      for (std::size_t i = 0; i < width; ++i) {
        float& mean = series_[kind][index_of(samples_before) * width + i];
        const double sum = open_traces_[static_cast<std::size_t>(kind) * width + i] +
                           (traced == 0 ? 0.0 : static_cast<double>(mean) * static_cast<double>(traced));
        mean = static_cast<float>(sum / static_cast<double>(open_traced_ + traced));
      }
    }
    traced += open_traced_;
  }
  open_traces_ = later.open_traces_;
  open_traced_ = later.open_traced_;
}

void Inspection::keep(const std::filesystem::path& file, const std::string& model, const SeenStretch& seen) const {
  if (std::ssize(seen.tokens) != tokens()) {
    throw ArgumentError("inspection: a text of " + std::to_string(seen.tokens.size()) + " tokens, want the " +
                        std::to_string(tokens()) + " that were seen");
  }
  const std::vector<std::byte> codes = decays_.packed();
  const std::vector<float> rests = decays_.rests();
  const std::vector<float> open(open_traces_.begin(), open_traces_.end());
  const std::vector<std::int64_t> place{seen.from, std::bit_cast<std::int64_t>(seen.after), open_traced_};
  std::vector<SafetensorsTensor> tensors;
  tensors.push_back({"text", SafetensorsDType::i32, Shape{std::ssize(seen.tokens)}, bytes_of(seen.tokens)});
  tensors.push_back({"place", SafetensorsDType::i64, Shape{3}, bytes_of(place)});
  tensors.push_back({"decays", SafetensorsDType::u8, Shape{std::ssize(codes)}, codes});
  tensors.push_back({"rests", SafetensorsDType::f32, Shape{layers_, heads_}, bytes_of(rests)});
  tensors.push_back({"open_traces", SafetensorsDType::f32, Shape{3, layers_, heads_}, bytes_of(open)});
  tensors.push_back({"sample_end", SafetensorsDType::i64, Shape{samples()}, bytes_of(sample_ends_)});
  tensors.push_back({"sample_traced", SafetensorsDType::i64, Shape{samples()}, bytes_of(sample_traced_)});
  for (int i = 0; i < series_count; ++i) {
    tensors.push_back(
        {series_names[i], SafetensorsDType::f32, Shape{samples(), layers_, heads_}, bytes_of(series_[i])});
  }
  write_safetensors(file, tensors,
                    {{"inspection", kept_version}, {"model", model}, {"checksum", checksum_of(tensors)}});
}

SeenStretch Inspection::stretch_of(const std::filesystem::path& file) {
  const SafetensorsFile from = SafetensorsFile::open(file);
  SeenStretch stretch;
  if (from.find("place") != nullptr) {
    const auto place = values_of<std::int64_t>(from, "place", SafetensorsDType::i64, Shape{3});
    stretch.from = place[0];
    stretch.after = std::bit_cast<std::uint64_t>(place[1]);
  }
  stretch.tokens = values_of<TokenId>(from, "text", SafetensorsDType::i32, Shape{from.get("text").shape.elements()});
  return stretch;
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
  const bool earlier = word("inspection") == earlier_version;
  if (!earlier && word("inspection") != kept_version) {
    throw FormatError(from.label() + ": an inspection of format " + word("inspection") + ", want " + kept_version);
  }
  if (word("model") != model) throw FormatError(from.label() + ": an inspection of a model of other weights");
  if (word("checksum") != checksum_of(from.tensors())) {
    throw FormatError(from.label() + ": damaged, its checksum does not fit");
  }
  const std::int64_t count = from.get("text").shape.elements();
  Inspection made(config.n_layer, config.n_heads);
  const Shape heads{made.layers_, made.heads_};
  const std::vector<float> rests =
      earlier ? std::vector<float>{} : values_of<float>(from, "rests", SafetensorsDType::f32, heads);
  made.decays_ = DecaySums::unpack(from.get("decays").bytes, rests, made.layers_ * made.heads_, count, from.label());
  const std::int64_t samples = from.get("sample_end").shape.elements();
  made.sample_ends_ = values_of<std::int64_t>(from, "sample_end", SafetensorsDType::i64, Shape{samples});
  std::int64_t before = 0;
  for (const std::int64_t end : made.sample_ends_) {
    made.sample_traced_.push_back(end - before);
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
  if (earlier) return made;
  made.sample_traced_ = values_of<std::int64_t>(from, "sample_traced", SafetensorsDType::i64, Shape{samples});
  const auto open = values_of<float>(from, "open_traces", SafetensorsDType::f32, Shape{3, made.layers_, made.heads_});
  made.open_traces_.assign(open.begin(), open.end());
  made.open_traced_ = values_of<std::int64_t>(from, "place", SafetensorsDType::i64, Shape{3})[2];
  const auto possible = [&](std::int64_t traced) { return traced >= 0 && traced <= count; };
  if (!possible(made.open_traced_) || !std::ranges::all_of(made.sample_traced_, possible)) {
    throw FormatError(from.label() + ": a mean over a number of tokens outside 0 to " + std::to_string(count));
  }
  return made;
}

}  // namespace holdfast
