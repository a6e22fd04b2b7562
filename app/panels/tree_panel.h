// All branches of a session as a tree: where they part, which one is shown, which are bookmarked.
#pragma once

#include <QWidget>
#include <map>
#include <vector>

#include "app/store/rows.h"

class QPushButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace holdfast {

class TreePanel : public QWidget {
  Q_OBJECT

 public:
  explicit TreePanel(QWidget* parent = nullptr);

  void setTree(const std::vector<NodeRow>& tree, const std::vector<NodeRow>& branch);

 signals:
  void chosen(holdfast::NodeId node);
  void compareWanted(holdfast::NodeId one, holdfast::NodeId other);

 private:
  void add(const NodeRow& node, QTreeWidgetItem* under);
  [[nodiscard]] NodeId nodeOf(const QTreeWidgetItem* item) const;

  std::map<std::int64_t, std::vector<const NodeRow*>> children_;  // by parent, while the tree is built
  std::map<std::int64_t, bool> shown_;
  QTreeWidget* tree_;
  QPushButton* compare_;
};

}  // namespace holdfast
