#include "app/markdown/markdown_source.h"

#include <algorithm>
#include <array>

namespace holdfast {
namespace {

constexpr qsizetype longest_formula = 4000;
constexpr char16_t mark_begin = 0xE000, mark_end = 0xE001, mark_digit = 0xE010;  // private use

bool is_mark(QChar c) { return c.unicode() >= mark_begin && c.unicode() < mark_digit + 10; }

// Environments that are formulas without signs around them.
constexpr std::array<QLatin1String, 14> formula_environments = {
    QLatin1String("align"),     QLatin1String("align*"),   QLatin1String("aligned"), QLatin1String("alignat"),
    QLatin1String("alignat*"),  QLatin1String("array"),    QLatin1String("cases"),   QLatin1String("equation"),
    QLatin1String("equation*"), QLatin1String("gather"),   QLatin1String("gather*"), QLatin1String("gathered"),
    QLatin1String("multline"),  QLatin1String("multline*")};

struct Fence {
  QChar sign;
  qsizetype length = 0;  // 0: no fence
};

Fence fence_of(QStringView line) {
  qsizetype at = 0;
  while (at < line.size() && at < 3 && line[at] == QLatin1Char(' ')) ++at;
  if (at == line.size() || (line[at] != QLatin1Char('`') && line[at] != QLatin1Char('~'))) return {};
  const QChar sign = line[at];
  const qsizetype begin = at;
  while (at < line.size() && line[at] == sign) ++at;
  if (at - begin < 3) return {};
  if (sign == QLatin1Char('`') && line.mid(at).contains(QLatin1Char('`'))) return {};
  return {sign, at - begin};
}

bool closes(const Fence& open, QStringView line) {
  const Fence fence = fence_of(line);
  return fence.length >= open.length && fence.sign == open.sign && line.trimmed().size() == fence.length;
}

// Reads a text once, from left to right.
class FormulaScanner {
 public:
  explicit FormulaScanner(QStringView text) : text_(text) {}

