// `holdfast train --run`: a run of the store as a process of its own, paused, killed and resumed from outside.
//
// Planted fault seen caught: a stop that ends as a pause.
#include <signal.h>

#include <QStandardPaths>
#include <QTest>
#include <cmath>
#include <fstream>

#include "app/store/store.h"
#include "tests/cli/program.h"
#include "tests/cli/text_model.h"

using namespace holdfast;
using holdfast::test::Program;
using holdfast::test::Ran;
namespace fs = std::filesystem;

class RecordedTrainProgramTest final : public QObject {
  Q_OBJECT

  Program program_;
  std::unique_ptr<Store> store_;

  // train: more lines of [train]; tables: more of the recipe.
  RunId add(int steps, const std::string& model = "base", const std::string& train = "",
            const std::string& tables = "") {
    const std::string recipe =
        "seed = 1\n[model]\nbase = \"" + model + "\"\ntemplate = \"chatml\"\n[train]\n" + train +
        "micro_batch_tokens = 512\n[[phase]]\nname = \"one\"\n"
        "sequence_length = 128\nbatch_tokens = 512\nsteps = 4\nlearning_rate = 1e-2\n"
        "[[phase.data]]\nfile = \"rows.jsonl\"\nhold_out = 5\n[[phase]]\nname = \"two\"\nsequence_length = 128\n"
        "batch_tokens = 512\nsteps = " +
        std::to_string(steps) +
        "\nlearning_rate = 1e-2\n[[phase.data]]\nfile = \"rows.jsonl\"\n[evaluation]\nevery = 3\n"
        "[samples]\nevery = 5\nprompts = [\"7\"]\nmax_tokens = 4\n[checkpoints]\nevery = 2\ndtype = \"f32\"\n" +
        tables;
    const std::vector<std::string> phases{"one", "two"};
    return store_
        ->add_run({.name = "test",
                   .recipe = recipe,
                   .recipe_file = program_.file("recipe.toml").toStdString(),
                   .base = "base",
                   .folder = program_.file("data/runs").toStdString(),
                   .threads = 1},
                  phases)
        .id;
  }
  [[nodiscard]] std::vector<double> losses(RunId id) const {
    std::vector<double> found;
    std::int64_t next = 1;
    for (const RunStepRow& row : store_->run_steps(id, 0)) {
      if (row.step != next++) return {};
      found.push_back(row.loss.value());
    }
    return found;
  }
  [[nodiscard]] static QStringList call(RunId id) { return {"train", "--run", QString::number(id.value)}; }

 private slots:
  void initTestCase() {
    QDir().mkpath(program_.data());
    store_ = std::make_unique<Store>(fs::path(program_.data().toStdString()) / "holdfast.db");
    test::TextModelWriter().write(program_.file("base").toStdString());
    std::ofstream rows(program_.file("rows.jsonl").toStdString());
    for (int i = 0; i < 60; ++i) {
      rows << "{\"prompt\": \"" << i << "\", \"completion\": \"</think>" << i + 1 << "\"}\n";
    }
  }

  void a_run_tells_the_store_everything() {
    const RunId id = add(8);
    HOLDFAST_ENDED(program_.run(call(id)), 0);
    const RunRow row = store_->run(id).value();
    QVERIFY(row.state == RunState::finished);
    QVERIFY(row.process.empty());
    QCOMPARE(row.step, 12);
    QCOMPARE(row.done, 1.0);
    QVERIFY(fs::exists(fs::path(row.result) / "config.json"));
    QCOMPARE(losses(id).size(), std::size_t{12});
    const auto steps = store_->run_steps(id, 0);
    QVERIFY(steps[2].validation && !steps[3].right);
    QCOMPARE(store_->run_phases(id)[1].first_step.value(), 5);
    QVERIFY(store_->run_samples(id, 0).size() == 2);
    QVERIFY(!store_->run_events(id, 0).empty());
    HOLDFAST_ENDED(program_.run(call(id)), 1);  // it has finished
  }

