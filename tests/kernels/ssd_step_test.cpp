// ssd_step against convolution, recurrence and gate in double, and its laws: scan(T) = T steps, sequences do not touch
// each other, dt = 0 keeps the state.
//
// Faults that were planted in kernels/cpu/ssd_step.cpp, and seen to fail here:
//   the decay lost; the group index off by one; the window of B and C moved by every reader, or that of x by
//   none; two taps of the convolution exchanged; another sequence's gate; the last column of N left out; the
//   gate lost.
#include <QTest>
#include <cmath>

#include "kernels/causal_conv1d.h"
#include "kernels/error.h"
#include "kernels/ssd_scan.h"
#include "tests/support/data.h"
#include "tests/support/ssd_data.h"
#include "tests/support/targets.h"

using namespace holdfast;
using test::Comparison;
using test::GuardedFloats;
using test::SsdData;

namespace {

// B sequences with the same parameters, each with its own states.
struct StepRun {
  std::int64_t batch;
  std::vector<GuardedFloats> conv, state;
  GuardedFloats y, log_decay;

  StepRun(std::span<const SsdData> sequences)
      : batch(std::ssize(sequences)),
        y(batch * sequences[0].shape.inner(), 1),
        log_decay(batch * sequences[0].shape.heads, 3) {
    for (const SsdData& data : sequences) {
      conv.emplace_back(data.conv_state, 2);
      state.emplace_back(data.state, 5);
    }
  }

  // Token t of every sequence. Parameters are those of the first.
  void step(std::span<const SsdData> sequences, std::int64_t t, int threads, bool conv_bias = true) {
    const SsdData& data = sequences[0];
    const oracle::SsdShape& s = data.shape;
    std::vector<float> proj;
    std::vector<float*> conv_at, state_at;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const std::vector<float> row = sequences[i].proj(t);
      proj.insert(proj.end(), row.begin(), row.end());
      conv_at.push_back(conv[i].data());
      state_at.push_back(state[i].data());
    }
    Stream stream(Device::cpu(), threads);
    SsdStepArgs args{.y = y.view(Shape{batch, s.inner()}),
                     .conv = conv_at,
                     .state = state_at,
                     .proj = view_of(std::span(std::as_const(proj)), Shape{batch, std::ssize(proj) / batch}),
                     .conv_weight = view_of(std::span(data.conv_weight), Shape{s.conv_dim(), data.width}),
                     .dt_bias = view_of(std::span(data.dt_bias), Shape{s.heads}),
                     .a = view_of(std::span(data.a), Shape{s.heads}),
                     .d = view_of(std::span(data.d), Shape{s.heads}),
                     .heads = s.heads,
                     .head_dim = s.head_dim,
                     .d_state = s.d_state,
                     .groups = s.groups,
                     .dt_min = data.dt_min,
                     .dt_max = data.dt_max,
                     .log_decay = log_decay.view(Shape{batch, s.heads})};
    if (conv_bias) args.conv_bias = view_of(std::span(data.conv_bias), Shape{s.conv_dim()});
    ssd_step(stream, args);
  }

  [[nodiscard]] std::span<const float> y_of(std::int64_t i) const {
    const std::size_t each = y.values().size() / static_cast<std::size_t>(batch);
    return y.values().subspan(static_cast<std::size_t>(i) * each, each);
  }
  [[nodiscard]] Comparison intact() const {
    for (const auto& buffers : {&conv, &state}) {
      for (const GuardedFloats& buffer : *buffers) {
        if (const Comparison result = buffer.intact(); !result) return result;
      }
    }
    return y.intact() ? log_decay.intact() : y.intact();
  }
};

oracle::SsdStepResult step_expected(const SsdData& own, const SsdData& parameters, std::int64_t t,
                                    const oracle::Numbers& conv, const oracle::Numbers& state, bool conv_bias = true) {
  return oracle::ssd_step(own.shape, parameters.parameters(), oracle::exact(own.proj(t)),
                          oracle::exact(parameters.conv_weight),
                          conv_bias ? oracle::exact(parameters.conv_bias) : oracle::Numbers(), conv, state);
}

}  // namespace

