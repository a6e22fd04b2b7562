// `holdfast chat`, `solve` and the program without a command, with a model of random weights.
//
// Planted faults seen caught: the draw count of a stored session lost; only its last token read again; Ctrl-C not passed
// to the engine; text not written to the store.

#include <signal.h>

#include <QFileInfo>
#include <QTest>

#include "app/store/store.h"
#include "tests/cli/program.h"
#include "tests/cli/text_model.h"

using holdfast::NodeKind;
using holdfast::NodeRow;
using holdfast::Store;
using holdfast::test::Program;
using holdfast::test::Ran;
using holdfast::test::TextModelWriter;

class DialogueProgramTest : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase();
  void solve_prints_one_json_object();
  void solve_streams_the_answer_to_standard_output();
  void same_seed_gives_the_same_answer_and_another_one_another();
  void stop_text_ends_the_answer_before_it();
  void system_message_changes_the_answer();
  void chat_answers_every_line_of_its_input();
  void chat_joins_lines_of_one_message();
  void chat_commands_are_obeyed();
  void conversation_is_in_the_store_with_every_token_in_order();
  void nothing_is_stored_when_asked_so();
  void stored_session_goes_on_as_if_never_left();
  void cut_off_answer_goes_on_as_if_never_cut();
  void ctrl_c_stops_the_answer_and_keeps_the_session();
  void without_display_the_chat_opens_and_says_why();
  void without_display_and_model_a_sentence_says_what_to_do();
  void with_display_and_no_window_the_chat_opens_and_says_why();
  void with_display_the_window_takes_over();

 private:
  QTemporaryDir models_;
  QString model_;
};

namespace {

constexpr int dialogue_tokens = 24;

QStringList greedy(QStringList arguments) {
  return arguments << "--greedy"
                   << "--max-tokens" << QString::number(dialogue_tokens);
}

std::vector<nlohmann::json> rows(const QByteArray& out) {
  std::vector<nlohmann::json> list;
  for (const QByteArray& line : out.split('\n')) {
    if (!line.isEmpty()) list.push_back(nlohmann::json::parse(line.toStdString(), nullptr, false));
  }
  return list;
}

std::string text(const nlohmann::json& row, const char* key) { return row.value(key, std::string("(absent)")); }

std::vector<NodeRow> stored(const Program& program, std::int64_t session = 1) {
  return Store((program.data() + "/holdfast.db").toStdString()).branch({session});
}

// bin/holdfast beside whatever a test puts there: the program finds its window, and its models, from its own place.
QString copied_program(const Program& program) {
  QDir().mkpath(program.file("bin"));
  QDir().mkpath(program.file("share/holdfast"));  // an installed tree, without what the source tree may ship
  const QString copy = program.file("bin/holdfast");
  return QFile::copy(HOLDFAST_PROGRAM, copy) ? copy : QString();
}

}  // namespace

void DialogueProgramTest::initTestCase() {
  model_ = models_.filePath("nonsense");
  TextModelWriter().write(model_.toStdString());
}

void DialogueProgramTest::solve_prints_one_json_object() {
  const Program program;
  const QString out = program.file("answer.json");
  const Ran ran = program.run(greedy({"solve", "What is 2 + 2?", "--model", model_, "--json", "--out", out}));
  HOLDFAST_ENDED(ran, 0);
  const auto json = ran.json();
  QVERIFY2(json.is_object(), ran.out.constData());
  QCOMPARE(json["problem"].get<std::string>(), std::string("What is 2 + 2?"));
  for (const char* key : {"thought", "answer", "stop_reason"}) QVERIFY2(json[key].is_string(), key);
  for (const char* key : {"tokens", "seconds", "tokens_per_second", "prompt_tokens", "state_bytes", "seed"}) {
    QVERIFY2(json[key].is_number(), key);
  }
  QVERIFY(json.contains("boxed"));
  QVERIFY(json["tokens"].get<int>() > 0 && json["tokens"].get<int>() <= dialogue_tokens);
  QFile file(out);
  QVERIFY(file.open(QIODevice::ReadOnly));
  QCOMPARE(file.readAll(), ran.out);
}

