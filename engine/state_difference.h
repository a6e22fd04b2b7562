// How far two memories of one model lie apart: they are of one shape, whatever they have read.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/state.h"

namespace holdfast {

// Of each head, (L, H). A head that holds nothing in a has distance 0 where b holds nothing either, else infinity.
struct StateDifference {
  std::int64_t layers = 0, heads = 0;
  std::vector<double> distance;        // ||A - B||_F / ||A||_F
  std::vector<double> cosine;          // <A, B> / (||A|| ||B||), 0 where one holds nothing
  std::vector<double> norm_a, norm_b;  // ||A||_F, ||B||_F
  double whole = 0.0;                  // the distance of all heads as one vector
};
// Both (L, H, P, N) f32 on the CPU. Throws ArgumentError for two shapes.
[[nodiscard]] StateDifference difference(ConstTensorView a, ConstTensorView b);

// Of the next token: sum of p (log p - log q) in nats, p and q the softmax of a and b. Throws ArgumentError for two
// sizes.
[[nodiscard]] double divergence(std::span<const float> logits_a, std::span<const float> logits_b);

}  // namespace holdfast
