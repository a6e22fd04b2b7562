#include "app/panels/inspect_head_view.h"

#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QTableWidget>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/widgets/elided_label.h"
#include "app/widgets/heatmap_view.h"
#include "app/widgets/parts.h"
#include "app/widgets/plot_view.h"
#include "engine/singular_values.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::size_t shown_stretches = 12;
constexpr std::int64_t shown_tokens = 24;  // of a stretch

}  // namespace

InspectHeadView::InspectHeadView(QWidget* parent) : QWidget(parent) {
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 8, 0, 0);
  grid->setHorizontalSpacing(18);
  grid->setVerticalSpacing(6);
  stateTitle_ = mutedLabel({});
  stateTitle_->setObjectName(QStringLiteral("headStateTitle"));
  grid->addWidget(stateTitle_, 0, 0);
  state_ = new HeatmapView;
  state_->setObjectName(QStringLiteral("headState"));
  state_->setAccessibleName(tr("State of the chosen head"));
  spectrum_ = new PlotView;
  spectrum_->setObjectName(QStringLiteral("headSpectrum"));
  spectrum_->setAccessibleName(tr("Singular values of the chosen head's state"));
  auto* state = new QHBoxLayout;
  state->addWidget(state_, 3);
  state->addWidget(spectrum_, 2);
  grid->addLayout(state, 1, 0);
  grid->addWidget(mutedLabel(tr("Share that it keeps from token to token")), 0, 1);
  decay_ = new PlotView;
  decay_->setObjectName(QStringLiteral("headDecay"));
  decay_->setAccessibleName(tr("Share kept from token to token"));
  grid->addWidget(decay_, 1, 1);
  auto* over = new QHBoxLayout;
  auto* title = new ElidedLabel;
  title->setProperty("muted", true);
  title->setText(tr("Stretches of the text: click one to choose its token"));
  over->addWidget(title, 1);
  most_ = new QComboBox;
  most_->setObjectName(QStringLiteral("headMost"));
  most_->setAccessibleName(tr("Which stretches stand first"));
  most_->addItem(tr("most still held"));
  most_->addItem(tr("most read while held"));
  over->addWidget(most_);
  grid->addLayout(over, 2, 0);
  stretches_ = new QTableWidget(0, 5);
  stretches_->setObjectName(QStringLiteral("headStretches"));
  stretches_->setAccessibleName(tr("Stretches of the text that the head wrote or read most"));
  stretches_->setHorizontalHeaderLabels({tr("Text"), tr("Written"), tr("Left"), tr("Still held"), tr("Read")});
  const QStringList explained{tr("Its first words"), tr("dt |x| |B| of a token there, on average"),
                              tr("The share of it that is left at the end"), tr("Written, times what is left"),
                              tr("Read while held: the read strength of all later samples, by its part of the norm")};
  for (int column = 0; column < explained.size(); ++column) {
    stretches_->horizontalHeaderItem(column)->setToolTip(explained[column]);
  }
  alignHeaders(stretches_, 1);
  stretches_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  stretches_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  stretches_->setWordWrap(false);
  stretches_->verticalHeader()->hide();
  stretches_->setSelectionBehavior(QAbstractItemView::SelectRows);
  stretches_->setSelectionMode(QAbstractItemView::SingleSelection);
  grid->addWidget(stretches_, 3, 0);
  grid->addWidget(mutedLabel(tr("How strongly it writes and reads, and how much it holds")), 2, 1);
  strength_ = new PlotView;
  strength_->setObjectName(QStringLiteral("headStrength"));
  strength_->setAccessibleName(tr("Write strength, read strength and norm over the tokens"));
  grid->addWidget(strength_, 3, 1);
  for (const int row : {1, 3}) grid->setRowStretch(row, 1);
  for (const int column : {0, 1}) grid->setColumnStretch(column, 1);
  connect(stretches_, &QTableWidget::cellClicked, this,
          [this](int row, int) { emit tokenSelected(stretches_->item(row, 0)->data(Qt::UserRole).toInt()); });
  connect(most_, &QComboBox::currentIndexChanged, this, &InspectHeadView::showStretches);
}

void InspectHeadView::show(const InspectResult& result, int layer, int head) {
  const auto index =
      static_cast<std::size_t>(layer) * static_cast<std::size_t>(result.seen.heads()) + static_cast<std::size_t>(head);
  const Mamba2Config& c = result.config;
  stateTitle_->setText(
      result.states.empty()
          ? tr("State of layer %1, head %2: not kept. \u201cRead again\u201d brings it.").arg(layer).arg(head)
          : tr("State of layer %1, head %2 at the end (%3 x %4, size of each number)")
                .arg(layer)
                .arg(head)
                .arg(c.head_dim)
                .arg(c.d_state));
  showState(result, index);
  showTraces(result, layer, head, index);
}

void InspectHeadView::showState(const InspectResult& result, std::size_t index) {
  HeatmapData made;
  if (!result.states.empty()) {
    made.rows = static_cast<int>(result.config.head_dim);
    made.columns = static_cast<int>(result.config.d_state);
    const auto size = static_cast<std::size_t>(made.rows) * static_cast<std::size_t>(made.columns);
    const auto own = std::span(result.states).subspan(index * size, size);
    for (const float v : own) made.values.push_back(std::abs(v));
    made.describe = [numbers = std::vector<float>(own.begin(), own.end()), columns = made.columns](int row,
                                                                                                   int column) {
      return tr("H[%1, %2]: %3")
          .arg(row)
          .arg(column)
          .arg(QLocale().toString(numbers[static_cast<std::size_t>(row * columns + column)], 'g', 4));
    };
  }
  made.valueName = tr("size");
  state_->setData(std::move(made));
  showSpectrum(result, index);
}

