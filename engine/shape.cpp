#include "engine/shape.h"

#include <array>
#include <charconv>
#include <string>

#include "kernels/error.h"

namespace holdfast {

namespace {
constexpr std::size_t shape_numbers = 7;

struct NamedShape {
  std::string_view name;
  std::array<std::int64_t, shape_numbers> numbers;  // D, L, H, P, N, G, V
  bool tied;
};
constexpr NamedShape named_shapes[] = {
    {"14.5m", {384, 12, 12, 64, 64, 1, 8192}, true},   {"130m", {768, 24, 24, 64, 128, 1, 50288}, true},
    {"370m", {1024, 48, 32, 64, 128, 1, 50288}, true}, {"780m", {1536, 48, 48, 64, 128, 1, 50288}, true},
    {"1.3b", {2048, 48, 64, 64, 128, 1, 50288}, true}, {"2.7b", {2560, 64, 80, 64, 128, 1, 50288}, true},
    {"7b", {4096, 64, 128, 64, 128, 8, 32768}, false},
};

Mamba2Config shape_of(const std::array<std::int64_t, shape_numbers>& numbers, bool tied) {
  Mamba2Config config;
  config.d_model = numbers[0];
  config.n_layer = numbers[1];
  config.n_heads = numbers[2];
  config.head_dim = numbers[3];
  config.d_state = numbers[4];
  config.n_groups = numbers[5];
  config.vocab_size = numbers[6];
  config.tied_embeddings = tied;
  return config;
}

// A word about what would have been right; the value itself comes first.
[[noreturn]] void shape_failed(std::string_view shape, const std::string& rule) {
  throw ArgumentError("shape \"" + std::string(shape.substr(0, 80)) + "\": " + rule);
}
}  // namespace

Mamba2Config shape_config(std::string_view shape) {
  std::string names;
  for (const NamedShape& named : named_shapes) {
    if (named.name == shape) return shape_of(named.numbers, named.tied);
    names += std::string(named.name) + ", ";
  }
  std::array<std::int64_t, shape_numbers> numbers{};
  const char* at = shape.data();
  const char* const end = at + shape.size();
  for (std::size_t i = 0; i < shape_numbers; ++i) {
    const auto [after, error] = std::from_chars(at, end, numbers[i]);
    const bool last = i + 1 == shape_numbers;
    if (error != std::errc{} || (last ? after != end : after == end || *after != ',')) {
      shape_failed(shape, "want " + names + "or seven numbers D,L,H,P,N,G,V");
    }
    at = after + 1;
  }
  const Mamba2Config config = shape_of(numbers, true);
  try {
    config.validate();
  } catch (const FormatError& error) {
    shape_failed(shape, error.what());
  }
  return config;
}

}  // namespace holdfast
