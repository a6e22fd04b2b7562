// A model's Markdown as LaTeX that compiles: text escaped, formulas kept where every command in them is a known one of
// mathematics, else shown as they were written. Nothing in the result reads a file or runs a program.
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

// Plain text; what pdfTeX has no letter for is written by a macro of latex_preamble().
[[nodiscard]] std::string escape_latex(std::string_view text);

// For inside $ $ or \[ \]. Empty: it is not safe, or would not compile.
[[nodiscard]] std::string latex_formula(std::string_view tex);

[[nodiscard]] std::string latex_of_markdown(std::string_view markdown);

// Everything up to \begin{document}: for pdfLaTeX, XeLaTeX and LuaLaTeX alike.
[[nodiscard]] std::string_view latex_preamble();

}  // namespace holdfast
