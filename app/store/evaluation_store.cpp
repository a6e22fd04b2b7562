#include "app/store/evaluation_store.h"

#include <array>
#include <utility>

#include "app/store/node_rows.h"
#include "app/store/store.h"
#include "engine/json.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr int evaluation_busy_milliseconds = 10000;
constexpr auto evaluation_state_names = std::to_array<std::pair<EvaluationState, std::string_view>>({
    {EvaluationState::waiting, "waiting"},
    {EvaluationState::running, "running"},
    {EvaluationState::stopped, "stopped"},
    {EvaluationState::interrupted, "interrupted"},
    {EvaluationState::finished, "finished"},
    {EvaluationState::failed, "failed"},
});

EvaluationState evaluation_state(const std::string& word) {
  for (const auto& [state, known] : evaluation_state_names) {
    if (known == word) return state;
  }
  throw StoreError("evaluation: \"" + word + "\" is no state of an evaluation");
}

constexpr const char* evaluation_columns =
    "SELECT id, model, suite, samples, temperature, top_p, seed, max_tokens, solve, device, threads, state, "
    "stop_wanted, coalesce(process, ''), message, (SELECT count(*) FROM evaluation_item WHERE evaluation = id), "
    "(SELECT count(*) FROM evaluation_item WHERE evaluation = id AND text IS NOT NULL), "
    "(SELECT count(*) FROM evaluation_item WHERE evaluation = id AND is_right = 1), seconds, tokens, created "
    "FROM evaluation ";

EvaluationRow evaluation_row(const Statement& row) {
  return {.id = {row.integer(0)},
          .model = row.text(1),
          .suite = row.text(2),
          .samples = row.integer(3),
          .temperature = row.maybe_real(4).value_or(0.0),
          .top_p = row.maybe_real(5).value_or(1.0),
          .seed = row.integer(6),
          .max_tokens = row.integer(7),
          .solve = row.integer(8) != 0,
          .device = row.text(9),
          .threads = row.integer(10),
          .state = evaluation_state(row.text(11)),
          .stop_wanted = row.integer(12) != 0,
          .process = row.text(13),
          .message = row.text(14),
          .items = row.integer(15),
          .done = row.integer(16),
          .right = row.integer(17),
          .seconds = row.maybe_real(18).value_or(0.0),
          .tokens = row.integer(19),
          .created = row.integer(20)};
}

std::string json_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string votes_text(const EvaluationItem& item) {
  Json votes = Json::array();
  for (const EvaluationReply& reply : item.samples) {
    votes.push_back(
        {{"text", reply.text}, {"answer", reply.answer ? Json(*reply.answer) : Json(nullptr)}, {"right", reply.right}});
  }
  return json_text(votes);
}

void read_votes(const std::string& text, EvaluationItem& item) {
  const Json votes = Json::parse(text, nullptr, false);
  if (!votes.is_array()) throw StoreError("evaluation_item.votes: not a list");
  for (const Json& vote : votes) {
    if (!vote.is_object()) continue;
    EvaluationReply reply{.text = vote.value("text", ""), .answer = {}, .right = vote.value("right", false)};
    if (vote.contains("answer") && vote["answer"].is_string()) reply.answer = vote["answer"].get<std::string>();
    item.samples.push_back(std::move(reply));
  }
}

std::vector<std::string> concept_names(const std::string& text) {
  std::vector<std::string> names;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_array()) return names;
  for (const Json& entry : json) {
    if (entry.is_string()) names.push_back(entry.get<std::string>());
  }
  return names;
}

// Store looks at the file first: another program's, a newer one's and a damaged one are refused, an older one is
// brought up to date.
const std::filesystem::path& checked_file(const std::filesystem::path& file) {
  const Store store(file, {.check = false});
  return file;
}

}  // namespace

std::string_view name(EvaluationState state) noexcept {
  for (const auto& [known, word] : evaluation_state_names) {
    if (known == state) return word;
  }
  return "unknown";
}

bool can_go_on(EvaluationState state) noexcept {
  return state == EvaluationState::stopped || state == EvaluationState::interrupted || state == EvaluationState::failed;
}

