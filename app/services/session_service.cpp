#include "app/services/session_service.h"

#include <QMap>
#include <set>
#include <system_error>
#include <utility>

#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr Milliseconds bin_keeps = 30ll * 24 * 3600 * 1000;

// State files without a row are left from a process that died between the two.
void remove_lost_states(const Store& store, const fs::path& folder) {
  const std::vector<std::string> known = store.snapshot_files();
  const std::set<std::string> files(known.begin(), known.end());
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != ".safetensors") continue;
    if (!files.contains(entry->path().filename().string())) fs::remove(entry->path(), error);
  }
}

std::optional<SessionId> maybe(SessionId session) { return session ? std::optional(session) : std::nullopt; }

}  // namespace

SessionService::SessionService(const fs::path& dataDir, QObject* parent)
    : QObject(parent), dataDir_(dataDir), job_(Job::AtEnd::finish) {  // what was typed is written before the end
  connect(&job_, &Job::failed, this, &SessionService::failed);
}

void SessionService::start() {
  job_.post([this](const std::stop_token&) {
    try {
      fs::create_directories(dataDir_);
      auto store = std::make_unique<Store>(dataDir_ / "holdfast.db");
      const auto recovered = static_cast<int>(store->recover().size());
      store->purge_deleted(now_milliseconds() - bin_keeps);
      remove_lost_states(*store, dataDir_ / "states");
      QMap<QString, QString> settings;
      for (const auto& [key, value] : store->settings()) {
        settings.insert(QString::fromStdString(key), QString::fromStdString(value));
      }
      store_ = std::move(store);
      emit opened(settings, recovered);
      announce(*store_);
    } catch (const std::exception& error) {
      emit openFailed(QString::fromUtf8(error.what()));
    }
  });
}

SessionService::~SessionService() = default;

void SessionService::post(std::function<void(Store&)> work) {
  job_.post([this, work = std::move(work)](const std::stop_token&) {
    if (!store_) throw StoreError(tr("The database is not open, so nothing can be saved.").toStdString());
    work(*store_);
  });
}

void SessionService::announce(Store& store) { emit sessionsChanged(store.sessions()); }

void SessionService::refresh() {
  post([this](Store& store) { announce(store); });
}

void SessionService::open(SessionId session) {
  post([this, session](Store& store) {
    const std::optional<SessionRow> row = store.session(session);
    if (!row) throw StoreError(tr("This session is not there any more.").toStdString());
    emit sessionOpened(*row, store.branch(session));
  });
}

void SessionService::ask(SessionId session, const QString& question) {
  job_.post([this, session, question](const std::stop_token&) {
    try {
      if (!store_) throw StoreError(tr("The database is not open.").toStdString());
      emit asked(store_->add_user_message(maybe(session), question.toStdString()));
      announce(*store_);
    } catch (const std::exception& error) {
      // The question goes back to where it was typed.
      emit askFailed(question, QString::fromUtf8(error.what()));
    }
  });
}

void SessionService::rename(SessionId session, const QString& title) {
  post([this, session, title](Store& store) {
    store.rename_session(session, title.toStdString());
    announce(store);
  });
}

void SessionService::remove(SessionId session) {
  post([this, session](Store& store) {
    store.delete_session(session);
    announce(store);
  });
}

void SessionService::restore(SessionId session) {
  post([this, session](Store& store) {
    store.restore_session(session);
    announce(store);
  });
}

void SessionService::saveDraft(SessionId session, const QString& text) {
  post([session, text](Store& store) {
    if (!session) return store.set_setting("draft", text.toStdString());
    if (store.session(session)) store.save_draft(session, text.toStdString());
  });
}

void SessionService::saveSetting(const QString& key, const QString& value) {
  post([key, value](Store& store) { store.set_setting(key.toStdString(), value.toStdString()); });
}

}  // namespace holdfast
