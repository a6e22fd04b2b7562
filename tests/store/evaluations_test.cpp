// Evaluations in the store: what is asked, who answers, and what is kept of replies.
#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QTest>

#include "app/store/evaluation_store.h"
#include "app/store/store.h"
#include "kernels/error.h"

using namespace holdfast;
namespace fs = std::filesystem;

class EvaluationsTest : public QObject {
  Q_OBJECT

  [[nodiscard]] fs::path file() const { return fs::path(folder_->path().toStdString()) / "holdfast.db"; }
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<EvaluationStore> store_;

  EvaluationId add(const char* model = "mini") {
    const std::vector<EvaluationItem> items{
        {.problem = "1 + 1?", .expected = "2", .level = 1, .concepts = {"addition", "\"quoted\""}},
        {.problem = "2 + 2?", .expected = "4"}};
    return store_->add({.model = model, .suite = "two", .samples = 2, .seed = 9, .solve = true, .threads = 3}, items);
  }

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    store_ = std::make_unique<EvaluationStore>(file());
  }

  void what_is_asked_comes_back() {
    const EvaluationId id = add();
    const EvaluationRow row = EvaluationStore(file()).evaluation(id).value();
    QCOMPARE(row.model, std::string("mini"));
    QCOMPARE(row.samples, 2);
    QCOMPARE(row.seed, 9);
    QCOMPARE(row.temperature, 0.8);
    QVERIFY(row.solve);
    QCOMPARE(row.items, 2);
    QCOMPARE(row.done, 0);
    const auto items = store_->items(id);
    QCOMPARE(items[0].concepts, (std::vector<std::string>{"addition", "\"quoted\""}));
    QCOMPARE(items[0].level.value(), 1);
    QVERIFY(!items[1].level && !items[1].done);
  }

  void replies_are_kept_whole() {
    const EvaluationId id = add();
    EvaluationItem item = store_->items(id)[1];
    const std::string four("4");
    item.greedy = {"It is \\boxed{4}.", four, true};
    item.tokens = 7;
    item.samples = {{four, four, true}, {"no idea", {}, false}};
    item.majority = four;
    item.majority_right = true;
    store_->add_replies(id, {item}, 0.5, 20);
    const EvaluationRow row = store_->evaluation(id).value();
    QCOMPARE(row.done, 1);
    QCOMPARE(row.right, 1);
    QCOMPARE(row.tokens, 20);
    item.done = true;
    QVERIFY(EvaluationStore(file()).items(id)[1] == item);
    QVERIFY(!store_->items(id)[0].done);
  }

  void one_at_a_time_by_one_process() {
    const EvaluationId first = add();
    const EvaluationId second = add("other");
    QVERIFY(store_->next() == first);
    (void)store_->claim(first);
    QVERIFY(!store_->next());
    QVERIFY_EXCEPTION_THROWN((void)store_->claim(first), StoreError);
    QVERIFY_EXCEPTION_THROWN(store_->remove(first), StoreError);
    store_->want_stop(first);
    QVERIFY(store_->evaluation(first)->stop_wanted);
    store_->end(first, EvaluationState::stopped, "");
    QVERIFY(store_->next() == second);
    store_->want_stop(second);  // it only waits
    QVERIFY(store_->evaluation(second)->state == EvaluationState::stopped);
    QVERIFY_EXCEPTION_THROWN((void)store_->claim(second), StoreError);
    store_->queue(second);
    QVERIFY(!store_->evaluation(second)->stop_wanted);
    (void)store_->claim(second);
    store_->end(second, EvaluationState::finished, "");
    QVERIFY_EXCEPTION_THROWN(store_->queue(second), StoreError);
    store_->remove(first);
    QVERIFY(store_->items(first).empty());
  }

  void one_whose_process_died_is_interrupted() {
    const EvaluationId id = add();
    const pid_t pid = fork();
    if (pid == 0) {
      try {
        (void)EvaluationStore(file()).claim(id);
      } catch (const std::exception&) {
        _exit(1);
      }
      _exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    QCOMPARE(status, 0);
    QVERIFY(store_->evaluation(id)->state == EvaluationState::running);
    store_->recover();
    QVERIFY(store_->evaluation(id)->state == EvaluationState::interrupted);
  }
};

QTEST_GUILESS_MAIN(EvaluationsTest)
#include "evaluations_test.moc"
