#include "app/services/chat_engine.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <system_error>
#include <utility>

#include "app/jobs/job.h"
#include "app/services/turn_writer.h"
#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t read_block = 256;  // tokens between two looks at the stop button

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

std::string name_of(const fs::path& path) {
  const fs::path clean = path.has_filename() ? path : path.parent_path();
  return (clean.extension() == ".gguf" ? clean.stem() : clean.filename()).string();
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

}  // namespace

struct ChatEngine::Loaded {
  fs::path path;
  std::shared_ptr<const Checkpoint> checkpoint;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::string tokenizer_hash;
  Stream stream;
  std::shared_ptr<const Mamba2Model> model;
  ChatFormat format = ChatFormat::plain;  // the model's own
  CheckpointId row;
  std::unique_ptr<Session> session;
  std::map<std::int64_t, std::string> tokenizer_of;  // hash by checkpoint row
};

ChatEngine::ChatEngine(const fs::path& database, fs::path states, LiveText& live, int threads)
    : store_(database, {.check = false}), states_(std::move(states)), live_(&live), threads_(threads) {}
ChatEngine::~ChatEngine() = default;

ChatEngine::Loaded& ChatEngine::loaded() {
  if (!loaded_) throw ArgumentError("no model is loaded");
  return *loaded_;
}

SharedModel ChatEngine::shared_model() const {
  return loaded_ ? SharedModel{loaded_->model, loaded_->tokenizer} : SharedModel{};
}

ModelInfo ChatEngine::load(const fs::path& path, const std::function<void(double)>& progress, std::stop_token stop) {
  std::shared_ptr<const Checkpoint> checkpoint = Checkpoint::open(path);
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
  Stream stream(Device::cpu(), threads_);
  const auto report = [&](double done) {
    if (stop.stop_requested()) throw Cancelled{};
    progress(done);
  };
  std::shared_ptr<const Mamba2Model> model = Mamba2Model::load(stream, checkpoint, LoadDType::stored, report);
  loaded_.reset(new Loaded{.path = path,
                           .checkpoint = checkpoint,
                           .tokenizer = tokenizer,
                           .tokenizer_hash = tokenizer_hash(*tokenizer),
                           .stream = std::move(stream),
                           .model = model,
                           .format = format,
                           .row = {},
                           .session = {},
                           .tokenizer_of = {}});
  loaded_->session = std::make_unique<Session>(model, tokenizer, loaded_->stream);
  const Mamba2Config& config = model->config();
  return {.name = name_of(path),
          .path = path.string(),
          .layout = std::string(name(checkpoint->layout())),
          .dtype = std::string(name(model->weights().embedding.format())),
          .device = model->device()->description(),
          .format = std::string(name(format)),
          .sampling = checkpoint->sampling(),
          .layers = config.n_layer,
          .width = config.d_model,
          .weight_bytes = model->weights().bytes(),
          .state_bytes = loaded_->session->state().bytes()};
}

std::vector<TokenId> ChatEngine::ids_of(const std::vector<NodeRow>& branch, std::size_t index,
                                        const TurnSettings& settings) {
  Loaded& now = loaded();
  const NodeRow& node = branch[index];
  if (node.tokens && now.tokenizer_of[node.checkpoint.value] == now.tokenizer_hash) return *node.tokens;
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
  std::vector<TokenId> ids;
  if (index > 0 && branch[index - 1].kind != NodeKind::system && !ended_by_model(branch[index - 1])) {
    ids = format.close_assistant();
  }
  const ChatRole role = node.kind == NodeKind::system ? ChatRole::system : ChatRole::user;
  const std::vector<TokenId> message = format.tokens({role, node.text}, index == 0, settings.solve);
  ids.insert(ids.end(), message.begin(), message.end());
  return ids;
}

bool ChatEngine::restore_state(SessionId id, const std::vector<TokenId>& ids) {
  Loaded& now = loaded();
  for (const SnapshotRow& row : store_.snapshots(id)) {
    const auto position = static_cast<std::size_t>(row.position);
    if (!(row.checkpoint == now.row) || position > ids.size()) continue;
    if (prefix_hash(0, std::span(ids).first(position)) != row.prefix_hash) continue;
    try {
      now.session->restore(Snapshot::load(states_ / row.file, now.model->config()));
      return true;
    } catch (const Error&) {
      // A state is a cache: when its file is gone or damaged, the ids are read again.
      store_.remove_snapshot(row.id);
    }
  }
  return false;
}

void ChatEngine::find_state(SessionId id, const std::vector<TokenId>& ids, std::uint64_t draws) {
  Session& session = *loaded().session;
  const std::uint64_t held = session.tokens_read();
  if (held > 0 && held <= ids.size() && prefix_hash(0, std::span(ids).first(held)) == session.prefix_hash()) return;
  if (restore_state(id, ids)) return;
  session.reset();
  session.set_draws(draws);
}

