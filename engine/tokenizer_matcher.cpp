#include "engine/tokenizer_matcher.h"

namespace holdfast {
namespace {

std::uint64_t matcher_edge(std::uint32_t node, char byte) {
  return (static_cast<std::uint64_t>(node) << 8) | static_cast<unsigned char>(byte);
}

}  // namespace

void TokenMatcher::add(std::string_view text, TokenId id, bool marker) {
  if (text.empty()) return;
  begins_[static_cast<unsigned char>(text[0])] = true;
  std::uint32_t node = 0;
  for (const char byte : text) {
    const auto [edge, added] = edges_.emplace(matcher_edge(node, byte), nodes_);
    if (added) ++nodes_;
    node = edge->second;
  }
  ends_[node] = {id, marker};
}

TokenMatcher::Match TokenMatcher::longest(std::string_view text, std::size_t at, bool markers) const {
  Match match;
  if (at >= text.size() || !begins_[static_cast<unsigned char>(text[at])]) return match;
  std::uint32_t node = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    const auto edge = edges_.find(matcher_edge(node, text[i]));
    if (edge == edges_.end()) break;
    node = edge->second;
    const auto end = ends_.find(node);
    if (end != ends_.end() && (markers || !end->second.marker)) match = {end->second.id, i + 1 - at};
  }
  return match;
}

}  // namespace holdfast
