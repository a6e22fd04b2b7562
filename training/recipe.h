// What a run is to do, as a TOML file says it: the model, what is trained, the phases and their data.
//
// Everything is checked when it is read; a fault names the file, the line, the key, its value and the rule. Keys that
// mean nothing are faults. Paths are taken from the recipe's folder. training/README.md lists the keys.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/chat_template.h"
#include "engine/config.h"
#include "engine/convert.h"
#include "training/batcher.h"
#include "training/schedule.h"
#include "training/trainer.h"

namespace holdfast {

// One part of a mixture; exactly one of file, rows_of and generators is given.
struct RecipeData {
  std::filesystem::path file;           // a JSONL file
  std::string rows_of;                  // `source`: rows that the caller hands over under this name
  std::vector<std::string> generators;  // families of problems; "all"
  std::int64_t first_level = 1, last_level = 5;
  std::int64_t turns = 1;             // of generators: problems of one dialogue at most
  bool create = false;                // kind = "create": concepts and level -> rationale and problem; else "solve"
  std::optional<std::int64_t> rows;   // of generators: how many problems there are; without it, without end
  std::optional<double> weight;       // its share of the rows; without it as many as it has
  std::int64_t hold_out = 0;          // rows that are kept for evaluation
  bool solve = false;                 // the prompt asks for a boxed answer
  std::optional<std::uint64_t> seed;  // of generators; without it the recipe's, with another one for evaluation
  std::string where;                  // "recipe.toml:12", for messages
};

enum class GateKind {
  fixed,      // the phase's length alone
  plateau,    // the validation loss has not fallen by min_delta in `patience` evaluations
  validation  // the share of right answers is at least at_least, or the loss at most loss_at_most
};
struct Gate {
  GateKind kind = GateKind::fixed;
  std::int64_t patience = 3;
  double min_delta = 0.0;
  std::optional<double> at_least;
  std::optional<double> loss_at_most;
};

struct Phase {
  std::string name;
  std::string where;  // "recipe.toml:12"
  std::vector<RecipeData> data;
  RowOrder order = RowOrder::shuffled;
  TooLong too_long = TooLong::cut;
  std::int64_t sequence_length = 1024;
  std::int64_t batch_tokens = 65536;
  // Its length: one of these.
  std::optional<std::int64_t> steps;
  std::optional<std::int64_t> tokens;
  std::optional<double> epochs;
  ScheduleKind schedule = ScheduleKind::constant;
  double learning_rate = 1e-4;
  double end_ratio = 0.0;
  std::int64_t warmup = 0;
  bool continues_schedule = false;  // the steps of the phases before count: no second warm-up
  bool resets_optimiser = false;
  Gate gate;
};

struct Evaluation {
  std::int64_t every = 0;         // steps; 0 = only at the end of each phase
  std::vector<RecipeData> data;   // beside what the phases hold out
  std::int64_t rows = 256;        // of each at most
  bool answers = false;           // continues the prompts and compares what the model says
  std::int64_t max_tokens = 512;  // of such an answer
};

// Rows that are never trained on and stay the same from run to run: their loss before and after says what was
// forgotten.
struct HeldOutRows {
  std::vector<RecipeData> data;
  std::int64_t rows = 256;  // of each at most
};

// What a run begins with instead of the base as it is: what another run had trained when it wrote a checkpoint.
struct RunStart {
  std::filesystem::path checkpoint;  // a folder step-...
  bool keeps_optimiser = true;       // its moments; else they begin at nothing
  bool keeps_place = false;          // goes on at its step, phase and rows; else with the first phase
};

struct Samples {
  std::int64_t every = 0;
  std::vector<std::string> prompts;
  std::int64_t max_tokens = 256;
  float temperature = 0.0f;
};

struct CheckpointRules {
  std::int64_t every = 500;
  std::int64_t keep_last = 3;
  bool keep_best = true;  // by validation
  ConvertDType dtype = ConvertDType::bf16;
};

enum class TroubleRule { skip, roll_back, stop };
[[nodiscard]] std::string_view name(TroubleRule) noexcept;

struct TroubleRules {
  TroubleRule not_finite = TroubleRule::roll_back;
  TroubleRule spike = TroubleRule::skip;
  double spike_loss = std::numeric_limits<double>::infinity();      // times the recent mean
  double spike_gradient = std::numeric_limits<double>::infinity();  // the same of the norm
  std::int64_t most = 20;  // in a row of steps that were not taken: then the run stops
};

struct Recipe {
  std::filesystem::path file;  // where it was read
  std::string text;            // as it was read: what a checkpoint keeps
  std::string name;
  std::uint64_t seed = 0;

  std::string base;                   // a checkpoint: a path, or what the caller finds by this name
  std::optional<Mamba2Config> shape;  // or a new model's
  std::filesystem::path tokenizer;    // of a new model
  std::optional<ChatFormat> chat;     // without it the checkpoint's own

  TrainerConfig trainer;
  bool compute_by_device = true;  // bf16 on a GPU, f32 on a CPU
  std::vector<Phase> phases;
  std::optional<RunStart> start;
  Evaluation evaluation;
  HeldOutRows held_out;
  Samples samples;
  CheckpointRules checkpoints;
  TroubleRules trouble;

  // Throws IoError, FormatError.
  [[nodiscard]] static Recipe load(const std::filesystem::path& file);
  // The same of a text; `file` gives messages and paths their place and need not exist.
  [[nodiscard]] static Recipe parse(std::string_view text, const std::filesystem::path& file);
};

}  // namespace holdfast
