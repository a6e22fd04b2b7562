// What can be said of a made problem without solving it: rules of form, and a judge's words.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "training/concepts.h"
#include "training/made_problem.h"

namespace holdfast {

// The rules, each met or broken with a reason:
//   complete  rationale and problem are both there, and the model ended by itself
//   length    2 to 400 words
//   clean     no control characters, replacement characters, markers of dialogues or boxed answers
//   balanced  brackets are closed
//   asks      a question, a sentence that tells what to do, or a phrase alone that names a value
//   concrete  something is given: a number, a comparison or a word in capitals
//   once      no sentence twice and no word four times in a row
//   covers    signs of at least half of the concepts that have any, in the problem or the rationale
//   sure      where it is known how sure its author was of its words: at least `least_sureness`. A small model that
//             has lost the thread gives each further word little: this finds its broken sentences.
[[nodiscard]] std::vector<MadeCriterion> check_form(const ConceptBank& bank, const MadeProblem& made,
                                                    double least_sureness = 0.0);
[[nodiscard]] const MadeCriterion* first_broken(std::span<const MadeCriterion> criteria);  // null when all are met

// What a judge is asked: five criteria (format, factual accuracy, difficulty alignment, concept coverage, solvability),
// each perfect, acceptable or bad, and a last line with the judgement.
[[nodiscard]] std::string judge_request(const MadeProblem& made);
// The judge's grades: one criterion for each of the five that is found, and "judgement" at the end, which is always
// there: the word behind the last "Final judgement:", else the grade that the text names most, else bad for want of
// one.
[[nodiscard]] std::vector<MadeCriterion> parse_judgement(std::string_view reply);

}  // namespace holdfast
