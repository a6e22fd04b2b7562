#include "app/widgets/heatmap_view.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace holdfast {
namespace {

constexpr double scale_width = 74.0;  // the scale of colours at the right, with its numbers
constexpr double least_columns = 4.0;

// Nine stops of viridis (S. van der Walt and N. Smith, 2015; CC0).
constexpr std::array<QRgb, 9> heat_stops{0xff440154, 0xff472d7b, 0xff3b528b, 0xff2c728e, 0xff21918c,
                                         0xff28ae80, 0xff5ec962, 0xffaddc30, 0xfffde725};

QString short_number(double value) {
  if (!std::isfinite(value)) return QStringLiteral("\u221e");
  return QString::number(value, 'g', 3);
}

}  // namespace

QColor heatColour(double share) {
  const double at = std::clamp(share, 0.0, 1.0) * (heat_stops.size() - 1);
  const auto low = std::min<std::size_t>(static_cast<std::size_t>(at), heat_stops.size() - 2);
  const double part = at - static_cast<double>(low);
  const auto mix = [&](int a, int b) { return static_cast<int>(std::lround(a + (b - a) * part)); };
  const QRgb a = heat_stops[low], b = heat_stops[low + 1];
  return QColor(mix(qRed(a), qRed(b)), mix(qGreen(a), qGreen(b)), mix(qBlue(a), qBlue(b)));
}

HeatmapView::HeatmapView(QWidget* parent) : QWidget(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
}

void HeatmapView::setData(HeatmapData data) {
  const bool sameColumns = data.columns == data_.columns;
  data_ = std::move(data);
  least_ = std::numeric_limits<double>::infinity();
  most_ = -least_;
  for (const float v : data_.values) {
    if (!std::isfinite(v) || (data_.logarithmic && v <= 0.0f)) continue;
    least_ = std::min(least_, static_cast<double>(v));
    most_ = std::max(most_, static_cast<double>(v));
  }
  if (!(least_ <= most_)) least_ = 0.0, most_ = 1.0;
  if (!sameColumns) first_ = 0.0, count_ = std::max(1, data_.columns);
  std::vector<float> shares;
  shares.reserve(data_.values.size());
  for (const float v : data_.values) {
    shares.push_back(std::isnan(v) ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(share(v)));
  }
  levels_ = HeatmapLevels(data_.rows, data_.columns, shares);
  row_ = std::min(row_, data_.rows - 1);
  column_ = std::min(column_, data_.columns - 1);
  draw();
}

void HeatmapView::select(int row, int column) {
  row_ = std::clamp(row, -1, data_.rows - 1);
  column_ = std::clamp(column, -1, data_.columns - 1);
  if (column_ >= 0 && (column_ < first_ || column_ >= first_ + count_)) showColumns(column_ - count_ / 2.0, count_);
  tellSelection();
  update();
}

void HeatmapView::tellSelection() {
  const bool any = row_ >= 0 && column_ >= 0 && data_.describe;
  setAccessibleDescription(any ? data_.describe(row_, column_) : data_.valueName);
}

QRectF HeatmapView::area() const { return QRectF(rect()).adjusted(2.0, 2.0, -scale_width, -2.0); }

double HeatmapView::share(float value) const {
  if (!std::isfinite(value)) return value > 0.0f ? 1.0 : 0.0;
  if (most_ <= least_) return 0.5;
  if (!data_.logarithmic) return (static_cast<double>(value) - least_) / (most_ - least_);
  if (value <= 0.0f) return 0.0;
  return std::log(static_cast<double>(value) / least_) / std::log(most_ / least_);
}

// One pixel of the image for each column that can be told apart, one for each row: scaled when painted.
void HeatmapView::draw() {
  static const std::vector<QRgb> colours = [] {
    std::vector<QRgb> list;
    for (int i = 0; i < 256; ++i) list.push_back(heatColour(i / 255.0).rgba());
    return list;
  }();
  const int width = std::max(
      1, std::min(static_cast<int>(area().width() * devicePixelRatioF()), static_cast<int>(std::ceil(count_))));
  if (data_.rows == 0 || data_.columns == 0) {
    image_ = {};
    update();
    return;
  }
  if (image_.size() != QSize(width, data_.rows)) {
    image_ = QImage(width, data_.rows, QImage::Format_ARGB32_Premultiplied);
  }
  for (int row = 0; row < data_.rows; ++row) {
    auto* line = reinterpret_cast<QRgb*>(image_.scanLine(row));
    for (int x = 0; x < width; ++x) {
      const double begin = std::floor(first_ + count_ * x / width);
      const double end = std::max(begin + 1.0, std::floor(first_ + count_ * (x + 1) / width));
      const float seen = levels_.over(row, begin, end, kind_);
      line[x] = std::isnan(seen) ? qRgba(0, 0, 0, 0) : colours[static_cast<std::size_t>(std::lround(seen * 255.0f))];
    }
  }
  update();
}

