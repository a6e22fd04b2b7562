// The table of installed models: one row each, a column for each figure by which a person chooses.
#pragma once

#include <QAbstractTableModel>
#include <vector>

#include "app/services/model_service.h"

namespace holdfast {

// 28.6 M, 1.3 B
[[nodiscard]] QString countText(double count);
// Tokens per second at most; 0 while the memory's speed is not known.
[[nodiscard]] double mostTokensPerSecond(const FormatFacts& format, double bytesPerSecond);
[[nodiscard]] QString rateText(double tokensPerSecond);

class InstalledModelsModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { Name, Parameters, Format, OnDisk, Memory, Speed, Layout, columns };
  enum Role { SortRole = Qt::UserRole };

  explicit InstalledModelsModel(QObject* parent = nullptr);

  void setModels(std::vector<ModelEntry> models);
  void setSpeed(double bytesPerSecond);  // of this machine's memory
  void setOpen(const QString& path);     // of the model that is open in Solve
  [[nodiscard]] const ModelEntry* at(int row) const;
  [[nodiscard]] int rowOf(const QString& name) const;  // -1: none
  [[nodiscard]] double speed() const { return speed_; }
  [[nodiscard]] bool isOpen(int row) const;

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  // A name: only asked for by renameWanted(), the list comes anew when it is done.
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 signals:
  void renameWanted(int row, const QString& name);

 private:
  [[nodiscard]] QString text(const ModelEntry& model, int column) const;
  [[nodiscard]] QString toolTip(const ModelEntry& model, int column) const;

  std::vector<ModelEntry> models_;
  QString open_;
  double speed_ = 0.0;
};

}  // namespace holdfast
