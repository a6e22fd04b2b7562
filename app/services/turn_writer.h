// Takes the tokens of one turn: splits thought from answer, shows the text, journals it, and writes the finished nodes.
// No Qt. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "app/services/live_text.h"
#include "app/services/thought_splitter.h"
#include "app/store/store.h"
#include "engine/chat_template.h"
#include "engine/session.h"
#include "engine/utf8.h"

namespace holdfast {

// Random numbers drawn in the session when this generated node ended; a greedy choice draws none.
[[nodiscard]] std::uint64_t draws_after(const NodeRow& node) noexcept;

// A token's share of a text; some tokenizers hold the markers of a thought as control tokens, which have no bytes.
[[nodiscard]] std::string shown_bytes(const Tokenizer& tokenizer, TokenId token);

class TurnWriter {
 public:
  // `row` carries what both nodes of the turn share: session, parent, checkpoint, format, sampler, draws, statistics.
  // `tokens_before`: read by the session before the first token of this run.
  TurnWriter(Store& store, LiveText& live, const ChatTemplate& format, const Tokenizer& tokenizer, NodeRow row,
             std::uint64_t tokens_before);
  // Goes on with a node that was stopped, exactly behind its last token.
  static TurnWriter resume(Store& store, LiveText& live, const ChatTemplate& format, const Tokenizer& tokenizer,
                           NodeRow stopped, std::uint64_t tokens_before);

  void begin();  // the node that stands first is in the database before the first token is drawn
  void token(const TokenEvent& event);
  void forced(TokenId token);  // one that a person put there
  // Writes what is running as finished, in one transaction. `reason` as in NodeRow::stop_reason.
  NodeRow finish(std::string_view reason);
  [[nodiscard]] const NodeRow& row() const noexcept { return row_; }

 private:
  using Clock = std::chrono::steady_clock;

  void add(TokenId token, TokenChoice choice);
  void write_choices();
  void open_node(NodeKind kind);
  void end_thought();
  void take(const ThoughtSplitter::Added& added);
  void journal(bool now);
  void show(const ThoughtSplitter::Added& added);
  void cut_stop_string();

  Store* store_;
  LiveText* live_;
  const ChatTemplate* format_;
  const Tokenizer* tokenizer_;
  NodeRow row_;                       // the node being written
  bool open_ = false;                 // it is in the database
  std::vector<TokenChoice> choices_;  // of its tokens from choices_from_ on, those of this run
  std::int64_t choices_from_ = 0;
  std::vector<TokenId> new_tokens_;   // not in the journal yet
  std::string new_text_;
  ThoughtSplitter splitter_;
  Utf8Joiner joiner_;
  std::uint64_t tokens_before_;
  std::int64_t generated_ = 0;  // in this run, over both nodes
  double seconds_before_ = 0.0;
  Clock::time_point node_start_ = Clock::now();
  Clock::time_point journal_time_ = Clock::now();
  Clock::time_point token_time_ = Clock::now();
  double smooth_seconds_ = 0.0;  // per token, over the last few
  Clock::time_point rate_start_ = Clock::now();
  std::int64_t rate_tokens_ = 0;  // since rate_start_
  double rate_ = 0.0;             // tokens per second, over the last half second
};

}  // namespace holdfast
