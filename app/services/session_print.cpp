#include "app/services/session_print.h"

#include <QAbstractTextDocumentLayout>
#include <QBuffer>
#include <QEventLoop>
#include <QFontDatabase>
#include <QImage>
#include <QPageLayout>
#include <QPainter>
#include <QPdfWriter>
#include <QTextBlock>
#include <QTextDocument>
#include <QTextFrame>
#include <QTextTable>
#include <QTimer>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "app/exchange/session_export.h"
#include "app/jobs/job.h"
#include "app/markdown/formula_object.h"
#include "app/markdown/markdown_source.h"
#include "app/markdown/markdown_writer.h"

namespace holdfast {
namespace {

constexpr int print_dpi = 96;  // one unit is a pixel of the window: the look is the window's
constexpr double print_points = 9.5;
constexpr double page_margin_mm = 20.0;
constexpr double header_room_mm = 6.0;
constexpr double html_formula_scale = 1.13;  // as in the window: text has a larger x-height than MathJax's fonts
constexpr double page_foot = 14.0;           // room above and below a page's lines for what reaches beyond them
constexpr double half_line = 8.0;            // of a table
constexpr int heading_property = QTextFormat::UserProperty + 20;

QString printed(std::string_view text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }

// On white paper, whatever the window looks like.
MarkdownColours paper_colours(bool thought) {
  MarkdownColours c;
  c.muted = QColor(0x58, 0x5e, 0x62);
  c.text = thought ? c.muted : QColor(0x14, 0x17, 0x19);
  c.link = QColor(0x1f, 0x6f, 0x68);
  c.code = c.text;
  c.codeGround = QColor(0xf4, 0xf5, 0xf4);
  c.border = QColor(0xd4, 0xd7, 0xd3);
  c.comment = QColor(0x63, 0x6b, 0x6f);
  c.string = QColor(0x3d, 0x65, 0x1b);
  c.number = QColor(0x8a, 0x4b, 0x08);
  c.keyword = QColor(0x1d, 0x4f, 0x91);
  return c;
}

QPageLayout paper() {
  return {QPageSize(QPageSize::A4), QPageLayout::Portrait, QMarginsF(page_margin_mm, 14.0, page_margin_mm, 12.0),
          QPageLayout::Millimeter};
}

QFont paper_font(double points) {
  QFont font = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
  font.setPointSizeF(points);
  font.setHintingPreference(QFont::PreferNoHinting);
  return font;
}

// One document for the whole session, laid out in pages and painted page by page.
class SessionPages {
 public:
  // device: what the text is measured for.
  SessionPages(FormulaRenderer* renderer, const QPageLayout& layout, QPaintDevice* device) : device_(device) {
    document_.setUndoRedoEnabled(false);
    document_.setDocumentMargin(0);
    document_.setUseDesignMetrics(true);
    document_.setDefaultFont(paper_font(print_points));
    document_.documentLayout()->setPaintDevice(device);
    new FormulaObject(renderer, &document_);
    const QRectF paper = layout.paintRectPixels(print_dpi);
    header_ = header_room_mm / 25.4 * print_dpi;
    page_ = QRectF(0.0, header_, std::floor(paper.width()), std::floor(paper.height() - 2.0 * header_));
    QTextFrameFormat root = document_.rootFrame()->frameFormat();
    root.setTopMargin(page_foot);
    root.setBottomMargin(page_foot);
    document_.rootFrame()->setFrameFormat(root);
    // Formulas that are wider than the page are shrunk to it.
    document_.setTextWidth(page_.width());
  }

  void write(const WholeSession& whole, const ExportOptions& options) {
    title_ = printed(session_title(whole)).simplified();
    line(title_, paper_font(17.0), colours_.text, 0.0, 2.0, QFont::DemiBold, false);
    line(printed(session_subtitle(whole)), paper_font(8.5), colours_.muted, 0.0, 10.0, QFont::Normal, false);
    for (const OutlineEntry& entry : session_outline(whole, options)) {
      const bool branch = entry.node == nullptr;
      line(printed(entry.heading), paper_font(branch ? 11.0 : 8.5), branch ? colours_.text : colours_.link,
           branch ? 26.0 : 18.0, 4.0, QFont::DemiBold, true);
      if (branch) continue;
      const bool thought = entry.node->kind == NodeKind::thought;
      MarkdownWriter(&document_, thought ? thoughts_ : colours_).write(printed(entry.node->text));
      if (!entry.facts.empty()) {
        line(printed(entry.facts), paper_font(7.5), colours_.muted, 4.0, 2.0, QFont::Normal, false);
      }
    }
  }

