// Draws one command of a palette: its name with the typed letters emphasised, its group, its shortcut.
#pragma once

#include <QStyledItemDelegate>

namespace holdfast {

struct PaletteRoles {
  int shortcut = 0, group = 0;  // text
  int matches = 0;              // QVariantList of QPoint
};

class PaletteDelegate : public QStyledItemDelegate {
  Q_OBJECT

 public:
  explicit PaletteDelegate(PaletteRoles roles, QObject* parent = nullptr);
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 private:
  PaletteRoles roles_;
};

}  // namespace holdfast
