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

CausalConv1dGradients causal_conv1d_backward(const Numbers& x, const Numbers& weight, const Numbers& bias,
                                             const Numbers& state, const Numbers& dy, std::int64_t channels) {
  const auto width = static_cast<std::size_t>(channels);
  const std::size_t taps = weight.size() / width;
  const std::size_t tokens = x.size() / width;
  CausalConv1dGradients result{Numbers(x.size()), Numbers(weight.size()), Numbers(width), Numbers(state.size())};
  for (std::size_t c = 0; c < width; ++c) {
    // Inputs of the state and of the tokens in one line, and their gradients.
    Numbers line(taps - 1 + tokens), gradient(taps - 1 + tokens);
    for (std::size_t k = 0; k + 1 < taps; ++k) line[k] = state[c * (taps - 1) + k];
    for (std::size_t t = 0; t < tokens; ++t) line[taps - 1 + t] = x[t * width + c];
    for (std::size_t t = 0; t < tokens; ++t) {
      Bounded sum = bias.empty() ? Bounded() : bias[c];
      for (std::size_t k = 0; k < taps; ++k) sum = sum + weight[c * taps + k] * line[t + k];
      const Bounded slope = dy[t * width + c] * silu_slope(sum);
      result.bias[c] = result.bias[c] + slope;
      for (std::size_t k = 0; k < taps; ++k) {
        result.weight[c * taps + k] = result.weight[c * taps + k] + slope * line[t + k];
        gradient[t + k] = gradient[t + k] + slope * weight[c * taps + k];
      }
    }
    for (std::size_t k = 0; k + 1 < taps; ++k) result.state[c * (taps - 1) + k] = gradient[k];
    for (std::size_t t = 0; t < tokens; ++t) result.x[t * width + c] = gradient[taps - 1 + t];
  }
  return result;
}

}  // namespace holdfast::oracle
