// Making problems as a person does it, in the real window: concepts, a set, rows as they come, and what is kept.
//
// With HOLDFAST_SCREENSHOTS=folder the pictures are kept, in light and dark.
#include <QAbstractItemModelTester>
#include <QAction>
#include <QComboBox>
#include <QInputDialog>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QTableWidget>
#include <QTextEdit>
#include <QToolButton>
#include <QTreeWidget>
#include <fstream>

#include "app/models/problem_list_model.h"
#include "app/panels/concept_picker.h"
#include "app/panels/generate_panel.h"
#include "tests/gui/window_driver.h"
#include "training/dataset.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {}

class GenerateWorkspaceTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  [[nodiscard]] fs::path data() const { return fs::path(folder_->path().toStdString()) / "data"; }
  [[nodiscard]] Store store() const { return Store(data() / "holdfast.db"); }

  static void keep(WindowDriver& window, const char* name) {
    const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS");
    if (folder.isEmpty()) return;
    for (const ThemeChoice theme : {ThemeChoice::dark, ThemeChoice::light}) {
      window.window().setTheme(theme);
      QTest::qWait(800);
      QVERIFY(window.window().grab().save(QStringLiteral("%1/%2-%3.png").arg(folder, name, themeName(theme))));
    }
  }
  // The workspace, with a new set of this name open.
  static void begin(WindowDriver& window, const QString& set) {
    QTRY_VERIFY(window.window().chat()->model().has_value());
    window.click("generateWorkspace");
    QTRY_VERIFY(window.find<QTreeWidget>("concepts")->topLevelItemCount() >= 14);
    window.click("newSet");
    auto* ask = window.find<QInputDialog>("setName");
    QTRY_VERIFY(ask->isVisible());
    ask->setTextValue(set);
    QTest::keyClick(ask->findChild<QLineEdit*>(), Qt::Key_Return);
    QTRY_COMPARE(window.find<QComboBox>("problemSet")->currentText(), set);
    window.window().activateWindow();
  }

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void proved_problems_are_made_of_chosen_concepts_and_decided_on() {
    WindowDriver window(data());
    begin(window, "percent and money");
    auto* panel = window.find<GeneratePanel>("generatePanel");
    // Found by name, and turned by a click.
    window.find<QLineEdit>("conceptSearch")->setText("percent");
    auto* concepts = window.find<QTreeWidget>("concepts");
    QTreeWidgetItem* percent = nullptr;
    for (QTreeWidgetItem* item : concepts->findItems("percent", Qt::MatchContains | Qt::MatchRecursive)) {
      if (item->parent() != nullptr && !item->isHidden()) percent = percent == nullptr ? item : percent;
    }
    QVERIFY(percent != nullptr);
    concepts->scrollToItem(percent);
    QTest::mouseClick(concepts->viewport(), Qt::LeftButton, {}, concepts->visualItemRect(percent).center());
    QCOMPARE(panel->picker()->chosen(ConceptPicker::Choice::drawn),
             std::vector<std::string>{percent->text(0).toStdString()});
    window.find<QLineEdit>("conceptSearch")->clear();
    window.find<QSpinBox>("problemCount")->setValue(12);
    auto* table = window.find<QTableView>("problems");
    const QAbstractItemModelTester tester(panel->findChild<ProblemListModel*>(),
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    window.click("makeProblems");
    QTRY_COMPARE(table->model()->rowCount(), 12);
    QTRY_COMPARE(window.find<QPushButton>("makeProblems")->text(), QString("Make problems"));
    const ProblemSetId set = store().problem_sets().at(0).id;
    for (const ProblemRow& row : store().problems(set)) {
      QVERIFY(row.verdict == "proved" || row.verdict == "rejected");
      QVERIFY(!row.statement.empty() && !row.answer.empty());
      QVERIFY(std::ranges::find(row.concepts, percent->text(0).toStdString()) != row.concepts.end());
    }
    // By keyboard: the first is accepted, the second rejected.
    table->setFocus();
    table->selectRow(0);
    QTest::keyClick(table, Qt::Key_A);
    QTRY_VERIFY(store().problems(set).at(0).status == ProblemStatus::accepted);
    QTest::keyClick(table, Qt::Key_R);
    QTRY_VERIFY(store().problems(set).at(1).status == ProblemStatus::rejected);
    window.click("acceptAll");
    QTRY_VERIFY(store().problem_sets().at(0).fresh == 0);
    QVERIFY(store().problem_sets().at(0).accepted >= 8);
    QTRY_VERIFY(window.label("problemSummary").contains("accepted"));
    table->selectRow(2);
    QTRY_VERIFY(window.find<QTextEdit>("problemPreview")->toPlainText().contains("<think>"));
    // Its colours are those of the window, whenever they change.
    const auto ground = [&] {
      auto* preview = window.find<QTextEdit>("problemPreview");
      QTextCursor cursor(preview->document());
      cursor.movePosition(QTextCursor::End);
      return cursor.charFormat().background().color() == preview->palette().color(QPalette::Light);
    };
    for (const ThemeChoice theme : {ThemeChoice::dark, ThemeChoice::light}) {
      window.window().setTheme(theme);
      QTRY_VERIFY(ground());
    }
    keep(window, "generate");
    // Edited, its words change and what it was stays in the row.
    table->setFocus();
    QTest::keyClick(table, Qt::Key_E);
    auto* edit = window.find<QPlainTextEdit>("editText");
    QTRY_VERIFY(edit != nullptr && edit->isVisible());
    edit->setPlainText("What is 10% of 50?\nAnswer: 5");
    window.click("editDone");
    QTRY_COMPARE(store().problems(set).at(2).statement, std::string("What is 10% of 50?"));
    QCOMPARE(store().problems(set).at(2).answer, std::string("5"));
    QVERIFY(store().problems(set).at(2).edited);
    // The accepted ones become rows to train on.
    QSignalSpy written(window.window().generator(), &GenerateService::trainingFileWritten);
    window.find<QAction>("sendToPhase2")->trigger();
    QTRY_COMPARE(written.size(), 1);
    QCOMPARE(written[0][0].toInt(), 2);
    std::ifstream file(written[0][1].toString().toStdString());
    std::string line;
    int lines = 0;
    while (std::getline(file, line)) ++lines;
    QCOMPARE(lines, written[0][2].toInt());
    QVERIFY(lines >= 8);
    // Train comes to the front with them; back here, one is asked in Solve.
    QTRY_VERIFY(window.find<QWidget>("trainPanel")->isVisible());
    window.click("generateWorkspace");
    window.click("solveProblem");
    QVERIFY(window.question()->isVisible());
    QVERIFY(!window.question()->toPlainText().isEmpty());
  }

  void the_first_problems_need_no_set_before_them() {
    WindowDriver window(data());
    QTRY_VERIFY(window.window().chat()->model().has_value());
    window.click("generateWorkspace");
    QTRY_VERIFY(window.find<QTreeWidget>("concepts")->topLevelItemCount() >= 14);
    window.find<QSpinBox>("problemCount")->setValue(2);
    window.click("makeProblems");
    QTRY_COMPARE(window.find<QTableView>("problems")->model()->rowCount(), 2);
    QTRY_VERIFY(!window.window().generator()->isRunning());
    QCOMPARE(window.find<QComboBox>("problemSet")->count(), 1);
  }

  void a_set_is_renamed_and_deleted_after_a_question() {
    WindowDriver window(data());
    begin(window, "first");
    window.click("newSet");
    const auto name_it = [&](const QString& name) {
      QTRY_VERIFY(window.find<QInputDialog>("setName") != nullptr && window.find<QInputDialog>("setName")->isVisible());
      auto* ask = window.find<QInputDialog>("setName");
      ask->setTextValue(name);
      QTest::keyClick(ask->findChild<QLineEdit*>(), Qt::Key_Return);
      QTRY_VERIFY(window.find<QInputDialog>("setName") == nullptr);
    };
    name_it("second");
    auto* sets = window.find<QComboBox>("problemSet");
    QTRY_COMPARE(sets->currentText(), QString("second"));
    window.window().activateWindow();
    window.find<QSpinBox>("problemCount")->setValue(2);
    auto* table = window.find<QTableView>("problems");
    window.click("makeProblems");
    QTRY_COMPARE(table->model()->rowCount(), 2);
    QTRY_VERIFY(!window.window().generator()->isRunning());
    // A name that another set has is refused in a sentence.
    window.find<QAction>("renameSet")->trigger();
    name_it("first");
    QTRY_VERIFY(window.find<Banner>("generateBanner")->isVisible());
    QCOMPARE(store().problem_sets().at(0).name, std::string("second"));
    window.find<QAction>("renameSet")->trigger();
    name_it("later");
    QTRY_COMPARE(sets->currentText(), QString("later"));
    QCOMPARE(store().problem_sets().at(0).name, std::string("later"));
    QCOMPARE(table->model()->rowCount(), 2);
    // Asked, and kept when the answer is no.
    window.find<QAction>("removeSet")->trigger();
    auto* question = window.find<QMessageBox>("removeSetQuestion");
    QTRY_VERIFY(question != nullptr && question->isVisible());
    QVERIFY(question->text().contains("later"));
    question->reject();
    QTRY_VERIFY(window.find<QMessageBox>("removeSetQuestion") == nullptr);
    QCOMPARE(store().problem_sets().size(), std::size_t{2});
    // Both go; with the last one the table is empty.
    for (const std::size_t left : {std::size_t{1}, std::size_t{0}}) {
      window.find<QAction>("removeSet")->trigger();
      QTRY_VERIFY(window.find<QPushButton>("removeSetYes") != nullptr &&
                  window.find<QPushButton>("removeSetYes")->isVisible());
      window.click("removeSetYes");
      QTRY_COMPARE(store().problem_sets().size(), left);
      QTRY_COMPARE(sets->count(), static_cast<int>(left));
      QTRY_COMPARE(table->model()->rowCount(), 0);
      QTRY_VERIFY(window.find<QMessageBox>("removeSetQuestion") == nullptr);
      if (left > 0) QTRY_COMPARE(sets->currentText(), QString("first"));
    }
    QVERIFY(!window.find<QToolButton>("setMenu")->isEnabled());
  }

  // Seen failing: names without the hash. What a run or an evaluation was given stays what it was: when the set has
  // more, and when another has its name.
  void no_file_that_was_handed_on_is_ever_written_over() {
    WindowDriver window(data());
    begin(window, "percents!");
    GenerateService* service = window.window().generator();
    // They come from another thread; the window has had them by the time that they come here.
    QString trained, measured;
    QObject here;
    connect(service, &GenerateService::trainingFileWritten, &here, [&](int, const QString& file) { trained = file; });
    connect(service, &GenerateService::suiteWritten, &here, [&](const QString& file) { measured = file; });
    const auto make = [&](int count) {
      window.click("generateWorkspace");  // Train or Evaluate may have come to the front
      window.find<QSpinBox>("problemCount")->setValue(count);
      const int before = window.find<QTableView>("problems")->model()->rowCount();
      window.click("makeProblems");
      QTRY_VERIFY(window.find<QTableView>("problems")->model()->rowCount() == before + count && !service->isRunning());
      window.click("acceptAll");
      QTRY_VERIFY(store().problem_sets().at(0).fresh == 0);
    };
    const auto hand_on = [&] {
      trained.clear(), measured.clear();
      service->writeTrainingFile(store().problem_sets().at(0).id, 1);
      service->writeSuite(store().problem_sets().at(0).id);
      [&] { QTRY_VERIFY(!trained.isEmpty() && !measured.isEmpty()); }();
      return std::pair(trained.toStdString(), measured.toStdString());
    };
    const auto content = [](const std::string& file) {
      std::ifstream in(file);
      return std::string(std::istreambuf_iterator<char>(in), {});
    };
    make(4);
    const auto [rows, suite] = hand_on();
    QVERIFY(fs::path(rows).filename().string().starts_with("percents-"));
    QVERIFY(suite.ends_with(".suite.jsonl"));
    const std::string rows_then = content(rows), suite_then = content(suite);
    QVERIFY(!rows_then.empty() && !suite_then.empty());
    QCOMPARE(hand_on(), std::pair(rows, suite));  // the same rows are the same file
    make(3);
    const auto more = hand_on();
    QVERIFY(more.first != rows && more.second != suite);
    // Another set of that name, made differently.
    service->removeSet(store().problem_sets().at(0).id);
    QTRY_VERIFY(store().problem_sets().empty());
    service->createSet("percents!");
    QTRY_COMPARE(store().problem_sets().size(), std::size_t{1});
    // That one: the old one has the same name.
    QTRY_COMPARE(window.find<QComboBox>("problemSet")->currentData().toLongLong(),
                 store().problem_sets().at(0).id.value);
    window.find<QSpinBox>("firstLevel")->setValue(3);
    make(4);
    const auto other = hand_on();
    QVERIFY(other.first != rows && other.second != suite && other.first != more.first);
    QCOMPARE(content(rows), rows_then);
    QCOMPARE(content(suite), suite_then);
    QVERIFY(content(other.first) != rows_then);
    // One that a person changed is theirs.
    std::ofstream(other.first) << "mine\n";
    service->writeTrainingFile(store().problem_sets().at(0).id, 1);
    window.click("generateWorkspace");
    auto* panel = window.find<GeneratePanel>("generatePanel");
    QTRY_VERIFY(panel->banner()->isVisible());
    QVERIFY2(panel->banner()->text().contains("changed since it was written"), qPrintable(panel->banner()->text()));
    QCOMPARE(content(other.first), std::string("mine\n"));
  }

  void the_open_model_makes_problems_and_its_solvers_vote() {
    WindowDriver window(data());
    begin(window, "by the model");
    auto* source = window.find<QComboBox>("problemSource");
    source->setCurrentIndex(1);
    QCOMPARE(window.find<QSpinBox>("solveTimes")->value(), 8);
    window.find<QSpinBox>("solveTimes")->setValue(4);
    window.find<QSpinBox>("problemCount")->setValue(4);
    window.find<QSpinBox>("lastLevel")->setValue(2);
    auto* table = window.find<QTableView>("problems");
    window.click("makeProblems");
    QTRY_VERIFY(table->model()->rowCount() == 4 && !window.window().generator()->isRunning());
    const std::vector<ProblemRow> rows = store().problems(store().problem_sets().at(0).id);
    int solved = 0;
    for (const ProblemRow& row : rows) {
      const MadeProblem made = parse_made_problem(row.made, "row");
      QCOMPARE(made.model, std::string("holdfast-mini"));
      if (row.verdict == "agreed") {
        ++solved;
        QCOMPARE(made.votes.size(), std::size_t{4});
        QVERIFY(made.pass_rate.has_value() && !row.answer.empty());
      }
    }
    QVERIFY(solved >= 1);
    keep(window, "generate-model");
    // More of the same go on where these ended.
    window.find<QSpinBox>("problemCount")->setValue(1);
    window.click("makeProblems");
    QTRY_VERIFY(table->model()->rowCount() == 5 && !window.window().generator()->isRunning());
    const std::vector<ProblemRow> more = store().problems(store().problem_sets().at(0).id);
    QCOMPARE(parse_made_problem(more[4].made, "row").index, std::int64_t{4});
    QCOMPARE(parse_made_problem(more[4].made, "row").run, parse_made_problem(more[0].made, "row").run);
  }

  // A file of others is read in; what it covers is counted where concepts are chosen; a problem that is nearly another
  // stands beside it.
  void problems_of_a_file_are_read_counted_and_compared() {
    WindowDriver window(data());
    begin(window, "from a file");
    auto* panel = window.find<GeneratePanel>("generatePanel");
    auto* concepts = window.find<QTreeWidget>("concepts");
    QTreeWidgetItem* first = concepts->topLevelItem(0)->child(0);
    const std::string one = first->text(0).toStdString();
    QVERIFY(first->text(1).isEmpty());
    const fs::path file = fs::path(folder_->path().toStdString()) / "rows.jsonl";
    MadeProblem kept, near;
    kept.index = 7;
    kept.problem = "A farmer has twelve hens and each of the hens lays two eggs on every day of the week";
    kept.answer = "168";
    kept.concepts = {one};
    kept.level = 2;
    near = kept;
    near.index = 8;
    near.problem = "A farmer has twelve hens and each of the hens lays two eggs on every day of a week";
    near.verdict = MadeVerdict::rejected;
    near.reason = RejectReason::near_duplicate;
    near.detail = "row 7, similarity 90 %";
    std::ofstream(file) << made_problem_line(kept) << "\n"
                        << made_problem_line(near) << "\n"
                        << "{\"problem\": \"What is 1 + 1?\", \"answer\": \"2\", \"level\": 1, \"concepts\": [\"" << one
                        << "\"]}\nnonsense\n";
    const ProblemSetId set = store().problem_sets().at(0).id;
    window.window().generator()->importFile(set, QString::fromStdString(file.string()));
    auto* table = window.find<QTableView>("problems");
    QTRY_COMPARE(table->model()->rowCount(), 3);
    QTRY_VERIFY(panel->banner()->text().contains("rows.jsonl:4"));
    QVERIFY(panel->banner()->text().startsWith("3 problems"));
    QVERIFY(store().problems(set).at(1).status == ProblemStatus::rejected);
    // Read again, nothing is there twice.
    window.window().generator()->importFile(set, QString::fromStdString(file.string()));
    QTRY_VERIFY(panel->banner()->text().contains("3 are here already"));
    QCOMPARE(table->model()->rowCount(), 3);
    // The rejected one covers nothing.
    QCOMPARE(first->text(1), QString("2"));
    panel->picker()->choose(first->text(0), ConceptPicker::Choice::locked);
    QVERIFY(first->text(1).endsWith("2") && first->text(1).size() > 1);
    window.find<QTabWidget>("problemTabs")->setCurrentIndex(2);
    auto* coverage = window.find<QTableWidget>("problemCoverage");
    QTRY_COMPARE(coverage->rowCount(), 1);
    QCOMPARE(coverage->item(0, 0)->text().toStdString(), one);
    QCOMPARE(coverage->item(0, 1)->text(), QString("1"));
    QCOMPARE(coverage->item(0, 2)->text(), QString("1"));
    QCOMPARE(coverage->item(0, 3)->text(), QString("\u2013"));
    QCOMPARE(coverage->item(0, 6)->text(), QString("2"));
    keep(window, "generate-coverage");
    window.find<QTabWidget>("problemTabs")->setCurrentIndex(0);
    table->selectRow(1);
    const auto detail = [&] { return window.find<TextView>("problemDetail")->text(); };
    QTRY_VERIFY(detail().contains("Row 7"));
    QVERIFY(detail().contains("day of the week |") && detail().contains("| A farmer"));
    keep(window, "generate-near");
    table->selectRow(2);
    QTRY_VERIFY(detail().contains("Imported from rows.jsonl:3."));
  }

  // What goes with the chosen concepts is one click away.
  void a_suggestion_is_chosen() {
    WindowDriver window(data());
    begin(window, "suggested");
    auto* panel = window.find<GeneratePanel>("generatePanel");
    auto* words = window.find<QLabel>("conceptSuggestions");
    static const QRegularExpression link("<a href=\"([^\"]+)\">");
    QRegularExpressionMatch found;
    auto* concepts = window.find<QTreeWidget>("concepts");
    for (int i = 0; i < concepts->topLevelItem(0)->childCount() && !found.hasMatch(); ++i) {
      panel->picker()->choose(concepts->topLevelItem(0)->child(i)->text(0), ConceptPicker::Choice::drawn);
      found = link.match(words->text());
    }
    QVERIFY(found.hasMatch());
    emit words->linkActivated(found.captured(1));
    const std::vector<std::string> drawn = panel->picker()->chosen(ConceptPicker::Choice::drawn);
    QVERIFY(std::ranges::find(drawn, found.captured(1).toStdString()) != drawn.end());
  }

  void what_cannot_be_made_is_one_sentence() {
    WindowDriver window(data());
    begin(window, "nothing");
    window.click("sendToTraining");  // nothing is in it: the button is off
    auto* panel = window.find<GeneratePanel>("generatePanel");
    window.window().generator()->writeTrainingFile(store().problem_sets().at(0).id, 1);
    QTRY_VERIFY(panel->banner()->isVisible());
    QVERIFY2(panel->banner()->text().contains("accepted"), qPrintable(panel->banner()->text()));
    window.window().generator()->createSet("nothing");  // a second one of that name
    QTRY_COMPARE(panel->banner()->text(), QString("Another set is called \u201cnothing\u201d."));
  }
};

QTEST_MAIN(GenerateWorkspaceTest)
#include "generate_workspace_test.moc"
