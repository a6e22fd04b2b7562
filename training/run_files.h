// What a run leaves on disk: checkpoints that are complete or not there, and logs of one JSON value per line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/json.h"

namespace holdfast {

// A file that lines are added to. A line is there as a whole or not at all.
class JsonLog {
 public:
  explicit JsonLog(std::filesystem::path file);  // throws IoError
  ~JsonLog();
  JsonLog(const JsonLog&) = delete;
  JsonLog& operator=(const JsonLog&) = delete;

  void add(const Json& line);  // throws IoError, e.g. when the disk is full
  void sync();
  // Leaves out lines whose "step" is beyond `step`, and what a crash left of a last line.
  static void cut_after(const std::filesystem::path& file, std::int64_t step);

 private:
  std::filesystem::path file_;
  int fd_ = -1;
};

// Two runs must not write to one folder.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);  // throws IoError when another process has it
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

// The checkpoints of a run: folders step-<12 digits> with manifest.json, which has size and XXH3-128 of every file.
class CheckpointFolder {
 public:
  explicit CheckpointFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return folder_; }
  [[nodiscard]] std::filesystem::path path_of(std::int64_t step) const;
  [[nodiscard]] std::vector<std::int64_t> steps() const;  // ascending
  // Removes what was being written when a process was killed.
  void remove_parts() const;
  // `write` fills the folder that it is given; then it is described, synced and renamed. One that is there stays.
  void add(std::int64_t step, const std::function<void(const std::filesystem::path&)>& write) const;
  // The newest `keep` and `best` stay.
  void remove_old(std::int64_t keep, std::optional<std::int64_t> best) const;

 private:
  std::filesystem::path folder_;
};

// Reads every file of a checkpoint. Throws FormatError naming the first that is missing or not what was written.
void verify_checkpoint(const std::filesystem::path& checkpoint);
void write_manifest(const std::filesystem::path& checkpoint);

// The newest checkpoint of a folder that is whole; what is wrong with newer ones is told to `note`.
[[nodiscard]] std::optional<std::filesystem::path> newest_checkpoint(
    const CheckpointFolder& folder, const std::function<void(const std::string&)>& note);

}  // namespace holdfast
