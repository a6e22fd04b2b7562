#include "app/services/chat_engine.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <system_error>
#include <utility>

#include "app/files/paths.h"
#include "app/files/run_products.h"
#include "app/jobs/job.h"
#include "app/services/loop_detector.h"
#include "app/services/turn_writer.h"
#include "engine/utf8.h"
#include "kernels/error.h"
#include "training/trained_model.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t read_block = 256;                // tokens between two looks at the stop button
constexpr int shown_alternatives = 5;                  // of each token, for who wants to see what else there was
constexpr std::chrono::milliseconds memory_rest{300};  // between two looks at what is watched
constexpr int memory_share = 50;                       // of the time that a copy of it takes, at least
constexpr std::string_view thought_ended_reason = "thought_end";

std::string hexadecimal(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return {digits.data(), end};
}

// Token ids mean the same in two models when their tokenizers have the same pieces (FNV-1a over them).
std::string tokenizer_hash(const Tokenizer& tokenizer) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (TokenId id = 0; id < tokenizer.size(); ++id) {
    for (const char c : tokenizer.piece(id) + '\n') hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return hexadecimal(hash);
}

bool ended_by_model(const NodeRow& node) {
  return node.kind == NodeKind::answer && node.stop_reason == name(StopReason::stop_token);
}

std::uint64_t draws_of(const std::vector<NodeRow>& branch) {
  for (auto node = branch.rbegin(); node != branch.rend(); ++node) {
    if (node->sampler) return draws_after(*node);
  }
  return 0;
}

struct Placed {
  Stream stream;
  std::shared_ptr<const Mamba2Model> model;
  std::string reason;  // why not on a GPU; empty on one
};

// On the GPU, or, where there is none that it fits on, on the processor.
Placed load_where_it_fits(const std::shared_ptr<const Checkpoint>& checkpoint, LoadDType dtype, int threads,
                          const std::function<void(double)>& progress) {
  std::string reason;
  try {
    Stream stream(Device::cuda());
    std::shared_ptr<const Mamba2Model> model = Mamba2Model::load(stream, checkpoint, dtype, progress);
    return {std::move(stream), std::move(model), {}};
  } catch (const DeviceError& error) {
    reason = error.what();
  }
  Stream stream(Device::cpu(), threads);
  std::shared_ptr<const Mamba2Model> model = Mamba2Model::load(stream, checkpoint, dtype, progress);
  return {std::move(stream), std::move(model), std::move(reason)};
}

}  // namespace

ChatEngine::ChatEngine(const fs::path& database, fs::path states, LiveText& live, int threads)
    : store_(database, {.check = false}),
      states_(store_, std::move(states)),
      inspections_(database.parent_path() / "inspections"),
      live_(&live),
      threads_(threads) {}
ChatEngine::~ChatEngine() = default;

ChatEngine::Loaded& ChatEngine::loaded() {
  if (!loaded_) throw ArgumentError("no model is loaded");
  return *loaded_;
}

SharedModel ChatEngine::shared_model() const {
  return loaded_ ? SharedModel{loaded_->model, loaded_->tokenizer} : SharedModel{};
}

