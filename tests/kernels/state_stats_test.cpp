// state_stats and ssd_trace against their definitions in double; the trace of a step against that of a scan.
//
// Faults that were planted in kernels/cpu/state_stats.cpp and ssd_step.cpp, and seen to fail here:
//   a residual of 3e-2 taken for none; a step that keeps the direction before; two vectors of columns exchanged; half
//   of a row's lanes left out of its sum; the columns behind the last vector left out; the group of B off by one; D x
//   left in what was read; no trace taken by a step.
#include "kernels/state_stats.h"

#include <QTest>
#include <cmath>

#include "kernels/error.h"
#include "kernels/ssd_scan.h"
#include "tests/oracle/state_stats.h"
#include "tests/support/data.h"
#include "tests/support/ssd_data.h"
#include "tests/support/targets.h"

using namespace holdfast;
using test::GuardedFloats;
using test::SsdData;

namespace {

// Sums of up to 8192 float products, their roots and a quotient: 1e-5 is fifty times what was seen.
constexpr double stats_tolerance = 1e-5;

struct Sizes {
  std::int64_t heads, rows, cols;
};

// The y that ssd_scan leaves, with what the trace is made from.
struct Traced {
  GuardedFloats y, log_decay, state, trace;
  explicit Traced(const SsdData& data)
      : y(data.shape.tokens * data.shape.inner()),
        log_decay(data.shape.tokens * data.shape.heads),
        state(data.state),
        trace(data.shape.tokens * data.shape.heads * 3, 5) {
    const oracle::SsdShape& s = data.shape;
    Stream stream(Device::cpu(), 2);
    const Shape by_head{s.tokens, s.heads, s.head_dim};
    const auto vector = [&](const std::vector<float>& v) { return view_of(std::span(v), Shape{s.heads}); };
    ssd_scan(stream, {.y = y.view(by_head),
                      .state = state.view(Shape{s.heads, s.head_dim, s.d_state}),
                      .xbc = view_of(std::span(data.xbc), Shape{s.tokens, s.conv_dim()}),
                      .dt_raw = view_of(std::span(data.dt_raw), Shape{s.tokens, s.heads}),
                      .dt_stride = s.heads,
                      .dt_bias = vector(data.dt_bias),
                      .a = vector(data.a),
                      .d = vector(data.d),
                      .groups = s.groups,
                      .log_decay = log_decay.view(Shape{s.tokens, s.heads})});
    ssd_trace(stream, {.trace = trace.view(Shape{s.tokens, s.heads, 3}),
                       .y = y.view(by_head),
                       .xbc = view_of(std::span(data.xbc), Shape{s.tokens, s.conv_dim()}),
                       .log_decay = log_decay.view(Shape{s.tokens, s.heads}),
                       .a = vector(data.a),
                       .d = vector(data.d),
                       .d_state = s.d_state,
                       .groups = s.groups});
  }
};

}  // namespace

class StateStatsTest : public QObject {
  Q_OBJECT

