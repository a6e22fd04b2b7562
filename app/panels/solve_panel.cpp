#include "app/panels/solve_panel.h"

#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "app/panels/compare_dialog.h"
#include "app/panels/edit_dialog.h"
#include "app/panels/figures_dialog.h"
#include "app/panels/memory_panel.h"
#include "app/panels/node_text.h"
#include "app/panels/problem_card.h"
#include "app/panels/sampler_panel.h"
#include "app/panels/start_panel.h"
#include "app/panels/states_panel.h"
#include "app/panels/token_panel.h"
#include "app/panels/tree_panel.h"
#include "app/widgets/announcer.h"
#include "app/widgets/banner.h"
#include "app/widgets/composer.h"
#include "app/widgets/find_bar.h"
#include "app/widgets/vote_view.h"
#include "training/suite.h"

namespace holdfast {
namespace {

constexpr int frame_milliseconds = 33;
constexpr int draft_milliseconds = 800;
constexpr int widest_composer = 828;
constexpr qsizetype longest_announcement = 400;
constexpr int least_transcript = 420;
constexpr int room_for_memory = 680;  // less is left to the transcript

qint64 tokens_of(const std::vector<NodeRow>& branch) {
  qint64 count = 0;
  for (const NodeRow& node : branch) count += static_cast<qint64>(node.tokens ? node.tokens->size() : 0);
  return count;
}

}  // namespace

SolvePanel::SolvePanel(SessionService* sessions, ChatService* chat, SamplerPanel* sampler, StartPanel* start,
                       MemoryPanel* memory, QWidget* parent)
    : QWidget(parent),
      sessions_(sessions),
      chat_(chat),
      sampler_(sampler),
      start_(start),
      pages_(new QStackedWidget),
      transcript_(new TranscriptView),
      announcer_(new Announcer(this)),
      find_(new FindBar),
      problem_(new ProblemCard),
      vote_(new VoteView),
      banner_(new Banner),
      composer_(new Composer),
      memory_(memory) {
  auto* middle = new QWidget;
  middle->setMinimumWidth(least_transcript);
  start_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);  // while it is hidden, too
  auto* layout = new QVBoxLayout(middle);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(find_);
  layout->addWidget(problem_);
  pages_->addWidget(start_);
  pages_->addWidget(transcript_);
  layout->addWidget(pages_, 1);
  auto* bottom = new QWidget;
  bottom->setMaximumWidth(widest_composer);
  auto* column = new QVBoxLayout(bottom);
  column->setContentsMargins(24, 4, 24, 16);
  column->setSpacing(8);
  column->addWidget(vote_);
  column->addWidget(banner_);
  column->addWidget(buildSteering(), 0, Qt::AlignLeft);
  column->addWidget(composer_);
  auto* centre = new QHBoxLayout;
  centre->addStretch(1);
  centre->addWidget(bottom, 1000);
  centre->addStretch(1);
  layout->addLayout(centre);
  buildSide();
  across_ = new QSplitter(Qt::Horizontal, this);
  across_->setHandleWidth(1);
  across_->setChildrenCollapsible(false);
  across_->addWidget(middle);
  across_->addWidget(sideBox_);
  across_->setStretchFactor(0, 1);
  auto* whole = new QVBoxLayout(this);
  whole->setContentsMargins(0, 0, 0, 0);
  whole->addWidget(across_);
  frames_.setInterval(frame_milliseconds);
  connect(&frames_, &QTimer::timeout, this, &SolvePanel::takeText);
  draftTimer_.setSingleShot(true);
  draftTimer_.setInterval(draft_milliseconds);
  connect(&draftTimer_, &QTimer::timeout, this, &SolvePanel::saveDraft);
  connect(composer_, &Composer::edited, this, [this] { draftTimer_.start(); });
  connect(composer_, &Composer::sent, this, &SolvePanel::send);
  connect(composer_, &Composer::stopped, this, &SolvePanel::stop);
  connect(transcript_, &TranscriptView::actionRequested, this, &SolvePanel::continueLast);
  connect(transcript_, &TranscriptView::action2Requested, this, &SolvePanel::answerNow);
  connect(transcript_, &TranscriptView::toolRequested, this, &SolvePanel::onTool);
  connect(transcript_, &TranscriptView::inspectRequested, this,
          [this](const TranscriptPlace& place) { emit inspectWanted(textPlace(branch_, place)); });
  connect(vote_, &VoteView::chosen, this, &SolvePanel::showVoted);
  connect(find_, &FindBar::sought, transcript_, &TranscriptView::find);
  connect(find_, &FindBar::stepped, transcript_, &TranscriptView::stepFound);
  connect(find_, &FindBar::closed, composer_, &Composer::focusText);
  connect(transcript_, &TranscriptView::foundChanged, find_, &FindBar::setFound);
  connectServices();
  connectSide();
  updateState();
}

