// Named amounts beneath each other, each a bar of the same scale. Knows nothing of what the amounts are.
#pragma once

#include <QString>
#include <QWidget>
#include <vector>

namespace holdfast {

struct AmountBar {
  QString name, shown;  // the amount as it is written
  double amount = 0.0;
  QString note{};    // tooltip
  bool own = false;  // the one that the others stand beside
};

class AmountBars : public QWidget {
  Q_OBJECT

 public:
  explicit AmountBars(QWidget* parent = nullptr);
  void setBars(std::vector<AmountBar> bars);
  [[nodiscard]] const std::vector<AmountBar>& bars() const { return bars_; }
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override;

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  [[nodiscard]] int rowHeight() const;
  std::vector<AmountBar> bars_;
};

}  // namespace holdfast
