// Made problems as lines, in every form that they are exported in, and read back.
//
// Planted faults seen caught: the reason left out of a line; a float written with the digits of its double; a rejected
// row exported; the box put on a solution that has one; the level missing beside the conversation; the card counting
// rejected rows as kept; a rejected row trained on.
#include "training/made_problem.h"

#include <QTemporaryDir>
#include <QTest>

#include "engine/json.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/error.h"
#include "tests/training/training_data.h"
#include "training/csv.h"
#include "training/dataset_export.h"

using namespace holdfast;
using holdfast::test::message_of;

namespace {

MadeProblem full_row() {
  MadeProblem made;
  made.index = 7;
  made.concepts = {"percent", "money"};
  made.level = 3;
  made.rationale = "A price, then a part of it.\nTwo lines, \"quoted\".";
  made.problem = "A hat costs $40, less 25%. What is paid,\nin dollars?";
  made.solution = "40 * 25 / 100 = 10\n40 - 10 = 30";
  made.answer = "30";
  made.criteria = {{"complete", "met", ""}, {"asks", "met", ""}};
  made.votes = {{"30", 120, true}, {"30.0", 90, true}, {std::nullopt, 1024, false}, {"10", 44, true, "5 + 5 = 11"}};
  made.sureness = 0.75;
  made.pass_rate = 0.5;
  made.agreement = 0.5;
  made.verdict = MadeVerdict::agreed;
  made.prompt_version = "holdfast-1";
  made.model = "holdfast-mini";
  made.fingerprint = "abc";
  made.parent = "set:12";
  made.seed = 9007199254740993ULL;  // not a double
  made.run = "f00d";
  made.drafting = {.temperature = 0.8f, .top_k = 40, .top_p = 0.95f, .min_p = 0.05f, .repetition_penalty = 1.1f};
  made.solving = {.temperature = 0.7f};
  return made;
}

MadeProblem rejected_row() {
  MadeProblem made = full_row();
  made.index = 8;
  made.problem = "Thrown out.";
  made.verdict = MadeVerdict::rejected;
  made.reason = RejectReason::near_duplicate;
  made.detail = "row 7";
  return made;
}

// What one line of an export teaches: the question, the reply and the difficulty.
TrainingRow read_back(const std::filesystem::path& file, DatasetFormat format) {
  if (format == DatasetFormat::csv) return CsvSource(file).row(0, 0);
  cpu::ThreadPool pool(1);
  return JsonlSource(file, pool).row(0, 0);
}

std::string broken(const char* key, const Json& value) {
  Json row = Json::parse(made_problem_line(full_row()));
  row[Json::json_pointer(key)] = value;
  return row.dump();
}

}  // namespace

