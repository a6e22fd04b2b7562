#include "training/generators/tales.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/error.h"
#include "training/generators/lexicon.h"
#include "training/generators/wording.h"

namespace holdfast::generators {
namespace {

using Values = std::map<std::string, Int, std::less<>>;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> cut(std::string_view text, std::string_view at) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = text.find(at)) != std::string_view::npos; text.remove_prefix(end + at.size())) {
    parts.push_back(trimmed(text.substr(0, end)));
  }
  parts.push_back(trimmed(text));
  return parts;
}

// Whole numbers with + - * / % and comparisons; && below all; gcd, lcm, pow of two.
class Expression {
 public:
  Expression(std::string_view text, const Values& values) : text_(text), values_(values) {}
  Int value() {
    const Int v = both();
    skip();
    if (at_ != text_.size()) fail();
    return v;
  }

 private:
  [[noreturn]] void fail() const { throw ArgumentError("expression \"" + std::string(text_) + "\": cannot be read"); }
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view sign) {
    skip();
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    return true;
  }
  Int both() {
    Int v = compared();
    while (take("&&")) {
      const Int w = compared();
      v = v != 0 && w != 0 ? 1 : 0;
    }
    return v;
  }
  Int compared() {
    const Int v = sum();
    if (take("==")) return v == sum() ? 1 : 0;
    if (take("!=")) return v != sum() ? 1 : 0;
    if (take("<=")) return v <= sum() ? 1 : 0;
    if (take(">=")) return v >= sum() ? 1 : 0;
    if (take("<")) return v < sum() ? 1 : 0;
    if (take(">")) return v > sum() ? 1 : 0;
    return v;
  }
  Int sum() {
    Int v = product();
    while (true) {
      if (take("+")) {
        v += product();
      } else if (take("-")) {
        v -= product();
      } else {
        return v;
      }
    }
  }
  Int product() {
    Int v = atom();
    while (true) {
      if (take("*")) {
        v *= atom();
      } else if (take("/")) {
        const Int w = atom();
        v = w == 0 ? 0 : v / w;
      } else if (take("%")) {
        const Int w = atom();
        v = w == 0 ? 0 : v % w;
      } else {
        return v;
      }
    }
  }
  Int atom() {
    if (take("-")) return -atom();
    if (take("(")) {
      const Int v = both();
      if (!take(")")) fail();
      return v;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::isalnum(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word.empty()) fail();
    if (std::isdigit(static_cast<unsigned char>(word[0])) != 0) return std::stoll(std::string(word));
    if (take("(")) return function(word);
    const auto found = values_.find(word);
    if (found == values_.end()) fail();
    return found->second;
  }
  Int function(std::string_view name) {
    const Int v = sum();
    if (!take(",")) fail();
    const Int w = sum();
    if (!take(")")) fail();
    if (name == "gcd") return std::gcd(v, w);
    if (name == "lcm") return std::lcm(v, w);
    if (name == "min") return std::min(v, w);
    if (name == "max") return std::max(v, w);
    if (name != "pow") fail();
    Int power = 1;
    for (Int i = 0; i < w; ++i) power *= v;
    return power;
  }
  std::string_view text_;
  const Values& values_;
  std::size_t at_ = 0;
};

Int reckoned(std::string_view text, const Values& values) { return Expression(text, values).value(); }

// False when a condition does not hold, or a range is empty.
bool draw_once(Maker& m, std::string_view draw, Values& values) {
  values.clear();
  for (const std::string_view part : cut(draw, ";")) {
    if (part.empty()) continue;
    if (part[0] == '!') {
      if (reckoned(part.substr(1), values) == 0) return false;
      continue;
    }
    const std::size_t range = part.find("..");
    const std::size_t equals = part.find('=');
    if (const std::size_t set = part.find(":="); set != std::string_view::npos) {
      values[std::string(trimmed(part.substr(0, set)))] = reckoned(part.substr(set + 2), values);
    } else if (range != std::string_view::npos && equals < range) {
      const Int low = reckoned(part.substr(equals + 1, range - equals - 1), values);
      const Int high = reckoned(part.substr(range + 2), values);
      if (low > high) return false;
      values[std::string(trimmed(part.substr(0, equals)))] = m.between(low, high);
    } else {
      throw ArgumentError("draw \"" + std::string(part) + "\": neither a range nor a value");
    }
  }
  return true;
}

