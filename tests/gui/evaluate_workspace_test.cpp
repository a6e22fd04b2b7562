// The Evaluate workspace driven as a person does, with models that recite: two are compared on a suite, one is killed
// and goes on. HOLDFAST_SCREENSHOTS=folder keeps pictures.
#include <signal.h>

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>
#include <cmath>
#include <fstream>

#include "app/models/evaluation_models.h"
#include "app/panels/evaluate_panel.h"
#include "kernels/error.h"
#include "tests/gui/reciting_model.h"
#include "tests/gui/window_driver.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

constexpr int evaluate_patience = 120000;

EvaluationItem solved(std::int64_t number, const std::string& problem, std::int64_t level, bool right) {
  EvaluationItem item{.number = number, .problem = problem, .expected = "1", .level = level, .concepts = {"sums"}};
  item.done = true;
  item.greedy = {"text", right ? "1" : "2", right};
  return item;
}

}  // namespace

class EvaluateWorkspaceTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  [[nodiscard]] fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  [[nodiscard]] fs::path data() const { return path("data"); }

  // What models say; the thought is open when they begin.
  void writeModels() const {
    const std::vector<std::string> before{"Let me",         " see:",         " it is",       " many.",
                                          "\n</think>\n\n", "The answer is", " \\boxed{88}."};
    std::vector<std::string> after = before;
    after.back() = " \\boxed{89}.";
    RecitingModel::write(data() / "models" / "before", before);
    RecitingModel::write(data() / "models" / "after", after);
    std::ofstream(path("suite.tsv"))
        << "level\tproblem\tanswer\n1\tOne?\t89\n1\tTwo?\t89\n2\tThree?\t5\n2\tFour?\t88\n";
  }
  static void showEvaluate(WindowDriver& window) {
    QTRY_VERIFY_WITH_TIMEOUT(window.window().isReady(), evaluate_patience);
    window.click("evaluateWorkspace");
    QVERIFY(window.find<EvaluatePanel>("evaluatePanel")->isVisible());
  }
  void compare(WindowDriver& window, int samples) const {
    showEvaluate(window);
    window.find<QComboBox>("suiteKind")->setCurrentIndex(1);
    window.find<QLineEdit>("suiteFile")->setText(QString::fromStdString(path("suite.tsv").string()));
    window.find<QComboBox>("evaluateModel")->setEditText("after");
    window.find<QComboBox>("evaluateSecond")->setEditText("before");
    window.find<QSpinBox>("evaluateSamples")->setValue(samples);
    window.find<QSpinBox>("evaluateTokens")->setValue(40);
    window.find<QSpinBox>("evaluateThreads")->setValue(1);
    window.click("startEvaluation");
  }
  [[nodiscard]] std::vector<EvaluationRow> rows() const {
    return EvaluationStore(data() / "holdfast.db").evaluations();
  }
  [[nodiscard]] bool finished() const {
    const auto all = rows();
    return all.size() == 2 && all[0].state == EvaluationState::finished && all[1].state == EvaluationState::finished;
  }

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void shares_count_what_both_have_done() {
    EvaluationDetail a{.row = {.id = {2}, .model = "a"}, .items = {}};
    EvaluationDetail b{.row = {.id = {1}, .model = "b"}, .items = {}};
    a.items = {solved(0, "p", 1, true), solved(1, "q", 1, false), solved(2, "r", 2, true)};
    b.items = {solved(0, "r", 2, false), solved(1, "q", 1, true), {.number = 2, .problem = "p"}};
    const EvaluationSummary alone = summarise(a, nullptr);
    QCOMPARE(alone.greedy.right, 2);
    QCOMPARE(alone.greedy.of, 3);
    QCOMPARE(alone.groups.size(), std::size_t{3});
    const EvaluationSummary both = summarise(a, &b);
    QCOMPARE(both.greedy.of, 2);
    QCOMPARE(both.greedy.right, 1);
    QCOMPARE(both.besideGreedy->right, 1);
    QCOMPARE(both.better, 1);
    QCOMPARE(both.worse, 1);
    QVERIFY(shareText(alone.greedy).startsWith("66"));
    QCOMPARE(modelShown("/d/runs/7/checkpoints/step-000000000020/model"), QString("run-7-step-20"));
    QCOMPARE(modelShown("holdfast-mini"), QString("holdfast-mini"));
  }

  void the_tables_keep_the_rules_of_item_models() {
    EvaluationListModel list;
    EvaluationShareModel shares;
    EvaluationItemModel items;
    const auto mode = QAbstractItemModelTester::FailureReportingMode::QtTest;
    const QAbstractItemModelTester a(&list, mode), b(&shares, mode), c(&items, mode);
    EvaluationRow running{.id = {1}, .model = "m", .state = EvaluationState::running, .items = 4, .done = 1};
    running.suite = "a name too long for the list.suite.jsonl";
    list.setRows({running});
    QVERIFY(list.index(0).data().toString().contains("1 of 4"));
    QVERIFY(list.index(0).data().toString().contains("a name too long for the list\n"));
    QVERIFY(list.index(0).data(Qt::ToolTipRole).toString().contains(QString::fromStdString(running.suite)));
    auto one = std::make_shared<EvaluationDetail>(EvaluationDetail{.row = {.id = {1}}, .items = {}});
    one->items = {solved(0, "p", 1, true), solved(1, "q", 2, false)};
    auto two = std::make_shared<EvaluationDetail>(*one);
    two->items[0].greedy = {"text", "3", false};
    items.setDetail(one, two);
    QCOMPARE(items.rowCount(), 2);
    QCOMPARE(items.index(0, EvaluationItemModel::ChangeColumn).data().toString(), QString("now right"));
    QVERIFY(items.index(1, EvaluationItemModel::ChangeColumn).data().toString().isEmpty());
    items.setFilter(EvaluationItemModel::Filter::changed);
    QCOMPARE(items.rowCount(), 1);
    items.setFilter(EvaluationItemModel::Filter::wrong);
    QCOMPARE(items.pairAt(items.index(0, 0)).shown->problem, std::string("q"));
    shares.setGroups(summarise(*one, two.get()).groups);
    QCOMPARE(shares.index(0, EvaluationShareModel::ChangeColumn).data().toString(), QString("+100.0"));
    items.setDetail(one, nullptr);
    list.setRows({});
    shares.setGroups({});
    QCOMPARE(shares.rowCount(), 0);
  }

  void fresh_problems_are_those_of_their_seed() {
    EvaluationSuite suite;
    suite.count = 12;
    suite.firstLevel = 2;
    suite.lastLevel = 3;
    QVERIFY(items_of(suite) == items_of(suite));
    for (const EvaluationItem& item : items_of(suite)) QVERIFY(item.level == 2 || item.level == 3);
    EvaluationSuite other = suite;
    other.seed = 2;
    QVERIFY(!(items_of(other) == items_of(suite)));
    other.file = QString::fromStdString(path("absent.tsv").string());
    QVERIFY_EXCEPTION_THROWN((void)items_of(other), IoError);
  }

  void two_models_are_compared() {
    writeModels();
    WindowDriver window(data(), data() / "models" / "after");
    compare(window, 2);
    QTRY_VERIFY_WITH_TIMEOUT(finished(), evaluate_patience);
    auto* summary = window.find<QLabel>("evaluationSummary");
    QTRY_VERIFY2(summary->text().contains("2 of 4 problems"), qPrintable(summary->text()));
    QVERIFY2(summary->text().contains("after: likeliest reply right 50.0 %"), qPrintable(summary->text()));
    QVERIFY(summary->text().contains("before: likeliest reply right 25.0 %"));
    QVERIFY(summary->text().contains("pass@2 50.0 %"));
    QVERIFY(summary->text().contains("majority of 2"));
    QVERIFY(summary->text().contains("1 only in the second"));
    auto* items = window.find<QTableView>("itemTable");
    QCOMPARE(items->model()->rowCount(), 4);
    window.find<QComboBox>("itemFilter")->setCurrentIndex(2);
    QCOMPARE(items->model()->rowCount(), 4);  // all answers are others
    items->selectRow(3);
    QVERIFY(window.find<QPlainTextEdit>("evaluationReply")->toPlainText().contains("\\boxed{89}"));
    QVERIFY(window.find<QPlainTextEdit>("besideReply")->toPlainText().contains("\\boxed{88}"));
    QCOMPARE(window.label("replyName"), QString("after"));
    QCOMPARE(window.label("besideName"), QString("before"));
    // Both stand under the problem, line by line beside each other.
    QCOMPARE(window.find<QPlainTextEdit>("besideReply")->toPlainText().section('\n', 0, 0),
             window.find<QPlainTextEdit>("evaluationReply")->toPlainText().section('\n', 0, 0));
    QCOMPARE(items->model()->index(3, EvaluationItemModel::ChangeColumn).data().toString(), QString("now wrong"));
    const auto* shares = window.find<QTableView>("shareTable")->model();
    QCOMPARE(shares->index(0, EvaluationShareModel::ChangeColumn).data().toString(), QString("+100.0"));
    QCOMPARE(shares->index(1, EvaluationShareModel::ChangeColumn).data().toString(), QString("-50.0"));
  }

  void one_that_is_killed_goes_on_and_is_found_by_a_later_window() {
    writeModels();
    // A model that never ends its turn: its replies take as long as they may.
    RecitingModel::write(data() / "models" / "after", {"first it", " goes on", " and then on", " and back"},
                         RecitingModel::End::repeat, 0);
    {
      std::ofstream suite(path("suite.tsv"));
      for (int i = 0; i < 400; ++i) suite << "1\tProblem " << i << "?\t" << i << "\n";
    }
    {
      WindowDriver window(data());
      showEvaluate(window);
      window.find<QComboBox>("suiteKind")->setCurrentIndex(1);
      window.find<QLineEdit>("suiteFile")->setText(QString::fromStdString(path("suite.tsv").string()));
      window.find<QComboBox>("evaluateModel")->setEditText("after");
      window.find<QSpinBox>("evaluateTokens")->setValue(400);
      window.find<QSpinBox>("evaluateThreads")->setValue(1);
      window.click("startEvaluation");
      auto* state = window.find<QLabel>("evaluationState");
      QTRY_VERIFY_WITH_TIMEOUT(!rows().empty() && rows()[0].done >= 4, evaluate_patience);
      const std::string mark = rows()[0].process;
      const auto pid = QString::fromStdString(mark).section(QLatin1Char('/'), 1, 1).toLongLong();
      QVERIFY(pid > 1);
      QCOMPARE(::kill(static_cast<pid_t>(pid), SIGKILL), 0);
      QTRY_VERIFY_WITH_TIMEOUT(state->text().startsWith("Interrupted"), evaluate_patience);
    }
    const std::int64_t done = rows()[0].done;
    QVERIFY(done >= 4 && done < 400);
    {
      WindowDriver window(data());
      showEvaluate(window);
      auto* list = window.find<QListView>("evaluationList");
      QTRY_COMPARE(list->model()->rowCount(), 1);
      list->setCurrentIndex(list->model()->index(0, 0));
      QTRY_VERIFY(window.find<QPushButton>("resumeEvaluation")->isVisible());
      window.click("resumeEvaluation");
      QTRY_VERIFY_WITH_TIMEOUT(rows()[0].done > done, evaluate_patience);
      window.click("stopEvaluation");
      QTRY_VERIFY_WITH_TIMEOUT(window.find<QLabel>("evaluationState")->text().startsWith("Stopped"), evaluate_patience);
    }
  }

  void what_cannot_be_evaluated_is_said() {
    writeModels();
    WindowDriver window(data(), data() / "models" / "after");
    showEvaluate(window);
    window.find<QComboBox>("evaluateModel")->setEditText("no-such-model");
    window.click("startEvaluation");
    auto* fault = window.find<QLabel>("evaluateFault");
    QTRY_VERIFY(fault->text().contains("no-such-model"));
    QVERIFY(rows().empty());
  }

  void screens_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
  }
  void screens() {
    QFETCH(bool, dark);
    const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS");
    if (folder.isEmpty()) QSKIP("SKIPPED: pictures are kept with HOLDFAST_SCREENSHOTS=folder");
    const QString mode = dark ? "dark" : "light";
    writeModels();
    std::ofstream(path("suite.tsv")) << "level\tproblem\tanswer\n1\tA farmer has 89 hens. How many hens is that?\t89\n"
                                        "1\tWhat is 100 - 11?\t89\n2\tWhat is 2 + 3?\t5\n2\tWhat is 8 * 11?\t88\n"
                                        "3\tHow many weeks are in 623 days?\t89\n4\tWhat is 7921 square-rooted?\t89\n";
    WindowDriver window(data(), data() / "models" / "after");
    window.window().setTheme(dark ? ThemeChoice::dark : ThemeChoice::light);
    showEvaluate(window);
    QTest::qWait(100);
    QVERIFY(window.window().grab().save(folder + "/evaluate-new-" + mode + ".png"));
    compare(window, 4);
    QTRY_VERIFY_WITH_TIMEOUT(finished(), evaluate_patience);
    QTRY_VERIFY(window.find<QLabel>("evaluationSummary")->text().contains("of 6 problems"));
    window.find<QTableView>("itemTable")->selectRow(0);
    QTest::qWait(300);
    QVERIFY(window.window().grab().save(folder + "/evaluate-result-" + mode + ".png"));
  }
};

QTEST_MAIN(EvaluateWorkspaceTest)
#include "evaluate_workspace_test.moc"
