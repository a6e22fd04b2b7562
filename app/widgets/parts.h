// Small pieces that forms and views are put together from, each made in one way.
#pragma once

#include <QString>

class QAbstractItemModel;
class QHBoxLayout;
class QLabel;
class QListView;
class QPushButton;
class QSpinBox;
class QTableWidget;
class QTableWidgetItem;
class QWidget;

namespace holdfast {

[[nodiscard]] QLabel* mutedLabel(const QString& text);
[[nodiscard]] QHBoxLayout* bareRow(QWidget* widget);  // lies in the widget, without margins
// `name` for tests and styles, `spoken` for screen readers.
[[nodiscard]] QSpinBox* countBox(const char* name, const QString& spoken, int least, int most, int step = 1);
// To be read, not written; numbers stand at the right.
[[nodiscard]] QTableWidgetItem* readCell(const QString& text, bool number);
// As readCell places what is below them: words at the left, from this column on numbers at the right. None is bold for
// what is chosen below.
void alignHeaders(QTableWidget* table, int firstNumber);

// What was begun before stands in a list at the left, with a button to begin anew; the right shows one of them.
struct ListAndPages {
  QPushButton* fresh;
  QListView* list;
};
[[nodiscard]] ListAndPages addListAndPages(QWidget* whole, QAbstractItemModel* model, QWidget* pages);

}  // namespace holdfast
