#include "training/checkpoint_in_memory.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "engine/checkpoint_tensors.h"
#include "kernels/error.h"
#include "training/random.h"

namespace holdfast {
namespace {

class InMemoryCheckpoint final : public Checkpoint {
 public:
  InMemoryCheckpoint(Mamba2Config config, std::shared_ptr<const Checkpoint> base, TokenizerSource tokenizer,
                     std::vector<NewTensor> tensors, std::filesystem::path path)
      : config_(std::move(config)),
        base_(std::move(base)),
        tokenizer_(std::move(tokenizer)),
        path_(path.empty() && base_ != nullptr ? base_->path() : std::move(path)) {
    for (NewTensor& tensor : tensors) values_.insert_or_assign(std::move(tensor.name), std::move(tensor.values));
    std::size_t used = 0;
    for_each_wanted(config_, CheckpointLayout::hugging_face, [&](const WantedTensor& wanted) {
      used += take(wanted) ? 1 : 0;
      return true;
    });
    if (used != values_.size()) {
      for (const auto& [name, values] : values_) {
        if (find(name) == nullptr) throw ArgumentError(name + ": no tensor of this model");
      }
    }
  }

  [[nodiscard]] CheckpointLayout layout() const noexcept override { return CheckpointLayout::hugging_face; }
  [[nodiscard]] const Mamba2Config& config() const noexcept override { return config_; }
  [[nodiscard]] std::span<const StoredTensor> tensors() const noexcept override { return tensors_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }
  [[nodiscard]] TokenizerSource tokenizer() const override {
    return base_ == nullptr ? tokenizer_ : base_->tokenizer();
  }
  [[nodiscard]] std::optional<std::string> chat_template_text() const override {
    return base_ == nullptr ? std::nullopt : base_->chat_template_text();
  }
  [[nodiscard]] SamplingAdvice sampling() const override {
    return base_ == nullptr ? SamplingAdvice{} : base_->sampling();
  }
  void release_pages(std::span<const std::byte> bytes) const noexcept override {
    if (base_ != nullptr && !mine(bytes)) base_->release_pages(bytes);
  }

 private:
  [[nodiscard]] bool mine(std::span<const std::byte> bytes) const noexcept {
    return std::any_of(values_.begin(), values_.end(), [&](const auto& entry) {
      const auto own = std::as_bytes(std::span(entry.second));
      return bytes.data() >= own.data() && bytes.data() < own.data() + own.size();
    });
  }

  // True when the tensor is one of the new ones.
  bool take(const WantedTensor& wanted) {
    const auto found = values_.find(wanted.canonical);
    if (found != values_.end()) {
      if (std::ssize(found->second) != wanted.shape.elements()) {
        throw ArgumentError(wanted.canonical + ": " + std::to_string(found->second.size()) + " values, want " +
                            wanted.shape.to_string());
      }
      tensors_.push_back(
          {wanted.canonical, wanted.stored, WeightFormat::f32, wanted.shape, std::as_bytes(std::span(found->second))});
      return true;
    }
    if (base_ == nullptr) throw ArgumentError(wanted.canonical + ": has no values");
    const bool a_log = wanted.canonical.ends_with(".A_log") && base_->find(wanted.canonical) == nullptr;
    tensors_.push_back(base_->get(a_log ? wanted.canonical.substr(0, wanted.canonical.size() - 4) : wanted.canonical));
    return false;
  }

