#include "app/cli/run_record.h"

#include <fstream>
#include <utility>

#include "engine/json.h"
#include "kernels/error.h"

namespace holdfast::cli {
namespace {

constexpr std::chrono::seconds run_write_interval{1};
constexpr std::size_t run_most_waiting = 100000;  // steps that a store which refuses them may lag behind

std::optional<double> run_number(const Json& line, const char* key) {
  return line.contains(key) && line[key].is_number() ? std::optional(line[key].get<double>()) : std::nullopt;
}

}  // namespace

RunRecord::RunRecord(const std::filesystem::path& data, RunId id, bool resume)
    : store_(data / "holdfast.db", {.check = false}) {
  if (resume) {
    store_.recover_runs();
    const std::optional<RunRow> row = store_.run(id);
    if (row && can_go_on(row->state)) store_.queue_run(id);
  }
  row_ = store_.claim_run(id);
}

RunHooks RunRecord::told(RunHooks hooks, std::stop_source& stop) {
  phases_ = std::max<std::size_t>(store_.run_phases(row_.id).size(), 1);
  RunHooks out = hooks;
  out.on_step = [this, hooks](const StepReport& report) {
    note_step(report);
    if (hooks.on_step) hooks.on_step(report);
  };
  out.on_evaluation = [this, hooks](const EvaluationReport& report) {
    note_evaluation(report);
    if (hooks.on_evaluation) hooks.on_evaluation(report);
  };
  out.on_held_out = [this, hooks](const HeldOutReport& report) {
    note_held_out(report);
    if (hooks.on_held_out) hooks.on_held_out(report);
  };
  out.on_sample = [this, hooks](const SampleReport& report) {
    write(true);  // a sample never stands there without its step
    try {
      store_.add_run_sample(row_.id, {0, report.step, report.prompt, report.text});
    } catch (const StoreError& error) {
      if (hooks.on_note) hooks.on_note(error.what());
    }
    if (hooks.on_sample) hooks.on_sample(report);
  };
  out.on_note = [this, hooks](const std::string& sentence) {
    write_event(sentence);
    if (hooks.on_note) hooks.on_note(sentence);
  };
  out.on_checkpoint = [this, hooks](std::int64_t step, const std::filesystem::path& path) {
    write(true);
    write_event("checkpoint of step " + std::to_string(step));
    if (hooks.on_checkpoint) hooks.on_checkpoint(step, path);
  };
  out.on_pause = [this, hooks, &stop](const std::string& reason) {
    write_event("cannot write: " + reason);
    tell("Nothing can be written (" + reason + "): the run waits and tries again; nothing is lost.");
    waits_ = true;
    if (wish() != RunWish::run) {
      stop.request_stop();
      return PauseAnswer::stop;
    }
    return hooks.on_pause ? hooks.on_pause(reason) : PauseAnswer::stop;
  };
  out.before_step = [this, hooks, &stop] {
    write(false);
    if (std::exchange(waits_, false)) tell("");
    if (wish() != RunWish::run) stop.request_stop();
    if (hooks.before_step) hooks.before_step();
  };
  return out;
}

void RunRecord::note_step(const StepReport& report) {
  if (!begun_) begin_steps(report.step);
  phase_ = static_cast<std::int64_t>(report.phase);
  RunStepRow row{.step = report.step, .phase = phase_};
  row.loss = report.result.loss;
  row.learning_rate = report.learning_rate;
  row.gradient_norm = report.result.gradient_norm;
  row.tokens_per_second = report.tokens_per_second;
  if (!report.result.taken()) row.refused = name(report.result.refusal);
  waiting_[report.step] = row;
  progress_.done = (static_cast<double>(report.phase) + report.phase_done) / static_cast<double>(phases_);
  progress_.seconds_left = report.seconds_left >= 0.0 ? std::optional(report.seconds_left) : std::nullopt;
  progress_.memory = static_cast<std::int64_t>(report.memory);
  write(false);
}

void RunRecord::note_evaluation(const EvaluationReport& report) {
  if (!begun_) begin_steps(report.step + 1);
  RunStepRow& row = waiting_[report.step];
  row.step = report.step;
  row.phase = phase_;
  row.validation = report.loss;
  row.right = report.right;
  write(true);
}

void RunRecord::note_held_out(const HeldOutReport& report) {
  if (!begun_) begin_steps(report.step + 1);
  RunStepRow& row = waiting_[report.step];
  row.step = report.step;
  row.phase = phase_;
  row.held_out = report.loss;
  if (report.step == 0) {
    write_event("held-out rows: " + std::to_string(report.rows) + " rows with " + std::to_string(report.targets) +
                " tokens to predict");
  }
  write(true);
}

// Steps beyond a checkpoint are taken again after a death, and the last ones before it may not have come here in time:
// the folder's own log, which was synced before the checkpoint, has them.
void RunRecord::begin_steps(std::int64_t first) {
  begun_ = true;
  try {
    const std::vector<RunStepRow> known = store_.run_steps(row_.id, 0);
    if (!known.empty() && known.back().step >= first) store_.cut_run_after(row_.id, first - 1);
    const std::vector<RunPhaseRow> phases = store_.run_phases(row_.id);
    std::int64_t have = 0;
    for (const RunStepRow& row : known) have = row.step < first ? row.step : have;
    std::ifstream in(std::filesystem::path(row_.folder) / "metrics.jsonl");
    for (std::string text; std::getline(in, text);) {
      const Json line = Json::parse(text, nullptr, false);
      if (!line.is_object() || !line.contains("step") || !line["step"].is_number_integer()) continue;
      const auto step = line["step"].get<std::int64_t>();
      if (step < have || step >= first) continue;
      RunStepRow& row = waiting_[step];
      row.step = step;
      if (line.value("kind", "") == "evaluation") {
        row.validation = run_number(line, "loss");
        row.right = run_number(line, "right");
        continue;
      }
      if (line.value("kind", "") == "held_out") {
        row.held_out = run_number(line, "loss");
        continue;
      }
      for (const RunPhaseRow& phase : phases) {
        if (phase.name == line.value("phase", "")) row.phase = phase.number;
      }
      row.loss = run_number(line, "loss");
      row.learning_rate = run_number(line, "learning_rate");
      row.gradient_norm = run_number(line, "gradient_norm");
      row.tokens_per_second = run_number(line, "tokens_per_second");
      row.refused = line.value("refused", "");
    }
  } catch (const StoreError&) {
    begun_ = false;  // at the next step again
  }
}

// A store that refuses for a while, because the disk is full or another program writes for long, gets it later: no
// step is lost for it, and no step waits for it.
void RunRecord::write(bool all) {
  const auto now = std::chrono::steady_clock::now();
  if (waiting_.empty() || (!all && now - written_ < run_write_interval)) return;
  written_ = now;
  progress_.steps.clear();
  for (const auto& [step, row] : waiting_) progress_.steps.push_back(row);
  try {
    store_.add_run_progress(row_.id, progress_);
    waiting_.clear();
  } catch (const StoreError&) {
    while (waiting_.size() > run_most_waiting) waiting_.erase(waiting_.begin());
  }
}

void RunRecord::write_event(std::string_view text) {
  try {
    store_.add_run_event(row_.id, text);
  } catch (const StoreError&) {
    // The sentence also goes to standard error.
  }
}

void RunRecord::tell(std::string_view message) {
  try {
    store_.tell_run(row_.id, message);
  } catch (const StoreError&) {
    // The same disk may be full for the store too.
  }
}

RunWish RunRecord::wish() {
  try {
    const std::optional<RunRow> row = store_.run(row_.id);
    if (row) row_.wanted = row->wanted;
  } catch (const StoreError&) {
    // Then it is as it was.
  }
  return row_.wanted;
}

void RunRecord::end(const RunResult& result) {
  write(true);
  if (result.end == RunEnd::finished) {
    write_event("finished after step " + std::to_string(result.step));
    return store_.end_run(row_.id, RunState::finished, "", result.result.string());
  }
  const std::string at = "after step " + std::to_string(result.step);
  if (result.end == RunEnd::trouble || !result.reason.empty()) {
    write_event("failed " + at + ": " + result.reason);
    return store_.end_run(row_.id, RunState::failed, result.reason, "");
  }
  const bool stopped = wish() == RunWish::stop;
  write_event((stopped ? "stopped " : "paused ") + at);
  store_.end_run(row_.id, stopped ? RunState::stopped : RunState::paused, "", "");
}

void RunRecord::fail(std::string_view reason) noexcept {
  write(true);
  write_event(std::string("failed: ") + std::string(reason));
  try {
    store_.end_run(row_.id, RunState::failed, reason, "");
  } catch (const std::exception&) {
    // The process ends, and the run is found interrupted.
  }
}

}  // namespace holdfast::cli
