// The arithmetic that a solution writes out, checked: 760 / 7 = 180 is seen to be false.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

// The first equation between numbers in a text that does not hold, as "760 / 7 = 180"; nothing where all that can be
// read do. Read are equations of numbers alone, plain or in LaTeX (\times, \cdot, \div, \frac), also as links of a chain
// (3x = 76 - 38 = 38). Passed over is what may mean something else: sides with letters, units, per cent, times of day,
// a question ("= 10?"), a number with words behind it (17 / 5 = 3 remainder 2). A decimal number stands for what rounds
// or is cut to it: 1/3 = 0.33 holds. The work is bounded, whatever the text.
[[nodiscard]] std::optional<std::string> find_false_step(std::string_view text);

}  // namespace holdfast
