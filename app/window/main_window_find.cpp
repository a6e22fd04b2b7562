// Finding things: search over all sessions, the command palette, and sessions as files.
#include <QAction>
#include <QLabel>
#include <QStackedWidget>

#include "app/models/model_list_model.h"
#include "app/models/session_list_model.h"
#include "app/panels/command_palette.h"
#include "app/panels/export_dialog.h"
#include "app/panels/search_panel.h"
#include "app/panels/shortcuts_dialog.h"
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
}

void MainWindow::find() {
  if (workspaces_->currentIndex() == 0 && solve_->session()) return solve_->find();
  openSearch();
}

void MainWindow::openSearch() { search_->openFor(solve_->session()); }

void MainWindow::exportSession() {
  if (solve_->session()) export_->openFor(solve_->session(), title_->text());
}

void MainWindow::importSessions() { ExportDialog::chooseImport(exchange_.get(), this); }

void MainWindow::openPalette() {
  std::vector<PaletteCommand> commands;
  const auto add = [&](const QString& text, const QString& keys, const QString& group, std::function<void()> act) {
    commands.push_back({text, keys, group, std::move(act)});
  };
  for (QAction* action : actions()) {
    if (action->objectName() == QLatin1String("command-palette")) continue;  // it is open
    add(action->text(), action->shortcut().toString(QKeySequence::NativeText),
        action->property(command_group).toString(), [action] { action->trigger(); });
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
