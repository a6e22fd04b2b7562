// The Train workspace: the runs at the left; a new one to be written, or one of them as it goes.
#pragma once

#include <QWidget>

#include "app/services/train_service.h"

class QListView;
class QStackedWidget;
class QTimer;

namespace holdfast {

class RecipeEditor;
class RunListModel;
class RunView;

class TrainPanel : public QWidget {
  Q_OBJECT

 public:
  explicit TrainPanel(TrainService* service, QWidget* parent = nullptr);

  void setModels(const QStringList& paths);  // that can be trained
  void useDraft(const QString& recipe);      // what was being written when the window was closed
  void showNew();
  void showRun(RunId run);

 signals:
  void openModel(const QString& path);
  void evaluate(const QString& before, const QString& after);
  void draftChanged(const QString& recipe);
  void failed(const QString& message);
  void shown();  // something was sent here: the workspace should come to the front

 private:
  void setRuns(const std::vector<RunRow>& runs);
  void selectRun();

  TrainService* service_;
  RunListModel* runs_;
  QListView* list_;
  QStackedWidget* pages_;
  RecipeEditor* editor_;
  RunView* view_;
  RunId wanted_{};  // to be shown when the list has it
};

}  // namespace holdfast
