#include "app/cli/bench_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "engine/inspection.h"
#include "kernels/ceiling.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/error.h"
#include "kernels/sample.h"

namespace holdfast::cli {
namespace {

constexpr std::int64_t bench_check_tokens = 70;  // more than a chunk of the scan, and no multiple of one

class BenchRun {
 public:
  BenchRun(const Mamba2Model& model, Stream& stream, std::int64_t batch) : model_(&model), stream_(&stream) {
    for (std::int64_t i = 0; i < batch; ++i) states_.push_back(model.new_state());
    logits_.resize(static_cast<std::size_t>(batch * model.config().vocab_size));
  }

  // Ids that repeat neither soon nor in a pattern; the same in every run.
  [[nodiscard]] std::vector<TokenId> ids(std::int64_t count) const {
    std::vector<TokenId> list(static_cast<std::size_t>(count));
    std::uint64_t state = 88172645463325252ULL;
    for (TokenId& id : list) {
      state ^= state << 13, state ^= state >> 7, state ^= state << 17;
      id = static_cast<TokenId>(state % static_cast<std::uint64_t>(model_->config().vocab_size));
    }
    return list;
  }

  void reset() {
    for (State& state : states_) state.reset(*stream_);
    stream_->synchronize();
  }

  void prefill(std::span<const TokenId> tokens) {
    model_->forward(*stream_, tokens, states_.front(), std::span(logits_).first(vocab()));
    stream_->synchronize();
  }

  // One step of the first `batch` sequences, each with a token of its own.
  void step(std::span<const TokenId> tokens, std::size_t at, std::size_t batch) {
    take_inputs(tokens, at, batch);
    model_->forward(*stream_, inputs_, LogitRows::last);
    stream_->synchronize();
  }

  // As many steps of tokens that are drawn, as sessions take them on a GPU.
  void draw_steps(std::span<const TokenId> tokens, std::size_t batch) {
    take_inputs(tokens, 0, batch);
    std::vector<State*> states;
    for (std::size_t i = 0; i < batch; ++i) states.push_back(&states_[i]);
    const std::vector<SampleParams> params(batch);
    const std::vector<float> uniform(batch);
    std::vector<TokenId> drawn(batch);
    std::vector<float> log_probs(batch);
    ConstTensorView logits = model_->forward_on_device(*stream_, inputs_);
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      sample_begin(*stream_,
                   {.logits = logits, .params = params, .uniform = uniform, .seen = {}, .tokens = {}, .log_probs = {}});
      if (t + 1 < tokens.size()) logits = model_->forward_drawn(*stream_, states);
      sample_end(*stream_, drawn, log_probs);
    }
    stream_->synchronize();
  }

  void take_inputs(std::span<const TokenId> tokens, std::size_t at, std::size_t batch) {
    inputs_.clear();
    for (std::size_t i = 0; i < batch; ++i) {
      inputs_.push_back({.tokens = tokens.subspan((at + 7 * i) % tokens.size(), 1),
                         .state = &states_[i],
                         .logits = std::span(logits_).subspan(i * vocab(), vocab())});
    }
  }

