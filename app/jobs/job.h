// A thread with a queue of work. Whatever is thrown on it ends here, as a sentence for the person at the window.
#pragma once

#include <QObject>
#include <QString>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace holdfast {

// Thrown by a piece of work that leaves early because it was asked to: no failure.
struct Cancelled {};

class Job final : public QObject {  // final: the thread is joined before any member dies
  Q_OBJECT

 public:
  using Work = std::function<void(std::stop_token)>;  // captures by value; may throw

  enum class AtEnd { drop, finish };  // what becomes of work that still waits when the job goes

  explicit Job(AtEnd at_end = AtEnd::drop, QObject* parent = nullptr);
  // Asks what runs to stop (drop), or lets everything come to its end (finish), and joins: no work outlives its owner.
  ~Job() override;

  void post(Work work);         // pieces run one after another
  void post_behind(Work work);  // runs when nothing else waits, at the end too; waits() does not count it
  void cancel();                // asks the running piece to stop; those that wait still run
  [[nodiscard]] bool waits();   // is there work behind the running piece?

 signals:
  void failed(const QString& message);

 private:
  void run(const std::stop_token& end);
  void run_one(const Work& work);

  const AtEnd atEnd_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Work> waiting_;
  std::deque<Work> behind_;
  std::stop_source running_;
  std::jthread thread_;
};

}  // namespace holdfast
