// Looks at the memory of a model over a text: commands in, signals out, on a thread of its own.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <filesystem>
#include <memory>
#include <vector>

#include "app/jobs/job.h"
#include "app/services/chat_engine.h"
#include "app/store/rows.h"
#include "engine/inspection.h"

namespace holdfast {

// Everything the inspector shows; immutable.
struct InspectResult {
  Inspection seen;
  Mamba2Config config;
  std::vector<TokenId> tokens;
  QStringList pieces;  // the text of each token
  QString title;
  double seconds = 0.0;
};

class InspectService : public QObject {
  Q_OBJECT

 public:
  InspectService(const std::filesystem::path& dataDir, int threads, QObject* parent = nullptr);
  ~InspectService() override;

  // One at a time: a new one stops the one before.
  void inspectText(const SharedModel& model, const QString& text);
  void inspectSession(const SharedModel& model, SessionId session, const QString& title);
  void stop();

 signals:
  void started();
  void progressed(double done);
  void finished(std::shared_ptr<const holdfast::InspectResult> result);  // null: stopped, or failed
  void failed(const QString& message);

 private:
  void run(const SharedModel& model, std::function<std::vector<TokenId>()> tokens, const QString& title);
  std::filesystem::path database_;
  int threads_;
  Job job_;  // last: its thread has ended when the rest goes
};

}  // namespace holdfast
