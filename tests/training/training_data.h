// What tests of training data share: a tokenizer, sources of rows, files.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "engine/chat_template.h"
#include "engine/tokenizer.h"
#include "kernels/error.h"
#include "tests/engine/file_fixtures.h"
#include "training/dataset.h"

namespace holdfast::test {

inline std::shared_ptr<const Tokenizer> golden_tokenizer() {
  return Tokenizer::load({TokenizerSource::Kind::sentencepiece, golden("tokenizers/sp-bpe/tokenizer.model")});
}
inline std::shared_ptr<const ChatTemplate> chat_of(ChatFormat format, std::shared_ptr<const Tokenizer> tokenizer) {
  return std::make_shared<ChatTemplate>(format, std::move(tokenizer));
}

// Rows "row 17 xxx" of varied length; every bad_every-th cannot be used.
class CountingSource final : public RowSource {
 public:
  explicit CountingSource(std::string name, std::optional<std::int64_t> rows, std::int64_t bad_every = 0)
      : name_(std::move(name)), rows_(rows), bad_every_(bad_every) {}
  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] std::optional<std::int64_t> rows() const noexcept override { return rows_; }
  [[nodiscard]] TrainingRow row(std::int64_t index, std::uint64_t seed) const override {
    if (bad_every_ > 0 && index % bad_every_ == bad_every_ - 1) throw FormatError("bad on purpose");
    TrainingRow row;
    const std::size_t length = mix_seed(seed, static_cast<std::uint64_t>(index)) % 180;
    row.messages = {{ChatRole::user, name_ + " " + std::to_string(index)},
                    {ChatRole::assistant, "so " + std::string(length, 'x')}};
    return row;
  }
  [[nodiscard]] std::string place(std::int64_t index) const override { return name_ + ":" + std::to_string(index); }

 private:
  std::string name_;
  std::optional<std::int64_t> rows_;
  std::int64_t bad_every_;
};

}  // namespace holdfast::test
