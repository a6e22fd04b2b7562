#include "app/panels/evaluate_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QItemSelectionModel>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QLocale>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>
#include <limits>
#include <tuple>

#include "app/panels/problems_dialog.h"
#include "app/panels/run_view.h"
#include "app/services/recipe_presets.h"
#include "app/services/thought_splitter.h"
#include "app/widgets/elided_label.h"
#include "app/widgets/parts.h"
#include "app/widgets/take_along.h"
#include "training/problem.h"

namespace holdfast {
namespace {

QComboBox* evaluate_model(const char* name, const QString& spoken) {
  auto* box = new QComboBox;
  box->setObjectName(QLatin1String(name));
  box->setAccessibleName(spoken);
  box->setEditable(true);
  box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  box->setMinimumContentsLength(20);
  return box;
}

QTableView* evaluate_table(const char* name, const QString& spoken, QAbstractItemModel* model) {
  auto* table = new QTableView;
  table->setObjectName(QLatin1String(name));
  table->setAccessibleName(spoken);
  table->setModel(model);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setSelectionMode(QAbstractItemView::SingleSelection);
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setShowGrid(false);
  table->setWordWrap(false);
  table->setTabKeyNavigation(false);
  table->verticalHeader()->hide();
  table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 10);
  table->horizontalHeader()->setHighlightSections(false);
  table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  offerTable(table, QStringLiteral("evaluation"));
  return table;
}

QString evaluate_reply(const EvaluationItem* item) {
  if (item == nullptr) return {};
  if (!item->done) return EvaluatePanel::tr("Not done yet.");
  QString text = QString::fromStdString(reply_without_markers(item->greedy.text));
  if (item->samples.empty()) return text;
  QStringList answers;
  for (const EvaluationReply& sample : item->samples) {
    answers << (sample.right ? QStringLiteral("\u2713 ") : QStringLiteral("\u2717 ")) +
                   (sample.answer ? QString::fromStdString(*sample.answer) : EvaluatePanel::tr("no answer"));
  }
  text += QStringLiteral("\n\n") + EvaluatePanel::tr("Samples: %1").arg(answers.join(QStringLiteral(", ")));
  if (item->majority) {
    text += QLatin1Char('\n') + EvaluatePanel::tr("Majority: %1").arg(QString::fromStdString(*item->majority));
  }
  return text;
}

}  // namespace

EvaluatePanel::EvaluatePanel(EvaluateService* service, QWidget* parent)
    : QWidget(parent),
      service_(service),
      rows_(new EvaluationListModel(this)),
      shares_(new EvaluationShareModel(this)),
      items_(new EvaluationItemModel(this)) {
  setObjectName(QStringLiteral("evaluatePanel"));
  pages_ = new QStackedWidget;
  pages_->addWidget(buildNew());
  pages_->addWidget(buildResult());
  const ListAndPages made = addListAndPages(this, rows_, pages_);
  made.fresh->setText(tr("&New evaluation"));
  made.fresh->setObjectName(QStringLiteral("newEvaluation"));
  list_ = made.list;
  list_->setObjectName(QStringLiteral("evaluationList"));
  list_->setAccessibleName(tr("Evaluations"));
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  connect(made.fresh, &QPushButton::clicked, this, &EvaluatePanel::showNew);
  connect(list_->selectionModel(), &QItemSelectionModel::currentChanged, this, &EvaluatePanel::select);
  connect(service_, &EvaluateService::evaluationsChanged, this, &EvaluatePanel::setRows);
  connect(service_, &EvaluateService::detailChanged, this, &EvaluatePanel::show);
  connect(service_, &EvaluateService::created, this, [this](EvaluationId first, EvaluationId last) {
    wanted_ = last;
    wantedBeside_ = first == last ? EvaluationId{} : first;
  });
  connect(service_, &EvaluateService::refused, this, [this](const QString& message) {
    fault_->setText(message);
    fault_->show();
  });
  connect(service_, &EvaluateService::failed, this, &EvaluatePanel::failed);
  showSuite();
}