// While a thought is written: what can be done with it.
QWidget* SolvePanel::buildSteering() {
  steering_ = new QWidget;
  auto* row = new QHBoxLayout(steering_);
  row->setContentsMargins(0, 0, 0, 0);
  const auto button = [&](const char* name, const QString& text, const QString& help, auto act) {
    auto* made = new QPushButton(text);
    made->setObjectName(QLatin1String(name));
    made->setProperty("command", name);
    made->setToolTip(help);
    connect(made, &QPushButton::clicked, this, act);
    row->addWidget(made);
  };
  button("pause", tr("Pause"), tr("Stop here; it goes on exactly as if it had not stopped"), [this] { pauseOrGoOn(); });
  button("answerNow", tr("Answer now"), tr("Close the thought and have the answer written"), [this] { answerNow(); });
  steering_->hide();
  return steering_;
}

void SolvePanel::buildSide() {
  tokenPanel_ = new TokenPanel(sessions_);
  treePanel_ = new TreePanel;
  statesPanel_ = new StatesPanel(sessions_);
  sidePages_ = new QStackedWidget;
  for (QWidget* page : {static_cast<QWidget*>(tokenPanel_), static_cast<QWidget*>(treePanel_),
                        static_cast<QWidget*>(statesPanel_), static_cast<QWidget*>(memory_)}) {
    sidePages_->addWidget(page);
  }
  sideBox_ = new QWidget;
  sideBox_->setObjectName(QStringLiteral("solveSide"));
  sideBox_->setAttribute(Qt::WA_StyledBackground);
  sideBox_->setMinimumWidth(240);
  sideTitle_ = new QLabel;
  sideTitle_->setObjectName(QStringLiteral("sideTitle"));
  sideTitle_->setProperty("title", true);
  auto* close = new QToolButton;
  close->setObjectName(QStringLiteral("closeSide"));
  close->setProperty("flat", true);
  close->setText(QStringLiteral("\u2715"));
  close->setAccessibleName(tr("Close the panel"));
  connect(close, &QToolButton::clicked, this,
          [this] { sideShown_ == Side::memory ? toggleMemory() : showSide(Side::none); });
  auto* head = new QHBoxLayout;
  head->setContentsMargins(14, 8, 8, 0);
  head->addWidget(sideTitle_, 1);
  head->addWidget(close);
  auto* layout = new QVBoxLayout(sideBox_);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(head);
  layout->addWidget(sidePages_, 1);
  sideBox_->hide();
}

void SolvePanel::showSide(Side side) {
  if (side == Side::none && memoryOpen_ && session_ && width() >= room_for_memory) side = Side::memory;
  const bool opens = sideShown_ == Side::none && side != Side::none;
  sideShown_ = side;
  transcript_->setPointing(side == Side::tokens || side == Side::memory);
  sideBox_->setVisible(side != Side::none);
  // A good third of what there is: enough for a line of a message, and the session stays what is read.
  if (opens) {
    QMetaObject::invokeMethod(  // behind the splitter's own layout of what has come
        this,
        [this] {
          const int wanted = std::clamp(width() * 38 / 100, sideBox_->minimumWidth(), 420);
          across_->setSizes({width() - wanted, wanted});
        },
        Qt::QueuedConnection);
  }
  if (side == Side::tokens) sideTitle_->setText(tr("Tokens"));
  if (side == Side::tree) sideTitle_->setText(tr("Branches"));
  if (side == Side::states) sideTitle_->setText(tr("Kept states"));
  if (side == Side::memory) sideTitle_->setText(tr("Memory"));
  if (side != Side::none) sidePages_->setCurrentIndex(static_cast<int>(side) - 1);
  if (side == Side::tree) treePanel_->setTree(tree_, branch_);
  if (side == Side::states) statesPanel_->setSession(session_);
  emit sideChanged();
}

void SolvePanel::setMemoryOpen(bool open) {
  memoryOpen_ = open;
  showMemoryWhereItFits();
}

void SolvePanel::toggleMemory() {
  memoryOpen_ = sideShown_ != Side::memory;
  memoryAsked_ = memoryOpen_ && width() < room_for_memory;
  showSide(memoryOpen_ ? Side::memory : Side::none);
  emit memoryOpenChanged(memoryOpen_);
}

// It gives way to the transcript, and comes back; what a person asks for stays.
void SolvePanel::showMemoryWhereItFits() {
  const bool room = width() >= room_for_memory;
  if (room) memoryAsked_ = false;
  const bool fits = memoryOpen_ && session_ && (room || memoryAsked_);
  if (fits && sideShown_ == Side::none) showSide(Side::memory);
  if (!fits && sideShown_ == Side::memory) showSide(Side::none);
}

