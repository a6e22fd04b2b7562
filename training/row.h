// One row of training text, in whatever form it was published, and how it becomes tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/chat_template.h"
#include "engine/token.h"
#include "engine/tokenizer.h"

namespace holdfast {

// Longest line of a file that is read as a row.
inline constexpr std::size_t longest_row_bytes = std::size_t{16} << 20;

struct TrainingRow {
  std::vector<ChatMessage> messages;  // a conversation: loss on what the assistant says
  std::string text;                   // or a text, when there are no messages: loss on everything
  bool solve = false;                 // asks for a boxed answer after the problem, as the template words it
  double difficulty = 0.0;            // what rows are sorted by
};

// A row of JSON, recognised by its keys:
//   {prompt, completion}   strings; a prompt that is already written in ChatML is taken apart again
//   {messages}             [{role, content}], OpenAI's
//   {conversations}        [{from, value}], ShareGPT's, with an optional {system}
//   {instruction, output}  Alpaca's, with optional {input}, {system} and {history}: [[question, answer]]
//   {problem, solution, answer}  either of the last two may be missing; also {question}. What made_problem writes, and
//                                the published MATH; a problem whose `verdict` is rejected is no row
//   {text}                 anything, for pretraining
// `difficulty` or `level` may be a number. Throws FormatError with the reason; messages begin with `label`.
[[nodiscard]] TrainingRow parse_training_row(std::string_view json, std::string_view label);

// A row as tokens; weights[i] is the weight of predicting tokens[i] from those before it: 0 for what is given, 1 for
// what the model is to say and for the end of its turn.
struct EncodedRow {
  std::vector<TokenId> tokens;
  std::vector<float> weights;
};

// In ChatML an answer without a thought gets an empty one, since the turn is opened inside a thought. Throws
// FormatError when nothing would be learned from the row.
[[nodiscard]] EncodedRow encode_row(const TrainingRow& row, const ChatTemplate& chat, const Tokenizer& tokenizer);

// The tokens before the assistant's last turn, and what it says there: what evaluation continues and compares with.
struct PromptAndReply {
  std::vector<TokenId> prompt;
  std::string reply;
};
[[nodiscard]] PromptAndReply split_last_turn(const TrainingRow& row, const ChatTemplate& chat);

}  // namespace holdfast
