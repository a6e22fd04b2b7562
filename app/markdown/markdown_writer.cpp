#include "app/markdown/markdown_writer.h"

#include <md4c.h>

#include <QAbstractTextDocumentLayout>
#include <QFontDatabase>
#include <QPainter>
#include <QPalette>
#include <QTextDocument>
#include <QTextTable>
#include <algorithm>
#include <functional>
#include <vector>

#include "app/markdown/code_colours.h"
#include "app/markdown/formula_object.h"
#include "app/markdown/markdown_source.h"

namespace holdfast {
namespace {

enum class BlockKind { plain = 0, code = 1, quote = 2, rule = 3 };
constexpr int kind_property = QTextFormat::UserProperty + 10;
constexpr int quote_property = QTextFormat::UserProperty + 11;  // depth

constexpr double line_distance = 0.28;  // of the font's height, under each line
constexpr double code_padding = 10.0;
constexpr double indent_step = 24.0;
constexpr double quote_step = 16.0;
constexpr int deepest = 12;  // of lists and quotes that are shown as such

BlockKind kind_of(const QTextBlock& block) {
  return static_cast<BlockKind>(block.blockFormat().intProperty(kind_property));
}

}  // namespace

MarkdownColours MarkdownColours::of(const QPalette& palette, bool muted_text) {
  const QColor text = palette.color(QPalette::Text);
  const bool dark = text.lightness() > palette.color(QPalette::Window).lightness();
  MarkdownColours c;
  c.muted = palette.color(QPalette::PlaceholderText);
  c.text = muted_text ? c.muted : text;
  c.link = palette.color(QPalette::Link);
  c.code = c.text;
  c.codeGround = dark ? QColor(0x1f, 0x23, 0x25) : QColor(0xf1, 0xf3, 0xf1);
  c.border = palette.color(QPalette::Mid);
  c.comment = dark ? QColor(0x8e, 0x97, 0x98) : QColor(0x63, 0x6b, 0x6f);
  c.string = dark ? QColor(0xb5, 0xc9, 0x8a) : QColor(0x3d, 0x65, 0x1b);
  c.number = dark ? QColor(0xe0, 0xb0, 0x7a) : QColor(0x8a, 0x4b, 0x08);
  c.keyword = dark ? QColor(0x8f, 0xb8, 0xe8) : QColor(0x1d, 0x4f, 0x91);
  return c;
}

// md4c calls back for each block, span and run of text; tables are collected first, since Qt wants their size.
class MarkdownWriter::Reader {
 public:
  Reader(QTextDocument* document, const MarkdownColours& colours, MarkdownSource source)
      : document_(document), colours_(colours), source_(std::move(source)), cursor_(document) {
    cursor_.movePosition(QTextCursor::End);
    plain_.setForeground(colours_.text);
    plain_.setFont(document->defaultFont());
    format_ = plain_;
    mono_ = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    mono_.setPointSizeF(document->defaultFont().pointSizeF() * 0.93);
  }

  void run() {
    MD_PARSER parser{};
    parser.flags =
        MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_NOHTML | MD_FLAG_TASKLISTS | MD_FLAG_NOINDENTEDCODEBLOCKS;
    parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
      static_cast<Reader*>(self)->enterBlock(type, detail);
      return 0;
    };
    parser.leave_block = [](MD_BLOCKTYPE type, void*, void* self) {
      static_cast<Reader*>(self)->leaveBlock(type);
      return 0;
    };
    parser.enter_span = [](MD_SPANTYPE type, void* detail, void* self) {
      static_cast<Reader*>(self)->enterSpan(type, detail);
      return 0;
    };
    parser.leave_span = [](MD_SPANTYPE, void*, void* self) {
      static_cast<Reader*>(self)->leaveSpan();
      return 0;
    };
    parser.text = [](MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* self) {
      static_cast<Reader*>(self)->text(type, QString::fromUtf8(text, size));
      return 0;
    };
    const QByteArray utf8 = source_.markdown.toUtf8();
    const int begin = cursor_.position();
    cursor_.beginEditBlock();
    md_parse(utf8.constData(), static_cast<MD_SIZE>(utf8.size()), &parser, this);
    if (!source_.formulas.empty()) FormulaObject::of(*document_).makeRoom(begin);
    cursor_.endEditBlock();
  }

 private:
  struct List {
    bool ordered = false;
    unsigned next = 1;
    bool tight = true;
  };

