#include "engine/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include "kernels/error.h"

namespace holdfast {

namespace {
constexpr std::size_t atomic_buffer_bytes = std::size_t{1} << 20;
constexpr unsigned rename_without_replacing = 1;  // RENAME_NOREPLACE of linux/fs.h

[[noreturn]] void atomic_failed(const std::filesystem::path& file, const char* what, int error) {
  throw IoError(file.string() + ": " + what + ": " + std::generic_category().message(error));
}

// Beside the target, so that the rename stays on one file system; unique among processes and threads.
std::filesystem::path atomic_part_path(const std::filesystem::path& target) {
  static std::atomic<unsigned> counter{0};
  std::filesystem::path part = target;
  part += ".part-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  return part;
}

// "out/" names the same thing as "out".
std::filesystem::path atomic_target(std::filesystem::path target) {
  target = target.lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  if (!target.has_filename()) throw IoError(target.string() + ": not the name of a file or folder");
  return target;
}

void atomic_sync_file(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) atomic_failed(file, "cannot be opened", errno);
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (result != 0) atomic_failed(file, "cannot be synced", error);
}

void atomic_rename(const std::filesystem::path& from, const std::filesystem::path& to, IfExists if_exists) {
  if (if_exists == IfExists::refuse) {
    if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), rename_without_replacing) == 0) return;
    // A file system that cannot promise it: look first, then rename.
    if (errno != EINVAL && errno != ENOSYS) atomic_failed(to, "cannot be put in place", errno);
    if (std::filesystem::exists(std::filesystem::symlink_status(to))) atomic_failed(to, "cannot be written", EEXIST);
  }
  if (std::rename(from.c_str(), to.c_str()) != 0) atomic_failed(to, "cannot be put in place", errno);
}
}  // namespace

void sync_folder(const std::filesystem::path& folder) {
  const std::filesystem::path name = folder.empty() ? std::filesystem::path(".") : folder;
  const int fd = ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) atomic_failed(name, "cannot be opened", errno);
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  // Some network file systems cannot sync a folder; there the rename is as safe as they make it.
  if (result != 0 && error != EINVAL && error != ENOTSUP) atomic_failed(name, "cannot be synced", error);
}

AtomicFile::AtomicFile(std::filesystem::path target, IfExists if_exists)
    : target_(atomic_target(std::move(target))), part_(atomic_part_path(target_)), if_exists_(if_exists) {
  if (if_exists_ == IfExists::refuse && std::filesystem::exists(std::filesystem::symlink_status(target_))) {
    atomic_failed(target_, "cannot be written", EEXIST);
  }
  buffer_.reserve(atomic_buffer_bytes);
  fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd_ < 0) atomic_failed(target_, "cannot be written", errno);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(part_.c_str());
}

void AtomicFile::flush() {
  std::span<const std::byte> rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) atomic_failed(target_, "cannot be written", errno);
    rest = rest.subspan(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (fd_ < 0) throw ArgumentError(target_.string() + ": written to after commit");
  position_ += bytes.size();
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), atomic_buffer_bytes - buffer_.size());
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (buffer_.size() == atomic_buffer_bytes) flush();
  }
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

void AtomicFile::write_zeros(std::size_t count) {
  static constexpr std::byte zeros[4096] = {};
  for (; count > 0; count -= std::min(count, sizeof zeros)) write({zeros, std::min(count, sizeof zeros)});
}

void AtomicFile::pad_to(std::size_t alignment) {
  write_zeros(static_cast<std::size_t>((alignment - position_ % alignment) % alignment));
}

void AtomicFile::commit(FolderSync folder) {
  if (fd_ < 0) throw ArgumentError(target_.string() + ": committed twice");
  flush();
  if (::fsync(fd_) != 0) atomic_failed(target_, "cannot be synced", errno);
  atomic_rename(part_, target_, if_exists_);
  ::close(std::exchange(fd_, -1));
  if (folder == FolderSync::now) sync_folder(target_.parent_path());
}

AtomicFolder::AtomicFolder(std::filesystem::path target)
    : target_(atomic_target(std::move(target))), part_(atomic_part_path(target_)) {
  if (std::filesystem::exists(std::filesystem::symlink_status(target_))) {
    atomic_failed(target_, "cannot be written", EEXIST);
  }
  if (::mkdir(part_.c_str(), 0777) != 0) atomic_failed(target_, "cannot be written", errno);
}

AtomicFolder::~AtomicFolder() {
  if (part_.empty()) return;
  std::error_code ignored;  // nothing can be done about a part that stays
  std::filesystem::remove_all(part_, ignored);
}

void AtomicFolder::commit() {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(part_)) {
    if (entry.is_regular_file()) atomic_sync_file(entry.path());
    if (entry.is_directory()) sync_folder(entry.path());
  }
  sync_folder(part_);
  atomic_rename(part_, target_, IfExists::refuse);
  part_.clear();
  sync_folder(target_.parent_path());
}

void write_file_atomically(const std::filesystem::path& target, std::string_view content, IfExists if_exists) {
  AtomicFile file(target, if_exists);
  file.write(content);
  file.commit();
}

}  // namespace holdfast