  Mamba2Config config_;
  std::shared_ptr<const Checkpoint> base_;
  TokenizerSource tokenizer_;
  std::filesystem::path path_;
  std::map<std::string, std::vector<float>, std::less<>> values_;
  std::vector<StoredTensor> tensors_;
};

std::vector<float> initial_dt_bias(const Mamba2Config& config, TrainingRandom& random) {
  std::vector<float> values(static_cast<std::size_t>(config.n_heads));
  for (float& v : values) {
    const double dt = std::max(std::exp(std::log(0.001) + random.uniform() * std::log(100.0)), 1e-4);
    v = static_cast<float>(dt + std::log(-std::expm1(-dt)));  // softplus of this is dt
  }
  return values;
}

std::vector<float> initial_a_log(const Mamba2Config& config, TrainingRandom& random) {
  std::vector<float> values(static_cast<std::size_t>(config.n_heads));
  for (float& v : values) v = static_cast<float>(std::log(1.0 + 15.0 * random.uniform()));
  return values;
}

std::vector<float> initial_values(const Mamba2Config& config, const WantedTensor& wanted, TrainingRandom& random) {
  const std::string& name = wanted.canonical;
  std::vector<float> values(static_cast<std::size_t>(wanted.shape.elements()));
  const auto inputs = static_cast<double>(wanted.shape[-1]);
  if (name == "embedding") {
    random.fill_normal(values, 0.02);
  } else if (name.ends_with(".dt_bias")) {
    return initial_dt_bias(config, random);
  } else if (name.ends_with(".A_log")) {
    return initial_a_log(config, random);
  } else if (name.ends_with(".out_proj")) {
    random.fill_uniform(values, 1.0 / std::sqrt(inputs * static_cast<double>(config.n_layer)));
  } else if (name.ends_with(".in_proj") || name.ends_with(".conv_weight") || name == "lm_head") {
    random.fill_uniform(values, 1.0 / std::sqrt(inputs));
  } else if (name.ends_with(".conv_bias")) {
    random.fill_uniform(values, 1.0 / std::sqrt(static_cast<double>(config.d_conv)));
  } else if (!name.ends_with("_proj_bias")) {
    std::fill(values.begin(), values.end(), 1.0f);  // norms and D
  }
  return values;
}

}  // namespace

std::shared_ptr<const Checkpoint> checkpoint_with(std::shared_ptr<const Checkpoint> base,
                                                  std::vector<NewTensor> tensors, std::filesystem::path path) {
  const Mamba2Config config = base->config();
  return std::make_shared<InMemoryCheckpoint>(config, std::move(base), TokenizerSource{}, std::move(tensors),
                                              std::move(path));
}

std::shared_ptr<const Checkpoint> checkpoint_of(const Mamba2Config& config, std::vector<NewTensor> tensors,
                                                const TokenizerSource& tokenizer) {
  return std::make_shared<InMemoryCheckpoint>(config, nullptr, tokenizer, std::move(tensors), std::filesystem::path());
}

std::shared_ptr<const Checkpoint> initial_model(const Mamba2Config& config, std::uint64_t seed,
                                                const TokenizerSource& tokenizer) {
  config.validate();
  TrainingRandom random(seed);
  std::vector<NewTensor> tensors;
  for_each_wanted(config, CheckpointLayout::hugging_face, [&](const WantedTensor& wanted) {
    tensors.push_back({wanted.canonical, initial_values(config, wanted, random)});
    return true;
  });
  return checkpoint_of(config, std::move(tensors), tokenizer);
}

std::vector<float> decode(const StoredTensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.shape.elements()));
  const std::int64_t cols = tensor.shape[-1];
  const std::size_t row_bytes = encoded_row_bytes(tensor.format, cols);
  for (std::int64_t row = 0; row < tensor.shape.elements() / cols; ++row) {
    const std::byte* encoded = tensor.bytes.data() + static_cast<std::size_t>(row) * row_bytes;
    if (const std::int64_t bad = first_not_finite(tensor.format, encoded, cols); bad >= 0) {
      throw FormatError(tensor.stored_name + "[" + std::to_string(row) + ", " + std::to_string(bad) +
                        "]: not finite, weights must be finite");
    }
    decode_row(tensor.format, encoded,
               std::span(values).subspan(static_cast<std::size_t>(row * cols), static_cast<std::size_t>(cols)));
  }
  return values;
}

std::vector<float> decode_a_log(const Checkpoint& checkpoint, std::int64_t layer) {
  const std::string name = "layers." + std::to_string(layer) + ".A";
  if (checkpoint.find(name + "_log") != nullptr) return decode(checkpoint.get(name + "_log"));
  std::vector<float> values = decode(checkpoint.get(name));
  for (float& v : values) {
    if (!(v < 0.0f)) throw FormatError(name + ": " + std::to_string(v) + ", want A below 0");
    v = std::log(-v);
  }
  return values;
}

}  // namespace holdfast