EvaluationStore::EvaluationStore(const std::filesystem::path& file) : connection_(checked_file(file)) {
  connection_.set_busy_timeout(evaluation_busy_milliseconds);
  connection_.execute("PRAGMA foreign_keys = ON");
  connection_.execute("PRAGMA synchronous = FULL");
  connection_.keep_wal(false);
}

EvaluationId EvaluationStore::add(const EvaluationRow& row, const std::vector<EvaluationItem>& items) {
  Transaction transaction(connection_);
  connection_
      .prepare(
          "INSERT INTO evaluation (model, suite, samples, temperature, top_p, seed, max_tokens, solve, device, "
          "threads, "
          "state, created, queued) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'waiting', ?11, ?11)")
      .bind(row.model)
      .bind(row.suite)
      .bind(row.samples)
      .bind_real(row.temperature)
      .bind_real(row.top_p)
      .bind(row.seed)
      .bind(row.max_tokens)
      .bind(std::int64_t{row.solve})
      .bind(row.device)
      .bind(row.threads)
      .bind(now_milliseconds())
      .run();
  const EvaluationId id{connection_.last_insert_id()};
  std::int64_t number = 0;
  for (const EvaluationItem& item : items) {
    connection_
        .prepare(
            "INSERT INTO evaluation_item (evaluation, number, problem, expected, level, concepts) "
            "VALUES (?, ?, ?, ?, ?, ?)")
        .bind(id.value)
        .bind(number++)
        .bind(item.problem)
        .bind(item.expected)
        .bind_or_null(item.level)
        .bind(json_text(Json(item.concepts)))
        .run();
  }
  transaction.commit();
  return id;
}

std::vector<EvaluationRow> EvaluationStore::evaluations() const {
  Statement rows = connection_.prepare(std::string(evaluation_columns) + "ORDER BY id DESC");
  std::vector<EvaluationRow> evaluations;
  while (rows.step()) evaluations.push_back(evaluation_row(rows));
  return evaluations;
}

std::optional<EvaluationRow> EvaluationStore::evaluation(EvaluationId id) const {
  Statement row = connection_.prepare(std::string(evaluation_columns) + "WHERE id = ?");
  row.bind(id.value);
  return row.step() ? std::optional(evaluation_row(row)) : std::nullopt;
}

std::vector<EvaluationItem> EvaluationStore::items(EvaluationId id) const {
  Statement rows = connection_.prepare(
      "SELECT number, problem, expected, level, concepts, text, answer, is_right, tokens, votes, majority, "
      "majority_right FROM evaluation_item WHERE evaluation = ? ORDER BY number");
  rows.bind(id.value);
  std::vector<EvaluationItem> items;
  while (rows.step()) {
    EvaluationItem item{.number = rows.integer(0),
                        .problem = rows.text(1),
                        .expected = rows.text(2),
                        .level = rows.maybe_integer(3),
                        .concepts = concept_names(rows.text(4)),
                        .done = !rows.is_null(5),
                        .greedy = {rows.text(5), rows.maybe_text(6), rows.integer(7) != 0},
                        .tokens = rows.integer(8),
                        .samples = {},
                        .majority = rows.maybe_text(10),
                        .majority_right = rows.integer(11) != 0};
    if (!rows.is_null(9)) read_votes(rows.text(9), item);
    items.push_back(std::move(item));
  }
  return items;
}

std::optional<EvaluationId> EvaluationStore::next() const {
  Statement row = connection_.prepare(
      "SELECT id FROM evaluation WHERE state = 'waiting' AND NOT EXISTS (SELECT 1 FROM evaluation WHERE state = "
      "'running') ORDER BY queued, id LIMIT 1");
  return row.step() ? std::optional(EvaluationId{row.integer(0)}) : std::nullopt;
}

EvaluationRow EvaluationStore::claim(EvaluationId id) {
  Transaction transaction(connection_);
  const std::optional<EvaluationRow> row = evaluation(id);
  const std::string label = "evaluation " + std::to_string(id.value);
  if (!row) throw StoreError(label + ": not in " + connection_.file().string());
  if (row->state != EvaluationState::waiting) {
    throw StoreError(label + ": is " + std::string(name(row->state)) + ", want one that waits");
  }
  connection_.prepare("UPDATE evaluation SET process = ?, state = 'running', message = '' WHERE id = ?")
      .bind(process_mark())
      .bind(id.value)
      .run();
  EvaluationRow claimed = evaluation(id).value();
  transaction.commit();
  return claimed;
}