  void enterBlock(MD_BLOCKTYPE type, void* detail) {
    switch (type) {
      case MD_BLOCK_QUOTE: ++quotes_; break;
      case MD_BLOCK_UL: lists_.push_back({false, 1, static_cast<MD_BLOCK_UL_DETAIL*>(detail)->is_tight != 0}); break;
      case MD_BLOCK_OL: {
        const auto* list = static_cast<MD_BLOCK_OL_DETAIL*>(detail);
        lists_.push_back({true, list->start, list->is_tight != 0});
        break;
      }
      case MD_BLOCK_LI: enterItem(static_cast<MD_BLOCK_LI_DETAIL*>(detail)); break;
      case MD_BLOCK_HR: begin(BlockKind::rule, 10.0); break;
      case MD_BLOCK_H: enterHeading(static_cast<int>(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level)); break;
      case MD_BLOCK_CODE: enterCode(static_cast<MD_BLOCK_CODE_DETAIL*>(detail)); break;
      case MD_BLOCK_P: pending_ = true; break;
      case MD_BLOCK_TABLE: rows_.clear(); break;
      case MD_BLOCK_TR: rows_.emplace_back(); break;
      case MD_BLOCK_TH:
      case MD_BLOCK_TD: enterCell(type == MD_BLOCK_TH, static_cast<MD_BLOCK_TD_DETAIL*>(detail)); break;
      default: break;
    }
  }

  void leaveBlock(MD_BLOCKTYPE type) {
    switch (type) {
      case MD_BLOCK_QUOTE: --quotes_; break;
      case MD_BLOCK_UL:
      case MD_BLOCK_OL: lists_.pop_back(); break;
      case MD_BLOCK_LI:
        if (!marker_.isEmpty()) paragraph();  // an item without text
        pending_ = false;
        break;
      case MD_BLOCK_H: format_ = plain_; break;
      case MD_BLOCK_CODE: leaveCode(); break;
      case MD_BLOCK_P: pending_ = false; break;
      case MD_BLOCK_TABLE: writeTable(); break;
      case MD_BLOCK_TH:
      case MD_BLOCK_TD:
        cell_ = nullptr;
        format_ = plain_;
        break;
      default: break;
    }
  }

  void enterItem(const MD_BLOCK_LI_DETAIL* item) {
    List& list = lists_.back();
    marker_ = list.ordered ? QString::number(list.next++) + QLatin1Char('.') : QStringLiteral("\u2022");
    if (item->is_task != 0) marker_ = item->task_mark == ' ' ? QStringLiteral("\u2610") : QStringLiteral("\u2611");
    pending_ = true;
  }

  void enterHeading(int level) {
    static constexpr double larger[] = {5.0, 3.5, 2.0, 1.0, 0.5, 0.0};
    begin(BlockKind::plain, level <= 2 ? 16.0 : 12.0);
    QFont font = format_.font();
    font.setPointSizeF(font.pointSizeF() + larger[std::clamp(level, 1, 6) - 1]);
    font.setBold(true);
    format_.setFont(font);
  }

  void enterCode(const MD_BLOCK_CODE_DETAIL* code) {
    language_ = QString::fromUtf8(code->lang.text, static_cast<qsizetype>(code->lang.size));
    code_.clear();
    inCode_ = true;
  }

  void leaveCode() {
    inCode_ = false;
    while (code_.endsWith(QLatin1Char('\n'))) code_.chop(1);
    begin(BlockKind::code, code_padding + 10.0);
    QTextBlockFormat block = cursor_.blockFormat();
    block.setLeftMargin(block.leftMargin() + code_padding + 2.0);
    block.setRightMargin(code_padding);
    block.setBottomMargin(code_padding + 8.0);
    block.setProperty(QTextFormat::BlockCodeLanguage, language_);
    cursor_.setBlockFormat(block);
    for (const CodePart& part : codeParts(code_, language_)) {
      QTextCharFormat format = plain_;
      format.setFont(mono_);
      format.setForeground(colour(part.kind));
      cursor_.insertText(code_.mid(part.begin, part.length).replace(QLatin1Char('\n'), QChar::LineSeparator), format);
    }
  }

  [[nodiscard]] QColor colour(CodePart::Kind kind) const {
    switch (kind) {
      case CodePart::Kind::comment: return colours_.comment;
      case CodePart::Kind::string: return colours_.string;
      case CodePart::Kind::number: return colours_.number;
      case CodePart::Kind::keyword: return colours_.keyword;
      default: return colours_.code;
    }
  }

  void enterCell(bool head, const MD_BLOCK_TD_DETAIL* detail) {
    rows_.back().push_back({});
    cell_ = &rows_.back().back();
    cell_->align = detail->align == MD_ALIGN_RIGHT    ? Qt::AlignRight
                   : detail->align == MD_ALIGN_CENTER ? Qt::AlignHCenter
                                                      : Qt::AlignLeft;
    format_ = plain_;
    if (head) format_.setFontWeight(QFont::DemiBold);
  }

