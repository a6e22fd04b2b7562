// The numbers of a question, and what the model's memory still holds of them: the exact share that is left of what each
// head wrote at the token that ends the number.
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

#include "engine/inspection.h"

namespace holdfast {

inline constexpr double given_fades = 0.5;  // a given of which no head has more left than this

struct GivenLeft {
  QString text;
  int token = 0;                    // that ends it
  double best = 0.0, median = 0.0;  // over the heads, at the end of what was seen
  QString sentence;                 // of the question, in which it stands
  int fadedAt = -1;                 // the first token at which it fades; -1: it does not
  [[nodiscard]] bool fades() const { return best < given_fades; }
};

// pieces: the text of each token. The question's tokens begin at `begin`, with a template around them or without.
[[nodiscard]] std::vector<GivenLeft> givensOf(const Inspection& seen, const QStringList& pieces, std::int64_t begin,
                                              const QString& question);

// How much of each given the best head holds over the text.
struct GivenCurves {
  std::vector<double> tokens;             // ascending
  std::vector<std::vector<double>> best;  // of each given: the share at these tokens, NaN before it was written
};
// At about so many places, the last token among them.
[[nodiscard]] GivenCurves givenCurves(const Inspection& seen, const std::vector<GivenLeft>& givens, int places);

// One line: how many fade, and which is the oldest that is still held. Empty: there are no givens.
[[nodiscard]] QString givensSummary(const std::vector<GivenLeft>& givens);

// The sentences in which the fading ones stand, each once, to be said again; of all where none fades.
[[nodiscard]] QString restatement(const std::vector<GivenLeft>& givens);

}  // namespace holdfast
