// adamw, the sums and the conversions against their definitions, on every instruction set.
//
// Faults that were planted in kernels/cpu/adamw.cpp, and seen to fail here:
//   the corrections of the two moments exchanged; decay, eps or the gradient's scale lost; bf16 cut off, ties
//   rounded away from zero, or a NaN rounded; the last piece or the last value of a sum lost; squares in float.
#include "kernels/adamw.h"

#include <QTest>
#include <cmath>
#include <limits>

#include "kernels/cpu/weight_blocks.h"
#include "kernels/error.h"
#include "tests/oracle/adamw.h"
#include "tests/support/data.h"
#include "tests/support/targets.h"

using namespace holdfast;
using test::Comparison;
using test::GuardedFloats;
using test::Random;

namespace {

struct AdamwRun {
  std::vector<float> master, first, second;
  std::vector<std::uint16_t> rounded;
};

std::vector<float> values_of(const GuardedFloats& buffer) { return {buffer.values().begin(), buffer.values().end()}; }

struct AdamwData {
  std::vector<float> master, gradient, first, second;
  AdamwData(std::int64_t count, std::uint64_t seed) {
    Random random(seed);
    master = random.normals(count);
    gradient = random.normals(count);
    first = random.normals(count, 0.1);
    second = random.uniforms(count, 0.0, 0.1);
    if (count > 2) gradient[2] = first[2] = second[2] = 0.0f;  // a weight that no gradient ever reached
  }
};

AdamwRun run_adamw(const AdamwData& data, AdamwArgs args, int threads, Comparison* intact = nullptr) {
  const Shape shape{std::ssize(data.master)};
  GuardedFloats master(data.master, 1), gradient(data.gradient, 2), first(data.first, 3), second(data.second, 5);
  std::vector<std::uint16_t> rounded(data.master.size() + 1, 0xabcd);
  args.master = master.view(shape);
  args.gradient = gradient.view(shape);
  args.first = first.view(shape);
  args.second = second.view(shape);
  args.rounded = {rounded.data(), DType::bf16, shape, DeviceKind::cpu};
  Stream stream(Device::cpu(), threads);
  adamw(stream, args);
  if (intact != nullptr) {
    *intact = {rounded.back() == 0xabcd, "rounded: a write beyond the end"};
    for (const GuardedFloats* buffer : {&master, &gradient, &first, &second}) {
      if (*intact) *intact = buffer->intact();
    }
  }
  rounded.pop_back();
  return {values_of(master), values_of(first), values_of(second), rounded};
}

}  // namespace

class AdamwTest : public QObject {
  Q_OBJECT

 private slots:
  void a_step_agrees_with_the_definition() {
    for (const std::int64_t count : {1, 7, 64, 1000, 70001}) {
      for (const std::int64_t step : {1, 2, 1000}) {
        const AdamwData data(count, 1);
        AdamwArgs args;
        args.learning_rate = 1e-2f;
        args.decay = 0.1f;
        args.gradient_scale = 0.25f;
        args.step = step;
        const auto exact = [](const std::vector<float>& values) { return oracle::exact(values); };
        const auto want =
            oracle::adamw({exact(data.master), exact(data.first), exact(data.second)}, exact(data.gradient),
                          {.learning_rate = static_cast<double>(args.learning_rate),
                           .beta1 = static_cast<double>(args.beta1),
                           .beta2 = static_cast<double>(args.beta2),
                           .eps = static_cast<double>(args.eps),
                           .decay = static_cast<double>(args.decay),
                           .gradient_scale = static_cast<double>(args.gradient_scale),
                           .step = step});
        for (const test::Target& target : test::cpu_targets()) {
          const test::UseTarget use(target);
          Comparison intact;
          const AdamwRun got = run_adamw(data, args, 2, &intact);
          for (const Comparison& result :
               {intact, oracle::compare(got.master, want.master), oracle::compare(got.first, want.first),
                oracle::compare(got.second, want.second)}) {
            QVERIFY2(result.ok, (target.name + ": " + result.report).c_str());
          }
          for (std::size_t i = 0; i < got.rounded.size(); ++i) {
            QCOMPARE(got.rounded[i], cpu::bf16_of_f32(got.master[i]));
          }
        }
      }
    }
  }

  void a_weight_without_gradient_only_decays() {
    AdamwData data(3, 2);
    AdamwArgs args;
    args.learning_rate = 0.5f;
    args.decay = 0.5f;
    const AdamwRun got = run_adamw(data, args, 1);
    QCOMPARE(got.master[2], data.master[2] * 0.75f);
  }

  void the_sums_are_those_of_long_doubles() {
    for (const std::int64_t count : {1, 5, 63, 64, 32768, 32769, 200000}) {
      const std::vector<float> values = Random(3).normals(count);
      long double sum_want = 0.0L, squares_want = 0.0L, terms = 0.0L;
      for (const float value : values) {
        sum_want += static_cast<long double>(value);
        terms += std::abs(static_cast<long double>(value));
        squares_want += static_cast<long double>(value) * static_cast<long double>(value);
      }
      for (const test::Target& target : test::cpu_targets()) {
        const test::UseTarget use(target);
        for (const int threads : {1, 3}) {
          Stream stream(Device::cpu(), threads);
          const ConstTensorView view = view_of(std::span(values), Shape{count});
          // A sum of n doubles is off by at most n roundings of its terms.
          const long double share = static_cast<long double>(count) * 0x1p-53L;
          QVERIFY(std::abs(static_cast<long double>(sum(stream, view)) - sum_want) <= share * terms);
          QVERIFY(std::abs(static_cast<long double>(sum_of_squares(stream, view)) - squares_want) <=
                  share * squares_want);
        }
      }
    }
  }

