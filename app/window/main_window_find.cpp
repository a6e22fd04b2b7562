// Finding things: search over all sessions, the command palette, and sessions as files.
#include <QButtonGroup>
#include <QShortcut>
#include <QStackedWidget>
#include <QToolButton>

#include "app/models/model_list_model.h"
#include "app/models/session_list_model.h"
#include "app/panels/command_palette.h"
#include "app/panels/export_dialog.h"
#include "app/panels/search_panel.h"
#include "app/panels/solve_panel.h"
#include "app/services/exchange_service.h"
#include "app/services/search_service.h"
#include "app/widgets/banner.h"
#include "app/widgets/composer.h"
#include "app/window/main_window.h"

namespace holdfast {

void MainWindow::addFinding() {
  searcher_ = std::make_unique<SearchService>(settings_.data_dir);
  exchange_ = std::make_unique<ExchangeService>(settings_.data_dir);
  search_ = new SearchPanel(searcher_.get(), this);
  palette_ = new CommandPalette(this);
  export_ = new ExportDialog(exchange_.get(), this);
  connect(search_, &SearchPanel::chosen, this, [this](SessionId session, NodeId node) {
    showWorkspace(0);
    solve_->openSession(session, node);
  });
  connect(searcher_.get(), &SearchService::failed, solve_->banner(), &Banner::showError);
  connect(exchange_.get(), &ExchangeService::failed, solve_->banner(), &Banner::showError);
  connect(exchange_.get(), &ExchangeService::imported, this, [this](const std::vector<SessionId>& sessions) {
    sessions_->refresh();
    showWorkspace(0);
    if (!sessions.empty()) solve_->openSession(sessions.front());
  });
  for (const auto& keys : {QKeySequence(Qt::CTRL | Qt::Key_F), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_F)}) {
    connect(new QShortcut(keys, this), &QShortcut::activated, this, &MainWindow::openSearch);
  }
  connect(new QShortcut(Qt::CTRL | Qt::Key_K, this), &QShortcut::activated, this, &MainWindow::openPalette);
}

void MainWindow::openSearch() { search_->openFor(solve_->session()); }

void MainWindow::exportSession() {
  if (solve_->session()) export_->openFor(solve_->session(), windowTitle());
}

void MainWindow::importSessions() { ExportDialog::chooseImport(exchange_.get(), this); }

void MainWindow::openPalette() {
  std::vector<PaletteCommand> commands;
  const auto add = [&](const QString& text, const QString& keys, const QString& group, std::function<void()> act) {
    commands.push_back({text, keys, group, std::move(act)});
  };
  const QString actions = tr("Action");
  add(tr("New session"), tr("Ctrl+N"), actions, [this] {
    showWorkspace(0);
    solve_->newSession();
  });
  add(tr("Search all sessions"), tr("Ctrl+F"), actions, [this] { openSearch(); });
  add(tr("Answer again"), tr("F5"), actions, [this] { solve_->again(); });
  add(tr("Answer now"), tr("Ctrl+."), actions, [this] { solve_->answerNow(); });
  add(tr("Pause or go on"), tr("Ctrl+;"), actions, [this] { solve_->pauseOrGoOn(); });
  add(tr("Show the branches"), tr("Ctrl+T"), actions, [this] { solve_->showSide(SolvePanel::Side::tree); });
  add(tr("Show the kept states"), {}, actions, [this] { solve_->showSide(SolvePanel::Side::states); });
  add(tr("Compare with the branch beside"), tr("Ctrl+D"), actions, [this] { solve_->compareLast(); });
  add(tr("Bookmark the last message"), tr("Ctrl+B"), actions, [this] { solve_->bookmarkLast(); });
  add(tr("Export the session"), {}, actions, [this] { exportSession(); });
  add(tr("Import sessions"), {}, actions, [this] { importSessions(); });
  add(tr("Sampling"), tr("Ctrl+,"), actions, [this] { samplerButton_->click(); });
  for (const auto& [text, choice] :
       {std::pair{tr("Light colours"), ThemeChoice::light}, std::pair{tr("Dark colours"), ThemeChoice::dark},
        std::pair{tr("Colours of the desktop"), ThemeChoice::system}}) {
    add(text, {}, actions, [this, choice = choice] { setTheme(choice); });
  }
  for (int i = 0; i < workspaces_->count(); ++i) {
    const auto* button = rail_->button(i);
    add(button->text(), tr("Ctrl+%1").arg(i + 1), tr("Workspace"), [this, i] { showWorkspace(i); });
  }
  for (int row = 0; row < sessionModel_->rowCount(); ++row) {
    const QModelIndex index = sessionModel_->index(row);
    add(index.data().toString(), {}, tr("Session"), [this, session = sessionModel_->sessionAt(index)] {
      showWorkspace(0);
      solve_->openSession(session);
    });
  }
  for (int row = 0; row < modelModel_->rowCount(); ++row) {
    const QModelIndex index = modelModel_->index(row);
    add(tr("Open %1").arg(index.data().toString()), {}, tr("Model"),
        [this, path = index.data(ModelListModel::PathRole).toString()] { openModel(path); });
  }
  palette_->openWith(std::move(commands));
}

}  // namespace holdfast
