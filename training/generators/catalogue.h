// All families of problems, by name.
#pragma once

#include <span>

#include "training/generators/kit.h"

namespace holdfast::generators {

[[nodiscard]] std::span<const Family> catalogue();
[[nodiscard]] const Family& family(std::string_view name);  // throws ArgumentError listing the nearest names

// Pure: the same family, level and seed give the same text on every machine. A level that the family has not is brought
// to the nearest it has.
[[nodiscard]] Problem make_problem(const Family& family, int level, std::uint64_t seed);

// The areas, one file each.
[[nodiscard]] std::span<const Family> arithmetic_families();
[[nodiscard]] std::span<const Family> fraction_families();
[[nodiscard]] std::span<const Family> percent_families();
[[nodiscard]] std::span<const Family> everyday_families();
[[nodiscard]] std::span<const Family> rate_families();
[[nodiscard]] std::span<const Family> algebra_families();
[[nodiscard]] std::span<const Family> number_families();
[[nodiscard]] std::span<const Family> counting_families();
[[nodiscard]] std::span<const Family> geometry_families();
[[nodiscard]] std::span<const Family> story_families();
[[nodiscard]] std::span<const Family> question_families();
[[nodiscard]] std::span<const Family> event_families();
[[nodiscard]] std::span<const Family> puzzle_families();
[[nodiscard]] std::span<const Family> change_families();
[[nodiscard]] std::span<const Family> errand_families();
[[nodiscard]] std::span<const Family> school_families();
[[nodiscard]] std::span<const Family> number_story_families();
[[nodiscard]] std::span<const Family> market_families();
[[nodiscard]] std::span<const Family> journey_families();
[[nodiscard]] std::span<const Family> household_families();
[[nodiscard]] std::span<const Family> classroom_families();
[[nodiscard]] std::span<const Family> lesson_families();
[[nodiscard]] std::span<const Family> daily_families();
[[nodiscard]] std::span<const Family> letter_families();
[[nodiscard]] std::span<const Family> syllabus_families();
[[nodiscard]] std::span<const Family> telling_families();
[[nodiscard]] std::span<const Family> chain_families();
[[nodiscard]] std::span<const Family> composition_families();

}  // namespace holdfast::generators
