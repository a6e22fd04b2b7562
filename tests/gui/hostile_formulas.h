// Formulas that mean harm, or that look as if: number i is the same in every run. What models write when they are led
// astray is among them, and what somebody would write who knows how formulas are typeset.
#pragma once

#include <QStringList>
#include <random>
#include <vector>

#include "formula_list.h"

namespace holdfast {

class HostileFormulas {
 public:
  HostileFormulas() : listed_(listed_formulas()) {}

  [[nodiscard]] ListedFormula at(unsigned i) {
    random_.seed(i);
    using Kind = QString (HostileFormulas::*)();
    static constexpr Kind kinds[] = {
        &HostileFormulas::nested,     &HostileFormulas::macros,     &HostileFormulas::unclosed,
        &HostileFormulas::array,      &HostileFormulas::oddUnicode, &HostileFormulas::sprinkled,
        &HostileFormulas::dimensions, &HostileFormulas::forbidden,  &HostileFormulas::comments,
        &HostileFormulas::recursion,  &HostileFormulas::scripts,    &HostileFormulas::mutated,
        &HostileFormulas::spliced,    &HostileFormulas::repeated,   &HostileFormulas::randomTokens,
        &HostileFormulas::chemistry,  &HostileFormulas::equations,  &HostileFormulas::delimiters,
        &HostileFormulas::names,      &HostileFormulas::styles};
    const QString tex = i % 100 == 99 ? exponential() : (this->*kinds[i % std::size(kinds)])();
    return {tex, roll(2) == 0};
  }

 private:
  [[nodiscard]] int roll(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }
  [[nodiscard]] QString oneOf(const QStringList& list) { return list[roll(static_cast<int>(list.size()))]; }
  template <class T, std::size_t n>
  [[nodiscard]] T one(const T (&of)[n]) {
    return of[roll(static_cast<int>(n))];
  }
  [[nodiscard]] QString real() { return listed_[static_cast<std::size_t>(roll(static_cast<int>(listed_.size())))].tex; }
  [[nodiscard]] int many() {  // mostly some, at times more than anything bears
    static constexpr int most[] = {5, 20, 60, 200, 900};
    return 1 + roll(one(most));
  }

  QString nested() {
    static const QStringList pairs = {"{|}",
                                      "\\sqrt{|}",
                                      "\\frac{1}{|}",
                                      "x^{|}",
                                      "x_{|}",
                                      "\\left(|\\right)",
                                      "\\overline{|",
                                      "\\boxed{|}",
                                      "\\text{$|$}",
                                      "\\overbrace{|}",
                                      "\\cancel{|}",
                                      "\\boldsymbol{|}",
                                      "\\hat{|}",
                                      "\\hat|",
                                      "\\phantom{|}",
                                      "\\operatorname{|}",
                                      "\\mathrm{|}",
                                      "\\sqrt|",
                                      "\\frac|",
                                      "\\binom{|}{|}",
                                      "\\substack{|}",
                                      "\\stackrel{a}{|}",
                                      "\\xrightarrow{|}",
                                      "\\cfrac{1}{1+|}",
                                      "\\begin{matrix}|\\end{matrix}",
                                      "\\begin{cases}|\\end{cases}",
                                      "\\mathchoice{|}{a}{b}{c}"};
    const QStringList parts = oneOf(pairs).split('|');
    const int depth = many();
    const int closed = roll(3) == 0 ? roll(depth + 1) : depth;
    return parts.first().repeated(depth) + "x" + (parts.size() > 1 ? parts.last() : QString()).repeated(closed);
  }

  // Each level doubles the time: minutes and more.
  QString exponential() {
    const int depth = 18 + roll(30);
    return oneOf({"\\xrightarrow{", "\\xleftarrow{", "\\xrightarrow[x]{"}).repeated(depth) + "x" +
           QString("}").repeated(depth);
  }

