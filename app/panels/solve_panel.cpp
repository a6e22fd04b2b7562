#include "app/panels/solve_panel.h"

#include <QLocale>
#include <QStackedWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "app/panels/sampler_panel.h"
#include "app/panels/start_panel.h"
#include "app/widgets/banner.h"
#include "app/widgets/composer.h"

namespace holdfast {
namespace {

constexpr int frame_milliseconds = 33;
constexpr int draft_milliseconds = 800;
constexpr int widest_composer = 828;

qint64 tokens_of(const std::vector<NodeRow>& branch) {
  qint64 count = 0;
  for (const NodeRow& node : branch) count += static_cast<qint64>(node.tokens ? node.tokens->size() : 0);
  return count;
}

}  // namespace

SolvePanel::SolvePanel(SessionService* sessions, ChatService* chat, SamplerPanel* sampler, StartPanel* start,
                       QWidget* parent)
    : QWidget(parent),
      sessions_(sessions),
      chat_(chat),
      sampler_(sampler),
      start_(start),
      pages_(new QStackedWidget),
      transcript_(new TranscriptView),
      banner_(new Banner),
      composer_(new Composer) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  pages_->addWidget(start_);
  pages_->addWidget(transcript_);
  layout->addWidget(pages_, 1);
  auto* bottom = new QWidget;
  bottom->setMaximumWidth(widest_composer);
  auto* column = new QVBoxLayout(bottom);
  column->setContentsMargins(24, 4, 24, 16);
  column->setSpacing(8);
  column->addWidget(banner_);
  column->addWidget(composer_);
  auto* centre = new QHBoxLayout;
  centre->addStretch(1);
  centre->addWidget(bottom, 1000);
  centre->addStretch(1);
  layout->addLayout(centre);
  frames_.setInterval(frame_milliseconds);
  connect(&frames_, &QTimer::timeout, this, &SolvePanel::takeText);
  draftTimer_.setSingleShot(true);
  draftTimer_.setInterval(draft_milliseconds);
  connect(&draftTimer_, &QTimer::timeout, this, &SolvePanel::saveDraft);
  connect(composer_, &Composer::edited, this, [this] { draftTimer_.start(); });
  connect(composer_, &Composer::sent, this, &SolvePanel::send);
  connect(composer_, &Composer::stopped, this, &SolvePanel::stop);
  connect(transcript_, &TranscriptView::actionRequested, this, &SolvePanel::continueLast);
  connectServices();
  updateState();
}

void SolvePanel::connectServices() {
  connect(sessions_, &SessionService::opened, this, [this] { storeOpen_ = true; });
  connect(sessions_, &SessionService::asked, this, &SolvePanel::begin);
  connect(sessions_, &SessionService::askFailed, this, [this](const QString&, const QString& message) {
    composer_->setWaiting(false);
    banner_->showError(tr("The question was not saved and still stands below: %1").arg(message));
  });
  connect(sessions_, &SessionService::sessionOpened, this, &SolvePanel::showBranch);
  connect(chat_, &ChatService::phaseChanged, this, &SolvePanel::updateState);
  connect(chat_, &ChatService::turnStarted, this, &SolvePanel::startLive);
  connect(chat_, &ChatService::turnFinished, this, &SolvePanel::endLive);
  connect(chat_, &ChatService::readingProgress, this, [this](qint64 done, qint64 total) {
    if (isRunningHere() && total > 512) {
      composer_->setHint(tr("Reading %1 of %2 tokens\u2026").arg(QLocale().toString(done), QLocale().toString(total)));
    }
  });
}

bool SolvePanel::isRunningHere() const { return session_ && chat_->runningSession() == session_; }

void SolvePanel::openSession(SessionId session) {
  if (session == session_ || session == wanted_) return;
  saveDraft();
  wanted_ = session;
  sessions_->open(session);
}

void SolvePanel::newSession() {
  if (session_) saveDraft();
  const bool other = static_cast<bool>(session_);
  session_ = wanted_ = {};
  branch_.clear();
  transcript_->clear();
  tokens_ = 0;
  if (other) composer_->setText(newDraft_);
  draftTimer_.stop();
  updateState();
  emit sessionChanged();
  composer_->focusText();
}

void SolvePanel::saveDraft() {
  draftTimer_.stop();
  if (!session_) newDraft_ = composer_->text();
  sessions_->saveDraft(session_, composer_->text());
}

void SolvePanel::send(const QString& text) {
  // Before the database is open it is not known which model will be opened: the question then waits in line.
  if (storeOpen_ && !chat_->model() && !chat_->isLoading()) {
    banner_->showError(tr("Open a model first; the question stays here."));
    return;
  }
  if (chat_->phase() != ChatService::Phase::idle) {
    banner_->showError(tr("Another session is being answered; stop it or wait, the question stays here."));
    return;
  }
  banner_->hide();
  draftTimer_.stop();
  composer_->setWaiting(true);
  sessions_->ask(session_, text);
}