Values drawn(Maker& m, std::string_view draw) {
  Values values;
  for (int tries = 0; tries < 200000; ++tries) {
    if (draw_once(m, draw, values)) return values;
  }
  throw ArgumentError("draw \"" + std::string(draw) + "\": its conditions never hold");
}

std::string number_word(Int value) {
  static constexpr std::array<std::string_view, 21> small{
      "zero",     "one",     "two",     "three",     "four",     "five",     "six",
      "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
      "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};
  static constexpr std::array<std::string_view, 10> tens{"",      "",      "twenty",  "thirty", "forty",
                                                         "fifty", "sixty", "seventy", "eighty", "ninety"};
  if (value < 0 || value > 99) return text(value);
  if (value <= 20) return std::string(small[static_cast<std::size_t>(value)]);
  const Int one = value % 10;
  return std::string(tens[static_cast<std::size_t>(value / 10)]) + (one == 0 ? "" : "-" + number_word(one));
}

std::string ordinal(Int value) {
  const Int last = value % 10;
  const bool teen = value % 100 / 10 == 1;
  return text(value) + (teen ? "th" : last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
}

std::string clock_text(Int minutes) {
  const Int hour = (minutes / 60 + 11) % 12 + 1;
  const Int rest = minutes % 60;
  return text(hour) + ":" + (rest < 10 ? "0" : "") + text(rest);
}

constexpr std::array<std::string_view, 7> weekdays{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};

std::string binary(Int value) {
  std::string digits;
  for (; value > 0; value /= 2) digits.insert(digits.begin(), static_cast<char>('0' + value % 2));
  return digits.empty() ? "0" : digits;
}

std::string with_comma(Int value) {
  std::string digits = text(value);
  if (value >= 1000) digits.insert(digits.size() - 3, ",");
  return digits;
}

bool starts_sentence(const std::string& before) {
  return before.empty() || before.ends_with(". ") || before.ends_with("? ") || before.ends_with("! ");
}

class Words {
 public:
  Words(Maker& m, const Values& values, std::string_view text)
      : m_(m),
        values_(values),
        person_(somebody(m)),
        other_(another(m, person_)),
        thing_(m.thing()),
        second_(m.thing()) {
    const int speaker = static_cast<int>(m.between(0, 99));
    if (speaker < 25) speaker_ = Speaker::me;
    if (speaker >= 25 && speaker < 37 && may_be_you(text)) speaker_ = Speaker::you;
    in_words_ = m.chance(15) && !is_formula(text);
    most_in_words_ = m.chance(30) ? 99 : 12;
    commas_ = m.chance(40);
    crowd_ = m.pick({"people", "students", "kids", "children", "visitors", "players", "guests", "members"});
  }

  // The number of the sentence that does not matter; 0 without one.
  [[nodiscard]] Int aside() const { return aside_; }
  // Of the people in the story; none where it has nobody.
  [[nodiscard]] std::vector<std::string_view> names(std::string_view text) const {
    const bool somebody_there =
        text.find("{Name") != std::string_view::npos || text.find("{Ann}") != std::string_view::npos;
    return somebody_there ? std::vector{person_.name, other_.name} : std::vector<std::string_view>{};
  }

  // A statement may spell its numbers otherwise; a solution does not.
  std::string told(std::string_view pattern, bool statement) {
    statement_ = statement;
    std::string out;
    const std::size_t asks = statement ? pattern.find(" ?? ") : std::string_view::npos;
    if (asks == std::string_view::npos) {
      out = all(pattern);
    } else {
      const std::string_view facts = pattern.substr(0, asks), question = pattern.substr(asks + 4);
      names_only_ = m_.chance(8);  // the question first: it has to say whom it is about
      const std::string first = names_only_ ? all(question) : all(facts);
      const bool was_first = std::exchange(names_only_, false);
      out = first + " " + all(was_first ? facts : question);
    }
    for (std::size_t gap; (gap = out.find("  ")) != std::string::npos;) out.erase(gap, 1);
    for (std::string_view stop : {" .", " ?", " ,"}) {
      for (std::size_t gap = 0; (gap = out.find(stop, gap)) != std::string::npos; ++gap) {
        const bool kept = std::string_view(out).substr(gap + 1).starts_with("...") || (gap > 0 && out[gap - 1] == '=');
        if (!kept) out.erase(gap, 1);
      }
    }
    return std::string(trimmed(out));
  }

 private:
  std::string all(std::string_view pattern) {
    std::size_t at = 0;
    return many(pattern, at, "");
  }

  // Up to the end, or to one of the stops.
  std::string many(std::string_view pattern, std::size_t& at, std::string_view stops) {
    std::string out;
    while (at < pattern.size() && stops.find(pattern[at]) == std::string_view::npos) {
      const char c = pattern[at];
      if (c == '[') {
        out += one_way(pattern, at);
      } else if (c == '(' && pattern.substr(at).starts_with("(~")) {
        out += any_order(pattern, at);
      } else if (c == '{') {
        const std::size_t end = closing(pattern, at, '}');
        const bool alone =
            (out.empty() || out.back() == ' ') &&
            (end + 1 == pattern.size() || std::string_view(" ?").find(pattern[end + 1]) != std::string_view::npos);
        out += slot(pattern.substr(at + 1, end - at - 1), alone);
        at = end + 1;
      } else if (c == '<' && at + 1 < pattern.size() &&
                 std::isalpha(static_cast<unsigned char>(pattern[at + 1])) != 0) {
        const std::size_t end = closing(pattern, at, '>');
        out += lexical(pattern.substr(at + 1, end - at - 1));
        at = end + 1;
      } else if (c == '#') {
        out += counted_.empty() ? generators::text(aside_number()) : slot(counted_, out.empty() || out.back() == ' ');
        ++at;
      } else {
        out += c;
        ++at;
      }
    }
    return out;
  }

  static std::size_t closing(std::string_view pattern, std::size_t at, char end) {
    const std::size_t found = pattern.find(end, at);
    if (found == std::string_view::npos) throw ArgumentError("text \"" + std::string(pattern) + "\": a slot is open");
    return found;
  }

  // Behind the bracket, "|" or "~" that ends the part at `at`.
  static void skip_part(std::string_view pattern, std::size_t& at, std::string_view stops) {
    for (int depth = 0; at < pattern.size(); ++at) {
      if (depth == 0 && stops.find(pattern[at]) != std::string_view::npos) return;
      if (pattern[at] == '[') ++depth;
      if (pattern[at] == ']') --depth;
    }
    throw ArgumentError("text \"" + std::string(pattern) + "\": a bracket is open");
  }

  std::string one_way(std::string_view pattern, std::size_t& at) {
    const std::size_t begin = at;
    std::array<std::size_t, 32> ways{};
    std::size_t count = 0;
    do {
      ++at;
      if (count == ways.size()) throw ArgumentError("text \"" + std::string(pattern) + "\": over 32 ways in a bracket");
      ways[count++] = at;
      skip_part(pattern, at, "|]");
    } while (pattern[at] == '|');
    ++at;
    const auto [choice, fresh] = choices_.try_emplace(pattern.substr(begin, at - begin), 0U);
    if (fresh) choice->second = static_cast<std::size_t>(m_.between(0, static_cast<Int>(count) - 1));
    std::size_t from = ways[choice->second];
    return many(pattern, from, "|]");
  }

  // "(~One.~Two.~)": sentences in any order.
  std::string any_order(std::string_view pattern, std::size_t& at) {
    std::vector<std::size_t> parts;
    ++at;
    while (!pattern.substr(at).starts_with("~)")) {
      parts.push_back(++at);
      skip_part(pattern, at, "~");
    }
    at += 2;
    std::string out;
    while (!parts.empty()) {
      const auto next = m_.between(0, std::ssize(parts) - 1);
      std::size_t from = parts[static_cast<std::size_t>(next)];
      parts.erase(parts.begin() + next);
      out += (out.empty() ? "" : " ") + many(pattern, from, "~");
    }
    return out;
  }

  // "<fruit>", "<fruits>", another one "<fruit2>", and with a number "<gain:b>".
  std::string lexical(std::string_view name) {
    const std::size_t colon = name.find(':');
    const std::string_view counted = colon == std::string_view::npos ? "" : name.substr(colon + 1);
    std::string_view word_name = name.substr(0, colon);
    std::string_view list = word_name;
    while (std::isdigit(static_cast<unsigned char>(list.back())) != 0) list.remove_suffix(1);
    bool plural = false;
    const std::vector<std::string_view>* ways = lexicon(list);
    if (ways == nullptr && list.ends_with('s')) {
      plural = true;
      ways = lexicon(list.substr(0, list.size() - 1));
      list.remove_suffix(1);
    }
    if (ways == nullptr) ways = from_scene(list);
    if (ways == nullptr) throw ArgumentError("slot \"<" + std::string(name) + ">\": no such word");
    const char digit = std::isdigit(static_cast<unsigned char>(word_name.back())) != 0 ? word_name.back() : '1';
    const std::string_view outer = std::exchange(counted_, counted.empty() ? counted_ : counted);
    std::string out = all(singular_or_plural((*ways)[chosen(list, digit, ways->size())], plural));
    counted_ = outer;
    return out;
  }
  static std::string_view singular_or_plural(std::string_view way, bool plural) {
    const std::size_t bar = way.find('/');
    if (bar == std::string_view::npos) return way;
    return plural ? way.substr(bar + 1) : way.substr(0, bar);
  }
  // The same word for the same name; another for another digit.
  std::size_t chosen(std::string_view list, char digit, std::size_t count) {
    std::vector<bool> taken(count, false);
    for (const Picked& p : picked_) {
      if (p.list != list) continue;
      if (p.digit == digit) return p.choice;
      taken[p.choice] = true;
    }
    auto choice = static_cast<std::size_t>(m_.between(0, static_cast<Int>(count) - 1));
    for (std::size_t tries = 0; tries < count && taken[choice]; ++tries) choice = (choice + 1) % count;
    picked_.push_back({list, digit, choice});
    return choice;
  }
  const std::vector<std::string_view>* from_scene(std::string_view list) {
    if (scene_ == nullptr) scene_ = &scenes()[static_cast<std::size_t>(m_.between(0, std::ssize(scenes()) - 1))];
    if (place_ == nullptr) place_ = &places()[static_cast<std::size_t>(m_.between(0, std::ssize(places()) - 1))];
    if (store_ == nullptr) store_ = &amounts()[static_cast<std::size_t>(m_.between(0, std::ssize(amounts()) - 1))];
    for (const Scene* scene : {scene_, place_, store_}) {
      if (const auto* ways = scene->find(list)) return ways;
    }
    return nullptr;
  }
  Int aside_number() {
    aside_ = m_.between(3, 60);
    return aside_;
  }

  std::string slot(std::string_view name, bool alone) {
    std::size_t length = 0;
    while (length < name.size() && std::isalpha(static_cast<unsigned char>(name[length])) != 0) ++length;
    const auto found = values_.find(name.substr(0, length));
    if (found == values_.end() && name == "aside") return statement_ && m_.chance(22) ? lexical("aside") : "";
    if (found == values_.end()) return word(name);
    return number(found->second, name.substr(length), alone);
  }
  std::string number(Int value, std::string_view form, bool alone) const {
    if (form.empty()) {
      if (statement_ && in_words_ && alone && value >= 2 && value <= most_in_words_) return number_word(value);
      return statement_ && commas_ && alone && value < 1000000 ? with_comma(value) : generators::text(value);
    }
    if (form == "$") return hundredths(value);
    if (form[0] == '\'') return decimal(value, form[1] - '0');
    if (form[0] == '/') return generators::text(Ratio::of(value, values_.find(form.substr(1))->second));
    if (form == "+") return value < 0 ? "- " + generators::text(-value) : "+ " + generators::text(value);
    if (form == ":o") return ordinal(value);
    if (form == ":w") return number_word(value);
    if (form == ":n") return generators::text(value);
    if (form == ":times")
      return value == 2 ? "twice" : (in_words_ ? number_word(value) : generators::text(value)) + " times";
    if (form == ":t") return clock_text(value);
    if (form == ":b") return binary(value);
    if (form == ":d") return std::string(weekdays[static_cast<std::size_t>(value % 7)]);
    if (form == ":x") return value == 1 ? "" : generators::text(value);
    const std::size_t bar = form.find('/');
    if (form[0] != ':' || bar == std::string_view::npos)
      throw ArgumentError("slot \"" + std::string(form) + "\": no such form");
    return std::string(value == 1 ? form.substr(1, bar - 1) : form.substr(bar + 1));
  }
  std::string word(std::string_view name) const {
    if (name == "things") return std::string(thing_.many);
    if (name == "thing") return std::string(thing_.one);
    if (name == "others") return std::string(second_.many);
    if (name == "people") return std::string(crowd_);
    if (name == "Ann") return std::string(person_.name);                             // always a name
    if (name == "her") return std::string(names_only_ ? person_.name : person_.he);  // she or he, of that name
    if (name == "Her") return capitalised(std::string(names_only_ ? person_.name : person_.he));
    if (name == "hers") return names_only_ ? std::string(person_.name) + "'s" : std::string(person_.his);
    if (name == "Bob") return std::string(other_.name);
    if (speaker_ == Speaker::other) return of_another(name);
    const bool me = speaker_ == Speaker::me;
    if (name == "Name" || name == "he") return me ? "I" : "you";
    if (name == "Name's") return me ? "my" : "your";
    if (name == "He") return me ? "I" : "You";
    if (name == "his") return me ? "my" : "your";
    if (name == "His") return me ? "My" : "Your";
    if (name == "him") return me ? "me" : "you";
    if (name == "do") return "do";
    if (name == "is") return me ? "am" : "are";
    if (name == "was") return me ? "was" : "were";
    if (name == "has") return "have";
    if (name == "+s" || name == "+es") return "";
    throw ArgumentError("slot \"" + std::string(name) + "\": no such word");
  }
  [[nodiscard]] std::string of_another(std::string_view name) const {
    if (name == "Name") return std::string(person_.name);
    if (name == "Name's") return std::string(person_.name) + "'s";
    if (name == "he") return std::string(names_only_ ? person_.name : person_.he);
    if (name == "He") return capitalised(std::string(names_only_ ? person_.name : person_.he));
    if (name == "his") return names_only_ ? std::string(person_.name) + "'s" : std::string(person_.his);
    if (name == "His") return names_only_ ? std::string(person_.name) + "'s" : capitalised(std::string(person_.his));
    if (name == "him") return std::string(names_only_ ? person_.name : person_.him);
    if (name == "do") return "does";
    if (name == "is" || name == "was" || name == "has") return std::string(name);
    if (name == "+s") return "s";
    if (name == "+es") return "es";
    throw ArgumentError("slot \"" + std::string(name) + "\": no such word");
  }
  static const Person& another(Maker& m, const Person& first) {
    while (true) {
      const Person& other = somebody(m);
      if (other.name != first.name) return other;
    }
  }
  // Whether "you" fits: a plain "was" behind it would not.
  static bool may_be_you(std::string_view text) {
    for (std::size_t at = text.find("was"); at != std::string_view::npos; at = text.find("was", at + 1)) {
      if (at == 0 || text[at - 1] != '{') return false;
    }
    return text.find("{Name}") != std::string_view::npos && text.find("{Ann}") == std::string_view::npos;
  }

  // Numbers beside signs stay in digits.
  static bool is_formula(std::string_view text) {
    for (const std::string_view sign : {" * {", " / {", " + {", " - {", " = {", "^", "f(", "sqrt(", "}, {"}) {
      if (text.find(sign) != std::string_view::npos) return true;
    }
    return false;
  }

  enum class Speaker { other, me, you };
  struct Picked {
    std::string_view list;
    char digit;
    std::size_t choice;
  };

  Maker& m_;
  const Values& values_;
  const Person& person_;
  const Person& other_;
  const Thing& thing_;
  const Thing& second_;
  Speaker speaker_ = Speaker::other;
  bool in_words_ = false, commas_ = false, statement_ = false, names_only_ = false;
  Int most_in_words_ = 12;
  std::string_view crowd_, counted_;
  std::map<std::string_view, std::size_t> choices_;
  std::vector<Picked> picked_;
  const Scene *scene_ = nullptr, *place_ = nullptr, *store_ = nullptr;
  Int aside_ = 0;
};

// "an" where what follows sounds like a vowel: an 8 by 11 sheet, an apple; a used one.
std::string with_articles(std::string told) {
  const auto vowel = [](std::string_view next) {
    if (next.starts_with("8")) return true;
    if (next.starts_with("11") || next.starts_with("18")) return next.size() == 2 || next[2] < '0' || next[2] > '9';
    for (const std::string_view hard : {"one", "uni", "use", "eu"}) {
      if (next.starts_with(hard)) return false;
    }
    return !next.empty() && std::string_view("aeiou").find(next[0]) != std::string_view::npos;
  };
  for (std::size_t at = 0; at + 2 < told.size(); ++at) {
    const bool article =
        (told[at] == 'a' || told[at] == 'A') && told[at + 1] == ' ' && (at == 0 || told[at - 1] == ' ');
    if (article && vowel(std::string_view(told).substr(at + 2))) told.insert(at + 1, "n");
  }
  return told;
}

// Most people end a question with its mark.
std::string with_mark(Maker& m, std::string told) {
  if (std::string_view("?.)").find(told.back()) != std::string_view::npos) return told;
  const bool asks = told.starts_with("What") || told.starts_with("How ");
  const bool orders = told.starts_with("Find") || told.starts_with("Calculate") || told.starts_with("Give") ||
                      told.starts_with("Write");
  if ((asks || orders) && !m.chance(20)) told += asks ? '?' : '.';
  return told;
}

std::string with_capitals(const std::string& told) {
  std::string out;
  for (std::size_t i = 0; i < told.size(); ++i) {
    const char c = told[i];
    const bool letter = c >= 'a' && c <= 'z';
    const bool unknown =
        letter && (i + 1 == told.size() || std::string_view(" ^=(").find(told[i + 1]) != std::string_view::npos) &&
        c != 'a';
    out += letter && !unknown && !std::string_view(told).substr(i).starts_with("gcd(") &&
                   !std::string_view(told).substr(i).starts_with("lcm(") && starts_sentence(out)
               ? static_cast<char>(c - 'a' + 'A')
               : c;
  }
  return out;
}

// One line of the solution.
class Step {
 public:
  Step(Maker& m, Words& words, Values& values) : m_(m), words_(words), values_(values) {}

  void write(std::string_view line) {
    if (line.starts_with(">")) {
      const std::string told = words_.told(trimmed(line.substr(1)), false);
      m_.step("@", told.starts_with("x") ? told : capitalised(told));
      return;
    }
    std::string label;
    if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      label = capitalised(words_.told(line.substr(0, colon), false));
      line = trimmed(line.substr(colon + 1));
    }
    if (line.starts_with("reduce ")) {
      const auto sides = cut(line.substr(7), "/");
      (void)m_.reduce(label, value(sides[0]), value(sides[1]));
      return;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) throw ArgumentError("step \"" + std::string(line) + "\": no equation");
    equation(label, trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)));
  }

 private:
  [[nodiscard]] Int value(std::string_view text) const { return reckoned(text, values_); }
  void set(std::string_view name, Int result) { values_[std::string(name)] = result; }

  void equation(const std::string& label, std::string_view name, std::string_view right) {
    if (const auto sides = cut(right, "//"); sides.size() == 2) {
      const auto names = cut(name, ",");
      const auto [whole, rest] = m_.divide_rest(label, value(sides[0]), value(sides[1]));
      set(names.at(0), whole);
      if (names.size() == 2) set(names[1], rest);
      return;
    }
    if (const auto sides = cut(right, " + "); sides.size() > 2) {
      std::vector<Int> all;
      for (const std::string_view side : sides) all.push_back(value(side));
      set(name, m_.add(label, all));
      return;
    }
    for (const char sign : {'+', '-', '*', '/', '^', '%'}) {
      const auto sides = cut(right, std::string(" ") + sign + " ");
      if (sides.size() == 2) {
        set(name, two_sided(label, value(sides[0]), sign, value(sides[1]), right));
        return;
      }
    }
    throw ArgumentError("step \"" + std::string(right) + "\": no operation of two");
  }
  Int two_sided(const std::string& label, Int a, char sign, Int b, std::string_view right) {
    switch (sign) {
      case '+': return m_.add(label, a, b);
      case '-': return m_.subtract(label, a, b);
      case '*': return m_.multiply(label, a, b);
      case '^': return m_.power(label, a, b);
      case '%':
        if (a * b % 100 != 0) break;
        m_.step("@@% of @ = @ * @ / 100 = @ / 100 = @", label.empty() ? "" : label + ": ", a, b, b, a, a * b,
                a * b / 100);
        return a * b / 100;
      default:
        if (b == 0 || a % b != 0) break;
        return m_.divide(label, a, b);
    }
    throw ArgumentError("step \"" + std::string(right) + "\": " + text(a) + " and " + text(b) +
                        " give no whole number");
  }
  Maker& m_;
  Words& words_;
  Values& values_;
};

