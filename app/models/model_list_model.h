// The models a person can choose: installed ones, and those opened before.
#pragma once

#include <QAbstractListModel>
#include <QStringList>
#include <vector>

#include "app/files/paths.h"

namespace holdfast {

class ModelListModel : public QAbstractListModel {
  Q_OBJECT

 public:
  enum Role { PathRole = Qt::UserRole };

  explicit ModelListModel(QObject* parent = nullptr);

  // `recent`: paths, last used first; those that are gone or installed are left out.
  void setModels(const std::vector<InstalledModel>& installed, const QStringList& recent);

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;

 private:
  struct Entry {
    QString name;
    QString path;
  };
  std::vector<Entry> entries_;
};

}  // namespace holdfast
