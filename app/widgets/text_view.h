// Read-only Markdown with formulas and code, as tall as it is: scrolled by what holds it. Text may arrive in small
// pieces: what is finished is laid out once, only the last paragraph again.
#pragma once

#include <QTextEdit>

#include "app/markdown/markdown_writer.h"

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
  void setMuted(bool muted);
  void enlarge(double points);

 signals:
  void copied();

 protected:
  void changeEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  [[nodiscard]] QMimeData* createMimeDataFromSelection() const override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  [[nodiscard]] QVariant loadResource(int type, const QUrl& name) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;

 private:
  void writeAll();
  void writeTail();
  void fitHeight();
  void offerCopy(const QTextBlock& code);
  void copyText(const QString& text);

  QString text_;
  qsizetype finishedSource_ = 0;  // characters of text_ that are laid out for good
  int finishedEnd_ = 0;           // and where they end in the document
  QTextBlockFormat finishedFormat_;
  bool muted_ = false;
  MarkdownColours colours_;
  QToolButton* copyCode_;
  QTextBlock codeUnderMouse_;
};

}  // namespace holdfast
