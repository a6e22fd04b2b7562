// Formulas that crash, hang or fill the process that typesets them, and what becomes of the window and of those behind
// them. HOLDFAST_HOSTILE_FORMULAS=2000 asks for as many of the generated ones; HOLDFAST_SHOW=1 prints what took long.
// Seen failing: no second try after a crash, a process that cannot start tried for each formula, sizes, places and
// dashes of an answer believed, a path read on for ever behind its end, \\ and \{ overlooked, addresses without limit,
// the process outliving its parent.
#include "hostile_formulas.h"

#include <signal.h>
#include <unistd.h>

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QImage>
#include <QPainter>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <set>

#include "app/files/paths.h"

using namespace holdfast;
using State = FormulaRenderer::State;

namespace {

constexpr int in_ci = 240;  // of the generated formulas; every hundredth takes its whole budget

// Works for hours: each arrow doubles the time.
QString endless() {
  return QStringLiteral("\\xrightarrow{").repeated(40) + QLatin1Char('x') + QString(40, QLatin1Char('}'));
}

// Stands in for the process: what it does is in the formula. It counts its starts in a file beside it.
constexpr const char* stand_in = R"(#!/bin/sh
echo start >> "$0.starts"
[ -e "$0.ill" ] && exit 3
echo formulas
while read -r line; do
  case "$line" in
    *CRASH*) kill -SEGV $$;;
    *HANG*) exec sleep 1000;;
    *ONCE*) [ -e "$0.once" ] || { touch "$0.once"; kill -KILL $$; };;
    *ENDLESS*) exec cat /dev/zero;;
    *GARBAGE*) echo '}{'; continue;;
    *HUGE*) echo '{"w":1000,"a":500,"d":0,"s":[{"m":[1,0,0,1,0,0],"r":[0,-500,1e300,500]}]}'; continue;;
  esac
  echo '{"w":1000,"a":500,"d":0,"s":[{"m":[1,0,0,1,0,0],"r":[0,-500,1000,500]}]}'
done
)";

State settled(FormulaRenderer& renderer, const QString& tex, std::optional<FormulaPicture>* picture = nullptr) {
  std::optional<FormulaPicture> ignored;
  return settle_formula(renderer, {tex, true}, picture == nullptr ? &ignored : picture);
}

QImage painted(const FormulaPicture& picture) {
  constexpr int most = 3000;  // pixels
  QImage image(std::min(static_cast<int>(picture.width() * 16) + 8, most),
               std::clamp(static_cast<int>((picture.ascent() + picture.descent()) * 16) + 8, 8, most),
               QImage::Format_Grayscale8);
  image.fill(Qt::white);
  QPainter painter(&image);
  picture.paint(painter, {4.0, 4.0 + picture.ascent() * 16}, 16, Qt::black);
  return image;
}

// The processes that typeset for `parent`, by what the system knows.
std::set<qint64> typesetters(qint64 parent) {
  std::set<qint64> found;
  for (const QString& entry : QDir(QStringLiteral("/proc")).entryList(QDir::Dirs)) {
    QFile file(QStringLiteral("/proc/%1/stat").arg(entry));
    if (entry.toLongLong() <= 0 || !file.open(QIODevice::ReadOnly)) continue;
    const QByteArray stat = file.readAll();  // "12 (name) S parent ..."
    const QList<QByteArray> rest = stat.mid(stat.lastIndexOf(')') + 2).split(' ');
    if (!stat.contains("(holdfast-window)") || rest.size() < 2 || rest[0] == "Z") continue;
    if (rest[1].toLongLong() == parent) found.insert(entry.toLongLong());
  }
  return found;
}

qint64 typesetter(qint64 parent) {
  const std::set<qint64> found = typesetters(parent);
  return found.size() == 1 ? *found.begin() : 0;
}

// Milliseconds of work so far.
qint64 worked(qint64 pid) {
  QFile file(QStringLiteral("/proc/%1/stat").arg(pid));
  if (!file.open(QIODevice::ReadOnly)) return 0;
  const QByteArray stat = file.readAll();
  return stat.mid(stat.lastIndexOf(')') + 2).split(' ').value(11).toLongLong() * 1000 / ::sysconf(_SC_CLK_TCK);
}

bool lives(qint64 pid) { return QFile::exists(QStringLiteral("/proc/%1/exe").arg(pid)) && worked(pid) >= 0; }

// Orders a formula that never ends and waits to be killed.
int hold(int argc, char** argv) {
  QGuiApplication application(argc, argv);
  FormulaRenderer renderer(nullptr, 1000 * test::patience);
  const FormulaPicture* picture = nullptr;
  (void)renderer.look(endless(), true, &picture);
  return QGuiApplication::exec();
}

}  // namespace

class HostileFormulasTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;

  QString standIn(const char* text = stand_in) {
    static int number = 0;
    const QString path = folder_.filePath(QStringLiteral("typesetter-%1").arg(++number));
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly)) return {};
    file.write(text);
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    return path;
  }
  static qsizetype starts(const QString& program) {
    QFile file(program + QStringLiteral(".starts"));
    return file.open(QIODevice::ReadOnly) ? file.readAll().count('\n') : 0;
  }

 private slots:
  void hostile_formulas_neither_crash_nor_hang() {
    bool given = false;
    const int count = qEnvironmentVariableIntValue("HOLDFAST_HOSTILE_FORMULAS", &given);
    const bool show = qEnvironmentVariableIsSet("HOLDFAST_SHOW");
    FormulaRenderer renderer;
    std::vector<ListedFormula> ordinary = listed_formulas();
    QVERIFY(!ordinary.empty());
    const auto pictures = [&](const QString& behind) {  // another key each time, so that nothing is remembered
      std::vector<QImage> images;
      for (std::size_t i = 0; i < ordinary.size(); i += 29) {
        std::optional<FormulaPicture> picture;
        (void)settle_formula(renderer, {ordinary[i].tex + behind, ordinary[i].display}, &picture);
        images.push_back(picture ? painted(*picture) : QImage());
      }
      return images;
    };
    const std::vector<QImage> before = pictures({});
    for (const QImage& image : before) QVERIFY(!image.isNull());

    HostileFormulas hostile;
    int drawn = 0, refused = 0;
    for (unsigned i = 0; i < static_cast<unsigned>(given ? count : in_ci); ++i) {
      const ListedFormula formula = hostile.at(i);
      std::optional<FormulaPicture> picture;
      QElapsedTimer clock;
      clock.start();
      const State state = settle_formula(renderer, formula, &picture);
      const qint64 settled_at = clock.elapsed();
      QVERIFY2(state != State::waiting, qPrintable(formula.tex));
      if (state == State::ready) {
        QVERIFY(picture.has_value());
        QVERIFY(!painted(*picture).isNull());
        QVERIFY(!picture->svg(1.0).isEmpty());
      }
      ++(state == State::ready ? drawn : refused);
      if (show && clock.elapsed() > 400) {
        qInfo("%u: %lld ms, painting %lld, %s: %s", i, settled_at, clock.elapsed() - settled_at,
              state == State::ready ? "ready" : "refused", qPrintable(formula.tex.left(100)));
      }
    }
    qInfo("%d drawn, %d refused", drawn, refused);
    QVERIFY(drawn > 0 && refused > 0);
    QCOMPARE(pictures(QStringLiteral(" ")), before);
  }

  void what_nobody_reads_is_refused_at_once_data() {
    QTest::addColumn<QString>("tex");
    QTest::addColumn<bool>("tooMuch");
    const auto deep = [](const char* open, const char* close, int depth) {
      return QString(open).repeated(depth) + "x" + QString(close).repeated(depth);
    };
    QTest::newRow("as long as it may be") << QString(2000, 'x') << false;
    QTest::newRow("longer") << QString(2001, 'x') << true;
    QTest::newRow("braces") << deep("{", "}", 60) << false;
    QTest::newRow("more braces") << deep("{", "}", 61) << true;
    QTest::newRow("open braces") << QString(61, '{') << true;
    QTest::newRow("brackets") << deep("\\left(", "\\right)", 61) << true;
    QTest::newRow("tables") << deep("\\begin{array}", "\\end{array}", 61) << true;
    QTest::newRow("braces as signs") << deep("\\{", "\\}", 300) << false;
    QTest::newRow("arrows") << QString("\\leftarrow").repeated(100) << false;
    QTest::newRow("side by side") << QString("\\left\\{{x}\\right\\}").repeated(100) << false;
    QTest::newRow("closed too often") << QString(900, '}') + QString(60, '{') << false;
    QTest::newRow("a lone backslash") << QString("x\\") << false;
  }
  void what_nobody_reads_is_refused_at_once() {
    QFETCH(QString, tex);
    QFETCH(bool, tooMuch);
    QCOMPARE(is_too_much_tex(tex), tooMuch);
    FormulaRenderer renderer(nullptr, 100, standIn());
    const FormulaPicture* picture = nullptr;
    QCOMPARE(renderer.look(tex, true, &picture), tooMuch ? State::refused : State::waiting);
  }

  void answers_are_not_believed_data() {
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<bool>("taken");
    const auto row = [](const char* name, const QByteArray& json, bool taken = false) {
      QTest::newRow(name) << json << taken;
    };
    const auto of = [](const QByteArray& shape) { return R"({"w":1000,"a":500,"d":0,"s":[{)" + shape + "}]}"; };
    row("a box", of(R"("m":[1,0,0,1,0,0],"r":[0,-500,1000,500])"), true);
    row("no shapes", R"({"w":0,"a":0,"d":0,"s":[]})", true);
    row("nothing", "");
    row("no JSON", "}{");
    row("an error", R"({"e":"x"})");
    row("a negative width", R"({"w":-1,"a":0,"d":0})");
    row("a width without end", R"({"w":1e999,"a":0,"d":0})");
    row("too wide", R"({"w":1e7,"a":0,"d":0})");
    row("too high", R"({"w":1,"a":3e5,"d":0})");
    row("too deep", R"({"w":1,"a":0,"d":1e7})");
    row("a box too large", of(R"("m":[1,0,0,1,0,0],"r":[0,0,1e7,5])"));
    row("a box enlarged", of(R"("m":[1000,0,0,1,0,0],"r":[0,0,1e5,5])"));
    row("a matrix without end", of(R"("m":[1e999,0,0,1,0,0],"r":[0,0,1,1])"));
    row("a path too far", of(R"("m":[1,0,0,1,0,0],"p":"M0 0L1e300 0Z")"));
    row("a path that is none", of(R"("m":[1,0,0,1,0,0],"p":"M0 0C1 2 3 4 5 6Z")"));
    row("a path that goes on behind its end", of(R"("m":[1,0,0,1,0,0],"p":"M0 0L5 5Z5 5")"));
    row("a path moved too far", of(R"("m":[1,0,0,1,9e5,0],"p":"M0 0L2e5 0Z")"));
    row("a line too wide", of(R"("m":[1,0,0,1,0,0],"l":[0,0,1,1],"kw":1e9)"));
    row("a line of negative width", of(R"("m":[1,0,0,1,0,0],"l":[0,0,1,1],"kw":-1)"));
    row("dashes", of(R"("m":[1,0,0,1,0,0],"l":[0,0,9000,0],"kw":70,"kd":[140])"), true);
    row("dashes without number", of(R"("m":[1,0,0,1,0,0],"l":[0,0,9000,0],"kw":70,"kd":[0.001])"));
    row("dashes of nothing", of(R"("m":[1,0,0,1,0,0],"l":[0,0,0,0],"kw":70,"kd":[0])"));
    row("negative dashes", of(R"("m":[1,0,0,1,0,0],"l":[0,0,9000,0],"kw":70,"kd":[-140])"));
    row("a clip too large", of(R"("m":[1,0,0,1,0,0],"r":[0,0,1,1],"c":[0,0,1e5,1e5,1e5,0,0,1,0,0])"));
    row("a letter too large", of(R"("m":[1,0,0,1,0,0],"t":"x","ts":1e300)"));
    row("shapes without number", R"({"w":1,"a":0,"d":0,"s":[)" + QByteArray("{},").repeated(5000) + "{}]}");
    row("lists in lists", of("\"m\":" + QByteArray("[").repeated(2000) + QByteArray("]").repeated(2000)));
  }
  void answers_are_not_believed() {
    QFETCH(QByteArray, json);
    QFETCH(bool, taken);
    const std::optional<FormulaPicture> picture = FormulaPicture::fromJson(json);
    QCOMPARE(picture.has_value(), taken);
    if (picture) QVERIFY(!painted(*picture).isNull());
  }

  void a_formula_that_does_harm_takes_no_other_along_data() {
    QTest::addColumn<QString>("tex");
    QTest::addColumn<int>("starts");
    QTest::addColumn<bool>("drawn");
    QTest::newRow("it crashes the process") << "CRASH" << 3 << false;  // twice, and once for those behind it
    QTest::newRow("it never ends") << "HANG" << 2 << false;
    QTest::newRow("its answer never ends") << "ENDLESS" << 2 << false;
    QTest::newRow("its answer is none") << "GARBAGE" << 1 << false;
    QTest::newRow("its answer is not sane") << "HUGE" << 1 << false;
    QTest::newRow("the process dies of another cause") << "ONCE" << 2 << true;
  }
  void a_formula_that_does_harm_takes_no_other_along() {
    QFETCH(QString, tex);
    QFETCH(int, starts);
    QFETCH(bool, drawn);
    const QString program = standIn();
    FormulaRenderer renderer(nullptr, tex == "HANG" ? 1500 : test::patience, program);
    const QStringList queue{"a", tex, "b", "c"};
    const FormulaPicture* picture = nullptr;
    for (const QString& each : queue) QCOMPARE(renderer.look(each, true, &picture), State::waiting);
    for (const QString& each : queue) {
      QCOMPARE(settled(renderer, each), each != tex || drawn ? State::ready : State::refused);
    }
    QCOMPARE(HostileFormulasTest::starts(program), starts);
  }

  void a_process_that_does_not_start_is_given_up_data() {
    QTest::addColumn<QString>("program");
    QTest::addColumn<int>("starts");
    QTest::newRow("it is not there") << folder_.filePath("nothing") << 0;
    QTest::newRow("it is no program") << standIn("\x01\x02") << 0;
    const QString ill = standIn();
    QFile(ill + ".ill").open(QIODevice::WriteOnly);
    QTest::newRow("it ends at once") << ill << 3;
    QTest::newRow("it says something else")
        << standIn("#!/bin/sh\necho start >> \"$0.starts\"\necho hello; cat\n") << 3;
  }
  void a_process_that_does_not_start_is_given_up() {
    QFETCH(QString, program);
    QFETCH(int, starts);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression("^holdfast: formulas are shown as their source: "));
    QTest::failOnWarning(QRegularExpression("formulas"));  // a second line
    FormulaRenderer renderer(nullptr, test::patience, program);
    for (const char* tex : {"a", "b", "c", "d"}) QCOMPARE(settled(renderer, tex), State::refused);
    QCOMPARE(HostileFormulasTest::starts(program), starts);
  }

  void a_process_that_is_killed_is_replaced() {
    FormulaRenderer renderer(nullptr, 1000 * test::patience);
    QCOMPARE(settled(renderer, "x"), State::ready);
    const qint64 idle = typesetter(::getpid());
    QVERIFY(idle > 0);
    ::kill(static_cast<pid_t>(idle), SIGKILL);
    QCOMPARE(settled(renderer, "y"), State::ready);
    const qint64 first = typesetter(::getpid());
    QVERIFY(first > 0 && first != idle);

    // In the middle of a formula: it is tried once more, then it is to blame.
    const FormulaPicture* picture = nullptr;
    for (const QString& tex : {endless(), QString("a+1"), QString("b+1")}) {
      QCOMPARE(renderer.look(tex, true, &picture), State::waiting);
    }
    const qint64 before = worked(first);
    QTRY_VERIFY(worked(first) > before + 100);
    ::kill(static_cast<pid_t>(first), SIGSEGV);
    qint64 second = 0;
    QTRY_VERIFY((second = typesetter(::getpid())) > 0 && second != first);
    QTRY_VERIFY(worked(second) > 1000);  // it has started, and works again
    QCOMPARE(renderer.look("a+1", true, &picture), State::waiting);
    ::kill(static_cast<pid_t>(second), SIGSEGV);
    QCOMPARE(settled(renderer, endless()), State::refused);
    QCOMPARE(settled(renderer, "a+1"), State::ready);
    QCOMPARE(settled(renderer, "b+1"), State::ready);
  }

  void a_renderer_that_goes_does_not_wait_for_its_formula() {
    qint64 pid = 0;
    {
      FormulaRenderer renderer(nullptr, 1000 * test::patience);
      const FormulaPicture* picture = nullptr;
      (void)renderer.look(endless(), true, &picture);
      QTRY_VERIFY((pid = typesetter(::getpid())) > 0);
    }
    QVERIFY(!lives(pid));
  }

  void the_process_ends_with_its_input() {
    const auto program = program_beside("holdfast-window");
    QVERIFY(program.has_value());
    QProcess process;
    process.start(QString::fromStdString(program->string()), {"--formulas"});
    QTRY_VERIFY(process.canReadLine());
    QCOMPARE(process.readLine(), QByteArray(formulas_ready) + '\n');
    QFile limits(QStringLiteral("/proc/%1/limits").arg(process.processId()));
    QVERIFY(limits.open(QIODevice::ReadOnly));
    QVERIFY(QRegularExpression("Max address space +1073741824 ").match(limits.readAll()).hasMatch());
    process.write("no JSON\n{\"tex\":\"x\",\"display\":true}\n");
    process.closeWriteChannel();
    QVERIFY(process.waitForFinished(test::patience));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 0);
    const QList<QByteArray> answers = process.readAllStandardOutput().split('\n');
    QCOMPARE(answers.size(), 3);
    QVERIFY(FormulaPicture::fromJson(answers[1]).has_value());
  }

  void the_process_does_not_outlive_a_window_that_is_killed() {
    QProcess window;
    window.start(QCoreApplication::applicationFilePath(), {"--hold"});
    QVERIFY(window.waitForStarted(test::patience));
    qint64 pid = 0;
    QTRY_VERIFY((pid = typesetter(window.processId())) > 0);
    QTRY_VERIFY(worked(pid) > 1000);  // in the middle of its formula: it reads no input
    window.kill();
    QVERIFY(window.waitForFinished(test::patience));
    QTRY_VERIFY(!lives(pid));
  }
};

int main(int argc, char** argv) {
  if (argc > 1 && QByteArray(argv[1]) == "--hold") return hold(argc, argv);
  QApplication application(argc, argv);
  HostileFormulasTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "hostile_formulas_test.moc"
