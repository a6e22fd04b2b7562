#include "training/made_problem.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "engine/json.h"
#include "kernels/error.h"
#include "training/problem.h"
#include "training/row.h"

namespace holdfast {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::array<std::string_view, 2> made_sources{"model", "generators"};
constexpr std::array<std::string_view, 4> made_verdicts{"proved", "agreed", "open", "rejected"};
constexpr std::array<std::string_view, 7> made_reasons{
    "", "malformed", "judged", "contaminated", "near duplicate", "unsolved", "disputed"};

template <class Enum, std::size_t N>
Enum made_enum(const JsonObject& object, const char* key, const std::array<std::string_view, N>& names) {
  const auto text = object.string(key);
  std::string list;
  for (std::size_t i = 0; i < N; ++i) {
    if (text && *text == names[i]) return static_cast<Enum>(i);
    list += (i == 0 ? "\"" : ", \"") + std::string(names[i]) + "\"";
  }
  if (!text) throw FormatError(object.label() + ": " + key + ": missing, want one of " + list);
  object.fail(key, *text, "want one of " + list);
}

std::string made_text(const JsonObject& object, const char* key) {
  auto text = object.string(key);
  if (!text) throw FormatError(object.label() + ": " + key + ": missing, want a string");
  return *std::move(text);
}

std::int64_t made_whole(const JsonObject& object, const char* key, std::int64_t least) {
  const auto value = object.integer(key);
  if (!value) throw FormatError(object.label() + ": " + key + ": missing, want a whole number");
  if (*value < least) object.fail(key, *value, "want at least " + std::to_string(least));
  return *value;
}

std::optional<double> made_share(const JsonObject& object, const char* key) {
  const auto value = object.number(key);
  if (value && !(*value >= 0.0 && *value <= 1.0)) object.fail(key, *value, "want 0 to 1");
  return value;
}

const Json& made_list(const JsonObject& object, const char* key) {
  const Json* list = object.find(key);
  if (list == nullptr) throw FormatError(object.label() + ": " + key + ": missing, want a list");
  if (!list->is_array()) object.fail(key, *list, "want a list");
  return *list;
}

// The shortest decimal number that is this float again: 0.8, not 0.800000011920929.
double shortest(float value) {
  std::array<char, 64> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
  double number = 0.0;
  std::from_chars(text.data(), written.ptr, number);
  return number;
}

OrderedJson sampler_json(const SampleParams& params) {
  return {{"temperature", shortest(params.temperature)},
          {"top_k", params.top_k},
          {"top_p", shortest(params.top_p)},
          {"min_p", shortest(params.min_p)},
          {"repetition_penalty", shortest(params.repetition_penalty)}};
}

SampleParams made_sampler(const JsonObject& row, const char* key) {
  const auto object = row.object(key);
  if (!object) throw FormatError(row.label() + ": " + key + ": missing, want an object");
  const auto real = [&](const char* field) {
    const auto value = object->number(field);
    if (!value || !std::isfinite(*value)) throw FormatError(object->label() + ": " + field + ": want a number");
    return static_cast<float>(*value);
  };
  SampleParams params;
  params.temperature = real("temperature");
  params.top_k = static_cast<std::int32_t>(std::min<std::int64_t>(made_whole(*object, "top_k", 0), 1 << 30));
  params.top_p = real("top_p");
  params.min_p = real("min_p");
  params.repetition_penalty = real("repetition_penalty");
  return params;
}

OrderedJson optional_json(const std::optional<double>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

void read_made_lists(MadeProblem& made, const JsonObject& object) {
  for (const Json& item : made_list(object, "concepts")) {
    if (!item.is_string()) object.fail("concepts", item, "want names");
    made.concepts.push_back(item.get<std::string>());
  }
  const Json& criteria = made_list(object, "criteria");
  for (std::size_t i = 0; i < criteria.size(); ++i) {
    const JsonObject one(criteria[i], object.label() + ": criteria[" + std::to_string(i) + "]");
    made.criteria.push_back({made_text(one, "name"), made_text(one, "grade"), made_text(one, "reason")});
  }
  const Json& votes = made_list(object, "votes");
  for (std::size_t i = 0; i < votes.size(); ++i) {
    const JsonObject one(votes[i], object.label() + ": votes[" + std::to_string(i) + "]");
    made.votes.push_back({one.string("answer"), made_whole(one, "tokens", 0), one.boolean("finished").value_or(false),
                          one.string("false_step").value_or("")});
  }
}

}  // namespace

std::string_view name(MadeSource source) noexcept { return made_sources[static_cast<std::size_t>(source)]; }
std::string_view name(MadeVerdict verdict) noexcept { return made_verdicts[static_cast<std::size_t>(verdict)]; }
std::string_view name(RejectReason reason) noexcept { return made_reasons[static_cast<std::size_t>(reason)]; }

std::string training_reply(std::string_view solution, std::string_view answer) {
  const bool whole =
      solution.find("\\boxed") != std::string_view::npos || solution.find("</think>") != std::string_view::npos;
  if (whole || answer.empty()) return std::string(solution);
  const std::string box = "The answer is \\boxed{" + std::string(answer) + "}.";
  return solution.empty() ? box : std::string(solution) + "\n</think>\n\n" + box;
}

std::string made_problem_line(const MadeProblem& made) {
  OrderedJson criteria = OrderedJson::array();
  for (const MadeCriterion& one : made.criteria) {
    criteria.push_back({{"name", one.name}, {"grade", one.grade}, {"reason", one.reason}});
  }
  OrderedJson votes = OrderedJson::array();
  for (const MadeVote& vote : made.votes) {
    votes.push_back({{"answer", vote.answer ? OrderedJson(*vote.answer) : OrderedJson(nullptr)},
                     {"tokens", vote.tokens},
                     {"finished", vote.finished}});
    if (!vote.false_step.empty()) votes.back()["false_step"] = vote.false_step;
  }
  OrderedJson row = {{"index", made.index},       {"problem", made.problem}, {"answer", made.answer},
                     {"solution", made.solution}, {"level", made.level},     {"concepts", made.concepts}};
  if (made.pass_rate) row["difficulty"] = 1.0 - *made.pass_rate;
  row["rationale"] = made.rationale;
  row["verdict"] = name(made.verdict);
  row["reason"] = name(made.reason);
  row["detail"] = made.detail;
  if (made.sureness) row["sureness"] = *made.sureness;
  row["pass_rate"] = optional_json(made.pass_rate);
  row["agreement"] = optional_json(made.agreement);
  row["criteria"] = std::move(criteria);
  row["votes"] = std::move(votes);
  row["provenance"] = {{"source", name(made.source)},
                       {"prompt", made.prompt_version},
                       {"model", made.model},
                       {"fingerprint", made.fingerprint},
                       {"family", made.family},
                       {"parent", made.parent},
                       {"seed", made.seed},
                       {"run", made.run},
                       {"drafting", sampler_json(made.drafting)},
                       {"solving", sampler_json(made.solving)}};
  return row.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

MadeProblem parse_made_problem(std::string_view line, const std::string& label) {
  if (line.size() > longest_row_bytes) {
    throw FormatError(label + ": " + std::to_string(line.size()) + " bytes, want at most " +
                      std::to_string(longest_row_bytes));
  }
  const Json value = parse_json(line, label);
  const JsonObject object(value, label);
  MadeProblem made;
  made.index = made_whole(object, "index", 0);
  made.problem = made_text(object, "problem");
  made.answer = made_text(object, "answer");
  made.solution = made_text(object, "solution");
  made.rationale = made_text(object, "rationale");
  const std::int64_t level = made_whole(object, "level", easiest_level);
  if (level > hardest_level) object.fail("level", level, "want at most " + std::to_string(hardest_level));
  made.level = static_cast<int>(level);
  made.verdict = made_enum<MadeVerdict>(object, "verdict", made_verdicts);
  made.reason = made_enum<RejectReason>(object, "reason", made_reasons);
  if ((made.verdict == MadeVerdict::rejected) != (made.reason != RejectReason::none)) {
    throw FormatError(label + ": verdict " + std::string(name(made.verdict)) + " with the reason \"" +
                      std::string(name(made.reason)) + "\", want a reason where a row is rejected and only there");
  }
  made.detail = made_text(object, "detail");
  made.sureness = made_share(object, "sureness");
  made.pass_rate = made_share(object, "pass_rate");
  made.agreement = made_share(object, "agreement");
  read_made_lists(made, object);
  const auto from = object.object("provenance");
  if (!from) throw FormatError(label + ": provenance: missing, want an object");
  made.source = made_enum<MadeSource>(*from, "source", made_sources);
  made.prompt_version = made_text(*from, "prompt");
  made.model = made_text(*from, "model");
  made.fingerprint = made_text(*from, "fingerprint");
  made.family = made_text(*from, "family");
  made.parent = made_text(*from, "parent");
  made.seed = static_cast<std::uint64_t>(made_whole(*from, "seed", 0));
  made.run = made_text(*from, "run");
  made.drafting = made_sampler(*from, "drafting");
  made.solving = made_sampler(*from, "solving");
  return made;
}

}  // namespace holdfast
