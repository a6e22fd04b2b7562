// State files beside the database: which there are, what they are of, and which may go.
#include "app/store/columns.h"
#include "app/store/node_rows.h"
#include "app/store/store.h"

namespace holdfast {
namespace {

constexpr const char* snapshot_columns =
    "SELECT id, session, checkpoint, position, prefix_hash, file, bytes, pinned, name, used FROM snapshot ";

SnapshotRow snapshot_row(const Statement& row) {
  return {.id = {row.integer(0)},
          .session = {row.integer(1)},
          .checkpoint = {row.integer(2)},
          .position = row.integer(3),
          .prefix_hash = from_column(row.integer(4)),
          .file = row.text(5),
          .bytes = row.integer(6),
          .pinned = row.integer(7) != 0,
          .name = row.text(8),
          .used = row.integer(9)};
}

}  // namespace

void insert_pieces(Connection& connection, std::string_view state, std::span<const StatePiece> pieces) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    connection
        .prepare(
            "INSERT INTO state_piece (state, position, hash, bytes) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (state, position) DO NOTHING")
        .bind(state)
        .bind(static_cast<std::int64_t>(i))
        .bind(pieces[i].hash)
        .bind(pieces[i].bytes)
        .run();
  }
}

void Store::add_snapshot(const SnapshotRow& row, std::span<const StatePiece> pieces) {
  Transaction transaction(*connection_);
  connection_
      ->prepare(
          "INSERT INTO snapshot (session, checkpoint, position, prefix_hash, file, bytes, pinned, name, created, used) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)")
      .bind(row.session.value)
      .bind(row.checkpoint.value)
      .bind(row.position)
      .bind(to_column(row.prefix_hash))
      .bind(row.file)
      .bind(row.bytes)
      .bind(std::int64_t{row.pinned})
      .bind(row.name)
      .bind(now_milliseconds())
      .run();
  insert_pieces(*connection_, row.file, pieces);
  transaction.commit();
}

std::vector<SnapshotRow> Store::snapshots(SessionId id) const {
  Statement rows =
      connection_->prepare(std::string(snapshot_columns) + "WHERE session = ? ORDER BY position DESC, id DESC");
  rows.bind(id.value);
  std::vector<SnapshotRow> snapshots;
  while (rows.step()) snapshots.push_back(snapshot_row(rows));
  return snapshots;
}

std::vector<SnapshotRow> Store::snapshots_by_use() const {
  Statement rows = connection_->prepare(std::string(snapshot_columns) + "ORDER BY used, id");
  std::vector<SnapshotRow> snapshots;
  while (rows.step()) snapshots.push_back(snapshot_row(rows));
  return snapshots;
}

std::vector<std::string> Store::snapshot_files() const {
  Statement rows =
      connection_->prepare("SELECT file FROM snapshot UNION SELECT origin FROM session WHERE origin != ''");
  std::vector<std::string> files;
  while (rows.step()) files.push_back(rows.text(0));
  return files;
}

void Store::touch_snapshot(SnapshotId id) {
  connection_->prepare("UPDATE snapshot SET used = ? WHERE id = ?").bind(now_milliseconds()).bind(id.value).run();
}

void Store::pin_snapshot(SnapshotId id, bool pinned, std::string_view name) {
  connection_->prepare("UPDATE snapshot SET pinned = ?, name = ? WHERE id = ?")
      .bind(std::int64_t{pinned})
      .bind(name)
      .bind(id.value)
      .run();
  require_changed(*connection_, "snapshot", id.value);
}

void Store::remove_snapshot(SnapshotId id) {
  connection_->prepare("DELETE FROM snapshot WHERE id = ?").bind(id.value).run();
}

std::vector<StatePiece> Store::state_pieces(std::string_view state) const {
  Statement rows = connection_->prepare("SELECT hash, bytes FROM state_piece WHERE state = ? ORDER BY position");
  rows.bind(state);
  std::vector<StatePiece> pieces;
  while (rows.step()) pieces.push_back({rows.text(0), rows.integer(1)});
  return pieces;
}

std::vector<std::string> Store::piece_hashes() const {
  Statement rows = connection_->prepare("SELECT DISTINCT hash FROM state_piece");
  std::vector<std::string> hashes;
  while (rows.step()) hashes.push_back(rows.text(0));
  return hashes;
}

bool Store::piece_is_used(std::string_view hash) const {
  Statement row = connection_->prepare("SELECT 1 FROM state_piece WHERE hash = ? LIMIT 1");
  row.bind(hash);
  return row.step();
}

std::int64_t Store::snapshot_bytes() const {
  return connection_->integer(
      "SELECT (SELECT coalesce(sum(bytes), 0) FROM (SELECT max(bytes) AS bytes FROM state_piece "
      "        WHERE state IN (SELECT file FROM snapshot) GROUP BY hash)) "
      "     + (SELECT coalesce(sum(bytes), 0) FROM snapshot WHERE file NOT IN (SELECT state FROM state_piece))");
}

}  // namespace holdfast
