#include "app/window/main_window.h"

#include <QAction>
#include <QApplication>
#include <QButtonGroup>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QItemSelectionModel>
#include <QLabel>
#include <QListView>
#include <QLocale>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QRegularExpression>
#include <QScreen>
#include <QSplitter>
#include <QStackedWidget>
#include <QStatusBar>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "app/files/paths.h"
#include "app/files/run_products.h"
#include "app/models/model_list_model.h"
#include "app/models/session_list_model.h"
#include "app/models/size_text.h"
#include "app/panels/generate_panel.h"
#include "app/panels/inspect_panel.h"
#include "app/panels/memory_panel.h"
#include "app/panels/models_panel.h"
#include "app/panels/sampler_panel.h"
#include "app/panels/solve_panel.h"
#include "app/panels/start_panel.h"
#include "app/services/cache_size.h"
#include "app/services/evaluate_service.h"
#include "app/services/exchange_service.h"
#include "app/services/generate_service.h"
#include "app/services/inspect_service.h"
#include "app/services/model_service.h"
#include "app/services/search_service.h"
#include "app/services/train_service.h"
#include "app/widgets/banner.h"
#include "app/widgets/composer.h"
#include "app/widgets/elided_label.h"
#include "app/widgets/parts.h"
#include "app/widgets/session_delegate.h"

