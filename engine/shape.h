// Shapes of published models by name, and shapes given by numbers: for random weights and benchmarks.
#pragma once

#include <string_view>

#include "engine/config.h"

namespace holdfast {

// "130m", "370m", "780m", "1.3b", "2.7b" (state-spaces/mamba2-*), "7b" (Mamba-Codestral), "14.5m", or "D,L,H,P,N,G,V".
// The embeddings are tied, but for 7b. Throws ArgumentError listing the names.
[[nodiscard]] Mamba2Config shape_config(std::string_view shape);

}  // namespace holdfast
