// Measures prefill and decode of a model, after checking that what is timed computes the right thing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "app/cli/bench_ops.h"
#include "engine/model.h"
#include "kernels/ceiling.h"
#include "kernels/device.h"

namespace holdfast::cli {

// What one token costs at least, by arithmetic: a product counts two operations per multiply-add; the scan counts as
// the plain recurrence (five operations per state element), however it is computed. Norms and gates are left out.
struct Work {
  double operations = 0.0;
  double bytes = 0.0;  // weights once per pass, states as State::bytes_per_token says
};
[[nodiscard]] Work prefill_work(const Mamba2Model& model, std::int64_t prompt);  // per token; logits of the last one
// Per token of one sequence.
[[nodiscard]] Work decode_work(const Mamba2Model& model, std::int64_t batch, bool may_wait);

struct Rates {  // tokens per second, all sequences together
  std::vector<double> samples;
  [[nodiscard]] double median() const;
  [[nodiscard]] double least() const;
  [[nodiscard]] double most() const;
};

struct BenchCase {
  bool prefill = false;
  std::int64_t tokens = 0;  // of the prompt, or decoded per sequence
  std::int64_t batch = 1;
  Rates rates;
  bool may_wait = false;  // tokens waited beside states in the last run
};

// What it costs to watch the memory while a sequence is decoded: the same model with and without, in turn.
struct ProbeCost {
  std::int64_t every = 0;      // tokens from sample to sample
  Rates off, on;               // of each round
  std::vector<double> shares;  // of each round: time that watching takes, relative to the time without
};

struct BenchPlan {
  std::vector<std::int64_t> prompts;
  std::vector<std::int64_t> batches;
  std::int64_t tokens = 128;
  int repeat = 5;
  bool probe = false;
  bool ops = false;  // also each operation of a layer alone
};

struct BenchReport {
  std::vector<BenchCase> cases;
  Ceiling ceiling;  // of the device: medians over the rounds, measured between the timed runs
  std::optional<ProbeCost> probe;
  std::vector<OpTime> ops;
  double check_difference = 0.0;  // prefill against steps, relative to the largest logit
  double check_tolerance = 0.0;
  std::int64_t peak_resident_bytes = 0;  // of the process, before the ceilings; 0 on a GPU and where nobody tells
  std::int64_t weights_bytes = 0;
  std::int64_t states_bytes = 0;  // of all sequences that were in memory at once
};

[[nodiscard]] double median_of(std::vector<double> values);

// Throws NumericError, and times nothing, when the check fails.
[[nodiscard]] BenchReport run_bench(const Mamba2Model& model, Stream& stream, const BenchPlan& plan);

}  // namespace holdfast::cli
