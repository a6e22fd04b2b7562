#include "app/models/problem_list_model.h"

#include <QLocale>
#include <algorithm>

#include "kernels/error.h"
#include "training/made_problem.h"

namespace holdfast {
namespace {

QString verdict_text(const std::string& verdict) {
  if (verdict == "proved") return ProblemListModel::tr("proved");
  if (verdict == "agreed") return ProblemListModel::tr("solvers agree");
  if (verdict == "open") return ProblemListModel::tr("not solved");
  return ProblemListModel::tr("rejected");
}

std::optional<double> rate_of(const ProblemRow& row) {
  try {
    return parse_made_problem(row.made, "problem").pass_rate;
  } catch (const Error&) {
    return std::nullopt;  // the row is shown all the same
  }
}

}  // namespace

ProblemListModel::ProblemListModel(QObject* parent) : QAbstractTableModel(parent) {}

void ProblemListModel::setProblems(std::vector<ProblemRow> rows) {
  beginResetModel();
  rows_ = std::move(rows);
  rates_.clear();
  for (const ProblemRow& row : rows_) rates_.push_back(rate_of(row));
  endResetModel();
}

void ProblemListModel::add(const ProblemRow& row) {
  beginInsertRows({}, rowCount(), rowCount());
  rows_.push_back(row);
  rates_.push_back(rate_of(row));
  endInsertRows();
}

void ProblemListModel::change(const ProblemRow& row) {
  const auto found = std::ranges::find(rows_, row.id, &ProblemRow::id);
  if (found == rows_.end()) return;
  *found = row;
  const int at = static_cast<int>(found - rows_.begin());
  emit dataChanged(index(at, 0), index(at, columns - 1));
}

const ProblemRow* ProblemListModel::at(int row) const {
  return row >= 0 && row < rowCount() ? &rows_[static_cast<std::size_t>(row)] : nullptr;
}

int ProblemListModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}
int ProblemListModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columns; }

QVariant ProblemListModel::text(const ProblemRow& row, int column) const {
  switch (column) {
    case level: return row.level;
    case problem: return QString::fromStdString(row.statement).simplified();
    case answer: return QString::fromStdString(row.answer).replace(QLatin1String("\\%"), QLatin1String("%"));
    case passRate: {
      const std::optional<double>& rate = rates_[static_cast<std::size_t>(&row - rows_.data())];
      return rate ? QLocale().toString(100.0 * *rate, 'f', 0) + QLatin1Char('%') : QString();
    }
    case verdict: return verdict_text(row.verdict);
    case status:
      return row.status == ProblemStatus::accepted   ? tr("accepted")
             : row.status == ProblemStatus::rejected ? tr("rejected")
                                                     : tr("new");
    default: return {};
  }
}

QVariant ProblemListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const ProblemRow& row = rows_[static_cast<std::size_t>(index.row())];
  if (role == Qt::DisplayRole) return text(row, index.column());
  if (role == Qt::ToolTipRole && index.column() == problem)
    return QString::fromStdString(row.statement).toHtmlEscaped();
  if (role == Qt::TextAlignmentRole && (index.column() == level || index.column() == passRate)) {
    return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
  }
  if (role == StatusRole) return static_cast<int>(row.status);
  return {};
}

QVariant ProblemListModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole) {  // as what stands below
    const bool number = section == level || section == passRate;
    return static_cast<int>((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  }
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  switch (section) {
    case level: return tr("Level");
    case problem: return tr("Problem");
    case answer: return tr("Answer");
    case passRate: return tr("Pass rate");
    case verdict: return tr("Verdict");
    case status: return tr("Status");
    default: return {};
  }
}

}  // namespace holdfast
