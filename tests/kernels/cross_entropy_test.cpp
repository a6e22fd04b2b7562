// cross_entropy against the definition in double, on every instruction set, and the oracle's gradients against
// differences of its loss.
//
// Faults that were planted in kernels/cpu/cross_entropy.cpp, and seen to fail here:
//   the largest logit not taken off; the 1 at the target lost, or taken from a rounded probability; rows
//   without a target given gradients; the weight lost in the gradient, or the scale put into the loss; the
//   head's gradient written instead of added to; the last token of the vocabulary left out; the targets of the
//   first block of rows taken for all. Of a low-rank part: left out of the logits, left out of dx, without its
//   strength, x A^T of the first block of rows taken for all. dx written over x before the head's gradient, or the
//   low-rank part's, has read it.
#include "kernels/cross_entropy.h"

#include <QTest>
#include <cmath>

#include "kernels/error.h"
#include "tests/oracle/cross_entropy.h"
#include "tests/oracle/differences.h"
#include "tests/oracle/matmul.h"
#include "tests/support/data.h"
#include "tests/support/packing.h"
#include "tests/support/targets.h"

using namespace holdfast;
using test::Comparison;
using test::GuardedFloats;
using test::Random;

namespace {

struct LossData {
  std::int64_t tokens, width, vocabulary;
  std::vector<float> x, head, weights, before;
  std::vector<std::int32_t> targets;
  float scale = 0.125f;

  LossData(std::int64_t t, std::int64_t d, std::int64_t v, std::uint64_t seed) : tokens(t), width(d), vocabulary(v) {
    Random random(seed);
    x = random.normals(t * d);
    head = random.normals(v * d);
    weights = random.uniforms(t, 0.0, 2.0);
    before = random.normals(v * d);
    for (std::int64_t i = 0; i < t; ++i) {
      targets.push_back(random.below(4) == 0 ? -1 : static_cast<std::int32_t>(random.below(v)));
    }
    targets[0] = static_cast<std::int32_t>(v - 1);
  }
};

struct LossRun {
  std::vector<float> loss, x, head;
  Comparison intact;
};

std::vector<float> values_of(const GuardedFloats& buffer) { return {buffer.values().begin(), buffer.values().end()}; }

CrossEntropyArgs args_of(const LossData& s, GuardedFloats& loss) {
  return {.loss = loss.view(Shape{s.tokens}),
          .x = view_of(std::span(s.x), Shape{s.tokens, s.width}),
          .targets = {s.targets.data(), DType::i32, Shape{s.tokens}, DeviceKind::cpu},
          .weights = view_of(std::span(s.weights), Shape{s.tokens}),
          .scale = s.scale};
}

// over_x: dx is written in the place of x.
LossRun run_loss(const LossData& s, int threads, bool over_x = false) {
  GuardedFloats loss(s.tokens, 1), dx(s.tokens * s.width, 2), d_head(s.before, 3);
  if (over_x) std::copy(s.x.begin(), s.x.end(), dx.data());
  Stream stream(Device::cpu(), threads);
  CrossEntropyArgs args = args_of(s, loss);
  args.dx = dx.view(Shape{s.tokens, s.width});
  if (over_x) args.x = args.dx;
  args.d_head = d_head.view(Shape{s.vocabulary, s.width});
  args.head = view_of(std::span(s.head), Shape{s.vocabulary, s.width});
  cross_entropy(stream, args);
  LossRun got{values_of(loss), values_of(dx), values_of(d_head), loss.intact()};
  for (const GuardedFloats* buffer : {&dx, &d_head}) {
    if (got.intact) got.intact = buffer->intact();
  }
  return got;
}

oracle::CrossEntropyResult expected(const LossData& s) {
  auto want = oracle::cross_entropy(oracle::exact(s.x), oracle::exact(s.head), s.targets, s.weights,
                                    static_cast<double>(s.scale));
  test::add_numbers(want.head, oracle::exact(s.before));
  return want;
}

Comparison compare_with_oracle(const LossRun& got, const oracle::CrossEntropyResult& want) {
  for (const Comparison& one : {got.intact, oracle::compare(got.loss, want.loss), oracle::compare(got.x, want.x),
                                oracle::compare(got.head, want.head)}) {
    if (!one) return one;
  }
  return {true, ""};
}

Weight packed_head(Stream& stream, const LossData& s) {
  return Weight::pack(stream, "head", WeightFormat::f32, s.vocabulary, s.width, std::as_bytes(std::span(s.head)));
}

}  // namespace

