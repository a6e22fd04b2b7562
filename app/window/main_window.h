// The window: sessions at the left, one of them to read and write, the model and the figures around it.
#pragma once

#include <QMainWindow>
#include <QMap>
#include <QPalette>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "app/services/chat_service.h"
#include "app/services/givens.h"
#include "app/services/session_service.h"
#include "app/window/theme.h"

class QAction;
class QButtonGroup;
class QLabel;
class QListView;
class QMenu;
class QSplitter;
class QStackedWidget;
class QToolButton;

namespace holdfast {

class EvaluatePanel;
class EvaluateService;
class CommandPalette;
class ExchangeService;
class ExportDialog;
class GeneratePanel;
class GenerateService;
class InspectPanel;
class InspectService;
class MemoryPanel;
class ModelListModel;
class ModelService;
class ModelsPanel;
class SamplerPanel;
class SessionListModel;
class ShortcutsDialog;
class SearchPanel;
class SearchService;
class SolvePanel;
class StartPanel;
class TrainPanel;
class TrainService;

struct WindowSettings {
  std::filesystem::path data_dir{};
  QString model{};  // to open at once; empty: the last one used, else the only one installed
  bool load_last_model = true;
  int threads = 0;            // 0 = one per core
  QPalette system_palette{};  // before any of ours was set
};

class MainWindow : public QMainWindow {
  Q_OBJECT

 public:
  explicit MainWindow(WindowSettings settings, QWidget* parent = nullptr);
  ~MainWindow() override;

  void openModel(const QString& path);
  void raiseFor(const QString& model);  // a second start wanted this window
  void setTheme(ThemeChoice choice);
  void setLegibility(const Legibility& legibility);
  [[nodiscard]] ChatService* chat() const { return chat_.get(); }
  [[nodiscard]] SessionService* sessions() const { return sessions_.get(); }
  [[nodiscard]] GenerateService* generator() const { return generator_.get(); }
  [[nodiscard]] bool isReady() const { return ready_; }  // the store is open

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QWidget* buildRail();
  void addWorkspace(const char* name, const QString& text, QWidget* widget);
  QWidget* buildSide();
  QWidget* buildTopBar();
  void buildStatusBar();
  void buildCommands();  // before all that shows them
  QAction* addCommand(const char* id, const QString& group, const QString& text, const QKeySequence& keys,
                      std::function<void()> act);
  [[nodiscard]] QAction* command(const char* id) const;
  void openShortcuts();
  void restoreKeys(const QString& saved);
  void connectServices();
  void addTraining();  // the workspaces Train and Evaluate (main_window_training.cpp)
  void addFinding();
  void find();  // in what is shown, else in all sessions
  void openSearch();
  void openPalette();
  void exportSession();
  void importSessions();
  void applySettings(const QMap<QString, QString>& settings);
  void openFirstModel(const QMap<QString, QString>& settings);
  void refreshModels();
  void fillModelMenu();
  void fillMoreMenu(QMenu* menu);
  void chooseFolder();
  void chooseFile();
  void rememberModel(const QString& path);
  [[nodiscard]] QString samplerKey() const;  // of the model that is open
  void showModelState();
  void showFigures();
  void showCaches();
  void showGivens(const std::vector<GivenLeft>& givens);
  void showWorkspace(int index);
  void showLook();
  void stepTextSize(int step);  // 0: the usual size
  void showSession();
  void deleteSession();
  void renameSession();

  WindowSettings settings_;
  std::unique_ptr<SessionService> sessions_;
  std::unique_ptr<ChatService> chat_;
  std::unique_ptr<InspectService> inspector_;
  std::unique_ptr<ModelService> modelService_;
  std::unique_ptr<TrainService> trainer_;
  std::unique_ptr<EvaluateService> evaluator_;
  std::unique_ptr<GenerateService> generator_;
  std::unique_ptr<SearchService> searcher_;
  std::unique_ptr<ExchangeService> exchange_;
  SessionListModel* sessionModel_;
  ModelListModel* modelModel_;
  SamplerPanel* sampler_;
  StartPanel* start_;
  MemoryPanel* memory_;
  SolvePanel* solve_;
  InspectPanel* inspect_;
  ModelsPanel* models_;
  TrainPanel* train_ = nullptr;
  EvaluatePanel* evaluate_ = nullptr;
  GeneratePanel* generate_;
  SearchPanel* search_ = nullptr;
  CommandPalette* palette_ = nullptr;
  ExportDialog* export_ = nullptr;
  ShortcutsDialog* shortcuts_ = nullptr;
  QStackedWidget* workspaces_ = nullptr;
  QWidget* railWidget_ = nullptr;
  QButtonGroup* rail_ = nullptr;
  QSplitter* splitter_ = nullptr;
  QLabel* noSessions_ = nullptr;  // what stands in the empty list
  QListView* list_ = nullptr;
  QLabel* title_ = nullptr;
  QToolButton* modelButton_ = nullptr;
  QMenu* modelMenu_ = nullptr;
  QToolButton* samplerButton_ = nullptr;
  QLabel* deviceLabel_ = nullptr;
  QLabel* modelLabel_ = nullptr;
  QLabel* tokensLabel_ = nullptr;
  QLabel* rateLabel_ = nullptr;
  QLabel* stateLabel_ = nullptr;
  QLabel* cacheLabel_ = nullptr;
  QToolButton* givensLamp_ = nullptr;
  std::vector<GivenLeft> givens_;  // of the session in sight
  QStringList recent_;
  QMap<QString, QString> samplers_;  // by samplerKey(), as saved
  QString loadingName_;
  ThemeChoice theme_ = ThemeChoice::system;
  Legibility legibility_;
  bool restoring_ = false;
  bool ready_ = false;
};

}  // namespace holdfast
