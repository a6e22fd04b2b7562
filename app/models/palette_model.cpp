#include "app/models/palette_model.h"

#include <QPoint>
#include <algorithm>

namespace holdfast {
namespace {

// Neighbouring letters are one range.
QVariantList ranges_of(const std::vector<qsizetype>& positions) {
  QVariantList ranges;
  for (std::size_t i = 0; i < positions.size();) {
    std::size_t end = i + 1;
    while (end < positions.size() && positions[end] == positions[end - 1] + 1) ++end;
    ranges << QPoint(static_cast<int>(positions[i]), static_cast<int>(end - i));
    i = end;
  }
  return ranges;
}

}  // namespace

void PaletteModel::setCommands(std::vector<PaletteCommand> commands, const QStringList& lately) {
  commands_ = std::move(commands);
  recency_.clear();
  for (const PaletteCommand& command : commands_) {
    const auto place = static_cast<int>(lately.indexOf(command.text));
    recency_.push_back(place < 0 ? 0 : static_cast<int>(lately.size()) - place);
  }
  filter({});
}

void PaletteModel::filter(const QString& typed) {
  beginResetModel();
  rows_.clear();
  for (std::size_t i = 0; i < commands_.size(); ++i) {
    if (auto match = fuzzyMatch(typed, commands_[i].text)) rows_.push_back({i, std::move(*match)});
  }
  std::ranges::stable_sort(rows_, [this](const Row& a, const Row& b) {
    if (a.match.score != b.match.score) return a.match.score > b.match.score;
    return recency_[a.command] > recency_[b.command];
  });
  endResetModel();
}

const PaletteCommand* PaletteModel::commandAt(const QModelIndex& index) const {
  if (!index.isValid() || index.row() >= rowCount()) return nullptr;
  return &commands_[rows_[static_cast<std::size_t>(index.row())].command];
}

int PaletteModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

QVariant PaletteModel::data(const QModelIndex& index, int role) const {
  const PaletteCommand* command = commandAt(index);
  if (command == nullptr) return {};
  switch (role) {
    case Qt::DisplayRole: return command->text;
    case ShortcutRole: return command->shortcut;
    case GroupRole: return command->group;
    case MatchesRole: return ranges_of(rows_[static_cast<std::size_t>(index.row())].match.positions);
    default: return {};
  }
}

}  // namespace holdfast
