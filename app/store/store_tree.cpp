// The tree of a session: branches to write on, to choose, to take away and to bring back.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "app/store/columns.h"
#include "app/store/node_rows.h"
#include "app/store/store.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

// "path": a node and all above it, with their distance from it.
std::string path_from(std::string_view start) {
  return "WITH RECURSIVE path (id, depth) AS (" + std::string(start) +
         " UNION ALL SELECT node.parent, depth + 1 FROM path JOIN node ON node.id = path.id "
         "WHERE node.parent IS NOT NULL) ";
}

// "below": a node and all that grew from it.
constexpr std::string_view below_node =
    "WITH RECURSIVE below (id) AS (VALUES (?) UNION ALL SELECT node.id FROM below JOIN node ON node.parent = "
    "below.id) ";

// "alive": the nodes of a session that are not in the bin.
constexpr std::string_view alive_nodes =
    "WITH RECURSIVE alive (id) AS ("
    "  SELECT id FROM node WHERE session = ? AND parent IS NULL AND deleted IS NULL"
    "  UNION ALL SELECT node.id FROM alive JOIN node ON node.parent = alive.id WHERE node.deleted IS NULL) ";

}  // namespace

std::vector<NodeRow> Store::nodes_of(Statement& rows) const {
  std::vector<NodeRow> nodes;
  while (rows.step()) nodes.push_back(node_row(rows));
  for (NodeRow& node : nodes) {
    if (node.running) join_journal(*connection_, node);
  }
  return nodes;
}

std::vector<NodeRow> Store::branch(SessionId id) const {
  Statement rows = connection_->prepare(path_from("SELECT head, 0 FROM session WHERE id = ? AND head IS NOT NULL") +
                                        "SELECT " + std::string(node_columns) +
                                        " FROM path JOIN node ON node.id = path.id ORDER BY path.depth DESC");
  rows.bind(id.value);
  return nodes_of(rows);
}

std::vector<NodeRow> Store::branch_to(NodeId id) const {
  Statement rows =
      connection_->prepare(path_from("SELECT id, 0 FROM node WHERE id = ?") + "SELECT " + std::string(node_columns) +
                           " FROM path JOIN node ON node.id = path.id ORDER BY path.depth DESC");
  rows.bind(id.value);
  return nodes_of(rows);
}

std::vector<NodeRow> Store::tree(SessionId id) const {
  Statement rows = connection_->prepare(std::string(alive_nodes) + "SELECT " + std::string(node_columns) +
                                        " FROM alive JOIN node ON node.id = alive.id ORDER BY node.id");
  rows.bind(id.value);
  return nodes_of(rows);
}

std::vector<NodeRow> Store::outline(SessionId id) const {
  Statement rows = connection_->prepare(
      std::string(alive_nodes) +
      "SELECT node.id, node.parent, node.kind, "
      "CASE node.kind WHEN 'thought' THEN substr(node.text, 1, 1000) ELSE node.text END, "
      "coalesce(length(node.tokens), 0), node.writer IS NOT NULL, node.stop_reason, node.created, node.favourite "
      "FROM alive JOIN node ON node.id = alive.id ORDER BY node.id");
  rows.bind(id.value);
  std::vector<NodeRow> nodes;
  while (rows.step()) {
    nodes.push_back({.id = {rows.integer(0)},
                     .session = id,
                     .parent = {rows.integer(1)},
                     .kind = node_kind(rows.text(2)),
                     .text = rows.text(3),
                     .token_count = rows.integer(4) / static_cast<std::int64_t>(sizeof(TokenId)),
                     .running = rows.integer(5) != 0,
                     .stop_reason = rows.text(6),
                     .created = rows.integer(7),
                     .favourite = rows.integer(8) != 0});
  }
  return nodes;
}

NodeRow Store::add_user_message(std::optional<SessionId> session, std::string_view text, std::string_view system) {
  Transaction transaction(*connection_);
  const SessionId id = session ? *session : create_session(title_of(text));
  const std::optional<SessionRow> row = this->session(id);
  if (!row) throw StoreError(file().string() + ": session " + std::to_string(id.value) + " is not there any more");
  // A session made empty gets its title from the first question, unless a person has given one.
  if (!row->named && !row->head) {
    connection_->prepare("UPDATE session SET title = ? WHERE id = ?").bind(title_of(text)).bind(id.value).run();
  }
  NodeId parent = row->head;
  if (!parent && !system.empty()) {
    parent = insert_finished({.session = id, .kind = NodeKind::system, .text = std::string(system)}).id;
  }
  const NodeRow added = insert_finished({.session = id, .parent = parent, .text = std::string(text)});
  connection_->prepare("UPDATE session SET draft = '' WHERE id = ?").bind(id.value).run();
  transaction.commit();
  return added;
}