  double rate(BenchCase& bench_case) {
    reset();
    const std::vector<TokenId> tokens = ids(bench_case.tokens);
    const auto begin = std::chrono::steady_clock::now();
    if (bench_case.prefill) {
      prefill(tokens);
    } else {
      const auto batch = static_cast<std::size_t>(bench_case.batch);
      if (stream_->kind() == DeviceKind::cpu) {
        for (std::size_t t = 0; t < tokens.size(); ++t) step(tokens, t, batch);
      } else {
        draw_steps(tokens, batch);
      }
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    bench_case.may_wait = std::ranges::any_of(states_, [](const State& state) { return state.pending() > 0; });
    return static_cast<double>(bench_case.tokens * bench_case.batch) / seconds;
  }

  // A round of one sequence with and without a recorder, in turn from sample to sample, so that a machine that slows
  // down slows both alike.
  void probe(std::int64_t tokens, bool watched_first, ProbeCost& cost) {
    InspectionRecorder recorder(model_->config(), {.every = cost.every});
    reset();
    const std::int64_t stretches = 2 * std::max<std::int64_t>(1, tokens / cost.every);
    const std::vector<TokenId> list = ids(stretches * cost.every);
    double seconds[2] = {};
    for (std::int64_t s = 0; s < stretches; ++s) {
      const bool watched = (s % 2 == 0) == watched_first;
      const auto begin = std::chrono::steady_clock::now();
      for (const TokenId& id :
           std::span(list).subspan(static_cast<std::size_t>(s * cost.every), static_cast<std::size_t>(cost.every))) {
        model_->forward(*stream_, {&id, 1}, states_.front(), std::span(logits_).first(vocab()),
                        watched ? &recorder : nullptr);
      }
      stream_->synchronize();
      seconds[watched ? 1 : 0] += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    const auto half = static_cast<double>(stretches / 2 * cost.every);
    if (recorder.seen().tokens() != stretches / 2 * cost.every || recorder.seen().samples() != stretches / 2) {
      throw NumericError("bench: the recorder has not seen every token and sample");
    }
    cost.off.samples.push_back(half / seconds[0]);
    cost.on.samples.push_back(half / seconds[1]);
    cost.shares.push_back(seconds[1] / seconds[0] - 1.0);
  }

  // Largest difference between the last logits of one long pass and those of single steps, relative to the largest.
  double check() {
    const std::vector<TokenId> tokens = ids(bench_check_tokens);
    reset();
    prefill(tokens);
    const std::vector<float> whole(logits_.begin(), logits_.begin() + static_cast<std::ptrdiff_t>(vocab()));
    reset();
    for (std::size_t t = 0; t < tokens.size(); ++t) step(tokens, t, 1);
    double largest = 0.0;
    double difference = 0.0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      if (!std::isfinite(whole[i]) || !std::isfinite(logits_[i])) throw NumericError("bench: a logit is not finite");
      largest = std::max(largest, std::abs(double{whole[i]}));
      difference = std::max(difference, std::abs(double{whole[i]} - double{logits_[i]}));
    }
    if (largest == 0.0) throw NumericError("bench: all logits are zero, want a model that computes something");
    return difference / largest;
  }

  [[nodiscard]] std::size_t state_bytes() const {
    std::size_t bytes = 0;
    for (const State& state : states_) bytes += state.bytes();
    return bytes;
  }

 private:
  [[nodiscard]] std::size_t vocab() const { return static_cast<std::size_t>(model_->config().vocab_size); }

  const Mamba2Model* model_;
  Stream* stream_;
  std::vector<State> states_;
  std::vector<float> logits_;
  std::vector<SequenceInput> inputs_;
};

// A long pass may round activations to bf16 (8 bits) where a step keeps them f32: with weights in bf16, and on a GPU
// with all that are no finer; 64 layers of random weights make some 4e-2 of it. The others differ in the order of their
// f32 sums, and in the 16-bit activations of quantised products.
double check_tolerance(WeightFormat format, DeviceKind where) {
  if (format == WeightFormat::f32 || format == WeightFormat::f16) return 5e-4;
  if (where == DeviceKind::cuda) return 6e-2;
  return format == WeightFormat::bf16 ? 3e-2 : 5e-3;
}

std::int64_t peak_resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("VmHWM:")) continue;
    std::istringstream words(line.substr(6));
    std::int64_t kib = 0;
    words >> kib;
    return kib * 1024;
  }
  return 0;
}

Ceiling bench_ceiling(std::span<const Ceiling> rounds) {
  std::vector<double> bytes;
  std::vector<double> operations;
  for (const Ceiling& round : rounds) {
    bytes.push_back(round.bytes_per_second);
    operations.push_back(round.operations_per_second);
  }
  return {.bytes_per_second = median_of(bytes), .operations_per_second = median_of(operations)};
}

double product_elements(const Mamba2Config& c) {  // multiply-adds of the layers' matrices, per token
  return static_cast<double>(c.n_layer) * static_cast<double>(c.d_model) *
         static_cast<double>(c.in_proj_rows() + c.d_inner());
}

