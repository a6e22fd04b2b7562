#include "app/exchange/latex_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "app/exchange/latex_commands.h"
#include "app/exchange/markdown_reader.h"
#include "engine/utf8.h"

namespace holdfast {
namespace {

constexpr int deepest_latex_list = 3;  // LaTeX knows four of a kind and six of all
constexpr int deepest_latex_quote = 2;
constexpr int deepest_checker = 24;          // of commands in arguments of commands
constexpr std::size_t deepest_formula = 60;  // of braces and environments

bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string unicode_macro(char32_t c) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "\\unicodesign{%04X}", static_cast<unsigned>(c));
  return text.data();
}

// Letters that every LaTeX engine sets in the fonts of the preamble: Latin-1 and Latin Extended-A.
bool is_plain_letter(char32_t c) {
  constexpr std::u32string_view others = U"\u00d7\u00f7\u0126\u0127\u0138\u013f\u0140\u0149\u0166\u0167\u017f";
  return c >= 0x00c0 && c <= 0x017f && others.find(c) == std::u32string_view::npos;
}

std::string text_sign(char32_t c) {
  switch (c) {
    case U'\u00a0': return "~";
    case U'\u2013': return "--";
    case U'\u2014': return "---";
    case U'\u2018': return "`";
    case U'\u2019': return "'";
    case U'\u201c': return "``";
    case U'\u201d': return "''";
    case U'\u2022': return "\\textbullet{}";
    case U'\u2026': return "\\dots{}";
    case U'\u20ac': return "\\texteuro{}";
    case U'\u00a7': return "\\S{}";
    case U'\u00a9': return "\\copyright{}";
    case U'\u00ab': return "\\guillemotleft{}";
    case U'\u00bb': return "\\guillemotright{}";
    case U'\u2009':
    case U'\u202f': return "\\,";
    case U'\u200b':
    case U'\ufeff': return "";
    case U'\u2610': return "\\ensuremath{\\square}";
    case U'\u2611': return "\\ensuremath{\\boxtimes}";
    default: break;
  }
  if (const std::string_view sign = math_sign(c); !sign.empty()) return "\\ensuremath{" + std::string(sign) + "}";
  if (is_plain_letter(c)) {
    std::string letter;
    append_utf8(letter, c);
    return letter;
  }
  return unicode_macro(c);
}

std::string_view escaped_sign(char c) {
  switch (c) {
    case '\\': return "\\textbackslash{}";
    case '{': return "\\{";
    case '}': return "\\}";
    case '$': return "\\$";
    case '&': return "\\&";
    case '#': return "\\#";
    case '_': return "\\_";
    case '%': return "\\%";
    case '^': return "\\textasciicircum{}";
    case '~': return "\\textasciitilde{}";
    case '<': return "\\textless{}";
    case '>': return "\\textgreater{}";
    case '|': return "\\textbar{}";
    case '`': return "\\textasciigrave{}";
    case '"': return "\\textquotedbl{}";
    // After \item and \\ a bracket or star would be an option; two hyphens would join.
    case '[': return "{[}";
    case ']': return "{]}";
    case '*': return "{*}";
    case '-': return "-{}";
    default: return {};
  }
}

// Calls `character` for each character of well-formed text.
template <class Each>
void each_character(std::string_view text, Each&& character) {
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    character(step.kind == Utf8Step::Kind::character ? step.code_point : char32_t{0xfffd});
    text.remove_prefix(std::max<std::size_t>(step.length, 1));
  }
}

// Environments that number their lines have a form that stands inside \[ \].
std::optional<std::string> inner_environment(std::string_view name) {
  if (name.ends_with('*')) name.remove_suffix(1);
  if (name == "align" || name == "eqnarray") return "aligned";
  if (name == "alignat") return "alignedat";
  if (name == "gather" || name == "multline") return "gathered";
  if (name == "equation") return "";
  if (is_math_environment(name)) return std::string(name);
  return std::nullopt;
}

constexpr std::string_view raw_delimiters = "()[]|/<>.";
constexpr std::string_view named_delimiters =
    " langle rangle lfloor rfloor lceil rceil lvert rvert lVert rVert vert Vert lbrace rbrace lbrack rbrack backslash "
    "uparrow downarrow updownarrow Uparrow Downarrow Updownarrow lgroup rgroup ulcorner urcorner llcorner lrcorner ";

