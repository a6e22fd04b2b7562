#include "training/problem_rules.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

namespace holdfast {
namespace {

constexpr std::size_t rules_least_words = 2, rules_most_words = 400;
constexpr std::size_t rules_sentence_words = 4;  // shorter ones may stand twice: "Why?"

constexpr std::array<std::string_view, 9> rules_markers{"<|",      "<think", "</think", "<!--",         "-->",
                                                        "\\boxed", "[INST]", "[/INST]", "the answer is"};
constexpr std::array<std::string_view, 55> rules_tasks{
    "find",     "determine", "calculate", "compute", "solve",    "evaluate", "simplify", "write",
    "express",  "prove",     "show",      "round",   "order",    "list",     "convert",  "expand",
    "factor",   "factorise", "factorize", "name",    "give",     "work",     "add",      "subtract",
    "multiply", "divide",    "compare",   "reduce",  "estimate", "complete", "continue", "count",
    "state",    "arrange",   "sort",      "what",    "how",      "which",    "put",      "turn",
    "what's",   "average",   "square",    "double",  "halve",    "take",     "cube",     "identify",
    "decide",   "fill",      "tell",      "say",     "explain",  "help",     "who"};
constexpr std::array<std::string_view, 27> rules_numbers{
    "one",    "two",    "three",  "four",    "five",    "six",      "seven", "eight", "nine",
    "ten",    "eleven", "twelve", "twenty",  "hundred", "thousand", "half",  "twice", "double",
    "triple", "dozen",  "third",  "quarter", "pair",    "both",     "first", "zero",  "than"};
constexpr std::array<std::string_view, 3> judge_grades{"perfect", "acceptable", "bad"};
constexpr std::array<std::string_view, 5> judge_criteria{"format", "factual accuracy", "difficulty alignment",
                                                         "concept coverage", "solvability"};

std::string rules_lowered(std::string_view text) {
  std::string low(text);
  for (char& c : low) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return low;
}

std::string_view rules_trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool rules_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// Runs between white space, in lower case, without punctuation around them; runs of nothing else are words as they are.
std::vector<std::string> rules_words(std::string_view text) {
  constexpr std::string_view around = ".,;:!?\"'()[]$*";
  std::vector<std::string> words;
  const std::string low = rules_lowered(text);
  for (std::size_t at = 0; at < low.size();) {
    at = low.find_first_not_of(" \t\r\n", at);
    if (at == std::string::npos) break;
    const std::size_t end = std::min(low.find_first_of(" \t\r\n", at), low.size());
    std::string word = low.substr(at, end - at);
    at = end;
    const std::size_t first = word.find_first_not_of(around);
    if (first != std::string::npos) word = word.substr(first, word.find_last_not_of(around) - first + 1);
    words.push_back(std::move(word));
  }
  return words;
}

std::vector<std::string_view> rules_sentences(std::string_view text) {
  std::vector<std::string_view> sentences;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool stop =
        (text[i] == '.' || text[i] == '?' || text[i] == '!') && (i + 1 == text.size() || text[i + 1] == ' ');
    if (!stop && text[i] != '\n' && i + 1 != text.size()) continue;
    sentences.push_back(text.substr(begin, i + 1 - begin));
    begin = i + 1;
  }
  return sentences;
}

std::string rule_complete(const MadeProblem& made) {
  if (rules_blank(made.problem)) return "no problem";
  if (rules_blank(made.rationale)) return "no rationale";
  return made.ended ? "" : "it does not end";
}

std::string rule_length(const MadeProblem& made) {
  const std::size_t count = rules_words(made.problem).size();
  if (count >= rules_least_words && count <= rules_most_words) return "";
  return std::to_string(count) + " words, want " + std::to_string(rules_least_words) + " to " +
         std::to_string(rules_most_words);
}

std::string rule_clean(const MadeProblem& made) {
  for (const char c : made.problem) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F) return "a control character";
  }
  const std::string low = rules_lowered(made.problem);
  if (low.find("\xEF\xBF\xBD") != std::string::npos) return "bytes that are no character";
  for (const std::string_view marker : rules_markers) {
    if (low.find(rules_lowered(marker)) != std::string::npos) return "\"" + std::string(marker) + "\" in it";
  }
  return "";
}