// A concept in words in which its signs show.
std::string_view in_plain_words(std::string_view concept_name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> plain{{
      {"division", "dividing"},
      {"additive comparison", "how much more or fewer"},
      {"multiplicative comparison", "how many times as many"},
      {"reverse percentage", "a percentage of what was there before"},
      {"successive percent changes", "percent changes, one after the other"},
      {"multiplication principle", "the choices multiplied into ways"},
      {"permutations", "the number of orders"},
      {"combinations", "ways to choose"},
      {"venn diagrams", "both, either and neither"},
      {"inclusion-exclusion", "what lies in both, counted once"},
      {"units of time", "hours, minutes and days"},
      {"calendar", "the days of weeks and months"},
  }};
  const auto found = std::ranges::find(plain, concept_name, &std::pair<std::string_view, std::string_view>::first);
  return found == plain.end() ? concept_name : found->second;
}

// The numbers that the text tells, by the letters of its slots.
void name_givens(Maker& m, const Tale& tale, const Values& values) {
  for (const auto& [name, value] : values) {
    if (const std::size_t at = tale.text.find(":" + name + ">"); at != std::string_view::npos) {  // <gain:b>
      m.given(tale.text.substr(at + 1, name.size()), value);
      continue;
    }
    for (std::size_t at = tale.text.find('{'); at != std::string_view::npos; at = tale.text.find('{', at + 1)) {
      const std::string_view slot = tale.text.substr(at + 1);
      if (slot.starts_with(name) && std::isalpha(static_cast<unsigned char>(slot[name.size()])) == 0) {
        m.given(slot.substr(0, name.size()), value);
        break;
      }
    }
  }
}

}  // namespace

