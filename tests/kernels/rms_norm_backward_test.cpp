// rms_norm_backward and gated_rms_norm_backward against the definition in double, on every instruction set, and the
// oracle's gradients against its own differences.
//
// Faults that were planted in kernels/cpu/rms_norm.cpp, and seen to fail here:
//   a factor of the scale lost; accumulate ignored; the first group's weight for all groups; the last block of
//   rows left out of the weight's gradient; SiLU in place of its slope; rows of dz taken to stand E apart;
//   values past the last whole register left out of the dot product; eps lost. Of what the norm gave: no weight, the
//   first group's place for all, no gate.
#include <QTest>

#include "kernels/error.h"
#include "kernels/rms_norm.h"
#include "tests/oracle/differences.h"
#include "tests/oracle/rms_norm.h"
#include "tests/support/data.h"
#include "tests/support/packing.h"
#include "tests/support/targets.h"

using namespace holdfast;
using test::Comparison;
using test::GuardedFloats;
using test::Random;

namespace {

struct NormData {
  std::int64_t rows, width, groups;
  bool gated;
  std::vector<float> x, z, weight, dy, before;

  NormData(std::int64_t m, std::int64_t e, std::int64_t g, bool with_gate, std::uint64_t seed)
      : rows(m), width(e), groups(g), gated(with_gate) {
    Random random(seed);
    x = random.normals(m * e, 3.0);
    if (gated) z = random.normals(m * e, 4.0);
    weight = random.normals(e);
    dy = random.normals(m * e);
    before = random.normals(m * e);
  }
};

struct NormGradients {
  std::vector<float> x, z, weight, y;  // y: what the norm gave, written over dy
  Comparison intact;
};

std::vector<float> values_of(const GuardedFloats& buffer) { return {buffer.values().begin(), buffer.values().end()}; }

NormGradients run_norm(const NormData& s, int threads, bool accumulate = false) {
  const Shape shape{s.rows, s.width};
  const std::int64_t stride = s.width + 5;
  GuardedFloats x(s.x, 1), dy(s.dy, 2), dx(s.rows * s.width, 3);
  GuardedFloats d_weight(std::span(s.before).first(s.weight.size()), 1);
  GuardedFloats z(s.rows * stride, 3), dz(s.rows * stride, 5);
  if (accumulate) std::copy(s.before.begin(), s.before.end(), dx.data());
  Stream stream(Device::cpu(), threads);
  NormGradients got;
  if (s.gated) {
    for (std::int64_t i = 0; i < s.rows; ++i) {
      std::copy_n(s.z.begin() + i * s.width, s.width, z.data() + i * stride);
    }
    gated_rms_norm_backward(stream, {.dx = dx.view(shape),
                                     .dz = {dz.data(), DType::f32, shape, DeviceKind::cpu},
                                     .dz_stride = stride,
                                     .d_weight = d_weight.view(Shape{s.width}),
                                     .dy = dy.view(shape),
                                     .x = x.view(shape),
                                     .z = {z.data(), DType::f32, shape, DeviceKind::cpu},
                                     .z_stride = stride,
                                     .weight = view_of(std::span(s.weight), Shape{s.width}),
                                     .y = dy.view(shape),
                                     .groups = s.groups});
    for (std::int64_t i = 0; i < s.rows; ++i) {
      got.z.insert(got.z.end(), dz.data() + i * stride, dz.data() + i * stride + s.width);
    }
  } else {
    rms_norm_backward(stream, {.dx = dx.view(shape),
                               .d_weight = d_weight.view(Shape{s.width}),
                               .dy = dy.view(shape),
                               .x = x.view(shape),
                               .weight = view_of(std::span(s.weight), Shape{s.width}),
                               .y = dy.view(shape),
                               .accumulate = accumulate});
  }
  got.x = values_of(dx);
  got.y = values_of(dy);
  got.weight = values_of(d_weight);
  got.intact = dx.intact();
  for (const GuardedFloats* buffer : {&dz, &d_weight, &dy}) {
    if (got.intact) got.intact = buffer->intact();
  }
  return got;
}

oracle::RmsNormGradients expected(const NormData& s) {
  return oracle::rms_norm_backward(oracle::exact(s.x), oracle::exact(s.z), oracle::exact(s.weight), oracle::exact(s.dy),
                                   s.groups, 1e-5);
}

Comparison compare_with_oracle(const NormData& s, const NormGradients& got, const oracle::RmsNormGradients& want,
                               bool accumulate = false) {
  oracle::Numbers d_weight = oracle::exact(std::span(s.before).first(s.weight.size()));
  test::add_numbers(d_weight, want.weight);
  oracle::Numbers dx = want.x;
  if (accumulate) test::add_numbers(dx, oracle::exact(s.before));
  const oracle::Numbers x = oracle::exact(s.x), weight = oracle::exact(s.weight);
  const oracle::Numbers y = s.gated ? oracle::gated_rms_norm(x, oracle::exact(s.z), weight, s.groups, 1e-5)
                                    : oracle::rms_norm(x, weight, {}, 1e-5).y;
  std::vector<Comparison> all{got.intact, oracle::compare(got.x, dx), oracle::compare(got.weight, d_weight),
                              oracle::compare(got.y, y)};
  if (s.gated) all.push_back(oracle::compare(got.z, want.z));
  for (const Comparison& one : all) {
    if (!one) return one;
  }
  return {true, ""};
}

}  // namespace

class RmsNormBackwardTest : public QObject {
  Q_OBJECT

