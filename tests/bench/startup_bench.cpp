// How long the window takes from the start of its process until it can be used: painted, with its 300 sessions listed,
// and a key pressed in the composer is there. Everything is in the system's cache; the model loads meanwhile.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "app/files/paths.h"
#include "app/store/store.h"

using namespace holdfast;
namespace fs = std::filesystem;

namespace {

constexpr int session_count = 300;
constexpr int turns = 4;

double startup_milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

double startup_median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// A session as it is after some questions, each with a thought and an answer.
WholeSession made_session(int number) {
  WholeSession whole;
  whole.session.title = "Session " + std::to_string(number) + ": how many boxes are there?";
  std::int64_t id = 0;
  const auto add = [&](NodeKind kind, std::size_t characters) {
    NodeRow row{.id = {id + 1}, .parent = {id}, .kind = kind};
    while (row.text.size() < characters) row.text += "There are " + std::to_string(number + id) + " boxes. ";
    row.tokens = std::vector<TokenId>(characters / 4, 17);
    if (kind != NodeKind::user) row.sampler.emplace();
    if (kind != NodeKind::user) row.stop_reason = "stop_token";
    whole.nodes.push_back(row);
    whole.session.head = {++id};
  };
  for (int turn = 0; turn < turns; ++turn) {
    add(NodeKind::user, 200);
    add(NodeKind::thought, 2000);
    add(NodeKind::answer, 400);
  }
  return whole;
}

struct Start {
  double painted = 0.0;
  double usable = 0.0;
};

Start start(const std::string& command) {
  const auto begin = std::chrono::steady_clock::now();
  std::FILE* out = popen(command.c_str(), "r");
  Start times;
  char line[64];
  while (out != nullptr && std::fgets(line, sizeof line, out) != nullptr) {
    if (std::string(line) == "painted\n") times.painted = startup_milliseconds_since(begin);
    if (std::string(line) == "usable\n") times.usable = startup_milliseconds_since(begin);
  }
  if (out != nullptr) pclose(out);
  return times;
}

}  // namespace

// startup_bench [ROUNDS]
int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 15;
  const std::optional<fs::path> program = program_beside("holdfast-window");
  if (!program) return std::fprintf(stderr, "holdfast-window is not beside this program: build it\n"), 1;
  const fs::path folder = fs::temp_directory_path() / "holdfast-startup-bench";
  fs::remove_all(folder);
  fs::create_directories(folder);
  {
    std::vector<WholeSession> sessions;
    for (int i = 0; i < session_count; ++i) sessions.push_back(made_session(i));
    Store store(folder / "holdfast.db");
    store.add_sessions(sessions);
  }
  setenv("QT_QPA_PLATFORM", "offscreen", 0);
  const std::string command =
      "exec '" + program->string() + "' --measure-start --data-dir '" + folder.string() + "' 2>&1";
  std::vector<double> painted;
  std::vector<double> usable;
  for (int round = 0; round <= rounds; ++round) {  // the first fills the cache
    const Start times = start(command);
    if (times.usable == 0.0) return std::fprintf(stderr, "the window did not become usable\n"), 1;
    if (round == 0) continue;
    painted.push_back(times.painted);
    usable.push_back(times.usable);
  }
  std::printf(
      "{\"sessions\": %d, \"rounds\": %d, \"painted_ms\": %.0f, \"usable_ms\": %.0f, \"usable_max_ms\": %.0f}\n",
      session_count, rounds, startup_median(painted), startup_median(usable), *std::ranges::max_element(usable));
  fs::remove_all(folder);
  return 0;
}
