// A session: its transcript, the composer, and what went wrong. Asks, stops and continues through the services.
#pragma once

#include <QTimer>
#include <QWidget>
#include <functional>
#include <optional>
#include <vector>

#include "app/services/chat_service.h"
#include "app/services/inspect_service.h"
#include "app/services/session_service.h"
#include "app/services/text_place.h"
#include "app/widgets/transcript_view.h"

class QLabel;
class QSplitter;
class QStackedWidget;

namespace holdfast {

class Announcer;
class Banner;
class Composer;
class FindBar;
class MemoryPanel;
class ProblemCard;
class SamplerPanel;
class StartPanel;
class StatesPanel;
class TokenPanel;
class TreePanel;
class VoteView;

class SolvePanel : public QWidget {
  Q_OBJECT

 public:
  enum class Side { none, tokens, tree, states, memory };

  SolvePanel(SessionService* sessions, ChatService* chat, SamplerPanel* sampler, StartPanel* start, MemoryPanel* memory,
             QWidget* parent = nullptr);

  void openSession(SessionId session, NodeId at = {});  // `at`: the message to show
  void showPlace(SessionId session, const TextPlace& place);  // scrolled to and highlighted
  void compose(SessionId session, const QString& text);  // adds it to what is being written there
  // Inspects the memory where the cursor stands in the transcript; where in none, of the whole session.
  void inspectHere();
  void newSession();
  void setNewDraft(const QString& draft) { newDraft_ = draft; }
  void saveDraft();
  void setStorage(const QString& why);       // why nothing can be saved, and so nothing is begun; empty: all is well
  void beginFromState(const QString& file);  // a session, where one can be begun now
  // Of none, the memory is shown where it is kept open and there is room for it.
  void showSide(Side side);
  [[nodiscard]] Side side() const { return sideShown_; }
  void setMemoryOpen(bool open);
  void toggleMemory();
  // The givens that fade: below, to be sent; or as the beginning of a branch from before they faded.
  void restate();
  void restateEarlier();
  void restateAt(SessionId session, const RestatePlace& place, const QString& text);

  // What the keys do; each is nothing where it makes no sense.
  void stop();
  void pauseOrGoOn();
  void answerNow();
  void again();              // the last question, beside its answer
  void stepSibling(int by);  // of the last message that has any
  void stepMessage(int by);
  void bookmarkLast();
  void forkLast();
  void compareLast();  // with the branch beside it
  void thinkMoreLast();
  void find();  // in the session that is shown
  void findNext(int by);

  [[nodiscard]] SessionId session() const { return session_; }
  [[nodiscard]] Banner* banner() const { return banner_; }
  [[nodiscard]] Composer* composer() const { return composer_; }
  [[nodiscard]] QSize minimumSizeHint() const override;
  [[nodiscard]] qint64 tokens() const { return tokens_; }
  [[nodiscard]] double tokensPerSecond() const { return tokensPerSecond_; }

 signals:
  void sessionChanged();  // another one is shown
  void figuresChanged();
  void sideChanged();
  void memoryOpenChanged(bool open);
  void inspectWanted(const holdfast::TextPlace& place);  // of no node: of the whole session

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void buildSide();
  void showMemoryWhereItFits();
  [[nodiscard]] std::vector<NodeRow> branchInSight() const;  // with what is being written
  QWidget* buildSteering();
  void connectServices();
  void connectSide();
  void send(const QString& text);
  void begin(const NodeRow& question);
  void showBranch(const SessionRow& session, const std::vector<NodeRow>& branch, const std::vector<NodeRow>& tree,
                  NodeId chosen);
  void continueLast();
  void onTool(const TranscriptItem& item, TranscriptTool tool);
  void onReplyTool(const std::vector<NodeRow>& reply, TranscriptTool tool);
  void answerAnew(NodeId question);
  void showEnd(NodeId node, std::function<void()> then);
  void editQuestion(const NodeRow& question);
  void editReply(const NodeRow& node);
  void removeBranch(NodeId node);
  void sibling(const TranscriptItem& item, int by);
  void startAnswer(SessionId session);
  void showItems();
  void forkAt(NodeId node, qint64 position, std::optional<TokenId> instead);
  void offerToBreak(NodeId node, qint64 position);
  void showVote(const Vote& vote, std::size_t asked, const QString& progress);
  void showVoteOfBranch();
  void showVoted(int bar);
  void afterStop(std::function<void()> act);
  void takeText();
  void startLive();
  void endLive(SessionId session);
  void announceEnd();  // of the reply that is shown now
  void updateState();
  [[nodiscard]] bool isRunningHere() const;
  [[nodiscard]] bool canBegin();  // else says why not
  [[nodiscard]] std::vector<NodeRow> replyOf(const TranscriptItem& item) const;
  [[nodiscard]] const NodeRow* nodeOf(NodeId id) const;

  SessionService* sessions_;
  ChatService* chat_;
  SamplerPanel* sampler_;
  StartPanel* start_;
  QStackedWidget* pages_;
  TranscriptView* transcript_;
  Announcer* announcer_;
  FindBar* find_;
  ProblemCard* problem_;
  VoteView* vote_;
  Banner* banner_;
  Composer* composer_;
  QWidget* steering_ = nullptr;
  QLabel* sideTitle_ = nullptr;
  QWidget* sideBox_ = nullptr;
  QSplitter* across_ = nullptr;
  QStackedWidget* sidePages_ = nullptr;
  TokenPanel* tokenPanel_ = nullptr;
  TreePanel* treePanel_ = nullptr;
  StatesPanel* statesPanel_ = nullptr;
  MemoryPanel* memory_;
  QTimer frames_;
  QTimer draftTimer_;
  SessionId session_;
  SessionId wanted_;  // being opened
  NodeId wantedNode_;
  std::optional<TextPlace> wantedPlace_;
  std::vector<NodeRow> branch_;
  std::vector<NodeRow> tree_;
  std::function<void()> afterStop_;
  struct WhenShown {
    NodeId chosen{};  // the branch that was asked for; none: the session as it is
    std::function<void()> act{};
  };
  WhenShown whenShown_;  // what is shown in between is not waited for
  Vote voted_;  // as it is shown
  QString newDraft_;
  Side sideShown_ = Side::none;
  bool memoryOpen_ = false;   // kept open, whether there is room or not
  bool memoryAsked_ = false;  // for where there is none
  QString storage_;  // why nothing can be saved
  bool storeOpen_ = false;
  bool announceWhenShown_ = false;
  qint64 tokens_ = 0;
  double tokensPerSecond_ = 0.0;
};

// What a branch looks like: thoughts and answers that belong together are one reply. The tree tells what stands beside.
[[nodiscard]] std::vector<TranscriptItem> transcriptItems(const std::vector<NodeRow>& branch,
                                                          const std::vector<NodeRow>& tree);
// Where a stretch of a message stands in what transcriptItems() makes of the branch, and which message has a place.
[[nodiscard]] std::optional<TranscriptPlace> transcriptPlace(const std::vector<NodeRow>& branch,
                                                             const TextPlace& place);
[[nodiscard]] TextPlace textPlace(const std::vector<NodeRow>& branch, const TranscriptPlace& place);
// The ends of all replies to a question, and the questions beside one, oldest first.
[[nodiscard]] std::vector<NodeId> repliesTo(const std::vector<NodeRow>& tree, NodeId question);
[[nodiscard]] std::vector<NodeId> besideQuestion(const std::vector<NodeRow>& tree, const NodeRow& question);

}  // namespace holdfast
