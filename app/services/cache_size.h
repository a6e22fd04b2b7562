// What a Transformer would hold of the same text: keys and values in bf16, which grow with every token. No Qt.
#pragma once

#include <array>

#include "engine/config.h"

namespace holdfast {

struct CacheOfTransformer {
  const char* name;
  double bytes;  // of a token
};

// As published: 32 layers of 8 heads of 128, and 28 layers of 4.
inline constexpr std::array caches_of_transformers{CacheOfTransformer{"Llama-3-8B", 128.0 * 1024},
                                                   CacheOfTransformer{"Qwen2.5-7B", 56.0 * 1024}};

// A Transformer of as many blocks has half as many layers of attention (the other half of a block is its MLP): keys and
// values of width D.
[[nodiscard]] inline double cache_of_this_size(double layers, double width) { return 2.0 * layers * width; }
[[nodiscard]] inline double cache_of_this_size(const Mamba2Config& c) {
  return cache_of_this_size(static_cast<double>(c.n_layer), static_cast<double>(c.d_model));
}

}  // namespace holdfast