namespace holdfast {
namespace {

constexpr int most_recent = 8;
constexpr const char* sampler_of = "sampler:";  // and the path of a model: its sampling, among the settings

QString shown_name(const QString& path) {
  const QFileInfo file(path);
  return file.suffix() == QLatin1String("gguf") ? file.completeBaseName()
                                                : QFileInfo(file.absoluteFilePath()).fileName();
}

QString qstring(const std::string& text) { return QString::fromStdString(text); }

// What a status bar has room for; all of it is in the tooltip.
QString short_reason(const std::string& reason) {
  constexpr qsizetype longest = 48;
  const QString text = qstring(reason);
  const qsizetype end = text.indexOf(QRegularExpression(QStringLiteral("[:;(]")));
  const QString first = text.left(end).trimmed();
  return first.size() > longest ? first.left(longest) + QChar(0x2026) : first;
}

// One height, whatever stands in it.
void fit_height(QStatusBar* bar) { bar->setFixedHeight(QFontMetrics(QApplication::font()).height() + 10); }

QString local_file(const QMimeData* data) {
  if (!data->hasUrls() || data->urls().size() != 1 || !data->urls().first().isLocalFile()) return {};
  return data->urls().first().toLocalFile();
}

}  // namespace

MainWindow::MainWindow(WindowSettings settings, QWidget* parent)
    : QMainWindow(parent),
      settings_(std::move(settings)),
      sessions_(std::make_unique<SessionService>(settings_.data_dir)),
      chat_(std::make_unique<ChatService>(settings_.data_dir, settings_.threads)),
      inspector_(std::make_unique<InspectService>(settings_.data_dir, settings_.threads)),
      modelService_(std::make_unique<ModelService>(settings_.data_dir, settings_.threads)),
      generator_(std::make_unique<GenerateService>(settings_.data_dir, settings_.threads)),
      sessionModel_(new SessionListModel(this)),
      modelModel_(new ModelListModel(this)),
      sampler_(new SamplerPanel(this)),
      start_(new StartPanel(modelModel_)),
      memory_(new MemoryPanel(chat_.get(), inspector_.get())),
      solve_(new SolvePanel(sessions_.get(), chat_.get(), sampler_, start_, memory_)),
      inspect_(new InspectPanel(inspector_.get())),
      models_(new ModelsPanel(modelService_.get())),
      generate_(new GeneratePanel(generator_.get())) {
  setWindowTitle(tr("Holdfast"));
  setAcceptDrops(true);
  resize(1180, 780);
  refreshModels();
  QWidget* side = buildSide();
  buildCommands();
  auto* right = new QWidget;
  auto* column = new QVBoxLayout(right);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(buildTopBar());
  column->addWidget(solve_, 1);
  splitter_ = new QSplitter(Qt::Horizontal);
  splitter_->setHandleWidth(1);
  splitter_->setChildrenCollapsible(false);
  splitter_->addWidget(side);
  splitter_->addWidget(right);
  splitter_->setStretchFactor(1, 1);
  splitter_->setSizes({260, 920});
  workspaces_ = new QStackedWidget;
  auto* whole = new QWidget;
  auto* across = new QHBoxLayout(whole);
  across->setContentsMargins(0, 0, 0, 0);
  across->setSpacing(0);
  railWidget_ = buildRail();
  across->addWidget(railWidget_);
  across->addWidget(workspaces_, 1);
  setCentralWidget(whole);
  addWorkspace("solveWorkspace", tr("Solve"), splitter_);
  addWorkspace("modelsWorkspace", tr("Models"), models_);
  addWorkspace("inspectWorkspace", tr("Inspect"), inspect_);
  addWorkspace("generateWorkspace", tr("Generate"), generate_);
  addTraining();
  addFinding();
  buildStatusBar();
  connectServices();
  showModelState();
  solve_->composer()->focusText();
  sessions_->start();
}

MainWindow::~MainWindow() {
  // The services' threads end before any widget that their signals reach.
  exchange_.reset();
  searcher_.reset();
  generator_.reset();
  modelService_.reset();
  evaluator_.reset();
  trainer_.reset();
  inspector_.reset();
  chat_.reset();
  sessions_.reset();
}

// The workspaces, down the left edge.
QWidget* MainWindow::buildRail() {
  auto* rail = new QWidget;
  rail->setObjectName(QStringLiteral("rail"));
  rail->setAttribute(Qt::WA_StyledBackground);
  auto* layout = new QVBoxLayout(rail);
  layout->setContentsMargins(6, 10, 6, 10);
  layout->setSpacing(4);
  rail_ = new QButtonGroup(this);
  layout->addStretch(1);
  connect(rail_, &QButtonGroup::idClicked, this, &MainWindow::showWorkspace);
  return rail;
}

// The order of the calls is that down the rail and of Ctrl+1, Ctrl+2, ...
void MainWindow::addWorkspace(const char* name, const QString& text, QWidget* widget) {
  const int index = workspaces_->addWidget(widget);
  auto* button = new QToolButton;
  button->setObjectName(QLatin1String(name));
  button->setProperty("rail", true);
  button->setCheckable(true);
  button->setChecked(index == 0);
  button->setText(text);
  const QByteArray id = QByteArray("go-") + name;
  button->setProperty("command", id);
  button->setToolTip(text);
  button->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  rail_->addButton(button, index);
  auto* layout = static_cast<QVBoxLayout*>(railWidget_->layout());
  layout->insertWidget(layout->count() - 1, button);  // before the stretch
  addCommand(id.constData(), tr("Workspaces"), text, Qt::CTRL | static_cast<Qt::Key>(Qt::Key_1 + index),
             [this, index] { showWorkspace(index); });
}

void MainWindow::showWorkspace(int index) {
  workspaces_->setCurrentIndex(index);
  rail_->button(index)->setChecked(true);
}

QWidget* MainWindow::buildSide() {
  auto* side = new QWidget;
  side->setObjectName(QStringLiteral("side"));
  side->setAttribute(Qt::WA_StyledBackground);
  side->setMinimumWidth(190);
  auto* layout = new QVBoxLayout(side);
  layout->setContentsMargins(0, 10, 0, 0);
  layout->setSpacing(4);
  auto* button = new QPushButton(tr("New session"));
  button->setObjectName(QStringLiteral("newSession"));
  button->setToolTip(tr("Begin a new session"));
  button->setProperty("command", "newSession");
  auto* row = new QHBoxLayout;
  row->setContentsMargins(12, 0, 12, 4);
  row->addWidget(button, 1);
  auto* search = new QPushButton(tr("Search"));
  search->setObjectName(QStringLiteral("searchButton"));
  search->setToolTip(tr("Search all sessions"));
  search->setProperty("command", "searchAll");
  connect(search, &QPushButton::clicked, this, &MainWindow::openSearch);
  row->addWidget(search);
  layout->addLayout(row);
  noSessions_ = mutedLabel(tr("What you ask is kept here."));
  noSessions_->setContentsMargins(18, 6, 12, 0);
  noSessions_->hide();
  layout->addWidget(noSessions_);
  list_ = new QListView;
  list_->setObjectName(QStringLiteral("sessionList"));
  list_->setAccessibleName(tr("Sessions"));
  list_->setModel(sessionModel_);
  list_->setItemDelegate(new SessionDelegate({.group = SessionListModel::GroupRole,
                                              .begins = SessionListModel::BeginsRole,
                                              .running = SessionListModel::RunningRole},
                                             list_));
  list_->setEditTriggers(QAbstractItemView::EditKeyPressed);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  list_->setMouseTracking(true);
  list_->setContextMenuPolicy(Qt::CustomContextMenu);
  layout->addWidget(list_, 1);
  connect(button, &QPushButton::clicked, this, [this] { solve_->newSession(); });
  connect(list_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& index) {
    if (!restoring_ && index.isValid()) solve_->openSession(sessionModel_->sessionAt(index));
  });
  connect(list_, &QListView::customContextMenuRequested, this, [this](const QPoint& point) {
    if (!list_->indexAt(point).isValid()) return;
    QMenu menu(this);
    menu.addActions({command("renameSession"), command("deleteSession"), command("exportSession")});
    menu.exec(list_->viewport()->mapToGlobal(point));
  });
  return side;
}

