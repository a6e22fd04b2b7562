#include "tests/layering/rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <regex>

namespace holdfast::layering {
namespace {

constexpr std::array<std::string_view, 4> layers{"kernels", "engine", "training", "app"};

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

std::size_t layer_of(std::string_view path) {
  const auto* const found = std::ranges::find_if(layers, [&](auto layer) { return is_below(path, layer); });
  return static_cast<std::size_t>(found - layers.begin());
}

bool may_name_qt(std::string_view path) {
  constexpr std::array<std::string_view, 5> qt_free{"app/store", "app/cli", "app/files", "app/catalogue",
                                                    "app/exchange"};
  return is_below(path, "app") && path != "app/main.cpp" &&
         std::ranges::none_of(qt_free, [&](auto folder) { return is_below(path, folder); });
}

bool may_start_threads(std::string_view path) {
  return is_below(path, "app/jobs") || path.starts_with("kernels/cpu/thread_pool.");
}

// Where the literal or comment that begins at `at` ends; `at` itself if none begins there.
std::size_t end_of_skipped(std::string_view text, std::size_t at) {
  const auto past = [&](std::string_view mark, std::size_t from) {
    const std::size_t found = text.find(mark, from);
    return found == std::string_view::npos ? text.size() : found + mark.size();
  };
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("//")) return std::min(text.find('\n', at), text.size());
  if (rest.starts_with("/*")) return past("*/", at + 2);
  if (rest.starts_with("R\"")) {
    const std::size_t open = std::min(text.find('(', at), text.size());
    return past(")" + std::string(text.substr(at + 2, open - at - 2)) + "\"", open);
  }
  if (rest.front() != '"' && rest.front() != '\'') return at;
  std::size_t end = at + 1;
  while (end < text.size() && text[end] != rest.front() && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// `text` without comments, and without the content of string and character literals; line breaks stay, so that the
// numbers of lines do. `#include "..."` keeps its name.
std::string code_of(std::string_view text) {
  std::string code;
  bool in_include = false;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\n') in_include = false;
    if (text.substr(at).starts_with("include") && code.find_last_not_of(" \t") != std::string::npos &&
        code[code.find_last_not_of(" \t")] == '#') {
      in_include = true;
    }
    // The ' in 1'000 and the R in HTR"..." begin nothing.
    const bool in_word = (text[at] == '\'' || text[at] == 'R') && at > 0 && is_word(text[at - 1]);
    const bool kept = in_word || (in_include && text[at] == '"');
    const std::size_t end = kept ? at : end_of_skipped(text, at);
    if (end == at) {
      code += text[at++];
      continue;
    }
    code.append(static_cast<std::size_t>(std::ranges::count(text.substr(at, end - at), '\n')), '\n');
    at = end;
  }
  return code;
}

// Why `path` may not include `name`; empty if it may.
std::string include_fault(std::string_view path, const std::string& name) {
  static const std::regex qt(R"(Q[A-Z]\w*|Qt[A-Z]?\w*/.*|q[a-z]+\.h)");
  static const std::regex cuda(
      R"((cuda|cublas|cusparse|cusolver|curand|nccl|cub/|cute/|cutlass/|thrust/|cooperative_groups|mma\.h).*|.*\.cuh)");
  if (name.find("..") != std::string::npos) return "a path with .. hides where it points; want one from the root";
  if (is_below(name, "tests")) return "the program must not need its tests";
  const std::size_t from = layer_of(path);
  const std::size_t to = layer_of(name);
  if (to != layers.size() && to > from) return "points right: want kernels <- engine <- training <- app";
  if (is_below(path, "app/store") && is_below(name, "app") && !is_below(name, "app/store")) {
    return "the store stands below the rest of app";
  }
  if (std::regex_match(name, qt) && !may_name_qt(path)) return "Qt has no place here";
  if (name.starts_with("sqlite3") && !is_below(path, "app/store")) return "SQLite is app/store's alone";
  if (std::regex_match(name, cuda) && !is_below(path, "kernels/cuda")) return "CUDA is kernels/cuda's alone";
  if (is_below(name, "kernels/cuda") && !is_below(path, "kernels/cuda")) return "CUDA is kernels/cuda's alone";
  return {};
}

std::string thread_fault(std::string_view path, const std::string& line) {
  static const std::regex thread(R"(\bstd::j?thread\b(?!\s*::)|\bstd::async\b|\bpthread_create\b)");
  if (may_start_threads(path) || !std::regex_search(line, thread)) return {};
  return "threads are started by kernels/cpu/thread_pool and app/jobs alone";
}

}  // namespace

std::vector<std::string> violations(std::string_view path, std::string_view text) {
  static const std::regex include(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  std::vector<std::string> found;
  if (layer_of(path) == layers.size()) return found;
  const std::string code = code_of(text);
  std::size_t number = 1;
  for (std::size_t begin = 0; begin < code.size(); ++number) {
    const std::size_t end = std::min(code.find('\n', begin), code.size());
    const std::string line = code.substr(begin, end - begin);
    begin = end + 1;
    std::smatch match;
    const bool is_include = std::regex_search(line, match, include);
    const std::string fault = is_include ? include_fault(path, match[1]) : thread_fault(path, line);
    if (fault.empty()) continue;
    const std::string what = is_include ? "include of " + match[1].str() + ": " : std::string();
    found.push_back(std::string(path) + ":" + std::to_string(number) + ": " + what + fault);
  }
  return found;
}

}  // namespace holdfast::layering
