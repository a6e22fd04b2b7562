// Questions and answers for the window: commands in, signals out. The model works on a thread of its own.
#pragma once

#include <QObject>
#include <QString>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>

#include "app/jobs/job.h"
#include "app/services/chat_engine.h"
#include "app/services/live_memory.h"
#include "app/services/live_text.h"

namespace holdfast {

// The turn that runs now, as the window has to show it: what stands in the store from `from` on is replaced by it.
struct LiveTurn {
  SessionId session{};
  NodeId from{};
  QString thought{};
  QString answer{};
  bool thoughtEnded = false;
};

class ChatService : public QObject {
  Q_OBJECT

 public:
  enum class Phase { idle, reading, generating };

  // threads: 0 = one per core.
  ChatService(const std::filesystem::path& dataDir, int threads, QObject* parent = nullptr);
  ~ChatService() override;

  // Commands return at once. A turn waits for a model that is being loaded.
  void loadModel(const QString& path);
  void answer(SessionId session, const TurnSettings& settings);
  void goOn(SessionId session, std::int64_t maxTokens);
  void answerNow(SessionId session, std::int64_t maxTokens);
  void thinkMore(SessionId session, std::int64_t maxTokens);
  // A branch beside this node from its first `position` tokens on, the next one being `instead` where given.
  void forkAt(SessionId session, NodeId node, std::int64_t position, std::optional<TokenId> instead,
              const SamplerConfig& sampler, std::int64_t maxTokens);
  // The same, with this text put there first.
  void forkSaying(SessionId session, NodeId node, std::int64_t position, const QString& text,
                  const SamplerConfig& sampler, std::int64_t maxTokens);
  void vote(SessionId session, const TurnSettings& settings, int samples);
  void beginFromState(const QString& file);  // answers with stateImported()
  void stop();  // within one token, or before the next 256 tokens of a long question are read

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] bool isLoading() const { return loading_ > 0; }
  [[nodiscard]] SessionId runningSession() const { return phase_ == Phase::idle ? SessionId{} : session_; }
  [[nodiscard]] const std::optional<ModelInfo>& model() const { return model_; }
  [[nodiscard]] const SharedModel& sharedModel() const { return shared_; }
  [[nodiscard]] const std::optional<LiveTurn>& liveTurn() const { return turn_; }
  // The text since the last call; it is also added to liveTurn().
  LiveDelta takeText();
  // What the memory of the running turn has done so far: only while somebody looks.
  void lookAtMemory(bool looking) { memory_.look(looking); }
  [[nodiscard]] std::shared_ptr<const SeenLive> seenLive() const { return memory_.seen(); }

 signals:
  void loadingStarted(const QString& path);
  void loadingProgress(double done);
  void modelLoaded();
  void loadingFailed(const QString& message);
  void phaseChanged();
  void readingProgress(qint64 done, qint64 total);
  void turnStarted();
  void looping(holdfast::NodeId node, qint64 position);
  void stateImported(holdfast::SessionId session);
  void voteChanged(const holdfast::VoteProgress& progress);
  void turnFinished(holdfast::SessionId session);  // the store has it
  void stateKept(holdfast::SessionId session);     // after that: its states and what was watched can be read
  void noticed(const QString& sentence);           // something to know; the turn goes on
  void failed(const QString& message);

 private:
  // after: what is done when the window knows of the end, before the states are kept.
  void startTurn(SessionId session, std::function<void(const TurnEvents&, std::stop_token)> work,
                 std::function<void(const std::stop_token&)> after = {});
  void setPhase(Phase phase);
  void tellNotice();                    // on the job's thread
  void writeStates(SessionId session);  // when nothing else waits
  void begin(const NodeRow& row);
  void endTurn(SessionId session);
  template <class Action>
  void onWindow(Action action);  // runs on the thread of the window
  [[nodiscard]] ChatEngine& engine();

  std::filesystem::path database_;
  std::filesystem::path states_;
  int threads_;
  LiveText live_;
  LiveMemory memory_;
  std::unique_ptr<ChatEngine> engine_;  // made and used by the job alone
  Phase phase_ = Phase::idle;
  int loading_ = 0;
  SessionId session_;
  std::optional<ModelInfo> model_;
  SharedModel shared_;
  std::optional<LiveTurn> turn_;
  std::stop_source turnStop_;
  Job job_;  // last: its thread has ended when the rest goes
};

}  // namespace holdfast
