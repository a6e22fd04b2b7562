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

void Store::add_snapshot(const SnapshotRow& row) {
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

}  // namespace holdfast
