// Whole sessions: out of the database as they are at one moment, and into it under new numbers.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "app/store/columns.h"
#include "app/store/node_rows.h"
#include "app/store/store.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

[[noreturn]] void refuse_whole(const std::string& what) { throw StoreError("session to add: " + what); }

std::optional<std::string> filled(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

// The row of these weights; what is known of them here is not overwritten by what a file says.
CheckpointId known_checkpoint(Connection& connection, const CheckpointRow& row) {
  if (row.fingerprint.empty()) refuse_whole("a checkpoint without a fingerprint");
  {
    Statement known = connection.prepare("SELECT id FROM checkpoint WHERE fingerprint = ?");
    known.bind(row.fingerprint);
    if (known.step()) return {known.integer(0)};
  }
  const Milliseconds now = now_milliseconds();
  connection
      .prepare(
          "INSERT INTO checkpoint (fingerprint, name, path, layout, dtype, tokenizer, first_used, last_used) "
          "VALUES (?, ?, '', ?, ?, ?, ?, ?)")
      .bind(row.fingerprint)
      .bind(row.name)
      .bind(row.layout)
      .bind(row.dtype)
      .bind(row.tokenizer)
      .bind(now)
      .bind(std::min(row.last_used, now))
      .run();
  return {connection.last_insert_id()};
}

NodeId insert_whole_node(Connection& connection, const NodeRow& row, SessionId session, NodeId parent,
                         CheckpointId checkpoint) {
  const std::vector<std::byte> tokens = tokens_to_blob(row.tokens.value_or(std::vector<TokenId>{}));
  Statement insert = connection.prepare(
      "INSERT INTO node (session, parent, kind, text, tokens, checkpoint, chat_format, sampler, seed, draws, "
      "stop_reason, statistics, favourite, created, finished) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(session.value).bind_or_null(id_or_null(parent)).bind(name(row.kind)).bind(row.text);
  row.tokens ? insert.bind(std::span<const std::byte>(tokens)) : insert.bind_null();
  insert.bind_or_null(id_or_null(checkpoint))
      .bind_or_null(filled(row.chat_format))
      .bind_or_null(row.sampler ? std::optional(sampler_to_json(row)) : std::nullopt)
      .bind_or_null(row.sampler ? std::optional(to_column(row.sampler->seed)) : std::nullopt)
      .bind(to_column(row.draws))
      .bind_or_null(row.running ? std::optional<std::string>("interrupted") : filled(row.stop_reason))
      .bind_or_null(row.statistics == NodeStatistics{} ? std::nullopt
                                                       : std::optional(statistics_to_json(row.statistics)))
      .bind(std::int64_t{row.favourite})
      .bind(row.created)
      .bind(row.running ? now_milliseconds() : row.finished)
      .run();
  return {connection.last_insert_id()};
}

std::string title_of_whole(const WholeSession& whole) {
  if (!whole.session.title.empty()) return whole.session.title;
  const auto question = std::ranges::find(whole.nodes, NodeKind::user, &NodeRow::kind);
  return question == whole.nodes.end() ? std::string{} : title_of(question->text);
}

SessionId insert_session(Connection& connection, const WholeSession& whole, const OriginState& origin) {
  connection.prepare("INSERT INTO session (title, named, draft, created, changed, origin) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(title_of_whole(whole))
      .bind(std::int64_t{whole.session.named})
      .bind(whole.session.draft)
      .bind(whole.session.created)
      .bind(whole.session.changed)
      .bind(origin.name)
      .run();
  const SessionId id{connection.last_insert_id()};
  insert_pieces(connection, origin.name, origin.pieces);
  return id;
}

template <class Id>
Id look_up(const std::map<Id, Id>& ids, Id id, const char* what) {
  if (!id) return {};
  const auto found = ids.find(id);
  if (found == ids.end()) refuse_whole(std::string(what) + " " + std::to_string(id.value) + " is not there before it");
  return found->second;
}

}  // namespace

std::optional<WholeSession> Store::whole_session(SessionId id) const {
  connection_->execute("BEGIN");
  WholeSession whole;
  try {
    const std::optional<SessionRow> row = session(id);
    if (row) {
      whole.session = *row;
      whole.nodes = tree(id);
      for (CheckpointRow& checkpoint : checkpoints()) {
        const auto names = [&](const NodeRow& node) { return node.checkpoint == checkpoint.id; };
        if (std::ranges::any_of(whole.nodes, names)) whole.checkpoints.push_back(std::move(checkpoint));
      }
      for (const NodeRow& node : whole.nodes) {
        std::vector<TokenChoice> choices = token_choices(node.id);
        if (!choices.empty()) whole.token_choices.emplace(node.id, std::move(choices));
      }
    }
    connection_->execute("COMMIT");
    return row ? std::optional(std::move(whole)) : std::nullopt;
  } catch (...) {
    if (connection_->in_transaction()) connection_->execute("ROLLBACK");
    throw;
  }
}

std::vector<SessionId> Store::add_sessions(std::span<const WholeSession> sessions,
                                           std::span<const OriginState> origins) {
  Transaction transaction(*connection_);
  std::vector<SessionId> added;
  for (const WholeSession& whole : sessions) {
    std::map<CheckpointId, CheckpointId> checkpoints;
    for (const CheckpointRow& row : whole.checkpoints) checkpoints[row.id] = known_checkpoint(*connection_, row);
    const std::size_t number = added.size();
    const SessionId id = insert_session(*connection_, whole, number < origins.size() ? origins[number] : OriginState{});
    std::map<NodeId, NodeId> nodes;
    for (const NodeRow& row : whole.nodes) {
      if (!row.id || nodes.contains(row.id)) refuse_whole("two nodes are called " + std::to_string(row.id.value));
      nodes[row.id] = insert_whole_node(*connection_, row, id, look_up(nodes, row.parent, "parent"),
                                        look_up(checkpoints, row.checkpoint, "checkpoint"));
    }
    for (const auto& [node, choices] : whole.token_choices) {
      set_token_choices(look_up(nodes, node, "node"), 0, choices);
    }
    const NodeId head = look_up(nodes, whole.session.head, "head");
    connection_->prepare("UPDATE session SET head = ? WHERE id = ?")
        .bind_or_null(id_or_null(head))
        .bind(id.value)
        .run();
    added.push_back(id);
  }
  transaction.commit();
  return added;
}

}  // namespace holdfast
