// Planted faults seen to fail here, one at a time: bias added again by each block of columns; accumulate ignored; last
// panel stored without its mask; odd last bf16 column dropped; low and high halves of 4-bit codes exchanged; the low
// plane of the activations left out, or their range too wide for it; the correction for the codes' offset left out; the
// minima of affine formats left out; scale of the wrong group of 16; second panel of a tile read from the first; second
// chunk of 512 rows read from the first; infinite activations taken as zero; row i of embedding read as i - 1.
#include "kernels/linear.h"

#include <hwy/targets.h>

#include <QTest>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/cpu/linear_kernels.h"
#include "kernels/cpu/weight_blocks.h"
#include "kernels/error.h"
#include "tests/oracle/linear.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

using holdfast::ConstTensorView;
using holdfast::Device;
using holdfast::LinearArgs;
using holdfast::Shape;
using holdfast::Stream;
using holdfast::Weight;
using holdfast::WeightFormat;
using holdfast::cpu::LinearKernels;
using holdfast::test::Comparison;
using holdfast::test::GuardedFloats;
using holdfast::test::Random;

namespace {

constexpr WeightFormat all_formats[] = {WeightFormat::f32,  WeightFormat::f16,  WeightFormat::bf16, WeightFormat::q8_0,
                                        WeightFormat::q4_0, WeightFormat::q4_1, WeightFormat::q5_0, WeightFormat::q5_1,
                                        WeightFormat::q2_k, WeightFormat::q3_k, WeightFormat::q4_k, WeightFormat::q5_k,
                                        WeightFormat::q6_k};

// A matrix of one format: encoded rows with every code and scale, and the floats they mean.
struct Matrix {
  WeightFormat format = WeightFormat::f32;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<std::byte> encoded;
  std::vector<float> values;
};

// Random codes and integer scales; the f16 scales between 0.01 and 0.02 of either sign.
void fill_blocks(Random& random, const holdfast::cpu::BlockFormat& shape, std::vector<std::byte>& encoded) {
  for (std::byte& byte : encoded) byte = static_cast<std::byte>(random.below(256));
  for (std::size_t at = 0; at < encoded.size(); at += static_cast<std::size_t>(shape.bytes)) {
    for (std::size_t i = 0; i < (shape.affine ? 2U : 1U); ++i) {
      const double sign = random.below(2) == 0 ? 1.0 : -1.0;
      const std::uint16_t half = holdfast::cpu::f16_of_f32(static_cast<float>(sign * random.uniform(0.01, 0.02)));
      std::memcpy(encoded.data() + at + static_cast<std::size_t>(shape.d_at) + 2 * i, &half, 2);
    }
  }
}

Matrix random_matrix(std::uint64_t seed, WeightFormat format, std::int64_t rows, std::int64_t cols) {
  Random random(seed);
  Matrix matrix{format, rows, cols, {}, std::vector<float>(static_cast<std::size_t>(rows * cols))};
  const std::size_t row_bytes = holdfast::encoded_row_bytes(format, cols);
  matrix.encoded.resize(row_bytes * static_cast<std::size_t>(rows));
  const holdfast::cpu::BlockFormat shape = holdfast::cpu::block_format(format);
  if (shape.columns != 0) fill_blocks(random, shape, matrix.encoded);
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    std::byte* encoded = matrix.encoded.data() + row * row_bytes;
    if (shape.columns == 0) holdfast::encode_row(format, random.normals(cols), encoded);
    const auto width = static_cast<std::size_t>(cols);
    holdfast::decode_row(format, encoded, std::span(matrix.values).subspan(row * width, width));
  }
  return matrix;
}

Weight pack(Stream& stream, const Matrix& matrix) {
  return Weight::pack(stream, "w", matrix.format, matrix.rows, matrix.cols, matrix.encoded);
}

