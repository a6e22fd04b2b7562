#include "app/panels/generate_panel.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHeaderView>
#include <QInputDialog>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollArea>
#include <QScrollBar>
#include <QSortFilterProxyModel>
#include <QSpinBox>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QTableWidget>
#include <QTextEdit>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "app/formulas/formula_renderer.h"
#include "app/models/problem_list_model.h"
#include "app/panels/concept_picker.h"
#include "app/panels/edit_dialog.h"
#include "app/widgets/banner.h"
#include "app/widgets/parts.h"
#include "app/widgets/text_view.h"
#include "kernels/error.h"
#include "training/similar_text.h"

namespace holdfast {
namespace {

constexpr int making_milliseconds = 100;

// Shows the rows of one status, or all.
class StatusFilter final : public QSortFilterProxyModel {
 public:
  using QSortFilterProxyModel::QSortFilterProxyModel;
  void setStatus(int status) {
    status_ = status;
    invalidateFilter();
  }

 protected:
  [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex& parent) const override {
    return status_ < 0 || sourceModel()->index(row, 0, parent).data(ProblemListModel::StatusRole).toInt() == status_;
  }

 private:
  int status_ = -1;
};

QString reason_text(const MadeProblem& made) {
  switch (made.reason) {
    case RejectReason::none: return {};
    case RejectReason::malformed: return GeneratePanel::tr("not well-formed");
    case RejectReason::judged: return GeneratePanel::tr("a judge found fault with it");
    case RejectReason::contaminated: return GeneratePanel::tr("words of a benchmark");
    case RejectReason::near_duplicate: return GeneratePanel::tr("too near to another");
    case RejectReason::unsolved: return GeneratePanel::tr("too few solved it");
    case RejectReason::disputed: return GeneratePanel::tr("the solvers disagree");
  }
  return {};
}

}  // namespace

GeneratePanel::GeneratePanel(GenerateService* service, QWidget* parent)
    : QWidget(parent),
      service_(service),
      picker_(new ConceptPicker),
      model_(new ProblemListModel(this)),
      shown_(new StatusFilter(this)),
      formulas_(new FormulaRenderer(this)),
      banner_(new Banner) {
  setObjectName(QStringLiteral("generatePanel"));
  banner_->setObjectName(QStringLiteral("generateBanner"));
  shown_->setSourceModel(model_);
  auto* split = new QSplitter(Qt::Horizontal);
  split->setHandleWidth(1);
  split->setChildrenCollapsible(false);
  split->addWidget(buildSettings());
  auto* right = new QWidget;
  auto* column = new QVBoxLayout(right);
  column->setContentsMargins(14, 12, 14, 12);
  column->setSpacing(8);
  column->addWidget(banner_);
  column->addWidget(buildTools());
  auto* rows = new QSplitter(Qt::Vertical);
  rows->setHandleWidth(1);
  rows->setChildrenCollapsible(false);
  rows->addWidget(buildRows());
  rows->addWidget(buildDetail());
  rows->setSizes({330, 330});
  column->addWidget(rows, 1);
  split->addWidget(right);
  split->setStretchFactor(1, 1);
  split->setSizes({320, 900});
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(split);
  frames_.setInterval(making_milliseconds);
  connect(&frames_, &QTimer::timeout, this, &GeneratePanel::showMaking);
  connectService();
  updateState();
}

QWidget* GeneratePanel::buildSettings() {
  auto* side = new QWidget;
  side->setObjectName(QStringLiteral("side"));
  side->setAttribute(Qt::WA_StyledBackground);
  side->setMinimumWidth(280);
  auto* layout = new QVBoxLayout(side);
  layout->setContentsMargins(14, 12, 14, 12);
  layout->setSpacing(8);
  auto* heading = new QLabel(tr("New problems"));
  heading->setProperty("title", true);
  layout->addWidget(heading);
  layout->addWidget(picker_, 1);
  source_ = new QComboBox;
  source_->setObjectName(QStringLiteral("problemSource"));
  source_->addItem(tr("Generators, with proof"), static_cast<int>(MadeSource::generators));
  source_->addItem(tr("The open model (PromptCoT)"), static_cast<int>(MadeSource::model));
  first_ = countBox("firstLevel", tr("Easiest level"), easiest_level, hardest_level);
  last_ = countBox("lastLevel", tr("Hardest level"), easiest_level, hardest_level);
  last_->setValue(3);
  auto* levels = new QWidget;
  auto* across = new QHBoxLayout(levels);
  across->setContentsMargins(0, 0, 0, 0);
  across->addWidget(first_);
  across->addWidget(new QLabel(tr("to")));
  across->addWidget(last_);
  across->addStretch(1);
  count_ = countBox("problemCount", tr("How many problems"), 1, 100000);
  count_->setValue(20);
  solve_ = countBox("solveTimes", tr("How often each is solved"), 0, 64);
  solve_->setSpecialValueText(tr("not"));
  solve_->setToolTip(
      tr("The open model solves each problem so many times, from one state: the share of votes for the "
         "answer tells how hard it is"));
  temperature_ = new QDoubleSpinBox;
  temperature_->setObjectName(QStringLiteral("problemTemperature"));
  temperature_->setRange(0.0, 2.0);
  temperature_->setSingleStep(0.05);
  temperature_->setValue(0.8);
  sureness_ = new QDoubleSpinBox;
  sureness_->setObjectName(QStringLiteral("problemSureness"));
  sureness_->setRange(0.0, 1.0);
  sureness_->setSingleStep(0.05);
  sureness_->setSpecialValueText(tr("any"));
  sureness_->setValue(usual_sureness(PromptCotOptions().prompt_version));
  sureness_->setToolTip(
      tr("Problems whose words their author was less sure of are rejected: the mean of the words' probabilities"));
  seed_ = countBox("problemSeed", tr("Seed of the problems"), 0, 2147483647);
  seed_->setGroupSeparatorShown(false);
  seed_->setValue(1);
  seed_->setToolTip(tr("The same settings and seed make the same problems"));
  auto* form = new QFormLayout;
  form->setSpacing(7);
  form->addRow(tr("&Source"), source_);
  form->addRow(tr("&Levels"), levels);
  form->addRow(tr("How &many"), count_);
  form->addRow(tr("Sol&ve each"), solve_);
  form->addRow(tr("&Temperature"), temperature_);
  form->addRow(tr("Su&reness"), sureness_);
  form->addRow(tr("See&d"), seed_);
  for (int row = 0; row < form->rowCount(); ++row) {  // a label with a mnemonic is drawn wider than it asks for
    QWidget* label = form->itemAt(row, QFormLayout::LabelRole)->widget();
    label->setMinimumWidth(label->sizeHint().width() + 8);
  }
  layout->addLayout(form);
  start_ = new QPushButton(tr("Make problems"));
  start_->setObjectName(QStringLiteral("makeProblems"));
  start_->setProperty("primary", true);
  layout->addWidget(start_);
  connect(start_, &QPushButton::clicked, this, &GeneratePanel::startOrStop);
  connect(source_, &QComboBox::currentIndexChanged, this, [this] {
    const bool model = source_->currentData().toInt() == static_cast<int>(MadeSource::model);
    if (model && solve_->value() == 0) solve_->setValue(8);
    if (!model) solve_->setValue(0);
    updateState();
  });
  connect(first_, &QSpinBox::valueChanged, this, [this](int level) { last_->setMinimum(level); });
  return side;
}

QWidget* GeneratePanel::buildTools() {
  auto* bar = new QWidget;
  auto* lines = new QVBoxLayout(bar);
  lines->setContentsMargins(0, 0, 0, 0);
  lines->setSpacing(8);
  auto* row = new QHBoxLayout;
  row->setSpacing(6);
  lines->addLayout(row);
  set_ = new QComboBox;
  set_->setObjectName(QStringLiteral("problemSet"));
  set_->setAccessibleName(tr("Set of problems"));
  set_->setMinimumWidth(110);
  set_->setPlaceholderText(tr("No set yet"));
  set_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  set_->setMinimumContentsLength(10);
  row->addWidget(set_);
  const auto button = [&](const char* name, const QString& text, const QString& help) {
    auto* made = new QToolButton;
    made->setObjectName(QLatin1String(name));
    made->setText(text);
    made->setToolTip(help);
    row->addWidget(made);
    return made;
  };
  QToolButton* fresh = button("newSet", tr("New set\u2026"), tr("An empty set of problems"));
  connect(fresh, &QToolButton::clicked, this, &GeneratePanel::newSet);
  QToolButton* more = button("setMenu", tr("\u22ef"), tr("Import into this set, rename or delete it"));
  more->setAccessibleName(more->toolTip());
  more->setProperty("flat", true);
  more->setPopupMode(QToolButton::InstantPopup);
  auto* changes = new QMenu(more);
  changes->addAction(tr("Import problems\u2026"), this, &GeneratePanel::importFile)
      ->setObjectName(QStringLiteral("importProblems"));
  changes->addSeparator();
  changes->addAction(tr("Rename\u2026"), this, &GeneratePanel::renameSet)->setObjectName(QStringLiteral("renameSet"));
  changes->addAction(tr("Delete\u2026"), this, &GeneratePanel::removeSet)->setObjectName(QStringLiteral("removeSet"));
  more->setMenu(changes);
  filter_ = new QComboBox;
  filter_->setObjectName(QStringLiteral("problemFilter"));
  filter_->setAccessibleName(tr("Which problems are listed"));
  filter_->addItem(tr("All"), -1);
  filter_->addItem(tr("New"), static_cast<int>(ProblemStatus::fresh));
  filter_->addItem(tr("Accepted"), static_cast<int>(ProblemStatus::accepted));
  filter_->addItem(tr("Rejected"), static_cast<int>(ProblemStatus::rejected));
  filter_->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  summary_ = new QLabel;
  summary_->setObjectName(QStringLiteral("problemSummary"));
  summary_->setProperty("muted", true);
  summary_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  auto* listed = new QHBoxLayout;
  listed->setSpacing(8);
  listed->addWidget(filter_);
  listed->addWidget(summary_, 1);
  lines->addLayout(listed);
  row->addStretch(1);
  QToolButton* send = button("sendToTraining", tr("Train on it"), tr("The accepted problems become rows of a recipe"));
  send->setPopupMode(QToolButton::InstantPopup);
  auto* phases = new QMenu(send);
  for (const int phase : {1, 2}) {
    QAction* action = phases->addAction(tr("In phase %1").arg(phase), this,
                                        [this, phase] { service_->writeTrainingFile(open_, phase); });
    action->setObjectName(QStringLiteral("sendToPhase%1").arg(phase));
  }
  send->setMenu(phases);
  QToolButton* measure =
      button("sendToEvaluate", tr("Evaluate on it"), tr("How many of the accepted problems models solve"));
  connect(measure, &QToolButton::clicked, this, [this] { service_->writeSuite(open_); });
  QToolButton* files = button("exportSet", tr("Export"), tr("The accepted problems as a file"));
  files->setPopupMode(QToolButton::InstantPopup);
  auto* formats = new QMenu(files);
  for (const auto& [text, format] :
       {std::pair{tr("Prompt and completion (JSONL)"), DatasetFormat::prompt},
        std::pair{tr("Messages (JSONL)"), DatasetFormat::messages},
        std::pair{tr("ShareGPT (JSONL)"), DatasetFormat::sharegpt},
        std::pair{tr("Alpaca (JSONL)"), DatasetFormat::alpaca}, std::pair{tr("Table (CSV)"), DatasetFormat::csv},
        std::pair{tr("Everything, with provenance (JSONL)"), DatasetFormat::rows}}) {
    formats->addAction(text, this, [this, format = format] { exportAs(format); });
  }
  formats->addSeparator();
  formats->addAction(tr("Describe the set (Markdown)"), this, [this] {
    const QString file = QFileDialog::getSaveFileName(this, tr("Describe the set"), set_->currentText() + ".md");
    if (!file.isEmpty()) service_->exportCard(open_, file);
  });
  files->setMenu(formats);
  onSet_ = {send, measure, files};
  connect(set_, &QComboBox::activated, this, [this] { openSet({set_->currentData().toLongLong()}); });
  connect(filter_, &QComboBox::currentIndexChanged, this, [this] {
    static_cast<StatusFilter*>(shown_)->setStatus(filter_->currentData().toInt());
    updateState();
  });
  return bar;
}

QWidget* GeneratePanel::buildRows() {
  table_ = new QTableView;
  table_->setObjectName(QStringLiteral("problems"));
  table_->setAccessibleName(tr("Problems"));
  table_->setModel(shown_);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table_->setShowGrid(false);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setWordWrap(false);
  table_->setTabKeyNavigation(false);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(26);
  table_->horizontalHeader()->setHighlightSections(false);
  for (int column = 0; column < ProblemListModel::columns; ++column) {
    table_->horizontalHeader()->setSectionResizeMode(
        column, column == ProblemListModel::problem ? QHeaderView::Stretch : QHeaderView::ResizeToContents);
  }
  table_->installEventFilter(this);
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &GeneratePanel::showCurrent);
  return table_;
}

