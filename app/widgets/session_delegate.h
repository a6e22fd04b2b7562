// Draws a list of titles in groups: a group's name stands above its first title.
#pragma once

#include <QStyledItemDelegate>

namespace holdfast {

struct GroupRoles {
  int group = 0;    // text
  int begins = 0;   // bool
  int running = 0;  // bool: a dot at the end
};

class SessionDelegate : public QStyledItemDelegate {
  Q_OBJECT

 public:
  explicit SessionDelegate(GroupRoles roles, QObject* parent = nullptr);
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                            const QModelIndex& index) const override;

 private:
  [[nodiscard]] QRect titleRect(const QRect& item, const QModelIndex& index) const;

  GroupRoles roles_;
};

}  // namespace holdfast
