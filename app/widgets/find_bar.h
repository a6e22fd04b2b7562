// Words to find in what is shown, and where one is among them. Esc closes it, Enter goes on, Shift+Enter back.
#pragma once

#include <QFrame>

class QLabel;
class QLineEdit;
class QToolButton;

namespace holdfast {

class FindBar : public QFrame {
  Q_OBJECT

 public:
  explicit FindBar(QWidget* parent = nullptr);

  void open();  // what was sought last is there, to be typed over
  void close();
  void setFound(int current, int count);  // current counts from 1

 signals:
  void sought(const QString& words);  // empty when it is closed
  void stepped(int by);
  void closed();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QLineEdit* words_;
  QLabel* count_;
  QToolButton* previous_;
  QToolButton* next_;
};

}  // namespace holdfast
