#include "app/panels/inspect_difference.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTableWidget>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/widgets/heatmap_view.h"
#include "app/widgets/parts.h"
#include "engine/atomic_file.h"

namespace holdfast {
namespace {

constexpr std::size_t shown_heads = 40;

QString distance_shown(double value) {
  return std::isfinite(value) ? QLocale().toString(value, 'g', 4) : QStringLiteral("\u221e");
}

}  // namespace

InspectDifference::InspectDifference(InspectService* service, QWidget* parent) : QWidget(parent), service_(service) {
  setObjectName(QStringLiteral("inspectDifference"));
  buildChoosers();
  connect(service_, &InspectService::statesListed, this, &InspectDifference::showStates);
  connect(service_, &InspectService::compared, this, &InspectDifference::show);
  connect(a_, &QComboBox::currentIndexChanged, this, [this] { compare_->setEnabled(a_->count() > 1); });
  connect(compare_, &QPushButton::clicked, this, &InspectDifference::compare);
  connect(file_, &QPushButton::clicked, this, &InspectDifference::addFile);
  connect(export_, &QPushButton::clicked, this, &InspectDifference::exportTable);
  connect(map_, &HeatmapView::cellSelected, this, &InspectDifference::headSelected);
  connect(heads_, &QTableWidget::currentCellChanged, this, [this](int row) {
    if (row < 0 || heads_->item(row, 0) == nullptr || !comparison_) return;
    const int index = heads_->item(row, 0)->data(Qt::UserRole).toInt();
    const auto heads = static_cast<int>(comparison_->apart.heads);
    map_->select(index / heads, index % heads);
    emit headSelected(index / heads, index % heads);
  });
}

void InspectDifference::buildChoosers() {
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 8, 0, 0);
  grid->setHorizontalSpacing(12);
  grid->setVerticalSpacing(6);
  int row = 0;
  for (auto** box : {&a_, &b_}) {
    const bool first = box == &a_;
    auto* label = new QLabel(first ? tr("A") : tr("B"));
    *box = new QComboBox;
    (*box)->setObjectName(first ? QStringLiteral("differenceA") : QStringLiteral("differenceB"));
    (*box)->setAccessibleName(first ? tr("State A") : tr("State B"));
    (*box)->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    (*box)->setMinimumContentsLength(30);
    label->setBuddy(*box);
    grid->addWidget(label, row, 0);
    grid->addWidget(*box, row++, 1);
  }
  compare_ = new QPushButton(tr("Compare"));
  compare_->setObjectName(QStringLiteral("differenceCompare"));
  grid->addWidget(compare_, 0, 2);
  file_ = new QPushButton(tr("State file\u2026"));
  file_->setToolTip(tr("A state that was exported from a session, or trained"));
  grid->addWidget(file_, 1, 2);
  export_ = new QPushButton(tr("Table (CSV)\u2026"));
  grid->addWidget(export_, 1, 3, Qt::AlignLeft);
  summary_ = new QLabel;
  summary_->setObjectName(QStringLiteral("differenceSummary"));
  summary_->setWordWrap(true);
  summary_->setTextFormat(Qt::PlainText);
  summary_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  grid->addWidget(summary_, 2, 0, 1, 4);
  map_ = new HeatmapView;
  map_->setObjectName(QStringLiteral("differenceMap"));
  map_->setAccessibleName(tr("Distance of each head, by layer"));
  grid->addWidget(map_, 3, 0, 1, 2);
  heads_ = new QTableWidget(0, 5);
  heads_->setObjectName(QStringLiteral("differenceHeads"));
  heads_->setAccessibleName(tr("The most diverged heads"));
  heads_->setHorizontalHeaderLabels({tr("Head"), tr("Distance"), tr("Cosine"), tr("|A|"), tr("|B|")});
  heads_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
  alignHeaders(heads_, 1);
  heads_->verticalHeader()->hide();
  heads_->setSelectionBehavior(QAbstractItemView::SelectRows);
  heads_->hide();  // until something is compared
  grid->addWidget(heads_, 3, 2, 1, 2);
  grid->setRowStretch(3, 1);
  grid->setColumnStretch(1, 3);
  grid->setColumnStretch(3, 2);
  export_->setEnabled(false);
  summary_->setText(
      tr("Choose two states that are kept: of one branch at two places, or of two branches. States are kept where a "
         "question, a thought and an answer end."));
}

void InspectDifference::setModel(const SharedModel& model) {
  if (model.model == model_.model) return;
  model_ = model;
  states_.clear();
  refresh();
}

void InspectDifference::setSession(SessionId session) {
  if (session == session_) return;
  session_ = session;
  refresh();
}

void InspectDifference::refresh() {
  if (model_.model != nullptr && session_) {
    service_->listStates(model_, session_);
  } else {
    showStates(session_, {});
  }
}

void InspectDifference::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refresh();
}

void InspectDifference::showStates(SessionId session, const std::vector<KeptState>& states) {
  if (!(session == session_)) return;
  std::vector<KeptState> all = states;
  for (const KeptState& old : states_) {
    if (!old.file.isEmpty()) all.push_back(old);
  }
  states_ = std::move(all);
  fillChoosers();
}

void InspectDifference::fillChoosers() {
  const QString before_a = a_->currentText(), before_b = b_->currentText();
  for (QComboBox* box : {a_, b_}) {
    box->clear();
    for (const KeptState& state : states_) box->addItem(state.label);
  }
  // The two that are asked for most: where the question ends, and the newest.
  a_->setCurrentIndex(std::max(a_->findText(before_a), before_a.isEmpty() ? a_->count() - 1 : 0));
  b_->setCurrentIndex(std::max(b_->findText(before_b), 0));
  compare_->setEnabled(states_.size() > 1);
  file_->setEnabled(model_.model != nullptr);
}

