// Problems of files that others wrote, or that dataset_export did, so that they can be looked through, kept and trained
// on like problems that were made here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "training/dataset.h"
#include "training/made_problem.h"

namespace holdfast {

struct ImportedProblems {
  std::vector<MadeProblem> problems;
  std::int64_t bad_rows = 0;
  std::vector<BadRow> listed;  // the first of the rows that are left out
};

// One line of JSON in any form of parse_training_row, or of made_problem, which keeps its provenance. What else comes
// from outside proves nothing: its verdict is open, and `parent` says where it stood. The answer is the one that is
// named, else the one that the last reply states. Levels are held between the easiest and the hardest. Throws
// FormatError beginning with `label`.
[[nodiscard]] MadeProblem import_problem(std::string_view json, const std::string& label);

// A file of such lines, or a table (.csv, .tsv) with columns named like their keys. Bad rows are left out and listed.
// Throws IoError; FormatError when not one row is good.
[[nodiscard]] ImportedProblems import_problems(const std::filesystem::path& file);

}  // namespace holdfast
