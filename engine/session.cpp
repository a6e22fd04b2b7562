#include "engine/session.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "kernels/error.h"
#include "kernels/sample.h"

namespace holdfast {

std::string_view name(StopReason reason) noexcept {
  switch (reason) {
    case StopReason::stop_token: return "stop_token";
    case StopReason::stop_string: return "stop_string";
    case StopReason::length: return "length";
    case StopReason::cancelled: return "cancelled";
  }
  return "?";
}

std::uint64_t prefix_hash(std::uint64_t hash, std::span<const TokenId> tokens) noexcept {
  if (tokens.empty()) return hash;
  std::uint64_t value = hash == 0 ? 0xcbf29ce484222325ULL : hash;
  for (const TokenId id : tokens) {
    const auto bits = static_cast<std::uint32_t>(id);
    for (int byte = 0; byte < 4; ++byte) {
      value = (value ^ ((bits >> (8 * byte)) & 0xff)) * 0x100000001b3ULL;
    }
  }
  return value;
}

Session::Session(std::shared_ptr<const Mamba2Model> model, std::shared_ptr<const Tokenizer> tokenizer, Stream& stream)
    : model_(std::move(model)), tokenizer_(std::move(tokenizer)), stream_(&stream), state_(model_->new_state()) {}

void Session::read(std::span<const TokenId> tokens) {
  if (tokens.empty()) return;
  std::vector<float> logits(static_cast<std::size_t>(model_->config().vocab_size));
  model_->forward(*stream_, tokens, state_, logits, probe_);
  logits_ = std::move(logits);
  newer_logits_ = {};
  tail_.clear();
  note_read(tokens);
}

void Session::note_read(std::span<const TokenId> tokens) {
  tokens_read_ += tokens.size();
  prefix_hash_ = holdfast::prefix_hash(prefix_hash_, tokens);
  for (const TokenId id : tokens) {
    const auto place = std::lower_bound(seen_.begin(), seen_.end(), id);
    if (place == seen_.end() || *place != id) seen_.insert(place, id);
  }
}

// Draws a token and has it read: on the CPU one after the other, so that the token is shown before the model works at
// the next; on a GPU the model reads what was drawn before it is known here, and logits stay there (`there`), unless a
// probe looks on.
class Session::Turn {
 public:
  Turn(Session& session, const GenerateOptions& options)
      : s_(session),
        options_(options),
        ahead_(session.stream_->kind() == DeviceKind::cuda && session.probe_ == nullptr) {}

  // The next token, and the likeliest ones beside it.
  TokenProbability draw(std::vector<TokenProbability>& alternatives) {
    const SamplerConfig& sampler = options_.sampler;
    const bool greedy = sampler.params.temperature == 0.0f;
    const float uniform = greedy ? 0.0f : uniform_draw(sampler.seed, s_.draws_);
    const std::span<const std::int32_t> seen = s_.seen_;
    const Shape shape{1, s_.model_->config().vocab_size};
    std::span<const float> logits = s_.logits_;
    TokenProbability drawn;
    const SampleArgs args{.logits = there_ ? there_ : view_of(logits, shape),
                          .params = {&sampler.params, 1},
                          .uniform = {&uniform, 1},
                          .seen = {&seen, 1},
                          .tokens = {&drawn.token, 1},
                          .log_probs = {&drawn.log_prob, 1},
                          .vocab_size = static_cast<std::int32_t>(s_.model_->config().vocab_used)};
    if (ahead_) {
      if (there_ && options_.alternatives > 0) {
        const std::span landing(static_cast<float*>(s_.stream_->landing(there_.bytes())), logits.size());
        s_.stream_->fetch(view_of(landing, shape), there_);
        logits = landing;
      }
      sample_begin(*s_.stream_, args);
      State* const state = &s_.state_;
      const ConstTensorView next = s_.model_->forward_drawn(*s_.stream_, {&state, 1});
      sample_end(*s_.stream_, args.tokens, args.log_probs);
      there_ = s_.newer_logits_ = next;
      s_.note_read({&drawn.token, 1});
    } else {
      sample(*s_.stream_, args);
    }
    if (!greedy) ++s_.draws_;
    if (options_.alternatives > 0) {
      const std::int64_t used = s_.model_->config().vocab_used;  // beyond it is padding, never drawn and never shown
      alternatives =
          top_tokens(used > 0 ? logits.first(static_cast<std::size_t>(used)) : logits, options_.alternatives, drawn);
    }
    return drawn;
  }

  void read(TokenId token) {
    if (ahead_) return;
    s_.model_->forward(*s_.stream_, {&token, 1}, s_.state_, s_.logits_, s_.probe_);
    s_.note_read({&token, 1});
  }

  // Whether a token is read by when it is shown.
  [[nodiscard]] bool ahead() const noexcept { return ahead_; }