QWidget* MainWindow::buildTopBar() {
  auto* bar = new QWidget;
  bar->setObjectName(QStringLiteral("topBar"));
  bar->setAttribute(Qt::WA_StyledBackground);
  auto* layout = new QHBoxLayout(bar);
  layout->setContentsMargins(20, 8, 12, 8);
  layout->setSpacing(8);
  title_ = new ElidedLabel;
  title_->setObjectName(QStringLiteral("title"));
  title_->setProperty("title", true);
  layout->addWidget(title_, 1);
  modelButton_ = new QToolButton;
  modelButton_->setObjectName(QStringLiteral("modelButton"));
  modelButton_->setPopupMode(QToolButton::InstantPopup);
  modelMenu_ = new QMenu(modelButton_);
  modelButton_->setMenu(modelMenu_);
  connect(modelMenu_, &QMenu::aboutToShow, this, &MainWindow::fillModelMenu);
  layout->addWidget(modelButton_);
  samplerButton_ = new QToolButton;
  samplerButton_->setObjectName(QStringLiteral("samplerButton"));
  samplerButton_->setText(tr("Sampling"));
  samplerButton_->setToolTip(tr("How the next answer is drawn"));
  samplerButton_->setProperty("command", "sampling");
  modelButton_->setProperty("command", "model");
  connect(samplerButton_, &QToolButton::clicked, this, [this] {
    sampler_->adjustSize();
    const QPoint corner = samplerButton_->mapToGlobal(QPoint(samplerButton_->width(), samplerButton_->height() + 4));
    sampler_->move(corner - QPoint(sampler_->width(), 0));
    sampler_->show();
  });
  layout->addWidget(samplerButton_);
  const auto side = [&](const char* name, const char* id, const QString& text, const QString& help,
                        SolvePanel::Side which) {
    auto* button = new QToolButton;
    button->setObjectName(QLatin1String(name));
    button->setText(text);
    button->setToolTip(help);
    button->setProperty("command", id);
    button->setCheckable(true);
    connect(button, &QToolButton::clicked, this, [this, button, which](bool open) {
      if (which == SolvePanel::Side::memory) {
        solve_->toggleMemory();
      } else {
        solve_->showSide(open ? which : SolvePanel::Side::none);
      }
      button->setChecked(solve_->side() == which);
    });
    connect(solve_, &SolvePanel::sideChanged, button,
            [this, button, which] { button->setChecked(solve_->side() == which); });
    layout->addWidget(button);
  };
  side("memoryButton", "memory", tr("Memory"), tr("What the memory holds, beside the text"), SolvePanel::Side::memory);
  side("treeButton", "branches", tr("Branches"), tr("All branches of this session"), SolvePanel::Side::tree);
  side("statesButton", "states", tr("States"), tr("The kept states of this session"), SolvePanel::Side::states);
  auto* more = new QToolButton;
  more->setObjectName(QStringLiteral("moreButton"));
  more->setText(QStringLiteral("\u22ef"));
  more->setAccessibleName(tr("More"));
  more->setToolTip(tr("Find, export, colours, keys"));
  more->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(more);
  more->setMenu(menu);
  fillMoreMenu(menu);
  layout->addWidget(more);
  return bar;
}

void MainWindow::fillMoreMenu(QMenu* menu) {
  const auto add = [&](std::initializer_list<const char*> ids) {
    for (const char* id : ids) menu->addAction(command(id));
  };
  add({"renameSession", "deleteSession"});
  menu->addSeparator();
  add({"find", "searchAll", "palette", "exportSession", "importSessions"});
  menu->addSeparator();
  add({"theme-system", "theme-light", "theme-dark", "contrast", "largerText", "smallerText"});
  menu->addSeparator();
  add({"shortcuts"});
}

