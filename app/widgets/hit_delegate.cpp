#include "app/widgets/hit_delegate.h"

#include <QPainter>
#include <QPainterPath>
#include <QPoint>

#include "app/widgets/marked_text.h"

namespace holdfast {
namespace {

constexpr int hit_inset = 10;
constexpr int hit_lines = 2;

QFont hit_small(QFont font) {
  font.setPointSizeF(font.pointSizeF() - 0.5);
  return font;
}

}  // namespace

HitDelegate::HitDelegate(HitRoles roles, QObject* parent) : QStyledItemDelegate(parent), roles_(roles) {}

QSize HitDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
  const QFontMetrics small(hit_small(option.font));
  return {200, small.height() + hit_lines * QFontMetrics(option.font).height() + 2 * 9 + 6};
}

void HitDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  const QPalette& palette = option.palette;
  const QRect frame = option.rect.adjusted(2, 2, -2, -2);
  const bool selected = (option.state & QStyle::State_Selected) != 0;
  const bool hovered = (option.state & QStyle::State_MouseOver) != 0;
  if (selected || hovered) {
    QPainterPath path;
    path.addRoundedRect(frame, 7, 7);
    painter->fillPath(path, palette.color(selected ? QPalette::Light : QPalette::Midlight));
  }
  const QFont small = hit_small(option.font);
  const QFontMetrics metrics(small);
  QRect line = frame.adjusted(hit_inset, 7, -hit_inset, 0);
  line.setHeight(metrics.height());
  const QColor muted = palette.color(QPalette::PlaceholderText);
  painter->setFont(small);
  painter->setPen(muted);
  const QString when = index.data(roles_.when).toString();
  painter->drawText(line, Qt::AlignRight | Qt::AlignVCenter, when);
  const QString kind = index.data(roles_.kind).toString();
  painter->setPen(palette.color(QPalette::Link));
  painter->drawText(line, Qt::AlignLeft | Qt::AlignVCenter, kind);
  const int from = metrics.horizontalAdvance(kind) + 10;
  const QRect title = line.adjusted(from, 0, -metrics.horizontalAdvance(when) - 10, 0);
  painter->setPen(muted);
  painter->drawText(title, Qt::AlignLeft | Qt::AlignVCenter,
                    metrics.elidedText(index.data(roles_.title).toString(), Qt::ElideRight, title.width()));
  MarkedText text{
      index.data().toString(), {}, option.font, palette.color(QPalette::Text), palette.color(QPalette::Link)};
  for (const QVariant& place : index.data(roles_.matches).toList()) text.marks.push_back(place.toPoint());
  paintMarkedText(*painter, text, QRectF(frame.adjusted(hit_inset, 7 + metrics.height() + 4, -hit_inset, -4)),
                  hit_lines);
  painter->restore();
}

}  // namespace holdfast
