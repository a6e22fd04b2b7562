#include "app/widgets/transcript_view.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "app/widgets/elided_label.h"
#include "app/widgets/text_view.h"

namespace holdfast {
namespace {

constexpr int widest_column = 780;  // a line of about 90 characters is as long as one reads well
constexpr int margin = 24;

// What can be seen of a stretch. White space cannot, nor what a template puts around a text: then it is the character
// behind it, or the last one before.
std::pair<qsizetype, qsizetype> seen_part(const QString& text, qsizetype begin, qsizetype end) {
  begin = std::min(begin, text.size());
  end = std::clamp(end, begin, text.size());
  const auto seen = [&](qsizetype at) { return !text[at].isSpace(); };
  for (qsizetype at = begin; at < end; ++at) {
    if (seen(at)) return {begin, end};
  }
  for (qsizetype at = end; at < text.size(); ++at) {
    if (seen(at)) return {at, at + 1};
  }
  for (qsizetype at = begin; at > 0; --at) {
    if (seen(at - 1)) return {at - 1, at};
  }
  return {begin, begin};
}

// Text behind a thought begins with empty lines that only separate the two.
QString without_lead(const QString& text) {
  qsizetype start = 0;
  while (start < text.size() && (text[start] == QLatin1Char('\n') || text[start] == QLatin1Char('\r'))) ++start;
  return text.mid(start);
}

}  // namespace

MessageView::MessageView(const TranscriptItem& item, FormulaRenderer* formulas, QWidget* parent)
    : QWidget(parent), item_(item), formulas_(formulas) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(8);
  item.kind == TranscriptItem::Kind::question ? buildQuestion(layout) : buildReply(layout);
  buildFooter(layout);
  text_->setText(without_lead(item_.text));
  if (thought_) thought_->setText(without_lead(item_.thought));
  refresh();
  if (thought_) foldThought(!item_.running || !item_.text.isEmpty());
}

void MessageView::buildQuestion(QVBoxLayout* layout) {
  auto* row = new QHBoxLayout;
  row->addStretch(1);
  bubble_ = new QFrame;
  bubble_->setObjectName(QStringLiteral("bubble"));
  auto* inside = new QVBoxLayout(bubble_);
  inside->setContentsMargins(14, 10, 14, 10);
  text_ = new TextView(formulas_);
  text_->setAccessibleName(tr("Question"));
  text_->enlarge(1.5);
  link(text_);
  inside->addWidget(text_);
  row->addWidget(bubble_);
  layout->addLayout(row);
}

void MessageView::buildReply(QVBoxLayout* layout) {
  thoughtButton_ = new QToolButton;
  thoughtButton_->setObjectName(QStringLiteral("thoughtButton"));
  thoughtButton_->setProperty("flat", true);
  thoughtButton_->setCheckable(true);
  thoughtButton_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  thoughtButton_->setToolTip(tr("Show or hide the thought"));
  connect(thoughtButton_, &QToolButton::clicked, this, [this](bool open) {
    foldedByHand_ = true;
    foldThought(!open);
  });
  layout->addWidget(thoughtButton_, 0, Qt::AlignLeft);
  thoughtBody_ = new QFrame;
  thoughtBody_->setObjectName(QStringLiteral("thoughtBody"));
  auto* inside = new QVBoxLayout(thoughtBody_);
  inside->setContentsMargins(14, 2, 0, 2);
  thought_ = new TextView(formulas_);
  thought_->setObjectName(QStringLiteral("thought"));
  thought_->setAccessibleName(tr("Thought"));
  thought_->enlarge(0.5);
  thought_->setMuted(true);
  link(thought_);
  inside->addWidget(thought_);
  layout->addWidget(thoughtBody_);
  text_ = new TextView(formulas_);
  text_->setObjectName(QStringLiteral("answer"));
  text_->setAccessibleName(tr("Answer"));
  text_->enlarge(1.5);
  link(text_);
  layout->addWidget(text_);
}

void MessageView::link(TextView* text) {
  connect(text, &TextView::hovered, this, [this, text](int position) { emit pointed(text, position); });
  connect(text, &TextView::cursorPositionChanged, this, &MessageView::turned);
  connect(text, &TextView::menuAboutToShow, this, [this, text](QMenu* menu, int position) {
    if (item_.running) return;
    menu->addSeparator();
    QAction* action = menu->addAction(tr("Inspect the memory here"), this,
                                      [this, text, position] { emit inspectRequested(placeAt(text, position)); });
    action->setObjectName(QStringLiteral("inspectHere"));
    action->setShortcut(Qt::CTRL | Qt::Key_I);
    action->setShortcutVisibleInContextMenu(true);
  });
}

