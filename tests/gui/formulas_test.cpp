// Markdown, formulas and code as they are read from a model's text and drawn. HOLDFAST_SCREENSHOTS=folder keeps
// pictures. Seen failing: prices taken for formulas, formulas inside code, a path's T without its mirrored control
// point, clips left out (arrows), a formula's descent cut off, a hostile formula that is not interrupted.
#include <QApplication>
#include <QClipboard>
#include <QElapsedTimer>
#include <QFile>
#include <QPainter>
#include <QSignalSpy>
#include <QTest>
#include <QTextBlock>
#include <QTextDocument>

#include "app/formulas/formula_renderer.h"
#include "app/markdown/code_colours.h"
#include "app/markdown/formula_object.h"
#include "app/markdown/markdown_source.h"
#include "app/widgets/text_view.h"
#include "app/window/theme.h"
#include "tests/gui/patience.h"

using namespace holdfast;

namespace {

const char* const gallery = R"md(# Completing the square

Let $f(x) = ax^2 + bx + c$ with $a \ne 0$. Then **both** roots are real if $b^2 - 4ac \ge 0$, and

$$x_{1,2} = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}.$$

A shirt costs $80 and is reduced to $60, so that the discount is \(\frac{80 - 60}{80} = 25\%\).

1. First, *divide* by $a$.
2. Then complete the square:
   - move the constant,
   - add $\left(\frac{b}{2a}\right)^2$ to both sides.

> Note that 2*3*4 is no emphasis, and `a_1 * b_2` is code.

| n | $2^n$ | prime? |
|--:|:-----:|--------|
| 3 | 8 | no |
| 5 | 32 | no |

```python
def roots(a, b, c):  # real ones
    d = b * b - 4 * a * c
    return [] if d < 0 else [(-b + s * d ** 0.5) / (2 * a) for s in (1, -1)]
```

\begin{align}
\sum_{k=1}^{n} k &= \frac{n(n+1)}{2} \\
\int_0^1 x^2\,dx &= \tfrac13
\end{align}

The broken $\frac{1}{$ stays as it is. The answer is \boxed{\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}}.)md";

// Waits until every formula of the view is drawn or refused.
bool settled(FormulaRenderer& renderer, const QString& text) {
  QElapsedTimer clock;
  clock.start();
  for (const SourceFormula& formula : takeFormulas(text).formulas) {
    const FormulaPicture* picture = nullptr;
    while (renderer.look(formula.tex, formula.display, &picture) == FormulaRenderer::State::waiting) {
      if (clock.elapsed() > test::patience) return false;
      QTest::qWait(5);
    }
  }
  return true;
}

std::optional<FormulaPicture> drawn(FormulaRenderer& renderer, const QString& tex, bool display = true) {
  const FormulaPicture* picture = nullptr;
  QElapsedTimer clock;
  clock.start();
  while (renderer.look(tex, display, &picture) == FormulaRenderer::State::waiting && clock.elapsed() < test::patience) {
    QTest::qWait(2);
  }
  if (picture == nullptr) return std::nullopt;
  return *picture;
}

double ink(const FormulaPicture& picture) {
  QImage image(static_cast<int>(picture.width() * 40) + 8,
               static_cast<int>((picture.ascent() + picture.descent()) * 40) + 8, QImage::Format_Grayscale8);
  image.fill(Qt::white);
  QPainter painter(&image);
  picture.paint(painter, {4.0, 4.0 + picture.ascent() * 40}, 40, Qt::black);
  painter.end();
  double dark = 0.0;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) dark += 255 - qGray(image.pixel(x, y));
  }
  return dark / 255.0;
}

}  // namespace

class FormulasTest : public QObject {
  Q_OBJECT

  FormulaRenderer renderer_;

