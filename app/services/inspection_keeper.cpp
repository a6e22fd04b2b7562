#include "app/services/inspection_keeper.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>
#include <vector>

#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t most_inspection_bytes = std::uintmax_t{512} << 20;
constexpr const char* inspection_ending = ".inspection";

std::string inspection_key(const std::string& fingerprint, std::uint64_t tokens, std::uint64_t prefix_hash) {
  return fingerprint + " " + std::to_string(tokens) + " " + std::to_string(prefix_hash);
}

}  // namespace

InspectionKeeper::InspectionKeeper(fs::path folder) : folder_(std::move(folder)) {}

fs::path InspectionKeeper::file_of(const std::string& key) const {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a; the file says the whole key
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), hash, 16).ptr;
  return folder_ / (std::string(digits.data(), end) + inspection_ending);
}

std::optional<Inspection> InspectionKeeper::find(const std::string& fingerprint, std::uint64_t tokens,
                                                 std::uint64_t prefix_hash, const Mamba2Config& config) const {
  const std::string key = inspection_key(fingerprint, tokens, prefix_hash);
  const fs::path file = file_of(key);
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
  try {
    Inspection seen = Inspection::load(file, key, config);
    fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);  // used now
    return seen;
  } catch (const Error&) {
    fs::remove(file, ignored);
    return std::nullopt;
  }
}

void InspectionKeeper::keep(const Inspection& seen, const std::string& fingerprint, std::uint64_t prefix_hash) const {
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (failed) throw IoError(folder_.string() + ": cannot be made: " + failed.message());
  const std::string key = inspection_key(fingerprint, static_cast<std::uint64_t>(seen.tokens()), prefix_hash);
  seen.keep(file_of(key), key);
  obey_quota(file_of(key));
}

void InspectionKeeper::obey_quota(const fs::path& spared) const {
  struct Kept {
    fs::path file;
    std::uintmax_t bytes;
    fs::file_time_type used;
  };
  std::vector<Kept> all;
  std::uintmax_t sum = 0;
  std::error_code failed;
  for (fs::directory_iterator entry(folder_, failed), end; !failed && entry != end; entry.increment(failed)) {
    if (entry->path().extension() != inspection_ending) continue;
    std::error_code gone;
    const Kept kept{entry->path(), entry->file_size(gone), entry->last_write_time(gone)};
    if (gone) continue;
    sum += kept.bytes;
    all.push_back(kept);
  }
  std::ranges::sort(all, {}, &Kept::used);
  for (const Kept& kept : all) {
    if (sum <= most_inspection_bytes) return;
    if (kept.file == spared) continue;
    fs::remove(kept.file, failed);
    sum -= kept.bytes;
  }
}

}  // namespace holdfast