TranscriptPlace MessageView::placeAt(const TextView* text, int position) const {
  TranscriptPlace place{.key = item_.key};
  if (text == thought_) {
    place.part = TranscriptPlace::Part::thought;
  } else if (item_.kind == TranscriptItem::Kind::reply) {
    place.part = TranscriptPlace::Part::answer;
  }
  const QString& whole = text == thought_ ? item_.thought : item_.text;
  place.begin = text->sourceAt(position) + whole.size() - text->text().size();  // behind its lead
  place.end = std::min(place.begin + 1, whole.size());
  return place;
}

std::optional<TranscriptPlace> MessageView::cursorPlace() const {
  for (const TextView* text : {text_, thought_}) {
    if (text != nullptr && text->hasFocus()) return placeAt(text, text->textCursor().position());
  }
  return std::nullopt;
}

QRect MessageView::showPlace(const TranscriptPlace& place, bool reveal) {
  const bool thought = place.part == TranscriptPlace::Part::thought;
  TextView* text = thought ? thought_ : text_;
  if (text == nullptr) return rect();
  if (thought && reveal && !thoughtButton_->isChecked()) {
    foldedByHand_ = true;
    foldThought(false);
  }
  const qsizetype lead = (thought ? item_.thought : item_.text).size() - text->text().size();
  const auto [begin, end] = seen_part(text->text(), std::max<qsizetype>(place.begin - lead, 0), place.end - lead);
  text->markSource(begin, end);
  // What has just been unfolded has its place when it is laid out.
  if (layout() != nullptr) layout()->activate();
  const QRect line = text->rectOf(begin);
  return {text->viewport()->mapTo(this, line.topLeft()), line.size()};
}

void MessageView::clearPlace() {
  for (TextView* text : {text_, thought_}) {
    if (text != nullptr) text->markSource(0, 0);
  }
}

QAbstractButton* MessageView::toolButton(const char* name, const QString& text, const QString& help,
                                         TranscriptTool tool) {
  auto* button = new QToolButton;
  button->setObjectName(QLatin1String(name));
  button->setProperty("flat", true);
  button->setText(text);
  button->setToolTip(help);
  button->setAccessibleName(help);
  connect(button, &QToolButton::clicked, this, [this, tool] { emit toolRequested(tool); });
  return button;
}

void MessageView::fillMore(QMenu* menu) {
  const auto add = [&](const char* name, const QString& text, TranscriptTool tool) {
    QAction* action = menu->addAction(text, this, [this, tool] { emit toolRequested(tool); });
    action->setObjectName(QLatin1String(name));
    return action;
  };
  if (item_.kind == TranscriptItem::Kind::reply) {
    QAction* thought = add("editThought", tr("Edit the thought\u2026"), TranscriptTool::editThought);
    QAction* more = add("thinkMore", tr("Think more"), TranscriptTool::thinkMore);
    connect(menu, &QMenu::aboutToShow, this, [this, thought, more] {
      thought->setEnabled(!item_.thought.isEmpty());
      more->setEnabled(!item_.thought.isEmpty());
    });
  }
  add("fork", tr("Ask on from here"), TranscriptTool::fork);
  add("inspect", tr("Inspect the memory"), TranscriptTool::inspect);
  if (item_.kind == TranscriptItem::Kind::reply) add("figures", tr("Figures\u2026"), TranscriptTool::figures);
  menu->addSeparator();
  add("remove", tr("Delete this branch"), TranscriptTool::remove);
}