void DialogueProgramTest::solve_streams_the_answer_to_standard_output() {
  const Program program;
  const QStringList arguments = greedy({"solve", "x", "--model", model_, "--template", "plain"});
  const std::string answer = program.run(arguments + QStringList("--json")).json()["answer"];
  QVERIFY(!answer.empty());
  const Ran ran = program.run(arguments);
  HOLDFAST_ENDED(ran, 0);
  QVERIFY2(ran.out.startsWith(answer.c_str()), ran.out.constData());
  QVERIFY(ran.err.contains("tokens/s"));
}

void DialogueProgramTest::same_seed_gives_the_same_answer_and_another_one_another() {
  const Program program;
  const auto answer = [&](const char* seed) {
    return program
        .run({"solve", "x", "--model", model_, "--template", "plain", "--max-tokens", "24", "--seed", seed, "--json"})
        .json()
        .value("answer", std::string());
  };
  const std::string first = answer("7");
  QVERIFY(!first.empty());
  QCOMPARE(answer("7"), first);
  QVERIFY(answer("8") != first);
}

void DialogueProgramTest::stop_text_ends_the_answer_before_it() {
  const Program program;
  const QStringList arguments = greedy({"solve", "x", "--model", model_, "--template", "plain", "--json"});
  const std::string whole = program.run(arguments).json()["answer"];
  QVERIFY(whole.size() > 8);
  // From the middle of the text, so that the stop string begins and ends inside tokens.
  std::size_t at = whole.size() / 2;
  while ((static_cast<unsigned char>(whole[at]) & 0xc0) == 0x80) ++at;
  std::size_t end = at + 3;
  while (end < whole.size() && (static_cast<unsigned char>(whole[end]) & 0xc0) == 0x80) ++end;
  const std::string stop = whole.substr(at, end - at);
  const auto json = program.run(arguments + QStringList{"--stop", QString::fromStdString(stop)}).json();
  std::string want = whole.substr(0, whole.find(stop));
  want.erase(want.find_last_not_of(" \t\r\n") + 1);
  QCOMPARE(json["answer"].get<std::string>(), want);
  QCOMPARE(json["stop_reason"].get<std::string>(), std::string("stop_string"));
}

void DialogueProgramTest::system_message_changes_the_answer() {
  const Program program;
  const QStringList arguments = greedy({"solve", "x", "--model", model_, "--template", "chatml", "--json"});
  const auto plain = program.run(arguments).json();
  const auto told = program.run(arguments + QStringList{"--system", "You are a carpenter."}).json();
  QVERIFY(told["prompt_tokens"].get<int>() > plain["prompt_tokens"].get<int>());
  QVERIFY(text(told, "thought") + text(told, "answer") != text(plain, "thought") + text(plain, "answer"));
}

void DialogueProgramTest::chat_answers_every_line_of_its_input() {
  const Program program;
  const Ran ran = program.run(greedy({"chat", model_, "--json"}), "one\n\ntwo\nthree");
  HOLDFAST_ENDED(ran, 0);
  const auto answers = rows(ran.out);
  QCOMPARE(answers.size(), std::size_t{3});
  QCOMPARE(answers[0]["question"].get<std::string>(), std::string("one"));
  QCOMPARE(answers[2]["question"].get<std::string>(), std::string("three"));
}

void DialogueProgramTest::chat_joins_lines_of_one_message() {
  const Program program;
  const Ran ran = program.run(greedy({"chat", model_, "--json"}), "a\\\nb\n\"\"\"\nc\n\nd\n\"\"\"\n");
  HOLDFAST_ENDED(ran, 0);
  const auto answers = rows(ran.out);
  QCOMPARE(answers.size(), std::size_t{2});
  QCOMPARE(answers[0]["question"].get<std::string>(), std::string("a\nb"));
  QCOMPARE(answers[1]["question"].get<std::string>(), std::string("c\n\nd"));
}