// Every table of tiles that this processor can run.
std::vector<LinearKernels> all_kernels() {
  std::vector<LinearKernels> tables;
  const std::int64_t supported = hwy::SupportedTargets();
  for (std::int64_t targets = supported; targets != 0; targets &= targets - 1) {
    hwy::SetSupportedTargetsForTest(targets & -targets);
    hwy::GetChosenTarget().DeInit();
    tables.push_back(holdfast::cpu::portable_linear_kernels());
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
  for (const bool bf16_dots : {true, false}) {
    tables.push_back(holdfast::cpu::portable_linear_kernels());
    holdfast::cpu::add_avx512_linear_kernels(tables.back(), bf16_dots);
  }
  return tables;
}

// What the error of a path is made of; see the accuracy paragraph of kernels/linear.h.
double tolerance(const Matrix& matrix, bool rounds_to_bf16, double terms, double grid) {
  // f32 sums in an order of their own: error of n terms, of random signs, times 4.
  const double sums = 4.0 * std::sqrt(static_cast<double>(matrix.cols) + 4.0) * 0x1p-24 * terms;
  if (holdfast::block_columns(matrix.format) == 1) return sums + (rounds_to_bf16 ? 0x1p-8 * terms : 0.0) + 1e-37;
  // Half a step of the grid, whose ends are 32639 steps from zero; 1.25 for the f32 sums over codes, offsets and
  // minima, whose terms are a few times larger than w x.
  return sums + 1.25 * 0.5 / 32639.0 * grid;
}

struct Problem {
  const Matrix& matrix;
  std::int64_t rows;
  std::span<const float> x;
  std::span<const float> bias;  // may be empty
  std::span<const float> old;   // may be empty: not accumulated
};

std::vector<float> run(const LinearKernels& kernels, Stream& stream, const Weight& weight, const Problem& problem) {
  const GuardedFloats x(problem.x, 1);
  const std::int64_t count = problem.rows * problem.matrix.rows;
  GuardedFloats y = problem.old.empty() ? GuardedFloats(count, 3) : GuardedFloats(problem.old, 3);
  LinearArgs args;
  args.y = y.view({problem.rows, problem.matrix.rows});
  args.x = holdfast::view_of(x.values(), {problem.rows, problem.matrix.cols});
  args.w = &weight;
  if (!problem.bias.empty()) args.bias = holdfast::view_of(problem.bias, {problem.matrix.rows});
  args.accumulate = !problem.old.empty();
  holdfast::cpu::linear_with(kernels, stream, args);
  if (const Comparison guards = y.intact(); !guards.ok) return {};
  return {y.values().begin(), y.values().end()};
}

using Oracle = holdfast::oracle::LinearResult;

Oracle solve(const Problem& problem) {
  return holdfast::oracle::linear(problem.x, problem.matrix.values, problem.bias, problem.old, problem.rows,
                                  problem.matrix.rows, problem.matrix.cols);
}

// want: of these rows at least.
Comparison check(const LinearKernels& kernels, Stream& stream, const Weight& weight, const Problem& problem,
                 const Oracle& want) {
  const bool rounds = problem.matrix.format == WeightFormat::bf16 && problem.rows > holdfast::cpu::few_rows &&
                      kernels.many_bf16.rows != 0;
  std::vector<double> allowed(static_cast<std::size_t>(problem.rows * problem.matrix.rows));
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    allowed[i] = tolerance(problem.matrix, rounds, want.terms[i], want.grid[i]);
  }
  return holdfast::test::compare(run(kernels, stream, weight, problem), std::span(want.y).first(allowed.size()),
                                 allowed);
}

Comparison check(const LinearKernels& kernels, Stream& stream, const Weight& weight, const Problem& problem) {
  return check(kernels, stream, weight, problem, solve(problem));
}

std::vector<std::int64_t> column_counts(WeightFormat format) {
  switch (holdfast::block_columns(format)) {
    case 1: return {1, 2, 7, 33, 255, 256, 259};
    case 32: return {32, 96, 256, 288};
    default: return {256, 768};
  }
}

}  // namespace

class LinearTest : public QObject {
  Q_OBJECT
 private slots:
  void products_of_every_format_agree_with_the_oracle_data();
  void products_of_every_format_agree_with_the_oracle();
  void bias_and_old_values_are_added_once();
  void rows_beyond_one_chunk_are_products_too();
  void a_wide_product_agrees_with_the_oracle();
  void the_rows_of_a_call_do_not_influence_each_other();
  void threads_do_not_change_a_bit();
  void activations_of_any_size_keep_their_relative_accuracy();
  void a_value_that_is_not_finite_spoils_its_own_row_only();
  void products_without_columns_are_the_bias();
  void empty_products_do_nothing();
  void broken_contracts_are_refused();
  void embedding_gives_the_rows_of_the_table();
  void ids_outside_the_table_are_refused();
};

