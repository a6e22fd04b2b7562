// A problem with proof: its statement, why it was made so, how it is solved, and the answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

inline constexpr int easiest_level = 1, hardest_level = 5;

// A number that the statement gives, by the name that the family's check knows it by. Not shown: which of the family's
// questions is asked, and what stands there in words.
struct Given {
  std::string_view name;
  std::int64_t value = 0;
  bool shown = true;
};

struct Problem {
  std::string_view family;
  int level = 1;
  std::vector<std::string_view> concepts;  // names in the concept bank
  std::string statement;
  std::string rationale;  // how the concepts lead to this problem
  std::string solution;   // what is thought: small steps, one a line, without tags
  std::string answer;     // what stands in \boxed{}
  std::vector<Given> givens;
};

// The reply that a model is to learn: the thought, and the answer in its box. After an opened "<think>\n".
[[nodiscard]] inline std::string solved_text(const Problem& problem) {
  return problem.solution + "\n</think>\n\nThe answer is \\boxed{" + problem.answer + "}.";
}

}  // namespace holdfast
