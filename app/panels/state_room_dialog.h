// How much room kept states may take, and what goes where it is made less: seen before it is done.
#pragma once

#include <QDialog>

#include "app/services/session_service.h"

class QLabel;
class QPushButton;
class QSpinBox;
class QTableWidget;

namespace holdfast {

class StateRoomDialog : public QDialog {
  Q_OBJECT

 public:
  // shown: the session whose states are listed beside; deletes itself when closed.
  StateRoomDialog(SessionService* sessions, SessionId shown, QWidget* parent = nullptr);

 private:
  void show(const StateRoom& room);

  SessionService* sessions_;
  SessionId shown_;
  QLabel* taken_;
  QSpinBox* mib_;
  QLabel* goes_;
  QTableWidget* list_;
  QPushButton* set_;
  bool known_ = false;  // what is allowed now is in the field
};

}  // namespace holdfast
