// Exports and imports of sessions for the window, on a thread of its own: commands in, signals out.
#pragma once

#include <QByteArray>
#include <QObject>
#include <QString>
#include <filesystem>
#include <memory>
#include <vector>

#include "app/exchange/session_export.h"
#include "app/jobs/job.h"
#include "app/store/store.h"

namespace holdfast {

// One session in any format, HTML and PDF too. Throw Error; Cancelled when they were asked to stop.
[[nodiscard]] QByteArray exportBytes(const WholeSession& whole, ExportFormat format, const ExportOptions& options,
                                     const std::stop_token& stop);
void exportToFile(const WholeSession& whole, ExportFormat format, const ExportOptions& options,
                  const std::filesystem::path& file, const std::stop_token& stop);

class ExchangeService : public QObject {
  Q_OBJECT

 public:
  explicit ExchangeService(std::filesystem::path dataDir, QObject* parent = nullptr);

  void exportSession(SessionId session, ExportFormat format, const ExportOptions& options, const QString& file);
  void importFile(const QString& file);
  void suggestName(SessionId session, ExportFormat format);  // answers with nameSuggested()
  void cancel();

 signals:
  void exported(const QString& file);
  void imported(const std::vector<holdfast::SessionId>& sessions);  // they are in the store
  void nameSuggested(const QString& name);
  void failed(const QString& message);
  void cancelled();

 private:
  [[nodiscard]] WholeSession read(SessionId session, ExportFormat format) const;

  std::filesystem::path dataDir_;
  Job job_;  // last: its thread has ended when the rest goes
};

}  // namespace holdfast