QWidget* EvaluatePanel::buildNew() {
  auto* page = new QWidget;
  page->setObjectName(QStringLiteral("evaluateNew"));
  auto* layout = new QVBoxLayout(page);
  layout->setContentsMargins(16, 12, 16, 12);
  layout->setSpacing(10);
  auto* title = new QLabel(tr("New evaluation"));
  title->setProperty("title", true);
  layout->addWidget(title);
  auto* form = new QFormLayout;
  form->setHorizontalSpacing(12);
  form->setVerticalSpacing(9);
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  kind_ = new QComboBox;
  kind_->setObjectName(QStringLiteral("suiteKind"));
  kind_->addItems({tr("fresh problems, made from a seed"), tr("a file with answers")});
  form->addRow(tr("&Problems"), kind_);

  freshRow_ = new QWidget;
  auto* fresh = bareRow(freshRow_);
  count_ = countBox("suiteCount", tr("How many problems"), 1, 10000);
  count_->setValue(20);
  fresh->addWidget(count_);
  familiesButton_ = new QPushButton;
  familiesButton_->setObjectName(QStringLiteral("suiteFamilies"));
  fresh->addWidget(familiesButton_);
  fresh->addWidget(mutedLabel(tr("levels")));
  first_ = countBox("suiteFirst", tr("Easiest level"), easiest_level, hardest_level);
  first_->setValue(1);
  last_ = countBox("suiteLast", tr("Hardest level"), easiest_level, hardest_level);
  last_->setValue(5);
  fresh->addWidget(first_);
  fresh->addWidget(mutedLabel(tr("to")));
  fresh->addWidget(last_);
  fresh->addWidget(mutedLabel(tr("seed")));
  seed_ = countBox("suiteSeed", tr("Seed of the problems"), 0, std::numeric_limits<int>::max());
  seed_->setGroupSeparatorShown(false);
  seed_->setValue(1);
  fresh->addWidget(seed_);
  fresh->addStretch(1);
  form->addRow(QString(), freshRow_);

  fileRow_ = new QWidget;
  auto* file = bareRow(fileRow_);
  file_ = new QLineEdit;
  file_->setObjectName(QStringLiteral("suiteFile"));
  file_->setAccessibleName(tr("File of problems"));
  file_->setPlaceholderText(tr("JSON rows (MATH-500, AIME, GSM8K), or a table of level, problem, answer"));
  file->addWidget(file_, 1);
  auto* browse = new QToolButton;
  browse->setText(QStringLiteral("\u2026"));
  browse->setAccessibleName(tr("Choose the file"));
  file->addWidget(browse);
  form->addRow(QString(), fileRow_);

  model_ = evaluate_model("evaluateModel", tr("Model"));
  form->addRow(tr("&Model"), model_);
  second_ = evaluate_model("evaluateSecond", tr("Second model, to compare with"));
  second_->lineEdit()->setPlaceholderText(tr("none"));
  form->addRow(tr("&Beside it"), second_);

  auto* replies = new QWidget;
  auto* reply = bareRow(replies);
  reply->addWidget(mutedLabel(tr("the likeliest one, and")));
  samples_ = countBox("evaluateSamples", tr("Samples of each problem"), 0, 1024);
  reply->addWidget(samples_);
  reply->addWidget(mutedLabel(tr("samples at temperature")));
  temperature_ = new QDoubleSpinBox;
  temperature_->setAccessibleName(tr("Temperature of the samples"));
  temperature_->setRange(0.05, 5.0);
  temperature_->setSingleStep(0.1);
  temperature_->setValue(0.8);
  reply->addWidget(temperature_);
  reply->addStretch(1);
  form->addRow(tr("Replies"), replies);
  auto* longest = new QWidget;
  auto* length = bareRow(longest);
  length->addWidget(mutedLabel(tr("of at most")));
  tokens_ = countBox("evaluateTokens", tr("Longest reply in tokens"), 1, 1 << 20);
  tokens_->setValue(512);
  length->addWidget(tokens_);
  length->addWidget(mutedLabel(tr("tokens")));
  length->addStretch(1);
  form->addRow(QString(), longest);
  boxed_ = new QCheckBox(tr("The prompt asks for a bo&xed answer"));
  boxed_->setObjectName(QStringLiteral("evaluateBoxed"));
  boxed_->setChecked(true);
  form->addRow(QString(), boxed_);
  auto* where = new QWidget;
  auto* place = bareRow(where);
  device_ = new QComboBox;
  device_->setAccessibleName(tr("Where the model runs"));
  device_->addItem(tr("on the CPU"), QStringLiteral("cpu"));
  device_->addItem(tr("on the GPU"), QStringLiteral("cuda"));
  place->addWidget(device_);
  threads_ = countBox("evaluateThreads", tr("CPU threads"), 0, 1024);
  threads_->setSpecialValueText(tr("all cores"));
  place->addWidget(threads_);
  place->addStretch(1);
  form->addRow(tr("Runs"), where);
  layout->addLayout(form);
  fault_ = new QLabel;
  fault_->setObjectName(QStringLiteral("evaluateFault"));
  fault_->setProperty("fault", true);
  fault_->setWordWrap(true);
  fault_->setTextFormat(Qt::PlainText);
  fault_->hide();
  layout->addWidget(fault_);
  start_ = new QPushButton(tr("&Evaluate"));
  start_->setObjectName(QStringLiteral("startEvaluation"));
  start_->setProperty("primary", true);
  layout->addWidget(start_, 0, Qt::AlignRight);
  layout->addStretch(1);
  connect(kind_, &QComboBox::currentIndexChanged, this, &EvaluatePanel::showSuite);
  connect(first_, &QSpinBox::valueChanged, this, [this](int level) { last_->setMinimum(level); });
  connect(browse, &QToolButton::clicked, this, &EvaluatePanel::chooseFile);
  connect(familiesButton_, &QPushButton::clicked, this, &EvaluatePanel::chooseFamilies);
  connect(start_, &QPushButton::clicked, this, &EvaluatePanel::begin);
  return page;
}

