#include "app/services/problem_parts.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace holdfast {
namespace {

constexpr std::string_view spaces = " \t\r\n";

constexpr auto asking_words = std::to_array<std::string_view>(
    {"find",  "compute", "determine", "calculate", "evaluate", "solve",    "simplify", "prove",  "show",       "how",
     "what",  "which",   "who",       "when",      "where",    "express",  "give",     "state",  "write",      "list",
     "count", "factor",  "expand",    "round",     "convert",  "estimate", "decide",   "in how", "let us find"});

std::string_view trimmed_sentence(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(spaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

bool is_digit(std::string_view text, std::size_t i) {
  return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
}

// Ends of sentences: a mark outside formulas with white space behind it, or an empty line.
std::vector<std::string_view> sentences_of(std::string_view text) {
  std::vector<std::string_view> sentences;
  std::size_t begin = 0;
  bool formula = false;
  const auto end_at = [&](std::size_t end) {
    if (const std::string_view sentence = trimmed_sentence(text.substr(begin, end - begin)); !sentence.empty()) {
      sentences.push_back(sentence);
    }
    begin = end;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = i > 0 && text[i - 1] == '\\';
    // A dollar before a digit and no second one on the line is money.
    if (text[i] == '$' && !escaped && (formula || text.find('$', i + 1) < text.find('\n', i))) formula = !formula;
    const bool mark = text[i] == '?' || text[i] == '!' || (text[i] == '.' && !(is_digit(text, i + 1)));
    const bool ends = i + 1 == text.size() || spaces.find(text[i + 1]) != std::string_view::npos;
    if ((!formula && mark && ends) || text.substr(i).starts_with("\n\n")) end_at(i + 1);
  }
  end_at(text.size());
  return sentences;
}

bool asks(std::string_view sentence) {
  if (sentence.ends_with('?')) return true;
  std::string begin(sentence.substr(0, 16));
  std::ranges::transform(begin, begin.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(asking_words, [&](std::string_view word) {
    return begin.starts_with(word) &&
           (begin.size() == word.size() || std::isalpha(static_cast<unsigned char>(begin[word.size()])) == 0);
  });
}

}  // namespace

std::vector<std::string> sentences_of_problem(std::string_view text) {
  const std::vector<std::string_view> sentences = sentences_of(text);
  return {sentences.begin(), sentences.end()};
}

ProblemParts parts_of_problem(std::string_view text) {
  ProblemParts parts;
  for (const std::string_view sentence : sentences_of(text)) {
    if (asks(sentence)) {
      parts.asked += (parts.asked.empty() ? "" : " ") + std::string(sentence);
    } else {
      parts.given.emplace_back(sentence);
    }
  }
  if (parts.asked.empty()) return {.given = {}, .asked = std::string(trimmed_sentence(text))};
  return parts;
}

}  // namespace holdfast
