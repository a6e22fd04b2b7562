// A session: its transcript, the composer, and what went wrong. Asks, stops and continues through the services.
#pragma once

#include <QTimer>
#include <QWidget>
#include <vector>

#include "app/services/chat_service.h"
#include "app/services/session_service.h"
#include "app/widgets/transcript_view.h"

class QStackedWidget;

namespace holdfast {

class Banner;
class Composer;
class SamplerPanel;
class StartPanel;

class SolvePanel : public QWidget {
  Q_OBJECT

 public:
  SolvePanel(SessionService* sessions, ChatService* chat, SamplerPanel* sampler, StartPanel* start,
             QWidget* parent = nullptr);

  void openSession(SessionId session);
  void newSession();
  void setNewDraft(const QString& draft) { newDraft_ = draft; }
  void stop();
  void saveDraft();
  [[nodiscard]] SessionId session() const { return session_; }
  [[nodiscard]] Banner* banner() const { return banner_; }
  [[nodiscard]] Composer* composer() const { return composer_; }
  [[nodiscard]] qint64 tokens() const { return tokens_; }
  [[nodiscard]] double tokensPerSecond() const { return tokensPerSecond_; }

 signals:
  void sessionChanged();  // another one is shown
  void figuresChanged();

 private:
  void connectServices();
  void send(const QString& text);
  void begin(const NodeRow& question);
  void showBranch(const SessionRow& session, const std::vector<NodeRow>& branch);
  void continueLast();
  void takeText();
  void startLive();
  void endLive(SessionId session);
  void updateState();
  [[nodiscard]] bool isRunningHere() const;

  SessionService* sessions_;
  ChatService* chat_;
  SamplerPanel* sampler_;
  StartPanel* start_;
  QStackedWidget* pages_;
  TranscriptView* transcript_;
  Banner* banner_;
  Composer* composer_;
  QTimer frames_;
  QTimer draftTimer_;
  SessionId session_;
  SessionId wanted_;  // being opened
  std::vector<NodeRow> branch_;
  QString newDraft_;
  bool storeOpen_ = false;
  qint64 tokens_ = 0;
  double tokensPerSecond_ = 0.0;
};

// What a branch looks like: thoughts and answers that belong together are one reply.
[[nodiscard]] std::vector<TranscriptItem> transcriptItems(const std::vector<NodeRow>& branch);

}  // namespace holdfast
