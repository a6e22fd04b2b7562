// Training runs, newest first, each with where it stands.
#pragma once

#include <QAbstractListModel>
#include <vector>

#include "app/store/run_rows.h"

namespace holdfast {

[[nodiscard]] QString runStateText(const RunRow& row);  // "Training, 42 %", "Paused at step 12"
[[nodiscard]] QString runDuration(double seconds);      // "40 s", "3 min", "2 h 5 min"

class RunListModel : public QAbstractListModel {
  Q_OBJECT

 public:
  enum Role { IdRole = Qt::UserRole, StateRole };

  explicit RunListModel(QObject* parent = nullptr);

  void setRuns(std::vector<RunRow> runs);
  [[nodiscard]] QModelIndex indexOf(RunId run) const;
  [[nodiscard]] const RunRow* runAt(const QModelIndex& index) const;  // null: none

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;

 signals:
  void renamed(holdfast::RunId run, const QString& name);

 private:
  std::vector<RunRow> runs_;
};

}  // namespace holdfast
