// From the bytes of an answer to what is shown: whole characters, the thought apart from the answer, no markers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/utf8.h"

namespace holdfast::cli {

// Takes the bytes as they come. A piece of text that may turn out to be a marker or a stop string is held back until it
// is known. White space at the ends of thought and answer is left out.
class AnswerText {
 public:
  using Show = std::function<void(std::string_view text, bool thought)>;
  // in_thought: the template opened the thought, so the text up to </think> is one; else only a text that starts with
  // <think> has a thought.
  AnswerText(bool in_thought, std::vector<std::string> stop_strings, Show show);

  void push(std::string_view bytes);
  void finish(bool at_stop_string);  // no more bytes; true: the text ends with a stop string, which is not shown

  [[nodiscard]] const std::string& thought() const noexcept { return thought_; }
  [[nodiscard]] const std::string& answer() const noexcept { return answer_; }
  [[nodiscard]] const std::string& stopped_by() const noexcept { return stopped_by_; }  // the stop string, or empty
  [[nodiscard]] bool in_thought() const noexcept { return in_thought_; }

 private:
  void drain();
  void emit(std::string_view text);
  [[nodiscard]] std::string_view marker() const;
  [[nodiscard]] const std::string* first_stop_string() const;
  [[nodiscard]] std::size_t held() const;

  bool in_thought_;
  std::vector<std::string> stop_strings_;
  Show show_;
  Utf8Joiner joiner_;
  std::string pending_;
  std::string space_;  // white space that is shown only if text follows
  std::string thought_;
  std::string answer_;
  std::string stopped_by_;
};

// What stands in the last \boxed{...} of the text whose braces match.
[[nodiscard]] std::optional<std::string> last_boxed(std::string_view text);

}  // namespace holdfast::cli
