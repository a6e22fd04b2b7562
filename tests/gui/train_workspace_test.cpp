// The Train workspace driven as a person does: a recipe is written, trained on the CPU in a process of its own, paused,
// killed, found interrupted, and goes on to its end; a later window finds it. HOLDFAST_SCREENSHOTS=folder keeps
// pictures.
#include <signal.h>
#include <sys/mount.h>

#include <QAbstractItemModelTester>
#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTabWidget>
#include <QTableWidget>
#include <QTreeView>
#include <fstream>

#include "app/files/paths.h"
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
  // The newest.
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
    QVERIFY(window.find<QLineEdit>("trainCommand")->text().contains("holdfast train "));
    QVERIFY(window.find<QLineEdit>("ranksCommand")->text().startsWith("mpirun -np 2 "));
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
      QVERIFY2(window.label("runMessage").contains("since the last checkpoint"),
               qPrintable(window.label("runMessage")));
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
    // Of the four rows of the last validation the two worst and then the two best, and the chosen one in full.
    auto* cases = window.find<QTableWidget>("validationCases");
    QTRY_COMPARE(cases->rowCount(), 4);
    const auto loss = [&](int row) { return cases->item(row, 1)->text().toDouble(); };
    QVERIFY(loss(0) >= loss(1) && loss(1) >= loss(3) && loss(3) >= loss(2) && loss(0) > loss(2));
    for (int row = 0; row < 4; ++row) {
      QVERIFY2(!cases->item(row, 2)->text().contains(QStringLiteral("<|")), qPrintable(cases->item(row, 2)->text()));
      QVERIFY2(!cases->item(row, 2)->text().startsWith(QStringLiteral("user")),
               qPrintable(cases->item(row, 2)->text()));
    }
    cases->setCurrentCell(2, 0);
    const QString shown = window.find<QPlainTextEdit>("validationCase")->toPlainText();
    QVERIFY2(shown.contains("To be predicted:"), qPrintable(shown));
    QVERIFY(cases->item(2, 2)->text().startsWith(shown.simplified().left(12)));
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

  void adapters_and_states_open_and_are_evaluated_in_one_click_data() {
    QTest::addColumn<QString>("what");
    QTest::addColumn<QString>("file");
    QTest::newRow("adapter") << "what = \"lora\"\nlora = {rank = 2, alpha = 8}"
                             << "adapter";
    QTest::newRow("state") << "what = \"state\""
                           << "state.safetensors";
  }
  void adapters_and_states_open_and_are_evaluated_in_one_click() {
    QFETCH(QString, what);
    QFETCH(QString, file);
    const fs::path data = path("data");
    WindowDriver window(data, model());
    showTrain(window);
    QString recipe = tinyRecipe(1);
    recipe.replace("[train]\n", "[train]\n" + what + "\n");
    recipe += "[held_out]\nrows = 4\n[[held_out.data]]\ngenerator = [\"all\"]\nlevels = [1, 1]\n";
    typeRecipe(window, recipe);
    window.click("startTraining");
    QTRY_VERIFY_WITH_TIMEOUT(window.find<QLabel>("runState")->text().startsWith("Finished"), train_patience);
    QTRY_VERIFY(window.label("runFigures").contains("held-out loss"));
    QVERIFY(fs::exists(data / "runs" / "1" / file.toStdString()));

    window.find<QTabWidget>("runTabs")->setCurrentIndex(2);
    window.click("evaluateRun");
    QCOMPARE(window.find<QComboBox>("evaluateModel")->currentText(),
             QString::fromStdString((data / "runs" / "1" / file.toStdString()).string()));
    window.find<QSpinBox>("suiteCount")->setValue(2);
    window.find<QSpinBox>("evaluateTokens")->setValue(4);
    window.find<QSpinBox>("evaluateThreads")->setValue(1);
    window.click("startEvaluation");
    QTRY_VERIFY_WITH_TIMEOUT(window.label("evaluationSummary").contains("run-1: likeliest") &&
                                 window.label("evaluationSummary").contains("held out of its run"),
                             train_patience);
    QTRY_VERIFY_WITH_TIMEOUT(window.label("evaluationState").contains("right"), train_patience);

    // Models lists it; opening it leads to Solve.
    window.click("trainWorkspace");
    window.click("openRunModel");
    QTRY_VERIFY_WITH_TIMEOUT(window.idle() && window.question()->isVisible(), train_patience);
    if (file == "adapter") {
      QTRY_COMPARE(QString::fromStdString(window.window().chat()->model()->name), QString("run-1"));
    } else {
      QTRY_VERIFY_WITH_TIMEOUT(window.banner()->isVisible(), train_patience);
      QCOMPARE(Store(data / "holdfast.db", {.check = false}).sessions().front().title, std::string("run-1"));
    }
    window.ask("7");
    QTRY_VERIFY_WITH_TIMEOUT(!window.written().isEmpty(), train_patience);
    window.window().chat()->stop();
    QTRY_VERIFY_WITH_TIMEOUT(window.finished(), train_patience);
    auto* models = window.find<QTreeView>("modelsTable");
    const auto listed = [models] {
      for (int row = 0; row < models->model()->rowCount(); ++row) {
        if (models->model()->index(row, 0).data().toString() == "run-1") return true;
      }
      return false;
    };
    window.click("modelsWorkspace");
    QTRY_VERIFY(listed());
  }

  void rows_that_cannot_be_used_are_listed() {
    std::ofstream rows(path("rows.jsonl"));
    for (int i = 0; i < 40; ++i) {
      if (i == 16) rows << "{\"prompt\": \n";
      rows << "{\"prompt\": \"" << i << "\", \"completion\": \"" << i + 1 << "\"}\n";
    }
    rows.close();
    WindowDriver window(path("data"), model());
    showTrain(window);
    QString recipe = tinyRecipe(1);
    recipe.replace("generator = [\"all\"]\nlevels = [1, 1]",
                   "file = \"" + QString::fromStdString(path("rows.jsonl").string()) + "\"");
    typeRecipe(window, recipe);
    window.click("startTraining");
    QTRY_VERIFY_WITH_TIMEOUT(window.find<QLabel>("runState")->text().startsWith("Finished"), train_patience);
    auto* refused = window.find<QPlainTextEdit>("runRefused");
    QTRY_VERIFY(refused->toPlainText().contains("rows.jsonl"));
    QVERIFY2(refused->toPlainText().contains("17"), qPrintable(refused->toPlainText()));
    auto* tabs = window.find<QTabWidget>("runTabs");
    QVERIFY(tabs->isTabVisible(tabs->indexOf(refused)));
    QVERIFY2(tabs->tabText(tabs->indexOf(refused)).contains("1"), qPrintable(tabs->tabText(tabs->indexOf(refused))));
    QVERIFY(window.find<QPlainTextEdit>("runLog")->toPlainText().contains("1 rows cannot be used"));
  }

  // Weights so large that no loss is finite: the rule of the recipe decides, and the window says what it was.
  void a_loss_that_is_not_finite_ends_the_run_with_a_sentence() {
    const fs::path poisoned = path("poisoned");
    write_random_model(poisoned);
    {
      std::vector<std::vector<std::byte>> bytes;
      std::vector<SafetensorsTensor> tensors;
      {
        const SafetensorsFile file = SafetensorsFile::open(poisoned / "model.safetensors");
        tensors.assign(file.tensors().begin(), file.tensors().end());
        for (SafetensorsTensor& tensor : tensors) {
          tensor.bytes = bytes.emplace_back(tensor.bytes.begin(), tensor.bytes.end());
        }
      }
      std::vector<float> huge(1200 * 32, 3e38f);
      for (SafetensorsTensor& tensor : tensors) {
        if (tensor.name == "lm_head.weight") tensor.bytes = std::as_bytes(std::span<const float>(huge));
      }
      write_safetensors(poisoned / "model.safetensors", tensors, {{"format", "pt"}});
    }
    WindowDriver window(path("data"), model());
    showTrain(window);
    QString recipe = tinyRecipe(1);
    recipe.replace(QString::fromStdString(model().string()), QString::fromStdString(poisoned.string()));
    typeRecipe(window, recipe + "[trouble]\nnot_finite = \"skip\"\nmost = 3\n");
    window.click("startTraining");
    QTRY_VERIFY_WITH_TIMEOUT(window.find<QLabel>("runState")->text().startsWith("Failed"), train_patience);
    QVERIFY2(window.label("runMessage").contains("was not taken"), qPrintable(window.label("runMessage")));
    QTRY_VERIFY(window.find<QPlainTextEdit>("runLog")->toPlainText().contains("on with the next rows"));
  }

  void a_full_disk_is_said_and_the_run_waits_for_room() {
    const fs::path data = path("data");
    const fs::path checkpoints = data / "runs" / "1" / "checkpoints";
    fs::create_directories(checkpoints);
    if (mount("tmpfs", checkpoints.c_str(), "tmpfs", 0, "size=16k") != 0) {
      QSKIP("SKIPPED: no right to mount a small disk; run_test has a full disk below the window");
    }
    WindowDriver window(data, model());
    showTrain(window);
    typeRecipe(window, tinyRecipe(6));
    window.click("startTraining");
    auto* message = window.find<QLabel>("runMessage");
    QTRY_VERIFY_WITH_TIMEOUT(message->text().contains("Nothing can be written"), train_patience);
    QVERIFY(window.find<QLabel>("runState")->text().contains("Training"));
    umount2(checkpoints.c_str(), MNT_DETACH);
    QTRY_VERIFY_WITH_TIMEOUT(window.find<QLabel>("runState")->text().startsWith("Finished"), train_patience);
    QVERIFY(message->text().isEmpty());
  }

  void a_checkpoint_is_trained_on_in_a_run_of_its_own() {
    const fs::path data = path("data");
    WindowDriver window(data, model());
    showTrain(window);
    typeRecipe(window, tinyRecipe(5));
    window.click("startTraining");
    auto* state = window.find<QLabel>("runState");
    QTRY_VERIFY_WITH_TIMEOUT(state->text().startsWith("Finished"), train_patience);
    auto* files = window.find<QListWidget>("runFiles");
    QTRY_VERIFY(files->count() >= 3);
    files->setCurrentRow(2);  // the result, step 10, step 5
    window.find<QAction>("forkPlace")->trigger();
    const Recipe& recipe = window.find<RecipeEditor>("recipeEditor")->recipe();
    QVERIFY(recipe.start && recipe.start->keeps_place);
    QVERIFY(window.find<QLabel>("runStart")->isVisible());
    QVERIFY(window.label("runStart").contains("step-000000000005"));
    window.click("startTraining");
    QTRY_COMPARE_WITH_TIMEOUT(window.find<QListView>("runList")->model()->rowCount(), 2, train_patience);
    QTRY_VERIFY_WITH_TIMEOUT(only(data).state == RunState::finished && only(data).step == 10, train_patience);
    QTRY_COMPARE_WITH_TIMEOUT(points(window), std::size_t{5}, train_patience);
    auto* differences = window.find<QTableWidget>("compareTable");
    QStringList fields;
    for (int row = 0; row < differences->rowCount(); ++row) fields << differences->item(row, 0)->text();
    QVERIFY2(fields.contains("start.checkpoint") && fields.contains("name") && !fields.contains("seed"),
             qPrintable(fields.join(", ")));
  }

  // What the window shows is typed into a shell as it stands there.
  void the_command_lines_of_a_run_work() {
    if (QStandardPaths::findExecutable("mpirun").isEmpty()) QSKIP("SKIPPED: mpirun is not installed (openmpi-bin)");
    const fs::path data = path("data");
    WindowDriver window(data, model());
    showTrain(window);
    typeRecipe(window, tinyRecipe(3000));
    window.click("startTraining");
    auto* state = window.find<QLabel>("runState");
    QTRY_VERIFY_WITH_TIMEOUT(points(window) >= 1, train_patience);
    window.click("pauseRun");
    QTRY_VERIFY_WITH_TIMEOUT(state->text().startsWith("Paused"), train_patience);
    const std::int64_t before = only(data).step;
    QProcess shell;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char* name :
         {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "OMPI_MCA_rmaps_base_oversubscribe"}) {
      environment.insert(name, "1");
    }
    shell.setProcessEnvironment(environment);
    const QString command = window.find<QLineEdit>("runRanksCommand")->text();
    QVERIFY(command.startsWith("mpirun -np 2 "));
    QVERIFY(window.find<QLineEdit>("runSlurmCommand")->text().endsWith(window.find<QLineEdit>("runCommand")->text()));
    shell.start("sh", {"-c", command});
    QTRY_VERIFY_WITH_TIMEOUT(only(data).state == RunState::running && only(data).step > before, train_patience);
    QTRY_VERIFY_WITH_TIMEOUT(state->text().contains("Training"), train_patience);
    window.click("stopRun");
    QTRY_VERIFY_WITH_TIMEOUT(state->text().startsWith("Stopped"), train_patience);
    QTRY_VERIFY_WITH_TIMEOUT(shell.state() == QProcess::NotRunning, train_patience);
    QCOMPARE(shell.exitCode(), 0);
  }

  void a_window_that_is_killed_takes_no_run_along() {
    const std::optional<fs::path> program = program_beside("holdfast-window");
    if (!program) QSKIP("SKIPPED: the window's program was not built");
    const fs::path data = path("data");
    fs::create_directories(data);
    {
      Store store(data / "holdfast.db");
      const std::vector<std::string> phases{"first", "second"};
      (void)store.add_run({.name = "tiny",
                           .recipe = tinyRecipe(60).toStdString(),
                           .recipe_file = (data / "runs" / "recipe.toml").string(),
                           .base = model().string(),
                           .folder = (data / "runs").string(),
                           .threads = 1},
                          phases);
    }
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("QT_QPA_PLATFORM", "offscreen");
    process.setProcessEnvironment(environment);
    process.start(QString::fromStdString(program->string()), {"--data-dir", QString::fromStdString(data.string())});
    QTRY_VERIFY_WITH_TIMEOUT(only(data).state == RunState::running, train_patience);
    process.kill();
    QVERIFY(process.waitForFinished(train_patience));
    QTRY_VERIFY_WITH_TIMEOUT(only(data).state == RunState::finished, train_patience);
    QCOMPARE(only(data).step, 65);
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