  void enterSpan(MD_SPANTYPE type, void* detail) {
    spans_.push_back(format_);
    switch (type) {
      case MD_SPAN_EM: format_.setFontItalic(true); break;
      case MD_SPAN_STRONG: format_.setFontWeight(QFont::Bold); break;
      case MD_SPAN_DEL: format_.setFontStrikeOut(true); break;
      case MD_SPAN_CODE: {
        QFont font = mono_;
        font.setPointSizeF(format_.font().pointSizeF() * 0.93);
        format_.setFont(font);
        format_.setBackground(colours_.codeGround);
        break;
      }
      case MD_SPAN_A: {
        const auto* link = static_cast<MD_SPAN_A_DETAIL*>(detail);
        format_.setForeground(colours_.link);
        format_.setFontUnderline(true);
        format_.setToolTip(QString::fromUtf8(link->href.text, static_cast<qsizetype>(link->href.size)).left(500));
        break;
      }
      case MD_SPAN_IMG: format_.setFontItalic(true); break;
      default: break;
    }
  }
  void leaveSpan() {
    format_ = spans_.back();
    spans_.pop_back();
  }

  void text(MD_TEXTTYPE type, QString run) {
    if (inCode_) {
      code_ += run;
      return;
    }
    if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR) run = QChar(QChar::LineSeparator);
    if (type == MD_TEXT_NULLCHAR) run = QChar(QChar::ReplacementCharacter);
    if (type == MD_TEXT_ENTITY) run = entity(run);
    for (qsizetype at = 0; at < run.size();) {
      qsizetype length = 0;
      const qsizetype index = formulaAt(run, at, &length);
      if (index >= 0 && index < static_cast<qsizetype>(source_.formulas.size())) {
        formula(source_.formulas[static_cast<std::size_t>(index)]);
        at += length;
        continue;
      }
      qsizetype end = at + 1;
      while (end < run.size() && formulaAt(run, end, &length) < 0) ++end;
      put(run.mid(at, end - at), format_);
      at = end;
    }
  }

  static QString entity(const QString& name) {
    static const std::pair<const char*, const char16_t*> known[] = {
        {"&amp;", u"&"}, {"&lt;", u"<"}, {"&gt;", u">"}, {"&quot;", u"\""}, {"&nbsp;", u"\u00a0"}, {"&#39;", u"'"}};
    for (const auto& [from, to] : known) {
      if (name == QLatin1String(from)) return QString::fromUtf16(to);
    }
    return name;
  }

  void formula(const SourceFormula& formula) {
    if (!formula.display || cell_ != nullptr) {
      put(QChar(QChar::ObjectReplacementCharacter), FormulaObject::format(formula, format_));
      return;
    }
    begin(BlockKind::plain, 8.0);
    QTextBlockFormat block = cursor_.blockFormat();
    block.setAlignment(Qt::AlignHCenter);
    block.setBottomMargin(10.0);
    cursor_.setBlockFormat(block);
    cursor_.insertText(QChar(QChar::ObjectReplacementCharacter), FormulaObject::format(formula, format_));
    pending_ = true;  // what follows in the same paragraph begins anew
    displayed_ = true;
  }

  void put(const QString& run, const QTextCharFormat& format) {
    if (cell_ != nullptr) {
      cell_->runs.emplace_back(run, format);
      return;
    }
    // Around a formula on its own, line breaks and spaces of the paragraph say nothing.
    if (displayed_ && (run == QString(QChar(QChar::LineSeparator)) || run.trimmed().isEmpty())) return;
    if (pending_) paragraph();
    displayed_ = false;
    cursor_.insertText(run, format);
  }

  void paragraph() {
    const bool tight = !lists_.empty() && lists_.back().tight;
    begin(BlockKind::plain, tight ? 3.0 : 6.0);
    pending_ = false;
    if (lists_.empty()) return;
    QTextBlockFormat block = cursor_.blockFormat();
    if (marker_.isEmpty()) return;
    block.setTextIndent(-indent_step + 4.0);
    QTextOption::Tab tab;
    tab.position = indent_step - 4.0;  // from where the line begins
    block.setTabPositions({tab});
    cursor_.setBlockFormat(block);
    cursor_.insertText(marker_ + QLatin1Char('\t'), plain_);
    marker_.clear();
  }

  void begin(BlockKind kind, double space) {
    QTextBlockFormat block;
    const int depth = std::min<int>(static_cast<int>(lists_.size()), deepest);
    const int quotes = std::min(quotes_, deepest);
    block.setLeftMargin(indent_step * depth + quote_step * quotes);
    const bool first = document_->isEmpty() && cursor_.block() == document_->begin();
    block.setTopMargin(first && kind != BlockKind::code ? 0.0 : space);
    block.setBottomMargin(lists_.empty() ? 6.0 : 2.0);
    block.setLineHeight(QFontMetricsF(document_->defaultFont()).height() * line_distance,
                        QTextBlockFormat::LineDistanceHeight);
    block.setProperty(kind_property, static_cast<int>(kind));
    block.setProperty(quote_property, quotes);
    // Qt leaves an empty block at the start of a document and behind a table: it is used.
    if (cursor_.block().length() <= 1 &&
        cursor_.block().blockFormat().intProperty(kind_property) != static_cast<int>(BlockKind::rule)) {
      cursor_.setBlockFormat(block);
    } else {
      cursor_.insertBlock(block, plain_);
    }
    displayed_ = false;
  }

  void writeTable() {
    const auto columns =
        std::max_element(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    if (columns == rows_.end() || columns->empty()) return;
    begin(BlockKind::plain, 6.0);
    QTextTableFormat table;
    table.setBorder(1.0);
    table.setBorderBrush(colours_.border);
    table.setBorderStyle(QTextFrameFormat::BorderStyle_Solid);
    table.setBorderCollapse(true);
    table.setCellPadding(5.0);
    table.setCellSpacing(0.0);
    table.setTopMargin(4.0);
    table.setBottomMargin(16.0);  // Qt leaves out the top margin of what follows
    table.setHeaderRowCount(1);
    QTextTable* made = cursor_.insertTable(static_cast<int>(rows_.size()), static_cast<int>(columns->size()), table);
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      for (std::size_t c = 0; c < rows_[r].size(); ++c) {
        QTextCursor cell = made->cellAt(static_cast<int>(r), static_cast<int>(c)).firstCursorPosition();
        QTextBlockFormat block;
        block.setAlignment(rows_[r][c].align);
        cell.setBlockFormat(block);
        for (const auto& [run, format] : rows_[r][c].runs) cell.insertText(run, format);
      }
    }
    cursor_.movePosition(QTextCursor::End);
    rows_.clear();
  }

  struct Cell {
    Qt::Alignment align = Qt::AlignLeft;
    std::vector<std::pair<QString, QTextCharFormat>> runs;
  };

  QTextDocument* document_;
  const MarkdownColours& colours_;
  MarkdownSource source_;
  QTextCursor cursor_;
  QTextCharFormat plain_, format_;
  QFont mono_;
  std::vector<QTextCharFormat> spans_;
  std::vector<List> lists_;
  std::vector<std::vector<Cell>> rows_;
  Cell* cell_ = nullptr;
  QString marker_, language_, code_;
  int quotes_ = 0;
  bool inCode_ = false;
  bool pending_ = false;    // the next run begins a paragraph
  bool displayed_ = false;  // a formula on its own was the last thing written
};

