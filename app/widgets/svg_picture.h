// A picture in lines and words: what is painted on it becomes the text of an SVG file. Paths, polygons, words and
// pictures, with pens, plain brushes, clips and transformations; gradients and patterns become their plain colour.
#pragma once

#include <QByteArray>
#include <QPaintDevice>
#include <QSize>
#include <memory>

namespace holdfast {

class SvgPicture final : public QPaintDevice {
 public:
  // dots: to an inch, by which points of fonts become pixels.
  SvgPicture(QSize size, int dots);
  ~SvgPicture() override;

  [[nodiscard]] QByteArray text() const;  // the whole file; call it when the painter has ended
  [[nodiscard]] QPaintEngine* paintEngine() const override;

 protected:
  [[nodiscard]] int metric(PaintDeviceMetric metric) const override;

 private:
  class Engine;
  QSize size_;
  int dots_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace holdfast
