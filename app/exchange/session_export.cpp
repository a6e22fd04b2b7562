#include "app/exchange/session_export.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "app/exchange/formula_scan.h"
#include "app/exchange/latex_text.h"
#include "engine/utf8.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr auto export_formats = std::to_array<ExportFormatInfo>({
    {ExportFormat::markdown, "md", "md", "Markdown"},
    {ExportFormat::html, "html", "html", "HTML page with typeset formulas"},
    {ExportFormat::pdf, "pdf", "pdf", "PDF with typeset formulas"},
    {ExportFormat::latex, "tex", "tex", "LaTeX document"},
    {ExportFormat::jsonl, "jsonl", "jsonl", "Holdfast session, complete"},
    {ExportFormat::sharegpt, "sharegpt", "jsonl", "Training rows, ShareGPT"},
    {ExportFormat::messages, "messages", "jsonl", "Training rows, OpenAI messages"},
});

// Every line with a mark before it.
std::string quoted_lines(std::string_view text) {
  std::string quoted;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    quoted += end == begin ? ">" : "> " + std::string(text.substr(begin, end - begin));
    quoted += '\n';
    begin = end + 1;
  }
  return quoted;
}

std::string trimmed_text(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin));
}

// On one line, for a heading.
std::string heading_text(std::string_view text) {
  std::string line = trimmed_text(text);
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

std::string markdown_document(const WholeSession& whole, const ExportOptions& options) {
  std::string document = "# " + heading_text(session_title(whole)) + "\n\n*" + session_subtitle(whole) + "*\n";
  for (const OutlineEntry& entry : session_outline(whole, options)) {
    document += "\n## " + entry.heading + "\n\n";
    if (entry.node == nullptr) continue;
    std::string text = trimmed_text(repair_utf8(entry.node->text));
    // A block of code that was never closed must not swallow what follows.
    if (const std::string fence = open_fence(text); !fence.empty()) text += "\n" + fence;
    document += entry.node->kind == NodeKind::thought ? quoted_lines(text) : text + "\n";
    if (!entry.facts.empty()) document += "\n*" + entry.facts + "*\n";
  }
  return document;
}

std::string latex_document(const WholeSession& whole, const ExportOptions& options) {
  std::string document(latex_preamble());
  document += "\\title{" + escape_latex(heading_text(session_title(whole))) + "}\n\\author{}\n\\date{" +
              escape_latex(session_subtitle(whole)) + "}\n\n\\begin{document}\n\\maketitle\n";
  for (const OutlineEntry& entry : session_outline(whole, options)) {
    document += "\n\\" + std::string(entry.node == nullptr ? "section*{" : "subsection*{") +
                escape_latex(entry.heading) + "}\n\n";
    if (entry.node == nullptr) continue;
    const bool thought = entry.node->kind == NodeKind::thought;
    // What stands in a group ends with it: a thought is small.
    if (thought) document += "{\\small\n";
    document += latex_of_markdown(entry.node->text) + "\n";
    if (thought) document += "\\par}\n";
    if (!entry.facts.empty()) document += "\n{\\footnotesize " + escape_latex(entry.facts) + "\\par}\n";
  }
  return document + "\n\\end{document}\n";
}

constexpr std::string_view html_style = R"(
:root { color-scheme: light dark; --text: #1c2022; --muted: #62686c; --ground: #ffffff; --soft: #f1f3f1; --line: #dadcd8; --accent: #1f6f68; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e6e4; --muted: #9ba2a3; --ground: #17191a; --soft: #1f2325; --line: #343839; --accent: #57b5aa; } }
body { margin: 0 auto; max-width: 46rem; padding: 2.5rem 1.25rem 4rem; background: var(--ground); color: var(--text); font: 1rem/1.6 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; overflow-wrap: break-word; }
header { border-bottom: 1px solid var(--line); margin-bottom: 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; }
header p, .facts { color: var(--muted); font-size: .85rem; margin: .2rem 0 1rem; }
h2 { font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: var(--accent); margin: 2rem 0 .4rem; }
h2.branch { border-top: 1px solid var(--line); padding-top: 1.2rem; color: var(--muted); }
h3, h4, h5, h6 { margin: 1.2em 0 .4em; line-height: 1.3; }
section.user > div { background: var(--soft); border-radius: 10px; padding: .2rem 1rem; }
section.thought > div { border-left: 3px solid var(--line); color: var(--muted); padding-left: 1rem; font-size: .93rem; }
blockquote { border-left: 3px solid var(--line); margin: .8em 0; padding-left: 1rem; color: var(--muted); }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; overflow-x: auto; font-size: .88rem; line-height: 1.45; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .92em; background: var(--soft); border-radius: 4px; padding: .05em .25em; }
pre code { background: none; padding: 0; font-size: 1em; }
table { border-collapse: collapse; margin: 1em 0; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .3em .7em; text-align: left; }
th.right, td.right { text-align: right; } th.center, td.center { text-align: center; }
li.task { list-style: none; margin-left: -1.2em; }
.link { color: var(--accent); text-decoration: underline; }
.display { display: block; text-align: center; margin: .9em 0; overflow-x: auto; }
svg { fill: currentColor; overflow: visible; }
hr { border: 0; border-top: 1px solid var(--line); margin: 1.5em 0; }
@media print { body { max-width: none; padding: 0; } section > h2 { break-after: avoid; } pre, table, .display { break-inside: avoid; } }
)";

