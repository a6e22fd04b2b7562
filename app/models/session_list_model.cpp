#include "app/models/session_list_model.h"

#include <QDateTime>
#include <QLocale>
#include <algorithm>
#include <utility>

namespace holdfast {

SessionListModel::SessionListModel(QObject* parent) : QAbstractListModel(parent), today_(QDate::currentDate()) {}

void SessionListModel::setSessions(std::vector<SessionRow> sessions, const QDate& today) {
  const auto same_id = [](const SessionRow& a, const SessionRow& b) { return a.id == b.id; };
  const bool same_order = today == today_ && sessions.size() == sessions_.size() &&
                          std::equal(sessions.begin(), sessions.end(), sessions_.begin(), same_id);
  // Without a reset a selection, a scroll position and a title being edited stay.
  if (!same_order) beginResetModel();
  sessions_ = std::move(sessions);
  today_ = today;
  if (!same_order) return endResetModel();
  if (!sessions_.empty()) emit dataChanged(index(0), index(rowCount() - 1));
}

void SessionListModel::setRunning(SessionId session) {
  if (session == running_) return;
  const SessionId before = std::exchange(running_, session);
  for (const SessionId id : {before, session}) {
    if (const QModelIndex changed = indexOf(id); changed.isValid()) emit dataChanged(changed, changed, {RunningRole});
  }
}

QModelIndex SessionListModel::indexOf(SessionId session) const {
  const auto found =
      std::find_if(sessions_.begin(), sessions_.end(), [&](const SessionRow& row) { return row.id == session; });
  return found == sessions_.end() ? QModelIndex() : index(static_cast<int>(found - sessions_.begin()));
}

SessionId SessionListModel::sessionAt(const QModelIndex& index) const {
  const bool inside = index.isValid() && index.row() < rowCount();
  return inside ? sessions_[static_cast<std::size_t>(index.row())].id : SessionId{};
}

int SessionListModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(sessions_.size());
}

QString SessionListModel::group(int row) const {
  const QDate day = QDateTime::fromMSecsSinceEpoch(sessions_[static_cast<std::size_t>(row)].changed).date();
  const qint64 days = day.daysTo(today_);
  if (days <= 0) return tr("Today");
  if (days == 1) return tr("Yesterday");
  if (days < 7) return tr("Last 7 days");
  if (days < 30) return tr("Last 30 days");
  return QLocale().standaloneMonthName(day.month()) + QLatin1Char(' ') + QString::number(day.year());
}

QVariant SessionListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const SessionRow& session = sessions_[static_cast<std::size_t>(index.row())];
  const QString title = QString::fromStdString(session.title);
  switch (role) {
    case Qt::DisplayRole: return title.isEmpty() ? tr("Untitled") : title;
    case Qt::EditRole: return title;
    case Qt::ToolTipRole:
      return title + QLatin1Char('\n') +
             QLocale().toString(QDateTime::fromMSecsSinceEpoch(session.changed), QLocale::ShortFormat);
    case Qt::AccessibleTextRole:
      return (session.id == running_ ? tr("%1, being answered").arg(title) : title) + QStringLiteral(", ") +
             group(index.row());
    case IdRole: return QVariant::fromValue(static_cast<qint64>(session.id.value));
    case GroupRole: return group(index.row());
    case BeginsRole: return index.row() == 0 || group(index.row()) != group(index.row() - 1);
    case RunningRole: return session.id == running_;
    default: return {};
  }
}

Qt::ItemFlags SessionListModel::flags(const QModelIndex& index) const {
  return index.isValid() ? QAbstractListModel::flags(index) | Qt::ItemIsEditable | Qt::ItemNeverHasChildren
                         : Qt::NoItemFlags;
}

bool SessionListModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  const QString title = value.toString().simplified();
  if (!index.isValid() || role != Qt::EditRole || title.isEmpty()) return false;
  SessionRow& session = sessions_[static_cast<std::size_t>(index.row())];
  if (title == QString::fromStdString(session.title)) return false;
  session.title = title.toStdString();
  emit dataChanged(index, index, {Qt::DisplayRole, Qt::EditRole});
  emit renamed(session.id, title);
  return true;
}

}  // namespace holdfast
