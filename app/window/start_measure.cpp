#include "app/window/start_measure.h"

#include <QApplication>
#include <QKeyEvent>
#include <QListView>
#include <QPlainTextEdit>
#include <cstdio>

#include "app/window/main_window.h"

namespace holdfast {
namespace {

void say(const char* word) {
  std::puts(word);
  std::fflush(stdout);
}

}  // namespace

StartMeasure::StartMeasure(MainWindow* window) : QObject(window), window_(window) {
  qApp->installEventFilter(this);
  connect(&timer_, &QTimer::timeout, this, &StartMeasure::look);
  timer_.start(1);
}

bool StartMeasure::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Paint) {
    auto* list = window_->findChild<QListView*>(QStringLiteral("sessionList"));
    if (list != nullptr && watched == list->viewport()) {
      if (!painted_) say("painted");
      painted_ = true;
      listed_ = window_->isReady() && list->model()->rowCount() > 0;
    }
  }
  return QObject::eventFilter(watched, event);
}

// Between the events, so what was asked for has happened.
void StartMeasure::look() {
  auto* composer = window_->findChild<QPlainTextEdit*>(QStringLiteral("question"));
  if (!listed_ || composer == nullptr) return;
  if (!typed_) {
    QCoreApplication::postEvent(composer, new QKeyEvent(QEvent::KeyPress, Qt::Key_X, {}, QStringLiteral("x")));
    typed_ = true;
  } else if (composer->toPlainText() == QLatin1String("x")) {
    timer_.stop();
    say("usable");
    QCoreApplication::exit(0);
  }
}

}  // namespace holdfast