void EvaluationStore::add_replies(EvaluationId id, const std::vector<EvaluationItem>& items, double seconds,
                                  std::int64_t tokens) {
  Transaction transaction(connection_);
  for (const EvaluationItem& item : items) {
    connection_
        .prepare(
            "UPDATE evaluation_item SET text = ?, answer = ?, is_right = ?, tokens = ?, votes = ?, majority = ?, "
            "majority_right = ? WHERE evaluation = ? AND number = ?")
        .bind(item.greedy.text)
        .bind_or_null(item.greedy.answer)
        .bind(std::int64_t{item.greedy.right})
        .bind(item.tokens)
        .bind_or_null(item.samples.empty() ? std::nullopt : std::optional(votes_text(item)))
        .bind_or_null(item.majority)
        .bind(std::int64_t{item.majority_right})
        .bind(id.value)
        .bind(item.number)
        .run();
  }
  connection_.prepare("UPDATE evaluation SET seconds = seconds + ?, tokens = tokens + ? WHERE id = ?")
      .bind_real(seconds)
      .bind(tokens)
      .bind(id.value)
      .run();
  require_changed(connection_, "evaluation", id.value);
  transaction.commit();
}

void EvaluationStore::end(EvaluationId id, EvaluationState state, std::string_view message) {
  connection_
      .prepare(
          "UPDATE evaluation SET state = ?, message = ?, process = NULL, stop_wanted = 0 WHERE id = ? AND process = ?")
      .bind(name(state))
      .bind(message)
      .bind(id.value)
      .bind(process_mark())
      .run();
  require_changed(connection_, "evaluation of this process", id.value);
}

void EvaluationStore::want_stop(EvaluationId id) {
  connection_
      .prepare(
          "UPDATE evaluation SET stop_wanted = state = 'running', state = CASE state WHEN 'waiting' THEN 'stopped' "
          "ELSE state END WHERE id = ? AND state IN ('waiting', 'running')")
      .bind(id.value)
      .run();
}

void EvaluationStore::queue(EvaluationId id) {
  connection_
      .prepare(
          "UPDATE evaluation SET state = 'waiting', stop_wanted = 0, message = '', queued = ? WHERE id = ? AND state "
          "IN "
          "('stopped', 'interrupted', 'failed')")
      .bind(now_milliseconds())
      .bind(id.value)
      .run();
  require_changed(connection_, "evaluation", id.value);
}

void EvaluationStore::fail_waiting(EvaluationId id, std::string_view message) {
  connection_.prepare("UPDATE evaluation SET state = 'failed', message = ? WHERE id = ? AND state = 'waiting'")
      .bind(message)
      .bind(id.value)
      .run();
}

void EvaluationStore::recover() {
  std::vector<std::pair<std::int64_t, std::string>> dead;
  {
    Statement running = connection_.prepare("SELECT id, process FROM evaluation WHERE state = 'running'");
    while (running.step()) {
      if (!process_lives(running.text(1))) dead.emplace_back(running.integer(0), running.text(1));
    }
  }
  for (const auto& [id, process] : dead) {
    connection_
        .prepare(
            "UPDATE evaluation SET state = 'interrupted', process = NULL, stop_wanted = 0 WHERE id = ? AND "
            "process = ?")
        .bind(id)
        .bind(process)
        .run();
  }
}

void EvaluationStore::remove(EvaluationId id) {
  connection_.prepare("DELETE FROM evaluation WHERE id = ? AND state <> 'running'").bind(id.value).run();
  require_changed(connection_, "evaluation", id.value);
}

std::optional<std::pair<double, double>> EvaluationStore::held_out(std::int64_t run, std::int64_t step) const {
  Statement rows = connection_.prepare(
      "SELECT held_out FROM run_step WHERE run = ?1 AND held_out IS NOT NULL AND (?2 < 0 OR step <= ?2) ORDER BY step");
  rows.bind(run).bind(step);
  std::optional<std::pair<double, double>> found;
  while (rows.step()) {
    const double loss = rows.maybe_real(0).value_or(0.0);
    if (!found) found.emplace(loss, loss);
    found->second = loss;
  }
  return found;
}

}  // namespace holdfast
