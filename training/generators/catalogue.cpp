#include "training/generators/catalogue.h"

#include <algorithm>
#include <string>

#include "kernels/error.h"

namespace holdfast::generators {
namespace {

std::vector<Family> gather_families() {
  std::vector<Family> all;
  for (const auto area : {arithmetic_families(),   fraction_families(), percent_families(),  everyday_families(),
                          rate_families(),         algebra_families(),  number_families(),   counting_families(),
                          geometry_families(),     story_families(),    question_families(), event_families(),
                          puzzle_families(),       change_families(),   errand_families(),   school_families(),
                          number_story_families(), market_families(),   journey_families(),  household_families(),
                          classroom_families(),    lesson_families(),   daily_families(),    letter_families(),
                          syllabus_families(),     telling_families(),  chain_families(),    composition_families()}) {
    all.insert(all.end(), area.begin(), area.end());
  }
  return all;
}

std::uint64_t hash_of(std::string_view name) {  // FNV-1a: families do not share their dice
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

// Some problems come as people ask them rather than as books print them.
void loosen(Maker& maker) {
  std::string& told = maker.problem.statement;
  if (told.starts_with("What is ") && maker.chance(25)) told.replace(0, 8, "What's ");
  if (maker.chance(6)) {
    const std::string_view before =
        maker.pick({"Please help: ", "Help me with this: ", "Question: ", "Hi! ", "Problem: "});
    told.insert(0, before);
  }
}

}  // namespace

std::span<const Family> catalogue() {
  static const std::vector<Family> all = gather_families();
  return all;
}

const Family& family(std::string_view name) {
  const auto found = std::ranges::find(catalogue(), name, &Family::name);
  if (found != catalogue().end()) return *found;
  std::string near;
  for (const Family& f : catalogue()) {
    if (!name.empty() && f.name.find(name.substr(0, 4)) != std::string_view::npos)
      near += (near.empty() ? "" : ", ") + std::string(f.name);
  }
  throw ArgumentError("family \"" + std::string(name) + "\": not known" + (near.empty() ? "" : "; near are " + near));
}

Problem make_problem(const Family& family, int level, std::uint64_t seed) {
  const int there = std::clamp(level, family.least_level, family.most_level);
  Maker maker(there, seed ^ hash_of(family.name) ^ static_cast<std::uint64_t>(there) << 56);
  maker.problem.family = family.name;
  maker.problem.concepts = family.concepts;
  family.make(maker);
  loosen(maker);
  return std::move(maker.problem);
}

}  // namespace holdfast::generators
