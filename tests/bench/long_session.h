// Sessions of many turns, for the benches that open them again.
#pragma once

#include <algorithm>
#include <string>

#include "app/services/chat_engine.h"

namespace holdfast::bench {

struct LongSession {
  SessionId id;
  std::int64_t tokens = 0;
};

// Turns of about a thousand tokens until there are so many; each with a short answer.
inline LongSession make_session(ChatEngine& engine, Store& store, std::int64_t tokens) {
  constexpr std::int64_t turn_tokens = 1000;
  const TurnEvents quiet{.reading = [](auto, auto) {}, .started = [](const auto&, auto) {}};
  TurnSettings settings;
  settings.max_tokens = 16;
  const auto tokenizer = engine.shared_model().tokenizer;
  LongSession made{.id = store.create_session("bench")};
  for (int turn = 0; made.tokens < tokens; ++turn) {
    std::string text;
    const std::int64_t wanted = std::min(turn_tokens, tokens - made.tokens) - 32;
    for (int i = 0; std::ssize(tokenizer->encode(text)) < wanted; ++i) {
      text += "Box " + std::to_string(turn * 100 + i) + " holds " + std::to_string(i * 7 + 3) + " apples. ";
    }
    store.add_user_message(made.id, text);
    engine.answer(made.id, settings, quiet, {});
    engine.keep_state(made.id);
    made.tokens = 0;
    for (const NodeRow& node : store.branch(made.id)) made.tokens += node.token_count;
  }
  return made;
}

// A question and one text of so many tokens, stopped, with the alternatives of each token.
inline LongSession make_text(ChatEngine& engine, Store& store, std::int64_t tokens) {
  const TurnEvents quiet{.reading = [](auto, auto) {}, .started = [](const auto&, auto) {}};
  const auto tokenizer = engine.shared_model().tokenizer;
  const NodeRow question = store.add_user_message({}, "How many apples are there?");
  TurnSettings settings;
  settings.max_tokens = 1;
  NodeRow row = engine.answer(question.session, settings, quiet, {}).value();
  row.stop_reason = "edited";
  for (std::int64_t i = 0; std::ssize(tokenizer->encode(row.text)) < tokens - 32; i += 50) {
    for (std::int64_t j = i; j < i + 50; ++j) {
      row.text += "Box " + std::to_string(j) + " holds " + std::to_string(j * 7 + 3) + " apples. ";
    }
  }
  row.tokens.reset();
  row = store.add_node(row);
  row = engine.go_on(row.session, 1, quiet, {}).value();
  store.set_token_choices(
      row.id, 0, std::vector<TokenChoice>(
                  row.tokens->size(),
                  {.log_prob = -1.0f, .alternatives = {{1, -1.0f}, {2, -2.0f}, {3, -3.0f}, {4, -4.0f}, {5, -5.0f}}}));
  engine.keep_state(row.session);
  LongSession made{.id = row.session};
  for (const NodeRow& node : store.branch(made.id)) made.tokens += node.token_count;
  return made;
}

}  // namespace holdfast::bench