double recurrence_operations(const Mamba2Config& c) {
  const double scan = 5.0 * static_cast<double>(c.d_inner()) * static_cast<double>(c.d_state);
  const double conv = 2.0 * static_cast<double>(c.conv_dim()) * static_cast<double>(c.d_conv);
  return static_cast<double>(c.n_layer) * (scan + conv);
}

// The embedding is read a row at a time: only a tied one is read whole, as the head.
double weight_bytes_per_pass(const Weights& weights) {
  return static_cast<double>(weights.bytes()) -
         (weights.lm_head ? static_cast<double>(weights.embedding.bytes()) : 0.0);
}

}  // namespace

Work prefill_work(const Mamba2Model& model, std::int64_t prompt) {
  const Mamba2Config& c = model.config();
  const double head = static_cast<double>(c.vocab_size) * static_cast<double>(c.d_model);
  const auto tokens = static_cast<double>(prompt);
  return {.operations = 2.0 * product_elements(c) + 2.0 * head / tokens + recurrence_operations(c),
          .bytes = (weight_bytes_per_pass(model.weights()) + State::bytes_per_token(c, model.state_dtype(), false)) /
                   tokens};
}

Work decode_work(const Mamba2Model& model, std::int64_t batch, bool may_wait) {
  const Mamba2Config& c = model.config();
  const double head = static_cast<double>(c.vocab_size) * static_cast<double>(c.d_model);
  return {.operations = 2.0 * (product_elements(c) + head) + recurrence_operations(c),
          .bytes = weight_bytes_per_pass(model.weights()) / static_cast<double>(batch) +
                   State::bytes_per_token(c, model.state_dtype(), may_wait)};
}

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

double Rates::median() const { return median_of(samples); }
double Rates::least() const { return std::ranges::min(samples); }
double Rates::most() const { return std::ranges::max(samples); }

BenchReport run_bench(const Mamba2Model& model, Stream& stream, const BenchPlan& plan) {
  BenchReport report;
  for (const std::int64_t prompt : plan.prompts) report.cases.push_back({true, prompt, 1, {}});
  if (plan.tokens > 0) {
    for (const std::int64_t batch : plan.batches) report.cases.push_back({false, plan.tokens, batch, {}});
  }
  BenchRun run(model, stream, std::ranges::max(plan.batches));
  const WeightFormat format = model.weights().layers.front().in_proj.format();
  report.check_tolerance = check_tolerance(format, stream.kind());
  report.check_difference = run.check();
  if (report.check_difference > report.check_tolerance) {
    throw NumericError("bench: one long pass and single steps differ by " + std::to_string(report.check_difference) +
                       " of the largest logit, want at most " + std::to_string(report.check_tolerance));
  }
  for (BenchCase& warm : report.cases) run.rate(warm);
  if (stream.kind() == DeviceKind::cpu) report.peak_resident_bytes = peak_resident_bytes();
  report.weights_bytes = static_cast<std::int64_t>(model.weights().bytes());
  std::int64_t waiting = 0;  // sequences with room for tokens beside their states
  for (const BenchCase& warm : report.cases) waiting = std::max(waiting, warm.may_wait ? warm.batch : 0);
  report.states_bytes = static_cast<std::int64_t>(run.state_bytes()) +
                        waiting * static_cast<std::int64_t>(State::pending_bytes(model.config()));
  // Round by round: a machine that slows down for a while slows every case alike.
  std::vector<Ceiling> ceilings;
  if (plan.probe) report.probe = ProbeCost{.every = InspectionOptions{}.every, .off = {}, .on = {}, .shares = {}};
  for (int round = 0; round < plan.repeat; ++round) {
    ceilings.push_back(measure_ceiling(stream, format));
    for (BenchCase& timed : report.cases) timed.rates.samples.push_back(run.rate(timed));
    if (report.probe) run.probe(plan.tokens, round % 2 == 0, *report.probe);
  }
  report.ceiling = bench_ceiling(ceilings);
  for (const BenchCase& timed : report.cases) {
    if (!plan.ops) break;
    const std::vector<OpTime> ops =
        timed.prefill ? time_pass_ops(model, stream, timed.tokens) : time_step_ops(model, stream, timed.batch);
    report.ops.insert(report.ops.end(), ops.begin(), ops.end());
  }
  return report;
}

}  // namespace holdfast::cli
