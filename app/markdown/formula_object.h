// A formula as one character of a QTextDocument.
//
// Qt 6.4 gives inline objects no descent: they stand on the baseline with all their height. So the object is as high as
// the formula's ascent, and what hangs below the baseline is painted below it; blocks that hold such a formula get as
// much room under their lines (makeRoom).
#pragma once

#include <QObject>
#include <QTextBlock>
#include <QTextCharFormat>
#include <QTextObjectInterface>

namespace holdfast {

class FormulaRenderer;
struct SourceFormula;

class FormulaObject : public QObject, public QTextObjectInterface {
  Q_OBJECT
  Q_INTERFACES(QTextObjectInterface)

 public:
  static constexpr int type = QTextFormat::UserObject + 1;

  FormulaObject(FormulaRenderer* renderer, QTextDocument* document);
  [[nodiscard]] static FormulaObject& of(const QTextDocument& document);  // one was made for it

  [[nodiscard]] static QTextCharFormat format(const SourceFormula& formula, const QTextCharFormat& around);
  [[nodiscard]] static QString source(const QTextFormat& format);  // the TeX with its signs; empty: no formula

  // For the formulas that stand in the document from this position on; those that are drawn later see to it themselves.
  void makeRoom(int begin);

  QSizeF intrinsicSize(QTextDocument* document, int position, const QTextFormat& format) override;
  void drawObject(QPainter* painter, const QRectF& rect, QTextDocument* document, int position,
                  const QTextFormat& format) override;

 private:
  void rendered(const QString& tex, bool display);
  void makeRoomFor(const QTextBlock& block);

  FormulaRenderer* renderer_;
  QTextDocument* document_;
};

// The text between two positions as it would be typed: formulas as their source, code and breaks as lines.
[[nodiscard]] QString plainTextOf(const QTextDocument& document, int begin, int end);

}  // namespace holdfast