void LinearTest::products_of_every_format_agree_with_the_oracle_data() {
  QTest::addColumn<int>("format");
  for (const WeightFormat format : all_formats) {
    QTest::newRow(std::string(holdfast::name(format)).c_str()) << static_cast<int>(format);
  }
}

void LinearTest::products_of_every_format_agree_with_the_oracle() {
  QFETCH(int, format);
  std::vector<Stream> streams;
  for (const int threads : {1, 2, 3}) streams.emplace_back(Device::cpu(), threads);
  std::size_t number = 0;  // of the case: threads, bias and accumulate go round with it
  for (const std::int64_t cols : column_counts(static_cast<WeightFormat>(format))) {
    for (const std::int64_t outputs : {1, 15, 16, 17, 33, 100}) {
      const Matrix matrix = random_matrix(number + 1, static_cast<WeightFormat>(format), outputs, cols);
      Random random(number + 1000);
      const std::vector<float> x = random.normals(65 * cols);
      const std::vector<float> bias = random.normals(outputs);
      const std::vector<float> old = random.normals(65 * outputs);
      const Weight weight = pack(streams[number % 3], matrix);
      QCOMPARE(weight.bytes(), Weight::packed_bytes(holdfast::DeviceKind::cpu, matrix.format, outputs, cols));
      const Oracle want[2][2] = {{solve({matrix, 65, x, {}, {}}), solve({matrix, 65, x, {}, old})},
                                 {solve({matrix, 65, x, bias, {}}), solve({matrix, 65, x, bias, old})}};
      for (const LinearKernels& kernels : all_kernels()) {
        for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 17, 64, 65}) {
          ++number;
          Problem problem{matrix, rows, std::span(x).first(static_cast<std::size_t>(rows * cols)), {}, {}};
          if (number % 2 == 0) problem.bias = bias;
          if (number % 3 == 0) problem.old = std::span(old).first(static_cast<std::size_t>(rows * outputs));
          const Comparison result =
              check(kernels, streams[number / 2 % 3], weight, problem, want[number % 2 == 0][number % 3 == 0]);
          const std::string where = std::string(kernels.name) + ", " + std::to_string(rows) + " rows of " +
                                    std::to_string(cols) + " to " + std::to_string(outputs) + ": " + result.report;
          QVERIFY2(result.ok, where.c_str());
        }
      }
    }
  }
}

// Several blocks of columns, whose sums are put together in memory.
void LinearTest::bias_and_old_values_are_added_once() {
  Stream stream(Device::cpu(), 2);
  for (const WeightFormat format : {WeightFormat::f32, WeightFormat::bf16, WeightFormat::q8_0, WeightFormat::q4_k}) {
    const Matrix matrix = random_matrix(5, format, 40, 1024);
    const Weight weight = pack(stream, matrix);
    Random random(6);
    const std::vector<float> x = random.normals(30 * 1024, 1e-3);
    const std::vector<float> bias = random.normals(40, 100.0);
    const std::vector<float> old = random.normals(30 * 40, 1000.0);
    for (const LinearKernels& kernels : all_kernels()) {
      HOLDFAST_COMPARE(check(kernels, stream, weight, {matrix, 30, x, bias, old}));
    }
  }
}

void LinearTest::rows_beyond_one_chunk_are_products_too() {
  Stream stream(Device::cpu(), 2);
  for (const WeightFormat format : {WeightFormat::f32, WeightFormat::bf16, WeightFormat::q4_0}) {
    const Matrix matrix = random_matrix(7, format, 18, 64);
    const std::vector<float> x = Random(8).normals(1030 * 64);
    HOLDFAST_COMPARE(
        check(holdfast::cpu::best_linear_kernels(), stream, pack(stream, matrix), {matrix, 1030, x, {}, {}}));
  }
}

// Large enough that pieces hold several strips and blocks of rows, in both loop orders.
void LinearTest::a_wide_product_agrees_with_the_oracle() {
  Stream stream(Device::cpu(), 2);
  for (const WeightFormat format : {WeightFormat::f32, WeightFormat::f16, WeightFormat::bf16, WeightFormat::q6_k}) {
    for (const std::int64_t cols : {256, 2048}) {
      const Matrix matrix = random_matrix(9, format, 330, cols);
      const std::vector<float> x = Random(10).normals(200 * cols);
      HOLDFAST_COMPARE(
          check(holdfast::cpu::best_linear_kernels(), stream, pack(stream, matrix), {matrix, 200, x, {}, {}}));
    }
  }
}

