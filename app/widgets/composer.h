// Where a question is typed: grows with its text; Enter sends, Shift+Enter begins a new line.
#pragma once

#include <QFrame>

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace holdfast {

class Composer : public QFrame {
  Q_OBJECT

 public:
  explicit Composer(QWidget* parent = nullptr);

  [[nodiscard]] QString text() const;
  void setText(const QString& text);
  void setRunning(bool running);  // the button stops instead of sending
  void setHint(const QString& hint);
  void setWaiting(bool waiting);  // the text is on its way: it stays in sight and cannot be changed
  void focusText();

 signals:
  void sent(const QString& text);
  void stopped();
  void edited();

 protected:
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void setUsualFont();
  void fitHeight();
  void send();

  QPlainTextEdit* edit_;
  QPushButton* button_;
  QLabel* hint_;
  bool running_ = false;
  bool waiting_ = false;
};

}  // namespace holdfast