void HeatmapView::setKind(HeatmapLevels::Kind kind) {
  kind_ = kind;
  draw();
}

void HeatmapView::point(double column) {
  if (column == pointed_) return;
  pointed_ = column;
  update();
}

void HeatmapView::showColumns(double first, double count) {
  count_ = std::clamp(count, std::min(least_columns, static_cast<double>(std::max(1, data_.columns))),
                      static_cast<double>(std::max(1, data_.columns)));
  first_ = std::clamp(first, 0.0, static_cast<double>(data_.columns) - count_);
  draw();
}

QPoint HeatmapView::cellAt(QPointF where) const {
  const QRectF cells = area();
  if (!cells.contains(where) || data_.rows == 0) return {-1, -1};
  const int column = static_cast<int>(first_ + count_ * (where.x() - cells.left()) / cells.width());
  const int row = static_cast<int>(data_.rows * (where.y() - cells.top()) / cells.height());
  return {std::clamp(column, 0, data_.columns - 1), std::clamp(row, 0, data_.rows - 1)};
}

void HeatmapView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const QRectF cells = area();
  if (image_.isNull()) return;
  painter.drawImage(cells, image_);
  painter.setPen(palette().color(hasFocus() ? QPalette::Highlight : QPalette::Mid));
  painter.drawRect(cells);
  if (row_ >= 0 && column_ >= 0 && column_ + 1 > first_ && column_ < first_ + count_) {
    const double w = cells.width() / count_;
    const double h = cells.height() / data_.rows;
    QRectF cell(cells.left() + (column_ - first_) * w, cells.top() + row_ * h, std::max(w, 3.0), std::max(h, 3.0));
    painter.setPen(QPen(Qt::black, 1));
    painter.drawRect(cell.adjusted(-1, -1, 1, 1));
    painter.setPen(QPen(Qt::white, 1));
    painter.drawRect(cell);
  }
  paintMarks(painter, cells);
  paintScale(painter, cells);
}

void HeatmapView::paintMarks(QPainter& painter, const QRectF& cells) const {
  const auto place = [&](double column) { return cells.left() + (column - first_) * cells.width() / count_; };
  QFont small = font();
  small.setPointSizeF(small.pointSizeF() * 0.8);
  painter.setFont(small);
  // Words end before the next mark: lines are drawn over them.
  const auto room = [&](std::size_t of) {
    double end = cells.right();
    for (std::size_t i = of + 1; i < data_.marks.size() && end == cells.right(); ++i) {
      if (!data_.marks[i].flag) end = std::min(end, place(data_.marks[i].column) - 2.0);
    }
    return end - place(data_.marks[of].column) - 9.0;
  };
  for (std::size_t i = 0; i < data_.marks.size(); ++i) {
    const HeatmapMark& mark = data_.marks[i];
    const double x = place(mark.column);
    if (x < cells.left() - 0.5 || x > cells.right() + 0.5) continue;
    painter.setPen(QPen(Qt::black, 3.0));
    painter.drawLine(QPointF(x, cells.top()), QPointF(x, mark.flag ? cells.top() + 10.0 : cells.bottom()));
    painter.setPen(QPen(Qt::white, 1.0, mark.flag ? Qt::SolidLine : Qt::DashLine));
    painter.drawLine(QPointF(x, cells.top()), QPointF(x, mark.flag ? cells.top() + 10.0 : cells.bottom()));
    if (mark.flag) {
      painter.setBrush(Qt::white);
      painter.setPen(Qt::black);
      painter.drawPolygon(QPolygonF({{x, cells.top()}, {x + 7.0, cells.top() + 3.5}, {x, cells.top() + 7.0}}));
      painter.setBrush(Qt::NoBrush);
    }
    const QFontMetrics metrics = painter.fontMetrics();
    const QString words = metrics.elidedText(mark.text, Qt::ElideRight, static_cast<int>(room(i)));
    if (mark.flag || words.size() < std::min<qsizetype>(3, mark.text.size()) || words.isEmpty()) continue;
    const QRectF box(x + 3.0, cells.bottom() - metrics.height() - 2.0, metrics.horizontalAdvance(words) + 6.0,
                     metrics.height());
    painter.fillRect(box, QColor(0, 0, 0, 150));
    painter.setPen(Qt::white);
    painter.drawText(box, Qt::AlignCenter, words);
  }
  if (pointed_ >= first_ && pointed_ <= first_ + count_) {
    const double x = place(pointed_ + (count_ < cells.width() ? 0.5 : 0.0));
    painter.setPen(QPen(Qt::black, 3.0));
    painter.drawLine(QPointF(x, cells.top()), QPointF(x, cells.bottom()));
    painter.setPen(QPen(Qt::white, 1.0));
    painter.drawLine(QPointF(x, cells.top()), QPointF(x, cells.bottom()));
  }
}