void MainWindow::buildStatusBar() {
  statusBar()->setSizeGripEnabled(false);
  const auto label = [this](const char* name, int stretch, QLabel* made = new QLabel) {
    made->setObjectName(QLatin1String(name));
    made->setTextFormat(Qt::PlainText);
    statusBar()->addWidget(made, stretch);
    return made;
  };
  deviceLabel_ = label("deviceLabel", 0, new ElidedLabel);  // the reason why may be long
  deviceLabel_->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
  modelLabel_ = label("modelLabel", 1);
  tokensLabel_ = label("tokensLabel", 0);
  rateLabel_ = label("rateLabel", 0);
  stateLabel_ = label("stateLabel", 0);
  cacheLabel_ = label("cacheLabel", 0, new ElidedLabel);
  cacheLabel_->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
  givensLamp_ = new QToolButton;
  givensLamp_->setObjectName(QStringLiteral("givensLamp"));
  givensLamp_->setProperty("flat", true);
  givensLamp_->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(givensLamp_);
  menu->addAction(tr("Inspect what is left of them"), this, [this] {
    const auto fading = std::ranges::find_if(givens_, &GivenLeft::fades);
    if (givens_.empty()) return;
    showWorkspace(workspaces_->indexOf(inspect_));
    inspect_->inspectToken((fading == givens_.end() ? givens_.front() : *fading).token);
  });
  menu->addAction(command("restate"));
  menu->addAction(command("restateEarlier"));
  givensLamp_->setMenu(menu);
  givensLamp_->hide();
  statusBar()->addPermanentWidget(givensLamp_);
  fit_height(statusBar());
}

// The lamp of the memory: numbers of the question of which no head has half left.
void MainWindow::showGivens(const std::vector<GivenLeft>& givens) {
  givens_ = givens;
  givensLamp_->setVisible(!givens.empty());
  if (givens.empty()) return;
  const auto fading = std::ranges::count_if(givens, &GivenLeft::fades);
  givensLamp_->setText(fading == 0 ? tr("\u25cf Givens held")
                                   : tr("\u26a0 %1 of %2 givens fading").arg(fading).arg(givens.size()));
  QString lines = givensSummary(givens) + tr(" (more than half left in the best head)");
  for (const GivenLeft& given : givens) {
    lines += QLatin1Char('\n') + tr("%1: %2 % in the best head, %3 % in the median one")
                                     .arg(given.text, QLocale().toString(100.0 * given.best, 'f', 1),
                                          QLocale().toString(100.0 * given.median, 'f', 1));
  }
  givensLamp_->setToolTip(lines);
  givensLamp_->setAccessibleName(givensSummary(givens));
}

