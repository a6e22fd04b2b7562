#include "app/store/state_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "engine/atomic_file.h"
#include "engine/mapped_file.h"
#include "engine/safetensors.h"
#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

// Higher levels take longer and gain nothing on states (app/README.md).
constexpr int piece_level = 1;
constexpr std::int64_t most_layers = 4096;  // of a state file from elsewhere; more are one piece
constexpr std::uint64_t most_piece_bytes = std::uint64_t{1} << 30;  // a file's word is not enough to allocate by

std::string state_hexadecimal(std::uint64_t value) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

// The bytes of 32-bit numbers sorted by their place in the number, and back; what is left over stands at the end.
void to_planes(std::span<const std::byte> from, std::byte* to) {
  const std::size_t count = from.size() / 4;
  for (std::size_t plane = 0; plane < 4; ++plane) {
    for (std::size_t i = 0; i < count; ++i) *to++ = from[i * 4 + plane];
  }
  for (std::size_t i = count * 4; i < from.size(); ++i) *to++ = from[i];
}

void from_planes(std::span<const std::byte> from, std::byte* to) {
  const std::size_t count = from.size() / 4;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t plane = 0; plane < 4; ++plane) to[i * 4 + plane] = from[plane * count + i];
  }
  for (std::size_t i = count * 4; i < from.size(); ++i) to[i] = from[i];
}

// Sessions that begin with the same state name the same one.
std::string origin_name(std::span<const StatePiece> pieces) {
  std::string all;
  for (const StatePiece& piece : pieces) all += piece.hash;
  return "origin-" + piece_hash(std::as_bytes(std::span(all)));
}

// The content of a piece's file. Throws IoError, or FormatError naming the file.
std::vector<std::byte> read_piece(const fs::path& file, std::string_view hash) {
  const std::shared_ptr<const MappedFile> mapping = MappedFile::open(file);
  try {
    std::vector<std::byte> content = expand_piece(mapping->bytes());
    if (piece_hash(content) != hash) throw FormatError("its content does not have the hash that is its name");
    return content;
  } catch (const FormatError& error) {
    throw FormatError(file.string() + ": damaged: " + error.what());
  }
}

}  // namespace

std::vector<std::byte> compress_piece(std::span<const std::byte> content) {
  std::vector<std::byte> planes(content.size());
  to_planes(content, planes.data());
  std::vector<std::byte> compressed(ZSTD_compressBound(planes.size()));
  const std::size_t size =
      ZSTD_compress(compressed.data(), compressed.size(), planes.data(), planes.size(), piece_level);
  if (ZSTD_isError(size) != 0)
    throw StoreError(std::string("a state cannot be compressed: ") + ZSTD_getErrorName(size));
  compressed.resize(size);
  return compressed;
}

std::vector<std::byte> expand_piece(std::span<const std::byte> compressed) {
  const unsigned long long size = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) throw FormatError("not a compressed piece");
  if (size > most_piece_bytes) {
    throw FormatError(std::to_string(size) + " bytes, want at most " + std::to_string(most_piece_bytes));
  }
  std::vector<std::byte> planes(static_cast<std::size_t>(size));
  const std::size_t got = ZSTD_decompress(planes.data(), planes.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(got) != 0) throw FormatError(ZSTD_getErrorName(got));
  if (got != planes.size()) throw FormatError("shorter than its head says");
  std::vector<std::byte> content(planes.size());
  from_planes(planes, content.data());
  return content;
}

std::string piece_hash(std::span<const std::byte> content) {
  const XXH128_hash_t hash = XXH3_128bits(content.data(), content.size());
  return state_hexadecimal(hash.high64) + state_hexadecimal(hash.low64);
}

