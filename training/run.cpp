#include "training/run.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <fstream>
#include <numeric>
#include <system_error>
#include <utility>

#include "engine/atomic_file.h"
#include "engine/json.h"
#include "engine/session.h"
#include "engine/utf8.h"
#include "kernels/ceiling.h"
#include "kernels/error.h"
#include "kernels/matmul.h"
#include "kernels/tensor.h"
#include "training/run_data.h"
#include "training/run_files.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;
using RunClock = std::chrono::steady_clock;

constexpr int run_state_version = 1;
constexpr double run_mean_decay = 0.95;             // of the recent loss and norm, which spikes are measured by
constexpr std::int64_t run_mean_least = 20;         // steps before a mean is trusted
constexpr std::int64_t run_measured_tokens = 2048;  // of the micro-batch that an estimate times on a CPU
constexpr std::size_t run_cases = 8;                // of the validation rows, that are predicted worst and best
constexpr std::size_t run_case_bytes = 4000;        // of their texts
constexpr std::size_t run_speed_window = 20;        // steps that a speed is averaged over

double run_seconds_since(RunClock::time_point begin) {
  return std::chrono::duration<double>(RunClock::now() - begin).count();
}

std::size_t run_peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

// Operations per second that products of this type reach at most; 0: not known.
double run_product_ceiling(Stream& stream, DType compute) {
  const WeightFormat format = compute == DType::bf16 ? WeightFormat::bf16 : WeightFormat::f32;
  return measure_ceiling(stream, format, 0.1).operations_per_second;
}

// Everything that decides how a run goes on, beside what the trainer saves. Numbers go through JSON without loss.
struct RunState {
  std::int64_t step = 0;  // batches read, over all phases
  std::int64_t phase = 0;
  std::int64_t phase_step = 0;
  std::int64_t phase_tokens = 0;
  std::int64_t tokens = 0;
  std::int64_t schedule_begin = 0;  // steps before the phase that a continued schedule counts
  bool phase_entered = false;       // what happens once at a phase's beginning has happened
  DataCursor cursor;
  double mean_loss = 0.0;
  double mean_norm = 0.0;
  std::int64_t mean_steps = 0;
  std::int64_t not_taken = 0;                              // in a row
  double phase_best = std::numeric_limits<double>::max();  // validation loss, for the plateau
  std::int64_t phase_worse = 0;                            // evaluations in a row that did not better it
  std::optional<double> best;                              // validation: what keep_best goes by, less is better
  std::int64_t best_step = 0;
  std::int64_t last_evaluation = -1;  // its step
  std::optional<double> held_before;  // loss on the held-out rows when the run began

  [[nodiscard]] Json to_json() const;
  [[nodiscard]] static RunState from_json(const Json& json, std::string_view label);
};

Json RunState::to_json() const {
  return {{"step", step},
          {"phase", phase},
          {"phase_step", phase_step},
          {"phase_tokens", phase_tokens},
          {"tokens", tokens},
          {"schedule_begin", schedule_begin},
          {"phase_entered", phase_entered},
          {"cursor", cursor.to_json()},
          {"mean_loss", mean_loss},
          {"mean_norm", mean_norm},
          {"mean_steps", mean_steps},
          {"not_taken", not_taken},
          {"phase_best", phase_best},
          {"phase_worse", phase_worse},
          {"best", best ? Json(*best) : Json()},
          {"best_step", best_step},
          {"last_evaluation", last_evaluation},
          {"held_before", held_before ? Json(*held_before) : Json()}};
}

RunState RunState::from_json(const Json& json, std::string_view label) {
  RunState state;
  try {
    const auto take = [&](const char* key, auto& value) { json.at(key).get_to(value); };
    take("step", state.step);
    take("phase", state.phase);
    take("phase_step", state.phase_step);
    take("phase_tokens", state.phase_tokens);
    take("tokens", state.tokens);
    take("schedule_begin", state.schedule_begin);
    take("phase_entered", state.phase_entered);
    take("mean_loss", state.mean_loss);
    take("mean_norm", state.mean_norm);
    take("mean_steps", state.mean_steps);
    take("not_taken", state.not_taken);
    take("phase_best", state.phase_best);
    take("phase_worse", state.phase_worse);
    take("best_step", state.best_step);
    take("last_evaluation", state.last_evaluation);
    if (!json.at("best").is_null()) state.best = json.at("best").get<double>();
    if (const Json held = json.value("held_before", Json()); held.is_number()) state.held_before = held.get<double>();
    state.cursor = DataCursor::from_json(json.at("cursor"), label);
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(std::string(label) + ": not the state of a run: " + error.what());
  }
  if (state.step < 0 || state.phase < 0 || state.phase_step < 0) {
    throw FormatError(std::string(label) + ": a count below 0");
  }
  return state;
}

}  // namespace

std::string_view name(RunEnd end) noexcept {
  switch (end) {
    case RunEnd::finished: return "finished";
    case RunEnd::stopped: return "stopped";
    case RunEnd::trouble: return "trouble";
  }
  return "?";
}

