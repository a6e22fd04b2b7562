#include "app/services/turn_writer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "training/written_steps.h"

namespace holdfast {
namespace {

constexpr std::size_t journal_tokens = 32;
constexpr double journal_seconds = 1.0;
constexpr double rate_seconds = 0.5;
constexpr double smoothing = 0.1;

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

// A token may have ended inside a character, whose first bytes the joiner has to know again. They begin in the last
// token that begins a character: no character reaches across another's beginning.
Utf8Joiner joiner_behind(std::span<const TokenId> tokens, const Tokenizer& tokenizer) {
  const auto begins_character = [&](TokenId token) {
    const std::string_view bytes = tokenizer.bytes(token);
    return !bytes.empty() && (static_cast<unsigned char>(bytes.front()) & 0xc0u) != 0x80u;
  };
  std::size_t first = tokens.size();
  while (first > 0 && !begins_character(tokens[first - 1])) --first;
  Utf8Joiner joiner;
  for (const TokenId token : tokens.subspan(first > 0 ? first - 1 : 0)) (void)joiner.push(tokenizer.bytes(token));
  return joiner;
}

}  // namespace

std::uint64_t draws_after(const NodeRow& node) noexcept {
  const bool greedy = !node.sampler || node.sampler->params.temperature == 0.0f;
  const auto forced = static_cast<std::uint64_t>(node.statistics.forced_tokens);
  return node.draws + (greedy || !node.tokens ? 0 : node.tokens->size() - std::min(forced, node.tokens->size()));
}

std::string shown_bytes(const Tokenizer& tokenizer, TokenId token) {
  const std::string_view bytes = tokenizer.bytes(token);
  if (!bytes.empty()) return std::string(bytes);
  const std::string piece = tokenizer.piece(token);
  return piece == "<think>" || piece == "</think>" ? piece : std::string{};
}

TurnWriter::TurnWriter(Store& store, LiveText& live, const ChatTemplate& format, const Tokenizer& tokenizer,
                       NodeRow row, std::uint64_t tokens_before)
    : store_(&store),
      live_(&live),
      format_(&format),
      tokenizer_(&tokenizer),
      row_(std::move(row)),
      splitter_(format.opens_thought() ? ThoughtSplitter::Part::thought : ThoughtSplitter::Part::undecided),
      tokens_before_(tokens_before) {
  row_.tokens.emplace();
}

TurnWriter TurnWriter::resume(Store& store, LiveText& live, const ChatTemplate& format, const Tokenizer& tokenizer,
                              NodeRow stopped, std::uint64_t tokens_before) {
  TurnWriter writer(store, live, format, tokenizer, stopped, tokens_before);
  writer.row_ = std::move(stopped);
  if (!writer.row_.tokens) writer.row_.tokens.emplace();
  writer.joiner_ = joiner_behind(*writer.row_.tokens, tokenizer);
  const bool thought = writer.row_.kind == NodeKind::thought;
  writer.splitter_ = ThoughtSplitter::after(thought ? ThoughtSplitter::Part::thought : ThoughtSplitter::Part::answer,
                                            writer.row_.text);
  writer.seconds_before_ = writer.row_.statistics.seconds;
  writer.choices_from_ = std::ssize(*writer.row_.tokens);
  store.resume_node(writer.row_.id);
  writer.open_ = true;
  return writer;
}

void TurnWriter::begin() {
  if (!open_ && splitter_.part() == ThoughtSplitter::Part::thought) open_node(NodeKind::thought);
  node_start_ = journal_time_ = token_time_ = rate_start_ = Clock::now();
}

void TurnWriter::open_node(NodeKind kind) {
  row_.kind = kind;
  row_.id = store_->begin_node(row_);
  open_ = true;
}

void TurnWriter::token(const TokenEvent& event) {
  add(event.token,
      {.log_prob = event.log_prob, .alternatives = {event.alternatives.begin(), event.alternatives.end()}});
}

void TurnWriter::forced(TokenId token) {
  ++row_.statistics.forced_tokens;
  add(token, {});
}

void TurnWriter::add(TokenId token, TokenChoice choice) {
  const Clock::time_point now = Clock::now();
  const double seconds = seconds_between(token_time_, now);
  smooth_seconds_ = smooth_seconds_ == 0.0 ? seconds : smooth_seconds_ + smoothing * (seconds - smooth_seconds_);
  token_time_ = now;
  ++generated_;
  ++rate_tokens_;
  const double rate_time = seconds_between(rate_start_, now);
  if (rate_ == 0.0 || rate_time >= rate_seconds) rate_ = static_cast<double>(rate_tokens_) / std::max(rate_time, 1e-6);
  if (rate_time >= rate_seconds) {
    rate_start_ = now;
    rate_tokens_ = 0;
  }
  const bool stops = std::ranges::find(format_->stop_tokens(), token) != format_->stop_tokens().end();
  choices_.push_back(std::move(choice));
  row_.tokens->push_back(token);
  new_tokens_.push_back(token);
  ThoughtSplitter::Added added = splitter_.push(stops ? std::string{} : joiner_.push(shown_bytes(*tokenizer_, token)));
  take(added);
  show(added);
  journal(false);
}

void TurnWriter::take(const ThoughtSplitter::Added& added) {
  if (!open_ && splitter_.part() != ThoughtSplitter::Part::undecided) {
    const bool thought = splitter_.part() == ThoughtSplitter::Part::thought || added.thought_ended;
    open_node(thought ? NodeKind::thought : NodeKind::answer);
  }
  row_.text += added.thought;
  new_text_ += added.thought;
  if (added.thought_ended) end_thought();
  row_.text += added.answer;
  new_text_ += added.answer;
}

void TurnWriter::end_thought() {
  NodeRow answer = row_;
  answer.id = {};
  answer.kind = NodeKind::answer;
  answer.parent = row_.id;
  answer.text.clear();
  answer.tokens.emplace();
  answer.draws = draws_after(row_);
  answer.statistics = {};
  answer.statistics.state_bytes = row_.statistics.state_bytes;
  row_.stop_reason = "thought_end";
  row_.statistics.generated_tokens = static_cast<std::int64_t>(row_.tokens->size());
  row_.statistics.seconds = seconds_before_ + seconds_between(node_start_, Clock::now());
  row_.statistics.false_step = find_false_step(row_.text).value_or("");
  answer.id = store_->finish_and_begin(row_, answer);
  write_choices();
  row_ = std::move(answer);
  new_tokens_.clear();
  new_text_.clear();
  seconds_before_ = 0.0;
  node_start_ = journal_time_ = Clock::now();
}

void TurnWriter::write_choices() {
  if (!choices_.empty()) store_->set_token_choices(row_.id, choices_from_, choices_);
  choices_.clear();
  choices_from_ = 0;  // of the next node
}

void TurnWriter::journal(bool now) {
  if (!open_ || (new_tokens_.empty() && new_text_.empty())) return;
  // With slow tokens the next one may come too late to keep the promise, so its time counts already.
  const double waited = seconds_between(journal_time_, Clock::now()) + smooth_seconds_;
  if (!now && new_tokens_.size() < journal_tokens && waited < journal_seconds) return;
  store_->append_journal(row_.id, new_tokens_, new_text_);
  new_tokens_.clear();
  new_text_.clear();
  journal_time_ = Clock::now();
}

void TurnWriter::show(const ThoughtSplitter::Added& added) {
  live_->add(added.thought, added.answer, added.thought_ended, generated_,
             static_cast<std::int64_t>(tokens_before_) + generated_, rate_);
}

void TurnWriter::cut_stop_string() {
  for (const std::string& stop : format_->stop_strings()) {
    if (!stop.empty() && row_.text.ends_with(stop)) row_.text.resize(row_.text.size() - stop.size());
  }
}

NodeRow TurnWriter::finish(std::string_view reason) {
  ThoughtSplitter::Added rest = splitter_.flush();
  take(rest);
  show(rest);
  row_.stop_reason = reason;
  if (reason == name(StopReason::stop_string)) cut_stop_string();
  row_.statistics.generated_tokens = static_cast<std::int64_t>(row_.tokens->size());
  row_.statistics.seconds = seconds_before_ + seconds_between(node_start_, Clock::now());
  row_.statistics.false_step = find_false_step(row_.text).value_or("");
  store_->finish_node(row_);
  write_choices();
  return row_;
}

}  // namespace holdfast
