// Problems made by the method of PromptCoT (arXiv 2503.02324, 2505.22425): concepts are chosen, a rationale is drawn
// that leads from them to a problem, then the problem from it; it is judged, solved several times, and kept or
// rejected.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/chat_template.h"
#include "engine/model.h"
#include "engine/tokenizer.h"
#include "kernels/device.h"
#include "training/concepts.h"
#include "training/made_problem.h"
#include "training/problem.h"
#include "training/similar_text.h"

namespace holdfast {

// What an author is asked, and how it replies. A row names it, so that a set made anew is asked the same.
//   holdfast-1   a dialogue's turn: concepts and level; the thought is the rationale, the answer the problem. What
//                `kind = "create"` of a recipe trains.
//   promptcot-1  numbered concepts and the name of a contest; rationale and problem between the paper's markers.
inline constexpr std::string_view own_prompt = "holdfast-1", paper_prompt = "promptcot-1";

// What PromptCotOptions::least_sureness is by itself: 0.55 for holdfast-1, whose authors learned from generators and so
// are sure of most words while they make sense; 0 (no bound) for others, whose language is free.
[[nodiscard]] double usual_sureness(std::string_view prompt_version) noexcept;

struct PromptCotOptions {
  MadeSource source = MadeSource::model;
  std::uint64_t seed = 1;  // below 2^63
  int first_level = easiest_level, last_level = hardest_level;
  std::vector<std::string> concepts{};  // drawn from these, at any level; empty = all that suit the level
  std::vector<std::string> locked{}, excluded{};
  std::int64_t least_concepts = 1, most_concepts = 3;
  double concept_temperature = 0.2;
  std::string prompt_version = std::string(own_prompt);
  SampleParams drafting{.temperature = 0.8f, .top_p = 0.95f};
  std::int64_t draft_tokens = 1024;
  // Least geometric mean of the probabilities of a problem's words; nothing: usual_sureness of the prompt.
  std::optional<double> least_sureness{};
  std::int64_t judges = 0;  // replies of the model as a judge; all must be perfect
  SampleParams judging{.temperature = 0.6f};
  std::int64_t solve = 8;  // replies that vote; 0 = nobody solves
  SampleParams solving{.temperature = 0.8f, .top_p = 0.95f};
  std::int64_t solve_tokens = 1024;
  double least_agreement = 0.6;  // of the votes, for an answer to be taken
  double near_duplicate = 0.7;   // from this similarity on
  std::string parent{};
  void validate() const;  // throws ArgumentError: the field, its value, the rule
};

struct PromptCotModel {
  std::string name;
  std::shared_ptr<const Mamba2Model> model;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ChatTemplate> chat;
  Stream* stream = nullptr;
};

// Each may be empty. Called on the thread that makes the row.
struct PromptCotEvents {
  std::function<void(const MadeProblem&)> on_concepts;       // index, level and concepts are there
  std::function<void(std::string_view piece)> on_rationale;  // whole characters, as they come
  std::function<void(std::string_view piece)> on_problem;
  std::function<void(const MadeProblem&)> on_checked;  // criteria are there, and the verdict where it is rejected
  std::function<void(const MadeVote&, std::string_view reply)> on_vote;
  std::function<void()> on_token;  // after every token of anything: a place to ask for a stop
};

class PromptCot {  // one thread at a time
 public:
  // The bank's counts are taken as they are. A model is needed unless generators make the problems and nobody solves or
  // judges them. Throws ArgumentError for options out of range and for concepts that the bank has not.
  PromptCot(std::shared_ptr<const ConceptBank> bank, PromptCotOptions options, std::optional<PromptCotModel> model);

  // A text of a benchmark: no problem with 13 words in a row of it is kept. Before the first row.
  void avoid(std::string_view text);
  // A row that was made before by the same settings, the next one in order. Throws FormatError when it was not.
  void resume(const MadeProblem& made);

  // The next row, whole, with its verdict; nothing when stopped, and then the next call makes the same row. Law: rows
  // depend on the settings, the model and the rows before, not on when or how often the making was stopped.
  [[nodiscard]] std::optional<MadeProblem> make(const PromptCotEvents& events = {}, std::stop_token stop = {});
  [[nodiscard]] std::int64_t next_index() const noexcept { return next_; }

  // The steps of make(), for a caller that shows them or lets a person change what is between. False: stopped.
  [[nodiscard]] MadeProblem choose(std::int64_t index) const;  // level and concepts
  // The rationale and the problem; with a rationale given, the problem from it.
  [[nodiscard]] bool draft(MadeProblem& made, const PromptCotEvents& events, const std::stop_token& stop) const;
  void check(MadeProblem& made) const;  // form, benchmarks, near-duplicates; may reject
  [[nodiscard]] bool judge(MadeProblem& made, const PromptCotEvents& events, const std::stop_token& stop) const;
  [[nodiscard]] bool solve(MadeProblem& made, const PromptCotEvents& events, const std::stop_token& stop) const;
  void keep(const MadeProblem& made);  // later problems near to it are rejected

  [[nodiscard]] const PromptCotOptions& options() const noexcept { return options_; }
  [[nodiscard]] const ConceptBank& bank() const noexcept { return *bank_; }
  // Names everything that rows depend on.
  [[nodiscard]] const std::string& run() const;
  [[nodiscard]] std::int64_t tokens_drawn() const noexcept { return tokens_; }

 private:
  struct Reply {
    std::string text;
    std::int64_t tokens = 0;
    bool finished = false;
    bool cancelled = false;
  };
  [[nodiscard]] double least_sureness() const {
    return options_.least_sureness.value_or(usual_sureness(options_.prompt_version));
  }
  [[nodiscard]] ConceptChoice concept_choice(std::uint64_t seed, int level) const;
  [[nodiscard]] std::vector<Problem> sharing(const std::vector<std::string>& concepts, const MadeProblem& made) const;
  void draft_from_generator(MadeProblem& made) const;
  [[nodiscard]] std::vector<TokenId> draft_prompt(const MadeProblem& made) const;
  [[nodiscard]] std::vector<Reply> ask(const std::string& question, bool boxed, std::int64_t count,
                                       const SampleParams& params, std::uint64_t seed, std::int64_t max_tokens,
                                       const PromptCotEvents& events, const std::stop_token& stop,
                                       const std::function<void(const Reply&)>& on_reply) const;
  void decide(MadeProblem& made, const std::vector<std::string>& replies) const;

  std::shared_ptr<const ConceptBank> bank_;
  PromptCotOptions options_;
  std::optional<PromptCotModel> model_;
  std::vector<std::size_t> pool_, locked_, excluded_;
  std::vector<std::vector<std::size_t>> generator_concepts_;  // by level, of the families that have it
  Contamination benchmarks_;
  std::uint64_t benchmarks_hash_ = 0;
  NearDuplicates kept_;
  std::vector<std::int64_t> kept_index_;  // rows of kept_
  std::int64_t next_ = 0;
  mutable std::string run_;  // once asked for
  mutable std::int64_t tokens_ = 0;
};

// What an author is asked for, as the prompt version words it.
[[nodiscard]] std::string author_request(std::string_view version, const std::vector<std::string>& concepts, int level);
// Rationale and problem in an author's reply, as far as it has come. `opened`: it began inside a thought.
struct DraftText {
  std::string rationale, problem;
  bool complete = false;  // both are there, with what must stand around them
};
[[nodiscard]] DraftText split_draft(std::string_view version, std::string_view reply, bool opened);

}  // namespace holdfast
