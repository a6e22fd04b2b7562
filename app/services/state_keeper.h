// The states of sessions, beside the database: what has been read once need not be read again. No Qt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/services/state_quota.h"
#include "app/store/state_files.h"
#include "app/store/store.h"
#include "engine/session.h"

namespace holdfast {

class StateKeeper {
 public:
  // folder: of the state files, made when needed.
  StateKeeper(Store& store, std::filesystem::path folder);

  // The state that has read the longest beginning of `ids` after `origin` (what the session begins with; null: nothing
  // read), if any has been kept for these weights. One that is gone or damaged is forgotten; take_notice() says so.
  [[nodiscard]] std::optional<Snapshot> find(SessionId id, CheckpointId checkpoint, const Mamba2Model& model,
                                             std::span<const TokenId> ids, const Snapshot* origin);
  // A state that a session begins with. Its prefix hash is one of its content: two states that have read the same
  // tokens, or none, are told apart by it.
  [[nodiscard]] Snapshot load_origin(const std::string& state, const Mamba2Config& config) const;
  // A new session that begins with a state from elsewhere. Throws what Snapshot::load throws, and FormatError with the
  // reason when it was made by other weights than `model`.
  SessionId begin_session(const std::filesystem::path& from, const Mamba2Model& model);
  // Copies the state as it is now; write() puts it to the disk. What is known already is not copied again.
  void note(const Session& session, SessionId id, CheckpointId checkpoint);
  // Writes what was noted and removes the longest unused ones over the quota: never a pinned one, nor what was written
  // now. leave: asked before each piece of a state, whether something else is more urgent; then the answer is false, and
  // the rest stays noted. It is not asked while many are.
  bool write(const std::function<bool()>& leave = {});
  // A state of `bytes` is worth a copy every so many tokens of a long text, so that going back to any of them is short.
  [[nodiscard]] static std::uint64_t spacing(std::size_t bytes) noexcept;
  // What a person should know of the states since the last call; mostly empty.
  [[nodiscard]] std::string take_notice() { return std::exchange(notice_, {}); }

 private:
  struct Noted {
    SessionId session{};
    CheckpointId checkpoint{};
    Snapshot snapshot;
  };

  Store* store_;
  StateFiles files_;
  std::vector<Noted> noted_;
  std::string notice_;
};

}  // namespace holdfast
