#include "app/panels/memory_panel.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QShortcut>
#include <QStackedWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "app/models/size_text.h"
#include "app/panels/inspect_timeline.h"
#include "app/services/cache_size.h"
#include "app/widgets/amount_bars.h"
#include "app/widgets/heatmap_view.h"
#include "app/widgets/parts.h"
#include "app/widgets/plot_view.h"

namespace holdfast {
namespace {

constexpr int least_rest = 400;         // milliseconds between two looks at a running turn
constexpr double looks_share = 20;      // of the time that a look takes, at least
constexpr std::size_t most_curves = 5;  // colours, but one for the line at half

QLabel* wrapped(const char* name) {
  QLabel* label = mutedLabel({});
  label->setObjectName(QLatin1String(name));
  label->setTextFormat(Qt::PlainText);
  label->setWordWrap(true);
  return label;
}

}  // namespace

MemoryPanel::MemoryPanel(ChatService* chat, InspectService* inspector, QWidget* parent)
    : QWidget(parent), chat_(chat), inspector_(inspector) {
  setObjectName(QStringLiteral("memoryPanel"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(14, 10, 14, 14);
  layout->setSpacing(8);
  at_ = wrapped("memoryAt");
  layout->addWidget(at_);
  bars_ = new AmountBars;
  bars_->setObjectName(QStringLiteral("memoryBars"));
  bars_->setAccessibleName(tr("This state beside the caches of Transformers"));
  layout->addWidget(bars_);
  honest_ = wrapped("memoryHonest");
  layout->addWidget(honest_);
  layout->addSpacing(6);
  auto* seen = new QWidget;
  auto* views = new QVBoxLayout(seen);
  views->setContentsMargins(0, 0, 0, 0);
  views->setSpacing(14);
  views->addWidget(buildGivens(), 1);
  views->addWidget(buildTimeline(), 1);
  unknown_ = wrapped("memoryUnknown");
  unknown_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  pages_ = new QStackedWidget;
  pages_->addWidget(unknown_);
  pages_->addWidget(seen);
  layout->addWidget(pages_, 1);
  inspect_ = new QPushButton(tr("Show in Inspect"));
  inspect_->setObjectName(QStringLiteral("memoryInspect"));
  inspect_->setToolTip(tr("The chosen token, and everything else about this memory"));
  inspect_->setProperty("command", "inspect");
  layout->addWidget(inspect_);
  next_.setSingleShot(true);
  connectViews();
  showBars();
  show({}, {});
}

QWidget* MemoryPanel::buildGivens() {
  auto* box = new QWidget;
  auto* layout = new QVBoxLayout(box);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(4);
  givensTitle_ = wrapped("memoryGivensTitle");
  layout->addWidget(givensTitle_);
  givens_ = new PlotView;
  givens_->setObjectName(QStringLiteral("memoryGivens"));
  givens_->setAccessibleName(tr("What the best head has left of each given"));
  layout->addWidget(givens_, 1);
  auto* row = new QHBoxLayout;
  row->setSpacing(6);
  restate_ = new QPushButton(tr("Re-state here"));
  restate_->setObjectName(QStringLiteral("memoryRestate"));
  restate_->setProperty("command", "restate");
  restate_->setToolTip(tr("Puts the sentences whose numbers are fading below, to be read again"));
  earlier_ = new QPushButton(tr("From earlier"));
  earlier_->setObjectName(QStringLiteral("memoryRestateEarlier"));
  earlier_->setProperty("command", "restateEarlier");
  earlier_->setToolTip(
      tr("A new branch: the reply goes on from before they faded, with the givens said once more. This one stays."));
  row->addWidget(restate_);
  row->addWidget(earlier_);
  row->addStretch(1);
  layout->addLayout(row);
  return box;
}

QWidget* MemoryPanel::buildTimeline() {
  auto* box = new QWidget;
  auto* layout = new QVBoxLayout(box);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(4);
  metric_ = new QComboBox;
  metric_->setObjectName(QStringLiteral("memoryMetric"));
  metric_->setAccessibleName(tr("What the timeline shows"));
  for (const InspectMetric metric : inspect_metrics) {
    if (metric == InspectMetric::retention) continue;
    metric_->addItem(inspectMetricName(metric), static_cast<int>(metric));
    metric_->setItemData(metric_->count() - 1, inspectMetricFormula(metric), Qt::ToolTipRole);
  }
  metric_->setCurrentIndex(metric_->findData(static_cast<int>(InspectMetric::write)));
  layout->addWidget(metric_);
  timeline_ = new HeatmapView;
  timeline_->setObjectName(QStringLiteral("memoryTimeline"));
  timeline_->setAccessibleName(tr("Layers over the tokens"));
  timeline_->setToolTip(tr("A click goes to the place in the text. Wheel: zoom. Drag: move."));
  layout->addWidget(timeline_, 1);
  place_ = wrapped("memoryPlace");
  place_->setMinimumHeight(2 * fontMetrics().lineSpacing());
  place_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  layout->addWidget(place_);
  return box;
}

void MemoryPanel::connectViews() {
  connect(&next_, &QTimer::timeout, this, &MemoryPanel::look);
  connect(metric_, &QComboBox::currentIndexChanged, this, &MemoryPanel::look);
  connect(restate_, &QPushButton::clicked, this, &MemoryPanel::restateWanted);
  connect(earlier_, &QPushButton::clicked, this, &MemoryPanel::restateEarlierWanted);
  connect(inspect_, &QPushButton::clicked, this, [this] { emit inspectWanted(placeOf(token_)); });
  for (const Qt::Key key : {Qt::Key_Return, Qt::Key_Enter}) {
    auto* enter = new QShortcut(key, timeline_);
    enter->setContext(Qt::WidgetShortcut);
    connect(enter, &QShortcut::activated, inspect_, &QPushButton::click);
  }
  connect(timeline_, &HeatmapView::cellSelected, this, [this](int layer, int column) {
    layer_ = layer;
    chooseToken(column * columnTokens_);
  });
  connect(timeline_, &HeatmapView::cellPointed, this,
          [this](int, int column) { emit placePointed(column < 0 ? TextPlace{} : placeOf(column * columnTokens_)); });
  connect(chat_, &ChatService::modelLoaded, this, [this] {
    showBars();
    look();
  });
  connect(chat_, &ChatService::phaseChanged, this, [this] {
    if (chat_->phase() != ChatService::Phase::idle) unsettled_ = chat_->runningSession();
    voting_ = voting_ && chat_->phase() != ChatService::Phase::idle;
  });
  connect(chat_, &ChatService::voteChanged, this, [this] {
    if (!std::exchange(voting_, true) && isRunningHere() && !result_) show({}, {});
  });
  connect(chat_, &ChatService::turnStarted, this, [this] {
    if (isVisible() && isRunningHere()) next_.start(least_rest);
  });
  connect(chat_, &ChatService::stateKept, this, [this](SessionId session) {
    if (session == unsettled_) unsettled_ = {};
    if (session == session_) look();
  });
  connect(chat_, &ChatService::failed, this, [this] {
    if (chat_->phase() == ChatService::Phase::idle) unsettled_ = {};
  });
  connect(inspector_, &InspectService::memorySeen, this,
          [this](SessionId session, std::shared_ptr<const InspectResult> result, const QString& why) {
            waiting_ = false;
            if (std::exchange(again_, false)) return look();
            if (!(session == session_)) return;
            show(std::move(result), why);
            if (!isVisible() || !isRunningHere()) return;
            const double rest = result_ ? 1000.0 * looks_share * result_->seconds : 0.0;
            next_.start(std::max(least_rest, static_cast<int>(rest)));
          });
}

bool MemoryPanel::isRunningHere() const { return session_ && chat_->runningSession() == session_; }

InspectMetric MemoryPanel::metric() const { return static_cast<InspectMetric>(metric_->currentData().toInt()); }

void MemoryPanel::setSession(SessionId session) {
  if (!(session == std::exchange(session_, session))) {
    token_ = -1;
    result_.reset();  // it is of the other session, which may be running
    show({}, {});
  }
  look();
}

void MemoryPanel::setTokens(qint64 tokens) {
  if (tokens == tokens_) return;
  tokens_ = tokens;
  if (isVisible()) showBars();
}

void MemoryPanel::showEvent(QShowEvent*) {
  chat_->lookAtMemory(true);
  showBars();
  look();
}

void MemoryPanel::hideEvent(QHideEvent*) {
  chat_->lookAtMemory(false);
  next_.stop();
}

// One at a time; what comes in between is asked once more.
void MemoryPanel::look() {
  next_.stop();
  if (chat_->sharedModel().model == nullptr || !session_) return show({}, {});
  if (waiting_) {
    again_ = true;
    return;
  }
  MemoryWish wish;
  if (isVisible()) wish.timeline = metric();
  if (unsettled_ && unsettled_ == session_) {
    wish.live = chat_->seenLive();
    if (!wish.live || !isVisible()) {  // what is kept is of the text before
      if (isVisible() && isRunningHere()) next_.start(least_rest);
      return;
    }
  }
  waiting_ = true;
  inspector_->lookAtMemory(chat_->sharedModel(), session_, wish);
}

void MemoryPanel::show(std::shared_ptr<const InspectResult> result, const QString& why) {
  const bool live = isRunningHere();
  if (!result && live && why.isEmpty() && result_) return;  // nothing new yet
  result_ = std::move(result);
  pages_->setCurrentIndex(result_ ? 1 : 0);
  unknown_->setText(!why.isEmpty() ? tr("%1 \u201cShow in Inspect\u201d reads it again.").arg(why)
                    : live && voting_
                        ? tr("Several replies are written side by side. The memory of the one that is chosen is "
                             "shown when they are done.")
                    : live ? tr("The first tokens are being watched\u2026")
                           : QString());
  inspect_->setVisible(session_ && (result_ || !why.isEmpty()));
  emit resultChanged();
  if (!isVisible() || !result_) return;
  showGivens();
  showTimeline();
  showPlaceText();
}

void MemoryPanel::showBars() {
  const std::optional<ModelInfo>& model = chat_->model();
  at_->setText(!model         ? tr("Open a model to see what it remembers.")
               : tokens_ == 1 ? tr("After 1 token")
                              : tr("After %1 tokens").arg(QLocale().toString(tokens_)));
  bars_->setVisible(model.has_value());
  honest_->setVisible(model.has_value());
  if (!model) return;
  const auto state = static_cast<double>(model->state_bytes);
  const auto tokens = static_cast<double>(tokens_);
  std::vector<AmountBar> bars{{tr("This state, of fixed size"), sizeText(state), state,
                               tr("The model's memory of a session, whatever its length"), true}};
  QStringList smaller;
  const auto add = [&](const QString& name, double perToken) {
    const QString even = QLocale().toString(static_cast<qlonglong>(std::ceil(state / perToken)));
    bars.push_back({name, sizeText(perToken * tokens), perToken * tokens,
                    tr("Keys and values in bf16 for this text. Larger than this state from %1 tokens on.").arg(even)});
    if (perToken * tokens < state) smaller << tr("%1 (until %2 tokens)").arg(name, even);
  };
  for (const CacheOfTransformer& cache : caches_of_transformers) add(QString::fromLatin1(cache.name), cache.bytes);
  add(tr("a Transformer of this size"),
      cache_of_this_size(static_cast<double>(model->layers), static_cast<double>(model->width)));
  bars_->setBars(std::move(bars));
  honest_->setText(smaller.isEmpty() ? tr("All of these caches are larger by now.")
                                     : tr("Still smaller here: %1.").arg(smaller.join(QStringLiteral(", "))));
}

void MemoryPanel::showGivens() {
  const std::vector<GivenLeft>& givens = result_->givens;
  const QString summary = givensSummary(givens);
  givensTitle_->setText(summary.isEmpty() ? tr("The question has no numbers to follow.") : summary);
  givens_->setVisible(!givens.empty());
  restate_->setVisible(!givens.empty());
  earlier_->setVisible(!givens.empty());
  earlier_->setEnabled(restatePlace().has_value() && !isRunningHere());
  if (givens.empty()) return;
  PlotData made;
  // Those that fade first, where there are too many to be told apart.
  std::vector<std::size_t> order(givens.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (order.size() > most_curves) {
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return givens[i].best; });
    order.resize(most_curves);
    std::ranges::sort(order);
  }
  for (const std::size_t i : order) {
    if (i >= result_->curves.best.size()) continue;
    made.lines.push_back({givens[i].text, result_->curves.tokens, result_->curves.best[i], false});
  }
  if (!result_->curves.tokens.empty()) {
    made.lines.push_back({tr("half"),
                          {result_->curves.tokens.front(), result_->curves.tokens.back()},
                          {given_fades, given_fades},
                          true});
  }
  made.xName = tr("token");
  made.yName = tr("left in the best head");
  made.leastY = 0.0, made.mostY = 1.0;
  givens_->setData(std::move(made));
}

void MemoryPanel::showTimeline() {
  const std::vector<float>& values = result_->timelines[static_cast<std::size_t>(metric())];
  if (values.empty()) return;  // of another metric: this one is on its way
  InspectTimelineData made = inspectTimelineData(result_, metric(), values);
  columnTokens_ = made.columnTokens;
  timeline_->setData(std::move(made.data));
  timeline_->select(token_ < 0 ? -1 : std::min(layer_, timeline_->data().rows - 1),
                    token_ < 0 ? -1 : token_ / columnTokens_);
}

void MemoryPanel::showPlaceText() {
  const bool chosen = token_ >= 0 && timeline_->selectedColumn() >= 0 && timeline_->data().describe;
  place_->setText(chosen ? timeline_->data().describe(timeline_->selectedRow(), timeline_->selectedColumn())
                         : tr("By layer (down) and token. Click a place to see its text."));
}

void MemoryPanel::chooseToken(int token) {
  if (!result_) return;
  token_ = std::clamp(token, 0, static_cast<int>(result_->seen.tokens()) - 1);
  showPlaceText();
  if (const TextPlace place = placeOf(token_); place.node) emit placeChosen(place);
}

TextPlace MemoryPanel::placeOf(int token) const {
  return result_ && token >= 0 ? result_->placeOf(token).value_or(TextPlace{}) : TextPlace{};
}

void MemoryPanel::point(const TextPlace& place) {
  const std::int64_t token = result_ && place.node ? result_->tokenOf(place) : -1;
  timeline_->point(token < 0 ? -1.0 : static_cast<double>(token / columnTokens_));
}

std::optional<RestatePlace> MemoryPanel::restatePlace() const {
  return result_ ? holdfast::restatePlace(*result_) : std::nullopt;
}

}  // namespace holdfast