void MainWindow::connectServices() {
  Banner* banner = solve_->banner();
  connect(sessions_.get(), &SessionService::opened, this,
          [this, banner](const QMap<QString, QString>& settings, int recovered) {
            ready_ = true;
            solve_->composer()->setEnabled(true);
            applySettings(settings);
            openFirstModel(settings);
            generator_->start();
            if (recovered > 0) {
              banner->showNote(
                  recovered == 1
                      ? tr("An answer had been cut off; its text is there and can be continued.")
                      : tr("%1 answers had been cut off; their texts are there and can be continued.").arg(recovered));
            }
          });
  connect(sessions_.get(), &SessionService::openFailed, this, [this, banner](const QString& message) {
    banner->showRefusal(message, tr("Try again"), [this] { sessions_->start(); });
    solve_->composer()->setEnabled(false);
  });
  connect(sessions_.get(), &SessionService::openedToRead, this, &MainWindow::applySettings);
  connect(sessions_.get(), &SessionService::failed, banner, &Banner::showError);
  connect(sessions_.get(), &SessionService::sessionsChanged, this, [this](std::vector<SessionRow> rows) {
    restoring_ = true;
    sessionModel_->setSessions(std::move(rows));
    restoring_ = false;
    noSessions_->setVisible(sessionModel_->rowCount() == 0);
    showSession();
  });
  connect(sessionModel_, &SessionListModel::renamed, sessions_.get(), &SessionService::rename);
  connect(chat_.get(), &ChatService::loadingStarted, this, [this](const QString& path) {
    loadingName_ = shown_name(path);
    start_->showLoading(loadingName_);
    showModelState();
  });
  connect(chat_.get(), &ChatService::loadingProgress, start_, &StartPanel::setProgress);
  connect(chat_.get(), &ChatService::modelLoaded, this, [this] {
    rememberModel(qstring(chat_->model()->path));
    sampler_->setModelFormat(qstring(chat_->model()->format));
    // As it was last with this model, else what its makers advise.
    const QString own = samplers_.value(samplerKey());
    if (!own.isEmpty()) sampler_->restore(own);
    sampler_->setAdvice(chat_->model()->sampling);
    inspect_->setModel(chat_->sharedModel());
    generator_->setModel(chat_->sharedModel(), qstring(chat_->model()->name), qstring(chat_->model()->format));
    models_->setOpen(qstring(chat_->model()->path));
  });
  connect(chat_.get(), &ChatService::failed, this, [this, banner](const QString& message) {
    banner->showError(message);
    sessions_->checkStorage();  // perhaps it is the disk
  });
  connect(chat_.get(), &ChatService::noticed, banner, [banner](const QString& text) { banner->showNote(text); });
  connect(chat_.get(), &ChatService::phaseChanged, this, [this] {
    sessionModel_->setRunning(chat_->runningSession());
    showModelState();
  });
  connect(chat_.get(), &ChatService::turnFinished, sessions_.get(), &SessionService::refresh);
  connect(solve_, &SolvePanel::sessionChanged, this, &MainWindow::showSession);
  connect(solve_, &SolvePanel::memoryOpenChanged, this, [this](bool open) {
    sessions_->saveSetting(QStringLiteral("memory_open"), open ? QStringLiteral("1") : QStringLiteral("0"));
  });
  connect(memory_, &MemoryPanel::resultChanged, this,
          [this] { showGivens(memory_->result() != nullptr ? memory_->result()->givens : std::vector<GivenLeft>{}); });
  connect(inspect_, &InspectPanel::restateAtWanted, this,
          [this](SessionId session, const RestatePlace& place, const QString& text) {
            showWorkspace(workspaces_->indexOf(splitter_));
            solve_->restateAt(session, place, text);
          });
  connect(inspect_, &InspectPanel::restateWanted, this, [this](SessionId session, const QString& text) {
    showWorkspace(workspaces_->indexOf(splitter_));
    solve_->compose(session, text);
  });
  connect(models_, &ModelsPanel::openWanted, this, [this](const QString& path) {
    openModel(path);
    showWorkspace(0);
  });
  connect(models_, &ModelsPanel::hubChanged, this,
          [this](const QString& hub) { sessions_->saveSetting(QStringLiteral("hub"), hub); });
  connect(modelService_.get(), &ModelService::modelsChanged, this, &MainWindow::refreshModels);
  connect(generate_, &GeneratePanel::solveWanted, this, [this](const QString& problem) {
    showWorkspace(workspaces_->indexOf(splitter_));
    solve_->newSession();
    solve_->composer()->setText(problem);
    solve_->composer()->focusText();
  });
  connect(inspect_, &InspectPanel::watchingChanged, this, [this](bool watching) {
    sessions_->saveSetting(QLatin1String(watch_setting), watching ? QStringLiteral("1") : QStringLiteral("0"));
  });
  connect(inspect_, &InspectPanel::failed, this, [this](const QString& message) {
    solve_->banner()->showError(message);
    showWorkspace(0);
  });
  connect(chat_.get(), &ChatService::stateImported, this, [this](SessionId session) {
    sessions_->refresh();
    solve_->openSession(session);
    solve_->banner()->showNote(tr("The session begins with the imported state."));
  });
  connect(solve_, &SolvePanel::inspectWanted, this, [this](const TextPlace& place) {
    showWorkspace(workspaces_->indexOf(inspect_));
    inspect_->inspectPlace(place);
  });
  connect(inspect_, &InspectPanel::solveWanted, this, [this](SessionId session, const TextPlace& place) {
    showWorkspace(workspaces_->indexOf(splitter_));
    solve_->showPlace(session, place);
  });
  connect(solve_, &SolvePanel::figuresChanged, this, &MainWindow::showFigures);
  connect(start_, &StartPanel::modelChosen, this, &MainWindow::openModel);
  connect(start_, &StartPanel::folderWanted, this, &MainWindow::chooseFolder);
  connect(start_, &StartPanel::fileWanted, this, &MainWindow::chooseFile);
  connect(start_, &StartPanel::exampleChosen, this, [this](const QString& problem) {
    solve_->composer()->setText(problem);
    solve_->composer()->focusText();
  });
  connect(start_, &StartPanel::commandsWanted, this, &MainWindow::openPalette);
  connect(start_, &StartPanel::keysWanted, this, &MainWindow::openShortcuts);
  connect(sampler_, &SamplerPanel::changed, this, [this] {
    const QString now = sampler_->save();
    sessions_->saveSetting(QStringLiteral("sampler"), now);
    if (!chat_->model()) return;
    samplers_[samplerKey()] = now;
    sessions_->saveSetting(samplerKey(), now);
  });
}

