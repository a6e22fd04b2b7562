// One phase of a recipe, to be written: its mixture, length, order, learning rate and gate.
#pragma once

#include <QFrame>

#include "training/recipe.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QSpinBox;
class QToolButton;
class QVBoxLayout;

namespace holdfast {

class PhaseCard : public QFrame {
  Q_OBJECT

 public:
  explicit PhaseCard(QWidget* parent = nullptr);

  void setPhase(const Phase& phase, int number, int count);  // number from 1
  [[nodiscard]] Phase phase() const;
  void addFile(const QString& file);

 signals:
  void changed();
  void moved(int by);  // -1 up, 1 down
  void removed();

 private:
  QWidget* buildHead();
  QWidget* buildLength();
  QWidget* buildRate();
  QWidget* buildGate();
  QWidget* buildSizes();
  QWidget* buildBegin();
  void showData();
  void addDataRow(std::size_t index);
  void editData(std::size_t index);
  void addProblems();
  void chooseFile();
  void showGate();

  Phase phase_;
  bool showing_ = false;
  QLabel* number_;
  QLineEdit* name_;
  QToolButton* up_;
  QToolButton* down_;
  QToolButton* remove_;
  QVBoxLayout* data_;
  QComboBox* order_;
  QDoubleSpinBox* length_;
  QComboBox* unit_;
  QLineEdit* rate_;
  QComboBox* schedule_;
  QSpinBox* warmup_;
  QDoubleSpinBox* end_;
  QComboBox* gate_;
  QDoubleSpinBox* gateValue_;
  QLabel* gateUnit_;
  QSpinBox* sequence_;
  QSpinBox* batch_;
  QFormLayout* form_;
  QWidget* begin_;  // how it follows the phase before
  QCheckBox* reset_;
  QCheckBox* continue_;
};

}  // namespace holdfast
