#include "app/store/store.h"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <system_error>
#include <thread>
#include <utility>

#include "app/store/columns.h"
#include "app/store/migrations.h"
#include "app/store/node_rows.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::uintmax_t always_check_bytes = 32u << 20;  // quick_check reads this in well under a second

// The write-ahead log outlives only a connection that was not closed: this process' other stores, another program, or
// one that died.
bool was_left_open(const std::filesystem::path& file) {
  std::filesystem::path log = file;
  log += "-wal";
  std::error_code absent;
  const std::uintmax_t size = std::filesystem::file_size(log, absent);
  return !absent && size > 0;
}

bool is_small(const std::filesystem::path& file) {
  std::error_code absent;
  const std::uintmax_t size = std::filesystem::file_size(file, absent);
  return absent || size <= always_check_bytes;
}

void require_sound(Connection& connection) {
  std::string finding;
  try {
    finding = connection.text("PRAGMA quick_check(1)");
  } catch (const StoreError& error) {
    finding = error.what();
  }
  if (finding == "ok") return;
  throw StoreError(connection.file().string() + ": damaged (" + finding +
                   "): it was not touched; put a backup in its place, or move it away to start afresh");
}

// A reader, too, needs a log and shared memory beside the file. Where there is no room for them there is no writer
// either, and then the file alone is the database, unless a writer died and left a log.
std::unique_ptr<Connection> connect_to_read(const std::filesystem::path& file) {
  try {
    auto connection = std::make_unique<Connection>(file, Access::read);
    require_current(*connection, embedded_migrations());
    return connection;
  } catch (const StoreError&) {
    std::error_code absent;
    if (was_left_open(file) || !std::filesystem::exists(file, absent)) throw;
  }
  auto connection = std::make_unique<Connection>(file, Access::frozen);
  require_current(*connection, embedded_migrations());
  return connection;
}