QSize SolvePanel::minimumSizeHint() const {
  const QSize least = QWidget::minimumSizeHint();
  return sideShown_ == Side::memory && !memoryAsked_ ? QSize(least_transcript, least.height()) : least;
}

void SolvePanel::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  showMemoryWhereItFits();
}

void SolvePanel::restate() {
  const bool known = memory_->result() != nullptr && !memory_->result()->givens.empty();
  if (known) return compose(session_, restatement(memory_->result()->givens));
  banner_->showNote(tr("There are no numbers of a question to re-state, or what is left of them is not known."));
}

void SolvePanel::restateEarlier() {
  const std::optional<RestatePlace> place = memory_->restatePlace();
  if (place) return restateAt(session_, *place, restatement(memory_->result()->givens));
  banner_->showNote(tr("No number of the question is known to be fading in a reply."));
}

// Where its session and branch are in sight, else when they are.
void SolvePanel::restateAt(SessionId session, const RestatePlace& place, const QString& text) {
  const auto from = std::ranges::find(branch_, place.node, &NodeRow::id);
  if (!(session == session_) || from == branch_.end()) {
    whenShown_ = {place.node, [this, session, place, text] {
                    const bool there =
                        session == session_ && std::ranges::find(branch_, place.node, &NodeRow::id) != branch_.end();
                    there ? restateAt(session, place, text) : banner_->showError(tr("The reply is no longer there."));
                  }};
    return openSession(session, place.node);
  }
  if (!from->sampler || !canBegin()) return;
  SamplerConfig sampler = *from->sampler;
  sampler.seed = sampler_->settings().sampler.seed;
  const QString said = (place.position > 0 ? QStringLiteral("\n\n") : QString()) + text + QStringLiteral("\n\n");
  chat_->forkSaying(session_, place.node, place.position, said, sampler, sampler_->settings().max_tokens);
}

// The memory knows which messages are being written, the turn what stands in them.
std::vector<NodeRow> SolvePanel::branchInSight() const {
  std::vector<NodeRow> shown = branch_;
  if (!isRunningHere() || !chat_->liveTurn() || memory_->result() == nullptr) return shown;
  const LiveTurn& turn = *chat_->liveTurn();
  for (const InspectPart& part : memory_->result()->parts) {
    if (part.node < turn.from || part.kind == NodeKind::user || part.kind == NodeKind::system) continue;
    NodeRow row;
    row.id = part.node;
    row.parent = shown.empty() ? NodeId{} : shown.back().id;
    row.kind = part.kind;
    row.text = (part.kind == NodeKind::thought ? turn.thought : turn.answer).toStdString();
    shown.push_back(std::move(row));
  }
  return shown;
}

void SolvePanel::connectSide() {
  connect(transcript_, &TranscriptView::placePointed, this, [this](const std::optional<TranscriptPlace>& place) {
    const TextPlace here = place ? textPlace(branchInSight(), *place) : TextPlace{};
    sideShown_ == Side::memory ? memory_->point(here) : tokenPanel_->point(here);
  });
  const auto pointed = [this](const TextPlace& place) {
    const std::optional<TranscriptPlace> here = transcriptPlace(branchInSight(), place);
    here ? transcript_->showPlace(*here, false) : transcript_->clearPlace();
  };
  connect(tokenPanel_, &TokenPanel::pointed, this, pointed);
  connect(memory_, &MemoryPanel::placePointed, this, pointed);
  connect(memory_, &MemoryPanel::placeChosen, this, [this](const TextPlace& place) {
    if (const auto here = transcriptPlace(branchInSight(), place)) transcript_->showPlace(*here);
  });
  connect(memory_, &MemoryPanel::inspectWanted, this, &SolvePanel::inspectWanted);
  connect(memory_, &MemoryPanel::restateWanted, this, &SolvePanel::restate);
  connect(memory_, &MemoryPanel::restateEarlierWanted, this, &SolvePanel::restateEarlier);
  connect(tokenPanel_, &TokenPanel::forkWanted, this, &SolvePanel::forkAt);
  connect(treePanel_, &TreePanel::chosen, this, [this](NodeId node) {
    if (chat_->phase() == ChatService::Phase::idle) sessions_->choose(session_, node);
  });
  connect(treePanel_, &TreePanel::compareWanted, this,
          [this](NodeId one, NodeId other) { sessions_->readBranches(one, other); });
  connect(sessions_, &SessionService::branchesRead, this,
          [this](const std::vector<NodeRow>& one, const std::vector<NodeRow>& other) {
            (new CompareDialog(one, other, this))->open();
          });
  connect(sessions_, &SessionService::figuresRead, this,
          [this](const std::vector<NodeRow>& reply, const CheckpointRow& checkpoint) {
            (new FiguresDialog(reply, checkpoint, this))->open();
          });
  connect(statesPanel_, &StatesPanel::importWanted, this, &SolvePanel::beginFromState);
  connect(sessions_, &SessionService::textEdited, this, [this](const NodeRow& node) {
    if (!(node.session == session_)) return;
    sessions_->open(session_);
    // A thought was edited to be gone on with; an answer stands as it was written.
    if (node.kind == NodeKind::thought && canBegin()) chat_->goOn(session_, sampler_->settings().max_tokens);
  });
  connect(sessions_, &SessionService::branchDeleted, this, [this](SessionId session, NodeId node) {
    banner_->showNote(tr("The branch was deleted."), tr("Undo"),
                      [this, session, node] { sessions_->restoreBranch(session, node); });
  });
  connect(sessions_, &SessionService::stateExported, this,
          [this](const QString& file) { banner_->showNote(tr("The state was written to %1.").arg(file)); });
}

