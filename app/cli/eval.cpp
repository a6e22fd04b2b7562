#include <algorithm>
#include <optional>

#include "app/cli/command.h"
#include "app/cli/evaluation_record.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "training/suite.h"

namespace holdfast::cli {
namespace {

constexpr const char* eval_footer =
    "FILE holds rows of JSON with problem and answer (and level, concepts), the published rows of MATH-500, AIME or\n"
    "GSM8K, or a table of level, problem, answer apart by tabs. Answers are compared by value. The greedy reply is "
    "always\n"
    "made; with --samples k also pass@k and the majority of k replies, which share the reading of their problem.\n"
    "JSON: greedy {accuracy, correct, n, interval}, pass_at_k, majority_at_k, by_level, by_concept, "
    "tokens_per_second,\n"
    "items with every reply: its log_prob, and false_step where arithmetic that it writes out does not hold. Ctrl-C "
    "ends it with the items that are done.\n"
    "Example: holdfast eval holdfast-mini --suite suite.tsv --samples 16 --out result.json";

Json share_json(const Share& share) {
  const auto [low, high] = share.interval();
  return {{"accuracy", share.value()}, {"correct", share.right}, {"n", share.of}, {"interval", {low, high}}};
}

std::string share_text(const Share& share) {
  const auto [low, high] = share.interval();
  return fixed(100.0 * share.value(), 1) + " % (" + std::to_string(share.right) + " of " + std::to_string(share.of) +
         "; 95 %: " + fixed(100.0 * low, 1) + " to " + fixed(100.0 * high, 1) + ")";
}

Json reply_json(const EvaluatedReply& reply) {
  return {{"text", reply.text},
          {"answer", reply.answer ? Json(*reply.answer) : Json(nullptr)},
          {"right", reply.right},
          {"tokens", reply.tokens},
          {"finished", reply.finished},
          {"log_prob", reply.log_prob},
          {"false_step", reply.false_step ? Json(*reply.false_step) : Json(nullptr)}};
}

Json item_json(const EvaluatedItem& item, bool sampled) {
  Json json = {{"problem", item.item.problem},
               {"expected", item.item.answer},
               {"level", item.item.level ? Json(*item.item.level) : Json(nullptr)},
               {"concepts", item.item.concepts},
               {"greedy", reply_json(item.greedy)}};
  if (!sampled) return json;
  json["majority"] = item.majority ? Json(*item.majority) : Json(nullptr);
  json["majority_right"] = item.majority_right;
  for (const EvaluatedReply& reply : item.samples) json["samples"].push_back(reply_json(reply));
  return json;
}

class EvalCommand final : public Command {
 public:
  EvalCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "eval", "How many problems of a suite a model solves") {
    app_->add_option("MODEL", model_, "A folder, a file or an installed model; without it the default model");
    app_->add_option("--suite", suite_, "The problems with their answers")->type_name("FILE");
    app_->add_option("--evaluation", evaluation_, "Do an evaluation that the window made, by its number")
        ->check(CLI::PositiveNumber)
        ->type_name("ID");
    app_->add_flag("--resume", resume_, "Go on with an evaluation that was stopped or cut off");
    app_->add_option("--samples", suite_options_.samples, "Replies drawn beside the greedy one")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{4096}))
        ->capture_default_str();
    app_->add_option("--batch", suite_options_.batch, "Replies that are written together")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{4096}))
        ->capture_default_str();
    app_->add_option("--limit", limit_, "Only the first N problems")->type_name("N");
    app_->add_option("--max-tokens", suite_options_.max_tokens, "Longest reply")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 30))
        ->capture_default_str();
    app_->add_option("--temperature", suite_options_.temperature, "Of the samples")->capture_default_str();
    app_->add_option("--top-p", suite_options_.top_p, "Of the samples")->capture_default_str();
    app_->add_option("--seed", suite_options_.seed, "Of the samples")->capture_default_str();
    app_->add_option("--template", template_, "chatml, mistral or plain; without it the checkpoint's own")
        ->check(CLI::IsMember({"chatml", "mistral", "plain"}));
    app_->add_option("--state", state_, "Every problem begins with the state in FILE: exported, or trained")
        ->type_name("FILE");
    app_->add_flag("--ask-for-box", suite_options_.solve, "Ask for a boxed answer behind each problem");
    output_.add_to(*app_);
    device_.add_to(*app_);
    app_->footer(eval_footer);
  }

  int run() override {
    if (suite_.empty() == (evaluation_ == 0)) throw UsageError("want --suite, or --evaluation with a number");
    if (evaluation_ != 0) return run_evaluation(globals_->data(), {evaluation_}, resume_);
    std::vector<SuiteItem> items = load_suite(suite_);
    if (limit_ > 0 && limit_ < std::ssize(items)) items.resize(static_cast<std::size_t>(limit_));
    const auto data = globals_->data();
    LoadedModel loaded = load_model(model_.empty() ? default_model(data).path.string() : model_, data, device_, true,
                                    TrainedState::welcome);
    const ChatFormat format =
        template_.empty() ? choose_chat_format(*loaded.checkpoint, *loaded.tokenizer) : chat_format(template_);
    const ChatTemplate chat(format, loaded.tokenizer);
    const Interrupt interrupt;
    const Notes notes;
    std::stop_source stop;
    const auto progress = [&](std::int64_t done, std::int64_t of) {
      notes.progress("solving", static_cast<double>(done) / static_cast<double>(of));
      if (Interrupt::asked()) stop.request_stop();
    };
    std::optional<State> begin;
    SuiteOptions options = suite_options_;
    if (!state_.empty()) loaded.begin = load_state(state_, *loaded.model);
    if (loaded.begin) {
      begin.emplace(loaded.model->new_state());
      begin->take(*loaded.stream, loaded.begin->state);
      options.begin = &*begin;
    }
    const SuiteResult result = evaluate_suite(*loaded.model, *loaded.stream, chat, *loaded.tokenizer, items, options,
                                              progress, stop.get_token());
    notes.clear_line();
    put(result, loaded);
    return result.stopped ? exit_error : exit_fine;
  }

 private:
  void put(const SuiteResult& result, const LoadedModel& loaded) const {
    const bool sampled = suite_options_.samples > 0;
    const double speed = result.seconds > 0.0 ? static_cast<double>(result.tokens) / result.seconds : 0.0;
    std::int64_t greedy_tokens = 0;
    for (const EvaluatedItem& item : result.items) greedy_tokens += item.greedy.tokens;
    const double length =
        static_cast<double>(greedy_tokens) / static_cast<double>(std::max<std::size_t>(1, result.items.size()));
    Json json = {{"model", loaded.name}, {"suite", suite_}, {"greedy", share_json(result.greedy)}};
    std::string text = "greedy: " + share_text(result.greedy) + "\n";
    json["pass_at_k"] = Json::object();
    for (const auto& [k, value] : result.pass) {
      json["pass_at_k"][std::to_string(k)] = value;
      text += "pass@" + std::to_string(k) + ": " + fixed(100.0 * value, 1) + " %\n";
    }
    json["majority_at_k"] = Json::object();
    if (sampled) {
      json["majority_at_k"][std::to_string(suite_options_.samples)] = share_json(result.majority);
      text += "majority of " + std::to_string(suite_options_.samples) + ": " + share_text(result.majority) + "\n";
    }
    json["by_level"] = Json::object();
    for (const auto& [level, share] : result.by_level) {
      json["by_level"][std::to_string(level)] = share_json(share);
      text += "level " + std::to_string(level) + ": " + share_text(share) + "\n";
    }
    json["by_concept"] = Json::object();
    for (const auto& [name, share] : result.by_concept) json["by_concept"][name] = share_json(share);
    json["tokens_per_second"] = speed;
    json["tokens_per_reply"] = length;
    json["seconds"] = result.seconds;
    json["stopped"] = result.stopped;
    json["items"] = Json::array();
    for (const EvaluatedItem& item : result.items) json["items"].push_back(item_json(item, sampled));
    text += fixed(length, 0) + " tokens a reply, " + fixed(speed, 0) + " tokens/s\n";
    if (!output_.json) text += wrong_ones(result);
    put_result(output_, json, text);
  }

  static std::string wrong_ones(const SuiteResult& result) {
    std::string text;
    int shown = 0;
    for (const EvaluatedItem& item : result.items) {
      if (item.greedy.right || ++shown > 20) continue;
      text += "\nwrong: " + item.item.problem + "\n  want " + item.item.answer + ", got " +
              item.greedy.answer.value_or("no answer") + "\n";
    }
    return for_terminal(text);
  }

  std::string model_;
  std::string state_;
  std::string suite_;
  std::int64_t evaluation_ = 0;
  bool resume_ = false;
  std::string template_;
  std::int64_t limit_ = 0;
  SuiteOptions suite_options_;
  OutputOptions output_;
  DeviceOptions device_;
};

}  // namespace

std::unique_ptr<Command> eval_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<EvalCommand>(parent, globals);
}

}  // namespace holdfast::cli
