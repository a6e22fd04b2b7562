// Charts and tables taken along: the clipboard, PNG, SVG and CSV.
//
// Faults that were planted, and seen to fail here: in app/widgets/plot_view.cpp a point of one line written beside
// another line's x; in app/widgets/svg_picture.cpp names that are not escaped, and a clip that outlives its painter's;
// in app/widgets/take_along.cpp a picture without its ground.
#include "app/widgets/take_along.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QFileDialog>
#include <QImage>
#include <QLineEdit>
#include <QMessageBox>
#include <QSignalSpy>
#include <QStandardItemModel>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>
#include <QXmlStreamReader>
#include <cmath>
#include <limits>

#include "app/widgets/plot_view.h"
#include "kernels/error.h"
#include "tests/gui/patience.h"

using namespace holdfast;

class TakeAlongTest : public QObject {
  Q_OBJECT

  static PlotData data() {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return {.lines = {{.name = "loss <a & b>", .x = {1, 2, 4}, .y = {3.5, nan, 0.1}},
                      {.name = "validation", .x = {2, 3}, .y = {2, 1}, .dashed = true}},
            .xName = "step",
            .yName = "loss",
            .marks = {{2.0, "phase 2"}}};
  }
  static QByteArray read(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
  }
  static QAction* action(const QWidget& view, const char* name) {
    return view.findChild<QAction*>(QLatin1String(name));
  }
  // Elements of the file by name; fails on what is no XML.
  static QMap<QString, int> elements(const QByteArray& svg) {
    QMap<QString, int> count;
    QXmlStreamReader xml(svg);
    while (!xml.atEnd()) {
      if (xml.readNext() == QXmlStreamReader::StartElement) ++count[xml.name().toString()];
    }
    if (xml.hasError()) qWarning("%s", qPrintable(xml.errorString()));
    return xml.hasError() ? QMap<QString, int>() : count;
  }

  // When a modal dialog of this kind is there: does this with it.
  template <class Dialog, class Work>
  void whenAsked(Work work) {
    auto* timer = new QTimer(this);
    connect(timer, &QTimer::timeout, this, [timer, work] {
      auto* dialog = qobject_cast<Dialog*>(QApplication::activeModalWidget());
      if (dialog == nullptr || !dialog->isVisible()) return;
      timer->deleteLater();
      timer->stop();
      work(dialog);
    });
    timer->start(20);
  }
  void saveAs(const QString& file) {
    whenAsked<QFileDialog>([file](QFileDialog* dialog) {
      auto* name = dialog->findChild<QLineEdit*>("fileNameEdit");
      name->setText(file);
      QTest::keyClick(name, Qt::Key_Return);
    });
  }

  QTemporaryDir folder_;

 private slots:
  void a_chart_is_copied_and_saved_by_keys() {
    PlotView plot;
    plot.resize(400, 220);
    plot.show();
    plot.setFocus();
    QVERIFY(QTest::qWaitForWindowActive(&plot, test::patience));
    QVERIFY(!action(plot, "copyPicture")->isEnabled());  // there is nothing to take
    plot.setData(data());
    QVERIFY(action(plot, "copyPicture")->isEnabled());
    QTest::keyClick(&plot, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(QApplication::clipboard()->text(),
             QString("step\tloss <a & b>\tvalidation\n1\t3.5\t\n2\t\t2\n3\t\t1\n4\t0.1\t\n"));
    QTest::keyClick(&plot, Qt::Key_C, Qt::ControlModifier);
    const QImage image = QApplication::clipboard()->image();
    QCOMPARE(image.size(), QSize(800, 440));
    QCOMPARE(image.pixelColor(2, 2), plot.palette().color(QPalette::Window));
    int painted = 0;
    for (int y = 0; y < image.height(); ++y) {
      for (int x = 0; x < image.width(); ++x) painted += image.pixelColor(x, y).hue() == QColor(0x00, 0x72, 0xb2).hue();
    }
    QVERIFY2(painted > 200, qPrintable(QString::number(painted)));

    const QString file = folder_.filePath("by keys.csv");
    saveAs(file);
    QTest::keyClick(&plot, Qt::Key_S, Qt::ControlModifier);
    QCOMPARE(read(file), QByteArray("step,loss <a & b>,validation\n1,3.5,\n2,,2\n3,,1\n4,0.1,\n"));
  }

  void a_chart_is_a_file_in_three_forms() {
    PlotView plot;
    plot.resize(400, 220);
    plot.setData(data());
    const TakenAlong content{.paint = [&](QPainter& painter) { plot.render(&painter); },
                             .table = [&] { return plot.table(); },
                             .fileName = {}};
    const QString png = folder_.filePath("chart.png"), svg = folder_.filePath("chart.SVG");
    saveTakenAlong(plot, content, png);
    QCOMPARE(QImage(png).size(), QSize(800, 440));
    saveTakenAlong(plot, content, svg);
    const QByteArray text = read(svg);
    const QMap<QString, int> found = elements(text);
    QCOMPARE(found["svg"], 1);
    QVERIFY(found["polyline"] > 6);  // curves, axes, samples of the legend
    QVERIFY(text.contains("loss &lt;a &amp; b&gt;</text>"));
    QVERIFY(text.contains(">phase 2</text>"));
    QVERIFY(text.contains("stroke-dasharray"));
    // Curves are clipped, and words are not.
    QVERIFY(found["clipPath"] >= 1);
    for (const QByteArray& line : text.split('\n')) {
      if (line.contains(">phase 2<")) QVERIFY(!line.contains("clip-path"));
    }
    QVERIFY_EXCEPTION_THROWN(saveTakenAlong(plot, content, folder_.filePath("chart.bmp")), ArgumentError);
    QVERIFY_EXCEPTION_THROWN(saveTakenAlong(plot, content, folder_.filePath("none/chart.svg")), IoError);
    if (const QByteArray shots = qgetenv("HOLDFAST_SCREENSHOTS"); !shots.isEmpty()) {
      QFile::copy(png, QString::fromLocal8Bit(shots) + "/chart.png");
      QFile::copy(svg, QString::fromLocal8Bit(shots) + "/chart.svg");
    }
  }

  void a_table_is_copied_whole() {
    QStandardItemModel model(2, 2);
    model.setHorizontalHeaderLabels({"Concept", "Right"});
    model.setItem(0, 0, new QStandardItem("percent, discount"));
    model.setItem(0, 1, new QStandardItem("93.0 %"));
    model.setItem(1, 0, new QStandardItem("two\nlines"));
    model.setItem(1, 1, new QStandardItem("7.0 %"));
    QTableView table;
    table.setModel(&model);
    offerTable(&table, "evaluation");
    table.show();
    table.setFocus();
    QVERIFY(QTest::qWaitForWindowActive(&table, test::patience));
    QTest::keyClick(&table, Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QApplication::clipboard()->text(),
             QString("Concept\tRight\npercent, discount\t93.0 %\ntwo lines\t7.0 %\n"));
    QTest::keyClick(&table, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(QApplication::clipboard()->image().size(), table.size() * 2);
  }

  void what_cannot_be_written_is_said() {
    PlotView plot;
    plot.resize(200, 120);
    plot.setData(data());
    QString said;
    whenAsked<QMessageBox>([&](QMessageBox* box) {
      said = box->text();
      box->accept();
    });
    saveAs(folder_.filePath("chart.bmp"));
    action(plot, "saveTakenAlong")->trigger();
    QVERIFY2(said.contains("want a name that ends in .png, .svg or .csv"), qPrintable(said));
  }
};

QTEST_MAIN(TakeAlongTest)
#include "take_along_test.moc"
