// One line of text that ends in an ellipsis where there is no room for all of it.
#pragma once

#include <QLabel>

namespace holdfast {

class ElidedLabel : public QLabel {
  Q_OBJECT

 public:
  explicit ElidedLabel(QWidget* parent = nullptr);

 protected:
  void paintEvent(QPaintEvent* event) override;
};

}  // namespace holdfast
