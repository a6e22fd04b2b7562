#include "app/services/inspect_service.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <utility>

#include "app/markdown/text_alignment.h"
#include "app/services/state_keeper.h"
#include "app/services/state_places.h"
#include "app/store/state_files.h"
#include "app/store/store.h"
#include "engine/utf8.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::int64_t inspect_most_samples = 4000;
constexpr std::int64_t inspect_every = 4;   // tokens from sample to sample, more in long texts
constexpr std::int64_t inspect_unread = 2;  // tokens at a session's end that the model may not have read yet
constexpr std::size_t inspect_block = 256;  // tokens between two looks at the stop button
constexpr std::int64_t memory_most_numbers = 20'000'000;  // log decays that are looked through unasked
constexpr int given_places = 160;                         // of a curve
constexpr qsizetype inspect_words = 40;     // of a text, in a label

QString node_kind_word(NodeKind kind) {
  switch (kind) {
    case NodeKind::system: return InspectService::tr("system");
    case NodeKind::user: return InspectService::tr("question");
    case NodeKind::thought: return InspectService::tr("thought");
    case NodeKind::answer: return InspectService::tr("answer");
    case NodeKind::note: return InspectService::tr("note");
  }
  return {};
}

// The text of each token; a character that several make up is the last one's.
QStringList pieces_of(const Tokenizer& tokenizer, std::span<const TokenId> tokens) {
  QStringList pieces;
  Utf8Joiner joiner;
  for (const TokenId id : tokens) {
    const std::string_view bytes = tokenizer.bytes(id);
    pieces << QString::fromStdString(joiner.push(bytes.empty() ? std::string_view(tokenizer.piece(id)) : bytes));
  }
  return pieces;
}

QString text_of(const Tokenizer& tokenizer, std::span<const TokenId> tokens) {
  return pieces_of(tokenizer, tokens).join(QString()).simplified();
}

// The tokens up to the end of this node.
std::vector<TokenId> tokens_to(const Store& store, NodeId node) {
  std::vector<TokenId> tokens;
  for (const NodeRow& row : store.branch_to(node)) {
    if (row.tokens) tokens.insert(tokens.end(), row.tokens->begin(), row.tokens->end());
  }
  return tokens;
}

}  // namespace

std::optional<TextPlace> InspectResult::placeOf(std::int64_t token) const {
  const auto next = std::ranges::upper_bound(parts, token, {}, &InspectPart::begin);
  if (next == parts.begin()) return std::nullopt;
  const InspectPart& part = *(next - 1);
  const auto at = static_cast<std::size_t>(token - part.begin);
  if (at + 1 >= part.starts.size()) return std::nullopt;
  return TextPlace{part.node, part.starts[at], part.starts[at + 1]};
}

std::int64_t InspectResult::tokenOf(const TextPlace& place) const {
  const auto part = std::ranges::find(parts, place.node, &InspectPart::node);
  if (part == parts.end()) return -1;
  const qsizetype found = pieceAt(part->starts, place.begin);
  if (found < 0) return part->starts.back() == 0 || place.begin == part->starts.back() ? part->begin : -1;
  return part->begin + found;
}

std::optional<RestatePlace> restatePlace(const InspectResult& result) {
  int faded = -1;
  for (const GivenLeft& given : result.givens) {
    if (given.fades() && (faded < 0 || given.fadedAt < faded)) faded = given.fadedAt;
  }
  const auto replied = [](const InspectPart& part) {
    return part.kind == NodeKind::thought || part.kind == NodeKind::answer;
  };
  const auto behind = std::find_if_not(result.parts.rbegin(), result.parts.rend(), replied).base();
  if (faded < 0 || behind == result.parts.end()) return std::nullopt;
  std::int64_t token = behind->begin;
  for (const InspectMark& mark : result.marks) {
    if (mark.kept && mark.token <= faded) token = std::max(token, mark.token);
  }
  const InspectPart& part = *(std::ranges::upper_bound(behind, result.parts.end(), token, {}, &InspectPart::begin) - 1);
  return RestatePlace{part.node, token - part.begin, token};
}

