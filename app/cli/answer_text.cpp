#include "app/cli/answer_text.h"

#include <algorithm>

namespace holdfast::cli {
namespace {

constexpr std::string_view answer_open_thought = "<think>";
constexpr std::string_view answer_close_thought = "</think>";
constexpr std::string_view answer_space = " \t\r\n";

// Length of the longest end of `text` that is a beginning of `tag`.
std::size_t overlap(std::string_view text, std::string_view tag) {
  for (std::size_t n = std::min(text.size(), tag.size()); n > 0; --n) {
    if (text.substr(text.size() - n) == tag.substr(0, n)) return n;
  }
  return 0;
}

std::optional<std::size_t> closing_brace(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;  // \{ and \} are characters of the answer, not its braces
    else if (text[i] == '{')
      ++depth;
    else if (text[i] == '}' && --depth == 0)
      return i;
  }
  return std::nullopt;
}

}  // namespace

AnswerText::AnswerText(bool in_thought, std::vector<std::string> stop_strings, Show show)
    : in_thought_(in_thought), stop_strings_(std::move(stop_strings)), show_(std::move(show)) {}

void AnswerText::push(std::string_view bytes) {
  pending_ += joiner_.push(bytes);
  drain();
}

void AnswerText::finish(bool at_stop_string) {
  pending_ += joiner_.flush();
  if (const std::string* stop = first_stop_string(); at_stop_string && stop != nullptr) {
    stopped_by_ = *stop;
    pending_.resize(pending_.find(*stop));
  }
  emit(pending_);
  pending_.clear();
}

// The marker that would change sides here; empty when none can.
std::string_view AnswerText::marker() const {
  if (in_thought_) return answer_close_thought;
  const bool anything_shown = !answer_.empty() || !thought_.empty();
  return anything_shown ? std::string_view{} : answer_open_thought;
}

// The stop string that stands first in what is pending; null when none stands there whole.
const std::string* AnswerText::first_stop_string() const {
  const std::string* first = nullptr;
  std::size_t at = std::string::npos;
  for (const std::string& stop : stop_strings_) {
    if (const std::size_t place = pending_.find(stop); place < at) {
      first = &stop;
      at = place;
    }
  }
  return first;
}

// How much of the end of what is pending may not be shown yet. A token's bytes may go on after a whole stop string.
std::size_t AnswerText::held() const {
  std::size_t longest = overlap(pending_, marker());
  for (const std::string& stop : stop_strings_) longest = std::max(longest, overlap(pending_, stop));
  const std::string* stop = first_stop_string();
  return stop == nullptr ? longest : std::max(longest, pending_.size() - pending_.find(*stop));
}

void AnswerText::drain() {
  while (!marker().empty()) {
    const std::size_t at = pending_.find(marker());
    const bool opens_late = !in_thought_ && at != pending_.find_first_not_of(answer_space);
    if (at == std::string::npos || opens_late) break;
    emit(std::string_view(pending_).substr(0, at));
    pending_.erase(0, at + marker().size());
    space_.clear();
    in_thought_ = !in_thought_;
    if (!in_thought_ && thought_.empty()) break;
  }
  const std::size_t shown = pending_.size() - held();
  emit(std::string_view(pending_).substr(0, shown));
  pending_.erase(0, shown);
}

void AnswerText::emit(std::string_view text) {
  std::string& whole = in_thought_ ? thought_ : answer_;
  const std::size_t last = text.find_last_not_of(answer_space);
  if (last == std::string_view::npos) {
    if (!whole.empty()) space_ += text;
    return;
  }
  const std::size_t first = whole.empty() ? text.find_first_not_of(answer_space) : 0;
  const std::string visible = space_ + std::string(text.substr(first, last + 1 - first));
  space_ = text.substr(last + 1);
  whole += visible;
  if (show_) show_(visible, in_thought_);
}

std::optional<std::string> last_boxed(std::string_view text) {
  constexpr std::string_view tag = "\\boxed{";
  for (std::size_t at = text.rfind(tag); at != std::string_view::npos;
       at = at == 0 ? at - 1 : text.rfind(tag, at - 1)) {
    const std::size_t open = at + tag.size() - 1;
    if (const auto close = closing_brace(text, open)) return std::string(text.substr(open + 1, *close - open - 1));
  }
  return std::nullopt;
}

}  // namespace holdfast::cli
