// Evaluations, the shares of right answers of one or two of them, and their problems one by one.
#pragma once

#include <QAbstractListModel>
#include <QAbstractTableModel>
#include <memory>
#include <optional>
#include <vector>

#include "app/services/evaluate_service.h"
#include "training/suite.h"

namespace holdfast {

[[nodiscard]] QString evaluationStateText(const EvaluationRow& row);
[[nodiscard]] QString modelShown(const std::string& model);  // the last part of a path that tells models apart
[[nodiscard]] QString shareText(const Share& share);         // "45.0 % (25.8 to 65.8)"

class EvaluationListModel : public QAbstractListModel {
  Q_OBJECT

 public:
  enum Role { IdRole = Qt::UserRole };

  explicit EvaluationListModel(QObject* parent = nullptr);
  void setRows(std::vector<EvaluationRow> rows);
  [[nodiscard]] QModelIndex indexOf(EvaluationId id) const;
  [[nodiscard]] const EvaluationRow* rowAt(const QModelIndex& index) const;
  [[nodiscard]] const std::vector<EvaluationRow>& rows() const { return rows_; }

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;

 private:
  std::vector<EvaluationRow> rows_;
};

// Of a group of problems, e.g. a level: how many are right, for the shown evaluation and the one beside it. Only
// problems that are done count, and beside another one only those that both have done.
struct EvaluationShare {
  QString group;
  Share shown;
  std::optional<Share> beside;
};
struct EvaluationSummary {
  Share greedy, majority;
  std::optional<Share> besideGreedy, besideMajority;
  std::vector<std::pair<int, double>> pass, besidePass;  // k, chance that k replies hold a right one
  std::vector<EvaluationShare> groups;                   // levels, then concepts
  int better = 0, worse = 0;                             // problems that are right here alone, and there alone
  double length = 0.0, besideLength = 0.0;               // tokens of a greedy reply
};
[[nodiscard]] EvaluationSummary summarise(const EvaluationDetail& shown, const EvaluationDetail* beside);

class EvaluationShareModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { GroupColumn, CountColumn, ShownColumn, BesideColumn, ChangeColumn, columns };

  explicit EvaluationShareModel(QObject* parent = nullptr);
  void setGroups(std::vector<EvaluationShare> groups);

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::vector<EvaluationShare> groups_;
};

class EvaluationItemModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { LevelColumn, ProblemColumn, ExpectedColumn, ShownColumn, BesideColumn, ChangeColumn, columns };
  enum class Filter { all, wrong, changed };
  struct Pair {
    const EvaluationItem* shown = nullptr;
    const EvaluationItem* beside = nullptr;  // null: none
  };

  explicit EvaluationItemModel(QObject* parent = nullptr);
  void setDetail(std::shared_ptr<const EvaluationDetail> shown, std::shared_ptr<const EvaluationDetail> beside);
  void setFilter(Filter filter);
  [[nodiscard]] Pair pairAt(const QModelIndex& index) const;

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  void fill();

  std::shared_ptr<const EvaluationDetail> shown_, beside_;
  Filter filter_ = Filter::all;
  std::vector<Pair> rows_;
};

}  // namespace holdfast
