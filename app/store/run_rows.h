// What the store gives and takes of training runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/store/rows.h"

namespace holdfast {

using RunId = Id<struct RunTag>;

enum class RunState {
  waiting,      // for its turn
  running,      // a process is training it
  paused,       // by a person; goes on from its checkpoint
  stopped,      // by a person who keeps what there is; goes on if that is wanted after all
  interrupted,  // its process died
  finished,
  failed
};
[[nodiscard]] std::string_view name(RunState) noexcept;
[[nodiscard]] bool can_go_on(RunState) noexcept;  // it can wait for its turn again

enum class RunWish { run, pause, stop };
[[nodiscard]] std::string_view name(RunWish) noexcept;

struct RunRow {
  RunId id{};
  std::string name{};
  std::string recipe{};       // TOML
  std::string recipe_file{};  // from whose folder the recipe's paths are taken
  std::string base{};
  std::string folder{};
  std::string device = "cpu";
  std::int64_t threads = 0;  // 0 = one per core
  RunState state = RunState::waiting;
  RunWish wanted = RunWish::run;
  std::string process{};  // that is training it; empty = none
  std::string message{};
  std::string result{};
  std::int64_t step = 0;
  double done = 0.0;  // of all phases
  std::optional<double> seconds_left{};
  std::int64_t memory = 0;
  std::int64_t cuts = 0;  // how often steps were taken back: a reader of steps begins anew
  Milliseconds created = 0;
  Milliseconds started = 0;
  Milliseconds finished = 0;
  bool operator==(const RunRow&) const = default;
};

struct RunPhaseRow {
  std::int64_t number = 0;
  std::string name{};
  std::optional<std::int64_t> first_step{};  // nothing: not begun
  bool operator==(const RunPhaseRow&) const = default;
};

// Absent numbers leave what is stored as it is.
struct RunStepRow {
  std::int64_t step = 0;
  std::int64_t phase = 0;
  std::optional<double> loss{}, learning_rate{}, gradient_norm{}, tokens_per_second{};
  std::optional<double> validation{};  // loss
  std::optional<double> right{};       // share of the validation's answers
  std::optional<double> held_out{};    // loss on rows that are never trained on; of step 0: before the run
  std::string refused{};               // why the step was not taken
  bool operator==(const RunStepRow&) const = default;
};

// What a trainer has to tell since it told last.
struct RunProgress {
  std::vector<RunStepRow> steps{};
  double done = 0.0;
  std::optional<double> seconds_left{};
  std::int64_t memory = 0;
};

struct RunSampleRow {
  std::int64_t id = 0;
  std::int64_t step = 0;
  std::string prompt{};
  std::string text{};
};

struct RunEventRow {
  std::int64_t id = 0;
  Milliseconds time = 0;
  std::string text{};
};

}  // namespace holdfast
