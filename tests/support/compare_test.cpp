// The comparator can fail: a row for each kind of wrong result.
#include "tests/support/compare.h"

#include <QTest>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/support/data.h"

using holdfast::test::compare;
using holdfast::test::compare_bitwise;
using holdfast::test::compare_relative;
using holdfast::test::Comparison;
using holdfast::test::GuardedFloats;
using holdfast::test::Random;

struct CompareRow {
  std::vector<float> got;
  std::vector<double> want;
  std::vector<double> tolerance;
};
Q_DECLARE_METATYPE(CompareRow)

class CompareTest : public QObject {
  Q_OBJECT
 private slots:
  void right_results_pass() {
    QVERIFY(compare({{1.0f, -2.0f}}, {{1.0, -2.0}}, {{0.0}}));
    QVERIFY(compare({{1.0f, -2.0f}}, {{1.25, -2.5}}, {{0.25, 0.5}}));
    QVERIFY(compare_relative({{1.0f, 100.0f}}, std::vector<double>{1.9, 100.0}, 0.01));
    QVERIFY(compare_bitwise({{1.0f, 0.0f}}, {{1.0f, 0.0f}}));
  }
  void wrong_results_fail_data() {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    const float infinity_f = std::numeric_limits<float>::infinity();
    QTest::addColumn<CompareRow>("row");
    QTest::newRow("-100 for -5") << CompareRow{{-100.0f}, {-5.0}, {1.0}};
    QTest::newRow("100 for 5") << CompareRow{{100.0f}, {5.0}, {1.0}};
    QTest::newRow("just over the tolerance") << CompareRow{{1.0f}, {1.5}, {0.4999}};
    QTest::newRow("NaN for 5") << CompareRow{{nan}, {5.0}, {1e9}};
    QTest::newRow("5 for NaN") << CompareRow{{5.0f}, {std::nan("")}, {1e9}};
    QTest::newRow("NaN for NaN") << CompareRow{{nan}, {std::nan("")}, {1e9}};
    QTest::newRow("infinity for 5") << CompareRow{{infinity_f}, {5.0}, {1e9}};
    QTest::newRow("5 for infinity") << CompareRow{{5.0f}, {infinity}, {1e9}};
    QTest::newRow("infinity for infinity") << CompareRow{{infinity_f}, {infinity}, {1e9}};
    QTest::newRow("infinite tolerance") << CompareRow{{1.0f}, {1.0}, {infinity}};
    QTest::newRow("NaN tolerance") << CompareRow{{1.0f}, {1.0}, {std::nan("")}};
    QTest::newRow("negative tolerance") << CompareRow{{1.0f}, {1.0}, {-1.0}};
    QTest::newRow("too short") << CompareRow{{1.0f}, {1.0, 2.0}, {0.0}};
    QTest::newRow("too long") << CompareRow{{1.0f, 2.0f}, {1.0}, {0.0}};
    QTest::newRow("two tolerances for three values") << CompareRow{{1.0f, 1.0f, 1.0f}, {1.0, 1.0, 1.0}, {1.0, 1.0}};
    QTest::newRow("no tolerance") << CompareRow{{1.0f}, {1.0}, {}};
    QTest::newRow("nothing to compare") << CompareRow{{}, {}, {1.0}};
    QTest::newRow("only the last is wrong") << CompareRow{{1.0f, 2.0f, 4.0f}, {1.0, 2.0, 3.0}, {0.5}};
    QTest::newRow("each has its own tolerance") << CompareRow{{1.0f, 2.0f}, {2.0, 2.0}, {0.5, 5.0}};
  }
  void wrong_results_fail() {
    QFETCH(CompareRow, row);
    const Comparison result = compare(row.got, row.want, row.tolerance);
    QVERIFY(!result.ok);
    QVERIFY(!result.report.empty());
  }
  void the_report_names_count_place_and_values() {
    const Comparison result = compare({{1.0f, 7.0f, -100.0f}}, {{1.0, 5.0, -5.0}}, {{0.5}});
    QCOMPARE(result.report, std::string("2 of 3 wrong, worst at 2: got -100, want -5, allowed 0.5"));
  }
  void a_relative_tolerance_is_of_the_largest() {
    QVERIFY(!compare_relative({{0.0f, 100.0f}}, std::vector<double>{1.1, 100.0}, 0.01));
    QVERIFY(!compare_relative({{1.0f}}, std::vector<double>{0.0}, 0.01));
    QVERIFY(!compare_relative({}, std::vector<double>{}, 0.01));
    const float nan = std::numeric_limits<float>::quiet_NaN();
    QVERIFY(!compare_relative({{nan}}, std::vector<float>{nan}, 1.0));
  }
  void bitwise_sees_one_bit_and_refuses_nan() {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    QVERIFY(!compare_bitwise({{1.0f}}, {{std::nextafter(1.0f, 2.0f)}}));
    QVERIFY(!compare_bitwise({{0.0f}}, {{-0.0f}}));
    QVERIFY(!compare_bitwise({{nan}}, {{nan}}));
    QVERIFY(!compare_bitwise({}, {}));
    QVERIFY(!compare_bitwise({{1.0f}}, {{1.0f, 1.0f}}));
  }
  void a_write_beyond_a_guarded_buffer_is_seen() {
    for (const std::int64_t misalign : {0, 1, 5}) {
      GuardedFloats buffer(3, misalign);
      QVERIFY(!compare_bitwise(buffer.values(), {{1.0f, 2.0f, 3.0f}}));  // fresh values are NaN
      for (float& value : buffer.values()) value = 1.0f;
      QVERIFY(buffer.intact());
      buffer.data()[3] = 1.0f;
      QVERIFY(!buffer.intact());
      GuardedFloats before(3, misalign);
      before.data()[-1] = 1.0f;
      QVERIFY(!before.intact());
    }
  }
  void random_numbers_are_the_same_everywhere() {
    Random random(1);
    QCOMPARE(random.uniform(), 0.13387664401253263);
    double sum = 0.0;
    double squares = 0.0;
    for (int i = 0; i < 100000; ++i) {
      const double value = random.normal();
      sum += value;
      squares += value * value;
    }
    QVERIFY(std::abs(sum / 1e5) < 0.02);  // six standard errors
    QVERIFY(std::abs(squares / 1e5 - 1.0) < 0.03);
  }
};

QTEST_GUILESS_MAIN(CompareTest)
#include "compare_test.moc"
