// Training runs: what a person wants of one, where it stands, and the figures of its steps.
#include <array>
#include <utility>

#include "app/store/node_rows.h"
#include "app/store/store.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr auto run_state_names = std::to_array<std::pair<RunState, std::string_view>>({
    {RunState::waiting, "waiting"},
    {RunState::running, "running"},
    {RunState::paused, "paused"},
    {RunState::stopped, "stopped"},
    {RunState::interrupted, "interrupted"},
    {RunState::finished, "finished"},
    {RunState::failed, "failed"},
});
constexpr auto run_wish_names = std::to_array<std::pair<RunWish, std::string_view>>({
    {RunWish::run, "run"},
    {RunWish::pause, "pause"},
    {RunWish::stop, "stop"},
});

template <class Value, std::size_t count>
std::string_view run_word(const std::array<std::pair<Value, std::string_view>, count>& words, Value value) noexcept {
  for (const auto& [known, word] : words) {
    if (known == value) return word;
  }
  return "unknown";
}

template <class Value, std::size_t count>
Value run_value(const std::array<std::pair<Value, std::string_view>, count>& words, const std::string& word) {
  for (const auto& [value, known] : words) {
    if (known == word) return value;
  }
  throw StoreError("run: \"" + word + "\" is no state of a run");
}

constexpr const char* run_died =
    "Its process ended without a word: it was killed, it ran out of memory, or the machine went down. Nothing is lost "
    "but the steps since the last checkpoint; it goes on from there.";
constexpr const char* run_columns =
    "SELECT id, name, recipe, recipe_file, base, folder, device, threads, state, wanted, coalesce(process, ''), "
    "message, result, step, done, seconds_left, memory, cuts, created, coalesce(started, 0), coalesce(finished, 0) "
    "FROM run ";

RunRow run_row(const Statement& row) {
  return {.id = {row.integer(0)},
          .name = row.text(1),
          .recipe = row.text(2),
          .recipe_file = row.text(3),
          .base = row.text(4),
          .folder = row.text(5),
          .device = row.text(6),
          .threads = row.integer(7),
          .state = run_value(run_state_names, row.text(8)),
          .wanted = run_value(run_wish_names, row.text(9)),
          .process = row.text(10),
          .message = row.text(11),
          .result = row.text(12),
          .step = row.integer(13),
          .done = row.maybe_real(14).value_or(0.0),
          .seconds_left = row.maybe_real(15),
          .memory = row.integer(16),
          .cuts = row.integer(17),
          .created = row.integer(18),
          .started = row.integer(19),
          .finished = row.integer(20)};
}

void write_run_step(Connection& connection, RunId id, const RunStepRow& row) {
  connection
      .prepare(
          "INSERT INTO run_step (run, step, phase, loss, learning_rate, gradient_norm, tokens_per_second, validation, "
          "right_share, refused, held_out) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, step) DO UPDATE "
          "SET "
          "loss = coalesce(excluded.loss, loss), learning_rate = coalesce(excluded.learning_rate, learning_rate), "
          "gradient_norm = coalesce(excluded.gradient_norm, gradient_norm), "
          "tokens_per_second = coalesce(excluded.tokens_per_second, tokens_per_second), "
          "validation = coalesce(excluded.validation, validation), "
          "right_share = coalesce(excluded.right_share, right_share), refused = coalesce(excluded.refused, refused), "
          "held_out = coalesce(excluded.held_out, held_out)")
      .bind(id.value)
      .bind(row.step)
      .bind(row.phase)
      .bind_real(row.loss)
      .bind_real(row.learning_rate)
      .bind_real(row.gradient_norm)
      .bind_real(row.tokens_per_second)
      .bind_real(row.validation)
      .bind_real(row.right)
      .bind_or_null(row.refused.empty() ? std::nullopt : std::optional(row.refused))
      .bind_real(row.held_out)
      .run();
}

}  // namespace

std::string_view name(RunState state) noexcept { return run_word(run_state_names, state); }
std::string_view name(RunWish wish) noexcept { return run_word(run_wish_names, wish); }

bool can_go_on(RunState state) noexcept {
  return state == RunState::paused || state == RunState::stopped || state == RunState::interrupted ||
         state == RunState::failed;
}

RunRow Store::add_run(const RunRow& row, std::span<const std::string> phases) {
  Transaction transaction(*connection_);
  connection_
      ->prepare(
          "INSERT INTO run (name, recipe, recipe_file, base, folder, device, threads, state, created, queued) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)")
      .bind(row.name)
      .bind(row.recipe)
      .bind(row.recipe_file)
      .bind(row.base)
      .bind(row.folder)
      .bind(row.device)
      .bind(row.threads)
      .bind(name(row.state))
      .bind(now_milliseconds())
      .run();
  const RunId id{connection_->last_insert_id()};
  const std::filesystem::path folder = std::filesystem::path(row.folder) / std::to_string(id.value);
  connection_->prepare("UPDATE run SET folder = ? WHERE id = ?").bind(folder.string()).bind(id.value).run();
  for (std::size_t i = 0; i < phases.size(); ++i) {
    connection_->prepare("INSERT INTO run_phase (run, number, name) VALUES (?, ?, ?)")
        .bind(id.value)
        .bind(static_cast<std::int64_t>(i))
        .bind(phases[i])
        .run();
  }
  RunRow added = run(id).value();
  transaction.commit();
  return added;
}