QWidget* GeneratePanel::buildDetail() {
  auto* box = new QWidget;
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 10, 0, 0);
  auto* keys = new QHBoxLayout;
  const auto button = [&](const char* name, const QString& text, const QString& help, auto act) {
    auto* made = new QPushButton(text);
    made->setObjectName(QLatin1String(name));
    made->setToolTip(help);
    connect(made, &QPushButton::clicked, this, act);
    keys->addWidget(made);
    onRow_.push_back(made);
  };
  button("accept", tr("Accept"), tr("Keep it (A)"), [this] { decide(ProblemStatus::accepted); });
  button("reject", tr("Reject"), tr("Leave it out (R)"), [this] { decide(ProblemStatus::rejected); });
  button("editProblem", tr("Edit\u2026"), tr("Change its words (E)"), [this] { editCurrent(); });
  button("solveProblem", tr("Open in Solve"), tr("Ask the open model"), [this] {
    if (const ProblemRow* row = current()) emit solveWanted(QString::fromStdString(row->statement));
  });
  auto* all = new QPushButton(tr("Accept all new"));
  all->setObjectName(QStringLiteral("acceptAll"));
  all->setToolTip(tr("Those that are proved or whose solvers agree"));
  connect(all, &QPushButton::clicked, this, [this] {
    for (int row = 0; row < model_->rowCount(); ++row) {
      const ProblemRow* problem = model_->at(row);
      const bool sound = problem->verdict == "proved" || problem->verdict == "agreed";
      if (problem->status == ProblemStatus::fresh && sound) service_->decide(problem->id, ProblemStatus::accepted);
    }
  });
  onSet_.push_back(all);
  keys->addStretch(1);
  keys->addWidget(all);
  column->addLayout(keys);
  detail_ = new TextView(formulas_);
  detail_->setObjectName(QStringLiteral("problemDetail"));
  detail_->setAccessibleName(tr("The problem, how it came to be, and its solution"));
  auto* page = new QWidget;
  auto* inside = new QVBoxLayout(page);
  inside->setContentsMargins(4, 8, 4, 8);
  inside->addWidget(detail_);
  inside->addStretch(1);
  auto* scroll = new QScrollArea;
  scroll->setAccessibleName(tr("The problem"));
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidget(page);
  preview_ = new QTextEdit;
  preview_->setObjectName(QStringLiteral("problemPreview"));
  preview_->setAccessibleName(tr("As training sees it; the marked part is learned"));
  preview_->setReadOnly(true);
  preview_->setFrameShape(QFrame::NoFrame);
  auto* tabs = new QTabWidget;
  tabs->setObjectName(QStringLiteral("problemTabs"));
  tabs->setDocumentMode(true);
  tabs->tabBar()->setDrawBase(false);
  tabs->addTab(scroll, tr("Problem"));
  tabs->addTab(preview_, tr("As training sees it"));
  coverage_ = new QTableWidget(0, hardest_level + 2);
  coverage_->setObjectName(QStringLiteral("problemCoverage"));
  coverage_->setAccessibleName(tr("How many problems of the set have each concept, by level"));
  QStringList heads{tr("Concept")};
  for (int level = easiest_level; level <= hardest_level; ++level) heads << tr("Level %1").arg(level);
  coverage_->setHorizontalHeaderLabels(heads << tr("All"));
  coverage_->horizontalHeader()->setDefaultAlignment(Qt::AlignRight | Qt::AlignVCenter);
  coverage_->horizontalHeaderItem(0)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  coverage_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  coverage_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  coverage_->verticalHeader()->hide();
  coverage_->setShowGrid(false);
  coverage_->setFrameShape(QFrame::NoFrame);
  coverage_->setSelectionBehavior(QAbstractItemView::SelectRows);
  coverage_->setTabKeyNavigation(false);
  tabs->addTab(coverage_, tr("Coverage"));
  connect(tabs, &QTabWidget::currentChanged, this, &GeneratePanel::showCoverage);
  column->addWidget(tabs, 1);
  return box;
}

