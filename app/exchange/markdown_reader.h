// Reads a model's Markdown (md4c) as events, formulas taken out first: what HTML and LaTeX are written from. Raw HTML
// is text; the text is hostile and nothing in it is trusted to be well formed.
#pragma once

#include <md4c.h>

#include <string>
#include <string_view>

#include "app/exchange/formula_scan.h"

namespace holdfast {

using TextFormula = ScannedFormula<char>;

class MarkdownReader {
 public:
  virtual ~MarkdownReader() = default;
  void read(std::string_view markdown);

 protected:
  // md4c's kinds and details; a table's cells are blocks.
  virtual void enter_block(MD_BLOCKTYPE type, void* detail) = 0;
  virtual void leave_block(MD_BLOCKTYPE type, void* detail) = 0;
  virtual void enter_span(MD_SPANTYPE type, void* detail) = 0;
  virtual void leave_span(MD_SPANTYPE type, void* detail) = 0;
  virtual void text(std::string_view run) = 0;       // plain, entities replaced
  virtual void code_text(std::string_view run) = 0;  // in a block or span of code
  virtual void line_break(bool hard) = 0;
  virtual void formula(const TextFormula& formula) = 0;

 private:
  void run_of(MD_TEXTTYPE type, std::string_view run);
  ScannedMarkdown<char> source_;
};

}  // namespace holdfast