std::vector<RunRow> Store::runs() const {
  Statement rows = connection_->prepare(std::string(run_columns) + "ORDER BY id DESC");
  std::vector<RunRow> runs;
  while (rows.step()) runs.push_back(run_row(rows));
  return runs;
}

std::optional<RunRow> Store::run(RunId id) const {
  Statement row = connection_->prepare(std::string(run_columns) + "WHERE id = ?");
  row.bind(id.value);
  return row.step() ? std::optional(run_row(row)) : std::nullopt;
}

std::optional<RunId> Store::next_run() const {
  Statement row = connection_->prepare(
      "SELECT id FROM run WHERE state = 'waiting' AND NOT EXISTS (SELECT 1 FROM run WHERE state = 'running') "
      "ORDER BY queued, id LIMIT 1");
  return row.step() ? std::optional(RunId{row.integer(0)}) : std::nullopt;
}

void Store::rename_run(RunId id, std::string_view name) {
  connection_->prepare("UPDATE run SET name = ? WHERE id = ?").bind(name).bind(id.value).run();
  require_changed(*connection_, "run", id.value);
}

void Store::want_run(RunId id, RunWish wish) {
  connection_
      ->prepare(
          "UPDATE run SET wanted = ?1, state = CASE WHEN state <> 'waiting' THEN state WHEN ?1 = 'pause' THEN 'paused' "
          "WHEN ?1 = 'stop' THEN 'stopped' ELSE state END WHERE id = ?2 AND state IN ('waiting', 'running')")
      .bind(name(wish))
      .bind(id.value)
      .run();
  require_changed(*connection_, "run", id.value);
}

void Store::queue_run(RunId id) {
  connection_
      ->prepare(
          "UPDATE run SET state = 'waiting', wanted = 'run', message = '', queued = ? WHERE id = ? AND state IN "
          "('paused', 'stopped', 'interrupted', 'failed')")
      .bind(now_milliseconds())
      .bind(id.value)
      .run();
  require_changed(*connection_, "run", id.value);
}

RunRow Store::claim_run(RunId id) {
  Transaction transaction(*connection_);
  const std::optional<RunRow> row = run(id);
  const std::string label = "run " + std::to_string(id.value);
  if (!row) throw StoreError(label + ": not in " + file().string());
  if (row->state == RunState::running && process_lives(row->process)) {
    throw StoreError(label + ": another process trains it already");
  }
  // One that a person stopped before its process stood there stays stopped.
  if (row->state != RunState::waiting) {
    throw StoreError(label + ": is " + std::string(name(row->state)) + ", want one that waits to be trained");
  }
  connection_
      ->prepare(
          "UPDATE run SET process = ?, state = 'running', message = '', result = '', started = ?, finished = NULL "
          "WHERE id = ?")
      .bind(process_mark())
      .bind(now_milliseconds())
      .bind(id.value)
      .run();
  RunRow claimed = run(id).value();
  transaction.commit();
  return claimed;
}

void Store::end_run(RunId id, RunState state, std::string_view message, std::string_view result) {
  connection_
      ->prepare(
          "UPDATE run SET state = ?, message = ?, result = ?, process = NULL, seconds_left = NULL, finished = ? "
          "WHERE id = ? AND process = ?")
      .bind(name(state))
      .bind(message)
      .bind(result)
      .bind(now_milliseconds())
      .bind(id.value)
      .bind(process_mark())
      .run();
  require_changed(*connection_, "run of this process", id.value);
}

void Store::fail_waiting_run(RunId id, std::string_view message) {
  connection_->prepare("UPDATE run SET state = 'failed', message = ? WHERE id = ? AND state = 'waiting'")
      .bind(message)
      .bind(id.value)
      .run();
}

void Store::tell_run(RunId id, std::string_view message) {
  connection_->prepare("UPDATE run SET message = ? WHERE id = ?").bind(message).bind(id.value).run();
}

std::vector<RunId> Store::recover_runs() {
  std::vector<RunId> dead;
  {
    Statement running = connection_->prepare("SELECT id, process FROM run WHERE state = 'running'");
    while (running.step()) {
      if (!process_lives(running.text(1))) dead.push_back({running.integer(0)});
    }
  }
  if (dead.empty()) return dead;  // asked often: no lock for nothing
  Transaction transaction(*connection_);
  std::vector<RunId> interrupted;
  for (const RunId id : dead) {
    const std::optional<RunRow> row = run(id);  // another process may have claimed it in between
    if (!row || row->state != RunState::running || process_lives(row->process)) continue;
    connection_
        ->prepare(
            "UPDATE run SET state = 'interrupted', process = NULL, seconds_left = NULL, finished = ?, message = ? "
            "WHERE id = ?")
        .bind(now_milliseconds())
        .bind(run_died)
        .bind(id.value)
        .run();
    interrupted.push_back(id);
  }
  transaction.commit();
  return interrupted;
}

