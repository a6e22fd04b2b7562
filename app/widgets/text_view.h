// Read-only Markdown with formulas and code, as tall as it is: scrolled by what holds it. Text may arrive in small
// pieces: what is finished is laid out once, only the last paragraph again.
#pragma once

#include <QTextEdit>
#include <utility>
#include <vector>

#include "app/markdown/markdown_writer.h"

class QMenu;
class QToolButton;

namespace holdfast {

class FormulaRenderer;

class TextView : public QTextEdit {
  Q_OBJECT

 public:
  // renderer: null shows formulas as their source; it must outlive the view.
  explicit TextView(FormulaRenderer* renderer = nullptr, QWidget* parent = nullptr);

  void setText(const QString& text);
  void append(const QString& text);  // continues the text
  [[nodiscard]] const QString& text() const { return text_; }
  // Where these words stand in what is shown, whatever their case: first characters. Empty words are nowhere.
  [[nodiscard]] std::vector<int> find(const QString& words) const;
  // Marks `length` characters at each place, the one at `current` (an index, or -1) more than the others.
  void mark(const std::vector<int>& places, int length, int current);
  [[nodiscard]] QRect rectAt(int place) const;  // in this widget
  void setMuted(bool muted);
  void enlarge(double points);

  // Between the document and the text it was made from, formulas and markup included.
  [[nodiscard]] qsizetype sourceAt(int position) const;
  [[nodiscard]] std::pair<int, int> positionsOf(qsizetype begin, qsizetype end) const;
  void markSource(qsizetype begin, qsizetype end);    // where something else speaks of; equal: nowhere
  [[nodiscard]] QRect rectOf(qsizetype begin) const;  // of what stands there

 signals:
  void copied();
  void hovered(int position);                       // the mouse is at this place of the document; -1: it has left
  void menuAboutToShow(QMenu* menu, int position);  // entries may be added

 protected:
  void changeEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  [[nodiscard]] QMimeData* createMimeDataFromSelection() const override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  [[nodiscard]] QVariant loadResource(int type, const QUrl& name) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;

 private:
  void writeAll();
  void paintMarks();
  void writeTail();
  void fitHeight();
  void offerCopy(const QTextBlock& code);
  void copyText(const QString& text);
  void align() const;

  QString text_;
  qsizetype finishedSource_ = 0;  // characters of text_ that are laid out for good
  int finishedEnd_ = 0;           // and where they end in the document
  QTextBlockFormat finishedFormat_;
  std::pair<qsizetype, qsizetype> markedSource_{0, 0};
  std::vector<int> marks_;  // first characters, as mark() was given them
  int markLength_ = 0;
  int currentMark_ = -1;
  bool muted_ = false;
  double enlarged_ = 0.0;  // points
  MarkdownColours colours_;
  QToolButton* copyCode_;
  QTextBlock codeUnderMouse_;
  mutable bool aligned_ = false;
  mutable std::vector<int> positions_;      // of what is shown, ascending, in the document
  mutable std::vector<qsizetype> sources_;  // and in the text
};

}  // namespace holdfast
