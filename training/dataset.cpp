#include "training/dataset.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::int64_t dataset_lines_a_piece = 256;

std::vector<std::int64_t> dataset_sorted(std::int64_t count, const auto& difficulty) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return difficulty(a) < difficulty(b); });
  return order;
}

bool dataset_is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

JsonlSource::JsonlSource(const std::filesystem::path& file, cpu::ThreadPool& pool)
    : name_(file.filename().string()), file_(MappedFile::open(file)) {
  const std::span<const std::byte> bytes = file_->bytes();
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<Line> lines;
  std::uint64_t number = 0;
  for (std::size_t begin = 0; begin < all.size();) {
    const void* found = std::memchr(all.data() + begin, '\n', all.size() - begin);
    const std::size_t end =
        found == nullptr ? all.size() : static_cast<std::size_t>(static_cast<const char*>(found) - all.data());
    if (++number > std::numeric_limits<std::uint32_t>::max()) {
      throw FormatError(file.string() + ": more than 2^32 lines");
    }
    // A longer line is refused when it is checked; its length need only be known to be too much.
    const std::size_t length = std::min(end - begin, longest_row_bytes + 1);
    if (!dataset_is_blank(all.substr(begin, length))) {
      lines.push_back({begin, static_cast<std::uint32_t>(length), static_cast<std::uint32_t>(number), 0.0f});
    }
    begin = end + 1;
  }
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  fingerprint_ = std::to_string(hash.high64) + "-" + std::to_string(hash.low64);
  check(std::move(lines), pool);
  if (rows_.empty()) {
    const std::string reason =
        listed_.empty() ? "it has no line" : listed_.front().place + ": " + listed_.front().reason;
    throw FormatError(file.string() + ": not one row can be used: " + reason);
  }
}

void JsonlSource::check(std::vector<Line> lines, cpu::ThreadPool& pool) {
  const auto count = static_cast<std::int64_t>(lines.size());
  std::vector<std::string> reasons(lines.size());
  pool.run((count + dataset_lines_a_piece - 1) / dataset_lines_a_piece, [&](std::int64_t piece, int) {
    const std::int64_t first = piece * dataset_lines_a_piece;
    for (std::int64_t i = first; i < std::min(first + dataset_lines_a_piece, count); ++i) {
      Line& line = lines[static_cast<std::size_t>(i)];
      try {
        line.difficulty = static_cast<float>(parse_training_row(text(line), "row").difficulty);
      } catch (const FormatError& error) {
        reasons[static_cast<std::size_t>(i)] = error.what();
      }
    }
  });
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (reasons[i].empty()) {
      rows_.push_back(lines[i]);
      continue;
    }
    ++bad_rows_;
    if (listed_.size() < most_listed) {
      listed_.push_back({name_ + ":" + std::to_string(lines[i].number), std::move(reasons[i])});
    }
  }
}

std::string_view JsonlSource::text(const Line& line) const {
  const std::span<const std::byte> bytes = file_->bytes().subspan(line.offset, line.bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TrainingRow JsonlSource::row(std::int64_t index, std::uint64_t) const {
  return parse_training_row(text(rows_.at(static_cast<std::size_t>(index))), "row");
}

std::string JsonlSource::place(std::int64_t index) const {
  return name_ + ":" + std::to_string(rows_.at(static_cast<std::size_t>(index)).number);
}

std::vector<std::int64_t> JsonlSource::by_difficulty() const {
  return dataset_sorted(*rows(), [this](std::int64_t i) { return rows_[static_cast<std::size_t>(i)].difficulty; });
}

RowSubset::RowSubset(std::shared_ptr<const RowSource> source, std::vector<std::int64_t> rows)
    : source_(std::move(source)), rows_(std::move(rows)) {}

TrainingRow RowSubset::row(std::int64_t index, std::uint64_t seed) const {
  return source_->row(rows_.at(static_cast<std::size_t>(index)), seed);
}

std::string RowSubset::place(std::int64_t index) const {
  return source_->place(rows_.at(static_cast<std::size_t>(index)));
}

std::vector<std::int64_t> RowSubset::by_difficulty() const {
  const std::vector<std::int64_t> whole = source_->by_difficulty();
  if (whole.empty()) return {};
  std::vector<std::int64_t> rank(whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i)
    rank[static_cast<std::size_t>(whole[i])] = static_cast<std::int64_t>(i);
  return dataset_sorted(
      *rows(), [&](std::int64_t i) { return rank[static_cast<std::size_t>(rows_[static_cast<std::size_t>(i)])]; });
}

HeldOut hold_out(std::shared_ptr<const RowSource> source, std::int64_t count, std::uint64_t seed) {
  if (!source->rows()) throw ArgumentError(source->name() + ": without end, want a file to hold rows out of");
  const std::int64_t rows = *source->rows();
  if (count >= rows) {
    throw FormatError(source->name() + ": " + std::to_string(rows) + " rows, want more than the " +
                      std::to_string(count) + " that are held out");
  }
  std::vector<std::int64_t> kept;
  std::vector<std::int64_t> held;
  for (std::int64_t i = 0; i < rows; ++i) (shuffled_index(i, rows, seed) < count ? held : kept).push_back(i);
  return {std::make_shared<RowSubset>(source, std::move(kept)), std::make_shared<RowSubset>(source, std::move(held))};
}

// The finaliser of splitmix64 over both.
std::uint64_t mix_seed(std::uint64_t seed, std::uint64_t number) noexcept {
  std::uint64_t z = seed + 0x9e3779b97f4a7c15ULL * (number + 1);
  for (int i = 0; i < 2; ++i) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
  }
  return z;
}

// A Feistel network of four rounds over the next even number of bits; what falls outside is sent through again.
std::int64_t shuffled_index(std::int64_t index, std::int64_t count, std::uint64_t seed) {
  if (index < 0 || index >= count) throw ArgumentError("shuffled_index: " + std::to_string(index) + " is out of range");
  int half = 1;
  while (half < 31 && (std::int64_t{1} << (2 * half)) < count) ++half;
  const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
  auto value = static_cast<std::uint64_t>(index);
  do {
    std::uint64_t left = value >> half;
    std::uint64_t right = value & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      left = std::exchange(right, left ^ (mix_seed(seed + round, right) & mask));
    }
    value = left << half | right;
  } while (value >= static_cast<std::uint64_t>(count));
  return static_cast<std::int64_t>(value);
}

}  // namespace holdfast
