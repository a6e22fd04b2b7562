// A file of made problems that grows row by row and survives everything: each row is synced before the next is made.
#pragma once

#include <filesystem>
#include <vector>

#include "training/made_problem.h"

namespace holdfast {

class MadeProblemFile {  // one process at a time
 public:
  // Without `resume` the file must not exist. With it, rows that are there are read; a last line without its end, which
  // a crash leaves behind, is cut off. Throws IoError (also when another process writes the file); FormatError naming
  // the line.
  MadeProblemFile(std::filesystem::path file, bool resume);
  ~MadeProblemFile();
  MadeProblemFile(const MadeProblemFile&) = delete;
  MadeProblemFile& operator=(const MadeProblemFile&) = delete;

  [[nodiscard]] const std::vector<MadeProblem>& rows() const noexcept { return rows_; }  // in the file
  void append(const MadeProblem& made);  // throws IoError; what was there before stays

 private:
  void read_rows();
  std::filesystem::path file_;
  int fd_ = -1;
  std::vector<MadeProblem> rows_;
};

// The rows of a file that is whole, for exports and cards. Throws IoError, FormatError naming the line.
[[nodiscard]] std::vector<MadeProblem> load_made_problems(const std::filesystem::path& file);

// The problems of a file that new ones must not touch: rows of JSON with problem, question, prompt, instruction or
// text; a table with a head, by tabs; else each line is a text. Throws IoError, FormatError naming the line.
[[nodiscard]] std::vector<std::string> load_problem_texts(const std::filesystem::path& file);

}  // namespace holdfast
