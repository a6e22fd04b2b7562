#include "app/services/thought_splitter.h"

#include <algorithm>
#include <utility>

namespace holdfast {
namespace {

constexpr std::string_view thought_begin = "<think>";
constexpr std::string_view thought_end = "</think>";
constexpr std::string_view white_space = " \t\r\n";
constexpr std::size_t longest_lead = 64;  // white space before <think>; behind more of it there is no marker

// Length of the longest end of `text` that `marker` begins with.
std::size_t marker_begun(std::string_view text, std::string_view marker) {
  for (std::size_t length = std::min(text.size(), marker.size() - 1); length > 0; --length) {
    if (text.ends_with(marker.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

ThoughtSplitter ThoughtSplitter::after(Part part, std::string& text) {
  ThoughtSplitter splitter(part);
  if (part == Part::thought) {
    const std::size_t begun = marker_begun(text, thought_end);
    splitter.held_ = text.substr(text.size() - begun);
    text.resize(text.size() - begun);
  }
  return splitter;
}

void ThoughtSplitter::decide() {
  const std::size_t lead = std::min(held_.find_first_not_of(white_space), held_.size());
  const std::string_view text = std::string_view(held_).substr(lead);
  if (text.starts_with(thought_begin)) {
    part_ = Part::thought;
    held_.erase(0, lead + thought_begin.size());
  } else if (lead > longest_lead || !thought_begin.starts_with(text)) {
    part_ = Part::answer;
  }
}

ThoughtSplitter::Added ThoughtSplitter::push(std::string_view text) {
  held_ += text;
  Added added;
  if (part_ == Part::undecided) decide();
  if (part_ == Part::thought) {
    const std::size_t end = held_.find(thought_end);
    if (end == std::string::npos) {
      const std::size_t sure = held_.size() - marker_begun(held_, thought_end);
      added.thought = held_.substr(0, sure);
      held_.erase(0, sure);
    } else {
      added.thought = held_.substr(0, end);
      held_.erase(0, end + thought_end.size());
      added.thought_ended = true;
      part_ = Part::answer;
    }
  }
  if (part_ == Part::answer) added.answer = std::exchange(held_, {});
  return added;
}

ThoughtSplitter::Added ThoughtSplitter::flush() {
  if (part_ == Part::undecided) part_ = Part::answer;
  Added added;
  (part_ == Part::thought ? added.thought : added.answer) = std::exchange(held_, {});
  return added;
}

std::string reply_without_markers(std::string_view reply) {
  const auto trimmed = [](std::string text) {
    text.erase(0, std::min(text.find_first_not_of(white_space), text.size()));
    text.erase(text.find_last_not_of(white_space) + 1);
    return text;
  };
  // The template may have opened the thought already.
  const bool opened = reply.find(thought_end) < reply.find(thought_begin);
  ThoughtSplitter splitter(opened ? ThoughtSplitter::Part::thought : ThoughtSplitter::Part::undecided);
  const ThoughtSplitter::Added most = splitter.push(reply);
  const ThoughtSplitter::Added rest = splitter.flush();
  const std::string thought = trimmed(most.thought + rest.thought);
  const std::string answer = trimmed(most.answer + rest.answer);
  return thought.empty() || answer.empty() ? thought + answer : thought + "\n\n" + answer;
}

}  // namespace holdfast
