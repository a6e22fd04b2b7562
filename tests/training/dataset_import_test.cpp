// Problems from files: what dataset_export writes comes back, published forms are understood, and what is wrong is named.
// Seen failing: the solution before "####" taken for a part of the answer, a level in words refused.
#include "training/dataset_import.h"

#include <QTemporaryDir>
#include <QTest>
#include <fstream>

#include "kernels/error.h"
#include "training/dataset_export.h"

using namespace holdfast;
namespace fs = std::filesystem;

class DatasetImportTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  fs::path write(const char* name, const std::string& text) {
    const fs::path file = fs::path(folder_.path().toStdString()) / name;
    std::ofstream(file) << text;
    return file;
  }
  static MadeProblem example() {
    MadeProblem made;
    made.problem = "What is 6 * 7, \"in words, or not\"?";
    made.answer = "42";
    made.solution = "6 * 7 = 42";
    made.level = 3;
    made.concepts = {"multiplication", "words"};
    made.verdict = MadeVerdict::proved;
    made.source = MadeSource::generators;
    made.family = "products";
    made.seed = 9;
    return made;
  }

 private slots:
  void what_is_exported_comes_back_data() {
    QTest::addColumn<int>("format");
    for (const DatasetFormat format : {DatasetFormat::rows, DatasetFormat::prompt, DatasetFormat::messages,
                                       DatasetFormat::sharegpt, DatasetFormat::alpaca, DatasetFormat::csv}) {
      QTest::newRow(std::string(name(format)).c_str()) << static_cast<int>(format);
    }
  }
  void what_is_exported_comes_back() {
    QFETCH(int, format);
    const auto as = static_cast<DatasetFormat>(format);
    const MadeProblem made = example();
    const fs::path file = fs::path(folder_.path().toStdString()) / ("set" + dataset_ending(as));
    QCOMPARE(write_dataset(file, std::vector{made}, as), 1);
    const ImportedProblems back = import_problems(file);
    QCOMPARE(back.bad_rows, 0);
    QCOMPARE(back.problems.size(), std::size_t{1});
    const MadeProblem& one = back.problems.front();
    QCOMPARE(one.problem, made.problem);
    QCOMPARE(one.answer, made.answer);
    QCOMPARE(one.level, made.level);
    QCOMPARE(one.concepts, made.concepts);
    QVERIFY(one.solution.find("6 * 7 = 42") != std::string::npos);
    // Only the whole row proves anything, and knows where it came from.
    QCOMPARE(one.verdict == MadeVerdict::proved, as == DatasetFormat::rows);
    QCOMPARE(one.parent.empty(), as == DatasetFormat::rows);
    QCOMPARE(training_reply(one.solution, one.answer), training_reply(made.solution, made.answer));
  }

  void published_forms_are_understood() {
    const MadeProblem math = import_problem(
        R"({"problem": "Find x.", "level": "Level 4", "type": "Algebra", "solution": "So \\boxed{3}."})", "math:1");
    QCOMPARE(math.answer, std::string("3"));
    QCOMPARE(math.level, 4);
    QCOMPARE(math.concepts, std::vector<std::string>{"Algebra"});
    QCOMPARE(math.parent, std::string("math:1"));
    const MadeProblem gsm = import_problem(
        R"({"question": "How many?", "answer": "She has 3 + 4 = 7.\n#### 7"})", "gsm:2");
    QCOMPARE(gsm.answer, std::string("7"));
    QVERIFY(gsm.solution.find("3 + 4") != std::string::npos);
    const MadeProblem bare = import_problem(R"({"problem": "How many?", "answer": 204, "level": 99})", "aime:3");
    QCOMPARE(bare.answer, std::string("204"));
    QVERIFY(bare.solution.empty());
    QCOMPARE(bare.level, 5);
    // Nothing states an answer: it has none, rather than the last number that occurs.
    QVERIFY(import_problem(R"({"prompt": "Talk.", "completion": "I have 3 dogs."})", "x").answer.empty());
  }

  void what_is_wrong_is_named_and_left_out() {
    const ImportedProblems some = import_problems(
        write("some.jsonl", "{\"problem\": \"1 + 1?\", \"answer\": \"2\"}\n\nnonsense\n{\"text\": \"no question\"}\n"));
    QCOMPARE(some.problems.size(), std::size_t{1});
    QCOMPARE(some.bad_rows, 2);
    QCOMPARE(some.listed[0].place, std::string("some.jsonl:3"));
    QVERIFY(some.listed[1].reason.find("want a problem") != std::string::npos);
    QVERIFY_EXCEPTION_THROWN((void)import_problems(write("none.jsonl", "x\n")), FormatError);
    QVERIFY_EXCEPTION_THROWN((void)import_problems(write("empty.csv", "")), FormatError);
    QVERIFY_EXCEPTION_THROWN((void)import_problems("/nowhere.jsonl"), IoError);
    QVERIFY_EXCEPTION_THROWN((void)import_problem(R"(["problem"])", "x"), FormatError);
  }

  void tables_have_any_separator() {
    const ImportedProblems table =
        import_problems(write("set.tsv", "level\tproblem\tanswer\n2\tHow many?\t5\nmany\tWhy?\t6\n"));
    QCOMPARE(table.problems.size(), std::size_t{2});
    QCOMPARE(table.problems[0].level, 2);
    QCOMPARE(table.problems[1].level, 1);
    QCOMPARE(import_problems(write("set.csv", "problem;answer\n\"a; b?\";5\n")).problems[0].problem,
             std::string("a; b?"));
  }
};

QTEST_APPLESS_MAIN(DatasetImportTest)
#include "dataset_import_test.moc"