// Another program that opens the same new database may hold the lock that the switch needs.
void use_write_ahead_log(Connection& connection, int busy_milliseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(busy_milliseconds);
  for (;;) {
    try {
      if (connection.text("PRAGMA journal_mode = WAL") == "wal") return;
    } catch (const StoreError&) {
      if (std::chrono::steady_clock::now() >= end) throw;
    }
    if (std::chrono::steady_clock::now() >= end) {
      throw StoreError(connection.file().string() + ": this file system cannot hold a write-ahead log");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

constexpr std::string_view session_columns =
    "SELECT id, title, named, draft, head, created, changed, origin FROM session ";

SessionRow session_row(const Statement& row) {
  return {.id = {row.integer(0)},
          .title = row.text(1),
          .named = row.integer(2) != 0,
          .draft = row.text(3),
          .head = {row.integer(4)},
          .origin = row.text(7),
          .created = row.integer(5),
          .changed = row.integer(6)};
}

NodeId insert_running(Connection& connection, const NodeRow& row) {
  Statement insert = connection.prepare(
      "INSERT INTO node (session, parent, kind, text, tokens, writer, checkpoint, chat_format, sampler, seed, draws, "
      "created) VALUES (?, ?, ?, '', x'', ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(row.session.value)
      .bind_or_null(id_or_null(row.parent))
      .bind(name(row.kind))
      .bind(process_mark())
      .bind_or_null(id_or_null(row.checkpoint))
      .bind(row.chat_format)
      .bind_or_null(row.sampler ? std::optional(sampler_to_json(row)) : std::nullopt)
      .bind_or_null(row.sampler ? std::optional(to_column(row.sampler->seed)) : std::nullopt)
      .bind(to_column(row.draws))
      .bind(now_milliseconds())
      .run();
  const NodeId id{connection.last_insert_id()};
  touch_session(connection, row.session, id);
  return id;
}

void write_finished(Connection& connection, const NodeRow& row) {
  const std::vector<std::byte> tokens = tokens_to_blob(row.tokens.value_or(std::vector<TokenId>{}));
  connection
      .prepare(
          "UPDATE node SET text = ?, tokens = ?, writer = NULL, checkpoint = ?, stop_reason = ?, statistics = ?, "
          "finished = ? WHERE id = ? AND writer IS NOT NULL")
      .bind(row.text)
      .bind(std::span<const std::byte>(tokens))
      .bind_or_null(id_or_null(row.checkpoint))
      .bind(row.stop_reason)
      .bind(statistics_to_json(row.statistics))
      .bind(now_milliseconds())
      .bind(row.id.value)
      .run();
  require_changed(connection, "running node", row.id.value);
  connection.prepare("DELETE FROM journal WHERE node = ?").bind(row.id.value).run();
}

// How hard a write is pressed to the disk, for one scope; FULL is what all else has.
class Synchronous {
 public:
  Synchronous(Connection& connection, std::string_view mode) : connection_(&connection) {
    connection.execute("PRAGMA synchronous = " + std::string(mode));
  }
  ~Synchronous() { sqlite3_exec(connection_->handle(), "PRAGMA synchronous = FULL", nullptr, nullptr, nullptr); }
  Synchronous(const Synchronous&) = delete;
  Synchronous& operator=(const Synchronous&) = delete;

 private:
  Connection* connection_;
};

}  // namespace

Milliseconds now_milliseconds() noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Store::Store(const std::filesystem::path& file, const StoreOptions& options) {
  const bool left_open = was_left_open(file);
  require_own_database(file, embedded_migrations());
  if (options.read_only) {
    connection_ = connect_to_read(file);
    connection_->set_busy_timeout(options.busy_milliseconds);
    if (options.check && is_small(file)) require_sound(*connection_);
    return;
  }
  connection_ = std::make_unique<Connection>(file);
  connection_->set_busy_timeout(options.busy_milliseconds);
  if (options.check && (left_open || is_small(file))) require_sound(*connection_);
  migrate(*connection_, embedded_migrations());
  use_write_ahead_log(*connection_, options.busy_milliseconds);
  connection_->keep_wal(false);
  // FULL: an acknowledged write survives the loss of power, not only the death of the process.
  connection_->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
  if (options.max_pages > 0) connection_->execute("PRAGMA max_page_count = " + std::to_string(options.max_pages));
}

Store open_to_read(const std::filesystem::path& file, bool check) {
  try {
    return Store(file, {.check = check});
  } catch (const StoreError&) {
    try {
      return Store(file, {.check = check, .read_only = true});
    } catch (const StoreError&) {
    }
    throw;  // the first refusal says more
  }
}

Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

const std::filesystem::path& Store::file() const noexcept { return connection_->file(); }

std::vector<SessionRow> Store::sessions() const {
  Statement rows =
      connection_->prepare(std::string(session_columns) + "WHERE deleted IS NULL ORDER BY changed DESC, id DESC");
  std::vector<SessionRow> sessions;
  while (rows.step()) sessions.push_back(session_row(rows));
  return sessions;
}

std::optional<SessionRow> Store::session(SessionId id) const {
  Statement row = connection_->prepare(std::string(session_columns) + "WHERE id = ? AND deleted IS NULL");
  row.bind(id.value);
  return row.step() ? std::optional(session_row(row)) : std::nullopt;
}

SessionId Store::create_session(std::string_view title, std::string_view origin, std::span<const StatePiece> pieces) {
  if (pieces.empty()) return insert_new_session(title, origin);  // perhaps inside a transaction
  Transaction transaction(*connection_);
  const SessionId id = insert_new_session(title, origin);
  insert_pieces(*connection_, origin, pieces);
  transaction.commit();
  return id;
}

SessionId Store::insert_new_session(std::string_view title, std::string_view origin) {
  const Milliseconds now = now_milliseconds();
  connection_->prepare("INSERT INTO session (title, created, changed, origin) VALUES (?, ?, ?, ?)")
      .bind(title)
      .bind(now)
      .bind(now)
      .bind(origin)
      .run();
  return {connection_->last_insert_id()};
}

void Store::rename_session(SessionId id, std::string_view title) {
  connection_->prepare("UPDATE session SET title = ?, named = 1 WHERE id = ?").bind(title).bind(id.value).run();
  require_changed(*connection_, "session", id.value);
}

void Store::save_draft(SessionId id, std::string_view draft) {
  connection_->prepare("UPDATE session SET draft = ? WHERE id = ?").bind(draft).bind(id.value).run();
  require_changed(*connection_, "session", id.value);
}

void Store::delete_session(SessionId id) {
  connection_->prepare("UPDATE session SET deleted = ? WHERE id = ? AND deleted IS NULL")
      .bind(now_milliseconds())
      .bind(id.value)
      .run();
  require_changed(*connection_, "session", id.value);
}

void Store::restore_session(SessionId id) {
  connection_->prepare("UPDATE session SET deleted = NULL WHERE id = ? AND deleted IS NOT NULL").bind(id.value).run();
  require_changed(*connection_, "deleted session", id.value);
}

int Store::purge_deleted(Milliseconds older_than) {
  Transaction transaction(*connection_);
  // The head points into the tree that is about to go.
  connection_->prepare("UPDATE session SET head = NULL WHERE deleted < ?").bind(older_than).run();
  // Nodes go one by one: SQLite follows a chain of parents over 1000 links only.
  connection_
      ->prepare(
          "WITH RECURSIVE gone (id) AS ("
          "  SELECT id FROM node WHERE deleted < ?1"
          "  UNION SELECT id FROM node WHERE session IN (SELECT id FROM session WHERE deleted < ?1)"
          "  UNION SELECT node.id FROM gone JOIN node ON node.parent = gone.id) "
          "UPDATE node SET parent = NULL, deleted = min(coalesce(deleted, ?1 - 1), ?1 - 1) WHERE id IN (SELECT id FROM "
          "gone)")
      .bind(older_than)
      .run();
  connection_->prepare("DELETE FROM node WHERE deleted < ?").bind(older_than).run();
  connection_->prepare("DELETE FROM session WHERE deleted < ?").bind(older_than).run();
  const auto gone = static_cast<int>(connection_->changes());
  transaction.commit();
  return gone;
}

std::optional<NodeRow> Store::node(NodeId id) const {
  Statement row = connection_->prepare("SELECT " + std::string(node_columns) + " FROM node WHERE id = ?");
  row.bind(id.value);
  if (!row.step()) return std::nullopt;
  NodeRow node = node_row(row);
  if (node.running) join_journal(*connection_, node);
  return node;
}

void Store::set_tokens(NodeId id, std::span<const TokenId> tokens, CheckpointId checkpoint) {
  const std::vector<std::byte> blob = tokens_to_blob(tokens);
  connection_->prepare("UPDATE node SET tokens = ?, checkpoint = ? WHERE id = ? AND writer IS NULL")
      .bind(std::span<const std::byte>(blob))
      .bind_or_null(id_or_null(checkpoint))
      .bind(id.value)
      .run();
  require_changed(*connection_, "node", id.value);
}

NodeId Store::begin_node(const NodeRow& row) {
  Transaction transaction(*connection_);
  const NodeId id = insert_running(*connection_, row);
  transaction.commit();
  return id;
}

void Store::append_journal(NodeId id, std::span<const TokenId> tokens, std::string_view text) {
  const std::vector<std::byte> blob = tokens_to_blob(tokens);
  const auto now = std::chrono::steady_clock::now();
  const bool sync = now - journal_synced_ >= std::chrono::seconds(1);
  const Synchronous mode(*connection_, sync ? "FULL" : "NORMAL");
  connection_
      ->prepare(
          "INSERT INTO journal (node, seq, tokens, text) SELECT id, (SELECT coalesce(max(seq), 0) + 1 FROM journal "
          "WHERE node = node.id), ?, ? FROM node WHERE id = ? AND writer IS NOT NULL")
      .bind(std::span<const std::byte>(blob))
      .bind(text)
      .bind(id.value)
      .run();
  require_changed(*connection_, "running node", id.value);
  if (sync) journal_synced_ = now;
}

void Store::finish_node(const NodeRow& row) {
  Transaction transaction(*connection_);
  write_finished(*connection_, row);
  touch_session(*connection_, row.session, std::nullopt);
  transaction.commit();
}

NodeId Store::finish_and_begin(const NodeRow& finished, const NodeRow& next) {
  Transaction transaction(*connection_);
  write_finished(*connection_, finished);
  const NodeId id = insert_running(*connection_, next);
  transaction.commit();
  return id;
}

void Store::resume_node(NodeId id) {
  // A node that this process could not finish, because the disk was full, is still its own.
  connection_
      ->prepare("UPDATE node SET writer = ?1, stop_reason = NULL WHERE id = ?2 AND (writer IS NULL OR writer = ?1)")
      .bind(process_mark())
      .bind(id.value)
      .run();
  require_changed(*connection_, "finished node", id.value);
}

std::vector<NodeId> Store::recover() {
  Transaction transaction(*connection_);
  std::vector<NodeId> abandoned;
  {
    Statement running = connection_->prepare("SELECT id, writer FROM node WHERE writer IS NOT NULL");
    while (running.step()) {
      if (!process_lives(running.text(1))) abandoned.push_back({running.integer(0)});
    }
  }
  for (const NodeId id : abandoned) {
    NodeRow row = node(id).value();
    row.stop_reason = "interrupted";
    row.statistics.generated_tokens = static_cast<std::int64_t>(row.tokens ? row.tokens->size() : 0);
    write_finished(*connection_, row);
  }
  transaction.commit();
  return abandoned;
}

CheckpointId Store::register_checkpoint(const CheckpointRow& row) {
  Statement insert = connection_->prepare(
      "INSERT INTO checkpoint (fingerprint, name, path, layout, dtype, tokenizer, first_used, last_used) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE SET name = excluded.name, "
      "path = excluded.path, layout = excluded.layout, tokenizer = excluded.tokenizer, last_used = excluded.last_used "
      "RETURNING id");
  insert.bind(row.fingerprint).bind(row.name).bind(row.path).bind(row.layout).bind(row.dtype).bind(row.tokenizer);
  insert.bind(now_milliseconds()).bind(now_milliseconds());
  if (!insert.step()) throw StoreError(file().string() + ": the checkpoint " + row.name + " was not written");
  const CheckpointId id{insert.integer(0)};
  insert.run();  // a statement with RETURNING is committed when it has run to its end
  return id;
}

std::vector<CheckpointRow> Store::checkpoints() const {
  Statement rows = connection_->prepare(
      "SELECT id, fingerprint, name, path, layout, dtype, tokenizer, last_used FROM checkpoint "
      "ORDER BY last_used DESC, id DESC");
  std::vector<CheckpointRow> checkpoints;
  while (rows.step()) {
    checkpoints.push_back({{rows.integer(0)},
                           rows.text(1),
                           rows.text(2),
                           rows.text(3),
                           rows.text(4),
                           rows.text(5),
                           rows.text(6),
                           rows.integer(7)});
  }
  return checkpoints;
}

std::optional<std::string> Store::setting(std::string_view key) const {
  Statement row = connection_->prepare("SELECT value FROM setting WHERE key = ?");
  row.bind(key);
  return row.step() ? std::optional(row.text(0)) : std::nullopt;
}

std::vector<std::pair<std::string, std::string>> Store::settings() const {
  Statement rows = connection_->prepare("SELECT key, value FROM setting ORDER BY key");
  std::vector<std::pair<std::string, std::string>> settings;
  while (rows.step()) settings.emplace_back(rows.text(0), rows.text(1));
  return settings;
}

void Store::set_setting(std::string_view key, std::string_view value) {
  connection_
      ->prepare("INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .bind(key)
      .bind(value)
      .run();
}

}  // namespace holdfast