InspectService::InspectService(const std::filesystem::path& dataDir, int threads, QObject* parent)
    : QObject(parent), data_(dataDir), inspections_(dataDir / "inspections"), threads_(threads) {
  connect(&reading_, &Job::failed, this, &InspectService::failed);
  connect(&looking_, &Job::failed, this, &InspectService::failed);
}

InspectService::~InspectService() {
  reading_.cancel();
  looking_.cancel();
}

void InspectService::stop() { reading_.cancel(); }

void InspectService::inspectText(const SharedModel& model, const QString& text) {
  const std::string bytes = text.toStdString();
  run(
      model,
      [tokenizer = model.tokenizer, bytes] {
        Text made;
        if (tokenizer->adds_bos() && tokenizer->bos()) made.tokens.push_back(*tokenizer->bos());
        for (const TokenId id : tokenizer->encode(bytes, true)) made.tokens.push_back(id);
        made.question = bytes;
        return made;
      },
      text.simplified().left(60), {}, true);
}

void InspectService::inspectSession(const SharedModel& model, SessionId session, const QString& title, bool again) {
  run(
      model, [this, model, session] { return textOf(model, session); }, title, session, again);
}

// live: the message that is being written stands at the end as far as it is.
InspectService::Text InspectService::textOf(const SharedModel& model, SessionId session, const SeenLive* live) const {
  Store store(data_ / "holdfast.db", {.check = false});
  Text made;
  std::vector<NodeRow> branch = store.branch(session);
  if (live != nullptr) {
    std::erase_if(branch, [&](const NodeRow& node) { return node.id >= live->row.id; });
    branch.push_back(live->row);
  }
  for (const NodeRow& node : branch) {
    if (!node.tokens || node.tokens->empty()) continue;
    made.marks.push_back({std::ssize(made.tokens), node_kind_word(node.kind), false});
    made.messages.push_back({node.id, node.kind, std::ssize(made.tokens), node.text});
    if (node.kind == NodeKind::user && made.question.empty()) {
      made.questionBegin = std::ssize(made.tokens);
      made.question = node.text;
    }
    made.tokens.insert(made.tokens.end(), node.tokens->begin(), node.tokens->end());
  }
  if (const auto row = store.session(session); row && !row->origin.empty()) {
    made.origin = StateKeeper(store, data_ / "states").load_origin(row->origin, model.model->config());
  }
  return made;
}

// What was seen while the session ran. The last token or two may not have been read yet: the text then ends before.
KeptInspections InspectService::findKept(const SharedModel& model, SessionId session, Text& text,
                                         InspectionKeeper::Damaged damaged) const {
  KeptInspections kept =
      inspections_.find(session, model.model->fingerprint(), text.origin ? text.origin->prefix_hash : 0, text.tokens,
                        model.model->config(), damaged);
  if (kept.parts.empty()) return kept;
  const std::int64_t end = kept.parts.back().from + kept.parts.back().seen.tokens();
  if (std::ssize(text.tokens) - end <= inspect_unread) text.tokens.resize(static_cast<std::size_t>(end));
  return kept;
}

// That of the model after the first `token` tokens: from the nearest kept one before.
State InspectService::stateBefore(const SharedModel& model, Stream& stream, SessionId session, const Text& text,
                                  std::int64_t token, const std::stop_token& stop) const {
  const Mamba2Model& weights = *model.model;
  State state = weights.new_state();
  std::optional<Snapshot> kept;
  const auto tokens = std::span(text.tokens).first(static_cast<std::size_t>(token));
  if (session && token > 0) {
    Store store(data_ / "holdfast.db", {.check = false});
    StateKeeper states(store, data_ / "states");
    for (const CheckpointRow& row : store.checkpoints()) {
      if (kept || row.fingerprint != weights.fingerprint()) continue;
      kept = states.find(session, row.id, weights, tokens, text.origin ? &*text.origin : nullptr);
    }
  }
  const Snapshot* begin = kept ? &*kept : text.origin ? &*text.origin : nullptr;
  std::size_t done = 0;
  if (begin != nullptr) {
    if (begin->model_fingerprint != weights.fingerprint()) {
      throw FormatError("this session begins with a state of other weights than the model's that is open");
    }
    state.take(stream, begin->state);
    done = begin->tokens_read - (text.origin ? text.origin->tokens_read : 0);
  }
  while (done < tokens.size() && !stop.stop_requested()) {
    const std::size_t block = std::min(inspect_block, tokens.size() - done);
    weights.forward(stream, tokens.subspan(done, block), state, {});
    done += block;
  }
  return state;
}

