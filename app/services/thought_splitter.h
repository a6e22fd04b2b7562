// Tells a model's thought from its answer while the text arrives. No Qt.
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

class ThoughtSplitter {
 public:
  // undecided: the text may begin with <think> or may be the answer at once.
  enum class Part { undecided, thought, answer };

  explicit ThoughtSplitter(Part start = Part::undecided) : part_(start) {}
  // Goes on behind `text` of a part that was stopped: its end may be the beginning of a marker, and is cut off from it.
  static ThoughtSplitter after(Part part, std::string& text);

  // What this text adds to each part. The beginning of a marker is held back until the rest shows whether it is one.
  struct Added {
    std::string thought;
    std::string answer;
    bool thought_ended = false;  // by this text
  };
  [[nodiscard]] Added push(std::string_view text);
  [[nodiscard]] Added flush();  // what was held back, as plain text
  [[nodiscard]] Part part() const noexcept { return part_; }

 private:
  void decide();

  Part part_;
  std::string held_;
};

// A whole reply as one text to be read: the thought, an empty line, the answer.
[[nodiscard]] std::string reply_without_markers(std::string_view reply);

}  // namespace holdfast
