// Commands that match what was typed, best first.
#pragma once

#include <QAbstractListModel>
#include <QStringList>
#include <functional>
#include <vector>

#include "app/widgets/fuzzy_match.h"

namespace holdfast {

struct PaletteCommand {
  QString text;
  QString shortcut;  // as it is shown; may be empty
  QString group;     // "Session", "Model"; may be empty
  std::function<void()> run;
};

class PaletteModel : public QAbstractListModel {
  Q_OBJECT

 public:
  enum Role {
    ShortcutRole = Qt::UserRole,
    GroupRole,
    MatchesRole,  // QVariantList of QPoint(begin, length) in the displayed text
  };

  using QAbstractListModel::QAbstractListModel;

  // lately: texts of commands that were chosen, the last one first; among equals they come first.
  void setCommands(std::vector<PaletteCommand> commands, const QStringList& lately);
  void filter(const QString& typed);
  [[nodiscard]] const PaletteCommand* commandAt(const QModelIndex& index) const;  // nullptr: none

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;

 private:
  struct Row {
    std::size_t command = 0;
    FuzzyMatch match;
  };
  std::vector<PaletteCommand> commands_;
  std::vector<int> recency_;  // of each command; higher is later
  std::vector<Row> rows_;
};

}  // namespace holdfast
