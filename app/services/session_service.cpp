#include "app/services/session_service.h"

#include <QMap>
#include <algorithm>
#include <utility>

#include "app/files/writable.h"
#include "app/services/state_places.h"
#include "app/services/state_quota.h"
#include "app/store/state_files.h"
#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr Milliseconds bin_keeps = 30ll * 24 * 3600 * 1000;

// The end that is reached from a node by its newest descendants.
NodeId newest_end(const std::vector<NodeRow>& tree, NodeId node) {
  NodeId end = node;
  for (const NodeRow& row : tree) {  // a node's newest child comes last, and its children after it
    if (row.parent == node) end = row.id;
  }
  return end == node ? node : newest_end(tree, end);
}

// What a state is called that a bookmark keeps: the beginning of its message.
std::string bookmark_name(const NodeRow& node) {
  constexpr qsizetype longest = 40;
  const QString text = QString::fromStdString(node.text).simplified();
  return (text.size() > longest ? text.left(longest) + QChar(0x2026) : text).toStdString();
}

QMap<QString, QString> settings_of(const Store& store) {
  QMap<QString, QString> settings;
  for (const auto& [key, value] : store.settings()) {
    settings.insert(QString::fromStdString(key), QString::fromStdString(value));
  }
  return settings;
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
      openStore();
    } catch (const std::exception& error) {
      if (!look() && openStoreToRead()) return;
      emit openFailed(QString::fromUtf8(error.what()));
    }
  });
  job_.post([this](const std::stop_token&) {  // no one waits for it
    if (store_ && !readsOnly_ && look()) StateFiles(*store_, dataDir_ / "states").remove_lost();
  });
}

void SessionService::openStore() {
  fs::create_directories(dataDir_);
  auto store = std::make_unique<Store>(dataDir_ / "holdfast.db");
  const auto recovered = static_cast<int>(store->recover().size());
  store->purge_deleted(now_milliseconds() - bin_keeps);
  const QMap<QString, QString> settings = settings_of(*store);
  store_ = std::move(store);
  readsOnly_ = false;
  emit opened(settings, recovered);
  announce(*store_);
}

bool SessionService::openStoreToRead() {
  try {
    store_ = std::make_unique<Store>(dataDir_ / "holdfast.db", StoreOptions{.read_only = true});
  } catch (const StoreError&) {
    return false;  // there is nothing to read
  }
  readsOnly_ = true;
  emit openedToRead(settings_of(*store_));
  announce(*store_);
  emit storageChanged(QString::fromStdString(refusal_));
  return true;
}

bool SessionService::look() {
  const std::string before = std::exchange(refusal_, why_not_writable(dataDir_));
  const bool changed = refusal_.empty() != before.empty();
  if (refusal_.empty() && readsOnly_) openStore();
  if (changed && store_) emit storageChanged(QString::fromStdString(refusal_));
  return refusal_.empty();
}

void SessionService::checkStorage() {
  job_.post([this](const std::stop_token&) {
    if (!store_) return;
    const bool was = refusal_.empty();
    if (!look() && !was) emit storageChanged(QString::fromStdString(refusal_));
  });
}

SessionService::~SessionService() = default;

void SessionService::post(std::function<void(Store&)> work) {
  job_.post([this, work = std::move(work)](const std::stop_token&) {
    if (!store_) throw StoreError(tr("The database is not open, so nothing can be saved.").toStdString());
    try {
      work(*store_);
    } catch (const StoreError&) {
      const bool known = !refusal_.empty();
      if (look()) {
        if (!known) throw;
        return work(*store_);  // there is room again
      }
      if (known) emit storageChanged(QString::fromStdString(refusal_));
    }
  });
}

void SessionService::keep(std::function<void(Store&)> work) {
  job_.post([this, work = std::move(work)](const std::stop_token&) {
    if (!store_) return;
    try {
      work(*store_);
    } catch (const StoreError&) {
      if (refusal_.empty() && look()) throw;
    }
  });
}