void GeneratePanel::connectService() {
  connect(service_, &GenerateService::bankLoaded, picker_, &ConceptPicker::setBank);
  connect(service_, &GenerateService::setsListed, this, &GeneratePanel::showSets);
  connect(service_, &GenerateService::setOpened, this, [this](ProblemSetId set, std::vector<ProblemRow> rows) {
    open_ = set;
    made_of_.clear();
    for (const ProblemRow& row : rows) count(row);
    showCoverage();
    model_->setProblems(std::move(rows));
    showSets(sets_);
    if (shown_->rowCount() > 0) table_->selectRow(0);
    showCurrent();
    updateState();
    if (std::exchange(makesFirst_, false) && open_) startOrStop();
  });
  connect(service_, &GenerateService::rowMade, this, [this](const ProblemRow& row) {
    ++made_;
    if (row.set == open_) {
      model_->add(row);
      count(row);
      showCoverage();
    }
    if (row.set == open_ && !current()) table_->selectRow(0);
    updateState();
  });
  connect(service_, &GenerateService::rowChanged, this, [this](const ProblemRow& row) {
    model_->change(row);
    showCurrent();
    updateState();
  });
  connect(service_, &GenerateService::runningChanged, this, [this] {
    service_->isRunning() ? frames_.start() : frames_.stop();
    showCurrent();
    updateState();
  });
  connect(service_, &GenerateService::exported, this, [this](const QString& file, qint64 rows) {
    banner_->showNote(tr("%1 problems were written to %2.").arg(QLocale().toString(rows), file));
  });
  connect(service_, &GenerateService::imported, this, [this](const ImportedFile& read) {
    QString text = tr("%1 problems were read from %2.").arg(QLocale().toString(read.added), read.file);
    if (read.known > 0) text += QLatin1Char(' ') + tr("%1 are here already.").arg(QLocale().toString(read.known));
    if (read.bad > 0) {
      text += QLatin1Char(' ') + tr("%1 rows cannot be used; the first: %2.").arg(QLocale().toString(read.bad), read.firstBad);
    }
    banner_->showNote(text);
  });
  connect(service_, &GenerateService::previewed, this,
          [this](ProblemId problem, const std::vector<TrainingPiece>& pieces) {
            if (current() == nullptr || !(current()->id == problem)) return;
            preview_->clear();
            QTextCursor cursor(preview_->document());
            for (const TrainingPiece& piece : pieces) {
              QTextCharFormat format;
              format.setForeground(palette().color(piece.learned ? QPalette::Text : QPalette::PlaceholderText));
              if (piece.learned) format.setBackground(palette().color(QPalette::Light));
              cursor.insertText(piece.text, format);
            }
            if (pieces.empty()) cursor.insertText(tr("It has no answer, so there is nothing to learn from it."));
          });
  connect(service_, &GenerateService::failed, this, [this](const QString& message) {
    makesFirst_ = false;
    banner_->showError(message);
  });
}

