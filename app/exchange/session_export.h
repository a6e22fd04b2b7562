// A session as a file: documents to read, rows to train on, and a form of our own that loses nothing.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "app/exchange/html_text.h"
#include "app/exchange/session_outline.h"
#include "app/store/rows.h"

namespace holdfast {

enum class ExportFormat { markdown, html, pdf, latex, jsonl, sharegpt, messages };

struct ExportFormatInfo {
  ExportFormat format;
  std::string_view name;    // on the command line
  std::string_view ending;  // of files, without the point
  std::string_view what;    // for a person
};
[[nodiscard]] const ExportFormatInfo& info(ExportFormat format);
[[nodiscard]] std::optional<ExportFormat> export_format(std::string_view name);

// The whole file; throws ArgumentError for pdf, which the window's program makes, and for html, which needs pictures of
// the formulas: html_document(). Training rows leave out system notes, unanswered questions and what was cut off;
// throws FormatError when nothing is left.
[[nodiscard]] std::string export_session(const WholeSession& whole, ExportFormat format, const ExportOptions& options);

// Self-contained: fetches nothing, runs nothing, follows nothing.
[[nodiscard]] std::string html_document(const WholeSession& whole, const ExportOptions& options,
                                        const FormulaHtml& formula);

// Our own form, version 1: a line of the session, then one for each node, parents first. README.md lists the fields.
inline constexpr int session_lines_version = 1;
[[nodiscard]] std::string session_lines(const WholeSession& whole);

// A name for the file: letters, digits and hyphens of the title, with the format's ending.
[[nodiscard]] std::string export_file_name(const WholeSession& whole, ExportFormat format);

}  // namespace holdfast