ModelInfo ChatEngine::load(const fs::path& wanted, const std::function<void(double)>& progress, std::stop_token stop) {
  const auto find = [data = store_.file().parent_path()](const std::string& name) { return resolve_model(name, data); };
  OpenedModel opened = open_model(wanted, find);
  const fs::path path = opened.begin ? opened.base : wanted;
  std::shared_ptr<const Checkpoint> checkpoint = std::move(opened.checkpoint);
  const TokenizerSource source = checkpoint->tokenizer();
  if (source.kind == TokenizerSource::Kind::none) {
    throw FormatError(path.string() + ": has no tokenizer beside it (tokenizer.json or tokenizer.model), so it can " +
                      "neither read nor write text");
  }
  std::shared_ptr<const Tokenizer> tokenizer = Tokenizer::load(source);
  if (tokenizer->size() > checkpoint->config().vocab_size) {
    throw FormatError(path.string() + ": its tokenizer has " + std::to_string(tokenizer->size()) +
                      " tokens, want at most the model's " + std::to_string(checkpoint->config().vocab_size));
  }
  const ChatFormat format = choose_chat_format(*checkpoint, *tokenizer);
  loaded_.reset();  // two models may not fit into memory
  const auto report = [&](double done) {
    if (stop.stop_requested()) throw Cancelled{};
    progress(done);
  };
  auto [stream, model, reason] = load_where_it_fits(checkpoint, opened.dtype, threads_, report);
  loaded_.reset(new Loaded{.path = path,
                           .checkpoint = checkpoint,
                           .tokenizer = tokenizer,
                           .tokenizer_hash = tokenizer_hash(*tokenizer),
                           .stream = std::move(stream),
                           .model = model,
                           .format = format,
                           .row = {},
                           .session = {},
                           .watched = {},
                           .origin_session = {},
                           .origin = {},
                           .tokenizer_of = {}});
  loaded_->session = std::make_unique<Session>(model, tokenizer, loaded_->stream);
  const Mamba2Config& config = model->config();
  return {.name = model_name(path),
          .path = path.string(),
          .layout = std::string(name(checkpoint->layout())),
          .dtype = std::string(name(model->weights().embedding.format())),
          .device = model->device()->description(),
          .device_reason = reason,
          .format = std::string(name(format)),
          .sampling = checkpoint->sampling(),
          .layers = config.n_layer,
          .width = config.d_model,
          .weight_bytes = model->weights().bytes(),
          .state_bytes = loaded_->session->state().bytes(),
          .begins_with = opened.begin ? wanted.string() : std::string()};
}

std::vector<TokenId> ChatEngine::ids_of(const std::vector<NodeRow>& branch, std::size_t index,
                                        const TurnSettings& settings) {
  Loaded& now = loaded();
  const NodeRow& node = branch[index];
  if (node.tokens && reads_alike(node.checkpoint)) return *node.tokens;
  const ChatTemplate format(settings.format.value_or(now.format), now.tokenizer);
  if (node.kind == NodeKind::note) return {};
  // Text that another tokenizer wrote is encoded again, turn by turn.
  if (node.kind == NodeKind::thought) return now.tokenizer->encode(node.text + "</think>\n\n", true);
  if (node.kind == NodeKind::answer) {
    std::vector<TokenId> ids = now.tokenizer->encode(node.text);
    const std::vector<TokenId> end = format.close_assistant();
    if (ended_by_model(node)) ids.insert(ids.end(), end.begin(), end.end());
    return ids;
  }
  // What a system message says is read with the question behind it: some formats have no turn for it alone.
  if (node.kind == NodeKind::system) return {};
  const bool instructed = index > 0 && branch[index - 1].kind == NodeKind::system;
  const std::size_t before = instructed ? index - 1 : index;
  std::vector<TokenId> ids;
  if (before > 0 && !ended_by_model(branch[before - 1])) ids = format.close_assistant();
  std::vector<ChatMessage> messages;
  if (instructed) messages.push_back({ChatRole::system, branch[before].text});
  messages.push_back({ChatRole::user, node.text});
  const Snapshot* origin = origin_of(node.session);
  const bool first = before == 0 && (origin == nullptr || origin->tokens_read == 0);
  const std::vector<TokenId> read = format.tokens(messages, first, settings.solve);
  ids.insert(ids.end(), read.begin(), read.end());
  return ids;
}

const Snapshot* ChatEngine::origin_of(SessionId id) {
  Loaded& now = loaded();
  if (!(now.origin_session == id)) {
    const std::optional<SessionRow> row = store_.session(id);
    now.origin.reset();
    if (row && !row->origin.empty()) now.origin = states_.load_origin(row->origin, now.model->config());
    now.origin_session = id;
  }
  return now.origin ? &*now.origin : nullptr;
}

SessionId ChatEngine::begin_from_state(const fs::path& file) { return states_.begin_session(file, *loaded().model); }

void ChatEngine::find_state(SessionId id, const std::vector<TokenId>& ids, std::uint64_t draws) {
  Loaded& now = loaded();
  Session& session = *now.session;
  const Snapshot* origin = origin_of(id);
  const std::uint64_t before = origin == nullptr ? 0 : origin->tokens_read;
  const std::uint64_t held = session.tokens_read() - before;  // wraps where it has read less
  const bool holds =
      held > 0 && held <= ids.size() &&
      prefix_hash(origin == nullptr ? 0 : origin->prefix_hash, std::span(ids).first(held)) == session.prefix_hash();
  if (!holds) {
    stop_watching();
    const std::optional<Snapshot> kept = states_.find(id, now.row, *now.model, ids, origin);
    if (const Snapshot* begin = kept ? &*kept : origin) {
      session.restore(*begin);
    } else {
      session.reset();
    }
  }
  session.set_draws(draws);  // of this branch: the state may have been kept on another
  watch();
}