namespace {

class TrainingRun {
 public:
  TrainingRun(Stream& stream, const Recipe& recipe, const RunOptions& options, const RunHooks& hooks,
              const std::stop_token& stop, std::shared_ptr<Reducer> reducer)
      : stream_(stream),
        recipe_(recipe),
        options_(options),
        hooks_(hooks),
        stop_(stop),
        reducer_(std::move(reducer)),
        checkpoints_(options.out / "checkpoints") {}

  RunResult execute() {
    prepare();
    while (state_.phase < static_cast<std::int64_t>(recipe_.phases.size()) && !over_) run_phase();
    if (!over_) finish();
    if (over_ && result_.end == RunEnd::finished) result_.end = RunEnd::stopped;
    result_.step = state_.step;
    result_.loss = state_.mean_loss;
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool first_rank() const { return !reducer_ || reducer_->rank() == 0; }
  [[nodiscard]] const Phase& phase() const { return recipe_.phases[static_cast<std::size_t>(state_.phase)]; }
  [[nodiscard]] bool has_validation() const { return !data_.validation.empty(); }

  // True when any rank says so: what ranks do together must be decided by all.
  [[nodiscard]] bool agreed(bool here) {
    if (!reducer_) return here;
    double flag = here ? 1.0 : 0.0;
    reducer_->sum({&flag, 1});
    return flag > 0.0;
  }

  void note(const std::string& sentence) const {
    if (first_rank() && hooks_.on_note) hooks_.on_note(sentence);
  }

  // Writes on rank 0. What cannot be written is told, and tried again as the caller says; false: it is given up.
  bool write(const std::function<void()>& work) {
    while (true) {
      std::string reason;
      if (first_rank()) {
        try {
          work();
        } catch (const IoError& error) {
          reason = error.what();
        } catch (const fs::filesystem_error& error) {
          reason = error.what();
        }
      }
      if (reason.empty()) return true;
      result_.reason = reason;
      if (!hooks_.on_pause || hooks_.on_pause(reason) == PauseAnswer::stop) return false;
    }
  }

  // ---- Beginning --------------------------------------------------------------------------------------------------

  void prepare() {
    if (first_rank()) {
      std::error_code error;
      fs::create_directories(checkpoints_.path(), error);
      if (error) throw IoError(checkpoints_.path().string() + ": cannot be made: " + error.message());
      lock_ = std::make_unique<FolderLock>(options_.out);
      checkpoints_.remove_parts();
    }
    model_ = open_run_model(recipe_, options_);
    {
      cpu::ThreadPool pool(std::max(options_.data_threads, 1));
      data_ = open_run_data(recipe_, options_, model_, pool);
    }
    const TrainerConfig config = run_trainer_config(recipe_, stream_.kind());
    ceiling_ = options_.product_ceiling;
    if (ceiling_ == 0.0) ceiling_ = run_product_ceiling(stream_, config.compute);
    trainer_ = model_.base ? Trainer::create(stream_, model_.base, config, reducer_)
                           : Trainer::create(stream_, model_.config, config, model_.tokenizer_source, reducer_);
    resume();
    if (first_rank()) open_logs();
    tell_bad_rows();
  }

  void resume() {
    const auto newest = newest_checkpoint(checkpoints_, [this](const std::string& text) { note(text); });
    if (!newest) {
      if (!checkpoints_.steps().empty()) throw FormatError(checkpoints_.path().string() + ": no checkpoint is whole");
      if (options_.resume) note("nothing to resume in " + options_.out.string() + ": the run begins at its beginning");
      if (recipe_.start) begin_from(*recipe_.start);
      return;
    }
    if (!options_.resume) {
      throw IoError(options_.out.string() +
                    ": has the checkpoints of a run, want --resume to go on with it or another folder");
    }
    load(*newest, true);
    note("going on after step " + std::to_string(state_.step));
  }

  // A fork: what another run had trained, in a run of its own.
  void begin_from(const RunStart& start) {
    try {
      verify_checkpoint(start.checkpoint);
    } catch (const Error& error) {
      throw FormatError(recipe_.file.string() + ": start.checkpoint: " + error.what());
    }
    load(start.checkpoint, start.keeps_place);
    if (state_.phase >= static_cast<std::int64_t>(recipe_.phases.size())) {
      throw FormatError(recipe_.file.string() + ": start.place: " + start.checkpoint.string() +
                        " has done all phases of this recipe, want place = \"begin\" or a checkpoint before its end");
    }
    state_.held_before.reset();
    state_.best.reset();
    if (!start.keeps_optimiser) trainer_->reset_optimiser();
    note("begins with what " + start.checkpoint.string() + " has");
  }

  // Weights and optimiser of a checkpoint; with its place in the run too, or (rolling back) without.
  void load(const fs::path& checkpoint, bool with_place) {
    const std::string label = (checkpoint / "run.json").string();
    const Json run = read_json(checkpoint / "run.json");
    if (!run.is_object() || run.value("version", 0) != run_state_version || !run.contains("state")) {
      throw FormatError(label + ": not a run that this version knows, want version " +
                        std::to_string(run_state_version));
    }
    check_base(run, label);
    if (with_place) {
      RunState state = RunState::from_json(run["state"], label);
      if (run.value("data", std::vector<std::string>{}) != data_.fingerprints()) {
        throw FormatError(label +
                          ": the recipe's data are not those that the run began with, want the same files, unchanged");
      }
      state_ = std::move(state);
    }
    trainer_->restore(checkpoint / "trainer.safetensors");
  }

  // Adapters and states mean nothing without the weights that they were trained on. (All weights are in the
  // checkpoint.)
  void check_base(const Json& run, const std::string& label) const {
    if (trainer_->config().trained == Trained::full || !run.contains("base") || !run["base"].is_object()) return;
    const auto told = [&run](const char* key) {
      const Json value = run["base"].value(key, Json());
      return value.is_string() ? value.get<std::string>() : std::string();
    };
    const std::string began = told("fingerprint");
    if (began.empty() || began == trainer_->base_fingerprint()) return;
    throw FormatError(label + ": the run began with the weights " + began + " (" + told("path") + "), " + base_place() +
                      " has " + trainer_->base_fingerprint() + ": want those it began with");
  }

  [[nodiscard]] std::string base_place() const {
    return model_.base ? fs::absolute(model_.base->path()).lexically_normal().string() : std::string("a new model");
  }

  void open_logs() {
    for (const char* name : {"metrics.jsonl", "trouble.jsonl", "samples.jsonl", "refused_rows.jsonl"}) {
      JsonLog::cut_after(options_.out / name, state_.step > 0 ? state_.step : -1);
    }
    write_file_atomically(options_.out / "recipe.toml", recipe_.text);
    metrics_ = std::make_unique<JsonLog>(options_.out / "metrics.jsonl");
    trouble_ = std::make_unique<JsonLog>(options_.out / "trouble.jsonl");
    samples_ = std::make_unique<JsonLog>(options_.out / "samples.jsonl");
    refused_ = std::make_unique<JsonLog>(options_.out / "refused_rows.jsonl");
  }

  void tell_bad_rows() {
    if (data_.bad_row_count == 0 || !first_rank()) return;
    note(std::to_string(data_.bad_row_count) + " rows cannot be used; they are listed in " +
         (options_.out / "refused_rows.jsonl").string());
    if (state_.step > 0) return;
    for (const BadRow& row : data_.bad_rows) {
      refused_->add({{"step", 0}, {"place", row.place}, {"reason", row.reason}});
    }
  }

  // ---- Phases -----------------------------------------------------------------------------------------------------

  void enter_phase(const BatchPlan& plan) {
    const PhaseLength length = phase_length(phase(), plan, model_);
    phase_steps_ = length.steps;
    const std::int64_t begin = phase().continues_schedule ? state_.schedule_begin : 0;
    schedule_ = {phase().schedule, phase().learning_rate, phase().end_ratio, phase().warmup, begin + phase_steps_};
    if (state_.phase_entered) return;
    if (!phase().continues_schedule) state_.schedule_begin = 0;
    if (phase().resets_optimiser && state_.phase > 0) trainer_->reset_optimiser();
    state_.phase_best = std::numeric_limits<double>::max();
    state_.phase_worse = 0;
    state_.phase_entered = true;
  }

  void run_phase() {
    const BatchPlan plan = phase_plan(recipe_, static_cast<std::size_t>(state_.phase),
                                      data_.phases[static_cast<std::size_t>(state_.phase)]);
    enter_phase(plan);
    if (!data_.held_out.empty() && !state_.held_before) look_at_held_out();
    batcher_ = std::make_unique<Batcher>(plan, model_.chat, model_.tokenizer, state_.cursor,
                                         std::max(options_.data_threads, 1));
    std::deque<std::pair<double, std::int64_t>> speeds;
    bool gate_open = false;
    while (!over_ && !gate_open && !phase_is_long_enough()) {
      if (hooks_.before_step && first_rank()) hooks_.before_step();
      if (agreed(stop_.stop_requested())) {
        end_stopped();
        return;
      }
      const auto begin = RunClock::now();
      std::optional<StepBatch> batch = batcher_->next();
      if (!batch) break;
      tell_refused(*batch);
      if (!batch->micro_batches.empty()) take_step(*batch, begin, speeds);
      over_ = agreed(over_);
      if (!over_) gate_open = after_step();
      over_ = agreed(over_);
    }
    batcher_.reset();
    if (!over_) leave_phase();
  }

  [[nodiscard]] bool phase_is_long_enough() const {
    if (phase().steps && state_.phase_step >= *phase().steps) return true;
    return phase().tokens && state_.phase_tokens >= *phase().tokens;
  }

  void leave_phase() {
    if (has_validation() && state_.last_evaluation != state_.step) (void)evaluate();
    if (!data_.held_out.empty()) look_at_held_out();
    state_.schedule_begin += state_.phase_step;
    ++state_.phase;
    state_.phase_step = 0;
    state_.phase_tokens = 0;
    state_.phase_entered = false;
    state_.cursor = {};
    save();
  }

  void tell_refused(const StepBatch& batch) {
    if (batch.refused.empty() || !first_rank()) return;
    const bool told = write([&] {
      for (const BadRow& row : batch.refused) {
        refused_->add({{"step", state_.step + 1}, {"place", row.place}, {"reason", row.reason}});
      }
    });
    if (!told) end_unwritten();
  }

  // ---- One step ---------------------------------------------------------------------------------------------------

  // This rank's share of the micro-batches.
  [[nodiscard]] std::vector<TrainBatch> own(StepBatch& batch) const {
    std::vector<TrainBatch> mine;
    const auto ranks = static_cast<std::size_t>(reducer_ ? reducer_->ranks() : 1);
    for (auto i = static_cast<std::size_t>(reducer_ ? reducer_->rank() : 0); i < batch.micro_batches.size();
         i += ranks) {
      mine.push_back(batch.micro_batches[i]);
    }
    return mine;
  }

  [[nodiscard]] StepGuard guard() const {
    StepGuard limits;
    if (state_.mean_steps < run_mean_least) return limits;
    limits.loss = recipe_.trouble.spike_loss * state_.mean_loss;
    limits.gradient_norm = recipe_.trouble.spike_gradient * state_.mean_norm;
    return limits;
  }

  void take_step(StepBatch& batch, RunClock::time_point begin, std::deque<std::pair<double, std::int64_t>>& speeds) {
    StepReport report;
    report.data_seconds = run_seconds_since(begin);
    report.learning_rate = schedule_.rate(state_.phase_step + (phase().continues_schedule ? state_.schedule_begin : 0));
    if (hooks_.before_trainer_step) hooks_.before_trainer_step(*trainer_, state_.step + 1);
    const std::vector<TrainBatch> mine = own(batch);
    report.result = trainer_->step(mine, report.learning_rate, guard());
    if (hooks_.after_trainer_step) hooks_.after_trainer_step(*trainer_, state_.step + 1);
    report.seconds = run_seconds_since(begin);

    ++state_.step;
    ++state_.phase_step;
    state_.phase_tokens += batch.tokens;
    state_.tokens += batch.tokens;
    state_.cursor = std::move(batch.after);
    if (report.result.taken()) {
      note_means(report.result);
    } else {
      handle_trouble(batch, report.result);
    }
    fill_report(report, speeds);
    if (first_rank()) tell_step(report);
  }

  void note_means(const StepResult& result) {
    const double keep = state_.mean_steps == 0 ? 0.0 : run_mean_decay;
    state_.mean_loss = keep * state_.mean_loss + (1.0 - keep) * result.loss;
    state_.mean_norm = keep * state_.mean_norm + (1.0 - keep) * result.gradient_norm;
    ++state_.mean_steps;
    state_.not_taken = 0;
  }

  void fill_report(StepReport& report, std::deque<std::pair<double, std::int64_t>>& speeds) const {
    speeds.emplace_back(report.seconds, report.result.tokens);
    if (speeds.size() > run_speed_window) speeds.pop_front();
    double seconds = 0.0;
    double tokens = 0.0;
    for (const auto& [s, t] : speeds) {
      seconds += s;
      tokens += static_cast<double>(t);
    }
    report.step = state_.step;
    report.phase = static_cast<std::size_t>(state_.phase);
    report.phase_name = phase().name;
    report.tokens_per_second = tokens / seconds;
    const double ranks = reducer_ ? reducer_->ranks() : 1;
    if (ceiling_ > 0.0) {
      report.ceiling_share = report.tokens_per_second * trainer_->flops_per_token() / (ceiling_ * ranks);
    }
    report.phase_done = phase().tokens ? static_cast<double>(state_.phase_tokens) / static_cast<double>(*phase().tokens)
                                       : static_cast<double>(state_.phase_step) / static_cast<double>(phase_steps_);
    report.phase_done = std::min(report.phase_done, 1.0);
    report.seconds_left = seconds / static_cast<double>(speeds.size()) *
                          static_cast<double>(std::max<std::int64_t>(phase_steps_ - state_.phase_step, 0));
    report.memory = trainer_->memory().bytes();
  }

  void tell_step(const StepReport& report) {
    const StepResult& result = report.result;
    Json line = {{"kind", "step"},
                 {"step", report.step},
                 {"phase", report.phase_name},
                 {"loss", result.loss},
                 {"learning_rate", report.learning_rate},
                 {"gradient_norm", result.gradient_norm},
                 {"tokens", result.tokens},
                 {"targets", result.targets},
                 {"seconds", report.seconds},
                 {"data_seconds", report.data_seconds},
                 {"gradient_seconds", result.seconds.gradients},
                 {"update_seconds", result.seconds.update},
                 {"tokens_per_second", report.tokens_per_second},
                 {"ceiling_share", report.ceiling_share},
                 {"memory_bytes", report.memory},
                 {"process_bytes", run_peak_memory()}};
    if (!result.taken()) line["refused"] = name(result.refusal);
    if (!write([&] { metrics_->add(line); })) end_unwritten();
    if (hooks_.on_step) hooks_.on_step(report);
  }

  // ---- Trouble ----------------------------------------------------------------------------------------------------

  void handle_trouble(const StepBatch& batch, const StepResult& result) {
    const bool finite = result.refusal == Refusal::loss_spike || result.refusal == Refusal::gradient_spike;
    TroubleRule rule = finite ? recipe_.trouble.spike : recipe_.trouble.not_finite;
    if (++state_.not_taken >= recipe_.trouble.most) rule = TroubleRule::stop;
    if (first_rank()) {
      const Json line = trouble_line(batch, result, rule);
      if (!write([&] { trouble_->add(line); })) end_unwritten();
    }
    const std::string what =
        "step " + std::to_string(state_.step) + " was not taken (" + std::string(name(result.refusal)) + ")";
    if (rule == TroubleRule::stop) {
      note(what + ": the run stops; its rows are in trouble.jsonl");
      result_.reason = what;
      over_ = true;
      result_.end = RunEnd::trouble;
      return;
    }
    if (rule == TroubleRule::roll_back) {
      const auto newest = newest_checkpoint(checkpoints_, [this](const std::string& text) { note(text); });
      if (newest) load(*newest, false);
      note(what +
           (newest ? ": back to the weights of " + newest->filename().string() : ": there is no checkpoint yet") +
           ", and on with the next rows");
      return;
    }
    note(what + ": on with the next rows");
  }

  [[nodiscard]] Json trouble_line(const StepBatch& batch, const StepResult& result, TroubleRule rule) const {
    Json rows = Json::array();
    std::size_t next = 0;
    for (const TrainBatch& micro : batch.micro_batches) {
      for (std::size_t i = 0; i + 1 < micro.starts.size() && next < batch.rows.size(); ++i, ++next) {
        const auto first = micro.ids.begin() + micro.starts[i];
        const auto last = micro.ids.begin() + micro.starts[i + 1];
        rows.push_back({{"place", batcher_->place(batch.rows[next])},
                        {"piece", batch.rows[next].piece},
                        {"ids", std::vector<TokenId>(first, last)}});
      }
    }
    return {{"step", state_.step},
            {"refusal", name(result.refusal)},
            {"loss", std::isfinite(result.loss) ? Json(result.loss) : Json(std::to_string(result.loss))},
            {"gradient_norm", std::isfinite(result.gradient_norm) ? Json(result.gradient_norm)
                                                                  : Json(std::to_string(result.gradient_norm))},
            {"rule", name(rule)},
            {"rows", rows}};
  }

  // ---- After a step -----------------------------------------------------------------------------------------------

  // Evaluation, samples, checkpoint, as their turns come. True when the phase's gate opens.
  bool after_step() {
    const auto due = [this](std::int64_t every) { return every > 0 && state_.step % every == 0; };
    bool open = false;
    bool best = false;
    if (has_validation() && due(recipe_.evaluation.every) && state_.last_evaluation != state_.step) {
      best = evaluate();
      open = gate_is_open();
    }
    if (due(recipe_.samples.every)) sample();
    if (!open && (due(recipe_.checkpoints.every) || (best && recipe_.checkpoints.keep_best))) save();
    return open;
  }

  // True when it is the best so far.
  bool evaluate() {
    const auto begin = RunClock::now();
    EvaluationReport report;
    report.step = state_.step;
    std::vector<double> sums(5);  // loss by weight, weight, rows, right answers, answers
    std::vector<EncodedRow> mine;
    std::vector<PromptAndReply> questions;
    const auto ranks = static_cast<std::size_t>(reducer_ ? reducer_->ranks() : 1);
    const auto rank = static_cast<std::size_t>(reducer_ ? reducer_->rank() : 0);
    for (const ValidationSet& set : data_.validation) {
      for (std::size_t i = rank; i < set.rows.size(); i += ranks) mine.push_back(set.rows[i]);
      for (std::size_t i = rank; i < set.questions.size(); i += ranks) questions.push_back(set.questions[i]);
    }
    if (!mine.empty()) {
      const EvaluateResult loss = trainer_->evaluate(evaluation_batches(mine, trainer_->config().micro_batch_tokens));
      sums = {loss.loss * loss.weight, loss.weight, static_cast<double>(mine.size()), 0.0, 0.0};
      keep_cases(mine, loss.sequences);
    }
    if (recipe_.evaluation.answers && !questions.empty()) {
      sums[3] = static_cast<double>(right_answers(questions));
      sums[4] = static_cast<double>(questions.size());
    }
    if (reducer_) reducer_->sum(sums);
    report.loss = sums[1] > 0.0 ? sums[0] / sums[1] : 0.0;
    report.rows = static_cast<std::int64_t>(sums[2]);
    report.answers = static_cast<std::int64_t>(sums[4]);
    if (sums[4] > 0.0) report.right = sums[3] / sums[4];
    report.best = note_evaluation(report);
    report.seconds = run_seconds_since(begin);
    tell_evaluation(report);
    return report.best;
  }

  // The rows that it predicts worst and best; with several ranks of those that rank 0 looks at.
  void keep_cases(const std::vector<EncodedRow>& rows, const std::vector<double>& losses) {
    if (!first_rank()) return;
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto worth = [&](std::size_t i) {
      return std::isnan(losses[i]) ? std::numeric_limits<double>::infinity() : losses[i];
    };
    std::ranges::stable_sort(order, std::ranges::greater{}, worth);
    const auto told = [&](std::size_t i) {
      std::vector<TokenId> asked, wanted;
      for (std::size_t t = 0; t < rows[i].tokens.size(); ++t) {
        (rows[i].weights[t] > 0.0f ? wanted : asked).push_back(rows[i].tokens[t]);
      }
      const auto text = [this](const std::vector<TokenId>& tokens) {
        const std::string all =
            repair_utf8(model_.tokenizer->decode(tokens, false));  // who speaks is known by its marks
        return all.size() > run_case_bytes ? all.substr(0, valid_utf8_prefix(all.substr(0, run_case_bytes))) : all;
      };
      return Json{{"loss", losses[i]}, {"prompt", text(asked)}, {"reply", text(wanted)}};
    };
    Json cases = {{"step", state_.step}, {"rows", rows.size()}, {"worst", Json::array()}, {"best", Json::array()}};
    for (std::size_t i = 0; i < std::min(run_cases, rows.size()); ++i) {  // few rows are shared out between the two
      if (2 * i < rows.size()) cases["worst"].push_back(told(order[i]));
      if (2 * i + 1 < rows.size()) cases["best"].push_back(told(order[order.size() - 1 - i]));
    }
    if (!write([&] { write_file_atomically(options_.out / "validation_cases.json", cases.dump()); })) end_unwritten();
  }

  void look_at_held_out() {
    std::vector<EncodedRow> mine;
    const auto ranks = static_cast<std::size_t>(reducer_ ? reducer_->ranks() : 1);
    for (const ValidationSet& set : data_.held_out) {
      for (auto i = static_cast<std::size_t>(reducer_ ? reducer_->rank() : 0); i < set.rows.size(); i += ranks) {
        mine.push_back(set.rows[i]);
      }
    }
    std::vector<double> sums(4);  // loss by weight, weight, rows, targets
    if (!mine.empty()) {
      const EvaluateResult loss = trainer_->evaluate(evaluation_batches(mine, trainer_->config().micro_batch_tokens));
      sums = {loss.loss * loss.weight, loss.weight, static_cast<double>(mine.size()),
              static_cast<double>(loss.targets)};
    }
    if (reducer_) reducer_->sum(sums);
    HeldOutReport report{.step = state_.step,
                         .loss = sums[1] > 0.0 ? sums[0] / sums[1] : 0.0,
                         .rows = static_cast<std::int64_t>(sums[2]),
                         .targets = static_cast<std::int64_t>(sums[3])};
    if (!state_.held_before) state_.held_before = report.loss;
    report.before = *state_.held_before;
    if (!first_rank()) return;
    const Json line = {{"kind", "held_out"},      {"step", report.step}, {"loss", report.loss},
                       {"before", report.before}, {"rows", report.rows}, {"targets", report.targets}};
    if (!write([&] { metrics_->add(line); })) end_unwritten();
    if (hooks_.on_held_out) hooks_.on_held_out(report);
  }

  bool note_evaluation(const EvaluationReport& report) {
    state_.last_evaluation = state_.step;
    // Answers count first; the loss tells runs with as many right ones apart.
    const double worth = report.right ? (1.0 - *report.right) * 1e6 + report.loss : report.loss;
    const bool best = !state_.best || worth < *state_.best;
    if (best) {
      state_.best = worth;
      state_.best_step = state_.step;
    }
    if (report.loss < state_.phase_best - phase_min_delta()) {
      state_.phase_best = report.loss;
      state_.phase_worse = 0;
    } else {
      ++state_.phase_worse;
    }
    result_.evaluation = report;
    result_.evaluation->best = best;
    return best;
  }

  [[nodiscard]] double phase_min_delta() const { return phase().gate.min_delta; }

  void tell_evaluation(const EvaluationReport& report) {
    if (!first_rank()) return;
    Json line = {{"kind", "evaluation"}, {"step", report.step}, {"loss", report.loss},
                 {"rows", report.rows},  {"best", report.best}, {"seconds", report.seconds}};
    if (report.right) {
      line["right"] = *report.right;
      line["answers"] = report.answers;
    }
    if (!write([&] { metrics_->add(line); })) end_unwritten();
    if (hooks_.on_evaluation) hooks_.on_evaluation(report);
  }

  std::int64_t right_answers(const std::vector<PromptAndReply>& questions) {
    const std::shared_ptr<const Mamba2Model> model = trainer_->model();
    std::optional<Snapshot> begin;
    if (trainer_->config().trained == Trained::state) begin = trainer_->initial_state();
    std::vector<std::vector<TokenId>> prompts;
    for (const PromptAndReply& question : questions) prompts.push_back(question.prompt);
    const auto replies = likeliest_replies(*model, stream_, prompts, begin ? &begin->state : nullptr,
                                           model_.chat->stop_tokens(), recipe_.evaluation.max_tokens, stop_);
    std::int64_t right = 0;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const std::string text = model_.tokenizer->decode(replies[i], false);
      right += same_reply(text, questions[i].reply, model_.chat->opens_thought()) ? 1 : 0;
    }
    return right;
  }

