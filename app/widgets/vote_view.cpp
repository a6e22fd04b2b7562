#include "app/widgets/vote_view.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

namespace holdfast {
namespace {

constexpr std::size_t most_bars = 5;
constexpr qsizetype longest_answer = 40;

}  // namespace

VoteView::VoteView(QWidget* parent) : QFrame(parent), heading_(new QToolButton), body_(new QWidget) {
  setObjectName(QStringLiteral("voteView"));
  heading_->setObjectName(QStringLiteral("voteHeading"));
  heading_->setText(tr("Votes"));
  heading_->setProperty("flat", true);
  heading_->setCheckable(true);
  heading_->setChecked(true);
  heading_->setToolTip(tr("Show or hide the answers"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 6, 12, 8);
  layout->setSpacing(4);
  layout->addWidget(heading_, 0, Qt::AlignLeft);
  list_ = new QVBoxLayout(body_);
  list_->setContentsMargins(8, 0, 0, 0);
  list_->setSpacing(3);
  layout->addWidget(body_);
  connect(heading_, &QToolButton::toggled, this, [this](bool open) { body_->setVisible(open); });
  hide();
}

QString VoteView::heading() const { return heading_->text(); }

void VoteView::setVote(const QString& heading, const std::vector<VoteBar>& bars, int of) {
  heading_->setText(heading);
  for (QWidget* row : rows_) delete row;
  rows_.clear();
  for (std::size_t i = 0; i < bars.size() && i < most_bars; ++i) {
    const VoteBar& bar = bars[i];
    auto* row = new QWidget;
    auto* across = new QHBoxLayout(row);
    across->setContentsMargins(0, 0, 0, 0);
    across->setSpacing(10);
    auto* answer =
        new QLabel(bar.answer.size() > longest_answer ? bar.answer.left(longest_answer) + QChar(0x2026) : bar.answer);
    answer->setTextFormat(Qt::PlainText);
    answer->setToolTip(bar.answer.toHtmlEscaped());
    answer->setMinimumWidth(90);
    QFont font = answer->font();
    font.setBold(bar.shown);
    answer->setFont(font);
    auto* share = new QProgressBar;
    share->setTextVisible(false);
    share->setRange(0, of);
    share->setValue(bar.votes);
    share->setAccessibleName(tr("%1 of %2 answer %3").arg(bar.votes).arg(of).arg(bar.answer));
    auto* count = new QLabel(QString::number(bar.votes));
    count->setProperty("muted", true);
    auto* show = new QPushButton(bar.shown && bar.votes > 1 ? tr("Next") : tr("Show"));
    show->setObjectName(QStringLiteral("voteShow"));
    show->setProperty("flat", true);
    show->setEnabled(!bar.shown || bar.votes > 1);
    show->setAccessibleName(tr("Show a reply that answers %1").arg(bar.answer));
    connect(show, &QPushButton::clicked, this, [this, i] { emit chosen(static_cast<int>(i)); });
    across->addWidget(answer);
    across->addWidget(share, 1);
    across->addWidget(count);
    across->addWidget(show);
    list_->addWidget(row);
    rows_.push_back(row);
  }
  body_->setVisible(heading_->isChecked());
  setVisible(true);
}

}  // namespace holdfast
