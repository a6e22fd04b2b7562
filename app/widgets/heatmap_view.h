// A matrix of numbers as colours, from dark (small) to light (large), safe for the colour-blind. Any number of columns:
// where a pixel covers several, their mean, least or most is shown, and moving costs the same however many there are.
// Wheel zooms and dragging moves along the columns; arrows move the selected cell. Knows nothing of what the numbers
// are.
#pragma once

#include <QImage>
#include <QString>
#include <QWidget>
#include <functional>
#include <vector>

#include "app/widgets/heatmap_levels.h"

namespace holdfast {

// A place along the columns: where something begins (a line from top to bottom) or was kept (a flag at the top).
struct HeatmapMark {
  double column = 0.0;
  QString text;
  bool flag = false;
};

struct HeatmapData {
  int rows = 0;
  int columns = 0;
  std::vector<float> values;  // row after row; NaN is left empty
  bool logarithmic = false;   // colours by the logarithm; values that have none are the darkest
  QString rowName, columnName, valueName;
  std::function<QString(int row, int column)> describe;  // of a cell, for the tooltip and screen readers
  std::vector<HeatmapMark> marks;
};

[[nodiscard]] QColor heatColour(double share);  // 0 .. 1

class HeatmapView : public QWidget {
  Q_OBJECT

 public:
  explicit HeatmapView(QWidget* parent = nullptr);

  void setData(HeatmapData data);
  [[nodiscard]] const HeatmapData& data() const { return data_; }
  void select(int row, int column);  // -1: none
  [[nodiscard]] int selectedRow() const { return row_; }
  [[nodiscard]] int selectedColumn() const { return column_; }
  void showColumns(double first, double count);
  [[nodiscard]] double firstColumn() const { return first_; }
  [[nodiscard]] double columnsShown() const { return count_; }
  void setKind(HeatmapLevels::Kind kind);  // what a pixel shows of several columns
  void point(double column);               // a thin line, for what the mouse points at elsewhere; below 0: none
  [[nodiscard]] double pointed() const { return pointed_; }
  [[nodiscard]] double least() const { return least_; }
  [[nodiscard]] double most() const { return most_; }
  [[nodiscard]] QSize sizeHint() const override { return {320, 180}; }
  [[nodiscard]] QSize minimumSizeHint() const override { return {120, 60}; }

 signals:
  void cellSelected(int row, int column);
  void cellPointed(int row, int column);  // by the mouse; -1 when it leaves

 protected:
  bool event(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;

 private:
  [[nodiscard]] QRectF area() const;  // of the cells
  [[nodiscard]] QPoint cellAt(QPointF where) const;
  [[nodiscard]] double share(float value) const;
  void draw();
  void paintMarks(QPainter& painter, const QRectF& cells) const;
  void paintScale(QPainter& painter, const QRectF& cells) const;
  void tellSelection();

  HeatmapData data_;
  double least_ = 0.0, most_ = 1.0;
  double first_ = 0.0, count_ = 1.0;  // columns in sight
  int row_ = -1, column_ = -1;
  double pointed_ = -1.0;
  HeatmapLevels levels_;
  HeatmapLevels::Kind kind_ = HeatmapLevels::Kind::mean;
  QImage image_;
  QPointF pressed_;
  double pressedFirst_ = 0.0;
  bool dragging_ = false;
};

}  // namespace holdfast
