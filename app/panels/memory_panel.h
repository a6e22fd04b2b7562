// The memory beside the transcript: what it takes beside a Transformer's cache, what is left of the givens, and one
// number over the tokens, which follow the answer while it is written. Places are linked with the transcript both ways.
// It also looks for the lamp of the givens, which shows what result() has. While it is hidden, nothing but the givens
// is looked at, and that only when a turn has ended.
#pragma once

#include <QTimer>
#include <QWidget>
#include <memory>
#include <utility>
#include <vector>

#include "app/services/chat_service.h"
#include "app/services/inspect_service.h"

class QComboBox;
class QLabel;
class QPushButton;
class QStackedWidget;

namespace holdfast {

class AmountBars;
class HeatmapView;
class PlotView;

class MemoryPanel : public QWidget {
  Q_OBJECT

 public:
  MemoryPanel(ChatService* chat, InspectService* inspector, QWidget* parent = nullptr);

  void setSession(SessionId session);  // what it has now is looked at
  void setTokens(qint64 tokens);       // of the session, as they are written
  void point(const TextPlace& place);  // where the mouse is elsewhere; of no message: nowhere
  [[nodiscard]] const InspectResult* result() const { return result_.get(); }  // null: not known
  [[nodiscard]] std::optional<RestatePlace> restatePlace() const;

 signals:
  void resultChanged();
  void placeChosen(const holdfast::TextPlace& place);
  void placePointed(const holdfast::TextPlace& place);  // by the mouse; of no message: it has left
  void inspectWanted(const holdfast::TextPlace& place);
  void restateWanted();
  void restateEarlierWanted();

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  QWidget* buildGivens();
  QWidget* buildTimeline();
  void connectViews();
  void look();
  void show(std::shared_ptr<const InspectResult> result, const QString& why);
  void showBars();
  void showGivens();
  void showTimeline();
  void showPlaceText();
  void chooseToken(int token);
  [[nodiscard]] bool isRunningHere() const;
  [[nodiscard]] InspectMetric metric() const;
  [[nodiscard]] TextPlace placeOf(int token) const;  // of no message: it shows nothing

  ChatService* chat_;
  InspectService* inspector_;
  SessionId session_;
  SessionId unsettled_;  // its turn has begun, and what was watched of it is not kept yet
  bool voting_ = false;  // that turn writes several replies
  qint64 tokens_ = 0;
  std::shared_ptr<const InspectResult> result_;
  int token_ = -1;  // chosen
  int layer_ = 0;
  int columnTokens_ = 1;
  bool waiting_ = false, again_ = false;  // for an answer; and ask once more then
  QTimer next_;                           // look while a turn runs

  QLabel* at_;
  AmountBars* bars_;
  QLabel* honest_;
  QStackedWidget* pages_;
  QLabel* unknown_;
  QLabel* givensTitle_;
  PlotView* givens_;
  QPushButton* restate_;
  QPushButton* earlier_;
  QComboBox* metric_;
  HeatmapView* timeline_;
  QLabel* place_;
  QPushButton* inspect_;
};

}  // namespace holdfast
