#include "training/csv.h"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include "engine/json.h"
#include "engine/mapped_file.h"
#include "engine/utf8.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::size_t csv_most_columns = 256;

class CsvReader {
 public:
  CsvReader(std::string_view text, std::string_view label, char separator)
      : text_(text), label_(label), separator_(separator) {}

  std::vector<CsvRecord> read() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    std::vector<CsvRecord> records;
    while (at_ < text_.size()) {
      if (take_line_end()) continue;  // an empty line
      CsvRecord record{line_, {}};
      read_record(record.fields);
      if (!records.empty() && record.fields.size() != records.front().fields.size()) {
        failed(record.line, std::to_string(record.fields.size()) + " columns, want " +
                                std::to_string(records.front().fields.size()) + " as in the first line");
      }
      records.push_back(std::move(record));
    }
    return records;
  }

 private:
  [[noreturn]] void failed(std::size_t line, const std::string& reason) const {
    throw FormatError(std::string(label_) + ":" + std::to_string(line) + ": " + reason);
  }

  bool take_line_end() {
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with('\n') && !rest.starts_with("\r\n")) return false;
    at_ += rest.front() == '\r' ? 2 : 1;
    ++line_;
    return true;
  }

  void read_record(std::vector<std::string>& fields) {
    while (true) {
      if (fields.size() == csv_most_columns) {
        failed(line_, "more than " + std::to_string(csv_most_columns) + " columns");
      }
      fields.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted() : bare());
      if (at_ == text_.size() || take_line_end()) return;
      ++at_;  // the separator: bare and quoted fields end at nothing else
    }
  }

  std::string bare() {
    const std::size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n'; ++at_) {
      if (text_.substr(at_).starts_with("\r\n")) break;
      if (text_[at_] == '"') failed(line_, "a quote inside a field that does not begin with one");
      check(text_[at_]);
    }
    return checked(text_.substr(begin, at_ - begin), line_);
  }

  std::string quoted() {
    const std::size_t begun = line_;
    std::string field;
    for (++at_;; ++at_) {
      if (at_ >= text_.size()) failed(begun, "a quoted field that never ends");
      const char c = text_[at_];
      if (c == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      }
      if (c == '\n') ++line_;
      if (c != '\r') check(c);
      field += c;
    }
    ++at_;
    const std::string_view rest = text_.substr(at_);
    const bool ends = rest.empty() || rest.front() == separator_ || rest.front() == '\n' || rest.starts_with("\r\n");
    if (!ends) failed(line_, "text behind a closing quote");
    return checked(field, begun);
  }

  void check(char c) const {
    if (c == '\0') failed(line_, "a NUL byte, want text");
    if (c == '\r') failed(line_, "a carriage return alone, want it in quotes or before a line feed");
  }
  std::string checked(std::string_view field, std::size_t line) const {
    if (!is_valid_utf8(field)) failed(line, "bytes that are no UTF-8");
    return std::string(field);
  }

  std::string_view text_;
  std::string_view label_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

const std::set<std::string, std::less<>> csv_columns{"prompt",   "completion", "instruction", "input",    "output",
                                                     "text",     "system",     "problem",     "question", "answer",
                                                     "solution", "level",      "difficulty",  "verdict"};

// The separator with which the head names most columns that are known.
char csv_separator(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::string_view head = text.substr(0, text.find('\n'));
  if (head.ends_with('\r')) head.remove_suffix(1);
  char best = ',';
  std::ptrdiff_t most = 0;
  for (const char separator : {',', ';', '\t'}) {
    std::ptrdiff_t known = 0;
    for (std::string_view rest = head;;) {
      const std::size_t end = rest.find(separator);
      std::string_view column = rest.substr(0, end);
      if (column.size() > 1 && column.front() == '"' && column.back() == '"')
        column = column.substr(1, column.size() - 2);
      known += csv_columns.contains(column) ? 1 : 0;
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    if (known > most) best = separator, most = known;
  }
  return best;
}

// As the row of JSON that has these keys: columns that are empty are absent.
TrainingRow csv_row(const std::vector<std::string>& head, const CsvRecord& record) {
  Json row = Json::object();
  for (std::size_t i = 0; i < head.size(); ++i) {
    const std::string& field = record.fields[i];
    if (field.empty() || !csv_columns.contains(head[i])) continue;
    if (head[i] != "level" && head[i] != "difficulty") {
      row[head[i]] = field;
      continue;
    }
    double number = 0.0;
    const auto read = std::from_chars(field.data(), field.data() + field.size(), number);
    if (read.ec != std::errc{} || read.ptr != field.data() + field.size() || !std::isfinite(number)) {
      throw FormatError("row: " + head[i] + ": \"" + field.substr(0, 40) + "\", want a number");
    }
    row[head[i]] = number;
  }
  return parse_training_row(row.dump(), "row");
}

}  // namespace

std::vector<CsvRecord> parse_csv(std::string_view text, std::string_view label, char separator) {
  return CsvReader(text, label, separator).read();
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (field.find('\0') != std::string::npos || !is_valid_utf8(field)) {
      throw ArgumentError("csv: a field with NUL or bytes that are no UTF-8, want text");
    }
    if (&field != &fields.front()) line += ',';
    const bool edges = !field.empty() && (field.front() == ' ' || field.back() == ' ' || field.front() == '\xEF');
    const bool quote =
        edges || field.find_first_of(",\"\r\n;\t") != std::string::npos || (field.empty() && fields.size() == 1);
    if (!quote) {
      line += field;
      continue;
    }
    line += '"';
    for (const char c : field) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + "\n";
}

CsvSource::CsvSource(const std::filesystem::path& file) : name_(file.filename().string()) {
  const auto mapped = MappedFile::open(file);
  if (mapped->bytes().size() > most_bytes) {
    throw FormatError(file.string() + ": " + std::to_string(mapped->bytes().size()) + " bytes, want at most " +
                      std::to_string(most_bytes));
  }
  const std::string_view text(reinterpret_cast<const char*>(mapped->bytes().data()), mapped->bytes().size());
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  fingerprint_ = std::to_string(hash.high64) + "-" + std::to_string(hash.low64);
  const std::vector<CsvRecord> records = parse_csv(text, file.string(), csv_separator(text));
  if (records.size() < 2) throw FormatError(file.string() + ": no rows under the names of the columns");
  const std::vector<std::string>& head = records.front().fields;
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (csv_columns.contains(head[i]) && std::ranges::count(head, head[i]) > 1) {
      throw FormatError(file.string() + ": two columns are called " + head[i]);
    }
  }
  for (std::size_t i = 1; i < records.size(); ++i) {
    try {
      rows_.push_back(csv_row(head, records[i]));
      lines_.push_back(records[i].line);
    } catch (const FormatError& error) {
      ++bad_rows_;
      if (listed_.size() < JsonlSource::most_listed) {
        listed_.push_back({name_ + ":" + std::to_string(records[i].line), error.what()});
      }
    }
  }
  if (rows_.empty()) {
    throw FormatError(file.string() + ": not one row can be used: " + listed_.front().place + ": " +
                      listed_.front().reason);
  }
}

std::string CsvSource::place(std::int64_t index) const {
  return name_ + ":" + std::to_string(lines_.at(static_cast<std::size_t>(index)));
}

std::vector<std::int64_t> CsvSource::by_difficulty() const {
  std::vector<std::int64_t> order(rows_.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::ranges::stable_sort(order, {}, [this](std::int64_t i) { return rows_[static_cast<std::size_t>(i)].difficulty; });
  return order;
}

}  // namespace holdfast