void DialogueProgramTest::chat_commands_are_obeyed() {
  const Program program;
  const QString saved = program.file("talk.md");
  const QByteArray input = "zero\n/new\none\n/new\none\none\n/stats\n/dance\n/save " + saved.toUtf8() +
                           "\n/save /nowhere/x\n/system Be brief.\n/system\n/help\n/quit\nnever read\n";
  const Ran ran = program.run(greedy({"chat", model_, "--json"}), input);
  HOLDFAST_ENDED(ran, 0);
  const auto answers = rows(ran.out);
  QCOMPARE(answers.size(), std::size_t{4});
  // Nothing of a session is left after /new, and without it everything is.
  const auto whole = [&](std::size_t i) { return text(answers[i], "thought") + "|" + text(answers[i], "answer"); };
  QCOMPARE(whole(2), whole(1));
  QVERIFY(whole(3) != whole(2));
  for (const char* said :
       {"tokens read ", "/dance: no such command", "saved: ", "/nowhere", "system: Be brief.", "/new "}) {
    QVERIFY2(ran.err.contains(said), said);
  }
  QFile file(saved);
  QVERIFY(file.open(QIODevice::ReadOnly));
  QVERIFY(file.readAll().startsWith("## Question\n\none\n"));
}

void DialogueProgramTest::conversation_is_in_the_store_with_every_token_in_order() {
  const Program program;
  const Ran ran =
      program.run(greedy({"chat", model_, "--json", "--system", "Be brief.", "--template", "chatml"}), "one\ntwo\n");
  HOLDFAST_ENDED(ran, 0);
  const auto answers = rows(ran.out);
  const std::vector<NodeRow> nodes = stored(program);
  QVERIFY(nodes.size() >= 5);
  QVERIFY(nodes[0].kind == NodeKind::system);
  QVERIFY(nodes[1].kind == NodeKind::user);
  QVERIFY(nodes[2].kind == NodeKind::thought);
  std::size_t tokens = 0;
  std::string thought;
  for (const NodeRow& node : nodes) {
    QVERIFY(!node.running);
    QVERIFY(node.tokens && !node.tokens->empty());
    tokens += node.tokens->size();
    if (node.kind == NodeKind::thought) thought += node.text;
  }
  std::size_t want = 0;
  for (const auto& answer : answers)
    want += answer["prompt_tokens"].get<std::size_t>() + answer["tokens"].get<std::size_t>();
  QCOMPARE(tokens, want);
  QCOMPARE(thought, answers[0]["thought"].get<std::string>() + answers[1]["thought"].get<std::string>());
}

void DialogueProgramTest::nothing_is_stored_when_asked_so() {
  const Program program;
  HOLDFAST_ENDED(program.run(greedy({"chat", model_, "--no-store"}), "one\n"), 0);
  QVERIFY(!QFileInfo::exists(program.data() + "/holdfast.db"));
}

void DialogueProgramTest::stored_session_goes_on_as_if_never_left() {
  const QStringList arguments = {"chat", model_, "--json", "--seed", "3", "--max-tokens", "24"};
  const Program whole;
  const auto both = rows(whole.run(arguments, "one\ntwo\n").out);
  QCOMPARE(both.size(), std::size_t{2});
  const Program parts;
  HOLDFAST_ENDED(parts.run(arguments, "one\n"), 0);
  const Ran second = parts.run(arguments + QStringList{"--session", "1"}, "two\n");
  HOLDFAST_ENDED(second, 0);
  const auto last = rows(second.out);
  QCOMPARE(last.size(), std::size_t{1});
  QCOMPARE(text(last[0], "thought"), text(both[1], "thought"));
  QCOMPARE(text(last[0], "answer"), text(both[1], "answer"));
  QCOMPARE(stored(parts).size(), stored(whole).size());
  // The answer depends on what was said before: without that, the comparison above would show nothing.
  const auto alone = rows(whole.run(arguments + QStringList("--no-store"), "two\n").out);
  QVERIFY(text(alone[0], "thought") + text(alone[0], "answer") != text(last[0], "thought") + text(last[0], "answer"));
  HOLDFAST_ENDED(parts.run(arguments + QStringList{"--session", "99"}, "x\n"), 1);
}

