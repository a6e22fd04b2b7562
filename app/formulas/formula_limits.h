// What a formula may be, so that most that are hostile cost nothing: before the process is asked, and in its answer.
#pragma once

#include <QString>

namespace holdfast {

inline constexpr int longest_formula_tex = 2000;                   // in characters
inline constexpr int deepest_formula_tex = 60;                     // of braces, \left and \begin
inline constexpr qint64 longest_formula_answer = qint64{1} << 20;  // in bytes
inline constexpr const char* formulas_ready = "formulas";          // the process' first line

// Longer or deeper nested than a formula that somebody reads.
[[nodiscard]] bool is_too_much_tex(QStringView tex);

}  // namespace holdfast
