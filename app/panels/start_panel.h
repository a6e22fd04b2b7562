// What an empty session shows: how to open a model, or that one is ready for a question.
#pragma once

#include <QWidget>

class QLabel;
class QListView;
class QProgressBar;
class QPushButton;

namespace holdfast {

class ModelListModel;

class StartPanel : public QWidget {
  Q_OBJECT

 public:
  explicit StartPanel(ModelListModel* models, QWidget* parent = nullptr);

  void showNoModel(const QString& modelsFolder);
  void showLoading(const QString& name);
  void setProgress(double done);
  void showReady(const QString& name, const QString& facts);

 signals:
  void modelChosen(const QString& path);
  void folderWanted();
  void fileWanted();
  void exampleChosen(const QString& problem);
  void commandsWanted();  // the list of all
  void keysWanted();

 private:
  QWidget* buildFirstSteps();

  ModelListModel* models_;
  QLabel* heading_;
  QLabel* text_;
  QProgressBar* progress_;
  QListView* list_;
  QPushButton* folder_;
  QPushButton* file_;
  QWidget* firstSteps_;
};

}  // namespace holdfast
