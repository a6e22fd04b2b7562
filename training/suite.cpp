#include "training/suite.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

#include "engine/batch_generate.h"
#include "engine/json.h"
#include "engine/mapped_file.h"
#include "kernels/error.h"
#include "training/dataset.h"
#include "training/verify.h"
#include "training/written_steps.h"

namespace holdfast {
namespace {

constexpr std::size_t suite_longest_line = std::size_t{1} << 20;

std::string suite_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  return value.is_number() ? value.dump() : std::string();
}

std::string first_of(const Json& row, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto found = row.find(key);
    if (found != row.end() && !found->is_null()) return suite_text(*found);
  }
  return {};
}

std::optional<int> level_of(const std::string& text) {
  const std::size_t digit = text.find_first_of("0123456789");  // "Level 3" in MATH
  if (digit == std::string::npos) return std::nullopt;
  int level = 0;
  const auto read = std::from_chars(text.data() + digit, text.data() + text.size(), level);
  if (read.ec != std::errc{} || level < 0 || level > 1000) return std::nullopt;
  return level;
}

SuiteItem json_item(std::string_view line, const std::string& label) {
  const Json row = parse_json(line, label);
  if (!row.is_object()) throw FormatError(label + ": no JSON object, want {\"problem\", \"answer\"}");
  SuiteItem item;
  item.problem = first_of(row, {"problem", "Problem", "question", "prompt"});
  item.answer = first_of(row, {"answer", "Answer", "expected_answer", "reference_solution"});
  // GSM8K's solution ends with its answer.
  if (const std::size_t at = item.answer.rfind("####"); at != std::string::npos) {
    item.answer = item.answer.substr(item.answer.find_first_not_of(' ', at + 4));
  }
  item.level = level_of(first_of(row, {"level"}));
  const auto concepts = row.find("concepts");
  if (concepts != row.end() && concepts->is_array()) {
    for (const Json& name : *concepts) {
      if (name.is_string()) item.concepts.push_back(name.get<std::string>());
    }
  } else if (std::string subject = first_of(row, {"subject", "type"}); !subject.empty()) {
    item.concepts.push_back(std::move(subject));
  }
  return item;
}

SuiteItem table_item(std::string_view line, const std::string& label) {
  const std::size_t first = line.find('\t');
  const std::size_t second = first == std::string_view::npos ? first : line.find('\t', first + 1);
  if (second == std::string_view::npos) throw FormatError(label + ": want level, problem and answer apart by tabs");
  SuiteItem item;
  item.level = level_of(std::string(line.substr(0, first)));
  item.problem = line.substr(first + 1, second - first - 1);
  item.answer = line.substr(second + 1);
  return item;
}

}  // namespace

std::vector<SuiteItem> parse_suite(std::string_view text, const std::string& label) {
  std::vector<SuiteItem> items;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    const std::string where = label + ":" + std::to_string(++number);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (line.size() > suite_longest_line)
      throw FormatError(where + ": " + std::to_string(line.size()) + " bytes, want at most " +
                        std::to_string(suite_longest_line));
    if (number == 1 && line == "level\tproblem\tanswer") continue;
    SuiteItem item = line.front() == '{' ? json_item(line, where) : table_item(line, where);
    if (item.problem.empty()) throw FormatError(where + ": no problem");
    if (item.answer.empty()) throw FormatError(where + ": no answer");
    items.push_back(std::move(item));
  }
  if (items.empty()) throw FormatError(label + ": no problems");
  return items;
}

std::vector<SuiteItem> load_suite(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  return parse_suite({reinterpret_cast<const char*>(mapped->bytes().data()), mapped->bytes().size()}, file.string());
}

std::pair<double, double> Share::interval() const noexcept {
  if (of == 0) return {0.0, 1.0};
  constexpr double z = 1.959963984540054;
  const double n = static_cast<double>(of);
  const double p = value();
  const double middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
  const double half = z / (1.0 + z * z / n) * std::sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

double pass_at_k(std::int64_t n, std::int64_t c, std::int64_t k) noexcept {
  if (n - c < k) return 1.0;
  double miss = 1.0;
  for (std::int64_t i = n - c + 1; i <= n; ++i) miss *= 1.0 - static_cast<double>(k) / static_cast<double>(i);
  return 1.0 - miss;
}

std::vector<VoteGroup> count_votes(const std::vector<std::optional<std::string>>& answers) {
  std::vector<VoteGroup> groups;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i]) continue;
    const auto same =
        std::ranges::find_if(groups, [&](const VoteGroup& group) { return same_answer(group.answer, *answers[i]); });
    if (same == groups.end()) {
      groups.push_back({*answers[i], {i}});
    } else {
      same->voters.push_back(i);
    }
  }
  std::ranges::stable_sort(groups,
                           [](const VoteGroup& a, const VoteGroup& b) { return a.voters.size() > b.voters.size(); });
  return groups;
}

namespace {

class SuiteRun {
 public:
  SuiteRun(const Mamba2Model& model, Stream& stream, const ChatTemplate& chat, const Tokenizer& tokenizer,
           const std::vector<SuiteItem>& items, const SuiteOptions& options)
      : model_(model),
        stream_(stream),
        chat_(chat),
        tokenizer_(tokenizer),
        options_(options),
        each_(1 + options.samples) {
    for (const SuiteItem& item : items) {
      result_.items.push_back({item, {}, {}, {}, false});
      result_.items.back().samples.resize(static_cast<std::size_t>(options.samples));
      prompts_.push_back(chat.tokens(ChatMessage{ChatRole::user, item.problem}, true, options.solve));
    }
  }

