#include "engine/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <system_error>
#include <utility>

#include "kernels/error.h"

namespace holdfast {

namespace {
[[noreturn]] void map_failed(const std::filesystem::path& file, const char* what, int error) {
  throw IoError(file.string() + ": " + what + ": " + std::generic_category().message(error));
}

struct MapDescriptor {
  int fd;
  ~MapDescriptor() { ::close(fd); }
};
}  // namespace

MappedFile::MappedFile(std::filesystem::path path, const std::byte* data, std::size_t size)
    : path_(std::move(path)), data_(data), size_(size) {}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& file) {
  // O_NONBLOCK: a pipe put in the file's place must not make us wait for its writer.
  const MapDescriptor descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (descriptor.fd < 0) map_failed(file, "cannot be opened", errno);
  struct stat status {};
  if (::fstat(descriptor.fd, &status) != 0) map_failed(file, "cannot be looked at", errno);
  if (!S_ISREG(status.st_mode)) throw IoError(file.string() + ": not a regular file");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return std::shared_ptr<const MappedFile>(new MappedFile(file, nullptr, 0));
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor.fd, 0);
  if (data == MAP_FAILED) map_failed(file, "cannot be mapped", errno);
  return std::shared_ptr<const MappedFile>(new MappedFile(file, static_cast<const std::byte*>(data), size));
}

bool MappedFile::contains(std::span<const std::byte> part) const noexcept {
  const std::less_equal<const std::byte*> ordered;
  return data_ != nullptr && ordered(data_, part.data()) && ordered(part.data() + part.size(), data_ + size_);
}

void MappedFile::release_pages(std::span<const std::byte> part) const noexcept {
  if (part.empty() || !contains(part)) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<std::size_t>(part.data() - data_) / page * page;
  const auto end = static_cast<std::size_t>(part.data() - data_) + part.size();
  ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace holdfast
