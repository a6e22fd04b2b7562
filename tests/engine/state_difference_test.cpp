// The distance of two states against its definition, head by head, and of two distributions.
//
// Faults that were planted in engine/state_difference.cpp, and seen to fail here: relative to B in place of A; heads
// shifted by one; a divergence without its logarithm of the sum.
#include "engine/state_difference.h"

#include <QTest>
#include <cmath>

#include "kernels/error.h"
#include "tests/oracle/state_stats.h"
#include "tests/support/data.h"

using namespace holdfast;

class StateDifferenceTest : public QObject {
  Q_OBJECT

 private slots:
  void every_head_is_as_far_apart_as_its_definition_says() {
    test::Random random(3);
    const Shape shape{2, 3, 4, 5};
    std::vector<float> a = random.normals(120), b = random.normals(120);
    std::copy_n(a.begin() + 20, 20, b.begin() + 20);  // one head alike
    std::fill_n(a.begin() + 40, 20, 0.0f);            // one that holds nothing in a
    std::fill_n(a.begin() + 60, 20, 0.0f), std::fill_n(b.begin() + 60, 20, 0.0f);
    const StateDifference got =
        difference(view_of(std::span<const float>(a), shape), view_of(std::span<const float>(b), shape));
    QCOMPARE(got.layers, std::int64_t{2});
    QCOMPARE(got.heads, std::int64_t{3});
    std::vector<float> apart(120);
    for (std::size_t i = 0; i < 120; ++i) apart[i] = a[i] - b[i];
    for (std::size_t head = 0; head < 6; ++head) {
      const auto of = [&](const std::vector<float>& v) {
        return oracle::frobenius_norm(std::span(v).subspan(head * 20, 20));
      };
      QVERIFY(std::abs(got.norm_a[head] - of(a)) < 1e-12 && std::abs(got.norm_b[head] - of(b)) < 1e-12);
      if (head == 2) {
        QVERIFY(std::isinf(got.distance[head]));
      } else {
        QVERIFY(std::abs(got.distance[head] - (head == 3 ? 0.0 : of(apart) / of(a))) < 1e-6);
      }
    }
    QCOMPARE(got.distance[1], 0.0);
    QVERIFY(std::abs(got.cosine[1] - 1.0) < 1e-12);
    QCOMPARE(got.cosine[3], 0.0);
    QVERIFY(std::abs(got.whole - oracle::frobenius_norm(apart) / oracle::frobenius_norm(a)) < 1e-6);
  }

  void states_of_two_models_are_refused() {
    const std::vector<float> values(120);
    QVERIFY_EXCEPTION_THROWN(
        (void)difference(view_of(std::span(values), Shape{2, 3, 4, 5}), view_of(std::span(values), Shape{3, 2, 4, 5})),
        ArgumentError);
  }

  void distributions_diverge_as_much_as_they_differ() {
    const std::vector<float> a{1.0f, 2.0f, 3.0f}, shifted{101.0f, 102.0f, 103.0f}, b{3.0f, 2.0f, 1.0f};
    QVERIFY(divergence(a, shifted) < 1e-9);
    // p = softmax(1, 2, 3), q is p turned round: sum of p (log p - log q) = 2 (p3 - p1).
    const double sum = std::exp(1.0) + std::exp(2.0) + std::exp(3.0);
    QVERIFY(std::abs(divergence(a, b) - 2.0 * (std::exp(3.0) - std::exp(1.0)) / sum) < 1e-9);
    QVERIFY_EXCEPTION_THROWN((void)divergence(a, std::vector<float>{1.0f}), ArgumentError);
  }
};

QTEST_GUILESS_MAIN(StateDifferenceTest)
#include "state_difference_test.moc"