bool is_listed(std::string_view list, std::string_view name) {
  return list.find(" " + std::string(name) + " ") != std::string_view::npos;
}

// How many arguments a command takes.
int arguments_of(std::string_view name) {
  if (is_listed(" frac dfrac tfrac cfrac binom dbinom tbinom overset underset stackrel ", name)) return 2;
  constexpr std::string_view one =
      " sqrt overline underline overbrace underbrace substack boxed cancel bcancel xcancel phantom hphantom vphantom "
      "smash hat widehat tilde widetilde bar vec dot ddot dddot acute grave check breve mathring overrightarrow "
      "overleftarrow overleftrightarrow xrightarrow xleftarrow mathrm mathbf mathit mathsf mathtt mathbb mathcal "
      "mathfrak mathscr mathnormal boldsymbol pmb mathop mathbin mathrel mathord mathopen mathclose mathpunct "
      "operatorname pmod mod pod ";
  return is_listed(one, name) ? 1 : 0;
}
bool takes_option(std::string_view name) { return is_listed(" sqrt xrightarrow xleftarrow smash ", name); }
bool is_text_command(std::string_view name) {
  return is_listed(" text textbf textit textrm textsf texttt mbox ", name);
}
bool wants_delimiter(std::string_view name) {
  return name == "left" || name == "right" || name == "middle" || name.starts_with("big") || name.starts_with("Big");
}
bool is_big_operator(std::string_view name) {
  return name.starts_with("bigc") || name.starts_with("bigs") || name.starts_with("bigv") || name.starts_with("bigw") ||
         name.starts_with("bigo") || name.starts_with("bigu") || name.starts_with("bigt");
}
// Between atoms: nothing can be raised to them.
bool is_no_atom(std::string_view name) {
  return is_listed(
      " quad qquad enspace thinspace medspace thickspace negthinspace negmedspace negthickspace displaystyle textstyle "
      "scriptstyle scriptscriptstyle rm bf not mathop ",
      name);
}

// Reads a formula once; what it does not know, or what TeX would stop at, makes it give up.
class FormulaChecker {
 public:
  explicit FormulaChecker(std::string_view tex, int depth = 0) : tex_(tex), depth_(depth) {
    levels_.push_back({.name = "top", .lines = true, .most_tabs = 19});
  }

  std::string check() {
    while (fine_ && at_ < tex_.size()) step();
    if (!fine_ || levels_.size() != 1 || !lefts_.empty() || top().pending != 0) return {};
    const bool aligned = top().rows > 0 || top().tabs > 0;
    if (aligned && depth_ > 0) return {};
    return aligned ? "\\begin{aligned}" + out_ + "\\end{aligned}" : out_;
  }

 private:
  struct Level {
    std::string name;
    bool lines = false;  // \\ ends a line here
    int most_tabs = 0;   // & in a line
    int tabs = 0;
    int rows = 0;
    bool raised = false, lowered = false;  // of the last atom
    char pending = 0;                      // a script sign waits for what it moves
  };

  Level& top() { return levels_.back(); }
  void give_up() { fine_ = false; }
  [[nodiscard]] char peek(std::size_t offset = 0) const {
    return at_ + offset < tex_.size() ? tex_[at_ + offset] : '\0';
  }
  void skip_spaces() {
    while (is_space(peek())) ++at_;
  }
  [[nodiscard]] static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

  // Something stands here that a script may belong to, or that a script was waiting for.
  void atom() {
    Level& level = top();
    if (level.pending == 0) level.raised = level.lowered = false;
    if (level.pending == '^') level.raised = true;
    if (level.pending == '_') level.lowered = true;
    level.pending = 0;
  }

  void step() {
    const char c = peek();
    if (c == '\\') return command();
    if (is_space(c)) {
      if (!out_.empty() && out_.back() != ' ') out_ += ' ';
      ++at_;
      return;
    }
    if (c == '^' || c == '_') return script(c);
    if (c == '\'') return primes();
    if (c == '&') return tab();
    if (c == '{') return open({.name = "{"}, "{");
    if (c == '}') {
      ++at_;
      return close("{", "}");
    }
    if (c == '$' || c == '%' || c == '#' || static_cast<unsigned char>(c) < ' ' || c == '\x7f') return give_up();
    if (static_cast<unsigned char>(c) >= 0x80) return sign();
    atom();
    out_ += c;
    ++at_;
  }

