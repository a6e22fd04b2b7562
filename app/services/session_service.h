// The list of sessions and their texts for the window: commands in, signals out, on a thread of its own.
#pragma once

#include <QMap>
#include <QObject>
#include <QString>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "app/jobs/job.h"
#include "app/store/store.h"

namespace holdfast {

class SessionService : public QObject {
  Q_OBJECT

 public:
  explicit SessionService(const std::filesystem::path& dataDir, QObject* parent = nullptr);
  ~SessionService() override;

  // Opens, creates or upgrades the database: opened() or openFailed() tells. Call it when these are connected.
  void start();
  void refresh();
  void open(SessionId session);
  void ask(SessionId session, const QString& question);  // session none: a new one
  void rename(SessionId session, const QString& title);
  void remove(SessionId session);
  void restore(SessionId session);
  void saveDraft(SessionId session, const QString& text);  // session none: of the session that is not begun yet
  void saveSetting(const QString& key, const QString& value);

 signals:
  // The settings under the given keys come with it, so that the window needs no second question.
  void opened(const QMap<QString, QString>& settings, int recovered);
  void openFailed(const QString& message);
  void sessionsChanged(const std::vector<holdfast::SessionRow>& sessions);
  void sessionOpened(const holdfast::SessionRow& session, const std::vector<holdfast::NodeRow>& branch);
  void asked(const holdfast::NodeRow& question);  // it is in the store
  void askFailed(const QString& question, const QString& message);
  void failed(const QString& message);

 private:
  void post(std::function<void(Store&)> work);
  void announce(Store& store);

  std::filesystem::path dataDir_;
  std::unique_ptr<Store> store_;  // made and used by the job alone
  Job job_;                       // last: its thread has ended when the rest goes
};

}  // namespace holdfast
