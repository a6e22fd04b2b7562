// embedding_from_table, embedding_backward and sort_by_id against their definitions.
//
// Faults that were planted in kernels/cpu/embedding.cpp, and seen to fail here:
//   the order of the tokens turned round; rows written instead of added to; the last id of a piece lost.
#include <QTest>

#include "kernels/error.h"
#include "kernels/linear.h"
#include "tests/support/data.h"

using namespace holdfast;
using test::GuardedFloats;
using test::Random;

namespace {

struct EmbeddingData {
  std::int64_t tokens, width, vocabulary;
  std::vector<std::int32_t> ids, order, begins;
  std::vector<float> table, dy;

  EmbeddingData(std::int64_t t, std::int64_t d, std::int64_t v, std::uint64_t seed)
      : tokens(t),
        width(d),
        vocabulary(v),
        order(static_cast<std::size_t>(t)),
        begins(static_cast<std::size_t>(v + 1)) {
    Random random(seed);
    for (std::int64_t i = 0; i < t; ++i) ids.push_back(static_cast<std::int32_t>(random.below(v)));
    table = random.normals(v * d);
    dy = random.normals(t * d);
    sort_by_id(ids, order, begins);
  }
};

ConstTensorView view_of_ids(const std::vector<std::int32_t>& ids) {
  return {ids.data(), DType::i32, Shape{std::ssize(ids)}, DeviceKind::cpu};
}

}  // namespace

class EmbeddingTest : public QObject {
  Q_OBJECT

 private slots:
  void rows_of_the_table_are_copied() {
    for (const auto& [t, d, v] : {std::tuple{1, 1, 1}, {3, 5, 4}, {100, 33, 50}}) {
      const EmbeddingData s(t, d, v, 1);
      GuardedFloats y(s.tokens * s.width, 1);
      Stream stream(Device::cpu(), 2);
      embedding_from_table(stream, {.y = y.view(Shape{s.tokens, s.width}),
                                    .ids = view_of_ids(s.ids),
                                    .table = view_of(std::span(s.table), Shape{s.vocabulary, s.width})});
      HOLDFAST_COMPARE(y.intact());
      for (std::int64_t i = 0; i < s.tokens * s.width; ++i) {
        const std::int64_t id = s.ids[static_cast<std::size_t>(i / s.width)];
        QCOMPARE(y.values()[static_cast<std::size_t>(i)],
                 s.table[static_cast<std::size_t>(id * s.width + i % s.width)]);
      }
    }
  }

  // Bitwise: the order of each sum is promised.
  void gradients_are_added_in_the_order_of_the_tokens() {
    for (const auto& [t, d, v] : {std::tuple{1, 1, 1}, {3, 5, 4}, {500, 33, 50}, {200, 17, 1000}}) {
      const EmbeddingData s(t, d, v, 2);
      std::vector<float> want = s.table;
      for (std::int64_t i = 0; i < s.tokens * s.width; ++i) {
        const std::int64_t id = s.ids[static_cast<std::size_t>(i / s.width)];
        want[static_cast<std::size_t>(id * s.width + i % s.width)] += s.dy[static_cast<std::size_t>(i)];
      }
      for (const int threads : {1, 2, 3}) {
        GuardedFloats d_table(s.table, 1);
        Stream stream(Device::cpu(), threads);
        embedding_backward(stream, {.d_table = d_table.view(Shape{s.vocabulary, s.width}),
                                    .dy = view_of(std::span(s.dy), Shape{s.tokens, s.width}),
                                    .order = view_of_ids(s.order),
                                    .begins = view_of_ids(s.begins)});
        HOLDFAST_COMPARE(test::compare_bitwise(d_table.values(), want));
        HOLDFAST_COMPARE(d_table.intact());
      }
    }
  }

  void ids_are_sorted_and_keep_their_order() {
    const std::vector<std::int32_t> ids{3, 0, 3, 1, 0, 3};
    std::vector<std::int32_t> order(6), begins(6);
    sort_by_id(ids, order, begins);
    QCOMPARE(order, (std::vector<std::int32_t>{1, 4, 3, 0, 2, 5}));
    QCOMPARE(begins, (std::vector<std::int32_t>{0, 2, 3, 3, 6, 6}));
    std::vector<std::int32_t> none, of_none(3, 7);
    sort_by_id({}, none, of_none);
    QCOMPARE(of_none, (std::vector<std::int32_t>{0, 0, 0}));
  }

  void ids_out_of_range_are_refused_by_name() {
    for (const std::int32_t wrong : {-1, 4}) {
      const std::vector<std::int32_t> ids{3, wrong};
      std::vector<std::int32_t> order(2), begins(5);
      try {
        sort_by_id(ids, order, begins);
        QFAIL("no error");
      } catch (const ArgumentError& error) {
        QCOMPARE(QString(error.what()), QString("sort_by_id: ids[1]: %1, want 0 to 3").arg(wrong));
      }
    }
    std::vector<std::int32_t> order(1), begins(5);
    QVERIFY_THROWS_EXCEPTION(ArgumentError, sort_by_id(std::vector<std::int32_t>{1, 2}, order, begins));
  }
};

QTEST_GUILESS_MAIN(EmbeddingTest)
#include "embedding_test.moc"