// Half-open intervals mix round and square brackets, so those two are counted together.
std::string rule_balanced(const MadeProblem& made) {
  int round = 0, braces = 0;
  for (const char c : made.problem) {
    if (c == '(' || c == '[') ++round;
    if (c == ')' || c == ']') --round;
    if (c == '{') ++braces;
    if (c == '}') --braces;
    if (round < 0 || braces < 0) break;
  }
  return round == 0 && braces == 0 ? "" : "a bracket without its other half";
}

std::string rule_asks(const MadeProblem& made) {
  if (made.problem.find('?') != std::string::npos) return "";
  // A phrase asks for its value: "4 * 5", "three squared".
  if (!rules_trimmed(made.problem).ends_with('.') && rules_sentences(rules_trimmed(made.problem)).size() == 1)
    return "";
  for (std::string_view sentence : rules_sentences(made.problem)) {
    while (!sentence.empty()) {  // clause by clause: "If half of it is 6, find it."
      const std::size_t end = std::min(sentence.find_first_of(",:;"), sentence.size() - 1);
      const std::vector<std::string> words = rules_words(sentence.substr(0, end + 1));
      sentence.remove_prefix(end + 1);
      // "Now find", "Then write": the first words decide.
      for (std::size_t i = 0; i < std::min<std::size_t>(3, words.size()); ++i) {
        if (std::ranges::find(rules_tasks, words[i]) != rules_tasks.end()) return "";
      }
    }
  }
  return "no question and no task";
}

std::string rule_concrete(const MadeProblem& made) {
  if (made.problem.find_first_of("0123456789") != std::string::npos) return "";
  for (const std::string& word : rules_words(made.problem)) {
    if (std::ranges::find(rules_numbers, word) != rules_numbers.end()) return "";
  }
  int capitals = 0;  // the letters of BUTTER
  for (const char c : made.problem) {
    capitals = c >= 'A' && c <= 'Z' ? capitals + 1 : 0;
    if (capitals == 3) return "";
  }
  return "nothing that is given: no number, comparison or word in capitals";
}

std::string rule_once(const MadeProblem& made) {
  std::vector<std::string> before;
  for (const std::string_view sentence : rules_sentences(made.problem)) {
    std::vector<std::string> words = rules_words(sentence);
    if (words.size() >= rules_sentence_words && words == before) return "a sentence twice in a row";
    before = std::move(words);
  }
  const std::vector<std::string> words = rules_words(made.problem);
  for (std::size_t i = 3; i < words.size(); ++i) {
    const bool letters = !words[i].empty() && words[i].front() >= 'a' && words[i].front() <= 'z';
    if (letters && words[i] == words[i - 1] && words[i] == words[i - 2] && words[i] == words[i - 3]) {
      return "\"" + words[i] + "\" four times in a row";
    }
  }
  return "";
}

std::string rule_covers(const ConceptBank& bank, const MadeProblem& made) {
  const std::string text = made.problem + "\n" + made.rationale;
  std::size_t told = 0, shown = 0;
  std::string missing;
  for (const std::string& concept_name : made.concepts) {
    const auto index = bank.find(concept_name);
    if (!index || bank[*index].signs.empty()) continue;
    ++told;
    if (bank.shows(*index, text)) {
      ++shown;
    } else {
      missing += (missing.empty() ? "" : ", ") + concept_name;
    }
  }
  return 2 * shown >= told ? "" : "no sign of " + missing;
}

std::string rule_sure(const MadeProblem& made, double least) {
  if (!made.sureness || *made.sureness >= least) return "";
  const auto hundredths = [](double share) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", share);
    return std::string(text.data());
  };
  return hundredths(*made.sureness) + " for its words, want at least " + hundredths(least);
}

