// Time, GFLOP/s and GB/s of the operations around the products, at the shapes of real models.
//
//   ssm_bench [--threads N] [--tokens T] [--batch B] [--chunk Q] [--seconds S] [shape ...]     shapes: 14m 130m 7b
//
// Each result is compared with the oracle before it is timed (on a few tokens of a few heads, where the oracle takes
// its time). A time is the median of rounds that take all ops in turn, so that a busy machine slows them alike. FLOPs
// and bytes are what the op must do, not what it happens to do: a chunked scan is counted with its chunk, elementwise
// functions as one. Their shares are of the FMA rate and of the memory's read rate, both measured in the same run; what
// stays in a cache may pass the latter.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kernels/causal_conv1d.h"
#include "kernels/cpu/ceiling.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/rms_norm.h"
#include "kernels/sample.h"
#include "kernels/ssd_scan.h"
#include "tests/oracle/causal_conv1d.h"
#include "tests/oracle/rms_norm.h"
#include "tests/support/data.h"
#include "tests/support/ssd_data.h"

using namespace holdfast;
using test::Comparison;
using test::SsdData;

namespace {

struct BenchShape {
  std::string name;
  std::int64_t d_model, heads, head_dim, d_state, groups, vocab;
};

const std::vector<BenchShape> bench_shapes{
    {"14m", 384, 12, 64, 64, 1, 8192}, {"130m", 768, 24, 64, 128, 1, 50288}, {"7b", 4096, 128, 64, 128, 8, 32768}};

struct BenchOptions {
  int threads = 0;
  std::int64_t tokens = 512;
  std::int64_t batch = 16;
  std::int64_t chunk = 32;
  double seconds = 1.0;  // for one op of one shape
  std::vector<std::string> shapes;
};

struct BenchCase {
  std::string name;
  double flops;
  double bytes;
  std::function<void()> run;
  std::vector<double> seconds;
};

void must_agree(const std::string& what, const Comparison& result) {
  if (!result) throw std::runtime_error(what + ": " + result.report);
}

std::span<const float> first_rows(std::span<const float> all, std::int64_t rows, std::int64_t width) {
  return all.first(static_cast<std::size_t>(rows * width));
}

// What the ops of one shape work on, and the ops as cases.
class Bench {
 public:
  Bench(const BenchShape& shape, const BenchOptions& options)
      : shape_(shape),
        options_(options),
        stream_(Device::cpu(), options.threads),
        tokens_(options.tokens),
        data_({tokens_, shape.heads, shape.head_dim, shape.d_state, shape.groups}, 1),
        inner_(data_.shape.inner()),
        channels_(data_.shape.conv_dim()),
        y_(static_cast<std::size_t>(tokens_ * channels_)),
        state_(data_.state),
        conv_(data_.conv_state) {
    test::Random random(2);
    weight_ = random.normals(std::max(shape.d_model, inner_));
    residual_ = random.normals(tokens_ * shape.d_model);
    hidden_ = random.normals(tokens_ * shape.d_model);
    for (std::int64_t b = 0; b < options.batch; ++b) {
      const std::vector<float> row = data_.proj(b % tokens_);
      proj_.insert(proj_.end(), row.begin(), row.end());
      conv_states_.push_back(data_.conv_state);
      states_.push_back(data_.state);
    }
    for (std::size_t b = 0; b < states_.size(); ++b) {
      conv_at_.push_back(conv_states_[b].data());
      state_at_.push_back(states_[b].data());
    }
    logits_ = random.normals(options.batch * shape.vocab, 3.0);
    tokens_out_.resize(static_cast<std::size_t>(options.batch));
    log_probs_.resize(static_cast<std::size_t>(options.batch));
    uniform_.assign(static_cast<std::size_t>(options.batch), 0.7f);
  }

  [[nodiscard]] cpu::ThreadPool& pool() { return stream_.pool(); }

  void check() {
    check_norms();
    check_convolution();
    check_scan();
    check_step();
  }