void MessageView::buildFooter(QVBoxLayout* layout) {
  const bool reply = item_.kind == TranscriptItem::Kind::reply;
  auto* row = new QHBoxLayout;
  row->setSpacing(2);
  note_ = new ElidedLabel;
  note_->setObjectName(QStringLiteral("note"));
  note_->setProperty("muted", true);
  copyButton_ = new QToolButton;
  copyButton_->setText(tr("Copy"));
  copyButton_->setProperty("flat", true);
  copyButton_->setObjectName(QStringLiteral("copy"));
  copyButton_->setAccessibleName(reply ? tr("Copy the answer") : tr("Copy the question"));
  connect(copyButton_, &QToolButton::clicked, this, &MessageView::copy);
  action_ = new QPushButton;
  action_->setObjectName(QStringLiteral("action"));
  connect(action_, &QPushButton::clicked, this, &MessageView::actionRequested);
  action2_ = new QPushButton;
  action2_->setObjectName(QStringLiteral("action2"));
  connect(action2_, &QPushButton::clicked, this, &MessageView::action2Requested);
  siblings_ = new QWidget;
  auto* inside = new QHBoxLayout(siblings_);
  inside->setContentsMargins(0, 0, 0, 0);
  inside->setSpacing(0);
  previous_ = toolButton("previous", QStringLiteral("\u2039"), tr("The one before"), TranscriptTool::previous);
  previous_->setProperty("command", "previousBeside");
  next_ = toolButton("next", QStringLiteral("\u203a"), tr("The next one"), TranscriptTool::next);
  next_->setProperty("command", "nextBeside");
  place_ = new QLabel;
  place_->setObjectName(QStringLiteral("place"));
  place_->setProperty("muted", true);
  inside->addWidget(previous_);
  inside->addWidget(place_);
  inside->addWidget(next_);
  QAbstractButton* edit =
      toolButton("edit", tr("Edit"),
                 reply ? tr("Write the answer anew, beside this one") : tr("Ask it otherwise, beside this question"),
                 TranscriptTool::edit);
  bookmark_ = toolButton("bookmark", QStringLiteral("\u2606"), tr("Bookmark"), TranscriptTool::bookmark);
  bookmark_->setProperty("command", "bookmark");
  auto* more = new QToolButton;
  more->setObjectName(QStringLiteral("moreTools"));
  more->setProperty("flat", true);
  more->setText(QStringLiteral("\u22ef"));
  more->setAccessibleName(tr("More for this message"));
  more->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(more);
  fillMore(menu);
  more->setMenu(menu);
  tools_ = {siblings_, copyButton_, edit};
  if (reply) {
    tools_.push_back(
        toolButton("again", tr("Again"), tr("Have it answered again, beside this answer"), TranscriptTool::again));
    tools_.back()->setProperty("command", "again");
    tools_.push_back(toolButton("tokens", tr("Tokens"),
                                tr("How sure the model was of each token, and what else there was"),
                                TranscriptTool::tokens));
  }
  tools_.push_back(bookmark_);
  tools_.push_back(more);
  // Takes what is left of the row, so that a narrow window does not scroll sideways.
  note_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  if (!reply) {
    note_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    row->addWidget(note_, 1);
    row->addSpacing(6);
  }
  row->addWidget(action_);
  row->addWidget(action2_);
  for (QWidget* tool : tools_) row->addWidget(tool);
  footer_ = row;
  under_ = new QHBoxLayout;
  under_->setContentsMargins(10, 0, 0, 0);
  layout->addLayout(row);
  layout->addLayout(under_);
  if (reply) {
    row->addSpacing(6);
    row->addWidget(note_, 1);
  }
}

void MessageView::placeNote() {
  if (item_.kind != TranscriptItem::Kind::reply || width_ == 0) return;
  int taken = 0;
  for (const QWidget* tool : tools_) taken += tool->isHidden() ? 0 : tool->sizeHint().width() + footer_->spacing();
  for (const QPushButton* button : {action_, action2_}) {
    taken += button->isHidden() ? 0 : button->sizeHint().width() + footer_->spacing();
  }
  const bool room = taken + note_->sizeHint().width() + 12 <= width_;
  QHBoxLayout* wanted = room ? footer_ : under_;
  if (wanted->indexOf(note_) >= 0) return;
  (room ? under_ : footer_)->removeWidget(note_);
  wanted->addWidget(note_, 1);
  // Without it the row would be spread over the width.
  if (room) {
    delete footer_->takeAt(footer_->count() - 2);
  } else {
    footer_->addStretch(1);
  }
}

void MessageView::foldThought(bool folded) {
  thoughtBody_->setVisible(!folded && !item_.thought.isEmpty());
  thoughtButton_->setChecked(!folded);
  thoughtButton_->setText((folded ? QStringLiteral("\u25b8  ") : QStringLiteral("\u25be  ")) + item_.thoughtLabel);
  thoughtButton_->setAccessibleName(item_.thoughtLabel + QStringLiteral(", ") + (folded ? tr("hidden") : tr("shown")));
}

