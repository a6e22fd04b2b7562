#include "training/promptcot.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/batch_generate.h"
#include "engine/session.h"
#include "engine/utf8.h"
#include "kernels/error.h"
#include "training/dataset.h"
#include "training/generator_source.h"
#include "training/generators/catalogue.h"
#include "training/problem_rules.h"
#include "training/stated_equations.h"
#include "training/suite.h"
#include "training/verify.h"
#include "training/written_steps.h"

namespace holdfast {
namespace {

constexpr std::string_view begin_rationale = "<!-- BEGIN RATIONALE -->", end_rationale = "<!-- END RATIONALE -->";
constexpr std::string_view begin_problem = "<!-- BEGIN PROBLEM -->", end_problem = "<!-- END PROBLEM -->";
constexpr std::array<std::string_view, 5> contest_of_level{"AMC 8", "AMC 10", "AMC 12", "AIME", "USAMO"};
constexpr std::uint64_t seeds_of_a_family = 8;  // problems tried of a family that draws its concepts
constexpr std::int64_t replies_at_once = 16;

// The random numbers of a row, each use with its own.
enum Draw : std::uint64_t {
  draw_level = 1,
  draw_count,
  draw_concepts,
  draw_family,
  draw_draft,
  draw_judge,
  draw_solve
};

void option_failed(const char* field, const std::string& value, const char* rule) {
  throw ArgumentError(std::string(field) + ": " + value + ", want " + rule);
}

std::string_view stripped(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// Without an ending that may be the beginning of a marker.
std::string_view without_half_marker(std::string_view text, std::string_view marker) {
  for (std::size_t length = std::min(marker.size() - 1, text.size()); length > 0; --length) {
    if (text.ends_with(marker.substr(0, length))) return text.substr(0, text.size() - length);
  }
  return text;
}

struct Marked {
  std::string_view text;
  bool ended = false;
};
Marked between_markers(std::string_view text, std::string_view begin, std::string_view end) {
  const std::size_t at = text.find(begin);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + begin.size());
  const std::size_t stop = text.find(end);
  if (stop == std::string_view::npos) return {stripped(without_half_marker(text, end)), false};
  return {stripped(text.substr(0, stop)), true};
}

// Hands over what a text has grown by.
class Grown {
 public:
  explicit Grown(const std::function<void(std::string_view)>& to) : to_(to) {}
  void show(std::string_view text) {
    if (text.size() <= shown_ || !to_) return;
    to_(text.substr(shown_));
    shown_ = text.size();
  }

 private:
  const std::function<void(std::string_view)>& to_;
  std::size_t shown_ = 0;
};

// How sure a model was of the words from a place of its text on: the geometric mean of their pieces' probabilities.
class Sureness {
 public:
  void add(std::size_t at, const TokenEvent& event) {
    const bool word = std::ranges::any_of(event.bytes, [](char c) { return c >= 'a' && c <= 'z'; });
    if (word) pieces_.push_back({at, static_cast<double>(event.log_prob)});
  }
  [[nodiscard]] std::optional<double> from(std::size_t begin) const {
    double sum = 0.0;
    std::int64_t count = 0;
    for (const Piece& piece : pieces_) {
      if (piece.at >= begin) sum += piece.log_prob, ++count;
    }
    return count == 0 ? std::nullopt : std::optional(std::exp(sum / static_cast<double>(std::max(count, least_count))));
  }