  std::vector<BenchCase> cases() {
    const auto t = static_cast<double>(tokens_);
    const auto e = static_cast<double>(inner_);
    const auto c = static_cast<double>(channels_);
    const auto d = static_cast<double>(shape_.d_model);
    const auto n = static_cast<double>(shape_.d_state);
    const auto h = static_cast<double>(shape_.heads);
    const auto b = static_cast<double>(options_.batch);
    const auto v = static_cast<double>(shape_.vocab);
    const auto q = static_cast<double>(std::min(options_.chunk, tokens_));
    const double state = e * n * 4;
    const double step_flops = e * n * 5 + c * 8;
    const double step_bytes = 2 * state + 2 * c * 3 * 4 + (2 * e + c + h) * 4;
    return {{"rms_norm + residual", t * d * 4, t * d * 4 * 4, [this] { norm(tokens_); }, {}},
            {"gated_rms_norm", t * e * 6, t * e * 3 * 4, [this] { gated_norm(tokens_); }, {}},
            {"causal_conv1d", t * c * 9, t * c * 2 * 4, [this] { convolve(tokens_); }, {}},
            {"ssd_scan", t * e * (q + 4 * n), t * (e + c + h) * 4 + 2 * state, [this] { scan(tokens_); }, {}},
            {"ssd_step, batch 1", step_flops, step_bytes, [this] { step(1); }, {}},
            {"ssd_step, batch " + std::to_string(options_.batch),
             b * step_flops,
             b * step_bytes,
             [this] { step(options_.batch); },
             {}},
            {"sample, greedy", v, v * 2 * 4, [this] { draw(1, {}); }, {}},
            {"sample, top-p 0.95", v * 3, v * 4 * 4, [this] { draw(1, {.temperature = 0.8f, .top_p = 0.95f}); }, {}}};
  }

 private:
  void norm(std::int64_t rows) {
    const Shape shape{rows, shape_.d_model};
    const auto used = static_cast<std::size_t>(rows * shape_.d_model);
    rms_norm(stream_, {.y = view_of(std::span(y_).first(used), shape),
                       .x = view_of(first_rows(hidden_, rows, shape_.d_model), shape),
                       .weight = view_of(first_rows(weight_, 1, shape_.d_model), Shape{shape_.d_model}),
                       .residual = view_of(std::span(residual_).first(used), shape)});
  }
  void gated_norm(std::int64_t rows) {
    const Shape shape{rows, inner_};
    gated_rms_norm(stream_, {.y = view_of(std::span(y_).first(static_cast<std::size_t>(rows * inner_)), shape),
                             .x = view_of(first_rows(data_.xbc, rows, inner_), shape),
                             .z = view_of(first_rows(data_.z, rows, inner_), shape),
                             .z_stride = inner_,
                             .weight = view_of(first_rows(weight_, 1, inner_), Shape{inner_}),
                             .groups = shape_.groups});
  }
  void convolve(std::int64_t rows) {
    const Shape shape{rows, channels_};
    causal_conv1d(stream_,
                  {.y = view_of(std::span(y_).first(static_cast<std::size_t>(rows * channels_)), shape),
                   .state = view_of(std::span(conv_), Shape{channels_, data_.width - 1}),
                   .x = view_of(first_rows(data_.xbc, rows, channels_), shape),
                   .x_stride = channels_,
                   .weight = view_of(std::span(std::as_const(data_.conv_weight)), Shape{channels_, data_.width}),
                   .bias = view_of(std::span(std::as_const(data_.conv_bias)), Shape{channels_})});
  }
  void scan(std::int64_t rows) {
    const Shape of_heads{shape_.heads};
    ssd_scan(stream_, {.y = view_of(std::span(y_).first(static_cast<std::size_t>(rows * inner_)),
                                    Shape{rows, shape_.heads, shape_.head_dim}),
                       .state = view_of(std::span(state_), Shape{shape_.heads, shape_.head_dim, shape_.d_state}),
                       .xbc = view_of(first_rows(data_.xbc, rows, channels_), Shape{rows, channels_}),
                       .dt_raw = view_of(first_rows(data_.dt_raw, rows, shape_.heads), Shape{rows, shape_.heads}),
                       .dt_stride = shape_.heads,
                       .dt_bias = view_of(std::span(std::as_const(data_.dt_bias)), of_heads),
                       .a = view_of(std::span(std::as_const(data_.a)), of_heads),
                       .d = view_of(std::span(std::as_const(data_.d)), of_heads),
                       .groups = shape_.groups,
                       .chunk = options_.chunk});
  }
  void step(std::int64_t batch) {
    const Shape of_heads{shape_.heads};
    const auto used = static_cast<std::size_t>(batch);
    const std::int64_t row = 2 * inner_ + channels_ - inner_ + shape_.heads;
    ssd_step(stream_,
             {.y = view_of(std::span(y_).first(static_cast<std::size_t>(batch * inner_)), Shape{batch, inner_}),
              .conv = std::span(conv_at_).first(used),
              .state = std::span(state_at_).first(used),
              .proj = view_of(first_rows(proj_, batch, row), Shape{batch, row}),
              .conv_weight = view_of(std::span(std::as_const(data_.conv_weight)), Shape{channels_, data_.width}),
              .conv_bias = view_of(std::span(std::as_const(data_.conv_bias)), Shape{channels_}),
              .dt_bias = view_of(std::span(std::as_const(data_.dt_bias)), of_heads),
              .a = view_of(std::span(std::as_const(data_.a)), of_heads),
              .d = view_of(std::span(std::as_const(data_.d)), of_heads),
              .heads = shape_.heads,
              .head_dim = shape_.head_dim,
              .d_state = shape_.d_state,
              .groups = shape_.groups});
  }
  void draw(std::int64_t batch, const SampleParams& params) {
    const auto used = static_cast<std::size_t>(batch);
    const std::vector<SampleParams> all(used, params);
    holdfast::sample(stream_, {.logits = view_of(first_rows(logits_, batch, shape_.vocab), Shape{batch, shape_.vocab}),
                               .params = all,
                               .uniform = std::span(uniform_).first(used),
                               .seen = {},
                               .tokens = std::span(tokens_out_).first(used),
                               .log_probs = std::span(log_probs_).first(used)});
  }