// The grade that stands first behind `at`, within its line.
std::string grade_behind(std::string_view low, std::size_t at) {
  const std::string_view line = low.substr(at, low.find('\n', at) - at);
  std::size_t nearest = std::string_view::npos;
  std::string grade;
  for (const std::string_view one : judge_grades) {
    const std::size_t found = line.find(one);
    if (found < nearest) nearest = found, grade = one;
  }
  return grade;
}

std::string most_named(std::string_view low) {
  std::array<int, judge_grades.size()> counts{};
  for (std::size_t i = 0; i < judge_grades.size(); ++i) {
    for (std::size_t at = low.find(judge_grades[i]); at != std::string_view::npos;
         at = low.find(judge_grades[i], at + 1)) {
      ++counts[i];
    }
  }
  const auto most = std::ranges::max_element(counts);
  return *most == 0 ? "" : std::string(judge_grades[static_cast<std::size_t>(most - counts.begin())]);
}

}  // namespace

std::vector<MadeCriterion> check_form(const ConceptBank& bank, const MadeProblem& made, double least_sureness) {
  const std::array<std::pair<const char*, std::string>, 9> rules{{{"complete", rule_complete(made)},
                                                                  {"length", rule_length(made)},
                                                                  {"clean", rule_clean(made)},
                                                                  {"balanced", rule_balanced(made)},
                                                                  {"asks", rule_asks(made)},
                                                                  {"concrete", rule_concrete(made)},
                                                                  {"once", rule_once(made)},
                                                                  {"covers", rule_covers(bank, made)},
                                                                  {"sure", rule_sure(made, least_sureness)}}};
  std::vector<MadeCriterion> criteria;
  for (const auto& [rule, reason] : rules) criteria.push_back({rule, reason.empty() ? "met" : "broken", reason});
  return criteria;
}

const MadeCriterion* first_broken(std::span<const MadeCriterion> criteria) {
  const auto found = std::ranges::find(criteria, "broken", &MadeCriterion::grade);
  return found == criteria.end() ? nullptr : &*found;
}

std::string judge_request(const MadeProblem& made) {
  std::string text =
      "You check mathematics problems before students see them. Below are a problem, the reasoning it was designed by, "
      "the concepts it is to use and the level it is meant for, from 1 (grade school) to 5 (olympiad).\n\nConcepts:\n";
  for (const std::string& concept_name : made.concepts) text += "- " + concept_name + "\n";
  text +=
      "\nLevel: " + std::to_string(made.level) + "\n\nReasoning:\n" + made.rationale + "\n\nProblem:\n" + made.problem +
      "\n\nGrade each of these with one of the words perfect, acceptable or bad, on a line of its own, with a short "
      "reason:\nFormat: is it one problem, complete and clearly worded?\nFactual accuracy: is everything it states "
      "possible and consistent?\nDifficulty alignment: does it suit the level?\nConcept coverage: are all concepts "
      "needed?\nSolvability: does it have exactly one answer that follows from what is given?\n\n"
      "Then judge the whole: perfect if accuracy and solvability are perfect, two more are, and none is bad; bad if "
      "any is bad; else acceptable. End with the line\nFinal judgement: <perfect, acceptable or bad>";
  return text;
}

std::vector<MadeCriterion> parse_judgement(std::string_view reply) {
  const std::string low = rules_lowered(reply);
  std::vector<MadeCriterion> criteria;
  for (const std::string_view one : judge_criteria) {
    // The last line that has a grade behind the name: earlier ones may repeat the question.
    std::string grade;
    for (std::size_t at = low.rfind(one); at != std::string::npos && grade.empty();
         at = at == 0 ? std::string::npos : low.rfind(one, at - 1)) {
      grade = grade_behind(low, at);
    }
    if (!grade.empty()) criteria.push_back({std::string(one), grade, ""});
  }
  std::size_t last = low.rfind("final judgement:");
  if (last == std::string::npos) last = low.rfind("final judgment:");
  std::string judgement = last == std::string::npos ? "" : grade_behind(low, last);
  std::string reason;
  if (judgement.empty()) judgement = most_named(low), reason = "no final line";
  if (judgement.empty()) judgement = "bad", reason = "no judgement";
  criteria.push_back({"judgement", judgement, reason});
  return criteria;
}

}  // namespace holdfast
