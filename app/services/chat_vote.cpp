// Many samples of one question, from one state, in one batch.
#include <algorithm>
#include <chrono>

#include "app/services/chat_engine.h"
#include "app/services/turn_writer.h"
#include "engine/batch_generate.h"
#include "kernels/error.h"
#include "training/dataset.h"

namespace holdfast {
namespace {

constexpr double tell_seconds = 0.2;
constexpr int most_samples = 256;

// The replies to one question while they are written: each with the writer that journals it.
class Samples {
 public:
  using Clock = std::chrono::steady_clock;

  Samples(std::size_t count, const VoteEvents& events) : events_(&events), rows_(count), ended_(count, false) {
    progress_.asked = count;
  }

  void token() {
    ++progress_.tokens;
    const Clock::time_point now = Clock::now();
    if (std::chrono::duration<double>(now - told_).count() >= tell_seconds) tell(now);
  }
  void end(std::size_t index, const NodeRow& row) {
    rows_[index] = row;
    ended_[index] = true;
    ++progress_.done;
    count();
    tell(Clock::now());
  }
  void count() {
    std::vector<Ballot> ballots;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (ended_[i]) ballots.push_back({.leaf = rows_[i].id, .answer = answer_of(rows_[i])});
    }
    progress_.vote = vote_of(ballots);
    progress_.decided = is_decided(progress_.vote, progress_.asked - progress_.done);
  }
  [[nodiscard]] VoteProgress& progress() { return progress_; }

 private:
  void tell(Clock::time_point now) {
    told_ = now;
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    progress_.tokens_per_second = static_cast<double>(progress_.tokens) / std::max(seconds, 1e-6);
    if (events_->changed) events_->changed(progress_);
  }

  const VoteEvents* events_;
  std::vector<NodeRow> rows_;
  std::vector<bool> ended_;
  VoteProgress progress_;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point told_ = begin_;
};

}  // namespace

VoteProgress ChatEngine::vote(SessionId id, const TurnSettings& settings, int samples, const VoteEvents& events,
                              std::stop_token stop) {
  Loaded& now = loaded();
  settings.sampler.validate();
  if (samples < 1 || samples > most_samples) {
    throw ArgumentError(std::to_string(samples) + " samples, want 1 to " + std::to_string(most_samples));
  }
  std::vector<NodeRow> branch = store_.branch(id);
  if (branch.empty() || branch.back().kind != NodeKind::user) {
    throw ArgumentError("no question is waiting for an answer");
  }
  const NodeRow question = branch.back();
  NodeStatistics statistics;
  if (!read_branch(id, branch, settings, statistics, events.reading, stop)) return {.question = question.id};
  Session& session = *now.session;
  note_state(id);

  const ChatTemplate format(settings.format.value_or(now.format), now.tokenizer);
  Samples state(static_cast<std::size_t>(samples), events);
  state.progress().question = question.id;
  std::vector<BatchPrompt> prompts(static_cast<std::size_t>(samples));
  std::vector<LiveText> texts(prompts.size());
  std::vector<std::unique_ptr<TurnWriter>> writers(prompts.size());
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    prompts[i] = {.tokens = {}, .sampler = settings.sampler};
    // Mixed, not counted up: seeds 3 and 4 would else have all replies but one in common.
    if (i > 0) prompts[i].sampler.seed = mix_seed(settings.sampler.seed, i);
  }
  const auto writer_of = [&](std::size_t index) -> TurnWriter& {
    if (!writers[index]) {
      NodeRow row = begun(id, question, settings);
      row.sampler = prompts[index].sampler;
      row.draws = 0;
      row.statistics = statistics;
      writers[index] =
          std::make_unique<TurnWriter>(store_, texts[index], format, *now.tokenizer, row, session.tokens_read());
      writers[index]->begin();
    }
    return *writers[index];
  };
  const BatchOptions options{
      .batch = samples,
      .max_tokens = settings.max_tokens,
      .stop_tokens = format.stop_tokens(),
      .begin = &session.state(),
      .logits = session.logits(),
      .seen = session.seen(),
      .on_token = [&](std::size_t index, TokenId token, float log_prob) {
        writer_of(index).token({.token = token, .log_prob = log_prob, .bytes = {}, .alternatives = {}});
        state.token();
      }};
  const auto on_done = [&](std::size_t index, const BatchReply& reply) {
    if (!writers[index]) return;  // it never began
    state.end(index, writers[index]->finish(name(reply.reason)));
  };
  const auto wanted = [&](std::size_t) { return !state.progress().decided; };
  try {
    generate_batch(*now.model, now.stream, prompts, options, on_done, std::move(stop), wanted);
  } catch (...) {
    for (const auto& writer : writers) {
      if (writer && writer->row().id && writer->row().stop_reason.empty()) writer->finish("error");
    }
    throw;
  }
  const Vote& vote = state.progress().vote;
  const NodeId shown = !vote.groups.empty()   ? vote.groups.front().leaves.front()
                       : !vote.silent.empty() ? vote.silent.front()
                                              : question.id;
  store_.set_head(id, shown);
  return state.progress();
}

}  // namespace holdfast
