#include "app/services/loop_detector.h"

#include <algorithm>

namespace holdfast {
namespace {

constexpr std::size_t looked_at = 1024;  // tokens at the end of the text
constexpr std::size_t every = 16;
constexpr std::size_t longest_period = 256;
constexpr std::size_t least_tokens = 64;
constexpr std::size_t least_times = 4;

}  // namespace

// Tokens at the end that equal those one period before, the first period included.
std::size_t LoopDetector::repeated(std::size_t period) const {
  std::size_t same = 0;
  while (same + period < tokens_.size() &&
         tokens_[tokens_.size() - 1 - same] == tokens_[tokens_.size() - 1 - same - period]) {
    ++same;
  }
  return same == 0 ? 0 : same + period;
}

std::optional<std::size_t> LoopDetector::push(TokenId token) {
  tokens_.push_back(token);
  if (tokens_.size() % every != 0) return std::nullopt;
  if (tokens_.size() > 2 * looked_at) {
    tokens_.erase(tokens_.begin(), tokens_.end() - static_cast<std::ptrdiff_t>(looked_at));
  }
  for (std::size_t period = 1; period <= std::min(longest_period, tokens_.size() / least_times); ++period) {
    const std::size_t length = repeated(period);
    if (length >= least_tokens && length >= least_times * period) return length;
  }
  return std::nullopt;
}

}  // namespace holdfast
