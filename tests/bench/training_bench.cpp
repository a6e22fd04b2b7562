// Rates of training's operations on shapes of real models, beside what this machine can do at most. Rows of the
// products and a short scan's gradients are checked against the oracle first; the others are held to it by
// tests/kernels.
//
//   training_bench [--threads N] [--tokens T] [--seconds S] [shape ...]      shapes: 14m, 130m
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

#include "kernels/adamw.h"
#include "kernels/causal_conv1d.h"
#include "kernels/cpu/ceiling.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/cross_entropy.h"
#include "kernels/matmul.h"
#include "kernels/rms_norm.h"
#include "kernels/ssd_scan.h"
#include "tests/oracle/matmul.h"
#include "tests/support/data.h"
#include "tests/support/packing.h"
#include "tests/support/ssd_data.h"

using namespace holdfast;

namespace {

struct BenchShape {
  std::string name;
  std::int64_t d_model, heads, head_dim, d_state, vocab;
  [[nodiscard]] std::int64_t inner() const { return heads * head_dim; }
  [[nodiscard]] std::int64_t channels() const { return inner() + 2 * d_state; }
  [[nodiscard]] std::int64_t projected() const { return inner() + channels() + heads; }
};

const std::vector<BenchShape> bench_shapes{{"14m", 256, 8, 64, 64, 8192}, {"130m", 768, 24, 64, 128, 50288}};

struct BenchOptions {
  int threads = 0;
  std::int64_t tokens = 2048;
  double seconds = 0.5;  // of each operation
  std::vector<std::string> shapes;
};

struct BenchCase {
  std::string name;
  double flops = 0.0;
  double bytes = 0.0;  // that must be read or written at least once
  std::function<void()> run;
};

// Memory and views of one shape's operations.
class TrainingBench {
 public:
  TrainingBench(BenchShape shape, const BenchOptions& options)
      : s_(std::move(shape)),
        stream_(Device::cpu(), options.threads),
        packing_({options.tokens / 2, options.tokens - options.tokens / 2}),
        t_(packing_.tokens()),
        data_({t_, s_.heads, s_.head_dim, s_.d_state, 1}, 1) {
    test::Random random(2);
    hidden_ = random.normals(t_ * s_.d_model);
    proj_ = random.normals(t_ * s_.projected(), 0.1);
    weight_ = random.normals(s_.projected() * s_.d_model, 0.05);
    d_weight_.resize(weight_.size());
    d_hidden_.resize(hidden_.size());
    out_.resize(static_cast<std::size_t>(t_ * s_.projected()));
    dy_ = random.normals(t_ * s_.channels(), 0.1);
    sums_.resize(static_cast<std::size_t>(4 * s_.projected()));
    norm_ = random.normals(s_.inner());
    state_.resize(static_cast<std::size_t>(s_.inner() * s_.d_state));
    head_ = random.normals(s_.vocab * s_.d_model, 0.05);
    d_head_.resize(head_.size());
    first_.resize(head_.size());
    second_.resize(head_.size());
    loss_.resize(static_cast<std::size_t>(t_));
    loss_weights_.assign(static_cast<std::size_t>(t_), 1.0f);
    const std::size_t row_bytes = encoded_row_bytes(WeightFormat::q8_0, s_.d_model);
    std::vector<std::byte> encoded(row_bytes * static_cast<std::size_t>(s_.projected()));
    for (std::int64_t i = 0; i < s_.projected(); ++i) {
      encode_row(
          WeightFormat::q8_0,
          std::span(weight_).subspan(static_cast<std::size_t>(i * s_.d_model), static_cast<std::size_t>(s_.d_model)),
          encoded.data() + static_cast<std::size_t>(i) * row_bytes);
    }
    frozen_ = Weight::pack(stream_, "frozen", WeightFormat::q8_0, s_.projected(), s_.d_model, encoded);
    for (std::int64_t i = 0; i < t_; ++i) targets_.push_back(static_cast<std::int32_t>(random.below(s_.vocab)));
  }

  [[nodiscard]] cpu::ThreadPool& pool() { return stream_.pool(); }

  void check() {
    check_products();
    check_scan();
  }