// A title's formulas are typeset, and nothing else in it.
std::string html_title(const std::string& title, const FormulaHtml& picture) {
  ScannedMarkdown<char> source = scan_formulas<char>(title);
  // The scanner keeps Markdown from taking 2*3*4 for emphasis; here is no Markdown.
  for (std::size_t at = 0; (at = source.markdown.find("\\*", at)) != std::string::npos;) source.markdown.erase(at, 1);
  const std::string_view text = source.markdown;
  std::string html;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto mark = mark_at(text, at);
    if (!mark || mark->index >= source.formulas.size()) {
      ++at;
      continue;
    }
    TextFormula formula = source.formulas[mark->index];
    formula.display = false;
    const std::string shown = picture(formula);
    html += escape_html(text.substr(begin, at - begin)) + (shown.empty() ? escape_html(formula.source) : shown);
    at += mark->length;
    begin = at;
  }
  return html + escape_html(text.substr(begin));
}

// Assistant's turns as one text, the thought between its marks.
std::string reply_text(std::string_view thought, std::string_view answer, bool with_thoughts) {
  if (!with_thoughts || thought.empty()) return std::string(answer);
  return "<think>\n" + std::string(thought) + "\n</think>\n\n" + std::string(answer);
}

struct Turn {
  NodeKind kind = NodeKind::user;
  std::string text;
};

// What of a branch can be learned from: up to its last answer that was not cut off.
std::vector<Turn> turns_of(const std::vector<const NodeRow*>& branch, bool with_thoughts) {
  std::vector<Turn> turns;
  std::string thought;
  std::size_t whole_until = 0;
  for (const NodeRow* node : branch) {
    const std::string text = trimmed_text(repair_utf8(node->text));
    if (node->kind == NodeKind::note || text.empty()) continue;
    if (node->kind == NodeKind::thought) {
      thought += (thought.empty() ? "" : "\n\n") + text;
      continue;
    }
    if (node->kind != NodeKind::answer) {
      thought.clear();
      turns.push_back({node->kind, text});
      continue;
    }
    turns.push_back({node->kind, reply_text(thought, text, with_thoughts)});
    thought.clear();
    const bool cut_off = node->running || node->stop_reason == "interrupted" || node->stop_reason == "error" ||
                         node->stop_reason == "cancelled" || node->stop_reason == "length";
    if (cut_off) break;
    whole_until = turns.size();
  }
  turns.resize(whole_until);
  return turns;
}

