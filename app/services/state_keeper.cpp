#include "app/services/state_keeper.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "app/files/run_products.h"
#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t least_spacing = 1024;         // tokens
constexpr std::uint64_t bytes_per_token = 16 * 1024;  // what a token of a long text may cost on the disk
constexpr std::size_t most_noted = 64;                // copies in memory at once
constexpr std::size_t many_noted = 12;                // of several turns: these are written whatever waits

std::string state_name(SessionId session, CheckpointId checkpoint, std::uint64_t position, std::uint64_t hash) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), hash, 16).ptr;
  return std::to_string(session.value) + "-" + std::to_string(checkpoint.value) + "-" + std::to_string(position) + "-" +
         std::string(digits.data(), end);
}

}  // namespace

StateKeeper::StateKeeper(Store& store, fs::path folder) : store_(&store), files_(store, std::move(folder)) {}

std::optional<Snapshot> StateKeeper::find(SessionId id, CheckpointId checkpoint, const Mamba2Model& model,
                                          std::span<const TokenId> ids, const Snapshot* origin) {
  const std::uint64_t before = origin == nullptr ? 0 : origin->tokens_read;
  // Hashes of all beginnings in one pass: a session may have many states.
  std::vector<std::uint64_t> hashes{origin == nullptr ? 0 : origin->prefix_hash};
  hashes.reserve(ids.size() + 1);
  for (const TokenId token : ids) hashes.push_back(prefix_hash(hashes.back(), {&token, 1}));
  // One that is still to be written would be missed.
  const auto is_wanted = [&](const Noted& noted) {
    const std::uint64_t position = noted.snapshot.tokens_read - before;
    return noted.session == id && position <= ids.size() && hashes[position] == noted.snapshot.prefix_hash;
  };
  try {
    if (std::ranges::any_of(noted_, is_wanted)) write();
  } catch (const Error&) {  // then the ids are read again
  }
  for (const SnapshotRow& row : store_->snapshots(id)) {
    const std::uint64_t position = static_cast<std::uint64_t>(row.position) - before;  // wraps where it is shorter
    if (!(row.checkpoint == checkpoint) || position > ids.size() || hashes[position] != row.prefix_hash) continue;
    try {
      Snapshot snapshot = files_.load(row.file, model.config());
      if (snapshot.model_fingerprint != model.fingerprint()) {
        throw FormatError(row.file + ": a state of the weights " + snapshot.model_fingerprint + ", want " +
                          model.fingerprint());
      }
      store_->touch_snapshot(row.id);
      return snapshot;
    } catch (const StoreError&) {
      throw;
    } catch (const Error& error) {
      // A state is a cache: when its files are gone or damaged, the ids are read again.
      if (notice_.empty()) {
        notice_ =
            std::string("A kept state of this session cannot be used, so its text is read again: ") + error.what();
      }
      files_.remove(row);
    }
  }
  return std::nullopt;
}

Snapshot StateKeeper::load_origin(const std::string& state, const Mamba2Config& config) const {
  Snapshot snapshot = files_.load(state, config);
  const auto ssm = std::as_const(snapshot.state).ssm();
  std::uint64_t hash = prefix_hash(snapshot.prefix_hash, {});
  const auto* words = static_cast<const TokenId*>(ssm.data);
  hash = prefix_hash(hash, {words, static_cast<std::size_t>(ssm.shape.elements())});
  snapshot.prefix_hash = hash;
  return snapshot;
}

SessionId StateKeeper::begin_session(const fs::path& from, const Mamba2Model& model) {
  const Snapshot snapshot = Snapshot::load(from, model.config());
  if (snapshot.model_fingerprint != model.fingerprint()) {
    throw FormatError(from.string() + ": a state of other weights (" + snapshot.model_fingerprint +
                      ", the open model is " + model.fingerprint() + "): it goes on only with those that made it");
  }
  // What a run made is called by its run, another file by its name.
  const std::string name = model_name(from);
  return files_.begin_session(name == from.filename() ? from.stem().string() : name, snapshot);
}

void StateKeeper::note(const Session& session, SessionId id, CheckpointId checkpoint) {
  if (session.tokens_read() == 0 || noted_.size() >= most_noted) return;
  const auto known = [&](const SnapshotRow& row) {
    return row.checkpoint == checkpoint && row.prefix_hash == session.prefix_hash() &&
           row.position == static_cast<std::int64_t>(session.tokens_read());
  };
  if (std::ranges::any_of(store_->snapshots(id), known)) return;
  const auto same = [&](const Noted& noted) {
    return noted.session == id && noted.snapshot.prefix_hash == session.prefix_hash() &&
           noted.snapshot.tokens_read == session.tokens_read();
  };
  if (std::ranges::any_of(noted_, same)) return;
  noted_.push_back({.session = id, .checkpoint = checkpoint, .snapshot = session.snapshot()});
}

bool StateKeeper::write(const std::function<bool()>& leave) {
  std::vector<Noted> noted = std::exchange(noted_, {});
  std::vector<std::string> written;
  auto next = noted.begin();
  for (; next != noted.end(); ++next) {
    const Snapshot& snapshot = next->snapshot;
    const std::string state = state_name(next->session, next->checkpoint, snapshot.tokens_read, snapshot.prefix_hash);
    const bool many = static_cast<std::size_t>(noted.end() - next) >= many_noted;
    if (!files_.keep({.session = next->session,
                      .checkpoint = next->checkpoint,
                      .position = static_cast<std::int64_t>(snapshot.tokens_read),
                      .prefix_hash = snapshot.prefix_hash,
                      .file = state},
                     snapshot, many ? std::function<bool()>{} : leave)) {
      break;
    }
    written.push_back(state);
  }
  const bool all = next == noted.end();
  std::move(next, noted.end(), std::back_inserter(noted_));
  if (written.empty()) return all;
  const std::int64_t allowed = state_quota_mib(*store_) * 1024 * 1024;
  for (const SnapshotRow& row : states_over(*store_, allowed, written).going) files_.remove(row);
  return all;
}

std::uint64_t StateKeeper::spacing(std::size_t bytes) noexcept {
  return std::max<std::uint64_t>(least_spacing, bytes / bytes_per_token);
}

}  // namespace holdfast
