// Evaluation for the window: commands in, signals out. An evaluation is a process of its own (`holdfast eval
// --evaluation`): it outlives the window, what does not fit into the memory does not take the window along, and each
// reply is in the store as soon as it is made, so that one that was cut off goes on where it was.
#pragma once

#include <QObject>
#include <QString>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "app/services/polled_store.h"
#include "app/store/evaluation_store.h"

namespace holdfast {

// What is asked: a file of problems, or fresh ones.
struct EvaluationSuite {
  QString file;  // empty: fresh ones
  std::vector<std::string> families{"all"};
  int firstLevel = 1, lastLevel = 5;
  int count = 20;
  quint64 seed = 1;
};
// Throws IoError, FormatError. The same families, levels, count and seed are the same problems.
[[nodiscard]] std::vector<EvaluationItem> items_of(const EvaluationSuite& suite);
[[nodiscard]] QString suite_name(const EvaluationSuite& suite);

struct EvaluationDetail {
  EvaluationRow row;
  std::vector<EvaluationItem> items;
  std::optional<std::pair<double, double>> heldOut{};  // of the run that made the model: before and after it
};

class EvaluateService : public QObject {
  Q_OBJECT

 public:
  explicit EvaluateService(const std::filesystem::path& dataDir, QObject* parent = nullptr);

  void start();  // the store is open
  // Whose replies are told; `beside` is another one of the same problems, or none.
  void watch(EvaluationId evaluation, EvaluationId beside = {});
  // One evaluation for each model: created() with the last, or refused(). `how` has the rest.
  void create(const QStringList& models, const EvaluationSuite& suite, const EvaluationRow& how);
  void stop(EvaluationId evaluation);
  void resume(EvaluationId evaluation);
  void remove(EvaluationId evaluation);

  [[nodiscard]] const std::filesystem::path& dataDir() const { return dataDir_; }

 signals:
  void evaluationsChanged(const std::vector<holdfast::EvaluationRow>& rows);
  void detailChanged(std::shared_ptr<const holdfast::EvaluationDetail> detail,
                     std::shared_ptr<const holdfast::EvaluationDetail> beside);  // beside: null: none
  void created(holdfast::EvaluationId first, holdfast::EvaluationId last);
  void refused(const QString& message);
  void failed(const QString& message);

 private:
  bool look(EvaluationStore& store);
  void launchNext(EvaluationStore& store);

  const std::filesystem::path dataDir_;

  // Of the store's thread alone.
  std::vector<EvaluationRow> known_;
  bool told_ = false;
  bool other_ = false;  // something else is watched than was told
  EvaluationId watched_{}, beside_{};
  WorkerLine<EvaluationId> line_;

  PolledStore<EvaluationStore> store_;  // last: its thread has ended when the rest goes
};

}  // namespace holdfast
