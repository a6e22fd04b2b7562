// A few lines of text with some of it emphasised, for delegates.
#pragma once

#include <QColor>
#include <QFont>
#include <QPoint>
#include <QRectF>
#include <QString>
#include <vector>

class QPainter;

namespace holdfast {

struct MarkedText {
  QString text;
  std::vector<QPoint> marks;  // begin and length of what stands out, bold and in `accent`
  QFont font;
  QColor colour, accent;
};

// Within the rectangle, from its top; what does not fit in `lines` lines ends in an ellipsis.
void paintMarkedText(QPainter& painter, const MarkedText& marked, const QRectF& rect, int lines);

}  // namespace holdfast
