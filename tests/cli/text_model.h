// A small model with a tokenizer and random weights: it writes nonsense, but always the same. Its heads forget half in
// some hundred tokens, so that what it writes depends on everything a test has said before.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "engine/safetensors.h"
#include "tests/support/data.h"

namespace holdfast::test {

class TextModelWriter {
 public:
  // A Hugging Face folder: 2 layers, width 32, vocabulary 1200, the golden SentencePiece vocabulary.
  void write(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "config.json") << R"({"model_type": "mamba2", "hidden_size": 32, "num_hidden_layers": 2,
      "num_heads": 4, "head_dim": 16, "state_size": 16, "n_groups": 1, "conv_kernel": 4, "expand": 2,
      "vocab_size": 1200, "layer_norm_epsilon": 1e-5, "tie_word_embeddings": true, "use_bias": false,
      "use_conv_bias": true, "bos_token_id": 1, "eos_token_id": 2, "time_step_limit": [0.0, Infinity]})";
    std::filesystem::copy_file(std::filesystem::path(HOLDFAST_GOLDEN_DIR) / "tokenizers/sp-bpe/tokenizer.model",
                               folder / "tokenizer.model");
    add("backbone.embeddings.weight", {1200, 32}, 0.0, 1.0);
    // The tied rows of the control tokens give logit 0, which is never the largest: a greedy answer does not end.
    std::fill_n(made_.back().values.begin(), 3 * 32, 0.0f);
    for (int layer = 0; layer < 2; ++layer) {
      const std::string prefix = "backbone.layers." + std::to_string(layer) + ".";
      add(prefix + "norm.weight", {32}, 1.0, 0.1);
      add(prefix + "mixer.in_proj.weight", {164, 32}, 0.0, 0.3);
      add(prefix + "mixer.conv1d.weight", {96, 1, 4}, 0.0, 0.5);
      add(prefix + "mixer.conv1d.bias", {96}, 0.0, 0.1);
      add(prefix + "mixer.dt_bias", {4}, -2.0, 0.5);
      add(prefix + "mixer.A_log", {4}, -4.0, 0.5);
      add(prefix + "mixer.D", {4}, 1.0, 0.1);
      add(prefix + "mixer.norm.weight", {64}, 1.0, 0.1);
      add(prefix + "mixer.out_proj.weight", {32, 64}, 0.0, 1.0);
    }
    add("backbone.norm_f.weight", {32}, 1.0, 0.1);
    std::vector<SafetensorsTensor> tensors;
    for (const Made& made : made_) {
      tensors.push_back({made.name, SafetensorsDType::f32, made.shape, std::as_bytes(std::span(made.values))});
    }
    write_safetensors(folder / "model.safetensors", tensors, {{"format", "pt"}});
  }

 private:
  struct Made {
    std::string name;
    Shape shape;
    std::vector<float> values;
  };
  void add(const std::string& name, const Shape& shape, double mean, double deviation) {
    std::vector<float> values = random_.normals(shape.elements(), deviation);
    for (float& value : values) value += static_cast<float>(mean);
    made_.push_back({name, shape, std::move(values)});
  }
  Random random_{7};
  std::vector<Made> made_;
};

}  // namespace holdfast::test
