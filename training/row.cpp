#include "training/row.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "engine/json.h"
#include "kernels/error.h"
#include "training/made_problem.h"

namespace holdfast {
namespace {

constexpr std::string_view row_turn_start = "<|im_start|>";
constexpr std::string_view row_turn_end = "<|im_end|>";
constexpr std::string_view row_thought = "<think>";
constexpr std::string_view row_thought_end = "</think>";

[[noreturn]] void row_failed(std::string_view label, const std::string& reason) {
  throw FormatError(std::string(label) + ": " + reason);
}

ChatRole row_role(std::string_view role, std::string_view label) {
  if (role == "user" || role == "human") return ChatRole::user;
  if (role == "assistant" || role == "gpt" || role == "model") return ChatRole::assistant;
  if (role == "system") return ChatRole::system;
  row_failed(label, "role \"" + std::string(role.substr(0, 40)) + "\", want system, user or assistant");
}

// A string by its key, or nothing; another type is a fault.
std::optional<std::string> row_string(const JsonObject& object, const char* key) { return object.string(key); }

std::string row_needed(const JsonObject& object, const char* key) {
  auto value = row_string(object, key);
  if (!value) row_failed(object.label(), std::string(key) + ": missing, want a string");
  return *std::move(value);
}

// Cuts "<|im_start|>role\n...<|im_end|>\n ... <|im_start|>assistant\n[<think>\n]" into its turns.
std::vector<ChatMessage> row_turns_of_chatml(std::string_view prompt, std::string_view label) {
  std::vector<ChatMessage> turns;
  while (true) {
    while (!prompt.empty() && (prompt.front() == '\n' || prompt.front() == ' ')) prompt.remove_prefix(1);
    if (!prompt.starts_with(row_turn_start)) {
      row_failed(label, "prompt: ChatML that does not end with an opened assistant's turn");
    }
    prompt.remove_prefix(row_turn_start.size());
    const std::size_t line = prompt.find('\n');
    if (line == std::string_view::npos) row_failed(label, "prompt: a turn of ChatML without a line end after its role");
    const ChatRole role = row_role(prompt.substr(0, line), label);
    prompt.remove_prefix(line + 1);
    const std::size_t end = prompt.find(row_turn_end);
    if (end == std::string_view::npos) {
      const bool opened = prompt.find_first_not_of(" \n") == std::string_view::npos || prompt.starts_with(row_thought);
      if (role == ChatRole::assistant && opened) return turns;
      row_failed(label, "prompt: ChatML whose last turn is neither closed nor the assistant's");
    }
    turns.push_back({role, std::string(prompt.substr(0, end))});
    prompt.remove_prefix(end + row_turn_end.size());
  }
}

TrainingRow row_of_prompt(const JsonObject& object) {
  const std::string prompt = row_needed(object, "prompt");
  TrainingRow row;
  if (prompt.find(row_turn_start) != std::string::npos) {
    row.messages = row_turns_of_chatml(prompt, object.label());
  } else {
    if (auto system = row_string(object, "system")) row.messages.push_back({ChatRole::system, *std::move(system)});
    row.messages.push_back({ChatRole::user, prompt});
  }
  std::string completion = row_needed(object, "completion");
  if (completion.ends_with(row_turn_end)) completion.resize(completion.size() - row_turn_end.size());
  row.messages.push_back({ChatRole::assistant, std::move(completion)});
  return row;
}

TrainingRow row_of_turns(const JsonObject& object, const char* list, const char* role, const char* text) {
  const Json* turns = object.find(list);
  if (!turns->is_array()) object.fail(list, *turns, "want a list of turns");
  TrainingRow row;
  if (auto system = row_string(object, "system"); system && !system->empty()) {
    row.messages.push_back({ChatRole::system, *std::move(system)});
  }
  for (std::size_t i = 0; i < turns->size(); ++i) {
    const JsonObject turn((*turns)[i], object.label() + ": " + list + "[" + std::to_string(i) + "]");
    row.messages.push_back({row_role(row_needed(turn, role), turn.label()), row_needed(turn, text)});
  }
  return row;
}

TrainingRow row_of_instruction(const JsonObject& object) {
  TrainingRow row;
  if (auto system = row_string(object, "system"); system && !system->empty()) {
    row.messages.push_back({ChatRole::system, *std::move(system)});
  }
  if (const Json* history = object.find("history")) {
    if (!history->is_array()) object.fail("history", *history, "want a list of pairs of strings");
    for (const Json& pair : *history) {
      if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
        object.fail("history", pair, "want a pair of strings");
      }
      row.messages.push_back({ChatRole::user, pair[0].get<std::string>()});
      row.messages.push_back({ChatRole::assistant, pair[1].get<std::string>()});
    }
  }
  std::string question = row_needed(object, "instruction");
  if (const auto input = row_string(object, "input"); input && !input->empty()) question += "\n\n" + *input;
  row.messages.push_back({ChatRole::user, std::move(question)});
  row.messages.push_back({ChatRole::assistant, row_needed(object, "output")});
  return row;
}

TrainingRow row_of_problem(const JsonObject& object) {
  TrainingRow row;
  auto system = row_string(object, "system");
  if (system && !system->empty()) row.messages.push_back({ChatRole::system, *std::move(system)});
  row.messages.push_back({ChatRole::user, row_needed(object, object.has("problem") ? "problem" : "question")});
  const std::string solution = row_string(object, "solution").value_or("");
  // A number is an answer as good as its digits.
  const Json* answer = object.find("answer");
  const bool number = answer != nullptr && answer->is_number();
  const std::string boxed = number ? answer->dump() : row_string(object, "answer").value_or("");
  if (solution.empty() && boxed.empty())
    row_failed(object.label(), "neither a solution nor an answer, want one to learn");
  row.messages.push_back({ChatRole::assistant, training_reply(solution, boxed)});
  return row;
}

TrainingRow row_of_object(const JsonObject& object) {
  if (object.has("messages")) return row_of_turns(object, "messages", "role", "content");
  if (object.has("conversations")) return row_of_turns(object, "conversations", "from", "value");
  if (object.has("prompt")) return row_of_prompt(object);
  if (object.has("instruction")) return row_of_instruction(object);
  if (object.has("problem") || object.has("question")) return row_of_problem(object);
  if (!object.has("text")) {
    row_failed(object.label(),
               "none of prompt, messages, conversations, instruction, problem and text is there, want one");
  }
  TrainingRow row;
  row.text = row_needed(object, "text");
  return row;
}

void check_row_turns(const TrainingRow& row, std::string_view label) {
  if (row.messages.empty()) {
    if (row.text.empty()) row_failed(label, "empty, want a text or at least one question and its answer");
    return;
  }
  bool asked = false;
  bool answered = false;
  for (const ChatMessage& message : row.messages) {
    if (message.role == ChatRole::user) asked = true;
    if (message.role != ChatRole::assistant) continue;
    if (!asked) row_failed(label, "the assistant speaks before the user, want a question first");
    if (message.text.empty()) row_failed(label, "an answer is empty, want something to learn");
    answered = true;
  }
  if (!answered) row_failed(label, "no turn of the assistant, want at least one");
}

// What the assistant says after its opened turn.
std::string row_reply(const ChatMessage& message, const ChatTemplate& chat) {
  if (!chat.opens_thought() || message.text.find(row_thought_end) != std::string::npos) return message.text;
  if (message.text.starts_with(row_thought)) throw FormatError("a thought that never ends, want </think> after it");
  return "\n" + std::string(row_thought_end) + "\n\n" + message.text;
}

std::size_t turns_up_to_last_reply(const TrainingRow& row) {
  std::size_t count = row.messages.size();
  while (count > 0 && row.messages[count - 1].role != ChatRole::assistant) --count;
  return count;
}

}  // namespace

