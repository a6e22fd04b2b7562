// The commands about kept sessions: what they print, write and take in, and what they say to bad input.
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTest>
#include <filesystem>

#include "app/store/store.h"
#include "tests/cli/program.h"

using namespace holdfast;
using holdfast::test::Program;
using holdfast::test::Ran;
namespace fs = std::filesystem;

namespace {

Store store_of(const Program& program) {
  const fs::path data = program.data().toStdString();
  fs::create_directories(data);
  return Store(data / "holdfast.db");
}

// A question with a thought and an answer; another answer beside it, which is not shown.
SessionId add_session(Store& store, const std::string& question) {
  WholeSession whole;
  whole.session = {.title = question, .head = {3}, .created = 1700000000000, .changed = 1700000000000};
  NodeRow thought{.id = {2}, .parent = {1}, .kind = NodeKind::thought, .text = "Think of $6 \\cdot 7$."};
  thought.sampler.emplace();
  thought.stop_reason = "thought_end";
  NodeRow answer = thought;
  answer.id = {3};
  answer.parent = {2};
  answer.kind = NodeKind::answer;
  answer.text = "It is $\\frac{84}{2} = 42$, **surely**.";
  answer.stop_reason = "stop_token";
  NodeRow other = answer;
  other.id = {4};
  other.text = "It is forty-one.";
  whole.nodes = {{.id = {1}, .kind = NodeKind::user, .text = question}, thought, answer, other};
  return store.add_sessions(std::vector<WholeSession>{whole})[0];
}

QByteArray content(const QString& name) {
  QFile file(name);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QString number(SessionId id) { return QString::number(id.value); }

}  // namespace

class SessionsProgramTest : public QObject {
  Q_OBJECT

  static bool has_window() { return QFileInfo::exists(QFileInfo(HOLDFAST_PROGRAM).dir().filePath("holdfast-window")); }

 private slots:
  void commands_have_help_with_an_example_data() {
    QTest::addColumn<QString>("command");
    for (const char* name : {"sessions", "search", "export", "import"}) QTest::newRow(name) << QString(name);
  }
  void commands_have_help_with_an_example() {
    QFETCH(QString, command);
    const Ran ran = Program().run({command, "--help"});
    HOLDFAST_ENDED(ran, 0);
    QVERIFY(ran.out.contains("Example: holdfast " + command.toUtf8()));
  }

  void without_sessions_nothing_is_made() {
    const Program program;
    const Ran list = program.run({"sessions", "--json"});
    HOLDFAST_ENDED(list, 0);
    QCOMPARE(list.out.trimmed(), QByteArray("[]"));
    const Ran search = program.run({"search", "x"});
    HOLDFAST_ENDED(search, 0);
    QVERIFY(search.err.contains("Nothing was found"));
    const Ran export_last = program.run({"export", "last"});
    HOLDFAST_ENDED(export_last, 1);
    QVERIFY(!QFileInfo::exists(program.data() + "/holdfast.db"));
  }

  void sessions_are_listed_last_changed_first() {
    const Program program;
    {
      Store store = store_of(program);
      for (int i = 0; i < 25; ++i) add_session(store, "Question " + std::to_string(i));
    }
    const Ran some = program.run({"sessions"});
    HOLDFAST_ENDED(some, 0);
    QCOMPARE(some.out.count('\n'), 20);
    QVERIFY(some.out.contains("Question 24\n") && !some.out.contains("Question 4\n"));
    QVERIFY(some.err.contains("5 older"));
    const Ran all = program.run({"sessions", "--all", "--json"});
    HOLDFAST_ENDED(all, 0);
    QCOMPARE(all.json().size(), std::size_t{25});
    QCOMPARE(all.json()[0]["title"].get<std::string>(), std::string("Question 24"));
  }

