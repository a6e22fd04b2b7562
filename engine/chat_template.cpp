#include "engine/chat_template.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/utf8.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::string_view chat_start = "<|im_start|>", chat_end = "<|im_end|>";
constexpr std::string_view chat_think = "<think>", chat_think_end = "</think>";
constexpr std::string_view chat_instruction = "[INST]", chat_instruction_end = "[/INST]";
constexpr std::string_view chat_solve = "\nPlease reason step by step, and put your final answer within \\boxed{}.";

constexpr std::pair<ChatFormat, std::string_view> chat_formats[] = {
    {ChatFormat::chatml, "chatml"}, {ChatFormat::mistral, "mistral"}, {ChatFormat::plain, "plain"}};

std::string_view chat_role(ChatRole role) noexcept {
  switch (role) {
    case ChatRole::system: return "system";
    case ChatRole::user: return "user";
    case ChatRole::assistant: return "assistant";
  }
  return "user";
}

std::string_view trim_line_breaks(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == '\n' || text.front() == '\r')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view name(ChatFormat format) noexcept {
  for (const auto& [known, text] : chat_formats) {
    if (known == format) return text;
  }
  return "plain";
}

ChatFormat chat_format(std::string_view name) {
  for (const auto& [known, text] : chat_formats) {
    if (text == name) return known;
  }
  throw ArgumentError("chat format \"" + std::string(name) + "\", known are chatml, mistral and plain");
}

ChatFormat choose_chat_format(const Checkpoint& checkpoint, const Tokenizer& tokenizer) {
  if (const auto text = checkpoint.chat_template_text()) {
    if (text->find(chat_start) != std::string::npos) return ChatFormat::chatml;
    if (text->find(chat_instruction) != std::string::npos) return ChatFormat::mistral;
  }
  if (tokenizer.find(chat_start) && tokenizer.find(chat_end)) return ChatFormat::chatml;
  if (tokenizer.find(chat_instruction) && tokenizer.find(chat_instruction_end)) return ChatFormat::mistral;
  return ChatFormat::plain;
}

SplitText split_thought(std::string_view text, bool opened) noexcept {
  const std::size_t begin = std::min(text.find_first_not_of(" \r\n"), text.size());
  const bool marked = text.substr(begin).starts_with(chat_think);
  if (!opened && !marked) return {{}, text, true};
  if (marked) text.remove_prefix(begin + chat_think.size());
  const std::size_t end = text.find(chat_think_end);
  if (end != std::string_view::npos) {
    std::string_view answer = text.substr(end + chat_think_end.size());
    while (!answer.empty() && (answer.front() == '\n' || answer.front() == '\r')) answer.remove_prefix(1);
    return {trim_line_breaks(text.substr(0, end)), answer, true};
  }
  for (std::size_t length = chat_think_end.size() - 1; length > 0; --length) {
    if (text.ends_with(chat_think_end.substr(0, length))) {
      text.remove_suffix(length);
      break;
    }
  }
  return {trim_line_breaks(text), {}, false};
}

// Collects text and markers, and encodes text in runs as long as possible: a vocabulary without the markers saw the
// whole turn as one text.
class ChatTemplate::Writer {
 public:
  Writer(const Tokenizer& tokenizer, bool first) : tokenizer_(tokenizer), at_start_(first) {
    if (first && tokenizer.adds_bos()) ids_.push_back(*tokenizer.bos());
  }

  // The format's own words.
  void text(std::string_view text) { run_ += text; }
  // A marker: its token if the vocabulary has one, else its text.
  void marker(std::string_view marker) {
    if (const auto id = tokenizer_.find(marker)) {
      token(*id);
    } else {
      run_ += marker;
    }
  }
  void token(TokenId id) {
    flush();
    ids_.push_back(id);
    at_start_ = false;
  }
  // Somebody's words: what looks like a marker is cut so that its tokens are not the marker's.
  void content(std::string_view text, std::span<const std::string_view> markers) {
    for (std::size_t at = 0; at < text.size();) {
      const auto marker = std::find_if(markers.begin(), markers.end(), [&](std::string_view candidate) {
        return text.substr(at).starts_with(candidate) && !tokenizer_.find(candidate);
      });
      if (marker == markers.end()) {
        run_ += text[at++];
        continue;
      }
      break_marker(*marker);
      at += marker->size();
    }
  }
  std::vector<TokenId> finish() {
    flush();
    return std::move(ids_);
  }

 private:
  void flush() {
    if (run_.empty()) return;
    const auto part = at_start_ ? tokenizer_.encode(run_) : tokenizer_.encode_continuation(run_);
    ids_.insert(ids_.end(), part.begin(), part.end());
    at_start_ = false;
    run_.clear();
  }
  // Two runs that meet inside one of the marker's tokens give other tokens and the same text.
  void break_marker(std::string_view marker) {
    const auto whole = tokenizer_.encode_continuation(marker);
    for (std::size_t cut = 1; cut < marker.size(); ++cut) {
      auto parts = tokenizer_.encode_continuation(marker.substr(0, cut));
      const auto rest = tokenizer_.encode_continuation(marker.substr(cut));
      parts.insert(parts.end(), rest.begin(), rest.end());
      if (parts == whole) continue;
      run_ += marker.substr(0, cut);
      flush();
      run_ += marker.substr(cut);
      return;
    }
    run_ += marker;  // a vocabulary of single characters has only one way to write it
  }

