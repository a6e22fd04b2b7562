// causal_conv1d_packed and causal_conv1d_backward against the definition in double, on every instruction set; the
// oracle's gradients against its own differences; and the laws of packed sequences.
//
// Faults that were planted in kernels/cpu/causal_conv1d.cpp, and seen to fail here:
//   the boundary before or after a sequence ignored; taps turned round in dx; the slope of SiLU lost; the last
//   unit left out of the sums; the initial state's gradient of the first sequence alone, or one token late; the
//   bias lost where the convolution is computed again; rows of dx taken to stand C apart.
#include <QTest>

#include "kernels/causal_conv1d.h"
#include "kernels/error.h"
#include "tests/oracle/causal_conv1d.h"
#include "tests/oracle/differences.h"
#include "tests/support/data.h"
#include "tests/support/packing.h"
#include "tests/support/targets.h"

using namespace holdfast;
using test::Comparison;
using test::GuardedFloats;
using test::Packing;
using test::Random;

namespace {

struct PackedConv {
  Packing packing;
  std::int64_t tokens, channels, width;
  std::vector<float> x, dy, weight, bias, state;
  std::vector<float> before;  // what gradients of the weights are added to
  bool with_bias = true, with_initial = true;

  PackedConv(std::vector<std::int64_t> lengths, std::int64_t c, std::int64_t k, std::uint64_t seed)
      : packing(std::move(lengths)), tokens(packing.tokens()), channels(c), width(k) {
    Random random(seed);
    x = random.normals(tokens * c);
    dy = random.normals(tokens * c);
    packing.fill_padding(dy, c, 0.0f);
    weight = random.normals(c * k);
    bias = random.normals(c);
    state = random.normals(c * (k - 1));
    before = random.normals(c * k);
  }
};

std::vector<float> values_of(const GuardedFloats& buffer) { return {buffer.values().begin(), buffer.values().end()}; }

struct ConvGradients {
  std::vector<float> y, x, weight, bias, state;
  Comparison intact;
};

// Forward and backward; x, dx in rows that are wider than the channels.
ConvGradients run_conv(const PackedConv& s, int threads) {
  const Shape rows{s.tokens, s.channels};
  const std::int64_t stride = s.channels + 3;
  const auto start = [&](std::int64_t count) { return std::span(s.before).first(static_cast<std::size_t>(count)); };
  GuardedFloats x(s.tokens * stride, 1), dy(s.dy, 2), y(s.tokens * s.channels, 3), dx(s.tokens * stride, 5);
  GuardedFloats d_weight(start(s.channels * s.width), 1), d_bias(start(s.channels), 2);
  GuardedFloats d_state(start(s.channels * (s.width - 1)), 3);
  for (std::int64_t t = 0; t < s.tokens; ++t) {
    std::copy_n(s.x.begin() + t * s.channels, s.channels, x.data() + t * stride);
  }
  const ConstTensorView x_view{x.data(), DType::f32, rows, DeviceKind::cpu};
  const ConstTensorView weight = view_of(std::span(s.weight), Shape{s.channels, s.width});
  ConstTensorView bias, initial;
  if (s.with_bias) bias = view_of(std::span(s.bias), Shape{s.channels});
  if (s.with_initial) initial = view_of(std::span(s.state), Shape{s.channels, s.width - 1});
  Stream stream(Device::cpu(), threads);
  causal_conv1d_packed(stream, {.y = y.view(rows),
                                .x = x_view,
                                .x_stride = stride,
                                .weight = weight,
                                .bias = bias,
                                .initial = initial,
                                .rows = s.packing.rows()});
  causal_conv1d_backward(stream, {.dx = {dx.data(), DType::f32, rows, DeviceKind::cpu},
                                  .dx_stride = stride,
                                  .d_weight = d_weight.view(Shape{s.channels, s.width}),
                                  .d_bias = d_bias.view(Shape{s.channels}),
                                  .d_initial = d_state.view(Shape{s.channels, s.width - 1}),
                                  .dy = dy.view(rows),
                                  .x = x_view,
                                  .x_stride = stride,
                                  .weight = weight,
                                  .bias = bias,
                                  .initial = initial,
                                  .rows = s.packing.rows()});
  ConvGradients got{values_of(y), {}, values_of(d_weight), values_of(d_bias), values_of(d_state), {true, ""}};
  for (std::int64_t t = 0; t < s.tokens; ++t) {
    got.x.insert(got.x.end(), dx.data() + t * stride, dx.data() + t * stride + s.channels);
  }
  for (const GuardedFloats* buffer : {&y, &dx, &d_weight, &d_bias, &d_state}) {
    if (got.intact) got.intact = buffer->intact();
  }
  return got;
}

Comparison compare_with_oracle(const PackedConv& s, const ConvGradients& got) {
  const auto start = [&](std::int64_t count) {
    return oracle::exact(std::span(s.before).first(static_cast<std::size_t>(count)));
  };
  const oracle::Numbers weight = oracle::exact(s.weight);
  const oracle::Numbers bias = s.with_bias ? oracle::exact(s.bias) : oracle::Numbers();
  const oracle::Numbers state = s.with_initial ? oracle::exact(s.state) : oracle::Numbers(s.state.size());
  oracle::Numbers d_weight = start(s.channels * s.width), d_bias = start(s.channels);
  oracle::Numbers d_state = start(s.channels * (s.width - 1));
  std::vector<Comparison> all{got.intact};
  for (std::size_t i = 0; i < s.packing.lengths.size(); ++i) {
    const auto rows = [&](const std::vector<float>& values) { return s.packing.of_sequence(values, s.channels, i); };
    const oracle::Numbers x = oracle::exact(rows(s.x));
    const auto forward = oracle::causal_conv1d(x, weight, bias, state, s.channels);
    const auto back = oracle::causal_conv1d_backward(x, weight, bias, state, oracle::exact(rows(s.dy)), s.channels);
    all.push_back(oracle::compare(rows(got.y), forward.y));
    all.push_back(oracle::compare(rows(got.x), back.x));
    test::add_numbers(d_weight, back.weight);
    test::add_numbers(d_bias, back.bias);
    test::add_numbers(d_state, back.state);
  }
  all.push_back(oracle::compare(got.weight, d_weight));
  all.push_back(oracle::compare(got.bias, d_bias));
  all.push_back(oracle::compare(got.state, d_state));
  for (const Comparison& one : all) {
    if (!one) return one;
  }
  return {true, ""};
}

Comparison compare_all_bitwise(const ConvGradients& got, const ConvGradients& want) {
  for (const Comparison& one :
       {test::compare_bitwise(got.y, want.y), test::compare_bitwise(got.x, want.x),
        test::compare_bitwise(got.weight, want.weight), test::compare_bitwise(got.bias, want.bias),
        test::compare_bitwise(got.state, want.state)}) {
    if (!one) return one;
  }
  return {true, ""};
}

}  // namespace

