// The models of a person for the window: commands in, signals out. Listing, long work on a model's files, and downloads
// have a thread each, so that none waits for another.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <filesystem>
#include <memory>
#include <vector>

#include "app/catalogue/catalogue.h"
#include "app/catalogue/model_facts.h"
#include "app/jobs/job.h"
#include "app/services/hub_download.h"
#include "engine/convert.h"

namespace holdfast {

struct ModelEntry {
  CatalogueEntry where;
  std::shared_ptr<const ModelFacts> facts;  // null: it cannot be opened
  QString fault;                            // why
  QString trainedOn;                        // of an adapter or a first state: its base, whose facts these are
  ModelCard card;
  std::vector<ModelExtra> extras;
  qint64 bytesOnDisk = 0;
};

struct ModelConversion {
  QString source;  // path
  QString name;    // of the new model
  CheckpointLayout to = CheckpointLayout::hugging_face;
  ConvertDType dtype = ConvertDType::q8;
};

class ModelService : public QObject {
  Q_OBJECT

 public:
  // threads: 0 = one per core; what the speed is measured with.
  ModelService(const std::filesystem::path& dataDir, int threads, QObject* parent = nullptr);
  ~ModelService() override;

  void refresh();
  void measureSpeed();  // once; takes about a third of a second of all cores
  void add(const QStringList& paths);
  void rename(const CatalogueEntry& entry, const QString& name);
  void remove(const CatalogueEntry& entry);
  void convert(const ModelConversion& conversion);
  void computeHashes(const QString& path);
  void stopWork();  // the conversion or the hashes
  void download(const QString& address);
  void stopDownload();
  void discard(const QString& address);
  void setHub(const QString& hub) { hub_ = hub; }  // empty: huggingface.co

  [[nodiscard]] bool isWorking() const { return working_ > 0; }
  [[nodiscard]] bool isDownloading() const { return downloading_ > 0; }
  [[nodiscard]] const std::filesystem::path& dataDir() const { return dataDir_; }

 signals:
  void modelsChanged(const std::vector<holdfast::ModelEntry>& models);
  void unfinishedChanged(const std::vector<holdfast::HubDownload::Unfinished>& downloads);
  void speedMeasured(double bytesPerSecond);
  void added(const QStringList& names);
  void renamed(const QString& before, const QString& after);
  void workStarted(const QString& what);
  void workProgressed(double done);
  void workEnded();
  void converted(const QString& name);
  void hashesComputed(const QString& path, const QString& text);
  void downloadStarted(const QString& address);
  void downloadProgressed(const holdfast::HubProgress& progress);
  void downloadEnded();
  void downloaded(const QString& name);
  void choiceNeeded(const QString& address, const QStringList& files);
  void failed(const QString& message);

 private:
  void list();
  void convertNow(const ModelConversion& conversion, const std::stop_token& stop);
  void hashNow(const QString& path, const std::stop_token& stop);
  template <class Work>
  void postWork(const QString& what, Work work);
  // The signal, on the thread of the window.
  template <class Action>
  void onWindow(Action action) {
    QMetaObject::invokeMethod(this, std::move(action), Qt::QueuedConnection);
  }

  std::filesystem::path dataDir_;
  int threads_;
  QString hub_;
  bool measured_ = false;
  int working_ = 0;
  int downloading_ = 0;
  Job list_;
  Job work_;
  Job network_;  // last: their threads have ended when the rest goes
};

}  // namespace holdfast