  void a_pause_is_obeyed_and_the_run_goes_on_as_if_nothing_had_been() {
    const RunId whole = add(40);
    HOLDFAST_ENDED(program_.run(call(whole)), 0);
    const RunId id = add(40);
    QProcess process;
    program_.start(process, call(id));
    QTRY_VERIFY_WITH_TIMEOUT(store_->run(id)->step >= 1, 30000);
    store_->want_run(id, RunWish::pause);
    HOLDFAST_ENDED(Program::finish(process), 0);
    const RunRow paused = store_->run(id).value();
    if (paused.state == RunState::finished) QSKIP("SKIPPED: this machine trained it before it could be paused");
    QVERIFY(paused.state == RunState::paused);
    QVERIFY(paused.step < 44);
    HOLDFAST_ENDED(program_.run(call(id)), 1);  // it does not wait for its turn
    HOLDFAST_ENDED(program_.run(call(id) + QStringList{"--resume"}), 0);
    QVERIFY(store_->run(id)->state == RunState::finished);
    QVERIFY(!losses(whole).empty());
    QCOMPARE(losses(id), losses(whole));
  }

  void a_killed_run_is_interrupted_and_goes_on_as_if_nothing_had_been() {
    const RunId whole = add(60);
    HOLDFAST_ENDED(program_.run(call(whole)), 0);
    const RunId id = add(60);
    QProcess process;
    program_.start(process, call(id));
    QTRY_VERIFY_WITH_TIMEOUT(store_->run(id)->step >= 1, 30000);
    process.kill();
    process.waitForFinished();
    if (store_->run(id)->state == RunState::finished) QSKIP("SKIPPED: this machine trained it before it was killed");
    QVERIFY(store_->run(id)->state == RunState::running);
    QCOMPARE(store_->recover_runs().size(), std::size_t{1});
    QVERIFY(store_->run(id)->state == RunState::interrupted);
    store_->queue_run(id);
    HOLDFAST_ENDED(program_.run(call(id)), 0);
    QVERIFY(!losses(whole).empty());
    QCOMPARE(losses(id), losses(whole));
    QCOMPARE(store_->run_samples(id, 0).size(), store_->run_samples(whole, 0).size());
  }

  // Named, listed, asked and evaluated like any other model, without a word about its base.
  void what_a_run_makes_is_used_like_a_model_data() {
    QTest::addColumn<QString>("what");
    QTest::addColumn<QString>("file");
    QTest::newRow("adapter") << "what = \"lora\"\nlora = {rank = 2, alpha = 8}\n"
                             << "adapter";
    QTest::newRow("state") << "what = \"state\"\n"
                           << "state.safetensors";
  }
  void what_a_run_makes_is_used_like_a_model() {
    QFETCH(QString, what);
    QFETCH(QString, file);
    const RunId id = add(4, "base", what.toStdString());
    HOLDFAST_ENDED(program_.run(call(id)), 0);
    const RunRow row = store_->run(id).value();
    QVERIFY(row.state == RunState::finished);
    QCOMPARE(fs::path(row.result).filename().string(), file.toStdString());
    QVERIFY(!losses(id).empty());
    const QString name = "run-" + QString::number(id.value);
    const Ran solved = program_.run({"solve", "7", "--model", name, "--max-tokens", "4", "--json"});
    HOLDFAST_ENDED(solved, 0);
    const Ran plain = program_.run({"solve", "7", "--model", program_.file("base"), "--max-tokens", "4", "--json"});
    HOLDFAST_ENDED(plain, 0);
    const Ran given = program_.run(
        file == "adapter" ? QStringList{"merge", program_.file("base"), QString::fromStdString(row.result),
                                        program_.file("merged"), "--dtype", "f32"}
                          : QStringList{"solve", "7", "--model", program_.file("base"), "--state",
                                        QString::fromStdString(row.result), "--max-tokens", "4", "--json"});
    HOLDFAST_ENDED(given, 0);
    if (file == "state.safetensors") QVERIFY(solved.json()["answer"] == given.json()["answer"]);
    std::ofstream(program_.file("suite.tsv").toStdString()) << "1\t7\t8\n1\t8\t9\n";
    const Ran evaluated =
        program_.run({"eval", name, "--suite", program_.file("suite.tsv"), "--max-tokens", "4", "--json"});
    HOLDFAST_ENDED(evaluated, 0);
    QCOMPARE(evaluated.json()["items"].size(), std::size_t{2});
    const Ran models = program_.run({"models", "--json"});
    HOLDFAST_ENDED(models, 0);
    bool listed = false;
    for (const auto& entry : models.json()) {
      if (entry["name"] == name.toStdString()) listed = entry["origin"] == "trained" && entry.contains("trained_on");
    }
    QVERIFY2(listed, models.out.constData());
  }

