// Finds the letters of a pattern in a text, in their order, as a person who types a few of them means it.
#pragma once

#include <QString>
#include <QStringView>
#include <optional>
#include <vector>

namespace holdfast {

struct FuzzyMatch {
  int score = 0;                       // the higher, the better
  std::vector<qsizetype> positions{};  // of the pattern's letters in the text
};

// Upper and lower case and accents are one; blanks of the pattern say nothing. Beginnings of words and neighbouring
// letters count more. Nothing: the letters are not all there. Texts are looked at over 200 characters.
[[nodiscard]] std::optional<FuzzyMatch> fuzzyMatch(QStringView pattern, QStringView text);

}  // namespace holdfast
