#include "app/services/chat_service.h"

#include <utility>

namespace holdfast {
namespace {

// Runs at the end of a piece of work, also when it was left by an exception.
template <class Action>
class AtEnd {
 public:
  explicit AtEnd(Action action) : action_(std::move(action)) {}
  ~AtEnd() { action_(); }
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;

 private:
  Action action_;
};

}  // namespace

ChatService::ChatService(const std::filesystem::path& dataDir, int threads, QObject* parent)
    : QObject(parent), database_(dataDir / "holdfast.db"), states_(dataDir / "states"), threads_(threads) {
  connect(&job_, &Job::failed, this, &ChatService::failed);
}

ChatService::~ChatService() { turnStop_.request_stop(); }

template <class Action>
void ChatService::onWindow(Action action) {
  QMetaObject::invokeMethod(this, std::move(action), Qt::QueuedConnection);
}

ChatEngine& ChatService::engine() {
  if (!engine_) {
    engine_ = std::make_unique<ChatEngine>(database_, states_, live_, threads_);
    engine_->show_memory_in(memory_);
  }
  return *engine_;
}

void ChatService::loadModel(const QString& path) {
  ++loading_;
  emit loadingStarted(path);
  emit phaseChanged();
  job_.post([this, path](const std::stop_token& stop) {
    std::optional<ModelInfo> info;
    SharedModel shared;
    const AtEnd report([&] {
      onWindow([this, info, shared] {
        --loading_;
        if (info) shared_ = shared;
        model_ = info ? info : (engine_ && engine_->has_model() ? model_ : std::nullopt);
        if (info) emit modelLoaded();
        emit phaseChanged();
        if (info && !info->begins_with.empty()) beginFromState(QString::fromStdString(info->begins_with));
      });
    });
    int shown = -1;
    const auto progress = [&](double done) {
      // A signal for each percent is enough for a bar of a few hundred pixels.
      if (const int percent = static_cast<int>(done * 100); percent != shown) {
        shown = percent;
        onWindow([this, done] { emit loadingProgress(done); });
      }
    };
    info = engine().load(path.toStdString(), progress, stop);
    shared = engine().shared_model();
  });
}

void ChatService::startTurn(SessionId session, std::function<void(const TurnEvents&, std::stop_token)> work,
                            std::function<void(const std::stop_token&)> after) {
  session_ = session;
  turnStop_ = std::stop_source();
  turn_.reset();
  setPhase(Phase::reading);
  job_.post([this, session, work = std::move(work), after = std::move(after),
             source = turnStop_](const std::stop_token& stop) mutable {
    const std::stop_callback link(stop, [&source] { source.request_stop(); });
    const TurnEvents events{
        .reading = [this](std::int64_t done,
                          std::int64_t total) { onWindow([this, done, total] { emit readingProgress(done, total); }); },
        .started =
            [this](const NodeRow& row, std::int64_t) {
              onWindow([this, row] { begin(row); });
              tellNotice();
            },
        .looping = [this](
                       NodeId node,
                       std::int64_t position) { onWindow([this, node, position] { emit looping(node, position); }); }};
    memory_.clear();
    {
      const AtEnd report([&] { onWindow([this, session] { endTurn(session); }); });
      work(events, source.get_token());
    }
    tellNotice();
    const auto leave = [this] { return job_.waits(); };  // the next turn waits for none of this
    if (after && !leave()) after(source.get_token());
    // The state is written after the window knows that the turn has ended, also when the program is being closed.
    if (!engine().keep_state(session, leave)) return writeStates(session);
    onWindow([this, session] { emit stateKept(session); });
  });
}

void ChatService::writeStates(SessionId session) {
  job_.post_behind([this, session](const std::stop_token&) {
    if (!engine().write_states([this] { return job_.waits(); })) return writeStates(session);
    onWindow([this, session] { emit stateKept(session); });
  });
}

void ChatService::tellNotice() {
  const std::string sentence = engine().take_notice();
  if (!sentence.empty()) onWindow([this, text = QString::fromStdString(sentence)] { emit noticed(text); });
}

void ChatService::answer(SessionId session, const TurnSettings& settings) {
  startTurn(session, [this, session, settings](const TurnEvents& events, std::stop_token stop) {
    (void)engine().answer(session, settings, events, std::move(stop));
  });
}

void ChatService::goOn(SessionId session, std::int64_t maxTokens) {
  startTurn(session, [this, session, maxTokens](const TurnEvents& events, std::stop_token stop) {
    (void)engine().go_on(session, maxTokens, events, std::move(stop));
  });
}

void ChatService::answerNow(SessionId session, std::int64_t maxTokens) {
  startTurn(session, [this, session, maxTokens](const TurnEvents& events, std::stop_token stop) {
    (void)engine().answer_now(session, maxTokens, events, std::move(stop));
  });
}

void ChatService::thinkMore(SessionId session, std::int64_t maxTokens) {
  startTurn(session, [this, session, maxTokens](const TurnEvents& events, std::stop_token stop) {
    (void)engine().think_more(session, maxTokens, events, std::move(stop));
  });
}

void ChatService::forkAt(SessionId session, NodeId node, std::int64_t position, std::optional<TokenId> instead,
                         const SamplerConfig& sampler, std::int64_t maxTokens) {
  startTurn(session, [this, session, node, position, instead, sampler, maxTokens](const TurnEvents& events,
                                                                                  std::stop_token stop) {
    engine().fork(node, position, sampler);
    const std::vector<TokenId> forced = instead ? std::vector<TokenId>{*instead} : std::vector<TokenId>{};
    (void)engine().go_on(session, maxTokens, events, std::move(stop), forced);
  });
}

void ChatService::forkSaying(SessionId session, NodeId node, std::int64_t position, const QString& text,
                             const SamplerConfig& sampler, std::int64_t maxTokens) {
  startTurn(session, [this, session, node, position, said = text.toStdString(), sampler, maxTokens](
                         const TurnEvents& events, std::stop_token stop) {
    engine().fork(node, position, sampler);
    (void)engine().go_on(session, maxTokens, events, std::move(stop), engine().shared_model().tokenizer->encode(said));
  });
}

void ChatService::vote(SessionId session, const TurnSettings& settings, int samples) {
  const auto read = [this, session](const std::stop_token& stop) { engine().read_rest(session, stop); };
  const auto work = [this, session, settings, samples](const TurnEvents& turn, std::stop_token stop) {
    const VoteEvents events{.reading = turn.reading, .changed = [this](const VoteProgress& progress) {
                              onWindow([this, progress] {
                                if (phase_ == Phase::reading) setPhase(Phase::generating);
                                emit voteChanged(progress);
                              });
                            }};
    (void)engine().vote(session, settings, samples, events, std::move(stop));
  };
  startTurn(session, work, read);
}

void ChatService::beginFromState(const QString& file) {
  job_.post([this, file](const std::stop_token&) {
    const SessionId session = engine().begin_from_state(file.toStdString());
    onWindow([this, session] { emit stateImported(session); });
  });
}

void ChatService::stop() { turnStop_.request_stop(); }

void ChatService::setPhase(Phase phase) {
  phase_ = phase;
  emit phaseChanged();
}

void ChatService::begin(const NodeRow& row) {
  LiveTurn turn{.session = row.session, .from = {row.parent.value + 1}, .thought = {}, .answer = {}};
  const QString text = QString::fromStdString(row.text);
  if (row.id && row.finished > 0) {  // goes on
    turn.from = row.id;
    turn.thoughtEnded = row.kind == NodeKind::answer;
    (turn.thoughtEnded ? turn.answer : turn.thought) = text;
  }
  turn_ = turn;
  setPhase(Phase::generating);
  emit turnStarted();
}

void ChatService::endTurn(SessionId session) {
  takeText();
  setPhase(Phase::idle);
  emit turnFinished(session);
  turn_.reset();
}

LiveDelta ChatService::takeText() {
  LiveDelta delta = live_.take();
  if (turn_) {
    turn_->thought += QString::fromStdString(delta.thought);
    turn_->answer += QString::fromStdString(delta.answer);
    turn_->thoughtEnded |= delta.thought_ended;
  }
  return delta;
}

}  // namespace holdfast
