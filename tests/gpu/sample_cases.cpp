// Drawing on the GPU against the filters in double: whatever the draw, the token is one that the filters keep, the
// cumulative probability fits the draw, and log_probs are those of the plain softmax.
//
// Faults planted in kernels/cuda and seen to fail here: listed in tests/gpu/README.md.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "kernels/error.h"
#include "kernels/sample.h"
#include "tests/gpu/cases.h"
#include "tests/gpu/gpu_floats.h"
#include "tests/oracle/sample.h"
#include "tests/support/data.h"

namespace holdfast::test {
namespace {

struct Drawn {
  std::int32_t token;
  float log_prob;
};

Drawn draw_on(Stream& stream, ConstTensorView logits, const SampleParams& params, std::span<const std::int32_t> seen,
              float uniform, std::int32_t vocab_size) {
  Drawn drawn{};
  sample(stream, {.logits = logits,
                  .params = {&params, 1},
                  .uniform = {&uniform, 1},
                  .seen = {&seen, 1},
                  .tokens = {&drawn.token, 1},
                  .log_probs = {&drawn.log_prob, 1},
                  .vocab_size = vocab_size});
  return drawn;
}

// Ids in the order in which a draw runs through them: by likelihood when top-k or top-p sorted them, else by id.
std::vector<std::int32_t> draw_order(const std::vector<double>& probabilities, const SampleParams& params) {
  std::vector<std::int32_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0);
  if (params.top_k == 0 && params.top_p == 1.0f) return order;
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return probabilities[static_cast<std::size_t>(a)] > probabilities[static_cast<std::size_t>(b)];
  });
  return order;
}

void draws_agree(Stream& stream, std::int64_t vocab, const SampleParams& params, double spread, bool on_cpu) {
  Random random(91);
  std::vector<float> logits = random.normals(vocab, spread);
  for (std::int64_t i = 0; i + 3 < vocab; i += 7)
    logits[static_cast<std::size_t>(i)] = logits[static_cast<std::size_t>(i + 3)];  // equals
  std::vector<std::int32_t> seen;
  const auto used = static_cast<std::int32_t>(vocab > 3 ? vocab - 2 : vocab);
  for (std::int32_t id = 2; id < used; id += 5) seen.push_back(id);
  const std::vector<double> want = oracle::sample_distribution(logits, params, seen, used);
  const std::vector<double> log_want = oracle::log_softmax(logits, used);
  GpuFloats on(stream, logits, 1);
  const ConstTensorView view =
      on_cpu ? view_of(std::span<const float>(logits), Shape{1, vocab}) : on.view(Shape{1, vocab});
  const std::vector<std::int32_t> order = draw_order(want, params);
  for (int i = 0; i < 25; ++i) {
    const auto uniform = static_cast<float>(random.uniform()) * 0.9999f;
    const Drawn drawn = draw_on(stream, view, params, seen, uniform, used);
    const auto token = static_cast<std::size_t>(drawn.token);
    verify(drawn.token >= 0 && drawn.token < used,
           "token " + std::to_string(drawn.token) + " is outside the vocabulary");
    verify(want[token] > 0.0,
           "token " + std::to_string(drawn.token) + " was filtered out, draw " + std::to_string(uniform));
    const double log_error = std::abs(static_cast<double>(drawn.log_prob) - log_want[token]);
    verify(log_error <= 1e-5 * (1.0 + std::abs(log_want[token])), "log_prob off by " + std::to_string(log_error));
    if (params.temperature == 0.0f) continue;
    double before = 0.0;
    for (const std::int32_t id : order) {
      if (id == drawn.token) break;
      before += want[static_cast<std::size_t>(id)];
    }
    // Weights are f32 exponentials and 2^-40 grids: their sums are right to about 1e-5.
    const double u = static_cast<double>(uniform);
    verify(before <= u + 2e-5 && before + want[token] >= u - 2e-5,
           "draw " + std::to_string(uniform) + " gave token " + std::to_string(drawn.token) + ", which covers " +
               std::to_string(before) + " to " + std::to_string(before + want[token]));
    const Drawn again = draw_on(stream, view, params, seen, uniform, used);
    verify(again.token == drawn.token && again.log_prob == drawn.log_prob, "the same draw twice");
  }
}

