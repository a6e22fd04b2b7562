// The spectrum of a matrix: known values come out, whichever side is the longer. Seen failing: a rotation with one
// sign turned.
#include "engine/singular_values.h"

#include <QTest>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/error.h"
#include "tests/support/data.h"

using namespace holdfast;
using namespace holdfast::test;

class SingularValuesTest : public QObject {
  Q_OBJECT

 private slots:
  void a_diagonal_matrix_has_its_own_numbers() {
    const std::vector<float> matrix{0, -3, 0, 0, /**/ 0, 0, 0.5f, 0, /**/ 2, 0, 0, 0};
    const std::vector<double> values = singular_values(matrix, 3, 4);
    QCOMPARE(values.size(), std::size_t{3});
    for (const auto& [got, want] : {std::pair{values[0], 3.0}, {values[1], 2.0}, {values[2], 0.5}}) {
      QVERIFY(std::abs(got - want) < 1e-12);
    }
  }

  // A 2 x 2 matrix by hand: of [[3, 0], [4, 5]] they are 3 sqrt(5) and sqrt(5).
  void a_matrix_by_hand() {
    const std::vector<double> values = singular_values(std::vector<float>{3, 0, 4, 5}, 2, 2);
    QVERIFY(std::abs(values[0] - 3.0 * std::sqrt(5.0)) < 1e-12);
    QVERIFY(std::abs(values[1] - std::sqrt(5.0)) < 1e-12);
  }

  // The sum of their squares is that of the numbers, and of their fourth powers that of the Gram matrix.
  void a_random_matrix_keeps_its_invariants() {
    Random random(5);
    const std::int64_t rows = 64, columns = 128;
    const std::vector<float> matrix = random.normals(rows * columns, 1.0);
    const std::vector<double> values = singular_values(matrix, rows, columns);
    double squares = 0.0, fourths = 0.0, want_squares = 0.0, want_fourths = 0.0;
    for (const double v : values) squares += v * v, fourths += v * v * v * v;
    const auto at = [&](std::int64_t r, std::int64_t c) {
      return static_cast<double>(matrix[static_cast<std::size_t>(r * columns + c)]);
    };
    for (std::int64_t a = 0; a < rows; ++a) {
      for (std::int64_t b = 0; b < rows; ++b) {
        double gram = 0.0;
        for (std::int64_t c = 0; c < columns; ++c) gram += at(a, c) * at(b, c);
        if (a == b) want_squares += gram;
        want_fourths += gram * gram;
      }
    }
    QVERIFY(std::abs(squares / want_squares - 1.0) < 1e-12);
    QVERIFY(std::abs(fourths / want_fourths - 1.0) < 1e-12);
    std::vector<float> turned(matrix.size());
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        turned[static_cast<std::size_t>(c * rows + r)] = matrix[static_cast<std::size_t>(r * columns + c)];
      }
    }
    const std::vector<double> same = singular_values(turned, columns, rows);
    QCOMPARE(same.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) QVERIFY(std::abs(same[i] - values[i]) < 1e-10);
  }

  void what_is_no_matrix_is_refused() {
    QVERIFY(singular_values({}, 0, 4).empty());
    QVERIFY_THROWS_EXCEPTION(ArgumentError, (void)singular_values(std::vector<float>{1, 2, 3}, 2, 2));
    QVERIFY_THROWS_EXCEPTION(
        ArgumentError, (void)singular_values(std::vector<float>{std::numeric_limits<float>::infinity()}, 1, 1));
    QCOMPARE(singular_values(std::vector<float>{0, 0, 0, 0}, 2, 2), (std::vector<double>{0.0, 0.0}));
  }
};

QTEST_APPLESS_MAIN(SingularValuesTest)
#include "singular_values_test.moc"