 private slots:
  void gradients_agree_data() {
    QTest::addColumn<std::int64_t>("rows");
    QTest::addColumn<std::int64_t>("width");
    QTest::addColumn<std::int64_t>("groups");
    for (const auto& [width, groups] : {std::pair{1, 1}, {5, 1}, {63, 1}, {96, 4}, {770, 2}, {70, 10}, {4099, 1}}) {
      for (const std::int64_t rows : {1, 3, 70}) {
        QTest::addRow("%d x %d, %d groups", static_cast<int>(rows), width, groups)
            << rows << std::int64_t{width} << std::int64_t{groups};
      }
    }
  }
  void gradients_agree() {
    QFETCH(std::int64_t, rows);
    QFETCH(std::int64_t, width);
    QFETCH(std::int64_t, groups);
    const NormData plain(rows, width, 1, false, 1);
    const NormData gated(rows, width, groups, true, 2);
    const oracle::RmsNormGradients of_plain = expected(plain), of_gated = expected(gated);
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      for (const Comparison& result : {compare_with_oracle(plain, run_norm(plain, 2), of_plain),
                                       compare_with_oracle(plain, run_norm(plain, 1, true), of_plain, true),
                                       compare_with_oracle(gated, run_norm(gated, 2), of_gated)}) {
        QVERIFY2(result.ok, (target.name + ": " + result.report).c_str());
      }
    }
  }

  void the_oracle_agrees_with_its_own_differences() {
    for (const bool gated : {false, true}) {
      const NormData s(3, 8, gated ? 2 : 1, gated, 3);
      oracle::Numbers x = oracle::exact(s.x), z = oracle::exact(s.z), weight = oracle::exact(s.weight);
      const oracle::Numbers dy = oracle::exact(s.dy);
      const oracle::RmsNormGradients gradients = expected(s);
      const auto loss = [&] {
        return oracle::weighted_sum(
            dy, gated ? oracle::gated_rms_norm(x, z, weight, s.groups, 1e-5) : oracle::rms_norm(x, weight, {}, 1e-5).y);
      };
      HOLDFAST_COMPARE(oracle::compare_with_differences(x, gradients.x, loss));
      HOLDFAST_COMPARE(oracle::compare_with_differences(weight, gradients.weight, loss));
      if (gated) HOLDFAST_COMPARE(oracle::compare_with_differences(z, gradients.z, loss));
    }
  }

  void a_row_of_zeros_has_finite_gradients() {
    NormData s(2, 40, 1, false, 4);
    std::fill_n(s.x.begin(), 40, 0.0f);
    HOLDFAST_COMPARE(compare_with_oracle(s, run_norm(s, 1), expected(s)));
  }

  void gates_far_from_zero_have_exact_gradients() {
    NormData s(2, 40, 1, true, 5);
    for (std::size_t i = 0; i < s.z.size(); ++i) s.z[i] *= i % 2 == 0 ? 30.0f : 5.0f;
    HOLDFAST_COMPARE(compare_with_oracle(s, run_norm(s, 1), expected(s)));
  }

  void rows_do_not_touch_each_other() {
    const NormData s(5, 33, 3, true, 6);
    NormData changed = s;
    for (std::size_t i = 2 * 33; i < 3 * 33; ++i) {
      changed.x[i] += 1.0f;
      changed.dy[i] += 1.0f;
    }
    const NormGradients want = run_norm(s, 1), got = run_norm(changed, 1);
    HOLDFAST_COMPARE(test::compare_bitwise(std::span(got.x).first(66), std::span(want.x).first(66)));
    HOLDFAST_COMPARE(test::compare_bitwise(std::span(got.x).subspan(99), std::span(want.x).subspan(99)));
    HOLDFAST_COMPARE(test::compare_bitwise(std::span(got.z).subspan(99), std::span(want.z).subspan(99)));
  }

  void any_number_of_threads_gives_the_same_bits_and_so_does_the_same_call() {
    for (const bool gated : {false, true}) {
      const NormData s(200, 130, gated ? 2 : 1, gated, 7);
      const NormGradients want = run_norm(s, 1);
      for (const int threads : {1, 2, 3}) {
        const NormGradients got = run_norm(s, threads);
        HOLDFAST_COMPARE(test::compare_bitwise(got.x, want.x));
        HOLDFAST_COMPARE(test::compare_bitwise(got.weight, want.weight));
        if (gated) HOLDFAST_COMPARE(test::compare_bitwise(got.z, want.z));
      }
    }
  }

  void wrong_arguments_are_refused_by_name() {
    std::vector<float> values(12);
    const auto view = [&](const Shape& shape) { return view_of(std::span(values), shape); };
    std::vector<float> weight(4);
    Stream stream(Device::cpu(), 1);
    const auto refused = [&](const GatedRmsNormBackwardArgs& args, const char* part) {
      try {
        gated_rms_norm_backward(stream, args);
      } catch (const ArgumentError& error) {
        return QString(error.what()).contains(part);
      }
      return false;
    };
    const GatedRmsNormBackwardArgs good{.dx = view(Shape{3, 4}),
                                        .dz = view(Shape{3, 4}),
                                        .dz_stride = 4,
                                        .dy = view(Shape{3, 4}),
                                        .x = view(Shape{3, 4}),
                                        .z = view(Shape{3, 4}),
                                        .z_stride = 4,
                                        .weight = view_of(std::span(weight), Shape{4})};
    GatedRmsNormBackwardArgs args = good;
    args.groups = 3;
    QVERIFY(refused(args, "gated_rms_norm_backward: groups: 3, want a divisor of 4"));
    args = good;
    args.dz_stride = 3;
    QVERIFY(refused(args, "dz_stride 3"));
    args = good;
    args.x = view(Shape{4, 3});
    QVERIFY(refused(args, "gated_rms_norm_backward: x: shape (4, 3), want (3, 4)"));
  }
};

QTEST_GUILESS_MAIN(RmsNormBackwardTest)
#include "rms_norm_backward_test.moc"
