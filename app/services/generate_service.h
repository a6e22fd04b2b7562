// Making problems, for the window: commands in, signals out, on a thread of its own, with the model that is open.
#pragma once

#include <QObject>
#include <QString>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/jobs/job.h"
#include "app/services/chat_engine.h"
#include "app/store/store.h"
#include "training/dataset_export.h"
#include "training/promptcot.h"

namespace holdfast {

// The row that is being made, as far as it has come.
struct MakingRow {
  MadeProblem row{};
  std::string rationale{}, problem{};
  int votes = 0;
};

// A row as a model in training sees it: pieces of text, and whether there is loss on them.
struct TrainingPiece {
  QString text{};
  bool learned = false;
};

struct ImportedFile {
  QString file;
  qint64 added = 0, known = 0, bad = 0;  // rows
  QString firstBad{};                    // where and why
};

class GenerateService : public QObject {
  Q_OBJECT

 public:
  GenerateService(const std::filesystem::path& dataDir, int threads, QObject* parent = nullptr);
  ~GenerateService() override;

  void start();  // the store is open: bankLoaded() and setsListed() tell
  // The model that makes and solves from now on.
  void setModel(const SharedModel& model, const QString& name, const QString& chatFormat);
  [[nodiscard]] bool hasModel() const { return means_.model.model != nullptr; }

  void createSet(const QString& name);
  void renameSet(ProblemSetId set, const QString& name);
  // With its problems; not while it is being made. Files that training and evaluation were given of it stay.
  void removeSet(ProblemSetId set);
  void openSet(ProblemSetId set);
  // `count` more rows of this set, with these settings; those it has from the same settings are gone on with.
  void make(ProblemSetId set, const PromptCotOptions& options, std::int64_t count);
  void stop();  // after the row in work, or without it
  void decide(ProblemId problem, ProblemStatus status);
  void edit(const ProblemRow& row, const QString& statement, const QString& answer);
  // The problems of a file become new ones of this set, but those that it has already, word for word: imported().
  void importFile(ProblemSetId set, const QString& file);
  void exportSet(ProblemSetId set, const QString& file, DatasetFormat format);
  void exportCard(ProblemSetId set, const QString& file);
  // The accepted problems as a file to train on, in the data folder: trainingFileWritten(). Its name ends in a hash of
  // its content: no file that was written is ever written over.
  void writeTrainingFile(ProblemSetId set, int phase);
  // The accepted problems as a suite, in the data folder: suiteWritten().
  void writeSuite(ProblemSetId set);
  void preview(const ProblemRow& row);  // previewed()

  [[nodiscard]] bool isRunning() const { return running_; }
  [[nodiscard]] MakingRow making() const;

 signals:
  void bankLoaded(std::shared_ptr<const holdfast::ConceptBank> bank);
  void setsListed(const std::vector<holdfast::ProblemSetRow>& sets);
  void setOpened(holdfast::ProblemSetId set, const std::vector<holdfast::ProblemRow>& rows);
  void rowMade(const holdfast::ProblemRow& row);  // it is in the store
  void rowChanged(const holdfast::ProblemRow& row);
  void runningChanged();
  void exported(const QString& file, qint64 rows);
  void imported(const holdfast::ImportedFile& read);
  void trainingFileWritten(int phase, const QString& file, qint64 rows);
  void suiteWritten(const QString& file, qint64 rows);
  void previewed(holdfast::ProblemId problem, const std::vector<holdfast::TrainingPiece>& pieces);
  void failed(const QString& message);

 private:
  void post(std::function<void(Store&)> work);
  void announceSets(Store& store);
  // The name without spaces around it; ArgumentError where another set than this one has it.
  [[nodiscard]] static std::string freeName(const Store& store, const QString& name, ProblemSetId set);
  // The file of a set's accepted problems, and how many; ArgumentError where there are none.
  [[nodiscard]] std::pair<QString, qint64> writeAccepted(Store& store, ProblemSetId set, DatasetFormat format,
                                                         const char* ending) const;
  struct Means {  // what rows are made with; as it was when the making began
    std::shared_ptr<const ConceptBank> bank;
    SharedModel model;
    std::string name, chatFormat;
  };
  void makeRows(const Means& means, ProblemSetId set, const PromptCotOptions& options, std::int64_t count,
                const std::stop_token& stop);
  [[nodiscard]] PromptCotEvents watching();
  [[nodiscard]] static std::vector<MadeProblem> accepted(Store& store, ProblemSetId set, bool all);

  const std::filesystem::path dataDir_;
  const int threads_;
  Means means_;                   // of the window's thread
  std::unique_ptr<Store> store_;  // made and used by the job alone
  mutable std::mutex mutex_;      // guards making_
  MakingRow making_;
  bool running_ = false;
  std::stop_source stop_;
  Job job_;     // making; last but one
  Job lookup_;  // lists, decisions, files: they do not wait for a row in work
};

}  // namespace holdfast