  SuiteResult run(const std::function<void(std::int64_t, std::int64_t)>& progress, std::stop_token stop) {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<BatchPrompt> jobs;
    for (std::size_t i = 0; i < prompts_.size(); ++i) {
      for (std::int64_t s = 0; s < each_; ++s) jobs.push_back({prompts_[i], sampler(i, s)});
    }
    const BatchOptions batch{.batch = options_.batch,
                             .max_tokens = options_.max_tokens,
                             .stop_tokens = chat_.stop_tokens(),
                             .begin = options_.begin};
    std::int64_t done = 0;
    std::vector<std::int64_t> cancelled(prompts_.size());
    generate_batch(
        model_, stream_, jobs, batch,
        [&](std::size_t index, BatchReply reply) {
          const std::size_t i = index / static_cast<std::size_t>(each_);
          if (reply.reason == StopReason::cancelled) ++cancelled[i];
          take(i, static_cast<std::int64_t>(index) % each_, std::move(reply));
          if (progress) progress(++done, std::ssize(jobs));
        },
        stop);
    result_.stopped = stop.stop_requested() && done < std::ssize(jobs);
    result_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (result_.stopped) drop_unfinished(cancelled, done);
    summarise();
    return std::move(result_);
  }

 private:
  [[nodiscard]] SamplerConfig sampler(std::size_t item, std::int64_t sample) const {
    SamplerConfig config;
    if (sample == 0) return config;
    config.params.temperature = options_.temperature;
    config.params.top_p = options_.top_p;
    config.seed =
        mix_seed(mix_seed(options_.seed, static_cast<std::uint64_t>(item)), static_cast<std::uint64_t>(sample));
    return config;
  }

  void take(std::size_t i, std::int64_t sample, BatchReply reply) {
    EvaluatedItem& item = result_.items[i];
    EvaluatedReply& to = sample == 0 ? item.greedy : item.samples[static_cast<std::size_t>(sample - 1)];
    to.tokens = std::ssize(reply.tokens);
    to.finished = reply.reason == StopReason::stop_token;
    to.log_prob = reply.log_prob;
    result_.tokens += to.tokens;
    if (to.finished) reply.tokens.pop_back();
    for (const TokenId id : reply.tokens) to.text += tokenizer_.bytes(id);
    to.false_step = find_false_step(to.text);
    if (const auto answer = extract_answer(to.text, chat_.opens_thought())) {
      to.answer = answer->text;
      to.right = is_right(answer->text, item.item.answer);
    }
  }

  // Items of which not all replies were made do not count.
  void drop_unfinished(const std::vector<std::int64_t>& cancelled, std::int64_t done) {
    std::vector<EvaluatedItem> whole;
    for (std::size_t i = 0; i < result_.items.size(); ++i) {
      const bool begun = static_cast<std::int64_t>(i + 1) * each_ <= done;
      if (begun && cancelled[i] == 0) whole.push_back(std::move(result_.items[i]));
    }
    result_.items = std::move(whole);
  }

  static void count(Share& share, bool right) {
    ++share.of;
    share.right += right ? 1 : 0;
  }

  void summarise() {
    for (EvaluatedItem& item : result_.items) {
      count(result_.greedy, item.greedy.right);
      if (item.item.level) count(result_.by_level[*item.item.level], item.greedy.right);
      for (const std::string& name : item.item.concepts) count(result_.by_concept[name], item.greedy.right);
      if (options_.samples == 0) continue;
      std::vector<std::optional<std::string>> answers;
      std::int64_t right = 0;
      for (const EvaluatedReply& sample : item.samples) {
        answers.push_back(sample.answer);
        right += sample.right ? 1 : 0;
      }
      const auto groups = count_votes(answers);
      if (!groups.empty()) {
        item.majority = groups.front().answer;
        item.majority_right = is_right(*item.majority, item.item.answer);
      }
      count(result_.majority, item.majority_right);
      for (std::int64_t k = 1; k <= options_.samples; k *= 2) result_.pass[k] += pass_at_k(options_.samples, right, k);
    }
    for (auto& [k, sum] : result_.pass) sum /= static_cast<double>(std::max<std::size_t>(1, result_.items.size()));
  }

  const Mamba2Model& model_;
  Stream& stream_;
  const ChatTemplate& chat_;
  const Tokenizer& tokenizer_;
  const SuiteOptions& options_;
  std::int64_t each_;
  std::vector<std::vector<TokenId>> prompts_;
  SuiteResult result_;
};

}  // namespace

SuiteResult evaluate_suite(const Mamba2Model& model, Stream& stream, const ChatTemplate& chat,
                           const Tokenizer& tokenizer, const std::vector<SuiteItem>& items, const SuiteOptions& options,
                           const std::function<void(std::int64_t, std::int64_t)>& progress, std::stop_token stop) {
  if (options.samples < 0) throw ArgumentError("samples: " + std::to_string(options.samples) + ", want 0 or more");
  return SuiteRun(model, stream, chat, tokenizer, items, options).run(progress, std::move(stop));
}

}  // namespace holdfast
