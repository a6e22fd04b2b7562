#include "app/formulas/formula_picture.h"

#include <QFont>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPainter>
#include <QTransform>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace holdfast {
namespace {

constexpr double largest_extent = 1e6;  // of a formula, and of each shape in it: 1000 em
constexpr double tallest = 2e5;         // a hundred lines: what is higher would push the conversation away
constexpr qsizetype most_shapes = 4000;
constexpr double most_dashes = 20000.0;  // of all dashed lines together: each is a shape when it is painted

bool is_bounded(double value) { return std::abs(value) <= largest_extent; }  // NaN is not
bool is_bounded(const QRectF& box) {
  return is_bounded(box.left()) && is_bounded(box.right()) && is_bounded(box.top()) && is_bounded(box.bottom());
}

bool is_bounded(const QJsonObject& shape) {
  return std::ranges::all_of(shape, [](const QJsonValue& value) {
    const QJsonArray list = value.isArray() ? value.toArray() : QJsonArray{value};
    return std::ranges::all_of(list, [](const QJsonValue& number) { return is_bounded(number.toDouble()); });
  });
}

std::vector<double> numbers(const QJsonValue& value) {
  std::vector<double> list;
  for (const QJsonValue& item : value.toArray()) list.push_back(item.toDouble());
  return list;
}

// Path data of MathJax's fonts: M L H V Q T Z with absolute coordinates; its arrows have l with relative ones.
// Nothing for anything else.
class PathReader {
 public:
  explicit PathReader(const QString& data) : data_(data.toLatin1()), next_(data_.constData()) {}

  std::optional<QPainterPath> read() {
    for (skip(); *next_ != 0; skip()) {
      const char letter = *next_;
      if ((letter >= 'A' && letter <= 'Z') || letter == 'l' || letter == 'z') {
        command_ = letter;
        ++next_;
      } else if (!startsNumber()) {
        return {};
      }
      if (!step()) return {};
    }
    return path_;
  }

 private:
  void skip() {
    while (*next_ == ' ' || *next_ == ',' || *next_ == '\n') ++next_;
  }
  [[nodiscard]] bool startsNumber() const {
    return (*next_ >= '0' && *next_ <= '9') || *next_ == '-' || *next_ == '.' || *next_ == '+';
  }
  double number() {
    skip();
    if (!startsNumber()) {
      broken_ = true;
      return 0.0;
    }
    char* end = nullptr;
    const double value = std::strtod(next_, &end);  // the C locale's point is set by the application's start
    broken_ |= end == next_ || !is_bounded(value);
    next_ = end;
    return broken_ ? 0.0 : value;
  }
  QPointF point() {
    const double x = number();
    return {x, number()};
  }
  bool step() {
    const QPointF here = path_.currentPosition();
    switch (command_) {
      case 'M': path_.moveTo(point()); break;
      case 'L': path_.lineTo(point()); break;
      case 'l': path_.lineTo(here + point()); break;
      case 'H': path_.lineTo(number(), here.y()); break;
      case 'V': path_.lineTo(here.x(), number()); break;
      case 'Q': {
        control_ = point();
        path_.quadTo(control_, point());
        return !broken_;
      }
      case 'T': {
        control_ = 2.0 * here - control_;
        path_.quadTo(control_, point());
        return !broken_;
      }
      case 'Z':
      case 'z':
        path_.closeSubpath();
        command_ = 0;  // no numbers belong to it
        break;
      default: return false;
    }
    control_ = path_.currentPosition();
    return !broken_;
  }

