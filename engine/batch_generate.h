// Many replies at once: the weights are read once per token of all sequences together. Samples of one prompt share its
// reading: it is read once, and each sample begins with a copy of that state.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/model.h"
#include "engine/sampler.h"
#include "engine/session.h"

namespace holdfast {

struct BatchPrompt {
  std::span<const TokenId> tokens;  // at least one, unless BatchOptions::logits is given
  SamplerConfig sampler;
};

struct BatchReply {
  std::vector<TokenId> tokens;  // a stop token included
  StopReason reason = StopReason::length;
  double log_prob = 0.0;  // sum over the tokens, under softmax of the plain logits
};

struct BatchOptions {
  std::int64_t batch = 16;  // sequences that advance together
  std::int64_t max_tokens = 512;
  std::vector<TokenId> stop_tokens;
  const State* begin = nullptr;       // what every sequence begins with; null = nothing read
  std::span<const float> logits{};    // after what `begin` has read: prompts may then be empty
  std::span<const TokenId> seen{};    // what `begin` has read, for the repetition penalty: distinct, sorted
  std::function<void(std::size_t index, TokenId token, float log_prob)> on_token{};  // of a reply, as it grows
};

// Replies come in the order in which they end; one that ends makes room for the next prompt. Prompts that are equal
// should stand next to each other. A reply is what a Session draws with the same prompt and sampler, as long as the
// products of so many rows round alike (kernels/linear.h). `wanted`, where given, is asked before a sequence begins and
// after each of its tokens: false ends it as cancelled.
// When stopped, sequences under way end as cancelled. Throws ArgumentError for an empty prompt without logits.
void generate_batch(const Mamba2Model& model, Stream& stream, std::span<const BatchPrompt> prompts,
                    const BatchOptions& options, const std::function<void(std::size_t index, BatchReply)>& on_done,
                    std::stop_token stop = {}, const std::function<bool(std::size_t index)>& wanted = {});

}  // namespace holdfast
