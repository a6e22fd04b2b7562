#include "app/services/state_quota.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace holdfast {

std::int64_t state_quota_mib(const Store& store) {
  std::int64_t mib = usual_state_quota_mib;
  if (const std::optional<std::string> set = store.setting(state_quota_setting)) {
    std::from_chars(set->data(), set->data() + set->size(), mib);
  }
  return std::max<std::int64_t>(mib, 0);
}

StatesOver states_over(const Store& store, std::int64_t bytes, std::span<const std::string> spared) {
  StatesOver over;
  std::int64_t left = store.snapshot_bytes();
  if (left <= bytes) return over;
  const std::vector<SnapshotRow> rows = store.snapshots_by_use();
  std::vector<std::map<std::string, std::int64_t>> pieces;  // of each row: bytes by hash
  std::map<std::string, int> users;
  for (const SnapshotRow& row : rows) {
    std::map<std::string, std::int64_t>& own = pieces.emplace_back();
    for (const StatePiece& piece : store.state_pieces(row.file)) own.emplace(piece.hash, piece.bytes);
    for (const auto& [hash, size] : own) ++users[hash];
  }
  for (std::size_t i = 0; i < rows.size() && left > bytes; ++i) {
    const SnapshotRow& row = rows[i];
    if (row.pinned || std::ranges::find(spared, row.file) != spared.end()) continue;
    std::int64_t freed = pieces[i].empty() ? row.bytes : 0;  // one file, as earlier versions wrote it
    for (const auto& [hash, size] : pieces[i]) {
      if (--users[hash] == 0) freed += size;
    }
    left -= freed;
    over.freed += freed;
    over.going.push_back(row);
  }
  return over;
}

}  // namespace holdfast
