// A typeset formula as outlines, in thousandths of an em with y downwards from the baseline: sharp at any size, in any
// colour. Made by FormulaRenderer, immutable afterwards.
#pragma once

#include <QByteArray>
#include <QColor>
#include <QPainterPath>
#include <QPen>
#include <QString>
#include <optional>
#include <vector>

class QJsonObject;
class QPainter;

namespace holdfast {

class FormulaPicture {
 public:
  // What formula.js returns; nothing for TeX that it did not understand, and for what is not its output or is larger
  // than anything that is read: numbers, sizes and counts are bounded.
  [[nodiscard]] static std::optional<FormulaPicture> fromJson(const QByteArray& json);

  // In units of 1 em.
  [[nodiscard]] double width() const { return width_ / 1000.0; }
  [[nodiscard]] double ascent() const { return ascent_ / 1000.0; }
  [[nodiscard]] double descent() const { return descent_ / 1000.0; }

  // origin: where the baseline begins; em: pixels of one em; colour: of what the formula gives no colour.
  void paint(QPainter& painter, QPointF origin, double em, const QColor& colour) const;

  // An <svg> element for the middle of a line of HTML, in the text's colour; em: ems of the text that one of the
  // formula takes.
  [[nodiscard]] QByteArray svg(double em) const;

 private:
  struct Shape {
    QPainterPath path;  // in the picture's units
    std::optional<QColor> fill;
    std::optional<QColor> stroke;
    bool filled = true;
    double strokeWidth = 0.0;  // 0: none
    std::vector<double> dashes;
    QPainterPath clip;

    [[nodiscard]] double dashCount() const;  // about
  };
  [[nodiscard]] static std::optional<Shape> shapeOf(const QJsonObject& from);

  double width_ = 0.0, ascent_ = 0.0, descent_ = 0.0;
  std::vector<Shape> shapes_;
};

}  // namespace holdfast
