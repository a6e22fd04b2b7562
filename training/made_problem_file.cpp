#include "training/made_problem_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

#include "engine/json.h"
#include "engine/mapped_file.h"
#include "kernels/error.h"
#include "training/row.h"

namespace holdfast {
namespace {

[[noreturn]] void made_file_failed(const std::filesystem::path& file, const char* what, int error) {
  throw IoError(file.string() + ": " + what + ": " + std::generic_category().message(error));
}

void sync_name(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.parent_path().empty() ? "." : file.parent_path();
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) made_file_failed(folder, "cannot be opened", errno);
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  // Some network file systems cannot sync a folder.
  if (result != 0 && error != EINVAL && error != ENOTSUP) made_file_failed(folder, "cannot be synced", error);
}

std::string_view text_of_file(const MappedFile& mapped) {
  return {reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size()};
}

// Calls take(line, place) for each line that is not blank.
template <class Take>
void for_each_line(std::string_view text, const std::string& label, const Take& take) {
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string place = label + ":" + std::to_string(++number);
    if (line.size() > longest_row_bytes) throw FormatError(place + ": longer than 16 MiB");
    if (line.find_first_not_of(" \t") != std::string_view::npos) take(line, place);
  }
}

std::string problem_of_row(std::string_view line, const std::string& place) {
  const Json row = parse_json(line, place);
  const JsonObject object(row, place);
  for (const char* key : {"problem", "Problem", "question", "prompt", "instruction", "text"}) {
    if (const Json* found = object.find(key); found != nullptr && found->is_string()) return found->get<std::string>();
  }
  throw FormatError(place + ": none of problem, question, prompt, instruction and text is there, want one");
}

// The column of a table that holds the problem, by its head.
std::optional<std::size_t> problem_column(std::string_view head) {
  std::size_t column = 0;
  for (std::string_view rest = head;; ++column) {
    const std::size_t end = rest.find('\t');
    const std::string_view name = rest.substr(0, end);
    if (name == "problem" || name == "question") return column;
    if (end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
}

std::string column_of(std::string_view line, std::size_t column) {
  for (; column > 0 && line.find('\t') != std::string_view::npos; --column) line.remove_prefix(line.find('\t') + 1);
  return column > 0 ? std::string() : std::string(line.substr(0, line.find('\t')));
}

}  // namespace

MadeProblemFile::MadeProblemFile(std::filesystem::path file, bool resume) : file_(std::move(file)) {
  const int fresh = resume ? 0 : O_EXCL;
  fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | fresh, 0666);
  if (fd_ < 0 && errno == EEXIST) throw IoError(file_.string() + ": is there already, want --resume or another name");
  if (fd_ < 0) made_file_failed(file_, "cannot be written", errno);
  try {
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) throw IoError(file_.string() + ": another process is writing it");
      made_file_failed(file_, "cannot be locked", errno);
    }
    sync_name(file_);
    if (resume) read_rows();
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

MadeProblemFile::~MadeProblemFile() { ::close(fd_); }

void MadeProblemFile::read_rows() {
  std::size_t whole = 0;
  {
    const auto mapped = MappedFile::open(file_);
    const std::string_view text = text_of_file(*mapped);
    const std::size_t last = text.rfind('\n');
    whole = last == std::string_view::npos ? 0 : last + 1;
    for_each_line(text.substr(0, whole), file_.string(), [this](std::string_view line, const std::string& place) {
      rows_.push_back(parse_made_problem(line, place));
    });
  }
  if (::ftruncate(fd_, static_cast<off_t>(whole)) != 0) made_file_failed(file_, "cannot be cut", errno);
}

void MadeProblemFile::append(const MadeProblem& made) {
  const std::string line = made_problem_line(made) + "\n";
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) made_file_failed(file_, "cannot be written", errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fdatasync(fd_) != 0) made_file_failed(file_, "cannot be synced", errno);
}

std::vector<MadeProblem> load_made_problems(const std::filesystem::path& file) {
  std::vector<MadeProblem> rows;
  const auto mapped = MappedFile::open(file);
  for_each_line(text_of_file(*mapped), file.string(), [&](std::string_view line, const std::string& place) {
    rows.push_back(parse_made_problem(line, place));
  });
  return rows;
}

std::vector<std::string> load_problem_texts(const std::filesystem::path& file) {
  std::vector<std::string> texts;
  std::optional<std::size_t> column;
  bool first = true;
  const auto mapped = MappedFile::open(file);
  for_each_line(text_of_file(*mapped), file.string(), [&](std::string_view line, const std::string& place) {
    const bool head = std::exchange(first, false) && line.front() != '{';
    if (head) column = problem_column(line);
    if (head && column) return;
    if (line.front() == '{') {
      texts.push_back(problem_of_row(line, place));
    } else {
      texts.push_back(column ? column_of(line, *column) : std::string(line));
    }
  });
  return texts;
}

}  // namespace holdfast
