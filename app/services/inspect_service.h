// Looks at the memory of a model over a text: commands in, signals out, on threads of its own.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "app/jobs/job.h"
#include "app/services/chat_engine.h"
#include "app/services/givens.h"
#include "app/services/inspect_metric.h"
#include "app/services/inspection_keeper.h"
#include "app/services/text_place.h"
#include "app/store/rows.h"
#include "engine/inspection.h"
#include "engine/state_difference.h"

namespace holdfast {

// Where in a text something begins or is kept.
struct InspectMark {
  std::int64_t token = 0;
  QString text;
  bool kept = false;  // a state is kept here; else a message begins
};

// The tokens of one message of a session.
struct InspectPart {
  NodeId node;
  NodeKind kind = NodeKind::user;
  std::int64_t begin = 0;         // its first token
  std::vector<qsizetype> starts;  // of each token in the message's text, and its size; of the template: empty
};

// Everything the inspector shows; immutable.
struct InspectResult {
  Inspection seen;
  Mamba2Config config;
  std::vector<TokenId> tokens;
  QStringList pieces;              // the text of each token
  std::vector<InspectMark> marks;  // by token
  SessionId session;               // none: of a typed text
  std::vector<InspectPart> parts;  // of the session, by token
  std::vector<float> states;       // (L, H, P, N) after the last token, or empty when they are not kept
  // By metric, but retention, which hangs on the chosen token (inspectTimeline).
  std::array<std::vector<float>, inspect_metrics.size()> timelines;
  std::vector<GivenLeft> givens;
  GivenCurves curves;  // of lookAtMemory() alone
  QString title;
  double seconds = 0.0;
  bool watched = false;                                       // some of it while the session ran, or read before
  std::vector<std::pair<std::int64_t, std::int64_t>> reread;  // tokens [first, last) that were read now
  QStringList damaged;                                        // kept inspections that could not be used, and why

  // Which message has a token, and which of its characters; none for typed texts.
  [[nodiscard]] std::optional<TextPlace> placeOf(std::int64_t token) const;
  // The token of this character, or of the message's first one where it has no such character; -1: it was not seen.
  [[nodiscard]] std::int64_t tokenOf(const TextPlace& place) const;
};

// Where the last reply of a session can be gone on with as if its givens were just being read: at the last kept state
// before any of them faded, or, where they faded before that, where the reply begins.
struct RestatePlace {
  NodeId node;
  qint64 position = 0;  // tokens of the node that stay
  qint64 token = 0;     // of the session
};
// None: nothing fades, or nothing has been replied.
[[nodiscard]] std::optional<RestatePlace> restatePlace(const InspectResult& result);

// What lookAtMemory() is to look at beside the givens.
struct MemoryWish {
  std::optional<InspectMetric> timeline{};  // and the curves of the givens; none: neither
  std::shared_ptr<const SeenLive> live{};   // of the turn that runs
};

// A state that is kept, or in a file.
struct KeptState {
  QString label;
  QString file;     // on the disk; empty for one of the store
  SnapshotRow row;  // of the store
  NodeId node;      // in which it stands; none when it is not known
  QString fingerprint;
};

struct StateComparison {
  StateDifference apart;
  QString a, b;  // their labels
  std::uint64_t tokensA = 0, tokensB = 0;
  std::optional<std::int64_t> parted;  // the first token in which their texts differ; none when it is not known
  QString textA, textB;                // from there on
  std::optional<double> divergence;    // of the next token, in nats
};

class InspectService : public QObject {
  Q_OBJECT

 public:
  InspectService(const std::filesystem::path& dataDir, int threads, QObject* parent = nullptr);
  ~InspectService() override;

  // One at a time: a new one stops the one before.
  void inspectText(const SharedModel& model, const QString& text);
  // again: reads the tokens even where the session was watched.
  void inspectSession(const SharedModel& model, SessionId session, const QString& title, bool again = false);
  void stop();

  // memorySeen, from what was seen while the session ran: no tokens are read for it.
  void lookAtMemory(const SharedModel& model, SessionId session, const MemoryWish& wish);
  void listStates(const SharedModel& model, SessionId session);  // statesListed, of all branches
  void compare(const SharedModel& model, const KeptState& a, const KeptState& b);

 signals:
  void started();
  void progressed(double done);
  void finished(std::shared_ptr<const holdfast::InspectResult> result);  // null: stopped, or failed
  void failed(const QString& message);
  // Without states. Null: it is not known, and why; empty: there is nothing to be known yet.
  void memorySeen(holdfast::SessionId session, std::shared_ptr<const holdfast::InspectResult> result,
                  const QString& why);
  void statesListed(holdfast::SessionId session, const std::vector<holdfast::KeptState>& states);
  void compared(std::shared_ptr<const holdfast::StateComparison> comparison);

 private:
  struct Text {
    struct Message {
      NodeId node;
      NodeKind kind = NodeKind::user;
      std::int64_t begin = 0;
      std::string text;
    };
    std::vector<TokenId> tokens;
    std::vector<InspectMark> marks;
    std::vector<Message> messages;
    std::int64_t questionBegin = 0;
    std::string question;
    std::optional<Snapshot> origin{};  // what the session begins with
  };
  void run(const SharedModel& model, std::function<Text()> text, const QString& title, SessionId session, bool again);
  [[nodiscard]] Text textOf(const SharedModel& model, SessionId session, const SeenLive* live = nullptr) const;
  [[nodiscard]] std::optional<Inspection> seenBefore(const SharedModel& model, SessionId session, Text& text,
                                                     const SeenLive* live);
  [[nodiscard]] std::shared_ptr<InspectResult> resultOf(const SharedModel& model, SessionId session, const Text& text,
                                                        Inspection seen) const;
  [[nodiscard]] KeptInspections findKept(
      const SharedModel& model, SessionId session, Text& text,
      InspectionKeeper::Damaged damaged = InspectionKeeper::Damaged::remove) const;
  [[nodiscard]] std::shared_ptr<InspectResult> look(const SharedModel& model, Text text, SessionId session, bool again,
                                                    const std::stop_token& stop);
  [[nodiscard]] State stateBefore(const SharedModel& model, Stream& stream, SessionId session, const Text& text,
                                  std::int64_t token, const std::stop_token& stop) const;
  static void addParts(InspectResult& result, const std::vector<Text::Message>& messages);
  void keepSeen(const SharedModel& model, SessionId session, const Text& text, std::int64_t from,
                const Inspection& seen);
  [[nodiscard]] std::shared_ptr<InspectResult> lookBeside(const SharedModel& model, SessionId session,
                                                          const MemoryWish& wish, QString& why);
  enum class Flags { alone, withState };
  void addKept(InspectResult& result, const SharedModel& model, SessionId session, const Text& text,
               Flags wanted) const;

  // What was kept of the text before the turn that runs: of looking_ alone.
  struct Before {
    std::uint64_t hash = 0;  // of its tokens
    std::string model;
    std::optional<Inspection> seen;
  };

  std::filesystem::path data_;
  InspectionKeeper inspections_;
  int threads_;
  Before before_;
  Job reading_;
  Job looking_;  // last: its thread has ended when the rest goes
};

}  // namespace holdfast
