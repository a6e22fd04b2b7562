// The problems of a set, in a table.
#pragma once

#include <QAbstractTableModel>
#include <optional>
#include <vector>

#include "app/store/problem_rows.h"

namespace holdfast {

class ProblemListModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { level, problem, answer, passRate, verdict, status, columns };
  enum Role { StatusRole = Qt::UserRole };

  explicit ProblemListModel(QObject* parent = nullptr);

  void setProblems(std::vector<ProblemRow> rows);
  void add(const ProblemRow& row);
  void change(const ProblemRow& row);
  [[nodiscard]] const ProblemRow* at(int row) const;

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  [[nodiscard]] QVariant text(const ProblemRow& row, int column) const;

  std::vector<ProblemRow> rows_;
  std::vector<std::optional<double>> rates_;  // of the votes, read from the rows once
};

}  // namespace holdfast