MarkdownWriter::MarkdownWriter(QTextDocument* document, const MarkdownColours& colours)
    : document_(document), colours_(colours) {}

void MarkdownWriter::write(const QString& markdown) {
  if (!markdown.isEmpty()) Reader(document_, colours_, takeFormulas(markdown)).run();
}

void paintMarkdownGrounds(QPainter& painter, const QTextDocument& document, const MarkdownColours& colours,
                          const QRectF& visible) {
  const QAbstractTextDocumentLayout* layout = document.documentLayout();
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
    const QRectF rect = layout->blockBoundingRect(block);
    if (rect.bottom() + 40.0 < visible.top()) continue;
    if (rect.top() - 40.0 > visible.bottom()) break;
    const double left = rect.left();
    for (int q = 0; q < block.blockFormat().intProperty(quote_property); ++q) {
      painter.fillRect(QRectF(left + quote_step * q, rect.top(), 3.0, rect.height()), colours.border);
    }
    if (kind_of(block) == BlockKind::rule) {
      painter.fillRect(QRectF(left, rect.center().y(), rect.width(), 1.0), colours.border);
    } else if (kind_of(block) == BlockKind::code) {
      painter.setPen(QPen(colours.border, 1.0));
      painter.setBrush(colours.codeGround);
      painter.drawRoundedRect(codeGround(block).adjusted(0.5, 0.5, -0.5, -0.5), 7.0, 7.0);
    }
  }
  painter.restore();
}

QRectF codeGround(const QTextBlock& block) {
  const QTextDocument& document = *block.document();
  const QRectF rect = document.documentLayout()->blockBoundingRect(block);
  const double left = block.blockFormat().leftMargin() - code_padding - 2.0;
  const double top = rect.top() - code_padding;
  return {left, top, document.textWidth() - left, rect.height() + 2.0 * code_padding - 2.0};
}

QTextBlock codeBlockAt(const QTextDocument& document, QPointF where) {
  const int position = document.documentLayout()->hitTest(where, Qt::FuzzyHit);
  const QTextBlock block = document.findBlock(std::max(position, 0));
  return block.isValid() && kind_of(block) == BlockKind::code && codeGround(block).contains(where) ? block
                                                                                                   : QTextBlock();
}

QString codeOf(const QTextBlock& block) {
  return plainTextOf(*block.document(), block.position(), block.position() + block.length() - 1);
}

}  // namespace holdfast
