// What a problem states, and whether an answer fits it: 3x + 5 = 20 is not kept by x = 4, and nothing counts -1.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

// What is broken, as "3x + 5 = 20 with x = 4"; nothing where all holds that can be read. Read are problems that ask for
// x, y or z by itself, with equations of numbers and one or two of these letters; with two, the other one has to be
// found from all of them alike. Passed over is everything else: other letters, inequalities, functions, equations among
// words that may belong to them ("twice x = 8"), what is not asked for by its letter.
[[nodiscard]] std::optional<std::string> find_broken_equation(std::string_view problem, std::string_view answer);

// A count below zero, as "-1 is asked for by how many": 50 of 49 seats are taken. Temperatures and averages may be.
[[nodiscard]] std::optional<std::string> find_negative_count(std::string_view problem, std::string_view answer);

}  // namespace holdfast
