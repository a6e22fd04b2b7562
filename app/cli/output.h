// Where a command's words go: results on standard output, everything else on standard error.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "app/cli/options.h"

namespace holdfast::cli {

using Json = nlohmann::ordered_json;

// One JSON text; bytes that are no UTF-8 become U+FFFD. indent -1: one line.
[[nodiscard]] std::string dump(const Json& json, int indent = 2);

// Standard output, at once. Throws IoError when it is closed or full.
void print(std::string_view text);

// The end of a command: with --json the JSON goes to standard output, else `text`; with --out the JSON to the file too.
void put_result(const OutputOptions& options, const Json& json, std::string_view text);

// The same text without the control characters that would speak to a terminal (line ends and tabs stay).
[[nodiscard]] std::string for_terminal(std::string_view text);

// Standard error as a place to say things to a person.
class Notes {
 public:
  Notes();
  [[nodiscard]] bool on_terminal() const noexcept { return terminal_; }
  void say(std::string_view line) const;                    // one line
  void dim(std::string_view text) const;                    // as it is, dimmed where the terminal can
  void progress(std::string_view what, double done) const;  // a line that is written over; terminals only
  void clear_line() const;

 private:
  bool terminal_;
  bool colour_;
};

[[nodiscard]] bool output_is_terminal() noexcept;
[[nodiscard]] bool input_is_terminal() noexcept;

[[nodiscard]] std::string fixed(double value, int digits);

}  // namespace holdfast::cli
