// One line of text that ends in an ellipsis where there is no room for all of it.
#pragma once

#include <QLabel>

namespace holdfast {

class ElidedLabel : public QLabel {
  Q_OBJECT

 public:
  // Takes the width it is given, whatever its text; with another size policy the width of its text where there is room.
  explicit ElidedLabel(QWidget* parent = nullptr);
  [[nodiscard]] QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
};

}  // namespace holdfast
