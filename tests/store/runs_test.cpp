// Training runs in the store: what a person wants, who trains, and the figures.
//
// Seen failing: a claim of a run that was stopped while it waited; a dead process' run that stays running; steps beyond
// a cut that stay.
#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QTest>
#include <cmath>

#include "app/store/store.h"
#include "kernels/error.h"

using namespace holdfast;
namespace fs = std::filesystem;

class RunsTest : public QObject {
  Q_OBJECT

  [[nodiscard]] fs::path file() const { return fs::path(folder_->path().toStdString()) / "holdfast.db"; }
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Store> store_;

  RunId add(const char* name = "a") {
    const std::vector<std::string> phases{"first", "second"};
    return store_
        ->add_run({.name = name,
                   .recipe = "[model]",
                   .recipe_file = "/r/recipe.toml",
                   .base = "mini",
                   .folder = "/data/runs",
                   .device = "cuda",
                   .threads = 3},
                  phases)
        .id;
  }
  [[nodiscard]] RunState state(RunId id) const { return store_->run(id)->state; }
  // A process that claims the run and dies without a word.
  void claim_and_die(RunId id) const {
    const pid_t pid = fork();
    if (pid == 0) {
      try {
        (void)Store(file()).claim_run(id);
      } catch (const std::exception&) {
        _exit(1);
      }
      _exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    QCOMPARE(status, 0);
  }

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    store_ = std::make_unique<Store>(file());
  }

  void a_run_comes_back_as_it_was_written() {
    const RunId id = add("mini in two phases");
    const RunRow row = Store(file()).run(id).value();
    QCOMPARE(row.name, std::string("mini in two phases"));
    QCOMPARE(row.recipe, std::string("[model]"));
    QCOMPARE(row.recipe_file, std::string("/r/recipe.toml"));
    QCOMPARE(row.folder, "/data/runs/" + std::to_string(id.value));
    QCOMPARE(row.device, std::string("cuda"));
    QCOMPARE(row.threads, 3);
    QVERIFY(row.state == RunState::waiting && row.wanted == RunWish::run);
    QVERIFY(row.process.empty());
    const std::vector<RunPhaseRow> phases = store_->run_phases(id);
    QCOMPARE(phases.size(), std::size_t{2});
    QCOMPARE(phases[1].name, std::string("second"));
    QVERIFY(!phases[1].first_step);
  }

  void one_run_at_a_time_in_the_order_of_waiting() {
    const RunId first = add("first");
    const RunId second = add("second");
    QVERIFY(store_->next_run() == first);
    (void)store_->claim_run(first);
    QVERIFY(!store_->next_run());
    store_->end_run(first, RunState::finished, "", "/data/runs/1/model");
    QVERIFY(store_->next_run() == second);
    QCOMPARE(store_->run(first)->result, std::string("/data/runs/1/model"));
    QVERIFY_EXCEPTION_THROWN(store_->queue_run(first), StoreError);
  }

  void a_run_is_claimed_once() {
    const RunId id = add();
    QVERIFY(store_->claim_run(id).state == RunState::running);
    QVERIFY_EXCEPTION_THROWN((void)store_->claim_run(id), StoreError);
    QVERIFY_EXCEPTION_THROWN((void)store_->claim_run({99}), StoreError);
    QVERIFY_EXCEPTION_THROWN(store_->remove_run(id), StoreError);
  }

  void what_a_person_wants_reaches_the_trainer() {
    const RunId id = add();
    (void)store_->claim_run(id);
    Store(file()).want_run(id, RunWish::pause);
    QVERIFY(store_->run(id)->wanted == RunWish::pause);
    QVERIFY(state(id) == RunState::running);
    store_->end_run(id, RunState::paused, "", "");
    store_->queue_run(id);
    QVERIFY(state(id) == RunState::waiting);
    QVERIFY(store_->run(id)->wanted == RunWish::run);
  }

