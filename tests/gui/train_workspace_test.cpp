// The Train workspace driven as a person does: a recipe is written, trained on the CPU in a process of its own, paused,
// killed, found interrupted, and goes on to its end; a later window finds it. HOLDFAST_SCREENSHOTS=folder keeps
// pictures.
#include <signal.h>

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>

#include "app/models/run_list_model.h"
#include "app/panels/phase_card.h"
#include "app/panels/problems_dialog.h"
#include "app/panels/recipe_editor.h"
#include "app/panels/run_view.h"
#include "app/panels/train_panel.h"
#include "app/widgets/plot_view.h"
#include "tests/gui/random_model.h"
#include "tests/gui/window_driver.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

constexpr int train_patience = 120000;

}  // namespace

class TrainWorkspaceTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  [[nodiscard]] fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }

  fs::path model() {
    const fs::path at = path("model");
    if (!fs::exists(at)) write_random_model(at);
    return at;
  }
  static void showTrain(WindowDriver& window) {
    QTRY_VERIFY_WITH_TIMEOUT(window.window().isReady(), train_patience);
    window.click("trainWorkspace");
    QVERIFY(window.find<TrainPanel>("trainPanel")->isVisible());
  }
  // A recipe of two short phases on generated problems, typed as text.
  QString tinyRecipe(int steps) {
    return QStringLiteral(
               "name = \"tiny\"\nseed = 3\n[model]\nbase = \"%1\"\ntemplate = \"chatml\"\n[train]\nmicro_batch_tokens "
               "= "
               "512\n"
               "[[phase]]\nname = \"first\"\nsequence_length = 256\nbatch_tokens = 512\nsteps = 5\nlearning_rate = "
               "1e-3\n"
               "[[phase.data]]\ngenerator = [\"all\"]\nlevels = [1, 1]\n"
               "[[phase]]\nname = \"second\"\nsequence_length = 256\nbatch_tokens = 512\nsteps = %2\nlearning_rate = "
               "1e-3\nschedule = \"cosine\"\n"
               "[[phase.data]]\ngenerator = [\"all\"]\nlevels = [1, 2]\n"
               "[evaluation]\nevery = 5\nrows = 4\n[[evaluation.data]]\ngenerator = [\"all\"]\nseed = 77\n"
               "[samples]\nevery = 5\nprompts = [\"What is 2 + 2?\"]\nmax_tokens = 8\n"
               "[checkpoints]\nevery = 5\nkeep_last = 2\ndtype = \"f32\"\n")
        .arg(QString::fromStdString(model().string()))
        .arg(steps);
  }
  static void typeRecipe(WindowDriver& window, const QString& text) {
    window.find<QTabWidget>("recipeTabs")->setCurrentIndex(1);
    window.find<QPlainTextEdit>("recipeText")->setPlainText(text);
    const auto taken = [&] { return window.find<RecipeEditor>("recipeEditor")->recipe().name == "tiny"; };
    QTRY_VERIFY2(taken(), qPrintable(window.find<QLabel>("recipeFault")->text()));
    QVERIFY(window.find<QPushButton>("startTraining")->isEnabled());
  }
  [[nodiscard]] RunRow only(const fs::path& data) const {
    const auto runs = Store(data / "holdfast.db", {.check = false}).runs();
    return runs.empty() ? RunRow{} : runs.front();
  }
  static std::size_t points(WindowDriver& window) {
    const PlotData& plot = window.find<PlotView>("lossChart")->data();
    return plot.lines.empty() ? 0 : plot.lines[0].x.size();
  }
  static std::int64_t pid_of(const RunRow& row) {
    return QString::fromStdString(row.process).section(QLatin1Char('/'), 1, 1).toLongLong();
  }

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void runs_keep_the_rules_of_item_models() {
    RunListModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    RunRow a{.id = {1}, .name = "a", .state = RunState::running, .step = 5, .done = 0.5};
    model.setRuns({a});
    QVERIFY(model.index(0).data().toString().contains("50 %"));
    const QPersistentModelIndex kept = model.index(0);
    a.state = RunState::interrupted;
    model.setRuns({a});
    QVERIFY(kept.isValid());
    QVERIFY(model.index(0).data(Qt::AccessibleTextRole).toString().contains("Interrupted"));
    model.setRuns({{.id = {2}, .name = "b"}, a});
    QCOMPARE(model.indexOf({1}).row(), 1);
    QSignalSpy renamed(&model, &RunListModel::renamed);
    QVERIFY(!model.setData(model.index(0), "  ", Qt::EditRole));
    QVERIFY(model.setData(model.index(0), " c ", Qt::EditRole));
    QCOMPARE(renamed.size(), 1);
    model.setRuns({});
    QCOMPARE(model.rowCount(), 0);
  }

  void cards_and_text_are_one_recipe() {
    WindowDriver window(path("data"), model());
    showTrain(window);
    auto* editor = window.find<RecipeEditor>("recipeEditor");
    auto* text = window.find<QPlainTextEdit>("recipeText");
    auto cards = window.window().findChildren<PhaseCard*>("phaseCard");
    QCOMPARE(cards.size(), 2);
    cards[1]->findChild<QDoubleSpinBox*>("phaseLength")->setValue(123);
    QVERIFY(text->toPlainText().contains("steps = 123"));
    cards[0]->findChild<QComboBox*>("phaseGate")->setCurrentIndex(1);
    QVERIFY(text->toPlainText().contains("plateau"));
    auto* rate = cards[0]->findChild<QLineEdit*>("phaseRate");
    rate->clear();
    QTest::keyClicks(rate, "3e-4");
    QCOMPARE(editor->recipe().phases[0].learning_rate, 3e-4);
    window.find<QComboBox>("trainedWhat")->setCurrentIndex(1);
    QVERIFY(text->toPlainText().contains("what = \"lora\""));
    QVERIFY(window.find<QSpinBox>("loraRank")->isVisibleTo(editor));
    cards[0]->addFile("/rows/mine.jsonl");
    QVERIFY(text->toPlainText().contains("/rows/mine.jsonl"));
    window.find<QPushButton>("addPhase")->click();
    QCOMPARE(window.window().findChildren<PhaseCard*>("phaseCard").size(), 3);

    QString typed = text->toPlainText();
    typed.replace("steps = 123", "epochs = 2.5");
    text->setPlainText(typed);
    QTRY_VERIFY(editor->recipe().phases[1].epochs.has_value());
    QCOMPARE(cards[1]->findChild<QComboBox*>("phaseUnit")->currentIndex(), 1);
    QCOMPARE(cards[1]->findChild<QDoubleSpinBox*>("phaseLength")->value(), 2.5);
    text->setPlainText(typed + "\nnonsense = 1\n");
    QTRY_VERIFY(window.find<QLabel>("recipeFault")->isVisible());
    QVERIFY(window.find<QLabel>("recipeFault")->text().contains("nonsense"));
    QVERIFY(!window.find<QPushButton>("startTraining")->isEnabled());
    QVERIFY(window.find<QLineEdit>("trainCommand")->text().startsWith("holdfast train "));
    QVERIFY(window.find<QLineEdit>("ranksCommand")->text().startsWith("mpirun -np 2 holdfast train "));
  }

  void problems_are_found_by_concept_and_chosen() {
    ProblemsDialog dialog(preset_problems(2, 4));
    QCOMPARE(dialog.data().generators, std::vector<std::string>{"all"});
    dialog.findChild<QCheckBox*>("allFamilies")->setChecked(false);
    QVERIFY(dialog.data().generators.empty());
    auto* families = dialog.findChild<QListWidget*>("families");
    dialog.findChild<QLineEdit*>()->setText("percent");
    int seen = 0;
    for (int i = 0; i < families->count(); ++i) {
      if (families->item(i)->isHidden()) continue;
      ++seen;
      families->item(i)->setCheckState(Qt::Checked);
    }
    QVERIFY(seen > 0 && seen < families->count());
    QCOMPARE(static_cast<int>(dialog.data().generators.size()), seen);
    QCOMPARE(dialog.data().first_level, 2);
    QVERIFY(problemsText(dialog.data()).contains("levels 2 to 4"));
  }

  void a_dataset_is_sent_to_a_phase() {
    TrainService service(path("data"));
    TrainPanel panel(&service);
    QSignalSpy shown(&panel, &TrainPanel::shown);
    service.addDataset(2, "/rows/from-generate.jsonl");
    QCOMPARE(shown.size(), 1);
    const auto& phases = panel.findChild<RecipeEditor*>()->recipe().phases;
    QCOMPARE(phases[1].data.back().file.string(), std::string("/rows/from-generate.jsonl"));
    QVERIFY(phases[0].data.back().file.empty());
  }

  void what_a_run_takes_is_said_before_it_starts() {
    WindowDriver window(path("data"), model());
    showTrain(window);
    typeRecipe(window, tinyRecipe(7));
    window.click("estimate");
    auto* text = window.find<QLabel>("estimateText");
    QTRY_VERIFY_WITH_TIMEOUT(text->text().contains("Memory:"), train_patience);
    QVERIFY2(text->text().contains("second: 7 steps"), qPrintable(text->text()));
    QVERIFY(text->text().contains("optimiser"));
    QVERIFY(only(path("data")).name.empty());
  }

  void a_run_is_started_paused_killed_and_finished() {
    const fs::path data = path("data");
    {
      WindowDriver window(data, model());
      showTrain(window);
      typeRecipe(window, tinyRecipe(3000));
      window.click("startTraining");
      auto* state = window.find<QLabel>("runState");
      QTRY_VERIFY_WITH_TIMEOUT(points(window) >= 3, train_patience);
      QVERIFY(state->text().contains("Training"));
      QVERIFY(window.find<PlotView>("rateChart")->data().lines.size() == 1);
      window.click("pauseRun");
      QTRY_VERIFY_WITH_TIMEOUT(state->text().startsWith("Paused"), train_patience);
      const RunRow paused = only(data);
      QVERIFY(paused.state == RunState::paused && paused.process.empty());
      QTRY_VERIFY(window.find<QListWidget>("runFiles")->count() >= 1);
      QVERIFY(!window.find<QPlainTextEdit>("runLog")->toPlainText().isEmpty());

      window.click("resumeRun");
      QTRY_VERIFY_WITH_TIMEOUT(only(data).state == RunState::running && only(data).step > paused.step, train_patience);
      const std::int64_t pid = pid_of(only(data));
      QVERIFY(pid > 1);
      QCOMPARE(::kill(static_cast<pid_t>(pid), SIGKILL), 0);
      QTRY_VERIFY_WITH_TIMEOUT(state->text().startsWith("Interrupted"), train_patience);
      QVERIFY(window.find<QPushButton>("resumeRun")->isVisible());
      window.click("resumeRun");
      QTRY_VERIFY_WITH_TIMEOUT(only(data).state == RunState::running, train_patience);
    }
    // The window is closed and the run goes on; the next one finds it.
    const std::int64_t step = only(data).step;
    QTRY_VERIFY_WITH_TIMEOUT(only(data).step > step, train_patience);
    {
      WindowDriver window(data, model());
      showTrain(window);
      auto* list = window.find<QListView>("runList");
      QTRY_COMPARE(list->model()->rowCount(), 1);
      list->setCurrentIndex(list->model()->index(0, 0));
      QTRY_VERIFY_WITH_TIMEOUT(points(window) >= 6, train_patience);
      window.click("stopRun");
      auto* state = window.find<QLabel>("runState");
      QTRY_VERIFY_WITH_TIMEOUT(state->text().startsWith("Stopped"), train_patience);
      // Every step is there once, whatever was killed.
      const auto steps = Store(data / "holdfast.db", {.check = false}).run_steps(only(data).id, 0);
      for (std::size_t i = 0; i < steps.size(); ++i) QCOMPARE(steps[i].step, static_cast<std::int64_t>(i) + 1);
      QCOMPARE(window.find<PlotView>("lossChart")->data().marks.size(), std::size_t{2});
    }
  }

  void a_run_finishes_and_its_model_opens() {
    const fs::path data = path("data");
    WindowDriver window(data, model());
    showTrain(window);
    typeRecipe(window, tinyRecipe(6));
    window.click("startTraining");
    auto* state = window.find<QLabel>("runState");
    QTRY_VERIFY_WITH_TIMEOUT(state->text().startsWith("Finished"), train_patience);
    QCOMPARE(points(window), std::size_t{11});
    auto* samples = window.find<QPlainTextEdit>("runSamples");
    QVERIFY(samples->toPlainText().contains("What is 2 + 2?"));
    window.find<QTabWidget>("runTabs")->setCurrentIndex(2);
    window.click("openRunModel");
    const QString made = QString::fromStdString((data / "runs" / "1" / "model").string());
    QTRY_VERIFY_WITH_TIMEOUT(window.idle() && window.window().chat()->model() &&
                                 QString::fromStdString(window.window().chat()->model()->path) == made,
                             train_patience);
    QVERIFY(window.question()->isVisible());
  }

  void what_cannot_be_trained_is_said() {
    WindowDriver window(path("data"), model());
    showTrain(window);
    QString recipe = tinyRecipe(6);
    recipe.replace(QString::fromStdString(model().string()), "no-such-model");
    typeRecipe(window, recipe);
    window.click("startTraining");
    auto* fault = window.find<QLabel>("recipeFault");
    QTRY_VERIFY(fault->text().contains("no-such-model"));
    QVERIFY(only(path("data")).name.empty());
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
    const fs::path data = path("data");
    WindowDriver window(data, model());
    window.window().setTheme(dark ? ThemeChoice::dark : ThemeChoice::light);
    showTrain(window);
    QTest::qWait(100);
    QVERIFY(window.window().grab().save(folder + "/train-new-" + mode + ".png"));
    typeRecipe(window, tinyRecipe(60));
    window.click("estimate");
    QTRY_VERIFY_WITH_TIMEOUT(window.find<QLabel>("estimateText")->text().contains("Memory:"), train_patience);
    QVERIFY(window.window().grab().save(folder + "/train-recipe-" + mode + ".png"));
    window.find<QTabWidget>("recipeTabs")->setCurrentIndex(0);
    QVERIFY(window.window().grab().save(folder + "/train-cards-" + mode + ".png"));
    window.click("startTraining");
    QTRY_VERIFY_WITH_TIMEOUT(window.find<QLabel>("runState")->text().startsWith("Finished"), train_patience);
    QTest::qWait(500);
    QVERIFY(window.window().grab().save(folder + "/train-run-" + mode + ".png"));
    window.find<QTabWidget>("runTabs")->setCurrentIndex(2);
    QVERIFY(window.window().grab().save(folder + "/train-files-" + mode + ".png"));
  }
};

QTEST_MAIN(TrainWorkspaceTest)
#include "train_workspace_test.moc"
