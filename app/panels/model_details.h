// What is known of one model, and what can be done with it.
#pragma once

#include <QScrollArea>
#include <optional>

#include "app/services/model_service.h"

class QComboBox;
class QFrame;
class QGridLayout;
class QLabel;
class QLineEdit;
class QMenu;
class QPushButton;
class QToolButton;

namespace holdfast {

class TextView;

class ModelDetails : public QScrollArea {
  Q_OBJECT

 public:
  explicit ModelDetails(QWidget* parent = nullptr);

  // Nothing: no model is chosen. bytesPerSecond: of this machine's memory, 0 while it is not known.
  void show(const ModelEntry* model, double bytesPerSecond, bool open);
  void setHashes(const QString& path, const QString& text);
  void setWorking(bool working);  // a conversion runs: no second one is begun
  [[nodiscard]] const std::optional<ModelEntry>& model() const { return model_; }

 signals:
  void openWanted();
  void renameWanted();
  void removeWanted();
  void hashesWanted();
  void conversionWanted(const holdfast::ModelConversion& conversion);
  void failed(const QString& message);

 private:
  QWidget* buildHead();
  QWidget* buildConversion();
  void showFacts();
  void showFormats(double bytesPerSecond);
  void showCard();
  void beginConversion();
  void suggestName();
  void reveal();
  void copyPath();

  std::optional<ModelEntry> model_;
  bool working_ = false;
  QMap<QString, QString> hashes_;  // by path, as long as the window lives
  QWidget* body_;
  QLabel* name_;
  QLabel* path_;
  QLabel* fault_;
  QPushButton* open_;
  QPushButton* convert_;
  QToolButton* more_;
  QAction* rename_ = nullptr;
  QAction* remove_ = nullptr;
  QAction* hash_ = nullptr;
  QFrame* conversion_;
  QComboBox* layoutChoice_ = nullptr;
  QComboBox* dtypeChoice_ = nullptr;
  QLineEdit* newName_ = nullptr;
  QPushButton* startConversion_ = nullptr;
  QString suggested_;
  QWidget* tables_ = nullptr;
  QLabel* hashText_;
  TextView* card_;
};

}  // namespace holdfast