// Everything that is kept of the text, joined; what is not is read.
std::shared_ptr<InspectResult> InspectService::look(const SharedModel& model, Text text, SessionId session, bool again,
                                                    const std::stop_token& stop) {
  KeptInspections kept;
  if (session && !again) kept = findKept(model, session, text);
  const auto sampled = [](const KeptInspections::Part& part) { return part.seen.samples() > 0; };
  if (std::ranges::none_of(kept.parts, sampled)) kept.parts.clear();
  const std::int64_t total = std::ssize(text.tokens);
  auto reread = kept.gaps(total);
  std::int64_t wanted = 0, done = 0;
  for (const auto& [first, last] : reread) wanted += last - first;
  const bool watched = !kept.parts.empty();

  std::map<std::int64_t, Inspection> parts;  // by the tokens before them
  for (KeptInspections::Part& part : kept.parts) parts.emplace(part.from, std::move(part.seen));
  Stream stream(model.model->device(), threads_);
  const InspectionOptions options{.every = std::max(inspect_every, total / inspect_most_samples + 1),
                                  .keep_states = true};
  for (const auto& [first, last] : reread) {
    const auto progress = [&](std::int64_t read) {
      QMetaObject::invokeMethod(
          this,
          [this, share = static_cast<double>(done + read) / static_cast<double>(wanted)] { emit progressed(share); },
          Qt::QueuedConnection);
    };
    State state = stateBefore(model, stream, session, text, first, stop);
    const auto tokens =
        std::span(text.tokens).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
    Inspection seen = Inspection::behind(state, first, *model.model, stream, tokens, options, progress, stop);
    if (seen.tokens() < last - first) return nullptr;
    if (session) keepSeen(model, session, text, first, seen);
    parts.emplace(first, std::move(seen));
    done += last - first;
  }
  Inspection all = std::move(parts.begin()->second);
  for (auto part = std::next(parts.begin()); part != parts.end(); ++part) all.append(part->second);

  auto result = resultOf(model, session, text, std::move(all));
  result->watched = watched;
  result->reread = std::move(reread);
  for (const std::string& reason : kept.damaged) result->damaged << QString::fromStdString(reason);
  result->states.assign(result->seen.states().begin(), result->seen.states().end());
  if (session) addKept(*result, model, session, text, Flags::withState);
  return result;
}

// What can be told of a text and of what was seen of it.
std::shared_ptr<InspectResult> InspectService::resultOf(const SharedModel& model, SessionId session, const Text& text,
                                                        Inspection seen) const {
  auto result = std::make_shared<InspectResult>(InspectResult{.seen = std::move(seen),
                                                              .config = model.model->config(),
                                                              .tokens = text.tokens,
                                                              .pieces = {},
                                                              .marks = text.marks,
                                                              .session = session,
                                                              .parts = {},
                                                              .states = {},
                                                              .timelines = {},
                                                              .givens = {},
                                                              .curves = {},
                                                              .title = {},
                                                              .seconds = 0.0,
                                                              .watched = false,
                                                              .reread = {},
                                                              .damaged = {}});
  result->pieces = pieces_of(*model.tokenizer, result->tokens);
  addParts(*result, text.messages);
  result->givens = givensOf(result->seen, result->pieces, text.questionBegin, QString::fromStdString(text.question));
  return result;
}

