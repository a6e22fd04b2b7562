#include "app/markdown/markdown_source.h"

#include "app/exchange/formula_scan.h"

namespace holdfast {
namespace {

std::u16string_view units(QStringView text) { return {text.utf16(), static_cast<std::size_t>(text.size())}; }

}  // namespace

MarkdownSource takeFormulas(QStringView text) {
  const ScannedMarkdown<char16_t> scanned = scan_formulas(units(text));
  MarkdownSource source{QString::fromStdU16String(scanned.markdown), {}};
  for (const auto& formula : scanned.formulas) {
    source.formulas.push_back(
        {QString::fromStdU16String(formula.tex), QString::fromStdU16String(formula.source), formula.display});
  }
  return source;
}

QString formulaMark(qsizetype index) {
  return QString::fromStdU16String(formula_mark<char16_t>(static_cast<std::size_t>(index)));
}

qsizetype formulaAt(QStringView markdown, qsizetype at, qsizetype* length) {
  const auto mark = mark_at(units(markdown), static_cast<std::size_t>(at));
  if (!mark) return -1;
  *length = static_cast<qsizetype>(mark->length);
  return static_cast<qsizetype>(mark->index);
}

qsizetype finishedLength(QStringView text) { return static_cast<qsizetype>(finished_length(units(text))); }

}  // namespace holdfast
