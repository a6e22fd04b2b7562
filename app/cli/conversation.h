// Questions and answers in one session: template, thought, stop rules, Ctrl-C.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/answer_text.h"
#include "app/cli/loaded_model.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "engine/chat_template.h"
#include "engine/session.h"

namespace holdfast::cli {

struct Answer {
  std::string thought;
  std::string text;
  std::vector<TokenId> prompt_tokens;  // read for this answer: the question with its markers, and what was left unread
  std::size_t system_tokens = 0;       // how many of these, from the first on, are the system message
  std::vector<TokenId> tokens;         // generated, stop token included
  double prompt_seconds = 0.0;
  double seconds = 0.0;
  StopReason reason = StopReason::length;
  [[nodiscard]] double tokens_per_second() const;
};

// Sees a conversation as it happens, each fact once: how it gets into the store.
class ConversationLog {
 public:
  virtual ~ConversationLog() = default;
  virtual void start_again() = 0;
  // Before anything is read. `system` is empty but for the first question.
  virtual void asked(std::string_view question, std::string_view system) = 0;
  virtual void prompt_read(const Answer& answer, bool complete) = 0;
  virtual void generation_begins() = 0;
  virtual void text(std::string_view piece, bool thought) = 0;  // shown text, before token() of the token that ended it
  virtual void token(TokenId id, bool in_thought) = 0;          // in_thought: before it
  virtual void ended(const Answer& answer) = 0;
};

class Conversation {
 public:
  struct Settings {
    std::string template_name;  // empty: the checkpoint's own
    std::string system;
    SamplerConfig sampler;
    std::int64_t max_tokens = 0;
    std::vector<std::string> stop;
  };
  // `loaded` (with its tokenizer) outlives the conversation.
  Conversation(const LoadedModel& loaded, Settings settings);
  void set_log(ConversationLog* log) noexcept { log_ = log; }  // outlives the conversation; null: none

  // Reads the question, writes the answer; `show` gets its text as it comes. Ctrl-C ends it within a token (or within a
  // block of the prompt); what was read and written stays, the next question goes on after it.
  Answer ask(std::string_view question, bool solve, const AnswerText::Show& show);
  // Goes on with an answer that Ctrl-C or --max-tokens cut off.
  Answer go_on(const AnswerText::Show& show);
  [[nodiscard]] bool can_go_on() const noexcept { return open_answer_; }
  void start_again(std::string system);
  // Begins with this state instead of nothing read. Throws FormatError with the reason when other weights made it.
  void begin_from(const Snapshot& state) { session_.restore(state); }
  // Goes on after what another process read and wrote: `tokens` in order, `draws` random numbers used for them.
  enum class Turn { closed, open_answer, open_thought };
  void resume(std::span<const TokenId> tokens, std::uint64_t draws, Turn turn);

  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] const ChatTemplate& chat_template() const noexcept { return template_; }
  [[nodiscard]] const Session& session() const noexcept { return session_; }

 private:
  Answer answer(const AnswerText::Show& show);
  bool read_prompt(Answer& answer);
  void generate(Answer& answer, const AnswerText::Show& show);

  const LoadedModel* loaded_;
  Settings settings_;
  ChatTemplate template_;
  Session session_;
  ConversationLog* log_ = nullptr;
  std::vector<TokenId> unread_;  // prompt tokens that Ctrl-C left over
  std::size_t unread_system_ = 0;
  bool open_answer_ = false;  // the assistant's turn is not closed
  bool in_thought_ = false;   // ... and its text so far ends inside the thought
};

// One answer as a result: what `solve --json` prints, and `chat --json` on each line.
[[nodiscard]] Json answer_json(std::string_view question_key, std::string_view question, const Answer& answer,
                               const SamplerConfig& sampler);
// "[123 tokens, 45.6 tokens/s, 30 read in 0.02 s, state 19.6 MiB, stop_token]"
[[nodiscard]] std::string statistics_line(const Answer& answer, const State& state);

}  // namespace holdfast::cli
