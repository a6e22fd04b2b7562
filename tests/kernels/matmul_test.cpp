// matmul, bias_backward and linear_input_backward against their definitions in double, on every instruction set.
//
// Faults that were planted in kernels/cpu/matmul.cpp, and seen to fail here:
//   the scale lost; the bias added for every block of k; later blocks of k written over the first; the last
//   column of an edge lost; rows of c taken to stand N apart; b not packed again for later columns; the second
//   half of a tile read from the first; the last line of a panel not packed, or later panels packed from the
//   first line; the last stretch left out of the sums of a bias; of a frozen weight, later blocks written over
//   the first, or the dy of the first taken for all.
#include "kernels/matmul.h"

#include <QTest>

#include "kernels/error.h"
#include "tests/oracle/matmul.h"
#include "tests/support/data.h"
#include "tests/support/targets.h"

using namespace holdfast;
using test::Comparison;
using test::GuardedFloats;
using test::Random;

namespace {

struct ProductData {
  oracle::MatmulShape shape;
  std::vector<float> a, b, bias, c;
  std::int64_t gap = 0;  // rows of all three are so much wider than their columns
  bool accumulate = false, with_bias = false;
  float scale = 1.0f;

  ProductData(const oracle::MatmulShape& of, std::uint64_t seed) : shape(of) {
    Random random(seed);
    a = random.normals(of.m * of.k);
    b = random.normals(of.k * of.n);
    bias = random.normals(of.n);
    c = random.normals(of.m * of.n);
  }
  [[nodiscard]] Shape a_shape() const { return shape.transpose_a ? Shape{shape.k, shape.m} : Shape{shape.m, shape.k}; }
  [[nodiscard]] Shape b_shape() const { return shape.transpose_b ? Shape{shape.n, shape.k} : Shape{shape.k, shape.n}; }
  [[nodiscard]] oracle::Numbers expected() const {
    oracle::Numbers want = oracle::matmul(oracle::exact(a), oracle::exact(b), shape);
    for (std::size_t i = 0; i < want.size(); ++i) {
      want[i] = static_cast<double>(scale) * want[i];
      if (with_bias) want[i] = want[i] + bias[i % static_cast<std::size_t>(shape.n)];
      if (accumulate) want[i] = want[i] + c[i];
    }
    return want;
  }
};

// With NaN between the rows.
GuardedFloats with_gaps(const std::vector<float>& values, const Shape& shape, std::int64_t gap, std::int64_t off) {
  GuardedFloats wide(shape[0] * (shape[1] + gap), off);
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    std::copy_n(values.begin() + i * shape[1], shape[1], wide.data() + i * (shape[1] + gap));
  }
  return wide;
}

TensorView gap_view(GuardedFloats& values, const Shape& shape) {
  return {values.data(), DType::f32, shape, DeviceKind::cpu};
}

std::vector<float> run_product(const ProductData& s, int threads, Comparison* intact = nullptr) {
  const Shape c_shape{s.shape.m, s.shape.n};
  GuardedFloats a = with_gaps(s.a, s.a_shape(), s.gap, 1), b = with_gaps(s.b, s.b_shape(), s.gap, 2);
  GuardedFloats c(c_shape[0] * (c_shape[1] + s.gap), 3);
  if (s.accumulate) c = with_gaps(s.c, c_shape, s.gap, 3);
  const auto stride = [&](const Shape& shape) { return s.gap == 0 ? 0 : shape[1] + s.gap; };
  MatmulArgs args{.c = gap_view(c, c_shape),
                  .a = gap_view(a, s.a_shape()),
                  .b = gap_view(b, s.b_shape()),
                  .transpose_a = s.shape.transpose_a,
                  .transpose_b = s.shape.transpose_b,
                  .accumulate = s.accumulate,
                  .scale = s.scale,
                  .c_stride = stride(c_shape),
                  .a_stride = stride(s.a_shape()),
                  .b_stride = stride(s.b_shape())};
  if (s.with_bias) args.bias = view_of(std::span(s.bias), Shape{s.shape.n});
  Stream stream(Device::cpu(), threads);
  matmul(stream, args);
  if (intact != nullptr) *intact = c.intact();
  std::vector<float> got;
  for (std::int64_t i = 0; i < c_shape[0]; ++i) {
    const float* row = c.data() + i * (c_shape[1] + s.gap);
    got.insert(got.end(), row, row + c_shape[1]);
    for (std::int64_t j = c_shape[1]; intact != nullptr && *intact && j < c_shape[1] + s.gap; ++j) {
      if (!std::isnan(row[j])) *intact = {false, "a write between the rows"};
    }
  }
  return got;
}

}  // namespace