QWidget* EvaluatePanel::buildResult() {
  auto* page = new QWidget;
  page->setObjectName(QStringLiteral("evaluateResult"));
  auto* layout = new QVBoxLayout(page);
  layout->setContentsMargins(16, 12, 16, 12);
  layout->setSpacing(8);
  auto* head = new QHBoxLayout;
  title_ = new QLabel;
  title_->setObjectName(QStringLiteral("evaluationTitle"));
  title_->setProperty("title", true);
  title_->setTextFormat(Qt::PlainText);
  head->addWidget(title_);
  state_ = mutedLabel({});
  state_->setObjectName(QStringLiteral("evaluationState"));
  head->addWidget(state_);
  head->addStretch(1);
  head->addWidget(mutedLabel(tr("Compared with")));
  beside_ = new QComboBox;
  beside_->setObjectName(QStringLiteral("evaluationBeside"));
  beside_->setAccessibleName(tr("Evaluation to compare with"));
  beside_->setMinimumWidth(150);
  head->addWidget(beside_);
  stop_ = new QPushButton(tr("&Stop"));
  stop_->setObjectName(QStringLiteral("stopEvaluation"));
  resume_ = new QPushButton(tr("&Go on"));
  resume_->setObjectName(QStringLiteral("resumeEvaluation"));
  remove_ = new QPushButton(tr("&Delete"));
  remove_->setObjectName(QStringLiteral("removeEvaluation"));
  for (QPushButton* button : {stop_, resume_, remove_}) head->addWidget(button);
  layout->addLayout(head);
  progress_ = new QProgressBar;
  progress_->setTextVisible(false);
  progress_->setAccessibleName(tr("Problems that are done"));
  layout->addWidget(progress_);
  message_ = new QLabel;
  message_->setProperty("fault", true);
  message_->setWordWrap(true);
  message_->setTextFormat(Qt::PlainText);
  layout->addWidget(message_);
  summary_ = new QLabel;
  summary_->setObjectName(QStringLiteral("evaluationSummary"));
  summary_->setWordWrap(true);
  summary_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  layout->addWidget(summary_);
  layout->addWidget(buildTables(), 1);
  connect(beside_, &QComboBox::activated, this, [this] {
    wantedBeside_ = {beside_->currentData().toLongLong()};
    if (shown_) service_->watch(shown_->row.id, wantedBeside_);
  });
  connect(stop_, &QPushButton::clicked, this, [this] { service_->stop(shown_->row.id); });
  connect(resume_, &QPushButton::clicked, this, [this] { service_->resume(shown_->row.id); });
  connect(remove_, &QPushButton::clicked, this, [this] { service_->remove(shown_->row.id); });
  return page;
}

