// What a search over titles and texts asks, and what it finds.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/store/rows.h"

namespace holdfast {

struct SearchFilter {
  bool titles = true;
  // In what texts to look; empty: questions, thoughts, answers and notes. System messages only when they are named.
  std::vector<NodeKind> kinds{};
  std::optional<SessionId> session{};
  Milliseconds from = 0;   // texts begun at this time or later, titles of sessions changed then
  Milliseconds until = 0;  // and before this one; 0: no end
  int limit = 50;          // of titles, and again of texts
};

struct TextRange {
  std::size_t begin = 0;  // in bytes
  std::size_t length = 0;
  bool operator==(const TextRange&) const = default;
};

struct SearchHit {
  SessionId session{};
  std::string title{};  // of the session
  NodeId node{};        // none: the title itself is the hit
  NodeKind kind = NodeKind::note;
  std::string snippet{};             // one line around the first matches; control characters are spaces
  std::vector<TextRange> matches{};  // in the snippet, in order
  double rank = 0.0;                 // BM25: the lower, the better
  Milliseconds when = 0;             // the text was begun, the session changed
};

// What a person typed as an FTS5 query: every word as a quoted term, words between " as a phrase, and the last word,
// unless its quotes are closed, as the beginning of one. Nothing in it is an operator. Empty: there is nothing to look
// for. What stands behind the first 4096 bytes is left out.
[[nodiscard]] std::string search_expression(std::string_view typed);

}  // namespace holdfast