void GeneratePanel::showSets(const std::vector<ProblemSetRow>& sets) {
  sets_ = sets;
  const QSignalBlocker quiet(set_);
  set_->clear();
  for (const ProblemSetRow& set : sets_) {
    set_->addItem(QString::fromStdString(set.name), static_cast<qlonglong>(set.id.value));
  }
  const int at = set_->findData(static_cast<qlonglong>(open_.value));
  set_->setCurrentIndex(at);
  if (at < 0 && !sets_.empty()) openSet(sets_.front().id);
  if (sets_.empty()) {  // none yet, or the last one was deleted
    open_ = {};
    made_of_.clear();
    model_->setProblems({});
    showCoverage();
    showCurrent();
  }
  updateState();
}

void GeneratePanel::openSet(ProblemSetId set) { service_->openSet(set); }

void GeneratePanel::askName(const QString& title, const QString& name, std::function<void(const QString&)> act) {
  auto* ask = new QInputDialog(this);
  ask->setObjectName(QStringLiteral("setName"));
  ask->setAttribute(Qt::WA_DeleteOnClose);
  ask->setWindowTitle(title);
  ask->setLabelText(tr("Its name:"));
  ask->setTextValue(name);
  connect(ask, &QInputDialog::textValueSelected, this, [act = std::move(act)](const QString& given) {
    if (!given.trimmed().isEmpty()) act(given);
  });
  ask->open();
}