  void check_norms() {
    const std::vector<float> residual(residual_.begin(), residual_.begin() + shape_.d_model);
    const auto plain =
        oracle::rms_norm(oracle::exact(first_rows(hidden_, 1, shape_.d_model)),
                         oracle::exact(first_rows(weight_, 1, shape_.d_model)), oracle::exact(residual), 1e-5);
    norm(1);
    must_agree("rms_norm", oracle::compare(first_rows(y_, 1, shape_.d_model), plain.y));
    const auto gated = oracle::gated_rms_norm(oracle::exact(first_rows(data_.xbc, 2, inner_)),
                                              oracle::exact(first_rows(data_.z, 2, inner_)),
                                              oracle::exact(first_rows(weight_, 1, inner_)), shape_.groups, 1e-5);
    gated_norm(2);
    must_agree("gated_rms_norm", oracle::compare(first_rows(y_, 2, inner_), gated));
  }
  void check_convolution() {
    const auto want =
        oracle::causal_conv1d(oracle::exact(first_rows(data_.xbc, 5, channels_)), oracle::exact(data_.conv_weight),
                              oracle::exact(data_.conv_bias), oracle::exact(data_.conv_state), channels_);
    convolve(5);
    must_agree("causal_conv1d", oracle::compare(first_rows(y_, 5, channels_), want.y));
  }
  void check_scan() {
    SsdData few = data_;
    few.shape.tokens = std::min<std::int64_t>(tokens_, 3);
    const auto want = few.expected();
    scan(few.shape.tokens);
    must_agree("ssd_scan", oracle::compare(first_rows(y_, few.shape.tokens, inner_), want.y));
    must_agree("ssd_scan, state", oracle::compare(state_, want.state));
  }
  void check_step() {
    const auto want = oracle::ssd_step(data_.shape, data_.parameters(), oracle::exact(data_.proj(0)),
                                       oracle::exact(data_.conv_weight), oracle::exact(data_.conv_bias),
                                       oracle::exact(data_.conv_state), oracle::exact(data_.state));
    step(1);
    must_agree("ssd_step", oracle::compare(first_rows(y_, 1, inner_), want.y));
    must_agree("ssd_step, state", oracle::compare(states_[0], want.state));
  }

