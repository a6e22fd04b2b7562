#include "engine/batch_generate.h"

#include <algorithm>
#include <list>
#include <optional>
#include <string>
#include <utility>

#include "kernels/error.h"

namespace holdfast {
namespace {

class BatchRun {
 public:
  BatchRun(const Mamba2Model& model, Stream& stream, std::span<const BatchPrompt> prompts, const BatchOptions& options,
           const std::function<void(std::size_t, BatchReply)>& on_done, const std::function<bool(std::size_t)>& wanted)
      : model_(model), stream_(stream), prompts_(prompts), options_(options), on_done_(on_done), wanted_(wanted) {
    if (options.batch < 1)
      throw ArgumentError("batch: " + std::to_string(options.batch) + " sequences, want at least 1");
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      if (prompts[i].tokens.empty() && options.logits.empty())
        throw ArgumentError("prompt " + std::to_string(i) + ": no tokens, want at least one");
      prompts[i].sampler.validate();
    }
  }

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      fill();
      if (active_.empty()) return;
      stream_.kind() == DeviceKind::cuda ? advance_ahead(stop) : advance();
    }
    while (!active_.empty()) end(active_.begin(), StopReason::cancelled);
  }

 private:
  struct Sequence {
    std::size_t index = 0;
    State state;
    BatchReply reply;
    std::uint64_t draws = 0;
    std::vector<TokenId> seen;  // sorted; kept only where a penalty looks at it
    TokenId next = 0;           // drawn, not read yet
  };
  using Place = std::list<Sequence>::iterator;

  [[nodiscard]] bool is_wanted(std::size_t index) const { return !wanted_ || wanted_(index); }

  // Begins prompts until the batch is full.
  void fill() {
    while (next_ < prompts_.size() && std::ssize(active_) < options_.batch) {
      const std::size_t index = next_++;
      if (!is_wanted(index)) {
        on_done_(index, {.tokens = {}, .reason = StopReason::cancelled});
        continue;
      }
      const BatchPrompt& prompt = prompts_[index];
      read(prompt.tokens);
      active_.push_back({.index = index, .state = prompt_state_->clone(stream_), .reply = {}, .seen = {}});
      Sequence& sequence = active_.back();
      if (prompt.sampler.params.repetition_penalty != 1.0f) {
        sequence.seen.assign(prompt.tokens.begin(), prompt.tokens.end());
        sequence.seen.insert(sequence.seen.end(), options_.seen.begin(), options_.seen.end());
        std::ranges::sort(sequence.seen);
        sequence.seen.erase(std::unique(sequence.seen.begin(), sequence.seen.end()), sequence.seen.end());
      }
      const auto v = static_cast<std::int64_t>(prompt_logits_.size());
      const Place place = std::prev(active_.end());
      draw({&place, 1}, view_of(std::span<const float>(prompt_logits_), Shape{1, v}));
    }
  }

  void read(std::span<const TokenId> tokens) {
    if (prompt_state_ && std::ranges::equal(tokens, prompt_)) return;
    prompt_.assign(tokens.begin(), tokens.end());
    prompt_state_.reset();
    State state = options_.begin == nullptr ? model_.new_state() : options_.begin->clone(stream_);
    if (tokens.empty()) {
      prompt_logits_.assign(options_.logits.begin(), options_.logits.end());
    } else {
      prompt_logits_.resize(static_cast<std::size_t>(model_.config().vocab_size));
      model_.forward(stream_, tokens, state, prompt_logits_);
    }
    prompt_state_.emplace(std::move(state));
  }

  [[nodiscard]] std::vector<Place> all() {
    std::vector<Place> places;
    for (Place place = active_.begin(); place != active_.end(); ++place) places.push_back(place);
    return places;
  }
  [[nodiscard]] static std::vector<SequenceInput> inputs_of(std::span<const Place> places) {
    std::vector<SequenceInput> inputs;
    for (const Place place : places) {
      inputs.push_back({.tokens = {&place->next, 1}, .state = &place->state, .logits = {}});
    }
    return inputs;
  }

  // One token of every sequence, then the next is drawn for those that go on.
  void advance() {
    const std::vector<Place> places = all();
    std::vector<SequenceInput> inputs = inputs_of(places);
    const auto v = static_cast<std::size_t>(model_.config().vocab_size);
    logits_.resize(inputs.size() * v);
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].logits = std::span(logits_).subspan(i * v, v);
    model_.forward(stream_, inputs, LogitRows::last);
    const Shape shape{std::ssize(inputs), model_.config().vocab_size};
    draw(places, view_of(std::span<const float>(logits_), shape));
  }

  // The same on a GPU, which does not wait for this side: all sequences read what was drawn while it is looked at here,
  // until some end. Those that go on are then drawn alone, and nothing is read, so that others may begin beside them.
  void advance_ahead(const std::stop_token& stop) {
    std::vector<Place> places = all();
    std::vector<State*> states;
    for (const Place place : places) states.push_back(&place->state);
    ConstTensorView logits = model_.forward_on_device(stream_, inputs_of(places));
    std::vector<std::size_t> rows;  // of those that go on
    do {
      if (stop.stop_requested()) return;
      Draws draws = draws_of(places);
      sample_begin(stream_, draws.args(model_, logits));
      logits = model_.forward_drawn(stream_, states);
      sample_end(stream_, draws.tokens, draws.log_probs);
      rows.clear();
      for (std::size_t i = 0; i < places.size(); ++i) {
        if (take(places[i], draws.tokens[i], draws.log_probs[i])) rows.push_back(i);
      }
    } while (rows.size() == places.size());
    if (rows.empty()) return;
    const std::int64_t v = logits.shape[1];
    Tensor theirs(stream_.device(), DType::f32, Shape{std::ssize(rows), v});
    std::vector<Place> left;
    for (const std::size_t row : rows) {
      const Shape one{1, v};
      stream_.copy({theirs.view().as<float>() + std::ssize(left) * v, DType::f32, one, DeviceKind::cuda},
                   {logits.as<float>() + static_cast<std::int64_t>(row) * v, DType::f32, one, DeviceKind::cuda});
      left.push_back(places[row]);
    }
    draw(left, theirs.view());
  }

  // What a draw of some sequences is made with, and what comes of it.
  struct Draws {
    std::vector<SampleParams> params;
    std::vector<float> uniform;
    std::vector<std::span<const std::int32_t>> seen;
    std::vector<std::int32_t> tokens;
    std::vector<float> log_probs;

    [[nodiscard]] SampleArgs args(const Mamba2Model& model, ConstTensorView logits) {
      return {.logits = logits,
              .params = params,
              .uniform = uniform,
              .seen = seen,
              .tokens = tokens,
              .log_probs = log_probs,
              .vocab_size = static_cast<std::int32_t>(model.config().vocab_used)};
    }
  };
  [[nodiscard]] Draws draws_of(std::span<const Place> places) {
    Draws draws;
    for (const Place place : places) {
      const SamplerConfig& sampler = prompts_[place->index].sampler;
      draws.params.push_back(sampler.params);
      draws.uniform.push_back(sampler.params.temperature == 0.0f ? 0.0f : uniform_draw(sampler.seed, place->draws++));
      draws.seen.emplace_back(place->seen);
    }
    draws.tokens.resize(places.size());
    draws.log_probs.resize(places.size());
    return draws;
  }

  // logits: (places, V). Ends what is at its end.
  void draw(std::span<const Place> places, ConstTensorView logits) {
    Draws draws = draws_of(places);
    sample(stream_, draws.args(model_, logits));
    for (std::size_t i = 0; i < places.size(); ++i) (void)take(places[i], draws.tokens[i], draws.log_probs[i]);
  }

  // Whether the sequence goes on.
  bool take(Place place, TokenId token, float log_prob) {
    place->next = token;
    place->reply.tokens.push_back(token);
    place->reply.log_prob += static_cast<double>(log_prob);
    if (options_.on_token) options_.on_token(place->index, token, log_prob);
    if (prompts_[place->index].sampler.params.repetition_penalty != 1.0f) {
      const auto at = std::ranges::lower_bound(place->seen, token);
      if (at == place->seen.end() || *at != token) place->seen.insert(at, token);
    }
    const bool stops = std::ranges::find(options_.stop_tokens, token) != options_.stop_tokens.end();
    if (stops) {
      end(place, StopReason::stop_token);
    } else if (std::ssize(place->reply.tokens) >= options_.max_tokens) {
      end(place, StopReason::length);
    } else if (!is_wanted(place->index)) {
      end(place, StopReason::cancelled);
    } else {
      return true;
    }
    return false;
  }

  void end(Place place, StopReason reason) {
    place->reply.reason = reason;
    const std::size_t index = place->index;
    BatchReply reply = std::move(place->reply);
    active_.erase(place);
    on_done_(index, std::move(reply));
  }

  const Mamba2Model& model_;
  Stream& stream_;
  std::span<const BatchPrompt> prompts_;
  const BatchOptions& options_;
  const std::function<void(std::size_t, BatchReply)>& on_done_;
  const std::function<bool(std::size_t)>& wanted_;
  std::size_t next_ = 0;
  std::list<Sequence> active_;
  std::vector<TokenId> prompt_;  // read last
  std::optional<State> prompt_state_;
  std::vector<float> prompt_logits_;
  std::vector<float> logits_;
};

}  // namespace

void generate_batch(const Mamba2Model& model, Stream& stream, std::span<const BatchPrompt> prompts,
                    const BatchOptions& options, const std::function<void(std::size_t, BatchReply)>& on_done,
                    std::stop_token stop, const std::function<bool(std::size_t)>& wanted) {
  BatchRun(model, stream, prompts, options, on_done, wanted).run(stop);
}

}  // namespace holdfast