  [[nodiscard]] bool gate_is_open() const {
    const Gate& gate = phase().gate;
    if (gate.kind == GateKind::fixed || !result_.evaluation) return false;
    const EvaluationReport& evaluation = *result_.evaluation;
    if (gate.kind == GateKind::plateau) return state_.phase_worse >= gate.patience;
    const bool right = !gate.at_least || evaluation.right.value_or(0.0) >= *gate.at_least;
    return right && (!gate.loss_at_most || evaluation.loss <= *gate.loss_at_most);
  }

  void sample() {
    if (!first_rank() || recipe_.samples.prompts.empty()) return;
    const std::shared_ptr<const Mamba2Model> model = trainer_->model();
    Session session(model, model_.tokenizer, stream_);
    for (const std::string& prompt : recipe_.samples.prompts) {
      session.reset();
      if (trainer_->config().trained == Trained::state) session.restore(trainer_->initial_state());
      session.read(model_.chat->tokens({ChatRole::user, prompt}, true));
      GenerateOptions options;
      options.max_tokens = recipe_.samples.max_tokens;
      options.sampler.params.temperature = recipe_.samples.temperature;
      options.sampler.seed = mix_seed(recipe_.seed, static_cast<std::uint64_t>(state_.step));
      options.stop_tokens = model_.chat->stop_tokens();
      options.stop_strings = model_.chat->stop_strings();
      const SampleReport report{state_.step, prompt,
                                model_.tokenizer->decode(session.generate(options, {}, stop_).tokens, true)};
      const Json line = {{"step", report.step}, {"prompt", report.prompt}, {"text", report.text}};
      if (!write([&] { samples_->add(line); })) end_unwritten();
      if (hooks_.on_sample) hooks_.on_sample(report);
    }
  }

