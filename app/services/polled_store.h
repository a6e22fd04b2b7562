// A store that processes of their own write to, looked at on a thread: a few times a second while something goes on in
// it, seldom else, since another program may begin something. And the processes that it names, started one after another.
#pragma once

#include <QStringList>
#include <QTimer>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "app/jobs/job.h"
#include "app/services/worker_process.h"
#include "app/store/store.h"

namespace holdfast {

template <class Opened>
class PolledStore {
 public:
  // Both are called on the thread. `take` takes in what there is and says whether something goes on.
  PolledStore(std::function<std::unique_ptr<Opened>()> open, std::function<bool(Opened&)> take)
      : open_(std::move(open)), take_(std::move(take)) {
    QObject::connect(&timer_, &QTimer::timeout, &timer_, [this] { look(); });
  }

  void start() {
    timer_.start(often);
    look();
  }

  void post(std::function<void(Opened&)> work) {  // then looks at once
    job_.post([this, work = std::move(work)](const std::stop_token&) {
      bool active = true;
      const auto after = [this, &active] {
        QMetaObject::invokeMethod(
            &timer_,
            [this, active] {
              looking_ = false;
              if (timer_.isActive()) timer_.setInterval(active ? often : seldom);
            },
            Qt::QueuedConnection);
      };
      try {
        if (!store_) store_ = open_();
        work(*store_);
        active = take_(*store_);
      } catch (...) {
        after();
        throw;
      }
      after();
    });
  }

  [[nodiscard]] const Job& job() const { return job_; }  // failed()

 private:
  static constexpr int often = 300, seldom = 2000;  // milliseconds

  void look() {
    if (std::exchange(looking_, true)) return;  // a store that is slow is not asked twice
    post([](Opened&) {});
  }

  std::function<std::unique_ptr<Opened>()> open_;
  std::function<bool(Opened&)> take_;
  QTimer timer_;
  bool looking_ = false;
  std::unique_ptr<Opened> store_;  // of the job alone
  Job job_;                        // last: its thread has ended when the rest goes
};

// What a row of such a store needs to become a process.
struct WorkerOrder {
  QStringList arguments;
  std::filesystem::path log;
};

// The process says in the store that it has begun; of one that dies before that, the last words of its log are kept.
template <class Id>
class WorkerLine {
 public:
  struct Line {
    std::function<std::optional<Id>()> next;
    std::function<bool(Id)> waits;  // has not said that it has begun
    std::function<WorkerOrder(Id)> order;
    std::function<void(Id, const std::string&)> fail;
  };

  void launchNext(const Line& line, const QString& endedAtOnce) {
    if (launched_) {
      if (line.waits(*launched_)) {
        if (process_lives(mark_)) return;
        const QString said = last_words(log_);
        line.fail(*launched_, (said.isEmpty() ? endedAtOnce : said).toStdString());
      }
      launched_.reset();
    }
    const std::optional<Id> next = line.next();
    if (!next) return;
    try {
      const WorkerOrder order = line.order(*next);
      log_ = order.log;
      mark_ = start_worker(order.arguments, log_);
      launched_ = next;
    } catch (const std::exception& error) {
      line.fail(*next, error.what());
    }
  }

 private:
  std::optional<Id> launched_;
  std::string mark_;
  std::filesystem::path log_;
};

}  // namespace holdfast
