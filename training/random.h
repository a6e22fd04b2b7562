// Random numbers that are the same on every machine: std distributions do not promise that.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <span>

namespace holdfast {

class TrainingRandom {
 public:
  explicit TrainingRandom(std::uint64_t seed) : engine_(seed) {}
  [[nodiscard]] double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }  // [0, 1)
  [[nodiscard]] double normal() {                                                            // Box-Muller
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }
  void fill_uniform(std::span<float> values, double bound) {
    for (float& v : values) v = static_cast<float>(bound * (2.0 * uniform() - 1.0));
  }
  void fill_normal(std::span<float> values, double deviation) {
    for (float& v : values) v = static_cast<float>(deviation * normal());
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace holdfast
