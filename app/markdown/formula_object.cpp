#include "app/markdown/formula_object.h"

#include <QAbstractTextDocumentLayout>
#include <QPainter>
#include <QTextCursor>
#include <QTextDocument>
#include <algorithm>

#include "app/formulas/formula_renderer.h"
#include "app/markdown/markdown_source.h"

namespace holdfast {
namespace {

constexpr int tex_property = QTextFormat::UserProperty + 1;
constexpr int display_property = QTextFormat::UserProperty + 2;
constexpr int source_property = QTextFormat::UserProperty + 3;
constexpr double formula_scale = 1.13;  // the x-height of the text's font is larger than that of MathJax's
constexpr double least_shrink = 0.5;    // of a formula that is wider than the page

struct Metrics {
  double em = 0.0;
  double width = 0.0, ascent = 0.0, descent = 0.0;
};

// Of what the document is laid out for: the screen, or a printer.
QFontMetricsF metrics_of(const QFont& font, const QTextDocument& document) {
  const QPaintDevice* device = document.documentLayout()->paintDevice();
  return device == nullptr ? QFontMetricsF(font) : QFontMetricsF(font, device);
}

Metrics measure(const FormulaPicture& picture, const QFontMetricsF& font, double room) {
  double em = font.height() / 1.164 * formula_scale;  // DejaVu's height is 1.164 em
  if (room > 0.0 && picture.width() * em > room) em = std::max(em * least_shrink, room / picture.width());
  return {em, picture.width() * em, picture.ascent() * em, picture.descent() * em};
}

QString tex_of(const QTextFormat& format) { return format.stringProperty(tex_property); }
bool display_of(const QTextFormat& format) { return format.boolProperty(display_property); }
QFont font_of(const QTextFormat& format, const QTextDocument& document) {
  QFont font = format.toCharFormat().font();
  return font.pointSizeF() > 0.0 ? font : document.defaultFont();
}
double room_of(const QTextDocument& document) {
  return document.textWidth() > 0.0 ? document.textWidth() - 2.0 * document.documentMargin() : 0.0;
}

}  // namespace

FormulaObject::FormulaObject(FormulaRenderer* renderer, QTextDocument* document)
    : QObject(document), renderer_(renderer), document_(document) {
  document->documentLayout()->registerHandler(type, this);
  if (renderer_ != nullptr) connect(renderer_, &FormulaRenderer::rendered, this, &FormulaObject::rendered);
}

FormulaObject& FormulaObject::of(const QTextDocument& document) {
  return *static_cast<FormulaObject*>(document.documentLayout()->handlerForObject(type));
}

void FormulaObject::makeRoom(int begin) {
  if (renderer_ == nullptr) return;
  for (QTextBlock block = document_->findBlock(begin); block.isValid(); block = block.next()) makeRoomFor(block);
}

QTextCharFormat FormulaObject::format(const SourceFormula& formula, const QTextCharFormat& around) {
  QTextCharFormat format = around;
  format.setObjectType(type);
  format.setProperty(tex_property, formula.tex);
  format.setProperty(display_property, formula.display);
  format.setProperty(source_property, formula.source);
  return format;
}

QString FormulaObject::source(const QTextFormat& format) { return format.stringProperty(source_property); }

QSizeF FormulaObject::intrinsicSize(QTextDocument* document, int, const QTextFormat& format) {
  const FormulaPicture* picture = nullptr;
  if (renderer_ != nullptr) (void)renderer_->look(tex_of(format), display_of(format), &picture);
  const QFont font = font_of(format, *document);
  if (picture == nullptr) {  // its source stands in for it
    const QFontMetricsF metrics = metrics_of(font, *document);
    return {metrics.horizontalAdvance(source(format).simplified()), metrics.ascent()};
  }
  const Metrics size = measure(*picture, metrics_of(font, *document), room_of(*document));
  return {size.width, size.ascent};
}

void FormulaObject::drawObject(QPainter* painter, const QRectF& rect, QTextDocument* document, int,
                               const QTextFormat& format) {
  const FormulaPicture* picture = nullptr;
  if (renderer_ != nullptr) (void)renderer_->look(tex_of(format), display_of(format), &picture);
  const QColor colour = painter->pen().color();
  const QFont font = font_of(format, *document);
  if (picture == nullptr) {
    painter->save();
    painter->setFont(font);
    painter->drawText(rect.bottomLeft(), source(format).simplified());
    painter->restore();
    return;
  }
  picture->paint(*painter, rect.bottomLeft(), measure(*picture, metrics_of(font, *document), room_of(*document)).em,
                 colour);
}

void FormulaObject::rendered(const QString& tex, bool display) {
  for (QTextBlock block = document_->begin(); block.isValid(); block = block.next()) {
    bool here = false;
    for (auto part = block.begin(); !part.atEnd(); ++part) {
      const QTextCharFormat format = part.fragment().charFormat();
      if (format.objectType() != type || display_of(format) != display || tex_of(format) != tex) continue;
      document_->markContentsDirty(part.fragment().position(), part.fragment().length());
      here = true;
    }
    if (here) makeRoomFor(block);
  }
}

void FormulaObject::makeRoomFor(const QTextBlock& block) {
  double below = 0.0;
  for (auto part = block.begin(); !part.atEnd(); ++part) {
    const QTextCharFormat format = part.fragment().charFormat();
    const FormulaPicture* picture = nullptr;
    if (format.objectType() != type) continue;
    if (renderer_->look(tex_of(format), display_of(format), &picture) != FormulaRenderer::State::ready) continue;
    const QFont font = font_of(format, *document_);
    const QFontMetricsF metrics = metrics_of(font, *document_);
    below = std::max(below, measure(*picture, metrics, room_of(*document_)).descent - metrics.descent());
  }
  QTextBlockFormat format = block.blockFormat();
  // The distance holds for every line of the block: an inline formula's must not tear a long paragraph apart.
  const double distance = std::max(format.lineHeight(), below);
  if (below <= 0.0 ||
      (format.lineHeightType() == QTextBlockFormat::LineDistanceHeight && format.lineHeight() >= distance)) {
    return;
  }
  format.setLineHeight(distance, QTextBlockFormat::LineDistanceHeight);
  QTextCursor(block).setBlockFormat(format);
}

QString plainTextOf(const QTextDocument& document, int begin, int end) {
  QString text;
  for (QTextBlock block = document.findBlock(begin); block.isValid() && block.position() <= end; block = block.next()) {
    if (block.position() > begin) text += QLatin1Char('\n');
    for (auto part = block.begin(); !part.atEnd(); ++part) {
      const QTextFragment fragment = part.fragment();
      const int from = std::max(begin - fragment.position(), 0);
      const int count = std::min(end - fragment.position(), fragment.length()) - from;
      if (count <= 0) continue;
      const QString formula = FormulaObject::source(fragment.charFormat());
      // Neighbouring objects of one format make one fragment.
      text += formula.isEmpty() ? fragment.text().mid(from, count) : formula.repeated(count);
    }
  }
  text.replace(QChar::LineSeparator, QLatin1Char('\n'));
  text.replace(QChar::Nbsp, QLatin1Char(' '));
  return text;
}

}  // namespace holdfast
