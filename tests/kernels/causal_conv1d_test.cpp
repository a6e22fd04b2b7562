// causal_conv1d against the definition in double, on every instruction set, and its laws.
//
// Faults that were planted in kernels/cpu/causal_conv1d.cpp, and seen to fail here:
//   the window shifted by one; the state taken one input too early; the history of a sequence shorter than the
//   window forgotten; the bias lost; rows taken to stand C apart.
#include "kernels/causal_conv1d.h"

#include <QTest>

#include "kernels/error.h"
#include "tests/oracle/causal_conv1d.h"
#include "tests/support/data.h"
#include "tests/support/targets.h"

using namespace holdfast;
using test::Comparison;
using test::GuardedFloats;
using test::Random;

namespace {

struct ConvData {
  std::int64_t tokens, channels, width;
  std::vector<float> x, weight, bias, state;
  ConvData(std::int64_t t, std::int64_t c, std::int64_t k, std::uint64_t seed) : tokens(t), channels(c), width(k) {
    Random random(seed);
    x = random.normals(t * c);
    weight = random.normals(c * k);
    bias = random.normals(c);
    state = random.normals(c * (k - 1));
  }
};

struct ConvRun {
  std::vector<float> y, state;
  Comparison intact;
};

// Tokens [first, last); x stands in rows that are wider than the channels, NaN between.
ConvRun run_conv(const ConvData& data, int threads, std::int64_t first, std::int64_t last, std::span<const float> state,
                 bool with_bias = true) {
  const std::int64_t tokens = last - first;
  const std::int64_t stride = data.channels + 3;
  GuardedFloats x(tokens * stride, 1);
  for (std::int64_t t = 0; t < tokens; ++t) {
    std::copy_n(data.x.begin() + (first + t) * data.channels, data.channels, x.data() + t * stride);
  }
  GuardedFloats y(tokens * data.channels, 2);
  GuardedFloats kept(state, 3);
  Stream stream(Device::cpu(), threads);
  CausalConv1dArgs args{.y = y.view(Shape{tokens, data.channels}),
                        .state = kept.view(Shape{data.channels, data.width - 1}),
                        .x = {x.data(), DType::f32, Shape{tokens, data.channels}, DeviceKind::cpu},
                        .x_stride = stride,
                        .weight = view_of(std::span(data.weight), Shape{data.channels, data.width})};
  if (with_bias) args.bias = view_of(std::span(data.bias), Shape{data.channels});
  causal_conv1d(stream, args);
  Comparison intact = y.intact();
  if (intact) intact = kept.intact();
  return {{y.values().begin(), y.values().end()}, {kept.values().begin(), kept.values().end()}, intact};
}

}  // namespace

class CausalConv1dTest : public QObject {
  Q_OBJECT

 private slots:
  void agrees_with_the_definition_data() {
    QTest::addColumn<std::int64_t>("channels");
    QTest::addColumn<std::int64_t>("width");
    QTest::addColumn<std::int64_t>("tokens");
    for (const auto& [channels, width] : {std::pair{160, 4}, {1, 4}, {7, 2}, {129, 3}, {37, 9}, {300, 4}, {5, 80}}) {
      for (const std::int64_t tokens : {1, 2, 3, 63, 64, 65, 130}) {
        QTest::addRow("C=%d, K=%d, T=%d", channels, width, static_cast<int>(tokens))
            << std::int64_t{channels} << std::int64_t{width} << tokens;
      }
    }
  }
  void agrees_with_the_definition() {
    QFETCH(std::int64_t, channels);
    QFETCH(std::int64_t, width);
    QFETCH(std::int64_t, tokens);
    const ConvData data(tokens, channels, width, 5);
    for (const bool with_bias : {true, false}) {
      const auto want = oracle::causal_conv1d(oracle::exact(data.x), oracle::exact(data.weight),
                                              with_bias ? oracle::exact(data.bias) : oracle::Numbers(),
                                              oracle::exact(data.state), channels);
      std::vector<float> want_state;
      for (const oracle::Bounded& number : want.state) want_state.push_back(static_cast<float>(number.value));
      for (const test::Target& target : test::cpu_targets()) {
        const test::UseTarget use(target);
        for (const int threads : {1, 2, 3}) {
          const ConvRun got = run_conv(data, threads, 0, tokens, data.state, with_bias);
          HOLDFAST_COMPARE(oracle::compare(got.y, want.y));
          HOLDFAST_COMPARE(test::compare_bitwise(got.state, want_state));
          HOLDFAST_COMPARE(got.intact);
        }
      }
    }
  }

