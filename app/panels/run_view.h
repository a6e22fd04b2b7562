// One training run as it goes: its curves, samples, log, recipe and what it has made.
#pragma once

#include <QWidget>
#include <array>
#include <memory>

#include "app/services/train_service.h"

class QLabel;
class QLineEdit;
class QListWidget;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;
class QTabWidget;
class QTableWidget;
class QToolButton;

namespace holdfast {

// What the loss on held-out rows says, and what it does not.
[[nodiscard]] QString heldOutMeaning();

class PlotView;
class RunCompare;

class RunView : public QWidget {
  Q_OBJECT

 public:
  explicit RunView(TrainService* service, QWidget* parent = nullptr);

  void setRuns(const std::vector<RunRow>& runs);  // all, to compare with
  void setDetail(std::shared_ptr<const RunDetail> detail);
  [[nodiscard]] const RunDetail* detail() const { return detail_.get(); }

 signals:
  void openModel(const QString& path);
  void evaluate(const QString& before, const QString& after);  // two models on the same problems
  void useRecipe(const QString& text, const QString& file);

 private:
  QWidget* buildHead();
  QWidget* buildCharts();
  QWidget* buildTabs();
  void showHead();
  void showCharts();
  void showTexts(bool anew);
  void showFiles();
  void showCommands();
  QWidget* buildCases();
  void showCases();
  void showCase();
  QWidget* buildMade();
  QWidget* buildRecipe();
  void fork(bool keepOptimiser, bool keepPlace);
  [[nodiscard]] const RunProduct* chosenCheckpoint() const;  // of the chosen result the last one
  [[nodiscard]] const RunProduct* chosen() const;

  TrainService* service_;
  std::shared_ptr<const RunDetail> detail_;
  std::size_t samplesShown_ = 0, eventsShown_ = 0, refusedShown_ = 0;

  QLabel* name_;
  QLabel* state_;
  QLabel* figures_;
  QLabel* message_;
  QProgressBar* progress_;
  QPushButton* pause_;
  QPushButton* resume_;
  QPushButton* stop_;
  QPushButton* remove_;
  std::array<PlotView*, 4> charts_{};
  QTabWidget* tabs_;
  QPlainTextEdit* samples_;
  QPlainTextEdit* log_;
  QPlainTextEdit* recipe_;
  QPlainTextEdit* refused_;
  QTableWidget* cases_;
  QPlainTextEdit* case_;
  qint64 casesShown_ = -1;
  RunCompare* compare_;
  std::array<QLineEdit*, 3> commands_{};
  QListWidget* files_;
  QPushButton* open_;
  QPushButton* evaluate_;
  QToolButton* fork_;
  QLabel* hint_;
};

}  // namespace holdfast
