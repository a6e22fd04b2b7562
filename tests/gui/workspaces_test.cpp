// Each workspace of the window: whatever the keyboard can reach says what it is, and nothing is cut off in a window of
// the usual size or a small one.
//
// With HOLDFAST_SCREENSHOTS=folder the pictures are kept, in light and dark.
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QComboBox>
#include <QRegularExpression>
#include <QScrollArea>
#include <QScrollBar>
#include <QStackedWidget>

#include "app/panels/problems_dialog.h"
#include "app/widgets/elided_label.h"
#include "tests/gui/window_driver.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

const std::vector<const char*> workspaces{"solveWorkspace",    "modelsWorkspace", "inspectWorkspace",
                                          "generateWorkspace", "trainWorkspace",  "evaluateWorkspace"};

// A part of another widget that speaks for it: the field of a spin box or of a box of choices.
bool is_part(const QWidget* widget) {
  const QWidget* whole = widget->parentWidget();
  return qobject_cast<const QAbstractSpinBox*>(whole) != nullptr || qobject_cast<const QComboBox*>(whole) != nullptr ||
         widget->focusProxy() != nullptr || widget->objectName().startsWith(QLatin1String("qt_"));
}

QString place_of(const QWidget* widget) {
  QString place;
  for (const QWidget* at = widget; at != nullptr && !at->isWindow(); at = at->parentWidget()) {
    const QString name =
        at->objectName().isEmpty() ? QString::fromLatin1(at->metaObject()->className()) : at->objectName();
    place = place.isEmpty() ? name : name + QLatin1Char('/') + place;
  }
  return place;
}

// What can take the focus and has no name that a screen reader could say. Hidden pages count: they come to be seen.
QStringList nameless(const QWidget& root) {
  QStringList found;
  for (auto* widget : root.findChildren<QWidget*>()) {
    if ((widget->focusPolicy() & Qt::TabFocus) == 0 || is_part(widget) || widget->window() != root.window()) continue;
    // A button that is hidden by itself is given its words when it is shown: that of a banner, for what can be done.
    if (widget->isHidden() && qobject_cast<QAbstractButton*>(widget) != nullptr) continue;
    const QAccessibleInterface* face = QAccessible::queryAccessibleInterface(widget);
    if (face == nullptr || face->text(QAccessible::Name).trimmed().isEmpty()) found << place_of(widget);
  }
  found.removeDuplicates();
  return found;
}

// Buttons and labels in sight that are narrower than their words, and pages that have to be scrolled sideways.
QStringList cut_short(const QWidget& root) {
  QStringList found;
  const auto check = [&](const QWidget* widget, const QString& text) {
    if (!widget->isVisible() || widget->width() >= widget->sizeHint().width()) return;
    found << QStringLiteral("%1 \"%2\": %3 wide, wants %4")
                 .arg(place_of(widget), text)
                 .arg(widget->width())
                 .arg(widget->sizeHint().width());
  };
  for (const auto* page : root.findChildren<QScrollArea*>()) {
    const int beyond = page->horizontalScrollBar()->maximum();
    if (page->isVisible() && beyond > 0)
      found << QStringLiteral("%1: %2 pixels are beyond its edge").arg(place_of(page)).arg(beyond);
  }
  for (const auto* button : root.findChildren<QAbstractButton*>()) check(button, button->text());
  for (const auto* label : root.findChildren<QLabel*>()) {
    if (qobject_cast<const ElidedLabel*>(label) != nullptr) continue;  // it says so itself
    if (!label->wordWrap() && label->sizePolicy().horizontalPolicy() != QSizePolicy::Ignored)
      check(label, label->text());
  }
  return found;
}

// Labels that show the sign before a key as it is, for want of a field that the key goes to.
QStringList keyless(const QWidget& root) {
  static const QRegularExpression sign(QStringLiteral("&\\w"));
  QStringList found;
  for (const auto* label : root.findChildren<QLabel*>()) {
    if (label->text().contains(sign) && label->buddy() == nullptr) found << label->text();
  }
  return found;
}

}  // namespace

class WorkspacesTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  std::unique_ptr<WindowDriver> window_;

  void keep(const QString& name) {
    const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS");
    if (folder.isEmpty()) return;
    for (const ThemeChoice theme : {ThemeChoice::dark, ThemeChoice::light}) {
      window_->window().setTheme(theme);
      QTest::qWait(150);
      const QString file = QStringLiteral("%1/%2-%3.png").arg(folder, name, themeName(theme));
      QVERIFY2(window_->window().grab().save(file), qPrintable(file));
    }
  }

 private slots:
  void initTestCase() {
    window_ = std::make_unique<WindowDriver>(fs::path(folder_.path().toStdString()) / "data");
    QTRY_VERIFY(window_->window().chat()->model().has_value() && window_->idle());
  }
  void cleanupTestCase() { window_.reset(); }

  void whatever_the_keyboard_reaches_says_what_it_is_data() {
    QTest::addColumn<QByteArray>("workspace");
    for (const char* name : workspaces) QTest::newRow(name) << QByteArray(name);
  }
  void whatever_the_keyboard_reaches_says_what_it_is() {
    QFETCH(QByteArray, workspace);
    window_->click(workspace.constData());
    QTest::qWait(60);
    const QStringList silent = nameless(window_->window());
    QVERIFY2(silent.isEmpty(), qPrintable(silent.join(QLatin1Char('\n'))));
  }

  void keys_of_labels_go_to_a_field() {
    const ProblemsDialog dialog{RecipeData{}};
    for (const QWidget* root :
         {static_cast<const QWidget*>(&window_->window()), static_cast<const QWidget*>(&dialog)}) {
      QVERIFY2(keyless(*root).isEmpty(), qPrintable(keyless(*root).join(QLatin1Char('\n'))));
    }
  }

  void a_widget_without_a_name_is_found() {
    QWidget root;
    auto* box = new QComboBox(&root);
    QCOMPARE(nameless(root).size(), 1);
    box->setAccessibleName("Which");
    QVERIFY(nameless(root).isEmpty());
  }

  void nothing_is_cut_off_data() {
    QTest::addColumn<QByteArray>("workspace");
    QTest::addColumn<QSize>("size");
    for (const char* name : workspaces) {
      for (const QSize size : {QSize(1280, 800), QSize(1000, 700)}) {
        QTest::addRow("%s-%d", name, size.width()) << QByteArray(name) << size;
      }
    }
  }
  void nothing_is_cut_off() {
    QFETCH(QByteArray, workspace);
    QFETCH(QSize, size);
    window_->window().resize(size);
    window_->click(workspace.constData());
    QTest::qWait(100);
    keep(QString::fromLatin1(QTest::currentDataTag()));
    QString wanted;  // by each page, when the window could not be made so small
    const auto* pages = window_->window().findChild<QStackedWidget*>();
    for (int i = 0; i < pages->count(); ++i) {
      wanted +=
          QStringLiteral(" %1:%2").arg(pages->widget(i)->objectName()).arg(pages->widget(i)->minimumSizeHint().width());
    }
    QVERIFY2(window_->window().size() == size, qPrintable(wanted));
    QTRY_VERIFY2(cut_short(window_->window()).isEmpty(),
                 qPrintable(cut_short(window_->window()).join(QLatin1Char('\n'))));
  }
};

QTEST_MAIN(WorkspacesTest)
#include "workspaces_test.moc"
