#include "app/cli/line_reader.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "app/cli/interrupt.h"
#include "kernels/error.h"

namespace holdfast::cli {

// read() and not std::getline: the standard streams go on waiting when a signal arrives.
LineReader::End LineReader::next(std::string& line) {
  for (;;) {
    if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
      line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return End::line;
    }
    if (ended_) {
      if (buffer_.empty()) return End::end_of_input;
      line = std::move(buffer_);
      buffer_.clear();
      return End::line;
    }
    std::array<char, 65536> block;
    const ssize_t count = ::read(STDIN_FILENO, block.data(), block.size());
    if (count > 0) buffer_.append(block.data(), static_cast<std::size_t>(count));
    if (count == 0) ended_ = true;
    if (count < 0 && errno == EINTR && Interrupt::asked()) {
      buffer_.clear();
      return End::interrupted;
    }
    if (count < 0 && errno != EINTR) throw IoError("standard input: " + std::string(std::strerror(errno)));
  }
}

std::optional<std::string> read_message(LineReader& lines, bool& interrupted) {
  std::string message;
  std::string line;
  bool block = false;
  bool started = false;
  interrupted = false;
  for (;;) {
    const LineReader::End end = lines.next(line);
    interrupted = end == LineReader::End::interrupted;
    if (interrupted) return std::nullopt;
    if (end == LineReader::End::end_of_input) return started ? std::optional(message) : std::nullopt;
    if (line == "\"\"\"") {
      if (block) return message;
      block = started = true;
      continue;
    }
    const bool goes_on = !block && line.ends_with('\\');
    if (goes_on) line.pop_back();
    if (started && !(block && message.empty())) message += '\n';
    message += line;
    started = true;
    if (!block && !goes_on) return message;
  }
}

}  // namespace holdfast::cli
