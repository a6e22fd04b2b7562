#include "training/similar_text.h"

#include <algorithm>
#include <limits>
#include <span>

namespace holdfast {
namespace {

constexpr std::size_t similar_shingle = 3;

std::uint64_t similar_mix(std::uint64_t x) {  // SplitMix64
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// One hash a word. Bytes beyond ASCII are letters.
std::vector<std::uint64_t> word_hashes(std::string_view text) {
  std::vector<std::uint64_t> words;
  std::uint64_t hash = 0;
  for (const char raw : text) {
    const bool upper = raw >= 'A' && raw <= 'Z';
    const char c = upper ? static_cast<char>(raw - 'A' + 'a') : raw;
    const bool keeps = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
    if (keeps) {
      hash = similar_mix(hash ^ static_cast<unsigned char>(c));
    } else if (hash != 0) {
      words.push_back(hash);
      hash = 0;
    }
  }
  if (hash != 0) words.push_back(hash);
  return words;
}

std::uint64_t run_hash(std::span<const std::uint64_t> words) {
  std::uint64_t hash = words.size();
  for (const std::uint64_t word : words) hash = similar_mix(hash ^ word);
  return hash;
}

}  // namespace

NearDuplicates::Signature NearDuplicates::signature(std::string_view text) {
  const std::vector<std::uint64_t> words = word_hashes(text);
  Signature least;
  least.fill(std::numeric_limits<std::uint64_t>::max());
  const std::size_t length = std::min(similar_shingle, words.size());
  for (std::size_t i = 0; i + length <= words.size() && length > 0; ++i) {
    const std::uint64_t shingle = run_hash(std::span(words).subspan(i, length));
    for (std::size_t h = 0; h < hashes_; ++h) least[h] = std::min(least[h], similar_mix(shingle ^ similar_mix(h)));
  }
  return least;
}

std::uint64_t NearDuplicates::band(const Signature& signature, std::size_t begin) {
  return run_hash(std::span(signature).subspan(begin, rows_)) ^ similar_mix(begin);
}

std::optional<NearDuplicates::Match> NearDuplicates::find(std::string_view text) const {
  const Signature wanted = signature(text);
  std::optional<Match> best;
  const auto look_at = [&](std::size_t index) {
    std::size_t same = 0;
    for (std::size_t h = 0; h < hashes_; ++h) same += signatures_[index][h] == wanted[h] ? 1 : 0;
    const double similarity = static_cast<double>(same) / static_cast<double>(hashes_);
    if (similarity < threshold_) return;
    const bool better =
        !best || similarity > best->similarity || (similarity == best->similarity && index < best->index);
    if (better) best = Match{index, similarity};
  };
  for (std::size_t begin = 0; begin < hashes_; begin += rows_) {
    const auto found = bands_.find(band(wanted, begin));
    if (found != bands_.end()) std::ranges::for_each(found->second, look_at);
  }
  return best;
}

std::size_t NearDuplicates::add(std::string_view text) {
  const std::size_t index = signatures_.size();
  signatures_.push_back(signature(text));
  for (std::size_t begin = 0; begin < hashes_; begin += rows_) {
    bands_[band(signatures_.back(), begin)].push_back(index);
  }
  return index;
}

void Contamination::add(std::string_view text) {
  const std::vector<std::uint64_t> words = word_hashes(text);
  if (words.empty()) return;
  const std::size_t length = std::min(run_words, words.size());
  if (length < run_words) short_lengths_.insert(length);
  for (std::size_t i = 0; i + length <= words.size(); ++i) runs_.insert(run_hash(std::span(words).subspan(i, length)));
}

bool Contamination::touches(std::string_view text) const {
  const std::vector<std::uint64_t> words = word_hashes(text);
  for (std::size_t i = 0; i + run_words <= words.size(); ++i) {
    if (runs_.contains(run_hash(std::span(words).subspan(i, run_words)))) return true;
  }
  // A short text of the benchmark is met only as a whole: its few words may stand in any problem.
  return short_lengths_.contains(words.size()) && runs_.contains(run_hash(words));
}

}  // namespace holdfast
