#include "app/panels/shortcuts_dialog.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace holdfast {
namespace {

constexpr int command_role = Qt::UserRole;  // row in the list of commands

QString keys_text(const QKeySequence& keys) { return keys.toString(QKeySequence::NativeText); }

}  // namespace

ShortcutsDialog::ShortcutsDialog(const QList<QAction*>& commands, QWidget* parent)
    : QDialog(parent),
      commands_(commands),
      query_(new QLineEdit),
      list_(new QTreeWidget),
      keys_(new QKeySequenceEdit),
      give_(new QPushButton(tr("&Use these keys"))),
      none_(new QPushButton(tr("&No keys"))),
      usual_(new QPushButton(tr("All as &usual"))),
      state_(new QLabel) {
  setObjectName(QStringLiteral("shortcutsDialog"));
  setWindowTitle(tr("Keys"));
  resize(660, 640);
  query_->setObjectName(QStringLiteral("shortcutsQuery"));
  query_->setPlaceholderText(tr("A word, or keys like Ctrl+B"));
  query_->setAccessibleName(tr("Find a command or keys"));
  query_->setClearButtonEnabled(true);
  list_->setObjectName(QStringLiteral("shortcutsList"));
  list_->setAccessibleName(tr("Commands and their keys"));
  list_->setColumnCount(2);
  list_->setHeaderLabels({tr("Command"), tr("Keys")});
  list_->header()->setStretchLastSection(false);
  list_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  list_->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  list_->setFrameShape(QFrame::NoFrame);
  list_->setRootIsDecorated(false);
  list_->setIndentation(14);
  keys_->setObjectName(QStringLiteral("shortcutsKeys"));
  keys_->setAccessibleName(tr("Press the new keys"));
  give_->setObjectName(QStringLiteral("shortcutsGive"));
  none_->setObjectName(QStringLiteral("shortcutsNone"));
  usual_->setObjectName(QStringLiteral("shortcutsUsual"));
  state_->setObjectName(QStringLiteral("shortcutsState"));
  state_->setProperty("muted", true);
  state_->setTextFormat(Qt::PlainText);
  state_->setWordWrap(true);
  auto* row = new QHBoxLayout;
  row->setSpacing(8);
  row->addWidget(keys_, 1);
  row->addWidget(give_);
  row->addWidget(none_);
  row->addWidget(usual_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(16, 16, 16, 14);
  layout->setSpacing(10);
  layout->addWidget(query_);
  layout->addWidget(list_, 1);
  layout->addWidget(state_);
  layout->addLayout(row);
  for (QPushButton* button : {give_, none_, usual_}) button->setAutoDefault(false);
  connect(query_, &QLineEdit::textChanged, this, &ShortcutsDialog::filter);
  connect(list_, &QTreeWidget::currentItemChanged, this, &ShortcutsDialog::showChosen);
  connect(list_, &QTreeWidget::itemActivated, this, [this] { keys_->setFocus(); });
  connect(keys_, &QKeySequenceEdit::keySequenceChanged, this,
          [this] { give_->setEnabled(chosen() != nullptr && !keys_->keySequence().isEmpty()); });
  connect(give_, &QPushButton::clicked, this, &ShortcutsDialog::give);
  connect(none_, &QPushButton::clicked, this, [this] {
    keys_->clear();
    give();
  });
  connect(usual_, &QPushButton::clicked, this, &ShortcutsDialog::usual);
  fill();
  showChosen();
}

void ShortcutsDialog::fill() {
  const int before = list_->currentItem() == nullptr ? -1 : list_->currentItem()->data(0, command_role).toInt();
  list_->clear();
  QTreeWidgetItem* heading = nullptr;
  const auto under = [&](const QString& group) {
    if (heading != nullptr && heading->text(0) == group) return heading;
    heading = new QTreeWidgetItem(list_, {group});
    heading->setData(0, command_role, -1);
    heading->setFlags(Qt::ItemIsEnabled);
    QFont font = heading->font(0);
    font.setBold(true);
    heading->setFont(0, font);
    heading->setFirstColumnSpanned(true);
    return heading;
  };
  for (int i = 0; i < commands_.size(); ++i) {
    const QAction* command = commands_[i];
    auto* item = new QTreeWidgetItem(under(command->property(command_group).toString()),
                                     {command->text(), keys_text(command->shortcut())});
    item->setData(0, command_role, i);
    const auto usual = command->property(usual_keys).value<QKeySequence>();
    if (command->shortcut() != usual) {
      QFont font = item->font(1);
      font.setBold(true);
      item->setFont(1, font);
      item->setToolTip(1, tr("Usually %1").arg(usual.isEmpty() ? tr("no keys") : keys_text(usual)));
    }
    if (i == before) list_->setCurrentItem(item);
  }
  // What belongs to a place and stays as it is.
  const std::pair<QString, QString> fixed[] = {{tr("Send the question"), tr("Enter, Ctrl+Enter")},
                                               {tr("Begin a new line in the question"), tr("Shift+Enter")},
                                               {tr("Accept, reject, edit a made problem"), tr("A, R, E")},
                                               {tr("From token to token"), tr("Left, Right")},
                                               {tr("Go on with another token"), tr("Enter")},
                                               {tr("Begin and end of the session"), tr("Home, End")}};
  for (const auto& [text, keys] : fixed) {
    auto* item = new QTreeWidgetItem(under(tr("Always")), {text, keys});
    item->setData(0, command_role, -1);
    item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable);
  }
  list_->expandAll();
  filter(query_->text());
}

