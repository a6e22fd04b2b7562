#include <algorithm>
#include <chrono>
#include <map>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/level_range.h"
#include "app/cli/loaded_model.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "engine/atomic_file.h"
#include "training/dataset_export.h"
#include "training/made_problem_file.h"
#include "training/promptcot.h"
#include "training/suite.h"

namespace holdfast::cli {
namespace {

constexpr const char* generate_footer =
    "By the method of PromptCoT: concepts are chosen, a rationale is drawn that leads from them to a problem, then "
    "the\n"
    "problem. It is checked for form, for words of benchmarks (--avoid) and for near-duplicates, and solved --solve\n"
    "times: the share of votes for the answer is its pass rate, and where too few agree it is rejected. With --source\n"
    "generators the problems come with proof (`holdfast problems` makes them by family, unchecked against each "
    "other).\n"
    "FILE.jsonl gets one row for every problem made, also for the rejected ones, with its verdict, reason and\n"
    "provenance; `holdfast train` reads it and leaves out the rejected ones. Ctrl-C ends after the row in work or\n"
    "drops it; --resume goes on, to the same rows as if it had never been stopped.\n"
    "--format also writes the kept rows beside FILE as prompt, messages, sharegpt, alpaca or csv.\n"
    "JSON: made, kept, by_verdict, by_reason, by_level {made, kept, share, interval, pass_rate}, tokens, seconds.\n"
    "Example: holdfast generate --concepts percent,money --level 2-3 --count 100 --out percent.jsonl --card percent.md";

struct LevelTally {
  Share kept;
  double pass_rates = 0.0;
  std::int64_t rated = 0;
};

struct GenerateTally {
  LevelTally all;
  std::map<int, LevelTally> by_level;
  std::map<std::string, std::int64_t> verdicts, reasons;

