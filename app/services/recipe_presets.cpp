#include "app/services/recipe_presets.h"

namespace holdfast {
namespace {

struct PresetSizes {
  const char* name;
  std::int64_t sequence, batch, micro_batch, first_steps, second_steps, warmup, evaluate, rows, sample, checkpoint;
  double rate;
  ScheduleKind schedule;
};

// The paper's (arXiv 2505.22425): AdamW at a constant 5e-6 after 100 steps, 64 rows of 20480 tokens, one epoch each.
constexpr PresetSizes paper_sizes{
    "paper-two-phases", 20480, 1310720, 20480, 1000, 1000, 100, 250, 256, 250, 500, 5e-6, ScheduleKind::constant};
constexpr PresetSizes small_sizes{"small-two-phases",  512, 4096, 2048, 200, 200, 10, 50, 32, 50, 100, 1e-4,
                                  ScheduleKind::cosine};
constexpr PresetSizes quick_sizes{"quick-try", 256, 512, 512, 20, 20, 2, 10, 8, 10, 20, 5e-5, ScheduleKind::cosine};

const PresetSizes& preset_sizes(RecipePreset preset) {
  switch (preset) {
    case RecipePreset::paper: return paper_sizes;
    case RecipePreset::small: return small_sizes;
    case RecipePreset::quick: return quick_sizes;
  }
  return quick_sizes;
}

Phase preset_phase(const PresetSizes& sizes, const char* name, std::int64_t steps) {
  Phase phase;
  phase.name = name;
  phase.sequence_length = sizes.sequence;
  phase.batch_tokens = sizes.batch;
  phase.steps = steps;
  phase.schedule = sizes.schedule;
  phase.learning_rate = sizes.rate;
  phase.end_ratio = sizes.schedule == ScheduleKind::constant ? 0.0 : 0.1;
  phase.warmup = sizes.warmup;
  return phase;
}

}  // namespace

RecipeData preset_problems(std::int64_t first_level, std::int64_t last_level) {
  RecipeData data;
  data.generators = {"all"};
  data.first_level = first_level;
  data.last_level = last_level;
  data.weight = 1.0;
  return data;
}

RecipeData preset_held_out() {
  RecipeData data = preset_problems(1, 5);
  data.weight.reset();
  return data;
}

Recipe preset_recipe(RecipePreset preset, const std::string& base) {
  const PresetSizes& sizes = preset_sizes(preset);
  Recipe recipe;
  recipe.name = sizes.name;
  recipe.seed = 42;
  recipe.base = base;
  recipe.chat = ChatFormat::chatml;
  recipe.trainer.micro_batch_tokens = sizes.micro_batch;
  Phase first = preset_phase(sizes, "initialisation", sizes.first_steps);
  first.data.push_back(preset_problems(1, 3));
  Phase second = preset_phase(sizes, "advanced", sizes.second_steps);
  second.resets_optimiser = true;
  second.data.push_back(preset_problems(3, 5));
  recipe.phases = {std::move(first), std::move(second)};
  RecipeData held = preset_held_out();
  held.seed = 777;  // other problems than those that are trained on
  recipe.evaluation.data = {std::move(held)};
  recipe.evaluation.every = sizes.evaluate;
  recipe.evaluation.rows = sizes.rows;
  recipe.held_out.data = {preset_held_out()};
  recipe.held_out.rows = sizes.rows;
  recipe.samples.every = sizes.sample;
  recipe.samples.prompts = {"What is 24 * 17?"};
  recipe.samples.max_tokens = 64;
  recipe.checkpoints.every = sizes.checkpoint;
  recipe.checkpoints.keep_last = 2;
  return recipe;
}

}  // namespace holdfast
