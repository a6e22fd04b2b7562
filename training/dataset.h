// Where training rows come from: files, and whatever a caller can make.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/mapped_file.h"
#include "kernels/cpu/thread_pool.h"
#include "training/row.h"

namespace holdfast {

// Rows by number. Everything is const and may be called from any thread.
class RowSource {
 public:
  virtual ~RowSource() = default;
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  // How many rows there are; nothing = without end, row(index) makes one for every index.
  [[nodiscard]] virtual std::optional<std::int64_t> rows() const noexcept = 0;
  // A pure function of index and seed, so that a place in the data is a number and rows can be made on many threads.
  // What is stored ignores the seed. Throws FormatError for a row nothing can be learned from.
  [[nodiscard]] virtual TrainingRow row(std::int64_t index, std::uint64_t seed) const = 0;
  // Where a row stands, for a person: "data.jsonl:12".
  [[nodiscard]] virtual std::string place(std::int64_t index) const = 0;
  // Row numbers from easy to hard, equal ones in their order; empty = they stand so already.
  [[nodiscard]] virtual std::vector<std::int64_t> by_difficulty() const { return {}; }
  // Changes when the rows do; empty = they cannot.
  [[nodiscard]] virtual std::string fingerprint() const { return {}; }
};

struct BadRow {
  std::string place;
  std::string reason;
};

// A file of one JSON value per line. Every row is parsed once when it is opened, so that what is wrong with a file is
// known before a run starts; bad rows are left out and listed. Empty lines are not rows.
class JsonlSource final : public RowSource {
 public:
  static constexpr std::size_t most_listed = 10000;
  // Throws IoError; FormatError when not one row is good.
  JsonlSource(const std::filesystem::path& file, cpu::ThreadPool& pool);

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] std::optional<std::int64_t> rows() const noexcept override {
    return static_cast<std::int64_t>(rows_.size());
  }
  [[nodiscard]] TrainingRow row(std::int64_t index, std::uint64_t seed) const override;
  [[nodiscard]] std::string place(std::int64_t index) const override;
  [[nodiscard]] std::vector<std::int64_t> by_difficulty() const override;
  [[nodiscard]] std::string fingerprint() const override { return fingerprint_; }

  [[nodiscard]] std::int64_t bad_rows() const noexcept { return bad_rows_; }
  [[nodiscard]] const std::vector<BadRow>& listed_bad_rows() const noexcept { return listed_; }  // the first of them

 private:
  struct Line {
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    std::uint32_t number = 0;  // from 1
    float difficulty = 0.0f;
  };
  [[nodiscard]] std::string_view text(const Line& line) const;
  void check(std::vector<Line> lines, cpu::ThreadPool& pool);

  std::string name_;
  std::shared_ptr<const MappedFile> file_;
  std::vector<Line> rows_;
  std::int64_t bad_rows_ = 0;
  std::vector<BadRow> listed_;
  std::string fingerprint_;
};

// Some rows of another source, by their numbers.
class RowSubset final : public RowSource {
 public:
  RowSubset(std::shared_ptr<const RowSource> source, std::vector<std::int64_t> rows);

  [[nodiscard]] const std::string& name() const noexcept override { return source_->name(); }
  [[nodiscard]] std::optional<std::int64_t> rows() const noexcept override {
    return static_cast<std::int64_t>(rows_.size());
  }
  [[nodiscard]] TrainingRow row(std::int64_t index, std::uint64_t seed) const override;
  [[nodiscard]] std::string place(std::int64_t index) const override;
  [[nodiscard]] std::vector<std::int64_t> by_difficulty() const override;
  [[nodiscard]] std::string fingerprint() const override { return source_->fingerprint(); }

 private:
  std::shared_ptr<const RowSource> source_;
  std::vector<std::int64_t> rows_;
};

// A source of `source`'s rows less `count` of them, drawn by the seed, and those. Throws ArgumentError for a source
// without end, FormatError when it has no more than `count` rows.
struct HeldOut {
  std::shared_ptr<const RowSource> training;
  std::shared_ptr<const RowSource> held_out;
};
[[nodiscard]] HeldOut hold_out(std::shared_ptr<const RowSource> source, std::int64_t count, std::uint64_t seed);

// Mixes the bits of two numbers; a random number for each place of a stream.
[[nodiscard]] std::uint64_t mix_seed(std::uint64_t seed, std::uint64_t number) noexcept;

// Where `index` of [0, count) goes in an order that the seed gives: a permutation computed place by place, so that an
// order of any number of rows takes no memory.
[[nodiscard]] std::int64_t shuffled_index(std::int64_t index, std::int64_t count, std::uint64_t seed);

}  // namespace holdfast
