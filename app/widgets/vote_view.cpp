#include "app/widgets/vote_view.h"

#include <QGridLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "app/widgets/parts.h"

namespace holdfast {
namespace {

constexpr int most_bars = 5;
constexpr qsizetype longest_answer = 40;

}  // namespace

VoteView::VoteView(QWidget* parent)
    : QFrame(parent), heading_(new QToolButton), body_(new QWidget), rest_(mutedLabel({})) {
  setObjectName(QStringLiteral("voteView"));
  heading_->setObjectName(QStringLiteral("voteHeading"));
  heading_->setText(tr("Votes"));
  heading_->setProperty("flat", true);
  heading_->setCheckable(true);
  heading_->setChecked(true);
  heading_->setToolTip(tr("Show or hide the answers"));
  rest_->setObjectName(QStringLiteral("voteRest"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 6, 12, 8);
  layout->setSpacing(4);
  layout->addWidget(heading_, 0, Qt::AlignLeft);
  auto* inside = new QVBoxLayout(body_);
  inside->setContentsMargins(14, 0, 0, 0);  // under the words of the heading
  inside->setSpacing(3);
  bars_ = new QGridLayout;
  bars_->setHorizontalSpacing(10);
  bars_->setVerticalSpacing(3);
  bars_->setColumnMinimumWidth(0, 90);
  bars_->setColumnStretch(1, 1);
  inside->addLayout(bars_);
  inside->addWidget(rest_);
  layout->addWidget(body_);
  connect(heading_, &QToolButton::toggled, this, [this](bool open) { body_->setVisible(open); });
  hide();
}

QString VoteView::heading() const { return heading_->text(); }

void VoteView::setVote(const QString& heading, const std::vector<VoteBar>& bars, int of) {
  heading_->setText(heading);
  for (QWidget* cell : cells_) delete cell;
  cells_.clear();
  count_ = std::min(static_cast<int>(bars.size()), most_bars);
  for (int i = 0; i < count_; ++i) addBar(i, bars[static_cast<std::size_t>(i)], of);
  const auto rest = static_cast<int>(bars.size()) - count_;
  rest_->setText(rest == 1 ? tr("and 1 other answer") : tr("and %1 other answers").arg(rest));
  rest_->setVisible(rest > 0);
  body_->setVisible(heading_->isChecked());
  setVisible(true);
}

void VoteView::addBar(int row, const VoteBar& bar, int of) {
  auto* answer =
      new QLabel(bar.answer.size() > longest_answer ? bar.answer.left(longest_answer) + QChar(0x2026) : bar.answer);
  answer->setTextFormat(Qt::PlainText);
  answer->setToolTip(bar.answer.toHtmlEscaped());
  QFont font = answer->font();
  font.setBold(bar.shown);
  answer->setFont(font);
  auto* share = new QProgressBar;
  share->setTextVisible(false);
  share->setRange(0, of);
  share->setValue(bar.votes);
  share->setAccessibleName(tr("%1 of %2 answer %3").arg(bar.votes).arg(of).arg(bar.answer));
  auto* count = mutedLabel(QString::number(bar.votes));
  count->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  auto* show = new QPushButton(bar.shown && bar.votes > 1 ? tr("Next") : tr("Show"));
  show->setObjectName(QStringLiteral("voteShow"));
  show->setProperty("flat", true);
  show->setEnabled(!bar.shown || bar.votes > 1);
  show->setAccessibleName(tr("Show a reply that answers %1").arg(bar.answer));
  connect(show, &QPushButton::clicked, this, [this, row] { emit chosen(row); });
  int column = 0;
  for (QWidget* cell : {static_cast<QWidget*>(answer), static_cast<QWidget*>(share), static_cast<QWidget*>(count),
                        static_cast<QWidget*>(show)}) {
    bars_->addWidget(cell, row, column++);
    cells_.push_back(cell);
  }
}

}  // namespace holdfast
