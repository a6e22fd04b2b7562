// The formulas of tests/gui/formulas/formulas.tsv, and waiting for their pictures.
#pragma once

#include <QElapsedTimer>
#include <QFile>
#include <QTest>
#include <optional>
#include <vector>

#include "app/formulas/formula_renderer.h"
#include "tests/gui/patience.h"

namespace holdfast {

struct ListedFormula {
  QString tex;
  bool display = false;
};

// Empty where a line is not understood: a test that counts them fails.
inline std::vector<ListedFormula> listed_formulas() {
  QFile file(QStringLiteral(HOLDFAST_SOURCE_DIR "/tests/gui/formulas/formulas.tsv"));
  std::vector<ListedFormula> list;
  if (!file.open(QIODevice::ReadOnly)) return list;
  for (const QString& line : QString::fromUtf8(file.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
    if (line.startsWith(QLatin1Char('#'))) continue;
    const QStringList cells = line.split(QLatin1Char('\t'));
    if (cells.size() != 2 || (cells[0] != QLatin1String("t") && cells[0] != QLatin1String("d"))) return {};
    list.push_back({cells[1], cells[0] == QLatin1String("d")});
  }
  return list;
}

// The state it ends with, or waiting when the patience was at an end; the picture where there is one.
inline FormulaRenderer::State settle_formula(FormulaRenderer& renderer, const ListedFormula& formula,
                                             std::optional<FormulaPicture>* picture) {
  QElapsedTimer clock;
  clock.start();
  const FormulaPicture* drawn = nullptr;
  FormulaRenderer::State state = renderer.look(formula.tex, formula.display, &drawn);
  while (state == FormulaRenderer::State::waiting && clock.elapsed() < test::patience) {
    QTest::qWait(1);
    state = renderer.look(formula.tex, formula.display, &drawn);
  }
  picture->reset();
  if (drawn != nullptr) *picture = *drawn;
  return state;
}

}  // namespace holdfast
