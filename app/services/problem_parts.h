// A problem's text as what is given and what is asked. No Qt.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

struct ProblemParts {
  std::vector<std::string> given{};  // sentences
  std::string asked{};               // the sentences that ask or tell to find something
};

[[nodiscard]] std::vector<std::string> sentences_of_problem(std::string_view text);

// Sentences are told apart outside formulas and decimals; those that ask end in a question mark or begin with a word
// that tells to do something. A text in which nothing asks is asked as a whole.
[[nodiscard]] ProblemParts parts_of_problem(std::string_view text);

}  // namespace holdfast
