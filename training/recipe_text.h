// A recipe as the TOML text that is read back as the same recipe.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "training/recipe.h"

namespace holdfast {

// Paths stand there as they are in the recipe, which has them whole; what is as it is without a word is left out.
[[nodiscard]] std::string recipe_text(const Recipe& recipe);

// Every value of a recipe under its full key ("phase[1].data[0].file"), sorted by key: what two recipes are
// compared by.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> recipe_fields(const Recipe& recipe);

}  // namespace holdfast