// Held while files and rows do not fit together, so that nothing is removed that another is about to name. Not the
// database's own lock: a state is large, and the text of a turn must not wait for it.
class StateFiles::Lock {
 public:
  explicit Lock(const fs::path& folder) {
    fs::create_directories(folder / "pieces");
    const fs::path file = folder / "lock";
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail(file);
    while (::flock(descriptor_, LOCK_EX) != 0) {
      if (errno == EINTR) continue;
      const int error = errno;
      ::close(descriptor_);
      errno = error;
      fail(file);
    }
  }
  ~Lock() { ::close(descriptor_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  [[noreturn]] static void fail(const fs::path& file) {
    throw IoError(file.string() + ": cannot be locked: " + std::generic_category().message(errno));
  }
  int descriptor_ = -1;
};

StateFiles::StateFiles(Store& store, fs::path folder) : store_(&store), folder_(std::move(folder)) {}

fs::path StateFiles::piece_file(std::string_view hash) const {
  return folder_ / "pieces" / (std::string(hash) + ".zst");
}

StatePiece StateFiles::write_piece(std::span<const std::byte> content, std::vector<std::string>& written) {
  StatePiece piece{.hash = piece_hash(content), .bytes = 0};
  const fs::path file = piece_file(piece.hash);
  std::error_code absent;
  if (const std::uintmax_t size = fs::file_size(file, absent); !absent) {
    // It is compared, not trusted: a damaged piece is healed by the next state that has it.
    try {
      if (std::ranges::equal(read_piece(file, piece.hash), content)) {
        piece.bytes = static_cast<std::int64_t>(size);
        return piece;
      }
    } catch (const Error&) {
    }
  }
  const std::vector<std::byte> compressed = compress_piece(content);
  AtomicFile out(file);
  out.write(compressed);
  out.commit(FolderSync::later);
  written.push_back(piece.hash);
  piece.bytes = static_cast<std::int64_t>(compressed.size());
  return piece;
}

std::vector<StatePiece> StateFiles::write_pieces(const Pieces& for_each_piece) {
  std::vector<StatePiece> pieces;
  std::vector<std::string> written;
  try {
    for_each_piece([&](std::span<const std::byte> content) { pieces.push_back(write_piece(content, written)); });
    sync_folder(folder_ / "pieces");
  } catch (...) {
    std::erase_if(pieces,
                  [&](const StatePiece& piece) { return std::ranges::find(written, piece.hash) == written.end(); });
    remove_unused(pieces);
    throw;
  }
  return pieces;
}

bool StateFiles::keep(SnapshotRow row, const Snapshot& snapshot, const std::function<bool()>& leave) {
  struct Left {};
  const Lock lock(folder_);
  std::vector<StatePiece> pieces;
  try {
    pieces = write_pieces([&](const auto& take) {
      snapshot.for_each_piece([&](std::span<const std::byte> content) {
        if (leave && leave()) throw Left{};
        take(content);
      });
    });
  } catch (const Left&) {
    return false;
  }
  row.bytes = 0;
  for (const StatePiece& piece : pieces) row.bytes += piece.bytes;
  try {
    store_->add_snapshot(row, pieces);
  } catch (...) {
    remove_unused(pieces);
    throw;
  }
  return true;
}

SessionId StateFiles::begin_session(std::string_view title, const Snapshot& origin) {
  const Lock lock(folder_);
  const std::vector<StatePiece> pieces = write_pieces([&](const auto& take) { origin.for_each_piece(take); });
  try {
    return store_->create_session(title, origin_name(pieces), pieces);
  } catch (...) {
    remove_unused(pieces);
    throw;
  }
}

// A state file from elsewhere, in the pieces that Snapshot::for_each_piece would make of it.
OriginState StateFiles::write_origin(std::span<const std::byte> file) {
  const SafetensorsFile parsed = SafetensorsFile::parse(file, "what a session begins with");
  Snapshot::require_sound(parsed);
  std::vector<std::size_t> ends;
  const SafetensorsTensor* ssm = parsed.find("ssm_state");
  if (ssm != nullptr && ssm->shape.rank() > 0 && ssm->shape[0] > 0 && ssm->shape[0] <= most_layers) {
    const auto begin = static_cast<std::size_t>(ssm->bytes.data() - file.data());
    const auto layers = static_cast<std::size_t>(ssm->shape[0]);
    if (const SafetensorsTensor* conv = parsed.find("conv_state")) {
      ends.push_back(static_cast<std::size_t>(conv->bytes.data() - file.data()));
    }
    for (std::size_t layer = 0; layer <= layers; ++layer) ends.push_back(begin + ssm->bytes.size() / layers * layer);
  }
  ends.push_back(file.size());
  std::ranges::sort(ends);
  OriginState origin;
  origin.pieces = write_pieces([&](const auto& take) {
    std::size_t from = 0;
    for (const std::size_t end : ends) {
      if (end > from) take(file.subspan(from, end - from));
      from = end;
    }
  });
  origin.name = origin_name(origin.pieces);
  return origin;
}

std::vector<SessionId> StateFiles::add_sessions(std::span<const WholeSession> sessions) {
  const auto begins_with_state = [](const WholeSession& whole) { return !whole.origin.empty(); };
  if (std::ranges::none_of(sessions, begins_with_state)) return store_->add_sessions(sessions);
  const Lock lock(folder_);
  std::vector<OriginState> origins;
  try {
    for (const WholeSession& whole : sessions) {
      origins.push_back(whole.origin.empty() ? OriginState{} : write_origin(whole.origin));
    }
    return store_->add_sessions(sessions, origins);
  } catch (...) {
    for (const OriginState& origin : origins) remove_unused(origin.pieces);
    throw;
  }
}

void StateFiles::fetch_origin(WholeSession& whole) const {
  if (!whole.session.origin.empty()) whole.origin = bytes(whole.session.origin);
}

std::vector<std::byte> StateFiles::bytes(const std::string& state) const {
  const std::vector<StatePiece> pieces = store_->state_pieces(state);
  if (pieces.empty()) {
    const std::shared_ptr<const MappedFile> mapping = MappedFile::open(folder_ / state);
    return {mapping->bytes().begin(), mapping->bytes().end()};
  }
  std::vector<std::byte> bytes;
  for (const StatePiece& piece : pieces) {
    const std::vector<std::byte> content = read_piece(piece_file(piece.hash), piece.hash);
    bytes.insert(bytes.end(), content.begin(), content.end());
  }
  return bytes;
}

Snapshot StateFiles::load(const std::string& state, const Mamba2Config& config) const {
  const std::vector<std::byte> all = bytes(state);
  return Snapshot::read(SafetensorsFile::parse(all, (folder_ / state).string()), config);
}

void StateFiles::export_to(const std::string& state, const fs::path& file) const {
  AtomicFile out(file);
  out.write(bytes(state));
  out.commit();
}

void StateFiles::remove_unused(std::span<const StatePiece> pieces) {
  for (const StatePiece& piece : pieces) {
    std::error_code gone;
    if (!store_->piece_is_used(piece.hash)) fs::remove(piece_file(piece.hash), gone);
  }
}

void StateFiles::remove(const SnapshotRow& row) {
  const Lock lock(folder_);
  const std::vector<StatePiece> pieces = store_->state_pieces(row.file);
  store_->remove_snapshot(row.id);
  remove_unused(pieces);
  std::error_code gone;
  if (pieces.empty()) fs::remove(folder_ / row.file, gone);
}

void StateFiles::remove_lost() {
  std::error_code error;
  if (!fs::exists(folder_, error)) return;
  const std::vector<std::string> states = store_->snapshot_files();
  if (states.empty()) return;  // perhaps a new database in the place of one that will come back
  std::optional<Lock> lock;
  try {
    lock.emplace(folder_);
  } catch (const std::exception&) {
    return;  // nothing can be written there, so nothing can be removed
  }
  const std::vector<std::string> hashes = store_->piece_hashes();
  const std::set<std::string> known_states(states.begin(), states.end());
  const std::set<std::string> known_pieces(hashes.begin(), hashes.end());
  const auto sweep = [](const fs::path& folder, const auto& is_lost) {
    std::error_code stop;
    std::vector<fs::path> lost;
    for (fs::directory_iterator entry(folder, stop), end; !stop && entry != end; entry.increment(stop)) {
      if (entry->is_regular_file(stop) && is_lost(entry->path())) lost.push_back(entry->path());
    }
    for (const fs::path& file : lost) fs::remove(file, stop);
  };
  const auto is_part = [](const fs::path& file) { return file.extension().string().starts_with(".part-"); };
  sweep(folder_ / "pieces", [&](const fs::path& file) {
    return is_part(file) || (file.extension() == ".zst" && !known_pieces.contains(file.stem().string()));
  });
  sweep(folder_, [&](const fs::path& file) {
    return is_part(file) || (file.extension() == ".safetensors" && !known_states.contains(file.filename().string()));
  });
}

}  // namespace holdfast
