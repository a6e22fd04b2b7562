#include "app/services/exchange_service.h"

#include <utility>

#include "app/exchange/session_import.h"
#include "app/services/session_print.h"
#include "app/store/state_files.h"
#include "engine/atomic_file.h"
#include "kernels/error.h"

namespace holdfast {

QByteArray exportBytes(const WholeSession& whole, ExportFormat format, const ExportOptions& options,
                       const std::stop_token& stop) {
  if (format == ExportFormat::html) return SessionPrinter().html(whole, options, stop);
  if (format == ExportFormat::pdf) return SessionPrinter().pdf(whole, options, stop);
  return QByteArray::fromStdString(export_session(whole, format, options));
}

void exportToFile(const WholeSession& whole, ExportFormat format, const ExportOptions& options,
                  const std::filesystem::path& file, const std::stop_token& stop) {
  const QByteArray bytes = exportBytes(whole, format, options, stop);
  write_file_atomically(file, {bytes.constData(), static_cast<std::size_t>(bytes.size())});
}

ExchangeService::ExchangeService(std::filesystem::path dataDir, QObject* parent)
    : QObject(parent), dataDir_(std::move(dataDir)) {
  connect(&job_, &Job::failed, this, &ExchangeService::failed);
}

WholeSession ExchangeService::read(SessionId session, ExportFormat format) const {
  Store store = open_to_read(dataDir_ / "holdfast.db");
  std::optional<WholeSession> whole = store.whole_session(session);
  if (!whole) throw StoreError(tr("This session is not there any more.").toStdString());
  if (format == ExportFormat::jsonl) StateFiles(store, dataDir_ / "states").fetch_origin(*whole);
  return *std::move(whole);
}

void ExchangeService::exportSession(SessionId session, ExportFormat format, const ExportOptions& options,
                                    const QString& file) {
  job_.post([this, session, format, options, file](const std::stop_token& stop) {
    try {
      exportToFile(read(session, format), format, options, file.toStdString(), stop);
      emit exported(file);
    } catch (const Cancelled&) {
      emit cancelled();
    }
  });
}

void ExchangeService::importFile(const QString& file) {
  job_.post([this, file](const std::stop_token&) {
    const std::vector<WholeSession> sessions = read_sessions(file.toStdString());
    Store store(dataDir_ / "holdfast.db", {.check = false});
    emit imported(StateFiles(store, dataDir_ / "states").add_sessions(sessions));
  });
}

void ExchangeService::suggestName(SessionId session, ExportFormat format) {
  job_.post([this, session, format](const std::stop_token&) {
    const Store store = open_to_read(dataDir_ / "holdfast.db");
    const std::optional<SessionRow> row = store.session(session);
    if (!row) return;
    emit nameSuggested(QString::fromStdString(export_file_name({.session = *row}, format)));
  });
}

void ExchangeService::cancel() { job_.cancel(); }

}  // namespace holdfast
