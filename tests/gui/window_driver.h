// Drives the real window as a person does: finds what is on the screen by its name, clicks and types.
#pragma once

#include <QAbstractButton>
#include <QApplication>
#include <QLabel>
#include <QListView>
#include <QPlainTextEdit>
#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <memory>

#include "app/widgets/banner.h"
#include "app/widgets/text_view.h"
#include "app/widgets/transcript_view.h"
#include "app/window/main_window.h"
#include "tests/gui/patience.h"

namespace holdfast::test {

class WindowDriver {
 public:
  explicit WindowDriver(const std::filesystem::path& dataDir, const std::filesystem::path& model = {}) {
    window_ = std::make_unique<MainWindow>(WindowSettings{.data_dir = dataDir,
                                                          .model = QString::fromStdString(model.string()),
                                                          .load_last_model = model.empty(),
                                                          .threads = 1,
                                                          .system_palette = QApplication::palette()});
    window_->resize(1280, 800);
    window_->show();
    (void)QTest::qWaitForWindowExposed(window_.get(), patience);
  }
  ~WindowDriver() { close(); }
  WindowDriver(const WindowDriver&) = delete;
  WindowDriver& operator=(const WindowDriver&) = delete;

  void close() {
    if (window_) window_->close();
    window_.reset();
  }

  [[nodiscard]] MainWindow& window() { return *window_; }
  template <class Widget>
  [[nodiscard]] Widget* find(const char* name) {
    return window_->findChild<Widget*>(QLatin1String(name));
  }
  [[nodiscard]] QPlainTextEdit* question() { return find<QPlainTextEdit>("question"); }
  [[nodiscard]] TranscriptView* transcript() { return find<TranscriptView>("transcript"); }
  [[nodiscard]] Banner* banner() { return find<Banner>("banner"); }
  [[nodiscard]] QListView* sessions() { return find<QListView>("sessionList"); }
  [[nodiscard]] QString label(const char* name) { return find<QLabel>(name)->text(); }

  void type(const QString& text) {
    question()->setFocus();
    QTest::keyClicks(question(), text);
  }
  void press(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    QWidget* focus = QApplication::focusWidget();
    QTest::keyClick(focus != nullptr ? focus : window_.get(), key, modifiers);
  }
  void ask(const QString& text) {
    type(text);
    QTest::keyClick(question(), Qt::Key_Return);
  }
  // The last button of this name that can be seen: those of earlier messages stand above it.
  void click(const char* name) {
    QAbstractButton* visible = nullptr;
    for (auto* button : window_->findChildren<QAbstractButton*>(QLatin1String(name))) {
      if (button->isVisible()) visible = button;
    }
    QVERIFY2(visible != nullptr, name);
    QTest::mouseClick(visible, Qt::LeftButton);
  }
  // All that was generated last, whether thought or answer; nothing while the question is the last there is.
  [[nodiscard]] QString written() {
    const TranscriptItem* last = transcript()->last();
    return last != nullptr && last->kind == TranscriptItem::Kind::reply ? thought() + answer() : QString();
  }
  [[nodiscard]] bool canClick(const char* name) {
    for (auto* button : window_->findChildren<QAbstractButton*>(QLatin1String(name))) {
      if (button->isVisible() && button->isEnabled()) return true;
    }
    return false;
  }
  [[nodiscard]] QString answer() {
    const TranscriptItem* last = transcript()->last();
    return last == nullptr ? QString() : last->text.trimmed();
  }
  [[nodiscard]] QString thought() {
    const TranscriptItem* last = transcript()->last();
    return last == nullptr ? QString() : last->thought.trimmed();
  }
  [[nodiscard]] bool idle() {
    return window_->chat()->phase() == ChatService::Phase::idle && !window_->chat()->isLoading();
  }
  // The turn has ended and the window shows what the store has of it.
  [[nodiscard]] bool finished() {
    const TranscriptItem* last = transcript()->last();
    return idle() && last != nullptr && last->kind == TranscriptItem::Kind::reply && !last->running;
  }

 private:
  std::unique_ptr<MainWindow> window_;
};

}  // namespace holdfast::test
