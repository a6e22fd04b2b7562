#include "app/cli/evaluation_record.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "kernels/error.h"
#include "training/suite.h"

namespace holdfast::cli {
namespace {

constexpr std::int64_t evaluation_cpu_batch = 4;  // a few, so that replies come steadily
constexpr std::int64_t evaluation_gpu_batch = 32;
constexpr std::chrono::milliseconds evaluation_look_interval{200};
constexpr std::uint64_t evaluation_seed_step = 1000003;  // from item to item, as evaluate_suite draws

EvaluationReply reply_row(const EvaluatedReply& reply) { return {reply.text, reply.answer, reply.right}; }

EvaluationItem done_row(const EvaluationItem& asked, const EvaluatedItem& got) {
  EvaluationItem row = asked;
  row.greedy = reply_row(got.greedy);
  row.tokens = got.greedy.tokens;
  for (const EvaluatedReply& sample : got.samples) row.samples.push_back(reply_row(sample));
  row.majority = got.majority;
  row.majority_right = got.majority_right;
  return row;
}

class EvaluationRun {
 public:
  EvaluationRun(EvaluationStore& store, const EvaluationRow& row, const std::filesystem::path& data)
      : store_(store), row_(row) {
    DeviceOptions device;
    device.device = row.device;
    device.threads = static_cast<int>(row.threads);
    loaded_ = load_model(row.model, data, device, true, TrainedState::welcome);
    if (loaded_.begin) {
      begin_.emplace(loaded_.model->new_state());
      begin_->take(*loaded_.stream, loaded_.begin->state);
    }
    chat_.emplace(choose_chat_format(*loaded_.checkpoint, *loaded_.tokenizer), loaded_.tokenizer);
    batch_ = row.device == "cuda" ? evaluation_gpu_batch : evaluation_cpu_batch;
  }

  // False: it was stopped.
  bool run() {
    const std::vector<EvaluationItem> items = store_.items(row_.id);
    std::vector<EvaluationItem> chunk;
    for (std::size_t i = 0; i < items.size(); ++i) {
      // Draws hang on an item's number: those of a chunk follow each other.
      if (!items[i].done) chunk.push_back(items[i]);
      const bool ends = i + 1 == items.size() || items[i + 1].done || std::ssize(chunk) == batch_;
      if (!chunk.empty() && ends && !evaluate(std::exchange(chunk, {}))) return false;
    }
    return true;
  }

 private:
  bool evaluate(const std::vector<EvaluationItem>& chunk) {
    std::vector<SuiteItem> suite;
    for (const EvaluationItem& item : chunk) {
      std::optional<int> level;
      if (item.level) level = static_cast<int>(*item.level);
      suite.push_back({item.problem, item.expected, level, item.concepts});
    }
    SuiteOptions options;
    options.samples = row_.samples;
    options.temperature = static_cast<float>(row_.temperature);
    options.top_p = static_cast<float>(row_.top_p);
    options.seed =
        static_cast<std::uint64_t>(row_.seed) + static_cast<std::uint64_t>(chunk.front().number) * evaluation_seed_step;
    options.batch = batch_ * (1 + row_.samples);
    options.max_tokens = row_.max_tokens;
    options.solve = row_.solve;
    if (begin_) options.begin = &*begin_;
    std::stop_source stop;
    // A stop is looked for between the replies of a batch; what of the batch is not done is done again later.
    const auto progress = [&](std::int64_t, std::int64_t) {
      if (stopped()) stop.request_stop();
    };
    const SuiteResult result = evaluate_suite(*loaded_.model, *loaded_.stream, *chat_, *loaded_.tokenizer, suite,
                                              options, progress, stop.get_token());
    std::vector<EvaluationItem> rows;
    std::size_t at = 0;
    for (const EvaluatedItem& item : result.items) {  // those that are done, in their order
      while (at < chunk.size() && chunk[at].problem != item.item.problem) ++at;
      if (at < chunk.size()) rows.push_back(done_row(chunk[at++], item));
    }
    store_.add_replies(row_.id, rows, result.seconds, result.tokens);
    return !stopped();
  }

  bool stopped() {
    if (Interrupt::asked()) return true;
    const auto now = std::chrono::steady_clock::now();
    if (now - looked_ < evaluation_look_interval) return stop_;
    looked_ = now;
    const std::optional<EvaluationRow> row = store_.evaluation(row_.id);
    stop_ = !row || row->stop_wanted;
    return stop_;
  }

  EvaluationStore& store_;
  EvaluationRow row_;
  LoadedModel loaded_;
  std::optional<State> begin_;
  std::optional<ChatTemplate> chat_;
  std::int64_t batch_ = 1;
  std::chrono::steady_clock::time_point looked_{};
  bool stop_ = false;
};

}  // namespace

int run_evaluation(const std::filesystem::path& data, EvaluationId id, bool resume) {
  EvaluationStore store(data / "holdfast.db");
  if (resume) {
    store.recover();
    const std::optional<EvaluationRow> row = store.evaluation(id);
    if (row && can_go_on(row->state)) store.queue(id);
  }
  const EvaluationRow row = store.claim(id);
  const Interrupt interrupt;
  try {
    const bool whole = EvaluationRun(store, row, data).run();
    store.end(id, whole ? EvaluationState::finished : EvaluationState::stopped, "");
    return exit_fine;
  } catch (const std::exception& error) {
    store.end(id, EvaluationState::failed, error.what());
    throw;
  }
}

}  // namespace holdfast::cli
