#include "training/batcher.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <numeric>
#include <utility>

#include "kernels/cpu/thread_pool.h"
#include "kernels/error.h"
#include "kernels/packed_rows.h"

namespace holdfast {
namespace {

constexpr std::int64_t batcher_block = 256;            // rows that are prepared side by side
constexpr std::size_t batcher_batches_ahead = 4;       // ready before the trainer asks
constexpr std::int64_t batcher_most_useless = 100000;  // draws in a row that gave nothing

struct DrawnRow {
  RowName name;
  std::vector<EncodedRow> pieces;  // empty: refused
  std::string reason;
  bool cut = false;
};

struct WaitingRow {
  RowName name;
  EncodedRow row;
};

std::int64_t whole_units(std::int64_t tokens) { return tokens / PackedRows::unit * PackedRows::unit; }

EncodedRow part_of(const EncodedRow& row, std::size_t begin, std::size_t end) {
  const auto first = static_cast<std::ptrdiff_t>(begin);
  const auto last = static_cast<std::ptrdiff_t>(end);
  return {{row.tokens.begin() + first, row.tokens.begin() + last},
          {row.weights.begin() + first, row.weights.begin() + last}};
}

// The weight of the first token of a sequence is of no use: nothing stands before it.
bool has_lesson(const EncodedRow& row) {
  return std::any_of(row.weights.begin() + 1, row.weights.end(), [](float weight) { return weight > 0.0f; });
}

}  // namespace

std::string_view name(RowOrder order) noexcept {
  switch (order) {
    case RowOrder::shuffled: return "shuffled";
    case RowOrder::difficulty: return "difficulty";
    case RowOrder::as_is: return "as_is";
  }
  return "?";
}

std::string_view name(TooLong rule) noexcept {
  switch (rule) {
    case TooLong::cut: return "cut";
    case TooLong::split: return "split";
    case TooLong::refuse: return "refuse";
  }
  return "?";
}

std::int64_t padded_tokens(const EncodedRow& row) noexcept {
  const auto read = static_cast<std::int64_t>(row.tokens.size()) - 1;
  return whole_units(read + PackedRows::unit - 1);
}

RowPieces cut_row(EncodedRow row, std::int64_t sequence_length, TooLong too_long, bool plain_text) {
  const auto most = static_cast<std::size_t>(sequence_length) + 1;
  RowPieces cut;
  if (row.tokens.size() <= most) {
    if (!has_lesson(row)) throw FormatError("nothing to learn: no token of an answer in it");
    cut.pieces.push_back(std::move(row));
    return cut;
  }
  const std::string size = std::to_string(row.tokens.size() - 1) + " tokens";
  if (too_long == TooLong::refuse) {
    throw FormatError(size + ", want at most " + std::to_string(sequence_length));
  }
  if (too_long == TooLong::split && plain_text) {
    // Neighbours share one token: the last of a piece is what the next begins with.
    for (std::size_t begin = 0; begin + 1 < row.tokens.size(); begin += most - 1) {
      cut.pieces.push_back(part_of(row, begin, std::min(begin + most, row.tokens.size())));
    }
    return cut;
  }
  cut.pieces.push_back(part_of(row, 0, most));
  cut.cut = true;
  if (!has_lesson(cut.pieces.front())) {
    throw FormatError(size + ", and nothing of an answer before the cut at " + std::to_string(sequence_length));
  }
  return cut;
}

void append_sequence(TrainBatch& batch, const EncodedRow& row) {
  if (batch.starts.empty()) batch.starts.push_back(0);
  batch.ids.insert(batch.ids.end(), row.tokens.begin(), row.tokens.end() - 1);
  for (std::size_t i = 1; i < row.tokens.size(); ++i) {
    batch.targets.push_back(row.weights[i] > 0.0f ? row.tokens[i] : -1);
    batch.weights.push_back(row.weights[i]);
  }
  batch.starts.push_back(static_cast<std::int32_t>(batch.ids.size()));
}

std::vector<TrainBatch> evaluation_batches(const std::vector<EncodedRow>& rows, std::int64_t micro_batch_tokens) {
  std::vector<TrainBatch> batches;
  std::int64_t left = 0;
  for (const EncodedRow& row : rows) {
    const std::int64_t padded = padded_tokens(row);
    if (batches.empty() || padded > left) {
      batches.emplace_back();
      left = micro_batch_tokens;
    }
    append_sequence(batches.back(), row);
    left -= padded;
  }
  return batches;
}

void BatchPlan::validate() const {
  const auto refuse = [](const std::string& field, const std::string& rule) {
    throw ArgumentError("batch plan: " + field + ", want " + rule);
  };
  if (parts.empty()) refuse("no sources", "at least one");
  for (const MixturePart& part : parts) {
    if (!part.source) refuse("a part without a source", "one");
    if (!(part.weight > 0.0) || part.weight > 1e18) refuse("weight " + std::to_string(part.weight), "more than 0");
    if (part.source->rows() && *part.source->rows() < 1) refuse(part.source->name() + " has no rows", "at least one");
  }
  if (sequence_length < 1) refuse("sequence_length " + std::to_string(sequence_length), "at least 1");
  const std::int64_t longest = whole_units(sequence_length + PackedRows::unit - 1);
  if (micro_batch_tokens < longest || batch_tokens < longest) {
    refuse("micro_batch_tokens " + std::to_string(micro_batch_tokens) + " and batch_tokens " +
               std::to_string(batch_tokens),
           "both at least " + std::to_string(longest) + ": sequence_length, in whole units of 64");
  }
  if (rows < 1) refuse("rows " + std::to_string(rows), "at least 1");
  if (look_ahead < 1) refuse("look_ahead " + std::to_string(look_ahead), "at least 1");
}

Json DataCursor::to_json() const {
  Json rows = Json::array();
  for (const RowName& row : waiting) rows.push_back({row.part, row.number, row.piece});
  return {{"draws", draws}, {"counts", counts}, {"waiting", rows}};
}

DataCursor DataCursor::from_json(const Json& json, std::string_view label) {
  const JsonObject object(json, std::string(label));
  DataCursor cursor;
  try {
    cursor.draws = json.at("draws").get<std::int64_t>();
    cursor.counts = json.at("counts").get<std::vector<std::int64_t>>();
    for (const Json& row : json.at("waiting")) {
      cursor.waiting.push_back(
          {row.at(0).get<std::int32_t>(), row.at(2).get<std::int32_t>(), row.at(1).get<std::int64_t>()});
    }
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(std::string(label) + ": not a place in the data: " + error.what());
  }
  if (cursor.draws < 0 || std::any_of(cursor.counts.begin(), cursor.counts.end(), [](auto n) { return n < 0; })) {
    throw FormatError(std::string(label) + ": a count below 0");
  }
  return cursor;
}

class Batcher::Impl {
 public:
  Impl(BatchPlan plan, std::shared_ptr<const ChatTemplate> chat, std::shared_ptr<const Tokenizer> tokenizer,
       const DataCursor& from, int threads)
      : plan_(std::move(plan)), chat_(std::move(chat)), tokenizer_(std::move(tokenizer)), pool_(threads) {
    plan_.validate();
    for (const MixturePart& part : plan_.parts) {
      orders_.push_back(plan_.order == RowOrder::difficulty ? part.source->by_difficulty()
                                                            : std::vector<std::int64_t>{});
      all_weights_ += part.weight;
    }
    taken_.draws = from.draws;
    taken_.counts = from.counts;
    if (taken_.counts.empty()) taken_.counts.resize(plan_.parts.size());
    check(from);
    drawn_ = taken_;
    refill(from.waiting);
    worker_ = std::make_unique<cpu::Background>([this](std::stop_token stop) { work(stop); });
  }