std::string row_of_turns_in(const std::vector<Turn>& turns, bool sharegpt) {
  OrderedJson list = OrderedJson::array();
  for (const Turn& turn : turns) {
    const char* role = turn.kind == NodeKind::system ? "system"
                       : turn.kind == NodeKind::user ? (sharegpt ? "human" : "user")
                                                     : (sharegpt ? "gpt" : "assistant");
    list.push_back(sharegpt ? OrderedJson{{"from", role}, {"value", turn.text}}
                            : OrderedJson{{"role", role}, {"content", turn.text}});
  }
  const OrderedJson row{{sharegpt ? "conversations" : "messages", std::move(list)}};
  return row.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string training_rows(const WholeSession& whole, const ExportOptions& options, bool sharegpt) {
  std::vector<std::vector<const NodeRow*>> branches;
  if (options.tree) {
    branches = all_branches(whole);
  } else {
    branches.push_back(shown_branch(whole));
  }
  std::vector<std::string> rows;
  for (const auto& branch : branches) {
    const std::vector<Turn> turns = turns_of(branch, options.thoughts);
    if (turns.empty()) continue;
    std::string row = row_of_turns_in(turns, sharegpt);
    // Branches that part behind their last answer are one row.
    if (std::ranges::find(rows, row) == rows.end()) rows.push_back(std::move(row));
  }
  if (rows.empty()) {
    throw FormatError("session " + std::to_string(whole.session.id.value) + ", \"" + session_title(whole) +
                      "\": no answer in it was finished, so there is nothing to train on");
  }
  std::string text;
  for (const std::string& row : rows) text += row;
  return text;
}

}  // namespace

const ExportFormatInfo& info(ExportFormat format) {
  return *std::ranges::find(export_formats, format, &ExportFormatInfo::format);
}

std::optional<ExportFormat> export_format(std::string_view name) {
  const auto* const found = std::ranges::find(export_formats, name, &ExportFormatInfo::name);
  return found == export_formats.end() ? std::nullopt : std::optional(found->format);
}

std::string export_session(const WholeSession& whole, ExportFormat format, const ExportOptions& options) {
  switch (format) {
    case ExportFormat::markdown: return markdown_document(whole, options);
    case ExportFormat::latex: return latex_document(whole, options);
    case ExportFormat::jsonl: return session_lines(whole);
    case ExportFormat::sharegpt: return training_rows(whole, options, true);
    case ExportFormat::messages: return training_rows(whole, options, false);
    case ExportFormat::html:
    case ExportFormat::pdf: break;
  }
  throw ArgumentError("export format " + std::string(info(format).name) + ": is made by the window's program");
}

std::string html_document(const WholeSession& whole, const ExportOptions& options, const FormulaHtml& formula) {
  const std::string plain = repair_utf8(heading_text(session_title(whole)));
  const std::string title = escape_html(plain);
  std::string document =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
      title + "</title>\n<style>" + std::string(html_style) + "</style>\n</head>\n<body>\n<header><h1>" +
      html_title(plain, formula) + "</h1><p>" + escape_html(repair_utf8(session_subtitle(whole))) + "</p></header>\n";
  for (const OutlineEntry& entry : session_outline(whole, options)) {
    if (entry.node == nullptr) {
      document += "<h2 class=\"branch\">" + escape_html(entry.heading) + "</h2>\n";
      continue;
    }
    document += "<section class=\"" + std::string(name(entry.node->kind)) + "\"><h2>" + escape_html(entry.heading) +
                "</h2>\n<div>" + html_of_markdown(entry.node->text, formula) + "</div>\n";
    if (!entry.facts.empty()) document += "<p class=\"facts\">" + escape_html(repair_utf8(entry.facts)) + "</p>\n";
    document += "</section>\n";
  }
  return document + "</body>\n</html>\n";
}

std::string export_file_name(const WholeSession& whole, ExportFormat format) {
  constexpr std::size_t longest_file_name = 60;
  std::string file;
  for (const char c : session_title(whole)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter) {
      file += c;
    } else if (!file.empty() && file.back() != '-') {
      file += '-';
    }
    if (file.size() == longest_file_name) break;
  }
  while (!file.empty() && file.back() == '-') file.pop_back();
  if (file.empty()) file = "session-" + std::to_string(whole.session.id.value);
  return file + "." + std::string(info(format).ending);
}

}  // namespace holdfast
