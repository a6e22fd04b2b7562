#include "training/packed_batch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "kernels/error.h"
#include "kernels/linear.h"

namespace holdfast {
namespace {

constexpr std::int64_t unit = PackedRows::unit;

std::int64_t whole_units(std::int64_t tokens) noexcept { return (tokens + unit - 1) / unit * unit; }

// One checked batch's sequences by their begins and ends.
struct Sequences {
  explicit Sequences(const TrainBatch& batch)
      : tokens(static_cast<std::int32_t>(batch.ids.size())), starts(batch.starts) {}
  [[nodiscard]] std::size_t count() const noexcept { return starts.empty() ? 1 : starts.size() - 1; }
  [[nodiscard]] std::int64_t begin(std::size_t i) const noexcept { return starts.empty() ? 0 : starts[i]; }
  [[nodiscard]] std::int64_t end(std::size_t i) const noexcept { return starts.empty() ? tokens : starts[i + 1]; }
  std::int32_t tokens;
  std::span<const std::int32_t> starts;
};

[[noreturn]] void refuse(std::string_view batch, const std::string& rule) {
  throw ArgumentError(std::string(batch) + ": " + rule);
}

std::string at(const char* what, std::size_t i) { return std::string(what) + "[" + std::to_string(i) + "]: "; }

void check_lengths(const TrainBatch& batch, std::string_view name, std::int64_t most_tokens) {
  if (batch.ids.empty()) refuse(name, "no tokens, want at least one");
  if (std::ssize(batch.ids) > most_tokens) {
    refuse(name, std::to_string(batch.ids.size()) + " tokens, want at most the " + std::to_string(most_tokens) +
                     " that micro_batch_tokens allows");
  }
  if (batch.targets.size() != batch.ids.size()) {
    refuse(name, std::to_string(batch.targets.size()) + " targets, want one for each of " +
                     std::to_string(batch.ids.size()) + " tokens");
  }
  if (!batch.weights.empty() && batch.weights.size() != batch.ids.size()) {
    refuse(name, std::to_string(batch.weights.size()) + " weights, want none or one for each of " +
                     std::to_string(batch.ids.size()) + " tokens");
  }
}

void check_starts(const TrainBatch& batch, std::string_view name) {
  const auto& starts = batch.starts;
  if (starts.empty()) return;
  const auto tokens = static_cast<std::int32_t>(batch.ids.size());
  if (starts.size() < 2 || starts.front() != 0 || starts.back() != tokens) {
    refuse(name, "starts from " + std::to_string(starts.front()) + " to " + std::to_string(starts.back()) +
                     ", want 0 first and the " + std::to_string(tokens) + " tokens last");
  }
  for (std::size_t i = 1; i < starts.size(); ++i) {
    if (starts[i] <= starts[i - 1]) {
      refuse(name, at("starts", i) + std::to_string(starts[i]) + ", want more than " + std::to_string(starts[i - 1]));
    }
  }
}

// Throws for the first place that breaks a rule, if there is one.
void check_values(const TrainBatch& batch, std::string_view name, std::int64_t vocab_size) {
  const auto vocabulary = static_cast<TokenId>(vocab_size);
  bool good = true;  // most batches are: without branches that takes a tenth of the time
  for (const TokenId id : batch.ids) good &= (id >= 0) & (id < vocabulary);
  for (const TokenId target : batch.targets) good &= (target >= -1) & (target < vocabulary);
  for (const float weight : batch.weights) good &= std::isfinite(weight) & (weight >= 0.0f);
  if (good) return;
  const std::string range = ", want 0 to " + std::to_string(vocab_size - 1);
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    const TokenId id = batch.ids[i];
    const TokenId target = batch.targets[i];
    const float weight = batch.weights.empty() ? 1.0f : batch.weights[i];
    if (id < 0 || id >= vocabulary) refuse(name, at("ids", i) + std::to_string(id) + range);
    if (target < -1 || target >= vocabulary) {
      refuse(name, at("targets", i) + std::to_string(target) + range + " or -1 for none");
    }
    if (!std::isfinite(weight) || weight < 0.0f) {
      refuse(name, at("weights", i) + std::to_string(weight) + ", want a finite number of at least 0");
    }
  }
}

}  // namespace

std::int64_t padded_rows(std::int64_t tokens, std::int64_t sequences) noexcept {
  return whole_units(tokens) + (std::max<std::int64_t>(sequences, 1) - 1) * unit;
}

BatchCounts check_batch(const TrainBatch& batch, std::string_view name, std::int64_t vocab_size,
                        std::int64_t most_tokens) {
  check_lengths(batch, name, most_tokens);
  check_starts(batch, name);
  check_values(batch, name, vocab_size);
  BatchCounts counts;
  counts.tokens = std::ssize(batch.ids);
  if (batch.weights.empty()) {
    counts.targets = std::ranges::count_if(batch.targets, [](TokenId target) { return target >= 0; });
    counts.weight = static_cast<double>(counts.targets);
    return counts;
  }
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    if (batch.targets[i] < 0 || batch.weights[i] == 0.0f) continue;
    counts.weight += static_cast<double>(batch.weights[i]);
    ++counts.targets;
  }
  return counts;
}

