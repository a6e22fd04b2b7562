#include "engine/random_checkpoint.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "engine/checkpoint_config.h"
#include "engine/checkpoint_tensors.h"
#include "engine/convert_vocabulary.h"
#include "engine/gguf.h"
#include "kernels/weight.h"

namespace holdfast {

namespace {
constexpr std::size_t random_piece_values = std::size_t{1} << 20;

// SplitMix64 over a counter: each value depends on its index alone, so loops over it become vector code.
std::uint64_t random_bits(std::uint64_t seed, std::uint64_t index) noexcept {
  std::uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
float random_uniform(std::uint64_t seed, std::uint64_t index) noexcept {
  return static_cast<float>(random_bits(seed, index) >> 40) * 0x1p-24f;
}
// Sum of the eight bytes of a draw, normalised: near enough to a normal distribution for weights, and without
// logarithms. Eight uniforms on 0..255 have the variance 8 (256^2 - 1) / 12.
float random_normal(std::uint64_t seed, std::uint64_t index) noexcept {
  std::uint64_t bits = random_bits(seed, index);
  constexpr std::uint64_t pairs = 0x00ff00ff00ff00ffu;
  bits = (bits & pairs) + (bits >> 8 & pairs);
  const std::uint64_t sum = (bits * 0x0001000100010001u) >> 48;
  return (static_cast<float>(sum) - 1020.0f) * (1.0f / 209.02f);
}

enum class RandomKind { normal, one, a, dt_bias };

RandomKind random_kind(const WantedTensor& wanted) {
  if (wanted.canonical.ends_with("norm") || wanted.canonical.ends_with("norm_f")) return RandomKind::one;
  if (wanted.canonical.ends_with(".D")) return RandomKind::one;
  if (wanted.canonical.ends_with(".A")) return RandomKind::a;
  return wanted.canonical.ends_with(".dt_bias") ? RandomKind::dt_bias : RandomKind::normal;
}

void fill_random(RandomKind kind, std::uint64_t seed, std::uint64_t first, std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (kind == RandomKind::normal) {
      values[i] = 0.02f * random_normal(seed, first + i);
    } else if (kind == RandomKind::one) {
      values[i] = 1.0f;
    } else if (kind == RandomKind::a) {
      values[i] = -(1.0f + 15.0f * random_uniform(seed, first + i));
    } else {
      const float dt = std::exp(std::log(0.001f) + random_uniform(seed, first + i) * std::log(100.0f));
      values[i] = dt + std::log(-std::expm1(-dt));  // softplus of this is dt
    }
  }
}

WeightFormat random_format(const WantedTensor& wanted, ConvertDType dtype) {
  if (!wanted.matrix || dtype == ConvertDType::f32) return WeightFormat::f32;
  if (dtype == ConvertDType::bf16 || wanted.shape[-1] % 32 != 0) return WeightFormat::bf16;
  return dtype == ConvertDType::q8 ? WeightFormat::q8_0 : WeightFormat::q4_1;
}

void write_random_tensor(GgufWriter& writer, const WantedTensor& wanted, WeightFormat format, std::uint64_t seed) {
  const std::int64_t cols = wanted.shape[-1];
  const std::int64_t rows = wanted.shape.elements() / cols;
  const auto row_values = static_cast<std::size_t>(cols);
  const std::size_t row_bytes = encoded_row_bytes(format, cols);
  const auto step = static_cast<std::int64_t>(std::max<std::size_t>(1, random_piece_values / row_values));
  std::vector<float> values;
  std::vector<std::byte> encoded;
  for (std::int64_t row = 0; row < rows; row += step) {
    const auto count = static_cast<std::size_t>(std::min(step, rows - row));
    values.resize(count * row_values);
    encoded.resize(count * row_bytes);
    fill_random(random_kind(wanted), seed, static_cast<std::uint64_t>(row) * row_values, values);
    for (std::size_t i = 0; i < count; ++i) {
      encode_row(format, std::span(values).subspan(i * row_values, row_values), encoded.data() + i * row_bytes);
    }
    writer.write(encoded);
  }
}
}  // namespace

void write_random_gguf(const std::filesystem::path& file, const Mamba2Config& config, ConvertDType dtype,
                       std::uint64_t seed) {
  config.validate();
  Mamba2Config with_bias = config;
  with_bias.conv_bias = true;  // GGUF has no model without
  GgufWriter writer(file);
  add_gguf_config(writer, with_bias, "random");
  writer.add("general.file_type", gguf_file_type(dtype));
  writer.add("general.quantization_version", std::uint32_t{2});
  add_dummy_vocabulary(writer, config.vocab_size);
  std::vector<WantedTensor> tensors;
  for_each_wanted(with_bias, CheckpointLayout::gguf, [&](const WantedTensor& wanted) {
    GgufWriter::Entry entry{wanted.stored, random_format(wanted, dtype), {}};
    for (int i = 1; i <= wanted.stored_shape.rank(); ++i) entry.ne.push_back(wanted.stored_shape[-i]);
    writer.add_tensor(std::move(entry));
    tensors.push_back(wanted);
    return true;
  });
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    writer.begin_tensor();
    write_random_tensor(writer, tensors[i], random_format(tensors[i], dtype), random_bits(seed, i));
  }
  writer.commit();
}

}  // namespace holdfast