  QString macros() {
    const int arms = 1 + roll(8), depth = 1 + roll(12);
    switch (roll(5)) {
      case 0:
        return "\\def\\a#1{" + QString("#1").repeated(arms) + "}" + QString("\\a{").repeated(depth) + "x" +
               QString("}").repeated(depth);
      case 1: {
        QString tex = "\\def\\a{x}";
        for (int i = 0; i < depth; ++i) {
          tex += QString("\\def\\%1{%2}").arg(QChar('b' + i)).arg(QString("\\%1").arg(QChar('a' + i)).repeated(arms));
        }
        return tex + QString("\\%1").arg(QChar('a' + depth));
      }
      case 2: return "\\newcommand{\\b}[2]{\\frac{#1}{#2}}" + QString("\\b{\\b{1}{2}}{\\b{3}{4}}").repeated(many());
      case 3: return "\\def\\a{" + QString("x^2").repeated(many()) + "}" + QString("\\a").repeated(many());
      default: return "\\def\\x#1#2#3#4#5#6#7#8#9{" + QString("#9#8#7#6#5#4#3#2#1").repeated(arms) + "}\\x123456789";
    }
  }

  QString unclosed() {
    QString tex = real();
    tex.truncate(roll(static_cast<int>(tex.size()) + 1));
    return tex + oneOf({"",         "\\",      "{",    "\\frac{", "\\begin", "\\begin{", "\\begin{align}",
                        "\\left",   "\\left(", "^",    "_",       "\\sqrt[", "\\text{",  "\\text{$",
                        "#",        "&",       "\\\\", "\\\\[",   "$",       "\\(",      "\\[",
                        "\\middle", "}"});
  }

  QString array() {
    const QString environment = oneOf({"matrix", "pmatrix", "array", "cases", "align", "gather", "smallmatrix",
                                       "alignat", "multline", "dcases", "vmatrix", "split"});
    const int columns = many(), rows = std::max(1, (roll(2) == 0 ? 400 : 2400) / (2 * columns));
    QString row = oneOf({"", "1", "x^2", "\\frac12"}) + "&";
    row = row.repeated(columns) + oneOf({"\\\\", "\\\\[1em]", "\\\\\\hline", "\\cr", "\\\\\\hdashline"});
    const QString form = environment == "array"
                             ? "{" + oneOf({"c", "|c:", "r|", "@{}l", "p{1em}"}).repeated(columns) + "}"
                         : environment == "alignat" ? QString("{%1}").arg(columns)
                                                    : QString();
    return QString("\\begin{%1}%2%3\\end{%1}").arg(environment, form, row.repeated(rows));
  }

  QString oddUnicode() {
    QString tex;
    for (int i = many(); i > 0; --i) {
      static constexpr char32_t from[] = {0x20,   0x300,  0x600,  0x2000,  0x2200,  0x4e00,  0xd800,
                                          0xe000, 0xfe00, 0xfff0, 0x1d400, 0x1f600, 0xe0000, 0x10ff00};
      const char32_t code = one(from) + static_cast<char32_t>(roll(256));
      tex += code < 0x10000 ? QString(QChar(static_cast<char16_t>(code))) : QString::fromUcs4(&code, 1);
    }
    return roll(2) == 0 ? tex : "\\text{" + tex + "}";
  }

  // A real formula with signs in it that do not belong into any text.
  QString sprinkled() {
    QString tex = real();
    static constexpr char16_t signs[] = {0,      0,      1,      7,      0x1b,   0x7f,   0xd800, 0xdbff,
                                         0xdc00, 0xdfff, 0xfeff, 0xfffe, 0xffff, 0x200b, 0x202e, 0x2028};
    for (int i = 1 + roll(30); i > 0; --i) {
      tex.insert(roll(static_cast<int>(tex.size()) + 1), QChar(one(signs)));
    }
    return tex;
  }

