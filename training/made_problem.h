// A problem as the pipeline made it, with everything that tells how it came to be: one line of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/sample.h"

namespace holdfast {

enum class MadeSource { model, generators };
[[nodiscard]] std::string_view name(MadeSource) noexcept;

enum class MadeVerdict {
  proved,   // by the generator that made it
  agreed,   // the solvers' votes agree
  open,     // well-formed; nobody was asked to solve it, so there is no answer
  rejected  // for the reason beside it
};
[[nodiscard]] std::string_view name(MadeVerdict) noexcept;

enum class RejectReason {
  none,
  malformed,       // one of the rules of form is broken
  judged,          // a judge found fault with it
  contaminated,    // it has words of a benchmark
  near_duplicate,  // of a problem that was kept
  unsolved,        // too few of the solvers came to an answer
  disputed         // the solvers' answers differ
};
[[nodiscard]] std::string_view name(RejectReason) noexcept;

// What one rule, or one judge, says: `grade` is met or broken for a rule; perfect, acceptable or bad for a judge.
struct MadeCriterion {
  std::string name;
  std::string grade;
  std::string reason;  // empty for a rule that is met
};

struct MadeVote {
  std::optional<std::string> answer;  // as the reply wrote it; nothing when it had none
  std::int64_t tokens = 0;
  bool finished = false;     // ended by itself
  std::string false_step{};  // of its arithmetic, or what of the problem its answer breaks; then it does not count
};

struct MadeProblem {
  std::int64_t index = 0;
  std::vector<std::string> concepts;
  int level = 1;
  std::string rationale;
  std::string problem;
  std::string solution;  // the thought that leads to the answer
  std::string answer;    // empty when there is none
  bool ended = true;     // its author ended by itself; a line has this as the rule "complete"
  std::vector<MadeCriterion> criteria;
  std::vector<MadeVote> votes;
  // How sure its author was of its words: the geometric mean of the probabilities, before temperature, of the pieces
  // with a small letter in them, as if certain pieces made them twelve where they are fewer. Numbers, signs and the
  // capitals of names are free and do not count.
  std::optional<double> sureness;
  std::optional<double> pass_rate;  // share of the votes for the answer; its complement is the difficulty
  std::optional<double> agreement;  // share of the largest group among all votes
  MadeVerdict verdict = MadeVerdict::open;
  RejectReason reason = RejectReason::none;
  std::string detail;  // of the reason: which rule, which row, which benchmark

  // Where it comes from.
  MadeSource source = MadeSource::model;
  std::string prompt_version;
  std::string model;        // empty when none was used
  std::string fingerprint;  // of its weights
  std::string family;       // the generator
  std::string parent;       // what it was made from, where a caller says so
  std::uint64_t seed = 0;   // of the whole set
  std::string run;          // the settings of the whole set, hashed: rows of one file agree in it
  SampleParams drafting, solving;
};

[[nodiscard]] inline bool is_kept(const MadeProblem& made) noexcept { return made.verdict != MadeVerdict::rejected; }

// The reply that a model is to learn: the solution and the answer in its box. A solution that already has a box, or
// ends its own thought, is the reply.
[[nodiscard]] std::string training_reply(std::string_view solution, std::string_view answer);

// One line without its end; the same row gives the same bytes. Text that is no UTF-8 has U+FFFD in it.
[[nodiscard]] std::string made_problem_line(const MadeProblem& made);
// Law: made_problem_line(parse_made_problem(line)) == line. Throws FormatError beginning with `label`.
[[nodiscard]] MadeProblem parse_made_problem(std::string_view line, const std::string& label);

}  // namespace holdfast
