// Formulas as contests write them, compared with pictures that were looked at: tests/gui/formulas/sheet-N.png, sixty
// formulas on each, in the order of formulas.tsv. HOLDFAST_SCREENSHOTS=folder keeps the sheets of this run, and the
// same with the TeX below each formula to be read; after a change of the list or of the look, look at these and copy
// those. Seen failing, planted in the TeX: a superscript or the script of a script dropped, a prime, a comma or a bar
// left out, half a thin space more.
#include <QImage>
#include <QPainter>
#include <QTest>
#include <algorithm>
#include <cmath>

#include "formula_list.h"

using namespace holdfast;

namespace {

constexpr int columns = 4, rows = 15, on_a_sheet = columns * rows;
constexpr QSize cell(300, 66);
constexpr double em = 13.0;
constexpr double least_em = 8.0;  // of a formula that is shrunk to its cell: below it, faults would hide
// Of 255, the mean of three by three pixels: rasterisers differ by less, and the smallest comma makes twice as much.
constexpr double tolerance = 17.0;

// The formula in the middle of its cell, on whole pixels.
double fitting_em(const FormulaPicture& picture) {
  const double wide = (cell.width() - 8) / std::max(picture.width(), 1e-3);
  const double high = (cell.height() - 6) / std::max(picture.ascent() + picture.descent(), 1e-3);
  return std::min({em, wide, high});
}

QImage cell_of(const FormulaPicture& picture, QPointF shift = {}) {
  QImage image(cell, QImage::Format_Grayscale8);
  image.fill(Qt::white);
  QPainter painter(&image);
  const double size = fitting_em(picture);
  const double left = std::floor((cell.width() - picture.width() * size) / 2.0);
  const double base = std::round((cell.height() + (picture.ascent() - picture.descent()) * size) / 2.0);
  picture.paint(painter, QPointF(left, base) + shift, size, Qt::black);
  return image;
}

// The mean ink of three by three pixels, where two pictures differ most.
double difference(const QImage& a, const QImage& b) {
  if (a.size() != b.size()) return 255.0;
  double most = 0.0;
  for (int y = 1; y + 1 < a.height(); ++y) {
    for (int x = 1; x + 1 < a.width(); ++x) {
      int sum = 0;
      for (int v = y - 1; v <= y + 1; ++v) {
        const uchar *p = a.constScanLine(v), *q = b.constScanLine(v);
        for (int u = x - 1; u <= x + 1; ++u) sum += p[u] - q[u];
      }
      most = std::max(most, std::abs(sum) / 9.0);
    }
  }
  return most;
}

QPoint place(std::size_t index) {
  const int at = static_cast<int>(index) % on_a_sheet;
  return {at % columns * cell.width(), at / columns * cell.height()};
}

QString reference(int sheet) {
  return QStringLiteral(HOLDFAST_SOURCE_DIR "/tests/gui/formulas/sheet-%1.png").arg(sheet + 1);
}

// For eyes: each formula with its source.
QImage legible(const QImage& sheet, const std::vector<ListedFormula>& formulas, std::size_t first) {
  QImage image(sheet.width(), sheet.height() + rows * 12, QImage::Format_RGB32);
  image.fill(Qt::white);
  QPainter painter(&image);
  QFont font = painter.font();
  font.setPixelSize(9);
  painter.setFont(font);
  for (std::size_t i = first; i < std::min(first + on_a_sheet, formulas.size()); ++i) {
    const QPoint from = place(i);
    const QPoint to = from + QPoint(0, from.y() / cell.height() * 12);
    painter.drawImage(to, sheet.copy(QRect(from, cell)));
    painter.setPen(QColor(0x1f, 0x4f, 0x91));
    painter.drawText(QRect(to + QPoint(2, cell.height()), QSize(cell.width() - 4, 12)), Qt::AlignLeft,
                     QString::number(i + 1) + QLatin1Char(' ') + formulas[i].tex);
    painter.setPen(QColor(0xd0, 0xd0, 0xd0));
    painter.drawRect(QRect(to, cell + QSize(0, 12)));
  }
  return image;
}

}  // namespace

class FormulaSheetsTest : public QObject {
  Q_OBJECT

  FormulaRenderer renderer_{nullptr, test::patience};  // what a busy machine does late is still compared
  std::vector<ListedFormula> formulas_;

  QImage drawn(const char* tex) {
    std::optional<FormulaPicture> picture;
    (void)settle_formula(renderer_, {QString::fromLatin1(tex), false}, &picture);
    return picture ? cell_of(*picture) : QImage();
  }

 private slots:
  void initTestCase() { formulas_ = listed_formulas(); }

  void the_list_is_long_and_says_nothing_twice() {
    QVERIFY2(formulas_.size() >= 300, qPrintable(QString::number(formulas_.size())));
    QStringList tex;
    for (const ListedFormula& formula : formulas_) tex += formula.tex.simplified();
    QCOMPARE(tex.removeDuplicates(), 0);
  }

