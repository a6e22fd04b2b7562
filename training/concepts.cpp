#include "training/concepts.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "engine/mapped_file.h"
#include "kernels/error.h"
#include "training/generators/catalogue.h"
#include "training/random.h"

namespace holdfast {
namespace {

constexpr std::size_t concepts_most_bytes = std::size_t{4} << 20;
constexpr std::size_t concepts_most = 4096;  // pairs are kept in full
constexpr std::size_t concepts_longest_name = 80;
constexpr std::string_view concepts_head = "concept\tarea\tlevel\tprerequisites\tgoes with\tsigns";
constexpr std::uint64_t concepts_seeds_of_drawn = 8;  // problems of a family that draws its concepts, on each level

[[noreturn]] void concepts_failed(const std::string& label, const std::string& reason) {
  throw FormatError(label + ": " + reason);
}

std::string concepts_quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 60)) + "\""; }

std::vector<std::string_view> concepts_cut(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

std::vector<std::string> concepts_list(std::string_view text) {
  std::vector<std::string> list;
  if (text.empty()) return list;
  for (const std::string_view part : concepts_cut(text, "; ")) list.emplace_back(part);
  return list;
}

void concepts_check_name(std::string_view name, const std::string& what, const std::string& label) {
  const bool control = std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (name.empty() || name.size() > concepts_longest_name || control || name.front() == ' ' || name.back() == ' ') {
    concepts_failed(label, what + " " + concepts_quoted(name) + ", want 1 to " + std::to_string(concepts_longest_name) +
                               " plain characters without spaces around them");
  }
}

char concepts_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool concepts_letter(char c) {
  const char low = concepts_lower(c);
  return (low >= 'a' && low <= 'z') || (c & 0x80) != 0;
}

bool concepts_has(const std::vector<std::size_t>& list, std::size_t value) {
  return std::ranges::find(list, value) != list.end();
}

}  // namespace

ConceptBank ConceptBank::load(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  if (mapped->bytes().size() > concepts_most_bytes) {
    concepts_failed(file.string(), std::to_string(mapped->bytes().size()) + " bytes, want at most " +
                                       std::to_string(concepts_most_bytes));
  }
  return parse({reinterpret_cast<const char*>(mapped->bytes().data()), mapped->bytes().size()}, file.string());
}

ConceptBank ConceptBank::parse(std::string_view text, const std::string& label) {
  ConceptBank bank;
  std::vector<std::string> prerequisites, goes_with, places;
  std::size_t number = 0;
  for (std::string_view line : concepts_cut(text, "\n")) {
    const std::string place = label + ":" + std::to_string(++number);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (number == 1 && line != concepts_head) {
      concepts_failed(place, "head " + concepts_quoted(line) + ", want the columns concept, area, level, " +
                                 "prerequisites, goes with and signs apart by tabs");
    }
    if (number == 1 || line.empty()) continue;
    bank.add_line(line, place);
    const auto columns = concepts_cut(line, "\t");
    prerequisites.emplace_back(columns[3]);
    goes_with.emplace_back(columns[4]);
    places.push_back(place);
  }
  if (bank.concepts_.empty()) concepts_failed(label, "no concepts, want at least one");
  bank.lists_with_.assign(bank.size(), 0.0);
  bank.together_.assign(bank.size() * bank.size(), 0.0);
  for (std::size_t i = 0; i < bank.size(); ++i) {
    const auto known = [&](const std::string& name, const char* column) {
      const auto found = bank.find(name);
      if (!found)
        concepts_failed(places[i], std::string(column) + ": " + concepts_quoted(name) + " is not in the bank");
      if (*found == i) concepts_failed(places[i], std::string(column) + ": the concept itself, want others");
      return *found;
    };
    for (const std::string& name : concepts_list(prerequisites[i])) {
      bank.concepts_[i].prerequisites.push_back(known(name, "prerequisites"));
    }
    for (const std::string& name : concepts_list(goes_with[i])) {
      const std::size_t other = known(name, "goes with");
      bank.together_[i * bank.size() + other] = bank.together_[other * bank.size() + i] = 1.0;
    }
  }
  bank.check_no_circle(label);
  bank.measure_similarity();
  return bank;
}

