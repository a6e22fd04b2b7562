#include "app/services/model_service.h"

#include <QCryptographicHash>
#include <QFile>
#include <QFileInfo>
#include <algorithm>
#include <utility>

#include "app/files/paths.h"
#include "engine/checkpoint.h"
#include "kernels/cpu/ceiling.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/error.h"
#include "training/trained_model.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr qint64 hashed_piece = qint64{1} << 20;

FindModel finder(const fs::path& data) {
  return [data](const std::string& name) { return resolve_model(name, data); };
}

ModelEntry look_at(const CatalogueEntry& where, const fs::path& data) {
  ModelEntry entry{.where = where, .facts = {}, .fault = {}, .trainedOn = {}, .card = {}, .extras = {}};
  try {
    const fs::path base = base_below(where.path, finder(data));
    if (base != where.path) entry.trainedOn = QString::fromStdString(base.string());
    const auto checkpoint = Checkpoint::open(base);
    entry.facts = std::make_shared<const ModelFacts>(model_facts(*checkpoint));
  } catch (const std::exception& error) {
    entry.fault = where.there
                      ? QString::fromUtf8(error.what())
                      : ModelService::tr("Its files are gone: %1").arg(QString::fromStdString(where.target.string()));
  }
  entry.card = model_card(where.path);
  entry.extras = model_extras(where, data);
  entry.bytesOnDisk = static_cast<qint64>(bytes_on_disk(where.path));
  return entry;
}

