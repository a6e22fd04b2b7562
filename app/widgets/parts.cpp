#include "app/widgets/parts.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QListView>
#include <QPushButton>
#include <QSpinBox>
#include <QSplitter>
#include <QTableWidget>
#include <QTableWidgetItem>
#include <QVBoxLayout>

namespace holdfast {

QLabel* mutedLabel(const QString& text) {
  auto* label = new QLabel(text);
  label->setProperty("muted", true);
  return label;
}

QHBoxLayout* bareRow(QWidget* widget) {
  auto* row = new QHBoxLayout(widget);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(8);
  return row;
}

QSpinBox* countBox(const char* name, const QString& spoken, int least, int most, int step) {
  auto* box = new QSpinBox;
  box->setObjectName(QLatin1String(name));
  box->setAccessibleName(spoken);
  box->setRange(least, most);
  box->setSingleStep(step);
  box->setGroupSeparatorShown(true);
  return box;
}

QTableWidgetItem* readCell(const QString& text, bool number) {
  auto* item = new QTableWidgetItem(text);
  item->setFlags(Qt::ItemIsSelectable | Qt::ItemIsEnabled);
  if (number) item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
  return item;
}

void alignHeaders(QTableWidget* table, int firstNumber) {
  table->horizontalHeader()->setHighlightSections(false);
  for (int column = 0; column < table->columnCount(); ++column) {
    table->horizontalHeaderItem(column)->setTextAlignment((column < firstNumber ? Qt::AlignLeft : Qt::AlignRight) |
                                                          Qt::AlignVCenter);
  }
}

ListAndPages addListAndPages(QWidget* whole, QAbstractItemModel* model, QWidget* pages) {
  auto* side = new QWidget;
  side->setObjectName(QStringLiteral("side"));
  side->setAttribute(Qt::WA_StyledBackground);
  side->setMinimumWidth(164);
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(12, 10, 12, 8);
  const ListAndPages made{new QPushButton, new QListView};
  column->addWidget(made.fresh);
  made.list->setModel(model);
  made.list->setFrameShape(QFrame::NoFrame);
  made.list->setWordWrap(true);
  made.list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  made.list->setResizeMode(QListView::Adjust);
  made.list->setSpacing(1);
  column->addWidget(made.list, 1);
  auto* splitter = new QSplitter(Qt::Horizontal);
  splitter->setHandleWidth(1);
  splitter->setChildrenCollapsible(false);
  splitter->addWidget(side);
  splitter->addWidget(pages);
  splitter->setStretchFactor(1, 1);
  splitter->setSizes({230, 900});
  auto* layout = new QHBoxLayout(whole);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(splitter);
  return made;
}

}  // namespace holdfast