void LinearTest::the_rows_of_a_call_do_not_influence_each_other() {
  Stream stream(Device::cpu(), 2);
  for (const WeightFormat format : all_formats) {
    const Matrix matrix = random_matrix(11, format, 50, 512);
    const Weight weight = pack(stream, matrix);
    const std::vector<float> x = Random(12).normals(65 * 512);
    for (const LinearKernels& kernels : all_kernels()) {
      for (const auto& [most, less] :
           std::map<std::int64_t, std::vector<std::int64_t>>{{8, {1, 2, 3, 5}}, {65, {9, 14, 40}}}) {
        const auto whole = run(kernels, stream, weight,
                               {matrix, most, std::span(x).first(static_cast<std::size_t>(most * 512)), {}, {}});
        for (const std::int64_t rows : less) {
          const auto part = run(kernels, stream, weight,
                                {matrix, rows, std::span(x).first(static_cast<std::size_t>(rows * 512)), {}, {}});
          HOLDFAST_COMPARE(holdfast::test::compare_bitwise(part, std::span(whole).first(part.size())));
        }
      }
    }
  }
}

void LinearTest::threads_do_not_change_a_bit() {
  Stream one(Device::cpu(), 1);
  Stream three(Device::cpu(), 3);
  for (const WeightFormat format : all_formats) {
    const Matrix matrix = random_matrix(13, format, 260, 512);
    const Weight weight = pack(one, matrix);
    const Weight same = pack(three, matrix);
    const std::vector<float> x = Random(14).normals(70 * 512);
    const LinearKernels& kernels = holdfast::cpu::best_linear_kernels();
    for (const std::int64_t rows : {1, 6, 70}) {
      const Problem problem{matrix, rows, std::span(x).first(static_cast<std::size_t>(rows * 512)), {}, {}};
      HOLDFAST_COMPARE(
          holdfast::test::compare_bitwise(run(kernels, three, same, problem), run(kernels, one, weight, problem)));
    }
  }
}

// The tolerance follows the size of x, so a fixed-point range that does not is found here.
void LinearTest::activations_of_any_size_keep_their_relative_accuracy() {
  Stream stream(Device::cpu(), 1);
  for (const WeightFormat format : all_formats) {
    const Matrix matrix = random_matrix(15, format, 20, 256);
    const Weight weight = pack(stream, matrix);
    for (const double size : {1e-12, 1e-3, 1e6, 1e20}) {
      const std::vector<float> x = Random(16).normals(9 * 256, size);
      for (const LinearKernels& kernels : all_kernels()) {
        for (const std::int64_t rows : {1, 9}) {
          HOLDFAST_COMPARE(check(kernels, stream, weight,
                                 {matrix, rows, std::span(x).first(static_cast<std::size_t>(rows * 256)), {}, {}}));
        }
      }
    }
  }
}

void LinearTest::a_value_that_is_not_finite_spoils_its_own_row_only() {
  Stream stream(Device::cpu(), 2);
  for (const WeightFormat format : all_formats) {
    const Matrix matrix = random_matrix(17, format, 20, 256);
    const Weight weight = pack(stream, matrix);
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      for (const LinearKernels& kernels : all_kernels()) {
        for (const std::int64_t rows : {3, 12}) {
          std::vector<float> x = Random(18).normals(rows * 256);
          x[256 + 40] = bad;
          const auto y = run(kernels, stream, weight, {matrix, rows, x, {}, {}});
          for (std::size_t i = 0; i < y.size(); ++i) QCOMPARE(std::isfinite(y[i]), i / 20 != 1);
        }
      }
    }
  }
}

void LinearTest::products_without_columns_are_the_bias() {
  Stream stream(Device::cpu(), 2);
  const Matrix matrix = random_matrix(19, WeightFormat::f32, 5, 0);
  const std::vector<float> bias = {1, 2, 3, 4, 5};
  const std::vector<float> old(15, 10.0f);
  const Weight weight = pack(stream, matrix);
  const auto y = run(holdfast::cpu::best_linear_kernels(), stream, weight, {matrix, 3, {}, bias, old});
  for (std::size_t i = 0; i < y.size(); ++i) QCOMPARE(y[i], 10.0f + bias[i % 5]);
  const auto plain = run(holdfast::cpu::best_linear_kernels(), stream, weight, {matrix, 3, {}, {}, {}});
  QCOMPARE(plain, std::vector<float>(15, 0.0f));
}

