#include "app/widgets/plot_view.h"

#include <QAction>
#include <QLocale>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "app/widgets/take_along.h"

namespace holdfast {
namespace {

constexpr double left_room = 58.0, bottom_room = 34.0, top_room = 4.0, right_room = 12.0;
constexpr double legend_dash = 20.0, legend_gap = 14.0;  // the sample of a line before its name; between two
constexpr double least_word = 18.0;                      // of a mark: less tells nothing
constexpr double least_curves = 40.0;                    // height that the legend leaves them

QString axis_number(double v) {
  const double size = std::abs(v);
  if (size >= 1e9) return QString::number(v / 1e9, 'g', 3) + QLatin1Char('G');
  if (size >= 1e6) return QString::number(v / 1e6, 'g', 3) + QLatin1Char('M');
  if (size >= 1e3) return QString::number(v / 1e3, 'g', 3) + QLatin1Char('k');
  return QString::number(v, 'g', 3);
}

// Round numbers between two bounds, about `wanted` of them.
std::vector<double> ticks(double least, double most, bool logarithmic, int wanted) {
  std::vector<double> list;
  if (!(most > least)) return list;
  if (logarithmic) {
    const int first = static_cast<int>(std::ceil(std::log10(least) - 1e-9));
    const int last = static_cast<int>(std::floor(std::log10(most) + 1e-9));
    const int step = std::max(1, (last - first) / std::max(1, wanted));
    if (last - first < 2) {  // few powers of ten: what lies between them too
      for (int e = first - 1; e <= last; ++e) {
        for (const double digit : {1.0, 2.0, 5.0}) {
          const double v = digit * std::pow(10.0, e);
          if (v >= least * (1.0 - 1e-9) && v <= most * (1.0 + 1e-9)) list.push_back(v);
        }
      }
      return list;
    }
    for (int e = first; e <= last; e += step) list.push_back(std::pow(10.0, e));
    return list;
  }
  double step = std::pow(10.0, std::floor(std::log10((most - least) / wanted)));
  for (const double factor : {2.0, 2.5, 2.0}) {
    if ((most - least) / step > wanted * 1.5) step *= factor;
  }
  for (double v = std::ceil(least / step) * step; v <= most + step * 1e-9; v += step)
    list.push_back(std::abs(v) < step * 1e-9 ? 0.0 : v);
  return list;
}

}  // namespace

struct PlotView::Frame {
  QRectF area;
  double leastX = 0.0, mostX = 1.0, leastY = 0.0, mostY = 1.0;
  bool logX = false, logY = false;

