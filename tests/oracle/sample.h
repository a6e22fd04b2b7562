// The filters of kernels/sample.h in double, the obvious way: sort everything, then cut.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/sample.h"

namespace holdfast::oracle {

// Probability of each id to be drawn; 0 for what the filters removed. Greedy: 1 for one id.
[[nodiscard]] std::vector<double> sample_distribution(std::span<const float> logits, const SampleParams& params,
                                                      std::span<const std::int32_t> seen, std::int32_t vocab_size);
// log softmax of the plain logits below vocab_size.
[[nodiscard]] std::vector<double> log_softmax(std::span<const float> logits, std::int32_t vocab_size);

}  // namespace holdfast::oracle
