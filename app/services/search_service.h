// Search for the window while a person types, on a thread of its own: of queries that wait, only the newest is run.
#pragma once

#include <QObject>
#include <QString>
#include <atomic>
#include <filesystem>
#include <memory>
#include <vector>

#include "app/jobs/job.h"
#include "app/store/store.h"

namespace holdfast {

class SearchService : public QObject {
  Q_OBJECT

 public:
  explicit SearchService(std::filesystem::path dataDir, QObject* parent = nullptr);

  void search(const QString& typed, const SearchFilter& filter);

 signals:
  void found(const QString& typed, const std::vector<holdfast::SearchHit>& hits);
  void failed(const QString& message);

 private:
  std::filesystem::path dataDir_;
  std::unique_ptr<Store> store_;  // made and used by the job alone
  std::atomic<unsigned> newest_ = 0;
  Job job_;  // last: its thread has ended when the rest goes
};

}  // namespace holdfast