std::int64_t PackedPass::elements(std::int64_t rows, std::int64_t vocab_size) noexcept {
  return 4 * rows + rows / unit + vocab_size + 1;
}

PackedPass::PackedPass(const TrainBatch& batch, std::size_t first, std::size_t last, std::int64_t vocab_size)
    : sequences_(static_cast<std::int64_t>(last - first)), vocab_size_(vocab_size) {
  const Sequences sequences(batch);
  for (std::size_t s = first; s < last; ++s) rows_ += whole_units(sequences.end(s) - sequences.begin(s));
  const auto rows = static_cast<std::size_t>(rows_);
  block_.resize(3 * rows + rows / unit);
  const std::span<std::int32_t> all(block_);
  const auto ids = all.first(rows);
  const auto targets = all.subspan(rows, rows);
  const auto weights = all.subspan(2 * rows, rows);
  const auto sequence_of_unit = all.subspan(3 * rows);
  std::ranges::fill(targets, -1);
  std::size_t row = 0;
  for (std::size_t s = first; s < last; ++s) {
    const auto begin = static_cast<std::size_t>(sequences.begin(s));
    const auto count = static_cast<std::size_t>(sequences.end(s)) - begin;
    const auto part = [begin](const auto& values) { return values.begin() + static_cast<std::ptrdiff_t>(begin); };
    const auto from = static_cast<std::ptrdiff_t>(row);
    std::copy_n(part(batch.ids), count, ids.begin() + from);
    std::copy_n(part(batch.targets), count, targets.begin() + from);
    if (batch.weights.empty()) std::fill_n(weights.begin() + from, count, std::bit_cast<std::int32_t>(1.0f));
    for (std::size_t i = 0; i < count && !batch.weights.empty(); ++i) {
      const float weight = batch.weights[begin + i];
      if (weight == 0.0f) targets[row + i] = -1;
      weights[row + i] = std::bit_cast<std::int32_t>(weight);
    }
    const auto padded = static_cast<std::size_t>(whole_units(static_cast<std::int64_t>(count)));
    std::ranges::fill(sequence_of_unit.subspan(row / unit, padded / unit), static_cast<std::int32_t>(s - first));
    row += padded;
    sequence_rows_.push_back(static_cast<std::int64_t>(row));
  }
}

PassInputs PackedPass::upload(Stream& stream, TensorView to) const {
  const TensorView place{to.data, DType::i32, Shape{std::ssize(block_)}, to.where};
  stream.copy(place, {block_.data(), DType::i32, place.shape, DeviceKind::cpu});
  std::int64_t next = 0;
  const auto part = [&](std::int64_t count, DType dtype = DType::i32) {
    const ConstTensorView view{to.as<std::int32_t>() + next, dtype, Shape{count}, to.where};
    next += count;
    return view;
  };
  PassInputs inputs;
  inputs.rows = rows_;
  inputs.ids = part(rows_);
  inputs.targets = part(rows_);
  inputs.weights = part(rows_, DType::f32);
  inputs.packed = {part(rows_ / unit), sequences_};
  inputs.order = part(rows_);
  inputs.begins = part(vocab_size_ + 1);
  return inputs;
}

void PackedPass::upload_order(Stream& stream, TensorView to) const {
  const auto rows = static_cast<std::size_t>(rows_);
  std::vector<std::int32_t> sorted(rows + static_cast<std::size_t>(vocab_size_) + 1);
  const std::span<std::int32_t> all(sorted);
  sort_by_id(std::span(block_).first(rows), all.first(rows), all.subspan(rows));
  const TensorView place{to.as<std::int32_t>() + block_.size(), DType::i32, Shape{std::ssize(sorted)}, to.where};
  stream.copy(place, {sorted.data(), DType::i32, place.shape, DeviceKind::cpu});
}

std::vector<PackedPass> packed_passes(const TrainBatch& batch, std::int64_t vocab_size, std::int64_t most_rows) {
  const Sequences sequences(batch);
  std::vector<PackedPass> passes;
  std::size_t first = 0;
  std::int64_t rows = 0;
  for (std::size_t s = 0; s < sequences.count(); ++s) {
    const std::int64_t more = whole_units(sequences.end(s) - sequences.begin(s));
    if (rows > 0 && rows + more > most_rows) {
      passes.emplace_back(batch, first, s, vocab_size);
      first = s;
      rows = 0;
    }
    rows += more;
  }
  passes.emplace_back(batch, first, sequences.count(), vocab_size);
  return passes;
}

}  // namespace holdfast