void MainWindow::applySettings(const QMap<QString, QString>& settings) {
  if (settings.contains(QStringLiteral("geometry"))) {
    restoreGeometry(QByteArray::fromBase64(settings.value(QStringLiteral("geometry")).toLatin1()));
  }
  if (settings.contains(QStringLiteral("splitter"))) {
    splitter_->restoreState(QByteArray::fromBase64(settings.value(QStringLiteral("splitter")).toLatin1()));
  }
  if (settings.contains(QStringLiteral("theme"))) theme_ = themeChoice(settings.value(QStringLiteral("theme")));
  legibility_.contrast = settings.value(QStringLiteral("contrast")) == QStringLiteral("1");
  if (const int percent = settings.value(QStringLiteral("text_size")).toInt(); percent > 0)
    legibility_.percent = percent;
  showLook();
  restoreKeys(settings.value(QStringLiteral("keys")));
  sampler_->restore(settings.value(QStringLiteral("sampler")));
  for (auto setting = settings.begin(); setting != settings.end(); ++setting) {
    if (setting.key().startsWith(QLatin1String(sampler_of))) samplers_.insert(setting.key(), setting.value());
  }
  models_->setHub(settings.value(QStringLiteral("hub")));
  solve_->setMemoryOpen(settings.value(QStringLiteral("memory_open")) == QStringLiteral("1"));
  inspect_->setWatching(settings.value(QLatin1String(watch_setting)) != QStringLiteral("0"));
  recent_ = settings.value(QStringLiteral("recent_models")).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
  refreshModels();
  const QString draft = settings.value(QStringLiteral("draft"));
  solve_->setNewDraft(draft);
  if (solve_->composer()->text().isEmpty()) solve_->composer()->setText(draft);
  showModelState();
}

void MainWindow::openFirstModel(const QMap<QString, QString>& settings) {
  if (!settings_.model.isEmpty()) return openModel(settings_.model);
  if (!settings_.load_last_model) return;
  const QString last = settings.value(QStringLiteral("last_model"));
  if (!last.isEmpty() && QFileInfo::exists(last)) return openModel(last);
  try {
    openModel(qstring(default_model(settings_.data_dir).path.string()));
  } catch (const std::exception&) {
    // None or several: the start page asks.
  }
}

QString MainWindow::samplerKey() const { return QLatin1String(sampler_of) + qstring(chat_->model()->path); }

void MainWindow::refreshModels() {
  std::vector<InstalledModel> installed;
  try {
    installed = installed_models(settings_.data_dir);
    for (const RunProduct& made : products_of_runs(settings_.data_dir)) installed.push_back({made.name, made.path});
  } catch (const std::exception& error) {
    solve_->banner()->showError(QString::fromUtf8(error.what()));
  }
  modelModel_->setModels(installed, recent_);
}

void MainWindow::fillModelMenu() {
  refreshModels();
  modelMenu_->clear();
  const QString current = chat_->model() ? qstring(chat_->model()->path) : QString();
  for (int row = 0; row < modelModel_->rowCount(); ++row) {
    const QModelIndex index = modelModel_->index(row);
    const QString path = index.data(ModelListModel::PathRole).toString();
    QAction* action = modelMenu_->addAction(index.data().toString().replace(QLatin1Char('&'), QLatin1String("&&")));
    action->setToolTip(path);
    action->setCheckable(true);
    action->setChecked(path == current);
    connect(action, &QAction::triggered, this, [this, path] { openModel(path); });
  }
  if (modelModel_->rowCount() > 0) modelMenu_->addSeparator();
  modelMenu_->addAction(tr("Open a model folder\u2026"), this, &MainWindow::chooseFolder);
  modelMenu_->addAction(tr("Open a GGUF file\u2026"), this, &MainWindow::chooseFile);
}