  QString dimensions() {
    const QString number = oneOf({"1e9", "999999999", "-999999999", "1e308", "-1e308", "1e-308", "0", "-0", "NaN",
                                  "Infinity", "0x7fffffff", "99999999999999999999999999999", ".", "-", "1.2.3", "900",
                                  "190", "50000", "3.0000000000000000000001"});
    const QString length =
        number + oneOf({"em", "ex", "pt", "mu", "cm", "in", "px", "%", "", " em", "xx", "\\textwidth"});
    QString tex = oneOf({"\\rule{@}{@}",
                         "\\rule[@]{1em}{1em}",
                         "\\kern@ x",
                         "\\hspace{@}x",
                         "\\raise@{x}",
                         "\\lower @{x}",
                         "\\begin{matrix}a\\\\[@]b\\end{matrix}",
                         "\\mspace{@}",
                         "\\hskip@x",
                         "\\moveleft@{x}",
                         "\\genfrac(){@}{0}{a}{b}",
                         "a\\above@ b",
                         "\\rule{@}{1pt}\\kern-@ x",
                         "\\mmlToken{mi}[width=\"@\"]x",
                         "\\begin{array}{c:c}\\rule{@}{1em}&\\rule{1em}{@}\\\\\\hdashline a&b\\end{array}",
                         "\\sqrt{\\rule{1em}{@}}",
                         "\\left(\\rule{1em}{@}\\right)",
                         "\\overbrace{\\rule{@}{1em}}",
                         "\\xrightarrow{\\rule{@}{1em}}",
                         "\\cancel{\\rule{@}{@}}",
                         "x^{\\rule{@}{@}}",
                         "\\boxed{\\kern@}"});
    return tex.replace("@", length).repeated(1 + roll(4));
  }

  QString forbidden() {
    return oneOf({"\\require{@}",
                  "\\href{javascript:@}{x}",
                  "\\unicode{x110000}@",
                  "\\unicode{x1F600}",
                  "\\unicode{-1}",
                  "\\unicode[@]{x41}",
                  "\\unicode{9999999999999}",
                  "\\class{@}{x}",
                  "\\style{x:expression(@)}{y}",
                  "\\cssId{@}{x}",
                  "\\data{a=@}{x}",
                  "\\color{javascript:@}{x}",
                  "\\input{/etc/passwd}@",
                  "\\write18{@}",
                  "\\include{@}",
                  "\\openin@",
                  "\\catcode`\\@=13",
                  "\\csname @\\endcsname",
                  "\\expandafter\\@\\@",
                  "\\special{@}",
                  "\\loop@\\repeat",
                  "\\url{file:///@}",
                  "\\includegraphics{@}",
                  "\\html{<script>@</script>}",
                  "<img src=x onerror=@>",
                  "\\text{<script>@</script>}",
                  "\\mathtoolset{@}",
                  "\\toggle{@}{b}\\endtoggle",
                  "\\mmlToken{script}{@}",
                  "\\mmlToken{mi}[onclick=\"@\"]{x}",
                  "\\bbox[url(@)]{x}",
                  "\\label{@}\\ref{@}",
                  "\\tag{@}\\tag{@}",
                  "\\verb|@|",
                  "\\newtagform{@}{(}{)}\\usetagform{@}",
                  "\\Newextarrow{\\@}{1,2}{x}"})
        .replace("@", oneOf({"alert(1)", "x", "", "{}", "\\", "\"", "physics", real(), QString("x").repeated(many())}));
  }

  QString comments() {
    QString tex = real();
    for (int i = many(); i > 0; --i) {
      tex.insert(roll(static_cast<int>(tex.size()) + 1), oneOf({"%", "%\n", "\\%", "\n%", "%{", "%}\n"}));
    }
    return tex;
  }

