#include "tests/oracle/causal_conv1d.h"

namespace holdfast::oracle {

CausalConv1dResult causal_conv1d(const Numbers& x, const Numbers& weight, const Numbers& bias, const Numbers& state,
                                 std::int64_t channels) {
  const auto width = static_cast<std::size_t>(channels);
  const std::size_t taps = weight.size() / width;
  const std::size_t tokens = x.size() / width;
  CausalConv1dResult result{Numbers(x.size()), state};
  for (std::size_t c = 0; c < width; ++c) {
    // The window holds the K last inputs; it is moved on by one before each token, as the recurrence's memory is.
    Numbers window(taps);
    for (std::size_t k = 1; k < taps; ++k) window[k] = state[c * (taps - 1) + k - 1];
    for (std::size_t t = 0; t < tokens; ++t) {
      for (std::size_t k = 1; k < taps; ++k) window[k - 1] = window[k];
      window[taps - 1] = x[t * width + c];
      Bounded sum = bias.empty() ? Bounded() : bias[c];
      for (std::size_t k = 0; k < taps; ++k) sum = sum + weight[c * taps + k] * window[k];
      result.y[t * width + c] = silu(sum);
    }
    for (std::size_t k = 1; k < taps; ++k) result.state[c * (taps - 1) + k - 1] = window[k];
  }
  return result;
}

}  // namespace holdfast::oracle