// The question is in the store: from here on nothing can lose it.
void SolvePanel::begin(const NodeRow& question) {
  composer_->setWaiting(false);
  composer_->setText({});
  draftTimer_.stop();
  if (!session_) {
    newDraft_.clear();
    sessions_->saveDraft({}, {});
  }
  const bool fresh = !session_;
  session_ = wanted_ = question.session;
  branch_.push_back(question);
  transcript_->setItems(transcriptItems(branch_));
  if (chat_->model() || chat_->isLoading()) {
    chat_->answer(question.session, sampler_->settings());
  } else {
    banner_->showError(tr("The question is saved; open a model to have it answered."));
  }
  if (fresh) emit sessionChanged();
  updateState();
}

void SolvePanel::showBranch(const SessionRow& session, const std::vector<NodeRow>& branch) {
  if (!(session.id == session_) && !(session.id == wanted_)) return;
  const bool other = !(session.id == session_);
  session_ = wanted_ = session.id;
  branch_ = branch;
  const bool live = isRunningHere() && chat_->liveTurn();
  if (live) {
    const LiveTurn& turn = *chat_->liveTurn();
    std::erase_if(branch_, [&](const NodeRow& node) { return node.id >= turn.from; });
  }
  if (other) transcript_->clear();
  transcript_->setItems(transcriptItems(branch_));
  if (live) startLive();
  if (other) composer_->setText(QString::fromStdString(session.draft));
  draftTimer_.stop();
  tokens_ = tokens_of(branch_);
  updateState();
  if (other) emit sessionChanged();
  emit figuresChanged();
}

void SolvePanel::continueLast() {
  if (branch_.empty() || chat_->phase() != ChatService::Phase::idle) return;
  if (!chat_->model() && !chat_->isLoading()) return banner_->showError(tr("Open a model first."));
  banner_->hide();
  if (branch_.back().kind == NodeKind::user) {
    chat_->answer(session_, sampler_->settings());
  } else {
    chat_->goOn(session_, sampler_->settings().max_tokens);
  }
}

void SolvePanel::startLive() {
  if (!isRunningHere() || !chat_->liveTurn()) return;
  const LiveTurn& turn = *chat_->liveTurn();
  TranscriptItem item;
  const TranscriptItem* last = transcript_->last();
  const bool goes_on = last != nullptr && last->kind == TranscriptItem::Kind::reply;
  if (goes_on) item = *last;
  item.kind = TranscriptItem::Kind::reply;
  item.key = goes_on ? last->key : (branch_.empty() ? 0 : branch_.back().id.value);
  if (!turn.thought.isEmpty() || !turn.thoughtEnded) item.thought = turn.thought;
  if (!turn.answer.isEmpty()) item.text = turn.answer;
  item.running = true;
  item.action.clear();
  item.note.clear();
  if (item.thoughtLabel.isEmpty()) item.thoughtLabel = tr("Thinking\u2026");
  if (goes_on) {
    transcript_->setLast(item);
  } else {
    if (last != nullptr) {
      TranscriptItem question = *last;
      question.action.clear();
      transcript_->setLast(question);
    }
    transcript_->add(item);
  }
  frames_.start();
  updateState();
}

void SolvePanel::takeText() {
  const LiveDelta delta = chat_->takeText();
  if (!isRunningHere()) return;
  transcript_->append(QString::fromStdString(delta.thought), QString::fromStdString(delta.answer));
  if (delta.tokens_read > 0) tokens_ = delta.tokens_read;
  tokensPerSecond_ = delta.tokens_per_second;
  emit figuresChanged();
}

void SolvePanel::endLive(SessionId session) {
  frames_.stop();
  tokensPerSecond_ = 0.0;
  emit figuresChanged();
  // The store's text is the truth, and has the figures.
  if (session == session_) sessions_->open(session);
}

void SolvePanel::stop() { chat_->stop(); }

void SolvePanel::updateState() {
  const bool busy = chat_->phase() != ChatService::Phase::idle;
  pages_->setCurrentIndex(session_ ? 1 : 0);
  composer_->setRunning(busy && isRunningHere());
  if (!busy && !chat_->isLoading()) composer_->setHint(tr("Enter sends, Shift+Enter begins a new line"));
  if (chat_->isLoading()) composer_->setHint(tr("The model is being loaded\u2026"));
  if (busy && !chat_->isLoading()) {
    composer_->setHint(!isRunningHere()                                ? tr("Another session is being answered")
                       : chat_->phase() == ChatService::Phase::reading ? tr("Reading\u2026")
                                                                       : tr("Answering; Esc stops"));
  }
  emit figuresChanged();
}

}  // namespace holdfast
