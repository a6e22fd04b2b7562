#include "engine/bpe.h"

#include <algorithm>
#include <array>
#include <limits>
#include <queue>

#include "engine/utf8.h"

namespace holdfast {
namespace {

constexpr std::size_t bpe_short_word = 32;  // below, scanning for the best pair beats a queue

std::uint64_t bpe_pair(TokenId left, TokenId right) noexcept {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
}

std::size_t bpe_hash(std::uint64_t pair) noexcept {
  pair *= 0x9E3779B97F4A7C15u;
  pair ^= pair >> 32;
  pair *= 0xD6E8FEB86659FD93u;
  return static_cast<std::size_t>(pair ^ (pair >> 32));
}

}  // namespace

void BpeMerges::reserve(std::size_t merges) {
  std::size_t size = 16;
  while (size < 2 * merges) size *= 2;
  if (size <= rules_.size()) return;
  const std::vector<Rule> old = std::exchange(rules_, std::vector<Rule>(size));
  for (const Rule& rule : old) {
    if (rule.pair != empty) slot(rule.pair) = rule;
  }
}

BpeMerges::Rule& BpeMerges::slot(std::uint64_t pair) noexcept {
  const std::size_t mask = rules_.size() - 1;
  std::size_t at = bpe_hash(pair) & mask;
  while (rules_[at].pair != empty && rules_[at].pair != pair) at = (at + 1) & mask;
  return rules_[at];
}

const BpeMerges::Rule* BpeMerges::find(TokenId left, TokenId right) const noexcept {
  if (count_ == 0) return nullptr;
  const std::uint64_t pair = bpe_pair(left, right);
  const std::size_t mask = rules_.size() - 1;
  for (std::size_t at = bpe_hash(pair) & mask;; at = (at + 1) & mask) {
    if (rules_[at].pair == pair) return &rules_[at];
    if (rules_[at].pair == empty) return nullptr;
  }
}

void BpeMerges::add(TokenId left, TokenId right, TokenId merged) {
  reserve(count_ + 1);
  Rule& rule = slot(bpe_pair(left, right));
  if (rule.pair == empty) ++count_;
  rule = {bpe_pair(left, right), next_rank_++, merged};
}

void BpeMerges::apply(std::vector<TokenId>& symbols) const {
  if (symbols.size() < 2 || count_ == 0) return;
  if (symbols.size() <= bpe_short_word) {
    apply_short(symbols);
  } else {
    apply_long(symbols);
  }
}

void BpeMerges::apply_short(std::vector<TokenId>& symbols) const {
  std::array<const Rule*, bpe_short_word> rules;
  std::size_t count = symbols.size();
  for (std::size_t i = 0; i + 1 < count; ++i) rules[i] = find(symbols[i], symbols[i + 1]);
  while (count > 1) {
    std::size_t best = count;
    std::int32_t best_rank = std::numeric_limits<std::int32_t>::max();
    for (std::size_t i = 0; i + 1 < count; ++i) {
      if (rules[i] != nullptr && rules[i]->rank < best_rank) {
        best = i;
        best_rank = rules[i]->rank;
      }
    }
    if (best == count) break;
    symbols[best] = rules[best]->merged;
    for (std::size_t i = best + 1; i + 1 < count; ++i) symbols[i] = symbols[i + 1];
    for (std::size_t i = best + 1; i + 2 < count; ++i) rules[i] = rules[i + 1];
    --count;
    if (best > 0) rules[best - 1] = find(symbols[best - 1], symbols[best]);
    if (best + 1 < count) rules[best] = find(symbols[best], symbols[best + 1]);
  }
  symbols.resize(count);
}

// A doubly linked list of the symbols and a queue of possible merges; a merge whose symbols have changed is passed
// over.
void BpeMerges::apply_long(std::vector<TokenId>& symbols) const {
  struct Link {
    std::ptrdiff_t before, after;
  };
  struct Candidate {
    std::int32_t rank;
    std::ptrdiff_t at;
    std::uint64_t pair;
    TokenId merged;
  };
  const auto later = [](const Candidate& a, const Candidate& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.at > b.at;
  };
  constexpr TokenId gone = -1;
  const auto count = static_cast<std::ptrdiff_t>(symbols.size());
  const auto symbol = [&](std::ptrdiff_t i) -> TokenId& { return symbols[static_cast<std::size_t>(i)]; };
  std::vector<Link> links(symbols.size());
  const auto link = [&](std::ptrdiff_t i) -> Link& { return links[static_cast<std::size_t>(i)]; };
  std::priority_queue<Candidate, std::vector<Candidate>, decltype(later)> queue(later);
  const auto consider = [&](std::ptrdiff_t left, std::ptrdiff_t right) {
    if (left < 0 || right >= count) return;
    if (const Rule* rule = find(symbol(left), symbol(right))) queue.push({rule->rank, left, rule->pair, rule->merged});
  };
  for (std::ptrdiff_t i = 0; i < count; ++i) link(i) = {i - 1, i + 1};
  for (std::ptrdiff_t i = 0; i + 1 < count; ++i) consider(i, i + 1);
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    const std::ptrdiff_t right = link(top.at).after;
    if (symbol(top.at) == gone || right >= count || bpe_pair(symbol(top.at), symbol(right)) != top.pair) continue;
    symbol(top.at) = top.merged;
    symbol(right) = gone;
    link(top.at).after = link(right).after;
    if (link(right).after < count) link(link(right).after).before = top.at;
    consider(link(top.at).before, top.at);
    consider(top.at, link(top.at).after);
  }
  std::erase(symbols, gone);
}

char32_t byte_level_character(unsigned char byte) noexcept {
  // The bytes that are not printable as Latin-1 get the characters from U+0100 on, in order.
  if (byte <= 0x20) return 0x100u + byte;
  if (byte < 0x7F) return byte;
  if (byte <= 0xA0) return 0x121u + (byte - 0x7Fu);
  if (byte == 0xAD) return 0x143;
  return byte;
}

bool byte_level_bytes(std::string_view piece, std::string& bytes) {
  bytes.clear();
  while (!piece.empty()) {
    const Utf8Step step = utf8_step(piece);
    if (step.kind != Utf8Step::Kind::character) return false;
    const char32_t c = step.code_point;
    char32_t byte = c;
    if (c >= 0x100 && c <= 0x120) byte = c - 0x100;
    if (c >= 0x121 && c <= 0x142) byte = c - 0x121 + 0x7F;
    if (c == 0x143) byte = 0xAD;
    if (byte > 0xFF || byte_level_character(static_cast<unsigned char>(byte)) != c) return false;
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(byte)));
    piece.remove_prefix(step.length);
  }
  return true;
}

}  // namespace holdfast