void InspectHeadView::showSpectrum(const InspectResult& result, std::size_t index) {
  PlotData made;
  made.xName = tr("direction");
  made.yName = tr("singular value");
  made.logarithmicY = true;
  if (!result.states.empty()) {
    const Mamba2Config& c = result.config;
    const auto size = static_cast<std::size_t>(c.head_dim * c.d_state);
    PlotLine line{tr("spectrum"), {}, {}, false};
    try {
      line.y = singular_values(std::span(result.states).subspan(index * size, size), c.head_dim, c.d_state);
    } catch (const ArgumentError&) {
      // A state that is not finite has none.
    }
    // What is below the numbers' own precision says nothing.
    const double least = line.y.empty() ? 0.0 : line.y.front() * 1e-7;
    while (!line.y.empty() && line.y.back() <= least) line.y.pop_back();
    for (std::size_t i = 0; i < line.y.size(); ++i) line.x.push_back(static_cast<double>(i + 1));
    made.lines = {std::move(line)};
  }
  spectrum_->setData(std::move(made));
}

void InspectHeadView::showTraces(const InspectResult& result, int layer, int head, std::size_t index) {
  const Inspection& seen = result.seen;
  const std::vector<double> sums = seen.decay_sums(layer, head);
  PlotLine kept{tr("share kept"), {}, {}, false};
  for (std::size_t t = 0; t + 1 < sums.size(); ++t) {
    kept.x.push_back(static_cast<double>(t));
    kept.y.push_back(std::exp(sums[t + 1] - sums[t]));
  }
  PlotData decay;
  decay.lines = {std::move(kept)};
  decay.xName = tr("token");
  decay.yName = tr("share kept");
  decay.leastY = 0.0, decay.mostY = 1.0;
  decay_->setData(std::move(decay));
  PlotData strength;
  for (const auto& [name, series] : {std::pair{tr("written"), Inspection::Series::write},
                                     {tr("read"), Inspection::Series::read},
                                     {tr("norm"), Inspection::Series::norm}}) {
    PlotLine line{name, {}, {}, series == Inspection::Series::norm};
    for (std::int64_t s = 0; s < seen.samples(); ++s) {
      line.x.push_back(static_cast<double>(seen.sample_end(s) - 1));
      line.y.push_back(static_cast<double>(seen.values(series, s)[index]));
    }
    strength.lines.push_back(std::move(line));
  }
  strength.logarithmicY = true;
  strength.xName = tr("token");
  strength.yName = tr("size");
  strength_->setData(std::move(strength));
  findStretches(result, layer, head, index);
  showStretches();
}

// A sample's tokens are a stretch: what is written there per token, times what is left of its middle.
void InspectHeadView::findStretches(const InspectResult& result, int layer, int head, std::size_t index) {
  const Inspection& seen = result.seen;
  const std::vector<double> sums = seen.decay_sums(layer, head);
  const std::vector<double> read = seen.read_while_held(layer, head);
  all_.clear();
  std::int64_t begin = 0;
  for (std::int64_t s = 0; s < seen.samples(); ++s) {
    const std::int64_t end = seen.sample_end(s);
    const auto written = static_cast<double>(seen.values(Inspection::Series::write, s)[index]);
    const double left = std::exp(sums.back() - sums[static_cast<std::size_t>((begin + end + 1) / 2)]);
    QString text;
    for (std::int64_t t = begin; t < std::min(end, begin + shown_tokens); ++t) {
      text += result.pieces.value(static_cast<qsizetype>(t));
    }
    if (!std::isnan(written)) {
      all_.push_back({begin, end, written, left, read[static_cast<std::size_t>(s)], text.simplified()});
    }
    begin = end;
  }
}

void InspectHeadView::showStretches() {
  const bool by_read = most_->currentIndex() == 1;
  const auto size = [by_read](const Stretch& s) { return by_read ? s.read : s.written * s.left; };
  const std::size_t count = std::min(all_.size(), shown_stretches);
  std::ranges::partial_sort(all_, all_.begin() + static_cast<std::ptrdiff_t>(count), std::ranges::greater{}, size);
  stretches_->setRowCount(static_cast<int>(count));
  for (std::size_t i = 0; i < count; ++i) {
    const Stretch& s = all_[i];
    const int row = static_cast<int>(i);
    auto* words = readCell(s.text, false);
    words->setData(Qt::UserRole, static_cast<int>(s.begin));
    words->setToolTip(tr("Tokens %1 to %2").arg(s.begin).arg(s.end - 1));
    stretches_->setItem(row, 0, words);
    stretches_->setItem(row, 1, readCell(QLocale().toString(s.written, 'g', 3), true));
    stretches_->setItem(row, 2, readCell(QLocale().toString(100.0 * s.left, 'f', 1) + tr(" %"), true));
    stretches_->setItem(row, 3, readCell(QLocale().toString(s.written * s.left, 'g', 3), true));
    stretches_->setItem(row, 4, readCell(QLocale().toString(s.read, 'g', 3), true));
  }
}

}  // namespace holdfast