  void add(const MadeProblem& made) {
    for (LevelTally* tally : {&all, &by_level[made.level]}) {
      ++tally->kept.of;
      tally->kept.right += is_kept(made) ? 1 : 0;
      if (is_kept(made) && made.pass_rate) ++tally->rated, tally->pass_rates += *made.pass_rate;
    }
    ++verdicts[std::string(name(made.verdict))];
    if (!is_kept(made)) ++reasons[std::string(name(made.reason))];
  }
};

Json tally_json(const LevelTally& tally) {
  const auto [low, high] = tally.kept.interval();
  return {{"made", tally.kept.of},
          {"kept", tally.kept.right},
          {"share", tally.kept.value()},
          {"interval", {low, high}},
          {"pass_rate", tally.rated == 0 ? Json(nullptr) : Json(tally.pass_rates / static_cast<double>(tally.rated))}};
}

std::string tally_text(const std::string& what, const LevelTally& tally) {
  const auto [low, high] = tally.kept.interval();
  std::string text = what + ": " + std::to_string(tally.kept.right) + " of " + std::to_string(tally.kept.of) +
                     " kept, " + fixed(100.0 * tally.kept.value(), 1) + " % (95 %: " + fixed(100.0 * low, 1) + " to " +
                     fixed(100.0 * high, 1) + ")";
  if (tally.rated > 0) {
    text += ", pass rate " + fixed(100.0 * tally.pass_rates / static_cast<double>(tally.rated), 1) + " %";
  }
  return text + "\n";
}

class GenerateCommand final : public Command {
 public:
  GenerateCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "generate", "Make a set of problems: drawn by a model, judged, solved, described") {
    app_->add_option("--model", model_, "A folder, a file or an installed model; without it the default model");
    app_->add_option("--source", source_, "Who makes the problems")
        ->check(CLI::IsMember({"model", "generators"}))
        ->capture_default_str();
    add_concept_options();
    app_->add_option("--count", count_, "Problems to make, with those that are there already")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
        ->capture_default_str();
    solve_option_ =
        app_->add_option("--solve", options_.solve, "Times that each is solved; 0 = not (default 8; 0 for generators)")
            ->check(CLI::Range(std::int64_t{0}, std::int64_t{4096}));
    app_->add_option("--agreement", options_.least_agreement, "Least share of the votes for an answer, (0, 1]")
        ->capture_default_str();
    app_->add_option("--judges", options_.judges,
                     "Replies of the model as a judge, for models able to; all must be perfect")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{64}))
        ->capture_default_str();
    app_->add_option("--temperature", options_.drafting.temperature, "Of rationale and problem; 0 = greedy")
        ->capture_default_str();
    app_->add_option("--top-p", options_.drafting.top_p, "Of rationale and problem")->capture_default_str();
    app_->add_option("--min-p", options_.drafting.min_p,
                     "Of rationale and problem: keep tokens of at least p times the likeliest's probability, [0, 1)")
        ->capture_default_str();
    app_->add_option("--sureness", options_.least_sureness,
                     "Least geometric mean of the probabilities of a problem's words, 0 to 1; 0.55 with holdfast-1, "
                     "else 0 (no bound)");
    app_->add_option("--solve-temperature", options_.solving.temperature, "Of the solutions")->capture_default_str();
    app_->add_option("--max-tokens", max_tokens_, "Longest draft, and longest solution")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 30))
        ->capture_default_str();
    app_->add_option("--seed", options_.seed, "Same seed, same problems")->capture_default_str();
    app_->add_option("--prompt", options_.prompt_version,
                     "holdfast-1, or promptcot-1 for models trained on the paper's")
        ->check(CLI::IsMember({"holdfast-1", "promptcot-1"}))
        ->capture_default_str();
    app_->add_option("--avoid", avoid_, "Benchmarks: no 13 words in a row of theirs; may be given again")
        ->allow_extra_args(false)
        ->type_name("FILE");
    app_->add_option("--near-duplicate", options_.near_duplicate,
                     "Similarity from which on a problem is no new one, (0, 1]")
        ->capture_default_str();
    app_->add_option("--parent", options_.parent, "What this set is made from; a note in each row")->type_name("TEXT");
    add_output_options();
    device_.add_to(*app_);
    app_->footer(generate_footer);
  }

  int run() override {
    if (source_ == "generators") options_.source = MadeSource::generators;
    if (options_.source == MadeSource::generators && solve_option_->empty()) options_.solve = 0;
    const LevelRange levels = level_range(levels_, "--level");
    options_.first_level = levels.least;
    options_.last_level = levels.most;
    const LevelRange each = number_range(each_, "--each", 1, 20);
    options_.least_concepts = each.least;
    options_.most_concepts = each.most;
    options_.draft_tokens = options_.solve_tokens = max_tokens_;
    check_formats();
    auto bank = std::make_shared<ConceptBank>(ConceptBank::load(resource_dir() / "concepts" / "concepts.tsv"));
    bank->count(family_concept_lists());
    if (list_) return list_concepts(*bank);
    if (out_.empty()) throw UsageError("--out: missing, want the file that the rows are written to");
    check_options(*bank);
    std::optional<LoadedModel> loaded;
    PromptCot maker(bank, options_, load(loaded));
    for (const std::string& file : avoid_) {
      for (const std::string& text : load_problem_texts(file)) maker.avoid(text);
    }
    return make_rows(maker);
  }

 private:
  void add_concept_options() {
    app_->add_option("--concepts", options_.concepts, "Draw from these alone, at any level; apart by commas")
        ->delimiter(',')
        ->type_name("A,B");
    app_->add_option("--lock", options_.locked, "In every problem")->delimiter(',')->type_name("A,B");
    app_->add_option("--exclude", options_.excluded, "In none")->delimiter(',')->type_name("A,B");
    app_->add_option("--each", each_, "Concepts of a problem: one number, or a range as 1-3")->capture_default_str();
    app_->add_option("--level,--levels", levels_, "1 to 5: one, or a range as 2-4")->capture_default_str();
    app_->add_flag("--list", list_, "Print the concepts with area, level and how many families use them, and end");
  }

  void add_output_options() {
    app_->add_option("--out", out_, "Where the rows are written, one after the other")->type_name("FILE.jsonl");
    app_->add_option("--format", formats_, "Also write the kept rows as these, apart by commas")
        ->delimiter(',')
        ->type_name("F,G");
    app_->add_option("--card", card_, "Also describe the set in Markdown")->type_name("FILE.md");
    app_->add_flag("--resume", resume_, "Go on with the file that is there");
    app_->add_flag("--json", json_, "Print the result as JSON on standard output, and nothing else there");
  }

  void check_formats() const {
    try {
      for (const std::string& wanted : formats_) (void)dataset_format(wanted);
    } catch (const ArgumentError& error) {
      throw UsageError(error.what());
    }
  }

  // What can be said before a model is loaded.
  void check_options(const ConceptBank& bank) const {
    try {
      options_.validate();
      for (const auto* names : {&options_.concepts, &options_.locked, &options_.excluded}) {
        for (const std::string& one : *names) (void)bank.index(one);
      }
    } catch (const ArgumentError& error) {
      throw UsageError(error.what());
    }
  }

  std::optional<PromptCotModel> load(std::optional<LoadedModel>& loaded) const {
    const bool needed = options_.source == MadeSource::model || options_.solve > 0 || options_.judges > 0;
    if (!needed) return std::nullopt;
    const auto data = globals_->data();
    const InstalledModel wanted =
        model_.empty() ? default_model(data) : InstalledModel{model_, std::filesystem::path(model_)};
    loaded = load_model(model_.empty() ? wanted.path.string() : model_, data, device_, true);
    const auto chat =
        std::make_shared<ChatTemplate>(choose_chat_format(*loaded->checkpoint, *loaded->tokenizer), loaded->tokenizer);
    return PromptCotModel{wanted.path.filename().string(), loaded->model, loaded->tokenizer, chat,
                          loaded->stream.get()};
  }

  int make_rows(PromptCot& maker) const {
    MadeProblemFile file(out_, resume_);
    GenerateTally tally;
    for (const MadeProblem& made : file.rows()) {
      maker.resume(made);
      tally.add(made);
    }
    const Interrupt interrupt;
    const Notes notes;
    std::stop_source stop;
    const auto begin = std::chrono::steady_clock::now();
    const PromptCotEvents events{
        .on_concepts = {}, .on_rationale = {}, .on_problem = {}, .on_checked = {}, .on_vote = {}, .on_token = [&] {
          if (Interrupt::asked()) stop.request_stop();
        }};
    while (maker.next_index() < count_ && !stop.stop_requested()) {
      if (Interrupt::asked()) break;
      const auto made = maker.make(events, stop.get_token());
      if (!made) break;
      file.append(*made);
      tally.add(*made);
      notes.progress("made " + std::to_string(tally.all.kept.of) + ", kept " + std::to_string(tally.all.kept.right),
                     static_cast<double>(maker.next_index()) / static_cast<double>(count_));
    }
    notes.clear_line();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const bool whole = maker.next_index() >= count_;
    write_beside();
    put(tally, maker, seconds, whole);
    if (!whole) notes.say("stopped; the same command with --resume goes on");
    return whole ? exit_fine : exit_error;
  }

  void write_beside() const {
    if (formats_.empty() && card_.empty()) return;
    const std::vector<MadeProblem> rows = load_made_problems(out_);
    for (const std::string& wanted : formats_) {
      const DatasetFormat format = dataset_format(wanted);
      if (format == DatasetFormat::rows) continue;  // the file itself
      std::filesystem::path file = out_;
      write_dataset(file.replace_extension(dataset_ending(format)), rows, format);
    }
    if (!card_.empty()) {
      write_file_atomically(card_, dataset_card(rows, std::filesystem::path(out_).stem().string()));
    }
  }

  void put(const GenerateTally& tally, const PromptCot& maker, double seconds, bool whole) const {
    Json json = {{"out", out_}, {"made", tally.all.kept.of}, {"kept", tally.all.kept.right}};
    std::string text = tally_text("all", tally.all);
    json["by_verdict"] = tally.verdicts;
    json["by_reason"] = tally.reasons;
    json["by_level"] = Json::object();
    for (const auto& [level, one] : tally.by_level) {
      json["by_level"][std::to_string(level)] = tally_json(one);
      text += tally_text("level " + std::to_string(level), one);
    }
    for (const auto& [reason, count] : tally.reasons)
      text += "rejected, " + reason + ": " + std::to_string(count) + "\n";
    json["tokens"] = maker.tokens_drawn();
    json["seconds"] = seconds;
    json["stopped"] = !whole;
    print(json_ ? dump(json) + "\n" : text);
  }

  int list_concepts(const ConceptBank& bank) const {
    std::string text;
    Json json = Json::array();
    for (std::size_t i = 0; i < bank.size(); ++i) {
      const auto uses = static_cast<std::int64_t>(bank.frequency(i)) - 1;
      text += bank[i].name + "\t" + bank[i].area + "\tlevel " + std::to_string(bank[i].level) + "\t" +
              std::to_string(uses) + "\n";
      json.push_back({{"concept", bank[i].name}, {"area", bank[i].area}, {"level", bank[i].level}, {"uses", uses}});
    }
    print(json_ ? dump(json) + "\n" : text);
    return exit_fine;
  }

  std::string model_;
  std::string source_ = "model";
  std::string levels_ = "1-5";
  std::string each_ = "1-3";
  std::int64_t count_ = 100;
  std::int64_t max_tokens_ = 1024;
  std::vector<std::string> avoid_;
  std::vector<std::string> formats_;
  std::string out_;
  std::string card_;
  bool resume_ = false;
  bool list_ = false;
  bool json_ = false;
  CLI::Option* solve_option_ = nullptr;
  PromptCotOptions options_;
  DeviceOptions device_;
};

}  // namespace

std::unique_ptr<Command> generate_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<GenerateCommand>(parent, globals);
}

}  // namespace holdfast::cli
