// The model's files and the data that a recipe names, opened.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/checkpoint.h"
#include "training/evaluate.h"
#include "training/run.h"

namespace holdfast {

struct RunModel {
  std::shared_ptr<const Checkpoint> base;  // null: a new model
  Mamba2Config config;
  TokenizerSource tokenizer_source;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ChatTemplate> chat;
};
// Throws IoError, FormatError.
[[nodiscard]] RunModel open_run_model(const Recipe& recipe, const RunOptions& options);

// The data of one phase.
struct PhaseData {
  std::vector<MixturePart> parts;
  std::int64_t finite_rows = 0;  // of all parts that end: one epoch
};
struct RunData {
  std::vector<PhaseData> phases;
  std::vector<ValidationSet> validation;
  std::vector<ValidationSet> held_out;
  std::vector<BadRow> bad_rows;  // of files, the first of each; and rows refused for validation
  std::int64_t bad_row_count = 0;
  // Of every part of every phase, in order: what a run must find again when it goes on.
  [[nodiscard]] std::vector<std::string> fingerprints() const;
};
[[nodiscard]] RunData open_run_data(const Recipe& recipe, const RunOptions& options, const RunModel& model,
                                    cpu::ThreadPool& pool);

[[nodiscard]] BatchPlan phase_plan(const Recipe& recipe, std::size_t phase, const PhaseData& data);

// Length of a phase in steps: exact where the recipe says steps, else from the rows' lengths.
struct PhaseLength {
  std::int64_t steps = 0;
  double tokens_per_row = 0.0;
  double filled = 0.0;
};
[[nodiscard]] PhaseLength phase_length(const Phase& phase, const BatchPlan& plan, const RunModel& model);

// The recipe's trainer config on this device, with buffers as large as any phase needs.
[[nodiscard]] TrainerConfig run_trainer_config(const Recipe& recipe, DeviceKind where);

}  // namespace holdfast