void SessionService::announce(Store& store) { emit sessionsChanged(store.sessions()); }

void SessionService::refresh() {
  post([this](Store& store) { announce(store); });
}

void SessionService::show(Store& store, SessionId session, NodeId chosen) {
  const std::optional<SessionRow> row = store.session(session);
  if (!row) throw StoreError(tr("This session is not there any more.").toStdString());
  emit sessionOpened(*row, store.branch(session), store.outline(session), chosen);
}

void SessionService::open(SessionId session) {
  post([this, session](Store& store) { show(store, session); });
}

void SessionService::ask(SessionId session, const QString& question, const QString& system) {
  job_.post([this, session, question, system](const std::stop_token&) {
    try {
      if (!store_) throw StoreError(tr("The database is not open.").toStdString());
      if (!refusal_.empty() && !look()) throw StoreError(refusal_);  // else there is room again
      emit asked(store_->add_user_message(maybe(session), question.toStdString(), system.toStdString()));
      announce(*store_);
    } catch (const std::exception& error) {
      // The question goes back to where it was typed.
      emit askFailed(question, QString::fromUtf8(error.what()));
      const bool known = !refusal_.empty();
      if (!look() && known) emit storageChanged(QString::fromStdString(refusal_));
    }
  });
}

void SessionService::askAnew(const NodeRow& old, const QString& question) {
  post([this, old, question](Store& store) {
    emit asked(store.add_node({.session = old.session, .parent = old.parent, .text = question.toStdString()}));
    announce(store);
  });
}

void SessionService::editText(const NodeRow& old, const QString& text) {
  post([this, old, text](Store& store) {
    NodeRow row = old;
    row.text = text.toStdString();
    row.tokens.reset();  // read when it goes on
    row.stop_reason = "edited";
    row.statistics = {.state_bytes = old.statistics.state_bytes};
    emit textEdited(store.add_node(row));
    announce(store);
  });
}

void SessionService::choose(SessionId session, NodeId node) {
  post([this, session, node](Store& store) {
    store.set_head(session, newest_end(store.outline(session), node));
    show(store, session, node);
  });
}

void SessionService::chooseEnd(SessionId session, NodeId node) {
  post([this, session, node](Store& store) {
    store.set_head(session, node);
    show(store, session, node);
  });
}

void SessionService::setFavourite(SessionId session, NodeId node, bool favourite) {
  post([this, session, node, favourite](Store& store) {
    store.set_favourite(node, favourite);
    const std::vector<NodeRow> branch = store.branch_to(node);
    const std::vector<SnapshotRow> states = store.snapshots(session);
    const std::vector<std::optional<StatePlace>> places = places_of(states, branch);
    const std::string name = bookmark_name(branch.back());
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (!places[i] || !(places[i]->node == node) || !places[i]->whole) continue;
      // A name that a person gave, and what was kept under it, is not taken away.
      if (favourite ? !states[i].pinned : states[i].pinned && states[i].name == name) {
        store.pin_snapshot(states[i].id, favourite, favourite ? name : std::string());
      }
    }
    show(store, session);
    tellStates(store, session);
  });
}

void SessionService::deleteBranch(SessionId session, NodeId node) {
  post([this, session, node](Store& store) {
    const NodeId parent = store.node(node).value_or(NodeRow{}).parent;
    store.delete_branch(node);
    // What stands beside the deleted branch is shown in its place.
    const std::vector<NodeRow> tree = store.outline(session);
    const NodeId end = parent ? newest_end(tree, parent) : tree.empty() ? NodeId{} : newest_end(tree, tree.front().id);
    if (end) store.set_head(session, end);
    emit branchDeleted(session, node);
    show(store, session);
  });
}

void SessionService::restoreBranch(SessionId session, NodeId node) {
  post([this, session, node](Store& store) {
    store.restore_branch(node);
    store.set_head(session, newest_end(store.outline(session), node));
    show(store, session);
  });
}

void SessionService::readBranches(NodeId one, NodeId other) {
  post([this, one, other](Store& store) { emit branchesRead(store.branch_to(one), store.branch_to(other)); });
}

