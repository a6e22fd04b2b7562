#include "app/widgets/token_view.h"

#include <QEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <algorithm>
#include <cmath>

namespace holdfast {

TokenView::TokenView(QWidget* parent) : QTextEdit(parent) {
  setReadOnly(true);
  setMouseTracking(true);
  setUndoRedoEnabled(false);
  setFrameShape(QFrame::NoFrame);
  setTabChangesFocus(true);
  setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  setAccessibleName(tr("Tokens"));
  setAccessibleDescription(tr("Left and Right go from token to token"));
}

// One hue, so that it can be told without seeing colours: the stronger, the less likely (by bits of surprise).
QColor TokenView::ground(double probability, const QPalette& palette) {
  const bool dark = palette.color(QPalette::Base).lightness() < 128;
  const double bits = -std::log2(std::clamp(probability, 1e-6, 1.0));
  const double strength = std::clamp(bits / 6.0, 0.0, 1.0);
  QColor colour(dark ? QColor(230, 140, 40) : QColor(240, 150, 40));
  colour.setAlphaF(static_cast<float>(strength < 0.02 ? 0.0 : 0.08 + 0.62 * strength));
  return colour;
}

void TokenView::setTokens(std::vector<ShownToken> tokens) {
  tokens_ = std::move(tokens);
  position_ = static_cast<int>(tokens_.size());
  pointed_ = -1;
  write();
}

void TokenView::write() {
  setUpdatesEnabled(false);
  clear();
  starts_.clear();
  QTextCursor cursor(document());
  cursor.beginEditBlock();
  for (const ShownToken& token : tokens_) {
    starts_.push_back(cursor.position());
    QTextCharFormat format;
    format.setForeground(palette().color(QPalette::Text));
    if (token.known) {
      format.setBackground(ground(token.probability, palette()));
    } else {
      format.setFontItalic(true);
    }
    cursor.insertText(token.text, format);
  }
  starts_.push_back(cursor.position());
  cursor.endEditBlock();
  setUpdatesEnabled(true);
  mark();
}

void TokenView::setPosition(int position) {
  const int wanted = std::clamp(position, 0, static_cast<int>(tokens_.size()));
  if (wanted == position_) return;
  position_ = wanted;
  mark();
  emit positionChanged(position_);
}

void TokenView::point(int token) {
  if (token >= static_cast<int>(tokens_.size())) token = -1;
  if (token == pointed_) return;
  pointed_ = token;
  mark();
  if (pointed_ < 0) return;
  QTextCursor seen(document());
  seen.setPosition(starts_[static_cast<std::size_t>(pointed_)]);
  const QRect place = cursorRect(seen);
  if (!viewport()->rect().contains(place.center())) {
    verticalScrollBar()->setValue(verticalScrollBar()->value() + place.center().y() - viewport()->height() / 2);
  }
}

void TokenView::mark() {
  QList<QTextEdit::ExtraSelection> marks;
  if (position_ < static_cast<int>(tokens_.size())) {
    const auto at = static_cast<std::size_t>(position_);
    QTextEdit::ExtraSelection rest;
    rest.cursor = QTextCursor(document());
    rest.cursor.setPosition(starts_[at]);
    rest.cursor.setPosition(starts_.back(), QTextCursor::KeepAnchor);
    rest.format.setForeground(palette().color(QPalette::PlaceholderText));
    marks << rest;
    QTextEdit::ExtraSelection token;
    token.cursor = QTextCursor(document());
    token.cursor.setPosition(starts_[at]);
    token.cursor.setPosition(starts_[at + 1], QTextCursor::KeepAnchor);
    token.format.setBackground(palette().color(QPalette::Highlight));
    token.format.setForeground(palette().color(QPalette::HighlightedText));
    marks << token;
    QTextCursor seen(document());
    seen.setPosition(starts_[at]);
    setTextCursor(seen);
    ensureCursorVisible();
  }
  if (pointed_ >= 0) {
    QTextEdit::ExtraSelection under;
    under.cursor = QTextCursor(document());
    under.cursor.setPosition(starts_[static_cast<std::size_t>(pointed_)]);
    under.cursor.setPosition(starts_[static_cast<std::size_t>(pointed_) + 1], QTextCursor::KeepAnchor);
    under.format.setUnderlineStyle(QTextCharFormat::SingleUnderline);
    under.format.setBackground(palette().color(QPalette::Mid));
    marks << under;
  }
  setExtraSelections(marks);
}

int TokenView::tokenAt(int character) const {
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), character);
  return std::clamp(static_cast<int>(next - starts_.begin()) - 1, 0, std::max(0, static_cast<int>(tokens_.size()) - 1));
}

void TokenView::mouseMoveEvent(QMouseEvent* event) {
  QTextEdit::mouseMoveEvent(event);
  emit tokenPointed(tokens_.empty() ? -1 : tokenAt(cursorForPosition(event->pos()).position()));
}

void TokenView::leaveEvent(QEvent* event) {
  QTextEdit::leaveEvent(event);
  emit tokenPointed(-1);
}

void TokenView::mouseReleaseEvent(QMouseEvent* event) {
  QTextEdit::mouseReleaseEvent(event);
  if (event->button() == Qt::LeftButton && !textCursor().hasSelection() && !tokens_.empty()) {
    setPosition(tokenAt(cursorForPosition(event->pos()).position()));
  }
}

void TokenView::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Left) return setPosition(position_ - 1);
  if (event->key() == Qt::Key_Right) return setPosition(position_ + 1);
  QTextEdit::keyPressEvent(event);
}

void TokenView::changeEvent(QEvent* event) {
  QTextEdit::changeEvent(event);
  if (event->type() == QEvent::PaletteChange && !tokens_.empty()) write();
}

}  // namespace holdfast
