// The Evaluate workspace: how many problems models solve, before and after training, by level, concept and problem.
#pragma once

#include <QWidget>

#include "app/models/evaluation_models.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QListView;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QStackedWidget;
class QTableView;

namespace holdfast {

class EvaluatePanel : public QWidget {
  Q_OBJECT

 public:
  explicit EvaluatePanel(EvaluateService* service, QWidget* parent = nullptr);

  void setModels(const QStringList& names);
  void showNew();
  void compareModels(const QString& before, const QString& after);  // a new evaluation of both, to be started
  void useSuite(const QString& file);                               // the problems of the next evaluation

 signals:
  void failed(const QString& message);

 private:
  QWidget* buildNew();
  QWidget* buildResult();
  QWidget* buildTables();
  void begin();
  void chooseFile();
  void chooseFamilies();
  void showSuite();
  void setRows(const std::vector<EvaluationRow>& rows);
  void select();
  void fillBeside();
  void show(std::shared_ptr<const EvaluationDetail> detail, std::shared_ptr<const EvaluationDetail> beside);
  void showSummary();
  void showReplies();
  [[nodiscard]] EvaluationSuite suite() const;

  EvaluateService* service_;
  EvaluationListModel* rows_;
  EvaluationShareModel* shares_;
  EvaluationItemModel* items_;
  std::shared_ptr<const EvaluationDetail> shown_, besideShown_;
  EvaluationId wanted_{}, wantedBeside_{};
  std::vector<std::string> families_{"all"};

  QListView* list_;
  QStackedWidget* pages_;
  QComboBox* kind_;
  QWidget* fileRow_;
  QLineEdit* file_;
  QWidget* freshRow_;
  QPushButton* familiesButton_;
  QSpinBox* first_;
  QSpinBox* last_;
  QSpinBox* count_;
  QSpinBox* seed_;
  QComboBox* model_;
  QComboBox* second_;
  QSpinBox* samples_;
  QDoubleSpinBox* temperature_;
  QSpinBox* tokens_;
  QCheckBox* boxed_;
  QComboBox* device_;
  QSpinBox* threads_;
  QLabel* fault_;
  QPushButton* start_;
  QLabel* title_;
  QLabel* state_;
  QLabel* message_;
  QLabel* summary_;
  QProgressBar* progress_;
  QComboBox* beside_;
  QPushButton* stop_;
  QPushButton* resume_;
  QPushButton* remove_;
  QComboBox* filter_;
  QTableView* shareTable_;
  QTableView* itemTable_;
  QWidget* replySide_;
  QLabel* replyName_;
  QPlainTextEdit* reply_;
  QWidget* besideSide_;
  QLabel* besideName_;
  QPlainTextEdit* besideReply_;
};

}  // namespace holdfast