  void formulas_look_as_they_did_data() {
    QTest::addColumn<int>("sheet");
    for (int sheet = 0; sheet * on_a_sheet < static_cast<int>(formulas_.size()); ++sheet) {
      QTest::addRow("sheet %d", sheet + 1) << sheet;
    }
  }
  void formulas_look_as_they_did() {
    QFETCH(int, sheet);
    const std::size_t first = static_cast<std::size_t>(sheet * on_a_sheet);
    const std::size_t end = std::min(first + on_a_sheet, formulas_.size());
    QImage now(columns * cell.width(), rows * cell.height(), QImage::Format_Grayscale8);
    now.fill(Qt::white);
    QImage then(reference(sheet));
    then.convertTo(QImage::Format_Grayscale8);
    QStringList faults;
    for (std::size_t i = first; i < end; ++i) {
      std::optional<FormulaPicture> picture;
      if (settle_formula(renderer_, formulas_[i], &picture) != FormulaRenderer::State::ready) {
        faults += QStringLiteral("%1 is not drawn: %2").arg(i + 1).arg(formulas_[i].tex);
        continue;
      }
      // What MathJax does not know, it writes in red.
      if (picture->svg(1.0).contains("\"#ff0000\""))
        faults += QStringLiteral("unknown to MathJax: ") + formulas_[i].tex;
      if (fitting_em(*picture) < least_em) faults += QStringLiteral("too large for its cell: ") + formulas_[i].tex;
      const QImage image = cell_of(*picture);
      QPainter(&now).drawImage(place(i), image);
      const double differs = difference(image, then.copy(QRect(place(i), cell)));
      if (differs > tolerance) {
        faults += QStringLiteral("%1 differs by %2: %3").arg(i + 1).arg(differs, 0, 'f', 1).arg(formulas_[i].tex);
      }
    }
    if (const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS"); !folder.isEmpty()) {
      QVERIFY(now.save(QStringLiteral("%1/sheet-%2.png").arg(folder).arg(sheet + 1)));
      QVERIFY(legible(now, formulas_, first).save(QStringLiteral("%1/sheet-%2-tex.png").arg(folder).arg(sheet + 1)));
    }
    QVERIFY2(faults.isEmpty(), qPrintable(faults.join(QLatin1Char('\n'))));
  }

  void small_faults_show_data() {
    QTest::addColumn<QByteArray>("right");
    QTest::addColumn<QByteArray>("wrong");
    const auto add = [](const char* name, const char* right, const char* wrong) {
      QTest::newRow(name) << QByteArray(right) << QByteArray(wrong);
    };
    add("a superscript", "x^2 + y^2 = z^2", "x^2 + y = z^2");
    add("a script of a script", "x_{n_{k_j}} \\to L", "x_{n_{k}} \\to L");
    add("a prime", "f'(x) = 3x^2", "f(x) = 3x^2");
    add("a second prime", "f''(x) = 3x^2", "f'(x) = 3x^2");
    add("a comma", "(3, -4)", "(3 -4)");
    add("a point", "3.14", "3\\phantom{.}14");
    add("a bar", "\\overline{z} = a", "\\vphantom{\\overline{z}} z = a");
    add("the bar of a fraction", "\\frac{1}{2}", "{1 \\atop 2}");
    add("a sign", "a - b", "a + b");
    add("an inequality", "a \\le b", "a < b");
    add("strokes of a relation", "a \\equiv b", "a = b");
    add("a dot above", "\\dot{x}", "\\vphantom{\\dot{x}} x");
    add("an index", "a_{10}", "a_{16}");
    add("another formula", "\\sin\\theta", "\\cos\\theta");
    add("a letter for another", "\\nu", "v");
    add("half a thin space", "ab", "a\\mspace{1.5mu}b");
  }
  void small_faults_show() {
    QFETCH(QByteArray, right);
    QFETCH(QByteArray, wrong);
    const QImage a = drawn(right.constData()), b = drawn(wrong.constData());
    QVERIFY(!a.isNull() && !b.isNull());
    const double differs = difference(a, b);
    QVERIFY2(differs > 1.5 * tolerance, qPrintable(QString::number(differs)));
  }

  void what_rasterisers_differ_by_does_not_show() {
    for (std::size_t i = 0; i < formulas_.size(); i += 7) {
      std::optional<FormulaPicture> picture;
      (void)settle_formula(renderer_, formulas_[i], &picture);
      QVERIFY2(picture.has_value(), qPrintable(formulas_[i].tex));
      // A sixteenth of a pixel is more than the sixty-fourths that they round to.
      const double differs = difference(cell_of(*picture), cell_of(*picture, {1.0 / 16, 1.0 / 16}));
      QVERIFY2(differs < 0.75 * tolerance, qPrintable(formulas_[i].tex + QString::number(differs)));
    }
  }
};

QTEST_MAIN(FormulaSheetsTest)
#include "formula_sheets_test.moc"