 private:
  static constexpr std::int64_t least_count = 12;  // how a short question begins is as free as how a long one does
  struct Piece {
    std::size_t at;
    double log_prob;
  };
  std::vector<Piece> pieces_;
};

nlohmann::json run_sampler(const SampleParams& p) {
  return {p.temperature, p.top_k, p.top_p, p.min_p, p.repetition_penalty};
}

std::string hex_hash(std::string_view text) {
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
  return hex.data();
}

bool same_set(const std::vector<std::string_view>& list, const std::string& name) {
  return std::ranges::find(list, name) != list.end();
}

}  // namespace

double usual_sureness(std::string_view prompt_version) noexcept { return prompt_version == own_prompt ? 0.55 : 0.0; }

std::string author_request(std::string_view version, const std::vector<std::string>& concepts, int level) {
  if (version == own_prompt)
    return problem_request(std::vector<std::string_view>(concepts.begin(), concepts.end()), level);
  std::string text =
      "Work out how the concepts below belong together at the given level of difficulty, then write a problem that "
      "needs "
      "them.\n\nFoundational Concepts:\n";
  for (std::size_t i = 0; i < concepts.size(); ++i) text += std::to_string(i + 1) + ". " + concepts[i] + "\n";
  return text + "\nDifficulty Level: " + std::string(contest_of_level.at(static_cast<std::size_t>(level - 1)));
}

DraftText split_draft(std::string_view version, std::string_view reply, bool opened) {
  const SplitText split = split_thought(reply, opened);
  DraftText draft;
  if (version == own_prompt) {
    draft.rationale = stripped(split.thought);
    draft.problem = stripped(split.answer);
    draft.complete = split.closed && !draft.rationale.empty() && !draft.problem.empty();
    return draft;
  }
  const std::string_view text = split.closed ? split.answer : reply;
  const Marked rationale = between_markers(text, begin_rationale, end_rationale);
  const Marked problem = between_markers(text, begin_problem, end_problem);
  draft.rationale = rationale.text;
  draft.problem = problem.text;
  draft.complete = rationale.ended && problem.ended;
  return draft;
}

void PromptCotOptions::validate() const {
  if (seed >> 63 != 0) option_failed("seed", std::to_string(seed), "less than 2^63");
  if (first_level < easiest_level || last_level > hardest_level || first_level > last_level) {
    option_failed("levels", std::to_string(first_level) + " to " + std::to_string(last_level), "a range within 1 to 5");
  }
  if (least_concepts < 1 || most_concepts < least_concepts || most_concepts > 20) {
    option_failed("concepts of a problem", std::to_string(least_concepts) + " to " + std::to_string(most_concepts),
                  "a range within 1 to 20");
  }
  if (!(concept_temperature > 0.0) || !std::isfinite(concept_temperature)) {
    option_failed("temperature of concepts", std::to_string(concept_temperature), "over 0");
  }
  if (prompt_version != own_prompt && prompt_version != paper_prompt) {
    option_failed("prompt", "\"" + prompt_version + "\"", "holdfast-1 or promptcot-1");
  }
  if (least_sureness && !(*least_sureness >= 0.0 && *least_sureness <= 1.0)) {
    option_failed("least sureness", std::to_string(*least_sureness), "0 to 1");
  }
  if (draft_tokens < 1 || solve_tokens < 1) option_failed("tokens", "0", "at least 1");
  if (solve < 0 || solve > 4096) option_failed("solve", std::to_string(solve), "0 to 4096");
  if (judges < 0 || judges > 64) option_failed("judges", std::to_string(judges), "0 to 64");
  if (!(least_agreement > 0.0 && least_agreement <= 1.0)) {
    option_failed("least agreement", std::to_string(least_agreement), "over 0, at most 1");
  }
  if (!(near_duplicate > 0.0 && near_duplicate <= 1.0)) {
    option_failed("near-duplicate", std::to_string(near_duplicate), "over 0, at most 1");
  }
  for (const SampleParams& params : {drafting, judging, solving}) SamplerConfig{params, 0}.validate();
}

PromptCot::PromptCot(std::shared_ptr<const ConceptBank> bank, PromptCotOptions options,
                     std::optional<PromptCotModel> model)
    : bank_(std::move(bank)), options_(std::move(options)), model_(std::move(model)), kept_(options_.near_duplicate) {
  options_.validate();
  const bool needed = options_.source == MadeSource::model || options_.solve > 0 || options_.judges > 0;
  if (needed && !model_) throw ArgumentError("promptcot: no model, want one to make, judge or solve problems");
  const auto indices = [this](const std::vector<std::string>& names) {
    std::vector<std::size_t> list;
    for (const std::string& one : names) list.push_back(bank_->index(one));
    return list;
  };
  pool_ = indices(options_.concepts);
  locked_ = indices(options_.locked);
  excluded_ = indices(options_.excluded);
  generator_concepts_.resize(static_cast<std::size_t>(hardest_level) + 1);
  if (options_.source != MadeSource::generators) return;
  for (const generators::Family& family : generators::catalogue()) {
    for (int level = family.least_level; level <= family.most_level; ++level) {
      auto& list = generator_concepts_[static_cast<std::size_t>(level)];
      for (std::uint64_t seed = 0; seed < (family.concepts.empty() ? seeds_of_a_family : 1); ++seed) {
        for (const auto one : generators::make_problem(family, level, seed).concepts) {
          const std::size_t index = bank_->index(one);
          if (std::ranges::find(list, index) == list.end()) list.push_back(index);
        }
      }
    }
  }
}

const std::string& PromptCot::run() const {
  if (!run_.empty()) return run_;
  nlohmann::json all = {name(options_.source),
                        options_.seed,
                        options_.first_level,
                        options_.last_level,
                        options_.concepts,
                        options_.locked,
                        options_.excluded,
                        options_.least_concepts,
                        options_.most_concepts,
                        options_.concept_temperature,
                        options_.prompt_version,
                        run_sampler(options_.drafting),
                        options_.draft_tokens,
                        least_sureness(),
                        options_.judges,
                        run_sampler(options_.judging),
                        options_.solve,
                        run_sampler(options_.solving),
                        options_.solve_tokens,
                        options_.least_agreement,
                        options_.near_duplicate,
                        options_.parent,
                        model_ ? model_->model->fingerprint() : "",
                        model_ ? name(model_->chat->format()) : "",
                        benchmarks_hash_};
  for (std::size_t i = 0; i < bank_->size(); ++i) {
    all.push_back({(*bank_)[i].name, (*bank_)[i].area, (*bank_)[i].level, (*bank_)[i].prerequisites, (*bank_)[i].signs,
                   bank_->frequency(i)});
    for (std::size_t j = 0; j < i; ++j) {
      if (bank_->together(i, j) > 0.0) all.push_back({i, j, bank_->together(i, j)});
    }
  }
  return run_ = hex_hash(all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void PromptCot::avoid(std::string_view text) {
  if (next_ > 0) throw ArgumentError("promptcot: a benchmark after the first row, want them before");
  run_.clear();
  benchmarks_.add(text);
  benchmarks_hash_ = XXH3_64bits_withSeed(text.data(), text.size(), benchmarks_hash_ + 1);
}

void PromptCot::keep(const MadeProblem& made) {
  kept_.add(made.problem);
  kept_index_.push_back(made.index);
}

void PromptCot::resume(const MadeProblem& made) {
  if (made.index != next_) {
    throw FormatError("row " + std::to_string(made.index) + ": want row " + std::to_string(next_) +
                      ", the rows of a set stand in order");
  }
  if (made.run != run()) {
    throw FormatError("row " + std::to_string(made.index) +
                      ": was made with other settings, another model or other concepts; want the same to go on");
  }
  if (is_kept(made)) keep(made);
  ++next_;
}

ConceptChoice PromptCot::concept_choice(std::uint64_t seed, int level) const {
  const auto range = static_cast<std::uint64_t>(options_.most_concepts - options_.least_concepts + 1);
  ConceptChoice choice{.pool = pool_,
                       .locked = locked_,
                       .excluded = excluded_,
                       .level = pool_.empty() ? level : hardest_level,
                       .count = options_.least_concepts + static_cast<std::int64_t>(mix_seed(seed, draw_count) % range),
                       .temperature = options_.concept_temperature};
  if (options_.source == MadeSource::generators && pool_.empty()) {
    choice.pool = generator_concepts_[static_cast<std::size_t>(level)];
    choice.level = hardest_level;
  }
  return choice;
}

MadeProblem PromptCot::choose(std::int64_t index) const {
  MadeProblem made;
  made.index = index;
  made.source = options_.source;
  made.parent = options_.parent;
  made.seed = options_.seed;
  made.run = run();
  made.drafting = options_.drafting;
  made.solving = options_.solving;
  made.prompt_version = options_.source == MadeSource::model ? options_.prompt_version : "";
  if (model_) made.model = model_->name, made.fingerprint = model_->model->fingerprint();
  const std::uint64_t seed = mix_seed(options_.seed, static_cast<std::uint64_t>(index));
  const auto levels = static_cast<std::uint64_t>(options_.last_level - options_.first_level + 1);
  made.level = options_.first_level + static_cast<int>(mix_seed(seed, draw_level) % levels);
  for (const std::size_t one :
       choose_concepts(*bank_, concept_choice(seed, made.level), mix_seed(seed, draw_concepts))) {
    made.concepts.push_back((*bank_)[one].name);
  }
  return made;
}

// The problems that share most concepts with these, from the level of `made` or, where it has none, another.
std::vector<Problem> PromptCot::sharing(const std::vector<std::string>& concepts, const MadeProblem& made) const {
  const std::uint64_t seed = mix_seed(options_.seed, static_cast<std::uint64_t>(made.index));
  std::size_t most = 0;
  std::vector<Problem> best;
  for (int away = 0; away <= options_.last_level - options_.first_level && best.empty(); ++away) {
    const int level = options_.first_level +
                      (made.level - options_.first_level + away) % (options_.last_level - options_.first_level + 1);
    for (const generators::Family& family : generators::catalogue()) {
      if (level < family.least_level || level > family.most_level) continue;
      for (std::uint64_t i = 0; i < (family.concepts.empty() ? seeds_of_a_family : 1); ++i) {
        Problem problem = generators::make_problem(family, level, mix_seed(seed, draw_draft + (i << 8)));
        const auto has = [&](const std::string& one) { return same_set(problem.concepts, one); };
        if (!std::ranges::all_of(options_.locked, has) || std::ranges::any_of(options_.excluded, has)) continue;
        const auto shared = static_cast<std::size_t>(std::ranges::count_if(concepts, has));
        if (shared == 0 || shared < most) continue;
        if (shared > most) best.clear(), most = shared;
        best.push_back(std::move(problem));
      }
    }
  }
  return best;
}

// Of equals the seed decides. Where no family has the concepts drawn, any of those to draw from will do.
void PromptCot::draft_from_generator(MadeProblem& made) const {
  std::vector<Problem> best = sharing(made.concepts, made);
  if (best.empty()) {
    std::vector<std::string> all;
    for (const std::size_t one : pool_) all.push_back((*bank_)[one].name);
    best = sharing(all, made);
  }
  if (best.empty()) {
    std::string list;
    for (const std::string& one : made.concepts) list += (list.empty() ? "" : ", ") + one;
    throw FormatError("generators: no family makes problems of " + list + " on these levels; want other concepts, or " +
                      "a model as the source");
  }
  const std::uint64_t seed = mix_seed(options_.seed, static_cast<std::uint64_t>(made.index));
  const Problem& drawn = best[mix_seed(seed, draw_family) % best.size()];
  made.concepts.clear();
  for (const auto one : drawn.concepts) {
    if (std::ranges::find(made.concepts, one) == made.concepts.end()) made.concepts.emplace_back(one);
  }
  made.level = drawn.level;
  made.family = drawn.family;
  made.rationale = drawn.rationale;
  made.problem = drawn.statement;
  made.solution = drawn.solution;
  made.answer = drawn.answer;
  made.verdict = MadeVerdict::proved;
}

std::vector<TokenId> PromptCot::draft_prompt(const MadeProblem& made) const {
  const ChatTemplate& chat = *model_->chat;
  std::vector<ChatMessage> messages{{ChatRole::user, author_request(made.prompt_version, made.concepts, made.level)}};
  if (made.rationale.empty()) return chat.tokens(messages, true);
  const std::string begun = made.prompt_version == own_prompt
                                ? made.rationale + "\n</think>\n\n"
                                : std::string(begin_rationale) + "\n" + made.rationale + "\n" +
                                      std::string(end_rationale) + "\n" + std::string(begin_problem) + "\n";
  messages.push_back({ChatRole::assistant, begun});
  std::vector<TokenId> tokens = chat.tokens(messages, true);
  // The turn goes on: what closes it is taken off again.
  const std::vector<TokenId> close = chat.close_assistant();
  if (tokens.size() > close.size() && std::equal(close.rbegin(), close.rend(), tokens.rbegin())) {
    tokens.resize(tokens.size() - close.size());
  }
  return tokens;
}

bool PromptCot::draft(MadeProblem& made, const PromptCotEvents& events, const std::stop_token& stop) const {
  Grown rationale(events.on_rationale), problem(events.on_problem);
  if (options_.source == MadeSource::generators) {
    draft_from_generator(made);
    rationale.show(made.rationale);
    problem.show(made.problem);
    return true;
  }
  const std::string given = made.rationale;
  const bool own = made.prompt_version == own_prompt;
  std::string text;  // of the reply, with what was given before it
  if (!given.empty() && own) text = given + "\n</think>\n\n";
  if (!given.empty() && !own) {
    text = std::string(begin_rationale) + given + std::string(end_rationale) + std::string(begin_problem);
  }
  const bool opened = model_->chat->opens_thought() && (own || given.empty());
  const auto take = [&] {
    DraftText split = split_draft(made.prompt_version, text, opened);
    if (given.empty()) rationale.show(split.rationale);
    problem.show(split.problem);
    return split;
  };
  Session session(model_->model, model_->tokenizer, *model_->stream);
  session.read(draft_prompt(made));
  GenerateOptions options{
      .max_tokens = options_.draft_tokens,
      .sampler = {options_.drafting, mix_seed(mix_seed(made.seed, static_cast<std::uint64_t>(made.index)), draw_draft)},
      .stop_tokens = model_->chat->stop_tokens(),
      .stop_strings = model_->chat->stop_strings()};
  if (!own) options.stop_strings.emplace_back(end_problem);
  Utf8Joiner joiner;
  Sureness sureness;
  const GenerateResult result = session.generate(
      options,
      [&](const TokenEvent& event) {
        ++tokens_;
        sureness.add(text.size(), event);
        text += joiner.push(event.bytes);
        (void)take();
        if (events.on_token) events.on_token();
      },
      stop);
  if (result.reason == StopReason::cancelled) return false;
  text += joiner.flush();
  if (own) {
    for (const std::string& end : model_->chat->stop_strings()) {
      if (text.ends_with(end)) text.resize(text.size() - end.size());
    }
  }
  const DraftText split = take();
  if (given.empty()) made.rationale = split.rationale;
  made.problem = split.problem;
  made.sureness = sureness.from(text.rfind(split.problem));
  made.ended = split.complete && result.reason != StopReason::length;
  return true;
}

void PromptCot::check(MadeProblem& made) const {
  const auto reject = [&](RejectReason reason, std::string detail) {
    made.verdict = MadeVerdict::rejected;
    made.reason = reason;
    made.detail = std::move(detail);
  };
  made.criteria = check_form(*bank_, made, least_sureness());
  if (const MadeCriterion* broken = first_broken(made.criteria)) {
    reject(RejectReason::malformed, broken->name + ": " + broken->reason);
  } else if (benchmarks_.touches(made.problem)) {
    reject(RejectReason::contaminated, "13 words in a row of a text to avoid");
  } else if (const auto match = kept_.find(made.problem)) {
    reject(RejectReason::near_duplicate, "row " + std::to_string(kept_index_[match->index]) + ", similarity " +
                                             std::to_string(static_cast<int>(std::lround(100.0 * match->similarity))) +
                                             " %");
  }
}

std::vector<PromptCot::Reply> PromptCot::ask(const std::string& question, bool boxed, std::int64_t count,
                                             const SampleParams& params, std::uint64_t seed, std::int64_t max_tokens,
                                             const PromptCotEvents& events, const std::stop_token& stop,
                                             const std::function<void(const Reply&)>& on_reply) const {
  const std::vector<TokenId> tokens = model_->chat->tokens(ChatMessage{ChatRole::user, question}, true, boxed);
  std::vector<BatchPrompt> prompts;
  for (std::int64_t i = 0; i < count; ++i) {
    prompts.push_back({tokens, {params, mix_seed(seed, static_cast<std::uint64_t>(i))}});
  }
  const BatchOptions batch{
      .batch = std::min(count, replies_at_once), .max_tokens = max_tokens, .stop_tokens = model_->chat->stop_tokens()};
  std::vector<Reply> replies(prompts.size());
  const auto done = [&](std::size_t index, BatchReply reply) {
    Reply& to = replies[index];
    to.tokens = std::ssize(reply.tokens);
    tokens_ += to.tokens;
    to.finished = reply.reason == StopReason::stop_token;
    to.cancelled = reply.reason == StopReason::cancelled;
    if (to.finished) reply.tokens.pop_back();
    for (const TokenId id : reply.tokens) to.text += model_->tokenizer->bytes(id);
    to.text = repair_utf8(to.text);
    for (const std::string& end : model_->chat->stop_strings()) {  // where the end is no token of its own
      const std::size_t at = to.text.find(end);
      if (at != std::string::npos) to.text.resize(at), to.finished = true;
    }
    if (!to.cancelled && on_reply) on_reply(to);
  };
  const auto wanted = [&](std::size_t) {
    if (events.on_token) events.on_token();
    return !stop.stop_requested();
  };
  generate_batch(*model_->model, *model_->stream, prompts, batch, done, stop, wanted);
  return replies;
}

bool PromptCot::judge(MadeProblem& made, const PromptCotEvents& events, const std::stop_token& stop) const {
  if (options_.judges == 0 || !is_kept(made)) return true;
  const std::uint64_t seed = mix_seed(mix_seed(made.seed, static_cast<std::uint64_t>(made.index)), draw_judge);
  const auto replies =
      ask(judge_request(made), false, options_.judges, options_.judging, seed, options_.solve_tokens, events, stop, {});
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (replies[i].cancelled) return false;
    const SplitText split = split_thought(replies[i].text, model_->chat->opens_thought());
    for (MadeCriterion& one : (std::vector<MadeCriterion> &&) parse_judgement(split.answer)) {
      const bool fails = one.name == "judgement" && one.grade != "perfect";
      one.name = "judge " + std::to_string(i + 1) + ": " + one.name;
      if (fails && is_kept(made)) {
        made.verdict = MadeVerdict::rejected;
        made.reason = RejectReason::judged;
        made.detail = one.name + " " + one.grade;
      }
      made.criteria.push_back(std::move(one));
    }
  }
  return true;
}

bool PromptCot::solve(MadeProblem& made, const PromptCotEvents& events, const std::stop_token& stop) const {
  if (options_.solve == 0 || !is_kept(made)) return true;
  const std::uint64_t seed = mix_seed(mix_seed(made.seed, static_cast<std::uint64_t>(made.index)), draw_solve);
  const auto vote_of = [&](const Reply& reply) {
    const auto answer = extract_answer(reply.text, model_->chat->opens_thought());
    std::string wrong = find_false_step(reply.text).value_or("");
    if (wrong.empty() && answer) wrong = find_broken_equation(made.problem, answer->text).value_or("");
    if (wrong.empty() && answer) wrong = find_negative_count(made.problem, answer->text).value_or("");
    return MadeVote{answer ? std::optional(answer->text) : std::nullopt, reply.tokens, reply.finished, wrong};
  };
  const auto replies = ask(made.problem, true, options_.solve, options_.solving, seed, options_.solve_tokens, events,
                           stop, [&](const Reply& reply) {
                             if (events.on_vote) events.on_vote(vote_of(reply), reply.text);
                           });
  std::vector<std::string> texts;
  made.votes.clear();
  for (const Reply& reply : replies) {
    if (reply.cancelled) return false;
    made.votes.push_back(vote_of(reply));
    texts.push_back(reply.text);
  }
  decide(made, texts);
  return true;
}

// A proof outweighs any vote; without one the largest group answers, if it is large enough. Votes whose arithmetic does
// not hold are none.
void PromptCot::decide(MadeProblem& made, const std::vector<std::string>& replies) const {
  std::vector<std::optional<std::string>> answers;
  std::int64_t false_steps = 0;
  std::string false_step;
  for (const MadeVote& vote : made.votes) {
    answers.push_back(vote.false_step.empty() ? vote.answer : std::nullopt);
    if (vote.false_step.empty()) continue;
    ++false_steps;
    false_step = vote.false_step;
  }
  const auto groups = count_votes(answers);
  const auto all = static_cast<double>(answers.size());
  std::size_t voters = 0;
  for (const VoteGroup& group : groups) voters += group.voters.size();
  const std::size_t largest = groups.empty() ? 0 : groups.front().voters.size();
  made.agreement = static_cast<double>(largest) / all;
  if (made.verdict == MadeVerdict::proved) {
    const auto right = std::ranges::count_if(answers, [&](const auto& a) { return a && is_right(*a, made.answer); });
    made.pass_rate = static_cast<double>(right) / all;
    return;
  }
  if (2 * voters < answers.size() || *made.agreement < options_.least_agreement) {
    made.verdict = MadeVerdict::rejected;
    made.reason = 2 * voters < answers.size() ? RejectReason::unsolved : RejectReason::disputed;
    made.detail =
        made.reason == RejectReason::unsolved
            ? std::to_string(voters) + " of " + std::to_string(answers.size()) + " came to an answer"
            : std::to_string(largest) + " of " + std::to_string(answers.size()) + " for " + groups.front().answer;
    if (false_steps > 0) {
      made.detail += "; " + std::to_string(false_steps) + " with a step that does not hold, as " + false_step;
    }
    return;
  }
  made.verdict = MadeVerdict::agreed;
  made.pass_rate = made.agreement;
  made.answer = groups.front().answer;
  const SplitText split = split_thought(replies[groups.front().voters.front()], model_->chat->opens_thought());
  // Where there is no thought apart, the reply is the solution, box and all.
  made.solution = stripped(split.thought.empty() ? split.answer : split.thought);
}

std::optional<MadeProblem> PromptCot::make(const PromptCotEvents& events, std::stop_token stop) {
  if (stop.stop_requested()) return std::nullopt;
  MadeProblem made = choose(next_);
  if (events.on_concepts) events.on_concepts(made);
  if (!draft(made, events, stop)) return std::nullopt;
  check(made);
  if (!judge(made, events, stop)) return std::nullopt;
  if (events.on_checked) events.on_checked(made);
  if (!solve(made, events, stop)) return std::nullopt;
  if (is_kept(made)) keep(made);
  ++next_;
  return made;
}

}  // namespace holdfast