  std::vector<BenchCase> cases() {
    const auto t = static_cast<double>(t_), d = static_cast<double>(s_.d_model),
               p = static_cast<double>(s_.projected());
    const auto v = static_cast<double>(s_.vocab), c = static_cast<double>(s_.channels());
    const auto e = static_cast<double>(s_.inner()), h = static_cast<double>(s_.heads);
    const double product = 2.0 * t * d * p, head = 2.0 * t * d * v;
    const double product_bytes = 4.0 * (t * d + d * p + t * p);
    const double n = static_cast<double>(s_.d_state), q = 64.0;
    return {{"matmul, y = x W^T", product, product_bytes, [this] { forward_product(); }},
            {"matmul, dx = dy W", product, product_bytes, [this] { input_product(); }},
            {"matmul, dW = dy^T x", product, product_bytes, [this] { weight_product(); }},
            {"linear_input_backward", product, 4.0 * (t * d + t * p) + d * p, [this] { frozen_product(); }},
            {"cross_entropy, loss", head, 4.0 * d * (t + v), [this] { loss(false); }},
            {"cross_entropy, all", 3.0 * head, 4.0 * d * (2.0 * t + 3.0 * v), [this] { loss(true); }},
            {"ssd_scan_packed", t * e * (32.0 + 4.0 * n), 4.0 * t * (e + c + h), [this] { scan(); }},
            // Products of a chunk with its triangle (half of it), with its states, and the states themselves.
            {"ssd_scan_backward", t * e * (2.0 * q + 10.0 * n) + t * h * 2.0 * q * n, 4.0 * t * (e + 2.0 * c + 2.0 * h),
             [this] { scan_backward(); }},
            {"causal_conv1d_packed", t * c * 9.0, 4.0 * t * c * 2.0, [this] { convolve(); }},
            {"causal_conv1d_backward", t * c * 26.0, 4.0 * t * c * 3.0, [this] { convolve_backward(); }},
            {"rms_norm_backward", t * d * 10.0, 4.0 * t * d * 3.0, [this] { norm_backward(); }},
            {"gated_rms_norm_backward", t * e * 20.0, 4.0 * t * e * 5.0, [this] { gated_norm_backward(); }},
            {"adamw", v * d * 15.0, 4.0 * v * d * 7.0, [this] { optimise(); }},
            {"sum_of_squares", v * d * 2.0, 4.0 * v * d, [this] { squares(); }}};
  }

