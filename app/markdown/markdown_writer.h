// Markdown (md4c) into a QTextDocument, in the look of the window: headings, lists, quotes, tables, code, formulas. Raw
// HTML stays text, images become their description, links are shown and never followed: the text is a model's.
#pragma once

#include <QColor>
#include <QString>
#include <QTextBlock>
#include <QTextCursor>

class QPainter;

namespace holdfast {

struct MarkdownColours {
  QColor text, muted, link, code, codeGround, border, comment, string, number, keyword;
  [[nodiscard]] static MarkdownColours of(const QPalette& palette, bool muted_text);
};

// Appends to the end of a document. Text inside a paragraph that was written before is not continued: pieces are cut at
// finishedLength().
class MarkdownWriter {
 public:
  // `document` has a FormulaObject. text: the format of plain text (font, colour).
  MarkdownWriter(QTextDocument* document, const MarkdownColours& colours);

  void write(const QString& markdown);

 private:
  class Reader;
  QTextDocument* document_;
  const MarkdownColours& colours_;
};

// What QTextDocument cannot paint itself: the grounds of code blocks, bars of quotes, rules. Under the text.
void paintMarkdownGrounds(QPainter& painter, const QTextDocument& document, const MarkdownColours& colours,
                          const QRectF& visible);

// The code block at this position in the document, if there is one.
[[nodiscard]] QTextBlock codeBlockAt(const QTextDocument& document, QPointF where);
[[nodiscard]] QRectF codeGround(const QTextBlock& block);
[[nodiscard]] QString codeOf(const QTextBlock& block);

}  // namespace holdfast