void ChatEngine::watch() {
  Loaded& now = loaded();
  Session& session = *now.session;
  if (store_.setting(watch_setting).value_or("1") == "0") return stop_watching();
  // A pass that failed may have been seen in part.
  const auto reached = [](const Watched& last) {
    return last.from + static_cast<std::uint64_t>(last.recorder.seen().tokens());
  };
  if (!now.watched.empty() && reached(now.watched.back()) != session.tokens_read()) stop_watching();
  if (now.watched.empty() || now.watched.back().recorder.seen().tokens() > 0) {
    // On a GPU, steps are not traced: that takes other kernels, and the text must not depend on who looks.
    const InspectionOptions options{.trace_steps = now.stream.kind() == DeviceKind::cpu};
    const auto from = static_cast<std::int64_t>(session.tokens_read());
    now.watched.push_back({.from = session.tokens_read(),
                           .after = session.prefix_hash(),
                           .recorder = InspectionRecorder(now.model->config(), options, from),
                           .shown = {}});
  }
  session.set_probe(&now.watched.back().recorder);
}

void ChatEngine::stop_watching() {
  loaded().session->set_probe(nullptr);
  loaded().watched.clear();
}

void ChatEngine::keep_watched(SessionId id) {
  Loaded& now = loaded();
  if (now.watched.empty()) return;
  const Snapshot* origin = origin_of(id);
  const std::uint64_t before = origin == nullptr ? 0 : origin->tokens_read;
  std::vector<TokenId> read;
  for (const NodeRow& node : store_.branch(id)) {
    if (node.tokens) read.insert(read.end(), node.tokens->begin(), node.tokens->end());
  }
  const std::uint64_t count = now.session->tokens_read() - before;  // wraps where it has read less
  if (read.size() < count) return;
  read.resize(count);
  if (prefix_hash(origin == nullptr ? 0 : origin->prefix_hash, read) != now.session->prefix_hash()) return;
  for (; !now.watched.empty(); now.watched.pop_front()) {
    const Inspection& seen = now.watched.front().recorder.seen();
    if (seen.tokens() == 0) continue;
    const std::uint64_t from = now.watched.front().from - before;
    const auto tokens = std::span(read).subspan(from, static_cast<std::size_t>(seen.tokens()));
    inspections_.keep(id, now.model->fingerprint(),
                      {.from = static_cast<std::int64_t>(from),
                       .after = now.watched.front().after,
                       .tokens = {tokens.begin(), tokens.end()}},
                      seen);
  }
  stop_watching();
}

// A copy of the last stretch; those before it are as they were shown last.
void ChatEngine::show_memory(const NodeRow& row) {
  if (memory_ == nullptr || !memory_->isLookedAt()) return;
  const auto begin = std::chrono::steady_clock::now();
  if (begin < memory_due_) return;
  Loaded& now = loaded();
  const Snapshot* origin = origin_of(row.session);
  const std::uint64_t before = origin == nullptr ? 0 : origin->tokens_read;
  SeenLive seen{.session = row.session, .stretches = {}, .row = row};
  for (Watched& watched : now.watched) {
    const Inspection& so_far = watched.recorder.seen();
    if (so_far.tokens() == 0) continue;
    if (!watched.shown || watched.shown->tokens() != so_far.tokens()) {
      watched.shown = std::make_shared<const Inspection>(so_far);
    }
    seen.stretches.push_back({static_cast<std::int64_t>(watched.from - before), watched.shown});
  }
  memory_->put(std::move(seen));
  const auto end = std::chrono::steady_clock::now();
  memory_due_ = end + std::max<std::chrono::steady_clock::duration>(memory_rest, memory_share * (end - begin));
}

void ChatEngine::note_state(SessionId id) {
  states_.note(*loaded().session, id, loaded().row);
  watch();
}

// The model is known to the store from its first use on.
CheckpointId ChatEngine::register_model() {
  Loaded& now = loaded();
  if (!now.row) {
    now.row = store_.register_checkpoint({.fingerprint = now.model->fingerprint(),
                                          .name = model_name(now.path),
                                          .path = now.path.string(),
                                          .layout = std::string(name(now.checkpoint->layout())),
                                          .dtype = std::string(name(now.model->weights().embedding.format())),
                                          .tokenizer = now.tokenizer_hash});
  }
  for (const CheckpointRow& row : store_.checkpoints()) now.tokenizer_of[row.id.value] = row.tokenizer;
  return now.row;
}

