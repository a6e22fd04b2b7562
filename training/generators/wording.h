// The same statement in other words: units spelled out or short, other currencies, sentences joined by "if" and "and",
// and sentences beside it that say nothing. No number is added, dropped or changed, and none changes its place in what
// is meant.
#pragma once

#include <string>
#include <string_view>

#include "training/generators/kit.h"

namespace holdfast::generators {

// `solution` tells what must stay as it is: where it speaks of dollars they stay dollars. `names` are the people in it,
// whose names keep their capitals; a story has some, and may have a sentence before it.
[[nodiscard]] std::string reworded(Maker& m, std::string told, std::string_view solution,
                                   std::span<const std::string_view> names);

}  // namespace holdfast::generators