  void script(char c) {
    Level& level = top();
    if (level.pending != 0 || (c == '^' ? level.raised : level.lowered)) return give_up();
    level.pending = c;
    out_ += c;
    ++at_;
  }

  void primes() {
    Level& level = top();
    if (level.pending != 0 || level.raised) return give_up();
    while (peek() == '\'') out_ += tex_[at_++];
    level.raised = peek() != '^';  // x'^2 is one superscript
  }

  void end_of_column() {
    if (top().pending != 0 || (!lefts_.empty() && lefts_.back() == levels_.size())) return give_up();
    top().raised = top().lowered = false;
  }
  void tab() {
    end_of_column();
    if (++top().tabs > top().most_tabs) return give_up();
    out_ += '&';
    ++at_;
  }
  void line_end() {
    if (!top().lines) return give_up();
    end_of_column();
    ++top().rows;
    if (levels_.size() > 1) top().tabs = 0;
    out_ += "\\\\{}";  // so that what follows is no option
    at_ += 2;
  }

  void sign() {
    const Utf8Step step = utf8_step(tex_.substr(at_));
    if (step.kind != Utf8Step::Kind::character) return give_up();
    at_ += step.length;
    const std::string_view known = math_sign(step.code_point);
    const bool moved = !known.empty() && (known[0] == '^' || known[0] == '_' || known[0] == '\'');
    if (moved && top().pending != 0) return give_up();
    atom();
    if (known.empty()) {
      out_ += "\\text{" + text_sign(step.code_point) + "}";
      return;
    }
    // A raised sign behind a script of its kind would be a second one.
    if (moved) out_ += "{}";
    out_ += std::string(known) + (is_ascii_letter(known.back()) ? " " : "");
    if (moved) out_ += "{}";
  }

  void open(Level level, std::string_view shown) {
    if (levels_.size() >= deepest_formula) return give_up();
    atom();
    if (shown == "{") ++at_;
    out_ += shown;
    levels_.push_back(std::move(level));
  }
  void close(std::string_view name, std::string_view shown) {
    if (top().name != name || top().pending != 0) return give_up();
    if (!lefts_.empty() && lefts_.back() == levels_.size()) return give_up();
    levels_.pop_back();
    out_ += shown;
  }

  void command() {
    std::size_t end = at_ + 1;
    while (end < tex_.size() && is_ascii_letter(tex_[end])) ++end;
    const std::string_view name = tex_.substr(at_ + 1, end - at_ - 1);
    if (name.empty()) return control_sign();
    if (name == "tag" || name == "label" || name == "limits" || name == "nolimits" || name == "nonumber" ||
        name == "notag" || name == "hline") {
      at_ = end;
      return dropped(name);
    }
    if (name == "begin" || name == "end") {
      at_ = end;
      return environment(name == "begin");
    }
    if (!is_math_command(name)) return give_up();
    if (top().pending != 0 && (is_no_atom(name) || (wants_delimiter(name) && !is_big_operator(name)))) return give_up();
    if (is_text_command(name)) {
      at_ = end;
      return text_command(name);
    }
    if (wants_delimiter(name) && !is_big_operator(name)) {
      at_ = end;
      return delimiter(name);
    }
    if (arguments_of(name) > 0) return with_arguments(name, end);
    at_ = end;
    if (!is_no_atom(name)) atom();
    if (name == "degree") {
      out_ += "{}^{\\circ}";
      return;
    }
    out_ += "\\" + std::string(name);
    const char next = peek();
    if (is_ascii_letter(next) || static_cast<unsigned char>(next) >= 0x80) out_ += ' ';
  }

  // What numbered lines and operators are told, and a formula here does not need.
  void dropped(std::string_view name) {
    if (name == "hline" && top().name != "env:array") return give_up();
    if (name != "tag" && name != "label") return;
    const auto inside = argument();
    if (!inside || top().pending != 0) return give_up();
    if (name == "tag") out_ += "\\qquad\\text{(" + escape_latex(*inside) + ")}";
  }

