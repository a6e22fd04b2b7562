#include "app/services/inspection_keeper.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <system_error>
#include <utility>

#include "engine/session.h"
#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t least_inspection_bytes = 4096;  // of a file on the disk
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

// A file that may have a part in showing a text: it has the text's tokens [from, to).
struct Candidate {
  fs::path file;
  std::int64_t from = 0, to = 0;
};

// Hashes of all beginnings of a text, the empty one first.
std::vector<std::uint64_t> beginnings_of(std::uint64_t begins_after, std::span<const TokenId> text) {
  std::vector<std::uint64_t> hashes{begins_after};
  hashes.reserve(text.size() + 1);
  for (const TokenId id : text) hashes.push_back(prefix_hash(hashes.back(), {&id, 1}));
  return hashes;
}

// Parts that cover as much as there is, as few as can be: from each place the one that reaches furthest. Each begins
// behind the one before it, so that only ends are cut off.
std::vector<Candidate> cover(std::vector<Candidate> candidates) {
  std::ranges::sort(candidates, {}, &Candidate::from);
  std::vector<Candidate> chosen;
  std::int64_t reached = 0;
  const Candidate* best = nullptr;
  for (auto next = candidates.begin();;) {
    for (; next != candidates.end() && next->from <= reached; ++next) {
      if (best == nullptr || next->to > best->to) best = &*next;
    }
    if (best != nullptr && best->to > reached) {
      chosen.push_back(*best);
      reached = best->to;
    } else if (next != candidates.end()) {
      reached = next->from;  // behind a gap
    } else {
      return chosen;
    }
  }
}

}  // namespace

std::vector<std::pair<std::int64_t, std::int64_t>> KeptInspections::gaps(std::int64_t tokens) const {
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  std::int64_t reached = 0;
  for (const Part& part : parts) {
    if (part.from > reached) found.emplace_back(reached, part.from);
    reached = part.from + part.seen.tokens();
  }
  if (reached < tokens) found.emplace_back(reached, tokens);
  return found;
}

InspectionKeeper::InspectionKeeper(fs::path folder, std::uintmax_t most_bytes)
    : folder_(std::move(folder)), most_bytes_(most_bytes), unlooked_(most_bytes) {}

fs::path InspectionKeeper::file_of(SessionId session, const std::string& model, const SeenStretch& stretch) const {
  return folder_ /
         (inspection_beginning(session, model) + std::to_string(stretch.from) + "-" + inspection_digits(stretch.after) +
          "-" + inspection_digits(prefix_hash(stretch.after, stretch.tokens)) + inspection_ending);
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

KeptInspections InspectionKeeper::find(SessionId session, const std::string& model, std::uint64_t begins_after,
                                       std::span<const TokenId> text, const Mamba2Config& config,
                                       Damaged damaged) const {
  KeptInspections found;
  std::error_code ignored;
  const auto refuse = [&](const fs::path& file, const Error& error) {
    found.damaged.emplace_back(error.what());
    if (damaged == Damaged::remove) fs::remove(file, ignored);
  };
  const std::vector<std::uint64_t> hashes = beginnings_of(begins_after, text);
  std::vector<Candidate> candidates;
  for (const fs::path& file : files_of(session, model)) {
    try {
      const SeenStretch stretch = Inspection::stretch_of(file);
      if (stretch.from < 0 || stretch.from >= std::ssize(text)) continue;
      const auto from = static_cast<std::size_t>(stretch.from);
      if (hashes[from] != stretch.after) continue;
      const auto common = std::ranges::mismatch(stretch.tokens, text.subspan(from)).in1 - stretch.tokens.begin();
      if (common > 0) candidates.push_back({file, stretch.from, stretch.from + common});
    } catch (const Error& error) {
      refuse(file, error);
    }
  }
  std::map<fs::path, Inspection> loaded;
  std::vector<Candidate> chosen;
  for (bool sound = false; !sound;) {
    chosen = cover(candidates);
    sound = true;
    for (const Candidate& part : chosen) {
      if (loaded.contains(part.file)) continue;
      try {
        loaded.emplace(part.file, Inspection::load(part.file, model, config));
      } catch (const Error& error) {
        refuse(part.file, error);
        std::erase_if(candidates, [&](const Candidate& c) { return c.file == part.file; });
        sound = false;
      }
    }
  }
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const Candidate& part = chosen[i];
    const std::int64_t to = i + 1 < chosen.size() ? std::min(part.to, chosen[i + 1].from) : part.to;
    Inspection& seen = loaded.at(part.file);
    found.parts.push_back({part.from, to - part.from == seen.tokens() ? std::move(seen) : seen.first(to - part.from)});
    fs::last_write_time(part.file, fs::file_time_type::clock::now(), ignored);  // used now
  }
  return found;
}

void InspectionKeeper::keep(SessionId session, const std::string& model, const SeenStretch& stretch,
                            const Inspection& seen) {
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (failed) throw IoError(folder_.string() + ": cannot be made: " + failed.message());
  const fs::path kept = file_of(session, model, stretch);
  seen.keep(kept, model, stretch);
  const std::uintmax_t bytes = fs::file_size(kept, failed);
  unlooked_ += failed ? least_inspection_bytes : std::max(bytes, least_inspection_bytes);
  obey_quota(kept);
}

void InspectionKeeper::replace(SessionId session, const std::string& model, const SeenStretch& stretch,
                               const Inspection& seen) {
  keep(session, model, stretch, seen);
  const fs::path kept = file_of(session, model, stretch);
  const std::vector<std::uint64_t> hashes = beginnings_of(stretch.after, stretch.tokens);
  const auto lies_within = [&](const SeenStretch& other) {
    const std::int64_t begin = other.from - stretch.from;
    if (begin < 0 || begin > std::ssize(stretch.tokens)) return false;
    const auto rest = std::span(stretch.tokens).subspan(static_cast<std::size_t>(begin));
    return hashes[static_cast<std::size_t>(begin)] == other.after && other.tokens.size() <= rest.size() &&
           std::ranges::equal(other.tokens, rest.first(other.tokens.size()));
  };
  std::error_code failed;
  for (const fs::path& file : files_of(session, model)) {
    try {
      if (file != kept && lies_within(Inspection::stretch_of(file))) fs::remove(file, failed);
    } catch (const Error&) {
      fs::remove(file, failed);
    }
  }
}

// Looking through the folder takes as long as there are files, so it is done once in a while: the folder holds a
// sixteenth more at most.
void InspectionKeeper::obey_quota(const fs::path& spared) {
  if (unlooked_ <= most_bytes_ / 16) return;
  unlooked_ = 0;
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
    const Kept kept{entry->path(), std::max(entry->file_size(gone), least_inspection_bytes),
                    entry->last_write_time(gone)};
    if (gone) continue;
    sum += kept.bytes;
    all.push_back(kept);
  }
  std::ranges::sort(all, {}, &Kept::used);
  for (const Kept& kept : all) {
    if (sum <= most_bytes_) return;
    if (kept.file == spared) continue;
    fs::remove(kept.file, failed);
    sum -= kept.bytes;
  }
}

}  // namespace holdfast