std::vector<TextView*> MessageView::texts() const {
  return thought_ == nullptr ? std::vector{text_} : std::vector{thought_, text_};
}

void MessageView::reveal(const TextView* text) {
  if (text != thought_ || thoughtButton_->isChecked()) return;
  foldedByHand_ = true;
  foldThought(false);
}

void MessageView::refresh() {
  const bool reply = item_.kind == TranscriptItem::Kind::reply;
  if (reply) {
    thoughtButton_->setVisible(!item_.thought.isEmpty() || (item_.running && !item_.thoughtLabel.isEmpty()));
    text_->setVisible(!item_.text.isEmpty());
    foldThought(!thoughtButton_->isChecked());
  }
  note_->setText(item_.note);
  note_->setToolTip(item_.noteDetails);
  note_->setVisible(!item_.note.isEmpty());
  action_->setText(item_.action);
  action_->setVisible(!item_.action.isEmpty());
  action2_->setText(item_.action2);
  action2_->setVisible(!item_.action2.isEmpty());
  for (QWidget* tool : tools_) tool->setVisible(!item_.running);
  copyButton_->setVisible(!item_.running && !item_.text.isEmpty());
  siblings_->setVisible(!item_.running && item_.places > 1);
  place_->setText(QStringLiteral("%1/%2").arg(item_.place).arg(item_.places));
  place_->setAccessibleName(tr("%1 of %2 beside each other").arg(item_.place).arg(item_.places));
  previous_->setEnabled(item_.place > 1);
  next_->setEnabled(item_.place < item_.places);
  bookmark_->setText(item_.bookmarked ? QStringLiteral("\u2605") : QStringLiteral("\u2606"));
  bookmark_->setAccessibleName(item_.bookmarked ? tr("Take the bookmark away") : tr("Bookmark this message"));
  placeNote();
}

void MessageView::setItem(const TranscriptItem& item) {
  const bool same_text = item.text == item_.text;
  const bool same_thought = item.thought == item_.thought;
  const bool begins = item.running && !item_.running;
  item_ = item;
  if (!same_text) text_->setText(without_lead(item.text));
  if (!same_thought && thought_) thought_->setText(without_lead(item.thought));
  refresh();
  if (thought_ == nullptr || foldedByHand_) return;
  if (begins && item_.text.isEmpty()) foldThought(false);
  if (!item_.running && !item_.text.isEmpty()) foldThought(true);
}

void MessageView::append(const QString& thought, const QString& answer) {
  if (item_.kind != TranscriptItem::Kind::reply || (thought.isEmpty() && answer.isEmpty())) return;
  const bool first_thought = item_.thought.isEmpty() && !thought.isEmpty();
  const bool first_answer = item_.text.isEmpty() && !answer.isEmpty();
  item_.thought += thought;
  item_.text += answer;
  thought_->append(thought_->text().isEmpty() ? without_lead(thought) : thought);
  text_->append(text_->text().isEmpty() ? without_lead(answer) : answer);
  if (!first_thought && !first_answer) return;
  refresh();
  // What is being written is in sight; a finished thought steps back, unless a hand has chosen otherwise.
  if (!foldedByHand_) foldThought(first_answer && !item_.thought.isEmpty());
}

void MessageView::setColumnWidth(int width) {
  width_ = width;
  placeNote();
  if (bubble_ == nullptr) return;
  const int most = width * 4 / 5;
  // Measured without wrapping; the bubble hugs a short question.
  int wished = 0;
  const QFontMetrics metrics(text_->font());
  for (const QString& line : text_->text().split(QLatin1Char('\n'))) {
    wished = std::max(wished, metrics.horizontalAdvance(line));
    if (wished > most) break;
  }
  bubble_->setFixedWidth(std::clamp(wished + 36, 64, most));
}

void MessageView::copy() {
  QApplication::clipboard()->setText(without_lead(item_.text));
  emit copied();
}

