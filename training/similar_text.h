// Texts that are nearly another: near-duplicates of a growing collection, and problems of a benchmark in new problems.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace holdfast {

// MinHash over shingles of three words with banded lookup (A. Broder 1997): finds texts of the collection whose set of
// shingles overlaps that of a new one. Words are compared in lower case without punctuation; numbers count as they are,
// so that the same problem with other numbers is a near-duplicate only if most of its wording is numberless.
class NearDuplicates {
 public:
  explicit NearDuplicates(double threshold = 0.7) : threshold_(threshold) {}  // of the estimated Jaccard similarity

  struct Match {
    std::size_t index = 0;  // in the order of add()
    double similarity = 0.0;
  };
  // The most similar text of at least the threshold; the first of equals.
  [[nodiscard]] std::optional<Match> find(std::string_view text) const;
  std::size_t add(std::string_view text);  // its index
  [[nodiscard]] std::size_t size() const noexcept { return signatures_.size(); }

 private:
  static constexpr std::size_t hashes_ = 128;
  static constexpr std::size_t rows_ = 4;  // of a band: two texts of similarity s share one of 32 by 1 - (1 - s^4)^32
  using Signature = std::array<std::uint64_t, hashes_>;
  [[nodiscard]] static Signature signature(std::string_view text);
  [[nodiscard]] static std::uint64_t band(const Signature& signature, std::size_t begin);

  double threshold_;
  std::vector<Signature> signatures_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> bands_;
};

// The runs of 13 words of some texts (a benchmark's problems). A text of fewer words counts as one run, whole.
class Contamination {
 public:
  static constexpr std::size_t run_words = 13;
  void add(std::string_view text);
  [[nodiscard]] bool touches(std::string_view text) const;  // it has a run that was added

 private:
  std::unordered_set<std::uint64_t> runs_;
  std::unordered_set<std::size_t> short_lengths_;  // of added texts below run_words words
};

}  // namespace holdfast