void SolvePanel::connectServices() {
  connect(sessions_, &SessionService::opened, this, [this] { storeOpen_ = true; });
  connect(sessions_, &SessionService::storageChanged, this, &SolvePanel::setStorage);
  connect(sessions_, &SessionService::asked, this, &SolvePanel::begin);
  connect(sessions_, &SessionService::askFailed, this, [this](const QString&, const QString& message) {
    composer_->setWaiting(false);
    banner_->showError(tr("The question was not saved and still stands below: %1").arg(message));
  });
  connect(sessions_, &SessionService::sessionOpened, this, &SolvePanel::showBranch);
  connect(sessions_, &SessionService::failed, this, [this] { whenShown_ = {}; });
  connect(chat_, &ChatService::phaseChanged, this, &SolvePanel::updateState);
  connect(chat_, &ChatService::turnStarted, this, &SolvePanel::startLive);
  connect(chat_, &ChatService::turnFinished, this, &SolvePanel::endLive);
  connect(chat_, &ChatService::looping, this, &SolvePanel::offerToBreak);
  connect(chat_, &ChatService::voteChanged, this, [this](const VoteProgress& progress) {
    if (!isRunningHere()) return;
    tokensPerSecond_ = progress.tokens_per_second;
    showVote(progress.vote, progress.asked, tr("%1 of %2 have answered").arg(progress.done).arg(progress.asked));
    emit figuresChanged();
  });
  connect(chat_, &ChatService::readingProgress, this, [this](qint64 done, qint64 total) {
    if (isRunningHere() && total > 512) {
      composer_->setHint(tr("Reading %1 of %2 tokens\u2026").arg(QLocale().toString(done), QLocale().toString(total)));
    }
  });
}

bool SolvePanel::isRunningHere() const { return session_ && chat_->runningSession() == session_; }

const NodeRow* SolvePanel::nodeOf(NodeId id) const {
  // Of the branch in sight all is known, of the others what a tree shows.
  for (const std::vector<NodeRow>* nodes : {&branch_, &tree_}) {
    const auto found = std::ranges::find(*nodes, id, &NodeRow::id);
    if (found != nodes->end()) return &*found;
  }
  return nullptr;
}

// The thought and the answer of a reply in sight.
std::vector<NodeRow> SolvePanel::replyOf(const TranscriptItem& item) const {
  std::vector<NodeRow> reply;
  if (item.kind != TranscriptItem::Kind::reply) return reply;
  bool inside = false;
  for (const NodeRow& node : branch_) {
    const bool generated = node.kind == NodeKind::thought || node.kind == NodeKind::answer;
    if (inside && !generated) break;
    if (inside) reply.push_back(node);
    if (node.id.value == item.key) inside = true;
  }
  return reply;
}

bool SolvePanel::canBegin() {
  if (chat_->phase() != ChatService::Phase::idle) {
    banner_->showError(isRunningHere() ? tr("An answer is being written; stop it first.")
                                       : tr("Another session is being answered; stop it or wait."));
    return false;
  }
  if (!chat_->model() && !chat_->isLoading()) {
    banner_->showError(tr("Open a model first."));
    return false;
  }
  if (!storage_.isEmpty()) {
    sessions_->checkStorage();  // says so again, or that it has passed
    return false;
  }
  banner_->hide();
  return true;
}

void SolvePanel::openSession(SessionId session, NodeId at) {
  wantedNode_ = at;
  if (at && session == session_) return sessions_->choose(session, at);
  if (session == session_ || (session == wanted_ && !at)) return;
  saveDraft();
  wanted_ = session;
  at ? sessions_->choose(session, at) : sessions_->open(session);
}