  QByteArray data_;
  const char* next_;
  char command_ = 0;
  bool broken_ = false;
  QPainterPath path_;
  QPointF control_;
};

QTransform transform_of(const std::vector<double>& m, std::size_t from = 0) {
  if (m.size() < from + 6) return {};
  return {m[from], m[from + 1], m[from + 2], m[from + 3], m[from + 4], m[from + 5]};
}

std::optional<QPainterPath> outline_of(const QJsonObject& shape) {
  QPainterPath path;
  if (shape.contains(QLatin1String("p"))) {
    const auto read = PathReader(shape[QLatin1String("p")].toString()).read();
    if (!read) return {};
    path = *read;
  } else if (const auto r = numbers(shape[QLatin1String("r")]); r.size() == 4) {
    path.addRect(r[0], r[1], r[2], r[3]);
  } else if (const auto l = numbers(shape[QLatin1String("l")]); l.size() == 4) {
    path.moveTo(l[0], l[1]);
    path.lineTo(l[2], l[3]);
  } else if (shape.contains(QLatin1String("t"))) {
    QFont font;
    font.setPixelSize(std::clamp(static_cast<int>(shape[QLatin1String("ts")].toDouble()), 1, 4000));
    font.setItalic(shape[QLatin1String("ti")].toBool());
    font.setBold(shape[QLatin1String("tb")].toBool());
    path.addText(0, 0, font, shape[QLatin1String("t")].toString().left(200));
  }
  path.setFillRule(Qt::WindingFill);
  return path;
}

QByteArray svg_number(double value) {
  // Hundredths of a thousandth of an em cannot be seen.
  QByteArray text = QByteArray::number(std::round(value * 10.0) / 10.0, 'f', 1);
  if (text.endsWith(".0")) text.chop(2);
  return text == "-0" ? QByteArray("0") : text;
}

QByteArray svg_path(const QPainterPath& path) {
  QByteArray data;
  const auto point = [&](int i) {
    const QPainterPath::Element e = path.elementAt(i);
    data += svg_number(e.x) + ' ' + svg_number(e.y);
  };
  for (int i = 0; i < path.elementCount(); ++i) {
    const QPainterPath::Element e = path.elementAt(i);
    if (e.type == QPainterPath::CurveToElement && i + 2 < path.elementCount()) {
      data += 'C';
      point(i);
      data += ' ';
      point(i + 1);
      data += ' ';
      point(i + 2);
      i += 2;
      continue;
    }
    data += e.type == QPainterPath::MoveToElement ? 'M' : 'L';
    point(i);
  }
  return data;
}

QByteArray svg_box(const QRectF& box) {
  return svg_number(box.x()) + ' ' + svg_number(box.y()) + ' ' + svg_number(box.width()) + ' ' +
         svg_number(box.height());
}

std::optional<QColor> colour_of(const QJsonValue& value) {
  const QString text = value.toString();
  if (text.isEmpty() || !QColor::isValidColor(text)) return std::nullopt;
  return QColor(text);
}

}  // namespace

// Nothing in it is believed: the process that wrote it has read what a model wrote.
std::optional<FormulaPicture> FormulaPicture::fromJson(const QByteArray& json) {
  const QJsonObject root = QJsonDocument::fromJson(json).object();
  FormulaPicture picture;
  picture.width_ = root[QLatin1String("w")].toDouble(-1.0);
  picture.ascent_ = root[QLatin1String("a")].toDouble();
  picture.descent_ = root[QLatin1String("d")].toDouble();
  if (picture.width_ < 0.0 || !is_bounded(picture.width_)) return {};
  if (!is_bounded(picture.ascent_) || !is_bounded(picture.descent_)) return {};
  if (picture.ascent_ + picture.descent_ > tallest) return {};
  const QJsonArray shapes = root[QLatin1String("s")].toArray();
  if (shapes.size() > most_shapes) return {};
  double dashes = 0.0;
  for (const QJsonValue& value : shapes) {
    std::optional<Shape> shape = shapeOf(value.toObject());
    if (!shape) return {};
    dashes += shape->dashCount();
    if (!(dashes <= most_dashes)) return {};  // nor NaN
    picture.shapes_.push_back(std::move(*shape));
  }
  return picture;
}

