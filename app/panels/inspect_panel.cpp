#include "app/panels/inspect_panel.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QMouseEvent>
#include <QProgressBar>
#include <QPushButton>
#include <QShortcut>
#include <QSortFilterProxyModel>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTableView>
#include <QTableWidget>
#include <QTextBlock>
#include <QTextBrowser>
#include <QTextEdit>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <utility>

#include "app/models/head_table_model.h"
#include "app/models/size_text.h"
#include "app/panels/inspect_difference.h"
#include "app/panels/inspect_head_view.h"
#include "app/panels/inspect_timeline.h"
#include "app/services/cache_size.h"
#include "app/widgets/elided_label.h"
#include "app/widgets/heatmap_view.h"
#include "app/widgets/parts.h"
#include "app/widgets/plot_view.h"
#include "engine/atomic_file.h"

namespace holdfast {
namespace {

constexpr int retention_points = 250;
constexpr std::int64_t retention_numbers = 300'000;  // log decays that are added up at once

double middle_of(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// So many that a person reads them, and how many more there are.
QStringList shortened(const QStringList& words) {
  constexpr qsizetype most = 4;
  if (words.size() <= most) return words;
  return words.first(most) << InspectPanel::tr("and %n more", nullptr, static_cast<int>(words.size() - most));
}

QString share_shown(double share) { return QLocale().toString(100.0 * share, 'f', 1) + QStringLiteral(" %"); }

// name: what the file is called where nothing else is wanted.
void save_bytes(QWidget* parent, const QString& title, const QString& name, const QString& filter,
                const std::function<std::string()>& content, const std::function<void(const QString&)>& failed) {
  const QString file = QFileDialog::getSaveFileName(parent, title, name, filter);
  if (file.isEmpty()) return;
  try {
    write_file_atomically(file.toStdString(), content());
  } catch (const std::exception& error) {
    failed(QString::fromUtf8(error.what()));
  }
}

}  // namespace

InspectPanel::InspectPanel(InspectService* service, QWidget* parent) : QWidget(parent), service_(service) {
  setObjectName(QStringLiteral("inspectPanel"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(16, 12, 16, 12);
  layout->setSpacing(10);
  layout->addWidget(buildBar());
  pages_ = new QStackedWidget;
  empty_ = new QLabel;
  empty_->setObjectName(QStringLiteral("inspectEmpty"));
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setWordWrap(true);
  empty_->setProperty("muted", true);
  empty_->setText(
      tr("Type a text, or take the session that is open in Solve,\nand see what the model's memory of fixed size keeps "
         "of its tokens."));
  pages_->addWidget(empty_);
  buildTabs();
  pages_->addWidget(tabs_);
  layout->addWidget(pages_, 1);
  connectViews();
  connect(service_, &InspectService::started, this, [this] {
    progress_->setValue(0);
    progress_->show();
    inspectText_->setText(tr("Stop"));
  });
  connect(service_, &InspectService::progressed, this,
          [this](double done) { progress_->setValue(static_cast<int>(done * 1000)); });
  connect(service_, &InspectService::finished, this, [this](std::shared_ptr<const InspectResult> result) {
    progress_->hide();
    inspectText_->setText(tr("Inspect the text"));
    if (result) show(std::move(result));
  });
  connect(service_, &InspectService::failed, this, &InspectPanel::failed);
  connect(difference_, &InspectDifference::failed, this, &InspectPanel::failed);
  setModel({});
}

QWidget* InspectPanel::buildBar() {
  auto* bar = new QWidget;
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(0, 0, 0, 0);
  text_ = new QLineEdit;
  text_->setObjectName(QStringLiteral("inspectText"));
  text_->setPlaceholderText(tr("A text to read"));
  text_->setAccessibleName(tr("Text to inspect"));
  row->addWidget(text_, 1);
  inspectText_ = new QPushButton(tr("Inspect the text"));
  inspectText_->setObjectName(QStringLiteral("inspectTextButton"));
  row->addWidget(inspectText_);
  inspectSession_ = new QPushButton(tr("Inspect this session"));
  inspectSession_->setObjectName(QStringLiteral("inspectSessionButton"));
  inspectSession_->setToolTip(tr("The session that is open in Solve"));
  inspectSession_->setProperty("command", "inspect");
  row->addWidget(inspectSession_);
  again_ = new QPushButton(tr("Read again"));
  again_->setObjectName(QStringLiteral("inspectAgain"));
  again_->setToolTip(
      tr("This was seen before. Reading it again takes more samples, and brings the states of "
         "the heads."));
  again_->hide();
  row->addWidget(again_);
  watching_ = new QCheckBox(tr("Watch"));
  watching_->setObjectName(QStringLiteral("inspectWatch"));
  watching_->setChecked(true);
  watching_->setToolTip(tr(
      "Watch every session while it runs, so that it opens here without being read again. Costs a few percent of the "
      "speed; when off, nothing is computed for it."));
  row->addWidget(watching_);
  connect(watching_, &QCheckBox::toggled, this, &InspectPanel::watchingChanged);
  export_ = new QPushButton(tr("Export"));
  export_->setObjectName(QStringLiteral("inspectExport"));
  auto* menu = new QMenu(export_);
  menu->addAction(tr("All views as a picture (PNG)\u2026"), this, &InspectPanel::exportPicture);
  menu->addAction(tr("The map of heads as a table (CSV)\u2026"), this, &InspectPanel::exportTable);
  menu->addAction(tr("The timeline as a table (CSV)\u2026"), this, &InspectPanel::exportTimeline);
  menu->addAction(tr("Every token's log decays (NPY)\u2026"), this, &InspectPanel::exportArray);
  export_->setMenu(menu);
  row->addWidget(export_);
  progress_ = new QProgressBar;
  progress_->setRange(0, 1000);
  progress_->setTextVisible(false);
  progress_->setFixedWidth(120);
  progress_->setAccessibleName(tr("Reading"));
  progress_->hide();
  row->addWidget(progress_);
  connect(text_, &QLineEdit::returnPressed, this, &InspectPanel::inspectText);
  connect(inspectText_, &QPushButton::clicked, this,
          [this] { progress_->isVisible() ? service_->stop() : inspectText(); });
  connect(inspectSession_, &QPushButton::clicked, this, [this] { inspectSession(); });
  connect(again_, &QPushButton::clicked, this, [this] { inspectSession(true); });
  return bar;
}

void InspectPanel::buildTabs() {
  tabs_ = new QTabWidget;
  tabs_->setObjectName(QStringLiteral("inspectTabs"));
  tabs_->setDocumentMode(true);
  tabs_->addTab(buildOverview(), tr("Overview"));
  headView_ = new InspectHeadView;
  tabs_->addTab(headView_, tr("One head"));
  difference_ = new InspectDifference(service_);
  tabs_->addTab(difference_, tr("Difference"));
  tabs_->addTab(buildNumbers(), tr("All numbers"));
  auto* explained = new QTextBrowser;
  explained->setObjectName(QStringLiteral("inspectExplained"));
  explained->setAccessibleName(tr("What the numbers mean"));
  explained->setFrameShape(QFrame::NoFrame);
  explained->setHtml(inspectExplanation());
  tabs_->addTab(explained, tr("What they mean"));
}

QWidget* InspectPanel::buildOverview() {
  auto* views = new QWidget;
  auto* grid = new QGridLayout(views);
  grid->setContentsMargins(0, 8, 0, 0);
  grid->setHorizontalSpacing(18);
  grid->setVerticalSpacing(6);
  auto* head = new QHBoxLayout;
  head->setSpacing(8);
  mapTitle_ = new ElidedLabel;
  mapTitle_->setProperty("muted", true);
  head->addWidget(mapTitle_, 1);
  metric_ = new QComboBox;
  metric_->setObjectName(QStringLiteral("metric"));
  metric_->setAccessibleName(tr("What the map shows"));
  for (const InspectMetric m : inspect_metrics) {
    metric_->addItem(inspectMetricName(m), static_cast<int>(m));
    metric_->setItemData(metric_->count() - 1, inspectMetricFormula(m), Qt::ToolTipRole);
  }
  head->addWidget(metric_);
  grid->addLayout(head, 0, 0);
  map_ = new HeatmapView;
  map_->setObjectName(QStringLiteral("headMap"));
  map_->setAccessibleName(tr("Heads by layer"));
  grid->addWidget(map_, 1, 0);
  auto* text = new QHBoxLayout;
  text->addWidget(mutedLabel(tr("Tokens: click one to follow what is left of it")), 1);
  inSolve_ = new QToolButton;
  inSolve_->setObjectName(QStringLiteral("showInSolve"));
  inSolve_->setText(tr("Show in Solve"));
  inSolve_->setToolTip(tr("Go to the chosen token in the transcript (Ctrl+I, or Enter)"));
  inSolve_->setEnabled(false);
  text->addWidget(inSolve_);
  grid->addLayout(text, 0, 1);
  tokens_ = new QTextEdit;
  tokens_->setObjectName(QStringLiteral("inspectTokens"));
  tokens_->setReadOnly(true);
  tokens_->setAccessibleName(tr("The text that was read"));
  tokens_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  tokens_->setTabChangesFocus(true);
  tokens_->viewport()->setCursor(Qt::ArrowCursor);
  tokens_->viewport()->setMouseTracking(true);
  tokens_->viewport()->installEventFilter(this);
  grid->addWidget(tokens_, 1, 1);
  auto* over = new QHBoxLayout;
  over->setSpacing(8);
  timelineTitle_ = new ElidedLabel;
  timelineTitle_->setProperty("muted", true);
  over->addWidget(timelineTitle_, 1);
  kind_ = new QComboBox;
  kind_->setObjectName(QStringLiteral("timelineKind"));
  kind_->setAccessibleName(tr("What a pixel of the timeline shows of several samples"));
  for (const auto& [name, kind] : {std::pair{tr("mean"), HeatmapLevels::Kind::mean},
                                   {tr("least"), HeatmapLevels::Kind::least},
                                   {tr("most"), HeatmapLevels::Kind::most}}) {
    kind_->addItem(name, static_cast<int>(kind));
  }
  over->addWidget(kind_);
  grid->addLayout(over, 2, 0);
  timeline_ = new HeatmapView;
  timeline_->setObjectName(QStringLiteral("timeline"));
  timeline_->setAccessibleName(tr("Layers over the tokens"));
  timeline_->setToolTip(tr("Wheel: zoom. Drag: move."));
  grid->addWidget(timeline_, 3, 0);
  grid->addWidget(mutedLabel(tr("What is left of the chosen token")), 2, 1);
  retention_ = new PlotView;
  retention_->setObjectName(QStringLiteral("retention"));
  retention_->setAccessibleName(tr("Retention of the chosen token"));
  grid->addWidget(retention_, 3, 1);
  auto* given = new QHBoxLayout;
  given->setSpacing(8);
  givensTitle_ = mutedLabel({});
  givensTitle_->setObjectName(QStringLiteral("givensTitle"));
  givensTitle_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  given->addWidget(givensTitle_, 1);
  restate_ = new QToolButton;
  restate_->setObjectName(QStringLiteral("restateGivens"));
  restate_->setText(tr("Re-state givens"));
  restate_->setToolTip(
      tr("Puts the sentences whose numbers are fading into the composer of Solve, to be read again where the text has "
         "come to"));
  given->addWidget(restate_);
  restateEarlier_ = new QToolButton;
  restateEarlier_->setObjectName(QStringLiteral("restateEarlier"));
  restateEarlier_->setText(tr("From earlier"));
  restateEarlier_->setToolTip(tr(
      "A new branch in Solve: the reply goes on from the last kept state before they faded, with the givens said once "
      "more. This one stays."));
  given->addWidget(restateEarlier_);
  grid->addLayout(given, 4, 0);
  givens_ = new QTableWidget(0, 4);
  givens_->setObjectName(QStringLiteral("givens"));
  givens_->setAccessibleName(tr("Numbers of the question"));
  givens_->setHorizontalHeaderLabels({tr("Number"), tr("Best head"), tr("Median head"), tr("Memory")});
  givens_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
  alignHeaders(givens_, 1);
  givens_->horizontalHeaderItem(3)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  givens_->verticalHeader()->hide();
  givens_->setSelectionBehavior(QAbstractItemView::SelectRows);
  givens_->setSelectionMode(QAbstractItemView::SingleSelection);
  grid->addWidget(givens_, 5, 0);
  grid->addWidget(mutedLabel(tr("Memory: this state beside the caches of Transformers")), 4, 1);
  memory_ = new PlotView;
  memory_->setObjectName(QStringLiteral("memoryChart"));
  memory_->setAccessibleName(tr("Memory over the length of a text"));
  grid->addWidget(memory_, 5, 1);
  for (const int row : {1, 3, 5}) grid->setRowStretch(row, 1);
  for (const int column : {0, 1}) grid->setColumnStretch(column, 1);
  words_ = new QLabel;
  words_->setObjectName(QStringLiteral("inspectWords"));
  words_->setWordWrap(true);
  words_->setTextFormat(Qt::PlainText);
  words_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  grid->addWidget(words_, 6, 0, 1, 2);
  return views;
}

QWidget* InspectPanel::buildNumbers() {
  auto* page = new QWidget;
  auto* layout = new QVBoxLayout(page);
  layout->setContentsMargins(0, 8, 0, 0);
  auto* search = new QLineEdit;
  search->setObjectName(QStringLiteral("numbersSearch"));
  search->setPlaceholderText(tr("Head, as L3H7"));
  search->setAccessibleName(tr("Find a head"));
  search->setClearButtonEnabled(true);
  search->setMaximumWidth(220);
  layout->addWidget(search);
  heads_ = new HeadTableModel(this);
  sortedHeads_ = new QSortFilterProxyModel(this);
  sortedHeads_->setSourceModel(heads_);
  sortedHeads_->setSortRole(Qt::UserRole);
  sortedHeads_->setFilterCaseSensitivity(Qt::CaseInsensitive);
  numbers_ = new QTableView;
  numbers_->setObjectName(QStringLiteral("numbers"));
  numbers_->setAccessibleName(tr("All heads with all numbers"));
  numbers_->setModel(sortedHeads_);
  numbers_->setSortingEnabled(true);
  numbers_->sortByColumn(0, Qt::AscendingOrder);
  numbers_->setSelectionBehavior(QAbstractItemView::SelectRows);
  numbers_->setSelectionMode(QAbstractItemView::SingleSelection);
  numbers_->horizontalHeader()->setHighlightSections(false);
  numbers_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
  numbers_->horizontalHeader()->setMinimumHeight(2 * fontMetrics().lineSpacing() + 12);  // names wrap
  numbers_->verticalHeader()->hide();
  layout->addWidget(numbers_, 1);
  connect(search, &QLineEdit::textChanged, sortedHeads_, &QSortFilterProxyModel::setFilterFixedString);
  return page;
}

void InspectPanel::connectViews() {
  connect(metric_, &QComboBox::currentIndexChanged, this, [this] {
    updateMap();
    updateTimeline();
    updateWords();
  });
  connect(kind_, &QComboBox::currentIndexChanged, this,
          [this] { timeline_->setKind(static_cast<HeatmapLevels::Kind>(kind_->currentData().toInt())); });
  connect(map_, &HeatmapView::cellSelected, this, &InspectPanel::selectHead);
  connect(difference_, &InspectDifference::headSelected, this, &InspectPanel::selectHead);
  connect(headView_, &InspectHeadView::tokenSelected, this, [this](int token) { selectToken(token, true); });
  connect(timeline_, &HeatmapView::cellSelected, this, [this](int layer, int column) {
    if (!result_) return;
    selectHead(layer, head_);
    selectToken(column * columnTokens_, true);
  });
  connect(timeline_, &HeatmapView::cellPointed, this,
          [this](int, int column) { pointAt(column < 0 ? -1 : column * columnTokens_); });
  connect(tokens_, &QTextEdit::cursorPositionChanged, this, [this] {
    const int token = tokenAt(tokens_->textCursor().position());
    if (token >= 0) selectToken(token, false);
  });
  connect(givens_, &QTableWidget::currentCellChanged, this, [this](int row) {
    if (row >= 0 && givens_->item(row, 0) != nullptr) {
      selectToken(givens_->item(row, 0)->data(Qt::UserRole).toInt(), true);
    }
  });
  connect(numbers_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& current) {
            if (!current.isValid()) return;
            const int row = sortedHeads_->mapToSource(current).row();
            selectHead(heads_->layerOf(row), heads_->headOf(row));
          });
  connect(tabs_, &QTabWidget::currentChanged, this, &InspectPanel::updateExtras);
  connect(inSolve_, &QToolButton::clicked, this, &InspectPanel::showInSolve);
  connect(restate_, &QToolButton::clicked, this,
          [this] { emit restateWanted(result_->session, restatement(result_->givens)); });
  connect(restateEarlier_, &QToolButton::clicked, this, [this] {
    const std::optional<RestatePlace> place = restatePlace(*result_);
    if (place) emit restateAtWanted(result_->session, *place, restatement(result_->givens));
  });
  for (QWidget* view :
       {static_cast<QWidget*>(tokens_), static_cast<QWidget*>(timeline_), static_cast<QWidget*>(map_)}) {
    view->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(view, &QWidget::customContextMenuRequested, this,
            [this, view](const QPoint& where) { offerSolve(view, where); });
    for (const Qt::Key key : {Qt::Key_Return, Qt::Key_Enter}) {
      auto* enter = new QShortcut(key, view);
      enter->setContext(Qt::WidgetShortcut);
      connect(enter, &QShortcut::activated, this, &InspectPanel::showInSolve);
    }
  }
}

// Of the token under the mouse, or of the chosen one.
void InspectPanel::offerSolve(QWidget* view, const QPoint& where) {
  if (pointed_ >= 0) selectToken(pointed_, view != tokens_);
  QMenu menu(this);
  QAction* show = menu.addAction(tr("Show in Solve"), this, &InspectPanel::showInSolve);
  show->setEnabled(canShowInSolve());
  if (view == tokens_) {
    QAction* copy = menu.addAction(tr("Copy"), tokens_, &QTextEdit::copy);
    copy->setEnabled(tokens_->textCursor().hasSelection());
  }
  menu.exec(view->mapToGlobal(where));
}

bool InspectPanel::canShowInSolve() const { return result_ && result_->placeOf(token_).has_value(); }

void InspectPanel::showInSolve() {
  if (!canShowInSolve()) return;
  emit solveWanted(result_->session, *result_->placeOf(token_));
}

void InspectPanel::inspectPlace(const TextPlace& place) {
  if (place.node) tabs_->setCurrentIndex(0);
  const bool seen = result_ && session_ && result_->session == session_ && !progress_->isVisible();
  const std::int64_t token = seen && place.node ? result_->tokenOf(place) : -1;
  if (token >= 0) return selectToken(static_cast<int>(token), true);
  wanted_ = place;
  inspectSession();
}

void InspectPanel::inspectToken(int token) {
  tabs_->setCurrentIndex(0);
  wanted_ = token;
  inspectSession();
}

// The text's side of what the mouse points at.
bool InspectPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == tokens_->viewport()) {
    if (event->type() == QEvent::MouseMove) {
      pointAt(tokenAt(tokens_->cursorForPosition(static_cast<QMouseEvent*>(event)->pos()).position()));
    } else if (event->type() == QEvent::Leave) {
      pointAt(-1);
    }
  }
  return QWidget::eventFilter(watched, event);
}

int InspectPanel::tokenAt(int position) const {
  const auto next = std::upper_bound(tokenBegins_.begin(), tokenBegins_.end(), position);
  return static_cast<int>(next - tokenBegins_.begin()) - 1;
}

int InspectPanel::columnOf(int token) const { return token < 0 ? -1 : token / columnTokens_; }

void InspectPanel::setModel(const SharedModel& model) {
  model_ = model;
  inspectText_->setEnabled(model.model != nullptr);
  inspectSession_->setEnabled(model.model != nullptr && session_);
  export_->setEnabled(result_ != nullptr);
  difference_->setModel(model);
}

void InspectPanel::setWatching(bool watching) {
  const QSignalBlocker quiet(watching_);
  watching_->setChecked(watching);
}

void InspectPanel::setSession(SessionId session, const QString& title) {
  session_ = session;
  sessionTitle_ = title;
  inspectSession_->setEnabled(model_.model != nullptr && session_);
  difference_->setSession(session);
}

void InspectPanel::inspectText() {
  wanted_ = {};
  if (model_.model != nullptr && !text_->text().trimmed().isEmpty()) service_->inspectText(model_, text_->text());
}

void InspectPanel::inspectSession(bool again) {
  if (model_.model == nullptr || !session_) return;
  service_->inspectSession(model_, session_, sessionTitle_, again);
  difference_->refresh();
}

void InspectPanel::show(std::shared_ptr<const InspectResult> result) {
  const bool same = result_ && result_->session && result_->session == result->session;  // read again, or gone on with
  result_ = std::move(result);
  export_->setEnabled(true);
  again_->setVisible(result_->watched);
  layer_ = std::min<int>(layer_, static_cast<int>(result_->seen.layers()) - 1);
  head_ = std::min<int>(head_, static_cast<int>(result_->seen.heads()) - 1);
  token_ = same ? std::min<int>(token_, static_cast<int>(result_->seen.tokens()) - 1) : 0;
  pointed_ = -1;
  showText();
  pages_->setCurrentIndex(1);
  updateMap();
  updateTimeline();
  timeline_->select(layer_, columnOf(token_));
  updateRetention();
  updateGivens();
  updateMemory();
  updateWords();
  updateExtras();
  markTokens();
  inSolve_->setEnabled(canShowInSolve());
  const auto wanted = std::exchange(wanted_, {});
  if (const int* token = std::get_if<int>(&wanted)) selectToken(*token, true);
  if (const TextPlace* place = std::get_if<TextPlace>(&wanted)) {
    if (const std::int64_t token = result_->tokenOf(*place); token >= 0) selectToken(static_cast<int>(token), true);
  }
}

void InspectPanel::showText() {
  tokenBegins_.clear();
  QString text;
  for (const QString& piece : result_->pieces) {
    tokenBegins_.push_back(static_cast<int>(text.size()));
    text += piece.isEmpty() ? QStringLiteral("\u00b7") : piece;
  }
  const QSignalBlocker quiet(tokens_);
  tokens_->setPlainText(text);
}

void InspectPanel::selectHead(int layer, int head) {
  if (!result_ || layer >= result_->seen.layers() || head >= result_->seen.heads()) return;
  layer_ = layer, head_ = head;
  map_->select(layer, head);
  updateRetention();
  updateWords();
  updateExtras();
}

// scroll: the text follows; not when it was clicked itself.
void InspectPanel::selectToken(int token, bool scroll) {
  if (!result_) return;
  token = std::clamp(token, 0, static_cast<int>(result_->seen.tokens()) - 1);
  if (token == token_) return;
  token_ = token;
  if (metric() == InspectMetric::retention) {
    updateMap();
    updateTimeline();
  }
  timeline_->select(layer_, columnOf(token_));
  inSolve_->setEnabled(canShowInSolve());
  updateRetention();
  updateWords();
  updateExtras();
  markTokens();
  if (!scroll) return;
  const QSignalBlocker quiet(tokens_);
  QTextCursor cursor(tokens_->document());
  cursor.setPosition(tokenBegins_[static_cast<std::size_t>(token_)]);
  tokens_->setTextCursor(cursor);
}

void InspectPanel::pointAt(int token) {
  if (!result_ || token == pointed_) return;
  pointed_ = token;
  timeline_->point(columnOf(token));
  markTokens();
}

void InspectPanel::markTokens() {
  QList<QTextEdit::ExtraSelection> marks;
  const auto mark = [&](int token, const QColor& back, const QColor& fore) {
    const auto index = static_cast<std::size_t>(token);
    if (token < 0 || index >= tokenBegins_.size()) return;
    QTextEdit::ExtraSelection selection;
    selection.cursor = QTextCursor(tokens_->document());
    const int end =
        index + 1 < tokenBegins_.size() ? tokenBegins_[index + 1] : tokens_->document()->characterCount() - 1;
    selection.cursor.setPosition(tokenBegins_[index]);
    selection.cursor.setPosition(end, QTextCursor::KeepAnchor);
    selection.format.setBackground(back);
    selection.format.setForeground(fore);
    marks.push_back(selection);
  };
  mark(pointed_, palette().color(QPalette::Mid), palette().color(QPalette::WindowText));
  mark(token_, palette().color(QPalette::Highlight), palette().color(QPalette::HighlightedText));
  tokens_->setExtraSelections(marks);
}

InspectMetric InspectPanel::metric() const { return static_cast<InspectMetric>(metric_->currentData().toInt()); }

void InspectPanel::updateMap() {
  if (!result_) return;
  const InspectMetric m = metric();
  HeatmapData made;
  made.rows = static_cast<int>(result_->seen.layers());
  made.columns = static_cast<int>(result_->seen.heads());
  made.values = inspectMetricValues(result_->seen, m, token_);
  made.logarithmic = inspectMetricIsLogarithmic(m);
  made.valueName = inspectMetricName(m);
  mapTitle_->setText(tr("%1, by layer (down) and head").arg(inspectMetricName(m)));
  made.describe = [values = made.values, columns = made.columns, name = inspectMetricName(m)](int row, int column) {
    return tr("Layer %1, head %2: %3 %4")
        .arg(row)
        .arg(column)
        .arg(name, QLocale().toString(values[static_cast<std::size_t>(row * columns + column)], 'g', 4));
  };
  map_->setData(std::move(made));
  map_->select(layer_, head_);
}

void InspectPanel::updateTimeline() {
  if (!result_) return;
  const InspectMetric m = metric();
  std::vector<float> of_token;
  if (m == InspectMetric::retention) of_token = inspectTimeline(result_->seen, m, token_);
  InspectTimelineData made = inspectTimelineData(
      result_, m, m == InspectMetric::retention ? of_token : result_->timelines[static_cast<std::size_t>(m)]);
  columnTokens_ = made.columnTokens;
  timelineTitle_->setText(tr("%1 over the tokens, by layer (mean of its heads)").arg(inspectMetricName(m)));
  timeline_->setData(std::move(made.data));
}

// What only the tab in sight shows.
void InspectPanel::updateExtras() {
  if (!result_) return;
  if (tabs_->currentWidget() == headView_) headView_->show(*result_, layer_, head_);
  if (numbers_->isVisible()) updateNumbers();
}

void InspectPanel::updateNumbers() {
  std::vector<HeadTableModel::Column> columns;
  for (const InspectMetric m : inspect_metrics) {
    columns.push_back({inspectMetricName(m), inspectMetricValues(result_->seen, m, token_)});
  }
  const QSignalBlocker quiet(numbers_->selectionModel());
  heads_->setHeads(static_cast<int>(result_->seen.layers()), static_cast<int>(result_->seen.heads()),
                   std::move(columns));
  const int row = layer_ * static_cast<int>(result_->seen.heads()) + head_;
  numbers_->setCurrentIndex(sortedHeads_->mapFromSource(heads_->index(row, 0)));
}

void InspectPanel::updateGivens() {
  const std::vector<GivenLeft>& givens = result_->givens;
  const QSignalBlocker quiet(givens_);
  givens_->setRowCount(static_cast<int>(givens.size()));
  for (std::size_t i = 0; i < givens.size(); ++i) {
    const GivenLeft& given = givens[i];
    const auto row = static_cast<int>(i);
    auto* number = readCell(given.text, false);
    number->setData(Qt::UserRole, given.token);
    number->setToolTip(tr("Token %1: %2").arg(given.token).arg(given.sentence));
    givens_->setItem(row, 0, number);
    givens_->setItem(row, 1, readCell(share_shown(given.best), true));
    givens_->setItem(row, 2, readCell(share_shown(given.median), true));
    givens_->setItem(row, 3, readCell(given.fades() ? tr("\u26a0 fading in every head") : tr("held"), false));
  }
  const QString summary = givensSummary(givens);
  givensTitle_->setText(summary.isEmpty() ? tr("Numbers of the question: there are none") : summary);
  restate_->setEnabled(!givens.empty());
  restateEarlier_->setEnabled(restatePlace(*result_).has_value());
}

void InspectPanel::updateRetention() {
  if (!result_) return;
  const Inspection& seen = result_->seen;
  const auto width = static_cast<std::size_t>(seen.layers() * seen.heads());
  const std::size_t chosen =
      static_cast<std::size_t>(layer_) * static_cast<std::size_t>(seen.heads()) + static_cast<std::size_t>(head_);
  const std::int64_t count = seen.tokens() - token_;
  // Every token where that is quick; else where the sums are known already, and the first tokens, where curves bend
  // most.
  const bool all = count * static_cast<std::int64_t>(width) <= retention_numbers;
  PlotLine best{tr("best head"), {}, {}, false}, middle{tr("median head"), {}, {}, false},
      own{tr("chosen head"), {}, {}, true};
  const std::vector<double> written = seen.decays().after(token_ + 1);
  const std::int64_t step =
      all ? std::max<std::int64_t>(1, count / retention_points)
          : DecaySums::block * std::max<std::int64_t>(1, count / DecaySums::block / retention_points);
  for (std::int64_t t = token_; t < seen.tokens();) {
    std::vector<double> sums = seen.decays().after(t + 1);
    for (std::size_t i = 0; i < width; ++i) sums[i] -= written[i];
    const auto x = static_cast<double>(t);
    best.x.push_back(x), best.y.push_back(std::exp(*std::max_element(sums.begin(), sums.end())));
    own.x.push_back(x), own.y.push_back(std::exp(sums[chosen]));
    middle.x.push_back(x), middle.y.push_back(std::exp(middle_of(std::move(sums))));
    if (t + 1 == seen.tokens()) break;
    const std::int64_t next = all ? t + step : t < token_ + 16 ? t + 1 : (t + 1) / step * step + step - 1;
    t = std::min(next, seen.tokens() - 1);
  }
  PlotData made;
  made.lines = {std::move(best), std::move(middle), std::move(own)};
  made.xName = tr("token");
  made.yName = tr("share that is left");
  made.leastY = 0.0, made.mostY = 1.0;
  retention_->setData(std::move(made));
}

void InspectPanel::updateMemory() {
  if (!result_) return;
  const double state = static_cast<double>(result_->config.state_floats()) * 4.0;
  const double most = std::max(131072.0, static_cast<double>(result_->seen.tokens()));
  PlotData made;
  made.lines.push_back({tr("this state"), {16.0, most}, {state, state}, false});
  const auto add = [&](const QString& name, double bytes) {
    PlotLine line{name, {}, {}, true};
    for (double t = 16.0; t < most * 1.25; t *= 1.25) {
      line.x.push_back(std::min(t, most));
      line.y.push_back(line.x.back() * bytes);
    }
    made.lines.push_back(std::move(line));
  };
  add(tr("Transformer of this size"), cache_of_this_size(result_->config));
  for (const CacheOfTransformer& cache : caches_of_transformers) add(QString::fromLatin1(cache.name), cache.bytes);
  made.logarithmicX = made.logarithmicY = true;
  made.xName = tr("tokens");
  made.yName = tr("bytes");
  made.marks.emplace_back(static_cast<double>(result_->seen.tokens()), tr("this text"));
  made.marks.emplace_back(std::ceil(state / cache_of_this_size(result_->config)), tr("break-even"));
  std::ranges::sort(made.marks, {}, &std::pair<double, QString>::first);
  memory_->setData(std::move(made));
}

// What is shown as it was watched, and what had to be read for it.
QString InspectPanel::readAgain() const {
  if (!result_->watched && result_->damaged.isEmpty()) return {};
  QStringList lines;
  if (!result_->watched) {
    lines << tr("What was seen before cannot be used, so all of this was read again.");
  } else if (result_->reread.empty()) {
    lines << tr("This was seen before: nothing was read again.");
  } else {
    QStringList stretches;
    for (const auto& [first, last] : result_->reread) {
      stretches << (last - first == 1 ? QLocale().toString(first)
                                      : tr("%1 to %2").arg(QLocale().toString(first), QLocale().toString(last - 1)));
    }
    lines << tr("This was seen before; nothing usable was kept of tokens %1, so these were read again.")
                 .arg(shortened(stretches).join(QStringLiteral(", ")));
  }
  for (const QString& reason : shortened(result_->damaged)) lines << tr("Not usable: %1").arg(reason);
  return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

void InspectPanel::updateWords() {
  if (!result_) return;
  const Inspection& seen = result_->seen;
  const double state = static_cast<double>(result_->config.state_floats()) * 4.0;
  const auto kept = seen.retention(token_, seen.tokens() - 1);
  const auto half = seen.half_life(0, seen.tokens());
  const auto long_lived =
      std::count_if(half.begin(), half.end(), [&](double h) { return h > static_cast<double>(seen.tokens()); });
  const double cache = cache_of_this_size(result_->config);
  const auto break_even = static_cast<qint64>(std::ceil(state / cache));
  words_->setText(
      readAgain() +
      tr("%1: %2\nToken %3, \u201c%4\u201d: the best head has kept %5 % of what it wrote, the median head %6 %. %7 of "
         "%8 heads have a half-life "
         "longer than this text.\nThe state takes %9, whatever the length. ")
          .arg(inspectMetricName(metric()), inspectMetricFormula(metric()))
          .arg(token_)
          .arg(shownPiece(result_->pieces.value(token_)),
               QLocale().toString(100.0 * *std::max_element(kept.begin(), kept.end()), 'f', 1),
               QLocale().toString(100.0 * middle_of(kept), 'f', 1))
          .arg(long_lived)
          .arg(half.size())
          .arg(sizeText(state)) +
      (seen.tokens() < break_even
           ? tr("The cache of a Transformer of this size would still be smaller here (%1); it is larger from %2 tokens "
                "on.")
                 .arg(sizeText(static_cast<double>(seen.tokens()) * cache), QLocale().toString(break_even))
           : tr("The cache of a Transformer of this size would hold %1 by now.")
                 .arg(sizeText(static_cast<double>(seen.tokens()) * cache))));
}

void InspectPanel::exportPicture() {
  const QString file = QFileDialog::getSaveFileName(this, tr("All views as a picture"), QStringLiteral("memory.png"),
                                                    tr("Pictures (*.png)"));
  if (!file.isEmpty() && !grab().save(file, "PNG")) emit failed(tr("%1: cannot be written").arg(file));
}

void InspectPanel::exportTable() {
  save_bytes(
      this, tr("The map of heads as a table"), QStringLiteral("heads.csv"), tr("Tables (*.csv)"),
      [this] {
        std::string text = "layer,head";
        std::vector<std::vector<float>> columns;
        for (int i = 0; i < metric_->count(); ++i) {
          text += ",\"" + metric_->itemText(i).toStdString() + "\"";
          columns.push_back(inspectMetricValues(result_->seen, inspect_metrics[static_cast<std::size_t>(i)], token_));
        }
        const auto heads = static_cast<std::size_t>(result_->seen.heads());
        for (std::size_t i = 0; i < columns.front().size(); ++i) {
          text += "\n" + std::to_string(i / heads) + "," + std::to_string(i % heads);
          for (const auto& column : columns)
            text += "," + QByteArray::number(static_cast<double>(column[i]), 'g', 9).toStdString();
        }
        return text + "\n";
      },
      [this](const QString& message) { emit failed(message); });
}

void InspectPanel::exportTimeline() {
  save_bytes(
      this, tr("The timeline as a table"), QStringLiteral("timeline.csv"), tr("Tables (*.csv)"),
      [this] {
        const Inspection& seen = result_->seen;
        const std::vector<float> values = inspectTimeline(seen, metric(), token_);
        std::string text = "tokens";
        for (std::int64_t l = 0; l < seen.layers(); ++l) text += ",layer " + std::to_string(l);
        for (std::int64_t s = 0; s < seen.samples(); ++s) {
          text += "\n" + std::to_string(seen.sample_end(s));
          for (std::int64_t l = 0; l < seen.layers(); ++l) {
            const float value = values[static_cast<std::size_t>(l * seen.samples() + s)];
            text += "," + QByteArray::number(static_cast<double>(value), 'g', 9).toStdString();
          }
        }
        return text + "\n";
      },
      [this](const QString& message) { emit failed(message); });
}

void InspectPanel::exportArray() {
  save_bytes(
      this, tr("Every token's log decays"), QStringLiteral("log-decays.npy"), tr("NumPy arrays (*.npy)"),
      [this] {
        const Inspection& seen = result_->seen;
        std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(seen.tokens()) +
                             ", " + std::to_string(seen.layers()) + ", " + std::to_string(seen.heads()) + "), }";
        header.append(63 - (10 + header.size()) % 64, ' ').push_back('\n');  // the array begins at a multiple of 64
        std::string file("\x93NUMPY\x01\x00", 8);
        file += static_cast<char>(header.size() & 0xff);
        file += static_cast<char>(header.size() >> 8);
        file += header;
        const std::vector<float> decays = seen.decays().differences(0, seen.tokens());
        const auto values = std::as_bytes(std::span(decays));
        file.append(reinterpret_cast<const char*>(values.data()), values.size());
        return file;
      },
      [this](const QString& message) { emit failed(message); });
}

}  // namespace holdfast