  void text_command(std::string_view name) {
    const auto inside = argument();
    if (!inside || inside->find_first_of("\\$^_&#%~") != std::string_view::npos) return give_up();
    const bool scripted = top().pending != 0;
    atom();
    const std::string command = (name == "mbox" ? "\\text{" : "\\" + std::string(name) + "{");
    out_ += (scripted ? "{" : "") + command + escape_latex(*inside) + (scripted ? "}}" : "}");
  }

  void delimiter(std::string_view name) {
    skip_spaces();
    std::string shown(1, peek());
    if (peek() == '\\') {
      std::size_t end = at_ + 1;
      while (end < tex_.size() && is_ascii_letter(tex_[end])) ++end;
      if (end == at_ + 1) ++end;
      shown = tex_.substr(at_, std::min(end, tex_.size()) - at_);
      const std::string_view word = std::string_view(shown).substr(1);
      if (word != "{" && word != "}" && word != "|" && !is_listed(named_delimiters, word)) return give_up();
    } else if (raw_delimiters.find(peek()) == std::string_view::npos || at_ >= tex_.size()) {
      return give_up();
    }
    at_ += shown.size();
    if (name == "left") lefts_.push_back(levels_.size());
    if (name == "middle" && (lefts_.empty() || lefts_.back() != levels_.size())) return give_up();
    if (name == "right") {
      if (lefts_.empty() || lefts_.back() != levels_.size()) return give_up();
      lefts_.pop_back();
    }
    if (top().pending != 0) return give_up();
    atom();
    out_ += "\\" + std::string(name) + shown + (is_ascii_letter(shown.back()) ? " " : "");
  }

  // The command with its arguments is a formula of its own.
  void with_arguments(std::string_view name, std::size_t end) {
    if (depth_ >= deepest_checker) return give_up();
    const bool scripted = top().pending != 0;
    atom();
    std::string shown = "\\" + std::string(name);
    at_ = end;
    if (name == "operatorname" && peek() == '*') shown += '*', ++at_;
    skip_spaces();
    if (takes_option(name) && peek() == '[') {
      const std::size_t close = tex_.find_first_of("]{}[\\&", at_ + 1);
      if (close == std::string_view::npos || tex_[close] != ']') return give_up();
      const std::string inside = FormulaChecker(tex_.substr(at_ + 1, close - at_ - 1), depth_ + 1).check();
      if (inside.empty() || name == "smash") return give_up();
      shown += "[" + inside + "]";
      at_ = close + 1;
    }
    for (int i = 0; i < arguments_of(name); ++i) {
      const auto inside = any_argument();
      if (!inside) return give_up();
      const std::string checked = name == "substack" ? substack(*inside) : argument_formula(*inside);
      if (!fine_) return;
      shown += "{" + checked + "}";
    }
    // What is raised or lowered must be one thing; elsewhere braces would change the spaces around it.
    out_ += scripted ? "{" + shown + "}" : shown;
  }

  std::string argument_formula(std::string_view inside) {
    while (!inside.empty() && is_space(inside.front())) inside.remove_prefix(1);
    if (inside.empty()) return {};
    std::string checked = FormulaChecker(inside, depth_ + 1).check();
    if (checked.empty()) give_up();
    return checked;
  }
  std::string substack(std::string_view inside) {
    std::string lines;
    while (fine_) {
      const std::size_t end = std::min(inside.find("\\\\"), inside.size());
      lines += argument_formula(inside.substr(0, end));
      if (end == inside.size()) break;
      lines += "\\\\{}";
      inside.remove_prefix(end + 2);
    }
    return lines;
  }

  void control_sign() {
    constexpr std::string_view atoms = "{}|%&_$#";
    constexpr std::string_view spaces = ",;:!> ";
    const char c = peek(1);
    if (c == '\\') return line_end();
    if (c == '\0' || (atoms.find(c) == std::string_view::npos && spaces.find(c) == std::string_view::npos))
      return give_up();
    if (spaces.find(c) != std::string_view::npos) {
      if (top().pending != 0) return give_up();
    } else {
      atom();
    }
    out_ += '\\';
    out_ += c;
    at_ += 2;
  }

