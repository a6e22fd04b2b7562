// Made problems as files that other programs train on, and what a reader of the set should know.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "training/made_problem.h"

namespace holdfast {

enum class DatasetFormat {
  rows,      // the lines of made_problem.h, provenance and all
  prompt,    // {prompt, completion}
  messages,  // {messages: [{role, content}]}: chat templates, ChatML among them, are written from it
  sharegpt,  // {conversations: [{from, value}]}
  alpaca,    // {instruction, input, output}
  csv        // problem, answer, solution, level, difficulty, concepts (apart by "; ")
};
[[nodiscard]] std::string_view name(DatasetFormat) noexcept;
[[nodiscard]] DatasetFormat dataset_format(std::string_view name);  // throws ArgumentError listing the names
// What stands behind a file's stem: ".csv", ".sharegpt.jsonl".
[[nodiscard]] std::string dataset_ending(DatasetFormat format);

// One line, its end included. JSON rows carry level, concepts and, where it is known, difficulty beside the
// conversation, whose reply is training_reply().
[[nodiscard]] std::string dataset_line(const MadeProblem& made, DatasetFormat format);
[[nodiscard]] std::string dataset_head(DatasetFormat format);  // the names of the columns; empty where there are none

// The kept problems that have something to learn, or for `rows` all of them.
struct DatasetText {
  std::string text;
  std::int64_t rows = 0;
};
[[nodiscard]] DatasetText dataset_text(std::span<const MadeProblem> made, DatasetFormat format);
// The same as a file, written aside and renamed. How many. Throws IoError.
std::int64_t write_dataset(const std::filesystem::path& file, std::span<const MadeProblem> made, DatasetFormat format);

// The set described in Markdown: how it was made, how many were kept, by level, by concept, and why others were not.
[[nodiscard]] std::string dataset_card(std::span<const MadeProblem> made, const std::string& title);

}  // namespace holdfast
