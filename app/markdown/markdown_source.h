// The text of a model as it comes: what is formula in it, and how far it is finished. No widgets.
#pragma once

#include <QString>
#include <QStringView>
#include <vector>

namespace holdfast {

struct SourceFormula {
  QString tex;     // without the signs around it
  QString source;  // with them, as it stood
  bool display = false;
};

struct MarkdownSource {
  // The text with each formula replaced by formulaMark(index). Characters of the text that could be taken for such a
  // mark are left out.
  QString markdown;
  std::vector<SourceFormula> formulas;
};

// $...$, \(...\), $$...$$, \[...\], \begin{...}...\end{...} and a bare \boxed{...}; nothing inside code. Amounts of
// money
// ("$5 and $10") are no formulas. A formula that has not ended yet is left as text. Linear in the text, but for
// formulas that never end, which are looked for over a few thousand characters.
[[nodiscard]] MarkdownSource takeFormulas(QStringView text);

[[nodiscard]] QString formulaMark(qsizetype index);
// The formula whose mark begins at `at`; sets `length` to the mark's length. -1: none begins there.
[[nodiscard]] qsizetype formulaAt(QStringView markdown, qsizetype at, qsizetype* length);

// How many characters from the start are finished: whatever comes later cannot change how they look. It ends behind an
// empty line outside code and formulas, before a line that begins a paragraph of its own.
[[nodiscard]] qsizetype finishedLength(QStringView text);

}  // namespace holdfast