class MadeProblemTest final : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;

 private slots:
  void a_line_read_and_written_again_is_the_same_line() {
    MadeProblem bare;
    bare.problem = "x";
    for (const MadeProblem& made : {full_row(), rejected_row(), bare}) {
      const std::string line = made_problem_line(made);
      QVERIFY(line.find('\n') == std::string::npos);
      QCOMPARE(made_problem_line(parse_made_problem(line, "row")), line);
    }
    const MadeProblem read = parse_made_problem(made_problem_line(rejected_row()), "row");
    QCOMPARE(read.seed, full_row().seed);
    QCOMPARE(read.drafting.top_p, 0.95f);
    QVERIFY(read.reason == RejectReason::near_duplicate && read.detail == "row 7");
    QVERIFY(read.votes.size() == 4 && !read.votes[2].answer && read.votes[1].answer == "30.0");
    QVERIFY(read.votes[3].false_step == "5 + 5 = 11" && read.votes[0].false_step.empty());
    QVERIFY(made_problem_line(full_row()).find("\"temperature\":0.8,") != std::string::npos);
  }
  void what_is_no_utf8_becomes_a_replacement_character() {
    MadeProblem made = full_row();
    made.problem = "a\xFF";
    QCOMPARE(parse_made_problem(made_problem_line(made), "row").problem, std::string("a\xEF\xBF\xBD"));
  }
  void hostile_rows_are_refused_with_their_reason_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char* name, const std::string& line, const char* reason) {
      QTest::newRow(name) << QByteArray::fromStdString(line) << QByteArray(reason);
    };
    row("no json", "{", "row:");
    row("list", "[]", "row");
    row("empty", "{}", "index: missing");
    row("index", broken("/index", -1), "want at least 0");
    row("level", broken("/level", 9), "want at most 5");
    row("level text", broken("/level", "3"), "want a whole number");
    row("verdict", broken("/verdict", "fine"), "want one of \"proved\"");
    row("reason", broken("/reason", "disputed"), "want a reason where a row is rejected and only there");
    row("rejected", broken("/verdict", "rejected"), "want a reason where");
    row("sureness", broken("/sureness", -0.5), "want 0 to 1");
    row("pass rate", broken("/pass_rate", 1.5), "want 0 to 1");
    row("concepts", broken("/concepts", Json{1, 2}), "want names");
    row("votes", broken("/votes", "none"), "want a list");
    row("vote", broken("/votes/0/answer", 5), "answer");
    row("sampler", broken("/provenance/drafting/top_p", "x"), "top_p");
    row("provenance", broken("/provenance", nullptr), "provenance: missing");
  }
  void hostile_rows_are_refused_with_their_reason() {
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, reason);
    const QString told = message_of<FormatError>([&] { (void)parse_made_problem(line.toStdString(), "row"); });
    QVERIFY2(told.startsWith("row") && told.contains(reason), qPrintable(told));
  }
  void every_format_is_read_back_as_the_same_lesson() {
    const std::vector<MadeProblem> made{rejected_row(), full_row()};
    for (const DatasetFormat format : {DatasetFormat::rows, DatasetFormat::prompt, DatasetFormat::messages,
                                       DatasetFormat::sharegpt, DatasetFormat::alpaca, DatasetFormat::csv}) {
      const std::filesystem::path file = folder_.filePath("rows").toStdString() + dataset_ending(format);
      QCOMPARE(write_dataset(file, made, format), std::int64_t{format == DatasetFormat::rows ? 2 : 1});
      const TrainingRow row = read_back(file, format);
      QVERIFY2(row.messages.size() == 2, name(format).data());
      QVERIFY(row.messages[0].role == ChatRole::user && row.messages[1].role == ChatRole::assistant);
      QCOMPARE(row.messages[0].text, full_row().problem);
      QCOMPARE(row.messages[1].text, full_row().solution + "\n</think>\n\nThe answer is \\boxed{30}.");
      QCOMPARE(row.difficulty, 0.5);
      QCOMPARE(dataset_format(name(format)), format);
      if (format == DatasetFormat::rows || format == DatasetFormat::csv) continue;
      QCOMPARE(Json::parse(dataset_line(full_row(), format))["level"].get<int>(), 3);
    }
    QVERIFY_EXCEPTION_THROWN((void)dataset_format("parquet"), ArgumentError);
  }
  void rejected_rows_are_not_trained_on() {
    QVERIFY(message_of<FormatError>([] {
              (void)parse_training_row(made_problem_line(rejected_row()), "row");
            }).contains("rejected"));
  }
  void problems_of_others_are_rows_too() {
    const auto reply = [](const char* json) { return parse_training_row(json, "row").messages.back().text; };
    QCOMPARE(reply(R"({"problem": "p", "solution": "so \\boxed{2}", "answer": "2"})"), std::string("so \\boxed{2}"));
    QCOMPARE(reply(R"({"question": "p", "answer": 42})"), std::string("The answer is \\boxed{42}."));
    QCOMPARE(reply(R"({"problem": "p", "solution": "because"})"), std::string("because"));
    QVERIFY_EXCEPTION_THROWN((void)parse_training_row(R"({"problem": "p"})", "row"), FormatError);
  }
  void the_card_counts_what_is_there() {
    MadeProblem other = full_row();
    other.level = 1;
    other.concepts = {"percent"};
    other.pass_rate = 1.0;
    const std::string card = dataset_card(std::vector<MadeProblem>{full_row(), rejected_row(), other}, "My | set");
    const auto has = [&](const char* text) { return QByteArray::fromStdString(card).contains(text); };
    QVERIFY(has("# My \\| set"));
    QVERIFY2(has("| all | 3 | 2 | 66.7 % (20.8 % to 93.9 %) | 75.0 % |"), card.c_str());
    QVERIFY(has("| level 1 | 1 | 1 |"));
    QVERIFY(has("| level 3 | 2 | 1 |"));
    QVERIFY(has("| near duplicate | 1 |") && !has("|  | "));  // and no reason for what was kept
    QVERIFY(has("| percent | 3 | 2 |"));
    QVERIFY(has("| money | 2 | 1 |"));
    QVERIFY(has("| agreed | 2 |") && has("| rejected | 1 |"));
    QVERIFY(has("| Model | holdfast-mini |") && has("| Solved | 4 times each, temperature 0.7"));
    QVERIFY(QByteArray::fromStdString(dataset_card({}, "Empty")).contains("No rows."));
  }
};

QTEST_GUILESS_MAIN(MadeProblemTest)
#include "made_problem_test.moc"
