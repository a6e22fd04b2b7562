#include "training/dataset_export.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/atomic_file.h"
#include "engine/utf8.h"
#include "kernels/error.h"
#include "training/csv.h"
#include "training/suite.h"

namespace holdfast {
namespace {

using ExportJson = nlohmann::ordered_json;

constexpr std::array<std::string_view, 6> export_names{"rows", "prompt", "messages", "sharegpt", "alpaca", "csv"};

std::string export_text(std::string_view text) {  // CSV has no escape for what is no text
  std::string clean = repair_utf8(text);
  std::erase(clean, '\0');
  return clean;
}

std::string export_decimal(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::string csv_export(const MadeProblem& made) {
  std::string concepts;
  for (const std::string& one : made.concepts) concepts += (concepts.empty() ? "" : "; ") + one;
  return csv_line({export_text(made.problem), export_text(made.answer), export_text(made.solution),
                   std::to_string(made.level), made.pass_rate ? export_decimal(1.0 - *made.pass_rate) : "",
                   export_text(concepts)});
}

// --- the card

struct Tally {
  std::int64_t made = 0, kept = 0, rated = 0;
  double pass_rates = 0.0;
  void add(const MadeProblem& one) {
    ++made;
    kept += is_kept(one) ? 1 : 0;
    if (is_kept(one) && one.pass_rate) ++rated, pass_rates += *one.pass_rate;
  }
};

std::string card_percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%", 100.0 * share);
  return text.data();
}

std::string card_row(const std::string& what, const Tally& tally) {
  const Share share{tally.kept, tally.made};
  const auto [low, high] = share.interval();
  return "| " + what + " | " + std::to_string(tally.made) + " | " + std::to_string(tally.kept) + " | " +
         card_percent(share.value()) + " (" + card_percent(low) + " to " + card_percent(high) + ") | " +
         (tally.rated == 0 ? std::string("-") : card_percent(tally.pass_rates / static_cast<double>(tally.rated))) +
         " |\n";
}

std::string card_table(const char* what, const std::map<std::string, Tally>& tallies) {
  std::string text = "| " + std::string(what) + " | Made | Kept | Share | Pass rate |\n|---|---|---|---|---|\n";
  for (const auto& [key, tally] : tallies) text += card_row(key, tally);
  return text + "\n";
}

// Text of others inside a table's cell.
std::string card_cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      cell += ' ';
    } else {
      if (c == '|' || c == '<' || c == '`' || c == '*' || c == '_' || c == '[' || c == '\\') cell += '\\';
      cell += c;
    }
  }
  return cell;
}

std::string card_sampler(const SampleParams& params) {
  if (params.temperature == 0.0f) return "greedy";
  std::string text = "temperature " + export_decimal(static_cast<double>(params.temperature)) + ", top-p " +
                     export_decimal(static_cast<double>(params.top_p));
  if (params.repetition_penalty != 1.0f)
    text += ", repetition penalty " + export_decimal(static_cast<double>(params.repetition_penalty));
  return text;
}

std::string card_origin(const MadeProblem& one) {
  std::string text = "| | |\n|---|---|\n";
  const auto row = [&](const char* key, const std::string& value) {
    if (!value.empty()) text += "| " + std::string(key) + " | " + card_cell(value) + " |\n";
  };
  row("Source", one.source == MadeSource::model ? "a model, by the method of PromptCoT" : "generators, with proof");
  row("Model", one.model);
  row("Fingerprint", one.fingerprint);
  row("Prompt", one.prompt_version);
  row("Seed", std::to_string(one.seed));
  if (one.source == MadeSource::model) row("Rationale and problem drawn with", card_sampler(one.drafting));
  if (!one.votes.empty()) {
    row("Solved", std::to_string(one.votes.size()) + " times each, " + card_sampler(one.solving));
  }
  row("Parent", one.parent);
  return text + "\n";
}

}  // namespace

std::string_view name(DatasetFormat format) noexcept { return export_names[static_cast<std::size_t>(format)]; }

DatasetFormat dataset_format(std::string_view wanted) {
  const auto found = std::ranges::find(export_names, wanted);
  if (found != export_names.end()) return static_cast<DatasetFormat>(found - export_names.begin());
  std::string list;
  for (const std::string_view known : export_names) list += (list.empty() ? "" : ", ") + std::string(known);
  throw ArgumentError("format \"" + std::string(wanted) + "\": want one of " + list);
}

