#include "app/services/train_service.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <system_error>
#include <utility>

#include "app/files/paths.h"
#include "app/services/worker_process.h"
#include "engine/atomic_file.h"
#include "kernels/error.h"
#include "training/recipe.h"
#include "training/recipe_text.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;
constexpr qint64 train_refused_bytes = qint64{4} << 20;  // of a list of refused rows, at one look
constexpr std::ptrdiff_t train_refused_listed = 1000;

// What the run's list of refused rows has beyond what is known of it.
void read_refused(const fs::path& folder, RunDetail& detail) {
  QFile file(QString::fromStdString((folder / "refused_rows.jsonl").string()));
  if (!file.open(QIODevice::ReadOnly)) return;
  if (file.size() < detail.refusedRead) detail.refused.clear(), detail.refusedCount = 0, detail.refusedRead = 0;
  file.seek(detail.refusedRead);
  const QByteArray text = file.read(train_refused_bytes);
  const qsizetype end = text.lastIndexOf('\n') + 1;  // half a line is still being written
  for (const QByteArray& line : text.first(end).split('\n')) {
    if (line.isEmpty()) continue;
    ++detail.refusedCount;
    if (std::ssize(detail.refused) >= train_refused_listed) continue;
    const QJsonObject row = QJsonDocument::fromJson(line).object();
    detail.refused.push_back({row[QLatin1String("place")].toString(), row[QLatin1String("reason")].toString()});
  }
  detail.refusedRead += end;
}

// The file is replaced as a whole, so it is either there or not.
void read_cases(const fs::path& folder, RunDetail& detail) {
  QFile file(QString::fromStdString((folder / "validation_cases.json").string()));
  if (!file.open(QIODevice::ReadOnly) || file.size() > train_refused_bytes) return;
  const QJsonObject all = QJsonDocument::fromJson(file.readAll()).object();
  const qint64 step = all[QLatin1String("step")].toInteger(-1);
  if (step == detail.casesStep) return;
  detail.casesStep = step;
  detail.cases.clear();
  for (const bool worst : {true, false}) {
    for (const QJsonValue& value : all[worst ? QLatin1String("worst") : QLatin1String("best")].toArray()) {
      const QJsonObject row = value.toObject();
      detail.cases.push_back({row[QLatin1String("prompt")].toString(), row[QLatin1String("reply")].toString(),
                              row[QLatin1String("loss")].toDouble(), worst});
    }
  }
}

// A recipe with whole paths, so that it means the same from any folder.
Recipe whole_recipe(const QString& text, const QString& file) {
  const Recipe recipe = Recipe::parse(text.toStdString(), file.toStdString());
  for (const Phase& phase : recipe.phases) {
    for (const RecipeData& data : phase.data) {
      if (!data.file.empty() && !fs::exists(data.file)) throw IoError(data.file.string() + ": is not there");
      if (!data.rows_of.empty()) {
        throw FormatError("source = \"" + data.rows_of + "\": known to the program that hands it over alone, want a " +
                          "file or a generator");
      }
    }
  }
  return recipe;
}

TrainEstimate parse_estimate(const QByteArray& json) {
  const QJsonObject object = QJsonDocument::fromJson(json).object();
  if (!object.contains(QLatin1String("memory_bytes"))) throw FormatError("the estimate cannot be read");
  TrainEstimate estimate;
  estimate.bytes = object[QLatin1String("memory_bytes")].toDouble();
  estimate.trained = object[QLatin1String("trained_numbers")].toDouble();
  estimate.tokensPerSecond = object[QLatin1String("tokens_per_second")].toDouble();
  for (const QJsonValue& value : object[QLatin1String("memory")].toArray()) {
    const QJsonObject part = value.toObject();
    estimate.memory.push_back({part[QLatin1String("name")].toString(), part[QLatin1String("reason")].toString(),
                               part[QLatin1String("bytes")].toDouble()});
  }
  for (const QJsonValue& value : object[QLatin1String("phases")].toArray()) {
    const QJsonObject part = value.toObject();
    estimate.phases.push_back({part[QLatin1String("name")].toString(), part[QLatin1String("steps")].toInteger(),
                               part[QLatin1String("tokens")].toDouble(), part[QLatin1String("seconds")].toDouble(),
                               part[QLatin1String("filled")].toDouble()});
    estimate.seconds += estimate.phases.back().seconds;
  }
  estimate.badRows = object[QLatin1String("bad_row_count")].toInteger();
  const QJsonArray bad = object[QLatin1String("bad_rows")].toArray();
  if (!bad.isEmpty()) {
    const QJsonObject row = bad.first().toObject();
    estimate.firstBadRow =
        row[QLatin1String("place")].toString() + QStringLiteral(": ") + row[QLatin1String("reason")].toString();
  }
  return estimate;
}

}  // namespace