  void search_tells_where_and_what() {
    const Program program;
    Store store = store_of(program);
    const SessionId id = add_session(store, "Six times seven?");
    const Ran ran = program.run({"search", "sure"});
    HOLDFAST_ENDED(ran, 0);
    QCOMPARE(ran.out, number(id).toUtf8() + "\t3\tanswer\tIt is $\\frac{84}{2} = 42$, **[surely]**.\n");
    const auto json = program.run({"search", "--json", "seven"}).json();
    QCOMPARE(json.size(), std::size_t{2});
    QCOMPARE(json[0]["kind"].get<std::string>(), std::string("title"));
    QVERIFY(json[0]["node"].is_null());
    QCOMPARE(json[1]["matches"][0][0].get<int>(), 10);
    QCOMPARE(program.run({"search", "--kind", "thought,note", "--json", "6"}).json().size(), std::size_t{1});
    QCOMPARE(program.run({"search", "--kind", "title", "--json", "seven"}).json().size(), std::size_t{1});
    QCOMPARE(program.run({"search", "--kind", "answer", "--json", "seven"}).json().size(), std::size_t{0});
    HOLDFAST_ENDED(program.run({"search", "--kind", "dream", "x"}), 2);
    HOLDFAST_ENDED(program.run({"search", "\"AND (", "*"}), 0);
  }