// For the next time. It is a cache: a full disk costs reading again.
void InspectService::keepSeen(const SharedModel& model, SessionId session, const Text& text, std::int64_t from,
                              const Inspection& seen) {
  const auto tokens = std::span(text.tokens);
  const auto before = tokens.first(static_cast<std::size_t>(from));
  const auto own = tokens.subspan(before.size(), static_cast<std::size_t>(seen.tokens()));
  try {
    inspections_.replace(session, model.model->fingerprint(),
                         {.from = from,
                          .after = prefix_hash(text.origin ? text.origin->prefix_hash : 0, before),
                          .tokens = {own.begin(), own.end()}},
                         seen);
  } catch (const IoError&) {
  }
}

// The kept states of the session on this branch as flags; and the one after the last token, where it is kept.
void InspectService::addKept(InspectResult& result, const SharedModel& model, SessionId session, const Text& text,
                             Flags wanted) const {
  Store store(data_ / "holdfast.db", {.check = false});
  const StateFiles files(store, data_ / "states");
  const std::uint64_t before = text.origin ? text.origin->tokens_read : 0;
  std::vector<std::uint64_t> hashes{text.origin ? text.origin->prefix_hash : 0};
  for (const TokenId& id : result.tokens) hashes.push_back(prefix_hash(hashes.back(), {&id, 1}));
  for (const SnapshotRow& row : store.snapshots(session)) {
    const std::uint64_t position = static_cast<std::uint64_t>(row.position) - before;  // wraps where it is shorter
    if (position >= hashes.size() || hashes[position] != row.prefix_hash) continue;
    result.marks.push_back({static_cast<std::int64_t>(position), tr("state kept"), true});
    if (wanted == Flags::alone || position != result.tokens.size() || !result.states.empty()) continue;
    try {
      const Snapshot snapshot = files.load(row.file, model.model->config());
      if (snapshot.model_fingerprint != model.model->fingerprint()) continue;
      const ConstTensorView ssm = std::as_const(snapshot.state).ssm();
      result.states.assign(ssm.as<float>(), ssm.as<float>() + ssm.shape.elements());
    } catch (const StoreError&) {
      throw;
    } catch (const Error&) {
      // Gone or damaged: the picture of the heads is missing, nothing else.
    }
  }
  std::ranges::stable_sort(result.marks, {}, &InspectMark::token);
}

void InspectService::addParts(InspectResult& result, const std::vector<Text::Message>& messages) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const qsizetype begin = static_cast<qsizetype>(messages[i].begin);
    const qsizetype end = i + 1 < messages.size() ? static_cast<qsizetype>(messages[i + 1].begin)
                                                  : result.pieces.size();
    if (begin >= result.pieces.size()) break;  // what the model has not read yet
    result.parts.push_back(
        {messages[i].node, messages[i].kind, messages[i].begin,
         pieceStarts(result.pieces.mid(begin, end - begin), QString::fromStdString(messages[i].text))});
  }
}

void InspectService::run(const SharedModel& model, std::function<Text()> text, const QString& title, SessionId session,
                         bool again) {
  reading_.cancel();
  emit started();
  reading_.post([this, model, text = std::move(text), title, session, again](const std::stop_token& stop) {
    std::shared_ptr<InspectResult> result;
    try {
      const auto begin = std::chrono::steady_clock::now();
      Text read = text();
      if (read.tokens.empty()) {
        throw ArgumentError("there are no tokens to look at: ask a question first, or type a text");
      }
      for (const TokenId id : read.tokens) {
        if (id < 0 || id >= model.model->config().vocab_size) {
          throw FormatError("this session was written with another vocabulary than the model's that is open");
        }
      }
      result = look(model, std::move(read), session, again, stop);
      if (result) {
        result->title = title;
        for (const InspectMetric metric : inspect_metrics) {
          if (metric == InspectMetric::retention) continue;
          result->timelines[static_cast<std::size_t>(metric)] = inspectTimeline(result->seen, metric, 0);
        }
        result->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      }
    } catch (...) {
      QMetaObject::invokeMethod(
          this, [this] { emit finished(nullptr); }, Qt::QueuedConnection);
      throw;
    }
    QMetaObject::invokeMethod(
        this, [this, result] { emit finished(result); }, Qt::QueuedConnection);
  });
}