 private:
  Session& s_;
  const GenerateOptions& options_;
  bool ahead_;
  ConstTensorView there_;
};

// Looks only where the new bytes can have completed a match, and keeps just enough text to see the next one.
bool Session::ends_with_stop_string(std::string_view added, const std::vector<std::string>& stops) {
  std::size_t longest = 0;
  for (const std::string& stop : stops) longest = std::max(longest, stop.size());
  if (longest == 0) return false;
  tail_ += added;
  const bool found = std::any_of(stops.begin(), stops.end(), [this](const std::string& stop) {
    return !stop.empty() && tail_.find(stop) != std::string::npos;
  });
  if (tail_.size() >= longest) tail_.erase(0, tail_.size() - (longest - 1));
  return found;
}

GenerateResult Session::generate(const GenerateOptions& options, const std::function<void(const TokenEvent&)>& on_token,
                                 std::stop_token stop) {
  if (logits_.empty()) throw ArgumentError("generate: nothing was read, want at least one token of a prompt");
  options.sampler.validate();
  const auto begin = std::chrono::steady_clock::now();
  GenerateResult result;
  std::vector<TokenProbability> alternatives;
  Turn turn(*this, options);
  // Whether the turn goes on.
  const auto advance = [&] {
    if (stop.stop_requested()) {
      result.reason = StopReason::cancelled;
      return false;
    }
    if (static_cast<std::int64_t>(result.tokens.size()) >= options.max_tokens) {
      result.reason = StopReason::length;
      return false;
    }
    const TokenProbability drawn = turn.draw(alternatives);
    const bool is_stop =
        std::find(options.stop_tokens.begin(), options.stop_tokens.end(), drawn.token) != options.stop_tokens.end();
    const std::string_view bytes =
        is_stop || tokenizer_ == nullptr ? std::string_view{} : tokenizer_->bytes(drawn.token);
    // What is kept of the session while a token is shown is of one moment, before it is read or after.
    bool at_stop_string = turn.ahead() && ends_with_stop_string(bytes, options.stop_strings);
    if (on_token) on_token({drawn.token, drawn.log_prob, bytes, alternatives});
    // The token belongs to the state before anything can end the loop: whatever the reason, the session may go on.
    turn.read(drawn.token);
    result.tokens.push_back(drawn.token);
    if (is_stop) {
      result.reason = StopReason::stop_token;
      return false;
    }
    if (!turn.ahead()) at_stop_string = ends_with_stop_string(bytes, options.stop_strings);
    if (at_stop_string) {
      result.reason = StopReason::stop_string;
      return false;
    }
    return true;
  };
  try {
    while (advance()) {
    }
  } catch (...) {
    bring_logits();
    throw;
  }
  bring_logits();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

// Copies the logits after the last token that was read, where they are on the GPU still.
void Session::bring_logits() const {
  if (!newer_logits_) return;
  stream_->copy(view_of(std::span(logits_), newer_logits_.shape), newer_logits_);
  newer_logits_ = {};
}

Snapshot Session::snapshot() const {
  bring_logits();
  Snapshot snapshot{.model_fingerprint = model_->fingerprint(),
                    .state = State(Device::cpu(), model_->config()),
                    .logits = logits_,
                    .draws = draws_,
                    .tokens_read = tokens_read_,
                    .prefix_hash = prefix_hash_,
                    .seen = seen_,
                    .tail = tail_};
  snapshot.state.take(*stream_, state_);
  return snapshot;
}

void Session::restore(const Snapshot& snapshot) {
  if (snapshot.model_fingerprint != model_->fingerprint()) {
    throw FormatError("snapshot of model " + snapshot.model_fingerprint + ", this is " + model_->fingerprint() +
                      ": a state goes on only with the weights and number format that made it");
  }
  const ConstTensorView ssm = std::as_const(snapshot.state).ssm();
  if (ssm.shape != std::as_const(state_).ssm().shape ||
      (!snapshot.logits.empty() && static_cast<std::int64_t>(snapshot.logits.size()) != model_->config().vocab_size)) {
    throw FormatError("snapshot: state " + ssm.shape.to_string() + " and " + std::to_string(snapshot.logits.size()) +
                      " logits, want " + std::as_const(state_).ssm().shape.to_string() + " and " +
                      std::to_string(model_->config().vocab_size));
  }
  state_.take(*stream_, snapshot.state);
  logits_ = snapshot.logits;
  newer_logits_ = {};
  draws_ = snapshot.draws;
  tokens_read_ = snapshot.tokens_read;
  prefix_hash_ = snapshot.prefix_hash;
  seen_ = snapshot.seen;
  tail_ = snapshot.tail;
}

void Session::reset() {
  state_.reset(*stream_);
  logits_.clear();
  newer_logits_ = {};
  draws_ = 0;
  tokens_read_ = 0;
  prefix_hash_ = 0;
  seen_.clear();
  tail_.clear();
}

}  // namespace holdfast