  // ---- Checkpoints ------------------------------------------------------------------------------------------------

  // All ranks save together; whether it worked is rank 0's to say. A step that has a checkpoint already keeps it.
  void save() {
    const fs::path target = checkpoints_.path_of(state_.step);
    if (agreed(first_rank() && fs::exists(target))) return;
    while (true) {
      const std::string reason = write_checkpoint(target);
      if (!agreed(!reason.empty())) break;
      bool retry = false;
      if (first_rank()) {
        result_.reason = reason;
        retry = hooks_.on_pause && hooks_.on_pause(reason) == PauseAnswer::retry;
      }
      if (!agreed(retry)) return end_unwritten();
    }
    if (!first_rank()) return;
    result_.reason.clear();
    checkpoints_.remove_old(recipe_.checkpoints.keep_last, recipe_.checkpoints.keep_best && state_.best
                                                               ? std::optional(state_.best_step)
                                                               : std::nullopt);
    if (hooks_.on_checkpoint) hooks_.on_checkpoint(state_.step, target);
  }

  // Why it could not be written, or nothing.
  std::string write_checkpoint(const fs::path& target) {
    std::string reason;
    const auto attempt = [&reason](const std::function<void()>& work) {
      try {
        work();
      } catch (const IoError& error) {
        reason = error.what();
      } catch (const fs::filesystem_error& error) {
        reason = error.what();
      }
    };
    std::unique_ptr<AtomicFolder> folder;
    if (first_rank()) attempt([&] { folder = std::make_unique<AtomicFolder>(target); });
    if (agreed(!reason.empty())) return reason;
    attempt([&] { trainer_->save(folder ? folder->path() / "trainer.safetensors" : fs::path()); });
    if (!folder || !reason.empty()) return reason;
    attempt([&] {
      metrics_->sync();
      (void)write_result(folder->path());
      write_file_atomically(folder->path() / "recipe.toml", recipe_.text);
      write_file_atomically(folder->path() / "run.json", run_json().dump(2) + "\n");
      write_manifest(folder->path());
      folder->commit();
    });
    return reason;
  }