TrainService::TrainService(const fs::path& dataDir, QObject* parent)
    : QObject(parent),
      dataDir_(dataDir),
      store_([this] { return std::make_unique<Store>(dataDir_ / "holdfast.db", StoreOptions{.check = false}); },
             [this](Store& store) { return look(store); }) {
  connect(&store_.job(), &Job::failed, this, &TrainService::failed);
}

TrainService::~TrainService() { cancelEstimate(); }

void TrainService::start() { store_.start(); }

bool TrainService::look(Store& store) {
  store.recover_runs();
  launchNext(store);
  std::vector<RunRow> runs = store.runs();
  tellDetail(store, runs);
  const bool active = std::ranges::any_of(
      runs, [](const RunRow& row) { return row.state == RunState::running || row.state == RunState::waiting; });
  if (told_ && runs == known_) return active;
  const auto ended = [](const std::vector<RunRow>& list) {
    return std::ranges::count_if(
        list, [](const RunRow& row) { return row.state != RunState::waiting && row.state != RunState::running; });
  };
  const bool made = told_ && (ended(runs) != ended(known_) || runs.size() != known_.size());
  known_ = std::move(runs);
  told_ = true;
  emit runsChanged(known_);
  if (made) emit madeSomething();
  return active;
}

void TrainService::tellDetail(Store& store, const std::vector<RunRow>& runs) {
  const auto row = std::ranges::find(runs, watched_, &RunRow::id);
  if (!watched_ || row == runs.end()) return;
  const bool known = detail_ && detail_->row.id == watched_ && detail_->row.cuts == row->cuts;
  const RunDetail empty;
  const RunDetail& before = known ? *detail_ : empty;
  // The last step again: its evaluation may have come since.
  const std::vector<RunStepRow> steps = store.run_steps(watched_, before.steps.empty() ? 0 : before.steps.back().step);
  const auto samples = store.run_samples(watched_, before.samples.empty() ? 0 : before.samples.back().id);
  const auto events = store.run_events(watched_, before.events.empty() ? 0 : before.events.back().id);
  const bool same_steps =
      known && (steps.empty() ? before.steps.empty()
                              : steps.size() == 1 && !before.steps.empty() && steps.front() == before.steps.back());
  auto detail = std::make_shared<RunDetail>(before);
  read_refused(row->folder, *detail);
  read_cases(row->folder, *detail);
  if (same_steps && samples.empty() && events.empty() && before.row == *row &&
      detail->refusedRead == before.refusedRead && detail->casesStep == before.casesStep) {
    return;
  }
  detail->row = *row;
  detail->phases = store.run_phases(watched_);
  if (!steps.empty() && !detail->steps.empty()) detail->steps.pop_back();
  detail->steps.insert(detail->steps.end(), steps.begin(), steps.end());
  detail->samples.insert(detail->samples.end(), samples.begin(), samples.end());
  detail->events.insert(detail->events.end(), events.begin(), events.end());
  detail->files = products_of_run(row->folder);
  detail_ = detail;
  emit detailChanged(detail_);
}

void TrainService::launchNext(Store& store) {
  line_.launchNext({.next = [&] { return store.next_run(); },
                    .waits =
                        [&](RunId id) {
                          const std::optional<RunRow> row = store.run(id);
                          return row && row->state == RunState::waiting;
                        },
                    .order =
                        [&](RunId id) {
                          return WorkerOrder{{QStringLiteral("train"), QStringLiteral("--run"),
                                              QString::number(id.value), QStringLiteral("--data-dir"),
                                              QString::fromStdString(dataDir_.string())},
                                             fs::path(store.run(id).value().folder) / "trainer.log"};
                        },
                    .fail = [&](RunId id, const std::string& why) { store.fail_waiting_run(id, why); }},
                   tr("The trainer ended at once."));
}

void TrainService::watch(RunId run) {
  store_.post([this, run](Store&) {
    watched_ = run;
    detail_.reset();
  });
}

