// The Models workspace: which models there are, what each would take, and everything that is done with them.
#pragma once

#include <QWidget>
#include <optional>

#include "app/services/model_service.h"

class QLineEdit;
class QPushButton;
class QSortFilterProxyModel;
class QTreeView;

namespace holdfast {

class Banner;
class InstalledModelsModel;
class ModelActivity;
class ModelDetails;

class ModelsPanel : public QWidget {
  Q_OBJECT

 public:
  explicit ModelsPanel(ModelService* service, QWidget* parent = nullptr);

  void setOpen(const QString& path);  // the model that is open in Solve
  void setHub(const QString& hub);    // empty: huggingface.co
  [[nodiscard]] Banner* banner() const { return banner_; }

 signals:
  void openWanted(const QString& path);
  void hubChanged(const QString& hub);

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* buildBar();
  QWidget* buildHub();
  QTreeView* buildTable();
  void connectService();
  void connectDetails();
  void showChosen();
  void choose(const QString& name);
  void openChosen();
  void renameChosen();
  void removeChosen();
  void addFolder();
  void addFile();
  void startDownload();
  void useHub();
  void fitColumns();
  [[nodiscard]] const ModelEntry* chosen() const;

  ModelService* service_;
  InstalledModelsModel* models_;
  QSortFilterProxyModel* sorted_;
  QString wanted_;  // to be chosen as soon as it is listed
  QLineEdit* address_;
  QPushButton* fetch_;
  QWidget* hubRow_;
  QLineEdit* hub_;
  Banner* banner_;
  ModelActivity* activity_;
  QTreeView* table_;
  ModelDetails* details_;
};

}  // namespace holdfast