void InspectDifference::addFile() {
  const QString file =
      QFileDialog::getOpenFileName(this, tr("State file"), {}, tr("States (*.safetensors *.state);;All files (*)"));
  if (file.isEmpty()) return;
  states_.push_back({QFileInfo(file).fileName(), file, {}, {}, {}});
  fillChoosers();
  b_->setCurrentIndex(b_->count() - 1);
}

void InspectDifference::compare() {
  const auto a = static_cast<std::size_t>(a_->currentIndex()), b = static_cast<std::size_t>(b_->currentIndex());
  if (model_.model == nullptr || a >= states_.size() || b >= states_.size()) return;
  service_->compare(model_, states_[a], states_[b]);
}

void InspectDifference::show(std::shared_ptr<const StateComparison> comparison) {
  comparison_ = std::move(comparison);
  export_->setEnabled(true);
  summary_->setText(summary());
  showMap();
  showHeads();
}

QString InspectDifference::summary() const {
  const StateComparison& c = *comparison_;
  QString text = tr("A has read %1 tokens, B %2. The whole memories are %3 apart (||A - B|| / ||A||).")
                     .arg(c.tokensA)
                     .arg(c.tokensB)
                     .arg(distance_shown(c.apart.whole));
  if (c.divergence) {
    text += QLatin1Char(' ') +
            tr("What they would say next diverges by %1 nats.").arg(QLocale().toString(*c.divergence, 'g', 3));
  }
  if (c.parted) {
    const bool a_ends = c.textA.isEmpty(), b_ends = c.textB.isEmpty();
    text += QLatin1Char('\n');
    if (a_ends && b_ends) {
      text += tr("They have read the same text.");
    } else if (a_ends || b_ends) {
      text += tr("Their texts are the same up to token %1, where %2 ends; the other goes on with \u201c%3\u201d.")
                  .arg(*c.parted)
                  .arg(a_ends ? tr("A") : tr("B"), a_ends ? c.textB : c.textA);
    } else {
      text += tr("They part at token %1: A goes on with \u201c%2\u201d, B with \u201c%3\u201d.")
                  .arg(*c.parted)
                  .arg(c.textA, c.textB);
    }
  }
  return text;
}

void InspectDifference::showMap() {
  const StateDifference& apart = comparison_->apart;
  HeatmapData made;
  made.rows = static_cast<int>(apart.layers);
  made.columns = static_cast<int>(apart.heads);
  for (const double v : apart.distance) made.values.push_back(static_cast<float>(v));
  made.valueName = tr("distance");
  made.logarithmic = true;
  made.describe = [distance = apart.distance, cosine = apart.cosine, columns = made.columns](int row, int column) {
    const auto at = static_cast<std::size_t>(row * columns + column);
    return tr("Layer %1, head %2: distance %3, cosine %4")
        .arg(row)
        .arg(column)
        .arg(distance_shown(distance[at]), QLocale().toString(cosine[at], 'f', 3));
  };
  map_->setData(std::move(made));
}

void InspectDifference::showHeads() {
  const StateDifference& apart = comparison_->apart;
  std::vector<std::size_t> order(apart.distance.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return apart.distance[i]; });
  const std::size_t count = std::min(order.size(), shown_heads);
  const QSignalBlocker quiet(heads_);
  heads_->setRowCount(static_cast<int>(count));
  heads_->show();
  const auto heads = static_cast<std::size_t>(apart.heads);
  for (std::size_t row = 0; row < count; ++row) {
    const std::size_t i = order[row];
    const QString cells[] = {QStringLiteral("L%1H%2").arg(i / heads).arg(i % heads), distance_shown(apart.distance[i]),
                             QLocale().toString(apart.cosine[i], 'f', 3), QLocale().toString(apart.norm_a[i], 'g', 3),
                             QLocale().toString(apart.norm_b[i], 'g', 3)};
    for (int column = 0; column < 5; ++column) {
      auto* item = new QTableWidgetItem(cells[column]);
      item->setFlags(Qt::ItemIsSelectable | Qt::ItemIsEnabled);
      if (column > 0) item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
      if (column == 0) item->setData(Qt::UserRole, static_cast<int>(i));
      heads_->setItem(static_cast<int>(row), column, item);
    }
  }
}

void InspectDifference::exportTable() {
  const QString file = QFileDialog::getSaveFileName(this, tr("Distances as a table"), QStringLiteral("distances.csv"),
                                                    tr("Tables (*.csv)"));
  if (file.isEmpty() || !comparison_) return;
  const StateDifference& apart = comparison_->apart;
  std::string text = "layer,head,distance,cosine,norm_a,norm_b\n";
  for (std::size_t i = 0; i < apart.distance.size(); ++i) {
    const auto heads = static_cast<std::size_t>(apart.heads);
    text += std::to_string(i / heads) + "," + std::to_string(i % heads);
    for (const double v : {apart.distance[i], apart.cosine[i], apart.norm_a[i], apart.norm_b[i]}) {
      text += "," + QByteArray::number(v, 'g', 9).toStdString();
    }
    text += "\n";
  }
  try {
    write_file_atomically(file.toStdString(), text);
  } catch (const std::exception& error) {
    emit failed(QString::fromUtf8(error.what()));
  }
}

}  // namespace holdfast
