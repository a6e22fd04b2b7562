#include "app/panels/phase_card.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QDoubleValidator>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <limits>

#include "app/panels/problems_dialog.h"
#include "app/services/recipe_presets.h"
#include "app/widgets/elided_label.h"
#include "app/widgets/parts.h"

namespace holdfast {
namespace {

enum PhaseUnit { unit_steps, unit_epochs, unit_tokens };
enum PhaseGate { gate_fixed, gate_plateau, gate_right, gate_loss };

QToolButton* phase_button(const QString& text, const char* name, const QString& tip) {
  auto* button = new QToolButton;
  button->setText(text);
  button->setObjectName(QLatin1String(name));
  button->setProperty("flat", true);
  button->setToolTip(tip);
  button->setAccessibleName(tip);
  return button;
}

QString phase_data_text(const RecipeData& data) {
  if (!data.generators.empty()) return problemsText(data);
  if (!data.file.empty()) return QString::fromStdString(data.file.string());
  return QString::fromStdString(data.rows_of);
}

}  // namespace

PhaseCard::PhaseCard(QWidget* parent) : QFrame(parent) {
  setObjectName(QStringLiteral("phaseCard"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(14, 10, 14, 12);
  layout->setSpacing(8);
  layout->addWidget(buildHead());
  form_ = new QFormLayout;
  form_->setHorizontalSpacing(12);
  form_->setVerticalSpacing(8);
  form_->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  form_->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  auto* mixture = new QWidget;
  data_ = new QVBoxLayout(mixture);
  data_->setContentsMargins(0, 0, 0, 0);
  data_->setSpacing(4);
  form_->addRow(tr("Data"), mixture);
  form_->addRow(tr("Length"), buildLength());
  form_->addRow(tr("Learning rate"), buildRate());
  form_->addRow(tr("Ends"), buildGate());
  form_->addRow(tr("Batch"), buildSizes());
  form_->addRow(tr("Begins"), buildBegin());
  layout->addLayout(form_);
}

QWidget* PhaseCard::buildHead() {
  auto* head = new QWidget;
  auto* row = bareRow(head);
  number_ = new QLabel;
  number_->setProperty("title", true);
  row->addWidget(number_);
  name_ = new QLineEdit;
  name_->setObjectName(QStringLiteral("phaseName"));
  name_->setAccessibleName(tr("Name of the phase"));
  row->addWidget(name_, 1);
  up_ = phase_button(QStringLiteral("\u2191"), "phaseUp", tr("Move this phase up"));
  down_ = phase_button(QStringLiteral("\u2193"), "phaseDown", tr("Move this phase down"));
  remove_ = phase_button(QStringLiteral("\u2715"), "phaseRemove", tr("Remove this phase"));
  for (QToolButton* button : {up_, down_, remove_}) row->addWidget(button);
  connect(name_, &QLineEdit::textEdited, this, &PhaseCard::changed);
  connect(up_, &QToolButton::clicked, this, [this] { emit moved(-1); });
  connect(down_, &QToolButton::clicked, this, [this] { emit moved(1); });
  connect(remove_, &QToolButton::clicked, this, &PhaseCard::removed);
  return head;
}

QWidget* PhaseCard::buildLength() {
  auto* widget = new QWidget;
  auto* row = bareRow(widget);
  length_ = new QDoubleSpinBox;
  length_->setObjectName(QStringLiteral("phaseLength"));
  length_->setAccessibleName(tr("Length of the phase"));
  length_->setRange(0.01, 1e12);
  length_->setDecimals(0);
  length_->setGroupSeparatorShown(true);
  row->addWidget(length_);
  unit_ = new QComboBox;
  unit_->setObjectName(QStringLiteral("phaseUnit"));
  unit_->setAccessibleName(tr("Unit of the length"));
  unit_->addItems({tr("steps"), tr("epochs"), tr("tokens")});
  row->addWidget(unit_);
  row->addWidget(mutedLabel(tr("in order")));
  order_ = new QComboBox;
  order_->setObjectName(QStringLiteral("phaseOrder"));
  order_->setAccessibleName(tr("Order of the rows"));
  order_->addItems({tr("shuffled"), tr("easy to hard"), tr("as it is")});
  row->addWidget(order_);
  row->addStretch(1);
  connect(length_, &QDoubleSpinBox::valueChanged, this, &PhaseCard::changed);
  connect(unit_, &QComboBox::currentIndexChanged, this, [this](int unit) {
    length_->setDecimals(unit == unit_epochs ? 2 : 0);
    emit changed();
  });
  connect(order_, &QComboBox::currentIndexChanged, this, &PhaseCard::changed);
  return widget;
}

QWidget* PhaseCard::buildRate() {
  auto* widget = new QWidget;
  auto* row = bareRow(widget);
  rate_ = new QLineEdit;
  rate_->setObjectName(QStringLiteral("phaseRate"));
  rate_->setAccessibleName(tr("Learning rate"));
  auto* number = new QDoubleValidator(0.0, 10.0, 12, rate_);
  number->setLocale(QLocale::c());
  number->setNotation(QDoubleValidator::ScientificNotation);
  rate_->setValidator(number);
  rate_->setFixedWidth(92);
  row->addWidget(rate_);
  schedule_ = new QComboBox;
  schedule_->setObjectName(QStringLiteral("phaseSchedule"));
  schedule_->setAccessibleName(tr("Schedule of the learning rate"));
  schedule_->addItems({tr("constant"), tr("cosine"), tr("linear")});
  row->addWidget(schedule_);
  row->addWidget(mutedLabel(tr("to")));
  end_ = new QDoubleSpinBox;
  end_->setAccessibleName(tr("Share of the learning rate at the end"));
  end_->setRange(0.0, 100.0);
  end_->setDecimals(1);
  end_->setSuffix(QStringLiteral(" %"));
  row->addWidget(end_);
  row->addWidget(mutedLabel(tr("warm-up")));
  warmup_ = countBox("phaseWarmup", tr("Steps of warm-up"), 0, 100000000, 10);
  row->addWidget(warmup_);
  row->addStretch(1);
  connect(rate_, &QLineEdit::textEdited, this, &PhaseCard::changed);
  connect(schedule_, &QComboBox::currentIndexChanged, this, [this](int kind) {
    end_->setEnabled(kind != 0);
    emit changed();
  });
  connect(end_, &QDoubleSpinBox::valueChanged, this, &PhaseCard::changed);
  connect(warmup_, &QSpinBox::valueChanged, this, &PhaseCard::changed);
  return widget;
}

QWidget* PhaseCard::buildGate() {
  auto* widget = new QWidget;
  auto* row = bareRow(widget);
  gate_ = new QComboBox;
  gate_->setObjectName(QStringLiteral("phaseGate"));
  gate_->setAccessibleName(tr("When the phase ends"));
  gate_->addItems({tr("at its length"), tr("or when validation no longer gets better"),
                   tr("or when enough answers are right"), tr("or when the validation loss is low")});
  row->addWidget(gate_);
  gateValue_ = new QDoubleSpinBox;
  gateValue_->setObjectName(QStringLiteral("phaseGateValue"));
  gateValue_->setAccessibleName(tr("Value of the gate"));
  row->addWidget(gateValue_);
  gateUnit_ = mutedLabel({});
  row->addWidget(gateUnit_);
  row->addStretch(1);
  connect(gate_, &QComboBox::currentIndexChanged, this, [this] {
    showGate();
    emit changed();
  });
  connect(gateValue_, &QDoubleSpinBox::valueChanged, this, &PhaseCard::changed);
  return widget;
}

QWidget* PhaseCard::buildSizes() {
  auto* widget = new QWidget;
  auto* row = bareRow(widget);
  batch_ = countBox("phaseBatch", tr("Tokens of a step"), 64, std::numeric_limits<int>::max(), 64);
  row->addWidget(batch_);
  row->addWidget(mutedLabel(tr("tokens, rows of at most")));
  sequence_ = countBox("phaseSequence", tr("Longest row in tokens"), 1, 1 << 24, 64);
  row->addWidget(sequence_);
  row->addStretch(1);
  connect(batch_, &QSpinBox::valueChanged, this, &PhaseCard::changed);
  connect(sequence_, &QSpinBox::valueChanged, this, &PhaseCard::changed);
  return widget;
}

QWidget* PhaseCard::buildBegin() {
  begin_ = new QWidget;
  auto* row = bareRow(begin_);
  continue_ = new QCheckBox(tr("schedule goes on from the phase before"));
  continue_->setToolTip(tr("The steps of the phases before count for the schedule, and there is no second warm-up."));
  row->addWidget(continue_);
  reset_ = new QCheckBox(tr("fresh optimiser"));
  reset_->setToolTip(tr("What the optimiser remembers of the phase before is forgotten."));
  row->addWidget(reset_);
  row->addStretch(1);
  connect(continue_, &QCheckBox::toggled, this, &PhaseCard::changed);
  connect(reset_, &QCheckBox::toggled, this, &PhaseCard::changed);
  return begin_;
}

void PhaseCard::setPhase(const Phase& phase, int number, int count) {
  const QSignalBlocker quiet(this);
  phase_ = phase;
  number_->setText(tr("Phase %1").arg(number));
  setAccessibleName(tr("Phase %1 of %2").arg(number).arg(count));
  name_->setText(QString::fromStdString(phase.name));
  up_->setEnabled(number > 1);
  down_->setEnabled(number < count);
  remove_->setEnabled(count > 1);
  form_->setRowVisible(begin_, number > 1);
  order_->setCurrentIndex(static_cast<int>(phase.order));
  unit_->setCurrentIndex(phase.steps ? unit_steps : phase.epochs ? unit_epochs : unit_tokens);
  length_->setDecimals(phase.epochs ? 2 : 0);
  length_->setValue(phase.steps    ? static_cast<double>(*phase.steps)
                    : phase.epochs ? *phase.epochs
                                   : static_cast<double>(phase.tokens.value_or(1)));
  if (rate_->text().toDouble() != phase.learning_rate) rate_->setText(QString::number(phase.learning_rate, 'g', 6));
  schedule_->setCurrentIndex(static_cast<int>(phase.schedule));
  end_->setEnabled(phase.schedule != ScheduleKind::constant);
  end_->setValue(phase.end_ratio * 100.0);
  warmup_->setValue(static_cast<int>(std::min<std::int64_t>(phase.warmup, warmup_->maximum())));
  continue_->setChecked(phase.continues_schedule);
  gate_->setCurrentIndex(phase.gate.kind == GateKind::fixed     ? gate_fixed
                         : phase.gate.kind == GateKind::plateau ? gate_plateau
                         : phase.gate.at_least                  ? gate_right
                                                                : gate_loss);
  showGate();
  if (phase.gate.kind == GateKind::plateau) gateValue_->setValue(static_cast<double>(phase.gate.patience));
  if (phase.gate.at_least) gateValue_->setValue(*phase.gate.at_least * 100.0);
  if (!phase.gate.at_least && phase.gate.loss_at_most) gateValue_->setValue(*phase.gate.loss_at_most);
  batch_->setValue(static_cast<int>(std::min<std::int64_t>(phase.batch_tokens, batch_->maximum())));
  sequence_->setValue(static_cast<int>(phase.sequence_length));
  reset_->setChecked(phase.resets_optimiser);
  showData();
}

void PhaseCard::showGate() {
  const int kind = gate_->currentIndex();
  gateValue_->setVisible(kind != gate_fixed);
  gateUnit_->setVisible(kind != gate_fixed);
  const QSignalBlocker quiet(gateValue_);
  if (kind == gate_plateau) {
    gateValue_->setDecimals(0);
    gateValue_->setRange(1, 1000000);
    gateUnit_->setText(tr("evaluations in a row"));
  } else if (kind == gate_right) {
    gateValue_->setDecimals(1);
    gateValue_->setRange(0.0, 100.0);
    gateUnit_->setText(tr("% of the answers"));
  } else {
    gateValue_->setDecimals(3);
    gateValue_->setRange(0.0, 1e6);
    gateUnit_->setText(tr("at most"));
  }
}

Phase PhaseCard::phase() const {
  Phase phase = phase_;
  phase.name = name_->text().trimmed().toStdString();
  phase.order = static_cast<RowOrder>(order_->currentIndex());
  phase.steps.reset();
  phase.epochs.reset();
  phase.tokens.reset();
  const auto whole = static_cast<std::int64_t>(std::max(1.0, length_->value()));
  if (unit_->currentIndex() == unit_steps) phase.steps = whole;
  if (unit_->currentIndex() == unit_epochs) phase.epochs = length_->value();
  if (unit_->currentIndex() == unit_tokens) phase.tokens = whole;
  phase.learning_rate = QLocale::c().toDouble(rate_->text());
  phase.schedule = static_cast<ScheduleKind>(schedule_->currentIndex());
  phase.end_ratio = end_->value() / 100.0;
  phase.warmup = warmup_->value();
  phase.continues_schedule = continue_->isChecked();
  Gate gate = phase_.gate;
  gate.at_least.reset();
  gate.loss_at_most.reset();
  const int kind = gate_->currentIndex();
  gate.kind = kind == gate_fixed ? GateKind::fixed : kind == gate_plateau ? GateKind::plateau : GateKind::validation;
  if (kind == gate_plateau) gate.patience = static_cast<std::int64_t>(gateValue_->value());
  if (kind == gate_right) gate.at_least = gateValue_->value() / 100.0;
  if (kind == gate_loss) gate.loss_at_most = gateValue_->value();
  phase.gate = gate;
  phase.batch_tokens = batch_->value() == batch_->maximum() ? phase_.batch_tokens : batch_->value();
  phase.sequence_length = sequence_->value();
  phase.resets_optimiser = reset_->isChecked();
  return phase;
}

void PhaseCard::showData() {
  while (QLayoutItem* item = data_->takeAt(0)) {
    if (item->widget() != nullptr) item->widget()->deleteLater();
    delete item;
  }
  for (std::size_t i = 0; i < phase_.data.size(); ++i) addDataRow(i);
  auto* widget = new QWidget;
  auto* row = bareRow(widget);
  auto* problems = new QPushButton(tr("Add problems\u2026"));
  problems->setObjectName(QStringLiteral("addProblems"));
  problems->setToolTip(tr("Problems with proofs that are made while the run goes"));
  auto* file = new QPushButton(tr("Add a file\u2026"));
  file->setObjectName(QStringLiteral("addFile"));
  file->setToolTip(tr("Rows of JSON, one a line: prompt and completion, messages, ShareGPT, Alpaca or plain text"));
  row->addWidget(problems);
  row->addWidget(file);
  row->addStretch(1);
  data_->addWidget(widget);
  connect(problems, &QPushButton::clicked, this, &PhaseCard::addProblems);
  connect(file, &QPushButton::clicked, this, &PhaseCard::chooseFile);
}

void PhaseCard::addDataRow(std::size_t index) {
  const RecipeData& part = phase_.data[index];
  auto* widget = new QWidget;
  auto* row = bareRow(widget);
  auto* text = new ElidedLabel;
  text->setText(phase_data_text(part));
  text->setToolTip(phase_data_text(part));
  if (part.generators.empty()) text->setElideMode(Qt::ElideMiddle);  // a file is known by its name, at the end
  text->setObjectName(QStringLiteral("dataText"));
  row->addWidget(text, 1);
  row->addWidget(mutedLabel(tr("weight")));
  auto* weight = new QDoubleSpinBox;
  weight->setObjectName(QStringLiteral("dataWeight"));
  weight->setAccessibleName(tr("Weight of %1").arg(phase_data_text(part)));
  weight->setToolTip(tr("Its share of the rows; 0: as many as it has"));
  weight->setRange(0.0, 1e6);
  weight->setDecimals(2);
  weight->setSingleStep(0.1);
  weight->setSpecialValueText(tr("its rows"));
  weight->setValue(part.weight.value_or(0.0));
  row->addWidget(weight);
  auto* edit = phase_button(tr("Edit\u2026"), "dataEdit", tr("Edit %1").arg(phase_data_text(part)));
  edit->setEnabled(!part.generators.empty());
  row->addWidget(edit);
  auto* remove = phase_button(QStringLiteral("\u2715"), "dataRemove", tr("Leave out %1").arg(phase_data_text(part)));
  remove->setEnabled(phase_.data.size() > 1);
  row->addWidget(remove);
  data_->addWidget(widget);
  connect(weight, &QDoubleSpinBox::valueChanged, this, [this, index](double value) {
    phase_.data[index].weight = value > 0.0 ? std::optional(value) : std::nullopt;
    emit changed();
  });
  connect(edit, &QToolButton::clicked, this, [this, index] { editData(index); });
  connect(remove, &QToolButton::clicked, this, [this, index] {
    phase_.data.erase(phase_.data.begin() + static_cast<std::ptrdiff_t>(index));
    showData();
    emit changed();
  });
}

void PhaseCard::editData(std::size_t index) {
  ProblemsDialog dialog(phase_.data[index], this);
  if (dialog.exec() != QDialog::Accepted) return;
  phase_.data[index] = dialog.data();
  showData();
  emit changed();
}

void PhaseCard::addProblems() {
  ProblemsDialog dialog(preset_problems(1, 5), this);
  if (dialog.exec() != QDialog::Accepted) return;
  phase_.data.push_back(dialog.data());
  showData();
  emit changed();
}

void PhaseCard::chooseFile() {
  const QString file =
      QFileDialog::getOpenFileName(this, tr("A file of rows"), {}, tr("Rows of JSON (*.jsonl *.json)"));
  if (!file.isEmpty()) addFile(file);
}

void PhaseCard::addFile(const QString& file) {
  RecipeData part;
  part.file = QFileInfo(file).absoluteFilePath().toStdString();
  part.weight = 1.0;
  phase_.data.push_back(part);
  showData();
  emit changed();
}

}  // namespace holdfast