  [[nodiscard]] Json run_json() const {
    Json json = plain_run_json();
    if (trainer_->config().trained != Trained::full) {
      json["base"] = {{"path", base_place()}, {"fingerprint", trainer_->base_fingerprint()}};
    }
    return json;
  }
  [[nodiscard]] Json plain_run_json() const {
    return {{"version", run_state_version},
            {"recipe", recipe_.name},
            {"seed", recipe_.seed},
            {"state", state_.to_json()},
            {"data", data_.fingerprints()},
            {"environment",
             {{"version", options_.version},
              {"device", stream_.device()->description()},
              {"threads", stream_.kind() == DeviceKind::cpu ? stream_.pool().threads() : 0},
              {"ranks", reducer_ ? reducer_->ranks() : 1},
              {"compute", trainer_->config().compute == DType::bf16 ? "bf16" : "f32"}}}};
  }

  // What was trained, in the form that others read.
  fs::path write_result(const fs::path& folder) const {
    switch (trainer_->config().trained) {
      case Trained::full: trainer_->export_model(folder / "model", recipe_.checkpoints.dtype); return folder / "model";
      case Trained::lora: trainer_->adapter().save(folder / "adapter"); return folder / "adapter";
      case Trained::state:
        trainer_->initial_state().save(folder / "state.safetensors");
        return folder / "state.safetensors";
    }
    return {};
  }

