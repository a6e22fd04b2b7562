// The sessions, last changed first, with the day group that each begins.
#pragma once

#include <QAbstractListModel>
#include <QDate>
#include <vector>

#include "app/store/rows.h"

namespace holdfast {

class SessionListModel : public QAbstractListModel {
  Q_OBJECT

 public:
  enum Role {
    IdRole = Qt::UserRole,
    GroupRole,    // "Today", "Yesterday", ...
    BeginsRole,   // true for the first of its group
    RunningRole,  // an answer is being written in it
  };

  explicit SessionListModel(QObject* parent = nullptr);

  void setSessions(std::vector<SessionRow> sessions, const QDate& today = QDate::currentDate());
  void setRunning(SessionId session);
  [[nodiscard]] QModelIndex indexOf(SessionId session) const;
  [[nodiscard]] SessionId sessionAt(const QModelIndex& index) const;

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;

 signals:
  void renamed(holdfast::SessionId session, const QString& title);

 private:
  [[nodiscard]] QString group(int row) const;

  std::vector<SessionRow> sessions_;
  QDate today_;
  SessionId running_;
};

}  // namespace holdfast