  void a_run_on_other_weights_than_it_began_with_is_refused() {
    const RunId id = add(4, "changing", "what = \"lora\"\nlora = {rank = 2, alpha = 8}\n");
    test::TextModelWriter().write(program_.file("changing").toStdString());
    HOLDFAST_ENDED(program_.run(call(id)), 0);
    const fs::path weights = program_.file("changing/model.safetensors").toStdString();
    // Its last byte is one of the last tensor's.
    std::fstream file(weights, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(-2, std::ios::end);
    const char changed = static_cast<char>(file.get() ^ 1);
    file.seekp(-2, std::ios::end);
    file.put(changed);
    file.close();
    const fs::path folder = store_->run(id)->folder;
    const RunId other = add(4, "changing", "what = \"lora\"\nlora = {rank = 2, alpha = 8}\n");
    const fs::path taken = store_->run(other)->folder;
    fs::create_directories(taken);
    fs::copy(folder / "checkpoints", taken / "checkpoints", fs::copy_options::recursive);
    HOLDFAST_ENDED(program_.run(call(other)), 1);
    const std::string message = store_->run(other)->message;
    QVERIFY2(message.find("began with the weights") != std::string::npos &&
                 message.find("changing") != std::string::npos &&
                 message.find("want those it began with") != std::string::npos,
             message.c_str());
    const Ran asked = program_.run({"solve", "7", "--model", QString::fromStdString((folder / "adapter").string())});
    HOLDFAST_ENDED(asked, 1);
    QVERIFY2(asked.err.contains("was trained on the weights"), asked.err.constData());
  }

  void what_is_forgotten_is_a_number() {
    std::ofstream(program_.file("held.jsonl").toStdString())
        << "{\"prompt\": \"3\", \"completion\": \"</think>9\"}\n{\"prompt\": \"4\", \"completion\": \"</think>1\"}\n";
    const RunId id = add(6, "base", "", "[held_out]\nrows = 8\n[[held_out.data]]\nfile = \"held.jsonl\"\n");
    HOLDFAST_ENDED(program_.run(call(id)), 0);
    const auto steps = store_->run_steps(id, 0);
    QCOMPARE(steps.front().step, 0);
    QVERIFY(steps.front().held_out && !steps.front().loss);
    QVERIFY(steps[4].held_out && !steps[5].held_out);  // the end of the first phase
    QVERIFY(steps.back().held_out && *steps.back().held_out != *steps.front().held_out);
    QCOMPARE(store_->run_phases(id)[0].first_step.value(), 1);
  }

  // The weights and the optimiser of a checkpoint, exactly: the fork goes on as the run did.
  void a_fork_goes_on_from_a_checkpoint_as_the_run_did() {
    const RunId id = add(4);
    HOLDFAST_ENDED(program_.run(call(id)), 0);
    const std::string from = store_->run(id)->folder + "/checkpoints/step-000000000006";
    QVERIFY(fs::exists(from));
    const RunId fork = add(4, "base", "", "[start]\ncheckpoint = \"" + from + "\"\nplace = \"keep\"\n");
    HOLDFAST_ENDED(program_.run(call(fork)), 0);
    const auto whole = store_->run_steps(id, 7), part = store_->run_steps(fork, 0);
    QCOMPARE(part.size(), std::size_t{2});
    for (std::size_t i = 0; i < part.size(); ++i) {
      QCOMPARE(part[i].step, whole[i].step);
      QCOMPARE(part[i].loss, whole[i].loss);
    }
    const RunId anew = add(4, "base", "", "[start]\ncheckpoint = \"" + from + "\"\noptimiser = \"reset\"\n");
    HOLDFAST_ENDED(program_.run(call(anew)), 0);
    QCOMPARE(losses(anew).size(), std::size_t{8});
    QVERIFY(losses(anew) != losses(id));
    const RunId lost = add(4, "base", "", "[start]\ncheckpoint = \"/no/such/step-000000000001\"\n");
    HOLDFAST_ENDED(program_.run(call(lost)), 1);
    QVERIFY(store_->run(lost)->message.find("start.checkpoint") != std::string::npos);
  }

  void several_ranks_train_one_run_of_the_store() {
    if (QStandardPaths::findExecutable("mpirun").isEmpty()) QSKIP("SKIPPED: mpirun is not installed (openmpi-bin)");
    const RunId one = add(4), two = add(4);
    HOLDFAST_ENDED(program_.run(call(one)), 0);
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("HOLDFAST_DATA_DIR", program_.data());
    process.setProcessEnvironment(environment);
    process.start("mpirun", QStringList{"--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-np", "2",
                                        HOLDFAST_PROGRAM} +
                                call(two));
    HOLDFAST_ENDED(Program::finish(process), 0);
    QVERIFY(store_->run(two)->state == RunState::finished);
    const std::vector<double> alone = losses(one), together = losses(two);
    QCOMPARE(together.size(), alone.size());
    QVERIFY(!alone.empty());
    for (std::size_t i = 0; i < alone.size(); ++i) QVERIFY(std::abs(alone[i] - together[i]) < 1e-3 * alone[i]);
    // A run that cannot be claimed ends all ranks.
    process.start("mpirun", QStringList{"--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-np", "2",
                                        HOLDFAST_PROGRAM} +
                                call(two));
    QVERIFY(Program::finish(process).code != 0);
  }

  void a_stop_keeps_a_model() {
    const RunId id = add(100000);
    QProcess process;
    program_.start(process, call(id));
    QTRY_VERIFY_WITH_TIMEOUT(store_->run(id)->step >= 1, 30000);
    store_->want_run(id, RunWish::stop);
    HOLDFAST_ENDED(Program::finish(process), 0);
    const RunRow row = store_->run(id).value();
    QVERIFY(row.state == RunState::stopped);
    const QString digits = QString::number(row.step).rightJustified(12, '0');
    QVERIFY(fs::exists(fs::path(row.folder) / "checkpoints" / ("step-" + digits.toStdString()) / "model/config.json"));
  }

  void what_goes_wrong_stands_in_the_store() {
    const RunId id = add(8, "nowhere");
    HOLDFAST_ENDED(program_.run(call(id)), 1);
    const RunRow row = store_->run(id).value();
    QVERIFY(row.state == RunState::failed);
    QVERIFY2(row.message.find("nowhere") != std::string::npos, row.message.c_str());
    HOLDFAST_ENDED(program_.run({"train", "--run", "999"}), 1);
    HOLDFAST_ENDED(program_.run({"train", "a.toml", "--run", "1"}), 2);
  }
};

QTEST_GUILESS_MAIN(RecordedTrainProgramTest)
#include "recorded_train_program_test.moc"