 private:
  static void must_agree(const std::string& what, const test::Comparison& result) {
    if (!result) throw std::runtime_error(what + ": " + result.report);
  }
  static oracle::Numbers part(const std::vector<float>& from, std::int64_t first, std::int64_t count) {
    return oracle::exact(std::span(from).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)));
  }

  // The first and the last row of each product.
  void check_products() {
    const std::int64_t d = s_.d_model, p = s_.projected();
    const auto row_of = [](const std::vector<float>& from, std::int64_t row, std::int64_t width) {
      return std::span(from).subspan(static_cast<std::size_t>(row * width), static_cast<std::size_t>(width));
    };
    forward_product();
    input_product();
    for (const std::int64_t row : {std::int64_t{0}, t_ - 1}) {
      must_agree("matmul, y",
                 oracle::compare(row_of(out_, row, p), oracle::matmul(part(hidden_, row * d, d), oracle::exact(weight_),
                                                                      {1, p, d, false, true})));
      must_agree("matmul, dx",
                 oracle::compare(row_of(d_hidden_, row, d),
                                 oracle::matmul(part(proj_, row * p, p), oracle::exact(weight_), {1, d, p})));
    }
    weight_product();
    for (const std::int64_t row : {std::int64_t{0}, p - 1}) {
      std::vector<float> column;
      for (std::int64_t t = 0; t < t_; ++t) column.push_back(proj_[static_cast<std::size_t>(t * p + row)]);
      must_agree("matmul, dW",
                 oracle::compare(row_of(d_weight_, row, d),
                                 oracle::matmul(oracle::exact(column), oracle::exact(hidden_), {1, d, t_})));
    }
  }

  void check_scan() {
    const test::Packing packing({70});
    const test::SsdData data({packing.tokens(), 1, s_.head_dim, s_.d_state, 1}, 3);
    const std::int64_t channels = data.shape.conv_dim();
    std::vector<float> dy = test::Random(4).normals(packing.tokens() * s_.head_dim);
    packing.fill_padding(dy, s_.head_dim, 0.0f);
    std::vector<float> d_xbc(data.xbc.size()), d_dt(data.dt_raw.size());
    ssd_scan_backward(stream_, {.d_xbc = open(d_xbc, Shape{packing.tokens(), channels}),
                                .d_dt_raw = open(d_dt, Shape{packing.tokens(), 1}),
                                .d_dt_stride = 1,
                                .dy = fixed(dy, Shape{packing.tokens(), s_.head_dim}),
                                .in = {.xbc = fixed(data.xbc, Shape{packing.tokens(), channels}),
                                       .dt_raw = fixed(data.dt_raw, Shape{packing.tokens(), 1}),
                                       .dt_stride = 1,
                                       .dt_bias = fixed(data.dt_bias, Shape{1}),
                                       .a = fixed(data.a, Shape{1}),
                                       .d = fixed(data.d, Shape{1}),
                                       .heads = 1,
                                       .head_dim = s_.head_dim,
                                       .d_state = s_.d_state,
                                       .rows = packing.rows()}});
    oracle::SsdShape shape = data.shape;
    shape.tokens = 70;
    const auto want =
        oracle::ssd_backward(shape, data.parameters(), part(data.xbc, 0, 70 * channels), part(data.dt_raw, 0, 70),
                             oracle::Numbers(data.state.size()), part(dy, 0, 70 * s_.head_dim));
    must_agree("ssd_scan_backward", oracle::compare(packing.of_sequence(d_xbc, channels, 0), want.xbc));
    must_agree("ssd_scan_backward, dt", oracle::compare(packing.of_sequence(d_dt, 1, 0), want.dt_raw));
  }

  static ConstTensorView fixed(const std::vector<float>& values, const Shape& shape) {
    return {values.data(), DType::f32, shape, DeviceKind::cpu};
  }
  static TensorView open(std::vector<float>& values, const Shape& shape) {
    return {values.data(), DType::f32, shape, DeviceKind::cpu};
  }

  void forward_product() {
    matmul(stream_, {.c = open(out_, Shape{t_, s_.projected()}),
                     .a = fixed(hidden_, Shape{t_, s_.d_model}),
                     .b = fixed(weight_, Shape{s_.projected(), s_.d_model}),
                     .transpose_b = true});
  }
  void input_product() {
    matmul(stream_, {.c = open(d_hidden_, Shape{t_, s_.d_model}),
                     .a = fixed(proj_, Shape{t_, s_.projected()}),
                     .b = fixed(weight_, Shape{s_.projected(), s_.d_model})});
  }
  void weight_product() {
    matmul(stream_, {.c = open(d_weight_, Shape{s_.projected(), s_.d_model}),
                     .a = fixed(proj_, Shape{t_, s_.projected()}),
                     .b = fixed(hidden_, Shape{t_, s_.d_model}),
                     .transpose_a = true,
                     .accumulate = true});
  }
  void frozen_product() {
    linear_input_backward(
        stream_,
        {.dx = open(d_hidden_, Shape{t_, s_.d_model}), .dy = fixed(proj_, Shape{t_, s_.projected()}), .w = &frozen_});
  }
  void loss(bool gradients) {
    CrossEntropyArgs args{.loss = open(loss_, Shape{t_}),
                          .x = fixed(hidden_, Shape{t_, s_.d_model}),
                          .head = fixed(head_, Shape{s_.vocab, s_.d_model}),
                          .targets = {targets_.data(), DType::i32, Shape{t_}, DeviceKind::cpu},
                          .weights = fixed(loss_weights_, Shape{t_}),
                          .scale = 1.0f / static_cast<float>(t_)};
    if (gradients) {
      args.dx = open(d_hidden_, Shape{t_, s_.d_model});
      args.d_head = open(d_head_, Shape{s_.vocab, s_.d_model});
    }
    cross_entropy(stream_, args);
  }
  SsdPackedInputs scan_inputs() {
    return {.xbc = fixed(data_.xbc, Shape{t_, s_.channels()}),
            .dt_raw = fixed(data_.dt_raw, Shape{t_, s_.heads}),
            .dt_stride = s_.heads,
            .dt_bias = fixed(data_.dt_bias, Shape{s_.heads}),
            .a = fixed(data_.a, Shape{s_.heads}),
            .d = fixed(data_.d, Shape{s_.heads}),
            .heads = s_.heads,
            .head_dim = s_.head_dim,
            .d_state = s_.d_state,
            .rows = packing_.rows()};
  }
  void scan() { ssd_scan_packed(stream_, {.y = open(out_, Shape{t_, s_.inner()}), .in = scan_inputs()}); }
  void scan_backward() {
    ssd_scan_backward(stream_, {.d_xbc = open(out_, Shape{t_, s_.channels()}),
                                .d_dt_raw = open(d_hidden_, Shape{t_, s_.heads}),
                                .d_dt_stride = s_.heads,
                                .d_a_log = open(sums_, Shape{s_.heads}),
                                .dy = fixed(dy_, Shape{t_, s_.inner()}),
                                .in = scan_inputs()});
  }
  void convolve() {
    causal_conv1d_packed(stream_, {.y = open(out_, Shape{t_, s_.channels()}),
                                   .x = fixed(proj_, Shape{t_, s_.channels()}),
                                   .x_stride = s_.projected(),
                                   .weight = fixed(data_.conv_weight, Shape{s_.channels(), 4}),
                                   .bias = fixed(data_.conv_bias, Shape{s_.channels()}),
                                   .rows = packing_.rows()});
  }
  void convolve_backward() {
    causal_conv1d_backward(stream_, {.dx = open(out_, Shape{t_, s_.channels()}),
                                     .dx_stride = s_.projected(),
                                     .d_weight = open(sums_, Shape{s_.channels(), 4}),
                                     .dy = fixed(dy_, Shape{t_, s_.channels()}),
                                     .x = fixed(proj_, Shape{t_, s_.channels()}),
                                     .x_stride = s_.projected(),
                                     .weight = fixed(data_.conv_weight, Shape{s_.channels(), 4}),
                                     .bias = fixed(data_.conv_bias, Shape{s_.channels()}),
                                     .rows = packing_.rows()});
  }
  void norm_backward() {
    const Shape rows{t_, s_.d_model};
    rms_norm_backward(stream_, {.dx = open(d_hidden_, rows),
                                .d_weight = open(sums_, Shape{s_.d_model}),
                                .dy = fixed(dy_, rows),
                                .x = fixed(hidden_, rows),
                                .weight = fixed(norm_, Shape{s_.d_model})});
  }
  void gated_norm_backward() {
    const Shape rows{t_, s_.inner()};
    gated_rms_norm_backward(stream_, {.dx = open(d_hidden_gated(), rows),
                                      .dz = open(out_, rows),
                                      .dz_stride = s_.projected(),
                                      .d_weight = open(sums_, Shape{s_.inner()}),
                                      .dy = fixed(dy_, rows),
                                      .x = fixed(data_.xbc, rows),
                                      .z = fixed(proj_, rows),
                                      .z_stride = s_.projected(),
                                      .weight = fixed(norm_, Shape{s_.inner()})});
  }
  std::vector<float>& d_hidden_gated() {
    gated_.resize(static_cast<std::size_t>(t_ * s_.inner()));
    return gated_;
  }
  void optimise() {
    const Shape all{s_.vocab * s_.d_model};
    adamw(stream_, {.master = open(head_, all),
                    .gradient = fixed(d_head_, all),
                    .first = open(first_, all),
                    .second = open(second_, all),
                    .rounded = {},
                    .learning_rate = 1e-6f,
                    .decay = 0.1f,
                    .step = ++steps_});
  }
  void squares() { sink_ = sum_of_squares(stream_, fixed(head_, Shape{s_.vocab * s_.d_model})); }

  BenchShape s_;
  Stream stream_;
  test::Packing packing_;
  std::int64_t t_;
  test::SsdData data_;
  std::vector<float> hidden_, d_hidden_, proj_, weight_, d_weight_, out_, dy_, sums_, norm_, state_, gated_;
  std::vector<float> head_, d_head_, first_, second_, loss_, loss_weights_;
  std::vector<std::int32_t> targets_;
  Weight frozen_;
  std::int64_t steps_ = 0;
  double sink_ = 0.0;
};

