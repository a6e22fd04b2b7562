#include "app/models/run_list_model.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <algorithm>
#include <utility>

namespace holdfast {
namespace {

QString run_tr(const char* text) { return QCoreApplication::translate("RunListModel", text); }

}  // namespace

QString runStateText(const RunRow& row) {
  const QString percent = QLocale().toString(row.done * 100.0, 'f', 0);
  const QString step = QLocale().toString(static_cast<qlonglong>(row.step));
  switch (row.state) {
    case RunState::waiting: return run_tr("Waiting for its turn");
    case RunState::running:
      if (row.wanted == RunWish::pause) return run_tr("Pausing\u2026");
      if (row.wanted == RunWish::stop) return run_tr("Stopping\u2026");
      return row.step == 0 ? run_tr("Starting\u2026") : run_tr("Training, %1 %").arg(percent);
    case RunState::paused: return run_tr("Paused at step %1").arg(step);
    case RunState::stopped: return run_tr("Stopped at step %1").arg(step);
    case RunState::interrupted: return run_tr("Interrupted near step %1").arg(step);
    case RunState::finished: return run_tr("Finished after %1 steps").arg(step);
    case RunState::failed: return run_tr("Failed at step %1").arg(step);
  }
  return {};
}

QString runDuration(double seconds) {
  const auto whole = static_cast<qint64>(seconds + 0.5);
  if (whole < 60) return run_tr("%1 s").arg(whole);
  if (whole < 3600) return run_tr("%1 min").arg((whole + 30) / 60);
  return run_tr("%1 h %2 min").arg(whole / 3600).arg(whole % 3600 / 60);
}

RunListModel::RunListModel(QObject* parent) : QAbstractListModel(parent) {}

void RunListModel::setRuns(std::vector<RunRow> runs) {
  const bool same_order = std::ranges::equal(runs, runs_, {}, &RunRow::id, &RunRow::id);
  // Without a reset a selection and a name being edited stay.
  if (!same_order) beginResetModel();
  runs_ = std::move(runs);
  if (!same_order) return endResetModel();
  if (!runs_.empty()) emit dataChanged(index(0), index(rowCount() - 1));
}

QModelIndex RunListModel::indexOf(RunId run) const {
  const auto found = std::ranges::find(runs_, run, &RunRow::id);
  return found == runs_.end() ? QModelIndex() : index(static_cast<int>(found - runs_.begin()));
}

const RunRow* RunListModel::runAt(const QModelIndex& index) const {
  const bool inside = index.isValid() && index.row() < rowCount();
  return inside ? &runs_[static_cast<std::size_t>(index.row())] : nullptr;
}

int RunListModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(runs_.size());
}

QVariant RunListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const RunRow& run = runs_[static_cast<std::size_t>(index.row())];
  const QString name = QString::fromStdString(run.name);
  switch (role) {
    case Qt::DisplayRole: return name + QLatin1Char('\n') + runStateText(run);
    case Qt::EditRole: return name;
    case Qt::AccessibleTextRole: return name + QStringLiteral(", ") + runStateText(run);
    case Qt::ToolTipRole:
      return tr("%1, made %2")
          .arg(QString::fromStdString(run.base),
               QLocale().toString(QDateTime::fromMSecsSinceEpoch(run.created), QLocale::ShortFormat));
    case IdRole: return QVariant::fromValue(static_cast<qint64>(run.id.value));
    case StateRole: return static_cast<int>(run.state);
    default: return {};
  }
}

Qt::ItemFlags RunListModel::flags(const QModelIndex& index) const {
  return index.isValid() ? QAbstractListModel::flags(index) | Qt::ItemIsEditable | Qt::ItemNeverHasChildren
                         : Qt::NoItemFlags;
}

bool RunListModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  const QString name = value.toString().simplified();
  if (!index.isValid() || role != Qt::EditRole || name.isEmpty()) return false;
  RunRow& run = runs_[static_cast<std::size_t>(index.row())];
  if (name == QString::fromStdString(run.name)) return false;
  run.name = name.toStdString();
  emit dataChanged(index, index, {Qt::DisplayRole, Qt::EditRole});
  emit renamed(run.id, name);
  return true;
}

}  // namespace holdfast
