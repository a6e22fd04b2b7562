// Every head with all its numbers, a row each: the same that the maps show, for tables, sorting and screen readers.
#pragma once

#include <QAbstractTableModel>
#include <vector>

namespace holdfast {

class HeadTableModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  struct Column {
    QString name;
    std::vector<float> values;  // (L, H)
  };
  using QAbstractTableModel::QAbstractTableModel;

  void setHeads(int layers, int heads, std::vector<Column> columns);
  [[nodiscard]] int layerOf(int row) const { return heads_ == 0 ? 0 : row / heads_; }
  [[nodiscard]] int headOf(int row) const { return heads_ == 0 ? 0 : row % heads_; }

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  // Text for people; numbers under Qt::UserRole, for sorting.
  [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  int layers_ = 0, heads_ = 0;
  std::vector<Column> columns_;
};

}  // namespace holdfast
