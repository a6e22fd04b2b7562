#include "kernels/minus_exp.h"

#include <cmath>
#include <cstdint>

namespace holdfast::cpu {

// A few numbers per layer and step: std::exp, as the engine has it, so that a trained model and a loaded one agree.
void minus_exp(Stream&, TensorView y, ConstTensorView x) {
  const auto* from = x.as<float>();
  auto* to = y.as<float>();
  for (std::int64_t i = 0; i < x.shape.elements(); ++i) to[i] = -std::exp(from[i]);
}

}  // namespace holdfast::cpu