void SessionService::readChoices(NodeId node) {
  post([this, node](Store& store) {
    if (const std::optional<NodeRow> row = store.node(node)) emit choicesRead(*row, store.token_choices(node));
  });
}

void SessionService::tellStates(const Store& store, SessionId session) {
  const std::vector<SnapshotRow> states = store.snapshots(session);
  const std::vector<NodeRow> tree = store.tree(session);
  const std::vector<std::optional<StatePlace>> places = places_of(states, tree);
  std::vector<PlacedState> kept;
  for (std::size_t i = 0; i < states.size(); ++i) {
    kept.push_back({.state = states[i]});
    if (!places[i]) continue;
    const auto node = std::ranges::find(tree, places[i]->node, &NodeRow::id);
    kept.back().kind = node->kind;
    kept.back().text = QString::fromStdString(node->text);
    kept.back().whole = places[i]->whole;
  }
  emit statesListed(session, kept);
}

void SessionService::listStates(SessionId session) {
  post([this, session](Store& store) { tellStates(store, session); });
}

void SessionService::pinState(SessionId session, SnapshotId state, bool pinned, const QString& name) {
  post([this, session, state, pinned, name](Store& store) {
    store.pin_snapshot(state, pinned, name.toStdString());
    tellStates(store, session);
  });
}

void SessionService::removeState(SessionId session, SnapshotId state) {
  post([this, session, state](Store& store) {
    for (const SnapshotRow& row : store.snapshots(session)) {
      if (row.id == state) StateFiles(store, dataDir_ / "states").remove(row);
    }
    tellStates(store, session);
  });
}

void SessionService::exportState(SnapshotId state, SessionId session, const QString& file) {
  post([this, state, session, file](Store& store) {
    for (const SnapshotRow& row : store.snapshots(session)) {
      if (!(row.id == state)) continue;
      StateFiles(store, dataDir_ / "states").export_to(row.file, file.toStdString());
      emit stateExported(file);
    }
  });
}

void SessionService::readStateRoom(qint64 mib) {
  post([this, mib](Store& store) {
    StateRoom room{.mib = mib < 0 ? state_quota_mib(store) : mib, .bytes = store.snapshot_bytes()};
    for (const SnapshotRow& row : store.snapshots_by_use()) {
      ++room.states;
      if (row.pinned) ++room.pinned;
    }
    const StatesOver over = states_over(store, room.mib * 1024 * 1024);
    room.freed = over.freed;
    for (const SnapshotRow& row : over.going) {
      const std::optional<SessionRow> session = store.session(row.session);
      room.going.push_back({.session = QString::fromStdString(session ? session->title : std::string()),
                            .position = row.position,
                            .bytes = row.bytes,
                            .used = row.used});
    }
    emit stateRoomRead(room);
  });
}

void SessionService::setStateRoom(qint64 mib, SessionId shown) {
  post([this, mib, shown](Store& store) {
    store.set_setting(state_quota_setting, std::to_string(mib));
    StateFiles files(store, dataDir_ / "states");
    for (const SnapshotRow& row : states_over(store, mib * 1024 * 1024).going) files.remove(row);
    if (shown) tellStates(store, shown);
  });
}

void SessionService::readFigures(const std::vector<NodeRow>& reply) {
  post([this, reply](Store& store) {
    CheckpointRow checkpoint;
    for (const CheckpointRow& row : store.checkpoints()) {
      if (!reply.empty() && row.id == reply.back().checkpoint) checkpoint = row;
    }
    emit figuresRead(reply, checkpoint);
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
  keep([session, text](Store& store) {
    if (!session) return store.set_setting("draft", text.toStdString());
    if (store.session(session)) store.save_draft(session, text.toStdString());
  });
}

void SessionService::saveSetting(const QString& key, const QString& value) {
  keep([key, value](Store& store) { store.set_setting(key.toStdString(), value.toStdString()); });
}

}  // namespace holdfast