class CrossEntropyTest : public QObject {
  Q_OBJECT

 private slots:
  void loss_and_gradients_agree_data() {
    QTest::addColumn<std::int64_t>("tokens");
    QTest::addColumn<std::int64_t>("width");
    QTest::addColumn<std::int64_t>("vocabulary");
    for (const auto& [t, d, v] : {std::tuple{1, 1, 1}, {1, 5, 2}, {3, 16, 17}, {70, 33, 100}, {9, 48, 2050}}) {
      QTest::addRow("T=%d, D=%d, V=%d", t, d, v) << std::int64_t{t} << std::int64_t{d} << std::int64_t{v};
    }
  }
  void loss_and_gradients_agree() {
    QFETCH(std::int64_t, tokens);
    QFETCH(std::int64_t, width);
    QFETCH(std::int64_t, vocabulary);
    const LossData s(tokens, width, vocabulary, 1);
    const oracle::CrossEntropyResult want = expected(s);
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      for (const bool over_x : {false, true}) {
        const Comparison result = compare_with_oracle(run_loss(s, 2, over_x), want);
        QVERIFY2(result.ok, (target.name + ": " + result.report).c_str());
      }
    }
  }

  // More rows than the logits of which are held at a time.
  void many_rows_go_by_blocks() {
    const LossData s(1500, 8, 30, 2);
    HOLDFAST_COMPARE(compare_with_oracle(run_loss(s, 2), expected(s)));
    HOLDFAST_COMPARE(compare_with_oracle(run_loss(s, 2, true), expected(s)));
  }

  void a_frozen_head_gives_the_same_losses_and_gradients_of_x() {
    const LossData s(70, 32, 200, 3);
    const oracle::CrossEntropyResult want = expected(s);
    GuardedFloats loss(s.tokens), dx(s.tokens * s.width);
    Stream stream(Device::cpu(), 2);
    const Weight head = packed_head(stream, s);
    CrossEntropyArgs args = args_of(s, loss);
    args.dx = dx.view(Shape{s.tokens, s.width});
    args.frozen = &head;
    cross_entropy(stream, args);
    HOLDFAST_COMPARE(oracle::compare(loss.values(), want.loss));
    HOLDFAST_COMPARE(oracle::compare(dx.values(), want.x));
  }

  // Losses and gradients are those of the head W + s B A, made whole by the oracle.
  void a_low_rank_part_is_part_of_the_head_data() {
    QTest::addColumn<std::int64_t>("tokens");
    QTest::addColumn<std::int64_t>("rank");
    QTest::addColumn<bool>("frozen");
    QTest::newRow("one block") << std::int64_t{70} << std::int64_t{5} << true;
    QTest::newRow("several blocks") << std::int64_t{1500} << std::int64_t{2} << true;
    QTest::newRow("a plain head") << std::int64_t{9} << std::int64_t{1} << false;
  }
  void a_low_rank_part_is_part_of_the_head() {
    QFETCH(std::int64_t, tokens);
    QFETCH(std::int64_t, rank);
    QFETCH(bool, frozen);
    constexpr std::int64_t width = 24, vocabulary = 50;
    constexpr float strength = 0.75f;
    LossData s(tokens, width, vocabulary, 12);
    Random random(13);
    const auto a = random.normals(rank * width, 0.3), b = random.normals(vocabulary * rank, 0.3);
    const auto a_before = random.normals(rank * width), b_before = random.normals(vocabulary * rank);
    oracle::Numbers whole = oracle::exact(s.head);
    const oracle::Numbers added = oracle::matmul(oracle::exact(b), oracle::exact(a), {vocabulary, width, rank});
    for (std::size_t i = 0; i < whole.size(); ++i) whole[i] = whole[i] + oracle::Bounded(strength) * added[i];
    const auto want =
        oracle::cross_entropy(oracle::exact(s.x), whole, s.targets, s.weights, static_cast<double>(s.scale));
    oracle::Numbers want_b = oracle::matmul(want.head, oracle::exact(a), {vocabulary, rank, width, false, true});
    oracle::Numbers want_a = oracle::matmul(oracle::exact(b), want.head, {rank, width, vocabulary, true, false});
    for (oracle::Numbers* numbers : {&want_a, &want_b}) {
      for (oracle::Bounded& number : *numbers) number = oracle::Bounded(strength) * number;
    }
    test::add_numbers(want_a, oracle::exact(a_before));
    test::add_numbers(want_b, oracle::exact(b_before));
    GuardedFloats loss(tokens), dx(tokens * width), d_a(a_before, 4), d_b(b_before, 5), d_head(s.before, 3);
    Stream stream(Device::cpu(), 2);
    const Weight head = packed_head(stream, s);
    CrossEntropyArgs args = args_of(s, loss);
    args.dx = dx.view(Shape{tokens, width});
    if (frozen) {
      args.frozen = &head;
    } else {
      args.head = view_of(std::span(std::as_const(s.head)), Shape{vocabulary, width});
      args.d_head = d_head.view(Shape{vocabulary, width});
    }
    args.low_rank = {.a = view_of(std::span(a), Shape{rank, width}),
                     .b = view_of(std::span(b), Shape{vocabulary, rank}),
                     .d_a = d_a.view(Shape{rank, width}),
                     .d_b = d_b.view(Shape{vocabulary, rank}),
                     .scale = strength};
    std::copy(s.x.begin(), s.x.end(), dx.data());
    args.x = args.dx;
    cross_entropy(stream, args);
    HOLDFAST_COMPARE(oracle::compare(loss.values(), want.loss));
    HOLDFAST_COMPARE(oracle::compare(dx.values(), want.x));
    HOLDFAST_COMPARE(oracle::compare(d_a.values(), want_a));
    HOLDFAST_COMPARE(oracle::compare(d_b.values(), want_b));
    for (const GuardedFloats* buffer : {&loss, &dx, &d_a, &d_b, &d_head}) HOLDFAST_COMPARE(buffer->intact());
    if (!frozen) {
      auto want_head = want.head;
      test::add_numbers(want_head, oracle::exact(s.before));
      HOLDFAST_COMPARE(oracle::compare(d_head.values(), want_head));
    }
    // Without gradients of its own, dx still comes through it; and it need not be in the place of x.
    GuardedFloats again(tokens * width);
    args.low_rank.d_a = args.low_rank.d_b = {};
    args.x = view_of(std::span(std::as_const(s.x)), Shape{tokens, width});
    args.dx = again.view(Shape{tokens, width});
    cross_entropy(stream, args);
    HOLDFAST_COMPARE(test::compare_bitwise(again.values(), dx.values()));
  }

  void the_loss_alone_is_the_same() {
    const LossData s(70, 32, 200, 4);
    GuardedFloats loss(s.tokens);
    Stream stream(Device::cpu(), 2);
    CrossEntropyArgs args = args_of(s, loss);
    args.head = view_of(std::span(s.head), Shape{s.vocabulary, s.width});
    cross_entropy(stream, args);
    HOLDFAST_COMPARE(test::compare_bitwise(loss.values(), run_loss(s, 1).loss));
  }

  void logits_of_thousands_stay_finite_and_exact() {
    LossData s(6, 4, 50, 5);
    for (float& value : s.x) value *= 700.0f;
    const oracle::CrossEntropyResult want = expected(s);
    HOLDFAST_COMPARE(compare_with_oracle(run_loss(s, 1), want));
  }

  // A target whose probability rounds to 1 still has a loss and a gradient.
  void a_certain_target_keeps_its_small_gradient() {
    LossData s(1, 1, 2, 6);
    s.x = {1.0f};
    s.head = {20.0f, 0.0f};
    s.before = {0.0f, 0.0f};
    s.targets = {0};
    s.weights = {1.0f};
    s.scale = 1.0f;
    const LossRun got = run_loss(s, 1);
    const double rest = std::exp(-20.0) / (1.0 + std::exp(-20.0));
    QVERIFY(std::abs(static_cast<double>(got.head[0]) + rest) < 1e-6 * rest);
    QVERIFY(std::abs(static_cast<double>(got.head[1]) - rest) < 1e-6 * rest);
    QVERIFY(got.loss[0] > 0.0f);
  }

  void the_oracle_agrees_with_differences_of_its_loss() {
    const LossData s(5, 4, 7, 7);
    oracle::Numbers x = oracle::exact(s.x), head = oracle::exact(s.head);
    const auto run = [&] { return oracle::cross_entropy(x, head, s.targets, s.weights, static_cast<double>(s.scale)); };
    const auto loss = [&] {
      double sum = 0.0;
      for (const oracle::Bounded& one : run().loss) sum += one.value;
      return static_cast<double>(s.scale) * sum;
    };
    const oracle::CrossEntropyResult gradients = run();
    HOLDFAST_COMPARE(oracle::compare_with_differences(x, gradients.x, loss));
    HOLDFAST_COMPARE(oracle::compare_with_differences(head, gradients.head, loss));
  }

  void rows_without_a_target_do_not_matter() {
    const LossData s(70, 16, 40, 8);
    LossData changed = s;
    for (std::size_t t = 0; t < 70; ++t) {
      if (s.targets[t] >= 0) continue;
      for (std::size_t i = 0; i < 16; ++i) changed.x[t * 16 + i] = 7.0f;
      changed.weights[t] = 99.0f;
    }
    const LossRun want = run_loss(s, 1), got = run_loss(changed, 1);
    HOLDFAST_COMPARE(test::compare_bitwise(got.loss, want.loss));
    HOLDFAST_COMPARE(test::compare_bitwise(got.x, want.x));
    HOLDFAST_COMPARE(test::compare_bitwise(got.head, want.head));
    for (std::size_t t = 0; t < 70; ++t) {
      if (s.targets[t] < 0) QCOMPARE(got.loss[t], 0.0f);
    }
  }

  void a_logit_that_is_not_finite_shows_in_the_loss() {
    LossData s(2, 4, 8, 9);
    s.x[0] = std::nanf("");
    s.targets = {1, 2};
    const LossRun got = run_loss(s, 1);
    QVERIFY(!std::isfinite(got.loss[0]));
    QVERIFY(std::isfinite(got.loss[1]));
  }

  void any_number_of_threads_gives_the_same_bits_and_so_does_the_same_call() {
    const LossData s(150, 40, 300, 10);
    const LossRun want = run_loss(s, 1);
    for (const int threads : {1, 2, 3}) {
      const LossRun got = run_loss(s, threads);
      HOLDFAST_COMPARE(test::compare_bitwise(got.loss, want.loss));
      HOLDFAST_COMPARE(test::compare_bitwise(got.x, want.x));
      HOLDFAST_COMPARE(test::compare_bitwise(got.head, want.head));
    }
  }

  void wrong_arguments_are_refused_by_name() {
    LossData s(3, 4, 5, 11);
    GuardedFloats loss(3);
    Stream stream(Device::cpu(), 1);
    const auto message = [&](const CrossEntropyArgs& args) {
      try {
        cross_entropy(stream, args);
      } catch (const ArgumentError& error) {
        return QString(error.what());
      }
      return QString();
    };
    QCOMPARE(message(args_of(s, loss)), QString("cross_entropy: no head"));
    const Weight head = packed_head(stream, s);
    CrossEntropyArgs args = args_of(s, loss);
    args.frozen = &head;
    QCOMPARE(message(args), QString());
    args.d_head = view_of(std::span(s.before), Shape{5, 4});
    QCOMPARE(message(args), QString("cross_entropy: d_head: a frozen head has no gradient"));
    args.d_head = {};
    args.low_rank.b = view_of(std::span(std::as_const(s.before)), Shape{5, 4});
    QVERIFY(message(args).contains("low_rank: a is absent"));
    args.low_rank.a = view_of(std::span(std::as_const(s.x)), Shape{3, 4});
    QVERIFY(message(args).contains("low_rank.b"));
    args.low_rank = {};
    s.targets[1] = 5;
    QCOMPARE(message(args), QString("cross_entropy: targets[1]: 5, want -1 to 4"));
    s.targets[1] = -2;
    QVERIFY(message(args).contains("targets[1]: -2"));
  }
};

QTEST_GUILESS_MAIN(CrossEntropyTest)
#include "cross_entropy_test.moc"
