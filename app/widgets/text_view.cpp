#include "app/widgets/text_view.h"

#include <QAbstractTextDocumentLayout>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QImage>
#include <QMenu>
#include <QMimeData>
#include <QPainter>
#include <QScrollBar>
#include <QToolButton>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>
#include <memory>

#include "app/markdown/formula_object.h"
#include "app/markdown/markdown_source.h"
#include "app/markdown/text_alignment.h"

namespace holdfast {

TextView::TextView(FormulaRenderer* renderer, QWidget* parent)
    : QTextEdit(parent), copyCode_(new QToolButton(viewport())) {
  setReadOnly(true);
  setUndoRedoEnabled(false);
  setProperty("view", true);
  setFrameShape(QFrame::NoFrame);
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  setTabChangesFocus(true);
  setCursorWidth(0);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setMouseTracking(true);
  document()->setDocumentMargin(0);
  document()->setUndoRedoEnabled(false);
  viewport()->setAutoFillBackground(false);
  new FormulaObject(renderer, document());
  copyCode_->setObjectName(QStringLiteral("copyCode"));
  copyCode_->setText(tr("Copy"));
  copyCode_->setAccessibleName(tr("Copy the code"));
  copyCode_->setFocusPolicy(Qt::NoFocus);
  copyCode_->setCursor(Qt::ArrowCursor);
  copyCode_->hide();
  connect(copyCode_, &QToolButton::clicked, this, [this] {
    if (codeUnderMouse_.isValid()) copyText(codeOf(codeUnderMouse_));
  });
  connect(document()->documentLayout(), &QAbstractTextDocumentLayout::documentSizeChanged, this, &TextView::fitHeight);
  writeAll();
}

void TextView::setText(const QString& text) {
  text_ = text;
  writeAll();
}

void TextView::append(const QString& text) {
  if (text.isEmpty()) return;
  text_ += text;
  writeTail();
}

std::vector<int> TextView::find(const QString& words) const {
  std::vector<int> places;
  if (words.isEmpty()) return places;
  for (QTextCursor at = document()->find(words); !at.isNull(); at = document()->find(words, at)) {
    places.push_back(at.selectionStart());
  }
  return places;
}

void TextView::mark(const std::vector<int>& places, int length, int current) {
  marks_ = places;
  markLength_ = length;
  currentMark_ = current;
  paintMarks();
}

void TextView::paintMarks() {
  const QPalette& palette = this->palette();
  QColor other = palette.color(QPalette::Highlight);
  other.setAlpha(70);
  QList<QTextEdit::ExtraSelection> marks;
  const int close = document()->characterCount() - 1;
  const auto add = [&](int begin, int end, bool strong) {
    QTextEdit::ExtraSelection mark;
    mark.cursor = QTextCursor(document());
    mark.cursor.setPosition(std::min(begin, close));
    mark.cursor.setPosition(std::min(end, close), QTextCursor::KeepAnchor);
    mark.format.setBackground(strong ? palette.color(QPalette::Highlight) : other);
    if (strong) mark.format.setForeground(palette.color(QPalette::HighlightedText));
    marks.push_back(mark);
  };
  if (const auto [begin, end] = markedSource_; end > begin) {
    const auto [first, last] = positionsOf(begin, end);
    add(first, last, true);
  }
  for (std::size_t i = 0; i < marks_.size(); ++i) {
    add(marks_[i], marks_[i] + markLength_, static_cast<int>(i) == currentMark_);
  }
  setExtraSelections(marks);
}

QRect TextView::rectAt(int place) const {
  QTextCursor cursor(document());
  cursor.setPosition(std::min(place, document()->characterCount() - 1));
  return cursorRect(cursor);
}

void TextView::setMuted(bool muted) {
  muted_ = muted;
  writeAll();
}

void TextView::enlarge(double points) {
  enlarged_ = points;
  QFont larger = QApplication::font(this);
  larger.setPointSizeF(larger.pointSizeF() + points);
  setFont(larger);
  writeAll();
}

void TextView::writeAll() {
  colours_ = MarkdownColours::of(QApplication::palette(), muted_);
  offerCopy({});
  document()->setDefaultFont(font());
  document()->clear();
  finishedSource_ = 0;
  finishedEnd_ = 0;
  finishedFormat_ = {};
  writeTail();
  if (!extraSelections().isEmpty()) paintMarks();  // in the colours of now
}

void TextView::writeTail() {
  offerCopy({});
  aligned_ = false;
  QTextCursor cursor(document());
  cursor.beginEditBlock();
  cursor.setPosition(std::min(finishedEnd_, document()->characterCount() - 1));
  cursor.movePosition(QTextCursor::End, QTextCursor::KeepAnchor);
  cursor.removeSelectedText();
  cursor.setBlockFormat(finishedFormat_);
  MarkdownWriter writer(document(), colours_);
  const QString tail = text_.mid(finishedSource_);
  const qsizetype finished = finishedLength(tail);
  if (finished > 0) {
    writer.write(tail.left(finished));
    cursor.movePosition(QTextCursor::End);
    finishedSource_ += finished;
    finishedEnd_ = cursor.position();
    finishedFormat_ = cursor.blockFormat();
  }
  writer.write(tail.mid(finished));
  cursor.endEditBlock();
  fitHeight();
}

void TextView::align() const {
  if (aligned_) return;
  aligned_ = true;
  positions_.clear();
  QString shown;
  for (QTextBlock block = document()->begin(); block.isValid(); block = block.next()) {
    for (auto part = block.begin(); !part.atEnd(); ++part) {
      const QTextFragment fragment = part.fragment();
      const QString formula = FormulaObject::source(fragment.charFormat());
      for (int i = 0; i < fragment.length(); ++i) {
        shown += formula.isEmpty() ? QString(fragment.text().at(i)) : formula;
        positions_.resize(static_cast<std::size_t>(shown.size()), fragment.position() + i);
      }
    }
    shown += QLatin1Char('\n');
    positions_.push_back(block.position() + block.length() - 1);
  }
  sources_ = alignText(shown, text_);
}

qsizetype TextView::sourceAt(int position) const {
  align();
  const auto at = std::ranges::lower_bound(positions_, position);
  return at == positions_.end() ? text_.size() : sources_[static_cast<std::size_t>(at - positions_.begin())];
}

std::pair<int, int> TextView::positionsOf(qsizetype begin, qsizetype end) const {
  align();
  const auto place = [&](qsizetype source) { return std::ranges::lower_bound(sources_, source) - sources_.begin(); };
  const auto at = [&](std::ptrdiff_t shown) { return positions_[static_cast<std::size_t>(shown)]; };
  const int close = document()->characterCount() - 1;
  const auto first = place(begin), last = place(end), count = std::ssize(sources_);
  const int from = first == count ? close : at(first);
  if (end <= begin) return {from, from};
  // A part of a formula is the whole of it.
  const bool inside = last > 0 && last < count && at(last - 1) == at(last);
  const int to = last == count ? close : at(last) + (inside ? 1 : 0);
  return {from, std::min(std::max(to, from + 1), close)};
}

void TextView::markSource(qsizetype begin, qsizetype end) {
  markedSource_ = {begin, end};
  paintMarks();
}

QRect TextView::rectOf(qsizetype begin) const {
  QTextCursor cursor(document());
  cursor.setPosition(positionsOf(begin, begin).first);
  return cursorRect(cursor);
}

void TextView::fitHeight() {
  const int height = static_cast<int>(std::ceil(document()->documentLayout()->documentSize().height()));
  if (height != this->height() || minimumHeight() != height) setFixedHeight(std::max(height, 1));
}

void TextView::offerCopy(const QTextBlock& code) {
  codeUnderMouse_ = code;
  copyCode_->setVisible(code.isValid());
  if (!code.isValid()) return;
  copyCode_->adjustSize();
  const QRectF ground = codeGround(code);
  copyCode_->move(static_cast<int>(ground.right()) - copyCode_->width() - 5, static_cast<int>(ground.top()) + 5);
}

void TextView::copyText(const QString& text) {
  QApplication::clipboard()->setText(text);
  emit copied();
}

void TextView::changeEvent(QEvent* event) {
  QTextEdit::changeEvent(event);
  // Text of another size for the whole program does not reach what has a font of its own; another look does.
  const double points = QApplication::font(this).pointSizeF() + enlarged_;
  if (event->type() == QEvent::StyleChange && enlarged_ != 0.0 && std::abs(font().pointSizeF() - points) > 0.01) {
    enlarge(enlarged_);
  }
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
    if (MarkdownColours::of(QApplication::palette(), muted_).text != colours_.text) writeAll();
  }
}

