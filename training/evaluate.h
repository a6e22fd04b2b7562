// How well a model in training does on rows that it is not trained on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/model.h"
#include "training/batcher.h"
#include "training/trainer.h"

namespace holdfast {

// Rows of one source, tokenised once.
struct ValidationSet {
  std::string name;
  std::vector<EncodedRow> rows;
  std::vector<PromptAndReply> questions;  // of the conversations among them, when answers are looked at
};
struct RefusedRows {
  std::int64_t count = 0;
  std::vector<BadRow> listed;
};
// The first `most` rows of a source that can be used; sequences are cut as in training.
[[nodiscard]] ValidationSet validation_set(const RowSource& source, std::int64_t most, std::uint64_t seed, bool solve,
                                           const ChatTemplate& chat, const Tokenizer& tokenizer,
                                           std::int64_t sequence_length, bool questions, RefusedRows& refused);

// What a model says after each prompt, the likeliest token each time, until a stop token or max_tokens. Sequences
// advance together. begin: the state that every sequence begins with; null = nothing read. Stop tokens are left out.
[[nodiscard]] std::vector<std::vector<TokenId>> likeliest_replies(
    const Mamba2Model& model, Stream& stream, std::span<const std::vector<TokenId>> prompts, const State* begin,
    std::span<const TokenId> stop_tokens, std::int64_t max_tokens, const std::stop_token& stop = {});

// True when a reply says what the expected one does: by the value of its answer where the expected one has a box, else
// word for word after the thought.
[[nodiscard]] bool same_reply(std::string_view given, std::string_view expected, bool thought_opened);

}  // namespace holdfast
