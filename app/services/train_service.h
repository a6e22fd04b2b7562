// Training for the window: commands in, signals out. Runs are processes of their own (`holdfast train --run`) that this
// starts and that outlive it; everything that is known of one is in the store, which is looked at a few times a second.
#pragma once

#include <QObject>
#include <QProcess>
#include <QString>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/files/run_products.h"
#include "app/services/polled_store.h"
#include "app/store/store.h"

namespace holdfast {

// A row of the data that could not be used.
struct RefusedRow {
  QString place, reason;  // "rows.jsonl:17"
};

// A row that the last evaluation found among the worst or the best predicted.
struct ValidationCase {
  QString prompt, reply;
  double loss = 0.0;
  bool worst = false;
};

// All that is shown of one run; immutable.
struct RunDetail {
  RunRow row;
  std::vector<RunPhaseRow> phases;
  std::vector<RunStepRow> steps;
  std::vector<RunSampleRow> samples;
  std::vector<RunEventRow> events;
  std::vector<RefusedRow> refused;  // the first of them
  qint64 refusedCount = 0;
  qint64 refusedRead = 0;         // bytes of the run's list that this is made of
  std::vector<ValidationCase> cases;  // the worst first, then the best first
  qint64 casesStep = -1;              // of the evaluation they are of; -1: there was none
  std::vector<RunProduct> files;  // the result, then checkpoints, the newest first
};

// What a run would take (`holdfast train --dry-run`).
struct TrainEstimate {
  struct Part {
    QString name, reason;
    double bytes = 0.0;
  };
  struct PhasePart {
    QString name;
    qint64 steps = 0;
    double tokens = 0.0, seconds = 0.0, filled = 0.0;
  };
  double bytes = 0.0, trained = 0.0, tokensPerSecond = 0.0, seconds = 0.0;
  std::vector<Part> memory;
  std::vector<PhasePart> phases;
  qint64 badRows = 0;
  QString firstBadRow;
};

class TrainService : public QObject {
  Q_OBJECT

 public:
  explicit TrainService(const std::filesystem::path& dataDir, QObject* parent = nullptr);
  ~TrainService() override;

  void start();           // the store is open: runs that are there are found, and those that wait get their turn
  void watch(RunId run);  // whose figures are told from now on; none: of no run

  // A recipe as a new run that waits for its turn: created(), or refused() with the recipe's fault.
  void create(const QString& recipe, const QString& recipeFile, const QString& device, int threads);
  void pause(RunId run);
  void stop(RunId run);
  void resume(RunId run);
  void rename(RunId run, const QString& name);
  void remove(RunId run);  // with its folder

  // What a terminal is given to let a run go on that is not being trained.
  [[nodiscard]] QString commandOf(RunId run) const;

  void estimate(const QString& recipe, const QString& recipeFile, const QString& device, int threads);
  void cancelEstimate();

  // A file of rows becomes part of a phase (from 1) of the recipe that is being written: the Train workspace takes it.
  void addDataset(int phase, const QString& file);

  [[nodiscard]] const std::filesystem::path& dataDir() const { return dataDir_; }

 signals:
  void runsChanged(const std::vector<holdfast::RunRow>& runs);
  void detailChanged(std::shared_ptr<const holdfast::RunDetail> detail);
  void created(holdfast::RunId run);
  void madeSomething();  // a run ended or went away: there may be other models than before
  void refused(const QString& message);
  void estimated(const holdfast::TrainEstimate& estimate);
  void estimateFailed(const QString& message);  // empty: cancelled
  void datasetAdded(int phase, const QString& file);
  void failed(const QString& message);

 private:
  bool look(Store& store);
  void tellDetail(Store& store, const std::vector<RunRow>& runs);
  void launchNext(Store& store);
  void endEstimate();

  const std::filesystem::path dataDir_;
  std::unique_ptr<QProcess> estimating_;

  // Of the store's thread alone.
  std::vector<RunRow> known_;
  bool told_ = false;
  RunId watched_{};
  std::shared_ptr<const RunDetail> detail_;
  WorkerLine<RunId> line_;

  PolledStore<Store> store_;  // last: its thread has ended when the rest goes
};

}  // namespace holdfast
