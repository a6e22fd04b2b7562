// A recipe to be written: as cards, or as the TOML text that does the same without a window. Both show one recipe, and
// what the cards have no field for stays as the text has it.
#pragma once

#include <QStringList>
#include <QWidget>
#include <vector>

#include "app/services/recipe_presets.h"
#include "app/services/train_service.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QScrollArea;
class QSpinBox;
class QTabWidget;
class QTimer;
class QVBoxLayout;

namespace holdfast {

class PhaseCard;

class RecipeEditor : public QWidget {
  Q_OBJECT

 public:
  explicit RecipeEditor(TrainService* service, QWidget* parent = nullptr);

  void setModels(const QStringList& paths);
  void usePreset(RecipePreset preset);
  void useText(const QString& text, const QString& file);  // a recipe that was there before
  void addDataset(int phase, const QString& file);         // phase from 1
  [[nodiscard]] const Recipe& recipe() const { return recipe_; }
  [[nodiscard]] QString text() const;

 signals:
  void changed(const QString& text);  // to be kept

 private:
  QWidget* buildHead();
  QWidget* buildModel();
  QWidget* buildStart();
  QWidget* buildCards();
  QWidget* buildUpkeep();
  QWidget* buildText();
  QWidget* buildFoot();
  void show();  // the recipe in the cards
  void showPhases();
  void showWhat();
  void showStart();
  void showCommand();
  void takeCards();  // the cards into the recipe, and the recipe into the text
  void takeText();
  void setFault(const QString& fault);
  void openRecipe();
  void saveRecipe();
  void chooseBase();
  void begin();
  void toggleEstimate();
  void showEstimate(const TrainEstimate& estimate);
  [[nodiscard]] QString device() const;

  TrainService* service_;
  Recipe recipe_;
  bool showing_ = false;
  bool estimating_ = false;
  std::vector<PhaseCard*> cards_;

  QLineEdit* name_;
  QComboBox* base_;
  QComboBox* what_;
  QWidget* lora_;
  QSpinBox* rank_;
  QDoubleSpinBox* alpha_;
  QComboBox* device_;
  QSpinBox* threads_;
  QTabWidget* tabs_;
  QVBoxLayout* phases_;
  QSpinBox* evaluateEvery_;
  QSpinBox* evaluateRows_;
  QSpinBox* heldOutRows_;
  QLabel* heldOutWord_;
  QCheckBox* answers_;
  QSpinBox* sampleEvery_;
  QLineEdit* prompt_;
  QSpinBox* checkpointEvery_;
  QSpinBox* microBatch_;
  QPlainTextEdit* text_;
  QTimer* textTimer_;
  QLineEdit* command_;
  QLineEdit* ranksCommand_;
  QLineEdit* slurmCommand_;
  QLabel* commandHint_;
  QString saved_;  // the recipe's file, once it has one
  QWidget* startRow_;
  QLabel* startText_;
  QLabel* fault_;
  QLabel* estimate_;
  QPushButton* estimateButton_;
  QPushButton* start_;
};

}  // namespace holdfast
