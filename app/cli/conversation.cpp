#include "app/cli/conversation.h"

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <utility>

#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "engine/sampler.h"
#include "kernels/size_text.h"

namespace holdfast::cli {
namespace {

// Between two blocks of a prompt Ctrl-C is looked for.
constexpr std::size_t conversation_block = 512;

ChatFormat conversation_format(const LoadedModel& loaded, const std::string& name) {
  return name.empty() ? choose_chat_format(*loaded.checkpoint, *loaded.tokenizer) : chat_format(name);
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void append(std::vector<TokenId>& to, const std::vector<TokenId>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

double Answer::tokens_per_second() const { return seconds > 0.0 ? static_cast<double>(tokens.size()) / seconds : 0.0; }

Conversation::Conversation(const LoadedModel& loaded, Settings settings)
    : loaded_(&loaded),
      settings_(std::move(settings)),
      template_(conversation_format(loaded, settings_.template_name), loaded.tokenizer),
      session_(loaded.model, loaded.tokenizer, *loaded.stream) {}

void Conversation::start_again(std::string system) {
  settings_.system = std::move(system);
  session_.reset();
  unread_.clear();
  unread_system_ = 0;
  open_answer_ = false;
  if (log_ != nullptr) log_->start_again();
}

void Conversation::resume(std::span<const TokenId> tokens, std::uint64_t draws, Turn turn) {
  session_.reset();
  session_.read(tokens);
  session_.set_draws(draws);
  unread_.clear();
  unread_system_ = 0;
  open_answer_ = turn != Turn::closed;
  in_thought_ = turn == Turn::open_thought;
}

Answer Conversation::ask(std::string_view question, bool solve, const AnswerText::Show& show) {
  const bool first = session_.tokens_read() == 0 && unread_.empty();
  if (open_answer_) append(unread_, template_.close_assistant());
  const bool with_system = first && !settings_.system.empty();
  if (log_ != nullptr) log_->asked(question, with_system ? settings_.system : "");
  if (with_system) {
    append(unread_, template_.tokens({ChatRole::system, settings_.system}, true));
    unread_system_ = unread_.size();
  }
  append(unread_, template_.tokens({ChatRole::user, std::string(question)}, first && !with_system, solve));
  in_thought_ = template_.opens_thought();
  open_answer_ = true;
  return answer(show);
}

Answer Conversation::go_on(const AnswerText::Show& show) { return answer(show); }

Answer Conversation::answer(const AnswerText::Show& show) {
  Interrupt::clear();
  Answer answer;
  const bool complete = read_prompt(answer);
  if (log_ != nullptr) log_->prompt_read(answer, complete);
  if (complete) {
    generate(answer, show);
  } else {
    answer.reason = StopReason::cancelled;
  }
  if (log_ != nullptr) log_->ended(answer);
  return answer;
}

bool Conversation::read_prompt(Answer& answer) {
  const auto begin = std::chrono::steady_clock::now();
  std::size_t done = 0;
  while (done < unread_.size() && !Interrupt::asked()) {
    const std::size_t count = std::min(conversation_block, unread_.size() - done);
    session_.read(std::span(unread_).subspan(done, count));
    done += count;
  }
  const auto end = unread_.begin() + static_cast<std::ptrdiff_t>(done);
  answer.prompt_tokens.assign(unread_.begin(), end);
  unread_.erase(unread_.begin(), end);
  answer.system_tokens = std::min(unread_system_, done);
  unread_system_ -= answer.system_tokens;
  answer.prompt_seconds = seconds_since(begin);
  return unread_.empty();
}

void Conversation::generate(Answer& answer, const AnswerText::Show& show) {
  GenerateOptions options;
  options.max_tokens = settings_.max_tokens;
  options.sampler = settings_.sampler;
  options.stop_tokens = template_.stop_tokens();
  options.stop_strings = template_.stop_strings();
  options.stop_strings.insert(options.stop_strings.end(), settings_.stop.begin(), settings_.stop.end());

  const auto show_and_log = [&](std::string_view piece, bool thought) {
    if (log_ != nullptr) log_->text(piece, thought);
    if (show) show(piece, thought);
  };
  AnswerText text(in_thought_, options.stop_strings, show_and_log);
  if (log_ != nullptr) log_->generation_begins();
  std::stop_source stop;
  const auto take = [&](const TokenEvent& event) {
    const bool in_thought = text.in_thought();
    text.push(event.bytes);
    if (log_ != nullptr) log_->token(event.token, in_thought);
    if (Interrupt::asked()) stop.request_stop();
  };
  GenerateResult result = session_.generate(options, take, stop.get_token());
  text.finish(result.reason == StopReason::stop_string);
  in_thought_ = text.in_thought();
  answer.thought = text.thought();
  answer.text = text.answer();
  answer.tokens = std::move(result.tokens);
  answer.seconds = result.seconds;
  answer.reason = result.reason;
  // A model that closed its turn itself has ended it by a stop token or by the template's own stop string.
  const bool by_user = std::ranges::count(template_.stop_strings(), text.stopped_by()) == 0;
  open_answer_ = result.reason != StopReason::stop_token && (result.reason != StopReason::stop_string || by_user);
}

Json answer_json(std::string_view question_key, std::string_view question, const Answer& answer,
                 const SamplerConfig& sampler) {
  Json json;
  json[std::string(question_key)] = question;
  json["thought"] = answer.thought;
  json["answer"] = answer.text;
  const auto boxed = last_boxed(answer.text);
  json["boxed"] = boxed ? Json(*boxed) : Json(nullptr);
  json["tokens"] = answer.tokens.size();
  json["seconds"] = answer.seconds;
  json["tokens_per_second"] = answer.tokens_per_second();
  json["stop_reason"] = name(answer.reason);
  json["prompt_tokens"] = answer.prompt_tokens.size();
  json["prompt_seconds"] = answer.prompt_seconds;
  json["seed"] = sampler.seed;
  json["temperature"] = sampler.params.temperature;
  return json;
}

std::string statistics_line(const Answer& answer, const State& state) {
  return "[" + std::to_string(answer.tokens.size()) + " tokens, " + fixed(answer.tokens_per_second(), 1) +
         " tokens/s, " + std::to_string(answer.prompt_tokens.size()) + " read in " + fixed(answer.prompt_seconds, 2) +
         " s, state " + size_text(static_cast<double>(state.bytes())) + ", " + std::string(name(answer.reason)) + "]";
}

}  // namespace holdfast::cli
