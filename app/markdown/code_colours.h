// Which parts of a piece of code are comments, strings, numbers and keywords. A look of a few lines at each language,
// for reading, not a parser.
#pragma once

#include <QString>
#include <QStringView>
#include <vector>

namespace holdfast {

struct CodePart {
  enum class Kind { plain, comment, string, number, keyword };
  qsizetype begin = 0;
  qsizetype length = 0;
  Kind kind = Kind::plain;
};

// The parts, in order, that together are the code. language: the word behind the fence; unknown ones get strings and
// numbers alone.
[[nodiscard]] std::vector<CodePart> codeParts(QStringView code, const QString& language);

}  // namespace holdfast
