// A recipe as the TOML text that is read back as the same recipe.
#pragma once

#include <string>

#include "training/recipe.h"

namespace holdfast {

// Paths stand there as they are in the recipe, which has them whole; what is as it is without a word is left out.
[[nodiscard]] std::string recipe_text(const Recipe& recipe);

}  // namespace holdfast