TranscriptView::TranscriptView(QWidget* parent) : QScrollArea(parent), column_(new QWidget) {
  setObjectName(QStringLiteral("transcript"));
  setAccessibleName(tr("Conversation"));
  setFrameShape(QFrame::NoFrame);
  setWidgetResizable(true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  auto* page = new QWidget;
  auto* centre = new QHBoxLayout(page);
  centre->setContentsMargins(margin, margin, margin, margin);
  column_->setObjectName(QStringLiteral("column"));
  column_->setMaximumWidth(widest_column);
  centre->addStretch(1);
  centre->addWidget(column_, 1000);
  centre->addStretch(1);
  layout_ = new QVBoxLayout(column_);
  layout_->setContentsMargins(0, 0, 0, 0);
  layout_->setSpacing(20);
  layout_->addStretch(1);
  setWidget(page);
  connect(verticalScrollBar(), &QScrollBar::rangeChanged, this, [this] {
    if (follow_) scrollToEnd();
  });
  connect(verticalScrollBar(), &QScrollBar::actionTriggered, this, [this] {
    const QScrollBar* bar = verticalScrollBar();
    follow_ = bar->sliderPosition() >= bar->maximum() - 8;
  });
  connect(verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
    if (value >= verticalScrollBar()->maximum() - 8) follow_ = true;
  });
}

MessageView* TranscriptView::make(const TranscriptItem& item) {
  auto* view = new MessageView(item, &formulas_);
  connect(view, &MessageView::actionRequested, this, &TranscriptView::actionRequested);
  connect(view, &MessageView::action2Requested, this, &TranscriptView::action2Requested);
  connect(view, &MessageView::toolRequested, this,
          [this, view](TranscriptTool tool) { emit toolRequested(TranscriptItem(view->item()), tool); });
  connect(view, &MessageView::copied, this, &TranscriptView::copied);
  connect(view, &MessageView::inspectRequested, this, &TranscriptView::inspectRequested);
  connect(view, &MessageView::turned, this, &TranscriptView::clearPlace);
  connect(view, &MessageView::pointed, this, [this, view](const TextView* text, int position) {
    if (!pointing_) return;
    emit placePointed(position < 0 ? std::nullopt : std::optional(view->placeAt(text, position)));
  });
  view->setColumnWidth(std::min(widest_column, viewport()->width() - 2 * margin));
  return view;
}

void TranscriptView::add(const TranscriptItem& item) {
  views_.push_back(make(item));
  layout_->insertWidget(layout_->count() - 1, views_.back());
  follow_ = true;
}

void TranscriptView::truncate(std::size_t count) {
  while (views_.size() > count) {
    if (marked_ == views_.back()) marked_ = nullptr;
    delete views_.back();
    views_.pop_back();
  }
}

void TranscriptView::setItems(const std::vector<TranscriptItem>& items) {
  std::size_t same = 0;
  while (same < views_.size() && same < items.size() && views_[same]->item().key == items[same].key &&
         views_[same]->item().kind == items[same].kind) {
    views_[same]->setItem(items[same]);
    ++same;
  }
  truncate(same);
  for (; same < items.size(); ++same) add(items[same]);
  if (!sought_.isEmpty()) showFound(findAll(), false);
}

void TranscriptView::setLast(const TranscriptItem& item) {
  if (views_.empty()) return add(item);
  views_.back()->setItem(item);
}

void TranscriptView::append(const QString& thought, const QString& answer) {
  if (!views_.empty()) views_.back()->append(thought, answer);
}

void TranscriptView::clear() {
  truncate(0);
  follow_ = true;
}

const TranscriptItem* TranscriptView::last() const { return views_.empty() ? nullptr : &views_.back()->item(); }

void TranscriptView::scrollToEnd() { verticalScrollBar()->setValue(verticalScrollBar()->maximum()); }

void TranscriptView::scrollTo(qint64 key) {
  for (const MessageView* view : views_) {
    if (view->item().key != key) continue;
    follow_ = false;
    verticalScrollBar()->setValue(view->mapTo(widget(), QPoint(0, 0)).y() - margin);
  }
}

MessageView* TranscriptView::viewOf(const TranscriptPlace& place) const {
  const auto kind =
      place.part == TranscriptPlace::Part::question ? TranscriptItem::Kind::question : TranscriptItem::Kind::reply;
  const auto found = std::ranges::find_if(
      views_, [&](const MessageView* view) { return view->item().key == place.key && view->item().kind == kind; });
  return found == views_.end() ? nullptr : *found;
}