class MatmulTest : public QObject {
  Q_OBJECT

 private slots:
  void products_agree_data() {
    QTest::addColumn<std::int64_t>("m");
    QTest::addColumn<std::int64_t>("n");
    QTest::addColumn<std::int64_t>("k");
    for (const auto& [m, n, k] : {std::tuple{1, 1, 1},
                                  {1, 33, 5},
                                  {5, 1, 40},
                                  {2, 3, 4},
                                  {12, 32, 16},
                                  {13, 31, 17},
                                  {47, 65, 33},
                                  {64, 16, 100},
                                  {16, 70, 300},
                                  {100, 48, 7},
                                  {30, 40, 1000}}) {
      QTest::addRow("%d x %d x %d", m, n, k) << std::int64_t{m} << std::int64_t{n} << std::int64_t{k};
    }
  }
  void products_agree() {
    QFETCH(std::int64_t, m);
    QFETCH(std::int64_t, n);
    QFETCH(std::int64_t, k);
    for (int way = 0; way < 8; ++way) {
      ProductData s({m, n, k, way % 2 == 1, way / 2 % 2 == 1}, 1);
      if (way >= 4) {
        s.gap = 5;
        s.accumulate = true;
        s.with_bias = true;
        s.scale = -0.75f;
      }
      const oracle::Numbers want = s.expected();
      for (const test::Target& target : test::cpu_targets()) {
        const test::UseTarget use(target);
        Comparison intact;
        const std::vector<float> got = run_product(s, 1 + way % 3, &intact);
        for (const Comparison& result : {oracle::compare(got, want), intact}) {
          QVERIFY2(result.ok, (target.name + ", way " + std::to_string(way) + ": " + result.report).c_str());
        }
      }
    }
  }

  // Longer in each direction than what is worked at a time; ones and small integers, so that every sum is exact.
  void large_products_are_exact_on_integers_data() {
    QTest::addColumn<std::int64_t>("m");
    QTest::addColumn<std::int64_t>("n");
    QTest::addColumn<std::int64_t>("k");
    for (const auto& [m, n, k] : {std::tuple{3000, 20, 10}, {10, 9000, 12}, {9, 33, 3000}, {500, 700, 600}}) {
      QTest::addRow("%d x %d x %d", m, n, k) << std::int64_t{m} << std::int64_t{n} << std::int64_t{k};
    }
  }
  void large_products_are_exact_on_integers() {
    QFETCH(std::int64_t, m);
    QFETCH(std::int64_t, n);
    QFETCH(std::int64_t, k);
    for (int way = 0; way < 4; ++way) {
      ProductData s({m, n, k, way % 2 == 1, way / 2 == 1}, 2);
      Random random(3);
      for (float& value : s.a) value = static_cast<float>(random.below(7) - 3);
      for (float& value : s.b) value = static_cast<float>(random.below(7) - 3);
      const std::vector<float> got = run_product(s, 2);
      for (std::int64_t i = 0; i < m; i += std::max<std::int64_t>(1, m / 50)) {
        for (std::int64_t j = 0; j < n; ++j) {
          float want = 0.0f;
          for (std::int64_t l = 0; l < k; ++l) {
            want += s.a[static_cast<std::size_t>(s.shape.transpose_a ? l * m + i : i * k + l)] *
                    s.b[static_cast<std::size_t>(s.shape.transpose_b ? j * k + l : l * n + j)];
          }
          QCOMPARE(got[static_cast<std::size_t>(i * n + j)], want);
        }
      }
    }
  }

