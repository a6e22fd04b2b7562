// Sessions as pages with typeset formulas: HTML with the formulas as SVG, PDF with them as outlines and text in real
// fonts. Works on any one thread that has an event loop to give; needs a QGuiApplication and no screen.
#pragma once

#include <QByteArray>
#include <QIODevice>
#include <QImage>
#include <stop_token>
#include <vector>

#include "app/exchange/session_outline.h"
#include "app/formulas/formula_renderer.h"

namespace holdfast {

class SessionPrinter {
 public:
  SessionPrinter() = default;

  // Throw Cancelled when `stop` is asked for.
  [[nodiscard]] QByteArray html(const WholeSession& whole, const ExportOptions& options, const std::stop_token& stop);
  // A4, with the title above every page and its number below.
  [[nodiscard]] QByteArray pdf(const WholeSession& whole, const ExportOptions& options, const std::stop_token& stop);
  // The same pages as they are printed, without the paper's margins: to be looked at.
  [[nodiscard]] std::vector<QImage> pictures(const WholeSession& whole, const ExportOptions& options,
                                             const std::stop_token& stop);

 private:
  void typeset(const WholeSession& whole, const ExportOptions& options, const std::stop_token& stop);

  FormulaRenderer renderer_;
};

}  // namespace holdfast