  QString recursion() {
    return oneOf({"\\def\\a{\\a}\\a",
                  "\\def\\a{\\a\\a}\\a",
                  "\\def\\a{x\\a}\\a",
                  "\\def\\a{{\\a}}\\a",
                  "\\let\\a\\b\\let\\b\\a\\a",
                  "\\let\\a=\\a\\a",
                  "\\def\\a{\\b}\\def\\b{\\a}\\a",
                  "\\def\\a#1{\\a{#1#1}}\\a x",
                  "\\let\\frac\\sqrt\\frac12",
                  "\\def\\frac#1#2{\\frac{#2}{#1}}\\frac12",
                  "\\newcommand\\a{\\begin{matrix}\\a\\end{matrix}}\\a",
                  "\\newenvironment{e}{\\begin{e}}{\\end{e}}\\begin{e}x\\end{e}",
                  "\\DeclareMathOperator{\\a}{\\a}\\a",
                  "\\def\\a{\\left(\\a\\right)}\\a",
                  "\\def\\a{^{\\a}}x\\a",
                  "\\def\\a{\\sqrt\\a}\\a",
                  "\\def\\a{\\text{$\\a$}}\\a",
                  "\\renewcommand{\\R}{\\R\\R}\\R",
                  "\\def\\x{\\def\\x{\\x\\x}\\x}\\x",
                  "\\let\\def\\let\\def\\a\\def\\a",
                  "\\def\\begin{\\end}\\begin{x}",
                  "\\def\\a#1\\b{\\a#1#1\\b}\\a x\\b",
                  "\\def\\{{\\}}\\{",
                  "\\let\\\\\\a\\\\"}) +
           real();
  }

  QString scripts() {
    return oneOf({"x^2+",
                  "x_1^2",
                  "x'",
                  "'",
                  "{}_a^b",
                  "\\sum_{i=1}^n",
                  "x^",
                  "_",
                  "\\prime",
                  "\\int\\limits_a^b",
                  "\\lim_{x}",
                  "\\not",
                  "\\limits",
                  "a\\over b",
                  "\\atop",
                  "\\sideset{_a^b}{_c^d}\\sum",
                  "\\underset{a}{b}",
                  "=",
                  "+",
                  "(",
                  "1",
                  "x",
                  "\\alpha",
                  "\\frac12",
                  "\\mathop{}",
                  "\\binom12",
                  "-",
                  ",",
                  "\\big(",
                  "\\quad",
                  "\\,",
                  "~",
                  "|"})
        .repeated(many() * (1 + roll(4)));
  }

  QString mutated() {
    QString tex = real();
    for (int i = 1 + roll(8); i > 0 && !tex.isEmpty(); --i) {
      const int size = static_cast<int>(tex.size());
      const int from = roll(size), count = 1 + roll(6);
      const QString piece = tex.mid(from, count);
      switch (roll(4)) {
        case 0: tex.remove(from, count); break;
        case 1: tex.insert(roll(size), piece); break;
        case 2: tex.replace(from, 1, QChar(32 + roll(95))); break;
        default:
          tex.insert(from, oneOf({"{", "}", "\\", "^", "_", "&", "#1", "\\\\", "$", "\\left", "\\right"}));
          break;
      }
    }
    return tex;
  }

  QString spliced() {
    const QString a = real(), b = real();
    return a.left(roll(static_cast<int>(a.size()) + 1)) + b.mid(roll(static_cast<int>(b.size()) + 1));
  }

  QString repeated() { return real().repeated(2 + roll(60)).left(200 + roll(2200)); }

  QString randomTokens() {
    static const QStringList tokens = {"x",
                                       "1",
                                       "\\frac",
                                       "{",
                                       "}",
                                       "^",
                                       "_",
                                       "\\left(",
                                       "\\right)",
                                       "&",
                                       "\\\\",
                                       "\\sqrt",
                                       "[",
                                       "]",
                                       "$",
                                       "\\text{",
                                       "\\begin{matrix}",
                                       "\\end{matrix}",
                                       "\\over",
                                       "\\boxed",
                                       "\\color{red}",
                                       "~",
                                       "#1",
                                       "%",
                                       "\\limits",
                                       "\\def\\a",
                                       "\\a",
                                       "\\middle|",
                                       "\\tag{1}",
                                       "\\begin{align}",
                                       "\\end{align}",
                                       "\\hline",
                                       "\\overbrace",
                                       "'",
                                       "\\not",
                                       "\\mathbb"};
    QString tex;
    for (int i = 5 + roll(120); i > 0; --i) tex += oneOf(tokens);
    return tex;
  }

