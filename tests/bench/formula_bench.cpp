// How long formulas take from being asked for until their pictures are there: the first, with the start of what
// typesets it; then the list of tests/gui/formulas one by one, and all at once as a long session has them.
#include <QApplication>
#include <QEventLoop>
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "tests/gui/formula_list.h"

using namespace holdfast;

namespace {

double formula_milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// Asks for all of them and waits for the last; how many became pictures.
std::size_t typeset(FormulaRenderer& renderer, const std::vector<ListedFormula>& formulas) {
  QEventLoop loop;
  std::size_t waiting = 0, ready = 0;
  const auto settled = [&](const ListedFormula& formula) {
    const FormulaPicture* picture = nullptr;
    const FormulaRenderer::State state = renderer.look(formula.tex, formula.display, &picture);
    ready += picture != nullptr ? 1 : 0;
    return state != FormulaRenderer::State::waiting;
  };
  for (const ListedFormula& formula : formulas) waiting += settled(formula) ? 0 : 1;
  QObject::connect(&renderer, &FormulaRenderer::rendered, &loop, [&](const QString& tex, bool display) {
    (void)settled({tex, display});
    if (--waiting == 0) loop.quit();
  });
  if (waiting > 0) loop.exec();
  return ready;
}

}  // namespace

// formula_bench [ROUNDS]
int main(int argc, char** argv) {
  const QApplication application(argc, argv);
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 9;
  const std::vector<ListedFormula> formulas = listed_formulas();
  const ListedFormula ordinary{QStringLiteral("x_{1,2} = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}"), true};
  std::vector<double> first, each, all;
  for (int round = 0; round < rounds; ++round) {
    FormulaRenderer renderer(nullptr, 60000);
    auto begin = std::chrono::steady_clock::now();
    if (typeset(renderer, {ordinary}) != 1) return std::fprintf(stderr, "the first formula is not drawn\n"), 1;
    first.push_back(formula_milliseconds_since(begin));
    begin = std::chrono::steady_clock::now();
    if (typeset(renderer, formulas) != formulas.size()) return std::fprintf(stderr, "not all are drawn\n"), 1;
    all.push_back(formula_milliseconds_since(begin));
    std::vector<double> times;
    for (const ListedFormula& formula : formulas) {
      begin = std::chrono::steady_clock::now();
      if (typeset(renderer, {{formula.tex + QLatin1Char(' '), formula.display}}) != 1) return 1;
      times.push_back(formula_milliseconds_since(begin));
    }
    std::ranges::sort(times);
    each.push_back(times[times.size() / 2]);
  }
  for (std::vector<double>* values : {&first, &each, &all}) std::ranges::sort(*values);
  const auto middle = static_cast<std::size_t>(rounds / 2);
  std::printf("{\"formulas\": %zu, \"rounds\": %d, \"first_ms\": %.0f, \"each_ms\": %.1f, \"all_ms\": %.0f}\n",
              formulas.size(), rounds, first[middle], each[middle], all[middle]);
  return 0;
}