  // ---- Ends -------------------------------------------------------------------------------------------------------

  void end_stopped() {
    save();
    end_unwritten();
  }

  // What stands on the disk is kept.
  void end_unwritten() {
    over_ = true;
    if (result_.end != RunEnd::trouble) result_.end = RunEnd::stopped;
  }

  void finish() {
    const bool written = write([this] {
      for (const char* name : {"model", "adapter", "state.safetensors"}) fs::remove_all(options_.out / name);
      result_.result = write_result(options_.out);
    });
    if (!written) end_unwritten();
  }

  Stream& stream_;
  const Recipe& recipe_;
  const RunOptions& options_;
  const RunHooks& hooks_;
  std::stop_token stop_;
  std::shared_ptr<Reducer> reducer_;
  CheckpointFolder checkpoints_;
  std::unique_ptr<FolderLock> lock_;
  RunModel model_;
  RunData data_;
  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<Batcher> batcher_;
  std::unique_ptr<JsonLog> metrics_;
  std::unique_ptr<JsonLog> trouble_;
  std::unique_ptr<JsonLog> samples_;
  std::unique_ptr<JsonLog> refused_;
  RunState state_;
  Schedule schedule_;
  std::int64_t phase_steps_ = 0;
  double ceiling_ = 0.0;
  bool over_ = false;
  RunResult result_;
};

}  // namespace