 private slots:
  void formulas_are_found_in_text_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("tex");
    QTest::newRow("dollars") << "so $x^2$ is" << QStringList{"x^2"};
    QTest::newRow("prices") << "between $5 and $10, or $3." << QStringList{};
    QTest::newRow("a price in brackets") << "(it costs $5-$10)" << QStringList{};
    QTest::newRow("brackets") << R"(a \(x\) and \[y\] b)" << QStringList{"x", "y"};
    QTest::newRow("display") << "$$a\n+b$$" << QStringList{"a\n+b"};
    QTest::newRow("not over an empty line") << "$a\n\nb$" << QStringList{};
    QTest::newRow("code") << "`$x$` and ```$y$```" << QStringList{};
    QTest::newRow("fence") << "```\n$x$\n```\n$y$" << QStringList{"y"};
    QTest::newRow("open fence") << "```\n$x$" << QStringList{};
    QTest::newRow("escaped") << R"(\$5 and $x$)" << QStringList{"x"};
    QTest::newRow("escaped inside") << R"($5\$ + x$)" << QStringList{R"(5\$ + x)"};
    QTest::newRow("box") << R"(is \boxed{\frac{1}{2}}.)" << QStringList{R"(\boxed{\frac{1}{2}})"};
    QTest::newRow("open box") << R"(is \boxed{\frac{1}{2})" << QStringList{};
    QTest::newRow("environment") << R"(\begin{align}x&=1\end{align})" << QStringList{R"(\begin{align}x&=1\end{align})"};
    QTest::newRow("other environment") << R"(\begin{itemize}\item x\end{itemize})" << QStringList{};
    QTest::newRow("lone signs") << R"($ $$ \( \[ \begin{ \)" << QStringList{};
  }
  void formulas_are_found_in_text() {
    QFETCH(QString, text);
    QFETCH(QStringList, tex);
    QStringList got;
    for (const SourceFormula& formula : takeFormulas(text).formulas) got += formula.tex;
    QCOMPARE(got, tex);
  }

  void marks_in_the_text_are_no_formulas() {
    const MarkdownSource source = takeFormulas(formulaMark(0) + QStringLiteral(" $x$"));
    QCOMPARE(source.formulas.size(), std::size_t{1});
    QCOMPARE(source.markdown, QStringLiteral(" ") + formulaMark(0));
  }

  void what_is_finished_never_changes() {
    // Cut anywhere, the finished part of the beginning is a beginning of the whole text's finished part.
    const QString text = QString::fromUtf8(gallery);
    qsizetype before = 0;
    for (qsizetype end = 0; end <= text.size(); ++end) {
      const qsizetype finished = finishedLength(QStringView(text).left(end));
      QVERIFY2(finished >= before, qPrintable(text.mid(end - 20, 20)));
      QVERIFY(finished <= end);
      before = finished;
    }
    QVERIFY(before > text.size() / 2);
  }

  void text_in_pieces_looks_like_the_whole_text() {
    const QString text = QString::fromUtf8(gallery);
    TextView whole(&renderer_);
    whole.setText(text);
    for (const int step : {1, 7, 64}) {
      TextView pieces(&renderer_);
      for (qsizetype at = 0; at < text.size(); at += step) pieces.append(text.mid(at, step));
      QCOMPARE(pieces.document()->toPlainText(), whole.document()->toPlainText());
      QCOMPARE(pieces.document()->blockCount(), whole.document()->blockCount());
    }
  }

  void copying_gives_the_formulas_back() {
    TextView view(&renderer_);
    view.setText(QStringLiteral("so $x^2$ and\n\n$$y$$\n\n```\na\nb\n```"));
    view.selectAll();
    view.copy();
    QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("so $x^2$ and\n$$y$$\na\nb"));
  }

  void a_formula_has_the_extent_of_its_glyphs() {
    const auto x = drawn(renderer_, QStringLiteral("x"), false);
    QVERIFY(x.has_value());
    QVERIFY(x->width() > 0.5 && x->width() < 0.65);  // 572 units in the font
    QVERIFY(x->ascent() > 0.4 && x->descent() < 0.1);
    const auto fraction = drawn(renderer_, QStringLiteral("\\frac{1}{2}"));
    QVERIFY(fraction && fraction->ascent() > 1.2 && fraction->descent() > 0.6);
    // A big brace is made of pieces that are clipped: it has more ink the higher it is.
    const auto low = drawn(renderer_, QStringLiteral("\\left\\{ \\begin{matrix}1\\\\2\\end{matrix}\\right."));
    const auto high =
        drawn(renderer_, QStringLiteral("\\left\\{ \\begin{matrix}1\\\\2\\\\1\\\\2\\\\1\\\\2\\end{matrix}\\right."));
    QVERIFY(low && high && high->ascent() > 2.0 * low->ascent());
    QVERIFY(ink(*high) > 1.8 * ink(*low));
  }

  void malformed_tex_shows_its_source() {
    for (const char* tex : {"\\frac{1}{", "}", "\\left(", "x^2^3", "&", "\\begin{pmatrix}1"}) {
      const FormulaPicture* picture = nullptr;
      (void)drawn(renderer_, QString::fromLatin1(tex));
      QCOMPARE(renderer_.look(QString::fromLatin1(tex), true, &picture), FormulaRenderer::State::refused);
    }
  }

  void a_definition_does_not_reach_the_next_formula() {
    (void)drawn(renderer_, QStringLiteral("\\def\\alpha{b}\\alpha"));
    const auto alpha = drawn(renderer_, QStringLiteral("\\alpha"));
    const auto b = drawn(renderer_, QStringLiteral("b"));
    QVERIFY(alpha && b);
    QVERIFY(std::abs(alpha->width() - b->width()) > 0.01);
  }

  void hostile_formulas_end() {
    QElapsedTimer clock;
    clock.start();
    const FormulaPicture* picture = nullptr;
    QCOMPARE(renderer_.look(QString(longest_formula_tex + 1, QLatin1Char('x')), true, &picture),
             FormulaRenderer::State::refused);
    const QString deep = QString(900, QLatin1Char('{')) + QStringLiteral("x") + QString(900, QLatin1Char('}'));
    (void)drawn(renderer_, deep);
    (void)drawn(renderer_, QStringLiteral("\\def\\a{\\a\\a}\\a"));
    (void)drawn(renderer_, QStringLiteral("\\def\\a#1{#1#1#1#1}\\a{\\a{\\a{\\a{\\a{\\a{x}}}}}}"));
    (void)drawn(renderer_,
                QString(600, QLatin1Char('+')).replace(QLatin1String("+"), QLatin1String("+x^2")).left(1990));
    QVERIFY2(clock.elapsed() < 25000, qPrintable(QString::number(clock.elapsed())));
    QVERIFY(drawn(renderer_, QStringLiteral("x+1")).has_value());  // and the engine goes on
  }

  void random_tex_does_no_harm() {
    static const char* const tokens[] = {
        "x",      "1",       "\\frac",       "{", "}",  "^", "_",       "\\left(",         "\\right)",
        "&",      "\\\\",    "\\sqrt",       "[", "]",  "$", "\\text{", "\\begin{matrix}", "\\end{matrix}",
        "\\over", "\\boxed", "\\color{red}", "~", "#1", "%"};
    unsigned state = 12345;
    for (int i = 0; i < 60; ++i) {
      QString tex;
      for (int k = 0; k < 24; ++k) {
        state = state * 1664525U + 1013904223U;
        tex += QLatin1String(tokens[(state >> 16) % std::size(tokens)]);
      }
      (void)drawn(renderer_, tex);
    }
    QVERIFY(drawn(renderer_, QStringLiteral("y+1")).has_value());
  }

  void code_is_read_by_kinds() {
    const QString code = QStringLiteral("if x == 'a':  # why\n  y = 3.5");
    QString kinds;
    qsizetype at = 0;
    for (const CodePart& part : codeParts(code, QStringLiteral("Python"))) {
      QCOMPARE(part.begin, at);
      at += part.length;
      kinds += QLatin1Char("pcsnk"[static_cast<int>(part.kind)]);
    }
    QCOMPARE(at, code.size());
    QCOMPARE(kinds, QStringLiteral("kpspcpn"));
  }

  void the_gallery_is_drawn_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
  }
  void the_gallery_is_drawn() {
    QFETCH(bool, dark);
    applyTheme(*qApp, dark ? ThemeChoice::dark : ThemeChoice::light, QPalette());
    QWidget page;
    auto* view = new TextView(&renderer_, &page);
    view->enlarge(1.5);
    view->setGeometry(20, 20, 720, 100);
    view->setText(QString::fromUtf8(gallery));
    page.resize(760, 900);
    page.show();
    QVERIFY(settled(renderer_, QString::fromUtf8(gallery)));
    QTest::qWait(50);
    page.resize(760, view->height() + 40);
    const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS");
    if (!folder.isEmpty()) QVERIFY(page.grab().save(folder + (dark ? "/markdown-dark.png" : "/markdown-light.png")));
    QVERIFY(view->height() > 500);
  }
};

QTEST_MAIN(FormulasTest)
#include "formulas_test.moc"