std::string dataset_ending(DatasetFormat format) {
  if (format == DatasetFormat::csv) return ".csv";
  return format == DatasetFormat::rows ? ".jsonl" : "." + std::string(name(format)) + ".jsonl";
}

std::string dataset_head(DatasetFormat format) {
  return format == DatasetFormat::csv ? csv_line({"problem", "answer", "solution", "level", "difficulty", "concepts"})
                                      : "";
}

std::string dataset_line(const MadeProblem& made, DatasetFormat format) {
  const std::string reply = training_reply(made.solution, made.answer);
  ExportJson row;
  switch (format) {
    case DatasetFormat::rows: return made_problem_line(made) + "\n";
    case DatasetFormat::csv: return csv_export(made);
    case DatasetFormat::prompt: row = {{"prompt", made.problem}, {"completion", reply}}; break;
    case DatasetFormat::messages:
      row["messages"] = {{{"role", "user"}, {"content", made.problem}}, {{"role", "assistant"}, {"content", reply}}};
      break;
    case DatasetFormat::sharegpt:
      row["conversations"] = {{{"from", "human"}, {"value", made.problem}}, {{"from", "gpt"}, {"value", reply}}};
      break;
    case DatasetFormat::alpaca: row = {{"instruction", made.problem}, {"input", ""}, {"output", reply}}; break;
  }
  row["level"] = made.level;
  if (made.pass_rate) row["difficulty"] = 1.0 - *made.pass_rate;
  row["concepts"] = made.concepts;
  return row.dump(-1, ' ', false, ExportJson::error_handler_t::replace) + "\n";
}

DatasetText dataset_text(std::span<const MadeProblem> made, DatasetFormat format) {
  DatasetText all{.text = dataset_head(format), .rows = 0};
  for (const MadeProblem& one : made) {
    const bool wanted =
        format == DatasetFormat::rows || (is_kept(one) && !(one.answer.empty() && one.solution.empty()));
    if (!wanted) continue;
    all.text += dataset_line(one, format);
    ++all.rows;
  }
  return all;
}

std::int64_t write_dataset(const std::filesystem::path& file, std::span<const MadeProblem> made, DatasetFormat format) {
  const DatasetText all = dataset_text(made, format);
  write_file_atomically(file, all.text);
  return all.rows;
}

std::string dataset_card(std::span<const MadeProblem> made, const std::string& title) {
  std::map<std::string, Tally> levels, concepts, all;
  std::map<std::string, std::int64_t> verdicts, reasons;
  for (const MadeProblem& one : made) {
    all["all"].add(one);
    levels["level " + std::to_string(one.level)].add(one);
    for (const std::string& concept_name : one.concepts) concepts[card_cell(concept_name)].add(one);
    ++verdicts[std::string(name(one.verdict))];
    if (!is_kept(one)) ++reasons[std::string(name(one.reason))];
  }
  std::string text =
      "# " + card_cell(title) + "\n\n" +
      "Mathematics problems with solutions and answers, made by Holdfast. A row's `verdict` says how "
      "its answer\nis known: *proved* by the generator that made it, *agreed* by the votes of solvers, *open* "
      "when none was asked.\nRows that were rejected are listed with their reason and are not for training.\n\n";
  if (made.empty()) return text + "No rows.\n";
  text += "## How it was made\n\n" + card_origin(made.front());
  text +=
      "## How many\n\nShares are of the problems made, with 95 % intervals (Wilson). The pass rate is the mean share "
      "of "
      "the solvers' votes\nfor the answer, over the kept ones; one less it is a row's `difficulty`.\n\n";
  auto by_level = levels;
  by_level.insert(all.begin(), all.end());
  text += card_table("Level", by_level);
  text += "| Verdict | Rows |\n|---|---|\n";
  for (const auto& [key, count] : verdicts) text += "| " + key + " | " + std::to_string(count) + " |\n";
  text += "\n## Why others were rejected\n\n";
  if (reasons.empty()) text += "None was.\n";
  if (!reasons.empty()) text += "| Reason | Rows |\n|---|---|\n";
  for (const auto& [key, count] : reasons) text += "| " + key + " | " + std::to_string(count) + " |\n";
  return text + "\n## Concepts\n\n" + card_table("Concept", concepts);
}

}  // namespace holdfast
