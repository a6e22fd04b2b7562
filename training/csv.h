// Tables as text (RFC 4180): fields in quotes where they need it, and a first line that names the columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "training/dataset.h"

namespace holdfast {

struct CsvRecord {
  std::size_t line = 0;  // where it begins, from 1
  std::vector<std::string> fields;
};

// All records. Fields may hold the separator, quotes (doubled) and line ends inside quotes; lines end with LF or CRLF;
// a byte order mark and empty lines are passed over. Throws FormatError "label:line: ..." for a quote that never ends,
// text behind a closing quote, a quote inside a bare field, a bare carriage return, NUL, bytes that are no UTF-8, more
// than 256 columns and records of other lengths than the first.
[[nodiscard]] std::vector<CsvRecord> parse_csv(std::string_view text, std::string_view label, char separator = ',');

// A record, its line end included. A field is quoted where it has a comma, a quote, a line end or spaces at its ends,
// and where it is the empty record's only one. Throws ArgumentError for NUL and for bytes that are no UTF-8.
[[nodiscard]] std::string csv_line(const std::vector<std::string>& fields);

// A table as training rows: columns named like the keys of parse_training_row's rows, without lists (problem or
// question, answer, solution; prompt, completion; instruction, input, output; text; system, level, difficulty,
// verdict). Other columns are passed over. The separator is the comma, semicolon or tab of the head. Bad rows are left
// out and listed; a table that is no CSV is refused whole.
class CsvSource final : public RowSource {
 public:
  static constexpr std::size_t most_bytes = std::size_t{1} << 30;
  // Throws IoError; FormatError when not one row is good.
  explicit CsvSource(const std::filesystem::path& file);

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] std::optional<std::int64_t> rows() const noexcept override {
    return static_cast<std::int64_t>(rows_.size());
  }
  [[nodiscard]] TrainingRow row(std::int64_t index, std::uint64_t) const override {
    return rows_.at(static_cast<std::size_t>(index));
  }
  [[nodiscard]] std::string place(std::int64_t index) const override;
  [[nodiscard]] std::vector<std::int64_t> by_difficulty() const override;
  [[nodiscard]] std::string fingerprint() const override { return fingerprint_; }

  [[nodiscard]] std::int64_t bad_rows() const noexcept { return bad_rows_; }
  [[nodiscard]] const std::vector<BadRow>& listed_bad_rows() const noexcept { return listed_; }

 private:
  std::string name_;
  std::vector<TrainingRow> rows_;
  std::vector<std::size_t> lines_;
  std::int64_t bad_rows_ = 0;
  std::vector<BadRow> listed_;
  std::string fingerprint_;
};

}  // namespace holdfast