  void a_product_without_columns_is_the_bias() {
    ProductData s({3, 5, 0}, 4);
    s.with_bias = true;
    s.a = s.b = {0.0f};
    std::vector<float> c(15, 2.0f);
    Stream stream(Device::cpu(), 1);
    const MatmulArgs args{.c = view_of(std::span(c), Shape{3, 5}),
                          .a = {s.a.data(), DType::f32, Shape{3, 0}, DeviceKind::cpu},
                          .b = {s.b.data(), DType::f32, Shape{0, 5}, DeviceKind::cpu},
                          .bias = view_of(std::span(s.bias), Shape{5})};
    matmul(stream, args);
    for (std::size_t i = 0; i < c.size(); ++i) QCOMPARE(c[i], s.bias[i % 5]);
    MatmulArgs more = args;
    more.accumulate = true;
    matmul(stream, more);
    for (std::size_t i = 0; i < c.size(); ++i) QCOMPARE(c[i], s.bias[i % 5] + s.bias[i % 5]);
  }

  void any_number_of_threads_gives_the_same_bits_and_so_does_the_same_call() {
    for (int way = 0; way < 4; ++way) {
      const ProductData s({150, 210, 333, way % 2 == 1, way / 2 == 1}, 5);
      const std::vector<float> want = run_product(s, 1);
      for (const int threads : {1, 2, 3}) {
        HOLDFAST_COMPARE(test::compare_bitwise(run_product(s, threads), want));
      }
    }
  }

  void rows_do_not_touch_each_other() {
    const ProductData s({40, 50, 60}, 6);
    ProductData changed = s;
    changed.a[7 * 60 + 3] += 1.0f;
    const std::vector<float> want = run_product(s, 1), got = run_product(changed, 1);
    HOLDFAST_COMPARE(test::compare_bitwise(std::span(got).first(350), std::span(want).first(350)));
    HOLDFAST_COMPARE(test::compare_bitwise(std::span(got).subspan(400), std::span(want).subspan(400)));
    QVERIFY(!test::compare_bitwise(got, want));
  }

  void what_is_not_finite_stays_in_its_row() {
    ProductData s({20, 40, 30}, 7);
    s.a[5 * 30 + 2] = std::numeric_limits<float>::infinity();
    const std::vector<float> got = run_product(s, 1);
    for (std::size_t i = 0; i < got.size(); ++i) QCOMPARE(std::isfinite(got[i]), i / 40 != 5);
  }

  void bias_gradients_are_sums_of_columns() {
    for (const auto& [m, n] : {std::pair{1, 1}, {3, 70}, {500, 33}, {2000, 5}}) {
      Random random(8);
      const std::vector<float> dy = random.normals(m * n), before = random.normals(n);
      oracle::Numbers want = oracle::exact(before);
      for (std::size_t i = 0; i < dy.size(); ++i) {
        oracle::Bounded& sum = want[i % static_cast<std::size_t>(n)];
        sum = sum + oracle::Bounded(static_cast<double>(dy[i]));
      }
      const Shape shape{m, n};
      for (const test::Target& target : test::cpu_targets()) {
        const test::UseTarget use(target);
        std::vector<float> first;
        for (const int threads : {1, 2, 3}) {
          GuardedFloats wide = with_gaps(dy, shape, 3, 1), d_bias(before, 2);
          Stream stream(Device::cpu(), threads);
          bias_backward(stream, {.d_bias = d_bias.view(Shape{n}), .dy = gap_view(wide, shape), .dy_stride = n + 3});
          HOLDFAST_COMPARE(oracle::compare(d_bias.values(), want));
          HOLDFAST_COMPARE(d_bias.intact());
          if (first.empty()) first.assign(d_bias.values().begin(), d_bias.values().end());
          HOLDFAST_COMPARE(test::compare_bitwise(d_bias.values(), first));
        }
      }
    }
  }