  void sums_do_not_depend_on_threads() {
    const std::vector<float> values = Random(4).normals(500001);
    const ConstTensorView view = view_of(std::span(values), Shape{500001});
    Stream one(Device::cpu(), 1);
    const double want = sum_of_squares(one, view), plain = sum(one, view);
    for (const int threads : {1, 2, 3}) {
      Stream stream(Device::cpu(), threads);
      QCOMPARE(sum_of_squares(stream, view), want);
      QCOMPARE(sum(stream, view), plain);
    }
  }

  void what_is_not_finite_comes_through_the_sums() {
    for (const std::size_t at : {0UL, 99UL, 40000UL, 99999UL}) {
      std::vector<float> values(100000, 1.0f);
      Stream stream(Device::cpu(), 2);
      const auto view = [&] { return view_of(std::span(std::as_const(values)), Shape{100000}); };
      values[at] = std::numeric_limits<float>::quiet_NaN();
      QVERIFY(std::isnan(sum_of_squares(stream, view())) && std::isnan(sum(stream, view())));
      values[at] = -std::numeric_limits<float>::infinity();
      QVERIFY(std::isinf(sum_of_squares(stream, view())) && sum(stream, view()) < 0.0);
    }
    Stream stream(Device::cpu(), 1);
    const std::vector<float> large(10, 3e38f);  // squares beyond float
    QVERIFY(sum_of_squares(stream, view_of(std::span(large), Shape{10})) > 8e77);
    QCOMPARE(sum(stream, view_of(std::span<const float>(), Shape{0})), 0.0);
  }

  void conversions_round_to_the_nearest_even() {
    std::vector<float> values = Random(5).normals(1001);
    values[0] = std::numeric_limits<float>::quiet_NaN();
    values[1] = std::numeric_limits<float>::infinity();
    values[2] = 3.4e38f;                            // rounds to infinity
    values[3] = 1.00390625f;                        // a tie, to the even below
    values[4] = 1.01171875f;                        // a tie, to the even above
    values[5] = std::bit_cast<float>(0x7f800001U);  // a NaN whose payload is cut off
    values[6] = -0.0f;
    const Shape shape{7, 143};
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      Stream stream(Device::cpu(), 2);
      std::vector<std::uint16_t> half(1001);
      const TensorView narrow{half.data(), DType::bf16, shape, DeviceKind::cpu};
      convert(stream, narrow, view_of(std::span(std::as_const(values)), shape));
      std::vector<float> back(1001);
      convert(stream, view_of(std::span(back), shape), narrow);
      std::vector<float> added(1001, 0.5f), added_wide(1001, 0.5f);
      add(stream, view_of(std::span(added), shape), narrow);
      add(stream, view_of(std::span(added_wide), shape), view_of(std::span(std::as_const(back)), shape));
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isnan(values[i])) {
          QVERIFY(std::isnan(back[i]) && std::isnan(added[i]));
          continue;
        }
        QCOMPARE(half[i], cpu::bf16_of_f32(values[i]));
        QCOMPARE(std::bit_cast<std::uint32_t>(back[i]), std::bit_cast<std::uint32_t>(cpu::f32_of_bf16(half[i])));
        QCOMPARE(added[i], back[i] + 0.5f);
        QCOMPARE(added_wide[i], added[i]);
      }
      QCOMPARE(half[3], std::uint16_t{0x3f80});
      QCOMPARE(half[4], std::uint16_t{0x3f82});
    }
  }

  void wrong_arguments_are_refused_by_name() {
    std::vector<float> values(4), short_one(3);
    Stream stream(Device::cpu(), 1);
    const TensorView four = view_of(std::span(values), Shape{4});
    const auto message = [](auto call) {
      try {
        call();
      } catch (const ArgumentError& error) {
        return QString(error.what());
      }
      return QString();
    };
    const AdamwArgs good{.master = four, .gradient = four, .first = four, .second = four};
    AdamwArgs args = good;
    args.step = 0;
    QCOMPARE(message([&] { adamw(stream, args); }), QString("adamw: step: 0, want at least 1"));
    args = good;
    args.first = view_of(std::span(short_one), Shape{3});
    QCOMPARE(message([&] { adamw(stream, args); }), QString("adamw: first: shape (3), want (4)"));
    QCOMPARE(message([&] { convert(stream, four, four); }), QString("convert: to: f32, want bf16"));
    QCOMPARE(message([&] { add(stream, view_of(std::span(short_one), Shape{3}), four); }),
             QString("add: to: shape (3), want (4)"));
  }
};

QTEST_GUILESS_MAIN(AdamwTest)
#include "adamw_test.moc"