// Token ids of what this model wrote mean the same to the one that is loaded.
bool ChatEngine::reads_alike(CheckpointId checkpoint) {
  const auto found = loaded().tokenizer_of.find(checkpoint.value);
  return found != loaded().tokenizer_of.end() && found->second == loaded().tokenizer_hash;
}

bool ChatEngine::read_branch(SessionId id, std::vector<NodeRow>& branch, const TurnSettings& settings,
                             NodeStatistics& statistics, const std::function<void(std::int64_t, std::int64_t)>& reading,
                             const std::stop_token& stop) {
  Loaded& now = loaded();
  register_model();
  std::vector<TokenId> ids;
  for (std::size_t i = 0; i < branch.size(); ++i) {
    const std::vector<TokenId> of_node = ids_of(branch, i, settings);
    if (branch[i].kind != NodeKind::note && !branch[i].tokens) {
      store_.set_tokens(branch[i].id, of_node, now.row);
      branch[i].tokens = of_node;
    }
    ids.insert(ids.end(), of_node.begin(), of_node.end());
  }
  find_state(id, ids, draws_of(branch));
  const auto start = std::chrono::steady_clock::now();
  const Snapshot* origin = origin_of(id);
  const std::uint64_t before = origin == nullptr ? 0 : origin->tokens_read;
  std::size_t done = now.session->tokens_read() - before;
  statistics.restored_tokens = static_cast<std::int64_t>(now.session->tokens_read());
  statistics.prompt_tokens = static_cast<std::int64_t>(ids.size() - done);
  while (done < ids.size()) {
    if (stop.stop_requested()) return false;
    reading(static_cast<std::int64_t>(done), static_cast<std::int64_t>(ids.size()));
    const std::size_t block = std::min(read_block, ids.size() - done);
    now.session->read(std::span(ids).subspan(done, block));
    done += block;
  }
  statistics.prompt_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  statistics.state_bytes = static_cast<std::int64_t>(now.session->state().bytes());
  return !stop.stop_requested();
}

GenerateOptions ChatEngine::options_of(const NodeRow& row, std::int64_t max_tokens) {
  const ChatTemplate format(chat_format(row.chat_format), loaded().tokenizer);
  return {.max_tokens = max_tokens,
          .sampler = row.sampler.value_or(SamplerConfig{}),
          .stop_tokens = format.stop_tokens(),
          .stop_strings = format.stop_strings(),
          .alternatives = shown_alternatives};
}

// Draws until a reason to stop, keeping states on the way: where a thought ends, and every so often in a long text.
StopReason ChatEngine::draw(TurnWriter& writer, std::int64_t max_tokens, const TurnEvents& events,
                            const std::stop_token& stop) {
  Loaded& now = loaded();
  Session& session = *now.session;
  const SessionId id = writer.row().session;
  const std::uint64_t spacing = StateKeeper::spacing(session.state().bytes());
  LoopDetector loops;
  bool loop_told = false;
  NodeKind kind = writer.row().kind;
  const auto on_token = [&](const TokenEvent& event) {
    const bool thought_ended = kind == NodeKind::thought && writer.row().kind == NodeKind::answer;
    if (thought_ended || session.tokens_read() % spacing == 0) note_state(id);
    kind = writer.row().kind;
    writer.token(event);
    show_memory(writer.row());
    const std::optional<std::size_t> repeated = loop_told ? std::nullopt : loops.push(event.token);
    if (!repeated || !events.looping) return;
    loop_told = true;
    const auto written = std::ssize(writer.row().tokens.value());
    events.looping(writer.row().id, std::max<std::int64_t>(0, written - static_cast<std::int64_t>(*repeated)));
  };
  return session.generate(options_of(writer.row(), max_tokens), on_token, stop).reason;
}

// True when one of the tokens ends the turn.
bool ChatEngine::force(TurnWriter& writer, const std::vector<TokenId>& tokens) {
  loaded().session->read(tokens);
  for (const TokenId token : tokens) writer.forced(token);
  const std::vector<TokenId> stops = options_of(writer.row(), 0).stop_tokens;
  return !tokens.empty() && std::ranges::find(stops, tokens.back()) != stops.end();
}

