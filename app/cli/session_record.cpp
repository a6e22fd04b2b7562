#include "app/cli/session_record.h"

#include <algorithm>
#include <utility>

#include "kernels/error.h"

namespace holdfast::cli {
namespace {

constexpr std::size_t record_tokens = 32;
constexpr std::chrono::seconds record_interval{1};

double record_seconds(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::filesystem::path record_file(const std::filesystem::path& data) {
  std::error_code error;
  std::filesystem::create_directories(data, error);
  if (error) throw IoError(data.string() + ": cannot make the folder: " + error.message());
  return data / "holdfast.db";
}

}  // namespace

SessionRecord::SessionRecord(const std::filesystem::path& data, const LoadedModel& loaded, Conversation& conversation)
    : store_(record_file(data)), loaded_(&loaded), conversation_(&conversation) {
  store_.recover();
}

void SessionRecord::register_checkpoint() {
  if (checkpoint_) return;
  checkpoint_ = store_.register_checkpoint({.id = {},
                                            .fingerprint = loaded_->model->fingerprint(),
                                            .name = loaded_->name,
                                            .path = std::filesystem::absolute(loaded_->checkpoint->path()).string(),
                                            .layout = std::string(name(loaded_->checkpoint->layout())),
                                            .dtype = std::string(name(loaded_->model->dtype()))});
}

void SessionRecord::require_same_weights(const NodeRow& node) const {
  if (!node.checkpoint || node.checkpoint == checkpoint_) return;
  const std::vector<CheckpointRow> rows = store_.checkpoints();
  const auto found = std::ranges::find(rows, node.checkpoint, &CheckpointRow::id);
  const std::string other = found == rows.end() ? "another model" : found->name + " (" + found->dtype + ")";
  throw StoreError("session " + std::to_string(node.session.value) + ": was written by " + other +
                   ", want the same weights in the same number format");
}

void SessionRecord::open(SessionId session) {
  const std::string label = "session " + std::to_string(session.value);
  if (!store_.session(session)) throw StoreError(label + ": not in " + store_.file().string());
  register_checkpoint();
  const std::vector<NodeRow> branch = store_.branch(session);
  std::vector<TokenId> tokens;
  std::uint64_t draws = 0;
  for (const NodeRow& node : branch) {
    require_same_weights(node);
    if (node.running) throw StoreError(label + ": another program is writing it");
    if (!node.tokens && node.kind != NodeKind::note) throw StoreError(label + ": its last question was never read");
    if (node.tokens) tokens.insert(tokens.end(), node.tokens->begin(), node.tokens->end());
    const bool drawn = node.kind == NodeKind::thought || node.kind == NodeKind::answer;
    const bool random = node.sampler && node.sampler->params.temperature > 0.0f;
    if (drawn) draws = node.draws + (random ? node.tokens->size() : 0);
  }
  start_again();
  session_ = session;
  auto turn = Conversation::Turn::closed;
  if (!branch.empty()) {
    const NodeRow& end = branch.back();
    last_ = end.id;
    const bool drawn = end.kind == NodeKind::thought || end.kind == NodeKind::answer;
    if (drawn && end.stop_reason != name(StopReason::stop_token) && end.stop_reason != name(StopReason::stop_string)) {
      turn = end.kind == NodeKind::thought ? Conversation::Turn::open_thought : Conversation::Turn::open_answer;
      node_ = end;
    }
  }
  conversation_->resume(tokens, draws, turn);
}

void SessionRecord::start_again() {
  session_ = {};
  system_ = user_ = last_ = {};
  prompt_.clear();
  prompt_open_ = false;
  system_tokens_ = 0;
  node_.reset();
}

void SessionRecord::asked(std::string_view question, std::string_view system) {
  register_checkpoint();
  // What was read of a question that Ctrl-C cut off is kept with the next one: both are read by then.
  if (prompt_open_) store_.set_tokens(user_, {}, checkpoint_);
  prompt_open_ = true;
  if (!system.empty()) {
    session_ = store_.create_session("");
    NodeRow row = new_node(NodeKind::system);
    row.id = store_.begin_node(row);
    row.text = system;
    store_.finish_node(row);
    system_ = last_ = row.id;
  }
  const NodeRow user = store_.add_user_message(session_ ? std::optional(session_) : std::nullopt, question);
  session_ = user.session;
  user_ = last_ = user.id;
  node_.reset();
  prompt_statistics_ = {};
}

void SessionRecord::prompt_read(const Answer& answer, bool complete) {
  system_tokens_ += answer.system_tokens;
  prompt_.insert(prompt_.end(), answer.prompt_tokens.begin(), answer.prompt_tokens.end());
  prompt_statistics_.prompt_tokens += static_cast<std::int64_t>(answer.prompt_tokens.size());
  prompt_statistics_.prompt_seconds += answer.prompt_seconds;
  if (!complete || !prompt_open_) return;
  prompt_open_ = false;
  const std::span<const TokenId> all = prompt_;
  if (system_tokens_ > 0) store_.set_tokens(system_, all.first(system_tokens_), checkpoint_);
  store_.set_tokens(user_, all.subspan(system_tokens_), checkpoint_);
  prompt_.clear();
  system_tokens_ = 0;
}

void SessionRecord::generation_begins() {
  begun_ = written_ = std::chrono::steady_clock::now();
  waiting_tokens_.clear();
  waiting_text_.clear();
  if (node_) {  // an answer that was cut off goes on
    store_.resume_node(node_->id);
    running_ = true;
    return;
  }
  begin(conversation_->chat_template().opens_thought() ? NodeKind::thought : NodeKind::answer);
}

NodeRow SessionRecord::new_node(NodeKind kind) const {
  NodeRow row;
  row.session = session_;
  row.parent = last_;
  row.kind = kind;
  row.checkpoint = checkpoint_;
  row.chat_format = name(conversation_->chat_template().format());
  row.sampler = conversation_->settings().sampler;
  row.max_tokens = conversation_->settings().max_tokens;
  row.draws = conversation_->session().draws();
  row.tokens.emplace();
  return row;
}

void SessionRecord::begin(NodeKind kind) {
  NodeRow next = new_node(kind);
  if (running_) {
    finish("thought_end", record_seconds(begun_));
    next.parent = last_;
    // The token whose text opens this node has been drawn.
    if (next.sampler->params.temperature > 0.0f) --next.draws;
  }
  next.id = store_.begin_node(next);
  next.statistics = std::exchange(prompt_statistics_, {});
  last_ = next.id;
  node_ = std::move(next);
  running_ = true;
  begun_ = std::chrono::steady_clock::now();
}

void SessionRecord::finish(std::string_view reason, double seconds) {
  NodeRow& row = *node_;
  row.text += std::exchange(waiting_text_, {});
  row.tokens->insert(row.tokens->end(), waiting_tokens_.begin(), waiting_tokens_.end());
  waiting_tokens_.clear();
  row.stop_reason = reason;
  row.statistics.seconds += seconds;
  row.statistics.generated_tokens = static_cast<std::int64_t>(row.tokens->size());
  row.statistics.state_bytes = static_cast<std::int64_t>(conversation_->session().state().bytes());
  store_.finish_node(row);
  running_ = false;
}

void SessionRecord::text(std::string_view piece, bool thought) {
  const NodeKind kind = thought ? NodeKind::thought : NodeKind::answer;
  if (kind != node_->kind) begin(kind);
  waiting_text_ += piece;
}

void SessionRecord::token(TokenId id, bool) {
  waiting_tokens_.push_back(id);
  journal_if_due();
}

void SessionRecord::journal_if_due() {
  const auto now = std::chrono::steady_clock::now();
  if (waiting_tokens_.size() < record_tokens && now - written_ < record_interval) return;
  store_.append_journal(node_->id, waiting_tokens_, waiting_text_);
  node_->tokens->insert(node_->tokens->end(), waiting_tokens_.begin(), waiting_tokens_.end());
  node_->text += waiting_text_;
  waiting_tokens_.clear();
  waiting_text_.clear();
  written_ = now;
}

void SessionRecord::ended(const Answer& answer) {
  if (running_) finish(name(answer.reason), record_seconds(begun_));
}

}  // namespace holdfast::cli