  // The number of pages.
  int lay() {
    document_.setPageSize(page_.size());
    fillPages();
    return document_.pageCount();
  }

  void paintPage(QPainter& painter, int page, int pages) {
    const QRectF part(0.0, page * page_.height(), page_.width(), page_.height());
    painter.save();
    painter.translate(page_.left(), page_.top() - part.top());
    painter.setClipRect(part.adjusted(-20.0, 0.0, 20.0, 0.0));
    paintMarkdownGrounds(painter, document_, colours_, part);
    QAbstractTextDocumentLayout::PaintContext context;
    context.clip = part;
    context.palette.setColor(QPalette::Text, colours_.text);
    document_.documentLayout()->draw(&painter, context);
    painter.restore();
    painter.setFont(paper_font(7.5));
    painter.setPen(colours_.muted);
    const double bottom = page_.bottom();
    if (page > 0) {
      const QFontMetricsF metrics(painter.font(), device_);
      painter.drawText(QRectF(0.0, 0.0, page_.width(), header_), Qt::AlignLeft | Qt::AlignTop,
                       metrics.elidedText(title_, Qt::ElideRight, page_.width()));
    }
    painter.drawText(QRectF(0.0, bottom, page_.width(), header_), Qt::AlignHCenter | Qt::AlignBottom,
                     QStringLiteral("%1 / %2").arg(page + 1).arg(pages));
  }

 private:
  void line(const QString& text, const QFont& font, const QColor& colour, double above, double below, int weight,
            bool heading) {
    QTextCursor cursor(&document_);
    cursor.movePosition(QTextCursor::End);
    QTextBlockFormat block;
    block.setTopMargin(above);
    block.setBottomMargin(below);
    block.setProperty(heading_property, heading);
    QTextCharFormat format;
    QFont chosen = font;
    chosen.setWeight(static_cast<QFont::Weight>(weight));
    format.setFont(chosen);
    format.setForeground(colour);
    if (cursor.block().length() <= 1) {
      cursor.setBlockFormat(block);
    } else {
      cursor.insertBlock(block, format);
    }
    MarkdownSource source = takeFormulas(text);
    source.markdown.replace(QLatin1String("\\*"), QLatin1String("*"));  // what kept Markdown from emphasis
    for (qsizetype at = 0, begin = 0; at <= source.markdown.size(); ++at) {
      qsizetype length = 0;
      const qsizetype index = at < source.markdown.size() ? formulaAt(source.markdown, at, &length) : -1;
      if (index < 0 && at < source.markdown.size()) continue;
      cursor.insertText(source.markdown.mid(begin, at - begin), format);
      begin = at + length;
      if (index < 0) break;
      SourceFormula formula = source.formulas[static_cast<std::size_t>(index)];
      formula.display = false;
      cursor.insertText(QChar(QChar::ObjectReplacementCharacter), FormulaObject::format(formula, format));
      at = begin - 1;
    }
  }

  [[nodiscard]] int pageOf(double y) const { return static_cast<int>(std::floor(y / page_.height())); }

  // What must not be torn apart goes to the next page: a heading from its text, a short block of code, a formula that
  // hangs below its line. A larger margin pushes it there; Qt's own page breaks leave empty pages behind tables.
  void fillPages() {
    partFromTables();
    for (QTextBlock block = document_.begin(); block.isValid(); block = block.next()) {
      if (QTextTable* table = QTextCursor(block).currentTable()) {
        keepRows(*table);
        block = table->lastCursorPosition().block();
        continue;
      }
      keepWhole(block);
    }
  }
  void keepWhole(const QTextBlock& block) {
    if (!isTorn(block)) return;
    QTextBlock from = block;
    while (from.previous().isValid() && isHeading(from.previous())) from = from.previous();
    const double line = topOf(from, 0);
    const double foot = footOf(line);
    QTextBlockFormat format = from.blockFormat();
    if (foot - line > page_.height() * 0.6) return;  // it would leave a page half empty
    format.setTopMargin(format.topMargin() + foot - line + 1.0);
    QTextCursor(from).setBlockFormat(format);
  }
  [[nodiscard]] double footOf(double y) const { return (pageOf(y) + 1) * page_.height() - page_foot; }

