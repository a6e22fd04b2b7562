#include "engine/sampler.h"

#include <array>
#include <cmath>

#include "kernels/error.h"

namespace holdfast {
namespace {

std::string number(float value) { return std::to_string(value); }

// Philox 4x32-10: J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t low = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t high = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {static_cast<std::uint32_t>(high >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(high),
               static_cast<std::uint32_t>(low >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(low)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

}  // namespace

void SamplerConfig::validate() const {
  const auto fail = [](const std::string& field, float value, const std::string& rule) {
    throw ArgumentError(field + " " + number(value) + ": want " + rule);
  };
  if (!(params.temperature >= 0.0f) || !std::isfinite(params.temperature)) {
    fail("temperature", params.temperature, "0 (greedy) or more");
  }
  if (params.top_k < 0) fail("top-k", static_cast<float>(params.top_k), "0 (all) or more");
  if (!(params.top_p > 0.0f && params.top_p <= 1.0f)) fail("top-p", params.top_p, "more than 0 and at most 1");
  if (!(params.min_p >= 0.0f && params.min_p < 1.0f)) fail("min-p", params.min_p, "0 or more and less than 1");
  if (!(params.repetition_penalty > 0.0f) || !std::isfinite(params.repetition_penalty)) {
    fail("repetition penalty", params.repetition_penalty, "more than 0");
  }
}

float uniform_draw(std::uint64_t seed, std::uint64_t index) noexcept {
  const auto words = philox({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), 0, 0},
                            {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return static_cast<float>(words[0] >> 8) * 0x1p-24f;
}

}  // namespace holdfast
