// What tests of adapters and states share, on the CPU and on a GPU: a model, a batch, and the laws of their gradients.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "training/trainer.h"

namespace holdfast::test::frozen {

inline constexpr std::int64_t vocabulary = 300;

// Large enough for quantised matrices: smaller ones stay as they are stored.
[[nodiscard]] inline Mamba2Config small_model(bool tied) {
  Mamba2Config config;
  config.d_model = 128;
  config.n_layer = 2;
  config.n_heads = 8;
  config.head_dim = 32;
  config.d_state = 12;
  config.n_groups = 2;
  config.d_conv = 4;
  config.vocab_size = vocabulary;
  config.vocab_used = vocabulary;
  config.tied_embeddings = tied;
  return config;
}

[[nodiscard]] inline TrainBatch batch_of(std::vector<std::int32_t> lengths, std::uint64_t seed) {
  Random random(seed);
  TrainBatch batch;
  batch.starts = {0};
  for (const std::int32_t length : lengths) {
    for (std::int32_t i = 0; i < length; ++i) {
      batch.ids.push_back(static_cast<TokenId>(random.below(vocabulary)));
      batch.targets.push_back(i % 5 == 4 ? -1 : static_cast<TokenId>(random.below(vocabulary)));
      batch.weights.push_back(i % 7 == 0 ? 0.5f : 1.0f);
    }
    batch.starts.push_back(batch.starts.back() + length);
  }
  return batch;
}

[[nodiscard]] inline TrainerConfig config_of(Trained trained, LoadDType frozen = LoadDType::stored) {
  TrainerConfig config;
  config.trained = trained;
  config.frozen = frozen;
  config.lora.rank = 5;
  config.lora.alpha = 15.0f;
  config.lora.targets = {true, true, true, true};
  config.micro_batch_tokens = 512;
  config.seed = 3;
  return config;
}

[[nodiscard]] inline std::vector<float> all_of(const std::vector<Trainer::NamedValues>& parts) {
  std::vector<float> all;
  for (const auto& part : parts) all.insert(all.end(), part.values.begin(), part.values.end());
  return all;
}

// Values that leave no gradient zero.
inline void scatter(Trainer& trainer, std::uint64_t seed) {
  Random random(seed);
  for (const auto& part : trainer.named_parameters()) {
    const double deviation = part.name.ends_with("ssm_state") ? 0.5 : 0.05;
    trainer.set_parameter(part.name, random.normals(std::ssize(part.values), deviation));
  }
}

// The slope of the loss in a random direction, measured and told by the gradients.
struct Slope {
  double measured, told;
};
[[nodiscard]] inline Slope slope_of(Trainer& trainer, const TrainBatch& batch, const Trainer::NamedValues& at,
                                    const Trainer::NamedValues& gradient, double step, Random& random) {
  const auto direction = random.normals(std::ssize(at.values), 1.0);
  Slope slope{0.0, 0.0};
  for (std::size_t i = 0; i < direction.size(); ++i) {
    slope.told += static_cast<double>(direction[i]) * static_cast<double>(gradient.values[i]);
  }
  double losses[2];
  for (const int sign : {0, 1}) {
    std::vector<float> moved = at.values;
    for (std::size_t i = 0; i < moved.size(); ++i) {
      moved[i] += static_cast<float>((sign == 0 ? -step : step) * static_cast<double>(direction[i]));
    }
    trainer.set_parameter(at.name, moved);
    losses[sign] = trainer.evaluate({&batch, 1}).loss;
  }
  trainer.set_parameter(at.name, at.values);
  slope.measured = (losses[1] - losses[0]) / (2.0 * step);
  return slope;
}

// c (m, n) = scale a' b', with a (m, k), or (k, m) turned, and b (k, n), or (n, k) turned.
[[nodiscard]] inline std::vector<float> product(const std::vector<float>& a, bool turn_a, const std::vector<float>& b,
                                                bool turn_b, std::int64_t m, std::int64_t n, std::int64_t k,
                                                double scale) {
  std::vector<float> c;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0.0;
      for (std::int64_t l = 0; l < k; ++l) {
        sum += static_cast<double>(a[static_cast<std::size_t>(turn_a ? l * m + i : i * k + l)]) *
               static_cast<double>(b[static_cast<std::size_t>(turn_b ? j * k + l : l * n + j)]);
      }
      c.push_back(static_cast<float>(scale * sum));
    }
  }
  return c;
}

// The adapters' gradients against those of the merged model's weights, both as gradients() left them:
// dB = s dW A^T and dA = s B^T dW.
[[nodiscard]] inline Comparison compare_with_products(const Trainer& trainer, const Trainer& whole, double tolerance) {
  std::map<std::string, std::vector<float>> of_whole, got;
  for (const auto& part : whole.named_gradients()) of_whole[part.name] = part.values;
  for (const auto& part : trainer.named_gradients()) got[part.name] = part.values;
  const LoraAdapter adapter = trainer.adapter();
  if (got.size() != 2 * adapter.matrices.size()) return {false, "other gradients than those of the adapters"};
  const double scale = static_cast<double>(adapter.config.scale());
  for (const LoraMatrix& m : adapter.matrices) {
    const auto& d_w = of_whole.at(m.name);
    const std::int64_t rank = adapter.config.rank;
    const auto d_b = product(d_w, false, m.a, true, m.rows, rank, m.cols, scale);
    const auto d_a = product(m.b, true, d_w, false, rank, m.cols, m.rows, scale);
    Comparison b = compare_relative(got.at(m.name + ".lora_B"), d_b, tolerance);
    Comparison a = compare_relative(got.at(m.name + ".lora_A"), d_a, tolerance);
    if (!b) return {false, m.name + ".lora_B: " + b.report};
    if (!a) return {false, m.name + ".lora_A: " + a.report};
  }
  return {true, ""};
}

}  // namespace holdfast::test::frozen