  // A row that would be split begins the next page: the row above it, or what is above the table, fills this one.
  void keepRows(QTextTable& table) {
    for (int row = 0; row < table.rows(); ++row) {
      // The head of a table stays with the first row.
      const double top = extentOf(table, row).first;
      const double bottom = extentOf(table, row == 0 && table.rows() > 1 ? 1 : row).second;
      const double foot = footOf(top);
      if (bottom <= foot || foot - top > page_.height() * 0.6 || bottom - top > page_.height() * 0.8) continue;
      if (row == 0) {
        QTextTableFormat format = table.format();
        format.setTopMargin(format.topMargin() + foot - top + 1.0);
        table.setFormat(format);
        continue;
      }
      for (int column = 0; column < table.columns(); ++column) {
        // Qt brings the foot nearer to a cell's lines by its padding: all of the room would push them over.
        QTextTableCell cell = table.cellAt(row - 1, column);
        QTextTableCellFormat format = cell.format().toTableCellFormat();
        format.setBottomPadding(table.format().cellPadding() + std::max(foot - top - half_line, 0.0));
        cell.setFormat(format);
      }
    }
  }
  // From the first line of a row to its last, with its padding.
  [[nodiscard]] std::pair<double, double> extentOf(const QTextTable& table, int row) const {
    double top = std::numeric_limits<double>::max(), bottom = 0.0;
    const double padding = table.format().cellPadding();
    for (int column = 0; column < table.columns(); ++column) {
      const QTextTableCell cell = table.cellAt(row, column);
      const QTextBlock first = cell.firstCursorPosition().block(), last = cell.lastCursorPosition().block();
      if (first.layout()->lineCount() == 0 || last.layout()->lineCount() == 0) continue;
      top = std::min(top, topOf(first, 0) - padding);
      bottom = std::max(bottom, bottomOf(last, last.layout()->lineCount() - 1) + padding);
    }
    return {std::min(top, bottom), bottom};
  }
  // Qt leaves out the top margin of what follows a table: a line without height comes between.
  void partFromTables() {
    std::vector<int> behind;
    for (QTextBlock block = document_.begin(); block.isValid(); block = block.next()) {
      const bool after = block.previous().isValid() && QTextCursor(block.previous()).currentTable() != nullptr;
      if (after && QTextCursor(block).currentTable() == nullptr) behind.push_back(block.position());
    }
    std::ranges::reverse(behind);
    for (const int position : behind) {
      QTextCursor cursor(&document_);
      cursor.setPosition(position);
      cursor.insertBlock();
      cursor.movePosition(QTextCursor::PreviousBlock);
      QTextBlockFormat none;
      none.setLineHeight(1.0, QTextBlockFormat::FixedHeight);
      cursor.setBlockFormat(none);
    }
  }
  static bool isHeading(const QTextBlock& block) { return block.blockFormat().boolProperty(heading_property); }

  [[nodiscard]] double topOf(const QTextBlock& block, int line) const {
    return document_.documentLayout()->blockBoundingRect(block).top() + block.layout()->lineAt(line).y();
  }
  // With what hangs below the line.
  [[nodiscard]] double bottomOf(const QTextBlock& block, int line) const {
    const QTextBlockFormat format = block.blockFormat();
    const bool hangs =
        block.layout()->lineCount() == 1 && format.lineHeightType() == QTextBlockFormat::LineDistanceHeight;
    return topOf(block, line) + block.layout()->lineAt(line).height() + (hangs ? format.lineHeight() : 0.0);
  }

  [[nodiscard]] bool isTorn(const QTextBlock& block) const {
    if (block.layout()->lineCount() == 0 || QTextCursor(block).currentTable() != nullptr) return false;
    const int page = pageOf(topOf(block, 0));
    if (topOf(block, 0) - page * page_.height() < page_foot + 4.0) return false;  // it begins the page
    const double foot = (page + 1) * page_.height() - page_foot;
    if (bottomOf(block, 0) > foot + page_foot * 0.5) return true;
    if (isHeading(block)) {
      const QTextBlock next = block.next();
      return next.isValid() && next.layout()->lineCount() > 0 && bottomOf(next, 0) > foot + page_foot * 0.5;
    }
    const int last = block.layout()->lineCount() - 1;
    const bool code = block.blockFormat().hasProperty(QTextFormat::BlockCodeLanguage);
    return code && bottomOf(block, last) > foot;
  }

