// Recipes to begin with.
#pragma once

#include <string>

#include "training/recipe.h"

namespace holdfast {

enum class RecipePreset {
  paper,  // the two phases of PromptCoT-Mamba with its optimiser, for a GPU
  small,  // a small model, on this machine's processor, within an hour or so
  quick   // minutes: to see how it works
};

// `base`: a path or the name of an installed model. Data are problems that are made on the fly; a person puts files in
// their place.
[[nodiscard]] Recipe preset_recipe(RecipePreset preset, const std::string& base);
// A part of a mixture: all families, of these levels.
[[nodiscard]] RecipeData preset_problems(std::int64_t first_level, std::int64_t last_level);
// Problems of all families and levels, without a weight: what is looked at for what a run forgets.
[[nodiscard]] RecipeData preset_held_out();

}  // namespace holdfast
