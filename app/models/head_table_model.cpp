#include "app/models/head_table_model.h"

#include <QLocale>
#include <cmath>

namespace holdfast {

void HeadTableModel::setHeads(int layers, int heads, std::vector<Column> columns) {
  beginResetModel();
  layers_ = layers, heads_ = heads;
  columns_ = std::move(columns);
  endResetModel();
}

int HeadTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : layers_ * heads_; }

int HeadTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : 1 + static_cast<int>(columns_.size());
}

QVariant HeadTableModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  if (index.column() == 0) {
    if (role == Qt::DisplayRole) return QStringLiteral("L%1H%2").arg(layerOf(index.row())).arg(headOf(index.row()));
    return role == Qt::UserRole ? QVariant(index.row()) : QVariant();
  }
  const Column& column = columns_[static_cast<std::size_t>(index.column() - 1)];
  const auto value = static_cast<double>(column.values[static_cast<std::size_t>(index.row())]);
  if (role == Qt::UserRole) return std::isnan(value) ? -1.0 : value;
  if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  if (std::isnan(value)) return QStringLiteral("\u2013");
  return std::isinf(value) ? QStringLiteral("\u221e") : QLocale().toString(value, 'g', 4);
}

QVariant HeadTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) {
    return static_cast<int>(section == 0 ? Qt::AlignLeft | Qt::AlignVCenter : Qt::AlignRight | Qt::AlignVCenter) |
           static_cast<int>(Qt::TextWordWrap);
  }
  if (role != Qt::DisplayRole) return {};
  if (section == 0) return tr("Head");
  return columns_[static_cast<std::size_t>(section - 1)].name;
}

}  // namespace holdfast
