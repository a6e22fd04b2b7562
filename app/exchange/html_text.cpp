#include "app/exchange/html_text.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace holdfast {
namespace {

constexpr std::size_t deepest_html = 64;  // of nested blocks and spans that are written as such

class HtmlWriter final : public MarkdownReader {
 public:
  explicit HtmlWriter(const FormulaHtml& formula) : formula_(formula) {}
  std::string html;

 protected:
  void enter_block(MD_BLOCKTYPE type, void* detail) override {
    switch (type) {
      case MD_BLOCK_QUOTE: return open("blockquote");
      case MD_BLOCK_UL: return open("ul");
      case MD_BLOCK_OL: {
        const unsigned start = static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start;
        return open("ol", start == 1 ? "" : " start=\"" + std::to_string(start) + "\"");
      }
      case MD_BLOCK_LI: {
        const auto* item = static_cast<MD_BLOCK_LI_DETAIL*>(detail);
        open("li", item->is_task != 0 ? " class=\"task\"" : "");
        if (item->is_task != 0) html += item->task_mark == ' ' ? "\u2610 " : "\u2611 ";
        return;
      }
      case MD_BLOCK_HR: html += "<hr>\n"; return;
      case MD_BLOCK_H: {
        // The document's own headings are larger.
        const unsigned level = std::min(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level + 2, 6u);
        return open("h" + std::to_string(level));
      }
      case MD_BLOCK_CODE: open("pre"); return open("code");
      case MD_BLOCK_P: return open("p");
      case MD_BLOCK_TABLE: return open("table");
      case MD_BLOCK_THEAD: return open("thead");
      case MD_BLOCK_TBODY: return open("tbody");
      case MD_BLOCK_TR: return open("tr");
      case MD_BLOCK_TH:
      case MD_BLOCK_TD: {
        const auto align = static_cast<MD_BLOCK_TD_DETAIL*>(detail)->align;
        return open(type == MD_BLOCK_TH ? "th" : "td", align == MD_ALIGN_RIGHT    ? " class=\"right\""
                                                       : align == MD_ALIGN_CENTER ? " class=\"center\""
                                                                                  : "");
      }
      default: return;
    }
  }
  void leave_block(MD_BLOCKTYPE type, void*) override {
    if (type == MD_BLOCK_DOC || type == MD_BLOCK_HR || type == MD_BLOCK_HTML) return;
    close();
    if (type == MD_BLOCK_CODE) close();
    if (type != MD_BLOCK_TH && type != MD_BLOCK_TD) html += '\n';
  }
  void enter_span(MD_SPANTYPE type, void* detail) override {
    switch (type) {
      case MD_SPAN_EM: return open("em");
      case MD_SPAN_STRONG: return open("strong");
      case MD_SPAN_DEL: return open("del");
      case MD_SPAN_CODE: return open("code");
      case MD_SPAN_IMG: return open("em");
      case MD_SPAN_A: {
        // Shown, never followed.
        const MD_ATTRIBUTE& href = static_cast<MD_SPAN_A_DETAIL*>(detail)->href;
        const std::string_view address(href.text == nullptr ? "" : href.text, href.text == nullptr ? 0 : href.size);
        return open("span", " class=\"link\" title=\"" + escape_html(address.substr(0, 500)) + "\"");
      }
      default: return open("span");
    }
  }
  void leave_span(MD_SPANTYPE, void*) override { close(); }
  void text(std::string_view run) override { html += escape_html(run); }
  void code_text(std::string_view run) override { html += escape_html(run); }
  // As in the window, a line of the text is a line; a formula on its own ends one already.
  void line_break(bool) override { html += displayed_at_ == html.size() ? "\n" : "<br>\n"; }
  void formula(const TextFormula& formula) override {
    const std::string picture = formula_(formula);
    const std::string label = " role=\"img\" aria-label=\"" + escape_html(formula.tex) + "\"";
    if (picture.empty()) {
      html += "<code class=\"tex\">" + escape_html(formula.source) + "</code>";
    } else if (formula.display) {
      html += "<span class=\"display\"" + label + ">" + picture + "</span>";
      displayed_at_ = html.size();
    } else {
      html += "<span class=\"formula\"" + label + ">" + picture + "</span>";
    }
  }

 private:
  // What is nested too deeply keeps its text and loses its element.
  void open(const std::string& name, const std::string& attributes = {}) {
    open_.push_back(open_.size() < deepest_html ? name : std::string());
    if (!open_.back().empty()) html += "<" + name + attributes + ">";
  }
  void close() {
    if (open_.empty()) return;
    if (!open_.back().empty()) html += "</" + open_.back() + ">";
    open_.pop_back();
  }

  const FormulaHtml& formula_;
  std::size_t displayed_at_ = 0;  // where the last formula on its own ended
  std::vector<std::string> open_;
};

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default:
        // Control characters are no part of HTML.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') escaped += c;
    }
  }
  return escaped;
}

std::string html_of_markdown(std::string_view markdown, const FormulaHtml& formula) {
  HtmlWriter writer(formula);
  writer.read(markdown);
  return std::move(writer.html);
}

}  // namespace holdfast