  static double part(double v, double least, double most, bool logarithmic) {
    if (logarithmic) return v <= 0.0 ? 0.0 : std::log(v / least) / std::log(most / least);
    return (v - least) / (most - least);
  }
  [[nodiscard]] double x(double v) const { return area.left() + area.width() * part(v, leastX, mostX, logX); }
  [[nodiscard]] double y(double v) const {
    return area.bottom() - area.height() * std::clamp(part(v, leastY, mostY, logY), -0.1, 1.1);
  }
};

PlotView::PlotView(QWidget* parent) : QWidget(parent) {
  offerChart(this, {.paint = [this](QPainter& painter) { paint(painter); },
                    .table = [this] { return table(); },
                    .fileName = QStringLiteral("chart")});
  setData({});
}

void PlotView::setData(PlotData data) {
  data_ = std::move(data);
  QString words = data_.yName;
  for (const PlotLine& line : data_.lines) {
    if (!line.y.empty()) words += QStringLiteral("; %1: %2 %3").arg(line.name, tr("last"), axis_number(line.y.back()));
  }
  setAccessibleDescription(words);
  const bool anything = std::ranges::any_of(data_.lines, [](const PlotLine& line) { return !line.x.empty(); });
  for (QAction* action : actions()) action->setEnabled(anything);
  update();
}

QColor PlotView::colourOf(std::size_t line) const {
  // Told apart with every kind of colour vision (M. Okabe and K. Ito, 2008), made lighter on dark ground.
  static const QColor colours[] = {{0x00, 0x72, 0xb2}, {0xd5, 0x5e, 0x00}, {0x00, 0x9e, 0x73},
                                   {0xcc, 0x79, 0xa7}, {0x8a, 0x6d, 0x00}, {0x56, 0xb4, 0xe9}};
  const QColor colour = colours[line % std::size(colours)];
  return palette().color(QPalette::Window).lightness() < 128 ? colour.lighter(145) : colour;
}

QFont PlotView::smallFont() const {
  QFont small = font();
  small.setPointSizeF(small.pointSizeF() * 0.85);
  return small;
}

// In as many rows as they need and the height allows.
std::vector<PlotView::Word> PlotView::legend() const {
  const QFontMetricsF metrics(font());
  const double row = metrics.height() + 2.0, right = width() - right_room;
  std::vector<Word> words;
  double x = left_room, y = 2.0;
  for (const PlotLine& line : data_.lines) {
    const double wanted = legend_dash + metrics.horizontalAdvance(line.name) + 1.0;
    if (x > left_room && x + wanted > right && y + 2.0 * row + bottom_room + least_curves < height()) {
      x = left_room, y += row;
    }
    const double room = std::max(0.0, std::min(wanted, right - x));
    const QString text = metrics.elidedText(line.name, Qt::ElideRight, room - legend_dash);
    words.push_back({QRectF(x, y, room, row), room > legend_dash ? text : QString()});
    x += wanted + legend_gap;
  }
  return words;
}

QRectF PlotView::plotArea() const {
  double top = top_room;
  for (const Word& word : legend()) top = std::max(top, word.box.bottom() + 2.0);
  if (!data_.marks.empty()) top += QFontMetricsF(smallFont()).height() + 2.0;
  return QRectF(rect()).adjusted(left_room, top, -right_room, -bottom_room);
}

std::vector<PlotView::Word> PlotView::markWords() const {
  std::vector<Word> words;
  const std::optional<Frame> plot = frame();
  if (!plot) return words;
  const QFontMetricsF metrics(smallFont());
  for (std::size_t i = 0; i < data_.marks.size(); ++i) {
    const auto& [at, text] = data_.marks[i];
    if (at < plot->leastX || at > plot->mostX) continue;
    double left = plot->x(at) + 3.0;
    double right = i + 1 < data_.marks.size() ? std::min(plot->x(data_.marks[i + 1].first) - 3.0, plot->area.right())
                                              : width() - 2.0;
    const double wanted = metrics.horizontalAdvance(text) + 1.0;
    // The last one may stand before its line.
    if (i + 1 == data_.marks.size() && left + wanted > right) {
      const double free = words.empty() ? 2.0 : words.back().box.right() + 6.0;
      left = std::max(free, std::min(left, right - wanted));
    }
    right = std::min(right, left + wanted);
    if (right - left < std::min(least_word, wanted)) continue;
    words.push_back({QRectF(left, plot->area.top() - metrics.height() - 1.0, right - left, metrics.height()),
                     metrics.elidedText(text, Qt::ElideRight, right - left)});
  }
  return words;
}

std::optional<PlotView::Frame> PlotView::frame() const {
  Frame frame{plotArea()};
  frame.logX = data_.logarithmicX, frame.logY = data_.logarithmicY;
  double low_x = std::numeric_limits<double>::infinity(), high_x = -low_x, low_y = low_x, high_y = -low_x;
  for (const PlotLine& line : data_.lines) {
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      if (!std::isfinite(line.y[i]) || (frame.logX && line.x[i] <= 0.0) || (frame.logY && line.y[i] <= 0.0)) continue;
      low_x = std::min(low_x, line.x[i]), high_x = std::max(high_x, line.x[i]);
      low_y = std::min(low_y, line.y[i]), high_y = std::max(high_y, line.y[i]);
    }
  }
  if (!(low_x <= high_x)) return std::nullopt;
  frame.leastX = low_x, frame.mostX = high_x > low_x ? high_x : low_x + 1.0;
  frame.leastY = data_.mostY > data_.leastY ? data_.leastY : low_y;
  frame.mostY = data_.mostY > data_.leastY ? data_.mostY : high_y;
  if (!(frame.mostY > frame.leastY)) frame.mostY = frame.leastY + 1.0;
  return frame;
}

QList<QStringList> PlotView::table() const {
  std::map<double, std::vector<double>> rows;
  QStringList names{data_.xName};
  const std::size_t count = data_.lines.size();
  for (std::size_t l = 0; l < count; ++l) {
    const PlotLine& line = data_.lines[l];
    names << (line.name.isEmpty() ? data_.yName : line.name);
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      std::vector<double>& row = rows[line.x[i]];
      row.resize(count, std::numeric_limits<double>::quiet_NaN());
      row[l] = line.y[i];
    }
  }
  const auto exact = [](double v) { return QString::number(v, 'g', QLocale::FloatingPointShortest); };
  QList<QStringList> table{names};
  for (const auto& [x, row] : rows) {
    QStringList cells{exact(x)};
    for (const double y : row) cells << (std::isfinite(y) ? exact(y) : QString());
    table << cells;
  }
  return table;
}

void PlotView::focusInEvent(QFocusEvent*) { update(); }
void PlotView::focusOutEvent(QFocusEvent*) { update(); }

void PlotView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  paint(painter);
  if (!hasFocus()) return;
  painter.setPen(palette().color(QPalette::Highlight));
  painter.setBrush(Qt::NoBrush);
  painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4.0, 4.0);
}