void ShortcutsDialog::filter(const QString& typed) {
  const QString wanted = typed.simplified();
  for (int group = 0; group < list_->topLevelItemCount(); ++group) {
    QTreeWidgetItem* heading = list_->topLevelItem(group);
    bool any = false;
    for (int row = 0; row < heading->childCount(); ++row) {
      QTreeWidgetItem* item = heading->child(row);
      const bool fits =
          item->text(0).contains(wanted, Qt::CaseInsensitive) || item->text(1).contains(wanted, Qt::CaseInsensitive);
      item->setHidden(!fits);
      any = any || fits;
    }
    heading->setHidden(!any);
  }
}

QAction* ShortcutsDialog::chosen() const {
  const QTreeWidgetItem* item = list_->currentItem();
  const int index = item == nullptr ? -1 : item->data(0, command_role).toInt();
  return index < 0 || index >= commands_.size() ? nullptr : commands_[index];
}

void ShortcutsDialog::showChosen() {
  const QAction* command = chosen();
  keys_->setKeySequence(command == nullptr ? QKeySequence() : command->shortcut());
  keys_->setEnabled(command != nullptr);
  give_->setEnabled(command != nullptr && !keys_->keySequence().isEmpty());
  none_->setEnabled(command != nullptr && !command->shortcut().isEmpty());
  state_->setText(command == nullptr
                      ? tr("Choose a command to give it other keys.")
                      : tr("Press the new keys for \u201c%1\u201d in the field below.").arg(command->text()));
}

void ShortcutsDialog::give() {
  QAction* command = chosen();
  if (command == nullptr) return;
  // One stroke: a command of several would wait for the second.
  const QKeySequence pressed = keys_->keySequence();
  const QKeySequence keys = pressed.isEmpty() ? QKeySequence() : QKeySequence(pressed[0]);
  QString said = keys.isEmpty() ? tr("\u201c%1\u201d has no keys now.").arg(command->text())
                                : tr("%1 is \u201c%2\u201d now.").arg(keys_text(keys), command->text());
  for (QAction* other : commands_) {
    if (other == command || keys.isEmpty() || !other->shortcuts().contains(keys)) continue;
    other->setShortcut({});
    said += QLatin1Char(' ') + tr("\u201c%1\u201d had it and has no keys now.").arg(other->text());
  }
  command->setShortcut(keys);
  fill();
  showChosen();
  state_->setText(said);
  emit changed();
}

void ShortcutsDialog::usual() {
  for (QAction* command : commands_) command->setShortcut(command->property(usual_keys).value<QKeySequence>());
  fill();
  showChosen();
  state_->setText(tr("All commands have their usual keys."));
  emit changed();
}

}  // namespace holdfast