  // "{...}" without braces inside; nothing: there is none.
  std::optional<std::string_view> argument() {
    skip_spaces();
    if (peek() != '{') return std::nullopt;
    const std::size_t end = tex_.find_first_of("{}", at_ + 1);
    if (end == std::string_view::npos || tex_[end] != '}') return std::nullopt;
    const std::string_view inside = tex_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return inside;
  }

  // "{...}" with any braces in it, or one sign, or one command that takes none itself.
  std::optional<std::string_view> any_argument() {
    skip_spaces();
    const std::size_t begin = at_;
    if (peek() == '\\') {
      std::size_t end = at_ + 1;
      while (end < tex_.size() && is_ascii_letter(tex_[end])) ++end;
      const std::string_view name = tex_.substr(at_ + 1, end - at_ - 1);
      if (name.empty() || !is_math_command(name) || arguments_of(name) > 0 || is_no_atom(name) ||
          is_text_command(name) || (wants_delimiter(name) && !is_big_operator(name))) {
        return std::nullopt;
      }
      at_ = end;
      return tex_.substr(begin, end - begin);
    }
    if (peek() != '{') {
      const std::string_view refused = "}&^_$%#'";
      if (at_ >= tex_.size() || refused.find(peek()) != std::string_view::npos) return std::nullopt;
      at_ += std::max<std::size_t>(utf8_step(tex_.substr(at_)).length, 1);
      return tex_.substr(begin, at_ - begin);
    }
    int braces = 0;
    for (std::size_t i = at_; i < tex_.size(); ++i) {
      if (tex_[i] == '\\') {
        ++i;
      } else if (tex_[i] == '{') {
        ++braces;
      } else if (tex_[i] == '}' && --braces == 0) {
        at_ = i + 1;
        return tex_.substr(begin + 1, i - begin - 1);
      }
    }
    return std::nullopt;
  }

  void environment(bool begins) {
    const auto name = argument();
    const auto inner = name ? inner_environment(*name) : std::nullopt;
    if (!inner) return give_up();
    const std::string key = "env:" + *inner;
    if (!begins) return close(key, inner->empty() ? "" : "\\end{" + *inner + "}");
    Level level{.name = key, .lines = !inner->empty(), .most_tabs = most_tabs(*inner)};
    std::string columns;
    if (*inner == "array" || *inner == "alignedat") {
      const auto inside = argument();
      if (!inside || !columns_fine(*inside, *inner == "array", level)) return give_up();
      columns = "{" + std::string(*inside) + "}";
    }
    if (top().pending != 0) return give_up();
    open(std::move(level), inner->empty() ? "" : "\\begin{" + *inner + "}" + columns);
  }

  static int most_tabs(std::string_view environment) {
    if (environment == "cases" || environment == "dcases" || environment == "split") return 1;
    if (environment.ends_with("atrix")) return 9;
    return environment == "aligned" ? 19 : 0;
  }

  // What an array is told of its columns, or alignedat of their number.
  static bool columns_fine(std::string_view columns, bool letters, Level& level) {
    if (letters) {
      if (columns.find_first_not_of("lcr| ") != std::string_view::npos) return false;
      level.most_tabs = -1;
      for (const char c : columns) level.most_tabs += c == 'l' || c == 'c' || c == 'r';
      return level.most_tabs >= 0;
    }
    if (columns.size() != 1 || columns[0] < '1' || columns[0] > '9') return false;
    level.most_tabs = 2 * (columns[0] - '0') - 1;
    return true;
  }

  std::string_view tex_;
  int depth_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<Level> levels_;
  std::vector<std::size_t> lefts_;  // the level that each \left stands in
  bool fine_ = true;
};

class LatexWriter final : public MarkdownReader {
 public:
  std::string latex;

