// Lines over one axis, with the least and the most of what a pixel covers, so that nothing short is lost. Can be taken
// along (take_along.h). Knows nothing of what the numbers are.
#pragma once

#include <QColor>
#include <QList>
#include <QString>
#include <QStringList>
#include <QWidget>
#include <optional>
#include <vector>

namespace holdfast {

struct PlotLine {
  QString name;
  std::vector<double> x, y;  // x ascends; both of one length
  bool dashed = false;
};
struct PlotData {
  std::vector<PlotLine> lines;
  QString xName, yName;
  bool logarithmicX = false, logarithmicY = false;
  double leastY = 0.0, mostY = 0.0;               // equal: from the lines
  std::vector<std::pair<double, QString>> marks;  // upright lines, ascending, each with a word above the curves
};

class PlotView : public QWidget {
  Q_OBJECT

 public:
  explicit PlotView(QWidget* parent = nullptr);
  void setData(PlotData data);
  [[nodiscard]] const PlotData& data() const { return data_; }
  // Where the curves are painted, and above them the words of the lines' legend and of the marks, cut to their room. A
  // mark whose neighbour is too near has no word. Nothing of these overlaps.
  struct Word {
    QRectF box;
    QString text;
  };
  [[nodiscard]] QRectF plotArea() const;
  [[nodiscard]] std::vector<Word> legend() const;
  [[nodiscard]] std::vector<Word> markWords() const;
  // Every point, in rows: x, and the y of each line that has one there. The first row names the columns.
  [[nodiscard]] QList<QStringList> table() const;
  [[nodiscard]] QSize sizeHint() const override { return {360, 200}; }
  [[nodiscard]] QSize minimumSizeHint() const override { return {160, 90}; }

 protected:
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  struct Frame;
  [[nodiscard]] std::optional<Frame> frame() const;  // none: there is nothing to show
  [[nodiscard]] QFont smallFont() const;
  void paint(QPainter& painter) const;
  void paintLegend(QPainter& painter) const;
  void paintMarks(QPainter& painter, const Frame& frame) const;
  void paintAxes(QPainter& painter, const Frame& frame) const;
  void paintLine(QPainter& painter, const Frame& frame, const PlotLine& line, const QColor& colour) const;
  [[nodiscard]] QColor colourOf(std::size_t line) const;
  PlotData data_;
};

}  // namespace holdfast
