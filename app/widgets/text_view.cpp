#include "app/widgets/text_view.h"

#include <QAbstractTextDocumentLayout>
#include <QKeyEvent>
#include <QTextBlock>
#include <QTextCursor>
#include <QTextDocument>
#include <QWheelEvent>
#include <cmath>

namespace holdfast {
namespace {

// A paragraph is laid out again whole at every append: one that never ends is broken at a space.
constexpr int longest_paragraph = 8000;

void leave_air(QTextCursor& cursor) {
  QTextBlockFormat format;
  format.setLineHeight(128, QTextBlockFormat::ProportionalHeight);
  cursor.setBlockFormat(format);
}

}  // namespace

TextView::TextView(QWidget* parent) : QTextEdit(parent) {
  setReadOnly(true);
  setUndoRedoEnabled(false);
  setAcceptRichText(false);
  setProperty("view", true);
  setFrameShape(QFrame::NoFrame);
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  setTabChangesFocus(true);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  document()->setDocumentMargin(0);
  viewport()->setAutoFillBackground(false);
  connect(document()->documentLayout(), &QAbstractTextDocumentLayout::documentSizeChanged, this, &TextView::fitHeight);
  setText({});
}

void TextView::setText(const QString& text) {
  text_.clear();
  clear();
  QTextCursor cursor(document());
  leave_air(cursor);
  append(text);
}

void TextView::append(const QString& text) {
  if (text.isEmpty()) return;
  text_ += text;
  QTextCursor cursor(document());
  cursor.movePosition(QTextCursor::End);
  const qsizetype space = text.lastIndexOf(QLatin1Char(' '));
  if (cursor.block().length() < longest_paragraph || space < 0) return cursor.insertText(text);
  cursor.insertText(text.left(space));
  cursor.insertBlock();
  cursor.insertText(text.mid(space + 1));
}

int TextView::wishedWidth(int most) const {
  const int ideal = static_cast<int>(std::ceil(document()->idealWidth()));
  return std::min(most, ideal + 2);
}

void TextView::fitHeight() {
  const int height = static_cast<int>(std::ceil(document()->documentLayout()->documentSize().height()));
  if (height != this->height() || minimumHeight() != height) setFixedHeight(std::max(height, 1));
}

void TextView::resizeEvent(QResizeEvent* event) {
  QTextEdit::resizeEvent(event);
  fitHeight();
}

void TextView::wheelEvent(QWheelEvent* event) { event->ignore(); }

void TextView::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_PageUp:
    case Qt::Key_PageDown:
    case Qt::Key_Escape: event->ignore(); return;
    default: QTextEdit::keyPressEvent(event);
  }
}

}  // namespace holdfast
