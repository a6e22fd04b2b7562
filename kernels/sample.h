// From logits to a token: repetition penalty, temperature, top-k, top-p, min-p, then one draw; or greedy.
// Order of the filters: penalty, temperature, top-k, top-p, min-p (that of vLLM and Hugging Face). Of tokens that are
// equally likely, the lower id counts as the likelier.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/device.h"
#include "kernels/tensor.h"

namespace holdfast {

struct SampleParams {
  float temperature = 0.0f;         // 0 = greedy: the largest logit, the lowest id of equals
  std::int32_t top_k = 0;           // 0 = all
  float top_p = 1.0f;               // (0, 1]; the smallest set of likeliest tokens that reaches it
  float min_p = 0.0f;               // [0, 1); keeps tokens of at least min_p times the likeliest's probability
  float repetition_penalty = 1.0f;  // > 0; logits of tokens in `seen`: divided if positive, multiplied if negative
};

struct SampleArgs {
  ConstTensorView logits;                               // (B, V)  f32
  std::span<const SampleParams> params;                 // B
  std::span<const float> uniform;                       // B numbers in [0, 1), one draw each; unused when greedy
  std::span<const std::span<const std::int32_t>> seen;  // B sorted lists without doubles; or empty: no penalty
  std::span<std::int32_t> tokens;                       // B  out
  std::span<float> log_probs;                           // B  out: of the token under softmax of the plain logits
  std::int32_t vocab_size = 0;                          // ids at or above it (padding) are never drawn; 0 = V
};
// Throws NumericError naming the row when a logit is NaN or all are -infinity.
void sample(Stream&, const SampleArgs&);

// The same in two halves, for streams of a GPU: what was drawn is there for the stream's next step
// (Mamba2Model::forward_drawn) before this side knows it, so that the GPU never waits for us. sample_begin() does not use
// args.tokens and args.log_probs; where it found a bad row, that row's token is 0 and sample_end() throws. sample_end()
// waits for the drawing and for what stands before it on the stream, not for what was begun since. One at a time.
void sample_begin(Stream&, const SampleArgs&);
void sample_end(Stream&, std::span<std::int32_t> tokens, std::span<float> log_probs);

// The n likeliest tokens of one row (fewer if it is shorter) with their log-probabilities under softmax of the plain
// logits, likeliest first. NumericError as above. drawn: what sample() made of this same row, which has then seen the
// row and summed it up already, so that neither is done again.
struct TokenProbability {
  std::int32_t token = 0;
  float log_prob = 0.0f;
};
[[nodiscard]] std::vector<TokenProbability> top_tokens(std::span<const float> logits, int n,
                                                       const std::optional<TokenProbability>& drawn = {});

// ArgumentError naming `op` when a parameter is outside its range.
void check(const SampleParams&, std::string_view op);

namespace cpu {
void sample(Stream&, const SampleArgs&);
}
namespace cuda {
void sample_begin(Stream&, const SampleArgs&);
// patient: more work was begun since, so that this thread may sleep instead of looking all the time.
void sample_end(Stream&, std::span<std::int32_t> tokens, std::span<float> log_probs, bool patient);
}

}  // namespace holdfast