RunResult run_training(Stream& stream, const Recipe& recipe, const RunOptions& options, const RunHooks& hooks,
                       const std::stop_token& stop, std::shared_ptr<Reducer> reducer) {
  return TrainingRun(stream, recipe, options, hooks, stop, std::move(reducer)).execute();
}

namespace {

// Forward and backward over one batch of a phase, the second time timed. Tokens per second.
double measured_speed(Trainer& trainer, const BatchPlan& plan, const RunModel& model) {
  Batcher batcher(plan, model.chat, model.tokenizer, {}, 1);
  const std::optional<StepBatch> batch = batcher.next();
  if (!batch || batch->micro_batches.empty()) return 0.0;
  const std::span<const TrainBatch> one(batch->micro_batches.data(), 1);
  (void)trainer.gradients(one);
  const auto begin = RunClock::now();
  (void)trainer.gradients(one);
  return static_cast<double>(one.front().ids.size()) / run_seconds_since(begin);
}

// A processor is as fast on a short micro-batch as on a long one, and its memory need not hold the long one to say so;
// a GPU is timed on what it will do.
TrainerConfig measured_config(const Recipe& recipe, TrainerConfig config, DeviceKind where) {
  if (where != DeviceKind::cpu) return config;
  std::int64_t longest = run_measured_tokens;
  for (const Phase& phase : recipe.phases) longest = std::max(longest, (phase.sequence_length + 63) / 64 * 64);
  config.micro_batch_tokens = std::min(config.micro_batch_tokens, longest);
  return config;
}

// Of a micro-batch, as many as the trainer makes its buffers for.
std::int64_t run_most_sequences(const TrainerConfig& config) { return 1 + config.micro_batch_tokens / 256; }

std::size_t run_frozen_bytes(const RunModel& model, const TrainerConfig& config, DeviceKind where) {
  if (config.trained == Trained::full) return 0;
  if (model.base) return weight_bytes(where, *model.base, config.frozen);
  return weight_bytes(where, model.config, WeightFormat::f32);
}

}  // namespace