// The files that hold weights.
std::vector<fs::path> weight_files(const fs::path& model) {
  std::error_code error;
  if (!fs::is_directory(model, error)) return {model};
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(model, error), end; !error && entry != end; entry.increment(error)) {
    const std::string ending = entry->path().extension().string();
    if (ending == ".safetensors" || ending == ".bin" || ending == ".gguf") files.push_back(entry->path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

ModelService::ModelService(const fs::path& dataDir, int threads, QObject* parent)
    : QObject(parent), dataDir_(dataDir), threads_(threads) {
  for (Job* job : {&list_, &work_, &network_}) connect(job, &Job::failed, this, &ModelService::failed);
}

ModelService::~ModelService() {
  work_.cancel();
  network_.cancel();
}

// On the list's thread.
void ModelService::list() {
  std::vector<ModelEntry> models;
  for (const CatalogueEntry& entry : catalogue(dataDir_)) models.push_back(look_at(entry, dataDir_));
  emit modelsChanged(models);
  emit unfinishedChanged(HubDownload::unfinished(dataDir_ / "models"));
}

void ModelService::refresh() {
  list_.post([this](const std::stop_token&) { list(); });
}

void ModelService::measureSpeed() {
  if (std::exchange(measured_, true)) return;
  list_.post([this](const std::stop_token&) {
    cpu::ThreadPool pool(threads_);
    emit speedMeasured(cpu::measure_ceiling(pool).read_bytes);
  });
}

void ModelService::add(const QStringList& paths) {
  list_.post([this, paths](const std::stop_token&) {
    QStringList names;
    QString fault;
    for (const QString& path : paths) {
      try {
        for (const CatalogueEntry& entry : add_models(dataDir_, path.toStdString())) {
          names << QString::fromStdString(entry.name);
        }
      } catch (const std::exception& error) {
        if (fault.isEmpty()) fault = QString::fromUtf8(error.what());
      }
    }
    list();
    if (!names.isEmpty()) emit added(names);
    if (!fault.isEmpty()) emit failed(fault);
  });
}

void ModelService::rename(const CatalogueEntry& entry, const QString& name) {
  list_.post([this, entry, name](const std::stop_token&) {
    rename_model(dataDir_, entry, name.toStdString());
    list();
    emit renamed(QString::fromStdString(entry.name), name);
  });
}

void ModelService::remove(const CatalogueEntry& entry) {
  list_.post([this, entry](const std::stop_token&) {
    remove_model(dataDir_, entry);
    list();
  });
}

// One after another; workEnded() comes whatever became of it.
template <class Work>
void ModelService::postWork(const QString& what, Work work) {
  ++working_;
  work_.post([this, what, work = std::move(work)](const std::stop_token& stop) {
    const auto ended = [this] {
      onWindow([this] {
        --working_;
        emit workEnded();
      });
    };
    onWindow([this, what] { emit workStarted(what); });
    try {
      work(stop);
    } catch (...) {
      ended();
      throw;
    }
    ended();
  });
}

void ModelService::stopWork() { work_.cancel(); }

void ModelService::convertNow(const ModelConversion& conversion, const std::stop_token& stop) {
  const OpenedModel opened = open_model(conversion.source.toStdString(), finder(dataDir_));
  if (opened.begin) throw FormatError(conversion.source.toStdString() + ": a state, want a model to convert");
  const std::shared_ptr<const Checkpoint>& in = opened.checkpoint;
  const fs::path out =
      new_model_path(dataDir_, conversion.name.toStdString(), conversion.to == CheckpointLayout::gguf ? ".gguf" : "");
  fs::create_directories(out.parent_path());
  double told = 0.0;
  holdfast::convert(*in, out, {.to = conversion.to, .dtype = conversion.dtype, .progress = [&](double done) {
                                 if (stop.stop_requested()) throw Cancelled{};  // what was written aside is removed
                                 if (done - told < 0.002 && done < 1.0) return;
                                 told = done;
                                 onWindow([this, done] { emit workProgressed(done); });
                               }});
  (void)Checkpoint::open(out);  // what was written can be read
}

void ModelService::convert(const ModelConversion& conversion) {
  postWork(tr("Converting to %1").arg(conversion.name), [this, conversion](const std::stop_token& stop) {
    convertNow(conversion, stop);
    refresh();
    onWindow([this, name = conversion.name] { emit converted(name); });
  });
}

// The engine's fingerprint, then the SHA-256 of each file of weights, which a hub shows too.
void ModelService::hashNow(const QString& path, const std::stop_token& stop) {
  const auto checkpoint = open_model(path.toStdString(), finder(dataDir_)).checkpoint;
  const auto tell = [&](double done) {
    if (stop.stop_requested()) throw Cancelled{};
    onWindow([this, done] { emit workProgressed(done); });
  };
  QString text =
      tr("Fingerprint of the weights: %1").arg(QString::fromStdString(checkpoint->fingerprint([&](double done) {
        tell(done / 2);
      })));
  const std::vector<fs::path> files = weight_files(path.toStdString());
  double total = 1.0;
  for (const fs::path& file : files) total += static_cast<double>(bytes_on_disk(file));
  double read = 0.0;
  for (const fs::path& name : files) {
    QFile file(QString::fromStdString(name.string()));
    if (!file.open(QIODevice::ReadOnly)) throw IoError(name.string() + ": " + file.errorString().toStdString());
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (QByteArray bytes = file.read(hashed_piece); !bytes.isEmpty(); bytes = file.read(hashed_piece)) {
      hash.addData(bytes);
      read += static_cast<double>(bytes.size());
      tell(0.5 + read / total / 2);
    }
    if (file.error() != QFileDevice::NoError) throw IoError(name.string() + ": " + file.errorString().toStdString());
    text += QLatin1Char('\n') +
            tr("SHA-256 of %1: %2")
                .arg(QString::fromStdString(name.filename().string()), QString::fromLatin1(hash.result().toHex()));
  }
  onWindow([this, path, text] { emit hashesComputed(path, text); });
}

void ModelService::computeHashes(const QString& path) {
  postWork(tr("Reading %1").arg(QFileInfo(path).fileName()),
           [this, path](const std::stop_token& stop) { hashNow(path, stop); });
}

void ModelService::download(const QString& address) {
  ++downloading_;
  network_.post([this, address, hub = hub_](const std::stop_token& stop) {
    const auto ended = [this] {
      refresh();
      onWindow([this] {
        --downloading_;
        emit downloadEnded();
      });
    };
    try {
      const HubAddress parsed = HubAddress::parse(address);
      onWindow([this, text = parsed.text()] { emit downloadStarted(text); });
      const fs::path models = dataDir_ / "models";
      fs::create_directories(models);
      const auto progress = [this](const HubProgress& now) { onWindow([this, now] { emit downloadProgressed(now); }); };
      const fs::path path = HubDownload(HubSettings::fromEnvironment(models, hub)).fetch(parsed, progress, stop);
      onWindow([this, name = QString::fromStdString(path.filename().string())] { emit downloaded(name); });
    } catch (const HubChoiceNeeded& choice) {
      onWindow([this, address, files = choice.files()] { emit choiceNeeded(address, files); });
    } catch (...) {
      ended();
      throw;
    }
    ended();
  });
}

void ModelService::stopDownload() { network_.cancel(); }

void ModelService::discard(const QString& address) {
  list_.post([this, address](const std::stop_token&) {
    HubDownload::discard(dataDir_ / "models", address);
    list();
  });
}

}  // namespace holdfast
