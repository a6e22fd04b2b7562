#include "training/generators/wording.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

namespace holdfast::generators {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// Every place where the words stand whole.
std::string with_words(const std::string& told, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t at = 0; at < told.size();) {
    const bool here = std::string_view(told).substr(at).starts_with(from);
    const bool begins = at == 0 || (!is_letter(told[at - 1]) && told[at - 1] != '-');
    const std::size_t end = at + from.size();
    if (here && begins && (end == told.size() || (!is_letter(told[end]) && told[end] != '/' && told[end] != '-'))) {
      out += to;
      at = end;
    } else {
      out += told[at++];
    }
  }
  return out;
}

struct Unit {
  std::string_view brief, one, many;
};
constexpr std::array units{Unit{"km", "kilometer", "kilometers"},   Unit{"cm", "centimeter", "centimeters"},
                           Unit{"kg", "kilogram", "kilograms"},     Unit{"g", "gram", "grams"},
                           Unit{"ml", "milliliter", "milliliters"}, Unit{"km", "kilometre", "kilometres"},
                           Unit{"cm", "centimetre", "centimetres"}};

// "5 km" becomes "5 kilometers", and "1 km" "1 kilometer"; "km/h" stays.
std::string spelled(const std::string& told, const Unit& unit) {
  std::string out;
  for (std::size_t at = 0; at < told.size();) {
    const std::size_t end = at + unit.brief.size();
    const bool whole = std::string_view(told).substr(at).starts_with(unit.brief) && at > 0 && told[at - 1] == ' ' &&
                       (end == told.size() || std::string_view(" .,?;").find(told[end]) != std::string_view::npos);
    if (!whole) {
      out += told[at++];
      continue;
    }
    const bool single = out.ends_with(" 1 ") || out == "1 " || out.ends_with(" a ") || out.ends_with(" an ") ||
                        out.ends_with(" per ") || out.ends_with(" each ") || out.ends_with(" every ") ||
                        out.ends_with(" one ") || out.ends_with("One ");
    out += single ? unit.one : unit.many;
    at = end;
  }
  return out;
}

// "$5" becomes "5 euros". Nothing where a sum stands before a noun ("a $5 hat") or belongs to a formula.
std::string in_currency(const std::string& told, std::string_view one, std::string_view many) {
  std::string out;
  for (std::size_t at = 0; at < told.size();) {
    if (told[at] != '$') {
      out += told[at++];
      continue;
    }
    std::size_t end = at + 1;
    while (end < told.size() && (is_digit(told[end]) || ((told[end] == '.' || told[end] == ',') &&
                                                         end + 1 < told.size() && is_digit(told[end + 1]))))
      ++end;
    const std::string sum = told.substr(at + 1, end - at - 1);
    for (const std::string_view before : {" a ", " an ", " the ", "A ", "The ", " another "}) {
      if (out.ends_with(before)) return told;
    }
    if (sum.empty() || out == "a " ||
        (end < told.size() && std::string_view(" .,?;:)!").find(told[end]) == std::string_view::npos))
      return told;
    out += sum + " " + std::string(sum == "1" ? one : many);
    at = end;
  }
  out = with_words(with_words(out, "dollars", many), "dollar", one);
  return out.find("dollar") == std::string::npos && out.find(" cent") == std::string::npos ? out : told;
}

std::string with_percent(const std::string& told) {
  std::string out;
  for (std::size_t at = 0; at < told.size(); ++at) {
    if (told[at] == '%' && at > 0 && is_digit(told[at - 1])) {
      if (at + 1 < told.size() && is_letter(told[at + 1])) return told;
      out += " percent";
    } else {
      out += told[at];
    }
  }
  return out;
}

// Sentences with their stops; "Mr. Green" is not the end of one, nor is "2.5".
std::vector<std::string> sentences(const std::string& told) {
  std::vector<std::string> all;
  std::size_t begin = 0;
  for (std::size_t at = 0; at + 1 < told.size(); ++at) {
    if (std::string_view(".?!").find(told[at]) == std::string_view::npos || told[at + 1] != ' ') continue;
    const std::string_view before = std::string_view(told).substr(begin, at - begin);
    const bool title = before.ends_with("Mr") || before.ends_with("Mrs") || before.ends_with("Ms") ||
                       before.ends_with("Dr") || before.ends_with("..");
    if (title) continue;
    all.push_back(told.substr(begin, at + 1 - begin));
    begin = at + 2;
  }
  all.push_back(told.substr(begin));
  return all;
}

// Words that may stand small inside a sentence; names may not.
constexpr std::array<std::string_view, 32> common_words{
    "A",   "An",    "The",   "There", "Each", "Every", "One",  "Two",     "Three", "Four", "Five",
    "Six", "Seven", "Eight", "Nine",  "Ten",  "Half",  "How",  "What",    "You",   "Your", "He",
    "She", "His",   "Her",   "My",    "They", "It",    "Some", "Another", "Both",  "Which"};
std::string first_word(const std::string& sentence) { return sentence.substr(0, sentence.find_first_of(" ,.?'")); }

std::string made_small(std::string sentence) {
  if (std::ranges::find(common_words, first_word(sentence)) != common_words.end())
    sentence[0] = static_cast<char>(std::tolower(sentence[0]));
  return sentence;
}

