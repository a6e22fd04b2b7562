#include "training/generator_source.h"

#include <algorithm>
#include <utility>

#include "kernels/error.h"
#include "training/generators/catalogue.h"

namespace holdfast {
namespace {

class GeneratorSource final : public RowSource {
 public:
  explicit GeneratorSource(const GeneratorRows& rows) : rows_(rows) {
    const bool all = std::find(rows.families.begin(), rows.families.end(), "all") != rows.families.end();
    if (all) {
      for (const generators::Family& family : generators::catalogue()) families_.push_back(&family);
    } else {
      for (const std::string& wanted : rows.families) families_.push_back(&find(wanted));
    }
    // A family that has none of these levels has nothing to say here.
    std::erase_if(families_, [&](const generators::Family* family) {
      return family->most_level < rows.first_level || family->least_level > rows.last_level;
    });
    if (families_.empty()) {
      throw FormatError("generator: no family has levels " + std::to_string(rows.first_level) + " to " +
                        std::to_string(rows.last_level));
    }
    name_ = all ? "generator all" : "generator " + rows.families.front() + (families_.size() > 1 ? ", ..." : "");
    if (rows.create) name_ += " (create)";
  }

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] std::optional<std::int64_t> rows() const noexcept override { return rows_.rows; }

  [[nodiscard]] TrainingRow row(std::int64_t index, std::uint64_t seed) const override {
    const std::uint64_t drawn = mix_seed(seed, static_cast<std::uint64_t>(index));
    const auto turns = 1 + static_cast<int>(mix_seed(drawn, 4) % static_cast<std::uint64_t>(rows_.turns));
    TrainingRow row;
    for (int turn = 0; turn < turns; ++turn) {
      add_problem(row, index, turn == 0 ? drawn : mix_seed(drawn, 5 + static_cast<std::uint64_t>(turn)));
    }
    return row;
  }

  [[nodiscard]] std::string place(std::int64_t index) const override {
    return name_ + ", row " + std::to_string(index);
  }
  [[nodiscard]] std::string fingerprint() const override {
    std::string names;
    for (const auto* family : families_) names += std::string(family->name) + " ";
    return names + std::to_string(rows_.first_level) + "-" + std::to_string(rows_.last_level) + " x" +
           std::to_string(rows_.turns);
  }

 private:
  void add_problem(TrainingRow& row, std::int64_t index, std::uint64_t drawn) const {
    const auto& family = *families_[mix_seed(drawn, 1) % families_.size()];
    const int level = level_of(index, mix_seed(drawn, 2));
    const Problem problem = generators::make_problem(family, level, mix_seed(drawn, 3));
    row.difficulty = std::max(row.difficulty, static_cast<double>(level));
    if (rows_.create) {
      row.messages.push_back({ChatRole::user, problem_request(problem.concepts, problem.level)});
      row.messages.push_back({ChatRole::assistant, problem.rationale + "\n</think>\n\n" + problem.statement});
    } else {
      row.messages.push_back({ChatRole::user, problem.statement});
      row.messages.push_back({ChatRole::assistant, solved_text(problem)});
    }
  }

  static const generators::Family& find(const std::string& wanted) {
    try {
      return generators::family(wanted);
    } catch (const ArgumentError& error) {
      throw FormatError(error.what());
    }
  }
  [[nodiscard]] int level_of(std::int64_t index, std::uint64_t drawn) const {
    const auto levels = static_cast<std::uint64_t>(rows_.last_level - rows_.first_level + 1);
    const std::uint64_t place =
        rows_.rows ? static_cast<std::uint64_t>(index) * levels / static_cast<std::uint64_t>(*rows_.rows)
                   : drawn % levels;
    return rows_.first_level + static_cast<int>(place);
  }

  GeneratorRows rows_;
  std::vector<const generators::Family*> families_;
  std::string name_;
};

}  // namespace

std::shared_ptr<const RowSource> generator_source(const GeneratorRows& rows) {
  return std::make_shared<GeneratorSource>(rows);
}

std::string problem_request(std::span<const std::string_view> concepts, int level) {
  std::string text = "Make a problem of level " + std::to_string(level) + " out of these concepts:";
  for (const std::string_view concept_name : concepts) text += "\n- " + std::string(concept_name);
  return text;
}

}  // namespace holdfast
