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

// A kept state and where it stands; kind and text are of the message that it has read last, empty where none is known.
struct PlacedState {
  SnapshotRow state{};
  std::optional<NodeKind> kind{};
  QString text{};
  bool whole = false;  // all of the message
};

// The room that the kept states of all sessions take, and what goes where they may take `mib` at most.
struct StateRoom {
  struct Going {
    QString session;
    qint64 position = 0;  // tokens
    qint64 bytes = 0;
    Milliseconds used = 0;
  };
  qint64 mib = 0;
  qint64 bytes = 0;  // taken now
  qint64 states = 0;
  qint64 pinned = 0;  // of these, kept for good
  std::vector<Going> going{};
  qint64 freed = 0;  // bytes, by what goes
};

class SessionService : public QObject {
  Q_OBJECT

 public:
  explicit SessionService(const std::filesystem::path& dataDir, QObject* parent = nullptr);
  ~SessionService() override;

  // Opens, creates or upgrades the database: opened(), openedToRead() or openFailed() tells. Call it when these are
  // connected.
  void start();
  // Looks whether the data folder can be written now, and tells by storageChanged(). Where that had been refused when
  // the program began, what follows is as at start().
  void checkStorage();
  void refresh();
  void open(SessionId session);
  // session none: a new one, begun with the system message, where there is one.
  void ask(SessionId session, const QString& question, const QString& system = {});
  // Branches. Each answers with asked(), textEdited() or sessionOpened().
  void askAnew(const NodeRow& old, const QString& question);  // beside an old question
  void editText(const NodeRow& old, const QString& text);     // a thought or answer with another text, beside the old
  void choose(SessionId session, NodeId node);                // shows the branch through this node
  void chooseEnd(SessionId session, NodeId node);             // shows the branch that ends in this node
  // A bookmark keeps the state at the end of the message for good, where there is one, and takes its name from it.
  void setFavourite(SessionId session, NodeId node, bool favourite);
  void deleteBranch(SessionId session, NodeId node);
  void restoreBranch(SessionId session, NodeId node);
  void readBranches(NodeId one, NodeId other);  // to these nodes, to be compared; answers with branchesRead()
  void readChoices(NodeId node);                // answers with choicesRead()
  // State files of a session.
  void listStates(SessionId session);  // answers with statesListed()
  void pinState(SessionId session, SnapshotId state, bool pinned, const QString& name);
  void removeState(SessionId session, SnapshotId state);
  void exportState(SnapshotId state, SessionId session, const QString& file);
  // What would go where the states of all sessions may take so many MiB (-1: as many as they may now); answers with
  // stateRoomRead(). setStateRoom() has it go.
  void readStateRoom(qint64 mib);
  void setStateRoom(qint64 mib, SessionId shown);
  void readFigures(const std::vector<NodeRow>& reply);  // answers with figuresRead()
  void rename(SessionId session, const QString& title);
  void remove(SessionId session);
  void restore(SessionId session);
  void saveDraft(SessionId session, const QString& text);  // session none: of the session that is not begun yet
  void saveSetting(const QString& key, const QString& value);

 signals:
  // The settings under the given keys come with it, so that the window needs no second question.
  void opened(const QMap<QString, QString>& settings, int recovered);
  // Nothing can be written, but what is there can be read; storageChanged() says why.
  void openedToRead(const QMap<QString, QString>& settings);
  void openFailed(const QString& message);
  // Why nothing can be saved now; empty: everything can. Nothing that is refused is ever half done.
  void storageChanged(const QString& why);
  void sessionsChanged(const std::vector<holdfast::SessionRow>& sessions);
  // tree: as Store::outline gives it. chosen: what choose() or chooseEnd() was asked for; none where it was neither.
  void sessionOpened(const holdfast::SessionRow& session, const std::vector<holdfast::NodeRow>& branch,
                     const std::vector<holdfast::NodeRow>& tree, holdfast::NodeId chosen);
  void branchesRead(const std::vector<holdfast::NodeRow>& one, const std::vector<holdfast::NodeRow>& other);
  void textEdited(const holdfast::NodeRow& node);  // it is the session's head
  void branchDeleted(holdfast::SessionId session, holdfast::NodeId node);
  void choicesRead(const holdfast::NodeRow& node, const std::vector<holdfast::TokenChoice>& choices);
  void statesListed(holdfast::SessionId session, const std::vector<holdfast::PlacedState>& states);
  void stateExported(const QString& file);
  void stateRoomRead(const holdfast::StateRoom& room);
  // The checkpoint that wrote the last of these nodes; without a name where it is not known.
  void figuresRead(const std::vector<holdfast::NodeRow>& reply, const holdfast::CheckpointRow& checkpoint);
  void asked(const holdfast::NodeRow& question);  // it is in the store
  void askFailed(const QString& question, const QString& message);
  void failed(const QString& message);

 private:
  void post(std::function<void(Store&)> work);
  void keep(std::function<void(Store&)> work);  // post, for what no one asked for: no word where nothing can be saved
  void openStore();
  bool openStoreToRead();
  bool look();  // at the folder; true: it can be written
  void announce(Store& store);
  void show(Store& store, SessionId session, NodeId chosen = {});
  void tellStates(const Store& store, SessionId session);

  std::filesystem::path dataDir_;
  std::unique_ptr<Store> store_;  // made and used by the job alone, as is what follows
  bool readsOnly_ = false;        // the store was opened where nothing could be written
  std::string refusal_;           // why nothing can be written; empty: it can
  Job job_;                       // last: its thread has ended when the rest goes
};

}  // namespace holdfast
