// All commands with their keys, and other keys for them.
#pragma once

#include <QDialog>

class QAction;
class QKeySequenceEdit;
class QLabel;
class QLineEdit;
class QPushButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace holdfast {

// Properties of a command: the heading it stands under (QString), the keys it has at first (QKeySequence).
inline constexpr const char* command_group = "group";
inline constexpr const char* usual_keys = "usualKeys";

class ShortcutsDialog : public QDialog {
  Q_OBJECT

 public:
  explicit ShortcutsDialog(const QList<QAction*>& commands, QWidget* parent = nullptr);

 signals:
  void changed();  // some command has other keys now

 private:
  void fill();
  void filter(const QString& typed);
  void showChosen();
  void give();   // the chosen command the keys that were pressed
  void usual();  // all commands the keys they had at first
  [[nodiscard]] QAction* chosen() const;

  QList<QAction*> commands_;
  QLineEdit* query_;
  QTreeWidget* list_;
  QKeySequenceEdit* keys_;
  QPushButton* give_;
  QPushButton* none_;
  QPushButton* usual_;
  QLabel* state_;
};

}  // namespace holdfast
