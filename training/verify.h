// Is this answer right? By value, never by spelling alone: numbers, surds, expressions, sets, intervals, units, words.
// Every function here ends quickly on any input (bounded length, depth and work), throws nothing on bytes from outside,
// and may be called from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

enum class AnswerSource {
  boxed,       // the last \boxed{...} whose braces match
  stated,      // what follows the last "answer is", "answer:" or "####"
  last_number  // nothing of the kind: the last number of the text
};
[[nodiscard]] std::string_view name(AnswerSource) noexcept;

struct ExtractedAnswer {
  std::string text;
  AnswerSource source = AnswerSource::boxed;
};
// What a completion answers, looked for after the thinking only. A thought that never ended has no answer: nothing in it
// was meant as one. thought_opened: the template had opened the thought before the completion began.
[[nodiscard]] std::optional<ExtractedAnswer> extract_answer(std::string_view completion, bool thought_opened = false);

// True when `given` answers what `expected` answers. The rules that are a choice:
//  * exact forms are compared exactly: 0.5 is 1/2, 2\sqrt{3} is \sqrt{12}, x+1 is 1+x. A decimal stands for an irrational
//    or periodic value only if it is that value rounded to at least four significant digits: 0.3333 is 1/3, 0.33 is not.
//  * a unit may be missing on either side, also the sign of degrees; two units must agree in kind, and are converted
//    exactly: 1 m is 100 cm, 2 hours 30 minutes are 150 minutes, 5 kg is not 5 cm. Words that count things
//    ("12 apples") are not compared. Numbers may be words.
//  * 3:30 p.m. is 15:30, and 3:30 without a half of the day is either. Other numbers with ":" are ratios: 4:6 is 2:3.
//  * 50% is 0.5. A bare 50 is taken for an expected 50% (the question asked for per cent), 50% never for an expected 50.
//  * (1,2) keeps its order, {1,2} and the bare list "1, 2" do not; the kinds of brackets must agree, but a list without
//    any is also taken for a tuple of the same order or a set.
//  * "x = 5" answers 5; equations are equal when one is a multiple of the other. Inequalities in one variable are the
//    intervals where they hold. \pm stands for both values.
[[nodiscard]] bool is_right(std::string_view given, std::string_view expected);

// Symmetric: each would be right for the other. What votes are counted by.
[[nodiscard]] bool same_answer(std::string_view a, std::string_view b);

}  // namespace holdfast
