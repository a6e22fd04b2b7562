// The concept bank: what problems are made of, how often each occurs and with which others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast {

struct Concept {
  std::string name;
  std::string area;
  int level = 1;                           // from which level on problems use it
  std::vector<std::size_t> prerequisites;  // other concepts of the bank, never in a circle
  std::vector<std::string> signs;  // lower case; a text that uses the concept has one of them; empty = no telling
};

using ConceptLists = std::vector<std::vector<std::string>>;

class ConceptBank {
 public:
  // A table with the columns concept, area, level, prerequisites, goes with and signs, apart by tabs; lists apart by
  // "; ". Throws IoError; FormatError naming the line and what is wrong with it.
  [[nodiscard]] static ConceptBank load(const std::filesystem::path& file);
  [[nodiscard]] static ConceptBank parse(std::string_view text, const std::string& label);

  [[nodiscard]] std::span<const Concept> concepts() const noexcept { return concepts_; }
  [[nodiscard]] std::size_t size() const noexcept { return concepts_.size(); }
  [[nodiscard]] const Concept& operator[](std::size_t index) const { return concepts_.at(index); }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  [[nodiscard]] std::size_t index(std::string_view name) const;  // throws ArgumentError naming near ones
  [[nodiscard]] std::vector<std::string> areas() const;          // in the order of the file

  // Counts the concepts of known problems, a list each: what frequency() and together() are made of. A name twice in a
  // list counts once. Throws ArgumentError for a name that the bank has not.
  void count(const ConceptLists& lists);
  // Problems that use the concept, and one more, so that what no problem uses yet is drawn too.
  [[nodiscard]] double frequency(std::size_t concept_index) const { return 1.0 + lists_with_.at(concept_index); }
  // Problems that use both, and one more for a pair that the file says goes together.
  [[nodiscard]] double together(std::size_t a, std::size_t b) const { return together_.at(a * size() + b); }
  // Cosine, in [0, 1], of what two concepts stand on: themselves, their area, and their prerequisites, each step back
  // with half the weight.
  [[nodiscard]] double similarity(std::size_t a, std::size_t b) const { return similarity_.at(a * size() + b); }
  // Whether a text shows a sign of the concept: at the beginning of a word, where the sign begins with a letter.
  [[nodiscard]] bool shows(std::size_t concept_index, std::string_view text) const;

 private:
  void add_line(std::string_view line, const std::string& label);
  void check_no_circle(const std::string& label) const;
  void measure_similarity();

  std::vector<Concept> concepts_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::vector<double> lists_with_;
  std::vector<double> together_;    // (size, size), symmetric, 0 on the diagonal
  std::vector<double> similarity_;  // (size, size)
};

// The concepts of the generators' problems: each family's list, and for families that draw their concepts the lists of
// some of their problems. The same on every machine.
[[nodiscard]] ConceptLists family_concept_lists();

struct ConceptChoice {
  std::vector<std::size_t> pool{};      // drawn from these alone; empty = all
  std::vector<std::size_t> locked{};    // in every choice, in this order, first
  std::vector<std::size_t> excluded{};  // in none
  int level = 5;                        // concepts of higher levels are not drawn (but may be locked)
  std::int64_t count = 3;               // with the locked ones; fewer where no more can be drawn
  double temperature = 0.2;             // of the concepts after the first; over 0
};

// The chance of each concept of being drawn next, 0 for what may not be; all 0 when nothing may. The first is drawn by
// its frequency; the others by softmax over the mean, over those chosen, of together + similarity, by temperature (the
// method of PromptCoT, arXiv 2503.02324). Throws ArgumentError for a temperature that is not over 0.
[[nodiscard]] std::vector<double> concept_chances(const ConceptBank& bank, const ConceptChoice& choice,
                                                  std::span<const std::size_t> chosen);
// Draws without repeats; the same seed, the same concepts. Throws ArgumentError when nothing can be chosen, or a locked
// concept is also excluded.
[[nodiscard]] std::vector<std::size_t> choose_concepts(const ConceptBank& bank, const ConceptChoice& choice,
                                                       std::uint64_t seed);

}  // namespace holdfast
