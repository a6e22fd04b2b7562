#include "app/panels/problem_card.h"

#include <QHBoxLayout>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/formulas/formula_renderer.h"
#include "app/services/problem_parts.h"
#include "app/widgets/elided_label.h"
#include "app/widgets/text_view.h"

namespace holdfast {

ProblemCard::ProblemCard(QWidget* parent)
    : QFrame(parent),
      formulas_(new FormulaRenderer(this)),
      asked_(new ElidedLabel),
      toggle_(new QToolButton),
      whole_(new TextView(formulas_)) {
  setObjectName(QStringLiteral("problemCard"));
  asked_->setObjectName(QStringLiteral("problemAsked"));
  toggle_->setObjectName(QStringLiteral("problemToggle"));
  toggle_->setProperty("flat", true);
  toggle_->setCheckable(true);
  toggle_->setToolTip(tr("What is given"));
  whole_->setAccessibleName(tr("The problem: what is given and what is asked"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(24, 4, 12, 6);
  layout->setSpacing(4);
  auto* row = new QHBoxLayout;
  row->addWidget(asked_, 1);
  row->addWidget(toggle_);
  layout->addLayout(row);
  layout->addWidget(whole_);
  connect(toggle_, &QToolButton::toggled, this, [this](bool open) { fold(!open); });
  fold(true);
  hide();
}

QString ProblemCard::asked() const { return asked_->text(); }

void ProblemCard::fold(bool folded) {
  whole_->setVisible(!folded);
  asked_->setText(folded ? askedLine_ : tr("The problem"));
  toggle_->setText(folded ? tr("Given \u25b8") : tr("Given \u25be"));
}

void ProblemCard::setProblem(const QString& text) {
  if (text == text_) return;
  text_ = text;
  const ProblemParts parts = parts_of_problem(text.toStdString());
  askedLine_ = tr("Asked: %1").arg(QString::fromStdString(parts.asked).simplified());
  QString whole;
  for (const std::string& sentence : parts.given)
    whole += QStringLiteral("* ") + QString::fromStdString(sentence) + QLatin1Char('\n');
  whole += QStringLiteral("\n**") + tr("Asked:") + QStringLiteral("** ") + QString::fromStdString(parts.asked);
  whole_->setText(whole);
  toggle_->setVisible(!parts.given.empty());
  if (parts.given.empty()) toggle_->setChecked(false);
  fold(!toggle_->isChecked());
  setVisible(!text.isEmpty());
}

}  // namespace holdfast
