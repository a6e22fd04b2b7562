// A model of random weights whose text is varied: which token comes next hangs on every earlier one, and on the draws.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/chat_template.h"
#include "engine/safetensors.h"
#include "engine/tokenizer.h"
#include "tests/cli/text_model.h"
#include "tests/support/data.h"

namespace holdfast::test {

// With embedding and head tied, a token is likeliest to follow itself; this one has a head of its own. The rows of the
// tokens that end a turn are zero, so that top-p leaves them out and the text does not end by itself.
inline void write_random_model(const std::filesystem::path& folder) {
  constexpr std::int64_t vocabulary = 1200;
  constexpr std::int64_t width = 32;
  TextModelWriter().write(folder);
  std::vector<std::vector<std::byte>> bytes;
  std::vector<SafetensorsTensor> tensors;
  {
    const SafetensorsFile file = SafetensorsFile::open(folder / "model.safetensors");
    tensors.assign(file.tensors().begin(), file.tensors().end());
    for (SafetensorsTensor& tensor : tensors) {
      tensor.bytes = bytes.emplace_back(tensor.bytes.begin(), tensor.bytes.end());
    }
  }
  std::vector<float> head = Random(19).normals(vocabulary * width, 0.6);
  const std::shared_ptr<const Tokenizer> tokenizer =
      Tokenizer::load({TokenizerSource::Kind::sentencepiece, folder / "tokenizer.model"});
  for (const ChatFormat format : {ChatFormat::chatml, ChatFormat::mistral, ChatFormat::plain}) {
    const ChatTemplate chat(format, tokenizer);
    for (const TokenId stop : chat.stop_tokens()) {
      std::fill_n(head.begin() + stop * width, width, 0.0f);
    }
  }
  tensors.push_back(
      {"lm_head.weight", SafetensorsDType::f32, {vocabulary, width}, std::as_bytes(std::span<const float>(head))});
  write_safetensors(folder / "model.safetensors", tensors, {{"format", "pt"}});
  std::ifstream in(folder / "config.json");
  std::string config{std::istreambuf_iterator<char>(in), {}};
  const std::string tied = "\"tie_word_embeddings\": true";
  config.replace(config.find(tied), tied.size(), "\"tie_word_embeddings\": false");
  std::ofstream(folder / "config.json") << config;
}

}  // namespace holdfast::test