void HeatmapView::paintScale(QPainter& painter, const QRectF& cells) const {
  const QRectF bar(cells.right() + 8.0, cells.top(), 10.0, cells.height());
  for (int y = 0; y < static_cast<int>(bar.height()); ++y) {
    painter.fillRect(QRectF(bar.left(), bar.top() + y, bar.width(), 1.0), heatColour(1.0 - y / bar.height()));
  }
  painter.setPen(palette().color(QPalette::PlaceholderText));
  QFont small = font();
  small.setPointSizeF(small.pointSizeF() * 0.85);
  painter.setFont(small);
  const QRectF text(bar.right() + 4.0, bar.top(), scale_width - 24.0, bar.height());
  painter.drawText(text, Qt::AlignLeft | Qt::AlignTop, short_number(most_));
  painter.drawText(text, Qt::AlignLeft | Qt::AlignBottom, short_number(least_));
  if (data_.logarithmic && most_ > 0.0 && least_ > 0.0 && bar.height() > 60.0) {
    painter.drawText(text, Qt::AlignLeft | Qt::AlignVCenter, short_number(std::sqrt(most_ * least_)));
  }
}

bool HeatmapView::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const QPoint cell = cellAt(help->pos());
    if (cell.x() >= 0 && data_.describe) {
      QToolTip::showText(help->globalPos(), data_.describe(cell.y(), cell.x()), this);
    } else {
      QToolTip::hideText();
    }
    return true;
  }
  return QWidget::event(event);
}

void HeatmapView::mousePressEvent(QMouseEvent* event) {
  pressed_ = event->position();
  pressedFirst_ = first_;
  dragging_ = false;
}

void HeatmapView::mouseMoveEvent(QMouseEvent* event) {
  if ((event->buttons() & Qt::LeftButton) == 0) {
    const QPoint cell = cellAt(event->position());
    emit cellPointed(cell.y(), cell.x());
    return;
  }
  const double moved = event->position().x() - pressed_.x();
  if (!dragging_ && std::abs(moved) < 5.0) return;
  dragging_ = true;
  showColumns(pressedFirst_ - moved * count_ / std::max(1.0, area().width()), count_);
}

void HeatmapView::mouseReleaseEvent(QMouseEvent* event) {
  if (dragging_) return;
  const QPoint cell = cellAt(event->position());
  if (cell.x() < 0) return;
  select(cell.y(), cell.x());
  emit cellSelected(row_, column_);
}

void HeatmapView::leaveEvent(QEvent*) { emit cellPointed(-1, -1); }

void HeatmapView::wheelEvent(QWheelEvent* event) {
  const QRectF cells = area();
  const double at = first_ + count_ * std::clamp((event->position().x() - cells.left()) / cells.width(), 0.0, 1.0);
  const double factor = std::pow(0.999, event->angleDelta().y());
  const double before = count_;
  showColumns(first_, count_ * factor);
  showColumns(at - (at - first_) * count_ / before, count_);
  event->accept();
}

void HeatmapView::keyPressEvent(QKeyEvent* event) {
  int row = std::max(row_, 0);
  int column = std::max(column_, 0);
  switch (event->key()) {
    case Qt::Key_Left: --column; break;
    case Qt::Key_Right: ++column; break;
    case Qt::Key_Up: --row; break;
    case Qt::Key_Down: ++row; break;
    case Qt::Key_Home: column = 0; break;
    case Qt::Key_End: column = data_.columns - 1; break;
    case Qt::Key_Plus: return showColumns(first_ + count_ / 4.0, count_ / 2.0);
    case Qt::Key_Minus: return showColumns(first_ - count_ / 2.0, count_ * 2.0);
    default: return QWidget::keyPressEvent(event);
  }
  select(std::clamp(row, 0, data_.rows - 1), std::clamp(column, 0, data_.columns - 1));
  emit cellSelected(row_, column_);
}

void HeatmapView::resizeEvent(QResizeEvent*) { draw(); }

}  // namespace holdfast
