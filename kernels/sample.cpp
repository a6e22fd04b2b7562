#include "kernels/sample.h"

#include <cmath>
#include <string>

#include "kernels/error.h"

namespace holdfast {
namespace {

void sample_require(bool holds, std::string_view op, const char* name, double value, const char* rule) {
  if (holds) return;
  throw ArgumentError(std::string(op) + ": " + name + ": " + std::to_string(value) + ", want " + rule);
}

void check_size(const char* name, std::int64_t size, std::int64_t batch) {
  if (size == batch) return;
  throw ArgumentError(std::string("sample: ") + name + ": " + std::to_string(size) + " values, want " +
                      std::to_string(batch) + ", one per row of logits");
}

void check_sizes(const SampleArgs& args) {
  const std::int64_t batch = args.logits.shape[0];
  check_size("params", std::ssize(args.params), batch);
  check_size("uniform", std::ssize(args.uniform), batch);
  if (!args.seen.empty()) check_size("seen", std::ssize(args.seen), batch);
  const std::int64_t vocab = args.logits.shape[1];
  if (vocab < 1 || args.vocab_size < 0 || args.vocab_size > vocab) {
    throw ArgumentError("sample: vocab_size: " + std::to_string(args.vocab_size) + " of " + std::to_string(vocab) +
                        " logits, want 0 (all) to that number, and at least one logit");
  }
}

void check_seen(std::span<const std::int32_t> seen, std::int64_t vocab, std::int64_t row) {
  std::int32_t before = -1;
  for (const std::int32_t id : seen) {
    if (id <= before || id >= vocab) {
      throw ArgumentError("sample: row " + std::to_string(row) + ": seen token " + std::to_string(id) +
                          ", want ascending ids below " + std::to_string(vocab));
    }
    before = id;
  }
}

}  // namespace

void check(const SampleParams& params, std::string_view op) {
  const auto value = [](auto number) { return static_cast<double>(number); };
  sample_require(params.temperature >= 0.0f && std::isfinite(params.temperature), op, "temperature",
                 value(params.temperature), "a finite number of at least 0");
  sample_require(params.top_k >= 0, op, "top_k", value(params.top_k), "at least 0");
  sample_require(params.top_p > 0.0f && params.top_p <= 1.0f, op, "top_p", value(params.top_p),
                 "more than 0 and at most 1");
  sample_require(params.min_p >= 0.0f && params.min_p < 1.0f, op, "min_p", value(params.min_p),
                 "at least 0 and less than 1");
  sample_require(params.repetition_penalty > 0.0f && std::isfinite(params.repetition_penalty), op, "repetition_penalty",
                 value(params.repetition_penalty), "a finite number above 0");
}

namespace {

void check_sample(const Stream& stream, const SampleArgs& args) {
  const DeviceKind where = stream.kind();
  check_sizes(args);
  // A GPU takes logits from the CPU too: a session keeps them there.
  require(args.logits, Shape{args.logits.shape[0], args.logits.shape[1]}, DType::f32,
          where == DeviceKind::cuda ? args.logits.where : where, "sample: logits");
  for (std::size_t i = 0; i < args.params.size(); ++i) {
    check(args.params[i], "sample: row " + std::to_string(i));
    const auto uniform = static_cast<double>(args.uniform[i]);
    const bool in_range = uniform >= 0.0 && uniform < 1.0;
    sample_require(in_range || args.params[i].temperature == 0.0f, "sample: row " + std::to_string(i), "uniform",
                   uniform, "at least 0 and less than 1");
    if (!args.seen.empty()) check_seen(args.seen[i], args.logits.shape[1], static_cast<std::int64_t>(i));
  }
}

}  // namespace

void sample(Stream& stream, const SampleArgs& args) {
  check_size("tokens", std::ssize(args.tokens), args.logits.shape[0]);
  check_size("log_probs", std::ssize(args.log_probs), args.logits.shape[0]);
  check_sample(stream, args);
  if (args.params.empty()) return;
  if (stream.kind() == DeviceKind::cpu) return cpu::sample(stream, args);
  cuda::sample_begin(stream, args);
  cuda::sample_end(stream, args.tokens, args.log_probs, false);
}

void sample_begin(Stream& stream, const SampleArgs& args) {
  if (stream.kind() == DeviceKind::cpu) throw ArgumentError("sample_begin: a stream of the CPU, want one of a GPU");
  check_sample(stream, args);
  if (!args.params.empty()) cuda::sample_begin(stream, args);
}

void sample_end(Stream& stream, std::span<std::int32_t> tokens, std::span<float> log_probs) {
  if (stream.kind() == DeviceKind::cpu) throw ArgumentError("sample_end: a stream of the CPU, want one of a GPU");
  if (!tokens.empty()) cuda::sample_end(stream, tokens, log_probs, true);
}

}  // namespace holdfast