void ConceptBank::add_line(std::string_view line, const std::string& label) {
  const auto columns = concepts_cut(line, "\t");
  if (columns.size() != 6) {
    concepts_failed(label, std::to_string(columns.size()) + " columns, want 6: concept, area, level, prerequisites, " +
                               "goes with, signs");
  }
  if (concepts_.size() == concepts_most) {
    concepts_failed(label, "more than " + std::to_string(concepts_most) + " concepts");
  }
  Concept made;
  made.name = columns[0];
  made.area = columns[1];
  concepts_check_name(made.name, "concept", label);
  concepts_check_name(made.area, "area", label);
  if (made.name.find_first_of(",;") != std::string::npos) {
    concepts_failed(label, "concept " + concepts_quoted(made.name) + ", want no comma or semicolon in it");
  }
  const char* end = columns[2].data() + columns[2].size();
  const auto read = std::from_chars(columns[2].data(), end, made.level);
  if (read.ec != std::errc{} || read.ptr != end || made.level < easiest_level || made.level > hardest_level) {
    concepts_failed(label, "level " + concepts_quoted(columns[2]) + ", want 1 to 5");
  }
  made.signs = concepts_list(columns[5]);
  for (std::string& sign : made.signs) {
    concepts_check_name(sign, "sign", label);
    std::ranges::transform(sign, sign.begin(), concepts_lower);
  }
  if (!by_name_.emplace(made.name, concepts_.size()).second) {
    concepts_failed(label, "concept " + concepts_quoted(made.name) + " stands twice");
  }
  concepts_.push_back(std::move(made));
}

// Takes away what has no prerequisites left, until nothing is left or nothing can go.
void ConceptBank::check_no_circle(const std::string& label) const {
  std::vector<bool> gone(size());
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t i = 0; i < size(); ++i) {
      if (gone[i] || !std::ranges::all_of(concepts_[i].prerequisites, [&](std::size_t p) { return gone[p]; })) continue;
      gone[i] = moved = true;
    }
  }
  for (std::size_t i = 0; i < size(); ++i) {
    if (!gone[i]) concepts_failed(label, "prerequisites: " + concepts_quoted(concepts_[i].name) + " needs itself");
  }
}

void ConceptBank::measure_similarity() {
  // One vector a concept: what it stands on, and its area as one more place behind the concepts.
  std::vector<std::map<std::size_t, double>> stands_on(size());
  std::map<std::string, std::size_t> areas;
  for (std::size_t i = 0; i < size(); ++i) {
    double weight = 1.0;
    std::vector<std::size_t> now{i};
    while (!now.empty()) {
      std::vector<std::size_t> before;
      for (const std::size_t at : now) {
        if (!stands_on[i].emplace(at, weight).second) continue;  // the shortest way counts
        before.insert(before.end(), concepts_[at].prerequisites.begin(), concepts_[at].prerequisites.end());
      }
      now = std::move(before);
      weight /= 2.0;
    }
    const std::size_t area = size() + areas.emplace(concepts_[i].area, areas.size()).first->second;
    stands_on[i].emplace(area, 1.0);
  }
  const auto product = [](const auto& a, const auto& b) {
    double sum = 0.0;
    for (const auto& [place, weight] : a) {
      const auto other = b.find(place);
      if (other != b.end()) sum += weight * other->second;
    }
    return sum;
  };
  similarity_.resize(size() * size());
  for (std::size_t i = 0; i < size(); ++i) {
    for (std::size_t j = 0; j < size(); ++j) {
      const double lengths = std::sqrt(product(stands_on[i], stands_on[i]) * product(stands_on[j], stands_on[j]));
      similarity_[i * size() + j] = product(stands_on[i], stands_on[j]) / lengths;
    }
  }
}

std::optional<std::size_t> ConceptBank::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

std::size_t ConceptBank::index(std::string_view name) const {
  if (const auto found = find(name)) return *found;
  std::string near;
  for (const Concept& known : concepts_) {
    const bool alike =
        name.size() >= 3 && (known.name.find(name.substr(0, 4)) != std::string::npos || known.area == name);
    if (alike) near += (near.empty() ? "" : ", ") + known.name;
  }
  throw ArgumentError("concept " + concepts_quoted(name) + ": not in the bank" +
                      (near.empty() ? "" : "; near are " + near));
}

