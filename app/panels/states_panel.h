// The kept states of a session: where each stands, how large it is; kept for good, exported, removed.
#pragma once

#include <QWidget>
#include <vector>

#include "app/services/session_service.h"

class QLabel;
class QPushButton;
class QTableWidget;

namespace holdfast {

class StatesPanel : public QWidget {
  Q_OBJECT

 public:
  explicit StatesPanel(SessionService* sessions, QWidget* parent = nullptr);

  void setSession(SessionId session);

 signals:
  void importWanted(const QString& file);

 private:
  void show(SessionId session, const std::vector<PlacedState>& states);
  [[nodiscard]] QString placeOf(const PlacedState& kept) const;
  [[nodiscard]] const SnapshotRow* selected() const;
  void updateButtons();
  void pin();
  void exportFile();
  void importFile();

  SessionService* sessions_;
  SessionId session_;
  std::vector<PlacedState> states_;
  QLabel* summary_;
  QTableWidget* table_;
  QPushButton* pin_;
  QPushButton* export_;
  QPushButton* remove_;
  QPushButton* import_;
  QPushButton* room_;
};

}  // namespace holdfast
