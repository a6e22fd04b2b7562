// Making problems: what they are of, how they come, what is kept of them.
#pragma once

#include <QTimer>
#include <QWidget>
#include <array>
#include <functional>
#include <map>
#include <vector>

#include "app/services/generate_service.h"
#include "training/problem.h"

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QPushButton;
class QSortFilterProxyModel;
class QSpinBox;
class QTableView;
class QTableWidget;
class QTextEdit;

namespace holdfast {

class Banner;
class ConceptPicker;
class FormulaRenderer;
class ProblemListModel;
class TextView;

class GeneratePanel : public QWidget {
  Q_OBJECT

 public:
  explicit GeneratePanel(GenerateService* service, QWidget* parent = nullptr);

  [[nodiscard]] ConceptPicker* picker() const { return picker_; }
  [[nodiscard]] Banner* banner() const { return banner_; }

 signals:
  void solveWanted(const QString& problem);

 protected:
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QWidget* buildSettings();
  QWidget* buildRows();
  QWidget* buildDetail();
  QWidget* buildTools();
  void connectService();
  void showSets(const std::vector<ProblemSetRow>& sets);
  void openSet(ProblemSetId set);
  void newSet();
  void renameSet();
  void removeSet();
  void askName(const QString& title, const QString& name, std::function<void(const QString&)> act);
  void startOrStop();
  void decide(ProblemStatus status);
  void importFile();
  void count(const ProblemRow& row);
  void showCoverage();
  [[nodiscard]] QString nearest(const ProblemRow& row, const MadeProblem& made) const;
  void editCurrent();
  void exportAs(DatasetFormat format);
  void showCurrent();
  void showMaking();
  void showText(const MadeProblem& made, const QString& extra);
  void updateState();
  [[nodiscard]] PromptCotOptions options() const;
  [[nodiscard]] const ProblemRow* current() const;

  GenerateService* service_;
  ConceptPicker* picker_;
  ProblemListModel* model_;
  QSortFilterProxyModel* shown_;
  FormulaRenderer* formulas_;
  Banner* banner_;
  QComboBox* set_ = nullptr;
  QComboBox* source_ = nullptr;
  QSpinBox* first_ = nullptr;
  QSpinBox* last_ = nullptr;
  QSpinBox* count_ = nullptr;
  QSpinBox* solve_ = nullptr;
  QDoubleSpinBox* temperature_ = nullptr;
  QDoubleSpinBox* sureness_ = nullptr;
  QSpinBox* seed_ = nullptr;
  QPushButton* start_ = nullptr;
  QComboBox* filter_ = nullptr;
  QTableView* table_ = nullptr;
  QLabel* summary_ = nullptr;
  TextView* detail_ = nullptr;
  QTextEdit* preview_ = nullptr;
  QTableWidget* coverage_ = nullptr;
  std::vector<QWidget*> onRow_, onSet_;  // what needs a row, or a set
  QTimer frames_;
  std::map<std::string, std::array<int, hardest_level + 1>> made_of_;  // problems of the open set by concept and level
  std::vector<ProblemSetRow> sets_;
  bool makesFirst_ = false;  // problems, once there is a set for them
  ProblemSetId open_;
  std::int64_t wanted_ = 0, made_ = 0;  // of the making under way
};

}  // namespace holdfast
