// Everything that can be done, by a few letters of its name (Ctrl+K): actions with their shortcuts, sessions, models.
#pragma once

#include <QDialog>
#include <QStringList>
#include <vector>

#include "app/models/palette_model.h"

class QLabel;
class QLineEdit;
class QListView;

namespace holdfast {

class CommandPalette : public QDialog {
  Q_OBJECT

 public:
  explicit CommandPalette(QWidget* parent = nullptr);

  // Shows what can be done now; what was chosen lately comes first.
  void openWith(std::vector<PaletteCommand> commands);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void filter(const QString& typed);
  void choose(const QModelIndex& index);

  PaletteModel* model_;
  QLineEdit* query_;
  QListView* list_;
  QLabel* nothing_;
  QStringList lately_;  // texts, the last one first
};

}  // namespace holdfast
