// Which problems a part of a mixture makes: families found by name or concept, levels, and what is learned of them.
#pragma once

#include <QDialog>

#include "training/recipe.h"

class QCheckBox;
class QComboBox;
class QLineEdit;
class QListWidget;
class QPushButton;
class QSpinBox;

namespace holdfast {

[[nodiscard]] QString problemsText(const RecipeData& data);  // "All problems, levels 1 to 3"

class ProblemsDialog : public QDialog {
  Q_OBJECT

 public:
  explicit ProblemsDialog(const RecipeData& data, QWidget* parent = nullptr);
  [[nodiscard]] RecipeData data() const;

 private:
  void filter(const QString& text);
  void showState();

  RecipeData data_;
  QCheckBox* all_;
  QLineEdit* filter_;
  QListWidget* families_;
  QSpinBox* first_;
  QSpinBox* last_;
  QComboBox* kind_;
  QSpinBox* turns_;
  QCheckBox* solve_;
  QPushButton* ok_;
};

}  // namespace holdfast