 private slots:
  void norms_and_ranks_are_those_of_the_definition() {
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      for (const Sizes s : {Sizes{3, 64, 128}, Sizes{2, 7, 33}, Sizes{2, 33, 7}, Sizes{1, 1, 5}, Sizes{2, 64, 16}}) {
        test::Random random(static_cast<std::uint64_t>(s.rows * 100 + s.cols));
        std::vector<float> state = random.normals(s.heads * s.rows * s.cols);
        // The first head: nearly one direction, as states after a long text are.
        for (std::int64_t i = 0; i < s.rows * s.cols; ++i) {
          state[static_cast<std::size_t>(i)] =
              state[static_cast<std::size_t>(i)] * 0.05f + static_cast<float>((i / s.cols + 1) * (i % s.cols - 3));
        }
        GuardedFloats norm(s.heads, 1), rank(s.heads, 3);
        Stream stream(Device::cpu(), 2);
        state_stats(stream, {.norm = norm.view(Shape{s.heads}),
                             .stable_rank = rank.view(Shape{s.heads}),
                             .state = view_of(std::span(std::as_const(state)), Shape{s.heads, s.rows, s.cols})});
        std::vector<double> norms, ranks;
        for (std::int64_t h = 0; h < s.heads; ++h) {
          const auto head = std::span<const float>(state).subspan(static_cast<std::size_t>(h * s.rows * s.cols),
                                                                  static_cast<std::size_t>(s.rows * s.cols));
          norms.push_back(oracle::frobenius_norm(head));
          ranks.push_back(std::pow(norms.back() / oracle::spectral_norm(head, s.rows, s.cols), 2.0));
        }
        HOLDFAST_COMPARE(test::compare_relative(norm.values(), norms, stats_tolerance));
        HOLDFAST_COMPARE(test::compare_relative(rank.values(), ranks, stats_tolerance));
        HOLDFAST_COMPARE(norm.intact());
        HOLDFAST_COMPARE(rank.intact());
      }
    }
  }

  void a_head_that_holds_nothing_has_no_rank() {
    const std::vector<float> state(2 * 3 * 5, 0.0f);
    std::vector<float> norm(2, 7.0f), rank(2, 7.0f);
    Stream stream(Device::cpu(), 1);
    state_stats(stream, {.norm = view_of(std::span(norm), Shape{2}),
                         .stable_rank = view_of(std::span(rank), Shape{2}),
                         .state = view_of(std::span(state), Shape{2, 3, 5})});
    QCOMPARE(norm, (std::vector<float>{0.0f, 0.0f}));
    QCOMPARE(rank, (std::vector<float>{0.0f, 0.0f}));
  }

  void a_trace_is_what_was_written_and_read() {
    for (const std::int64_t groups : {1, 2}) {
      const SsdData data({.tokens = 37, .heads = 6, .head_dim = 20, .d_state = 24, .groups = groups}, 11);
      const oracle::SsdShape& s = data.shape;
      Traced traced(data);
      // By the definition: the recurrence in double, y without its D x.
      oracle::SsdParameters without = data.parameters();
      for (auto& d : without.d) d = 0.0;
      const auto memory =
          oracle::ssd(s, without, oracle::exact(data.xbc), oracle::exact(data.dt_raw), oracle::exact(data.state));
      std::vector<double> want;
      for (std::int64_t t = 0; t < s.tokens; ++t) {
        for (std::int64_t h = 0; h < s.heads; ++h) {
          const std::int64_t at = t * s.conv_dim();
          const auto length = [&](std::int64_t first, std::int64_t count) {
            return oracle::frobenius_norm(
                std::span(data.xbc).subspan(static_cast<std::size_t>(at + first), static_cast<std::size_t>(count)));
          };
          double read = 0.0;
          for (std::int64_t p = 0; p < s.head_dim; ++p) {
            const double v = memory.y[static_cast<std::size_t>((t * s.heads + h) * s.head_dim + p)].value;
            read += v * v;
          }
          const double dt = memory.log_decay[static_cast<std::size_t>(t * s.heads + h)].value /
                            static_cast<double>(data.a[static_cast<std::size_t>(h)]);
          const double x = length(h * s.head_dim, s.head_dim);
          want.push_back(dt * x * length(s.inner() + h / (s.heads / groups) * s.d_state, s.d_state));
          want.push_back(std::sqrt(read));
          want.push_back(std::abs(static_cast<double>(data.d[static_cast<std::size_t>(h)])) * x);
        }
      }
      HOLDFAST_COMPARE(test::compare_relative(traced.trace.values(), want, stats_tolerance));
      HOLDFAST_COMPARE(traced.trace.intact());
    }
  }

  void a_step_traces_what_a_scan_traces() {
    SsdData data({.tokens = 1, .heads = 4, .head_dim = 19, .d_state = 21, .groups = 2}, 5);
    const oracle::SsdShape& s = data.shape;
    // A convolution that passes its newest input on, so that the scan's input is silu of it.
    std::fill(data.conv_weight.begin(), data.conv_weight.end(), 0.0f);
    for (std::size_t c = 0; c < data.conv_bias.size(); ++c) data.conv_weight[c * 4 + 3] = 1.0f;
    const std::vector<float> proj = data.proj(0);
    std::vector<float> conv = data.conv_state, state = data.state, y(static_cast<std::size_t>(s.inner()));
    GuardedFloats trace(s.heads * 3, 2);
    float* conv_at = conv.data();
    float* state_at = state.data();
    Stream stream(Device::cpu(), 2);
    ssd_step(stream, {.y = view_of(std::span(y), Shape{1, s.inner()}),
                      .conv = {&conv_at, 1},
                      .state = {&state_at, 1},
                      .proj = view_of(std::span(proj), Shape{1, std::ssize(proj)}),
                      .conv_weight = view_of(std::span(data.conv_weight), Shape{s.conv_dim(), 4}),
                      .dt_bias = view_of(std::span(data.dt_bias), Shape{s.heads}),
                      .a = view_of(std::span(data.a), Shape{s.heads}),
                      .d = view_of(std::span(data.d), Shape{s.heads}),
                      .heads = s.heads,
                      .head_dim = s.head_dim,
                      .d_state = s.d_state,
                      .groups = s.groups,
                      .trace = trace.view(Shape{1, s.heads, 3})});
    for (float& v : data.xbc) v = v / (1.0f + std::exp(-v));
    const Traced scanned(data);
    const auto want = scanned.trace.values();
    HOLDFAST_COMPARE(test::compare_relative(trace.values(), want, stats_tolerance));
    HOLDFAST_COMPARE(trace.intact());
  }
};

QTEST_GUILESS_MAIN(StateStatsTest)
#include "state_stats_test.moc"
