#include "app/panels/run_view.h"

#include <QDateTime>
#include <QDesktopServices>
#include <QFontDatabase>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QMenu>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollBar>
#include <QSplitter>
#include <QTabWidget>
#include <QTableWidget>
#include <QToolButton>
#include <QUrl>
#include <algorithm>

#include "app/models/change_text.h"
#include "app/models/run_list_model.h"
#include "app/models/size_text.h"
#include "app/panels/run_compare.h"
#include "app/services/thought_splitter.h"
#include "app/widgets/parts.h"
#include "app/widgets/plot_view.h"
#include "kernels/error.h"
#include "training/recipe_text.h"

namespace holdfast {
namespace {

constexpr std::size_t norm_chart = 2;

QPushButton* run_button(const QString& text, const char* name, const QString& tip) {
  auto* button = new QPushButton(text);
  button->setObjectName(QLatin1String(name));
  button->setToolTip(tip);
  return button;
}

QPlainTextEdit* run_text(const char* name, const QString& spoken, bool fixed) {
  auto* text = new QPlainTextEdit;
  text->setObjectName(QLatin1String(name));
  text->setAccessibleName(spoken);
  text->setReadOnly(true);
  text->setTabChangesFocus(true);
  if (fixed) text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  return text;
}

QString run_number(double value, int digits) { return QLocale().toString(value, 'f', digits); }

QString run_rate(double tokens) {
  return tokens >= 1e4 ? RunView::tr("%1 k tokens/s").arg(run_number(tokens / 1e3, 1))
                       : RunView::tr("%1 tokens/s").arg(run_number(tokens, 0));
}

// A row without the signs of the template, which are the same in each.
QString run_row(QString text) {
  static const QRegularExpression signs(
      QStringLiteral("<\\|[^|>]{1,40}\\|>(?:system|user|assistant)?\\n?|</?s>|<think>"));
  return text.remove(signs).trimmed();
}

// The last taken step's value of a figure.
std::optional<double> last_of(const std::vector<RunStepRow>& steps, std::optional<double> RunStepRow::*figure) {
  for (auto row = steps.rbegin(); row != steps.rend(); ++row) {
    if (((*row).*figure).has_value()) return (*row).*figure;
  }
  return std::nullopt;
}

std::optional<double> first_of(const std::vector<RunStepRow>& steps, std::optional<double> RunStepRow::*figure) {
  for (const RunStepRow& row : steps) {
    if ((row.*figure).has_value()) return row.*figure;
  }
  return std::nullopt;
}

PlotLine run_line(const std::vector<RunStepRow>& steps, std::optional<double> RunStepRow::*figure, const QString& name,
                  bool dashed = false) {
  PlotLine line{.name = name, .x = {}, .y = {}, .dashed = dashed};
  line.x.reserve(steps.size());
  line.y.reserve(steps.size());
  for (const RunStepRow& row : steps) {
    if (!(row.*figure)) continue;
    line.x.push_back(static_cast<double>(row.step));
    line.y.push_back(*(row.*figure));
  }
  return line;
}

}  // namespace

QString heldOutMeaning() {
  return RunView::tr(
      "The mean loss of a token on rows that the recipe holds out of all training, the same before and after. What "
      "rises here was forgotten; what falls was learned along the way. It speaks of rows of this kind alone, and says "
      "nothing of answers: evaluate the model before and after for those.");
}

RunView::RunView(TrainService* service, QWidget* parent) : QWidget(parent), service_(service) {
  setObjectName(QStringLiteral("runView"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(16, 12, 16, 12);
  layout->setSpacing(10);
  layout->addWidget(buildHead());
  auto* splitter = new QSplitter(Qt::Vertical);
  splitter->setChildrenCollapsible(false);
  splitter->addWidget(buildCharts());
  splitter->addWidget(buildTabs());
  splitter->setStretchFactor(0, 3);
  splitter->setStretchFactor(1, 2);
  layout->addWidget(splitter, 1);
}

QWidget* RunView::buildHead() {
  auto* head = new QWidget;
  auto* layout = new QVBoxLayout(head);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(6);
  auto* row = new QHBoxLayout;
  name_ = new QLabel;
  name_->setObjectName(QStringLiteral("runTitle"));
  name_->setProperty("title", true);
  name_->setTextFormat(Qt::PlainText);
  row->addWidget(name_);
  state_ = new QLabel;
  state_->setObjectName(QStringLiteral("runState"));
  state_->setProperty("muted", true);
  row->addWidget(state_);
  row->addStretch(1);
  pause_ = run_button(tr("&Pause"), "pauseRun", tr("Keeps a checkpoint and frees the memory; it goes on bit for bit"));
  resume_ = run_button(tr("&Go on"), "resumeRun", tr("Goes on from the last checkpoint, bit for bit"));
  resume_->setProperty("primary", true);
  stop_ = run_button(tr("&Stop and keep"), "stopRun", tr("Ends the run with what it has learned so far"));
  auto* again = run_button(tr("Use its &recipe"), "againRun", tr("A new run that begins with this recipe"));
  remove_ = run_button(tr("&Delete\u2026"), "removeRun", tr("The run with all its checkpoints"));
  for (QPushButton* button : {pause_, resume_, stop_, again, remove_}) row->addWidget(button);
  layout->addLayout(row);
  progress_ = new QProgressBar;
  progress_->setRange(0, 1000);
  progress_->setTextVisible(false);
  progress_->setAccessibleName(tr("How far the run is"));
  layout->addWidget(progress_);
  figures_ = new QLabel;
  figures_->setObjectName(QStringLiteral("runFigures"));
  figures_->setWordWrap(true);
  layout->addWidget(figures_);
  message_ = new QLabel;
  message_->setObjectName(QStringLiteral("runMessage"));
  message_->setProperty("fault", true);
  message_->setWordWrap(true);
  message_->setTextFormat(Qt::PlainText);
  message_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  layout->addWidget(message_);
  connect(pause_, &QPushButton::clicked, this, [this] { service_->pause(detail_->row.id); });
  connect(resume_, &QPushButton::clicked, this, [this] { service_->resume(detail_->row.id); });
  connect(stop_, &QPushButton::clicked, this, [this] { service_->stop(detail_->row.id); });
  connect(again, &QPushButton::clicked, this, [this] {
    emit useRecipe(QString::fromStdString(detail_->row.recipe), QString::fromStdString(detail_->row.recipe_file));
  });
  connect(remove_, &QPushButton::clicked, this, [this] {
    const auto answer =
        QMessageBox::question(this, tr("Delete the run"),
                              tr("\"%1\" and all its checkpoints are deleted from the disk. This cannot be undone.")
                                  .arg(QString::fromStdString(detail_->row.name)),
                              QMessageBox::Discard | QMessageBox::Cancel, QMessageBox::Cancel);
    if (answer == QMessageBox::Discard) service_->remove(detail_->row.id);
  });
  return head;
}

QWidget* RunView::buildCharts() {
  auto* views = new QWidget;
  auto* grid = new QGridLayout(views);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setSpacing(8);
  const std::pair<const char*, QString> charts[] = {{"lossChart", tr("Loss over the steps")},
                                                    {"rateChart", tr("Learning rate over the steps")},
                                                    {"normChart", tr("Norm of the gradients over the steps")},
                                                    {"speedChart", tr("Tokens per second over the steps")}};
  for (std::size_t i = 0; i < charts_.size(); ++i) {
    charts_[i] = new PlotView;
    charts_[i]->setObjectName(QLatin1String(charts[i].first));
    charts_[i]->setAccessibleName(charts[i].second);
    grid->addWidget(charts_[i], static_cast<int>(i) / 2, static_cast<int>(i) % 2);
  }
  return views;
}

QWidget* RunView::buildTabs() {
  tabs_ = new QTabWidget;
  tabs_->setObjectName(QStringLiteral("runTabs"));
  samples_ = run_text("runSamples", tr("Samples"), false);
  log_ = run_text("runLog", tr("Log"), false);
  refused_ = run_text("runRefused", tr("Rows that are left out"), false);
  compare_ = new RunCompare;
  tabs_->addTab(samples_, tr("Sa&mples"));
  tabs_->addTab(log_, tr("&Log"));
  tabs_->addTab(buildMade(), tr("Chec&kpoints"));
  tabs_->addTab(buildRecipe(), tr("Re&cipe"));
  tabs_->addTab(compare_, tr("&Differences"));
  tabs_->addTab(buildCases(), tr("&Validation"));
  tabs_->addTab(refused_, tr("Rows left &out"));
  return tabs_;
}

QWidget* RunView::buildCases() {
  auto* splitter = new QSplitter(Qt::Horizontal);
  splitter->setChildrenCollapsible(false);
  cases_ = new QTableWidget(0, 3);
  cases_->setObjectName(QStringLiteral("validationCases"));
  cases_->setAccessibleName(tr("Validation rows that are predicted worst and best"));
  cases_->setHorizontalHeaderLabels({tr("Predicted"), tr("Loss"), tr("Row")});
  cases_->horizontalHeader()->setSectionResizeMode(2, QHeaderView::Stretch);
  alignHeaders(cases_, 1);
  cases_->horizontalHeaderItem(2)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  cases_->setSelectionBehavior(QAbstractItemView::SelectRows);
  cases_->setSelectionMode(QAbstractItemView::SingleSelection);
  cases_->setShowGrid(false);
  cases_->setWordWrap(false);
  cases_->setTabKeyNavigation(false);
  cases_->verticalHeader()->hide();
  splitter->addWidget(cases_);
  case_ = run_text("validationCase", tr("The chosen validation row"), false);
  case_->setPlaceholderText(tr("Rows that the last validation predicted worst and best stand here."));
  splitter->addWidget(case_);
  connect(cases_, &QTableWidget::currentCellChanged, this, &RunView::showCase);
  return splitter;
}

void RunView::showCases() {
  if (casesShown_ == detail_->casesStep && cases_->rowCount() == static_cast<int>(detail_->cases.size())) return;
  casesShown_ = detail_->casesStep;
  const QSignalBlocker quiet(cases_);
  const int row = std::max(0, cases_->currentRow());
  cases_->setRowCount(static_cast<int>(detail_->cases.size()));
  for (int i = 0; i < cases_->rowCount(); ++i) {
    const ValidationCase& shown = detail_->cases[static_cast<std::size_t>(i)];
    cases_->setItem(i, 0, readCell(shown.worst ? tr("worst") : tr("best"), false));
    cases_->setItem(i, 1, readCell(run_number(shown.loss, 4), true));
    cases_->setItem(i, 2,
                    readCell(run_row(shown.prompt + QLatin1Char(' ') + shown.reply).simplified().left(200), false));
  }
  cases_->resizeColumnToContents(0);
  cases_->resizeColumnToContents(1);
  cases_->setToolTip(tr("Of the validation after step %1").arg(QLocale().toString(casesShown_)));
  if (cases_->rowCount() > 0) cases_->setCurrentCell(std::min(row, cases_->rowCount() - 1), 0);
  showCase();
}

void RunView::showCase() {
  const auto row = static_cast<std::size_t>(cases_->currentRow());
  if (cases_->currentRow() < 0 || row >= detail_->cases.size()) return case_->clear();
  const ValidationCase& shown = detail_->cases[row];
  const QString prompt = run_row(shown.prompt), reply = run_row(shown.reply);
  case_->setPlainText(prompt.isEmpty() ? reply : tr("%1\n\nTo be predicted:\n%2").arg(prompt, reply));
}

QWidget* RunView::buildMade() {
  auto* made = new QWidget;
  auto* layout = new QVBoxLayout(made);
  layout->setContentsMargins(0, 6, 0, 0);
  files_ = new QListWidget;
  files_->setObjectName(QStringLiteral("runFiles"));
  files_->setAccessibleName(tr("What the run has made"));
  layout->addWidget(files_, 1);
  hint_ = new QLabel;
  hint_->setObjectName(QStringLiteral("runFileHint"));
  hint_->setProperty("muted", true);
  hint_->setWordWrap(true);
  hint_->setTextFormat(Qt::PlainText);
  hint_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  layout->addWidget(hint_);
  auto* row = new QHBoxLayout;
  open_ = run_button(tr("&Open in Solve"), "openRunModel", tr("Ask this model"));
  evaluate_ = run_button(tr("E&valuate before and after"), "evaluateRun",
                         tr("The same problems for the model that was trained and for this one"));
  fork_ = new QToolButton;
  fork_->setObjectName(QStringLiteral("forkRun"));
  fork_->setText(tr("Train on from here \u25be"));
  fork_->setToolTip(tr("A new run that begins with what this checkpoint has; this one stays as it is"));
  fork_->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(fork_);
  menu->addAction(tr("With its optimiser, all phases again"), this, [this] { fork(true, false); })
      ->setObjectName(QStringLiteral("forkAll"));
  menu->addAction(tr("With a new optimiser, all phases again"), this, [this] { fork(false, false); })
      ->setObjectName(QStringLiteral("forkWeights"));
  menu->addAction(tr("Exactly where it was: step, phase and rows"), this, [this] { fork(true, true); })
      ->setObjectName(QStringLiteral("forkPlace"));
  fork_->setMenu(menu);
  auto* folder = run_button(tr("Show the &folder"), "runFolder", tr("Where the run's files are"));
  row->addWidget(open_);
  row->addWidget(evaluate_);
  row->addWidget(fork_);
  row->addWidget(folder);
  row->addStretch(1);
  layout->addLayout(row);
  connect(files_, &QListWidget::currentRowChanged, this, [this] { showFiles(); });
  connect(open_, &QPushButton::clicked, this, [this] {
    if (const RunProduct* file = chosen()) emit openModel(QString::fromStdString(file->path.string()));
  });
  connect(evaluate_, &QPushButton::clicked, this, [this] {
    const RunProduct* file = chosen();
    if (file == nullptr) return;
    // A model that was made from nothing has no before.
    const QString base = detail_->row.base == "new" ? QString() : QString::fromStdString(detail_->row.base);
    emit evaluate(base, QString::fromStdString(file->path.string()));
  });
  connect(folder, &QPushButton::clicked, this,
          [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(QString::fromStdString(detail_->row.folder))); });
  return made;
}

QWidget* RunView::buildRecipe() {
  auto* widget = new QWidget;
  auto* layout = new QVBoxLayout(widget);
  layout->setContentsMargins(0, 6, 0, 0);
  recipe_ = run_text("runRecipe", tr("Recipe"), true);
  layout->addWidget(recipe_, 1);
  auto* label =
      new QLabel(tr("While it is paused, it can go on in a terminal, on several processors or on a cluster; "
                    "this window shows it all the same:"));
  label->setProperty("muted", true);
  label->setWordWrap(true);
  layout->addWidget(label);
  const std::pair<const char*, QString> lines[] = {{"runCommand", tr("Command line of this run")},
                                                   {"runRanksCommand", tr("Command line under mpirun")},
                                                   {"runSlurmCommand", tr("Command line under srun")}};
  for (std::size_t i = 0; i < commands_.size(); ++i) {
    commands_[i] = new QLineEdit;
    commands_[i]->setObjectName(QLatin1String(lines[i].first));
    commands_[i]->setAccessibleName(lines[i].second);
    commands_[i]->setReadOnly(true);
    commands_[i]->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    layout->addWidget(commands_[i]);
  }
  return widget;
}

void RunView::showCommands() {
  const QString command = service_->commandOf(detail_->row.id);
  commands_[0]->setText(command);
  commands_[1]->setText(QStringLiteral("mpirun -np 2 --bind-to none ") + command);
  commands_[2]->setText(QStringLiteral("srun --ntasks=2 ") + command);
  for (QLineEdit* line : commands_) line->setCursorPosition(0);
}

void RunView::setRuns(const std::vector<RunRow>& runs) { compare_->setRuns(runs); }

const RunProduct* RunView::chosenCheckpoint() const {
  const RunProduct* file = chosen();
  if (file == nullptr || file->step >= 0) return file;
  const auto last = std::ranges::find_if(detail_->files, [](const RunProduct& made) { return made.step >= 0; });
  return last == detail_->files.end() ? nullptr : &*last;
}

void RunView::fork(bool keepOptimiser, bool keepPlace) {
  const RunProduct* from = chosenCheckpoint();
  if (from == nullptr) return;
  try {
    Recipe recipe = Recipe::parse(detail_->row.recipe, detail_->row.recipe_file);
    recipe.start = RunStart{from->path.parent_path(), keepOptimiser, keepPlace};
    recipe.name = tr("%1 from step %2").arg(QString::fromStdString(detail_->row.name)).arg(from->step).toStdString();
    emit useRecipe(QString::fromStdString(recipe_text(recipe)), QString::fromStdString(detail_->row.recipe_file));
  } catch (const Error& error) {
    hint_->setText(QString::fromUtf8(error.what()));
    hint_->show();
  }
}

void RunView::setDetail(std::shared_ptr<const RunDetail> detail) {
  const bool anew = !detail_ || detail_->row.id != detail->row.id || detail_->row.cuts != detail->row.cuts;
  const bool other_files = anew || detail_->files != detail->files;
  detail_ = std::move(detail);
  showHead();
  showCharts();
  showTexts(anew);
  showCases();
  compare_->setRun(detail_->row);
  if (anew) showCommands();
  if (!other_files) return;
  const QSignalBlocker quiet(files_);
  const int row = anew ? 0 : std::max(0, files_->currentRow());
  files_->clear();
  for (const RunProduct& file : detail_->files) {
    const QString when = file.step < 0 ? tr("result") : tr("step %1").arg(QLocale().toString(qlonglong{file.step}));
    const QString kind = file.kind == RunProduct::Kind::model     ? tr("Model")
                         : file.kind == RunProduct::Kind::adapter ? tr("Adapter")
                                                                  : tr("First state");
    auto* item = new QListWidgetItem(tr("%1, %2").arg(kind, when));
    item->setToolTip(QString::fromStdString(file.path.string()));
    files_->addItem(item);
  }
  files_->setCurrentRow(std::min(row, files_->count() - 1));
  showFiles();
}

void RunView::showHead() {
  const RunRow& row = detail_->row;
  name_->setText(QString::fromStdString(row.name));
  state_->setText(runStateText(row));
  progress_->setValue(static_cast<int>(row.done * 1000.0));
  const bool active = row.state == RunState::running || row.state == RunState::waiting;
  const bool asked = row.wanted != RunWish::run;
  pause_->setVisible(active);
  pause_->setEnabled(!asked);
  stop_->setVisible(active || row.state == RunState::paused || row.state == RunState::interrupted);
  stop_->setEnabled(active && row.wanted != RunWish::stop);
  if (!active) stop_->hide();
  resume_->setVisible(can_go_on(row.state));
  remove_->setEnabled(row.state != RunState::running);
  message_->setText(QString::fromStdString(row.message));
  message_->setVisible(!row.message.empty());
  QStringList figures;
  const std::vector<RunStepRow>& steps = detail_->steps;
  if (row.step > 0) figures << tr("Step %1").arg(QLocale().toString(qlonglong{row.step}));
  for (const RunPhaseRow& phase : detail_->phases) {
    const bool last = phase.first_step.has_value() &&
                      (phase.number + 1 == std::ssize(detail_->phases) ||
                       !detail_->phases[static_cast<std::size_t>(phase.number) + 1].first_step.has_value());
    if (last && detail_->phases.size() > 1) {
      figures << tr("phase %1 of %2, %3")
                     .arg(phase.number + 1)
                     .arg(detail_->phases.size())
                     .arg(QString::fromStdString(phase.name));
    }
  }
  if (const auto loss = last_of(steps, &RunStepRow::loss)) figures << tr("loss %1").arg(run_number(*loss, 4));
  if (const auto loss = last_of(steps, &RunStepRow::validation)) {
    figures << tr("validation %1").arg(run_number(*loss, 4));
  }
  if (const auto right = last_of(steps, &RunStepRow::right)) {
    figures << tr("%1 % right").arg(run_number(*right * 100.0, 1));
  }
  if (const auto before = first_of(steps, &RunStepRow::held_out)) {
    const double now = last_of(steps, &RunStepRow::held_out).value();
    figures << tr("held-out loss %1 before, %2 now (%3)")
                   .arg(run_number(*before, 4), run_number(now, 4), changeText(now - *before, 4));
  }
  if (const auto speed = last_of(steps, &RunStepRow::tokens_per_second)) figures << run_rate(*speed);
  if (row.memory > 0) {
    figures << tr("%1 of memory").arg(sizeText(static_cast<double>(row.memory)));
  }
  if (row.seconds_left) figures << tr("%1 left in this phase").arg(runDuration(*row.seconds_left));
  figures_->setToolTip(first_of(steps, &RunStepRow::held_out) ? heldOutMeaning() : QString());
  figures_->setText(figures.join(QStringLiteral(" \u00b7 ")));
}

void RunView::showCharts() {
  const std::vector<RunStepRow>& steps = detail_->steps;
  std::vector<std::pair<double, QString>> marks;
  for (const RunPhaseRow& phase : detail_->phases) {
    if (phase.first_step && detail_->phases.size() > 1) {
      marks.emplace_back(static_cast<double>(*phase.first_step), QString::fromStdString(phase.name));
    }
  }
  const auto chart = [&](std::size_t index, std::vector<PlotLine> lines, const QString& what) {
    PlotData plot;
    for (PlotLine& line : lines) {
      if (!line.x.empty()) plot.lines.push_back(std::move(line));
    }
    plot.xName = tr("step");
    plot.yName = what;
    plot.marks = marks;
    plot.logarithmicY = index == norm_chart;  // it falls by orders of magnitude
    charts_[index]->setData(std::move(plot));
  };
  chart(
      0,
      {run_line(steps, &RunStepRow::loss, tr("loss")), run_line(steps, &RunStepRow::validation, tr("validation"), true),
       run_line(steps, &RunStepRow::held_out, tr("held out"), true)},
      tr("Loss"));
  chart(1, {run_line(steps, &RunStepRow::learning_rate, tr("learning rate"))}, tr("Learning rate"));
  chart(norm_chart, {run_line(steps, &RunStepRow::gradient_norm, tr("gradient norm"))}, tr("Gradient norm"));
  chart(3, {run_line(steps, &RunStepRow::tokens_per_second, tr("tokens/s"))}, tr("Tokens per second"));
}

void RunView::showTexts(bool anew) {
  if (anew) {
    samples_->clear();
    log_->clear();
    refused_->clear();
    samplesShown_ = eventsShown_ = refusedShown_ = 0;
    recipe_->setPlainText(QString::fromStdString(detail_->row.recipe));
    samples_->setPlaceholderText(tr("What the model says while it is trained stands here."));
  }
  for (; samplesShown_ < detail_->samples.size(); ++samplesShown_) {
    const RunSampleRow& sample = detail_->samples[samplesShown_];
    samples_->appendPlainText(
        tr("Step %1: %2").arg(QLocale().toString(qlonglong{sample.step}), QString::fromStdString(sample.prompt)) +
        QLatin1Char('\n') + QString::fromStdString(reply_without_markers(sample.text)) + QLatin1Char('\n'));
  }
  for (; eventsShown_ < detail_->events.size(); ++eventsShown_) {
    const RunEventRow& event = detail_->events[eventsShown_];
    log_->appendPlainText(QLocale().toString(QDateTime::fromMSecsSinceEpoch(event.time), QLocale::ShortFormat) +
                          QStringLiteral("  ") + QString::fromStdString(event.text));
  }
  for (; refusedShown_ < detail_->refused.size(); ++refusedShown_) {
    const RefusedRow& row = detail_->refused[refusedShown_];
    refused_->appendPlainText(row.place + QStringLiteral(": ") + row.reason);
  }
  const int tab = tabs_->indexOf(refused_);
  tabs_->setTabVisible(tab, detail_->refusedCount > 0);
  tabs_->setTabText(tab, tr("Rows left &out (%1)").arg(detail_->refusedCount));
}

const RunProduct* RunView::chosen() const {
  const int row = files_->currentRow();
  if (!detail_ || row < 0 || row >= static_cast<int>(detail_->files.size())) return nullptr;
  return &detail_->files[static_cast<std::size_t>(row)];
}

void RunView::showFiles() {
  const RunProduct* file = chosen();
  open_->setEnabled(file != nullptr);
  evaluate_->setEnabled(file != nullptr);
  fork_->setEnabled(chosenCheckpoint() != nullptr);
  const QString base = QString::fromStdString(detail_->row.base);
  QString hint;
  if (file != nullptr && file->kind == RunProduct::Kind::adapter) {
    hint = tr("It is opened together with %1. It becomes a model of its own with: holdfast merge %1 %2 NEW-FOLDER")
               .arg(base, QString::fromStdString(file->path.string()));
  } else if (file != nullptr && file->kind == RunProduct::Kind::state) {
    hint = tr("It is opened as a session of %1 that begins with it; nothing is added to the model.").arg(base);
  }
  hint_->setText(hint);
  hint_->setVisible(!hint.isEmpty());
}

}  // namespace holdfast