  void any_split_is_bitwise_the_same() {
    const ConvData data(150, 40, 4, 6);
    const ConvRun whole = run_conv(data, 2, 0, 150, data.state);
    for (const std::int64_t split : {1, 2, 3, 64, 149}) {
      const ConvRun head = run_conv(data, 1, 0, split, data.state);
      const ConvRun tail = run_conv(data, 3, split, 150, head.state);
      std::vector<float> y = head.y;
      y.insert(y.end(), tail.y.begin(), tail.y.end());
      HOLDFAST_COMPARE(test::compare_bitwise(y, whole.y));
      HOLDFAST_COMPARE(test::compare_bitwise(tail.state, whole.state));
    }
  }

  void y_before_a_changed_token_is_bitwise_the_same() {
    const ConvData data(100, 20, 4, 7);
    const ConvRun want = run_conv(data, 2, 0, 100, data.state);
    for (const std::size_t t : {1u, 63u, 64u, 99u}) {
      ConvData changed = data;
      for (std::size_t c = 0; c < 20; ++c) changed.x[t * 20 + c] += 1.0f;
      const ConvRun got = run_conv(changed, 2, 0, 100, data.state);
      HOLDFAST_COMPARE(test::compare_bitwise(std::span(got.y).first(t * 20), std::span(want.y).first(t * 20)));
      QVERIFY(!test::compare_bitwise(std::span(got.y).subspan(t * 20), std::span(want.y).subspan(t * 20)));
    }
  }

  // y[t] = silu(x[t-1]) with the weight on the tap before the last: checked by hand.
  void the_last_tap_is_the_present_token() {
    ConvData data(2, 1, 3, 8);
    data.x = {10.0f, 20.0f};
    data.state = {30.0f, 40.0f};
    data.weight = {0.0f, 1.0f, 0.0f};
    const ConvRun got = run_conv(data, 1, 0, 2, data.state, false);
    HOLDFAST_COMPARE(test::compare(got.y, {{40.0, 10.0 / (1.0 + std::exp(-10.0))}}, {{1e-5}}));  // a few units of f32
    HOLDFAST_COMPARE(test::compare_bitwise(got.state, {{10.0f, 20.0f}}));
  }

  void wrong_arguments_are_refused_by_name() {
    const ConvData data(3, 4, 4, 9);
    std::vector<float> y(12), state = data.state;
    Stream stream(Device::cpu(), 1);
    CausalConv1dArgs args{.y = view_of(std::span(y), Shape{3, 4}),
                          .state = view_of(std::span(state), Shape{4, 3}),
                          .x = view_of(std::span(data.x), Shape{3, 4}),
                          .x_stride = 4,
                          .weight = view_of(std::span(data.weight), Shape{4, 4})};
    const auto refused = [&](const char* part) {
      try {
        causal_conv1d(stream, args);
      } catch (const ArgumentError& error) {
        return QString(error.what()).contains(part);
      }
      return false;
    };
    causal_conv1d(stream, args);
    args.x_stride = 3;
    QVERIFY(refused("causal_conv1d: x_stride: 3, want at least the 4 channels"));
    args.x_stride = 4;
    args.state.shape = Shape{4, 4};
    QVERIFY(refused("causal_conv1d: state: shape (4, 4), want (4, 3)"));
    args.weight.shape = Shape{4, 1};
    QVERIFY(refused("causal_conv1d: weight: width 1"));
  }
};

QTEST_GUILESS_MAIN(CausalConv1dTest)
#include "causal_conv1d_test.moc"
