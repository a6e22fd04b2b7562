#include "app/widgets/composer.h"

#include <QApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QStyle>
#include <QTextBlock>
#include <QVBoxLayout>
#include <algorithm>

#include "app/widgets/elided_label.h"

namespace holdfast {
namespace {
constexpr int most_lines = 10;
}

Composer::Composer(QWidget* parent)
    : QFrame(parent), edit_(new QPlainTextEdit), button_(new QPushButton), hint_(new ElidedLabel) {
  setObjectName(QStringLiteral("composer"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(12, 10, 10, 10);
  layout->setSpacing(4);
  edit_->setObjectName(QStringLiteral("question"));
  edit_->setAccessibleName(tr("Question"));
  edit_->setPlaceholderText(tr("Ask a question"));
  edit_->setFrameShape(QFrame::NoFrame);
  edit_->setTabChangesFocus(true);
  setUsualFont();
  edit_->document()->setDocumentMargin(2);
  edit_->installEventFilter(this);
  layout->addWidget(edit_);
  auto* row = new QHBoxLayout;
  hint_->setProperty("muted", true);
  row->addWidget(hint_, 1);
  button_->setObjectName(QStringLiteral("send"));
  button_->setProperty("primary", true);
  row->addWidget(button_);
  layout->addLayout(row);
  connect(edit_, &QPlainTextEdit::textChanged, this, [this] {
    fitHeight();
    button_->setEnabled(running_ || !text().trimmed().isEmpty());
    emit edited();
  });
  connect(button_, &QPushButton::clicked, this, [this] { running_ ? emit stopped() : send(); });
  setRunning(false);
  fitHeight();
}

// Larger than the words around it, as what is read in a session.
void Composer::setUsualFont() {
  QFont font = QApplication::font(edit_);
  font.setPointSizeF(font.pointSizeF() + 1.5);
  if (font.pointSizeF() != edit_->font().pointSizeF()) edit_->setFont(font);
}

void Composer::changeEvent(QEvent* event) {
  QFrame::changeEvent(event);
  if (event->type() != QEvent::StyleChange) return;
  // With another size of text for the whole program, perhaps; behind the style, which gives back the fonts it found.
  QMetaObject::invokeMethod(
      this,
      [this] {
        setUsualFont();
        fitHeight();
      },
      Qt::QueuedConnection);
}

QString Composer::text() const { return edit_->toPlainText(); }

void Composer::setText(const QString& text) {
  edit_->setPlainText(text);
  edit_->moveCursor(QTextCursor::End);
}

void Composer::setRunning(bool running) {
  running_ = running;
  button_->setText(running ? tr("Stop") : tr("Send"));
  button_->setProperty("command", running ? "stop" : "");
  button_->setToolTip(running ? tr("Stop after this token") : tr("Send the question (Enter)"));
  button_->setAccessibleName(button_->text());
  button_->setEnabled(running || !text().trimmed().isEmpty());
}

void Composer::setHint(const QString& hint) { hint_->setText(hint); }

void Composer::setWaiting(bool waiting) {
  waiting_ = waiting;
  edit_->setReadOnly(waiting);
}

void Composer::focusText() { edit_->setFocus(Qt::ShortcutFocusReason); }

void Composer::send() {
  if (!running_ && !waiting_ && !text().trimmed().isEmpty()) emit sent(text());
}

void Composer::fitHeight() {
  int lines = 0;
  for (QTextBlock block = edit_->document()->begin(); block.isValid() && lines < most_lines; block = block.next()) {
    lines += std::max(1, block.layout() != nullptr ? block.layout()->lineCount() : 1);
  }
  const int line = QFontMetrics(edit_->font()).lineSpacing();
  edit_->setFixedHeight(line * std::clamp(lines, 1, most_lines) + 10);
}

bool Composer::eventFilter(QObject* watched, QEvent* event) {
  // Qt's text fields would take Ctrl+K to delete the rest of the line; here it opens the commands.
  if (event->type() == QEvent::ShortcutOverride &&
      static_cast<QKeyEvent*>(event)->matches(QKeySequence::DeleteEndOfLine)) {
    event->ignore();
    return true;
  }
  if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut) {
    setProperty("focused", event->type() == QEvent::FocusIn);
    style()->unpolish(this);
    style()->polish(this);
  }
  if (event->type() == QEvent::Resize) QMetaObject::invokeMethod(this, &Composer::fitHeight, Qt::QueuedConnection);
  if (event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const bool enter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
    if (enter && (key->modifiers() & Qt::ShiftModifier) == 0) {
      send();
      return true;
    }
  }
  return QFrame::eventFilter(watched, event);
}

}  // namespace holdfast