std::optional<FormulaPicture::Shape> FormulaPicture::shapeOf(const QJsonObject& from) {
  if (!is_bounded(from)) return {};
  const std::optional<QPainterPath> outline = outline_of(from);
  if (!outline) return {};
  Shape shape;
  shape.path = transform_of(numbers(from[QLatin1String("m")])).map(*outline);
  shape.filled = from[QLatin1String("f")].toString() != QLatin1String("none");
  shape.fill = colour_of(from[QLatin1String("f")]);
  shape.stroke = colour_of(from[QLatin1String("k")]);
  shape.strokeWidth = from[QLatin1String("kw")].toDouble();
  shape.dashes = numbers(from[QLatin1String("kd")]);
  if (const auto c = numbers(from[QLatin1String("c")]); c.size() == 10) {
    QPainterPath box;
    box.addRect(c[0], c[1], c[2], c[3]);
    shape.clip = transform_of(c, 4).map(box);
  }
  if (!is_bounded(shape.path.controlPointRect()) || !is_bounded(shape.clip.controlPointRect())) return {};
  if (shape.strokeWidth < 0.0 || std::ranges::any_of(shape.dashes, [](double dash) { return dash < 0.0; })) return {};
  return shape;
}

double FormulaPicture::Shape::dashCount() const {
  if (dashes.empty()) return 0.0;
  const QRectF box = path.controlPointRect();
  return 2.0 * (box.width() + box.height()) / std::accumulate(dashes.begin(), dashes.end(), 0.0);
}

void FormulaPicture::paint(QPainter& painter, QPointF origin, double em, const QColor& colour) const {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.translate(origin);
  painter.scale(em / 1000.0, em / 1000.0);
  for (const Shape& shape : shapes_) {
    painter.save();
    if (!shape.clip.isEmpty()) painter.setClipPath(shape.clip, Qt::IntersectClip);
    QPen pen(Qt::NoPen);
    if (shape.strokeWidth > 0.0) {
      pen = QPen(shape.stroke.value_or(colour), shape.strokeWidth);
      pen.setCapStyle(Qt::FlatCap);
      if (shape.dashes.size() == 1)
        pen.setDashPattern({shape.dashes[0] / shape.strokeWidth, shape.dashes[0] / shape.strokeWidth});
      if (shape.dashes.size() >= 2) pen.setStyle(Qt::DotLine);
    }
    painter.setPen(pen);
    painter.setBrush(shape.filled ? QBrush(shape.fill.value_or(colour)) : QBrush(Qt::NoBrush));
    painter.drawPath(shape.path);
    painter.restore();
  }
  painter.restore();
}

QByteArray FormulaPicture::svg(double em) const {
  const auto ems = [em](double units) { return QByteArray::number(units / 1000.0 * em, 'f', 3) + "em"; };
  QByteArray out = "<svg style=\"width:" + ems(width_) + ";height:" + ems(ascent_ + descent_) +
                   ";vertical-align:" + ems(-descent_) + "\" viewBox=\"" +
                   svg_box({0.0, -ascent_, width_, ascent_ + descent_}) + "\" aria-hidden=\"true\">";
  for (const Shape& shape : shapes_) {
    // A window onto the part that is shown: unlike a clip path it needs no name.
    const QRectF box = shape.clip.boundingRect();
    if (!shape.clip.isEmpty()) {
      out += "<svg x=\"" + svg_number(box.x()) + "\" y=\"" + svg_number(box.y()) + "\" width=\"" +
             svg_number(box.width()) + "\" height=\"" + svg_number(box.height()) + "\" viewBox=\"" + svg_box(box) +
             "\" style=\"overflow:hidden\">";
    }
    out += "<path d=\"" + svg_path(shape.path) + '"';
    if (!shape.filled) out += " fill=\"none\"";
    if (shape.filled && shape.fill) out += " fill=\"" + shape.fill->name().toLatin1() + '"';
    if (shape.strokeWidth > 0.0) {
      out += " stroke=\"" + (shape.stroke ? shape.stroke->name().toLatin1() : QByteArray("currentColor")) +
             "\" stroke-width=\"" + svg_number(shape.strokeWidth) + '"';
      QByteArray dashes;
      for (const double dash : shape.dashes) dashes += (dashes.isEmpty() ? "" : " ") + svg_number(dash);
      if (!dashes.isEmpty()) out += " stroke-dasharray=\"" + dashes + '"';
    }
    out += shape.clip.isEmpty() ? "/>" : "/></svg>";
  }
  return out + "</svg>";
}

}  // namespace holdfast
