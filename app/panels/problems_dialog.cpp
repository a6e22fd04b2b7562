#include "app/panels/problems_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSpinBox>
#include <algorithm>

#include "app/widgets/parts.h"
#include "training/generators/catalogue.h"

namespace holdfast {
namespace {

constexpr int problems_name_role = Qt::UserRole;

QString problems_concepts(const generators::Family& family) {
  QStringList concepts;
  for (const std::string_view name : family.concepts) {
    concepts << QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
  }
  return concepts.join(QStringLiteral(", "));
}

}  // namespace

QString problemsText(const RecipeData& data) {
  const auto text = [](const char* source) { return QCoreApplication::translate("ProblemsDialog", source); };
  QString what = text("All problems");
  const bool all = std::ranges::find(data.generators, "all") != data.generators.end();
  if (!all) {
    QStringList names;
    for (const std::string& name : data.generators) names << QString::fromStdString(name);
    what = names.join(QStringLiteral(", "));
  }
  what += data.first_level == data.last_level ? text(", level %1").arg(data.first_level)
                                              : text(", levels %1 to %2").arg(data.first_level).arg(data.last_level);
  if (data.create) what += text(", to be made");
  if (data.turns > 1) what += text(", up to %1 in a dialogue").arg(data.turns);
  if (data.solve) what += text(", boxed");
  return what;
}

ProblemsDialog::ProblemsDialog(const RecipeData& data, QWidget* parent) : QDialog(parent), data_(data) {
  setObjectName(QStringLiteral("problemsDialog"));
  setWindowTitle(tr("Problems"));
  resize(520, 560);
  auto* layout = new QVBoxLayout(this);
  all_ = new QCheckBox(tr("&All families"));
  all_->setObjectName(QStringLiteral("allFamilies"));
  layout->addWidget(all_);
  filter_ = new QLineEdit;
  filter_->setPlaceholderText(tr("Find a family or a concept"));
  filter_->setAccessibleName(tr("Find a family or a concept"));
  filter_->setClearButtonEnabled(true);
  layout->addWidget(filter_);
  families_ = new QListWidget;
  families_->setObjectName(QStringLiteral("families"));
  families_->setAccessibleName(tr("Families of problems"));
  for (const generators::Family& family : generators::catalogue()) {
    const QString name = QString::fromUtf8(family.name.data(), static_cast<qsizetype>(family.name.size()));
    auto* item =
        new QListWidgetItem(tr("%1 (levels %2 to %3)").arg(name).arg(family.least_level).arg(family.most_level));
    item->setData(problems_name_role, name);
    item->setToolTip(problems_concepts(family));
    item->setFlags(item->flags() | Qt::ItemIsUserCheckable);
    const bool chosen = std::ranges::find(data.generators, family.name) != data.generators.end();
    item->setCheckState(chosen ? Qt::Checked : Qt::Unchecked);
    families_->addItem(item);
  }
  layout->addWidget(families_, 1);
  auto* form = new QFormLayout;
  auto* range = new QWidget;
  auto* levels = bareRow(range);
  first_ = new QSpinBox;
  last_ = new QSpinBox;
  first_->setAccessibleName(tr("Easiest level"));
  last_->setAccessibleName(tr("Hardest level"));
  first_->setObjectName(QStringLiteral("firstLevel"));
  last_->setObjectName(QStringLiteral("lastLevel"));
  for (QSpinBox* level : {first_, last_}) level->setRange(easiest_level, hardest_level);
  first_->setValue(static_cast<int>(data.first_level));
  last_->setValue(static_cast<int>(data.last_level));
  levels->addWidget(first_);
  levels->addWidget(new QLabel(tr("to")));
  levels->addWidget(last_);
  levels->addStretch(1);
  range->setFocusProxy(first_);
  form->addRow(tr("&Levels"), range);
  kind_ = new QComboBox;
  kind_->addItem(tr("Solve: a problem, then the thought and the answer"));
  kind_->addItem(tr("Create: concepts and a level, then the reasoning and a problem"));
  kind_->setCurrentIndex(data.create ? 1 : 0);
  form->addRow(tr("What is &learned"), kind_);
  turns_ = new QSpinBox;
  turns_->setRange(1, 64);
  turns_->setValue(static_cast<int>(data.turns));
  form->addRow(tr("&Problems in a dialogue, at most"), turns_);
  solve_ = new QCheckBox(tr("The prompt asks for a &boxed answer"));
  solve_->setChecked(data.solve);
  form->addRow(QString(), solve_);
  layout->addLayout(form);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel);
  ok_ = buttons->button(QDialogButtonBox::Ok);
  layout->addWidget(buttons);
  all_->setChecked(data.generators.empty() || std::ranges::find(data.generators, "all") != data.generators.end());
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(filter_, &QLineEdit::textChanged, this, &ProblemsDialog::filter);
  connect(all_, &QCheckBox::toggled, this, &ProblemsDialog::showState);
  connect(families_, &QListWidget::itemChanged, this, &ProblemsDialog::showState);
  connect(first_, &QSpinBox::valueChanged, this, [this](int level) { last_->setMinimum(level); });
  last_->setMinimum(first_->value());
  showState();
}

void ProblemsDialog::filter(const QString& text) {
  for (int i = 0; i < families_->count(); ++i) {
    QListWidgetItem* item = families_->item(i);
    item->setHidden(!item->text().contains(text, Qt::CaseInsensitive) &&
                    !item->toolTip().contains(text, Qt::CaseInsensitive));
  }
}

void ProblemsDialog::showState() {
  families_->setEnabled(!all_->isChecked());
  ok_->setEnabled(!data().generators.empty());
}

RecipeData ProblemsDialog::data() const {
  RecipeData data = data_;
  data.file.clear();
  data.generators.clear();
  if (all_->isChecked()) {
    data.generators = {"all"};
  } else {
    for (int i = 0; i < families_->count(); ++i) {
      const QListWidgetItem* item = families_->item(i);
      if (item->checkState() == Qt::Checked)
        data.generators.push_back(item->data(problems_name_role).toString().toStdString());
    }
  }
  data.first_level = first_->value();
  data.last_level = last_->value();
  data.create = kind_->currentIndex() == 1;
  data.turns = turns_->value();
  data.solve = solve_->isChecked();
  return data;
}

}  // namespace holdfast
