#include "app/widgets/amount_bars.h"

#include <QHelpEvent>
#include <QPainter>
#include <QStringList>
#include <QToolTip>
#include <algorithm>

namespace holdfast {
namespace {

constexpr int bar_height = 5, bar_gap = 2, row_gap = 7;
constexpr double least_bar = 2.0;  // so that what is small can be seen

}  // namespace

AmountBars::AmountBars(QWidget* parent) : QWidget(parent) { setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed); }

void AmountBars::setBars(std::vector<AmountBar> bars) {
  const bool taller = bars.size() != bars_.size();
  bars_ = std::move(bars);
  QStringList words;
  for (const AmountBar& bar : bars_) words << QStringLiteral("%1: %2").arg(bar.name, bar.shown);
  setAccessibleDescription(words.join(QStringLiteral("; ")));
  if (taller) updateGeometry();
  update();
}

int AmountBars::rowHeight() const { return fontMetrics().height() + bar_gap + bar_height + row_gap; }

QSize AmountBars::sizeHint() const { return {260, static_cast<int>(bars_.size()) * rowHeight()}; }

QSize AmountBars::minimumSizeHint() const { return {120, sizeHint().height()}; }

bool AmountBars::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const auto row = static_cast<std::size_t>(std::max(0, help->y()) / rowHeight());
    if (row < bars_.size() && !bars_[row].note.isEmpty()) {
      QToolTip::showText(help->globalPos(), bars_[row].note, this);
    } else {
      QToolTip::hideText();
    }
    return true;
  }
  if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) updateGeometry();
  return QWidget::event(event);
}

void AmountBars::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  double most = 0.0;
  for (const AmountBar& bar : bars_) most = std::max(most, bar.amount);
  const QFontMetrics metrics = fontMetrics();
  int y = 0;
  for (const AmountBar& bar : bars_) {
    const QRect line(0, y, width(), metrics.height());
    const int value = metrics.horizontalAdvance(bar.shown);
    painter.setPen(palette().color(bar.own ? QPalette::WindowText : QPalette::PlaceholderText));
    painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, bar.shown);
    painter.drawText(line.adjusted(0, 0, -value - 8, 0), Qt::AlignLeft | Qt::AlignVCenter,
                     metrics.elidedText(bar.name, Qt::ElideRight, width() - value - 8));
    QRectF track(0.0, y + metrics.height() + bar_gap, width(), bar_height);
    painter.setPen(Qt::NoPen);
    QColor faint = palette().color(QPalette::PlaceholderText);
    faint.setAlphaF(0.16f);
    painter.setBrush(faint);
    painter.drawRoundedRect(track, bar_height / 2.0, bar_height / 2.0);
    if (most > 0.0) {
      track.setWidth(std::max(least_bar, track.width() * bar.amount / most));
      QColor colour = palette().color(bar.own ? QPalette::Highlight : QPalette::PlaceholderText);
      if (!bar.own) colour.setAlphaF(0.55f);
      painter.setBrush(colour);
      painter.drawRoundedRect(track, bar_height / 2.0, bar_height / 2.0);
    }
    y += rowHeight();
  }
}

}  // namespace holdfast