void Store::remove_run(RunId id) {
  connection_->prepare("DELETE FROM run WHERE id = ? AND state <> 'running'").bind(id.value).run();
  require_changed(*connection_, "run", id.value);
}

void Store::add_run_progress(RunId id, const RunProgress& progress) {
  if (progress.steps.empty()) return;
  Transaction transaction(*connection_);
  for (const RunStepRow& row : progress.steps) {
    write_run_step(*connection_, id, row);
    if (row.step == 0) continue;  // what was before the first phase
    connection_->prepare("UPDATE run_phase SET first_step = ?1 WHERE run = ?2 AND number = ?3 AND first_step IS NULL")
        .bind(row.step)
        .bind(id.value)
        .bind(row.phase)
        .run();
  }
  connection_->prepare("UPDATE run SET step = ?, done = ?, seconds_left = ?, memory = ? WHERE id = ?")
      .bind(progress.steps.back().step)
      .bind_real(progress.done)
      .bind_real(progress.seconds_left)
      .bind(progress.memory)
      .bind(id.value)
      .run();
  require_changed(*connection_, "run", id.value);
  transaction.commit();
}

void Store::cut_run_after(RunId id, std::int64_t step) {
  Transaction transaction(*connection_);
  for (const char* sql :
       {"DELETE FROM run_step WHERE run = ? AND step > ?", "DELETE FROM run_sample WHERE run = ? AND step > ?",
        "UPDATE run_phase SET first_step = NULL WHERE run = ? AND first_step > ?",
        "UPDATE run SET cuts = cuts + 1, step = ?2 WHERE id = ?1"}) {
    connection_->prepare(sql).bind(id.value).bind(step).run();
  }
  transaction.commit();
}

void Store::add_run_sample(RunId id, const RunSampleRow& row) {
  connection_->prepare("INSERT INTO run_sample (run, step, prompt, text) VALUES (?, ?, ?, ?)")
      .bind(id.value)
      .bind(row.step)
      .bind(row.prompt)
      .bind(row.text)
      .run();
}

void Store::add_run_event(RunId id, std::string_view text) {
  connection_->prepare("INSERT INTO run_event (run, time, text) VALUES (?, ?, ?)")
      .bind(id.value)
      .bind(now_milliseconds())
      .bind(text)
      .run();
}

std::vector<RunPhaseRow> Store::run_phases(RunId id) const {
  Statement rows = connection_->prepare("SELECT number, name, first_step FROM run_phase WHERE run = ? ORDER BY number");
  rows.bind(id.value);
  std::vector<RunPhaseRow> phases;
  while (rows.step()) phases.push_back({rows.integer(0), rows.text(1), rows.maybe_integer(2)});
  return phases;
}

std::vector<RunStepRow> Store::run_steps(RunId id, std::int64_t from_step) const {
  Statement rows = connection_->prepare(
      "SELECT step, phase, loss, learning_rate, gradient_norm, tokens_per_second, validation, right_share, "
      "coalesce(refused, ''), held_out FROM run_step WHERE run = ? AND step >= ? ORDER BY step");
  rows.bind(id.value).bind(from_step);
  std::vector<RunStepRow> steps;
  while (rows.step()) {
    steps.push_back({.step = rows.integer(0),
                     .phase = rows.integer(1),
                     .loss = rows.maybe_real(2),
                     .learning_rate = rows.maybe_real(3),
                     .gradient_norm = rows.maybe_real(4),
                     .tokens_per_second = rows.maybe_real(5),
                     .validation = rows.maybe_real(6),
                     .right = rows.maybe_real(7),
                     .held_out = rows.maybe_real(9),
                     .refused = rows.text(8)});
  }
  return steps;
}

std::vector<RunSampleRow> Store::run_samples(RunId id, std::int64_t after) const {
  Statement rows =
      connection_->prepare("SELECT id, step, prompt, text FROM run_sample WHERE run = ? AND id > ? ORDER BY id");
  rows.bind(id.value).bind(after);
  std::vector<RunSampleRow> samples;
  while (rows.step()) samples.push_back({rows.integer(0), rows.integer(1), rows.text(2), rows.text(3)});
  return samples;
}

std::vector<RunEventRow> Store::run_events(RunId id, std::int64_t after) const {
  Statement rows = connection_->prepare("SELECT id, time, text FROM run_event WHERE run = ? AND id > ? ORDER BY id");
  rows.bind(id.value).bind(after);
  std::vector<RunEventRow> events;
  while (rows.step()) events.push_back({rows.integer(0), rows.integer(1), rows.text(2)});
  return events;
}

}  // namespace holdfast
