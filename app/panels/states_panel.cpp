#include "app/panels/states_panel.h"

#include <QFileDialog>
#include <QHeaderView>
#include <QInputDialog>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include "app/models/size_text.h"
#include "app/panels/state_room_dialog.h"
#include "app/services/session_service.h"

namespace holdfast {
namespace {
constexpr qsizetype longest_tip = 400;
}

StatesPanel::StatesPanel(SessionService* sessions, QWidget* parent)
    : QWidget(parent),
      sessions_(sessions),
      summary_(new QLabel),
      table_(new QTableWidget(0, 3)),
      pin_(new QPushButton(tr("Keep for good\u2026"))),
      export_(new QPushButton(tr("Export\u2026"))),
      remove_(new QPushButton(tr("Remove"))),
      import_(new QPushButton(tr("Begin a session from a file\u2026"))),
      room_(new QPushButton(tr("Room for states\u2026"))) {
  setObjectName(QStringLiteral("statesPanel"));
  table_->setObjectName(QStringLiteral("states"));
  table_->setAccessibleName(tr("Kept states"));
  table_->setHorizontalHeaderLabels({tr("End of"), tr("Tokens"), tr("Size")});
  table_->horizontalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  table_->verticalHeader()->hide();
  table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table_->setShowGrid(false);
  table_->setWordWrap(false);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  summary_->setProperty("muted", true);
  summary_->setWordWrap(true);
  pin_->setObjectName(QStringLiteral("pinState"));
  export_->setObjectName(QStringLiteral("exportState"));
  remove_->setObjectName(QStringLiteral("removeState"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(14, 10, 14, 14);
  layout->setSpacing(8);
  layout->addWidget(summary_);
  layout->addWidget(table_, 1);
  import_->setObjectName(QStringLiteral("importState"));
  import_->setToolTip(tr("A state that was exported, or trained; it goes on only with the weights that made it"));
  room_->setObjectName(QStringLiteral("stateRoomButton"));
  room_->setToolTip(tr("How much the states of all sessions may take, and what goes for it"));
  for (QPushButton* button : {pin_, export_, remove_, import_, room_}) layout->addWidget(button);
  connect(room_, &QPushButton::clicked, this, [this] { (new StateRoomDialog(sessions_, session_, this))->open(); });
  connect(import_, &QPushButton::clicked, this, &StatesPanel::importFile);
  connect(sessions_, &SessionService::statesListed, this, &StatesPanel::show);
  connect(table_, &QTableWidget::itemSelectionChanged, this, &StatesPanel::updateButtons);
  connect(pin_, &QPushButton::clicked, this, &StatesPanel::pin);
  connect(export_, &QPushButton::clicked, this, &StatesPanel::exportFile);
  connect(remove_, &QPushButton::clicked, this, [this] {
    if (const SnapshotRow* state = selected()) sessions_->removeState(session_, state->id);
  });
  updateButtons();
}

void StatesPanel::setSession(SessionId session) {
  session_ = session;
  if (session) {
    sessions_->listStates(session);
  } else {
    show(session, {});
  }
}

QString StatesPanel::placeOf(const PlacedState& kept) const {
  if (!kept.kind) return tr("After %1 tokens").arg(QLocale().toString(static_cast<qlonglong>(kept.state.position)));
  const QString text = kept.text.simplified();
  switch (*kept.kind) {
    case NodeKind::thought: return (kept.whole ? tr("Thought: %1") : tr("Within the thought: %1")).arg(text);
    case NodeKind::answer: return (kept.whole ? tr("Answer: %1") : tr("Within the answer: %1")).arg(text);
    default: return (kept.whole ? tr("Question: %1") : tr("Within the question: %1")).arg(text);
  }
}

void StatesPanel::show(SessionId session, const std::vector<PlacedState>& states) {
  if (!(session == session_)) return;
  const SnapshotRow* before = selected();
  const SnapshotId chosen = before == nullptr ? SnapshotId{} : before->id;
  states_ = states;
  qint64 bytes = 0;
  table_->clearSelection();
  table_->setRowCount(static_cast<int>(states.size()));
  for (int row = 0; row < table_->rowCount(); ++row) {
    const PlacedState& kept = states[static_cast<std::size_t>(row)];
    const SnapshotRow& state = kept.state;
    bytes += state.bytes;
    const QString name = QString::fromStdString(state.name);
    const QString place = placeOf(kept);
    const QStringList texts{(state.pinned ? QStringLiteral("\u2605 ") : QString()) + (name.isEmpty() ? place : name),
                            QLocale().toString(static_cast<qlonglong>(state.position)),
                            sizeText(static_cast<double>(state.bytes))};
    for (int column = 0; column < texts.size(); ++column) {
      auto* item = new QTableWidgetItem(texts[column]);
      if (column > 0) item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
      if (column == 0) item->setToolTip(place.left(longest_tip));
      if (column == 0 && state.pinned) item->setData(Qt::AccessibleTextRole, tr("%1, kept for good").arg(texts[0]));
      table_->setItem(row, column, item);
    }
    if (state.id == chosen) table_->selectRow(row);
  }
  summary_->setText(
      states.empty()
          ? tr("No state is kept yet. One is where a question, a thought or an answer ends.")
          : tr("%1 states, %2. From each, the model goes on without reading anything again. Those not kept for good "
               "make room for newer ones; a bookmark keeps its message's.")
                .arg(states.size())
                .arg(sizeText(static_cast<double>(bytes))));
  updateButtons();
}

const SnapshotRow* StatesPanel::selected() const {
  const QList<QTableWidgetSelectionRange> ranges = table_->selectedRanges();
  if (ranges.isEmpty() || ranges[0].topRow() >= static_cast<int>(states_.size())) return nullptr;
  return &states_[static_cast<std::size_t>(ranges[0].topRow())].state;
}

void StatesPanel::updateButtons() {
  const SnapshotRow* state = selected();
  pin_->setText(state != nullptr && state->pinned ? tr("Keep no longer") : tr("Keep for good\u2026"));
  for (QPushButton* button : {pin_, export_, remove_}) button->setEnabled(state != nullptr);
}

void StatesPanel::pin() {
  const SnapshotRow* state = selected();
  if (state == nullptr) return;
  if (state->pinned) return sessions_->pinState(session_, state->id, false, {});
  auto* ask = new QInputDialog(this);
  ask->setObjectName(QStringLiteral("stateName"));
  ask->setAttribute(Qt::WA_DeleteOnClose);
  ask->setWindowTitle(tr("Keep the state"));
  ask->setLabelText(tr("Its name:"));
  connect(ask, &QInputDialog::textValueSelected, this,
          [this, id = state->id](const QString& name) { sessions_->pinState(session_, id, true, name); });
  ask->open();
}

void StatesPanel::exportFile() {
  const SnapshotRow* state = selected();
  if (state == nullptr) return;
  const QString file = QFileDialog::getSaveFileName(this, tr("Export the state"), QStringLiteral("state.safetensors"),
                                                    tr("States (*.safetensors)"));
  if (!file.isEmpty()) sessions_->exportState(state->id, session_, file);
}

void StatesPanel::importFile() {
  const QString file =
      QFileDialog::getOpenFileName(this, tr("Begin a session from a state"), {}, tr("States (*.safetensors)"));
  if (!file.isEmpty()) emit importWanted(file);
}

}  // namespace holdfast
