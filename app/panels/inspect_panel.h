// What the model's memory kept and lost over a text: which heads remember for how long, what is left of a token and of
// the givens, how the memory filled, what a Transformer's cache would hold, and how two memories differ. All views
// speak of one selected head and one selected token.
#pragma once

#include <QWidget>
#include <memory>
#include <variant>

#include "app/services/inspect_metric.h"
#include "app/services/inspect_service.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QMenu;
class QProgressBar;
class QPushButton;
class QSortFilterProxyModel;
class QStackedWidget;
class QTableView;
class QTableWidget;
class QTabWidget;
class QTextEdit;
class QToolButton;

namespace holdfast {

class HeadTableModel;
class HeatmapView;
class InspectDifference;
class InspectHeadView;
class PlotView;

class InspectPanel : public QWidget {
  Q_OBJECT

 public:
  explicit InspectPanel(InspectService* service, QWidget* parent = nullptr);

  void setModel(const SharedModel& model);
  void setSession(SessionId session, const QString& title);  // what "this session" is
  void inspectSession(bool again = false);
  // The session that is open in Solve, and in it the token of this place; of no message: the session alone.
  void inspectPlace(const TextPlace& place);
  void inspectToken(int token);
  void showInSolve();  // the chosen token
  [[nodiscard]] bool canShowInSolve() const;
  [[nodiscard]] const InspectResult* result() const { return result_.get(); }
  [[nodiscard]] int token() const { return token_; }
  void setWatching(bool watching);  // whether sessions are watched while they run

 signals:
  void failed(const QString& message);
  void watchingChanged(bool watching);
  void restateWanted(holdfast::SessionId session, const QString& text);  // of no session: in the one that is open
  // As a branch of the session's last reply.
  void restateAtWanted(holdfast::SessionId session, const holdfast::RestatePlace& place, const QString& text);
  void solveWanted(holdfast::SessionId session, const holdfast::TextPlace& place);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QWidget* buildBar();
  QWidget* buildOverview();
  QWidget* buildNumbers();
  void buildTabs();
  void connectViews();
  void inspectText();
  void show(std::shared_ptr<const InspectResult> result);
  void showText();
  void selectHead(int layer, int head);
  void selectToken(int token, bool scroll);
  void pointAt(int token);
  void updateMap();
  void updateTimeline();
  void updateRetention();
  void updateGivens();
  void updateMemory();
  void updateWords();
  [[nodiscard]] QString readAgain() const;
  void updateNumbers();
  void updateExtras();
  void markTokens();
  void offerSolve(QWidget* view, const QPoint& where);
  void exportPicture();
  void exportTable();
  void exportTimeline();
  void exportArray();
  [[nodiscard]] InspectMetric metric() const;
  [[nodiscard]] int tokenAt(int position) const;  // of the shown text
  [[nodiscard]] int columnOf(int token) const;    // of the timeline

  InspectService* service_;
  SharedModel model_;
  SessionId session_;
  QString sessionTitle_;
  std::variant<std::monostate, TextPlace, int> wanted_;  // to be chosen when its session has been read
  std::shared_ptr<const InspectResult> result_;
  int layer_ = 0, head_ = 0, token_ = 0;
  int pointed_ = -1;              // token under the mouse
  int columnTokens_ = 1;          // that a column of the timeline stands for
  std::vector<int> tokenBegins_;  // of each token in the shown text

  QLineEdit* text_;
  QPushButton* inspectText_;
  QPushButton* inspectSession_;
  QPushButton* again_;
  QCheckBox* watching_;
  QPushButton* export_;
  QProgressBar* progress_;
  QStackedWidget* pages_;
  QTabWidget* tabs_;
  QLabel* empty_;
  QTextEdit* tokens_;
  QToolButton* inSolve_;
  QComboBox* metric_;
  QComboBox* kind_;
  QLabel* mapTitle_;
  QLabel* timelineTitle_;
  HeatmapView* map_;
  HeatmapView* timeline_;
  PlotView* retention_;
  QLabel* givensTitle_;
  QToolButton* restate_;
  QToolButton* restateEarlier_;
  QTableWidget* givens_;
  PlotView* memory_;
  QLabel* words_;
  InspectHeadView* headView_;
  InspectDifference* difference_;
  HeadTableModel* heads_;
  QSortFilterProxyModel* sortedHeads_;
  QTableView* numbers_;
};

}  // namespace holdfast
