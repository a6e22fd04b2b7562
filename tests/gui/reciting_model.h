// A model that recites: after each piece of a text comes the next one, whatever the temperature. So a test knows what
// the window has to show. It is a real Mamba-2 checkpoint whose layers add nothing: the embedding of a token, times the
// head, is largest at the token that follows.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/chat_template.h"
#include "engine/safetensors.h"
#include "engine/tokenizer.h"
#include "tests/support/data.h"

namespace holdfast::test {

class RecitingModel {
 public:
  // Each piece becomes a token of its own, so all must differ. At the end: the end of the turn, or piece `again`.
  enum class End { stop, repeat };

  static void write(const std::filesystem::path& folder, const std::vector<std::string>& pieces, End end = End::stop,
                    std::size_t again = 0) {
    write(folder, pieces, {}, end, again);
  }

  // After the last piece comes one of these, each as likely at temperature 1, and then the end of the turn.
  static void write_undecided(const std::filesystem::path& folder, const std::vector<std::string>& pieces,
                              const std::vector<std::string>& endings) {
    write(folder, pieces, endings, End::stop, 0);
  }

 private:
  static constexpr std::int64_t vocabulary = 2048;
  static constexpr std::int64_t width = 64;
  using Follows = std::vector<std::pair<TokenId, TokenId>>;

  static void write(const std::filesystem::path& folder, const std::vector<std::string>& pieces,
                    const std::vector<std::string>& endings, End end, std::size_t again) {
    std::filesystem::create_directories(folder);
    std::vector<std::string> all = pieces;
    all.insert(all.end(), endings.begin(), endings.end());
    const std::vector<TokenId> ids = write_tokenizer(folder, all);
    const std::shared_ptr<const Tokenizer> tokenizer =
        Tokenizer::load({TokenizerSource::Kind::tokenizer_json, folder / "tokenizer.json"});
    const ChatTemplate chat(ChatFormat::chatml, tokenizer);
    const TokenId opening = chat.tokens({ChatRole::user, "x"}, true).back();
    const TokenId last = end == End::stop ? chat.stop_tokens().back() : ids.at(again);
    Follows follows{{opening, ids.front()}};
    for (std::size_t i = 1; i < pieces.size(); ++i) follows.emplace_back(ids[i - 1], ids[i]);
    const TokenId stem = ids[pieces.size() - 1];
    if (endings.empty()) follows.emplace_back(stem, last);
    for (std::size_t i = pieces.size(); i < ids.size(); ++i) {
      follows.emplace_back(stem, ids[i]);
      follows.emplace_back(ids[i], last);
    }
    write_weights(folder, follows);
    std::ofstream(folder / "config.json") << R"({"model_type": "mamba2", "hidden_size": 64, "num_hidden_layers": 2,
      "num_heads": 8, "head_dim": 16, "state_size": 16, "n_groups": 1, "conv_kernel": 4, "expand": 2,
      "vocab_size": 2048, "layer_norm_epsilon": 1e-5, "tie_word_embeddings": false, "use_bias": false,
      "use_conv_bias": true, "bos_token_id": 0, "eos_token_id": 0, "time_step_limit": [0.0, Infinity]})";
  }

  static std::vector<TokenId> write_tokenizer(const std::filesystem::path& folder,
                                              const std::vector<std::string>& pieces) {
    nlohmann::json tokenizer = nlohmann::json::parse(
        std::ifstream(std::filesystem::path(HOLDFAST_GOLDEN_DIR) / "tokenizers/byte-bpe/tokenizer.json"));
    TokenId next = 0;
    for (const auto& token : tokenizer["added_tokens"]) next = std::max(next, token["id"].get<TokenId>() + 1);
    std::vector<TokenId> ids;
    for (const std::string& piece : pieces) {
      tokenizer["added_tokens"].push_back({{"id", next},
                                           {"content", piece},
                                           {"single_word", false},
                                           {"lstrip", false},
                                           {"rstrip", false},
                                           {"normalized", false},
                                           {"special", false}});
      ids.push_back(next++);
    }
    std::ofstream(folder / "tokenizer.json") << tokenizer.dump();
    return ids;
  }

  static void write_weights(const std::filesystem::path& folder, const Follows& follows) {
    Random random(11);
    std::vector<std::pair<SafetensorsTensor, std::vector<float>>> made;
    const auto add = [&](const std::string& name, const Shape& shape, std::vector<float> values) {
      made.push_back({{name, SafetensorsDType::f32, shape, {}}, std::move(values)});
    };
    const auto fill = [](std::int64_t count, float value) {
      return std::vector<float>(static_cast<std::size_t>(count), value);
    };
    const std::vector<float> embedding = random.normals(vocabulary * width, 1.0);
    std::vector<float> head = random.normals(vocabulary * width, 0.01);
    for (const auto& [token, next] : follows) std::fill_n(head.begin() + next * width, width, 0.0f);
    for (const auto& [token, next] : follows) {
      for (std::int64_t d = 0; d < width; ++d) {
        head[static_cast<std::size_t>(next * width + d)] += embedding[static_cast<std::size_t>(token * width + d)];
      }
    }
    add("backbone.embeddings.weight", {vocabulary, width}, embedding);
    add("lm_head.weight", {vocabulary, width}, head);
    add("backbone.norm_f.weight", {width}, fill(width, 1.0f));
    for (int layer = 0; layer < 2; ++layer) {
      const std::string prefix = "backbone.layers." + std::to_string(layer) + ".";
      add(prefix + "norm.weight", {width}, fill(width, 1.0f));
      add(prefix + "mixer.in_proj.weight", {128 + 160 + 8, width}, random.normals((128 + 160 + 8) * width, 0.1));
      add(prefix + "mixer.conv1d.weight", {160, 1, 4}, random.normals(160 * 4, 0.3));
      add(prefix + "mixer.conv1d.bias", {160}, fill(160, 0.0f));
      add(prefix + "mixer.dt_bias", {8}, fill(8, -2.0f));
      add(prefix + "mixer.A_log", {8}, fill(8, 1.0f));
      add(prefix + "mixer.D", {8}, fill(8, 1.0f));
      add(prefix + "mixer.norm.weight", {128}, fill(128, 1.0f));
      add(prefix + "mixer.out_proj.weight", {width, 128}, fill(width * 128, 0.0f));
    }
    std::vector<SafetensorsTensor> tensors;
    for (auto& [tensor, values] : made) {
      tensor.bytes = std::as_bytes(std::span(values));
      tensors.push_back(tensor);
    }
    write_safetensors(folder / "model.safetensors", tensors, {{"format", "pt"}});
  }
};

}  // namespace holdfast::test
