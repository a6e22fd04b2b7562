#include "app/panels/tree_panel.h"

#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "app/services/vote.h"

namespace holdfast {
namespace {

constexpr int node_role = Qt::UserRole;
constexpr qsizetype longest_text = 120;

QString line_of(const NodeRow& node) {
  const std::optional<std::string> answer = answer_of(node);
  QString text = QString::fromStdString(answer ? *answer : node.text).simplified();
  if (text.size() > longest_text) text = text.left(longest_text) + QStringLiteral("\u2026");
  QString kind;
  switch (node.kind) {
    case NodeKind::system: kind = TreePanel::tr("Instruction"); break;
    case NodeKind::user: kind = TreePanel::tr("Question"); break;
    case NodeKind::thought: kind = TreePanel::tr("Thought"); break;
    case NodeKind::answer: kind = TreePanel::tr("Answer"); break;
    case NodeKind::note: kind = TreePanel::tr("Note"); break;
  }
  return TreePanel::tr("%1: %2").arg(kind, text.isEmpty() ? QStringLiteral("\u2026") : text);
}

}  // namespace

TreePanel::TreePanel(QWidget* parent)
    : QWidget(parent), tree_(new QTreeWidget), compare_(new QPushButton(tr("Compare the two"))) {
  setObjectName(QStringLiteral("treePanel"));
  tree_->setObjectName(QStringLiteral("branchTree"));
  tree_->setAccessibleName(tr("Branches of the session"));
  tree_->setColumnCount(2);
  tree_->setHeaderLabels({tr("Message"), tr("Tokens")});
  tree_->header()->setStretchLastSection(false);
  tree_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  tree_->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  tree_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  tree_->setIndentation(16);
  tree_->setFrameShape(QFrame::NoFrame);
  compare_->setObjectName(QStringLiteral("compareBranches"));
  compare_->setToolTip(tr("Select two messages to see their branches side by side"));
  compare_->setProperty("command", "compare");
  compare_->setEnabled(false);
  auto* hint = new QLabel(tr("Enter shows the branch of a message; branches hang under the message where they part."));
  hint->setProperty("muted", true);
  hint->setWordWrap(true);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(14, 10, 14, 14);
  layout->setSpacing(8);
  layout->addWidget(hint);
  layout->addWidget(tree_, 1);
  layout->addWidget(compare_);
  connect(tree_, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) { emit chosen(nodeOf(item)); });
  connect(tree_, &QTreeWidget::itemSelectionChanged, this,
          [this] { compare_->setEnabled(tree_->selectedItems().size() == 2); });
  connect(compare_, &QPushButton::clicked, this, [this] {
    const QList<QTreeWidgetItem*> two = tree_->selectedItems();
    if (two.size() == 2) emit compareWanted(nodeOf(two[0]), nodeOf(two[1]));
  });
}

NodeId TreePanel::nodeOf(const QTreeWidgetItem* item) const { return {item->data(0, node_role).toLongLong()}; }

// Messages that follow each other stand under each other; only where branches part does the tree go deeper: what
// follows on a branch hangs under its first message.
void TreePanel::add(const NodeRow& first, QTreeWidgetItem* under) {
  const NodeRow* node = &first;
  QTreeWidgetItem* begin = nullptr;
  while (node != nullptr) {
    auto* item = new QTreeWidgetItem;
    item->setText(0, (node->favourite ? QStringLiteral("\u2605 ") : QString()) + line_of(*node));
    item->setToolTip(0, QString::fromStdString(node->text.substr(0, 1000)));
    if (node->token_count > 0) item->setText(1, QLocale().toString(static_cast<qlonglong>(node->token_count)));
    item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
    item->setData(0, node_role, static_cast<qlonglong>(node->id.value));
    QFont font = item->font(0);
    font.setBold(shown_.contains(node->id.value));
    item->setFont(0, font);
    QTreeWidgetItem* parent = under != nullptr && begin != nullptr ? begin : under;
    parent == nullptr ? tree_->addTopLevelItem(item) : parent->addChild(item);
    if (begin == nullptr) begin = item;
    const std::vector<const NodeRow*>& next = children_[node->id.value];
    if (next.size() == 1) {
      node = next.front();
      continue;
    }
    for (const NodeRow* child : next) add(*child, item);
    item->setExpanded(true);
    node = nullptr;
  }
}

void TreePanel::setTree(const std::vector<NodeRow>& tree, const std::vector<NodeRow>& branch) {
  tree_->clear();
  children_.clear();
  shown_.clear();
  for (const NodeRow& node : branch) shown_[node.id.value] = true;
  for (const NodeRow& node : tree) children_[node.parent.value].push_back(&node);
  for (const NodeRow* root : std::vector<const NodeRow*>(children_[0])) add(*root, nullptr);
  tree_->expandAll();
  children_.clear();
}

}  // namespace holdfast
