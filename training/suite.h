// Suites of problems with known answers, and how well a model does on one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/chat_template.h"
#include "engine/model.h"
#include "engine/tokenizer.h"

namespace holdfast {

struct SuiteItem {
  std::string problem;
  std::string answer;
  std::optional<int> level;
  std::vector<std::string> concepts;
};

// Rows of JSON {"problem", "answer"[, "level", "concepts"]}; the published shapes of MATH-500 (problem, answer, level,
// subject), AIME (problem or Problem, answer or Answer), GSM8K (question, answer behind "####"); or a table of level,
// problem and answer apart by tabs, whose first line may name them. Throws IoError; FormatError naming the line.
[[nodiscard]] std::vector<SuiteItem> load_suite(const std::filesystem::path& file);
[[nodiscard]] std::vector<SuiteItem> parse_suite(std::string_view text, const std::string& label);

// Share of right ones with its 95 % interval (E. B. Wilson, 1927).
struct Share {
  std::int64_t right = 0;
  std::int64_t of = 0;
  [[nodiscard]] double value() const noexcept {
    return of == 0 ? 0.0 : static_cast<double>(right) / static_cast<double>(of);
  }
  [[nodiscard]] std::pair<double, double> interval() const noexcept;
};
// Of n samples c are right: the chance that k drawn from them hold a right one (arXiv 2107.03374, sec. 2.1).
[[nodiscard]] double pass_at_k(std::int64_t n, std::int64_t c, std::int64_t k) noexcept;

struct EvaluatedReply {
  std::string text;
  std::optional<std::string> answer;
  bool right = false;
  std::int64_t tokens = 0;
  bool finished = false;                  // ended by itself
  double log_prob = 0.0;                  // sum over its tokens, before temperature
  std::optional<std::string> false_step;  // arithmetic written out that does not hold (training/written_steps.h)
};

// Answers of a vote by equality, the largest group first; replies without an answer do not vote.
struct VoteGroup {
  std::string answer;  // as its first voter wrote it
  std::vector<std::size_t> voters;
};
[[nodiscard]] std::vector<VoteGroup> count_votes(const std::vector<std::optional<std::string>>& answers);

struct EvaluatedItem {
  SuiteItem item;
  EvaluatedReply greedy;
  std::vector<EvaluatedReply> samples;
  std::optional<std::string> majority;
  bool majority_right = false;
};

struct SuiteOptions {
  std::int64_t samples = 0;  // beside the greedy reply
  float temperature = 0.8f;
  float top_p = 0.95f;
  std::uint64_t seed = 0;
  std::int64_t batch = 16;
  std::int64_t max_tokens = 1024;
  const State* begin = nullptr;  // what every problem begins with; null = nothing read
  bool solve = false;            // the prompt asks for a boxed answer, as the template words it
};

struct SuiteResult {
  std::vector<EvaluatedItem> items;
  Share greedy, majority;
  std::map<int, Share> by_level;
  std::map<std::string, Share> by_concept;
  std::map<std::int64_t, double> pass;  // k to pass@k, for powers of two up to the samples
  double seconds = 0.0;
  std::int64_t tokens = 0;
  bool stopped = false;  // what is there is of the items before
};

// progress: replies done, of so many.
[[nodiscard]] SuiteResult evaluate_suite(const Mamba2Model& model, Stream& stream, const ChatTemplate& chat,
                                         const Tokenizer& tokenizer, const std::vector<SuiteItem>& items,
                                         const SuiteOptions& options,
                                         const std::function<void(std::int64_t, std::int64_t)>& progress = {},
                                         std::stop_token stop = {});

}  // namespace holdfast
