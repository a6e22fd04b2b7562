// Lines from standard input, with Ctrl-C.
#pragma once

#include <optional>
#include <string>

namespace holdfast::cli {

class LineReader {
 public:
  enum class End { line, end_of_input, interrupted };
  // The next line without its end. Throws IoError when the input cannot be read.
  End next(std::string& line);

 private:
  std::string buffer_;
  bool ended_ = false;
};

// A message of one or more lines: a line that ends with \ goes on, and so does what stands between two lines """.
// Nothing at the end of the input or after Ctrl-C (`interrupted` then says so).
std::optional<std::string> read_message(LineReader& lines, bool& interrupted);

}  // namespace holdfast::cli
