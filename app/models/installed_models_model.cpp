#include "app/models/installed_models_model.h"

#include <QApplication>
#include <QFont>
#include <QLocale>
#include <QPalette>
#include <algorithm>
#include <utility>

#include "app/models/size_text.h"

namespace holdfast {

QString countText(double count) {
  const QLocale locale;
  if (count >= 1e9) return InstalledModelsModel::tr("%1 B").arg(locale.toString(count / 1e9, 'f', 2));
  if (count >= 1e6) return InstalledModelsModel::tr("%1 M").arg(locale.toString(count / 1e6, 'f', 1));
  return InstalledModelsModel::tr("%1 k").arg(locale.toString(count / 1e3, 'f', 0));
}

double mostTokensPerSecond(const FormatFacts& format, double bytesPerSecond) {
  return format.bytes_per_token > 0.0 ? bytesPerSecond / format.bytes_per_token : 0.0;
}

QString rateText(double tokensPerSecond) {
  if (tokensPerSecond <= 0.0) return {};
  // Two digits: it is an estimate.
  double step = 1.0;
  while (tokensPerSecond / step >= 100.0) step *= 10.0;
  const double rounded = step * static_cast<double>(qRound64(tokensPerSecond / step));
  return InstalledModelsModel::tr("\u2248 %1/s")
      .arg(QLocale().toString(tokensPerSecond < 10.0 ? tokensPerSecond : rounded, 'f', tokensPerSecond < 10.0 ? 1 : 0));
}

InstalledModelsModel::InstalledModelsModel(QObject* parent) : QAbstractTableModel(parent) {}

void InstalledModelsModel::setModels(std::vector<ModelEntry> models) {
  const auto same = [](const ModelEntry& a, const ModelEntry& b) { return a.where.path == b.where.path; };
  if (std::equal(models.begin(), models.end(), models_.begin(), models_.end(), same)) {
    models_ = std::move(models);  // the selection stays
    if (!models_.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, columns - 1));
    return;
  }
  beginResetModel();
  models_ = std::move(models);
  endResetModel();
}

void InstalledModelsModel::setSpeed(double bytesPerSecond) {
  speed_ = bytesPerSecond;
  if (!models_.empty()) emit dataChanged(index(0, Speed), index(rowCount() - 1, Speed));
}

void InstalledModelsModel::setOpen(const QString& path) {
  open_ = path;
  if (!models_.empty()) emit dataChanged(index(0, Name), index(rowCount() - 1, Name));
}

const ModelEntry* InstalledModelsModel::at(int row) const {
  return row >= 0 && row < rowCount() ? &models_[static_cast<std::size_t>(row)] : nullptr;
}

int InstalledModelsModel::rowOf(const QString& name) const {
  const std::string wanted = name.toStdString();
  for (int row = 0; row < rowCount(); ++row) {
    if (at(row)->where.name == wanted) return row;
  }
  return -1;
}

bool InstalledModelsModel::isOpen(int row) const {
  return at(row) != nullptr && QString::fromStdString(at(row)->where.path.string()) == open_;
}

int InstalledModelsModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(models_.size());
}

int InstalledModelsModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columns; }

QString InstalledModelsModel::text(const ModelEntry& model, int column) const {
  if (column == Name) return QString::fromStdString(model.where.name);
  if (column == OnDisk) return model.bytesOnDisk > 0 ? sizeText(static_cast<double>(model.bytesOnDisk)) : QString();
  if (!model.facts) return column == Format ? tr("cannot be opened") : QString();
  const ModelFacts& facts = *model.facts;
  const FormatFacts& stored = facts.formats.front();
  switch (column) {
    case Parameters: return countText(static_cast<double>(facts.parameters));
    case Format: return QString::fromStdString(facts.number_formats);
    case Memory:
      return stored.weight_bytes ? sizeText(static_cast<double>(*stored.weight_bytes + facts.state_bytes)) : QString();
    case Speed: return rateText(mostTokensPerSecond(stored, speed_));
    case Layout: return QString::fromStdString(facts.layout);
    default: return {};
  }
}

QString InstalledModelsModel::toolTip(const ModelEntry& model, int column) const {
  if (!model.fault.isEmpty()) return model.fault;
  if (column == Memory) return tr("Weights and the state of one session, as the model is stored");
  if (column == Speed) {
    return tr(
        "Estimate: tokens per second on this processor, if reading the weights from memory were all it did; a small "
        "model that fits into its cache is faster");
  }
  return QString::fromStdString(model.where.target.string());
}

QVariant InstalledModelsModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const ModelEntry& model = models_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole: return text(model, index.column());
    case Qt::ToolTipRole: return toolTip(model, index.column());
    case Qt::TextAlignmentRole:
      return QVariant::fromValue(Qt::Alignment(
          Qt::AlignVCenter |
          (index.column() == Name || index.column() == Format || index.column() == Layout ? Qt::AlignLeft
                                                                                          : Qt::AlignRight)));
    case Qt::ForegroundRole:
      return model.facts || index.column() == Name ? QVariant()
                                                   : QVariant(QApplication::palette().color(QPalette::PlaceholderText));
    case Qt::FontRole: {
      if (index.column() != Name || !isOpen(index.row())) return {};
      QFont font = QApplication::font();
      font.setWeight(QFont::DemiBold);
      return font;
    }
    case Qt::AccessibleTextRole:
      return isOpen(index.row()) && index.column() == Name ? tr("%1, open").arg(text(model, Name))
                                                           : text(model, index.column());
    case SortRole: {
      const double rate = model.facts ? mostTokensPerSecond(model.facts->formats.front(), speed_) : 0.0;
      switch (index.column()) {
        case Parameters: return model.facts ? qlonglong{model.facts->parameters} : 0;
        case OnDisk: return model.bytesOnDisk;
        case Memory: return model.facts ? qulonglong{model.facts->formats.front().weight_bytes.value_or(0)} : 0;
        case Speed: return rate;
        default: return text(model, index.column());
      }
    }
    default: return {};
  }
}

Qt::ItemFlags InstalledModelsModel::flags(const QModelIndex& index) const {
  Qt::ItemFlags flags = QAbstractTableModel::flags(index);
  const ModelEntry* model = index.isValid() ? at(index.row()) : nullptr;
  const bool editable = model != nullptr && index.column() == Name &&
                        (model->where.origin == ModelOrigin::own || model->where.origin == ModelOrigin::added);
  return editable ? flags | Qt::ItemIsEditable : flags;
}

bool InstalledModelsModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  const QString name = value.toString().simplified();
  if (role != Qt::EditRole || !index.isValid() || !(flags(index) & Qt::ItemIsEditable) || name.isEmpty()) return false;
  if (name != text(*at(index.row()), Name)) emit renameWanted(index.row(), name);
  return false;
}

QVariant InstalledModelsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) {
    const bool left = section == Name || section == Format || section == Layout;
    return QVariant::fromValue(Qt::Alignment(Qt::AlignVCenter | (left ? Qt::AlignLeft : Qt::AlignRight)));
  }
  if (role != Qt::DisplayRole) return {};
  switch (section) {
    case Name: return tr("Model");
    case Parameters: return tr("Parameters");
    case Format: return tr("Numbers");
    case OnDisk: return tr("On disk");
    case Memory: return tr("In memory");
    case Speed: return tr("Speed (estimate)");
    case Layout: return tr("Layout");
    default: return {};
  }
}

}  // namespace holdfast
