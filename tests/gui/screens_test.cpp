// Every state of the window in light and dark: nothing is cut off, and what is written can be read. With
// HOLDFAST_SCREENSHOTS=folder the pictures are kept.
#include <QAbstractTextDocumentLayout>
#include <QPushButton>
#include <QToolButton>
#include <algorithm>
#include <fstream>

#include "app/widgets/elided_label.h"
#include "tests/gui/contrast.h"
#include "tests/gui/reciting_model.h"
#include "tests/gui/window_driver.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> solution{"We want the number of ways",
                                        " to tile a 2 x 10 strip",
                                        " with dominoes.",
                                        " Let f(n) be the count",
                                        " for a 2 x n strip.",
                                        "\n\nThe last column is covered",
                                        " either by one vertical domino,",
                                        " which leaves f(n - 1) ways,",
                                        " or by two horizontal ones,",
                                        " which leave f(n - 2).",
                                        " So f(n) = f(n - 1) + f(n - 2)",
                                        ", with f(1) = 1 and f(2) = 2.",
                                        "\n\nThen 1, 2, 3, 5, 8, 13,",
                                        " 21, 34, 55, 89.",
                                        " Check with n = 3:",
                                        " three vertical; a pair left;",
                                        " a pair right. Three. Good.",
                                        "\n</think>\n\n",
                                        "Count the tilings",
                                        " by how the last column",
                                        " of the strip is covered.",
                                        "\n\n1. One vertical domino",
                                        " covers it: the rest can be tiled",
                                        " in f(n \u2212 1) ways.",
                                        "\n2. Two horizontal dominoes",
                                        " cover the last two columns:",
                                        " the rest can be tiled in",
                                        " f(n \u2212 2) ways.",
                                        "\n\nTherefore f(n) =",
                                        " f(n \u2212 1) + f(n \u2212 2),",
                                        " where f(1) = 1, f(2) = 2,",
                                        " which gives",
                                        " 1, 2, 3, 5, 8, 13, 21, 34, 55, 89",
                                        " and the answer is",
                                        " \\boxed{89}."};

QString cut_off(const QWidget& window) {
  for (const auto* button : window.findChildren<QAbstractButton*>()) {
    if (button->isVisible() && button->width() < button->sizeHint().width()) {
      return QStringLiteral("%1: \"%2\" is %3 wide, wants %4")
          .arg(button->objectName(), button->text())
          .arg(button->width())
          .arg(button->sizeHint().width());
    }
  }
  for (const auto* label : window.findChildren<QLabel*>()) {
    if (!label->isVisible() || label->wordWrap() || qobject_cast<const ElidedLabel*>(label) != nullptr ||
        label->sizePolicy().horizontalPolicy() == QSizePolicy::Ignored)
      continue;
    if (label->width() < label->sizeHint().width()) return label->objectName() + ": " + label->text();
  }
  return {};
}

// Texts whose last lines would be hidden.
QString shortened(const QWidget& window) {
  for (const auto* view : window.findChildren<TextView*>()) {
    const double needed = view->document()->documentLayout()->documentSize().height();
    if (view->isVisible() && view->height() < needed - 1) {
      return QStringLiteral("%1 is %2 high, wants %3").arg(view->accessibleName()).arg(view->height()).arg(needed);
    }
  }
  return {};
}

}  // namespace

class ScreensTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  [[nodiscard]] fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }

  void look(WindowDriver& window, const QString& name, ThemeChoice theme) {
    QTest::qWait(60);
    QTRY_VERIFY2(shortened(window.window()).isEmpty(), qPrintable(name + ": " + shortened(window.window())));
    // Tried again: a number that grows while a reply is written is wider than its label until the next layout.
    QTRY_VERIFY2(cut_off(window.window()).isEmpty(), qPrintable(name + ": " + cut_off(window.window())));
    const QPalette palette = QApplication::palette();
    for (const auto role : {QPalette::Text, QPalette::PlaceholderText, QPalette::Link}) {
      for (const auto ground : {QPalette::Window, QPalette::Base, QPalette::AlternateBase}) {
        QVERIFY2(contrast(palette.color(role), palette.color(ground)) >= 4.5, qPrintable(name));
      }
    }
    const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS");
    if (folder.isEmpty()) return;
    const QString file = QStringLiteral("%1/%2-%3.png").arg(folder, name, themeName(theme));
    QVERIFY2(window.window().grab().save(file), qPrintable(file));
  }

  static void fill(const fs::path& data) {
    fs::create_directories(data);
    Store store(data / "holdfast.db");
    const std::vector<std::pair<const char*, int>> titles{{"Sum of the first n odd numbers", 40},
                                                          {"Is 2^67 - 1 prime?", 9},
                                                          {"Rolling two dice until a double comes up twice", 5},
                                                          {"Inscribed angle, step by step", 1},
                                                          {"How many zeros end 100!?", 0}};
    for (const auto& [title, days] : titles) {
      const NodeRow question = store.add_user_message({}, title);
      Connection(store.file())
          .execute("UPDATE session SET changed = changed - " + std::to_string(days * 86400000ll) +
                   " WHERE id = " + std::to_string(question.session.value));
    }
  }

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }
  void cleanupTestCase() { applyTheme(*qApp, ThemeChoice::light, {}); }

  void every_state_can_be_read_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
  }
  void every_state_can_be_read() {
    QFETCH(bool, dark);
    const ThemeChoice theme = dark ? ThemeChoice::dark : ThemeChoice::light;
    const fs::path data = path("data");
    fill(data);
    Store(data / "holdfast.db").set_setting("theme", themeName(theme).toStdString());
    Store(data / "holdfast.db").set_setting("sampler", R"({"max_tokens": 1000000})");
    {
      WindowDriver window(data);
      QTRY_COMPARE(window.sessions()->model()->rowCount(), 5);
      look(window, "empty", theme);
    }
    RecitingModel::write(data / "models" / "mamba2-tiling-15m", solution);
    RecitingModel::write(data / "models" / "holdfast-small", {"nothing yet"});
    {
      WindowDriver window(data);
      QTRY_COMPARE(window.sessions()->model()->rowCount(), 5);
      look(window, "choose", theme);
      const QString model = QString::fromStdString((data / "models" / "mamba2-tiling-15m").string());
      window.window().openModel(model);
      QTRY_VERIFY(window.window().chat()->model() && window.idle());
      look(window, "ready", theme);
      window.type("In how many ways can a 2 x 10 strip be tiled with dominoes?");
      look(window, "typed", theme);
      window.press(Qt::Key_Return);
      QTRY_VERIFY(window.finished());
      look(window, "finished", theme);
      window.click("thoughtButton");
      look(window, "thought", theme);
      window.window().openModel("/models/gone");
      QTRY_VERIFY(window.banner()->isVisible());
      look(window, "error", theme);
      window.click("samplerButton");
      if (const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS"); !folder.isEmpty()) {
        window.find<QWidget>("samplerPanel")->grab().save(folder + "/sampling-" + themeName(theme) + ".png");
      }
      window.find<QWidget>("samplerPanel")->close();
    }
    const auto mark = std::find(solution.begin(), solution.end(), "\n</think>\n\n");
    RecitingModel::write(path("endless"), solution, RecitingModel::End::repeat,
                         static_cast<std::size_t>(mark - solution.begin()) + 1);
    {
      WindowDriver window(data, path("endless"));
      window.ask("In how many ways can a 2 x 10 strip be tiled with dominoes?");
      QTRY_VERIFY(window.answer().size() > 200);
      look(window, "streaming", theme);
      window.press(Qt::Key_Escape);
      QTRY_VERIFY(window.finished());
      look(window, "stopped", theme);
      window.window().resize(720, 520);
      look(window, "small", theme);
    }
  }
};

QTEST_MAIN(ScreensTest)
#include "screens_test.moc"