QWidget* EvaluatePanel::buildTables() {
  auto* splitter = new QSplitter(Qt::Vertical);
  splitter->setChildrenCollapsible(false);
  shareTable_ = evaluate_table("shareTable", tr("Right answers by level and concept"), shares_);
  shareTable_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  shareTable_->horizontalHeader()->setSectionResizeMode(EvaluationShareModel::GroupColumn, QHeaderView::Stretch);
  splitter->addWidget(shareTable_);
  auto* problems = new QWidget;
  auto* layout = new QVBoxLayout(problems);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* row = new QHBoxLayout;
  row->addWidget(mutedLabel(tr("Problem by problem")));
  row->addStretch(1);
  filter_ = new QComboBox;
  filter_->setObjectName(QStringLiteral("itemFilter"));
  filter_->setAccessibleName(tr("Problems that are shown"));
  filter_->addItems({tr("all"), tr("wrong ones"), tr("what changed")});
  row->addWidget(filter_);
  layout->addLayout(row);
  itemTable_ = evaluate_table("itemTable", tr("Problems and answers"), items_);
  itemTable_->horizontalHeader()->setSectionResizeMode(EvaluationItemModel::ProblemColumn, QHeaderView::Stretch);
  itemTable_->setColumnWidth(EvaluationItemModel::LevelColumn, 52);
  itemTable_->horizontalHeader()->setSectionResizeMode(EvaluationItemModel::ChangeColumn,
                                                       QHeaderView::ResizeToContents);
  layout->addWidget(itemTable_, 1);
  splitter->addWidget(problems);
  auto* replies = new QWidget;
  auto* sides = bareRow(replies);
  for (auto [side, name, text] :
       {std::tuple{&replySide_, &replyName_, &reply_}, std::tuple{&besideSide_, &besideName_, &besideReply_}}) {
    *side = new QWidget;
    auto* column = new QVBoxLayout(*side);
    column->setContentsMargins(0, 4, 0, 0);
    column->setSpacing(4);
    *name = new ElidedLabel;
    (*name)->setProperty("muted", true);
    column->addWidget(*name);
    *text = new QPlainTextEdit;
    (*text)->setReadOnly(true);
    (*text)->setTabChangesFocus(true);
    column->addWidget(*text, 1);
    sides->addWidget(*side, 1);
  }
  replyName_->setObjectName(QStringLiteral("replyName"));
  besideName_->setObjectName(QStringLiteral("besideName"));
  reply_->setObjectName(QStringLiteral("evaluationReply"));
  reply_->setAccessibleName(tr("What the model said"));
  besideReply_->setObjectName(QStringLiteral("besideReply"));
  besideReply_->setAccessibleName(tr("What the compared model said"));
  splitter->addWidget(replies);
  splitter->setStretchFactor(0, 2);
  splitter->setStretchFactor(1, 3);
  splitter->setStretchFactor(2, 2);
  connect(filter_, &QComboBox::currentIndexChanged, this,
          [this](int filter) { items_->setFilter(static_cast<EvaluationItemModel::Filter>(filter)); });
  connect(itemTable_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &EvaluatePanel::showReplies);
  return splitter;
}

void EvaluatePanel::setModels(const QStringList& names) {
  for (QComboBox* box : {model_, second_}) {
    const QString current = box->currentText();
    box->clear();
    box->addItems(names);
    box->setEditText(current.isEmpty() && box == model_ && !names.isEmpty() ? names.first() : current);
  }
}

void EvaluatePanel::showSuite() {
  const bool file = kind_->currentIndex() == 1;
  fileRow_->setVisible(file);
  freshRow_->setVisible(!file);
  const bool all = families_ == std::vector<std::string>{"all"};
  familiesButton_->setText(all ? tr("of all families\u2026")
                               : tr("of %n families\u2026", nullptr, static_cast<int>(families_.size())));
}

void EvaluatePanel::chooseFile() {
  const QString file = QFileDialog::getOpenFileName(this, tr("Problems with answers"), {},
                                                    tr("Problems (*.tsv *.jsonl *.json *.csv);;All files (*)"));
  if (!file.isEmpty()) file_->setText(file);
}