RunEstimate estimate_run(Stream& stream, const Recipe& recipe, const RunOptions& options) {
  RunEstimate estimate;
  const RunModel model = open_run_model(recipe, options);
  cpu::ThreadPool pool(std::max(options.data_threads, 1));
  const RunData data = open_run_data(recipe, options, model, pool);
  estimate.bad_rows = data.bad_rows;
  estimate.bad_row_count = data.bad_row_count;
  const TrainerConfig config = run_trainer_config(recipe, stream.kind());
  estimate.memory =
      estimate_memory(model.config, config, config.micro_batch_tokens, run_most_sequences(config), stream.kind(),
                      run_frozen_bytes(model, config, stream.kind()), config.memory_budget);
  double ceiling = options.product_ceiling;
  if (ceiling == 0.0) ceiling = run_product_ceiling(stream, config.compute);
  const TrainerConfig measured = measured_config(recipe, config, stream.kind());
  const auto trainer = model.base ? Trainer::create(stream, model.base, measured)
                                  : Trainer::create(stream, model.config, measured, model.tokenizer_source);
  estimate.trained_numbers = trainer->trained_numbers();
  for (std::size_t i = 0; i < recipe.phases.size(); ++i) {
    const BatchPlan plan = phase_plan(recipe, i, data.phases[i]);
    const PhaseLength length = phase_length(recipe.phases[i], plan, model);
    BatchPlan short_plan = plan;
    short_plan.micro_batch_tokens = std::min(plan.micro_batch_tokens, measured.micro_batch_tokens);
    short_plan.batch_tokens = short_plan.micro_batch_tokens;
    const double speed = measured_speed(*trainer, short_plan, model);
    const double tokens = static_cast<double>(length.steps) * static_cast<double>(plan.batch_tokens) * length.filled;
    estimate.phases.push_back({recipe.phases[i].name, data.phases[i].finite_rows, length.tokens_per_row, length.filled,
                               length.steps, tokens, speed > 0.0 ? tokens / speed : 0.0});
    if (i == 0) estimate.tokens_per_second = speed;
  }
  if (ceiling > 0.0) estimate.ceiling_share = estimate.tokens_per_second * trainer->flops_per_token() / ceiling;
  return estimate;
}

}  // namespace holdfast
