// `holdfast train --run`: a run of the store as a process of its own, paused, killed and resumed from outside.
//
// Planted fault seen caught: a stop that ends as a pause.
#include <signal.h>

#include <QTest>
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

  RunId add(int steps, const std::string& model = "base") {
    const std::string recipe =
        "seed = 1\n[model]\nbase = \"" + model +
        "\"\ntemplate = \"chatml\"\n[train]\nmicro_batch_tokens = 512\n[[phase]]\nname = \"one\"\n"
        "sequence_length = 128\nbatch_tokens = 512\nsteps = 4\nlearning_rate = 1e-2\n"
        "[[phase.data]]\nfile = \"rows.jsonl\"\nhold_out = 5\n[[phase]]\nname = \"two\"\nsequence_length = 128\n"
        "batch_tokens = 512\nsteps = " +
        std::to_string(steps) +
        "\nlearning_rate = 1e-2\n[[phase.data]]\nfile = \"rows.jsonl\"\n[evaluation]\nevery = 3\n"
        "[samples]\nevery = 5\nprompts = [\"7\"]\nmax_tokens = 4\n[checkpoints]\nevery = 2\ndtype = \"f32\"\n";
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
