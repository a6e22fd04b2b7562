#include "app/files/writable.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <vector>

namespace holdfast {
namespace {

constexpr std::size_t probe_bytes = std::size_t{1} << 20;

// Noise: a file system that compresses would find room for zeros.
std::vector<std::uint32_t> noise() {
  std::vector<std::uint32_t> words(probe_bytes / sizeof(std::uint32_t));
  std::uint32_t value = 2463534242u;  // xorshift32
  for (std::uint32_t& word : words) {
    value ^= value << 13;
    value ^= value >> 17;
    value ^= value << 5;
    word = value;
  }
  return words;
}

// The error number of what failed; 0: nothing.
int write_all(int descriptor, const std::vector<std::uint32_t>& words) {
  const auto* bytes = reinterpret_cast<const char*>(words.data());
  for (std::size_t done = 0; done < probe_bytes;) {
    const ssize_t written = ::write(descriptor, bytes + done, probe_bytes - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    done += static_cast<std::size_t>(written);
  }
  return ::fsync(descriptor) == 0 ? 0 : errno;
}

}  // namespace

std::string why_not_writable(const std::filesystem::path& folder) {
  static std::atomic<unsigned> counter{0};
  const std::string name = ".probe-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  const std::filesystem::path file = folder / name;
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  int error = descriptor < 0 ? errno : write_all(descriptor, noise());
  if (descriptor >= 0) {
    if (::close(descriptor) != 0 && error == 0) error = errno;
    ::unlink(file.c_str());
  }
  return error == 0 ? std::string{} : std::generic_category().message(error);
}

}  // namespace holdfast