void MainWindow::chooseFolder() {
  const QString path = QFileDialog::getExistingDirectory(this, tr("Open a model folder"));
  if (!path.isEmpty()) openModel(path);
}

void MainWindow::chooseFile() {
  const QString path = QFileDialog::getOpenFileName(this, tr("Open a GGUF file"), {}, tr("GGUF models (*.gguf)"));
  if (!path.isEmpty()) openModel(path);
}

void MainWindow::openModel(const QString& path) {
  if (chat_->phase() != ChatService::Phase::idle) {
    solve_->banner()->showError(tr("An answer is being written; stop it before you open another model."));
    return;
  }
  solve_->banner()->hide();
  chat_->loadModel(path);
}

void MainWindow::rememberModel(const QString& path) {
  recent_.removeAll(path);
  recent_.prepend(path);
  while (recent_.size() > most_recent) recent_.removeLast();
  sessions_->saveSetting(QStringLiteral("recent_models"), recent_.join(QLatin1Char('\n')));
  sessions_->saveSetting(QStringLiteral("last_model"), path);
  refreshModels();
}

void MainWindow::showModelState() {
  const std::optional<ModelInfo>& model = chat_->model();
  if (chat_->isLoading()) {
    modelButton_->setText(tr("Loading %1\u2026").arg(loadingName_));
  } else if (!model) {
    modelButton_->setText(tr("Choose a model"));
    start_->showNoModel(qstring((settings_.data_dir / "models").string()));
  } else {
    modelButton_->setText(qstring(model->name));
    start_->showReady(qstring(model->name),
                      tr("%1 layers of width %2, %3 of weights. It remembers a session in %4, however long it gets.")
                          .arg(model->layers)
                          .arg(model->width)
                          .arg(sizeText(static_cast<double>(model->weight_bytes)),
                               sizeText(static_cast<double>(model->state_bytes))));
  }
  modelButton_->setAccessibleName(tr("Model: %1").arg(modelButton_->text()));
  modelButton_->setToolTip(model ? qstring(model->path) : tr("Open a model"));
  showFigures();
}

void MainWindow::showFigures() {
  if (deviceLabel_ == nullptr) return;
  const std::optional<ModelInfo>& model = chat_->model();
  deviceLabel_->setText(!model                         ? QString()
                        : model->device_reason.empty() ? tr("GPU")
                                                       : tr("CPU: %1").arg(short_reason(model->device_reason)));
  deviceLabel_->setToolTip(
      !model ? QString()
      : model->device_reason.empty()
          ? qstring(model->device)
          : tr("%1\nNo GPU is used: %2").arg(qstring(model->device), qstring(model->device_reason)));
  modelLabel_->setText(model ? tr("%1, %2").arg(qstring(model->name), qstring(model->dtype)) : tr("No model"));
  modelLabel_->setToolTip(
      model ? tr("%1 layout, %2 of weights\n%3")
                  .arg(qstring(model->layout), sizeText(static_cast<double>(model->weight_bytes)), qstring(model->path))
            : QString());
  tokensLabel_->setText(!solve_->session()      ? QString()
                        : solve_->tokens() == 1 ? tr("1 token")
                                                : tr("%1 tokens").arg(QLocale().toString(solve_->tokens())));
  tokensLabel_->setToolTip(tr("Tokens of this session that the model has read and written"));
  const double rate = solve_->tokensPerSecond();
  rateLabel_->setText(rate > 0 ? tr("%1 tokens/s").arg(QLocale().toString(rate, 'f', rate < 100 ? 1 : 0)) : QString());
  stateLabel_->setText(model ? tr("State %1").arg(sizeText(static_cast<double>(model->state_bytes))) : QString());
  stateLabel_->setToolTip(model ? tr("The model's memory of a session: %1 bytes, whatever its length")
                                      .arg(QLocale().toString(static_cast<qulonglong>(model->state_bytes)))
                                : QString());
  showCaches();
  for (QLabel* label : {deviceLabel_, tokensLabel_, rateLabel_, stateLabel_, cacheLabel_})
    label->setVisible(!label->text().isEmpty());
  for (QLabel* label : {deviceLabel_, modelLabel_, tokensLabel_, stateLabel_, cacheLabel_})
    label->setAccessibleDescription(label->toolTip());
}

