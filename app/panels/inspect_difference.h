// Two kept states beside each other: how far each head's memory is apart, which heads most, and where their texts part.
#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "app/services/inspect_service.h"

class QComboBox;
class QLabel;
class QPushButton;
class QTableWidget;

namespace holdfast {

class HeatmapView;

class InspectDifference : public QWidget {
  Q_OBJECT

 public:
  explicit InspectDifference(InspectService* service, QWidget* parent = nullptr);

  void setModel(const SharedModel& model);
  void setSession(SessionId session);
  void refresh();  // the list of states, as it is now
  [[nodiscard]] const StateComparison* comparison() const { return comparison_.get(); }

 signals:
  void failed(const QString& message);
  void headSelected(int layer, int head);

 protected:
  void showEvent(QShowEvent* event) override;  // states may have come

 private:
  void buildChoosers();
  void showStates(SessionId session, const std::vector<KeptState>& states);
  void fillChoosers();
  void addFile();
  void compare();
  void show(std::shared_ptr<const StateComparison> comparison);
  void showMap();
  void showHeads();
  [[nodiscard]] QString summary() const;
  void exportTable();

  InspectService* service_;
  SharedModel model_;
  SessionId session_;
  std::vector<KeptState> states_;  // of the session, then files
  std::shared_ptr<const StateComparison> comparison_;
  QComboBox* a_;
  QComboBox* b_;
  QPushButton* compare_;
  QPushButton* file_;
  QPushButton* export_;
  QLabel* summary_;
  HeatmapView* map_;
  QTableWidget* heads_;
};

}  // namespace holdfast