void TrainService::create(const QString& recipe, const QString& recipeFile, const QString& device, int threads) {
  store_.post([=, this](Store& store) {
    try {
      const Recipe read = whole_recipe(recipe, recipeFile);
      if (!read.shape) (void)resolve_model(read.base, dataDir_);
      RunRow row{.name = read.name,
                 .recipe = recipe.toStdString(),
                 .recipe_file = recipeFile.toStdString(),
                 .base = read.shape ? "new" : read.base,
                 .folder = (dataDir_ / "runs").string(),
                 .device = device.toStdString(),
                 .threads = threads};
      std::vector<std::string> phases;
      for (const Phase& phase : read.phases) phases.push_back(phase.name);
      emit created(store.add_run(row, phases).id);
    } catch (const StoreError&) {
      throw;
    } catch (const Error& error) {
      emit refused(QString::fromUtf8(error.what()));
    }
  });
}

QString TrainService::commandOf(RunId run) const {
  const std::optional<fs::path> program = program_beside("holdfast");
  return QStringLiteral("%1 train --run %2 --resume --data-dir %3")
      .arg(shell_word(program ? QString::fromStdString(program->string()) : QStringLiteral("holdfast")))
      .arg(run.value)
      .arg(shell_word(QString::fromStdString(dataDir_.string())));
}

void TrainService::pause(RunId run) {
  store_.post([run](Store& store) { store.want_run(run, RunWish::pause); });
}
void TrainService::stop(RunId run) {
  store_.post([run](Store& store) { store.want_run(run, RunWish::stop); });
}
void TrainService::resume(RunId run) {
  store_.post([run](Store& store) { store.queue_run(run); });
}
void TrainService::rename(RunId run, const QString& name) {
  store_.post([run, name](Store& store) { store.rename_run(run, name.toStdString()); });
}

void TrainService::remove(RunId run) {
  store_.post([this, run](Store& store) {
    const std::optional<RunRow> row = store.run(run);
    if (!row) return;
    store.remove_run(run);
    // Only what this program made, by its number below the folder of runs.
    if (fs::path(row->folder) == dataDir_ / "runs" / std::to_string(run.value)) fs::remove_all(row->folder);
  });
}

// In a process of its own: what does not fit into the memory must not take the window along.
void TrainService::estimate(const QString& recipe, const QString& recipeFile, const QString& device, int threads) {
  cancelEstimate();
  try {
    const fs::path file = dataDir_ / "runs" / "estimate.toml";
    fs::create_directories(file.parent_path());
    write_file_atomically(file, recipe_text(whole_recipe(recipe, recipeFile)));
    QStringList arguments{QStringLiteral("train"),      QString::fromStdString(file.string()),
                          QStringLiteral("--dry-run"),  QStringLiteral("--json"),
                          QStringLiteral("--device"),   device,
                          QStringLiteral("--threads"),  QString::number(threads),
                          QStringLiteral("--data-dir"), QString::fromStdString(dataDir_.string())};
    estimating_ = std::make_unique<QProcess>();
    connect(estimating_.get(), &QProcess::finished, this, &TrainService::endEstimate);
    connect(estimating_.get(), &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
      if (error == QProcess::FailedToStart) endEstimate();
    });
    estimating_->start(worker_program(), arguments);
  } catch (const std::exception& error) {
    estimating_.reset();
    emit estimateFailed(QString::fromUtf8(error.what()));
  }
}

void TrainService::endEstimate() {
  if (!estimating_) return;
  QProcess* process = estimating_.release();
  process->deleteLater();
  const bool fine = process->exitStatus() == QProcess::NormalExit && process->exitCode() == 0;
  try {
    if (fine) return emit estimated(parse_estimate(process->readAllStandardOutput()));
    const QString said = last_words(process->readAllStandardError());
    emit estimateFailed(said.isEmpty() ? tr("The estimate ended without a result: there may not be enough memory.")
                                       : said);
  } catch (const std::exception& error) {
    emit estimateFailed(QString::fromUtf8(error.what()));
  }
}

void TrainService::cancelEstimate() {
  if (!estimating_) return;
  estimating_->disconnect(this);
  estimating_->kill();
  estimating_->waitForFinished(1000);
  estimating_.reset();
  emit estimateFailed({});
}

void TrainService::addDataset(int phase, const QString& file) { emit datasetAdded(phase, file); }

}  // namespace holdfast