  const Tokenizer& tokenizer_;
  std::vector<TokenId> ids_;
  std::string run_;
  bool at_start_;
};

ChatTemplate::ChatTemplate(ChatFormat format, std::shared_ptr<const Tokenizer> tokenizer)
    : format_(format), tokenizer_(std::move(tokenizer)) {
  if (!tokenizer_) throw ArgumentError("ChatTemplate: no tokenizer");
  if (const auto eos = tokenizer_->eos()) stop_tokens_.push_back(*eos);
  if (format_ != ChatFormat::chatml) return;
  const auto end = tokenizer_->find(chat_end);
  if (!end) {
    stop_strings_.emplace_back(chat_end);
  } else if (std::find(stop_tokens_.begin(), stop_tokens_.end(), *end) == stop_tokens_.end()) {
    stop_tokens_.push_back(*end);
  }
}

// Each turn ends with <|im_end|>; the line break after it comes with the next turn, since the model stops at the
// marker.
void ChatTemplate::write_chatml(Writer& out, const ChatMessage& message, bool solve) const {
  constexpr std::array markers{chat_start, chat_end};
  constexpr std::array thought_markers{chat_start, chat_end, chat_think, chat_think_end};
  if (message.role == ChatRole::assistant) {
    std::string_view text = message.text;
    if (text.starts_with(chat_think)) {  // the opened turn has it
      text.remove_prefix(chat_think.size());
      if (text.starts_with('\n')) text.remove_prefix(1);
    }
    const std::size_t end = text.find(chat_think_end);
    out.content(text.substr(0, end), markers);
    if (end != std::string_view::npos) {
      out.marker(chat_think_end);
      out.content(text.substr(end + chat_think_end.size()), markers);
    }
    out.marker(chat_end);
    return;
  }
  out.marker(chat_start);
  out.text(chat_role(message.role));
  out.text("\n");
  out.content(message.text, thought_markers);
  if (solve && message.role == ChatRole::user) out.text(chat_solve);
  out.marker(chat_end);
  if (message.role == ChatRole::system) return;
  out.text("\n");
  out.marker(chat_start);
  out.text("assistant\n");
  out.marker(chat_think);
  out.text("\n");
}

void ChatTemplate::write_mistral(Writer& out, const ChatMessage& message) const {
  constexpr std::array markers{chat_instruction, chat_instruction_end};
  if (message.role == ChatRole::assistant) {
    if (!message.text.starts_with(' ')) out.text(" ");
    out.content(message.text, markers);
    if (const auto eos = tokenizer_->eos()) out.token(*eos);
    return;
  }
  out.marker(chat_instruction);
  out.text(" ");
  out.content(message.text, markers);
  out.marker(chat_instruction_end);
}

void ChatTemplate::write(Writer& out, const ChatMessage& message, bool solve) const {
  switch (format_) {
    case ChatFormat::chatml: return write_chatml(out, message, solve);
    case ChatFormat::mistral: return write_mistral(out, message);
    case ChatFormat::plain: return out.content(message.text, {});
  }
}

std::vector<TokenId> ChatTemplate::tokens(const ChatMessage& message, bool first, bool solve) const {
  return tokens(std::span(&message, 1), first, solve);
}

std::vector<TokenId> ChatTemplate::tokens(std::span<const ChatMessage> messages, bool first, bool solve) const {
  Writer out(*tokenizer_, first);
  std::string system;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const ChatMessage& message = messages[i];
    const bool user_follows = i + 1 < messages.size() && messages[i + 1].role == ChatRole::user;
    if (format_ == ChatFormat::mistral && message.role == ChatRole::system && user_follows) {
      system = message.text + "\n\n";
      continue;
    }
    const bool goes_on = first && i == 0;
    if (format_ == ChatFormat::chatml && message.role != ChatRole::assistant && !goes_on) out.text("\n");
    // An assistant's words at the very beginning have no opened turn to go on from.
    if (format_ == ChatFormat::chatml && message.role == ChatRole::assistant && goes_on) {
      out.marker(chat_start);
      out.text("assistant\n");
      out.marker(chat_think);
      out.text("\n");
    }
    write(out, {message.role, std::exchange(system, {}) + message.text}, solve);
  }
  return out.finish();
}

std::vector<TokenId> ChatTemplate::close_assistant() const {
  Writer out(*tokenizer_, false);
  if (format_ == ChatFormat::chatml) out.marker(chat_end);
  if (format_ == ChatFormat::mistral && tokenizer_->eos()) out.token(*tokenizer_->eos());
  return out.finish();
}

}  // namespace holdfast
