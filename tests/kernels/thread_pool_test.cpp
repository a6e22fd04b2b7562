// Planted faults seen to fail here: no wake-up at the start of a run, or of the join by the last piece (the test hangs
// until its time is up); the error not cleared after it was thrown. A claim that does not check for pieces left is a
// race of nanoseconds: it was not seen to fail on a busy machine of two cores.
#include "kernels/cpu/thread_pool.h"

#include <QTest>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/error.h"

using holdfast::cpu::ThreadPool;

class ThreadPoolTest : public QObject {
  Q_OBJECT
 private slots:
  void every_piece_runs_exactly_once();
  void short_runs_one_after_another_never_mix();
  void sleeping_workers_wake_for_the_next_run();
  void a_join_sleeps_through_a_piece_that_is_held_for_long();
  void the_first_exception_reaches_the_caller_and_the_pool_goes_on();
  void zero_threads_means_the_cores_of_this_process();
  void impossible_thread_counts_are_refused();
};

void ThreadPoolTest::every_piece_runs_exactly_once() {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    QCOMPARE(pool.threads(), threads);
    for (const std::int64_t pieces : {0, 1, 2, 3, 7, 64, 1001}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(pieces));
      std::atomic<int> strange_threads{0};
      pool.run(pieces, [&](std::int64_t piece, int thread) {
        runs[static_cast<std::size_t>(piece)].fetch_add(1);
        if (thread < 0 || thread >= threads) strange_threads.fetch_add(1);
      });
      for (const auto& count : runs) QCOMPARE(count.load(), 1);
      QCOMPARE(strange_threads.load(), 0);
    }
  }
}

// Plain memory, written by the pieces and read by the caller: the join must also order memory. With fewer pieces than
// threads, each run is a race for the last piece.
void ThreadPoolTest::short_runs_one_after_another_never_mix() {
  for (const int threads : {2, 4}) {
    ThreadPool pool(threads);
    std::vector<std::int64_t> values(8, 0);
    std::atomic<int> strange_pieces{0};
    for (std::int64_t round = 1; round <= 40000; ++round) {
      const std::int64_t pieces = 2 + round % 3;
      pool.run(pieces, [&, round, pieces](std::int64_t piece, int) {
        if (piece < 0 || piece >= pieces) {
          strange_pieces.fetch_add(1);
        } else {
          values[static_cast<std::size_t>(piece)] += round;
        }
      });
      QCOMPARE(strange_pieces.load(), 0);
      for (std::int64_t i = 0; i < pieces; ++i) QCOMPARE(std::exchange(values[static_cast<std::size_t>(i)], 0), round);
    }
  }
}

void ThreadPoolTest::sleeping_workers_wake_for_the_next_run() {
  ThreadPool pool(2);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic<int> inside{0};
    // Each of the two pieces waits for the other, so both threads must take part.
    pool.run(2, [&](std::int64_t, int) {
      inside.fetch_add(1);
      while (inside.load() < 2) std::this_thread::yield();
    });
    QCOMPARE(inside.load(), 2);
  }
}

// A worker holds its piece for longer than the caller spins, so that the join has to sleep and be woken.
void ThreadPoolTest::a_join_sleeps_through_a_piece_that_is_held_for_long() {
  ThreadPool pool(2);
  for (int round = 0; round < 5; ++round) {
    std::atomic<bool> held{false};
    std::atomic<int> done{0};
    pool.run(2, [&](std::int64_t, int thread) {
      if (thread == 0) {
        while (!held.load()) std::this_thread::yield();
      } else {
        held.store(true);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      done.fetch_add(1);
    });
    QCOMPARE(done.load(), 2);
  }
}

void ThreadPoolTest::the_first_exception_reaches_the_caller_and_the_pool_goes_on() {
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 50; ++round) {
      bool caught = false;
      try {
        pool.run(40, [](std::int64_t piece, int) {
          if (piece % 7 == 3) throw std::runtime_error("piece");
        });
      } catch (const std::runtime_error& error) {
        caught = std::string(error.what()) == "piece";
      }
      QVERIFY(caught);
      std::atomic<int> done{0};
      pool.run(40, [&](std::int64_t, int) { done.fetch_add(1); });
      QCOMPARE(done.load(), 40);
    }
  }
}

void ThreadPoolTest::zero_threads_means_the_cores_of_this_process() {
  const ThreadPool pool(0);
  QVERIFY(pool.threads() >= 1);
  QVERIFY(pool.threads() <= static_cast<int>(std::thread::hardware_concurrency()));
}

void ThreadPoolTest::impossible_thread_counts_are_refused() {
  QVERIFY_THROWS_EXCEPTION(holdfast::ArgumentError, ThreadPool(-1));
  QVERIFY_THROWS_EXCEPTION(holdfast::ArgumentError, ThreadPool(1000000));
}

QTEST_GUILESS_MAIN(ThreadPoolTest)
#include "thread_pool_test.moc"
