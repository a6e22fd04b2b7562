// A file as read-only memory. Pages come from disk when they are touched, so opening costs nothing and nothing is
// copied.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace holdfast {

class MappedFile {
 public:
  // Throws IoError: not there, not a regular file, not readable. An empty file is an empty span.
  // The caller trusts that the file is not cut short while it is mapped: the system answers that with SIGBUS.
  [[nodiscard]] static std::shared_ptr<const MappedFile> open(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] bool contains(std::span<const std::byte> part) const noexcept;
  // Takes the pages of `part` out of this process's memory; reading them again brings them back.
  void release_pages(std::span<const std::byte> part) const noexcept;

 private:
  MappedFile(std::filesystem::path path, const std::byte* data, std::size_t size);
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace holdfast
