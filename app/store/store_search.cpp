// Search over titles and texts, by the FTS5 tables of 0003_search.sql.
#include <algorithm>
#include <array>
#include <charconv>
#include <random>
#include <string>
#include <utility>

#include "app/store/columns.h"
#include "app/store/node_rows.h"
#include "app/store/store.h"
#include "engine/utf8.h"

namespace holdfast {
namespace {

constexpr std::size_t longest_query = 4096;
constexpr std::size_t most_terms = 64;        // a pasted page is no query
constexpr std::size_t snippet_before = 60;    // bytes shown before the first match
constexpr std::size_t longest_snippet = 320;  // in bytes; words of one script can be a whole line
constexpr std::string_view snippet_words = "24";

bool is_blank_byte(char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; }

std::string quoted_term(std::string_view words) {
  std::string term = "\"";
  for (const char c : words) term += is_blank_byte(c) ? ' ' : c;
  return term + '"';
}

// Signs that stand around the matches while a snippet comes out of SQLite: no text can have known them.
struct MatchMarks {
  std::string open, close;
  MatchMarks() {
    std::random_device device;
    std::array<char, 17> digits{};
    const std::uint64_t number = (std::uint64_t{device()} << 32) | device();
    std::to_chars(digits.data(), digits.data() + digits.size() - 1, number, 16);
    open = "\x02" + std::string(digits.data()) + "\x02";
    close = "\x03" + std::string(digits.data()) + "\x03";
  }
};

// Drops the marks, keeps where they stood, and makes one line of the text.
void take_matches(std::string_view marked, const MatchMarks& marks, SearchHit& hit) {
  std::string& text = hit.snippet;
  for (std::size_t at = 0; at < marked.size();) {
    if (marked.substr(at).starts_with(marks.open)) {
      hit.matches.push_back({text.size(), 0});
      at += marks.open.size();
    } else if (marked.substr(at).starts_with(marks.close)) {
      if (!hit.matches.empty()) hit.matches.back().length = text.size() - hit.matches.back().begin;
      at += marks.close.size();
    } else if (is_blank_byte(marked[at])) {
      if (!text.empty() && text.back() != ' ') text += ' ';
      ++at;
    } else {
      text += marked[at++];
    }
  }
}

std::size_t character_start(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return std::min(at, text.size());
}

// A line that is too long is cut around its first match.
void shorten(SearchHit& hit) {
  if (hit.snippet.size() <= longest_snippet) return;
  const std::size_t match = hit.matches.empty() ? 0 : hit.matches.front().begin;
  const std::size_t begin = character_start(hit.snippet, match > snippet_before ? match - snippet_before : 0);
  const std::size_t end = character_start(hit.snippet, std::min(begin + longest_snippet, hit.snippet.size()));
  const std::string_view ellipsis = "\u2026";
  const std::size_t shift = begin > 0 ? ellipsis.size() : 0;
  std::vector<TextRange> kept;
  for (const TextRange& range : hit.matches) {
    const std::size_t last = std::min(range.begin + range.length, end);
    if (range.begin >= begin && range.begin < last) kept.push_back({range.begin - begin + shift, last - range.begin});
  }
  hit.snippet = std::string(shift > 0 ? ellipsis : "") + hit.snippet.substr(begin, end - begin) +
                std::string(end < hit.snippet.size() ? ellipsis : "");
  hit.matches = std::move(kept);
}

void finish_snippet(const std::string& marked, const MatchMarks& marks, SearchHit& hit) {
  // Texts are whole characters, but a model's that was cut off may end inside one; marks are ASCII and stay.
  take_matches(repair_utf8(marked), marks, hit);
  shorten(hit);
}

std::string kind_list(const std::vector<NodeKind>& kinds) {
  if (kinds.empty()) return "'user', 'thought', 'answer', 'note'";
  std::string list;
  for (const NodeKind kind : kinds) list += (list.empty() ? "'" : ", '") + std::string(name(kind)) + "'";
  return list;
}

// ?1 query, ?2 session or NULL, ?3 from, ?4 until, ?5 limit, ?6 and ?7 marks. The best are chosen first: a snippet is
// made for these alone.
std::string title_sql() {
  return "WITH best (id, score) AS MATERIALIZED ("
         "  SELECT session_words.rowid, session_words.rank FROM session_words"
         "  JOIN session ON session.id = session_words.rowid"
         "  WHERE session_words MATCH ?1 AND session.deleted IS NULL AND (?2 IS NULL OR session.id = ?2)"
         "  AND session.changed >= ?3 AND session.changed < ?4"
         "  ORDER BY session_words.rank, session.changed DESC, session.id DESC LIMIT ?5) "
         "SELECT session.id, session.title, session.changed, best.score,"
         "  highlight(session_words, 0, ?6, ?7)"
         "  FROM best JOIN session_words ON session_words.rowid = best.id JOIN session ON session.id = best.id"
         "  WHERE session_words MATCH ?1 ORDER BY best.score, session.changed DESC, session.id DESC";
}

std::string node_sql(const std::vector<NodeKind>& kinds) {
  return "WITH RECURSIVE buried (id) AS ("
         "  SELECT id FROM node WHERE deleted IS NOT NULL"
         "  UNION SELECT node.id FROM buried JOIN node ON node.parent = buried.id),"
         "best (id, score) AS MATERIALIZED ("
         "  SELECT node_words.rowid, node_words.rank FROM node_words"
         "  JOIN node ON node.id = node_words.rowid JOIN session ON session.id = node.session"
         "  WHERE node_words MATCH ?1 AND session.deleted IS NULL AND (?2 IS NULL OR session.id = ?2)"
         "  AND node.created >= ?3 AND node.created < ?4 AND node.kind IN (" +
         kind_list(kinds) +
         ")"
         "  AND node.id NOT IN (SELECT id FROM buried)"
         "  ORDER BY node_words.rank, node.id DESC LIMIT ?5) "
         "SELECT node.session, session.title, node.created, best.score,"
         "  snippet(node_words, 0, ?6, ?7, '\u2026', " +
         std::string(snippet_words) +
         "), node.id, node.kind"
         "  FROM best JOIN node_words ON node_words.rowid = best.id JOIN node ON node.id = best.id"
         "  JOIN session ON session.id = node.session"
         "  WHERE node_words MATCH ?1 ORDER BY best.score, node.id DESC";
}

}  // namespace

std::string search_expression(std::string_view typed) {
  typed = typed.substr(0, character_start(typed, std::min(typed.size(), longest_query)));
  std::string expression;
  const auto add = [&](std::string_view words, bool begins_only) {
    if (!expression.empty()) expression += ' ';
    expression += quoted_term(words) + (begins_only ? "*" : "");
  };
  std::size_t terms = 0;
  for (std::size_t at = 0; at < typed.size() && terms < most_terms;) {
    if (is_blank_byte(typed[at])) {
      ++at;
      continue;
    }
    const bool phrase = typed[at] == '"';
    const std::size_t begin = phrase ? at + 1 : at;
    std::size_t end = begin;
    while (end < typed.size() && typed[end] != '"' && (phrase || !is_blank_byte(typed[end]))) ++end;
    const bool closed = phrase && end < typed.size();
    at = closed ? end + 1 : end;
    const std::string_view words = typed.substr(begin, end - begin);
    if (std::ranges::all_of(words, is_blank_byte)) continue;
    // Behind the last word a person may go on typing it; a space ends it.
    add(words, !closed && end == typed.size());
    ++terms;
  }
  return expression;
}

std::vector<SearchHit> Store::search(std::string_view typed, const SearchFilter& filter) const {
  const std::string expression = search_expression(typed);
  std::vector<SearchHit> hits;
  if (expression.empty() || filter.limit <= 0) return hits;
  const MatchMarks marks;
  constexpr Milliseconds no_end = INT64_MAX;
  const auto bind_all = [&](Statement& rows) {
    rows.bind(expression)
        .bind_or_null(filter.session ? std::optional(filter.session->value) : std::nullopt)
        .bind(filter.from)
        .bind(filter.until > 0 ? filter.until : no_end)
        .bind(std::int64_t{filter.limit})
        .bind(marks.open)
        .bind(marks.close);
  };
  const auto hit_of = [&](const Statement& row) {
    SearchHit hit{.session = {row.integer(0)}, .title = row.text(1), .rank = row.real(3), .when = row.integer(2)};
    finish_snippet(row.text(4), marks, hit);
    return hit;
  };
  if (filter.titles) {
    Statement rows = connection_->prepare(title_sql());
    bind_all(rows);
    while (rows.step()) hits.push_back(hit_of(rows));
  }
  Statement rows = connection_->prepare(node_sql(filter.kinds));
  bind_all(rows);
  while (rows.step()) {
    SearchHit hit = hit_of(rows);
    hit.node = {rows.integer(5)};
    hit.kind = node_kind(rows.text(6));
    hits.push_back(std::move(hit));
  }
  return hits;
}

}  // namespace holdfast
