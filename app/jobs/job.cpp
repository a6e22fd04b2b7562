#include "app/jobs/job.h"

#include <exception>
#include <new>
#include <utility>

namespace holdfast {

Job::Job(AtEnd at_end, QObject* parent)
    : QObject(parent), atEnd_(at_end), thread_([this](const std::stop_token& end) { run(end); }) {}

Job::~Job() {
  {
    const std::scoped_lock lock(mutex_);
    if (atEnd_ == AtEnd::drop) {
      waiting_.clear();
      running_.request_stop();
    }
    thread_.request_stop();
  }
  thread_.join();
}

void Job::post(Work work) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void Job::post_behind(Work work) {
  {
    const std::scoped_lock lock(mutex_);
    behind_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void Job::cancel() {
  const std::scoped_lock lock(mutex_);
  running_.request_stop();
}

bool Job::waits() {
  const std::scoped_lock lock(mutex_);
  return !waiting_.empty();
}

void Job::run(const std::stop_token& end) {
  for (;;) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, end, [this] { return !waiting_.empty() || !behind_.empty(); })) {
        return;  // asked to end, nothing waits
      }
      std::deque<Work>& next = waiting_.empty() ? behind_ : waiting_;
      work = std::move(next.front());
      next.pop_front();
      running_ = std::stop_source();
    }
    run_one(work);
  }
}

void Job::run_one(const Work& work) {
  const std::stop_token stop = running_.get_token();
  try {
    work(stop);
  } catch (const Cancelled&) {
  } catch (const std::bad_alloc&) {
    emit failed(tr("There is not enough memory for this."));
  } catch (const std::exception& error) {
    emit failed(QString::fromUtf8(error.what()));
  }
}

}  // namespace holdfast