// The constant memory beside what would grow: honest on both sides of the length from which it is smaller.
void MainWindow::showCaches() {
  const std::optional<ModelInfo>& model = chat_->model();
  const double tokens = static_cast<double>(solve_->tokens());
  if (!model || tokens <= 0) return cacheLabel_->clear();
  const double own = cache_of_this_size(static_cast<double>(model->layers), static_cast<double>(model->width));
  const auto state = static_cast<double>(model->state_bytes);
  cacheLabel_->setText(tr("a Transformer's cache %1").arg(sizeText(own * tokens)));
  QString lines = tr("Keys and values in bf16 for this text:");
  const auto add = [&](const QString& name, double perToken) {
    lines += QLatin1Char('\n') + tr("%1: %2; it is larger than this state from %3 tokens on")
                                     .arg(name, sizeText(perToken * tokens),
                                          QLocale().toString(static_cast<qlonglong>(std::ceil(state / perToken))));
  };
  add(tr("a Transformer of this size"), own);
  for (const CacheOfTransformer& cache : caches_of_transformers) add(QString::fromLatin1(cache.name), cache.bytes);
  cacheLabel_->setToolTip(lines);
}

void MainWindow::showSession() {
  const QModelIndex index = sessionModel_->indexOf(solve_->session());
  restoring_ = true;
  if (index.isValid()) {
    list_->setCurrentIndex(index);
  } else {
    list_->selectionModel()->clear();
  }
  restoring_ = false;
  title_->setText(index.isValid() ? index.data().toString() : QString());
  inspect_->setSession(solve_->session(), title_->text());
  setWindowTitle(index.isValid() ? tr("%1 \u2013 Holdfast").arg(title_->text()) : tr("Holdfast"));
}

void MainWindow::renameSession() {
  const QModelIndex index = list_->currentIndex();
  if (!index.isValid()) return;
  list_->scrollTo(index);
  list_->edit(index);
}

void MainWindow::deleteSession() {
  const QModelIndex index = list_->currentIndex();
  if (!index.isValid()) return;
  const SessionId session = sessionModel_->sessionAt(index);
  const QString title = index.data().toString();
  if (chat_->runningSession() == session) chat_->stop();
  if (solve_->session() == session) solve_->newSession();
  sessions_->remove(session);
  solve_->banner()->showNote(tr("\u201c%1\u201d was deleted.").arg(title), tr("Undo"), [this, session] {
    sessions_->restore(session);
    solve_->openSession(session);
  });
}

void MainWindow::setTheme(ThemeChoice choice) {
  theme_ = choice;
  showLook();
}

void MainWindow::setLegibility(const Legibility& legibility) {
  legibility_ = legibility;
  showLook();
}

void MainWindow::showLook() {
  command("theme-system")->setChecked(theme_ == ThemeChoice::system);
  command("theme-light")->setChecked(theme_ == ThemeChoice::light);
  command("theme-dark")->setChecked(theme_ == ThemeChoice::dark);
  command("contrast")->setChecked(legibility_.contrast);
  applyTheme(*qApp, theme_, settings_.system_palette, legibility_);
  fit_height(statusBar());
}

void MainWindow::raiseFor(const QString& model) {
  setWindowState((windowState() & ~Qt::WindowMinimized) | Qt::WindowActive);
  show();
  raise();
  activateWindow();
  if (!model.isEmpty()) openModel(model);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  solve_->saveDraft();
  sessions_->saveSetting(QStringLiteral("geometry"), QString::fromLatin1(saveGeometry().toBase64()));
  sessions_->saveSetting(QStringLiteral("splitter"), QString::fromLatin1(splitter_->saveState().toBase64()));
  event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (!local_file(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  const QString path = local_file(event->mimeData());
  if (path.isEmpty()) return;
  event->acceptProposedAction();
  const QString ending = QFileInfo(path).suffix().toLower();
  if (ending == QLatin1String("jsonl") || ending == QLatin1String("json")) return exchange_->importFile(path);
  if (ending == QLatin1String("safetensors") && chat_->model()) return solve_->beginFromState(path);
  openModel(path);
}

void MainWindow::changeEvent(QEvent* event) {
  QMainWindow::changeEvent(event);
  if (event->type() == QEvent::LocaleChange) showModelState();
}

}  // namespace holdfast