 protected:
  void enter_block(MD_BLOCKTYPE type, void* detail) override {
    switch (type) {
      case MD_BLOCK_QUOTE:
        if (++quotes_ <= deepest_latex_quote) latex += "\\begin{quote}\n";
        break;
      case MD_BLOCK_UL: open_list(nullptr); break;
      case MD_BLOCK_OL: open_list(static_cast<MD_BLOCK_OL_DETAIL*>(detail)); break;
      case MD_BLOCK_LI: enter_item(static_cast<MD_BLOCK_LI_DETAIL*>(detail)); break;
      case MD_BLOCK_HR: latex += "\n\\noindent\\rule{\\linewidth}{0.4pt}\n\n"; break;
      case MD_BLOCK_H:
        latex += "\n\\paragraph*{";
        inline_only_ = true;
        break;
      case MD_BLOCK_CODE: code_.clear(); break;
      case MD_BLOCK_TABLE: enter_table(static_cast<MD_BLOCK_TABLE_DETAIL*>(detail)->col_count); break;
      case MD_BLOCK_TR: first_cell_ = true; break;
      case MD_BLOCK_TH:
      case MD_BLOCK_TD: enter_cell(type == MD_BLOCK_TH); break;
      default: break;
    }
  }

  void leave_block(MD_BLOCKTYPE type, void*) override {
    switch (type) {
      case MD_BLOCK_QUOTE:
        if (quotes_-- <= deepest_latex_quote) latex += "\\end{quote}\n";
        break;
      case MD_BLOCK_UL:
      case MD_BLOCK_OL: close_list(); break;
      case MD_BLOCK_LI: latex += "\n"; break;
      case MD_BLOCK_H:
        latex += "}\\leavevmode\\par\n\n";
        inline_only_ = false;
        break;
      case MD_BLOCK_CODE: write_code(); break;
      case MD_BLOCK_P: latex += "\n\n"; break;
      case MD_BLOCK_TABLE: latex += "\\end{tabular}\n\\end{center}\n\n"; break;
      case MD_BLOCK_TR: latex += " \\\\ \\hline\n"; break;
      case MD_BLOCK_TH:
      case MD_BLOCK_TD:
        latex += "}";
        inline_only_ = false;
        break;
      default: break;
    }
  }

  void enter_span(MD_SPANTYPE type, void*) override {
    span_begins_.push_back(latex.size());
    switch (type) {
      case MD_SPAN_EM:
      case MD_SPAN_IMG: latex += "\\emph{"; break;
      case MD_SPAN_STRONG: latex += "\\textbf{"; break;
      case MD_SPAN_CODE: latex += "\\texttt{"; break;
      default: latex += "{"; break;
    }
  }
  void leave_span(MD_SPANTYPE type, void* detail) override {
    const std::string inside = latex.substr(span_begins_.back() + 1);
    span_begins_.pop_back();
    latex += "}";
    if (type != MD_SPAN_A) return;
    const MD_ATTRIBUTE& href = static_cast<MD_SPAN_A_DETAIL*>(detail)->href;
    if (href.text == nullptr) return;
    const std::string address = escape_latex(std::string_view(href.text, href.size).substr(0, 500));
    if (address != inside) latex += " (\\texttt{" + address + "})";
  }

  void text(std::string_view run) override { latex += escape_latex(run); }
  void code_text(std::string_view run) override {
    // Inside a span the text is written at once, inside a block when it is whole.
    if (!span_begins_.empty()) {
      latex += escape_latex(run);
    } else {
      code_ += run;
    }
  }
  void line_break(bool hard) override { latex += hard && !inline_only_ ? "\\newline\n" : "\n"; }
  void formula(const TextFormula& formula) override {
    const std::string tex = latex_formula(formula.tex);
    if (tex.empty()) {
      latex += "\\texttt{" + escape_latex(formula.source) + "}";
    } else if (!formula.display) {
      latex += "$" + tex + "$";
    } else if (inline_only_ || !span_begins_.empty()) {
      latex += "$\\displaystyle " + tex + "$";
    } else {
      latex += "\n\\[" + tex + "\\]\n";
    }
  }