bool ChatEngine::read_branch(SessionId id, std::vector<NodeRow>& branch, const TurnSettings& settings,
                             NodeStatistics& statistics, const TurnEvents& events, const std::stop_token& stop) {
  Loaded& now = loaded();
  if (!now.row) {
    now.row = store_.register_checkpoint({.fingerprint = now.model->fingerprint(),
                                          .name = name_of(now.path),
                                          .path = now.path.string(),
                                          .layout = std::string(name(now.checkpoint->layout())),
                                          .dtype = std::string(name(now.model->weights().embedding.format())),
                                          .tokenizer = now.tokenizer_hash});
  }
  for (const CheckpointRow& row : store_.checkpoints()) now.tokenizer_of[row.id.value] = row.tokenizer;
  std::vector<TokenId> ids;
  for (std::size_t i = 0; i < branch.size(); ++i) {
    const std::vector<TokenId> of_node = ids_of(branch, i, settings);
    if (branch[i].kind == NodeKind::user && !branch[i].tokens) {
      store_.set_tokens(branch[i].id, of_node, now.row);
      branch[i].tokens = of_node;
    }
    ids.insert(ids.end(), of_node.begin(), of_node.end());
  }
  find_state(id, ids, draws_of(branch));
  const auto start = std::chrono::steady_clock::now();
  std::size_t done = now.session->tokens_read();
  statistics.restored_tokens = static_cast<std::int64_t>(done);
  statistics.prompt_tokens = static_cast<std::int64_t>(ids.size() - done);
  while (done < ids.size()) {
    if (stop.stop_requested()) return false;
    events.reading(static_cast<std::int64_t>(done), static_cast<std::int64_t>(ids.size()));
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
          .alternatives = 0};
}

NodeRow ChatEngine::generate(TurnWriter& writer, const NodeRow& row, std::int64_t max_tokens, std::stop_token stop) {
  Session& session = *loaded().session;
  try {
    const GenerateResult result = session.generate(
        options_of(row, max_tokens), [&](const TokenEvent& event) { writer.token(event); }, stop);
    return writer.finish(name(result.reason));
  } catch (...) {
    // The token that failed is in the text and perhaps not in the state: the next turn reads the ids again.
    session.reset();
    if (writer.row().id) writer.finish("error");
    throw;
  }
}

std::optional<NodeRow> ChatEngine::answer(SessionId id, const TurnSettings& settings, const TurnEvents& events,
                                          std::stop_token stop) {
  Loaded& now = loaded();
  settings.sampler.validate();
  std::vector<NodeRow> branch = store_.branch(id);
  if (branch.empty() || branch.back().kind != NodeKind::user)
    throw ArgumentError("no question is waiting for an answer");
  NodeRow row;
  if (!read_branch(id, branch, settings, row.statistics, events, stop)) return std::nullopt;
  const ChatTemplate format(settings.format.value_or(now.format), now.tokenizer);
  row.session = id;
  row.parent = branch.back().id;
  row.checkpoint = now.row;
  row.chat_format = name(format.format());
  row.sampler = settings.sampler;
  row.max_tokens = settings.max_tokens;
  row.draws = now.session->draws();
  live_->clear();
  TurnWriter writer(store_, *live_, format, *now.tokenizer, row, now.session->tokens_read());
  writer.begin();
  events.started(writer.row(), static_cast<std::int64_t>(now.session->tokens_read()));
  return generate(writer, row, settings.max_tokens, std::move(stop));
}

std::optional<NodeRow> ChatEngine::go_on(SessionId id, std::int64_t max_tokens, const TurnEvents& events,
                                         std::stop_token stop) {
  Loaded& now = loaded();
  std::vector<NodeRow> branch = store_.branch(id);
  if (branch.empty() || !branch.back().sampler || ended_by_model(branch.back())) {
    throw ArgumentError("the last answer is complete: there is nothing to go on with");
  }
  NodeRow row = branch.back();
  const TurnSettings settings{.sampler = *row.sampler, .format = chat_format(row.chat_format)};
  NodeStatistics statistics;
  if (!read_branch(id, branch, settings, statistics, events, stop)) return std::nullopt;
  row.statistics.state_bytes = statistics.state_bytes;
  row.checkpoint = now.row;
  const ChatTemplate format(chat_format(row.chat_format), now.tokenizer);
  live_->clear();
  TurnWriter writer = TurnWriter::resume(store_, *live_, format, *now.tokenizer, row, now.session->tokens_read());
  writer.begin();
  events.started(writer.row(), static_cast<std::int64_t>(now.session->tokens_read()));
  return generate(writer, row, max_tokens, std::move(stop));
}

void ChatEngine::keep_state(SessionId id) {
  Loaded& now = loaded();
  if (now.session->tokens_read() == 0 || !now.row) return;
  fs::create_directories(states_);
  const std::uint64_t hash = now.session->prefix_hash();
  const std::string file = std::to_string(id.value) + "-" + std::to_string(now.row.value) + "-" +
                           std::to_string(now.session->tokens_read()) + "-" + hexadecimal(hash) + ".safetensors";
  const std::vector<SnapshotRow> before = store_.snapshots(id);
  const auto same = [&](const SnapshotRow& row) { return row.file == file; };
  if (std::any_of(before.begin(), before.end(), same)) return;
  now.session->snapshot().save(states_ / file);
  store_.add_snapshot({.session = id,
                       .checkpoint = now.row,
                       .position = static_cast<std::int64_t>(now.session->tokens_read()),
                       .prefix_hash = hash,
                       .file = file,
                       .bytes = static_cast<std::int64_t>(fs::file_size(states_ / file))});
  for (const SnapshotRow& row : before) {
    if (row.pinned) continue;
    store_.remove_snapshot(row.id);
    std::error_code gone;
    fs::remove(states_ / row.file, gone);
  }
}

}  // namespace holdfast