void LinearTest::empty_products_do_nothing() {
  Stream stream(Device::cpu(), 2);
  const Matrix none = random_matrix(20, WeightFormat::f32, 0, 4);
  const Matrix some = random_matrix(20, WeightFormat::f32, 3, 4);
  const std::vector<float> x(8, 1.0f);
  QVERIFY(run(holdfast::cpu::best_linear_kernels(), stream, pack(stream, none), {none, 2, x, {}, {}}).empty());
  QVERIFY(run(holdfast::cpu::best_linear_kernels(), stream, pack(stream, some), {some, 0, {}, {}, {}}).empty());
}

void LinearTest::broken_contracts_are_refused() {
  Stream stream(Device::cpu(), 1);
  const Matrix matrix = random_matrix(21, WeightFormat::f32, 3, 4);
  const Weight weight = pack(stream, matrix);
  std::vector<float> x(8), y(6), bias(3);
  const LinearArgs good{holdfast::view_of(std::span(y), {2, 3}), holdfast::view_of(std::span<const float>(x), {2, 4}),
                        &weight, holdfast::view_of(std::span<const float>(bias), {3}), false};
  holdfast::linear(stream, good);
  const auto refused = [&](auto break_it) {
    LinearArgs args = good;
    break_it(args);
    try {
      holdfast::linear(stream, args);
    } catch (const holdfast::ArgumentError&) {
      return true;
    }
    return false;
  };
  QVERIFY(refused([](LinearArgs& args) { args.x.shape = {4, 2}; }));
  QVERIFY(refused([](LinearArgs& args) { args.x.shape = {}; }));
  QVERIFY(refused([](LinearArgs& args) { args.y.shape = {3, 2}; }));
  QVERIFY(refused([](LinearArgs& args) { args.bias.shape = {4}; }));
  QVERIFY(refused([](LinearArgs& args) { args.x.dtype = holdfast::DType::bf16; }));
  QVERIFY(refused([](LinearArgs& args) { args.x.data = nullptr; }));
  QVERIFY(refused([](LinearArgs& args) { args.w = nullptr; }));
  const Weight empty;
  QVERIFY(refused([&](LinearArgs& args) { args.w = &empty; }));
}

void LinearTest::embedding_gives_the_rows_of_the_table() {
  Stream stream(Device::cpu(), 2);
  for (const WeightFormat format : all_formats) {
    for (const std::int64_t cols : column_counts(format)) {
      const Matrix matrix = random_matrix(22, format, 37, cols);
      const Weight table = pack(stream, matrix);
      const std::vector<std::int32_t> ids = {36, 0, 15, 16, 17, 31, 32, 5, 5, 36};
      for (const std::size_t count : {std::size_t{1}, ids.size()}) {
        GuardedFloats y(static_cast<std::int64_t>(count) * cols, 1);
        const auto rows = static_cast<std::int64_t>(count);
        holdfast::embedding(stream, {y.view({rows, cols}), {ids.data(), holdfast::DType::i32, {rows}}, &table});
        HOLDFAST_COMPARE(y.intact());
        for (std::size_t i = 0; i < count; ++i) {
          const auto width = static_cast<std::size_t>(cols);
          const auto want = std::span(matrix.values).subspan(static_cast<std::size_t>(ids[i]) * width, width);
          HOLDFAST_COMPARE(holdfast::test::compare_bitwise(y.values().subspan(i * width, width), want));
        }
      }
    }
  }
}

void LinearTest::ids_outside_the_table_are_refused() {
  Stream stream(Device::cpu(), 1);
  const Matrix matrix = random_matrix(23, WeightFormat::f32, 7, 4);
  const Weight table = pack(stream, matrix);
  std::vector<float> y(8);
  for (const std::int32_t bad : {-1, 7, std::numeric_limits<std::int32_t>::min()}) {
    const std::vector<std::int32_t> ids = {0, bad};
    const holdfast::EmbeddingArgs args{
        holdfast::view_of(std::span(y), {2, 4}), {ids.data(), holdfast::DType::i32, {2}}, &table};
    QVERIFY_THROWS_EXCEPTION(holdfast::ArgumentError, holdfast::embedding(stream, args));
  }
}

QTEST_GUILESS_MAIN(LinearTest)
#include "linear_test.moc"
