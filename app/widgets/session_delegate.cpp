#include "app/widgets/session_delegate.h"

#include <QPainter>
#include <QPainterPath>
#include <algorithm>

namespace holdfast {
namespace {
constexpr int title_height = 34;
constexpr int group_height = 32;
constexpr int inset = 8;
}  // namespace

SessionDelegate::SessionDelegate(GroupRoles roles, QObject* parent) : QStyledItemDelegate(parent), roles_(roles) {}

QRect SessionDelegate::titleRect(const QRect& item, const QModelIndex& index) const {
  return item.adjusted(inset, index.data(roles_.begins).toBool() ? group_height : 0, -inset, -2);
}

QSize SessionDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const int title = std::max(title_height, option.fontMetrics.height() + 14);
  return {120, title + (index.data(roles_.begins).toBool() ? group_height : 0)};
}

void SessionDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                                           const QModelIndex& index) const {
  editor->setGeometry(titleRect(option.rect, index));
}

void SessionDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  const QPalette& palette = option.palette;
  const QRect title = titleRect(option.rect, index);
  if (index.data(roles_.begins).toBool()) {
    QFont small = option.font;
    small.setPointSizeF(small.pointSizeF() - 0.5);
    small.setWeight(QFont::DemiBold);
    painter->setFont(small);
    painter->setPen(palette.color(QPalette::PlaceholderText));
    painter->drawText(QRect(title.left() + inset, option.rect.top() + 10, title.width(), group_height - 12),
                      Qt::AlignLeft | Qt::AlignVCenter, index.data(roles_.group).toString());
  }
  const bool selected = (option.state & QStyle::State_Selected) != 0;
  const bool hovered = (option.state & QStyle::State_MouseOver) != 0;
  if (selected || hovered) {
    QPainterPath path;
    path.addRoundedRect(title, 7, 7);
    painter->fillPath(path, palette.color(selected ? QPalette::Light : QPalette::Midlight));
    const bool focused = selected && (option.state & QStyle::State_HasFocus) != 0;
    if (focused) painter->strokePath(path, palette.color(QPalette::Highlight));
  }
  QRect text = title.adjusted(inset, 0, -inset, 0);
  if (index.data(roles_.running).toBool()) {
    painter->setBrush(palette.color(QPalette::Highlight));
    painter->setPen(Qt::NoPen);
    painter->drawEllipse(QPointF(text.right() - 3, text.center().y() + 1), 3.5, 3.5);
    text.setRight(text.right() - 14);
  }
  painter->setFont(option.font);
  painter->setPen(palette.color(QPalette::Text));
  const QString shown = option.fontMetrics.elidedText(index.data().toString(), Qt::ElideRight, text.width());
  painter->drawText(text, Qt::AlignLeft | Qt::AlignVCenter, shown);
  painter->restore();
}

}  // namespace holdfast
