// One line of text with an ellipsis, at its end or where it is told, where there is no room for all of it;
// the whole of it is its tooltip then, unless it has one.
#pragma once

#include <QLabel>

namespace holdfast {

class ElidedLabel : public QLabel {
  Q_OBJECT

 public:
  // Takes the width it is given, whatever its text; with another size policy the width of its text where there is room.
  explicit ElidedLabel(QWidget* parent = nullptr);
  [[nodiscard]] QSize minimumSizeHint() const override;
  void setElideMode(Qt::TextElideMode mode);

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  Qt::TextElideMode mode_ = Qt::ElideRight;
};

}  // namespace holdfast