void TranscriptView::showPlace(const TranscriptPlace& place, bool reveal) {
  clearPlace();
  MessageView* view = viewOf(place);
  if (view == nullptr) return;
  marked_ = view;
  QRect line = view->showPlace(place, reveal);
  if (!reveal) return;
  follow_ = false;
  widget()->layout()->activate();
  line.moveTopLeft(view->mapTo(widget(), line.topLeft()));
  verticalScrollBar()->setValue(line.center().y() - viewport()->height() / 3);
}

void TranscriptView::clearPlace() {
  if (marked_ != nullptr) std::exchange(marked_, nullptr)->clearPlace();
}

std::optional<TranscriptPlace> TranscriptView::cursorPlace() const {
  for (const MessageView* view : views_) {
    if (const std::optional<TranscriptPlace> place = view->cursorPlace()) return place;
  }
  return std::nullopt;
}

void TranscriptView::step(int messages) {
  if (views_.empty()) return;
  const int top = verticalScrollBar()->value() + margin + 1;
  int now = 0;
  for (std::size_t i = 0; i < views_.size(); ++i) {
    if (views_[i]->mapTo(widget(), QPoint(0, 0)).y() <= top) now = static_cast<int>(i);
  }
  const int wanted = std::clamp(now + messages, 0, static_cast<int>(views_.size()) - 1);
  scrollTo(views_[static_cast<std::size_t>(wanted)]->item().key);
}

std::vector<TranscriptView::Found> TranscriptView::findAll() const {
  std::vector<Found> found;
  for (MessageView* view : views_) {
    for (TextView* text : view->texts()) {
      for (const int place : text->find(sought_)) found.push_back({view, text, place});
    }
  }
  return found;
}

void TranscriptView::find(const QString& words) {
  sought_ = words;
  const std::vector<Found> found = findAll();
  // From what is in sight on, else from the beginning.
  const int top = verticalScrollBar()->value();
  const auto below = std::ranges::find_if(found, [&](const Found& one) {
    return one.text->mapTo(widget(), one.text->rectAt(one.place).bottomLeft()).y() >= top;
  });
  current_ = found.empty() ? -1 : below == found.end() ? 0 : static_cast<int>(below - found.begin());
  showFound(found, true);
}

void TranscriptView::stepFound(int by) {
  if (sought_.isEmpty()) return;
  const std::vector<Found> found = findAll();  // text may have come since
  const auto count = static_cast<int>(found.size());
  current_ = count == 0 ? -1 : ((current_ + by) % count + count) % count;
  showFound(found, true);
}

void TranscriptView::showFound(const std::vector<Found>& found, bool go) {
  const auto count = static_cast<int>(found.size());
  current_ = std::min(current_, count - 1);
  const Found* current = current_ < 0 ? nullptr : &found[static_cast<std::size_t>(current_)];
  for (const MessageView* view : views_) {
    for (TextView* text : view->texts()) {
      std::vector<int> places;
      int here = -1;
      for (const Found& one : found) {
        if (one.text != text) continue;
        if (&one == current) here = static_cast<int>(places.size());
        places.push_back(one.place);
      }
      text->mark(places, static_cast<int>(sought_.size()), here);
    }
  }
  emit foundChanged(current_ + 1, count);
  if (!go || current == nullptr) return;
  follow_ = false;
  current->view->reveal(current->text);
  // Behind the layout of a thought that has just been opened.
  QMetaObject::invokeMethod(
      current->text,
      [this, text = current->text, place = current->place] {
        const QPoint at = text->mapTo(widget(), text->rectAt(place).center());
        ensureVisible(at.x(), at.y(), 0, viewport()->height() / 4);
      },
      Qt::QueuedConnection);
}

void TranscriptView::resizeEvent(QResizeEvent* event) {
  QScrollArea::resizeEvent(event);
  for (MessageView* view : views_) view->setColumnWidth(std::min(widest_column, viewport()->width() - 2 * margin));
}

void TranscriptView::keyPressEvent(QKeyEvent* event) {
  QScrollBar* bar = verticalScrollBar();
  switch (event->key()) {
    case Qt::Key_Home: bar->triggerAction(QAbstractSlider::SliderToMinimum); return;
    case Qt::Key_End: bar->triggerAction(QAbstractSlider::SliderToMaximum); return;
    default: QScrollArea::keyPressEvent(event);
  }
}

}  // namespace holdfast