void SolvePanel::showPlace(SessionId session, const TextPlace& place) {
  const std::optional<TranscriptPlace> here =
      session == session_ ? transcriptPlace(branch_, place) : std::optional<TranscriptPlace>{};
  if (here) return transcript_->showPlace(*here);
  wantedPlace_ = place;
  openSession(session, place.node);
}

void SolvePanel::compose(SessionId session, const QString& text) {
  if (session && !(session == session_)) {
    whenShown_ = {{}, [this, session, text] { compose(session, text); }};
    return openSession(session);
  }
  const QString draft = composer_->text();
  composer_->setText(draft.trimmed().isEmpty() ? text : draft + QLatin1Char('\n') + text);
  composer_->focusText();
}

void SolvePanel::inspectHere() {
  const std::optional<TranscriptPlace> cursor = transcript_->cursorPlace();
  emit inspectWanted(cursor && !isRunningHere() ? textPlace(branch_, *cursor) : TextPlace{});
}

void SolvePanel::newSession() {
  if (session_) saveDraft();
  const bool other = static_cast<bool>(session_);
  session_ = wanted_ = {};
  whenShown_ = {};
  branch_.clear();
  tree_.clear();
  transcript_->clear();
  problem_->setProblem({});
  vote_->hide();
  showSide(Side::none);
  memory_->setSession({});
  tokens_ = 0;
  memory_->setTokens(0);
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

void SolvePanel::setStorage(const QString& why) {
  const bool was = storage_.isEmpty();
  storage_ = why;
  if (!why.isEmpty()) {
    banner_->showRefusal(tr("Nothing can be saved now: %1. What is there can be read, searched and exported to another "
                            "place; nothing new is begun, and what stands below stays there.")
                             .arg(why),
                         tr("Try again"), [this] { sessions_->checkStorage(); });
  } else if (!was) {
    banner_->showNote(tr("Everything can be saved again."));
  }
  updateState();
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
  sessions_->ask(session_, text, sampler_->system());
}

// The question is in the store: from here on nothing can lose it.
void SolvePanel::begin(const NodeRow& question) {
  const bool anew = std::ranges::any_of(branch_, [&](const NodeRow& node) { return node.parent == question.parent; });
  composer_->setWaiting(false);
  if (!anew) composer_->setText({});
  draftTimer_.stop();
  if (!session_) {
    newDraft_.clear();
    sessions_->saveDraft({}, {});
  }
  const bool fresh = !session_;
  session_ = wanted_ = question.session;
  // Beside an old question, the branch ends where both begin.
  while (anew && !branch_.empty() && !(branch_.back().id == question.parent)) branch_.pop_back();
  branch_.push_back(question);
  tree_.push_back(question);
  showItems();
  problem_->setProblem(sampler_->settings().solve ? QString::fromStdString(question.text) : QString());
  vote_->hide();
  if (chat_->model() || chat_->isLoading()) {
    startAnswer(question.session);
  } else {
    banner_->showError(tr("The question is saved; open a model to have it answered."));
  }
  if (fresh) {
    memory_->setSession(session_);
    emit sessionChanged();
    showMemoryWhereItFits();
  }
  updateState();
}

void SolvePanel::startAnswer(SessionId session) {
  if (sampler_->samples() > 1) {
    chat_->vote(session, sampler_->settings(), sampler_->samples());
  } else {
    chat_->answer(session, sampler_->settings());
  }
  showItems();
}

// What is under way is not offered.
void SolvePanel::showItems() {
  std::vector<TranscriptItem> items = transcriptItems(branch_, tree_);
  if (isRunningHere() && !items.empty()) items.back().action.clear(), items.back().action2.clear();
  transcript_->setItems(std::move(items));
}

void SolvePanel::showBranch(const SessionRow& session, const std::vector<NodeRow>& branch,
                            const std::vector<NodeRow>& tree, NodeId chosen) {
  if (!(session.id == session_) && !(session.id == wanted_)) return;
  const bool other = !(session.id == session_);
  session_ = wanted_ = session.id;
  branch_ = branch;
  tree_ = tree;
  const bool live = isRunningHere() && chat_->liveTurn();
  if (live) {
    const LiveTurn& turn = *chat_->liveTurn();
    std::erase_if(branch_, [&](const NodeRow& node) { return node.id >= turn.from; });
  }
  if (other) transcript_->clear();
  showItems();
  if (live) startLive();
  if (other) composer_->setText(QString::fromStdString(session.draft));
  draftTimer_.stop();
  tokens_ = tokens_of(branch_);
  memory_->setTokens(tokens_);
  const auto question = std::ranges::find(branch_, NodeKind::user, &NodeRow::kind);
  const bool solves = sampler_->settings().solve && question != branch_.end();
  problem_->setProblem(solves ? QString::fromStdString(question->text) : QString());
  if (!live) showVoteOfBranch();
  if (other && sideShown_ == Side::tokens) showSide(Side::none);
  if (sideShown_ == Side::tree || sideShown_ == Side::states) showSide(sideShown_);
  if (wantedNode_) transcript_->scrollTo(wantedNode_.value);
  wantedNode_ = {};
  const auto place = wantedPlace_ ? transcriptPlace(branch_, *std::exchange(wantedPlace_, std::nullopt)) : std::nullopt;
  if (place) transcript_->showPlace(*place);
  memory_->setSession(session_);
  updateState();
  if (other) emit sessionChanged();
  showMemoryWhereItFits();
  emit figuresChanged();
  if (!live && std::exchange(announceWhenShown_, false)) announceEnd();
  if (whenShown_.act && chosen == whenShown_.chosen) std::exchange(whenShown_, {}).act();
}

void SolvePanel::continueLast() {
  if (branch_.empty() || !canBegin()) return;
  if (branch_.back().kind == NodeKind::user) {
    startAnswer(session_);
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
  item.action2.clear();
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
  memory_->setTokens(tokens_);
  if (delta.thought_ended) {
    updateState();
    announcer_->say(tr("The thought has ended; the answer is being written."));
  }
  emit figuresChanged();
}

void SolvePanel::endLive(SessionId session) {
  frames_.stop();
  tokensPerSecond_ = 0.0;
  emit figuresChanged();
  // The store's text is the truth, and has the figures.
  if (session == session_) {
    announceWhenShown_ = true;
    sessions_->open(session);
  }
  if (afterStop_) std::exchange(afterStop_, nullptr)();
}

void SolvePanel::announceEnd() {
  const TranscriptItem* last = transcript_->last();
  if (last == nullptr || last->kind != TranscriptItem::Kind::reply || branch_.empty()) return;
  const QString end = end_text(branch_.back());
  const QString text = last->text.simplified().left(longest_announcement);
  announcer_->say(text.isEmpty()  ? tr("The thought has no answer yet: %1.").arg(end.isEmpty() ? tr("ended") : end)
                  : end.isEmpty() ? tr("Answered: %1").arg(text)
                                  : tr("The answer is %1: %2").arg(end, text));
}

void SolvePanel::beginFromState(const QString& file) {
  if (canBegin()) chat_->beginFromState(file);
}

void SolvePanel::stop() {
  afterStop_ = nullptr;
  chat_->stop();
}

// At once, or when what runs here has come to its stop.
void SolvePanel::afterStop(std::function<void()> act) {
  if (!isRunningHere()) return act();
  afterStop_ = std::move(act);
  chat_->stop();
}

void SolvePanel::pauseOrGoOn() {
  if (isRunningHere()) return stop();
  const TranscriptItem* last = transcript_->last();
  if (last != nullptr && !last->action.isEmpty()) continueLast();
}

void SolvePanel::answerNow() {
  const bool running = isRunningHere() && chat_->liveTurn() && !chat_->liveTurn()->thoughtEnded;
  const bool stopped = !isRunningHere() && !branch_.empty() && branch_.back().kind == NodeKind::thought;
  if (!running && !stopped) return;
  afterStop([this] {
    if (canBegin()) chat_->answerNow(session_, sampler_->settings().max_tokens);
  });
}

void SolvePanel::again() {
  const auto question =
      std::find_if(branch_.rbegin(), branch_.rend(), [](const NodeRow& node) { return node.kind == NodeKind::user; });
  if (question != branch_.rend()) answerAnew(question->id);
}

void SolvePanel::answerAnew(NodeId question) {
  if (!canBegin()) return;
  showEnd(question, [this] {
    if (canBegin()) startAnswer(session_);
  });
}

// Shows the branch that ends in this node, and then does what is to be done there: the store has it by then.
void SolvePanel::showEnd(NodeId node, std::function<void()> then) {
  whenShown_ = {node, std::move(then)};
  sessions_->chooseEnd(session_, node);
}

void SolvePanel::sibling(const TranscriptItem& item, int by) {
  if (chat_->phase() != ChatService::Phase::idle && isRunningHere()) return;
  const std::vector<NodeRow> reply = replyOf(item);
  std::vector<NodeId> beside;
  NodeId now;
  if (!reply.empty()) {
    beside = repliesTo(tree_, {item.key});
    now = reply.back().id;
  } else if (const NodeRow* question = nodeOf({item.key})) {
    beside = besideQuestion(tree_, *question);
    now = question->id;
  }
  const auto at = std::ranges::find(beside, now);
  if (at == beside.end()) return;
  const auto wanted = (at - beside.begin()) + by;
  if (wanted < 0 || wanted >= std::ssize(beside)) return;
  sessions_->choose(session_, beside[static_cast<std::size_t>(wanted)]);
}

void SolvePanel::stepSibling(int by) {
  const std::vector<TranscriptItem> items = transcriptItems(branch_, tree_);
  const auto last =
      std::find_if(items.rbegin(), items.rend(), [](const TranscriptItem& item) { return item.places > 1; });
  if (last != items.rend()) sibling(*last, by);
}

void SolvePanel::stepMessage(int by) { transcript_->step(by); }

void SolvePanel::thinkMoreLast() {
  if (const TranscriptItem* last = transcript_->last()) onTool(TranscriptItem(*last), TranscriptTool::thinkMore);
}

void SolvePanel::find() {
  if (session_) find_->open();
}

void SolvePanel::findNext(int by) { find_->isVisible() ? transcript_->stepFound(by) : find(); }

void SolvePanel::bookmarkLast() {
  if (!branch_.empty() && !isRunningHere()) {
    sessions_->setFavourite(session_, branch_.back().id, !branch_.back().favourite);
  }
}

void SolvePanel::forkLast() {
  if (const TranscriptItem* last = transcript_->last()) onTool(TranscriptItem(*last), TranscriptTool::fork);
}

void SolvePanel::compareLast() {
  const std::vector<TranscriptItem> items = transcriptItems(branch_, tree_);
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    const std::vector<NodeRow> reply = replyOf(*item);
    if (item->places < 2 || reply.empty()) continue;
    const std::vector<NodeId> beside = repliesTo(tree_, {item->key});
    const auto other = static_cast<std::size_t>(item->place > 1 ? item->place - 2 : item->place);
    return sessions_->readBranches(beside[other], reply.back().id);
  }
}

void SolvePanel::onTool(const TranscriptItem& item, TranscriptTool tool) {
  if (tool == TranscriptTool::previous || tool == TranscriptTool::next) {
    return sibling(item, tool == TranscriptTool::next ? 1 : -1);
  }
  const std::vector<NodeRow> reply = replyOf(item);
  if (!reply.empty()) return onReplyTool(reply, tool);
  const NodeRow* question = nodeOf({item.key});
  if (question == nullptr || isRunningHere()) return;
  if (tool == TranscriptTool::edit) editQuestion(*question);
  if (tool == TranscriptTool::bookmark) sessions_->setFavourite(session_, question->id, !question->favourite);
  if (tool == TranscriptTool::remove) removeBranch(question->id);
  if (tool == TranscriptTool::inspect) emit inspectWanted({.node = question->id});
  if (tool == TranscriptTool::fork) {
    showEnd(question->id, {});
    composer_->focusText();
  }
}

void SolvePanel::onReplyTool(const std::vector<NodeRow>& reply, TranscriptTool tool) {
  if (isRunningHere()) return;
  const NodeRow& last = reply.back();
  switch (tool) {
    case TranscriptTool::edit: return editReply(last);
    case TranscriptTool::editThought:
      if (reply.front().kind == NodeKind::thought) editReply(reply.front());
      return;
    case TranscriptTool::again: return answerAnew(reply.front().parent);
    case TranscriptTool::thinkMore:
      if (reply.front().kind == NodeKind::thought && canBegin()) {
        showEnd(last.id, [this] {
          if (canBegin()) chat_->thinkMore(session_, sampler_->settings().max_tokens);
        });
      }
      return;
    case TranscriptTool::tokens:
      tokenPanel_->showReply(reply, chat_->sharedModel().tokenizer);
      return showSide(Side::tokens);
    case TranscriptTool::bookmark: return sessions_->setFavourite(session_, last.id, !last.favourite);
    case TranscriptTool::fork: showEnd(last.id, {}); return composer_->focusText();
    case TranscriptTool::inspect: emit inspectWanted({.node = last.id}); return;
    case TranscriptTool::figures: return sessions_->readFigures(reply);
    case TranscriptTool::remove: return removeBranch(reply.front().id);
    default: return;
  }
}

void SolvePanel::editQuestion(const NodeRow& question) {
  auto* dialog = new EditDialog(tr("Ask it otherwise"), QString::fromStdString(question.text), tr("Ask"), this);
  connect(dialog, &EditDialog::written, this, [this, question](const QString& text) {
    if (canBegin()) sessions_->askAnew(question, text);
  });
  dialog->open();
}

void SolvePanel::editReply(const NodeRow& node) {
  const bool thought = node.kind == NodeKind::thought;
  auto* dialog = new EditDialog(thought ? tr("Edit the thought and go on from its end") : tr("Edit the answer"),
                                QString::fromStdString(node.text).trimmed(), thought ? tr("Go on") : tr("Keep"), this);
  connect(dialog, &EditDialog::written, this, [this, node](const QString& text) { sessions_->editText(node, text); });
  dialog->open();
}

void SolvePanel::removeBranch(NodeId node) { sessions_->deleteBranch(session_, node); }

void SolvePanel::forkAt(NodeId node, qint64 position, std::optional<TokenId> instead) {
  const NodeRow* from = nodeOf(node);
  if (from == nullptr || !from->sampler || !canBegin()) return;
  SamplerConfig sampler = *from->sampler;
  sampler.seed = sampler_->settings().sampler.seed;
  chat_->forkAt(session_, node, position, instead, sampler, sampler_->settings().max_tokens);
}

void SolvePanel::offerToBreak(NodeId node, qint64 position) {
  if (!isRunningHere()) return;
  banner_->showNote(tr("The text has begun to repeat itself."), tr("Break the loop"), [this, node, position] {
    afterStop([this, node, position] {
      const NodeRow* from = nodeOf(node);
      SamplerConfig sampler = from != nullptr && from->sampler ? *from->sampler : sampler_->settings().sampler;
      // The same words were the likeliest: they have to become less so.
      sampler.params.temperature = std::max(sampler.params.temperature + 0.2f, 0.7f);
      sampler.params.repetition_penalty = std::max(sampler.params.repetition_penalty, 1.1f);
      sampler.seed = sampler_->settings().sampler.seed;
      banner_->hide();
      chat_->forkAt(session_, node, position, std::nullopt, sampler, sampler_->settings().max_tokens);
    });
  });
}

// The bars of a vote. `progress`: how far it is, while it runs.
void SolvePanel::showVote(const Vote& vote, std::size_t asked, const QString& progress) {
  voted_ = vote;
  std::vector<VoteBar> bars;
  for (const AnswerGroup& group : vote.groups) {
    const bool shown = !branch_.empty() && std::ranges::find(group.leaves, branch_.back().id) != group.leaves.end();
    bars.push_back({.answer = QString::fromStdString(group.answer),
                    .votes = static_cast<int>(group.leaves.size()),
                    .shown = shown});
  }
  QString heading = progress;
  if (heading.isEmpty() && !vote.groups.empty()) {
    const auto votes = static_cast<std::int64_t>(vote.groups.front().leaves.size());
    const auto [low, high] = Share{votes, static_cast<std::int64_t>(vote.counted())}.interval();
    heading = tr("%1 of %2 replies agree (95% interval %3% to %4%)")
                  .arg(votes)
                  .arg(vote.counted())
                  .arg(qRound(100 * low))
                  .arg(qRound(100 * high));
    if (!vote.silent.empty()) heading += tr(", %1 without an answer").arg(vote.silent.size());
  }
  vote_->setVote(heading, bars, static_cast<int>(std::max(asked, std::size_t{1})));
}

// Where the last question in sight has several replies.
void SolvePanel::showVoteOfBranch() {
  const auto question =
      std::find_if(branch_.rbegin(), branch_.rend(), [](const NodeRow& node) { return node.kind == NodeKind::user; });
  if (question == branch_.rend()) return vote_->hide();
  const std::vector<Ballot> ballots = ballots_of(tree_, question->id);
  const Vote vote = vote_of(ballots);
  if (vote.counted() < 3) return vote_->hide();
  showVote(vote, vote.counted(), {});
}

void SolvePanel::showVoted(int bar) {
  if (bar < 0 || bar >= static_cast<int>(voted_.groups.size()) || isRunningHere()) return;
  const std::vector<NodeId>& leaves = voted_.groups[static_cast<std::size_t>(bar)].leaves;
  const auto now = branch_.empty() ? leaves.end() : std::ranges::find(leaves, branch_.back().id);
  const auto next = now == leaves.end() || now + 1 == leaves.end() ? leaves.begin() : now + 1;
  sessions_->choose(session_, *next);
}

void SolvePanel::updateState() {
  const bool busy = chat_->phase() != ChatService::Phase::idle;
  pages_->setCurrentIndex(session_ ? 1 : 0);
  if (!session_) find_->close();
  composer_->setRunning(busy && isRunningHere());
  steering_->setVisible(isRunningHere() && chat_->phase() == ChatService::Phase::generating && chat_->liveTurn() &&
                        !chat_->liveTurn()->thoughtEnded);
  if (!busy && !chat_->isLoading()) composer_->setHint(tr("Enter sends, Shift+Enter begins a new line"));
  if (chat_->isLoading()) composer_->setHint(tr("The model is being loaded\u2026"));
  if (busy && !chat_->isLoading()) {
    composer_->setHint(!isRunningHere()                                ? tr("Another session is being answered")
                       : chat_->phase() == ChatService::Phase::reading ? tr("Reading\u2026")
                                                                       : tr("Answering; Esc stops"));
  }
  if (!storage_.isEmpty()) composer_->setHint(tr("Nothing can be saved now"));
  emit figuresChanged();
}

}  // namespace holdfast
