// What is going on with models: a conversion, a download, downloads that wait to go on, a choice that is asked for.
// Each is one row that is there only while there is something to say.
#pragma once

#include <QWidget>
#include <vector>

#include "app/services/hub_download.h"

class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QVBoxLayout;

namespace holdfast {

class ModelActivity : public QWidget {
  Q_OBJECT

 public:
  explicit ModelActivity(QWidget* parent = nullptr);

  void beginWork(const QString& what);
  void setWork(double done);
  void endWork();
  void beginDownload(const QString& address);
  void setDownload(const HubProgress& progress);
  void endDownload();
  void setUnfinished(const std::vector<HubDownload::Unfinished>& downloads);
  void askForFile(const QString& address, const QStringList& files);

 signals:
  void workStopped();
  void downloadStopped();
  void downloadWanted(const QString& address);
  void discarded(const QString& address);

 private:
  struct Row {
    QWidget* widget = nullptr;
    QLabel* label = nullptr;
    QProgressBar* bar = nullptr;
    QPushButton* stop = nullptr;
  };
  Row addRow(const char* name, const QString& bar);
  void showUnfinished();

  QVBoxLayout* layout_;
  Row work_;
  Row download_;
  QString downloading_;
  QWidget* choice_;
  QLabel* choiceLabel_;
  QComboBox* choiceFiles_;
  QString choiceAddress_;
  QWidget* waiting_;
  std::vector<HubDownload::Unfinished> unfinished_;
};

}  // namespace holdfast
