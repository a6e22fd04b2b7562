#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "app/store/store.h"

namespace holdfast {
namespace {

std::string boot_id() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id") >> std::ws, id);
  return id;
}

// Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces and brackets, so counting starts behind it.
std::string start_time(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22 && fields >> field; ++i) {
    // A process that has died and was not waited for yet writes nothing any more.
    if (i == 3 && (field == "Z" || field == "X")) return {};
  }
  return field;
}

}  // namespace

std::string process_mark() { return process_mark(getpid()); }

std::string process_mark(std::int64_t pid) {
  const std::string number = std::to_string(pid);
  return boot_id() + "/" + number + "/" + start_time(number);
}

bool process_lives(std::string_view mark) {
  const std::size_t first = mark.find('/');
  const std::size_t second = mark.find('/', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return false;
  if (mark.substr(0, first) != boot_id()) return false;
  const std::string now = start_time(std::string(mark.substr(first + 1, second - first - 1)));
  return !now.empty() && now == mark.substr(second + 1);
}

}  // namespace holdfast
