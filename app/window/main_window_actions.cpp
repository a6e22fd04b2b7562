// Every command of the window: one list, from which the keys, the menus, the palette and the list of keys are made.
#include <QAction>
#include <QActionGroup>
#include <QApplication>
#include <QHelpEvent>
#include <QJsonDocument>
#include <QJsonObject>
#include <QListView>
#include <QStackedWidget>
#include <QToolButton>
#include <QToolTip>
#include <algorithm>
#include <array>
#include <tuple>

#include "app/panels/inspect_panel.h"
#include "app/panels/shortcuts_dialog.h"
#include "app/panels/solve_panel.h"
#include "app/widgets/composer.h"
#include "app/window/main_window.h"

namespace holdfast {
namespace {

// Sizes of text that one step leads to, in percent.
constexpr std::array text_sizes{70, 80, 90, 100, 110, 125, 150, 175, 200, 250};

int next_size(int percent, int step) {
  if (step == 0) return 100;
  if (step > 0) {
    const auto larger = std::ranges::upper_bound(text_sizes, percent);
    return larger == text_sizes.end() ? text_sizes.back() : *larger;
  }
  const auto here = std::ranges::lower_bound(text_sizes, percent);
  return here == text_sizes.begin() ? text_sizes.front() : *(here - 1);
}

}  // namespace

QAction* MainWindow::addCommand(const char* id, const QString& group, const QString& text, const QKeySequence& keys,
                                std::function<void()> act) {
  auto* action = new QAction(text, this);
  action->setObjectName(QLatin1String("command-") + QLatin1String(id));
  action->setProperty(command_group, group);
  action->setProperty(usual_keys, QVariant::fromValue(keys));
  action->setShortcut(keys);
  connect(action, &QAction::triggered, this, std::move(act));
  addAction(action);
  return action;
}

void MainWindow::buildCommands() {
  const auto add = [this](const QString& group) {
    return [this, group](const char* id, const QString& text, const QKeySequence& keys, auto act) {
      return addCommand(id, group, text, keys, act);
    };
  };
  const auto session = add(tr("Sessions"));
  session("newSession", tr("New session"), QKeySequence::New, [this] {
    showWorkspace(0);
    solve_->newSession();
  });
  session("renameSession", tr("Rename the session"), Qt::Key_F2, [this] { renameSession(); });
  QAction* remove =
      session("deleteSession", tr("Delete the session"), QKeySequence::Delete, [this] { deleteSession(); });
  // Only in the list: in the composer the key deletes a character.
  list_->addAction(remove);
  remove->setShortcutContext(Qt::WidgetShortcut);
  session("find", tr("Find in this session"), Qt::CTRL | Qt::Key_F, [this] { find(); });
  session("findNext", tr("Find the next one"), Qt::Key_F3, [this] { solve_->findNext(1); });
  session("findPrevious", tr("Find the one before"), Qt::SHIFT | Qt::Key_F3, [this] { solve_->findNext(-1); });
  session("searchAll", tr("Search all sessions"), Qt::CTRL | Qt::SHIFT | Qt::Key_F, [this] { openSearch(); });
  session("exportSession", tr("Export the session\u2026"), Qt::CTRL | Qt::Key_E, [this] { exportSession(); });
  session("importSessions", tr("Import sessions\u2026"), {}, [this] { importSessions(); });

  const auto answer = add(tr("Answers"));
  answer("stop", tr("Stop"), Qt::Key_Escape, [this] { solve_->stop(); });
  answer("pause", tr("Pause or go on"), Qt::CTRL | Qt::Key_Semicolon, [this] { solve_->pauseOrGoOn(); });
  answer("answerNow", tr("Answer now"), Qt::CTRL | Qt::Key_Period, [this] { solve_->answerNow(); });
  answer("thinkMore", tr("Think more"), Qt::CTRL | Qt::SHIFT | Qt::Key_Period, [this] { solve_->thinkMoreLast(); });
  answer("again", tr("Answer again"), Qt::Key_F5, [this] { solve_->again(); });

  const auto message = add(tr("Messages and branches"));
  message("previousMessage", tr("To the message before"), Qt::ALT | Qt::Key_Up, [this] { solve_->stepMessage(-1); });
  message("nextMessage", tr("To the next message"), Qt::ALT | Qt::Key_Down, [this] { solve_->stepMessage(1); });
  message("previousBeside", tr("The one before, of those beside each other"), Qt::ALT | Qt::Key_Left,
          [this] { solve_->stepSibling(-1); });
  message("nextBeside", tr("The next one, of those beside each other"), Qt::ALT | Qt::Key_Right,
          [this] { solve_->stepSibling(1); });
  message("bookmark", tr("Bookmark the last message"), Qt::CTRL | Qt::Key_B, [this] { solve_->bookmarkLast(); });
  message("fork", tr("Ask on from the last message"), Qt::CTRL | Qt::SHIFT | Qt::Key_B, [this] { solve_->forkLast(); });
  message("compare", tr("Compare with the branch beside"), Qt::CTRL | Qt::Key_D, [this] { solve_->compareLast(); });
  const auto side = [this](SolvePanel::Side which) {
    solve_->showSide(solve_->side() == which ? SolvePanel::Side::none : which);
  };
  message("branches", tr("Show the branches"), Qt::CTRL | Qt::Key_T, [side] { side(SolvePanel::Side::tree); });
  message("states", tr("Show the kept states"), Qt::CTRL | Qt::SHIFT | Qt::Key_T,
          [side] { side(SolvePanel::Side::states); });
  message("memory", tr("Show the memory"), Qt::CTRL | Qt::Key_M, [this] { solve_->toggleMemory(); });
  message("restate", tr("Re-state the givens here"), Qt::CTRL | Qt::Key_R, [this] {
    showWorkspace(0);
    solve_->restate();
  });
  message("restateEarlier", tr("Re-state the givens from before they faded, as a branch"),
          Qt::CTRL | Qt::SHIFT | Qt::Key_R, [this] {
            showWorkspace(0);
            solve_->restateEarlier();
          });
  message("inspect", tr("Between the session and its memory"), Qt::CTRL | Qt::Key_I, [this] {
    const bool back = workspaces_->currentWidget() == inspect_ && inspect_->canShowInSolve();
    back ? inspect_->showInSolve() : solve_->inspectHere();
  });

  const auto place = add(tr("Places"));
  place("palette", tr("Every command"), Qt::CTRL | Qt::Key_K, [this] { openPalette(); });
  place("composer", tr("To the question"), Qt::CTRL | Qt::Key_L, [this] {
    showWorkspace(0);
    solve_->composer()->focusText();
  });
  place("between", tr("Between the list of sessions and the question"), Qt::Key_F6,
        [this] { list_->hasFocus() ? solve_->composer()->focusText() : list_->setFocus(); });
  place("model", tr("Choose the model"), Qt::CTRL | Qt::Key_O, [this] {
    showWorkspace(0);
    modelButton_->showMenu();
  });
  place("sampling", tr("Sampling"), Qt::CTRL | Qt::Key_Comma, [this] {
    showWorkspace(0);
    samplerButton_->click();
  });

  const auto look = add(tr("Look"));
  look("largerText", tr("Larger text"), QKeySequence::ZoomIn, [this] { stepTextSize(1); });
  look("smallerText", tr("Smaller text"), QKeySequence::ZoomOut, [this] { stepTextSize(-1); });
  look("usualText", tr("Text of the usual size"), Qt::CTRL | Qt::Key_0, [this] { stepTextSize(0); });
  const std::tuple<ThemeChoice, const char*, QString> themes[] = {
      {ThemeChoice::system, "theme-system", tr("Colours of the desktop")},
      {ThemeChoice::light, "theme-light", tr("Light colours")},
      {ThemeChoice::dark, "theme-dark", tr("Dark colours")}};
  auto* group = new QActionGroup(this);
  for (const auto& [choice, id, text] : themes) {
    QAction* action = look(id, text, {}, [this, choice = choice] {
      setTheme(choice);
      sessions_->saveSetting(QStringLiteral("theme"), themeName(choice));
    });
    action->setCheckable(true);
    action->setActionGroup(group);
  }
  QAction* contrast = look("contrast", tr("More contrast"), {}, [this] {
    Legibility now = legibility_;
    now.contrast = !now.contrast;
    setLegibility(now);
    sessions_->saveSetting(QStringLiteral("contrast"), now.contrast ? QStringLiteral("1") : QStringLiteral("0"));
  });
  contrast->setCheckable(true);

  const auto program = add(tr("Program"));
  program("shortcuts", tr("Keys"), QKeySequence::HelpContents, [this] { openShortcuts(); });
  program("quit", tr("Quit"), QKeySequence::Quit, [this] { close(); });
  qApp->installEventFilter(this);
}

QAction* MainWindow::command(const char* id) const {
  return findChild<QAction*>(QLatin1String("command-") + QLatin1String(id), Qt::FindDirectChildrenOnly);
}

void MainWindow::stepTextSize(int step) {
  Legibility now = legibility_;
  now.percent = next_size(now.percent, step);
  setLegibility(now);
  sessions_->saveSetting(QStringLiteral("text_size"), QString::number(now.percent));
}

void MainWindow::openShortcuts() {
  if (shortcuts_ == nullptr) {
    shortcuts_ = new ShortcutsDialog(actions(), this);
    connect(shortcuts_, &ShortcutsDialog::changed, this, [this] {
      QJsonObject chosen;
      for (const QAction* action : actions()) {
        if (action->shortcut() != action->property(usual_keys).value<QKeySequence>()) {
          chosen.insert(action->objectName(), action->shortcut().toString(QKeySequence::PortableText));
        }
      }
      sessions_->saveSetting(QStringLiteral("keys"),
                             QString::fromUtf8(QJsonDocument(chosen).toJson(QJsonDocument::Compact)));
    });
  }
  shortcuts_->show();
  shortcuts_->raise();
  shortcuts_->activateWindow();
}

void MainWindow::restoreKeys(const QString& saved) {
  const QJsonObject chosen = QJsonDocument::fromJson(saved.toUtf8()).object();
  for (QAction* action : actions()) {
    const QJsonValue keys = chosen.value(action->objectName());
    if (keys.isString()) action->setShortcut(QKeySequence(keys.toString(), QKeySequence::PortableText));
  }
}

// A widget whose property names a command tells the command's keys, as they are now, behind its own words.
bool MainWindow::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QMainWindow::eventFilter(watched, event);
  auto* widget = qobject_cast<QWidget*>(watched);
  const QByteArray id = widget == nullptr ? QByteArray() : widget->property("command").toByteArray();
  const QAction* action = id.isEmpty() || widget->window() != this ? nullptr : command(id.constData());
  if (action == nullptr) return QMainWindow::eventFilter(watched, event);
  QString text = widget->toolTip();
  if (!action->shortcut().isEmpty()) {
    text = tr("%1 (%2)").arg(text, action->shortcut().toString(QKeySequence::NativeText));
  }
  QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(), text, widget);
  return true;
}

}  // namespace holdfast
