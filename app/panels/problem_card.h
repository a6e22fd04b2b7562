// The problem that is being solved, kept in sight: what is asked, and on demand what is given.
#pragma once

#include <QFrame>

class QToolButton;

namespace holdfast {

class ElidedLabel;
class FormulaRenderer;
class TextView;

class ProblemCard : public QFrame {
  Q_OBJECT

 public:
  explicit ProblemCard(QWidget* parent = nullptr);
  void setProblem(const QString& text);
  [[nodiscard]] QString asked() const;

 private:
  void fold(bool folded);

  QString text_;
  QString askedLine_;
  FormulaRenderer* formulas_;
  ElidedLabel* asked_;
  QToolButton* toggle_;
  TextView* whole_;
};

}  // namespace holdfast
