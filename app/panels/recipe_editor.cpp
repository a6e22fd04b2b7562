#include "app/panels/recipe_editor.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFontDatabase>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSpinBox>
#include <QTabWidget>
#include <QTimer>
#include <QToolButton>
#include <algorithm>
#include <filesystem>

#include "app/files/paths.h"
#include "app/models/run_list_model.h"
#include "app/models/size_text.h"
#include "app/panels/phase_card.h"
#include "app/services/worker_process.h"
#include "app/widgets/parts.h"
#include "engine/atomic_file.h"
#include "kernels/error.h"
#include "training/recipe_text.h"

namespace holdfast {
namespace {

constexpr int recipe_typing_pause = 400;  // milliseconds without a key before a text is read

QString recipe_count_text(double count) {
  const QLocale locale;
  if (count >= 1e9) return locale.toString(count / 1e9, 'f', 2) + QStringLiteral(" G");
  if (count >= 1e6) return locale.toString(count / 1e6, 'f', 1) + QStringLiteral(" M");
  return locale.toString(count, 'f', 0);
}

}  // namespace

RecipeEditor::RecipeEditor(TrainService* service, QWidget* parent) : QWidget(parent), service_(service) {
  setObjectName(QStringLiteral("recipeEditor"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(16, 12, 16, 12);
  layout->setSpacing(10);
  layout->addWidget(buildHead());
  layout->addWidget(buildModel());
  layout->addWidget(buildStart());
  tabs_ = new QTabWidget;
  tabs_->setObjectName(QStringLiteral("recipeTabs"));
  tabs_->addTab(buildCards(), tr("&Phases"));
  tabs_->addTab(buildText(), tr("&Recipe (TOML)"));
  layout->addWidget(tabs_, 1);
  layout->addWidget(buildFoot());
  textTimer_ = new QTimer(this);
  textTimer_->setSingleShot(true);
  textTimer_->setInterval(recipe_typing_pause);
  connect(textTimer_, &QTimer::timeout, this, &RecipeEditor::takeText);
  connect(text_, &QPlainTextEdit::textChanged, this, [this] {
    if (!showing_) textTimer_->start();
  });
  connect(service_, &TrainService::estimated, this, &RecipeEditor::showEstimate);
  connect(service_, &TrainService::estimateFailed, this, [this](const QString& message) {
    estimating_ = false;
    estimateButton_->setText(tr("&Estimate"));
    estimate_->setText(message.isEmpty() ? QString() : tr("No estimate: %1").arg(message));
  });
  connect(service_, &TrainService::refused, this, &RecipeEditor::setFault);
  usePreset(RecipePreset::quick);
}

QWidget* RecipeEditor::buildHead() {
  auto* head = new QWidget;
  auto* row = new QHBoxLayout(head);
  row->setContentsMargins(0, 0, 0, 0);
  auto* title = new QLabel(tr("New run"));
  title->setProperty("title", true);
  row->addWidget(title);
  name_ = new QLineEdit;
  name_->setObjectName(QStringLiteral("runName"));
  name_->setAccessibleName(tr("Name of the run"));
  row->addWidget(name_, 1);
  auto* preset = new QToolButton;
  preset->setObjectName(QStringLiteral("presets"));
  preset->setText(tr("Begin from \u25be"));
  preset->setToolTip(tr("A recipe to begin with"));
  preset->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(preset);
  menu->addAction(tr("Quick try"), this, [this] { usePreset(RecipePreset::quick); });
  menu->addAction(tr("Small model on this CPU"), this, [this] { usePreset(RecipePreset::small); });
  menu->addAction(tr("Paper's two phases"), this, [this] { usePreset(RecipePreset::paper); });
  menu->addSeparator();
  menu->addAction(tr("A recipe file\u2026"), this, &RecipeEditor::openRecipe);
  preset->setMenu(menu);
  row->addWidget(preset);
  connect(name_, &QLineEdit::textEdited, this, &RecipeEditor::takeCards);
  return head;
}

QWidget* RecipeEditor::buildModel() {
  auto* widget = new QWidget;
  auto* row = new QHBoxLayout(widget);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(8);
  auto* label = new QLabel(tr("&Model"));
  base_ = new QComboBox;
  base_->setObjectName(QStringLiteral("baseModel"));
  base_->setAccessibleName(tr("Model to train"));
  base_->setEditable(true);
  base_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  base_->setMinimumContentsLength(14);
  label->setBuddy(base_);
  row->addWidget(label);
  row->addWidget(base_, 1);
  auto* browse = new QToolButton;
  browse->setText(QStringLiteral("\u2026"));
  browse->setAccessibleName(tr("Choose the model's folder"));
  browse->setToolTip(tr("Choose the model's folder"));
  row->addWidget(browse);
  what_ = new QComboBox;
  what_->setObjectName(QStringLiteral("trainedWhat"));
  what_->setAccessibleName(tr("What is trained"));
  what_->addItem(tr("all weights"));
  what_->addItem(tr("adapters (LoRA)"));
  what_->addItem(tr("the first state"));
  what_->setItemData(2, tr("The state that every text begins with, one per layer: nothing is added to the model"),
                     Qt::ToolTipRole);
  row->addWidget(what_);
  lora_ = new QWidget;
  auto* lora = new QHBoxLayout(lora_);
  lora->setContentsMargins(0, 0, 0, 0);
  lora->addWidget(mutedLabel(tr("rank")));
  rank_ = countBox("loraRank", tr("Rank of the adapters"), 1, 65536, 1);
  lora->addWidget(rank_);
  lora->addWidget(mutedLabel(QStringLiteral("\u03b1")));
  alpha_ = new QDoubleSpinBox;
  alpha_->setAccessibleName(tr("Alpha of the adapters"));
  alpha_->setRange(0.01, 1e6);
  lora->addWidget(alpha_);
  row->addWidget(lora_);
  device_ = new QComboBox;
  device_->setObjectName(QStringLiteral("trainDevice"));
  device_->setAccessibleName(tr("Where it is trained"));
  device_->addItem(tr("on the CPU"), QStringLiteral("cpu"));
  device_->addItem(tr("on the GPU"), QStringLiteral("cuda"));
  row->addWidget(device_);
  threads_ = countBox("trainThreads", tr("CPU threads"), 0, 1024, 1);
  threads_->setSpecialValueText(tr("all cores"));
  threads_->setSuffix(tr(" threads"));
  row->addWidget(threads_);
  connect(base_, &QComboBox::editTextChanged, this, &RecipeEditor::takeCards);
  connect(browse, &QToolButton::clicked, this, &RecipeEditor::chooseBase);
  connect(what_, &QComboBox::currentIndexChanged, this, [this] {
    showWhat();
    takeCards();
  });
  connect(rank_, &QSpinBox::valueChanged, this, &RecipeEditor::takeCards);
  connect(alpha_, &QDoubleSpinBox::valueChanged, this, &RecipeEditor::takeCards);
  connect(device_, &QComboBox::currentIndexChanged, this, &RecipeEditor::takeCards);
  connect(threads_, &QSpinBox::valueChanged, this, &RecipeEditor::takeCards);
  return widget;
}

// What a fork begins with.
QWidget* RecipeEditor::buildStart() {
  startRow_ = new QWidget;
  auto* row = new QHBoxLayout(startRow_);
  row->setContentsMargins(0, 0, 0, 0);
  startText_ = mutedLabel({});
  startText_->setObjectName(QStringLiteral("runStart"));
  startText_->setWordWrap(true);
  startText_->setTextFormat(Qt::PlainText);
  row->addWidget(startText_, 1);
  auto* drop = new QPushButton(tr("Begin with the model as it is"));
  drop->setObjectName(QStringLiteral("dropStart"));
  row->addWidget(drop);
  connect(drop, &QPushButton::clicked, this, [this] {
    recipe_.start.reset();
    showStart();
    takeCards();
  });
  return startRow_;
}

void RecipeEditor::showStart() {
  startRow_->setVisible(recipe_.start.has_value());
  if (!recipe_.start) return;
  const RunStart& start = *recipe_.start;
  startText_->setText(
      tr("Begins with what %1 has; %2, %3.")
          .arg(QString::fromStdString(start.checkpoint.string()),
               start.keeps_optimiser ? tr("its optimiser goes on") : tr("the optimiser begins anew"),
               start.keeps_place ? tr("step, phase and rows go on where it was") : tr("with the first phase")));
}

QWidget* RecipeEditor::buildCards() {
  auto* inside = new QWidget;
  inside->setObjectName(QStringLiteral("phaseList"));
  auto* layout = new QVBoxLayout(inside);
  layout->setContentsMargins(2, 10, 8, 6);
  layout->setSpacing(10);
  phases_ = new QVBoxLayout;
  phases_->setSpacing(10);
  layout->addLayout(phases_);
  auto* add = new QPushButton(tr("Add a p&hase"));
  add->setObjectName(QStringLiteral("addPhase"));
  layout->addWidget(add, 0, Qt::AlignLeft);
  layout->addWidget(buildUpkeep());
  layout->addStretch(1);
  auto* scroll = new QScrollArea;
  scroll->setObjectName(QStringLiteral("phaseScroll"));
  scroll->setAccessibleName(tr("Phases"));
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidget(inside);
  connect(add, &QPushButton::clicked, this, [this] {
    Phase phase = recipe_.phases.back();
    phase.name = tr("phase %1").arg(recipe_.phases.size() + 1).toStdString();
    recipe_.phases.push_back(std::move(phase));
    showPhases();
    takeCards();
  });
  return scroll;
}

QWidget* RecipeEditor::buildUpkeep() {
  auto* frame = new QFrame;
  frame->setObjectName(QStringLiteral("upkeep"));
  auto* form = new QFormLayout(frame);
  form->setContentsMargins(14, 10, 14, 12);
  form->setHorizontalSpacing(12);
  const auto line = [form](const QString& label) {
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    form->addRow(label, row);
    return row;
  };
  auto* evaluation = line(tr("Validation"));
  evaluation->addWidget(mutedLabel(tr("every")));
  evaluateEvery_ = countBox("evaluateEvery", tr("Steps from validation to validation"), 0, 100000000, 10);
  evaluateEvery_->setSpecialValueText(tr("at phase ends"));
  evaluation->addWidget(evaluateEvery_);
  evaluation->addWidget(mutedLabel(tr("steps on")));
  evaluateRows_ = countBox("evaluateRows", tr("Rows that are validated on"), 1, 10000000, 8);
  evaluation->addWidget(evaluateRows_);
  evaluation->addWidget(mutedLabel(tr("rows")));
  answers_ = new QCheckBox(tr("answers too"));
  answers_->setObjectName(QStringLiteral("evaluateAnswers"));
  evaluation->addWidget(answers_);
  evaluation->addStretch(1);
  auto* forgetting = line(tr("Forgetting"));
  forgetting->addWidget(mutedLabel(tr("loss before and after on")));
  heldOutRows_ = countBox("heldOutRows", tr("Rows that are held out of all training"), 0, 10000000, 16);
  heldOutRows_->setSpecialValueText(tr("nothing"));
  forgetting->addWidget(heldOutRows_);
  heldOutWord_ = mutedLabel({});
  forgetting->addWidget(heldOutWord_, 1);
  auto* samples = line(tr("Samples"));
  samples->addWidget(mutedLabel(tr("every")));
  sampleEvery_ = countBox("sampleEvery", tr("Steps from sample to sample"), 0, 100000000, 10);
  sampleEvery_->setSpecialValueText(tr("never"));
  samples->addWidget(sampleEvery_);
  samples->addWidget(mutedLabel(tr("steps, of")));
  prompt_ = new QLineEdit;
  prompt_->setObjectName(QStringLiteral("samplePrompt"));
  prompt_->setAccessibleName(tr("Problem that is asked for a sample"));
  samples->addWidget(prompt_, 1);
  auto* upkeep = line(tr("Checkpoints"));
  upkeep->addWidget(mutedLabel(tr("every")));
  checkpointEvery_ = countBox("checkpointEvery", tr("Steps from checkpoint to checkpoint"), 1, 100000000, 10);
  upkeep->addWidget(checkpointEvery_);
  upkeep->addWidget(mutedLabel(tr("steps; at once in memory")));
  microBatch_ = countBox("microBatch", tr("Tokens that are in memory at once"), 64, 1 << 30, 64);
  upkeep->addWidget(microBatch_);
  upkeep->addWidget(mutedLabel(tr("tokens")));
  upkeep->addStretch(1);
  for (QSpinBox* box : {evaluateEvery_, evaluateRows_, heldOutRows_, sampleEvery_, checkpointEvery_, microBatch_}) {
    connect(box, &QSpinBox::valueChanged, this, &RecipeEditor::takeCards);
  }
  connect(answers_, &QCheckBox::toggled, this, &RecipeEditor::takeCards);
  connect(prompt_, &QLineEdit::textEdited, this, &RecipeEditor::takeCards);
  return frame;
}

QWidget* RecipeEditor::buildText() {
  auto* widget = new QWidget;
  auto* layout = new QVBoxLayout(widget);
  layout->setContentsMargins(2, 10, 2, 2);
  text_ = new QPlainTextEdit;
  text_->setObjectName(QStringLiteral("recipeText"));
  text_->setAccessibleName(tr("The recipe as text"));
  text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  text_->setLineWrapMode(QPlainTextEdit::NoWrap);
  text_->setTabChangesFocus(true);
  layout->addWidget(text_, 1);
  auto* row = new QHBoxLayout;
  auto* save = new QPushButton(tr("&Save the recipe\u2026"));
  save->setObjectName(QStringLiteral("saveRecipe"));
  commandHint_ = mutedLabel({});
  row->addWidget(commandHint_);
  row->addStretch(1);
  row->addWidget(save);
  layout->addLayout(row);
  command_ = new QLineEdit;
  command_->setObjectName(QStringLiteral("trainCommand"));
  command_->setAccessibleName(tr("Command line of this run"));
  ranksCommand_ = new QLineEdit;
  ranksCommand_->setObjectName(QStringLiteral("ranksCommand"));
  ranksCommand_->setAccessibleName(tr("Command line of this run on several processors or GPUs"));
  slurmCommand_ = new QLineEdit;
  slurmCommand_->setObjectName(QStringLiteral("slurmCommand"));
  slurmCommand_->setAccessibleName(tr("Command line of this run on a cluster"));
  for (QLineEdit* line : {command_, ranksCommand_, slurmCommand_}) {
    line->setReadOnly(true);
    line->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    layout->addWidget(line);
  }
  connect(save, &QPushButton::clicked, this, &RecipeEditor::saveRecipe);
  return widget;
}

QWidget* RecipeEditor::buildFoot() {
  auto* foot = new QWidget;
  auto* layout = new QVBoxLayout(foot);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(6);
  fault_ = new QLabel;
  fault_->setObjectName(QStringLiteral("recipeFault"));
  fault_->setProperty("fault", true);
  fault_->setWordWrap(true);
  fault_->setTextFormat(Qt::PlainText);
  fault_->hide();
  layout->addWidget(fault_);
  estimate_ = new QLabel;
  estimate_->setObjectName(QStringLiteral("estimateText"));
  estimate_->setWordWrap(true);
  estimate_->setTextFormat(Qt::PlainText);
  estimate_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  layout->addWidget(estimate_);
  auto* row = new QHBoxLayout;
  row->addStretch(1);
  estimateButton_ = new QPushButton(tr("&Estimate"));
  estimateButton_->setObjectName(QStringLiteral("estimate"));
  estimateButton_->setToolTip(tr("Memory and time that the run would take, and why; nothing is written"));
  row->addWidget(estimateButton_);
  start_ = new QPushButton(tr("Start &training"));
  start_->setObjectName(QStringLiteral("startTraining"));
  start_->setProperty("primary", true);
  row->addWidget(start_);
  layout->addLayout(row);
  connect(estimateButton_, &QPushButton::clicked, this, &RecipeEditor::toggleEstimate);
  connect(start_, &QPushButton::clicked, this, &RecipeEditor::begin);
  return foot;
}

QString RecipeEditor::device() const { return device_->currentData().toString(); }

void RecipeEditor::setModels(const QStringList& paths) {
  const bool before = std::exchange(showing_, true);
  const QString current = base_->currentText();
  base_->clear();
  base_->addItems(paths);
  base_->setEditText(current);
  showing_ = before;
  // A text that is being typed is not touched.
  if (current.isEmpty() && !paths.isEmpty()) base_->setEditText(paths.first());
}

void RecipeEditor::usePreset(RecipePreset preset) {
  recipe_ = preset_recipe(preset, base_->currentText().toStdString());
  if (preset == RecipePreset::paper) device_->setCurrentIndex(1);
  if (preset == RecipePreset::small) device_->setCurrentIndex(0);
  show();
  takeCards();
}

void RecipeEditor::useText(const QString& text, const QString& file) {
  try {
    recipe_ = Recipe::parse(text.toStdString(), file.toStdString());
    show();
    takeCards();
  } catch (const Error& error) {
    setFault(QString::fromUtf8(error.what()));
  }
}

void RecipeEditor::addDataset(int phase, const QString& file) {
  if (phase < 1 || phase > static_cast<int>(cards_.size())) return;
  cards_[static_cast<std::size_t>(phase) - 1]->addFile(file);
}

QString RecipeEditor::text() const { return QString::fromStdString(recipe_text(recipe_)); }

void RecipeEditor::show() {
  const bool before = std::exchange(showing_, true);
  name_->setText(QString::fromStdString(recipe_.name));
  base_->setEditText(QString::fromStdString(recipe_.base));
  base_->setEnabled(!recipe_.shape);
  what_->setCurrentIndex(static_cast<int>(recipe_.trainer.trained));
  rank_->setValue(static_cast<int>(recipe_.trainer.lora.rank));
  alpha_->setValue(static_cast<double>(recipe_.trainer.lora.alpha));
  evaluateEvery_->setValue(static_cast<int>(recipe_.evaluation.every));
  evaluateRows_->setValue(static_cast<int>(recipe_.evaluation.rows));
  answers_->setChecked(recipe_.evaluation.answers);
  sampleEvery_->setValue(static_cast<int>(recipe_.samples.every));
  prompt_->setText(recipe_.samples.prompts.empty() ? QString() : QString::fromStdString(recipe_.samples.prompts[0]));
  checkpointEvery_->setValue(static_cast<int>(recipe_.checkpoints.every));
  microBatch_->setValue(static_cast<int>(recipe_.trainer.micro_batch_tokens));
  const HeldOutRows& held = recipe_.held_out;
  heldOutRows_->setValue(held.data.empty() ? 0 : static_cast<int>(held.rows));
  heldOutWord_->setText(
      held.data.empty() || (held.data.size() == 1 && !held.data[0].generators.empty())
          ? tr("fresh problems, the same for every run")
          : tr("rows of each of the recipe's %n sources", nullptr, static_cast<int>(held.data.size())));
  showWhat();
  showStart();
  showPhases();
  showing_ = before;
}

void RecipeEditor::showWhat() { lora_->setVisible(what_->currentIndex() == static_cast<int>(Trained::lora)); }

void RecipeEditor::showPhases() {
  const std::size_t count = recipe_.phases.size();
  while (cards_.size() > count) {
    cards_.back()->hide();
    cards_.back()->deleteLater();
    cards_.pop_back();
  }
  while (cards_.size() < count) {
    auto* card = new PhaseCard;
    const std::size_t index = cards_.size();
    cards_.push_back(card);
    phases_->addWidget(card);
    connect(card, &PhaseCard::changed, this, &RecipeEditor::takeCards);
    connect(card, &PhaseCard::removed, this, [this, index] {
      recipe_.phases.erase(recipe_.phases.begin() + static_cast<std::ptrdiff_t>(index));
      showPhases();
      takeCards();
    });
    connect(card, &PhaseCard::moved, this, [this, index](int by) {
      std::swap(recipe_.phases[index], recipe_.phases[index + static_cast<std::size_t>(by)]);
      showPhases();
      takeCards();
    });
  }
  for (std::size_t i = 0; i < count; ++i) {
    cards_[i]->setPhase(recipe_.phases[i], static_cast<int>(i) + 1, static_cast<int>(count));
  }
}

void RecipeEditor::takeCards() {
  if (showing_) return;
  recipe_.name = name_->text().trimmed().toStdString();
  if (!recipe_.shape) recipe_.base = base_->currentText().trimmed().toStdString();
  recipe_.trainer.trained = static_cast<Trained>(what_->currentIndex());
  recipe_.trainer.lora.rank = rank_->value();
  recipe_.trainer.lora.alpha = static_cast<float>(alpha_->value());
  recipe_.trainer.micro_batch_tokens = microBatch_->value();
  for (std::size_t i = 0; i < cards_.size(); ++i) recipe_.phases[i] = cards_[i]->phase();
  recipe_.evaluation.every = evaluateEvery_->value();
  recipe_.evaluation.rows = evaluateRows_->value();
  recipe_.evaluation.answers = answers_->isChecked();
  if (heldOutRows_->value() == 0) {
    recipe_.held_out.data.clear();
  } else {
    if (recipe_.held_out.data.empty()) recipe_.held_out.data = {preset_held_out()};
    recipe_.held_out.rows = heldOutRows_->value();
  }
  recipe_.samples.every = sampleEvery_->value();
  const std::string prompt = prompt_->text().toStdString();
  if (recipe_.samples.prompts.empty()) {
    if (!prompt.empty()) recipe_.samples.prompts = {prompt};
  } else {
    recipe_.samples.prompts[0] = prompt;
  }
  recipe_.checkpoints.every = checkpointEvery_->value();
  const bool before = std::exchange(showing_, true);
  const QString written = text();
  if (text_->toPlainText() != written) text_->setPlainText(written);
  showing_ = before;
  textTimer_->stop();
  showCommand();
  // Rules that hold between fields are those of the reader.
  try {
    if (recipe_.base.empty() && !recipe_.shape) throw FormatError(tr("Choose the model to train.").toStdString());
    (void)Recipe::parse(written.toStdString(), recipe_.name + ".toml");
    setFault({});
  } catch (const Error& error) {
    setFault(QString::fromUtf8(error.what()));
  }
  emit changed(written);
}

void RecipeEditor::takeText() {
  try {
    const QString typed = text_->toPlainText();
    recipe_ = Recipe::parse(typed.toStdString(), (service_->dataDir() / "runs" / "recipe.toml").string());
    show();
    showCommand();
    setFault({});
    emit changed(typed);
  } catch (const Error& error) {
    setFault(QString::fromUtf8(error.what()));
  }
}

void RecipeEditor::setFault(const QString& fault) {
  fault_->setText(fault);
  fault_->setVisible(!fault.isEmpty());
  start_->setEnabled(fault.isEmpty());
  estimateButton_->setEnabled(fault.isEmpty() || estimating_);
}

// With the file where it was saved; until then it has to be.
void RecipeEditor::showCommand() {
  const std::optional<std::filesystem::path> program = program_beside("holdfast");
  QString command =
      shell_word(program ? QString::fromStdString(program->string()) : QStringLiteral("holdfast")) +
      QStringLiteral(" train ") +
      shell_word(saved_.isEmpty() ? QString::fromStdString(recipe_.name) + QStringLiteral(".toml") : saved_) +
      QStringLiteral(" --data-dir ") + shell_word(QString::fromStdString(service_->dataDir().string()));
  if (device() == QLatin1String("cuda")) command += QStringLiteral(" --device cuda");
  if (threads_->value() > 0) command += QStringLiteral(" --threads %1").arg(threads_->value());
  command_->setText(command);
  ranksCommand_->setText(QStringLiteral("mpirun -np 2 --bind-to none ") + command);
  slurmCommand_->setText(QStringLiteral("srun --ntasks=2 ") + command);
  for (QLineEdit* line : {command_, ranksCommand_, slurmCommand_}) line->setCursorPosition(0);
  commandHint_->setText(saved_.isEmpty() ? tr("The same without a window, once the recipe is saved:")
                                         : tr("The same without a window, with the recipe as it was saved:"));
}

void RecipeEditor::openRecipe() {
  const QString file = QFileDialog::getOpenFileName(this, tr("A recipe"), {}, tr("Recipes (*.toml)"));
  if (file.isEmpty()) return;
  try {
    recipe_ = Recipe::load(file.toStdString());
    show();
    takeCards();
  } catch (const Error& error) {
    setFault(QString::fromUtf8(error.what()));
  }
}

void RecipeEditor::saveRecipe() {
  const QString name = QString::fromStdString(recipe_.name) + QStringLiteral(".toml");
  const QString file = QFileDialog::getSaveFileName(this, tr("Save the recipe"), name, tr("Recipes (*.toml)"));
  if (file.isEmpty()) return;
  try {
    write_file_atomically(file.toStdString(), text_->toPlainText().toStdString());
    saved_ = file;
    showCommand();
  } catch (const Error& error) {
    setFault(QString::fromUtf8(error.what()));
  }
}

void RecipeEditor::chooseBase() {
  const QString folder = QFileDialog::getExistingDirectory(this, tr("The model's folder"));
  if (!folder.isEmpty()) base_->setEditText(folder);
}

void RecipeEditor::begin() {
  if (textTimer_->isActive()) {
    textTimer_->stop();
    takeText();
    if (!start_->isEnabled()) return;
  }
  const std::filesystem::path file = service_->dataDir() / "runs" / "recipe.toml";
  service_->create(text(), QString::fromStdString(file.string()), device(), threads_->value());
}

void RecipeEditor::toggleEstimate() {
  if (estimating_) return service_->cancelEstimate();
  estimating_ = true;
  estimateButton_->setText(tr("Stop &estimating"));
  estimate_->setText(tr("A micro-batch of the recipe's rows is trained on, to see how fast it is\u2026"));
  const std::filesystem::path file = service_->dataDir() / "runs" / "recipe.toml";
  service_->estimate(text(), QString::fromStdString(file.string()), device(), threads_->value());
}

void RecipeEditor::showEstimate(const TrainEstimate& estimate) {
  estimating_ = false;
  estimateButton_->setText(tr("&Estimate"));
  const QLocale locale;
  QString text = tr("Memory: %1, of which").arg(sizeText(estimate.bytes));
  for (std::size_t i = 0; i < estimate.memory.size(); ++i) {
    const TrainEstimate::Part& part = estimate.memory[i];
    const double share = estimate.bytes > 0.0 ? 100.0 * part.bytes / estimate.bytes : 0.0;
    text += (i == 0 ? QStringLiteral(" ") : QStringLiteral("; ")) +
            tr("%1 %2 % (%3)").arg(part.name, locale.toString(share, 'f', 0), part.reason);
  }
  text += QLatin1Char('\n') +
          tr("Time: about %1 at %2 tokens a second, without validation and checkpoints; %3 numbers are trained")
              .arg(runDuration(estimate.seconds), recipe_count_text(estimate.tokensPerSecond),
                   recipe_count_text(estimate.trained));
  for (const TrainEstimate::PhasePart& phase : estimate.phases) {
    text += QLatin1Char('\n') + tr("%1: %2 steps, %3 tokens, about %4")
                                    .arg(phase.name, locale.toString(phase.steps), recipe_count_text(phase.tokens),
                                         runDuration(phase.seconds));
  }
  if (estimate.badRows > 0) {
    text += QLatin1Char('\n') + tr("%n rows cannot be used; the first: %1", nullptr, static_cast<int>(estimate.badRows))
                                    .arg(estimate.firstBadRow);
  }
  estimate_->setText(text);
}

}  // namespace holdfast
