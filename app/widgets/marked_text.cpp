#include "app/widgets/marked_text.h"

#include <QPainter>
#include <QTextLayout>

namespace holdfast {
namespace {

QList<QTextLayout::FormatRange> formats_of(const MarkedText& marked) {
  QList<QTextLayout::FormatRange> formats;
  for (const QPoint& mark : marked.marks) {
    QTextLayout::FormatRange range;
    range.start = mark.x();
    range.length = mark.y();
    range.format.setForeground(marked.accent);
    range.format.setFontWeight(QFont::Bold);
    formats << range;
  }
  return formats;
}

}  // namespace

void paintMarkedText(QPainter& painter, const MarkedText& marked, const QRectF& rect, int lines) {
  QTextLayout layout(marked.text, marked.font);
  layout.setFormats(formats_of(marked));
  QTextOption option;
  option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  layout.setTextOption(option);
  painter.setPen(marked.colour);
  layout.beginLayout();
  double y = 0.0;
  std::vector<QTextLine> shown;
  for (int i = 0; i < lines; ++i) {
    QTextLine line = layout.createLine();
    if (!line.isValid()) break;
    line.setLineWidth(rect.width());
    line.setPosition({0.0, y});
    y += line.height();
    shown.push_back(line);
  }
  layout.endLayout();
  const bool cut = !shown.empty() && shown.back().textStart() + shown.back().textLength() < marked.text.size();
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (!cut || i + 1 < shown.size()) {
      shown[i].draw(&painter, rect.topLeft());
      continue;
    }
    // The last line again, with what is left of the text cut to its width.
    const qsizetype begin = shown[i].textStart();
    const QString rest = marked.text.mid(begin);
    MarkedText last = marked;
    last.marks.clear();
    const QFontMetricsF metrics(marked.font);
    last.text = metrics.elidedText(rest, Qt::ElideRight, rect.width() - metrics.averageCharWidth());
    for (const QPoint& mark : marked.marks) {
      const int from = mark.x() - static_cast<int>(begin);
      if (from >= 0 && from + mark.y() < last.text.size()) last.marks.push_back({from, mark.y()});
    }
    paintMarkedText(painter, last, rect.translated(0.0, shown[i].y()), 1);
  }
}

}  // namespace holdfast