  void export_writes_every_form_without_qt_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("has");
    QTest::addColumn<QByteArray>("lacks");
    QTest::newRow("md") << QStringList{} << QByteArray("\n## Thought\n\n> Think of") << QByteArray("forty-one");
    QTest::newRow("no thoughts") << QStringList{"--no-thoughts"} << QByteArray("42") << QByteArray("Think of");
    QTest::newRow("tree") << QStringList{"--tree"} << QByteArray("forty-one") << QByteArray("ended by");
    QTest::newRow("statistics") << QStringList{"--statistics"} << QByteArray("ended by stop_token")
                                << QByteArray("forty");
    QTest::newRow("tex") << QStringList{"--format", "tex"} << QByteArray("$\\frac{84}{2} = 42$") << QByteArray("**");
    QTest::newRow("jsonl") << QStringList{"--format", "jsonl"} << QByteArray("forty-one") << QByteArray("##");
    QTest::newRow("messages") << QStringList{"--format", "messages"} << QByteArray("\"role\":\"assistant\"")
                              << QByteArray("forty");
    QTest::newRow("sharegpt") << QStringList{"--format", "sharegpt", "--tree"} << QByteArray("forty-one")
                              << QByteArray("role");
  }
  void export_writes_every_form_without_qt() {
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, has);
    QFETCH(QByteArray, lacks);
    const Program program;
    {
      Store store = store_of(program);
      add_session(store, "Six times seven?");
    }
    const Ran ran = program.run(QStringList{"export", "last"} + arguments);
    HOLDFAST_ENDED(ran, 0);
    QVERIFY2(ran.out.contains(has), ran.out.constData());
    QVERIFY2(!ran.out.contains(lacks), ran.out.constData());
    const QString file = program.file("out.anything");
    const QStringList format = arguments.contains("--format") ? QStringList{} : QStringList{"--format", "md"};
    const Ran written = program.run(QStringList{"export", "last", "-o", file} + format + arguments);
    HOLDFAST_ENDED(written, 0);
    QCOMPARE(content(file), ran.out);
  }

  void what_is_exported_can_be_imported() {
    const Program program;
    SessionId one, two;
    {
      Store store = store_of(program);
      one = add_session(store, "Six times seven?");
      two = add_session(store, "And eight?");
    }
    const QString file = program.file("both.jsonl");
    HOLDFAST_ENDED(program.run({"export", number(one), number(two), "-o", file}), 0);
    const Ran ran = program.run({"import", file, "--json"});
    HOLDFAST_ENDED(ran, 0);
    QCOMPARE(ran.json().size(), std::size_t{2});
    QCOMPARE(ran.json()[1]["title"].get<std::string>(), std::string("And eight?"));
    QCOMPARE(store_of(program).tree({ran.json()[0]["id"].get<std::int64_t>()}).size(), std::size_t{4});
    const Program fresh;  // whose folder is not there yet
    const Ran into = fresh.run({"import", file});
    HOLDFAST_ENDED(into, 0);
    QCOMPARE(fresh.run({"sessions", "--json"}).json().size(), std::size_t{2});
  }

  void a_bad_file_is_refused_whole_with_its_line() {
    const Program program;
    const QString file = program.file("bad.jsonl");
    QFile bad(file);
    QVERIFY(bad.open(QIODevice::WriteOnly));
    bad.write(
        "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"a\"}]}\n{"
        "\"messages\":3}\n");
    bad.close();
    const Ran ran = program.run({"import", file});
    HOLDFAST_ENDED(ran, 1);
    QVERIFY2(ran.err.startsWith("holdfast: bad.jsonl:2: ") && ran.err.count('\n') == 1, ran.err.constData());
    QCOMPARE(program.run({"sessions", "--json"}).json().size(), std::size_t{0});
    HOLDFAST_ENDED(program.run({"import", "/no/such/file"}), 1);
  }

  void export_says_what_is_wrong_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* name, const QStringList& arguments, int code, const char* says) {
      QTest::newRow(name) << arguments << code << QByteArray(says);
    };
    row("no session", {}, 2, "SESSION: missing");
    row("a word", {"first"}, 2, "\"first\"");
    row("not there", {"99"}, 1, "session 99");
    row("several documents", {"1", "2", "--format", "md"}, 2, "md takes one");
    row("unknown ending", {"1", "-o", "a.docx"}, 2, "a.docx");
    row("unknown format", {"1", "--format", "docx"}, 2, "--format");
    row("both", {"1", "--tree", "--branch"}, 2, "--");
    row("nowhere", {"1", "-o", "/nowhere/a.md"}, 1, "/nowhere");
    row("nothing to train on", {"2", "--format", "messages"}, 1, "nothing to train on");
  }
  void export_says_what_is_wrong() {
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QByteArray, says);
    const Program program;
    {
      Store store = store_of(program);
      add_session(store, "Six times seven?");
      store.add_user_message({}, "not answered");
    }
    const Ran ran = program.run(QStringList{"export"} + arguments);
    HOLDFAST_ENDED(ran, code);
    QVERIFY2(ran.err.contains(says) && ran.err.count('\n') == 1, ran.err.constData());
  }

  void pdf_and_html_are_made_without_a_display() {
    if (!has_window()) QSKIP("holdfast-window is not part of this build");
    const Program program;
    {
      Store store = store_of(program);
      add_session(store, "Six times seven?");
    }
    const QString pdf = program.file("a.pdf");
    HOLDFAST_ENDED(program.run({"export", "last", "-o", pdf, "--statistics"}), 0);
    QVERIFY(content(pdf).startsWith("%PDF-1."));
    QVERIFY(content(pdf).trimmed().endsWith("%%EOF"));
    QVERIFY(content(pdf).contains("/FontFile2"));  // text in real fonts
    const Ran html = program.run({"export", "last", "--format", "html"});
    HOLDFAST_ENDED(html, 0);
    QVERIFY(html.out.startsWith("<!DOCTYPE html>"));
    QVERIFY(html.out.contains("<svg style="));
    QVERIFY(html.out.contains("<strong>surely</strong>"));
    QVERIFY(html.out.endsWith("</html>\n"));
    const Ran nowhere = program.run({"export", "last", "-o", "/nowhere/a.pdf"});
    HOLDFAST_ENDED(nowhere, 1);
    QVERIFY(nowhere.err.contains("/nowhere"));
  }

  void without_the_window_program_pdf_is_one_sentence() {
    const QTemporaryDir folder;
    const QString alone = folder.filePath("holdfast");
    QVERIFY(QFile::copy(HOLDFAST_PROGRAM, alone));
    QVERIFY(QFile::setPermissions(alone, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
    const Program program(alone);
    {
      Store store = store_of(program);
      add_session(store, "Six times seven?");
    }
    const Ran ran = program.run({"export", "last", "-o", program.file("a.pdf")});
    HOLDFAST_ENDED(ran, 1);
    QVERIFY2(ran.err.contains("holdfast-window") && ran.err.count('\n') == 1, ran.err.constData());
  }
};

QTEST_GUILESS_MAIN(SessionsProgramTest)
#include "sessions_program_test.moc"