void EvaluatePanel::chooseFamilies() {
  RecipeData problems = preset_problems(first_->value(), last_->value());
  problems.generators = families_;
  ProblemsDialog dialog(problems, this);
  if (dialog.exec() != QDialog::Accepted) return;
  families_ = dialog.data().generators;
  first_->setValue(static_cast<int>(dialog.data().first_level));
  last_->setValue(static_cast<int>(dialog.data().last_level));
  showSuite();
}

EvaluationSuite EvaluatePanel::suite() const {
  EvaluationSuite suite;
  if (kind_->currentIndex() == 1) suite.file = file_->text().trimmed();
  suite.families = families_;
  suite.firstLevel = first_->value();
  suite.lastLevel = last_->value();
  suite.count = count_->value();
  suite.seed = static_cast<quint64>(seed_->value());
  return suite;
}

void EvaluatePanel::begin() {
  fault_->hide();
  QStringList models{model_->currentText().trimmed()};
  if (const QString second = second_->currentText().trimmed(); !second.isEmpty()) models.prepend(second);
  if (models.last().isEmpty() || (kind_->currentIndex() == 1 && file_->text().trimmed().isEmpty())) {
    fault_->setText(models.last().isEmpty() ? tr("Choose a model.") : tr("Choose a file of problems."));
    fault_->show();
    return;
  }
  EvaluationRow how;
  how.samples = samples_->value();
  how.temperature = temperature_->value();
  how.max_tokens = tokens_->value();
  how.solve = boxed_->isChecked();
  how.device = device_->currentData().toString().toStdString();
  how.threads = threads_->value();
  service_->create(models, suite(), how);
}

void EvaluatePanel::showNew() {
  wanted_ = {};
  list_->setCurrentIndex({});
  list_->clearSelection();
  pages_->setCurrentIndex(0);
}

void EvaluatePanel::compareModels(const QString& before, const QString& after) {
  showNew();
  model_->setEditText(after);
  second_->setEditText(before);
}

void EvaluatePanel::useSuite(const QString& file) {
  showNew();
  kind_->setCurrentIndex(1);
  file_->setText(file);
}

void EvaluatePanel::setRows(const std::vector<EvaluationRow>& rows) {
  const EvaluationRow* before = rows_->rowAt(list_->currentIndex());
  const EvaluationId kept = wanted_ ? wanted_ : before != nullptr ? before->id : EvaluationId{};
  rows_->setRows(rows);
  const QModelIndex index = rows_->indexOf(kept);
  if (index.isValid()) {
    list_->setCurrentIndex(index);
  } else if (kept && !wanted_) {
    showNew();  // it was deleted
  }
  if (shown_) fillBeside();
}

void EvaluatePanel::select() {
  const EvaluationRow* row = rows_->rowAt(list_->currentIndex());
  if (row == nullptr) return;
  if (row->id != wanted_ && !(shown_ && shown_->row.id == row->id)) wantedBeside_ = {};
  wanted_ = {};
  service_->watch(row->id, wantedBeside_);
}

// Evaluations of the same problems.
void EvaluatePanel::fillBeside() {
  const QSignalBlocker quiet(beside_);
  beside_->clear();
  beside_->addItem(tr("nothing"), qlonglong{0});
  for (const EvaluationRow& row : rows_->rows()) {
    if (row.id == shown_->row.id || row.suite != shown_->row.suite || row.items != shown_->row.items) continue;
    beside_->addItem(tr("%1 (no. %2)").arg(modelShown(row.model)).arg(row.id.value), qlonglong{row.id.value});
    if (row.id == wantedBeside_) beside_->setCurrentIndex(beside_->count() - 1);
  }
}