void GeneratePanel::newSet() {
  askName(tr("New set of problems"), {}, [this](const QString& name) { service_->createSet(name); });
}

void GeneratePanel::renameSet() {
  if (!open_) return;
  askName(tr("Rename the set"), set_->currentText(),
          [this, set = open_](const QString& name) { service_->renameSet(set, name); });
}

void GeneratePanel::removeSet() {
  const auto found = std::ranges::find(sets_, open_, &ProblemSetRow::id);
  if (found == sets_.end()) return;
  auto* question =
      new QMessageBox(QMessageBox::Question, tr("Delete a set"),
                      tr("Delete \u201c%1\u201d?").arg(QString::fromStdString(found->name)), QMessageBox::Cancel, this);
  question->setObjectName(QStringLiteral("removeSetQuestion"));
  question->setAttribute(Qt::WA_DeleteOnClose);
  question->setTextFormat(Qt::PlainText);
  question->setInformativeText(
      tr("Its %n problem(s) are deleted; this cannot be taken back. Files that were written of it for training or "
         "evaluation stay, since recipes, runs and evaluations name them.",
         nullptr, static_cast<int>(found->fresh + found->accepted + found->rejected)));
  QPushButton* yes = question->addButton(tr("Delete"), QMessageBox::DestructiveRole);
  yes->setObjectName(QStringLiteral("removeSetYes"));
  question->setDefaultButton(QMessageBox::Cancel);
  connect(yes, &QPushButton::clicked, this, [this, set = found->id] {
    banner_->hide();
    service_->removeSet(set);
  });
  question->open();
}