void PlotView::paint(QPainter& painter) const {
  painter.setRenderHint(QPainter::Antialiasing);
  const std::optional<Frame> plot = frame();
  if (!plot) {
    painter.setPen(palette().color(QPalette::PlaceholderText));
    if (!data_.yName.isEmpty()) painter.drawText(rect(), Qt::AlignCenter, tr("%1: nothing yet").arg(data_.yName));
    return;
  }
  paintAxes(painter, *plot);
  painter.setClipRect(plot->area.adjusted(-1, -1, 1, 1));
  for (std::size_t i = 0; i < data_.lines.size(); ++i) paintLine(painter, *plot, data_.lines[i], colourOf(i));
  painter.setClipping(false);
  paintMarks(painter, *plot);
  paintLegend(painter);
}

void PlotView::paintLegend(QPainter& painter) const {
  const std::vector<Word> words = legend();
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].text.isEmpty()) continue;
    const QRectF& box = words[i].box;
    painter.setPen(QPen(colourOf(i), 2.0, data_.lines[i].dashed ? Qt::DashLine : Qt::SolidLine));
    painter.drawLine(QPointF(box.left(), box.center().y()), QPointF(box.left() + legend_dash - 4.0, box.center().y()));
    painter.setPen(palette().color(QPalette::WindowText));
    painter.drawText(box.adjusted(legend_dash, 0, 2, 0), Qt::AlignLeft | Qt::AlignVCenter, words[i].text);
  }
}

void PlotView::paintMarks(QPainter& painter, const Frame& frame) const {
  const QColor muted = palette().color(QPalette::PlaceholderText);
  painter.setFont(smallFont());
  for (const auto& [x, word] : data_.marks) {
    if (x < frame.leastX || x > frame.mostX) continue;
    painter.setPen(QPen(muted, 1.0, Qt::DashLine));
    painter.drawLine(QPointF(frame.x(x), frame.area.top() - 10.0), QPointF(frame.x(x), frame.area.bottom()));
  }
  painter.setPen(palette().color(QPalette::WindowText));
  for (const Word& word : markWords()) {
    painter.drawText(word.box.adjusted(0, 0, 2, 0), Qt::AlignLeft | Qt::AlignVCenter, word.text);
  }
  painter.setFont(font());
}

void PlotView::paintAxes(QPainter& painter, const Frame& frame) const {
  const QColor muted = palette().color(QPalette::PlaceholderText);
  const QColor faint = palette().color(QPalette::Mid);
  painter.setFont(smallFont());
  for (const double v :
       ticks(frame.leastY, frame.mostY, frame.logY, std::max(2, static_cast<int>(frame.area.height() / 40.0)))) {
    painter.setPen(QPen(faint, 1.0, Qt::DotLine));
    painter.drawLine(QPointF(frame.area.left(), frame.y(v)), QPointF(frame.area.right(), frame.y(v)));
    painter.setPen(muted);
    painter.drawText(QRectF(0, frame.y(v) - 9, left_room - 6, 18), Qt::AlignRight | Qt::AlignVCenter, axis_number(v));
  }
  for (const double v :
       ticks(frame.leastX, frame.mostX, frame.logX, std::max(2, static_cast<int>(frame.area.width() / 90.0)))) {
    painter.setPen(muted);
    painter.drawText(QRectF(frame.x(v) - 40, frame.area.bottom() + 3, 80, 14), Qt::AlignHCenter, axis_number(v));
  }
  painter.drawText(QRectF(frame.area.left(), frame.area.bottom() + 17, frame.area.width(), 16), Qt::AlignHCenter,
                   data_.xName);
  painter.setPen(QPen(faint, 1.0));
  painter.drawLine(frame.area.bottomLeft(), frame.area.bottomRight());
  painter.drawLine(frame.area.topLeft(), frame.area.bottomLeft());
  painter.setFont(font());
}

void PlotView::paintLine(QPainter& painter, const Frame& frame, const PlotLine& line, const QColor& colour) const {
  painter.setPen(
      QPen(colour, 1.0, line.dashed ? Qt::DashLine : Qt::SolidLine));  // other widths are stroked: 60 times slower
  QPolygonF points;
  double pixel = -1e9, low = 0.0, high = 0.0, last = 0.0;
  const auto flush = [&] {
    if (pixel < -1e8) return;
    points << QPointF(pixel, low);
    if (high != low) points << QPointF(pixel, high) << QPointF(pixel, last);
  };
  for (std::size_t i = 0; i < line.x.size(); ++i) {
    if (!std::isfinite(line.y[i]) || (frame.logX && line.x[i] <= 0.0)) continue;
    const double x = std::floor(frame.x(line.x[i]) * 2.0) / 2.0;
    const double y = frame.y(line.y[i]);
    if (x != pixel) {
      flush();
      pixel = x;
      low = high = last = y;
    } else {
      low = std::min(low, y), high = std::max(high, y), last = y;
    }
  }
  flush();
  painter.drawPolyline(points);
}

}  // namespace holdfast
