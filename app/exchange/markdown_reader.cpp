#include "app/exchange/markdown_reader.h"

#include <utility>

#include "engine/utf8.h"

namespace holdfast {
namespace {

std::string_view entity_text(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> known[] = {
      {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&nbsp;", "\u00a0"}, {"&#39;", "'"}};
  for (const auto& [entity, text] : known) {
    if (name == entity) return text;
  }
  return name;
}

}  // namespace

void MarkdownReader::read(std::string_view markdown) {
  const std::string whole = repair_utf8(markdown);
  source_ = scan_formulas<char>(whole);
  MD_PARSER parser{};
  parser.flags =
      MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_NOHTML | MD_FLAG_TASKLISTS | MD_FLAG_NOINDENTEDCODEBLOCKS;
  parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
    static_cast<MarkdownReader*>(self)->enter_block(type, detail);
    return 0;
  };
  parser.leave_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
    static_cast<MarkdownReader*>(self)->leave_block(type, detail);
    return 0;
  };
  parser.enter_span = [](MD_SPANTYPE type, void* detail, void* self) {
    static_cast<MarkdownReader*>(self)->enter_span(type, detail);
    return 0;
  };
  parser.leave_span = [](MD_SPANTYPE type, void* detail, void* self) {
    static_cast<MarkdownReader*>(self)->leave_span(type, detail);
    return 0;
  };
  parser.text = [](MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* self) {
    static_cast<MarkdownReader*>(self)->run_of(type, {text, size});
    return 0;
  };
  md_parse(source_.markdown.data(), static_cast<MD_SIZE>(source_.markdown.size()), &parser, this);
}

void MarkdownReader::run_of(MD_TEXTTYPE type, std::string_view run) {
  if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR) return line_break(type == MD_TEXT_BR);
  if (type == MD_TEXT_CODE) return code_text(run);
  if (type == MD_TEXT_NULLCHAR) return text("\ufffd");
  if (type == MD_TEXT_ENTITY) return text(entity_text(run));
  std::size_t begin = 0;
  for (std::size_t at = 0; at < run.size();) {
    const auto mark = mark_at(run, at);
    if (!mark || mark->index >= source_.formulas.size()) {
      ++at;
      continue;
    }
    if (at > begin) text(run.substr(begin, at - begin));
    formula(source_.formulas[mark->index]);
    at += mark->length;
    begin = at;
  }
  if (begin < run.size()) text(run.substr(begin));
}

}  // namespace holdfast