NodeRow ChatEngine::generate(TurnWriter& writer, std::int64_t max_tokens, std::int64_t thinking_budget,
                             const TurnEvents& events, const std::stop_token& stop) {
  const bool limited = thinking_budget > 0 && thinking_budget < max_tokens && writer.row().kind == NodeKind::thought;
  StopReason reason = draw(writer, limited ? thinking_budget : max_tokens, events, stop);
  if (limited && reason == StopReason::length) {
    if (writer.row().kind == NodeKind::thought) {
      force(writer, loaded().tokenizer->encode(std::string(thought_closing), true));
    }
    reason = draw(writer, max_tokens - thinking_budget, events, stop);
  }
  return writer.finish(name(reason));
}

NodeRow ChatEngine::written(TurnWriter& writer, const std::function<NodeRow()>& turn) {
  try {
    return turn();
  } catch (...) {
    loaded().session->reset();
    stop_watching();
    if (writer.row().id) writer.finish("error");
    throw;
  }
}

NodeRow ChatEngine::begun(SessionId id, const NodeRow& question, const TurnSettings& settings) {
  NodeRow row;
  row.session = id;
  row.parent = question.id;
  row.checkpoint = loaded().row;
  row.chat_format = name(settings.format.value_or(loaded().format));
  row.sampler = settings.sampler;
  row.max_tokens = settings.max_tokens;
  row.draws = loaded().session->draws();
  return row;
}

std::optional<NodeRow> ChatEngine::answer(SessionId id, const TurnSettings& settings, const TurnEvents& events,
                                          std::stop_token stop) {
  Loaded& now = loaded();
  settings.sampler.validate();
  std::vector<NodeRow> branch = store_.branch(id);
  if (branch.empty() || branch.back().kind != NodeKind::user) {
    throw ArgumentError("no question is waiting for an answer");
  }
  NodeStatistics statistics;
  if (!read_branch(id, branch, settings, statistics, events.reading, stop)) return std::nullopt;
  note_state(id);  // other answers to this question begin here
  NodeRow row = begun(id, branch.back(), settings);
  row.statistics = statistics;
  const ChatTemplate format(settings.format.value_or(now.format), now.tokenizer);
  live_->clear();
  TurnWriter writer(store_, *live_, format, *now.tokenizer, row, now.session->tokens_read());
  return written(writer, [&] {
    writer.begin();
    events.started(writer.row(), static_cast<std::int64_t>(now.session->tokens_read()));
    return generate(writer, settings.max_tokens, settings.thinking_budget, events, stop);
  });
}

std::optional<NodeRow> ChatEngine::go_on(SessionId id, std::int64_t max_tokens, const TurnEvents& events,
                                         std::stop_token stop, const std::vector<TokenId>& forced) {
  Loaded& now = loaded();
  std::vector<NodeRow> branch = store_.branch(id);
  if (branch.empty() || !branch.back().sampler || ended_by_model(branch.back())) {
    throw ArgumentError("the last answer is complete: there is nothing to go on with");
  }
  // An edited text has no tokens yet; here it goes on, so nothing closes it.
  if (!branch.back().tokens) {
    branch.back().tokens = now.tokenizer->encode(branch.back().text);
    branch.back().statistics.forced_tokens = std::ssize(*branch.back().tokens);
    branch.back().checkpoint = register_model();
    store_.set_tokens(branch.back().id, *branch.back().tokens, branch.back().checkpoint);
  }
  NodeRow row = branch.back();
  const TurnSettings settings{.sampler = *row.sampler, .format = chat_format(row.chat_format)};
  NodeStatistics statistics;
  if (!read_branch(id, branch, settings, statistics, events.reading, stop)) return std::nullopt;
  row.statistics.state_bytes = statistics.state_bytes;
  row.statistics.prompt_tokens = statistics.prompt_tokens;
  row.statistics.restored_tokens = statistics.restored_tokens;
  row.checkpoint = now.row;
  const ChatTemplate format(chat_format(row.chat_format), now.tokenizer);
  live_->clear();
  TurnWriter writer = TurnWriter::resume(store_, *live_, format, *now.tokenizer, row, now.session->tokens_read());
  return written(writer, [&] {
    writer.begin();
    events.started(writer.row(), static_cast<std::int64_t>(now.session->tokens_read()));
    if (!forced.empty() && force(writer, forced)) return writer.finish(name(StopReason::stop_token));
    return generate(writer, max_tokens, 0, events, stop);
  });
}

