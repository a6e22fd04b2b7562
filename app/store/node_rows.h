// Nodes as SQL has them: what the parts of the store that read and write the tree share.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/store/connection.h"
#include "app/store/rows.h"

namespace holdfast {

inline constexpr std::string_view node_columns =
    "node.id, node.session, node.parent, node.kind, node.text, node.tokens, node.writer IS NOT NULL, node.checkpoint, "
    "node.chat_format, node.sampler, node.seed, node.draws, node.stop_reason, node.statistics, node.created, "
    "node.finished, node.favourite";

[[nodiscard]] NodeRow node_row(const Statement& row);      // of a SELECT of node_columns
void join_journal(Connection& connection, NodeRow& node);  // a running node continues with what its journal holds
// Inside a transaction; what is known of the state already stays.
void insert_pieces(Connection& connection, std::string_view state, std::span<const StatePiece> pieces);
void touch_session(Connection& connection, SessionId id, std::optional<NodeId> head);  // changed now; another head
void require_changed(const Connection& connection, std::string_view what, std::int64_t id);  // StoreError
[[nodiscard]] std::string title_of(std::string_view question);  // its first line, not too long

template <class Tag>
std::optional<std::int64_t> id_or_null(Id<Tag> id) {
  return id ? std::optional(id.value) : std::nullopt;
}

}  // namespace holdfast