TrainingRow parse_training_row(std::string_view json, std::string_view label) {
  if (json.size() > longest_row_bytes) {
    row_failed(label, std::to_string(json.size()) + " bytes, want at most " + std::to_string(longest_row_bytes));
  }
  const Json value = parse_json(json, label);
  const JsonObject object(value, std::string(label));
  const Json* verdict = object.find("verdict");
  if (verdict != nullptr && *verdict == "rejected") row_failed(label, "a problem that was rejected when it was made");
  TrainingRow row = row_of_object(object);
  check_row_turns(row, label);
  if (const auto difficulty = object.has("difficulty") ? object.number("difficulty") : object.number("level")) {
    if (!std::isfinite(*difficulty)) row_failed(label, "difficulty: not finite, want a number");
    row.difficulty = *difficulty;
  }
  return row;
}

EncodedRow encode_row(const TrainingRow& row, const ChatTemplate& chat, const Tokenizer& tokenizer) {
  EncodedRow encoded;
  const auto add = [&](const std::vector<TokenId>& tokens, float weight) {
    encoded.tokens.insert(encoded.tokens.end(), tokens.begin(), tokens.end());
    encoded.weights.insert(encoded.weights.end(), tokens.size(), weight);
  };
  if (row.messages.empty()) {
    if (tokenizer.adds_bos() && tokenizer.bos()) add({*tokenizer.bos()}, 0.0f);
    add(tokenizer.encode(row.text), 1.0f);
    if (tokenizer.eos()) add({*tokenizer.eos()}, 1.0f);
    if (encoded.tokens.size() < 2) throw FormatError("a text of one token, want at least two");
    return encoded;
  }
  const std::size_t end = turns_up_to_last_reply(row);
  for (std::size_t at = 0; at < end;) {
    std::size_t reply = at;
    while (row.messages[reply].role != ChatRole::assistant) ++reply;
    const std::span given = std::span(row.messages).subspan(at, reply - at);
    if (!given.empty()) add(chat.tokens(given, at == 0, row.solve), 0.0f);
    add(chat.tokens({ChatRole::assistant, row_reply(row.messages[reply], chat)}, false), 1.0f);
    if (chat.format() == ChatFormat::plain && tokenizer.eos()) add({*tokenizer.eos()}, 1.0f);
    at = reply + 1;
  }
  return encoded;
}

PromptAndReply split_last_turn(const TrainingRow& row, const ChatTemplate& chat) {
  const std::size_t end = turns_up_to_last_reply(row);
  if (end == 0) throw FormatError("no turn of the assistant, want a question and its answer");
  PromptAndReply split;
  std::vector<ChatMessage> given(row.messages.begin(), row.messages.begin() + static_cast<std::ptrdiff_t>(end) - 1);
  for (ChatMessage& message : given) {
    if (message.role == ChatRole::assistant) message.text = row_reply(message, chat);
  }
  split.prompt = chat.tokens(given, true, row.solve);
  split.reply = row_reply(row.messages[end - 1], chat);
  return split;
}

}  // namespace holdfast