class SsdStepTest : public QObject {
  Q_OBJECT

 private slots:
  void agrees_with_the_definition_data() {
    QTest::addColumn<std::int64_t>("heads");
    QTest::addColumn<std::int64_t>("head_dim");
    QTest::addColumn<std::int64_t>("d_state");
    QTest::addColumn<std::int64_t>("groups");
    QTest::addColumn<std::int64_t>("batch");
    struct Row {
      const char* name;
      std::int64_t heads, head_dim, d_state, groups;
    };
    const Row rows[] = {{"golden, one group", 8, 16, 16, 1},          {"golden, two groups", 6, 32, 32, 2},
                        {"golden, four groups", 4, 64, 64, 4},        {"odd", 6, 5, 7, 2},
                        {"odd, wider than a register", 2, 37, 19, 1}, {"smallest", 1, 1, 1, 1},
                        {"published heads", 24, 64, 128, 1}};
    for (const Row& row : rows) {
      for (const std::int64_t batch : {1, 3}) {
        QTest::addRow("%s, B=%d", row.name, static_cast<int>(batch))
            << row.heads << row.head_dim << row.d_state << row.groups << batch;
      }
    }
  }
  void agrees_with_the_definition() {
    QFETCH(std::int64_t, heads);
    QFETCH(std::int64_t, head_dim);
    QFETCH(std::int64_t, d_state);
    QFETCH(std::int64_t, groups);
    QFETCH(std::int64_t, batch);
    std::vector<SsdData> sequences;
    for (std::int64_t i = 0; i < batch; ++i) {
      sequences.emplace_back(oracle::SsdShape{1, heads, head_dim, d_state, groups}, 30 + static_cast<std::uint64_t>(i));
    }
    std::vector<oracle::SsdStepResult> want;
    for (const SsdData& data : sequences) {
      want.push_back(step_expected(data, sequences[0], 0, oracle::exact(data.conv_state), oracle::exact(data.state)));
    }
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      for (const int threads : {1, 2, 3}) {
        StepRun run(sequences);
        run.step(sequences, 0, threads);
        for (std::int64_t i = 0; i < batch; ++i) {
          const auto at = static_cast<std::size_t>(i);
          HOLDFAST_COMPARE(oracle::compare(run.y_of(i), want[at].y));
          HOLDFAST_COMPARE(oracle::compare(run.state[at].values(), want[at].state));
          HOLDFAST_COMPARE(oracle::compare(run.conv[at].values(), want[at].conv_state));
          const auto each = static_cast<std::size_t>(heads);
          HOLDFAST_COMPARE(oracle::compare(run.log_decay.values().subspan(at * each, each), want[at].log_decay));
        }
        HOLDFAST_COMPARE(run.intact());
      }
    }
  }

  void other_widths_and_no_bias_data() {
    QTest::addColumn<std::int64_t>("width");
    for (const std::int64_t width : {2, 3, 4, 7}) QTest::addRow("K=%d", static_cast<int>(width)) << width;
  }
  void other_widths_and_no_bias() {
    QFETCH(std::int64_t, width);
    SsdData data({1, 4, 12, 20, 2}, 40);
    data.width = width;
    test::Random random(41);
    data.conv_weight = random.normals(data.shape.conv_dim() * width);
    data.conv_state = random.normals(data.shape.conv_dim() * (width - 1));
    const auto want = step_expected(data, data, 0, oracle::exact(data.conv_state), oracle::exact(data.state), false);
    StepRun run({&data, 1});
    run.step({&data, 1}, 0, 2, false);
    HOLDFAST_COMPARE(oracle::compare(run.y.values(), want.y));
    HOLDFAST_COMPARE(oracle::compare(run.state[0].values(), want.state));
    HOLDFAST_COMPARE(oracle::compare(run.conv[0].values(), want.conv_state));
    HOLDFAST_COMPARE(run.intact());
  }

  void steps_are_a_scan_data() {
    QTest::addColumn<std::int64_t>("groups");
    for (const std::int64_t groups : {1, 2, 4}) QTest::addRow("G=%d", static_cast<int>(groups)) << groups;
  }
  // The same tokens by causal_conv1d, ssd_scan and a gate, and by one step after the other.
  void steps_are_a_scan() {
    QFETCH(std::int64_t, groups);
    const SsdData data({70, 4, 12, 20, groups}, 42);
    const oracle::SsdShape& s = data.shape;
    Stream stream(Device::cpu(), 2);
    std::vector<float> convolved(data.xbc.size()), conv = data.conv_state, state = data.state;
    std::vector<float> y(static_cast<std::size_t>(s.tokens * s.inner()));
    causal_conv1d(stream, {.y = view_of(std::span(convolved), Shape{s.tokens, s.conv_dim()}),
                           .state = view_of(std::span(conv), Shape{s.conv_dim(), data.width - 1}),
                           .x = view_of(std::span(data.xbc), Shape{s.tokens, s.conv_dim()}),
                           .x_stride = s.conv_dim(),
                           .weight = view_of(std::span(data.conv_weight), Shape{s.conv_dim(), data.width}),
                           .bias = view_of(std::span(data.conv_bias), Shape{s.conv_dim()})});
    ssd_scan(stream, {.y = view_of(std::span(y), Shape{s.tokens, s.heads, s.head_dim}),
                      .state = view_of(std::span(state), Shape{s.heads, s.head_dim, s.d_state}),
                      .xbc = view_of(std::span(std::as_const(convolved)), Shape{s.tokens, s.conv_dim()}),
                      .dt_raw = view_of(std::span(data.dt_raw), Shape{s.tokens, s.heads}),
                      .dt_stride = s.heads,
                      .dt_bias = view_of(std::span(data.dt_bias), Shape{s.heads}),
                      .a = view_of(std::span(data.a), Shape{s.heads}),
                      .d = view_of(std::span(data.d), Shape{s.heads}),
                      .groups = groups,
                      .chunk = 32});
    StepRun run({&data, 1});
    oracle::Numbers oracle_conv = oracle::exact(data.conv_state);
    oracle::Numbers oracle_state = oracle::exact(data.state);
    for (std::int64_t t = 0; t < s.tokens; ++t) {
      const auto bound = step_expected(data, data, t, oracle_conv, oracle_state);
      oracle_conv = bound.conv_state;
      oracle_state = bound.state;
      run.step({&data, 1}, t, 1 + static_cast<int>(t % 3));
      std::vector<double> scanned, allowed;
      for (std::size_t i = 0; i < bound.y.size(); ++i) {
        const auto at = static_cast<std::size_t>(t * s.inner()) + i;
        scanned.push_back(static_cast<double>(y[at]) * oracle::silu(static_cast<double>(data.z[at])).value);
        allowed.push_back(2.0 * bound.y[i].bound);  // each of the two is within its bound of the truth
      }
      HOLDFAST_COMPARE(test::compare(run.y.values(), scanned, allowed));
    }
    std::vector<double> allowed;
    for (const oracle::Bounded& number : oracle_state) allowed.push_back(2.0 * number.bound);
    HOLDFAST_COMPARE(test::compare(run.state[0].values(), std::vector<double>(state.begin(), state.end()), allowed));
    HOLDFAST_COMPARE(test::compare_bitwise(run.conv[0].values(), conv));
  }

  void sequences_do_not_touch_each_other() {
    std::vector<SsdData> sequences;
    for (std::uint64_t i = 0; i < 3; ++i) sequences.emplace_back(oracle::SsdShape{4, 6, 10, 24, 2}, 50 + i);
    for (SsdData& data : sequences) {  // what does not belong to a sequence is shared
      const SsdData& first = sequences[0];
      data.dt_bias = first.dt_bias;
      data.a = first.a;
      data.d = first.d;
      data.conv_weight = first.conv_weight;
      data.conv_bias = first.conv_bias;
    }
    StepRun together(sequences);
    std::vector<StepRun> alone;
    for (const SsdData& data : sequences) alone.emplace_back(std::span(&data, 1));
    for (std::int64_t t = 0; t < 4; ++t) {
      together.step(sequences, t, 3);
      for (std::size_t i = 0; i < 3; ++i) {
        alone[i].step({&sequences[i], 1}, t, 1);
        HOLDFAST_COMPARE(test::compare_bitwise(together.y_of(static_cast<std::int64_t>(i)), alone[i].y.values()));
        HOLDFAST_COMPARE(test::compare_bitwise(together.state[i].values(), alone[i].state[0].values()));
        HOLDFAST_COMPARE(test::compare_bitwise(together.conv[i].values(), alone[i].conv[0].values()));
      }
    }
  }

  void dt_of_zero_keeps_the_state_bitwise() {
    SsdData data({1, 3, 9, 18, 1}, 60);
    data.dt_max = 0.0f;
    StepRun run({&data, 1});
    run.step({&data, 1}, 0, 2);
    HOLDFAST_COMPARE(test::compare_bitwise(run.state[0].values(), data.state));
    QVERIFY(!test::compare_bitwise(run.conv[0].values(), data.conv_state));
  }

  void the_same_step_is_bitwise_equal_with_any_number_of_threads() {
    const SsdData data({1, 24, 64, 32, 1}, 61);
    StepRun want({&data, 1});
    want.step({&data, 1}, 0, 1);
    for (const int threads : {1, 2, 3}) {
      for (int again = 0; again < 20; ++again) {  // often: pieces finish in another order each time
        StepRun run({&data, 1});
        run.step({&data, 1}, 0, threads);
        HOLDFAST_COMPARE(test::compare_bitwise(run.y.values(), want.y.values()));
        HOLDFAST_COMPARE(test::compare_bitwise(run.state[0].values(), want.state[0].values()));
        HOLDFAST_COMPARE(test::compare_bitwise(run.conv[0].values(), want.conv[0].values()));
      }
    }
  }

  void wrong_arguments_are_refused_by_name() {
    const SsdData data({1, 2, 3, 5, 1}, 62);
    const std::vector<float> proj = data.proj(0);
    std::vector<float> y(6), conv = data.conv_state, state = data.state;
    float* const conv_at[] = {conv.data()};
    float* const state_at[] = {state.data()};
    float* const nowhere[] = {nullptr};
    Stream stream(Device::cpu(), 1);
    const SsdStepArgs good{.y = view_of(std::span(y), Shape{1, 6}),
                           .conv = conv_at,
                           .state = state_at,
                           .proj = view_of(std::span(proj), Shape{1, 24}),
                           .conv_weight = view_of(std::span(data.conv_weight), Shape{16, 4}),
                           .dt_bias = view_of(std::span(data.dt_bias), Shape{2}),
                           .a = view_of(std::span(data.a), Shape{2}),
                           .d = view_of(std::span(data.d), Shape{2}),
                           .heads = 2,
                           .head_dim = 3,
                           .d_state = 5};
    const auto refused = [&](const SsdStepArgs& args, const char* part) {
      try {
        ssd_step(stream, args);
      } catch (const ArgumentError& error) {
        return QString(error.what()).contains(part);
      }
      return false;
    };
    ssd_step(stream, good);
    SsdStepArgs args = good;
    args.groups = 0;
    QVERIFY(refused(args, "ssd_step: groups: 0, want a divisor of 2 heads"));
    args = good;
    args.heads = 0;
    QVERIFY(refused(args, "ssd_step: heads 0"));
    args = good;
    args.state = nowhere;
    QVERIFY(refused(args, "ssd_step: sequence 0: no memory for its state"));
    args = good;
    args.conv = {};
    QVERIFY(refused(args, "ssd_step: 0 conv and 1 state pointers, want one of each for 1 sequences"));
    args = good;
    args.proj.shape = Shape{1, 23};
    QVERIFY(refused(args, "ssd_step: proj: shape (1, 23), want (1, 24)"));
  }
};

QTEST_GUILESS_MAIN(SsdStepTest)
#include "ssd_step_test.moc"