  BenchShape shape_;
  BenchOptions options_;
  Stream stream_;
  std::int64_t tokens_;
  SsdData data_;
  std::int64_t inner_, channels_;
  std::vector<float> y_, state_, conv_, weight_, residual_, hidden_, proj_, logits_, uniform_, log_probs_;
  std::vector<std::vector<float>> conv_states_, states_;
  std::vector<float*> conv_at_, state_at_;
  std::vector<std::int32_t> tokens_out_;
};

double seconds_of(const std::function<void()>& work, int repeats) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < repeats; ++i) work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / repeats;
}

void run_shape(const BenchShape& shape, const BenchOptions& options) {
  Bench bench(shape, options);
  bench.check();
  std::vector<BenchCase> cases = bench.cases();
  const cpu::Ceiling ceiling = cpu::measure_ceiling(bench.pool());
  constexpr int rounds = 15;
  std::vector<int> repeats;
  for (const BenchCase& one : cases) {
    const double once = std::max(1e-7, seconds_of(one.run, 2));
    repeats.push_back(std::clamp(static_cast<int>(options.seconds / rounds / once), 1, 100000));
  }
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < cases.size(); ++i) cases[i].seconds.push_back(seconds_of(cases[i].run, repeats[i]));
  }
  std::printf("%s: T %lld, chunk %lld, %d threads (%.0f GFLOP/s, %.1f GB/s); median of %d rounds, and the fastest\n",
              shape.name.c_str(), static_cast<long long>(options.tokens), static_cast<long long>(options.chunk),
              bench.pool().threads(), ceiling.f32_flops * 1e-9, ceiling.read_bytes * 1e-9, rounds);
  for (BenchCase& one : cases) {
    std::sort(one.seconds.begin(), one.seconds.end());
    const double median = one.seconds[one.seconds.size() / 2];
    const double flops = one.flops / median;
    const double bytes = one.bytes / median;
    std::printf("  %-22s %10.1f us (%10.1f) %7.1f GFLOP/s, %3.0f %%  %7.1f GB/s, %3.0f %%\n", one.name.c_str(),
                median * 1e6, one.seconds.front() * 1e6, flops * 1e-9, 100.0 * flops / ceiling.f32_flops, bytes * 1e-9,
                100.0 * bytes / ceiling.read_bytes);
  }
}

template <class Number>
Number parse_number(const std::string& name, const char* text) {
  Number value{};
  const char* end = text == nullptr ? nullptr : text + std::strlen(text);
  if (text == nullptr || std::from_chars(text, end, value).ptr != end || !(value > 0)) {
    throw std::invalid_argument(name + ": " + (text == nullptr ? "nothing" : text) + ", want a number above 0");
  }
  return value;
}

BenchOptions parse_options(int count, char** arguments) {
  BenchOptions options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const char* value = i + 1 < count ? arguments[i + 1] : nullptr;
    if (!name.starts_with("--")) {
      options.shapes.push_back(name);
      continue;
    }
    if (name == "--threads")
      options.threads = parse_number<int>(name, value);
    else if (name == "--tokens")
      options.tokens = parse_number<std::int64_t>(name, value);
    else if (name == "--batch")
      options.batch = parse_number<std::int64_t>(name, value);
    else if (name == "--chunk")
      options.chunk = parse_number<std::int64_t>(name, value);
    else if (name == "--seconds")
      options.seconds = parse_number<double>(name, value);
    else
      throw std::invalid_argument(name + ": want --threads, --tokens, --batch, --chunk, --seconds or a shape");
    ++i;
  }
  options.tokens = std::max<std::int64_t>(options.tokens, 5);  // what the checks look at
  if (options.shapes.empty()) options.shapes = {"14m", "130m", "7b"};
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const BenchOptions options = parse_options(count, arguments);
    for (const std::string& name : options.shapes) {
      const auto found = std::find_if(bench_shapes.begin(), bench_shapes.end(),
                                      [&](const BenchShape& shape) { return shape.name == name; });
      if (found == bench_shapes.end()) throw std::invalid_argument(name + ": no such shape, want 14m, 130m or 7b");
      run_shape(*found, options);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ssm_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