std::optional<NodeRow> ChatEngine::answer_now(SessionId id, std::int64_t max_tokens, const TurnEvents& events,
                                              std::stop_token stop) {
  const std::vector<NodeRow> branch = store_.branch(id);
  if (branch.empty() || branch.back().kind != NodeKind::thought) {
    throw ArgumentError("the session does not end in a thought: there is nothing to cut short");
  }
  return go_on(id, max_tokens, events, std::move(stop), loaded().tokenizer->encode(std::string(thought_closing), true));
}

std::optional<NodeRow> ChatEngine::think_more(SessionId id, std::int64_t max_tokens, const TurnEvents& events,
                                              std::stop_token stop) {
  const std::vector<NodeRow> branch = store_.branch(id);
  const auto thought =
      std::find_if(branch.rbegin(), branch.rend(), [](const NodeRow& node) { return node.kind == NodeKind::thought; });
  if (thought == branch.rend() || std::distance(branch.rbegin(), thought) > 1) {
    throw ArgumentError("the session does not end in a thought and its answer: there is nothing to think more about");
  }
  const std::vector<TokenId> again = loaded().tokenizer->encode(std::string(thought_reopening));
  if (thought->stop_reason == thought_ended_reason || thought->kind != branch.back().kind) {
    fork(thought->id, open_length(*thought), *thought->sampler);
  }
  return go_on(id, max_tokens, events, std::move(stop), again);
}

// Tokens of a thought before those that close it.
std::int64_t ChatEngine::open_length(const NodeRow& thought) {
  const std::vector<TokenId>& tokens = thought.tokens.value();
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    text += shown_bytes(*loaded().tokenizer, tokens[i]);
    if (text.find("</think>") == std::string::npos) continue;
    // The marker may be several tokens: back to where it began.
    const std::size_t mark = text.find("</think>");
    std::size_t length = 0;
    for (std::size_t j = 0; j <= i; ++j) {
      length += shown_bytes(*loaded().tokenizer, tokens[j]).size();
      if (length > mark) return static_cast<std::int64_t>(j);
    }
  }
  return std::ssize(tokens);
}

NodeRow ChatEngine::fork(NodeId node, std::int64_t position, const SamplerConfig& sampler) {
  Loaded& now = loaded();
  register_model();
  const std::optional<NodeRow> from = store_.node(node);
  if (!from || !from->tokens || !from->sampler || from->running) {
    throw ArgumentError("node " + std::to_string(node.value) + ": not a finished text of a model, so no fork of it");
  }
  if (!reads_alike(from->checkpoint)) {
    throw ArgumentError("this text was written by a model with another tokenizer; open that one to fork inside it");
  }
  if (position < 0 || position > std::ssize(*from->tokens)) {
    throw ArgumentError("fork at token " + std::to_string(position) + ", want 0 to " +
                        std::to_string(from->tokens->size()));
  }
  if (from->kind == NodeKind::thought) position = std::min(position, open_length(*from));
  NodeRow row = *from;
  row.tokens->resize(static_cast<std::size_t>(position));
  Utf8Joiner joiner;
  std::string text;
  for (const TokenId token : *row.tokens) text += joiner.push(shown_bytes(*now.tokenizer, token));
  row.text = text;
  row.sampler = sampler;
  row.stop_reason = "forked";
  row.statistics = {.generated_tokens = position, .state_bytes = row.statistics.state_bytes};
  NodeRow added = store_.add_node(row);
  std::vector<TokenChoice> choices = store_.token_choices(node);
  if (std::ssize(choices) >= position) {
    choices.resize(static_cast<std::size_t>(position));
    store_.set_token_choices(added.id, 0, choices);
  }
  return added;
}

void ChatEngine::read_rest(SessionId id, const std::stop_token& stop) {
  std::vector<NodeRow> branch = store_.branch(id);
  NodeStatistics statistics;
  (void)read_branch(
      id, branch, {}, statistics, [](std::int64_t, std::int64_t) {}, stop);
}

bool ChatEngine::keep_state(SessionId id, const std::function<bool()>& leave) {
  if (loaded().row) note_state(id);
  const bool all = states_.write(leave);
  keep_watched(id);  // while the session is the one that was watched
  return all;
}

}  // namespace holdfast