double seconds_of(const std::function<void()>& work, int repeats) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < repeats; ++i) work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / repeats;
}

void run_shape(const BenchShape& shape, const BenchOptions& options) {
  TrainingBench bench(shape, options);
  bench.check();
  std::printf("%s: T %lld, %d threads; median of 5 rounds, and the fastest\n", shape.name.c_str(),
              static_cast<long long>(options.tokens), bench.pool().threads());
  for (const BenchCase& one : bench.cases()) {
    const cpu::Ceiling ceiling = cpu::measure_ceiling(bench.pool(), 0.1);
    const double once = std::max(1e-7, seconds_of(one.run, 1));
    const int repeats = std::clamp(static_cast<int>(options.seconds / 5.0 / once), 1, 100000);
    std::vector<double> seconds;
    for (int round = 0; round < 5; ++round) seconds.push_back(seconds_of(one.run, repeats));
    std::sort(seconds.begin(), seconds.end());
    const double flops = one.flops / seconds[2], bytes = one.bytes / seconds[2];
    std::printf("  %-24s %10.1f us (%10.1f) %7.1f GFLOP/s, %3.0f %%  %7.1f GB/s, %3.0f %%\n", one.name.c_str(),
                seconds[2] * 1e6, seconds[0] * 1e6, flops * 1e-9, 100.0 * flops / ceiling.f32_flops, bytes * 1e-9,
                100.0 * bytes / ceiling.read_bytes);
    std::fflush(stdout);
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
    else if (name == "--seconds")
      options.seconds = parse_number<double>(name, value);
    else
      throw std::invalid_argument(name + ": want --threads, --tokens, --seconds or a shape");
    ++i;
  }
  if (options.tokens < 2) throw std::invalid_argument("--tokens: want at least 2");
  if (options.shapes.empty()) options.shapes = {"14m", "130m"};
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const BenchOptions options = parse_options(count, arguments);
    for (const std::string& name : options.shapes) {
      const auto found = std::find_if(bench_shapes.begin(), bench_shapes.end(),
                                      [&](const BenchShape& shape) { return shape.name == name; });
      if (found == bench_shapes.end()) throw std::invalid_argument(name + ": no such shape, want 14m or 130m");
      run_shape(*found, options);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "training_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
