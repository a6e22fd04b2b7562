// Draws what a search found: a line of where, two lines of text with the matches emphasised.
#pragma once

#include <QStyledItemDelegate>

namespace holdfast {

struct HitRoles {
  int title = 0, kind = 0, when = 0;  // text
  int matches = 0;                    // QVariantList of QPoint
};

class HitDelegate : public QStyledItemDelegate {
  Q_OBJECT

 public:
  explicit HitDelegate(HitRoles roles, QObject* parent = nullptr);
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 private:
  HitRoles roles_;
};

}  // namespace holdfast