 private:
  void open_list(const MD_BLOCK_OL_DETAIL* ordered) {
    const bool shown = static_cast<int>(lists_.size()) < deepest_latex_list;
    lists_.push_back({ordered != nullptr, shown});
    if (!shown) return;
    latex += ordered != nullptr ? "\n\\begin{enumerate}\n" : "\n\\begin{itemize}\n";
    if (ordered != nullptr && ordered->start != 1) {
      constexpr std::array<const char*, 3> counters{"enumi", "enumii", "enumiii"};
      const auto depth = static_cast<std::size_t>(std::ranges::count_if(lists_, &List::ordered)) - 1;
      const auto start = static_cast<long>(std::min(ordered->start, 1000000u)) - 1;
      latex += "\\setcounter{" + std::string(counters[std::min<std::size_t>(depth, 2)]) + "}{" + std::to_string(start) +
               "}\n";
    }
  }
  void close_list() {
    const List list = lists_.back();
    lists_.pop_back();
    if (list.shown) latex += list.ordered ? "\\end{enumerate}\n\n" : "\\end{itemize}\n\n";
  }
  void enter_item(const MD_BLOCK_LI_DETAIL* item) {
    latex += lists_.back().shown ? "\\item " : "\n\n\\textbullet{} ";
    if (item->is_task != 0) latex += item->task_mark == ' ' ? "$\\square$ " : "$\\boxtimes$ ";
  }

  void enter_table(unsigned columns) {
    latex += "\n\\begin{center}\\small\n\\begin{tabular}{|";
    for (unsigned i = 0; i < columns; ++i) latex += "l|";
    latex += "}\n\\hline\n";
  }
  void enter_cell(bool head) {
    latex += first_cell_ ? "" : " & ";
    latex += head ? "\\textbf{" : "{";
    first_cell_ = false;
    inline_only_ = true;
  }

  void write_code() {
    latex += "\n\\begin{codeblock}\n";
    while (!code_.empty() && code_.back() == '\n') code_.pop_back();
    for (std::size_t begin = 0; begin <= code_.size();) {
      const std::size_t end = std::min(code_.find('\n', begin), code_.size());
      latex += "\\strut " + line_of(code_.substr(begin, end - begin)) + "\\par\n";
      begin = end + 1;
    }
    latex += "\\end{codeblock}\n\n";
  }
  static std::string line_of(std::string_view code) {
    std::string line;
    for (std::size_t at = 0; at < code.size();) {
      const std::size_t end = std::min(code.find_first_of(" \t", at), code.size());
      line += escape_latex(code.substr(at, end - at));
      if (end < code.size()) line += code[end] == ' ' ? "\\ " : "\\ \\ \\ \\ ";
      at = end + 1;
    }
    return line;
  }

  struct List {
    bool ordered = false;
    bool shown = false;
  };
  std::vector<List> lists_;
  std::string code_;
  int quotes_ = 0;
  std::vector<std::size_t> span_begins_;
  bool inline_only_ = false;  // in a heading or a cell nothing may begin a paragraph
  bool first_cell_ = true;
};

}  // namespace

std::string escape_latex(std::string_view text) {
  std::string escaped;
  each_character(text, [&](char32_t c) {
    if (c >= 0x80) {
      escaped += text_sign(c);
    } else if (const std::string_view sign = escaped_sign(static_cast<char>(c)); !sign.empty()) {
      escaped += sign;
    } else if (c >= ' ' && c != 0x7f) {
      escaped += static_cast<char>(c);
    } else if (c == '\n' || c == '\t') {
      // Two line ends would be a paragraph, which not every place allows.
      if (!escaped.ends_with('\n')) escaped += c == '\n' ? '\n' : ' ';
    }
  });
  return escaped;
}

std::string latex_formula(std::string_view tex) { return FormulaChecker(tex).check(); }

std::string latex_of_markdown(std::string_view markdown) {
  LatexWriter writer;
  writer.read(markdown);
  return std::move(writer.latex);
}

std::string_view latex_preamble() {
  return R"(\documentclass[11pt,a4paper]{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
  \usepackage{textcomp}
  \usepackage{lmodern}
  \newcommand{\unicodesign}[1]{\texttt{[U+#1]}}
\else
  \usepackage{fontspec}
  \newcommand{\unicodesign}[1]{\symbol{"#1}}
\fi
\usepackage{amsmath,amssymb,mathtools,mathrsfs,cancel}
\usepackage[margin=25mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em}
\setlength{\emergencystretch}{3em}
\newenvironment{codeblock}
  {\begin{quote}\small\ttfamily\raggedright\setlength{\parskip}{0pt}}
  {\end{quote}}
)";
}

}  // namespace holdfast