  QString chemistry() {
    return "\\ce{" +
           oneOf({"H2O + ", "A->[x][y]", "(", "^", "-", "a^{", "\\ce{", "<=>>[\\ce{", "$x$", "{", "1/2", "_{2}^{3}",
                  "->[$\\frac12$]", "\"x\"", "\\bond{-}"})
               .repeated(many()) +
           oneOf({"", "}", "}}}}"});
  }

  QString equations() {
    const QString environment =
        oneOf({"align", "gather", "multline", "equation", "split", "aligned", "alignat", "flalign"});
    QString body;
    for (int i = roll(120); i > 0; --i) {
      body +=
          oneOf({"a&=b", "\\tag{1}", "\\\\", "\\label{a}", "\\notag", "\\intertext{x}", "\\shoveleft{a}", "&",
                 "\\nonumber", "\\begin{align}", "\\end{align}", "\\ref{a}", "\\hfill", "\\tag*{$x$}", "\\cdots\\\\"});
    }
    return QString("\\begin{%1}%2\\end{%1}").arg(environment, body);
  }

  QString delimiters() {
    QString tex;
    for (int i = many(); i > 0; --i) {
      tex += oneOf({"\\left(", "\\right)", "\\left.", "\\middle|", "\\right.", "\\Big/", "\\left\\langle", "\\right\\}",
                    "\\bigg\\{", "\\left\\uparrow", "\\middle\\backslash", "x", "\\frac12", "\\left x", "\\right"});
    }
    return tex;
  }

  // Names that mean something in the language of the typesetter.
  QString names() {
    const QString name =
        oneOf({"__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "length", "name",
               "__defineGetter__", "undefined", "null", "this", "formula", "globalThis"});
    return oneOf({"\\@",
                  "\\begin{@}x\\end{@}",
                  "\\def\\@{x}\\@",
                  "\\newcommand{\\@}{x}\\@",
                  "\\let\\@\\frac\\@12",
                  "\\operatorname{@}",
                  "\\newenvironment{@}{a}{b}\\begin{@}x\\end{@}",
                  "\\color{@}x",
                  "\\definecolor{@}{rgb}{1,0,0}\\color{@}x",
                  "\\label{@}\\tag{@}\\ref{@}",
                  "\\mmlToken{@}{x}",
                  "\\mmlToken{mi}[@=1]{x}",
                  "\\unicode[@]{65}",
                  "\\text{@}",
                  "\\mathtoolset{@=1}",
                  "\\DeclareMathOperator{\\@}{@}\\@",
                  "\\rule{@}{@}",
                  "\\begin{array}{@}x\\end{array}",
                  "\\newtagform{@}{(}{)}\\usetagform{@}x\\tag{1}",
                  "\\DeclarePairedDelimiter{\\@}{(}{)}\\@x"})
        .replace("@", name);
  }

  QString styles() {
    return oneOf({"\\color{red}", "\\color{#f00}{", "\\textcolor{blue}{", "\\colorbox{red}{", "\\displaystyle",
                  "\\scriptstyle", "\\bf", "\\mathbf{", "\\Huge", "\\tiny", "\\fcolorbox{red}{blue}{",
                  "\\definecolor{a}{rgb}{1,2,3}", "\\smash{", "\\rm"})
               .repeated(roll(40) == 0 ? 180 : 1 + roll(14)) +
           "x" + QString("}").repeated(roll(20));
  }

  std::mt19937 random_;
  const std::vector<ListedFormula> listed_;
};

}  // namespace holdfast
