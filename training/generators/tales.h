// Problems written as tables: what is drawn, how it is said, how it is solved, and a law that the answer keeps.
//
// draw    "a=2..12; b=a+1..40; c:=a*b; !c%5==0": ranges with both ends, values, and conditions, else all is drawn
// again. text    "[one|two]" takes one of several words, the same one wherever the same brackets stand again; "{a}" is
// a number,
//         "{a$}" cents as dollars, "{a'1}" tenths as a decimal number, "{a:o}" 3rd, "{a:w}" three, "{a:n}" 2003, as
//         years are written, "{a:times}" twice,
//         "{a:t}" minutes as a clock time, "{a:b}" binary, "{a:d}" a day of the week from 0 for Monday, "{a/b}" the
//         fraction in lowest terms, "{a+}" a signed term, and
//         "{a:day/days}" the word that fits; "{Name}", "{he}", "{things}" and others are words. "<fruit>" is a word of
//         the lexicon (lexicon.h), "<fruits>" its plural, "<fruit2>" another one, "<gain:b>" what happens to b things.
//         "(~One.~Two.~)" are sentences in any order, "facts ?? question" may put the question first, "{aside}" may be
//         a sentence with a number that does not matter.
// steps   lines apart by ";": "Label: c = a * b" (also + - / ^ and sums of many), "q, r = a // b" with remainder,
//         "c = b % a" for b percent of a, "reduce a / b", and "> words" as they are.
// answer  a text with slots.
// check   a condition on x, the answer (x, y for two), and the numbers that the text tells: reckoned by the tests
// alone.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "training/generators/kit.h"

namespace holdfast::generators {

struct Tale {
  int level;
  std::string_view draw, text, steps, answer, check;
  std::string_view concepts = "";  // of the bank, apart by ";"; else those of the family
};

// Writes one of the tales of the maker's level.
void tell_tale(Maker& m, std::span<const Tale> tales);
void tell(Maker& m, const Tale& tale);

// A table with its name, for the tests that check every tale.
struct TaleTable {
  std::string_view name;
  std::span<const Tale> tales;
};
[[nodiscard]] std::span<const TaleTable> question_tables();
[[nodiscard]] std::span<const TaleTable> event_tables();
[[nodiscard]] std::span<const TaleTable> puzzle_tables();
[[nodiscard]] std::span<const TaleTable> change_tables();
[[nodiscard]] std::span<const TaleTable> errand_tables();
[[nodiscard]] std::span<const TaleTable> school_tables();
[[nodiscard]] std::span<const TaleTable> number_tables();
[[nodiscard]] std::span<const TaleTable> market_tables();
[[nodiscard]] std::span<const TaleTable> journey_tables();
[[nodiscard]] std::span<const TaleTable> household_tables();
[[nodiscard]] std::span<const TaleTable> classroom_tables();
[[nodiscard]] std::span<const TaleTable> lesson_tables();
[[nodiscard]] std::span<const TaleTable> daily_tables();
[[nodiscard]] std::span<const TaleTable> letter_tables();
[[nodiscard]] std::span<const TaleTable> syllabus_tables();
[[nodiscard]] std::span<const TaleTable> telling_tables();

}  // namespace holdfast::generators