void bad_logits_are_refused(Stream& stream) {
  for (const float bad : {std::nanf(""), INFINITY}) {
    std::vector<float> logits(300, 0.5f);
    logits[299] = bad;
    GpuFloats on(stream, logits);
    bool thrown = false;
    try {
      (void)draw_on(stream, on.view(Shape{1, 300}), {}, {}, 0.0f, 0);
    } catch (const NumericError&) {
      thrown = true;
    }
    verify(thrown, "a logit that is not finite must be refused");
    (void)draw_on(stream, on.view(Shape{1, 300}), {}, {}, 0.0f, 299);  // padding may hold anything
  }
}

void rows_are_independent(Stream& stream) {
  Random random(4);
  const std::int64_t batch = 5;
  const std::int64_t vocab = 1000;
  const std::vector<float> logits = random.normals(batch * vocab, 2.0);
  GpuFloats on(stream, logits);
  std::vector<SampleParams> params(5);
  params[1].temperature = 0.7f;
  params[2] = {1.0f, 40, 0.9f, 0.0f, 1.2f};
  params[3] = {1.3f, 0, 1.0f, 0.05f, 1.0f};
  params[4] = {0.9f, 0, 0.95f, 0.0f, 0.8f};
  const std::vector<float> uniform{0.0f, 0.3f, 0.6f, 0.9f, 0.2f};
  const std::vector<std::int32_t> few{1, 7, 999};
  const std::vector<std::span<const std::int32_t>> seen{{}, few, few, {}, few};
  std::vector<std::int32_t> tokens(5);
  std::vector<float> log_probs(5);
  sample(stream, {.logits = on.view(Shape{batch, vocab}),
                  .params = params,
                  .uniform = uniform,
                  .seen = seen,
                  .tokens = tokens,
                  .log_probs = log_probs});
  for (std::size_t b = 0; b < 5; ++b) {
    const ConstTensorView row{on.data() + static_cast<std::int64_t>(b) * vocab, DType::f32, Shape{1, vocab},
                              DeviceKind::cuda};
    const Drawn alone = draw_on(stream, row, params[b], seen[b], uniform[b], 0);
    verify(alone.token == tokens[b] && alone.log_prob == log_probs[b], "row " + std::to_string(b) + " alone differs");
  }
}

}  // namespace

void add_sample_cases(GpuCases& cases) {
  struct Row {
    const char* name;
    SampleParams params;
  };
  const Row rows[] = {{"greedy", {}},
                      {"greedy with penalty", {0.0f, 0, 1.0f, 0.0f, 1.5f}},
                      {"plain", {1.0f, 0, 1.0f, 0.0f, 1.0f}},
                      {"hot", {3.0f, 0, 1.0f, 0.0f, 1.3f}},
                      {"top-k 1", {1.0f, 1, 1.0f, 0.0f, 1.0f}},
                      {"top-k 50", {0.8f, 50, 1.0f, 0.0f, 1.0f}},
                      {"top-p", {1.0f, 0, 0.9f, 0.0f, 1.0f}},
                      {"min-p", {1.0f, 0, 1.0f, 0.1f, 1.0f}},
                      // More tokens of like weights than are kept at hand, and a place among weights that no sum sees.
                      {"top-p of many", {3.0f, 0, 0.9f, 0.0f, 1.0f}},
                      {"top-k of nearly all", {1.0f, 50200, 0.999f, 0.0f, 1.0f}},
                      {"all", {0.9f, 40, 0.8f, 0.05f, 1.1f}}};
  for (const Row& row : rows) {
    for (const std::int64_t vocab : {1, 5, 1000, 50288}) {
      for (const double spread : {0.5, 4.0}) {
        cases.push_back(
            {"sample " + std::string(row.name) + ", V=" + std::to_string(vocab) + ", spread " + std::to_string(spread),
             [=](Stream& stream) { draws_agree(stream, vocab, row.params, spread, spread < 1.0); }});
      }
    }
  }
  for (const std::int64_t vocab : {1000, 50288}) {
    cases.push_back({"sample of equals, V=" + std::to_string(vocab), [=](Stream& stream) {
                       draws_agree(stream, vocab, {1.0f, 0, 0.9f, 0.0f, 1.0f}, 0.0, false);
                       draws_agree(stream, vocab, {1.0f, 700, 0.9f, 0.0f, 1.0f}, 0.0, false);
                     }});
  }
  cases.push_back({"sample refuses logits that are not finite", bad_logits_are_refused});
  cases.push_back({"sample: rows do not influence each other", rows_are_independent});
}

}  // namespace holdfast::test