  QPaintDevice* device_;
  QTextDocument document_;
  const MarkdownColours colours_ = paper_colours(false);
  const MarkdownColours thoughts_ = paper_colours(true);
  QRectF page_;  // what the text has, in units of the paintable part of the paper
  double header_ = 0.0;
  QString title_;
};

}  // namespace

// Orders every formula and waits until each is drawn or refused.
void SessionPrinter::typeset(const WholeSession& whole, const ExportOptions& options, const std::stop_token& stop) {
  QEventLoop loop;
  std::vector<SourceFormula> waiting;
  for (SourceFormula& formula : takeFormulas(printed(session_title(whole)).simplified()).formulas) {
    formula.display = false;
    waiting.push_back(std::move(formula));
  }
  for (const OutlineEntry& entry : session_outline(whole, options)) {
    if (entry.node == nullptr) continue;
    for (SourceFormula& formula : takeFormulas(printed(entry.node->text)).formulas) {
      waiting.push_back(std::move(formula));
    }
  }
  const auto settled = [&] {
    while (!waiting.empty()) {
      const FormulaPicture* picture = nullptr;
      const SourceFormula& last = waiting.back();
      if (renderer_.look(last.tex, last.display, &picture) == FormulaRenderer::State::waiting) return false;
      waiting.pop_back();
    }
    return true;
  };
  QObject::connect(&renderer_, &FormulaRenderer::rendered, &loop, [&] {
    if (settled()) loop.quit();
  });
  QTimer watch;
  QObject::connect(&watch, &QTimer::timeout, &loop, [&] {
    if (stop.stop_requested()) loop.quit();
  });
  watch.start(50);
  if (!settled()) loop.exec();
  if (stop.stop_requested()) throw Cancelled{};
}

QByteArray SessionPrinter::html(const WholeSession& whole, const ExportOptions& options, const std::stop_token& stop) {
  typeset(whole, options, stop);
  const auto picture_of = [this](const TextFormula& formula) -> std::string {
    const FormulaPicture* picture = nullptr;
    (void)renderer_.look(printed(formula.tex), formula.display, &picture);
    return picture == nullptr ? std::string() : picture->svg(html_formula_scale).toStdString();
  };
  return QByteArray::fromStdString(html_document(whole, options, picture_of));
}

QByteArray SessionPrinter::pdf(const WholeSession& whole, const ExportOptions& options, const std::stop_token& stop) {
  typeset(whole, options, stop);
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  {
    QPdfWriter writer(&buffer);
    writer.setResolution(print_dpi);
    writer.setPageLayout(paper());
    writer.setTitle(printed(session_title(whole)));
    writer.setCreator(QStringLiteral("Holdfast"));
    SessionPages pages(&renderer_, writer.pageLayout(), &writer);
    pages.write(whole, options);
    const int count = pages.lay();
    QPainter painter(&writer);
    for (int page = 0; page < count; ++page) {
      if (page > 0) writer.newPage();
      pages.paintPage(painter, page, count);
    }
  }
  return bytes;
}

std::vector<QImage> SessionPrinter::pictures(const WholeSession& whole, const ExportOptions& options,
                                             const std::stop_token& stop) {
  typeset(whole, options, stop);
  QImage sheet(paper().paintRectPixels(print_dpi).size(), QImage::Format_RGB32);
  sheet.setDotsPerMeterX(static_cast<int>(std::lround(print_dpi / 0.0254)));
  sheet.setDotsPerMeterY(sheet.dotsPerMeterX());
  SessionPages pages(&renderer_, paper(), &sheet);
  pages.write(whole, options);
  const int count = pages.lay();
  std::vector<QImage> pictures;
  for (int page = 0; page < count; ++page) {
    QImage picture = sheet;
    picture.fill(Qt::white);
    QPainter painter(&picture);
    pages.paintPage(painter, page, count);
    painter.end();
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

}  // namespace holdfast
