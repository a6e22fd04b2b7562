// What the model's memory kept and lost over a text: which heads remember for how long, what is left of a token, how
// the memory filled, and what a Transformer's cache would hold. All views speak of one selected head and one selected
// token.
#pragma once

#include <QWidget>
#include <memory>

#include "app/services/inspect_service.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QMenu;
class QProgressBar;
class QPushButton;
class QStackedWidget;
class QTextEdit;

namespace holdfast {

class HeatmapView;
class PlotView;

class InspectPanel : public QWidget {
  Q_OBJECT

 public:
  explicit InspectPanel(InspectService* service, QWidget* parent = nullptr);

  void setModel(const SharedModel& model);
  void setSession(SessionId session, const QString& title);  // what "this session" is
  void inspectSession();
  [[nodiscard]] const InspectResult* result() const { return result_.get(); }

 signals:
  void failed(const QString& message);

 private:
  enum class Metric { halfLife, retention, norm, stableRank, write, read };

  QWidget* buildBar();
  QWidget* buildViews();
  void inspectText();
  void show(std::shared_ptr<const InspectResult> result);
  void selectHead(int layer, int head);
  void selectToken(int token);
  void updateMap();
  void updateTimeline();
  void updateHead();
  void updateRetention();
  void updateMemory();
  void updateWords();
  void markToken();
  void exportPicture();
  void exportTable();
  void exportArray();
  [[nodiscard]] Metric metric() const;
  [[nodiscard]] std::vector<float> mapValues(Metric metric) const;  // (L, H)
  [[nodiscard]] QString metricName(Metric metric) const;
  [[nodiscard]] QString formula(Metric metric) const;

  InspectService* service_;
  SharedModel model_;
  SessionId session_;
  QString sessionTitle_;
  std::shared_ptr<const InspectResult> result_;
  int layer_ = 0, head_ = 0, token_ = 0;
  std::vector<int> tokenBegins_;  // of each token in the shown text

  QLineEdit* text_;
  QPushButton* inspectText_;
  QPushButton* inspectSession_;
  QPushButton* export_;
  QProgressBar* progress_;
  QStackedWidget* pages_;
  QLabel* empty_;
  QTextEdit* tokens_;
  QComboBox* metric_;
  QLabel* mapTitle_;
  HeatmapView* map_;
  HeatmapView* timeline_;
  HeatmapView* state_;
  QLabel* stateTitle_;
  PlotView* retention_;
  PlotView* memory_;
  QLabel* words_;
};

}  // namespace holdfast
