// How a conversation becomes the text a model was trained on.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/token.h"
#include "engine/tokenizer.h"

namespace holdfast {

enum class ChatRole { system, user, assistant };
struct ChatMessage {
  ChatRole role = ChatRole::user;
  std::string text;
};

enum class ChatFormat {
  chatml,   // <|im_start|>role\n...<|im_end|>\n, the assistant's turn opened with <think>\n (PromptCoT-Mamba)
  mistral,  // [INST] ... [/INST]
  plain     // the text itself, for base models
};
[[nodiscard]] std::string_view name(ChatFormat) noexcept;
[[nodiscard]] ChatFormat chat_format(std::string_view name);  // throws ArgumentError listing the names

// An assistant's text as its two parts; views into the text.
struct SplitText {
  std::string_view thought;
  std::string_view answer;
  bool closed = false;  // false: the thought goes on, there is no answer yet
};
// `opened`: the text begins inside a thought, because the turn was opened with <think>; else it has one only if it
// begins with <think>. The markers and the line breaks around them belong to neither part. A text that ends in the
// beginning of
// "</think>" has it left out of the thought, so that a growing text shows no half marker.
[[nodiscard]] SplitText split_thought(std::string_view text, bool opened) noexcept;

// The format a checkpoint wants: from its own template's text, else from the markers its tokenizer knows.
[[nodiscard]] ChatFormat choose_chat_format(const Checkpoint& checkpoint, const Tokenizer& tokenizer);

class ChatTemplate {
 public:
  ChatTemplate(ChatFormat format, std::shared_ptr<const Tokenizer> tokenizer);

  [[nodiscard]] ChatFormat format() const noexcept { return format_; }
  // Tokens of one message after what was read before it, up to where the model goes on. Text inside messages is never
  // read as a marker; where the markers of the format are ordinary text of the vocabulary, a marker inside a message is
  // written with other tokens than the marker has. `first`: nothing was read before (BOS where the model wants one).
  // For a user's message the assistant's turn is opened; with `solve`, chatml appends "\nPlease reason step by step,
  // and put your final answer within \boxed{}." to the problem, as the paper's prompts have it. An assistant's message
  // goes on from the opened turn and closes it; the turn before must be closed (by the model, or close_assistant)
  // before the next user's message.
  [[nodiscard]] std::vector<TokenId> tokens(const ChatMessage& message, bool first, bool solve = false) const;
  // The same for messages in a row. Mistral has no system turn: the text of a system message stands before the next
  // user's; alone it would be read as an instruction of its own.
  [[nodiscard]] std::vector<TokenId> tokens(std::span<const ChatMessage> messages, bool first,
                                            bool solve = false) const;
  // Tokens that close the assistant's turn when generation ended before the model closed it itself.
  [[nodiscard]] std::vector<TokenId> close_assistant() const;
  // Tokens that end the assistant's turn when generated (eos, <|im_end|>), and strings that do where they are no token.
  [[nodiscard]] const std::vector<TokenId>& stop_tokens() const noexcept { return stop_tokens_; }
  [[nodiscard]] const std::vector<std::string>& stop_strings() const noexcept { return stop_strings_; }
  // True when the assistant's turn opens inside a thought, i.e. the text up to "</think>" is thinking.
  [[nodiscard]] bool opens_thought() const noexcept { return format_ == ChatFormat::chatml; }

 private:
  class Writer;
  void write(Writer& out, const ChatMessage& message, bool solve) const;
  void write_chatml(Writer& out, const ChatMessage& message, bool solve) const;
  void write_mistral(Writer& out, const ChatMessage& message) const;

  ChatFormat format_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<TokenId> stop_tokens_;
  std::vector<std::string> stop_strings_;
};

}  // namespace holdfast
