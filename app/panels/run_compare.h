// Where two training runs differ: the fields of their recipes side by side, and what came of them.
#pragma once

#include <QWidget>
#include <vector>

#include "app/store/store.h"

class QComboBox;
class QLabel;
class QTableWidget;

namespace holdfast {

class RunCompare : public QWidget {
  Q_OBJECT

 public:
  explicit RunCompare(QWidget* parent = nullptr);

  void setRuns(const std::vector<RunRow>& runs);  // all that there are
  void setRun(const RunRow& run);                 // the one at the left

  struct Difference {
    QString field, left, right;  // empty: it is not there
  };
  // Throws what Recipe::parse throws.
  [[nodiscard]] static std::vector<Difference> differences(const RunRow& left, const RunRow& right);

 private:
  void fill();
  void show();

  std::vector<RunRow> runs_;
  RunRow left_;
  QLabel* with_;
  QComboBox* other_;
  QLabel* summary_;
  QTableWidget* table_;
};

}  // namespace holdfast
