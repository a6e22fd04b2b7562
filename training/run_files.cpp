#include "training/run_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>
#include <utility>

#include "engine/atomic_file.h"
#include "engine/mapped_file.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;
constexpr const char* run_manifest_name = "manifest.json";

[[noreturn]] void run_file_failed(const fs::path& file, const char* what, int error) {
  throw IoError(file.string() + ": " + what + ": " + std::generic_category().message(error));
}

std::string run_file_hash(const fs::path& file) {
  const auto mapped = MappedFile::open(file);
  const XXH128_hash_t hash = XXH3_128bits(mapped->bytes().data(), mapped->bytes().size());
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text.data();
}

std::vector<fs::path> run_files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().filename() != run_manifest_name) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

JsonLog::JsonLog(fs::path file) : file_(std::move(file)) {
  fd_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd_ < 0) run_file_failed(file_, "cannot be written", errno);
}

JsonLog::~JsonLog() { ::close(fd_); }

void JsonLog::add(const Json& line) {
  const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const off_t before = ::lseek(fd_, 0, SEEK_END);
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(fd_, text.data() + at, text.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      // Half a line helps nobody; if even that fails, the next reader leaves it out.
      if (::ftruncate(fd_, before) != 0) errno = 0;
      run_file_failed(file_, "cannot be written", error);
    }
    at += static_cast<std::size_t>(written);
  }
}

void JsonLog::sync() {
  if (::fsync(fd_) != 0) run_file_failed(file_, "cannot be synced", errno);
}

void JsonLog::cut_after(const fs::path& file, std::int64_t step) {
  if (!fs::exists(file)) return;
  std::ifstream in(file, std::ios::binary);
  std::string kept;
  for (std::string line; std::getline(in, line);) {
    const Json value = Json::parse(line, nullptr, false);
    if (value.is_object() && value.contains("step") && value["step"].is_number_integer() &&
        value["step"].get<std::int64_t>() <= step) {
      kept += line + "\n";
    }
  }
  write_file_atomically(file, kept);
}

FolderLock::FolderLock(const fs::path& folder) {
  const fs::path file = folder / "lock";
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) run_file_failed(file, "cannot be written", errno);
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd_);
    throw IoError(folder.string() + ": another run is writing here, want a folder of its own for each");
  }
}

FolderLock::~FolderLock() { ::close(fd_); }

fs::path CheckpointFolder::path_of(std::int64_t step) const {
  std::string digits = std::to_string(step);
  digits.insert(0, digits.size() < 12 ? 12 - digits.size() : 0, '0');
  return folder_ / ("step-" + digits);
}

std::vector<std::int64_t> CheckpointFolder::steps() const {
  std::vector<std::int64_t> found;
  if (!fs::exists(folder_)) return found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name.size() != 17 || !name.starts_with("step-")) continue;
    if (name.find_first_not_of("0123456789", 5) != std::string::npos) continue;
    found.push_back(std::stoll(name.substr(5)));
  }
  std::sort(found.begin(), found.end());
  return found;
}

void CheckpointFolder::remove_parts() const {
  if (!fs::exists(folder_)) return;
  std::vector<fs::path> parts;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    if (entry.path().filename().string().find(".part-") != std::string::npos) parts.push_back(entry.path());
  }
  for (const fs::path& part : parts) fs::remove_all(part);
}

void CheckpointFolder::add(std::int64_t step, const std::function<void(const fs::path&)>& write) const {
  const fs::path target = path_of(step);
  if (fs::exists(target)) return;
  AtomicFolder folder(target);
  write(folder.path());
  write_manifest(folder.path());
  folder.commit();
}

void CheckpointFolder::remove_old(std::int64_t keep, std::optional<std::int64_t> best) const {
  const std::vector<std::int64_t> all = steps();
  const auto count = static_cast<std::int64_t>(all.size());
  for (std::int64_t i = 0; i < count - keep; ++i) {
    const std::int64_t step = all[static_cast<std::size_t>(i)];
    if (best && step == *best) continue;
    // Renamed first: a folder that is half removed must not look like a checkpoint.
    const fs::path gone = path_of(step).string() + ".part-old";
    std::error_code ignored;
    fs::rename(path_of(step), gone, ignored);
    if (!ignored) fs::remove_all(gone, ignored);
  }
}

void write_manifest(const fs::path& checkpoint) {
  Json files = Json::object();
  for (const fs::path& file : run_files_below(checkpoint)) {
    files[fs::relative(file, checkpoint).generic_string()] = {{"bytes", fs::file_size(file)},
                                                              {"xxh3_128", run_file_hash(file)}};
  }
  write_file_atomically(checkpoint / run_manifest_name, Json{{"files", files}}.dump(2) + "\n");
}

void verify_checkpoint(const fs::path& checkpoint) {
  const Json manifest = read_json(checkpoint / run_manifest_name);
  const std::string label = checkpoint.string();
  if (!manifest.is_object() || !manifest.contains("files") || !manifest["files"].is_object() ||
      manifest["files"].empty()) {
    throw FormatError(label + ": manifest.json: want the files of a checkpoint");
  }
  for (const auto& [name, about] : manifest["files"].items()) {
    const fs::path relative = fs::path(name).lexically_normal();
    if (relative.is_absolute() || relative.begin() == relative.end() || *relative.begin() == "..") {
      throw FormatError(label + ": manifest.json: \"" + name + "\", want a file of the checkpoint");
    }
    const fs::path file = checkpoint / relative;
    if (!fs::is_regular_file(file)) throw FormatError(label + ": " + name + " is missing");
    const Json hash = about.is_object() ? about.value("xxh3_128", Json()) : Json();
    if (!hash.is_string() || hash.get<std::string>() != run_file_hash(file)) {
      throw FormatError(label + ": " + name + " is not what was written: its checksum differs");
    }
  }
}

std::optional<fs::path> newest_checkpoint(const CheckpointFolder& folder,
                                          const std::function<void(const std::string&)>& note) {
  std::vector<std::int64_t> steps = folder.steps();
  for (; !steps.empty(); steps.pop_back()) {
    try {
      verify_checkpoint(folder.path_of(steps.back()));
      return folder.path_of(steps.back());
    } catch (const Error& error) {
      note(std::string(error.what()) + ": the checkpoint before it is taken");
    }
  }
  return std::nullopt;
}

}  // namespace holdfast
