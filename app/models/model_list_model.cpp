#include "app/models/model_list_model.h"

#include <QFileInfo>
#include <algorithm>

namespace holdfast {

ModelListModel::ModelListModel(QObject* parent) : QAbstractListModel(parent) {}

void ModelListModel::setModels(const std::vector<InstalledModel>& installed, const QStringList& recent) {
  beginResetModel();
  entries_.clear();
  for (const InstalledModel& model : installed) {
    entries_.push_back({QString::fromStdString(model.name), QString::fromStdString(model.path.string())});
  }
  for (const QString& path : recent) {
    const auto known = [&](const Entry& entry) { return entry.path == path; };
    if (std::any_of(entries_.begin(), entries_.end(), known)) continue;
    const QFileInfo file(path);
    if (!file.exists()) continue;
    entries_.push_back({file.isDir() ? file.fileName() : file.completeBaseName(), path});
  }
  endResetModel();
}

int ModelListModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(entries_.size());
}

QVariant ModelListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const Entry& entry = entries_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole: return entry.name;
    case Qt::ToolTipRole:
    case PathRole: return entry.path;
    default: return {};
  }
}

}  // namespace holdfast