PromptCotOptions GeneratePanel::options() const {
  PromptCotOptions options;
  options.source = static_cast<MadeSource>(source_->currentData().toInt());
  options.first_level = first_->value();
  options.last_level = last_->value();
  options.concepts = picker_->chosen(ConceptPicker::Choice::drawn);
  options.locked = picker_->chosen(ConceptPicker::Choice::locked);
  options.excluded = picker_->chosen(ConceptPicker::Choice::excluded);
  options.solve = solve_->value();
  options.drafting.temperature = static_cast<float>(temperature_->value());
  options.least_sureness = sureness_->value();
  options.seed = static_cast<std::uint64_t>(seed_->value());
  return options;
}

void GeneratePanel::startOrStop() {
  if (service_->isRunning()) return service_->stop();
  banner_->hide();
  if (!open_) {
    makesFirst_ = true;
    return service_->createSet(tr("Problems"));
  }
  wanted_ = count_->value();
  made_ = 0;
  service_->make(open_, options(), wanted_);
}

const ProblemRow* GeneratePanel::current() const {
  const QModelIndex index = table_->currentIndex();
  return index.isValid() ? model_->at(shown_->mapToSource(index).row()) : nullptr;
}

void GeneratePanel::decide(ProblemStatus status) {
  const ProblemRow* row = current();
  if (row == nullptr) return;
  const int next = table_->currentIndex().row() + 1;
  const ProblemId id = row->id;
  if (filter_->currentData().toInt() < 0 && next < shown_->rowCount()) table_->selectRow(next);
  service_->decide(id, status);
}

void GeneratePanel::editCurrent() {
  const ProblemRow* row = current();
  if (row == nullptr) return;
  auto* dialog = new EditDialog(
      tr("Edit the problem; its answer stands behind the last line \u201cAnswer:\u201d"),
      QString::fromStdString(row->statement) + QStringLiteral("\nAnswer: ") + QString::fromStdString(row->answer),
      tr("Keep"), this);
  connect(dialog, &EditDialog::written, this, [this, row = *row](const QString& text) {
    const qsizetype at = text.lastIndexOf(QStringLiteral("\nAnswer:"));
    service_->edit(row, (at < 0 ? text : text.left(at)).trimmed(), at < 0 ? QString() : text.mid(at + 8).trimmed());
  });
  dialog->open();
}

