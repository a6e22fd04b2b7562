// How long a start takes, for tests/bench/startup_bench.
#pragma once

#include <QObject>
#include <QTimer>

namespace holdfast {

class MainWindow;

// Prints "painted" when the window has been painted first, and "usable" when it shows the sessions of its store and a
// key that was pressed has reached the composer. Then the program ends, and nothing of it is kept.
class StartMeasure : public QObject {
  Q_OBJECT

 public:
  explicit StartMeasure(MainWindow* window);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void look();

  MainWindow* window_;
  QTimer timer_;
  bool painted_ = false;
  bool listed_ = false;  // the list has been painted with its sessions
  bool typed_ = false;
};

}  // namespace holdfast
