// Sets of problems: what was made, what of it is kept, and what a person changed.
#include <array>
#include <utility>

#include "app/store/node_rows.h"
#include "app/store/problem_batch.h"
#include "app/store/store.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr auto problem_status_names = std::to_array<std::pair<ProblemStatus, std::string_view>>({
    {ProblemStatus::fresh, "new"},
    {ProblemStatus::accepted, "accepted"},
    {ProblemStatus::rejected, "rejected"},
});

ProblemStatus problem_status(const std::string& word) {
  for (const auto& [value, known] : problem_status_names) {
    if (known == word) return value;
  }
  throw StoreError("problem.status: \"" + word + "\" is none");
}

constexpr std::string_view concept_gap = "; ";

std::string joined_concepts(const std::vector<std::string>& concepts) {
  std::string text;
  for (const std::string& one : concepts) text += (text.empty() ? "" : std::string(concept_gap)) + one;
  return text;
}

std::vector<std::string> split_concepts(std::string_view text) {
  std::vector<std::string> concepts;
  while (!text.empty()) {
    const std::size_t end = text.find(concept_gap);
    concepts.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + concept_gap.size());
  }
  return concepts;
}

constexpr const char* problem_columns =
    "SELECT id, problem_set, statement, answer, level, concepts, verdict, status, edited, made, created FROM problem ";

ProblemRow problem_row(const Statement& row) {
  return {.id = {row.integer(0)},
          .set = {row.integer(1)},
          .statement = row.text(2),
          .answer = row.text(3),
          .level = static_cast<int>(row.integer(4)),
          .concepts = split_concepts(row.text(5)),
          .verdict = row.text(6),
          .status = problem_status(row.text(7)),
          .edited = row.integer(8) != 0,
          .made = row.text(9),
          .created = row.integer(10)};
}

}  // namespace

std::string_view name(ProblemStatus status) noexcept {
  for (const auto& [value, word] : problem_status_names) {
    if (value == status) return word;
  }
  return "unknown";
}

ProblemSetId Store::create_problem_set(std::string_view set_name) {
  connection_->prepare("INSERT INTO problem_set (name, created) VALUES (?, ?)")
      .bind(set_name)
      .bind(now_milliseconds())
      .run();
  return {connection_->last_insert_id()};
}

void Store::rename_problem_set(ProblemSetId id, std::string_view set_name) {
  connection_->prepare("UPDATE problem_set SET name = ? WHERE id = ?").bind(set_name).bind(id.value).run();
  require_changed(*connection_, "set of problems", id.value);
}

void Store::remove_problem_set(ProblemSetId id) {
  connection_->prepare("DELETE FROM problem_set WHERE id = ?").bind(id.value).run();
  require_changed(*connection_, "set of problems", id.value);
}

std::vector<ProblemSetRow> Store::problem_sets() const {
  const auto count = [](std::string_view status) {
    return ", (SELECT count(*) FROM problem WHERE problem_set = problem_set.id AND status = '" + std::string(status) +
           "')";
  };
  Statement rows =
      connection_->prepare("SELECT problem_set.id, problem_set.name, problem_set.created" + count("new") +
                           count("accepted") + count("rejected") + " FROM problem_set ORDER BY problem_set.id DESC");
  std::vector<ProblemSetRow> sets;
  while (rows.step()) {
    sets.push_back({.id = {rows.integer(0)},
                    .name = rows.text(1),
                    .fresh = rows.integer(3),
                    .accepted = rows.integer(4),
                    .rejected = rows.integer(5),
                    .created = rows.integer(2)});
  }
  return sets;
}

ProblemId insert_problem(Connection& connection, const ProblemRow& row) {
  connection
      .prepare(
          "INSERT INTO problem (problem_set, statement, answer, level, concepts, verdict, status, edited, made, "
          "created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(row.set.value)
      .bind(row.statement)
      .bind(row.answer)
      .bind(std::int64_t{row.level})
      .bind(joined_concepts(row.concepts))
      .bind(row.verdict)
      .bind(name(row.status))
      .bind(std::int64_t{row.edited})
      .bind(row.made)
      .bind(now_milliseconds())
      .run();
  return {connection.last_insert_id()};
}

void add_problems(const std::filesystem::path& database, const std::vector<ProblemRow>& rows) {
  Connection connection(database);
  Transaction transaction(connection);
  for (const ProblemRow& row : rows) (void)insert_problem(connection, row);
  transaction.commit();
}

ProblemId Store::add_problem(const ProblemRow& row) { return insert_problem(*connection_, row); }

std::vector<ProblemRow> Store::problems(ProblemSetId set) const {
  Statement rows = connection_->prepare(std::string(problem_columns) + "WHERE problem_set = ? ORDER BY id");
  rows.bind(set.value);
  std::vector<ProblemRow> problems;
  while (rows.step()) problems.push_back(problem_row(rows));
  return problems;
}

std::optional<ProblemRow> Store::problem(ProblemId id) const {
  Statement row = connection_->prepare(std::string(problem_columns) + "WHERE id = ?");
  row.bind(id.value);
  return row.step() ? std::optional(problem_row(row)) : std::nullopt;
}

void Store::set_problem_status(ProblemId id, ProblemStatus status) {
  connection_->prepare("UPDATE problem SET status = ? WHERE id = ?").bind(name(status)).bind(id.value).run();
  require_changed(*connection_, "problem", id.value);
}

void Store::edit_problem(const ProblemRow& row) {
  connection_->prepare("UPDATE problem SET statement = ?, answer = ?, made = ?, edited = 1 WHERE id = ?")
      .bind(row.statement)
      .bind(row.answer)
      .bind(row.made)
      .bind(row.id.value)
      .run();
  require_changed(*connection_, "problem", row.id.value);
}

}  // namespace holdfast
