// The loop around the trainer's step: data, schedule, phases, evaluation, checkpoints, trouble, going on after a stop.
//
// Folder of a run: recipe.toml, metrics.jsonl (a line per step, evaluation and look at held-out rows),
// refused_rows.jsonl, trouble.jsonl (steps that were not taken, with their rows), samples.jsonl, validation_cases.json
// (the rows that the last evaluation found worst and best), checkpoints/step-...,
// and at the end model/, adapter/ or state.safetensors. A run that was stopped, or killed at any moment, goes on from
// its last checkpoint, bit for bit as if nothing had happened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/device.h"
#include "training/memory.h"
#include "training/recipe.h"
#include "training/reducer.h"
#include "training/trainer.h"

namespace holdfast {

struct StepReport {
  std::int64_t step = 0;  // from 1, over all phases: batches that were read, whether their step was taken or not
  std::size_t phase = 0;
  std::string phase_name;
  double phase_done = 0.0;  // 0 .. 1 of the phase's length
  StepResult result;
  double learning_rate = 0.0;
  double seconds = 0.0;       // of this step, with the wait for data
  double data_seconds = 0.0;  // waited for data
  double tokens_per_second = 0.0;
  double ceiling_share = 0.0;  // arithmetic of training over the product ceiling; 0 = the ceiling is not known
  double seconds_left = 0.0;   // of this phase at this speed; less than 0 = not known
  std::size_t memory = 0;      // bytes that the trainer planned for
};

struct EvaluationReport {
  std::int64_t step = 0;
  double loss = 0.0;
  std::optional<double> right;  // share of the answers
  std::int64_t rows = 0;
  std::int64_t answers = 0;
  bool best = false;
  double seconds = 0.0;
};

struct HeldOutReport {
  std::int64_t step = 0;
  double loss = 0.0;
  double before = 0.0;  // when the run began
  std::int64_t rows = 0;
  std::int64_t targets = 0;  // tokens that the loss is a mean of
};

struct SampleReport {
  std::int64_t step = 0;
  std::string prompt;
  std::string text;
};

enum class PauseAnswer { retry, stop };

// Everything is called on the run's own thread; with several ranks on rank 0 alone.
struct RunHooks {
  std::function<void(const StepReport&)> on_step;
  std::function<void(const EvaluationReport&)> on_evaluation;
  // Before the first step, and at the end of each phase, where the recipe has held_out.
  std::function<void(const HeldOutReport&)> on_held_out;
  std::function<void(const SampleReport&)> on_sample;
  std::function<void(std::int64_t step, const std::filesystem::path&)> on_checkpoint;
  std::function<void(const std::string&)> on_note;  // one sentence
  // Something cannot be written. Returns when it should be tried again, or not. Without one the run stops.
  std::function<PauseAnswer(const std::string& reason)> on_pause;
  // Asked before each step, may take its time: a pause that a person wants.
  std::function<void()> before_step;
  // For tests, around the trainer's step.
  std::function<void(Trainer&, std::int64_t step)> before_trainer_step;
  std::function<void(Trainer&, std::int64_t step)> after_trainer_step;
};

struct RunOptions {
  std::filesystem::path out;
  bool resume = false;
  int data_threads = 1;                                                 // that prepare rows
  std::map<std::string, std::shared_ptr<const RowSource>> sources;      // that recipes name by `source`
  std::function<std::filesystem::path(const std::string&)> find_model;  // of a name in `base`; empty = it is a path
  std::string version;                                                  // of the program, for the record
  double product_ceiling = 0.0;                                         // operations per second; 0 = measured
};

enum class RunEnd {
  finished,
  stopped,  // as asked; a checkpoint was written unless the disk said no
  trouble   // the recipe's rule for steps that cannot be taken
};
[[nodiscard]] std::string_view name(RunEnd) noexcept;

struct RunResult {
  RunEnd end = RunEnd::finished;
  std::string reason;  // of trouble, or why nothing could be written
  std::int64_t step = 0;
  double loss = 0.0;                           // mean of the last steps
  std::optional<EvaluationReport> evaluation;  // the last
  std::filesystem::path result;                // what was made, when it is finished
};

// Throws IoError, FormatError, ArgumentError, DeviceError, NumericError; whatever it throws, the last checkpoint
// stands.
[[nodiscard]] RunResult run_training(Stream& stream, const Recipe& recipe, const RunOptions& options,
                                     const RunHooks& hooks, const std::stop_token& stop,
                                     std::shared_ptr<Reducer> reducer = nullptr);

// What a run would take, before it is started. A few passes over real rows are timed; nothing is written.
struct PhaseEstimate {
  std::string name;
  std::int64_t rows = 0;        // of its files; generators without end not counted
  double tokens_per_row = 0.0;  // of a sample
  double filled = 0.0;          // share of the rows that are no padding
  std::int64_t steps = 0;
  double tokens = 0.0;
  double seconds = 0.0;
};
struct RunEstimate {
  MemoryEstimate memory;
  std::int64_t trained_numbers = 0;
  double tokens_per_second = 0.0;  // measured: forward and backward, without the update
  double ceiling_share = 0.0;
  std::vector<PhaseEstimate> phases;
  std::vector<BadRow> bad_rows;  // the first
  std::int64_t bad_row_count = 0;
};
[[nodiscard]] RunEstimate estimate_run(Stream& stream, const Recipe& recipe, const RunOptions& options);

}  // namespace holdfast