class CausalConv1dPackedTest : public QObject {
  Q_OBJECT

 private slots:
  void outputs_and_gradients_agree_data() {
    QTest::addColumn<std::vector<std::int64_t>>("lengths");
    QTest::addColumn<std::int64_t>("channels");
    QTest::addColumn<std::int64_t>("width");
    using Lengths = std::vector<std::int64_t>;
    for (const auto& [channels, width] : {std::pair{160, 4}, {1, 4}, {7, 2}, {129, 3}, {37, 9}, {5, 80}}) {
      for (const Lengths& lengths : {Lengths{1}, {64}, {63, 2, 130}, {64, 64}, {128, 65, 1}}) {
        QTest::addRow("C=%d, K=%d, %d sequences, the first %d", channels, width, static_cast<int>(lengths.size()),
                      static_cast<int>(lengths[0]))
            << lengths << std::int64_t{channels} << std::int64_t{width};
      }
    }
  }
  void outputs_and_gradients_agree() {
    QFETCH(std::vector<std::int64_t>, lengths);
    QFETCH(std::int64_t, channels);
    QFETCH(std::int64_t, width);
    PackedConv s(lengths, channels, width, 1);
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      for (const bool optional : {true, false}) {
        s.with_bias = s.with_initial = optional;
        const Comparison result = compare_with_oracle(s, run_conv(s, optional ? 2 : 1));
        QVERIFY2(result.ok, (target.name + ": " + result.report).c_str());
      }
    }
  }

  void the_oracle_agrees_with_its_own_differences() {
    for (const std::int64_t width : {2, 3, 4}) {
      const PackedConv s({5}, 3, width, 2);
      oracle::Numbers x = oracle::exact(s.packing.of_sequence(s.x, 3, 0)), weight = oracle::exact(s.weight);
      oracle::Numbers bias = oracle::exact(s.bias), state = oracle::exact(s.state);
      const oracle::Numbers dy = oracle::exact(s.packing.of_sequence(s.dy, 3, 0));
      const auto gradients = oracle::causal_conv1d_backward(x, weight, bias, state, dy, 3);
      const auto loss = [&] { return oracle::weighted_sum(dy, oracle::causal_conv1d(x, weight, bias, state, 3).y); };
      HOLDFAST_COMPARE(oracle::compare_with_differences(x, gradients.x, loss));
      HOLDFAST_COMPARE(oracle::compare_with_differences(weight, gradients.weight, loss));
      HOLDFAST_COMPARE(oracle::compare_with_differences(bias, gradients.bias, loss));
      HOLDFAST_COMPARE(oracle::compare_with_differences(state, gradients.state, loss));
    }
  }

  void packed_sequences_are_bitwise_what_each_is_alone() {
    const PackedConv s({100, 64, 7}, 131, 4, 3);
    const ConvGradients packed = run_conv(s, 2);
    for (std::size_t i = 0; i < s.packing.lengths.size(); ++i) {
      PackedConv alone({s.packing.lengths[i]}, 131, 4, 3);
      const auto rows = [&](const std::vector<float>& values) {
        const auto first = values.begin() + s.packing.begins[i] * s.channels;
        return std::vector(first, first + alone.tokens * s.channels);
      };
      alone.x = rows(s.x);
      alone.dy = rows(s.dy);
      alone.weight = s.weight;
      alone.bias = s.bias;
      alone.state = s.state;
      const ConvGradients got = run_conv(alone, 1);
      HOLDFAST_COMPARE(test::compare_bitwise(got.y, rows(packed.y)));
      HOLDFAST_COMPARE(test::compare_bitwise(got.x, rows(packed.x)));
    }
  }

  void nothing_leaks_over_a_boundary() {
    const PackedConv s({64, 70, 64}, 20, 4, 4);
    PackedConv changed = s;  // all of the sequence in the middle
    for (std::size_t i = 64 * 20; i < 192 * 20; ++i) {
      changed.x[i] += 1.0f;
      changed.dy[i] -= 1.0f;
    }
    const ConvGradients want = run_conv(s, 1), got = run_conv(changed, 1);
    for (const std::size_t i : {std::size_t{0}, std::size_t{2}}) {
      const auto rows = [&](const std::vector<float>& values) { return s.packing.of_sequence(values, 20, i); };
      HOLDFAST_COMPARE(test::compare_bitwise(rows(got.y), rows(want.y)));
      HOLDFAST_COMPARE(test::compare_bitwise(rows(got.x), rows(want.x)));
    }
    QVERIFY(!test::compare_bitwise(got.x, want.x));
  }

  void padding_does_not_matter_and_has_no_gradients() {
    const PackedConv s({1, 90, 33}, 20, 4, 5);
    PackedConv other = s;
    other.packing.fill_padding(other.x, 20, 5.0f);
    const ConvGradients want = run_conv(s, 1), got = run_conv(other, 1);
    HOLDFAST_COMPARE(test::compare_bitwise(got.x, want.x));
    HOLDFAST_COMPARE(test::compare_bitwise(got.weight, want.weight));
    HOLDFAST_COMPARE(test::compare_bitwise(got.bias, want.bias));
    HOLDFAST_COMPARE(test::compare_bitwise(got.state, want.state));
    s.packing.for_padding([&](std::int64_t row) {
      for (std::int64_t c = 0; c < 20; ++c) QCOMPARE(want.x[static_cast<std::size_t>(row * 20 + c)], 0.0f);
    });
  }

  void any_number_of_threads_gives_the_same_bits_and_so_does_the_same_call() {
    const PackedConv s({130, 40, 64, 700}, 300, 4, 6);
    const ConvGradients want = run_conv(s, 1);
    for (const int threads : {1, 2, 3}) HOLDFAST_COMPARE(compare_all_bitwise(run_conv(s, threads), want));
  }

  void wrong_arguments_are_refused_by_name() {
    const PackedConv s({64}, 3, 4, 7);
    std::vector<float> y(192);
    Stream stream(Device::cpu(), 1);
    const CausalConv1dPackedArgs good{.y = view_of(std::span(y), Shape{64, 3}),
                                      .x = view_of(std::span(s.x), Shape{64, 3}),
                                      .x_stride = 3,
                                      .weight = view_of(std::span(s.weight), Shape{3, 4}),
                                      .rows = s.packing.rows()};
    causal_conv1d_packed(stream, good);
    const auto refused = [&](const CausalConv1dPackedArgs& args, const char* part) {
      try {
        causal_conv1d_packed(stream, args);
      } catch (const ArgumentError& error) {
        return QString(error.what()).contains(part);
      }
      return false;
    };
    CausalConv1dPackedArgs args = good;
    args.x_stride = 2;
    QVERIFY(refused(args, "causal_conv1d_packed: x_stride: 2, want at least the 3 channels"));
    args = good;
    args.rows.sequences = 2;
    QVERIFY(refused(args, "2 sequences"));
    args = good;
    args.initial = view_of(std::span(s.state), Shape{9});
    QVERIFY(refused(args, "causal_conv1d_packed: initial: shape (9), want (3, 3)"));
  }
};

QTEST_GUILESS_MAIN(CausalConv1dPackedTest)
#include "causal_conv1d_packed_test.moc"
