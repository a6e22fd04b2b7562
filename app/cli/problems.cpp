#include <optional>

#include "app/cli/command.h"
#include "app/cli/level_range.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "engine/atomic_file.h"
#include "training/generators/catalogue.h"

namespace holdfast::cli {
namespace {

constexpr const char* problems_footer =
    "Problems with worked solutions, made by families of generators and not by a model: the same seed gives the same\n"
    "rows on every machine. Rows are JSON, one a line: problem, answer, level, concepts, family, seed, rationale,\n"
    "solution. --list prints the families with their levels. `holdfast generate --source generators` makes a set by "
    "concepts.\n"
    "Example: holdfast problems --levels 1-3 --count 100 --seed 7 --out rows.jsonl";

class ProblemsCommand final : public Command {
 public:
  ProblemsCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "problems", "Make problems with worked solutions and checked answers") {
    app_->add_option("--families", families_, "Names, apart by commas; without it all of the levels")->delimiter(',');
    app_->add_option("--levels", levels_, "1 to 5: one, or a range as 2-4")->capture_default_str();
    app_->add_option("--count", count_, "How many")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
        ->capture_default_str();
    app_->add_option("--seed", seed_, "Of the first; the next have the following ones")->capture_default_str();
    app_->add_option("--out", out_, "Where the rows are written; without it standard output")->type_name("FILE.jsonl");
    app_->add_flag("--list", list_, "Print the families and nothing else");
    app_->add_flag("--json", json_, "Changes nothing: the rows are JSON always");
    app_->footer(problems_footer);
  }

  int run() override {
    if (list_) return list();
    const LevelRange levels = level_range(levels_, "--levels");
    std::vector<const generators::Family*> chosen;
    for (const std::string& name : families_) chosen.push_back(&generators::family(name));
    if (chosen.empty()) {
      for (const auto& family : generators::catalogue()) chosen.push_back(&family);
    }
    std::erase_if(chosen, [&](const auto* f) { return f->most_level < levels.least || f->least_level > levels.most; });
    if (chosen.empty()) throw UsageError("--levels: " + levels_ + ", the chosen families have none of these");
    std::optional<AtomicFile> file;
    if (!out_.empty()) file.emplace(out_);
    for (std::int64_t i = 0; i < count_; ++i) {
      const std::uint64_t seed = seed_ + static_cast<std::uint64_t>(i);
      generators::Dice dice(seed);
      const auto& family = *dice.pick(std::span<const generators::Family* const>(chosen));
      const int level = static_cast<int>(
          dice.between(std::max(levels.least, family.least_level), std::min(levels.most, family.most_level)));
      const std::string row = dump(row_of(make_problem(family, level, seed), seed), -1) + "\n";
      if (file) {
        file->write(row);
      } else {
        print(row);
      }
    }
    if (file) file->commit();
    return exit_fine;
  }

 private:
  static Json row_of(const Problem& problem, std::uint64_t seed) {
    return {{"problem", problem.statement},   {"answer", problem.answer},    {"level", problem.level},
            {"concepts", problem.concepts},   {"family", problem.family},    {"seed", seed},
            {"rationale", problem.rationale}, {"solution", problem.solution}};
  }

  static int list() {
    for (const auto& family : generators::catalogue()) {
      print(std::string(family.name) + "\tlevels " + std::to_string(family.least_level) + " to " +
            std::to_string(family.most_level) + "\n");
    }
    return exit_fine;
  }

  std::vector<std::string> families_;
  std::string levels_ = "1-5";
  std::int64_t count_ = 10;
  std::uint64_t seed_ = 1;
  std::string out_;
  bool list_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> problems_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<ProblemsCommand>(parent, globals);
}

}  // namespace holdfast::cli
