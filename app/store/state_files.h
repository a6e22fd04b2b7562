// The states of sessions as files beside the database: what has been read once need not be read again. No Qt.
//
// A state is kept in pieces (Snapshot::for_each_piece), each a file `pieces/HASH.zst` named by its content, so that
// what states have in common is there once. Which pieces a state has stands in the database; a piece goes when no row
// names it any more. States that earlier versions kept as one file each are read, exported and removed as well.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "app/store/store.h"
#include "engine/session.h"

namespace holdfast {

class StateFiles {  // as its store: one thread at a time. Several, and several processes, may share a folder.
 public:
  StateFiles(Store& store, std::filesystem::path folder);  // made when needed

  // Writes what is not there yet, then the row with its size. When the disk refuses, nothing is left of it.
  // leave: asked before each piece; when it says yes, nothing is kept and the answer is false.
  bool keep(SnapshotRow row, const Snapshot& snapshot, const std::function<bool()>& leave = {});
  // A new session that begins with this state. Without its origin a session cannot go on, so this is no cache.
  SessionId begin_session(std::string_view title, const Snapshot& origin);
  // Sessions with what they begin with (WholeSession::origin): Store::add_sessions.
  std::vector<SessionId> add_sessions(std::span<const WholeSession> sessions);
  // The bytes of what it begins with into whole.origin, for an export that is to lose nothing.
  void fetch_origin(WholeSession& whole) const;
  // Throws IoError when a file is gone, FormatError when one is damaged, and what Snapshot::read throws.
  [[nodiscard]] Snapshot load(const std::string& state, const Mamba2Config& config) const;
  [[nodiscard]] std::vector<std::byte> bytes(const std::string& state) const;  // as Snapshot::save writes them
  void export_to(const std::string& state, const std::filesystem::path& file) const;
  void remove(const SnapshotRow& row);  // the row, and the files that no other row needs
  // Removes files that no row names, left from a process that died between the two.
  void remove_lost();

 private:
  class Lock;
  [[nodiscard]] std::filesystem::path piece_file(std::string_view hash) const;
  using Pieces = std::function<void(const std::function<void(std::span<const std::byte>)>&)>;
  [[nodiscard]] std::vector<StatePiece> write_pieces(const Pieces& for_each_piece);
  [[nodiscard]] OriginState write_origin(std::span<const std::byte> file);
  [[nodiscard]] StatePiece write_piece(std::span<const std::byte> content, std::vector<std::string>& written);
  void remove_unused(std::span<const StatePiece> pieces);

  Store* store_;
  std::filesystem::path folder_;
};

// How a piece is compressed: all first bytes of its 32-bit numbers, then all second ones, ..., with zstd. Sign and
// exponent of neighbours are alike; the rest of a number is close to noise.
[[nodiscard]] std::vector<std::byte> compress_piece(std::span<const std::byte> content);
// Throws FormatError, with the reason alone, for what compress_piece did not make.
[[nodiscard]] std::vector<std::byte> expand_piece(std::span<const std::byte> compressed);
[[nodiscard]] std::string piece_hash(std::span<const std::byte> content);

}  // namespace holdfast
