#include "app/widgets/svg_picture.h"

#include <QBuffer>
#include <QFont>
#include <QFontInfo>
#include <QPaintEngine>
#include <QPainter>
#include <QPainterPath>
#include <QPixmap>
#include <cmath>

namespace holdfast {
namespace {

// Thousandths of a pixel, without zeros at the end.
QByteArray svg_number(double v) { return QByteArray::number(std::round(v * 1000.0) / 1000.0, 'g', 9); }

QByteArray svg_point(QPointF p) { return svg_number(p.x()) + ' ' + svg_number(p.y()); }

QByteArray svg_path(const QPainterPath& path) {
  QByteArray text;
  for (int i = 0; i < path.elementCount(); ++i) {
    const QPainterPath::Element e = path.elementAt(i);
    switch (e.type) {
      case QPainterPath::MoveToElement: text += 'M'; break;
      case QPainterPath::LineToElement: text += 'L'; break;
      case QPainterPath::CurveToElement: text += 'C'; break;
      case QPainterPath::CurveToDataElement: text += ' '; break;
    }
    text += svg_point(e);
  }
  return text;
}

// name="#rrggbb", and its transparency where it has one.
QByteArray svg_colour(const char* name, const QColor& colour) {
  QByteArray text = QByteArray(" ") + name + "=\"" + colour.name().toLatin1() + '"';
  if (colour.alpha() < 255) text += QByteArray(" ") + name + "-opacity=\"" + svg_number(colour.alphaF()) + '"';
  return text;
}

QByteArray svg_pen(const QPen& pen) {
  if (pen.style() == Qt::NoPen) return " stroke=\"none\"";
  const double width = pen.widthF() > 0.0 ? pen.widthF() : 1.0;
  QByteArray text = svg_colour("stroke", pen.color()) + " stroke-width=\"" + svg_number(width) + '"';
  if (pen.style() != Qt::SolidLine) {
    text += " stroke-dasharray=\"";
    for (const double dash : pen.dashPattern()) text += svg_number(dash * width) + ' ';
    text.back() = '"';
  }
  return text;
}

QByteArray svg_brush(const QBrush& brush) {
  return brush.style() == Qt::NoBrush ? QByteArray(" fill=\"none\"") : svg_colour("fill", brush.color());
}

}  // namespace

class SvgPicture::Engine final : public QPaintEngine {
 public:
  explicit Engine(int dots)
      : QPaintEngine(AllFeatures & ~PaintEngineFeatures(PatternBrush | PerspectiveTransform | PorterDuff)),
        dots_(dots) {}

  bool begin(QPaintDevice*) override { return true; }
  bool end() override { return true; }
  [[nodiscard]] Type type() const override { return User; }
  void updateState(const QPaintEngineState&) override {}  // the painter is asked

  void drawPath(const QPainterPath& path) override {
    const bool even = path.fillRule() == Qt::OddEvenFill;
    add("<path d=\"" + svg_path(path) + (even ? "\" fill-rule=\"evenodd\"" : "\"") + svg_pen(painter()->pen()) +
        svg_brush(painter()->brush()));
  }
  void drawPolygon(const QPointF* points, int count, PolygonDrawMode mode) override {
    QByteArray list;
    for (int i = 0; i < count; ++i) list += svg_point(points[i]) + ' ';
    list.chop(1);
    const bool open = mode == PolylineMode;
    add((open ? "<polyline points=\"" : "<polygon points=\"") + list + '"' + svg_pen(painter()->pen()) +
        (open ? QByteArray(" fill=\"none\"") : svg_brush(painter()->brush())));
  }
  void drawTextItem(const QPointF& at, const QTextItem& item) override {
    const QFont font = item.font();
    const double size = font.pixelSize() > 0 ? font.pixelSize() : font.pointSizeF() * dots_ / 72.0;
    QByteArray head = "<text x=\"" + svg_number(at.x()) + "\" y=\"" + svg_number(at.y()) + "\" font-family=\"" +
                      QFontInfo(font).family().toHtmlEscaped().toUtf8() + ", sans-serif\" font-size=\"" +
                      svg_number(size) + '"';
    if (font.bold()) head += " font-weight=\"bold\"";
    if (font.italic()) head += " font-style=\"italic\"";
    add(head + " xml:space=\"preserve\"" + svg_colour("fill", painter()->pen().color()),
        item.text().toHtmlEscaped().toUtf8() + "</text>");
  }
  void drawPixmap(const QRectF& to, const QPixmap& pixmap, const QRectF& from) override {
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    pixmap.copy(from.toRect()).save(&buffer, "PNG");
    add("<image x=\"" + svg_number(to.x()) + "\" y=\"" + svg_number(to.y()) + "\" width=\"" + svg_number(to.width()) +
        "\" height=\"" + svg_number(to.height()) + "\" preserveAspectRatio=\"none\" href=\"data:image/png;base64," +
        png.toBase64() + '"');
  }

  [[nodiscard]] const QByteArray& content() const { return content_; }

 private:
  // head: an element without its end; what is inside it, if anything, ends it.
  void add(const QByteArray& head, const QByteArray& inside = {}) {
    const QTransform now = painter()->transform();
    QByteArray element = head;
    if (painter()->opacity() < 1.0) element += " opacity=\"" + svg_number(painter()->opacity()) + '"';
    if (!now.isIdentity()) {
      element += " transform=\"matrix(" + svg_point({now.m11(), now.m12()}) + ' ' + svg_point({now.m21(), now.m22()}) +
                 ' ' + svg_point({now.dx(), now.dy()}) + ")\"";
    }
    element += inside.isEmpty() ? QByteArray("/>") : '>' + inside;
    if (painter()->hasClipping()) {
      const QByteArray clip = svg_path(now.map(painter()->clipPath()));
      if (clip != clip_) {
        clip_ = clip;
        content_ += "<clipPath id=\"clip" + QByteArray::number(++clips_) + "\"><path d=\"" + clip + "\"/></clipPath>\n";
      }
      element = "<g clip-path=\"url(#clip" + QByteArray::number(clips_) + ")\">" + element + "</g>";
    }
    content_ += element + '\n';
  }

  int dots_;
  int clips_ = 0;
  QByteArray clip_, content_;
};

SvgPicture::SvgPicture(QSize size, int dots) : size_(size), dots_(dots), engine_(std::make_unique<Engine>(dots)) {}
SvgPicture::~SvgPicture() = default;

QPaintEngine* SvgPicture::paintEngine() const { return engine_.get(); }

QByteArray SvgPicture::text() const {
  const QByteArray width = QByteArray::number(size_.width()), height = QByteArray::number(size_.height());
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" + height + "\" viewBox=\"0 0 " +
         width + ' ' + height + "\">\n" + engine_->content() + "</svg>\n";
}

int SvgPicture::metric(PaintDeviceMetric metric) const {
  switch (metric) {
    case PdmWidth: return size_.width();
    case PdmHeight: return size_.height();
    case PdmWidthMM: return size_.width() * 254 / (dots_ * 10);
    case PdmHeightMM: return size_.height() * 254 / (dots_ * 10);
    case PdmNumColors: return 0xffffff;
    case PdmDevicePixelRatio: return 1;
    case PdmDevicePixelRatioScaled: return static_cast<int>(devicePixelRatioFScale());
    case PdmDepth: return 24;
    case PdmDpiX:
    case PdmDpiY:
    case PdmPhysicalDpiX:
    case PdmPhysicalDpiY: return dots_;
    default: return QPaintDevice::metric(metric);
  }
}

}  // namespace holdfast