void EvaluatePanel::show(std::shared_ptr<const EvaluationDetail> detail,
                         std::shared_ptr<const EvaluationDetail> beside) {
  const EvaluationRow* row = rows_->rowAt(list_->currentIndex());
  if (row == nullptr || row->id != detail->row.id) return;
  shown_ = std::move(detail);
  besideShown_ = std::move(beside);
  items_->setDetail(shown_, besideShown_);
  if (!itemTable_->currentIndex().isValid()) itemTable_->selectRow(0);
  fillBeside();
  showSummary();
  showReplies();
  const bool two = besideShown_ != nullptr;
  for (const int column : {EvaluationShareModel::BesideColumn, EvaluationShareModel::ChangeColumn}) {
    shareTable_->setColumnHidden(column, !two);
  }
  for (const int column : {EvaluationItemModel::BesideColumn, EvaluationItemModel::ChangeColumn}) {
    itemTable_->setColumnHidden(column, !two);
  }
  besideSide_->setVisible(two);
  replyName_->setText(modelShown(shown_->row.model));
  if (two) besideName_->setText(modelShown(besideShown_->row.model));
  pages_->setCurrentIndex(1);
}

void EvaluatePanel::showSummary() {
  const EvaluationRow& row = shown_->row;
  title_->setText(modelShown(row.model));
  state_->setText(evaluationStateText(row));
  progress_->setRange(0, static_cast<int>(row.items));
  progress_->setValue(static_cast<int>(row.done));
  const bool active = row.state == EvaluationState::running || row.state == EvaluationState::waiting;
  stop_->setVisible(active);
  stop_->setEnabled(!row.stop_wanted);
  resume_->setVisible(can_go_on(row.state));
  remove_->setEnabled(row.state != EvaluationState::running);
  message_->setText(QString::fromStdString(row.message));
  message_->setVisible(!row.message.empty());
  EvaluationSummary all = summarise(*shown_, besideShown_.get());
  const QLocale locale;
  const auto line = [&](const Share& greedy, const Share& majority, const std::vector<std::pair<int, double>>& pass,
                        double length, const EvaluationRow& of) {
    QString text = tr("%1: likeliest reply right %2").arg(modelShown(of.model), shareText(greedy));
    for (const auto& [k, share] : pass) text += tr("; pass@%1 %2 %").arg(k).arg(locale.toString(share * 100.0, 'f', 1));
    if (of.samples > 0) text += tr("; majority of %1 %2").arg(of.samples).arg(shareText(majority));
    text += tr("; %1 tokens a reply").arg(locale.toString(length, 'f', 0));
    if (of.seconds > 0.0) {
      text += tr(", %1 tokens/s").arg(locale.toString(static_cast<double>(of.tokens) / of.seconds, 'f', 0));
    }
    return text;
  };
  const auto held = [&](const EvaluationDetail& detail) {
    if (!detail.heldOut) return QString();
    const auto [before, after] = *detail.heldOut;
    return QLatin1Char('\n') +
           tr("%1: loss on rows held out of its run %2 before, %3 after; what rises was forgotten")
               .arg(modelShown(detail.row.model), locale.toString(before, 'f', 4), locale.toString(after, 'f', 4));
  };
  QString text = line(all.greedy, all.majority, all.pass, all.length, row);
  if (besideShown_) {
    text += QLatin1Char('\n') +
            line(*all.besideGreedy, *all.besideMajority, all.besidePass, all.besideLength, besideShown_->row) +
            QLatin1Char('\n') +
            tr("%1 of %2 problems that both have done are right only in the first, %3 only in the second.")
                .arg(all.better)
                .arg(all.greedy.of)
                .arg(all.worse);
  }
  text += held(*shown_);
  if (besideShown_) text += held(*besideShown_);
  summary_->setToolTip(shown_->heldOut || (besideShown_ && besideShown_->heldOut) ? heldOutMeaning() : QString());
  summary_->setText(text);
  shares_->setGroups(std::move(all.groups));
}

void EvaluatePanel::showReplies() {
  const EvaluationItemModel::Pair pair = items_->pairAt(itemTable_->currentIndex());
  // Both under the problem, so that replies stand line by line beside each other.
  const auto fill = [](QPlainTextEdit* view, const EvaluationItem* item) {
    QString text = evaluate_reply(item);
    if (item != nullptr) text.prepend(QString::fromStdString(item->problem).trimmed() + QStringLiteral("\n\n"));
    if (view->toPlainText() != text) view->setPlainText(text);
  };
  fill(reply_, pair.shown);
  fill(besideReply_, pair.beside);
}

}  // namespace holdfast
