// What LaTeX with amsmath, amssymb, mathtools and cancel knows of mathematics, and what Unicode signs are called in it.
#pragma once

#include <string_view>

namespace holdfast {

// A command without its backslash that is safe and defined inside a formula. Those that define, read or run anything
// are not.
[[nodiscard]] bool is_math_command(std::string_view name);
[[nodiscard]] bool is_math_environment(std::string_view name);  // inside a formula

// The command for a sign, for inside a formula ("\\le"); empty: it has none.
[[nodiscard]] std::string_view math_sign(char32_t c);

}  // namespace holdfast
