// Read-only plain text as tall as it is: scrolled by what holds it. Appending costs the layout of the last paragraph.
#pragma once

#include <QTextEdit>

namespace holdfast {

class TextView : public QTextEdit {
  Q_OBJECT

 public:
  explicit TextView(QWidget* parent = nullptr);

  void setText(const QString& text);
  void append(const QString& text);  // continues the last paragraph
  [[nodiscard]] const QString& text() const { return text_; }
  // Width that the text would take in one line, at most `most`.
  [[nodiscard]] int wishedWidth(int most) const;

 protected:
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void fitHeight();

  QString text_;
};

}  // namespace holdfast
