#include "app/cli/output.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/atomic_file.h"
#include "kernels/error.h"

namespace holdfast::cli {
namespace {

bool may_colour() {
  const char* term = std::getenv("TERM");
  const char* none = std::getenv("NO_COLOR");
  return term != nullptr && std::strcmp(term, "dumb") != 0 && (none == nullptr || *none == '\0');
}

void write_error(std::string_view text) {
  // Nothing sensible can be done when the place for complaints is gone.
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw IoError("standard output: " + std::string(std::strerror(errno)));
  }
}

void put_result(const OutputOptions& options, const Json& json, std::string_view text) {
  if (!options.out.empty()) write_file_atomically(options.out, dump(json) + "\n");
  print(options.json ? dump(json) + "\n" : std::string(text));
}

std::string for_terminal(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // C1 controls (U+0080 to U+009F, in UTF-8 C2 80 to C2 9F) are commands as much as escape is.
    const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    if (c1 || c == 0x7F || (c < 0x20 && c != '\n' && c != '\t')) {
      clean += "\uFFFD";
    } else {
      clean += text[i];
    }
  }
  return clean;
}

Notes::Notes() : terminal_(isatty(STDERR_FILENO) == 1), colour_(terminal_ && may_colour()) {}

void Notes::say(std::string_view line) const { write_error(std::string(line) + "\n"); }

void Notes::dim(std::string_view text) const {
  const std::string shown = terminal_ ? for_terminal(text) : std::string(text);
  write_error(colour_ ? "\x1b[2m" + shown + "\x1b[22m" : shown);
}

void Notes::progress(std::string_view what, double done) const {
  if (!terminal_) return;
  write_error("\r" + std::string(what) + " " + fixed(100.0 * done, 0) + " %");
}

void Notes::clear_line() const {
  if (terminal_) write_error(colour_ ? "\r\x1b[K" : "\n");
}

bool output_is_terminal() noexcept { return isatty(STDOUT_FILENO) == 1; }
bool input_is_terminal() noexcept { return isatty(STDIN_FILENO) == 1; }

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

}  // namespace holdfast::cli
