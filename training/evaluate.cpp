#include "training/evaluate.h"

#include <algorithm>
#include <utility>

#include "kernels/error.h"
#include "training/verify.h"

namespace holdfast {
namespace {

constexpr std::size_t evaluate_together = 64;    // sequences of one forward pass
constexpr std::int64_t evaluate_most_tried = 4;  // rows looked at for each that is wanted

std::string_view evaluate_trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

TokenId evaluate_likeliest(std::span<const float> logits, std::int64_t used) {
  const auto end = used > 0 ? logits.begin() + used : logits.end();
  return static_cast<TokenId>(std::max_element(logits.begin(), end) - logits.begin());
}

// One group of sequences, all advancing in one forward pass.
class ReplyGroup {
 public:
  ReplyGroup(const Mamba2Model& model, Stream& stream, std::span<const std::vector<TokenId>> prompts,
             const State* begin)
      : model_(model),
        stream_(stream),
        replies_(prompts.size()),
        next_(prompts.size()),
        running_(prompts.size(), true) {
    const auto v = static_cast<std::size_t>(model.config().vocab_size);
    logits_.resize(prompts.size() * v);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      states_.push_back(model.new_state());
      if (begin != nullptr) states_.back().take(stream, *begin);
      model.forward(stream, prompts[i], states_.back(), logits(i));
    }
  }

  // Takes the likeliest token of each sequence; false when all have ended.
  bool take(std::span<const TokenId> stop_tokens) {
    bool any = false;
    for (std::size_t i = 0; i < replies_.size(); ++i) {
      if (!running_[i]) continue;
      next_[i] = evaluate_likeliest(logits(i), model_.config().vocab_used);
      running_[i] = std::find(stop_tokens.begin(), stop_tokens.end(), next_[i]) == stop_tokens.end();
      if (running_[i]) replies_[i].push_back(next_[i]);
      any = any || running_[i];
    }
    return any;
  }

  void advance() {
    std::vector<SequenceInput> inputs;
    for (std::size_t i = 0; i < replies_.size(); ++i) {
      if (running_[i]) inputs.push_back({{&next_[i], 1}, &states_[i], logits(i)});
    }
    model_.forward(stream_, inputs, LogitRows::last);
  }

  [[nodiscard]] std::vector<std::vector<TokenId>>& replies() noexcept { return replies_; }

 private:
  std::span<float> logits(std::size_t i) {
    const auto v = static_cast<std::size_t>(model_.config().vocab_size);
    return std::span(logits_).subspan(i * v, v);
  }
  const Mamba2Model& model_;
  Stream& stream_;
  std::vector<State> states_;
  std::vector<float> logits_;
  std::vector<std::vector<TokenId>> replies_;
  std::vector<TokenId> next_;
  std::vector<bool> running_;
};

}  // namespace

ValidationSet validation_set(const RowSource& source, std::int64_t most, std::uint64_t seed, bool solve,
                             const ChatTemplate& chat, const Tokenizer& tokenizer, std::int64_t sequence_length,
                             bool questions, RefusedRows& refused) {
  ValidationSet set;
  set.name = source.name();
  const std::int64_t tried = std::min(source.rows().value_or(most * evaluate_most_tried), most * evaluate_most_tried);
  for (std::int64_t i = 0; i < tried && static_cast<std::int64_t>(set.rows.size()) < most; ++i) {
    try {
      TrainingRow row = source.row(i, seed);
      row.solve = row.solve || solve;
      RowPieces cut = cut_row(encode_row(row, chat, tokenizer), sequence_length, TooLong::cut, row.messages.empty());
      if (questions && !row.messages.empty()) set.questions.push_back(split_last_turn(row, chat));
      set.rows.push_back(std::move(cut.pieces.front()));
    } catch (const FormatError& error) {
      ++refused.count;
      refused.listed.push_back({source.place(i), error.what()});
    }
  }
  if (set.rows.empty()) throw FormatError(source.name() + ": not one row can be used for evaluation");
  return set;
}

std::vector<std::vector<TokenId>> likeliest_replies(const Mamba2Model& model, Stream& stream,
                                                    std::span<const std::vector<TokenId>> prompts, const State* begin,
                                                    std::span<const TokenId> stop_tokens, std::int64_t max_tokens,
                                                    const std::stop_token& stop) {
  std::vector<std::vector<TokenId>> replies;
  for (std::size_t first = 0; first < prompts.size(); first += evaluate_together) {
    ReplyGroup group(model, stream, prompts.subspan(first, std::min(evaluate_together, prompts.size() - first)), begin);
    for (std::int64_t i = 0; i < max_tokens && !stop.stop_requested() && group.take(stop_tokens); ++i) group.advance();
    std::move(group.replies().begin(), group.replies().end(), std::back_inserter(replies));
  }
  return replies;
}

bool same_reply(std::string_view given, std::string_view expected, bool thought_opened) {
  const auto answer = extract_answer(expected, thought_opened);
  if (answer && answer->source == AnswerSource::boxed) {
    const auto said = extract_answer(given, thought_opened);
    return said && is_right(said->text, answer->text);
  }
  const SplitText heard = split_thought(given, thought_opened);
  const SplitText wanted = split_thought(expected, thought_opened);
  return heard.closed && evaluate_trimmed(heard.answer) == evaluate_trimmed(wanted.answer);
}

}  // namespace holdfast