void DialogueProgramTest::cut_off_answer_goes_on_as_if_never_cut() {
  const QStringList arguments = {"chat", model_, "--json", "--seed", "3", "--max-tokens"};
  const Program whole;
  const auto one = rows(whole.run(arguments + QStringList("24"), "one\n").out);
  const Program parts;
  const auto two = rows(parts.run(arguments + QStringList("12"), "one\n/continue\n").out);
  QCOMPARE(two.size(), std::size_t{2});
  const std::vector<NodeRow> want = stored(whole);
  const std::vector<NodeRow> got = stored(parts);
  QCOMPARE(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) QVERIFY(got[i].tokens == want[i].tokens);
}

void DialogueProgramTest::ctrl_c_stops_the_answer_and_keeps_the_session() {
  const Program program;
  QProcess process;
  program.start(process, {"solve", "x", "--model", model_, "--template", "plain", "--max-tokens", "100000000",
                          "--greedy", "--repetition-penalty", "1"});
  QTRY_VERIFY_WITH_TIMEOUT(process.bytesAvailable() > 0, 30000);
  // Once it has ended its number is 0, and a signal to 0 would reach this test and all beside it.
  QVERIFY2(process.state() == QProcess::Running && process.processId() > 0, "the answer ended by itself");
  ::kill(static_cast<pid_t>(process.processId()), SIGINT);
  const Ran ran = Program::finish(process);
  HOLDFAST_ENDED(ran, 1);
  QVERIFY2(ran.err.contains("cancelled"), ran.err.constData());
  const std::vector<NodeRow> nodes = stored(program);
  QCOMPARE(nodes.size(), std::size_t{2});
  QCOMPARE(nodes[1].stop_reason, std::string("cancelled"));
  QVERIFY(!nodes[1].running);
  QVERIFY(!nodes[1].text.empty());
}

void DialogueProgramTest::without_display_the_chat_opens_and_says_why() {
  const Program program;
  TextModelWriter().write((program.data() + "/models/nonsense").toStdString());
  const Ran ran = program.run({}, "/quit\n");
  HOLDFAST_ENDED(ran, 0);
  QVERIFY2(ran.err.contains("no display"), ran.err.constData());
  QVERIFY2(ran.err.contains("terminal chat"), ran.err.constData());
}

void DialogueProgramTest::without_display_and_model_a_sentence_says_what_to_do() {
  const Program place;
  const Program program(copied_program(place));
  const Ran ran = program.run({}, "one\n");
  HOLDFAST_ENDED(ran, 1);
  QVERIFY2(ran.err.contains("no model is installed"), ran.err.constData());
  QVERIFY2(ran.err.contains("holdfast chat"), ran.err.constData());
}

void DialogueProgramTest::with_display_and_no_window_the_chat_opens_and_says_why() {
  const Program place;
  Program program(copied_program(place));
  program.set("DISPLAY", ":987");
  TextModelWriter().write(place.file("share/holdfast/models/nonsense").toStdString());
  const Ran ran = program.run({}, "/quit\n");
  HOLDFAST_ENDED(ran, 0);
  QVERIFY2(ran.err.contains("not installed"), ran.err.constData());
}

void DialogueProgramTest::with_display_the_window_takes_over() {
  const Program place;
  Program program(copied_program(place));
  program.set("WAYLAND_DISPLAY", "wayland-7");
  QFile window(place.file("bin/holdfast-window"));
  QVERIFY(window.open(QIODevice::WriteOnly));
  window.write("#!/bin/sh\necho window of $HOLDFAST_DATA_DIR\nexit 5\n");
  window.close();
  window.setPermissions(window.permissions() | QFileDevice::ExeOwner);
  const Ran ran = program.run({"--data-dir", "/some/where"});
  HOLDFAST_ENDED(ran, 5);
  QCOMPARE(ran.out, QByteArray("window of /some/where\n"));
}

QTEST_GUILESS_MAIN(DialogueProgramTest)
#include "dialogue_program_test.moc"