void tell(Maker& m, const Tale& tale) {
  Values values = drawn(m, tale.draw);
  Words words(m, values, tale.text);
  m.tell("@", with_mark(m, with_capitals(with_articles(words.told(tale.text, true)))));
  name_givens(m, tale, values);
  if (!tale.concepts.empty()) m.problem.concepts = cut(tale.concepts, ";");
  Step step(m, words, values);
  if (words.aside() != 0) {
    m.given("aside", words.aside());
    m.step("The number @ is not needed", words.aside());
  }
  for (const std::string_view line : cut(tale.steps, ";")) {
    if (!line.empty()) step.write(line);
  }
  m.problem.statement = reworded(m, std::move(m.problem.statement), m.problem.solution, words.names(tale.text));
  m.answer(words.told(tale.answer, false));
  std::string numbers;
  for (const Given& given : m.problem.givens) {
    numbers += (numbers.empty() ? "" : ", ") + std::string(given.name) + " = " + text(given.value);
  }
  if (numbers.empty()) numbers = "one fact";
  if (tale.concepts.empty()) {
    m.rationale("Everyday words around @: the reader finds what belongs together, and in which order.", numbers);
  } else {
    std::string used;
    for (const std::string_view name : m.problem.concepts)
      used += (used.empty() ? "" : " and ") + std::string(in_plain_words(name));
    m.rationale("Everyday words around @: @.", used, numbers);
  }
}

void tell_tale(Maker& m, std::span<const Tale> tales) {
  std::vector<const Tale*> fitting;
  for (const Tale& tale : tales) {
    if (tale.level == m.level) fitting.push_back(&tale);
  }
  if (fitting.empty()) throw ArgumentError("level " + text(m.level) + ": no tale");
  tell(m, *fitting[static_cast<std::size_t>(m.between(0, static_cast<Int>(fitting.size()) - 1))]);
}

}  // namespace holdfast::generators