void GeneratePanel::exportAs(DatasetFormat format) {
  const QString ending = QString::fromStdString(dataset_ending(format));
  const QString file = QFileDialog::getSaveFileName(this, tr("Export the set"), set_->currentText() + ending);
  if (!file.isEmpty()) service_->exportSet(open_, file, format);
}

void GeneratePanel::importFile() {
  const QString file = QFileDialog::getOpenFileName(this, tr("Import problems"), {},
                                                    tr("Rows (*.jsonl *.json *.csv *.tsv);;All files (*)"));
  if (!file.isEmpty()) service_->importFile(open_, file);
}

void GeneratePanel::count(const ProblemRow& row) {
  if (row.verdict == name(MadeVerdict::rejected)) return;
  for (const std::string& one : row.concepts) {
    auto& by_level = made_of_[one];
    ++by_level[0];
    if (row.level >= easiest_level && row.level <= hardest_level) ++by_level[static_cast<std::size_t>(row.level)];
  }
}

void GeneratePanel::showCoverage() {
  std::map<std::string, int> made;
  for (const auto& [one, by_level] : made_of_) made[one] = by_level[0];
  picker_->setMade(std::move(made));
  if (!coverage_->isVisible()) return;
  coverage_->setRowCount(static_cast<int>(made_of_.size()));
  int row = 0;
  for (const auto& [one, by_level] : made_of_) {
    coverage_->setItem(row, 0, readCell(QString::fromStdString(one), false));
    for (int level = easiest_level; level <= hardest_level; ++level) {
      const int made_here = by_level[static_cast<std::size_t>(level)];
      coverage_->setItem(row, level, readCell(made_here > 0 ? QLocale().toString(made_here) : QStringLiteral("\u2013"), true));
    }
    coverage_->setItem(row++, hardest_level + 1, readCell(QLocale().toString(by_level[0]), true));
  }
}

// A problem that was too near to another, and that one, side by side.
QString GeneratePanel::nearest(const ProblemRow& row, const MadeProblem& made) const {
  static const QRegularExpression number(QStringLiteral("^row (\\d+),"));
  const QRegularExpressionMatch named = number.match(QString::fromStdString(made.detail));
  if (!named.hasMatch()) return {};
  const std::string begin = "{\"index\":" + named.captured(1).toStdString() + ",";
  NearDuplicates near(0.05);  // rows of several makings may have this number
  std::vector<const ProblemRow*> candidates;
  for (int i = 0; i < model_->rowCount(); ++i) {
    const ProblemRow* other = model_->at(i);
    if (other->id == row.id || !other->made.starts_with(begin)) continue;
    candidates.push_back(other);
    near.add(other->statement);
  }
  const auto match = near.find(row.statement);
  if (!match) return {};
  const auto cell = [](const std::string& text) {
    return QString::fromStdString(text).simplified().replace(QLatin1Char('|'), QLatin1String("\\|"));
  };
  return QStringLiteral("| %1 | %2 |\n|---|---|\n| %3 | %4 |\n\n")
      .arg(tr("This problem"), tr("Row %1, which is here already").arg(named.captured(1)), cell(row.statement),
           cell(candidates[match->index]->statement));
}

void GeneratePanel::showText(const MadeProblem& made, const QString& extra) {
  const auto part = [](const QString& heading, const std::string& text) {
    return text.empty() ? QString()
                        : QStringLiteral("**%1**\n\n%2\n\n").arg(heading, QString::fromStdString(text).trimmed());
  };
  QStringList concepts;
  for (const std::string& one : made.concepts) concepts << QString::fromStdString(one);
  QString text = tr("Level %1: %2").arg(made.level).arg(concepts.join(QStringLiteral(", "))) + QStringLiteral("\n\n");
  text += part(tr("Problem"), made.problem);
  if (!made.answer.empty())
    text += tr("**Answer** %1").arg(QString::fromStdString(made.answer)) + QStringLiteral("\n\n");
  text += part(tr("Rationale"), made.rationale);
  text += part(tr("Solution"), made.solution);
  text += extra;
  detail_->setText(text);
}