std::vector<std::string> ConceptBank::areas() const {
  std::vector<std::string> areas;
  for (const Concept& known : concepts_) {
    if (std::ranges::find(areas, known.area) == areas.end()) areas.push_back(known.area);
  }
  return areas;
}

void ConceptBank::count(const ConceptLists& lists) {
  for (const auto& list : lists) {
    std::set<std::size_t> distinct;
    for (const std::string& name : list) distinct.insert(index(name));
    for (const std::size_t a : distinct) {
      lists_with_[a] += 1.0;
      for (const std::size_t b : distinct) {
        if (a != b) together_[a * size() + b] += 1.0;
      }
    }
  }
}

bool ConceptBank::shows(std::size_t concept_index, std::string_view text) const {
  std::string low(text);
  std::ranges::transform(low, low.begin(), concepts_lower);
  return std::ranges::any_of(concepts_.at(concept_index).signs, [&](const std::string& sign) {
    for (std::size_t at = low.find(sign); at != std::string::npos; at = low.find(sign, at + 1)) {
      if (at == 0 || !concepts_letter(sign.front()) || !concepts_letter(low[at - 1])) return true;
    }
    return false;
  });
}

ConceptLists family_concept_lists() {
  ConceptLists lists;
  const auto add = [&](const std::vector<std::string_view>& names) { lists.emplace_back(names.begin(), names.end()); };
  for (const generators::Family& family : generators::catalogue()) {
    if (!family.concepts.empty()) {
      add(family.concepts);
      continue;
    }
    for (int level = family.least_level; level <= family.most_level; ++level) {
      for (std::uint64_t seed = 0; seed < concepts_seeds_of_drawn; ++seed) {
        add(generators::make_problem(family, level, seed).concepts);
      }
    }
  }
  return lists;
}

std::vector<double> concept_chances(const ConceptBank& bank, const ConceptChoice& choice,
                                    std::span<const std::size_t> chosen) {
  if (!(choice.temperature > 0.0) || !std::isfinite(choice.temperature)) {
    throw ArgumentError("temperature of concepts: " + std::to_string(choice.temperature) + ", want over 0");
  }
  constexpr double none = -std::numeric_limits<double>::infinity();
  std::vector<double> scores(bank.size(), none);
  double most = none;
  for (std::size_t i = 0; i < bank.size(); ++i) {
    const bool allowed = bank[i].level <= choice.level && (choice.pool.empty() || concepts_has(choice.pool, i)) &&
                         !concepts_has(choice.excluded, i) && std::ranges::find(chosen, i) == chosen.end();
    if (!allowed) continue;
    double score = 0.0;
    for (const std::size_t with : chosen) score += bank.together(i, with) + bank.similarity(i, with);
    scores[i] =
        chosen.empty() ? std::log(bank.frequency(i)) : score / static_cast<double>(chosen.size()) / choice.temperature;
    most = std::max(most, scores[i]);
  }
  if (most == none) return std::vector<double>(bank.size(), 0.0);
  double sum = 0.0;  // the log-sum-exp's: nothing overflows however low the temperature
  for (const double score : scores) sum += std::exp(score - most);
  for (double& score : scores) score = std::exp(score - most) / sum;
  return scores;
}

std::vector<std::size_t> choose_concepts(const ConceptBank& bank, const ConceptChoice& choice, std::uint64_t seed) {
  std::vector<std::size_t> chosen;
  for (const std::size_t locked : choice.locked) {
    if (concepts_has(choice.excluded, locked)) {
      throw ArgumentError("concept " + concepts_quoted(bank[locked].name) + ": both locked and excluded");
    }
    if (!concepts_has(chosen, locked)) chosen.push_back(locked);
  }
  TrainingRandom random(seed);
  while (static_cast<std::int64_t>(chosen.size()) < choice.count) {
    const std::vector<double> chances = concept_chances(bank, choice, chosen);
    double left = random.uniform();
    std::optional<std::size_t> drawn;
    for (std::size_t i = 0; i < chances.size(); ++i) {
      if (chances[i] == 0.0) continue;
      drawn = i;  // the last one takes what rounding leaves over
      if (left < chances[i]) break;
      left -= chances[i];
    }
    if (!drawn) break;
    chosen.push_back(*drawn);
  }
  if (chosen.empty()) throw ArgumentError("concepts: none can be chosen, want more of them or a higher level");
  return chosen;
}

}  // namespace holdfast
