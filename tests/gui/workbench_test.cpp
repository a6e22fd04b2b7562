// Solving as a person does it, in the real window with the model that ships: asking, editing, branching, forking from a
// token, voting, steering the thought, and nothing of it ever lost.
//
// With HOLDFAST_SCREENSHOTS=folder the pictures are kept, in light and dark. Seen failing: a question that is offered
// to be answered while it is, answers that a vote leaves out without a word.
#include <QComboBox>
#include <QDialog>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QTableWidget>
#include <QToolButton>
#include <QTreeWidget>
#include <set>

#include "app/panels/command_palette.h"
#include "app/panels/search_panel.h"
#include "app/panels/solve_panel.h"
#include "app/services/problem_parts.h"
#include "app/widgets/token_view.h"
#include "app/widgets/vote_view.h"
#include "tests/gui/reciting_model.h"
#include "tests/gui/window_driver.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

constexpr auto shirt =
    "A shirt costs $80. It is discounted by 25% and then a tax of 10% is added. What is the final price?";

}  // namespace

class WorkbenchTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  [[nodiscard]] fs::path data() const { return fs::path(folder_->path().toStdString()) / "data"; }
  [[nodiscard]] fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  [[nodiscard]] Store store() const { return Store(data() / "holdfast.db"); }
  [[nodiscard]] SessionId session() const { return store().sessions().at(0).id; }

  void settings(const char* json) const {
    fs::create_directories(data());
    store().set_setting("sampler", json);
  }
  static void keep(WindowDriver& window, const char* name, int wait = 700) {
    const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS");
    if (folder.isEmpty()) return;
    for (const ThemeChoice theme : {ThemeChoice::dark, ThemeChoice::light}) {
      window.window().setTheme(theme);
      QTest::qWait(wait);  // formulas are typeset beside
      QVERIFY(window.window().grab().save(QStringLiteral("%1/%2-%3.png").arg(folder, name, themeName(theme))));
    }
  }
  static void waitForModel(WindowDriver& window) { QTRY_VERIFY(window.window().chat()->model().has_value()); }
  static void ask(WindowDriver& window, const char* question) {
    const std::size_t before = window.transcript()->count();
    window.ask(QString::fromUtf8(question));
    QTRY_VERIFY(window.transcript()->count() == before + 2 && window.finished());
  }
  // An action of a message's menu.
  static void menu(WindowDriver& window, const char* name) {
    QAction* found = nullptr;
    for (auto* action : window.window().findChildren<QAction*>(QLatin1String(name))) found = action;
    QVERIFY2(found != nullptr, name);
    found->trigger();
  }
  static void writeInDialog(WindowDriver& window, const QString& text) {
    QTRY_VERIFY(window.find<QPlainTextEdit>("editText") != nullptr);
    auto* edit = window.find<QPlainTextEdit>("editText");
    edit->setPlainText(text);
    window.click("editDone");
    QTRY_VERIFY(window.find<QPlainTextEdit>("editText") == nullptr);
    window.window().activateWindow();  // the offscreen platform does not
  }

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void an_edited_question_is_answered_beside_the_old_one() {
    WindowDriver window(data());
    waitForModel(window);
    ask(window, shirt);
    QCOMPARE(window.answer(), QString("The answer is \\boxed{66}."));
    QVERIFY(!window.canClick("next"));
    // The question's own button: the last one is the reply's.
    window.find<QToolButton>("edit")->click();
    writeInDialog(window, "What is 3/4 of 48?");
    QTRY_VERIFY(window.finished() && window.answer().contains("36"));
    QCOMPARE(window.transcript()->count(), std::size_t{2});
    QTRY_VERIFY(window.canClick("previous"));
    keep(window, "edited");
    window.press(Qt::Key_Left, Qt::AltModifier);
    QTRY_VERIFY(window.answer().contains("66"));
    window.press(Qt::Key_Right, Qt::AltModifier);
    QTRY_VERIFY(window.answer().contains("36"));
    QCOMPARE(store().tree(session()).size(), std::size_t{6});
  }

  void an_answer_is_drawn_again_beside_the_first_and_reads_nothing() {
    settings(R"({"temperature": 1.0, "top_p": 1.0})");
    WindowDriver window(data());
    waitForModel(window);
    ask(window, shirt);
    window.press(Qt::Key_F5);
    QTRY_VERIFY(window.finished() && store().tree(session()).size() == 5);
    QTRY_VERIFY(window.canClick("previous"));
    const std::vector<NodeRow> branch = store().branch(session());
    QCOMPARE(branch[1].statistics.prompt_tokens, 0);
    QVERIFY(branch[1].statistics.restored_tokens > 0);
    // Bookmarked, deleted, brought back.
    window.press(Qt::Key_B, Qt::ControlModifier);
    QTRY_VERIFY(store().branch(session()).back().favourite);
    menu(window, "remove");
    QTRY_COMPARE(store().tree(session()).size(), std::size_t{3});
    QTRY_VERIFY(window.banner()->isVisible());
    QTRY_COMPARE(window.transcript()->count(), std::size_t{2});  // the one beside it is shown
    window.click("bannerAction");
    QTRY_COMPARE(store().tree(session()).size(), std::size_t{5});
    QTRY_VERIFY(window.transcript()->last()->bookmarked);
  }

  void an_edited_thought_leads_to_another_answer() {
    WindowDriver window(data());
    waitForModel(window);
    ask(window, shirt);
    menu(window, "editThought");
    QTRY_VERIFY(window.find<QPlainTextEdit>("editText") != nullptr);
    const QString thought = window.find<QPlainTextEdit>("editText")->toPlainText();
    QVERIFY(thought.contains("60"));
    writeInDialog(window, thought.left(thought.indexOf("60")) + "60. After the tax it is 60 + 6 = 66.\n");
    QTRY_VERIFY(store().tree(session()).size() == 5);
    QTRY_VERIFY(window.finished() && !window.answer().isEmpty());
    QVERIFY(window.thought().contains("After the tax"));
  }

  void a_fork_from_a_token_goes_on_with_the_other_token() {
    WindowDriver window(data());
    waitForModel(window);
    ask(window, shirt);
    window.click("tokens");
    auto* view = window.find<TokenView>("tokenView");
    QTRY_VERIFY(view->isVisible() && !view->tokens().empty());
    auto* part = window.find<QComboBox>("tokenPart");
    QCOMPARE(part->count(), 2);
    part->setCurrentIndex(0);
    QTRY_VERIFY(view->toPlainText().contains("60"));
    QVERIFY(std::ranges::all_of(view->tokens(), [](const ShownToken& token) { return token.known; }));
    view->setFocus();
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, QPoint(60, 12));
    QVERIFY(view->position() < static_cast<int>(view->tokens().size()));
    window.press(Qt::Key_Right);
    auto* others = window.find<QListWidget>("tokenOthers");
    QCOMPARE(others->count(), 5);
    keep(window, "tokens");
    const int position = view->position();
    const std::vector<NodeRow> before = store().branch(session());
    QListWidgetItem* second = others->item(1);
    const auto token = second->data(Qt::UserRole).toInt();
    others->setCurrentItem(second);
    others->setFocus();
    QTest::keyClick(others, Qt::Key_Return);
    QTRY_VERIFY(window.finished() && store().tree(session()).size() > before.size() + 1);
    const std::vector<NodeRow> after = store().branch(session());
    QCOMPARE(after[1].parent, before[1].parent);
    QVERIFY(!(after[1].id == before[1].id));
    const auto at = static_cast<std::size_t>(position);
    QCOMPARE(after[1].tokens->at(at), token);
    QVERIFY(std::equal(before[1].tokens->begin(), before[1].tokens->begin() + position, after[1].tokens->begin()));
    QCOMPARE(*store().node(before[1].id)->tokens, *before[1].tokens);
  }

  void several_replies_are_voted_on_and_each_can_be_seen() {
    RecitingModel::write_undecided(path("undecided"), {"80 less", " a quarter,", "\n</think>\n\n", "It costs"},
                                   {" \\boxed{66}.", " \\boxed{66.00}.", " \\boxed{70}."});
    settings(R"({"temperature": 1.0, "top_p": 1.0, "samples": 6, "fixed_seed": true, "seed": "17", "solve": true})");
    WindowDriver window(data(), path("undecided"));
    waitForModel(window);
    window.ask(shirt);
    auto* vote = window.find<VoteView>("voteView");
    bool offered = false;  // to answer what is being answered
    connect(window.window().chat(), &ChatService::voteChanged, vote,
            [&] { offered = offered || !window.transcript()->last()->action.isEmpty(); });
    QTRY_VERIFY(window.finished() && vote->isVisible() && vote->heading().contains("agree"));
    QVERIFY(!offered);
    QVERIFY2(window.answer().contains("66"), qPrintable(window.answer()));
    const Vote counted = vote_of(ballots_of(store().tree(session()), store().branch(session()).front().id));
    QCOMPARE(vote->count(), static_cast<int>(std::min<std::size_t>(counted.groups.size(), 5)));
    QVERIFY(counted.groups.front().leaves.size() >= 3);
    QCOMPARE(counted.groups.size(), std::size_t{2});  // 66 and 66.00 are one answer
    const TranscriptItem* last = window.transcript()->last();
    QVERIFY(last->places >= 3);
    // The problem stands above: what is asked, apart from what is given.
    QVERIFY(window.find<QWidget>("problemCard")->isVisible());
    window.click("problemToggle");
    keep(window, "vote");
    const NodeId shown = store().branch(session()).back().id;
    QTRY_VERIFY(window.canClick("voteShow"));  // the bars are drawn anew with each look at the session
    window.click("voteShow");
    QTRY_VERIFY(!(store().branch(session()).back().id == shown));
    QCOMPARE(store().tree(session()).size() >= 7, true);
  }

  void bars_of_a_vote_stand_in_columns_and_the_rest_is_told() {
    VoteView view;
    std::vector<VoteBar> bars{{.answer = "560", .votes = 3, .shown = true}};
    const auto voted = [&](std::size_t answers) {
      while (bars.size() < answers) bars.push_back({.answer = QString::number(bars.size()), .votes = 1});
      bars.resize(answers);
      view.setVote(QStringLiteral("votes"), bars, 9);
      view.resize(500, 260);
      view.show();
      return view.findChild<QLabel*>("voteRest");
    };
    QVERIFY(!voted(5)->isVisible());
    QCOMPARE(voted(6)->text(), QString("and 1 other answer"));
    QCOMPARE(voted(8)->text(), QString("and 3 other answers"));
    QVERIFY(voted(8)->isVisible());
    QCOMPARE(view.count(), 5);
    QVERIFY(QTest::qWaitForWindowExposed(&view, patience));
    std::set<std::pair<int, int>> columns;
    for (const auto* bar : view.findChildren<QProgressBar*>()) columns.emplace(bar->x(), bar->width());
    QCOMPARE(columns.size(), std::size_t{1});
  }

  void arithmetic_that_does_not_hold_is_told() {
    RecitingModel::write(path("wrong"),
                         {"38 / 2 = 19,", " and 38 / 3 = 12", "\n</think>\n\n", "It is ", "\\boxed{12}."});
    WindowDriver window(data(), path("wrong"));
    waitForModel(window);
    window.ask("38 apples are shared by 3. How many has each?");
    QTRY_VERIFY(window.finished() && window.answer().contains("12"));
    QTRY_VERIFY2(window.transcript()->last()->note.contains("38 / 3 = 12 does not hold"),
                 qPrintable(window.transcript()->last()->note));
    QCOMPARE(store().branch(session()).at(1).statistics.false_step, std::string("38 / 3 = 12"));
    keep(window, "false-step");
  }

  void a_long_thought_is_paused_answered_now_and_thought_on() {
    RecitingModel::write(path("endless"), {"first one,", " two", " three", " four"}, RecitingModel::End::repeat);
    settings(R"({"max_tokens": 1000000})");
    WindowDriver window(data(), path("endless"));
    waitForModel(window);
    window.ask("count");
    QTRY_VERIFY(window.thought().size() > 20);
    QTRY_VERIFY(window.canClick("pause"));
    keep(window, "thinking", 100);
    window.press(Qt::Key_Semicolon, Qt::ControlModifier);
    QTRY_VERIFY(window.finished());
    QTRY_VERIFY(window.canClick("action") && window.canClick("action2"));
    window.press(Qt::Key_Semicolon, Qt::ControlModifier);
    QTRY_VERIFY(!window.finished() && window.canClick("answerNow"));
    window.click("answerNow");
    QTRY_VERIFY(window.answer().size() > 20);
    window.press(Qt::Key_Escape);
    QTRY_VERIFY(window.finished());
    const std::vector<NodeRow> branch = store().branch(session());
    QCOMPARE(branch.size(), std::size_t{3});
    QCOMPARE(branch[2].kind, NodeKind::answer);
    menu(window, "thinkMore");
    QTRY_VERIFY(!window.idle());
    QTRY_VERIFY(window.thought().contains("Wait"));
    window.press(Qt::Key_Escape);
    QTRY_VERIFY(window.finished() && window.canClick("previous"));
    QVERIFY(window.thought().startsWith("first one,"));
    QCOMPARE(store().tree(session()).size(), std::size_t{4});
  }

  void a_loop_is_noticed_and_can_be_broken() {
    RecitingModel::write(path("endless"), {"round", " and round"}, RecitingModel::End::repeat);
    settings(R"({"max_tokens": 1000000})");
    WindowDriver window(data(), path("endless"));
    waitForModel(window);
    window.ask("go");
    QTRY_VERIFY(window.banner()->isVisible() && window.banner()->text().contains("repeat"));
    window.click("bannerAction");
    QTRY_VERIFY(store().tree(session()).size() == 3);
    QTRY_VERIFY(!store().branch(session()).back().text.empty());
    window.press(Qt::Key_Escape);
    QTRY_VERIFY(window.finished());
    const NodeRow fork = store().branch(session()).back();
    QVERIFY(fork.sampler->params.temperature >= 0.7f);
    QVERIFY(fork.sampler->params.repetition_penalty >= 1.1f);
  }

  void the_tree_shows_all_branches_and_goes_to_them() {
    settings(R"({"temperature": 1.0, "top_p": 1.0})");
    WindowDriver window(data());
    waitForModel(window);
    ask(window, shirt);
    window.press(Qt::Key_F5);
    QTRY_VERIFY(window.finished() && store().tree(session()).size() == 5);
    ask(window, "What is 17 + 25?");
    window.press(Qt::Key_T, Qt::ControlModifier);
    auto* tree = window.find<QTreeWidget>("branchTree");
    QTRY_VERIFY(tree->isVisible());
    QCOMPARE(tree->topLevelItemCount(), 1);
    QTreeWidgetItem* root = tree->topLevelItem(0);
    QCOMPARE(root->childCount(), 2);            // two replies
    QCOMPARE(root->child(0)->childCount(), 1);  // a thought and its answer
    QCOMPARE(root->child(1)->childCount(), 4);  // and what follows
    keep(window, "tree");
    tree->setCurrentItem(root->child(0)->child(0));
    tree->setFocus();
    QTest::keyClick(tree, Qt::Key_Return);
    QTRY_COMPARE(window.transcript()->count(), std::size_t{2});
    QTRY_COMPARE(store().branch(session()).size(), std::size_t{3});
    window.press(Qt::Key_D, Qt::ControlModifier);
    QDialog* dialog = nullptr;
    QTRY_VERIFY((dialog = window.find<QDialog>("compareDialog")) != nullptr && dialog->isVisible());
    QVERIFY(window.label("compareWhere").contains("share the first message"));
    if (const QString folder = qEnvironmentVariable("HOLDFAST_SCREENSHOTS"); !folder.isEmpty()) {
      QTest::qWait(700);
      dialog->grab().save(folder + "/compare.png");
    }
    dialog->close();
  }

  void asking_on_from_an_earlier_message_keeps_what_came_after() {
    WindowDriver window(data());
    waitForModel(window);
    ask(window, "What is 17 + 25?");
    ask(window, "What is 3/4 of 48?");
    QTRY_COMPARE(window.transcript()->count(), std::size_t{4});
    // The first reply's menu.
    const auto forks = window.window().findChildren<QAction*>("fork");
    forks.at(1)->trigger();
    QTRY_COMPARE(window.transcript()->count(), std::size_t{2});
    ask(window, "What is 5 * 12?");
    QVERIFY2(window.answer().contains("60"), qPrintable(window.answer()));
    QTRY_COMPARE(store().tree(session()).size(), std::size_t{9});
    QTRY_VERIFY(window.canClick("previous"));
  }

  void states_are_listed_kept_and_removed() {
    WindowDriver window(data());
    waitForModel(window);
    ask(window, shirt);
    QTRY_COMPARE(store().snapshots(session()).size(), std::size_t{3});
    window.click("statesButton");
    auto* table = window.find<QTableWidget>("states");
    QTRY_COMPARE(table->rowCount(), 3);
    table->selectRow(0);
    keep(window, "states");
    window.click("removeState");
    QTRY_COMPARE(table->rowCount(), 2);
    QCOMPARE(store().snapshots(session()).size(), std::size_t{2});
    window.click("statesButton");
    QVERIFY(!table->isVisible());
  }

  void an_instruction_begins_new_sessions() {
    settings(R"({"system": "Answer in one word.", "temperature": 0})");
    WindowDriver window(data());
    waitForModel(window);
    window.ask("What is 17 + 25?");
    QTRY_VERIFY(window.finished());
    const std::vector<NodeRow> branch = store().branch(session());
    QCOMPARE(branch[0].kind, NodeKind::system);
    QCOMPARE(branch[1].kind, NodeKind::user);
    QVERIFY(branch[1].tokens->size() > store().branch(session())[0].tokens->size());
    ask(window, "And 3 + 4?");
    QCOMPARE(store().branch(session())[0].kind, NodeKind::system);
  }

  void sessions_are_searched_and_every_command_is_found() {
    WindowDriver window(data());
    waitForModel(window);
    ask(window, shirt);
    window.press(Qt::Key_N, Qt::ControlModifier);
    QTRY_VERIFY(!window.transcript()->isVisible());
    window.press(Qt::Key_F, Qt::ControlModifier);
    auto* search = window.window().findChild<SearchPanel*>();
    QTRY_VERIFY(search->isVisible());
    auto* typed = search->findChild<QLineEdit*>();
    QTest::keyClicks(typed, "discounted");
    auto* hits = search->findChild<QListView*>();
    QTRY_VERIFY(hits->model()->rowCount() > 0);
    QTest::keyClick(typed, Qt::Key_Return);
    QTRY_COMPARE(window.transcript()->count(), std::size_t{2});
    QTRY_VERIFY(!search->isVisible());
    window.window().activateWindow();
    QTRY_VERIFY(window.window().isActiveWindow());
    window.question()->setFocus();  // a text field would take Ctrl+K for itself
    window.press(Qt::Key_K, Qt::ControlModifier);
    auto* palette = window.window().findChild<CommandPalette*>();
    QTRY_VERIFY(palette->isVisible());
    auto* words = palette->findChild<QLineEdit*>();
    QTest::keyClicks(words, "generate");
    QTest::keyClick(words, Qt::Key_Return);
    QTRY_VERIFY(window.find<QWidget>("generatePanel")->isVisible());
  }

  void problems_are_told_apart_into_given_and_asked() {
    const ProblemParts parts = parts_of_problem(shirt);
    QCOMPARE(parts.given.size(), std::size_t{2});
    QCOMPARE(parts.asked, std::string("What is the final price?"));
    QCOMPARE(parts_of_problem("Let $x = 1.5$. Find $2x$. Give it as a fraction.").asked,
             std::string("Find $2x$. Give it as a fraction."));
    QCOMPARE(parts_of_problem("Let $f(x) = 3. x$ be odd. What is $f(2)$?").given.size(), std::size_t{1});
    QCOMPARE(parts_of_problem("17 + 25").asked, std::string("17 + 25"));
    QVERIFY(parts_of_problem("").asked.empty());
  }
};

QTEST_MAIN(WorkbenchTest)
#include "workbench_test.moc"
