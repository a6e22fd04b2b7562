#include "training/dataset_import.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

#include "engine/json.h"
#include "engine/mapped_file.h"
#include "kernels/error.h"
#include "training/csv.h"
#include "training/problem.h"
#include "training/row.h"
#include "training/verify.h"

namespace holdfast {
namespace {

constexpr std::size_t import_listed = 1000;  // bad rows

// 3, "3", "Level 3"
std::optional<int> import_level(const Json& row) {
  const auto at = row.find("level");
  if (at == row.end()) return std::nullopt;
  double level = 0.0;
  if (at->is_number()) {
    level = at->get<double>();
  } else if (at->is_string()) {
    const auto& text = at->get_ref<const std::string&>();
    const auto digit = std::ranges::find_if(text, [](unsigned char c) { return std::isdigit(c) != 0; });
    if (digit == text.end()) return std::nullopt;
    level = static_cast<double>(*digit - '0');
  } else {
    return std::nullopt;
  }
  return static_cast<int>(std::clamp(level, double{easiest_level}, double{hardest_level}));
}

// A list, or words apart by semicolons; a subject is one.
std::vector<std::string> import_concepts(const Json& row) {
  std::vector<std::string> names;
  const auto add = [&](std::string_view name) {
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
  };
  for (const char* key : {"concepts", "subject", "type"}) {
    const auto at = row.find(key);
    if (at == row.end()) continue;
    if (at->is_array()) {
      for (const Json& one : *at) {
        if (one.is_string()) add(one.get<std::string>());
      }
    } else if (at->is_string()) {
      const auto text = at->get<std::string>();
      for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(';', begin), text.size());
        add(std::string_view(text).substr(begin, end - begin));
        begin = end + 1;
      }
    }
    if (!names.empty()) break;
  }
  return names;
}

// As parse_training_row reads it: a level that is a number, and GSM8K's answer, which has the solution before the signs,
// as both.
Json import_row(Json row) {
  if (!row.is_object()) return row;
  if (const std::optional<int> level = import_level(row)) {
    row["level"] = *level;
  } else {
    row.erase("level");
  }
  const auto at = row.find("answer");
  if (at == row.end() || !at->is_string() || row.contains("solution")) return row;
  const auto text = at->get<std::string>();
  const std::size_t signs = text.rfind("####");
  if (signs == std::string::npos) return row;
  const std::size_t answer = text.find_first_not_of(' ', signs + 4);
  const std::size_t end = text.find_last_not_of(" \n", signs == 0 ? 0 : signs - 1);
  row["solution"] = end == std::string::npos || signs == 0 ? std::string() : text.substr(0, end + 1);
  row["answer"] = answer == std::string::npos ? std::string() : text.substr(answer);
  return row;
}

std::string import_answer(const Json& row, const std::string& reply) {
  const auto at = row.find("answer");
  if (at != row.end() && at->is_number()) return at->dump();
  if (at != row.end() && at->is_string()) return at->get<std::string>();
  const std::optional<ExtractedAnswer> stated = extract_answer(reply);
  return stated && stated->source != AnswerSource::last_number ? stated->text : std::string();
}

void add_bad(ImportedProblems& all, const std::string& place, const std::string& reason) {
  ++all.bad_rows;
  if (all.listed.size() >= import_listed) return;
  const bool named = reason.starts_with(place + ": ");
  all.listed.push_back({place, named ? reason.substr(place.size() + 2) : reason});
}

void add_row(ImportedProblems& all, std::string_view json, const std::string& place) {
  try {
    all.problems.push_back(import_problem(json, place));
  } catch (const FormatError& error) {
    add_bad(all, place, error.what());
  }
}

void import_table(ImportedProblems& all, std::string_view text, const std::string& name, char separator) {
  const std::vector<CsvRecord> records = parse_csv(text, name, separator);
  for (std::size_t r = 1; r < records.size(); ++r) {
    Json row = Json::object();
    for (std::size_t c = 0; c < records[r].fields.size(); ++c) {
      const std::string& value = records[r].fields[c];
      const std::string& key = records[0].fields[c];
      // A number that is no JSON number is told of nowhere: it says nothing that a training row needs.
      if (key == "level" || key == "difficulty") {
        const Json number = Json::parse(value, nullptr, false);
        if (number.is_number()) row[key] = number;
      } else if (!value.empty()) {
        row[key] = value;
      }
    }
    add_row(all, row.dump(), name + ":" + std::to_string(records[r].line));
  }
}

void import_lines(ImportedProblems& all, std::string_view text, const std::string& name) {
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    add_row(all, line, name + ":" + std::to_string(number));
  }
}

}  // namespace

MadeProblem import_problem(std::string_view json, const std::string& label) {
  if (json.size() > longest_row_bytes) {
    throw FormatError(label + ": " + std::to_string(json.size()) + " bytes, want at most " +
                      std::to_string(longest_row_bytes));
  }
  const Json row = import_row(parse_json(json, label));
  if (row.is_object() && row.contains("verdict") && row.contains("rationale")) return parse_made_problem(json, label);
  const TrainingRow training = parse_training_row(row.dump(), label);
  const auto reply = std::ranges::find(training.messages.rbegin(), training.messages.rend(), ChatRole::assistant,
                                       &ChatMessage::role);
  if (reply == training.messages.rend()) throw FormatError(label + ": a text without a question, want a problem");
  const auto asked = std::find_if(reply, training.messages.rend(),
                                  [](const ChatMessage& message) { return message.role == ChatRole::user; });
  if (asked == training.messages.rend() || asked->text.empty()) throw FormatError(label + ": no problem");
  MadeProblem made;
  made.problem = asked->text;
  made.answer = import_answer(row, reply->text);
  // What has nothing but an answer was given a reply that says no more.
  const bool only_answer = (row.contains("problem") || row.contains("question")) &&
                           (!row.contains("solution") || row["solution"] == "");
  made.solution = only_answer ? std::string() : reply->text;
  made.level = import_level(row).value_or(easiest_level);
  made.concepts = import_concepts(row);
  made.parent = label;
  return made;
}

ImportedProblems import_problems(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  const std::string_view text(reinterpret_cast<const char*>(mapped->bytes().data()), mapped->bytes().size());
  const std::string name = file.filename().string();
  ImportedProblems all;
  const std::string ending = file.extension().string();
  if (ending == ".csv" || ending == ".tsv") {
    const std::string_view head = text.substr(0, text.find('\n'));
    const auto count = [&](char sign) { return std::ranges::count(head, sign); };
    const char separator = count('\t') > 0 ? '\t' : count(';') > count(',') ? ';' : ',';
    import_table(all, text, name, separator);
  } else {
    import_lines(all, text, name);
  }
  if (all.problems.empty()) {
    const std::string why = all.listed.empty() ? "no rows" : all.listed.front().place + ": " + all.listed.front().reason;
    throw FormatError(file.string() + ": not one problem can be used: " + why);
  }
  return all;
}

}  // namespace holdfast