  ~Impl() {
    worker_.reset();  // asks to stop; the wait below ends with it
  }

  std::optional<StepBatch> next() {
    const auto begin = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !ready_.empty() || ended_; });
    waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (ready_.empty()) {
      if (error_) std::rethrow_exception(error_);
      return std::nullopt;
    }
    StepBatch batch = std::move(ready_.front());
    ready_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return batch;
  }

  [[nodiscard]] double waited_seconds() const noexcept { return waited_; }

  [[nodiscard]] std::string place(const RowName& row) const {
    const RowSource& source = *plan_.parts.at(static_cast<std::size_t>(row.part)).source;
    return source.place(index_of(row));
  }

 private:
  void check(const DataCursor& from) const {
    bool fits = taken_.counts.size() == plan_.parts.size() &&
                std::accumulate(taken_.counts.begin(), taken_.counts.end(), std::int64_t{0}) == taken_.draws;
    for (const RowName& row : from.waiting) {
      fits = fits && row.part >= 0 && static_cast<std::size_t>(row.part) < plan_.parts.size() && row.number >= 0 &&
             row.number < taken_.counts[static_cast<std::size_t>(row.part)] && row.piece >= 0;
    }
    if (!fits) throw ArgumentError("batcher: the cursor was made with another mixture than this one");
  }

  // The part whose draws lag most behind its share: after as many draws as there are rows in all, with weights that
  // are the parts' rows, each row was drawn once.
  RowName draw() {
    std::size_t most = 0;
    double lag = -1e300;
    for (std::size_t i = 0; i < plan_.parts.size(); ++i) {
      const double due = plan_.parts[i].weight / all_weights_ * static_cast<double>(drawn_.draws + 1);
      const double behind = due - static_cast<double>(drawn_.counts[i]);
      if (behind > lag + 1e-9) {
        most = i;
        lag = behind;
      }
    }
    ++drawn_.draws;
    return {static_cast<std::int32_t>(most), 0, drawn_.counts[most]++};
  }

  [[nodiscard]] std::int64_t index_of(const RowName& row) const {
    const auto part = static_cast<std::size_t>(row.part);
    const std::optional<std::int64_t> rows = plan_.parts[part].source->rows();
    if (!rows) return row.number;
    const std::int64_t place = row.number % *rows;
    if (plan_.order == RowOrder::shuffled) {
      const auto epoch = static_cast<std::uint64_t>(row.number / *rows);
      return shuffled_index(place, *rows, mix_seed(mix_seed(plan_.seed, part), epoch));
    }
    return orders_[part].empty() ? place : orders_[part][static_cast<std::size_t>(place)];
  }

  [[nodiscard]] DrawnRow prepare(const RowName& name) const {
    DrawnRow drawn{name, {}, {}, false};
    const auto number = static_cast<std::size_t>(name.part);
    const MixturePart& part = plan_.parts[number];
    try {
      TrainingRow row = part.source->row(index_of(name), part.seed.value_or(mix_seed(plan_.seed, number)));
      row.solve = row.solve || part.solve;
      RowPieces cut =
          cut_row(encode_row(row, *chat_, *tokenizer_), plan_.sequence_length, plan_.too_long, row.messages.empty());
      drawn.pieces = std::move(cut.pieces);
      drawn.cut = cut.cut;
    } catch (const FormatError& error) {
      drawn.reason = error.what();
    }
    return drawn;
  }

  std::vector<DrawnRow> prepare_all(const std::vector<RowName>& names) {
    std::vector<DrawnRow> rows(names.size());
    pool_.run(static_cast<std::int64_t>(names.size()), [&](std::int64_t i, int) {
      rows[static_cast<std::size_t>(i)] = prepare(names[static_cast<std::size_t>(i)]);
    });
    return rows;
  }

  // Puts what a cursor says was waiting back into the window, in its order.
  void refill(const std::vector<RowName>& waiting) {
    std::vector<DrawnRow> rows = prepare_all(waiting);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto piece = static_cast<std::size_t>(waiting[i].piece);
      if (piece >= rows[i].pieces.size()) {
        throw ArgumentError("batcher: " + place(waiting[i]) + " is not what it was when the cursor was made");
      }
      window_.push_back({waiting[i], std::move(rows[i].pieces[piece])});
    }
  }

  void prepare_block() {
    std::vector<RowName> names;
    while (static_cast<std::int64_t>(names.size()) < batcher_block && drawn_.draws < plan_.rows) {
      names.push_back(draw());
    }
    for (DrawnRow& row : prepare_all(names)) ahead_.push_back(std::move(row));
  }

  // Fills the window up with the next draws, as far as there are any.
  void fill_window(StepBatch& batch) {
    while (static_cast<std::int64_t>(window_.size()) < plan_.look_ahead) {
      if (ahead_.empty()) prepare_block();
      if (ahead_.empty()) return;
      DrawnRow row = std::move(ahead_.front());
      ahead_.pop_front();
      ++taken_.draws;
      ++taken_.counts[static_cast<std::size_t>(row.name.part)];
      batch.cut += row.cut ? 1 : 0;
      if (row.pieces.empty()) {
        if (++useless_ > batcher_most_useless) {
          throw FormatError("no row of the last " + std::to_string(useless_) + " could be used; the last one, " +
                            place(row.name) + ": " + row.reason);
        }
        batch.refused.push_back({place(row.name), std::move(row.reason)});
        continue;
      }
      useless_ = 0;
      for (std::size_t i = 0; i < row.pieces.size(); ++i) {
        RowName name = row.name;
        name.piece = static_cast<std::int32_t>(i);
        window_.push_back({name, std::move(row.pieces[i])});
      }
    }
  }

  // The oldest rows that fit, one after the other, until none of the window does.
  void fill(StepBatch& batch, TrainBatch& micro, std::int64_t left) {
    while (left >= PackedRows::unit) {
      fill_window(batch);
      const auto fits = std::find_if(window_.begin(), window_.end(),
                                     [left](const WaitingRow& row) { return padded_tokens(row.row) <= left; });
      if (fits == window_.end()) return;
      append_sequence(micro, fits->row);
      const std::int64_t padded = padded_tokens(fits->row);
      left -= padded;
      batch.padded += padded;
      batch.tokens += static_cast<std::int64_t>(fits->row.tokens.size()) - 1;
      batch.rows.push_back(fits->name);
      window_.erase(fits);
    }
  }

  std::optional<StepBatch> make() {
    StepBatch batch;
    for (std::int64_t left = plan_.batch_tokens; left >= PackedRows::unit; left -= plan_.micro_batch_tokens) {
      TrainBatch micro;
      fill(batch, micro, whole_units(std::min(left, plan_.micro_batch_tokens)));
      if (!micro.ids.empty()) batch.micro_batches.push_back(std::move(micro));
    }
    if (batch.micro_batches.empty() && batch.refused.empty()) return std::nullopt;
    batch.after = taken_;
    for (const WaitingRow& row : window_) batch.after.waiting.push_back(row.name);
    return batch;
  }

  void work(const std::stop_token& stop) noexcept {
    try {
      while (!stop.stop_requested()) {
        std::optional<StepBatch> batch = make();
        std::unique_lock lock(mutex_);
        if (!batch) break;
        ready_.push_back(*std::move(batch));
        changed_.notify_all();
        changed_.wait(lock, stop, [this] { return ready_.size() < batcher_batches_ahead; });
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      error_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  BatchPlan plan_;
  std::shared_ptr<const ChatTemplate> chat_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  cpu::ThreadPool pool_;  // of the worker
  std::vector<std::vector<std::int64_t>> orders_;
  double all_weights_ = 0.0;

  // The worker's alone once it runs.
  DataCursor drawn_;  // how far rows were prepared
  DataCursor taken_;  // how far they went into the window
  std::deque<DrawnRow> ahead_;
  std::deque<WaitingRow> window_;
  std::int64_t useless_ = 0;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<StepBatch> ready_;
  bool ended_ = false;
  std::exception_ptr error_;
  double waited_ = 0.0;
  std::unique_ptr<cpu::Background> worker_;  // last: ends before what it uses
};

Batcher::Batcher(BatchPlan plan, std::shared_ptr<const ChatTemplate> chat, std::shared_ptr<const Tokenizer> tokenizer,
                 const DataCursor& from, int threads)
    : impl_(std::make_unique<Impl>(std::move(plan), std::move(chat), std::move(tokenizer), from, threads)) {}
Batcher::~Batcher() = default;

std::optional<StepBatch> Batcher::next() { return impl_->next(); }
double Batcher::waited_seconds() const noexcept { return impl_->waited_seconds(); }
std::string Batcher::place(const RowName& row) const { return impl_->place(row); }

}  // namespace holdfast
