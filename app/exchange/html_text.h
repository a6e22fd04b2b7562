// A model's Markdown as HTML: only elements of ours, all its text escaped, nothing that is fetched or followed.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "app/exchange/markdown_reader.h"

namespace holdfast {

[[nodiscard]] std::string escape_html(std::string_view text);

// What stands for a formula, as HTML; empty: its source does.
using FormulaHtml = std::function<std::string(const TextFormula&)>;

[[nodiscard]] std::string html_of_markdown(std::string_view markdown, const FormulaHtml& formula);

}  // namespace holdfast