// Everything that was seen of the text; none where that is not all of it.
std::optional<Inspection> InspectService::seenBefore(const SharedModel& model, SessionId session, Text& text,
                                                     const SeenLive* live) {
  if (live == nullptr) {
    KeptInspections kept = findKept(model, session, text, InspectionKeeper::Damaged::leave);
    if (kept.parts.empty() || !kept.gaps(std::ssize(text.tokens)).empty()) return std::nullopt;
    Inspection seen = std::move(kept.parts.front().seen);
    for (std::size_t i = 1; i < kept.parts.size(); ++i) seen.append(kept.parts[i].seen);
    return seen;
  }
  // While a turn runs what was before it stays the same.
  if (live->stretches.empty()) return std::nullopt;
  const std::int64_t from = live->stretches.front().from;
  if (from > std::ssize(text.tokens)) return std::nullopt;
  const std::uint64_t begins = text.origin ? text.origin->prefix_hash : 0;
  const auto earlier = std::span(text.tokens).first(static_cast<std::size_t>(from));
  const std::uint64_t hash = prefix_hash(begins, earlier);
  if (from == 0) {
    before_ = {};
  } else if (!before_.seen || before_.hash != hash || before_.model != model.model->fingerprint()) {
    before_ = {.hash = hash, .model = model.model->fingerprint(), .seen = {}};
    KeptInspections kept = inspections_.find(session, before_.model, begins, earlier, model.model->config(),
                                             InspectionKeeper::Damaged::leave);
    if (kept.parts.empty() || !kept.gaps(from).empty()) return std::nullopt;
    before_.seen = std::move(kept.parts.front().seen);
    for (std::size_t i = 1; i < kept.parts.size(); ++i) before_.seen->append(kept.parts[i].seen);
  }
  std::optional<Inspection> seen = before_.seen;
  for (const SeenLive::Stretch& stretch : live->stretches) {
    if (stretch.from != (seen ? seen->tokens() : 0)) return std::nullopt;
    seen ? seen->append(*stretch.seen) : void(seen = *stretch.seen);
  }
  if (seen->tokens() > std::ssize(text.tokens)) return std::nullopt;
  text.tokens.resize(static_cast<std::size_t>(seen->tokens()));
  return seen;
}

void InspectService::lookAtMemory(const SharedModel& model, SessionId session, const MemoryWish& wish) {
  looking_.post([this, model, session, wish](const std::stop_token&) {
    std::shared_ptr<InspectResult> result;
    QString why;
    try {
      result = lookBeside(model, session, wish, why);
    } catch (const std::exception& error) {  // nobody asked for it, so nobody is interrupted
      why = QString::fromUtf8(error.what());
    }
    QMetaObject::invokeMethod(
        this, [this, session, result, why] { emit memorySeen(session, result, why); }, Qt::QueuedConnection);
  });
}

