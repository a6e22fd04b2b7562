#include "app/panels/command_palette.h"

#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QVBoxLayout>
#include <algorithm>

#include "app/widgets/palette_delegate.h"

namespace holdfast {
namespace {
constexpr qsizetype most_lately = 20;
}  // namespace

CommandPalette::CommandPalette(QWidget* parent)
    : QDialog(parent),
      model_(new PaletteModel(this)),
      query_(new QLineEdit),
      list_(new QListView),
      nothing_(new QLabel(tr("Nothing is called that."))) {
  setObjectName(QStringLiteral("commandPalette"));
  setWindowTitle(tr("Go to or do"));
  resize(620, 420);
  query_->setObjectName(QStringLiteral("paletteQuery"));
  query_->setPlaceholderText(tr("A few letters of an action, a session or a model"));
  query_->setAccessibleName(tr("Go to or do"));
  query_->installEventFilter(this);
  list_->setObjectName(QStringLiteral("paletteList"));
  list_->setAccessibleName(tr("What can be done"));
  list_->setModel(model_);
  list_->setItemDelegate(new PaletteDelegate(
      {.shortcut = PaletteModel::ShortcutRole, .group = PaletteModel::GroupRole, .matches = PaletteModel::MatchesRole},
      list_));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setUniformItemSizes(true);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setMouseTracking(true);
  nothing_->setObjectName(QStringLiteral("paletteNothing"));
  nothing_->setProperty("muted", true);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(14, 14, 14, 10);
  layout->setSpacing(8);
  layout->addWidget(query_);
  layout->addWidget(list_, 1);
  layout->addWidget(nothing_);
  connect(query_, &QLineEdit::textChanged, this, &CommandPalette::filter);
  connect(list_, &QListView::clicked, this, &CommandPalette::choose);
  connect(list_, &QListView::activated, this, &CommandPalette::choose);
}

void CommandPalette::openWith(std::vector<PaletteCommand> commands) {
  model_->setCommands(std::move(commands), lately_);
  query_->clear();
  filter({});
  show();
  raise();
  activateWindow();
  query_->setFocus();
}

void CommandPalette::filter(const QString& typed) {
  model_->filter(typed);
  nothing_->setVisible(model_->rowCount() == 0);
  if (model_->rowCount() > 0) list_->setCurrentIndex(model_->index(0));
}

void CommandPalette::choose(const QModelIndex& index) {
  const PaletteCommand* found = model_->commandAt(index);
  if (found == nullptr) return;
  const PaletteCommand command = *found;  // what it does may fill the palette anew
  lately_.removeAll(command.text);
  lately_.prepend(command.text);
  if (lately_.size() > most_lately) lately_.removeLast();
  hide();
  if (command.run) command.run();
}

// The keys of the list work while the cursor stays where a person types.
bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (watched != query_ || event->type() != QEvent::KeyPress) return QDialog::eventFilter(watched, event);
  const auto* key = static_cast<QKeyEvent*>(event);
  const int rows = model_->rowCount();
  const int row = list_->currentIndex().row();
  switch (key->key()) {
    case Qt::Key_Down:
    case Qt::Key_Up: {
      // Round: from the last to the first.
      const int step = key->key() == Qt::Key_Down ? 1 : rows - 1;
      if (rows > 0) list_->setCurrentIndex(model_->index((std::max(row, 0) + step) % rows));
      return true;
    }
    case Qt::Key_Return:
    case Qt::Key_Enter: choose(list_->currentIndex()); return true;
    default: return QDialog::eventFilter(watched, event);
  }
}

}  // namespace holdfast