void GeneratePanel::showCurrent() {
  const ProblemRow* row = current();
  for (QWidget* widget : onRow_) widget->setEnabled(row != nullptr);
  if (row == nullptr) {
    preview_->clear();
    if (!service_->isRunning()) {
      detail_->setText(open_ ? tr("Choose concepts and make problems. Those from the generators come with proof.")
                             : tr("Problems are kept in sets. \u201cMake problems\u201d begins the first one."));
    }
    return;
  }
  try {
    const MadeProblem made = parse_made_problem(row->made, "problem");
    QString extra;
    if (made.agreement) {
      extra +=
          tr("%1 votes, %2% agree.").arg(made.votes.size()).arg(QLocale().toString(100.0 * *made.agreement, 'f', 0)) +
          QStringLiteral("\n\n");
    }
    if (made.sureness) {
      extra += tr("Sure of its words: %1.").arg(QLocale().toString(*made.sureness, 'f', 2)) + QStringLiteral("\n\n");
    }
    if (const QString reason = reason_text(made); !reason.isEmpty()) {
      extra += tr("Rejected: %1. %2").arg(reason, QString::fromStdString(made.detail)) + QStringLiteral("\n\n");
      if (made.reason == RejectReason::near_duplicate) extra += nearest(*row, made);
    }
    const bool from_file = made.family.empty() && made.model.empty() && !made.parent.empty();
    extra +=
        from_file ? tr("Imported from %1.").arg(QString::fromStdString(made.parent))
        : made.source == MadeSource::generators
            ? tr("From the generator \u201c%1\u201d, seed %2.").arg(QString::fromStdString(made.family)).arg(made.seed)
            : tr("Drawn by %1 with prompt %2, temperature %3, seed %4.")
                  .arg(QString::fromStdString(made.model), QString::fromStdString(made.prompt_version))
                  .arg(static_cast<double>(made.drafting.temperature), 0, 'g', 3)
                  .arg(made.seed);
    if (row->edited) extra += QLatin1Char(' ') + tr("Edited by hand.");
    showText(made, extra);
    service_->preview(*row);
  } catch (const Error& error) {
    detail_->setText(QString::fromUtf8(error.what()));
  }
}

// The row in work, while nothing else is looked at.
void GeneratePanel::showMaking() {
  updateState();
  if (current() != nullptr) return;
  const MakingRow making = service_->making();
  MadeProblem made = making.row;
  made.rationale = making.rationale;
  made.problem = making.problem;
  showText(made, making.votes > 0 ? tr("%1 votes so far.").arg(making.votes) : QString());
}

void GeneratePanel::updateState() {
  const bool running = service_->isRunning();
  start_->setText(running ? tr("Stop") : tr("Make problems"));
  const bool model = source_->currentData().toInt() == static_cast<int>(MadeSource::model);
  temperature_->setEnabled(model);
  sureness_->setEnabled(model);
  const auto found = std::ranges::find(sets_, open_, &ProblemSetRow::id);
  for (QWidget* widget : onSet_)
    widget->setEnabled(found != sets_.end() && found->fresh + found->accepted + found->rejected > 0);
  if (auto* more = findChild<QToolButton*>(QStringLiteral("setMenu"))) more->setEnabled(found != sets_.end());
  if (found == sets_.end()) return summary_->clear();
  QString text = tr("%1 accepted, %2 new, %3 rejected").arg(found->accepted).arg(found->fresh).arg(found->rejected);
  if (running) text = tr("%1 of %2 made \u00b7 ").arg(made_).arg(wanted_) + text;
  summary_->setText(text);
}

// The preview is written in the colours of the window.
void GeneratePanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange && preview_ != nullptr) showCurrent();
}

bool GeneratePanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == table_ && event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->modifiers() == Qt::NoModifier) {
      switch (key->key()) {
        case Qt::Key_A: decide(ProblemStatus::accepted); return true;
        case Qt::Key_R: decide(ProblemStatus::rejected); return true;
        case Qt::Key_E: editCurrent(); return true;
        default: break;
      }
    }
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace holdfast