using Names = std::span<const std::string_view>;

// Whether the sentence states something and can follow "if": it begins with its subject.
bool can_follow_if(const std::string& sentence, Names names) {
  if (!sentence.ends_with('.') || sentence.find_first_of(":;?\"") != std::string::npos) return false;
  const std::string word = first_word(sentence);
  if (word.empty()) return false;
  return is_digit(word[0]) || word == "I" || std::ranges::find(common_words, word) != common_words.end() ||
         std::ranges::any_of(names, [&](std::string_view name) { return first_word(std::string(name)) == word; });
}

bool asks_plainly(const std::string& sentence) {
  return sentence.ends_with('?') &&
         (sentence.starts_with("How ") || sentence.starts_with("What ") || sentence.starts_with("Which "));
}

// Nothing in the question points back.
bool stands_alone(const std::string& question) {
  static constexpr std::array<std::string_view, 26> pointers{
      " he ",   " she ", " his ",     " her ",  " him ",  " they ", " them",  " their ", " it",
      " its ",  " that", " this",     " those", " these", " then",  " there", " both",   " each",
      " other", " one",  " together", " all",   " now",   " the",   " left",  " in "};
  return std::ranges::none_of(pointers,
                              [&](std::string_view word) { return question.find(word) != std::string::npos; });
}

std::string joined(Maker& m, const std::string& told, Names names) {
  std::vector<std::string> all = sentences(told);
  if (all.size() == 2 && can_follow_if(all[0], names) && asks_plainly(all[1])) {
    const std::string fact = made_small(all[0].substr(0, all[0].size() - 1));
    const std::string question = all[1].substr(0, all[1].size() - 1);
    if (stands_alone(all[1]) && m.chance(50)) return question + " if " + fact + "?";
    switch (m.between(0, 3)) {
      case 0: return "Suppose " + fact + ". " + all[1];
      case 1: return "Given that " + fact + ", " + made_small(all[1]);
      default: return "If " + fact + ", " + made_small(all[1]);
    }
  }
  if (all.size() == 3 && can_follow_if(all[0], names) && can_follow_if(all[1], names) &&
      all[0].find(',') == std::string::npos) {
    const std::string link = std::string(m.pick({", and ", "; ", ", and ", " and "}));
    return all[0].substr(0, all[0].size() - 1) + link + made_small(all[1]) + " " + all[2];
  }
  return told;
}

constexpr std::array before_stories{
    std::string_view{"Here is a problem."},          std::string_view{"Read this carefully."},
    std::string_view{"This is from a school test."}, std::string_view{"It is a sunny day."},
    std::string_view{"It was a busy week."},         std::string_view{"A question about everyday life."},
    std::string_view{"Look at this case."},          std::string_view{"Think step by step."},
    std::string_view{"It is market day in town."},   std::string_view{"School is out."}};
constexpr std::array behind_all{std::string_view{"Show your work."},
                                std::string_view{"Give only a number."},
                                std::string_view{"Explain how you found it."},
                                std::string_view{"Write down your steps."},
                                std::string_view{"Please answer with a number."},
                                std::string_view{"Show the steps."}};

}  // namespace

std::string reworded(Maker& m, std::string told, std::string_view solution, Names names) {
  if (m.chance(12)) {
    const Unit& unit = m.dice.pick(std::span<const Unit>(units));
    told = spelled(told, unit);
  }
  if (m.chance(25) && told.find(" 1 km") == std::string::npos)
    told = with_words(told, "km per hour", m.pick({"km/h", "kilometers per hour", "km an hour"}));
  if (m.chance(12)) told = with_percent(told);
  if (m.chance(12) && solution.find('$') == std::string_view::npos &&
      solution.find("dollar") == std::string_view::npos) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> currencies{
        {{"euro", "euros"}, {"peso", "pesos"}, {"rupee", "rupees"}, {"franc", "francs"}, {"crown", "crowns"}}};
    const auto& [one, many] = currencies[static_cast<std::size_t>(m.between(0, 4))];
    if (told.find('$') != std::string::npos && told.find(one) == std::string::npos) told = in_currency(told, one, many);
  }
  if (m.chance(30)) {
    const std::string_view all = m.pick({"altogether", "in all", "in total"});
    for (const std::string_view other : {"altogether?", "in all?", "in total?"}) {
      if (told.ends_with(other)) {
        told.replace(told.size() - other.size(), other.size(), std::string(all) + "?");
        break;
      }
    }
    if (told.ends_with(" are left?") && m.chance(60)) told.replace(told.size() - 10, 10, " remain?");
    if (told.ends_with(" is left?") && m.chance(60)) told.replace(told.size() - 9, 9, " remains?");
  }
  if (m.chance(22)) told = joined(m, told, names);
  if (!names.empty() && m.chance(4))
    told.insert(0, std::string(m.dice.pick(std::span<const std::string_view>(before_stories))) + " ");
  if (m.chance(4) && (told.ends_with('?') || told.ends_with('.')))
    told += " " + std::string(m.dice.pick(std::span<const std::string_view>(behind_all)));
  return told;
}

}  // namespace holdfast::generators