std::shared_ptr<InspectResult> InspectService::lookBeside(const SharedModel& model, SessionId session,
                                                          const MemoryWish& wish, QString& why) {
  const auto begin = std::chrono::steady_clock::now();
  const SeenLive* live = wish.live && wish.live->session == session ? wish.live.get() : nullptr;
  Text read = textOf(model, session, live);
  const Mamba2Config& config = model.model->config();
  if (read.tokens.empty()) return nullptr;
  if (std::ssize(read.tokens) * config.n_layer * config.n_heads > memory_most_numbers) {
    why = tr("This session is too long to be looked through beside the text.");
    return nullptr;
  }
  std::optional<Inspection> seen = seenBefore(model, session, read, live);
  if (!seen) why = tr("What the memory did here was not watched, or is no longer kept.");
  if (!seen || seen->samples() == 0) return nullptr;
  auto result = resultOf(model, session, read, std::move(*seen));
  result->watched = true;
  addKept(*result, model, session, read, Flags::alone);
  if (wish.timeline) {
    result->curves = givenCurves(result->seen, result->givens, given_places);
    result->timelines[static_cast<std::size_t>(*wish.timeline)] = inspectTimeline(result->seen, *wish.timeline, 0);
  }
  result->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

void InspectService::listStates(const SharedModel& model, SessionId session) {
  looking_.post([this, model, session](const std::stop_token&) {
    std::vector<KeptState> list;
    const Store store(data_ / "holdfast.db", {.check = false});
    std::map<std::int64_t, QString> made_by;
    for (const CheckpointRow& row : store.checkpoints()) {
      made_by[row.id.value] = QString::fromStdString(row.fingerprint);
    }
    const std::vector<SnapshotRow> states = store.snapshots(session);
    const std::vector<std::optional<StatePlace>> places = places_of(states, store.tree(session));
    for (std::size_t i = 0; i < states.size(); ++i) {
      const QString fingerprint = made_by[states[i].checkpoint.value];
      if (model.model == nullptr || fingerprint.toStdString() != model.model->fingerprint()) continue;
      QString words = QString::fromStdString(states[i].name);
      if (words.isEmpty() && places[i]) {
        std::vector<TokenId> tokens = tokens_to(store, places[i]->node);
        tokens.resize(std::min(tokens.size(), static_cast<std::size_t>(states[i].position)));
        const std::size_t shown = std::min<std::size_t>(tokens.size(), 30);
        words =
            QStringLiteral("\u2026") + text_of(*model.tokenizer, std::span(tokens).last(shown)).right(inspect_words);
      }
      list.push_back({tr("after %n tokens: %1", nullptr, static_cast<int>(states[i].position)).arg(words),
                      {},
                      states[i],
                      places[i] ? places[i]->node : NodeId{},
                      fingerprint});
    }
    QMetaObject::invokeMethod(
        this, [this, session, list] { emit statesListed(session, list); }, Qt::QueuedConnection);
  });
}

void InspectService::compare(const SharedModel& model, const KeptState& a, const KeptState& b) {
  looking_.post([this, model, a, b](const std::stop_token&) {
    Store store(data_ / "holdfast.db", {.check = false});
    const StateFiles files(store, data_ / "states");
    const auto load = [&](const KeptState& kept) {
      Snapshot snapshot = kept.file.isEmpty() ? files.load(kept.row.file, model.model->config())
                                              : Snapshot::load(kept.file.toStdString(), model.model->config());
      if (snapshot.model_fingerprint != model.model->fingerprint()) {
        throw FormatError(kept.label.toStdString() +
                          ": a state of other weights than the model's that is open, so its " +
                          "numbers do not mean the same");
      }
      return snapshot;
    };
    const Snapshot of_a = load(a), of_b = load(b);
    auto made = std::make_shared<StateComparison>();
    made->apart = difference(std::as_const(of_a.state).ssm(), std::as_const(of_b.state).ssm());
    made->a = a.label, made->b = b.label;
    made->tokensA = of_a.tokens_read, made->tokensB = of_b.tokens_read;
    if (!of_a.logits.empty() && of_a.logits.size() == of_b.logits.size()) {
      made->divergence = divergence(of_a.logits, of_b.logits);
    }
    if (a.node && b.node) {
      std::vector<TokenId> ids_a = tokens_to(store, a.node), ids_b = tokens_to(store, b.node);
      ids_a.resize(std::min(ids_a.size(), static_cast<std::size_t>(of_a.tokens_read)));
      ids_b.resize(std::min(ids_b.size(), static_cast<std::size_t>(of_b.tokens_read)));
      const auto [at_a, at_b] = std::ranges::mismatch(ids_a, ids_b);
      made->parted = at_a - ids_a.begin();
      const auto rest = [&](const std::vector<TokenId>& ids) {
        const auto from = std::min(static_cast<std::size_t>(*made->parted), ids.size());
        return text_of(*model.tokenizer, std::span(ids).subspan(from, std::min<std::size_t>(20, ids.size() - from)));
      };
      made->textA = rest(ids_a), made->textB = rest(ids_b);
    }
    QMetaObject::invokeMethod(
        this, [this, made] { emit compared(made); }, Qt::QueuedConnection);
  });
}

}  // namespace holdfast
