#include "app/widgets/palette_delegate.h"

#include <QPainter>
#include <QPainterPath>
#include <QPoint>

#include "app/widgets/marked_text.h"

namespace holdfast {
namespace {
constexpr int palette_inset = 10;
constexpr int palette_row = 34;
}  // namespace

PaletteDelegate::PaletteDelegate(PaletteRoles roles, QObject* parent) : QStyledItemDelegate(parent), roles_(roles) {}

QSize PaletteDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const { return {200, palette_row}; }

void PaletteDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  const QPalette& palette = option.palette;
  const QRect frame = option.rect.adjusted(2, 1, -2, -1);
  const bool selected = (option.state & QStyle::State_Selected) != 0;
  if (selected || (option.state & QStyle::State_MouseOver) != 0) {
    QPainterPath path;
    path.addRoundedRect(frame, 7, 7);
    painter->fillPath(path, palette.color(selected ? QPalette::Light : QPalette::Midlight));
  }
  QRect row = frame.adjusted(palette_inset, 0, -palette_inset, 0);
  QFont small = option.font;
  small.setPointSizeF(small.pointSizeF() - 0.5);
  const QFontMetrics metrics(small);
  painter->setFont(small);
  painter->setPen(palette.color(QPalette::PlaceholderText));
  for (const int role : {roles_.shortcut, roles_.group}) {
    const QString text = index.data(role).toString();
    if (text.isEmpty()) continue;
    painter->drawText(row, Qt::AlignRight | Qt::AlignVCenter, text);
    row.setRight(row.right() - metrics.horizontalAdvance(text) - 16);
  }
  MarkedText text{
      index.data().toString(), {}, option.font, palette.color(QPalette::Text), palette.color(QPalette::Link)};
  for (const QVariant& place : index.data(roles_.matches).toList()) text.marks.push_back(place.toPoint());
  const int height = QFontMetrics(option.font).height();
  row.setTop(row.center().y() - height / 2);
  paintMarkedText(*painter, text, row, 1);
  painter->restore();
}

}  // namespace holdfast
