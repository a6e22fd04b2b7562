// Choosing the next token, repeatably: draw n of a seed is the same number whatever happened in between.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/token.h"
#include "kernels/sample.h"

namespace holdfast {

struct SamplerConfig {
  SampleParams params;
  std::uint64_t seed = 0;
  void validate() const;  // throws ArgumentError naming the field, the value and the rule
};

// Number `index` of the sequence that belongs to `seed`, uniform in [0, 1): a counter-based generator (Philox 4x32-10).
[[nodiscard]] float uniform_draw(std::uint64_t seed, std::uint64_t index) noexcept;

}  // namespace holdfast