  MarkdownSource scan() {
    while (at_ < text_.size()) {
      if (at_line_start() && take_fence()) continue;
      const QChar c = text_[at_];
      if (c == QLatin1Char('`') && take_code()) continue;
      if (c == QLatin1Char('$') && take_dollars()) continue;
      if (c == QLatin1Char('\\') && take_backslash()) continue;
      if (c == QLatin1Char('*') && is_product()) out_.markdown += QLatin1Char('\\');
      take(1);
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool at_line_start() const { return at_ == 0 || text_[at_ - 1] == QLatin1Char('\n'); }
  [[nodiscard]] bool starts(QLatin1String word) const { return text_.mid(at_).startsWith(word); }
  [[nodiscard]] QChar next(qsizetype offset) const {
    return at_ + offset >= 0 && at_ + offset < text_.size() ? text_[at_ + offset] : QChar();
  }
  void take(qsizetype count) {
    for (const QChar c : text_.mid(at_, count)) {
      if (!is_mark(c)) out_.markdown += c;
    }
    at_ += count;
  }

  // A fenced block whole; one that has not ended reaches to the end.
  bool take_fence() {
    const auto line_end = [this](qsizetype from) {
      const qsizetype end = text_.indexOf(QLatin1Char('\n'), from);
      return end < 0 ? text_.size() : end + 1;
    };
    const auto line = [&](qsizetype from) { return text_.mid(from, line_end(from) - from).trimmed(); };
    const Fence open = fence_of(text_.mid(at_, line_end(at_) - at_).trimmed());
    if (open.length == 0) return false;
    qsizetype end = line_end(at_);
    while (end < text_.size() && !closes(open, line(end))) end = line_end(end);
    take(line_end(std::min(end, text_.size())) - at_);
    return true;
  }

  bool take_code() {
    qsizetype ticks = 1;
    while (next(ticks) == QLatin1Char('`')) ++ticks;
    const QString sign(ticks, QLatin1Char('`'));
    for (qsizetype end = text_.indexOf(sign, at_ + ticks); end >= 0; end = text_.indexOf(sign, end)) {
      qsizetype length = ticks;
      while (end + length < text_.size() && text_[end + length] == QLatin1Char('`')) ++length;
      if (length == ticks) {
        take(end + ticks - at_);
        return true;
      }
      end += length;
    }
    take(ticks);
    return true;
  }

  bool formula(qsizetype open, qsizetype end, qsizetype close, bool display) {
    const QStringView tex = text_.mid(at_ + open, end - at_ - open);
    if (tex.trimmed().isEmpty() || tex.size() > longest_formula || tex.contains(QLatin1String("\n\n"))) return false;
    out_.markdown += formulaMark(static_cast<qsizetype>(out_.formulas.size()));
    out_.formulas.push_back({tex.trimmed().toString(), text_.mid(at_, end + close - at_).toString(), display});
    at_ = end + close;
    return true;
  }

  [[nodiscard]] qsizetype find(QLatin1String sign, qsizetype from) const {
    const qsizetype end = text_.mid(from, longest_formula + sign.size()).indexOf(sign);
    return end < 0 ? -1 : from + end;
  }

  bool take_dollars() {
    if (next(1) == QLatin1Char('$')) {
      const qsizetype end = find(QLatin1String("$$"), at_ + 2);
      if (end >= 0 && formula(2, end, 2, true)) return true;
      take(2);
      return true;
    }
    // As Pandoc has it: no space inside the signs, no digit behind the second, so that prices stay prices.
    if (next(1).isNull() || next(1).isSpace()) return false;
    for (qsizetype end = at_ + 1; end < std::min(text_.size(), at_ + longest_formula); ++end) {
      if (text_[end] == QLatin1Char('\\')) {
        ++end;
      } else if (text_[end] == QLatin1Char('\n') && end + 1 < text_.size() && text_[end + 1] == QLatin1Char('\n')) {
        return false;
      } else if (text_[end] == QLatin1Char('$')) {
        const bool space = text_[end - 1].isSpace();
        const bool digit = end + 1 < text_.size() && text_[end + 1].isDigit();
        if (space || digit) return false;
        return formula(1, end, 1, false);
      }
    }
    return false;
  }

  bool take_backslash() {
    if (next(1) == QLatin1Char('(') || next(1) == QLatin1Char('[')) {
      const bool display = next(1) == QLatin1Char('[');
      const qsizetype end = find(display ? QLatin1String("\\]") : QLatin1String("\\)"), at_ + 2);
      if (end >= 0 && formula(2, end, 2, display)) return true;
    } else if (starts(QLatin1String("\\begin{"))) {
      if (take_environment()) return true;
    } else if (starts(QLatin1String("\\boxed{"))) {
      const qsizetype end = end_of_braces(at_ + 6);
      if (end >= 0 && formula(0, end, 0, false)) return true;
    }
    take(std::min<qsizetype>(2, text_.size() - at_));
    return true;
  }

  bool take_environment() {
    const qsizetype name_end = find(QLatin1String("}"), at_ + 7);
    if (name_end < 0) return false;
    const QStringView name = text_.mid(at_ + 7, name_end - at_ - 7);
    const bool known = std::any_of(formula_environments.begin(), formula_environments.end(),
                                   [&](QLatin1String known_name) { return name == known_name; }) ||
                       name.endsWith(QLatin1String("matrix"));
    if (!known) return false;
    const QString close = QStringLiteral("\\end{%1}").arg(name);
    const qsizetype end = text_.mid(name_end, longest_formula).indexOf(close);
    return end >= 0 && formula(0, name_end + end + close.size(), 0, true);
  }

  // Behind the brace that closes the one at `open`; -1: none does.
  [[nodiscard]] qsizetype end_of_braces(qsizetype open) const {
    int depth = 0;
    for (qsizetype i = open; i < std::min(text_.size(), open + longest_formula); ++i) {
      if (text_[i] == QLatin1Char('\\')) {
        ++i;
      } else if (text_[i] == QLatin1Char('{')) {
        ++depth;
      } else if (text_[i] == QLatin1Char('}') && --depth == 0) {
        return i + 1;
      }
    }
    return -1;
  }

  // 2*3*4 is no emphasis.
  [[nodiscard]] bool is_product() const {
    const QChar before = next(-1);
    const QChar after = next(1);
    return (before.isDigit() || before == QLatin1Char(')')) && (after.isDigit() || after == QLatin1Char('('));
  }

  QStringView text_;
  qsizetype at_ = 0;
  MarkdownSource out_;
};

}  // namespace

MarkdownSource takeFormulas(QStringView text) { return FormulaScanner(text).scan(); }

QString formulaMark(qsizetype index) {
  QString mark(QChar{mark_begin});
  for (const QChar digit : QString::number(index)) mark += QChar(mark_digit + digit.digitValue());
  return mark + QChar{mark_end};
}

qsizetype formulaAt(QStringView markdown, qsizetype at, qsizetype* length) {
  if (at >= markdown.size() || markdown[at].unicode() != mark_begin) return -1;
  qsizetype index = 0;
  qsizetype end = at + 1;
  for (; end < markdown.size() && end < at + 12 && markdown[end].unicode() >= mark_digit; ++end) {
    index = 10 * index + (markdown[end].unicode() - mark_digit);
  }
  if (end == at + 1 || end >= markdown.size() || markdown[end].unicode() != mark_end) return -1;
  *length = end + 1 - at;
  return index;
}

qsizetype finishedLength(QStringView text) {
  qsizetype finished = 0;
  Fence open;
  bool in_display = false;
  bool empty_before = false;
  for (qsizetype begin = 0; begin < text.size();) {
    const qsizetype line_end = text.indexOf(QLatin1Char('\n'), begin);
    if (line_end < 0 && empty_before && !text.mid(begin).isEmpty() && open.length == 0 && !in_display &&
        !text[begin].isSpace()) {
      finished = begin;  // a paragraph has begun, whatever becomes of it
    }
    if (line_end < 0) break;
    const QStringView line = text.mid(begin, line_end - begin);
    if (open.length > 0) {
      if (closes(open, line)) open = {};
      empty_before = false;
    } else {
      if (empty_before && !in_display && !line.isEmpty() && !line[0].isSpace()) finished = begin;
      open = fence_of(line);
      for (qsizetype i = 0; i + 1 < line.size(); ++i) {
        const QStringView sign = line.mid(i, 2);
        if (sign == QLatin1String("$$")) in_display = !in_display, ++i;
        if (sign == QLatin1String("\\[")) in_display = true;
        if (sign == QLatin1String("\\]")) in_display = false;
      }
      empty_before = line.trimmed().isEmpty();
      if (empty_before) in_display = false;  // no formula goes over an empty line
    }
    begin = line_end + 1;
  }
  return finished;
}

}  // namespace holdfast
