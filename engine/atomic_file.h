// Files and folders that are complete or not there: written aside, synced, renamed, the parent folder synced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast {

enum class IfExists { replace, refuse };
enum class FolderSync { now, later };  // later: by sync_folder(), once for many files

// A file being written beside its target. Without commit() the target stays as it was and the part is removed.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target, IfExists if_exists = IfExists::replace);  // throws IoError
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);  // throws IoError, e.g. when the disk is full
  void write(std::string_view text);
  void write_zeros(std::size_t count);
  void pad_to(std::size_t alignment);  // zeros up to the next multiple
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  // With IfExists::refuse, throws IoError when something has taken the target's name.
  void commit(FolderSync folder = FolderSync::now);

 private:
  void flush();
  std::filesystem::path target_;
  std::filesystem::path part_;
  IfExists if_exists_;
  int fd_ = -1;
  std::uint64_t position_ = 0;
  std::vector<std::byte> buffer_;
};

// A folder being filled beside its target, which must not exist. Files in it may be written in any way; commit() syncs
// them. Without commit() all of it is removed.
class AtomicFolder {
 public:
  explicit AtomicFolder(std::filesystem::path target);  // throws IoError
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return part_; }
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path part_;
};

// Makes the names of files that were put into this folder as lasting as the files. Throws IoError.
void sync_folder(const std::filesystem::path& folder);

void write_file_atomically(const std::filesystem::path& target, std::string_view content,
                           IfExists if_exists = IfExists::replace);

}  // namespace holdfast