NodeRow Store::add_node(const NodeRow& row) {
  Transaction transaction(*connection_);
  NodeRow added = insert_finished(row);
  transaction.commit();
  return added;
}

NodeRow Store::insert_finished(const NodeRow& row) {
  if (row.parent) {
    const std::optional<NodeRow> parent = node(row.parent);
    if (!parent || !(parent->session == row.session)) {
      throw StoreError(file().string() + ": node " + std::to_string(row.parent.value) + " is not in session " +
                       std::to_string(row.session.value));
    }
  }
  Statement insert = connection_->prepare(
      "INSERT INTO node (session, parent, kind, text, tokens, checkpoint, chat_format, sampler, seed, draws, "
      "stop_reason, statistics, created, finished) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(row.session.value).bind_or_null(id_or_null(row.parent)).bind(name(row.kind)).bind(row.text);
  const std::vector<std::byte> tokens = tokens_to_blob(row.tokens.value_or(std::vector<TokenId>{}));
  if (row.tokens) {
    insert.bind(std::span<const std::byte>(tokens));
  } else {
    insert.bind_or_null(std::optional<std::int64_t>{});
  }
  const auto text_or_null = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
  insert.bind_or_null(id_or_null(row.checkpoint))
      .bind_or_null(text_or_null(row.chat_format))
      .bind_or_null(row.sampler ? std::optional(sampler_to_json(row)) : std::nullopt)
      .bind_or_null(row.sampler ? std::optional(to_column(row.sampler->seed)) : std::nullopt)
      .bind(to_column(row.draws))
      .bind_or_null(text_or_null(row.stop_reason))
      .bind_or_null(row.sampler ? std::optional(statistics_to_json(row.statistics)) : std::nullopt)
      .bind(now_milliseconds())
      .bind(now_milliseconds())
      .run();
  const NodeId id{connection_->last_insert_id()};
  touch_session(*connection_, row.session, id);
  return node(id).value();
}

void Store::set_head(SessionId session, NodeId head) {
  connection_
      ->prepare(
          "UPDATE session SET head = ?1 WHERE id = ?2 AND EXISTS (SELECT 1 FROM node WHERE id = ?1 AND "
          "session = ?2)")
      .bind(head.value)
      .bind(session.value)
      .run();
  require_changed(*connection_, "session", session.value);
}

void Store::clear_head(SessionId session) {
  connection_->prepare("UPDATE session SET head = NULL WHERE id = ?").bind(session.value).run();
  require_changed(*connection_, "session", session.value);
}

void Store::set_favourite(NodeId id, bool favourite) {
  connection_->prepare("UPDATE node SET favourite = ? WHERE id = ?").bind(std::int64_t{favourite}).bind(id.value).run();
  require_changed(*connection_, "node", id.value);
}

void Store::delete_branch(NodeId id) {
  Transaction transaction(*connection_);
  const NodeRow root = node(id).value_or(NodeRow{});
  connection_->prepare("UPDATE node SET deleted = ? WHERE id = ? AND deleted IS NULL")
      .bind(now_milliseconds())
      .bind(id.value)
      .run();
  require_changed(*connection_, "node", id.value);
  connection_
      ->prepare(std::string(below_node) + "UPDATE session SET head = ? WHERE id = ? AND head IN (SELECT id FROM below)")
      .bind(id.value)
      .bind_or_null(id_or_null(root.parent))
      .bind(root.session.value)
      .run();
  transaction.commit();
}

void Store::restore_branch(NodeId id) {
  connection_->prepare("UPDATE node SET deleted = NULL WHERE id = ? AND deleted IS NOT NULL").bind(id.value).run();
  require_changed(*connection_, "deleted node", id.value);
}

void Store::set_token_choices(NodeId id, std::int64_t first, const std::vector<TokenChoice>& choices) {
  const std::vector<std::byte> blob = choices_to_blob(choices);
  connection_
      ->prepare(
          "INSERT INTO token_choice_piece (node, first, choices) VALUES (?, ?, ?) "
          "ON CONFLICT (node, first) DO UPDATE SET choices = excluded.choices")
      .bind(id.value)
      .bind(first)
      .bind(std::span<const std::byte>(blob))
      .run();
}

std::vector<TokenChoice> Store::token_choices(NodeId id) const {
  Statement piece = connection_->prepare("SELECT first, choices FROM token_choice_piece WHERE node = ? ORDER BY first");
  piece.bind(id.value);
  std::vector<TokenChoice> choices;
  while (piece.step() && piece.integer(0) <= std::ssize(choices)) {
    choices.resize(static_cast<std::size_t>(piece.integer(0)));
    std::ranges::move(choices_from_blob(piece.blob(1)), std::back_inserter(choices));
  }
  return choices;
}

}  // namespace holdfast
