#include "app/panels/state_room_dialog.h"

#include <QDateTime>
#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSpinBox>
#include <QTableWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "app/models/size_text.h"

namespace holdfast {
namespace {

QString room_text(qint64 bytes) { return sizeText(static_cast<double>(bytes)); }

}  // namespace

StateRoomDialog::StateRoomDialog(SessionService* sessions, SessionId shown, QWidget* parent)
    : QDialog(parent),
      sessions_(sessions),
      shown_(shown),
      taken_(new QLabel),
      mib_(new QSpinBox),
      goes_(new QLabel),
      list_(new QTableWidget(0, 4)) {
  setObjectName(QStringLiteral("stateRoom"));
  setAttribute(Qt::WA_DeleteOnClose);
  setWindowTitle(tr("Room for states"));
  resize(620, 460);
  taken_->setObjectName(QStringLiteral("stateRoomTaken"));
  taken_->setWordWrap(true);
  mib_->setObjectName(QStringLiteral("stateRoomMib"));
  mib_->setRange(0, 100'000'000);
  mib_->setSingleStep(256);
  mib_->setGroupSeparatorShown(true);
  mib_->setSuffix(tr(" MiB"));
  mib_->setMinimumWidth(150);
  mib_->setKeyboardTracking(true);
  goes_->setObjectName(QStringLiteral("stateRoomGoes"));
  goes_->setWordWrap(true);
  goes_->setTextFormat(Qt::PlainText);
  list_->setObjectName(QStringLiteral("stateRoomList"));
  list_->setAccessibleName(tr("States that go"));
  list_->setHorizontalHeaderLabels({tr("Session"), tr("After token"), tr("Size"), tr("Last used")});
  list_->horizontalHeader()->setHighlightSections(false);
  list_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  list_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  list_->verticalHeader()->hide();
  list_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  list_->setShowGrid(false);
  list_->setWordWrap(false);
  list_->setFrameShape(QFrame::NoFrame);
  list_->setSelectionBehavior(QAbstractItemView::SelectRows);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  auto* label = new QLabel(tr("They may take at &most"));
  label->setBuddy(mib_);
  auto* row = new QHBoxLayout;
  row->addWidget(label);
  row->addWidget(mib_);
  row->addStretch(1);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
  set_ = buttons->addButton(tr("Set"), QDialogButtonBox::AcceptRole);
  set_->setObjectName(QStringLiteral("stateRoomSet"));
  set_->setProperty("primary", true);
  set_->setEnabled(false);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(18, 16, 18, 14);
  layout->setSpacing(12);
  layout->addWidget(taken_);
  layout->addLayout(row);
  layout->addWidget(goes_);
  layout->addWidget(list_, 1);
  layout->addStretch(0);
  layout->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
  connect(buttons, &QDialogButtonBox::accepted, this, [this] {
    sessions_->setStateRoom(mib_->value(), shown_);
    close();
  });
  connect(mib_, &QSpinBox::valueChanged, this, [this](int mib) { sessions_->readStateRoom(mib); });
  connect(sessions_, &SessionService::stateRoomRead, this, &StateRoomDialog::show);
  sessions_->readStateRoom(-1);
}

void StateRoomDialog::show(const StateRoom& room) {
  if (!known_) {
    known_ = true;
    const QSignalBlocker quiet(mib_);
    mib_->setValue(static_cast<int>(std::min<qint64>(room.mib, mib_->maximum())));
  }
  if (room.mib != mib_->value()) return;  // of an older number
  taken_->setText(
      tr("Kept states of all sessions: %1, which take %2. Kept for good, so that they never go by themselves: %3.")
          .arg(QLocale().toString(room.states), room_text(room.bytes), QLocale().toString(room.pinned)));
  goes_->setText(
      room.going.empty()
          ? tr("Nothing goes now. When more is wanted, the longest unused ones make room.")
          : tr("%1 of them go, the longest unused ones, which frees %2. No text is lost: where one of them is "
               "needed, the model reads the text again.")
                .arg(QLocale().toString(static_cast<qulonglong>(room.going.size())), room_text(room.freed)));
  list_->setVisible(!room.going.empty());
  list_->setRowCount(static_cast<int>(room.going.size()));
  for (int i = 0; i < list_->rowCount(); ++i) {
    const StateRoom::Going& going = room.going[static_cast<std::size_t>(i)];
    const QStringList texts{going.session.isEmpty() ? tr("Untitled") : going.session,
                            QLocale().toString(going.position), room_text(going.bytes),
                            QLocale().toString(QDateTime::fromMSecsSinceEpoch(going.used), QLocale::ShortFormat)};
    for (int column = 0; column < texts.size(); ++column) {
      auto* item = new QTableWidgetItem(texts[column]);
      if (column == 1 || column == 2) item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
      list_->setItem(i, column, item);
    }
  }
  set_->setText(room.going.empty() ? tr("Set") : tr("Set, and remove them"));
  set_->setEnabled(true);
}

}  // namespace holdfast