  void gradients_pass_through_a_frozen_weight_of_any_format() {
    struct Case {
      WeightFormat format;
      std::int64_t rows, cols;
    };
    for (const Case& one : {Case{WeightFormat::f32, 37, 45},
                            {WeightFormat::bf16, 2100, 33},
                            {WeightFormat::f16, 5, 8},
                            {WeightFormat::q8_0, 50, 64},
                            {WeightFormat::q4_k, 20, 256}}) {
      Random random(9);
      const std::vector<float> w = random.normals(one.rows * one.cols), dy = random.normals(7 * one.rows);
      const std::vector<float> before = random.normals(7 * one.cols);
      const std::size_t row_bytes = encoded_row_bytes(one.format, one.cols);
      std::vector<std::byte> encoded(row_bytes * static_cast<std::size_t>(one.rows));
      std::vector<float> decoded(w.size());
      const auto cols = static_cast<std::size_t>(one.cols);
      for (std::size_t r = 0; r < static_cast<std::size_t>(one.rows); ++r) {
        encode_row(one.format, std::span(w).subspan(r * cols, cols), encoded.data() + r * row_bytes);
        decode_row(one.format, encoded.data() + r * row_bytes, std::span(decoded).subspan(r * cols, cols));
      }
      Stream stream(Device::cpu(), 2);
      const Weight weight = Weight::pack(stream, "w", one.format, one.rows, one.cols, encoded);
      oracle::Numbers want = oracle::matmul(oracle::exact(dy), oracle::exact(decoded), {7, one.cols, one.rows});
      GuardedFloats dx(7 * one.cols, 1), added(before, 2);
      const ConstTensorView dy_view = view_of(std::span(dy), Shape{7, one.rows});
      linear_input_backward(stream, {.dx = dx.view(Shape{7, one.cols}), .dy = dy_view, .w = &weight});
      HOLDFAST_COMPARE(oracle::compare(dx.values(), want));
      HOLDFAST_COMPARE(dx.intact());
      linear_input_backward(stream,
                            {.dx = added.view(Shape{7, one.cols}), .dy = dy_view, .w = &weight, .accumulate = true});
      for (std::size_t i = 0; i < want.size(); ++i) want[i] = want[i] + before[i];
      HOLDFAST_COMPARE(oracle::compare(added.values(), want));
    }
  }

  void wrong_arguments_are_refused_by_name() {
    std::vector<float> values(12);
    Stream stream(Device::cpu(), 1);
    const auto view = [&](const Shape& shape) { return view_of(std::span(values), shape); };
    const auto message = [&](const MatmulArgs& args) {
      try {
        matmul(stream, args);
      } catch (const ArgumentError& error) {
        return QString(error.what());
      }
      return QString();
    };
    const auto part = [&](std::int64_t rows, std::int64_t cols) {
      return TensorView{values.data(), DType::f32, Shape{rows, cols}, DeviceKind::cpu};
    };
    const MatmulArgs good{.c = part(2, 3), .a = part(2, 4), .b = part(4, 3)};
    MatmulArgs args = good;
    args.b = part(3, 4);
    QCOMPARE(message(args), QString("matmul: b: shape (3, 4), want (4, 3)"));
    args.transpose_b = true;
    args.b_stride = 3;
    QCOMPARE(message(args), QString("matmul: b_stride: 3, want 0 or at least the 4 columns of a row"));
    args = good;
    args.a.dtype = DType::bf16;
    QCOMPARE(message(args), QString("matmul: a: bf16, want f32"));
    args = good;
    args.c = view(Shape{12});
    QCOMPARE(message(args), QString("matmul: c: shape (12), want a matrix"));
  }
};

QTEST_GUILESS_MAIN(MatmulTest)
#include "matmul_test.moc"
