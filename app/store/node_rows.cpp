#include "app/store/node_rows.h"

#include <string>
#include <vector>

#include "app/store/columns.h"
#include "kernels/error.h"

namespace holdfast {

void touch_session(Connection& connection, SessionId id, std::optional<NodeId> head) {
  if (head) {
    connection.prepare("UPDATE session SET changed = ?, head = ? WHERE id = ?")
        .bind(now_milliseconds())
        .bind(head->value)
        .bind(id.value)
        .run();
  } else {
    connection.prepare("UPDATE session SET changed = ? WHERE id = ?").bind(now_milliseconds()).bind(id.value).run();
  }
}

void require_changed(const Connection& connection, std::string_view what, std::int64_t id) {
  if (connection.changes() == 1) return;
  throw StoreError(connection.file().string() + ": " + std::string(what) + " " + std::to_string(id) +
                   " is not there or is not in the state that this change needs");
}

NodeRow node_row(const Statement& row) {
  NodeRow node{.id = {row.integer(0)},
               .session = {row.integer(1)},
               .parent = {row.integer(2)},
               .kind = node_kind(row.text(3)),
               .text = row.text(4),
               .tokens = {},
               .running = row.integer(6) != 0,
               .checkpoint = {row.integer(7)},
               .chat_format = row.text(8),
               .sampler = {},
               .draws = from_column(row.integer(11)),
               .stop_reason = row.text(12),
               .statistics = {},
               .created = row.integer(14),
               .finished = row.integer(15),
               .favourite = row.integer(16) != 0};
  if (!row.is_null(5)) node.tokens = tokens_from_blob(row.blob(5));
  node.token_count = node.tokens ? std::ssize(*node.tokens) : 0;
  if (!row.is_null(9)) sampler_from_json(row.text(9), from_column(row.integer(10)), node);
  if (!row.is_null(13)) node.statistics = statistics_from_json(row.text(13));
  return node;
}

void join_journal(Connection& connection, NodeRow& node) {
  Statement piece = connection.prepare("SELECT tokens, text FROM journal WHERE node = ? ORDER BY seq");
  piece.bind(node.id.value);
  while (piece.step()) {
    if (!node.tokens) node.tokens.emplace();
    const std::vector<TokenId> tokens = tokens_from_blob(piece.blob(0));
    node.tokens->insert(node.tokens->end(), tokens.begin(), tokens.end());
    node.text += piece.text(1);
  }
}

std::string title_of(std::string_view question) {
  constexpr std::size_t longest = 60;  // characters; a list of sessions shows about half of it
  const std::size_t begin = question.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  std::string_view line = question.substr(begin);
  line = line.substr(0, line.find_first_of("\r\n"));
  std::size_t end = 0;
  for (std::size_t characters = 0; end < line.size(); ++end) {
    const bool starts_character = (static_cast<unsigned char>(line[end]) & 0xc0) != 0x80;
    if (starts_character && characters++ == longest) break;
  }
  return std::string(line.substr(0, end)) + (end < line.size() ? "\u2026" : "");
}

}  // namespace holdfast
