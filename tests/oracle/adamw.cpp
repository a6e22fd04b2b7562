#include "tests/oracle/adamw.h"

#include <cmath>

namespace holdfast::oracle {

AdamwNumbers adamw(const AdamwNumbers& before, const Numbers& gradient, const AdamwOptions& o) {
  AdamwNumbers after = before;
  const auto steps = static_cast<double>(o.step);
  // What a float computation knows of a constant that is no float.
  const auto rounded = [](double value) { return Bounded(value, std::abs(value), roundoff * std::abs(value)); };
  const Bounded first_rest = rounded(1.0 - o.beta1), second_rest = rounded(1.0 - o.beta2);
  const Bounded first_scale = rounded(1.0 / (1.0 - std::pow(o.beta1, steps)));
  const Bounded second_scale = rounded(1.0 / (1.0 - std::pow(o.beta2, steps)));
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const Bounded g = gradient[i] * o.gradient_scale;
    after.first[i] = o.beta1 * before.first[i] + first_rest * g;
    after.second[i] = o.beta2 * before.second[i] + second_rest * (g * g);
    const Bounded step = after.first[i] * first_scale / (sqrt(after.second[i] * second_scale) + o.eps);
    after.master[i] = before.master[i] - o.learning_rate * (step + o.decay * before.master[i]);
  }
  return after;
}

}  // namespace holdfast::oracle