  void a_run_that_waits_is_stopped_at_once_and_not_claimed() {
    const RunId id = add();
    store_->want_run(id, RunWish::stop);
    QVERIFY(state(id) == RunState::stopped);
    QVERIFY_EXCEPTION_THROWN((void)store_->claim_run(id), StoreError);
    QVERIFY(!store_->next_run());
    store_->remove_run(id);
    QVERIFY(!store_->run(id));
  }

  void a_run_whose_process_died_is_interrupted() {
    const RunId dead = add();
    claim_and_die(dead);
    QVERIFY(state(dead) == RunState::running);
    const RunId living = add();
    (void)store_->claim_run(living);
    const std::vector<RunId> found = store_->recover_runs();
    QCOMPARE(found.size(), std::size_t{1});
    QVERIFY(found[0] == dead);
    QVERIFY(state(dead) == RunState::interrupted);
    QVERIFY(state(living) == RunState::running);
    QVERIFY(can_go_on(state(dead)));
    store_->queue_run(dead);
    QVERIFY(state(dead) == RunState::waiting);
  }

  void steps_come_in_bunches_and_keep_what_came_later() {
    const RunId id = add();
    store_->add_run_progress(id, {.steps = {{.step = 1, .phase = 0, .loss = 2.5, .learning_rate = 1e-3},
                                            {.step = 2, .phase = 0, .loss = std::nan(""), .refused = "loss"}},
                                  .done = 0.25,
                                  .seconds_left = 9.0,
                                  .memory = 1000});
    store_->add_run_progress(id, {.steps = {{.step = 2, .phase = 0, .validation = 1.5, .right = 0.5}}, .done = 0.25});
    store_->add_run_progress(id, {.steps = {{.step = 3, .phase = 1, .loss = 1.0}}, .done = 0.6});
    const std::vector<RunStepRow> steps = Store(file()).run_steps(id, 2);
    QCOMPARE(steps.size(), std::size_t{2});
    QVERIFY(!steps[0].loss);
    QCOMPARE(steps[0].refused, std::string("loss"));
    QCOMPARE(steps[0].validation.value(), 1.5);
    QCOMPARE(steps[0].right.value(), 0.5);
    QCOMPARE(store_->run_steps(id, 0)[0].learning_rate.value(), 1e-3);
    const RunRow row = store_->run(id).value();
    QCOMPARE(row.step, 3);
    QCOMPARE(row.done, 0.6);
    QVERIFY(!row.seconds_left);
    QCOMPARE(store_->run_phases(id)[0].first_step.value(), 1);
    QCOMPARE(store_->run_phases(id)[1].first_step.value(), 3);
  }

  void steps_that_are_taken_back_are_gone() {
    const RunId id = add();
    store_->add_run_progress(id, {.steps = {{.step = 1, .phase = 0, .loss = 3.0},
                                            {.step = 2, .phase = 0, .loss = 2.0},
                                            {.step = 3, .phase = 1, .loss = 1.0}}});
    store_->add_run_sample(id, {0, 1, "p", "kept"});
    store_->add_run_sample(id, {0, 3, "p", "gone"});
    store_->cut_run_after(id, 2);
    QCOMPARE(store_->run_steps(id, 0).size(), std::size_t{2});
    QCOMPARE(store_->run_samples(id, 0).size(), std::size_t{1});
    QCOMPARE(store_->run_samples(id, 0)[0].text, std::string("kept"));
    QVERIFY(!store_->run_phases(id)[1].first_step);
    QCOMPARE(store_->run(id)->cuts, 1);
    QCOMPARE(store_->run(id)->step, 2);
  }

  void the_log_is_read_from_where_one_was() {
    const RunId id = add();
    store_->add_run_event(id, "one");
    store_->add_run_event(id, "two");
    const auto all = store_->run_events(id, 0);
    QCOMPARE(all.size(), std::size_t{2});
    QCOMPARE(store_->run_events(id, all[0].id).size(), std::size_t{1});
    store_->remove_run(id);
    QVERIFY(store_->run_events(id, 0).empty());
  }
};

QTEST_GUILESS_MAIN(RunsTest)
#include "runs_test.moc"
