#include "app/services/inspection_keeper.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/session.h"
#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t most_inspection_bytes = std::uintmax_t{512} << 20;
constexpr const char* inspection_ending = ".inspection";

std::string inspection_digits(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return {digits.data(), end};
}

// What the names of a session's files begin with.
std::string inspection_beginning(SessionId session, const std::string& model) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a; the file says the whole name of the weights
  for (const char c : model) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return std::to_string(session.value) + "-" + inspection_digits(hash) + "-";
}

bool begins_with(std::span<const TokenId> text, std::span<const TokenId> beginning) {
  return beginning.size() <= text.size() && std::ranges::equal(text.first(beginning.size()), beginning);
}

}  // namespace

InspectionKeeper::InspectionKeeper(fs::path folder) : folder_(std::move(folder)) {}

fs::path InspectionKeeper::file_of(SessionId session, const std::string& model, std::span<const TokenId> text) const {
  return folder_ / (inspection_beginning(session, model) + inspection_digits(prefix_hash(0, text)) + inspection_ending);
}

std::vector<fs::path> InspectionKeeper::files_of(SessionId session, const std::string& model) const {
  const std::string beginning = inspection_beginning(session, model);
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator entry(folder_, failed), end; !failed && entry != end; entry.increment(failed)) {
    const fs::path& file = entry->path();
    if (file.filename().string().starts_with(beginning) && file.extension() == inspection_ending) files.push_back(file);
  }
  return files;
}

std::optional<Inspection> InspectionKeeper::find(SessionId session, const std::string& model,
                                                 std::span<const TokenId> text, const Mamba2Config& config) const {
  for (const fs::path& file : files_of(session, model)) {
    std::error_code ignored;
    try {
      if (!begins_with(Inspection::text_of(file), text)) continue;
      const Inspection seen = Inspection::load(file, model, config);
      fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);  // used now
      return seen.first(std::ssize(text));
    } catch (const Error&) {
      fs::remove(file, ignored);
    }
  }
  return std::nullopt;
}

void InspectionKeeper::keep(SessionId session, const std::string& model, std::span<const TokenId> text,
                            const Inspection& seen) const {
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (failed) throw IoError(folder_.string() + ": cannot be made: " + failed.message());
  const fs::path kept = file_of(session, model, text);
  seen.keep(kept, model, text);
  for (const fs::path& file : files_of(session, model)) {
    try {
      if (file != kept && begins_with(text, Inspection::text_of(file))) fs::remove(file, failed);
    } catch (const Error&) {
      fs::remove(file, failed);
    }
  }
  obey_quota(kept);
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