void TextView::contextMenuEvent(QContextMenuEvent* event) {
  const std::unique_ptr<QMenu> menu(createStandardContextMenu(event->pos()));
  const QTextCursor here = cursorForPosition(event->pos());
  const QTextBlock code = codeBlockAt(*document(), event->pos());
  QTextCursor after = here;
  after.movePosition(QTextCursor::NextCharacter);
  const QString formula = FormulaObject::source(after.charFormat());
  const QString link = here.charFormat().toolTip();
  menu->addSeparator();
  if (code.isValid()) menu->addAction(tr("Copy the code"), this, [this, code] { copyText(codeOf(code)); });
  if (!formula.isEmpty()) menu->addAction(tr("Copy the formula as TeX"), this, [this, formula] { copyText(formula); });
  if (!link.isEmpty()) menu->addAction(tr("Copy the link"), this, [this, link] { copyText(link); });
  menu->addAction(tr("Copy all as Markdown"), this, [this] { copyText(text_); });
  emit menuAboutToShow(menu.get(), here.position());
  menu->exec(event->globalPos());
}

QMimeData* TextView::createMimeDataFromSelection() const {
  auto* mime = new QMimeData;
  const QTextCursor cursor = textCursor();
  mime->setText(plainTextOf(*document(), cursor.selectionStart(), cursor.selectionEnd()));
  return mime;
}

// Whatever a text names is not fetched. An empty answer would be asked for again at every layout.
QVariant TextView::loadResource(int, const QUrl&) {
  QImage nothing(1, 1, QImage::Format_ARGB32);
  nothing.fill(Qt::transparent);
  return nothing;
}

// The cursor is seen where keys would move it.
void TextView::focusInEvent(QFocusEvent* event) {
  setCursorWidth(1);
  QTextEdit::focusInEvent(event);
}

void TextView::focusOutEvent(QFocusEvent* event) {
  setCursorWidth(0);
  QTextEdit::focusOutEvent(event);
}

void TextView::mouseMoveEvent(QMouseEvent* event) {
  QTextEdit::mouseMoveEvent(event);
  const QTextBlock code = codeBlockAt(*document(), event->position());
  if (code != codeUnderMouse_) offerCopy(code);
  emit hovered(cursorForPosition(event->pos()).position());
}

void TextView::leaveEvent(QEvent* event) {
  QTextEdit::leaveEvent(event);
  offerCopy({});
  emit hovered(-1);
}

void TextView::paintEvent(QPaintEvent* event) {
  {
    QPainter painter(viewport());
    paintMarkdownGrounds(painter, *document(), colours_, event->rect());
  }
  QTextEdit::paintEvent(event);
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
