// A session that was left is opened again: how long until its next token stands in the store, after 1 000 tokens and
// after 20 000. The state is read from the disk each time, and not one token is read again: the statistics say so, or
// the bench fails. Also what a kept state takes, and what the window reads of a session to show it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "app/files/paths.h"
#include "app/services/chat_engine.h"
#include "app/services/inspection_keeper.h"
#include "app/store/state_files.h"
#include "tests/bench/long_session.h"

using namespace holdfast;
namespace fs = std::filesystem;

namespace {

double milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

double cpu_milliseconds() { return static_cast<double>(std::clock()) * 1000.0 / CLOCKS_PER_SEC; }

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// The session that this bench reads again.
struct Made {
  SessionId id;
  std::int64_t tokens = 0;
  std::vector<double> times{};        // milliseconds
  std::vector<double> begun_times{};  // of these, until the first token is drawn
  std::vector<double> cpu_times{};    // the same of all cores, which other work on the machine changes little
  std::vector<double> keep_times{};   // milliseconds of keep_state() behind it
};

// From the click on a session to its next token in the store.
bool reopen(ChatEngine& engine, Store& store, Made& made) {
  const auto begin = std::chrono::steady_clock::now();
  const TurnEvents quiet{.reading = [](auto, auto) {},
                         .started = [&](const auto&, auto) { made.begun_times.push_back(milliseconds_since(begin)); }};
  const double cpu_begin = cpu_milliseconds();
  const std::vector<NodeRow> branch = store.branch(made.id);
  const std::vector<NodeRow> outline = store.outline(made.id);
  const std::optional<NodeRow> row = engine.go_on(made.id, 1, quiet, {});
  made.times.push_back(milliseconds_since(begin));
  made.cpu_times.push_back(cpu_milliseconds() - cpu_begin);
  const auto kept = std::chrono::steady_clock::now();
  engine.keep_state(made.id);  // for the next time, and not part of this one
  made.keep_times.push_back(milliseconds_since(kept));
  const std::int64_t known = made.tokens;
  made.tokens += 1;
  if (row && row->statistics.prompt_tokens == 0 && row->statistics.restored_tokens == known) return true;
  std::fprintf(stderr, "%lld tokens were read again, and %lld of %lld restored\n",
               static_cast<long long>(row ? row->statistics.prompt_tokens : -1),
               static_cast<long long>(row ? row->statistics.restored_tokens : -1), static_cast<long long>(known));
  return false;
}

template <class Read>
double read_milliseconds(Read read) {
  std::vector<double> times;
  for (int i = 0; i < 15; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    read();
    times.push_back(milliseconds_since(begin));
  }
  return median(times);
}

}  // namespace

// reopen_bench [MODEL [ROUNDS [TOKENS [WATCH: 0 = the inspector does not watch the sessions [TEXT: 1 = a session is one
// text instead of turns of 1 000 tokens]]]]]
int main(int argc, char** argv) {
  const fs::path model = argc > 1 ? fs::path(argv[1]) : resource_dir() / "models" / "holdfast-mini";
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 15;
  const std::int64_t longest = argc > 3 ? std::atoll(argv[3]) : 20000;
  const fs::path folder = fs::temp_directory_path() / "holdfast-reopen-bench";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const fs::path database = folder / "holdfast.db";
  bool sound = true;
  {
    Store store(database);
    if (argc > 4) store.set_setting(watch_setting, argv[4]);
    LiveText live;
    ChatEngine engine(database, folder / "states", live, 0);
    engine.load(model, [](double) {}, {});
    const auto make = argc > 5 && argv[5] == std::string("1") ? bench::make_text : bench::make_session;
    const bench::LongSession short_one = make(engine, store, 1000), long_one = make(engine, store, longest);
    Made small{.id = short_one.id, .tokens = short_one.tokens}, large{.id = long_one.id, .tokens = long_one.tokens};
    for (int round = 0; round <= rounds; ++round) {  // the first warms up
      sound = reopen(engine, store, small) && sound;
      sound = reopen(engine, store, large) && sound;
      for (Made* made : {&small, &large}) {
        if (round == 0)
          made->times.clear(), made->begun_times.clear(), made->cpu_times.clear(), made->keep_times.clear();
      }
    }
    const SnapshotRow kept = store.snapshots(large.id).front();
    StateFiles files(store, folder / "states");
    const auto plain = files.bytes(kept.file).size();
    const Mamba2Config config = engine.shared_model().model->config();
    const double load = read_milliseconds([&] { (void)files.load(kept.file, config); });
    const double branch = read_milliseconds([&] { (void)store.branch(large.id); });
    const double tree = read_milliseconds([&] { (void)store.tree(large.id); });
    const double outline = read_milliseconds([&] { (void)store.outline(large.id); });
    std::vector<TokenId> ids;
    for (const NodeRow& node : store.branch(large.id)) ids.insert(ids.end(), node.tokens->begin(), node.tokens->end());
    std::size_t stretches = 0;
    const double joined = read_milliseconds([&] {
      KeptInspections seen = InspectionKeeper(folder / "inspections")
                                 .find(large.id, engine.shared_model().model->fingerprint(), 0, ids, config);
      for (std::size_t i = 1; i < seen.parts.size(); ++i) seen.parts.front().seen.append(seen.parts[i].seen);
      stretches = seen.parts.size();
    });
    std::vector<double> writes;
    for (int i = 0; i < 5; ++i) {
      Snapshot snapshot = files.load(kept.file, config);
      for (float& value : std::span(snapshot.state.ssm().as<float>(),
                                    static_cast<std::size_t>(snapshot.state.ssm().shape.elements()))) {
        value *= 1.0f + 1e-3f * static_cast<float>(i + 1);  // other pieces
      }
      const auto begin = std::chrono::steady_clock::now();
      files.keep(
          {.session = large.id, .checkpoint = kept.checkpoint, .position = 1, .file = "bench-" + std::to_string(i)},
          snapshot);
      writes.push_back(milliseconds_since(begin));
    }
    std::printf(
        "{\"tokens\": [%lld, %lld], \"rounds\": %d, \"reopen_ms\": [%.2f, %.2f], \"ratio\": %.3f, \"begun_ms\": [%.2f, "
        "%.2f], "
        "\"begun_ratio\": %.3f, \"reopen_cpu_ms\": [%.2f, %.2f], \"cpu_ratio\": %.3f, "
        "\"keep_ms\": [%.2f, %.2f], \"state_mib\": %.2f, "
        "\"state_gain\": %.3f, \"state_load_ms\": %.2f, \"state_keep_ms\": %.2f, \"branch_ms\": %.3f, \"tree_ms\": "
        "%.3f, \"outline_ms\": %.3f, \"stretches\": %zu, \"joined_ms\": %.1f}\n",
        static_cast<long long>(small.tokens), static_cast<long long>(large.tokens), rounds, median(small.times),
        median(large.times), median(large.times) / median(small.times), median(small.begun_times),
        median(large.begun_times), median(large.begun_times) / median(small.begun_times), median(small.cpu_times),
        median(large.cpu_times), median(large.cpu_times) / median(small.cpu_times), median(small.keep_times),
        median(large.keep_times), static_cast<double>(plain) / (1024.0 * 1024.0),
        static_cast<double>(plain) / static_cast<double>(kept.bytes), load, median(writes), branch, tree, outline,
        stretches, joined);
  }
  fs::remove_all(folder);
  return sound ? 0 : 1;
}
